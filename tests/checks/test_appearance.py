"""OFD-25: pictures of seals nobody sees, and pictures of seals that no seal drew. They only inform."""

from dataclasses import replace

import pytest

from app.checks.measure_entry import stamps
from app.domain.cms import CmsFamily
from app.domain.evidence import CheckName
from app.domain.facts import Facts
from app.domain.ofd import Box, Stamp
from app.domain.seal import SealPicture
from app.domain.sealed import Sameness, StampFacts
from app.domain.verdict import Sound
from app.policy import judge
from app.services.judgement import conclude, look
from tests.checks import scene
from tests.checks.scene import FILE, says
from tests.checks.test_measure_seals import good
from tests.world import IN_FORCE

SEEN = Stamp("1", "3", Box(140, 225, 38, 38), None)
PLAIN = CheckName.STAMP_PLAIN


def drawn(*marks: Stamp) -> StampFacts | None:
    sealing = good()
    return stamps(replace(sealing, entry=replace(sealing.entry, stamps=marks)))


def state(facts: Facts) -> object:
    local = look(facts)
    answer = replace(IN_FORCE, as_of=facts.now)
    return judge(conclude(facts, local, answer)[0], local.policy)


def test_a_seal_in_sight() -> None:
    facts = scene.sealed(stamps=drawn(SEEN))
    assert says(facts, PLAIN) == ["passed @0:1/issuer: 1 on 1 pages"]
    riding = drawn(*(replace(SEEN, page=str(n), clip=Box(0, 0, 12, 38)) for n in range(3)))
    assert says(scene.sealed(stamps=riding), PLAIN) == [
        "passed @0:1/issuer: 3 on 3 pages, 3 in part (骑缝)"
    ]
    assert drawn() is None
    assert says(FILE, PLAIN) == ["not_applicable @0:1/issuer: "]


@pytest.mark.parametrize(
    "odd",
    [
        replace(SEEN, boundary=Box(10, 10, 0, 38)),
        replace(SEEN, boundary=Box(10, 10, 38, -1)),
        replace(SEEN, boundary=Box(-40, 10, 38, 38)),
        replace(SEEN, boundary=Box(10, -38, 38, 38)),
        replace(SEEN, clip=Box(0, 0, 0, 38)),
    ],
    ids=range(5),
)
def test_a_seal_nobody_sees_is_told_and_decides_nothing(odd: Stamp) -> None:
    facts = scene.sealed(stamps=drawn(SEEN, odd))
    assert says(facts, PLAIN) == [
        "indeterminate appearance_suspicious @0:1/issuer: 1 of 2 not seen"
    ]
    assert state(facts) == state(scene.sealed(stamps=drawn(SEEN))) == Sound()


@pytest.mark.parametrize(
    ("width", "height", "resized"),
    [(38, 38, 0), (41, 38, 0), (42, 42, 1), (34, 38, 1), (300, 300, 1), (38.5, 37.5, 0)],
)
def test_a_seal_drawn_at_another_size_is_told_and_decides_nothing(
    width: float, height: float, resized: int
) -> None:
    odd = replace(SEEN, boundary=Box(10, 10, width, height))
    sealing = good()
    found = stamps(
        replace(sealing, entry=replace(sealing.entry, stamps=(odd,))),
        SealPicture("PNG", b"", 38, 38),
    )
    assert found is not None
    assert found.resized == resized
    facts = scene.sealed(stamps=found)
    (told,) = says(facts, PLAIN)
    assert told.startswith("passed")
    assert ("another size" in told) == bool(resized)
    assert state(facts) == Sound()


def test_an_oval_seal_may_be_said_either_way_up_and_a_half_is_not_compared() -> None:
    sealing = good()
    entry = replace(
        sealing.entry,
        stamps=(
            replace(SEEN, boundary=Box(10, 10, 45, 30)),
            replace(SEEN, boundary=Box(10, 10, 9, 45), clip=Box(0, 0, 9, 45)),
        ),
    )
    found = stamps(replace(sealing, entry=entry), SealPicture("PNG", b"", 30, 45))
    assert found == StampFacts(count=2, pages=1, unseen=0, clipped=1, resized=0)


def test_a_seal_drawn_by_a_signature_without_one() -> None:
    bare = scene.sealed(
        layout=CmsFamily.GM,
        seal=None,
        listed=False,
        scope=Sameness.ABSENT,
        seal_file=Sameness.ABSENT,
        stamps=drawn(SEEN),
    )
    (told,) = says(bare, PLAIN)
    assert told.startswith("indeterminate appearance_suspicious")
