"""Pages as pictures: what is drawn, what is marked, and that nothing in a file gets any further."""

import re
import struct
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.domain.errors import Malformed
from app.domain.picture import LeftOut, Picture, SealMark
from app.formats.ofd.picture import canvas as bounds
from app.formats.ofd.picture import rasters, read_pages, values
from sandbox.ofd import Bends, write
from sandbox.ofd_samples import make_ofd_samples
from sandbox.ses import SealPlan
from sandbox.shapes import SHAPES
from sandbox.world import World
from tests.corpus import corpus_file, manifest
from tests.formats.ofd.maker import (
    PAGE,
    SIGNATURE,
    Files,
    references,
    sealed,
    signature_xml,
    unsigned,
    xml,
)
from tests.zipmaker import plain

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "defs", "g", "rect", "path", "text", "image", "use", "clipPath"}
"""All a picture is made of: nothing that runs, links, loads, styles or animates."""
LINK = re.compile(r"#d\d+|data:image/(png|jpeg|gif|bmp);base64,[A-Za-z0-9+/=]+")
REFERENCE = re.compile(r"url\(#d\d+\)")
MARK = re.compile("此章|✔ 已核验的印章")


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


def header(width: int, height: int) -> bytes:
    """The beginning of a PNG, which says how large it is."""
    return b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png() -> bytes:
    """Two by two grey pixels."""
    rows = zlib.compress(b"\0\x80\x80" * 2)
    return header(2, 2) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def page_of(inner: str, resources: str = "", photo: bytes | None = None) -> Files:
    """The small package with another page, and more resources."""
    files = unsigned()
    files["Doc_0/Res/photo.png"] = png() if photo is None else photo
    files["Doc_0/Res/page.png"] = png()
    files[PAGE] = xml("Page", f'<ofd:Content><ofd:Layer ID="10">{inner}</ofd:Layer></ofd:Content>')
    if resources:
        files["Doc_0/PublicRes.xml"] = xml("Res", resources, 'BaseLoc="Res"')
    return files


def drawn(files: Files, judged: dict[str, SealMark] | None = None) -> Picture:
    return read_pages(plain(files)).draw(1, judged)


def safe(picture: Picture) -> etree._Element:
    """The picture, read again and held to what a picture may be made of."""
    root = etree.fromstring(picture.svg.encode(), etree.XMLParser(huge_tree=True))
    for each in root.iter():
        assert str(each.tag).removeprefix(SVG) in ELEMENTS
        for name, value in each.attrib.items():
            assert not str(name).lower().startswith("on")
            assert name != "style"
            if str(name).endswith("href"):
                assert LINK.fullmatch(str(value))
            elif "url(" in str(value):
                assert REFERENCE.fullmatch(str(value))
    return root


def texts(root: etree._Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def text(words: str, attributes: str = 'Font="3" Size="4"', code: str = 'X="1" Y="4"') -> str:
    return (
        f'<ofd:TextObject ID="1" Boundary="10 20 80 6" {attributes}>'
        f"<ofd:TextCode {code}>{words}</ofd:TextCode></ofd:TextObject>"
    )


def image(key: str = "5", attributes: str = 'CTM="30 0 0 40 0 0"') -> str:
    return f'<ofd:ImageObject ID="2" Boundary="50 60 30 40" ResourceID="{key}" {attributes}/>'


def path(data: str, inner: str = "", attributes: str = "") -> str:
    return (
        f'<ofd:PathObject ID="3" Boundary="5 6 70 80" {attributes}>{inner}'
        f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
    )


# -- what is drawn --------------------------------------------------------------------------------


def test_every_part_of_a_page_is_drawn_in_its_order() -> None:
    files = unsigned()
    files["Doc_0/Res/photo.png"] = png()
    root = safe(drawn(files))
    shown = [each for each in texts(root) if "seal" not in each]
    assert shown == [
        "持有人",
        "不动产权证书",
        "张三",
        "证照编号：鲁（2026）0001",
        "标识 1.2.156.3005.2.11100000MB03271699022.11370000MB2852565A.301213AF.001.T",
        "仅用于公积金",
    ]  # fmt: skip -- the template lies under the page, annotations over it


def test_characters_stand_where_the_file_puts_them() -> None:
    """DeltaX with a repeat (GB/T 33190 11.3), the boundary's corner, and the size."""
    root = safe(drawn(page_of(text("证照编号", code='X="1" Y="4" DeltaX="g 2 5 7.5"'))))
    (found,) = [each for each in root.iter(f"{SVG}text") if each.text == "证照编号"]
    assert (found.get("x"), found.get("y")) == ("1 6 11 18.5", "4")
    around = list(found.iterancestors())
    assert "translate(10 20)" in {each.get("transform") for each in around}
    assert around[0].get("font-size") == "4"
    assert str(around[0].get("font-family")).startswith("'宋体',")


def test_paths_are_written_in_the_words_of_svg() -> None:
    data = "S 0 0 M 1 2 L 3 4 Q 5 6 7 8 B 1 2 3 4 5 6 A 9 9 0 1 0 2 2 C"
    (found,) = safe(drawn(page_of(path(data)))).iter(f"{SVG}path")
    assert found.get("d") == "M0 0M1 2L3 4Q5 6 7 8C1 2 3 4 5 6A9 9 0 1 0 2 2Z"
    assert (found.get("fill"), found.get("stroke")) == ("none", "#000000")


@pytest.mark.parametrize(
    ("color", "found"),
    [('Value="255 0 16"', "#ff0010"), ('Value="#FF #0 #10"', "#ff0010"), ('Value="128"', "#808080"),
     ('Value="0 255 255 0" ColorSpace="9"', "#ff0000"), ('Index="1" ColorSpace="8"', "#010203")],
)  # fmt: skip
def test_colours_by_value_space_and_palette(color: str, found: str) -> None:
    spaces = (
        '<ofd:ColorSpaces><ofd:ColorSpace ID="9" Type="CMYK"/><ofd:ColorSpace ID="8" Type="RGB">'
        "<ofd:Palette><ofd:CV>9 9 9</ofd:CV><ofd:CV>1 2 3</ofd:CV></ofd:Palette></ofd:ColorSpace>"
        "</ofd:ColorSpaces>"
    )
    files = page_of(path("M 0 0 L 1 1", f"<ofd:StrokeColor {color}/>"), spaces)
    (line,) = safe(drawn(files)).iter(f"{SVG}path")
    assert line.get("stroke") == found


def test_parameters_are_inherited_from_parameters_and_layers() -> None:
    parameters = (
        '<ofd:DrawParams><ofd:DrawParam ID="6" LineWidth="2"/>'
        '<ofd:DrawParam ID="7" Relative="6"><ofd:StrokeColor Value="1 2 3"/></ofd:DrawParam>'
        "</ofd:DrawParams>"
    )
    files = page_of(path("M 0 0 L 1 1", attributes='DrawParam="7"'), parameters)
    (line,) = safe(drawn(files)).iter(f"{SVG}path")
    assert (line.get("stroke"), line.get("stroke-width")) == ("#010203", "2")


def test_composites_and_clips_are_drawn() -> None:
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="8" Width="9" Height="9">'
        f"<ofd:Content>{text('内')}</ofd:Content></ofd:CompositeGraphicUnit>"
        "</ofd:CompositeGraphicUnits>"
    )
    clip = (
        "<ofd:Clips><ofd:Clip><ofd:Area>"
        f"{path('M 0 0 L 1 1 L 2 0 C').replace('PathObject', 'Path')}"
        "</ofd:Area></ofd:Clip></ofd:Clips>"
    )
    composite = '<ofd:CompositeObject ID="4" Boundary="0 0 9 9" ResourceID="8"/>'
    root = safe(drawn(page_of(composite + path("M 0 0 L 9 9", clip), unit)))
    assert "内" in texts(root)
    (cut,) = (each for each in root.iter(f"{SVG}clipPath") if each.find(f"{SVG}path") is not None)
    cuts = [g.get("clip-path") for g in root.iter(f"{SVG}g") if g.get("clip-path")]
    assert cuts.count(f"url(#{cut.get('id')})") == 1


def test_an_image_stands_once_however_often_it_is_drawn() -> None:
    root = safe(drawn(page_of(image() * 3)))
    (only,) = root.iter(f"{SVG}image")
    assert b64decode(str(only.get("href")).partition(",")[2]) == png()
    assert len(list(root.iter(f"{SVG}use"))) == 3


# -- what is marked -------------------------------------------------------------------------------


def test_what_no_signature_covers_is_framed_and_its_twin_is_not() -> None:
    good = sealed(**{"Doc_0/Res/photo.png": png()})
    annotation = "Doc_0/Annots/Page_0/Annotation.xml"
    covered = [part for part in unsigned() if part != annotation]
    open_one = good | {SIGNATURE: signature_xml(references(good, covered))}
    good[SIGNATURE] = signature_xml(references(good, list(unsigned())))
    assert drawn(good).uncovered == ()
    found = drawn(open_one)
    assert found.uncovered == (annotation,)
    assert "未受签章保护 not covered by a seal" in texts(safe(found))
    assert "未受签章保护 not covered by a seal" not in texts(safe(drawn(good)))


def test_a_page_nobody_sealed_says_so() -> None:
    found = drawn(unsigned())
    assert PAGE in found.uncovered
    assert "本页内容未受签章保护 this page is not covered by a seal" in texts(safe(found))


@pytest.mark.parametrize(
    ("mark", "words"),
    [(SealMark.SOUND, "✔ 已核验的印章 verified seal"), (SealMark.DOUBTED, "此章未证实 seal not proven"),
     (SealMark.BROKEN, "此章无效 seal invalid"), (None, "此章未核验 seal not verified")],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["stamp-service", "toolkit"])
def test_a_seal_looks_as_it_was_found(
    world: World, shape: str, mark: SealMark | None, words: str
) -> None:
    pages = read_pages(world.ofd(world.pick("market"), shape))
    labels = list(pages.labels)
    found = pages.draw(1, None if mark is None else dict.fromkeys(labels, mark))
    root = safe(found)
    assert [each for each in texts(root) if MARK.match(each)] == [words]
    assert found.seals == (mark or SealMark.UNJUDGED,)
    faded = [each for each in root.iter(f"{SVG}g") if each.get("opacity") == "0.35"]
    assert bool(faded) is (mark is not SealMark.SOUND)
    covered = found.uncovered == ()
    assert covered is (mark in {None, SealMark.SOUND})
    about = [each for each in texts(root) if "该印章尚未证实" in each or "未受签章保护" in each]
    told = {SealMark.DOUBTED: "本页盖有印章", SealMark.BROKEN: "本页内容未受"}
    assert [each[:6] for each in about] == ([told[mark]] if mark in told else [])


def test_a_signature_the_verification_does_not_know_is_no_seal(world: World) -> None:
    pages = read_pages(world.ofd(world.pick("market"), "stamp-service"))
    found = pages.draw(1, {"9:9": SealMark.SOUND})
    assert "此章未核验 seal not verified" in texts(safe(found))
    assert found.uncovered


def test_a_painted_seal_stands_with_no_mark_of_a_seal(world: World) -> None:
    """A picture of a seal in the page is page content: never under a seal's frame or words."""
    files = page_of(image())
    root = safe(drawn(files))
    assert not [each for each in texts(root) if MARK.match(each)]
    assert drawn(files).seals == ()
    assert "本页内容未受签章保护 this page is not covered by a seal" in texts(root)


def test_every_shape_and_sample_of_the_sandbox_is_drawn(world: World) -> None:
    for sample in make_ofd_samples(world):
        try:
            pages = read_pages(sample.content)
        except Malformed:
            assert sample.conclusion != "valid", sample.name
            continue
        for number in range(1, len(pages) + 1):
            found = pages.draw(number)
            safe(found)
            assert found.drawn, sample.name
            assert not found.left_out, sample.name
    assert {sample.name for sample in make_ofd_samples(world)} >= {f"sealed-{s}" for s in SHAPES}


# -- what a hostile file gets ---------------------------------------------------------------------

HOSTILE_TEXTS = (
    "&lt;script&gt;alert(1)&lt;/script&gt;", "]]&gt;&lt;/text&gt;&lt;script/&gt;", "&quot; onload=&quot;x",
    "javascript:alert(1)", "&#x202E;gnp.exe", "a&#x2066;b&#x2069;", "&#x200B;&#x2060;x",
)  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE_TEXTS)
def test_text_stays_text(words: str) -> None:
    root = safe(drawn(page_of(text(words))))
    assert not any(values._HIDDEN.search(each) for each in texts(root))


@pytest.mark.parametrize(
    "family",
    [
        "x' onload='y",
        'x"/&gt;&lt;script/&gt;'.replace('"', "&quot;"),
        "url(http://a.example/f)",
        "a;b{}",
    ],
)
def test_a_font_name_is_only_a_name(family: str) -> None:
    fonts = f'<ofd:Fonts><ofd:Font ID="3" FontName="{family}"/></ofd:Fonts>'
    safe(drawn(page_of(text("字"), fonts)))


@pytest.mark.parametrize(
    "data",
    [b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"<html>", b"%PDF-1.7", b"", b"\x89PNG",
     b"GIF89a", b"\xff\xd8\xff", b"\xff\xd8\xff\xc0", b"II*\0", b"RIFFxxxxWEBP", png()[:20], b"BM" + bytes(30)],
)  # fmt: skip
def test_only_rasters_of_known_kinds_are_shown(data: bytes) -> None:
    found = drawn(page_of(image(), photo=data))
    assert found.left_out == {LeftOut.IMAGE_FORMAT: 1}
    assert not list(safe(found).iter(f"{SVG}image"))
    assert list(safe(drawn(page_of(image()))).iter(f"{SVG}image"))


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (40_000_001, 1), (2**31 - 1, 2)])
def test_an_image_bomb_is_not_handed_on(width: int, height: int) -> None:
    found = drawn(page_of(image(), photo=header(width, height)))
    assert found.left_out == {LeftOut.IMAGE_TOO_LARGE: 1}


def test_many_images_are_bounded_together() -> None:
    each = png() + Random(1).randbytes(bounds.MAX_IMAGES // 2)
    files = page_of(image("5") + image("6") + image("7"))
    media = "".join(
        f'<ofd:MultiMedia ID="{key}" Type="Image"><ofd:MediaFile>{key}.png</ofd:MediaFile></ofd:MultiMedia>'
        for key in "567"
    )
    files["Doc_0/DocumentRes.xml"] = xml("Res", f"<ofd:MultiMedias>{media}</ofd:MultiMedias>")
    files |= {f"Doc_0/{key}.png": each + key.encode() for key in "567"}
    found = drawn(files)
    assert found.left_out == {LeftOut.IMAGE_TOO_LARGE: 2}


def test_composites_that_hold_themselves_end() -> None:
    inner = '<ofd:CompositeObject ID="4" Boundary="0 0 9 9" ResourceID="8"/>'
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="8" Width="9" Height="9">'
        f"<ofd:Content>{inner * 30}</ofd:Content></ofd:CompositeGraphicUnit>"
        "</ofd:CompositeGraphicUnits>"
    )
    found = drawn(page_of(inner, unit))
    assert found.left_out[LeftOut.TOO_DEEP] > 1
    assert found.left_out[LeftOut.TOO_MUCH] > 1
    safe(found)


def test_more_objects_than_a_picture_holds_are_left_out_and_counted() -> None:
    more = 10
    found = drawn(page_of("<ofd:PageBlock/>" * (bounds.MAX_OBJECTS + more)))
    assert found.left_out == {LeftOut.TOO_MUCH: more + 2}, "its own, a layer and an annotation"


@pytest.mark.parametrize(
    "broken",
    [path("M 0"), path("X 1 1"), path("M 0 nan"), path("M 0 1e9"), path("M 0 0 L 1"),
     path("M 0 0", "<ofd:StrokeColor Value='red'/>"), path("M 0 0", "<ofd:StrokeColor Value='1 2'/>"),
     path("M 0 0", attributes='CTM="1 2 3"'), path("M 0 0", attributes='LineWidth="inf"'),
     path("M 0 0", attributes='DashPattern="-1 2"'), text("字", 'Font="3" Size="x"'),
     text("字字", code='X="0" Y="0" DeltaX="g 2"'), text("字字", code='X="0" Y="0" DeltaX="g x 1"'),
     text("字").replace("10 20 80 6", "10 20 80"), text("字").replace("10 20 80 6", "1e400 0 1 1"),
     path("M 0 0", "<ofd:StrokeColor Index='7' ColorSpace='8'/>")],
)  # fmt: skip
def test_an_object_that_cannot_be_read_costs_only_itself(broken: str) -> None:
    spaces = (
        '<ofd:ColorSpaces><ofd:ColorSpace ID="8" Type="RGB"><ofd:Palette><ofd:CV>9 9 9</ofd:CV>'
        "</ofd:Palette></ofd:ColorSpace></ofd:ColorSpaces>"
    )
    found = drawn(page_of(broken + text("后"), spaces))
    assert found.left_out == {LeftOut.UNREADABLE: 1}
    assert "后" in texts(safe(found))


@pytest.mark.parametrize(
    ("inner", "why"),
    [(image("77"), LeftOut.MISSING),
     ('<ofd:CompositeObject ID="4" Boundary="0 0 9 9" ResourceID="88"/>', LeftOut.MISSING),
     (image(attributes='ImageMask="5"'), LeftOut.MASK),
     (path("M 0 0 L 1 1", "<ofd:StrokeColor><ofd:AxialShd/></ofd:StrokeColor>"), LeftOut.SHADING),
     (path("M 0 0 L 1 1", "<ofd:Clips><ofd:Clip/></ofd:Clips>"), LeftOut.CLIP)],
)  # fmt: skip
def test_what_is_not_drawn_is_told(inner: str, why: LeftOut) -> None:
    assert drawn(page_of(inner)).left_out == {why: 1}


@pytest.mark.parametrize("box", ["0 0 0 0", "0 0 -1 5", "a b c d", "1 2 3", ""])
def test_a_page_without_a_size_is_an_a4(box: str) -> None:
    area = f"<ofd:Area><ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:Area>"
    files = page_of(text("字"))
    files[PAGE] = files[PAGE].replace(b"<ofd:Content>", area.encode() + b"<ofd:Content>")
    assert safe(drawn(files)).get("viewBox") == "0 0 210 297"
    files[PAGE] = files[PAGE].replace(
        area.encode(), b"<ofd:Area><ofd:PhysicalBox>0 0 9 8</ofd:PhysicalBox></ofd:Area>"
    )
    assert safe(drawn(files)).get("viewBox") == "0 0 9 8"


def test_there_is_no_page_beyond_the_last() -> None:
    pages = read_pages(plain(unsigned()))
    assert len(pages) == 1
    for beyond in (0, 2, -1):
        with pytest.raises(IndexError):
            pages.draw(beyond)


def test_a_vector_seal_is_drawn_one_level_deep(world: World) -> None:
    """A seal picture may be an OFD (standards §3.7); what it brings along as seals is not drawn."""
    license = world.pick("market")
    inner = plain(page_of(text("章中字")))

    def vector(plan: SealPlan) -> SealPlan:
        return replace(plan, picture=replace(plan.picture, type="ofd", data=inner))

    job = replace(world.job(license), bends=Bends(seal=vector))
    content = write(world.made(license), SHAPES["stamp-service"], job)
    assert "章中字" in texts(safe(read_pages(content).draw(1)))


# -- whatever the bytes ---------------------------------------------------------------------------

_PAGE = unsigned()[PAGE]
_NUMBERS = st.sampled_from(
    ["", "nan", "-1", "1e308", "1e6", "g 9999999 1", "0", "#ff", "١", "1 2 3"]
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_page_it_is_drawn_safely_or_refused(data: st.DataObject) -> None:
    inner = text("a") + path("M 0 0 L 1 1", "<ofd:StrokeColor Value='1 2 3'/>") + image()
    for name in ("Boundary", "X", "Size", "DeltaX", "Value", "CTM", "Font", "ResourceID", "Alpha"):
        if data.draw(st.booleans()):
            written = data.draw(_NUMBERS | st.text(max_size=8))
            clean = "".join(
                c
                for c in written
                if c >= " " and c not in "<&\"'" and not 0xD800 <= ord(c) < 0xE000
            )
            told = f'{name}="{clean}"'
            inner = re.sub(rf"""{name}=("[^"]*"|'[^']*')""", lambda _, t=told: t, inner)
    try:
        found = drawn(page_of(inner))
    except Malformed:
        return
    safe(found)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=40).map(lambda b: b"\xff\xd8\xff" + b))
def test_whatever_an_image_is_it_is_measured_or_left_out(data: bytes) -> None:
    left: set[LeftOut] = set()
    for content in (data, png()[:16] + data, b"GIF89a" + data, b"BM" + data):
        try:
            assert rasters.raster(content).kind in {"png", "jpeg", "gif", "bmp"}
        except rasters.NotDrawn as exc:
            left.add(exc.left)
    assert left <= {LeftOut.IMAGE_FORMAT, LeftOut.IMAGE_TOO_LARGE}


def _corpus() -> Iterator[str]:
    for folder in ("ofd_signed", "ofd_unsigned"):
        yield from (row.path for row in manifest(folder))


@pytest.mark.parametrize("name", sorted(_corpus()) or ["ofd_signed"])
def test_every_ofd_of_the_corpus_is_drawn_or_refused(name: str) -> None:
    content = corpus_file(*name.split("/")).read_bytes()
    try:
        pages = read_pages(content)
    except Malformed:
        return  # which ones and why: test_corpus
    for number in range(1, min(len(pages), 3) + 1):
        safe(pages.draw(number))
