"""OFD-25: pictures of seals nobody sees, and pictures of seals that no seal drew. They only inform."""

from dataclasses import replace

import pytest

from app.checks.measure_entry import stamps
from app.domain.cms import CmsFamily
from app.domain.evidence import CheckName
from app.domain.facts import Facts
from app.domain.ofd import Box, Stamp
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
    assert says(scene.sealed(stamps=riding), PLAIN) == ["passed @0:1/issuer: 3 on 3 pages"]
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
