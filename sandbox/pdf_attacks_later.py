"""Attacks behind the signed revision: incremental saving, shadows, certified documents, forms."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import pdf
from sandbox.pdf import Draft, Paper, Style
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene
from sandbox.pdf_signing import KINDS, validation_data

CHANGED = "changed_after_signing"
_OTHER = pdf.stream(b"BT /F1 12 Tf 72 700 Td <4E2A> Tj ET")
_TEXT_FIELD = (
    b"<</FT /Tx /T (note) /V (one) /Type /Annot /Subtype /Widget /Rect [70 600 300 620]"
    b" /AP <</N 71 0 R>> /P 3 0 R>>"
)
_PERMISSIONS = f"<</DocMDP {pdf.FIRST_FREE} 0 R>>"
_ANNOTATING = (
    " /Reference [<</Type /SigRef /TransformMethod /DocMDP"
    " /TransformParams <</Type /TransformParams /P 3 /V /1.2>>>>]"
)
"""A certification that permits annotations."""
Before = Callable[[Draft], None]
After = Callable[[Paper], Paper]


def _saved(after: After, before: Before | None = None, *, certified: bool = False) -> Forge:
    """Signed honestly, then saved once more. `before` prepares the document for it."""

    def forge(scene: PdfScene) -> bytes:
        draft = pdf.write(scene.world.made(scene.license), before)
        signing = scene.signing
        if certified:
            signing = replace(signing, catalog={"/Perms": _PERMISSIONS}, more=_ANNOTATING)
        return after(pdf.sign(draft, signing)).content

    return forge


def _object(number: int, value: bytes) -> After:
    return lambda paper: pdf.save(paper, {number: value})


def _page(paper: Paper, **entries: str) -> dict[int, bytes]:
    more = {f"/{key}": value for key, value in entries.items()}
    return {pdf.PAGE: pdf.dictionary({**paper.page, **more})}


def _catalog(paper: Paper, **entries: str) -> dict[int, bytes]:
    more = {f"/{key}": value for key, value in entries.items()}
    return {pdf.CATALOG: pdf.dictionary({**paper.catalog, **more})}


def _annotated(kind: str, *, listed: bool = True) -> After:
    """Something laid over the page."""

    def after(paper: Paper) -> Paper:
        number = paper.size
        note = f"<</Type /Annot /Subtype /{kind} /Rect [70 700 300 780] /Contents (in force)>>"
        both = f"[{' '.join(f'{n} 0 R' for n in (*paper.annotations, number))}]"
        changed = _page(paper, Annots=both) if listed else {}
        return pdf.save(paper, {number: note.encode(), **changed})

    return after


def _new_root(paper: Paper) -> Paper:
    number = paper.size
    return pdf.save(
        paper,
        {number: pdf.dictionary(paper.catalog), pdf.CONTENTS: _OTHER},
        Style(root=number),
    )


def _unlisted(paper: Paper) -> Paper:
    """A body behind the file and the old end once more: for readers that search for objects."""
    body = f"{pdf.CONTENTS} 0 obj\n".encode() + _OTHER + b"\nendobj\n"
    end = f"startxref\n{paper.startxref}\n%%EOF\n".encode()
    return replace(paper, content=paper.content + body + end)


def _unlisted_update(paper: Paper) -> Paper:
    """A revision that lists nothing new, with an object in it all the same."""
    body = f"{pdf.CONTENTS} 0 obj\n".encode() + _OTHER + b"\nendobj\n"
    return pdf.save(paper, {}, Style(between=body))


def _points_back(paper: Paper) -> Paper:
    """The section leads to an object that lies in the signed octets, out of sight until then."""
    place = paper.content.index(b"(shadow)")
    start = paper.content.rindex(b" 0 obj", 0, place)
    start = paper.content.rindex(b"\n", 0, start) + 1
    number = int(paper.content[start : paper.content.index(b" ", start)])
    kids = f"<</Type /Pages /Kids [{number} 0 R] /Count 1>>"
    return pdf.save(paper, {pdf.PAGES: kids.encode()})


def _led_back(scene: PdfScene) -> bytes:
    """Page content that was replaced before it was signed comes up again."""
    first = pdf.save(scene.draft, {pdf.CONTENTS: _OTHER})
    current = pdf.save(first, {pdf.CONTENTS: pdf.stream(b"BT /F1 9 Tf 72 700 Td <8BC1> Tj ET")})
    signed = pdf.sign(current, scene.signing)
    old = signed.content.index(f"{pdf.CONTENTS} 0 obj\n".encode() + _OTHER)
    return pdf.save(signed, {}, Style(at={pdf.CONTENTS: old})).content


def _hidden_page(draft: Draft) -> None:
    page, content = pdf.FIRST_FREE, pdf.FIRST_FREE + 1
    draft.objects[page] = (
        f"<</Type /Page /Parent {pdf.PAGES} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
        f" /Label (shadow)>>"
    ).encode()
    draft.objects[content] = _OTHER


def _missing_part(draft: Draft) -> None:
    """The page names a second content that does not exist yet."""
    draft.page["/Contents"] = "[4 0 R 99 0 R]"


def _overlay(draft: Draft) -> None:
    """A picture over the text, to be taken away later."""
    number = pdf.FIRST_FREE
    draft.objects[number] = pdf.stream(b"0 g", " /Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    draft.page["/Resources"] = f"<</Font <</F1 {pdf.FONT} 0 R>> /XObject <</X1 {number} 0 R>>>>"


def _as_proof(paper: Paper) -> Paper:
    """The missing content of the page, listed as if it were a certificate."""
    catalog = _catalog(paper, DSS="<</Type /DSS /Certs [99 0 R]>>")
    return pdf.save(paper, {**catalog, 99: _OTHER})


def _shared(draft: Draft) -> None:
    """One array that is the page's content and the store's list of certificates at once."""
    draft.page["/Contents"] = "60 0 R"
    draft.objects[60] = b"[4 0 R]"
    draft.catalog["/DSS"] = "<</Type /DSS /Certs 60 0 R>>"


def _grown(paper: Paper) -> Paper:
    return pdf.save(paper, {60: b"[4 0 R 95 0 R]", 95: _OTHER})


def _field(draft: Draft) -> None:
    """A text field with a value and an appearance."""
    draft.objects[70] = _TEXT_FIELD
    draft.objects[71] = pdf.stream(
        b"BT (one) Tj ET", " /Type /XObject /Subtype /Form /BBox [0 0 9 9]"
    )


def _with_field(after: Callable[[Paper], dict[int, bytes]]) -> Forge:
    def forge(scene: PdfScene) -> bytes:
        draft = pdf.write(scene.world.made(scene.license), _field)
        draft = replace(draft, fields=(70,), annotations=(70,))
        signed = pdf.sign(draft, scene.signing)
        return pdf.save(signed, after(signed)).content

    return forge


def _second(rect: str, appearance: bytes | None, **more: str) -> Forge:
    """A stranger's signature behind the issuer's."""

    def forge(scene: PdfScene) -> bytes:
        stranger = scene.world.seals.holders["stranger-current"]
        signing = KINDS[scene.kind](replace(scene.hand, holder=stranger))
        signing = replace(signing, rect=rect, appearance=appearance)
        catalog = {f"/{key}": value for key, value in more.items()}
        return pdf.sign(scene.paper, replace(signing, catalog=catalog)).content

    return forge


def _with_proof(after: After) -> Forge:
    """Allowed and not allowed in one: a store of certificates, and something else."""

    def forge(scene: PdfScene) -> bytes:
        return after(validation_data(scene.paper, scene.world.authorities)).content

    return forge


def _attack(name: str, threat: str, zh: str, en: str, forge: Forge) -> PdfAttack:
    return PdfAttack(
        name=name,
        reason=CHANGED,
        threats=(threat,),
        zh=f"{zh}。",
        en=f"{en}.",
        forge=forge,
        also=("malformed",),
    )


def attacks() -> Iterator[PdfAttack]:
    """PDF-02, PDF-04, PDF-05, PDF-06."""
    font = pdf.dictionary({"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Symbol"})
    for name, zh, en, forge in (
        (
            "content",
            "增量保存替换页面内容",
            "Page content replaced",
            _saved(_object(pdf.CONTENTS, _OTHER)),
        ),
        (
            "page",
            "增量保存改页面大小",
            "Page changed",
            _saved(lambda p: pdf.save(p, _page(p, MediaBox="[0 0 10 10]"))),
        ),
        (
            "pages",
            "增量保存加一页",
            "A page added",
            _saved(_object(pdf.PAGES, b"<</Type /Pages /Kids [3 0 R 3 0 R] /Count 2>>")),
        ),
        (
            "catalog",
            "目录加了打开动作",
            "The catalog gets an action",
            _saved(lambda p: pdf.save(p, _catalog(p, OpenAction="[3 0 R /Fit]"))),
        ),
        ("root", "换了目录对象", "Another catalog", _saved(_new_root)),
        (
            "unlisted",
            "文件后附加未登记的对象",
            "Objects behind the end, listed nowhere",
            _saved(_unlisted),
        ),
        (
            "unlisted_update",
            "新版本里有未登记的对象",
            "An object no section lists",
            _saved(_unlisted_update),
        ),
        (
            "freed",
            "页面内容被标为空闲",
            "Page content taken out of use",
            _saved(lambda p: pdf.save(p, {}, Style(free=(pdf.CONTENTS,)))),
        ),
        (
            "trailer",
            "尾字典加了条目",
            "The trailer gets an entry",
            _saved(lambda p: pdf.save(p, {}, Style(trailer=" /Odd 1"))),
        ),
        (
            "information",
            "文件信息中的编号被改",
            "A number in the document information changed",
            _saved(lambda p: pdf.save(p, {pdf.INFO: pdf.dictionary({**p.info, "/ZZBH": "(1)"})})),
        ),
        (
            "packed",
            "改动藏在对象流里",
            "The change is in an object stream",
            _saved(
                lambda p: pdf.save(
                    p, _page(p, Rotate="180"), Style(stream_section=True, packed=True)
                )
            ),
        ),
        (
            "with_proof",
            "改动夹在验证数据里",
            "The change comes with validation data",
            _with_proof(_object(pdf.CONTENTS, _OTHER)),
        ),
    ):
        yield _attack(f"isa_{name}", "PDF-02", zh, en, forge)
    for name, zh, en, forge in (
        (
            "replace_font",
            "影子攻击：替换字体",
            "Shadow attack: a font replaced",
            _saved(_object(pdf.FONT, font)),
        ),
        (
            "hide",
            "影子攻击：揭去遮盖的图",
            "Shadow attack: what covered the text is taken away",
            _saved(
                lambda p: pdf.save(
                    p, {8: pdf.stream(b"", " /Type /XObject /Subtype /Form /BBox [0 0 0 0]")}
                ),
                _overlay,
            ),
        ),
        (
            "hide_and_replace",
            "影子攻击：换上预埋的页面",
            "Shadow attack: a page that was there unseen comes up",
            _saved(_points_back, _hidden_page),
        ),
        (
            "missing_defined",
            "影子攻击：补上缺失的内容",
            "Shadow attack: content that was missing appears",
            _saved(_object(99, _OTHER), _missing_part),
        ),
        (
            "missing_as_proof",
            "缺失的内容冒充验证数据",
            "Missing content comes as validation data",
            _saved(_as_proof, _missing_part),
        ),
        (
            "shared_list",
            "一个数组两处共用",
            "One array in two places grows",
            _saved(_grown, _shared),
        ),
        (
            "old_offset",
            "影子攻击：交叉引用指回旧内容",
            "Shadow attack: the section leads back to an older content",
            _led_back,
        ),
    ):
        yield _attack(f"shadow_{name}", "PDF-04", zh, en, forge)
    for kind in ("FreeText", "Stamp", "Redact", "Highlight", "Ink"):
        yield _attack(
            f"eaa_{kind.lower()}",
            "PDF-05",
            f"认证文档上加批注（{kind}），DocMDP 允许",
            f"A {kind} annotation on a certified document, as DocMDP permits",
            _saved(_annotated(kind), certified=True),
        )
    for name, zh, en, forge in (
        (
            "eaa_unlisted",
            "批注对象不在页面上",
            "An annotation object on no page",
            _saved(_annotated("FreeText", listed=False)),
        ),
        (
            "ssa_visible",
            "后加可见签名域",
            "A visible signature field added later",
            _second("[70 700 300 780]", b"BT (in force) Tj ET"),
        ),
        (
            "ssa_area",
            "后加有面积的签名域",
            "A signature field with an area added later",
            _second("[70 700 300 780]", None),
        ),
        (
            "ssa_needs_appearances",
            "后加签名并改目录",
            "A signature that changes the catalog too",
            _second("[0 0 0 0]", None, PageMode="/UseNone"),
        ),
    ):
        yield _attack(name, "PDF-05", zh, en, forge)
    value = _TEXT_FIELD.replace(b"(one)", b"(two)")
    shown = pdf.stream(b"BT (two) Tj ET", " /Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    for name, zh, en, forge in (
        (
            "value",
            "改域值不改外观",
            "A field's value changed, not its appearance",
            _with_field(lambda _: {70: value}),
        ),
        (
            "appearance",
            "改外观不改域值",
            "A field's appearance changed, not its value",
            _with_field(lambda _: {71: shown}),
        ),
        (
            "both",
            "域值和外观都改",
            "A field filled in anew",
            _with_field(lambda _: {70: value, 71: shown}),
        ),
    ):
        yield _attack(f"form_{name}", "PDF-06", zh, en, forge)
