"""A few kilobytes that name one costly thing ten thousand times: drawn for what one page may cost.

Every attack has its twin beside it: the same page with the thing as people make it is drawn whole.
"""

import struct
from dataclasses import replace

import pytest

from app.domain.errors import BeyondLimits
from app.domain.ofd import PartKind
from app.domain.picture import LeftOut, Picture
from app.formats.ofd.picture import canvas as bounds
from app.formats.ofd.picture import pages, rasters, read_pages
from app.formats.ofd.picture.canvas import Canvas
from app.formats.ofd.picture.rasters import NotDrawn
from app.formats.ofd.picture.resources import weight
from app.formats.ofd.walk import Walk
from sandbox import archive
from sandbox.ofd import Bends, write
from sandbox.ses import SealPlan
from sandbox.shapes import SHAPES
from sandbox.world import World
from tests.formats.ofd.test_picture import drawn, image, page_of, path, png, safe, text, texts

MANY = 3000
BESIDE = drawn(page_of("")).drawn
"""What else stands on the page."""
CALL = '<ofd:CompositeObject ID="9" Boundary="0 0 9 9" ResourceID="77"/>'


def block(inner: str) -> str:
    return (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="77" Width="9" Height="9">'
        f"<ofd:Content>{inner}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
    )


def called(inner: str, times: int) -> Picture:
    return drawn(page_of(CALL * times, block(inner)))


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that a test reaches soon."""
    monkeypatch.setattr(bounds, "MAX_WORK", 100_000)


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(
    "inner",
    [
        path("M 0 0 " + "L 1 1 " * 600 + "X"),
        text("字" * 2000),
        path("M 0 0 L 1 1", "<ofd:Junk/>" * 1500),
        "<ofd:Junk/>" * 1500,
    ],
    ids=["a broken path", "a long text", "children nobody asked for", "nothing that is drawn"],
)
def test_a_block_called_many_times_costs_what_one_page_may(inner: str) -> None:
    found = called(inner, MANY)
    assert found.left_out[LeftOut.TOO_MUCH] > MANY - 100_000 / 1500
    assert found.left_out[LeftOut.UNREADABLE] < 100_000 / 600
    twin = called(path("M 0 0 L 1 1"), 100)
    assert (twin.drawn - BESIDE, dict(twin.left_out)) == (200, {})


@pytest.mark.usefixtures("little")
def test_drawing_parameters_count_each_time_they_are_asked() -> None:
    parameter = '<ofd:DrawParams><ofd:DrawParam ID="5">{}</ofd:DrawParam></ofd:DrawParams>'
    one = path("M 0 0 L 1 1").replace("<ofd:PathObject ", '<ofd:PathObject DrawParam="5" ')
    assert 'DrawParam="5"' in one
    junk = drawn(page_of(one * 300, parameter.format("<ofd:Junk/>" * 2000)))
    assert junk.left_out[LeftOut.TOO_MUCH] > 300 - 100_000 / 2000
    red = parameter.format('<ofd:StrokeColor Value="255 0 0"/>')
    twin = drawn(page_of(one * 300, red))
    assert (twin.drawn - BESIDE, dict(twin.left_out)) == (300, {})
    assert twin.svg.count('stroke="#ff0000"') == 300


def test_a_palette_is_gone_through_once() -> None:
    entry = "<ofd:CV>1 2 3</ofd:CV>"
    space = (
        '<ofd:ColorSpaces><ofd:ColorSpace ID="6" Type="RGB"><ofd:Palette>'
        f"{entry * 255}<ofd:CV>255 0 0</ofd:CV></ofd:Palette></ofd:ColorSpace></ofd:ColorSpaces>"
    )
    one = path("M 0 0 L 1 1", '<ofd:StrokeColor ColorSpace="6" Index="255"/>')
    found = drawn(page_of(one * 5000, space))
    assert found.svg.count('stroke="#ff0000"') == 5000
    assert dict(found.left_out) == {}


@pytest.mark.parametrize("body", [b"\xff\xe0\x00\x02" * 100_000, b"\xff" * 400_000])
def test_no_photo_is_searched_for_ever(body: bytes) -> None:
    frame = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, 30, 40)
    with pytest.raises(NotDrawn):
        rasters.raster(b"\xff\xd8" + body + frame)
    assert rasters.raster(b"\xff\xd8" + body[:2000] + frame).kind == "jpeg"


def vector(junk: int) -> bytes:
    """A vector seal with a resource file of so many elements."""
    files = page_of(text("章中字"), "<ofd:Fonts/>" + "<ofd:Junk/>" * junk)
    return archive.archive(archive.entries(files, compress=True))


def test_a_vector_seal_is_no_second_file_of_full_size() -> None:
    """Sixty-four signatures may each bring one."""
    small, canvas = vector(10), Canvas()
    assert pages.nested_page(canvas, small) is not None
    assert canvas.work > 0
    large = vector(3_000_000 // len("<ofd:Junk/>"))
    assert len(large) < 100_000
    with pytest.raises(BeyondLimits):
        pages.nested_page(Canvas(), large)


def test_vector_seals_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(1)
    inner = vector(2000)

    def drawing(plan: SealPlan) -> SealPlan:
        return replace(plan, picture=replace(plan.picture, type="ofd", data=inner))

    license = world.pick("market")
    job = replace(world.job(license), bends=Bends(seal=drawing))
    content = write(world.made(license), SHAPES["stamp-service"], job)
    twin = read_pages(content).draw(1)
    assert "章中字" in texts(safe(twin))
    monkeypatch.setattr(bounds, "MAX_WORK", 20_000)
    found = read_pages(content).draw(1)
    assert "章中字" not in texts(safe(found))
    assert found.left_out[LeftOut.UNREADABLE] == twin.left_out[LeftOut.UNREADABLE] + 1


def test_what_a_resource_weighs() -> None:
    pages_ = page_of(text("a") + image(), block(path("M 0 0 L 1 1")), png())
    read = read_pages(archive.archive(archive.entries(pages_, compress=True)))
    assert isinstance(read._walk, Walk)
    assert weight(read._walk.read("Doc_0/PublicRes.xml", PartKind.RESOURCE, "Res").element) > 9
