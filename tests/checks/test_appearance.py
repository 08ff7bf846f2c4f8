"""OFD-25: pictures of seals nobody sees, and pictures of seals that no seal drew. They only inform."""

from dataclasses import replace

import pytest

from app.checks.measure_entry import stamps
from app.domain.certificate import Chain
from app.domain.cms import CmsFamily
from app.domain.evidence import CheckName
from app.domain.facts import Facts
from app.domain.license import Sealing
from app.domain.ofd import Box, Stamp
from app.domain.seal import SealPicture
from app.domain.sealed import Edge, Sameness, StampFacts
from app.domain.verdict import Sound
from app.formats.ofd.license import Ofd
from app.policy import judge
from app.services.judgement import conclude, look
from sandbox import ofd, pages
from sandbox.shapes import SHAPES
from sandbox.world import World
from tests.checks import scene
from tests.checks.scene import FILE, says
from tests.checks.test_measure_seals import good
from tests.world import IN_FORCE

A4 = Box(0, 0, 210, 297)
SEEN = Stamp("1", "3", Box(140, 225, 38, 38), None, A4)
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
        replace(SEEN, boundary=Box(210, 10, 38, 38)),
        replace(SEEN, boundary=Box(10, 297, 38, 38)),
        replace(SEEN, boundary=Box(200, 10, 38, 38), clip=Box(10, 0, 28, 38)),
    ],
    ids=range(8),
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


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (Box(180, 10, 38, 38), "over the right edge"),
        (Box(-8, 10, 38, 38), "over the left edge"),
        (Box(10, -8, 38, 38), "over the top edge"),
        (Box(10, 280, 38, 38), "over the bottom edge"),
        (Box(180, 280, 38, 38), "over the right and bottom edge"),
    ],
)
def test_a_seal_over_an_edge_of_its_page_is_told_and_decides_nothing(at: Box, told: str) -> None:
    facts = scene.sealed(stamps=drawn(replace(SEEN, boundary=at)))
    assert says(facts, PLAIN) == [f"passed @0:1/issuer: 1 on 1 pages, {told} of its page"]
    assert state(facts) == state(scene.sealed(stamps=drawn(SEEN))) == Sound()


@pytest.mark.parametrize(
    "within",
    [
        replace(SEEN, boundary=Box(172, 259, 38, 38)),
        replace(SEEN, boundary=Box(172.04, 259, 38, 38)),
        replace(SEEN, boundary=Box(191, 10, 38, 38), clip=Box(0, 0, 19, 38)),
        replace(SEEN, boundary=Box(180, 10, 38, 38), sheet=None),
        replace(SEEN, boundary=Box(250, 10, 38, 38), sheet=Box(0, 0, 297, 210)),
    ],
    ids=["to the edge", "rounded", "half of a 骑缝章", "size not known", "a page across"],
)
def test_what_is_drawn_within_its_page_is_over_no_edge(within: Stamp) -> None:
    found = drawn(within)
    assert found is not None
    assert (found.over, found.unseen) == ((), 0)


def test_the_size_of_a_page_is_its_own_else_the_documents() -> None:
    """As real producers write it: once for the document; a sandbox page states its own as well."""
    world = World(1)
    license = world.pick("market")
    plain = world.made(license)
    parts = ofd.sealed(plain, SHAPES["tax"], world.job(license))
    for page, told in (
        (b"<ofd:Area><ofd:PhysicalBox>0 0 150 297</ofd:PhysicalBox></ofd:Area>", True),
        (b"", False),
        (b"<ofd:Area><ofd:PhysicalBox>wide</ofd:PhysicalBox></ofd:Area>", False),
        (b"<ofd:Area><ofd:PhysicalBox>0 0 -1 297</ofd:PhysicalBox></ofd:Area>", False),
    ):
        own = b"<ofd:Area><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:Area>"
        changed = {**parts, pages.PAGE: parts[pages.PAGE].replace(own, page)}
        (sealing,) = Ofd().parse(ofd.pack(changed, SHAPES["tax"])).sealings
        assert isinstance(sealing, Sealing)
        found = stamps(sealing)
        assert found is not None
        assert (found.over == (Edge.RIGHT,)) == told


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


def test_attack_a_strangers_picture_over_the_page_is_told() -> None:
    """Whatever its picture is, the verdict goes by the issuer's seal, and the reader is warned."""
    over = drawn(replace(SEEN, boundary=Box(0, 0, 210, 297)))
    nobodys = scene.path(chain=Chain.NO_ANCHOR)
    beside = scene.others_seal(stamps=over)
    assert beside.sealed is not None
    assert beside.sealed.signer is not None
    signer = replace(beside.sealed.signer, then=nobodys, today=nobodys)
    stranger = replace(beside, sealed=replace(beside.sealed, signer=signer))
    own, told = says(scene.also(scene.sealed(stamps=drawn(SEEN)), stranger), PLAIN)
    assert own == "passed @0:1/issuer: 1 on 1 pages"
    assert told == (
        "indeterminate appearance_suspicious @0:2/extra: "
        "drawn by a seal that nobody here vouches for: 1 on 1 pages"
    )
    assert isinstance(state(scene.also(scene.sealed(), stranger)), Sound)
    _, other = says(scene.also(scene.sealed(stamps=drawn(SEEN)), beside), PLAIN)
    assert other.endswith("/extra: 1 on 1 pages")
