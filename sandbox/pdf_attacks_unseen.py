"""Files whose later revisions look like proof and change what is shown.

Whoever saves such a revision needs no key: it holds a field for a signature that nobody is to see,
validation data, or nothing at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import pdf
from sandbox.pdf import PLAIN, Draft, Paper, Style
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene
from sandbox.pdf_signing import KINDS

CHANGED = "changed_after_signing"
_FIELD = "/FT /Sig /Type /Annot /F 4"
_OTHER_FONT = pdf.dictionary({"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Symbol"})
_PACKED = Style(stream_section=True, packed=True)
_DRAWN = b"0.9 g 70 690 300 80 re f"
_FORM = " /Type /XObject /Subtype /Form"


def _field(entries: str, appearance: bytes | None = None) -> Forge:
    """Behind the issuer's signature: a field for another, without area."""

    def forge(scene: PdfScene) -> bytes:
        paper, number = scene.paper, scene.paper.size
        objects = {number: f"<<{_FIELD} /P {pdf.PAGE} 0 R {entries}>>".encode()}
        if appearance is not None:
            objects[number] = objects[number][:-2] + f" /AP <</N {number + 1} 0 R>>>>".encode()
            objects[number + 1] = appearance
        paper = replace(
            paper,
            fields=(*paper.fields, number),
            annotations=(*paper.annotations, number),
        )
        paper, changed = pdf.with_form(paper)
        return pdf.save(paper, {**changed, **objects}).content

    return forge


def _packed(scene: PdfScene) -> Paper:
    """Signed, with its plain objects in an object stream, as most writers have them."""
    draft = pdf.drafted(scene.world.made(scene.license))
    return pdf.sign(pdf.save(pdf.unwritten(draft), draft.objects, _PACKED), scene.signing)


def _container(scene: PdfScene) -> bytes:
    """The object stream again, another font in it; a store says that it is a certificate."""
    draft = pdf.drafted(scene.world.made(scene.license))
    signed = _packed(scene)
    number = max(draft.objects) + 1
    packable = {n: body for n, body in draft.objects.items() if b"\nstream\n" not in body}
    other = pdf.object_stream({**packable, pdf.FONT: _OTHER_FONT})
    catalog = {**signed.catalog, "/DSS": f"<</Type /DSS /Certs [{number} 0 R]>>"}
    changed = {pdf.CATALOG: pdf.dictionary(catalog), number: other}
    return pdf.save(replace(signed, catalog=catalog), changed).content


def _shorter(scene: PdfScene) -> bytes:
    """Nothing is saved but a Size: the font, and whatever has a higher number, is missing now."""
    return pdf.save(replace(scene.paper, size=pdf.FONT), {}).content


def _second_page(draft: Draft) -> None:
    number = pdf.FIRST_FREE
    draft.objects[number] = pdf.dictionary({**draft.page, "/Contents": f"{number + 1} 0 R"})
    draft.objects[number + 1] = pdf.stream(b"BT /F1 12 Tf 72 700 Td <4E8C> Tj ET")
    kids = f"[{pdf.PAGE} 0 R {number} 0 R]"
    draft.objects[pdf.PAGES] = f"<</Type /Pages /Kids {kids} /Count 2>>".encode()


_PLACE, _PICTURE = 80, 81
_ENTRIES = (
    f"/FT /Sig /T (Place) /Type /Annot /Subtype /Widget /F 132 /P {pdf.PAGE} 0 R"
    f" /Rect [400 100 500 200] /AP <</N {_PICTURE} 0 R>>"
).encode()


def _with_place(scene: PdfScene) -> Paper:
    """Signed; beside the signature a place for another, which shows its picture already."""

    def before(draft: Draft) -> None:
        _second_page(draft)
        draft.objects[_PLACE] = b"<<" + _ENTRIES + b">>"
        draft.objects[_PICTURE] = pdf.stream(_DRAWN, f"{_FORM} /BBox [0 0 100 100]")

    paper = pdf.write(scene.world.made(scene.license), before)
    paper, changed = pdf.with_form(replace(paper, fields=(_PLACE,), annotations=(_PLACE,)))
    return pdf.sign(pdf.save(paper, changed), scene.signing)


def _signed_away(pages: Callable[[Paper], dict[int, bytes]]) -> Forge:
    """A stranger signs in the place; with that the pages change."""

    def forge(scene: PdfScene) -> bytes:
        signed = _with_place(scene)
        stranger = replace(scene.hand, holder=scene.world.seals.holders["stranger-current"])
        signing = KINDS[scene.kind](stranger)
        signing = replace(signing, into=(_PLACE, _ENTRIES), objects=pages(signed))
        return pdf.sign(signed, signing).content

    return forge


def _taken_off(paper: Paper) -> dict[int, bytes]:
    kept = " ".join(f"{n} 0 R" for n in paper.annotations if n != _PLACE)
    return {pdf.PAGE: pdf.dictionary({**paper.page, "/Annots": f"[{kept}]"})}


def _put_over(paper: Paper) -> dict[int, bytes]:
    """On the other page too."""
    page = {k: v for k, v in paper.page.items() if k != "/Annots"}
    page |= {"/Contents": f"{pdf.FIRST_FREE + 1} 0 R", "/Annots": f"[{_PLACE} 0 R]"}
    return {pdf.FIRST_FREE: pdf.dictionary(page)}


def _behind(holding: Callable[[bytes], bytes], style: Style = PLAIN) -> Forge:
    """Validation data that holds another page, for readers that search a file for objects."""

    def forge(scene: PdfScene) -> bytes:
        paper, number = scene.paper, scene.paper.size
        store = f"<</Type /DSS /Certs [{number} 0 R {number + 1} 0 R]>>"
        catalog = {**paper.catalog, "/DSS": store}
        page = pdf.dictionary({**paper.page, "/Contents": f"{number} 0 R"})
        changed = {
            pdf.CATALOG: pdf.dictionary(catalog),
            number: pdf.stream(b"BT /F1 12 Tf 72 700 Td <4E8C> Tj ET"),
            number + 1: holding(page),
        }
        return pdf.save(replace(paper, catalog=catalog), changed, style).content

    return forge


def _nested(page: bytes) -> bytes:
    body = f"\nendstream\nendobj\n{pdf.PAGE} 0 obj\n".encode() + page + b"\nendobj\n"
    return pdf.stream(body)


def _early(scene: PdfScene) -> bytes:
    """With a comment before the section, which makes some readers search."""
    comment = b"%\n"
    packed = _behind(lambda page: pdf.object_stream({pdf.PAGE: page}), Style(between=comment))
    content = packed(scene)
    end = content.rindex(b"startxref")
    start = int(content[end:].split()[1]) - len(comment)
    return content[:end] + f"startxref\n{start}\n%%EOF\n".encode()


def _attack(
    name: str,
    why: tuple[str, str],
    words: tuple[str, str],
    forge: Forge,
    genuine: Callable[[PdfScene], Paper] | None = None,
) -> PdfAttack:
    """`why`: the threat, and the reason it fails for."""
    return PdfAttack(
        name=name,
        reason=why[1],
        threats=(why[0],),
        zh=f"{words[0]}。",
        en=f"{words[1]}.",
        forge=forge,
        genuine=None if genuine is None else lambda scene: genuine(scene).content,
    )


def attacks() -> Iterator[PdfAttack]:
    """PDF-02, PDF-04, PDF-05, PDF-12."""
    place = "/T (Second) /Subtype /Widget /Rect [0 0 0 0]"
    note = f"/T {pdf.text_string('有效期延长')} /Subtype /Text /Rect [100 700 100 700]"
    for name, zh, en, forge in (
        (
            "ssa_note",
            "后加的签名域是一条便笺，没有面积也显示图标",
            "A signature field added later that is a note, whose icon needs no area",
            _field(note),
        ),
        (
            "ssa_boundless",
            "后加的无面积签名域，外观没有边界（BBox），按原大小画在页面上",
            "A field without area added later whose appearance has no bounds, and is drawn in full",
            _field(place, pdf.stream(_DRAWN, _FORM)),
        ),
        (
            "ssa_bounds_elsewhere",
            "后加的无面积签名域，外观的边界不是数",
            "A field without area added later whose appearance is bounded by no numbers",
            _field(place, pdf.stream(_DRAWN, f"{_FORM} /BBox [0 0 (a) null]")),
        ),
    ):
        yield _attack(name, ("PDF-05", CHANGED), (zh, en), forge)
    yield _attack(
        "shadow_container",
        ("PDF-04", CHANGED),
        (
            "影子攻击：装着页面和字体的对象流，冒充验证数据被整个换掉",
            "Shadow attack: the object stream with page and font is replaced as validation data",
        ),
        _container,
        _packed,
    )
    yield _attack(
        "isa_shorter",
        ("PDF-02", "malformed"),
        (
            "增量保存只把 Size 改小，编号更大的对象从此视为不存在",
            "Saved with a smaller Size: objects with higher numbers count as missing",
        ),
        _shorter,
    )
    for name, zh, en, forge in (
        (
            "packed",
            "验证数据是对象流，里面有另一页，交叉引用没有登记",
            "Validation data that is an object stream with another page in it, listed nowhere",
            _behind(lambda page: pdf.object_stream({pdf.PAGE: page})),
        ),
        (
            "packed_early",
            "同上，startxref 指向注释，使阅读器转而搜索对象",
            "The same, startxref leading to a comment, so that readers search for objects",
            _early,
        ),
        (
            "nested",
            "验证数据的流里写着另一页的对象",
            "Validation data with another page's body in its stream",
            _behind(_nested),
        ),
    ):
        yield _attack(f"repaired_{name}", ("PDF-12", "malformed"), (zh, en), forge)
    for name, zh, en, pages in (
        (
            "picture_taken_off",
            "签署预留的签名域时，把它的图形从页面上拿掉",
            "A prepared field is signed, and its picture taken off the page",
            _taken_off,
        ),
        (
            "picture_put_over",
            "签署预留的签名域时，把它的图形也放到另一页",
            "A prepared field is signed, and its picture put on another page too",
            _put_over,
        ),
    ):
        yield _attack(
            f"isa_{name}", ("PDF-02", CHANGED), (zh, en), _signed_away(pages), _with_place
        )
