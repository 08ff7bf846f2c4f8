"""A page that hides what its picture says of it: under itself, beyond its edge, or by repetition."""

import re

import pytest
from lxml import etree

from app.domain.ofd import Stamp
from app.domain.picture import SealMark
from app.formats.ofd.picture import read_pages
from app.formats.ofd.picture import stamps as drawing
from app.formats.ofd.picture.canvas import Canvas
from app.formats.ofd.picture.marks import UNCOVERED, marked_frame, marked_seal
from sandbox.ofd_attacks import TOLERATED
from sandbox.world import World
from tests.formats.ofd.maker import sealed
from tests.formats.ofd.test_picture import SVG, drawn, page_of, path, safe, text, world

__all__ = ["world"]

VIEW = (0.0, 0.0, 210.0, 297.0)
PLACES = [
    (80.0, 0.0, 40.0, 40.0),
    (-100.0, -100.0, 400.0, 500.0),
    (205.0, 290.0, 40.0, 40.0),
    (-900.0, 900.0, 40.0, 40.0),
    (0.0, 0.0, 0.0, 0.0),
]


Place = tuple[float, float, float, float]


def boxes(piece: str) -> list[Place]:
    root = etree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{piece}</svg>')
    found: list[Place] = []
    for each in root.iter(f"{SVG}rect"):
        x, y, width, height = (float(str(each.get(n))) for n in ("x", "y", "width", "height"))
        found.append((x, y, width, height))
    return found


@pytest.mark.parametrize("place", PLACES)
def test_frame_and_words_are_within_the_page_wherever_it_puts_a_seal(
    place: tuple[float, float, float, float],
) -> None:
    frame, words = boxes(marked_frame(place, "此章无效 seal invalid", 3.8, VIEW))
    for x, y, width, height in (frame, words):
        assert 0 <= x <= x + width <= 210.01
        assert 0 <= y <= y + height <= 297.01
    twin, above = boxes(marked_frame((50, 60, 40, 40), "此章无效 seal invalid", 3.8, VIEW))
    assert twin == pytest.approx((50, 60, 40, 40))
    assert above[1] < 60, "above what it is said of"


def test_one_seal_drawn_many_times_is_as_faded_as_once(world: World) -> None:
    """Twelve times over itself at an opacity of a third it would look like a sound one."""
    pages = read_pages(world.ofd(world.pick("market"), "stamp-service"))
    (entry,) = (each for each in pages._package.signatures if each.stamps)
    once = entry.stamps[:1]
    labels = list(pages.labels)

    def faded(stamps: tuple[Stamp, ...], mark: SealMark) -> Canvas:
        canvas = Canvas()
        drawing.draw_stamps(canvas, entry, stamps, mark, 3.8, VIEW, lambda _: None)
        return canvas

    many, twin = faded(once * 12, SealMark.BROKEN), faded(once, SealMark.SOUND)
    assert (len(many.faded), len(many.marks), len(many.stamps)) == (12, 12, 0)
    assert (len(twin.faded), len(twin.marks), len(twin.stamps)) == (0, 1, 1)
    assert not any("opacity" in piece for piece in many.faded), "of all together, not of each"
    root = safe(pages.draw(1, dict.fromkeys(labels, SealMark.BROKEN)))
    assert len([g for g in root.iter(f"{SVG}g") if g.get("opacity") == "0.35"]) == 1


def test_seals_in_one_place_are_all_told_and_the_proven_one_lies_on_top(world: World) -> None:
    """A stranger's seal exactly on the issuer's: neither hides the other, nor its words."""
    content = TOLERATED["stranger_seal_beside"].make(world)
    pages = read_pages(content)
    labels = [f"{each.body}:{each.id}" for each in pages._package.signatures if each.stamps]
    assert len(labels) == 2
    places = {each.stamps[0].boundary for each in pages._package.signatures if each.stamps}
    assert len(places) == 1, "one place, or this shows nothing"
    judged = dict(zip(labels, (SealMark.SOUND, SealMark.DOUBTED), strict=True))
    found = pages.draw(1, judged)
    assert found.seals == (SealMark.SOUND, SealMark.DOUBTED)
    root = safe(found)
    words = [boxes(etree.tostring(g).decode()) for g in root if g.get("font-family")]
    (one,), (other,) = words
    assert one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1], "side by side"
    faded = [each.get("opacity") == "0.35" for each in root]
    after = list(root)[faded.index(True) + 1 :]
    assert [each for each in after if each.get("transform")], (
        "the proven seal is drawn after the one that is not"
    )


@pytest.mark.parametrize("count", [2, 70, 3000])
def test_words_of_many_seals_in_one_place_end(count: int) -> None:
    """However many there are: those beyond what is kept clear stand where they would."""
    canvas = Canvas()
    for each in range(count):
        marked_seal(canvas, (50, 60, 40, 40), f"此章 {each:04}", 3.8, VIEW, "#000000")
    places = list(canvas.labels.values())
    assert len(places) == min(count, 64)
    lines = {round(place[1], 3) for place in places}
    assert len(lines) == min(count, 51), "as many as the page has lines"
    assert all(0 <= place[1] <= 297 - place[3] for place in places)


def test_nothing_of_a_document_is_drawn_over_a_mark() -> None:
    """An annotation added later, whose place is nothing and whose drawing would cover the page."""
    files = sealed()
    annotation = "Doc_0/Annots/Page_0/Annotation.xml"
    entry = re.search(rb"<ofd:Annot .*</ofd:Annot>", files[annotation], re.DOTALL)
    assert entry is not None
    white = path("M 0 0 L 300 0 L 300 300 L 0 300 C", '<ofd:FillColor Value="255 255 255"/>')
    cover = (
        '<ofd:Annot ID="99" Type="Path"><ofd:Appearance Boundary="-9 -9 0 0">'
        f"{white}</ofd:Appearance></ofd:Annot>"
    )
    forged = files[annotation].replace(entry[0], entry[0] + cover.encode())
    assert drawn(files).uncovered == ()
    found = drawn({**files, annotation: forged})
    root = safe(found)
    assert found.uncovered == (annotation,)
    groups = [g for g in root if g.get("clip-path")]
    assert len(groups) == 2, "each of the two annotations within its own place"
    last = list(root).index(groups[-1])
    said = [
        "".join(map(str, each.itertext())) for each in list(root)[last:] if each.tag == f"{SVG}g"
    ]
    assert sum(words == UNCOVERED for words in said) == 3, "of each, and of the page"


def test_the_page_itself_does_not_cover_its_marks() -> None:
    root = safe(drawn(page_of(text("a") + path("M 0 0 L 300 0 L 300 300 L 0 300 C"))))
    tail = "".join(map(str, list(root)[-1].itertext()))
    assert tail.startswith("本页内容未受签章保护")
