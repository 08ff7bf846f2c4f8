"""Attacks on certified PDF files (DocMDP P 1, 2, 3), and on fields for signatures (PDF-05, PDF-06).

Evil annotations (EAA) and sneaky signatures (SSA) use what a certification permits; the others use
the room that every file leaves for further signatures, to say something in it or to show it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import pdf
from sandbox.pdf import Draft, Paper
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene
from sandbox.pdf_signing import KINDS

CHANGED = "changed_after_signing"
PERMITS = {1: "nothing", 2: "forms", 3: "annotations"}
"""P of a certification, by what it permits."""
_AREA = "[70 700 300 780]"
_SHOWN = b"BT /F1 12 Tf (in force) Tj ET"
_TEXT = (
    b"<</FT /Tx /T (note) /V (one) /Type /Annot /Subtype /Widget /Rect [70 600 300 620] /P 3 0 R>>"
)
_NOTE = 70
After = Callable[[PdfScene, Paper], Paper]


def certified(scene: PdfScene, permitted: int, draft: Paper | None = None) -> Paper:
    """The issuer's signature as a certification."""
    reference = (
        " /Reference [<</Type /SigRef /TransformMethod /DocMDP"
        f" /TransformParams <</Type /TransformParams /P {permitted} /V /1.2>>>>]"
    )
    draft = draft or scene.draft
    permissions = {"/Perms": f"<</DocMDP {draft.size} 0 R>>"}
    return pdf.sign(draft, replace(scene.signing, catalog=permissions, more=reference))


def second_unseen(scene: PdfScene, paper: Paper) -> Paper:
    """A stranger's signature that nobody sees."""
    hand = replace(scene.hand, holder=scene.world.seals.holders["stranger-current"])
    return pdf.sign(paper, KINDS[scene.kind](hand))


def _second_shown(scene: PdfScene, paper: Paper) -> Paper:
    hand = replace(scene.hand, holder=scene.world.seals.holders["stranger-current"])
    return pdf.sign(paper, replace(KINDS[scene.kind](hand), rect=_AREA, appearance=_SHOWN))


def _annotated(_: PdfScene, paper: Paper) -> Paper:
    number = paper.size
    note = f"<</Type /Annot /Subtype /FreeText /Rect {_AREA} /Contents (in force)>>"
    listed = " ".join(f"{n} 0 R" for n in (*paper.annotations, number))
    page = {**paper.page, "/Annots": f"[{listed}]"}
    return pdf.save(paper, {number: note.encode(), pdf.PAGE: pdf.dictionary(page)})


def _field(draft: Draft) -> None:
    draft.objects[_NOTE] = _TEXT


def _with_field(scene: PdfScene) -> Paper:
    draft = pdf.write(scene.world.made(scene.license), _field)
    return replace(draft, fields=(_NOTE,), annotations=(_NOTE,))


def _filled(_: PdfScene, paper: Paper) -> Paper:
    return pdf.save(paper, {_NOTE: _TEXT.replace(b"(one)", b"(two)")})


def _after(permitted: int, after: After) -> Forge:
    return lambda scene: after(scene, certified(scene, permitted)).content


def _filled_in(permitted: int) -> Forge:
    return lambda scene: _filled(scene, certified(scene, permitted, _with_field(scene))).content


def _locked(scene: PdfScene) -> bytes:
    """The issuer's field is locked against any change; a stranger signs all the same."""
    lock = "<</Type /SigFieldLock /Action /All /P 1>>"
    return second_unseen(
        scene, pdf.sign(scene.draft, replace(scene.signing, place=f" /Lock {lock}"))
    ).content


def _added(*objects: str) -> Forge:
    """A field behind the issuer's signature. `{n}`, `{n1}`, `{n2}` are its objects' numbers."""

    def forge(scene: PdfScene) -> bytes:
        paper = scene.paper
        first = paper.size
        names = {"n": first, "n1": first + 1, "n2": first + 2}
        paper = replace(paper, size=first + len(objects), fields=(*paper.fields, first))
        paper, changed = pdf.with_form(paper)
        more = {first + i: text.format(**names).encode() for i, text in enumerate(objects)}
        return pdf.save(paper, {**changed, **more}).content

    return forge


def _attack(name: str, threat: str, zh: str, en: str, forge: Forge) -> PdfAttack:
    return PdfAttack(
        name=name, reason=CHANGED, threats=(threat,), zh=f"{zh}。", en=f"{en}.", forge=forge
    )


def _certifications() -> Iterator[PdfAttack]:
    for permitted, what in PERMITS.items():
        words = (f"认证（DocMDP P={permitted}）的文件", f"a document certified with P {permitted}")
        for name, zh, en, after in (
            ("annotation", "上加批注", "An annotation on", _annotated),
            ("sneaky_signature", "后加可见签名域", "A visible signature behind", _second_shown),
        ):
            yield _attack(
                f"certified_{what}_{name}",
                "PDF-05",
                words[0] + zh,
                f"{en} {words[1]}",
                _after(permitted, after),
            )
        yield _attack(
            f"certified_{what}_form",
            "PDF-05",
            words[0] + "填写表单",
            f"A form filled in on {words[1]}",
            _filled_in(permitted),
        )
    yield _attack(
        "certified_nothing_second",
        "PDF-05",
        "认证为不许任何改动（DocMDP P=1）后又加不可见签名",
        "A signature nobody sees behind a certification that permits none (P 1)",
        _after(1, second_unseen),
    )
    yield _attack(
        "certified_locked_second",
        "PDF-05",
        "签名域锁定（Lock P=1）后又加不可见签名",
        "A signature nobody sees behind a field locked with P 1",
        _locked,
    )


def attacks() -> Iterator[PdfAttack]:
    """PDF-05, PDF-06."""
    yield from _certifications()
    name, holder = pdf.text_string("证照名称"), pdf.text_string("持证主体名称")
    other = pdf.text_string("另一个")
    for title, threat, zh, en, forge in (
        (
            "form_signature_text",
            "PDF-06",
            "后加的签名域的值是一段文字",
            "A signature field added later whose value is a text",
            _added(f"<</FT /Sig /T {name} /V {other}>>"),
        ),
        (
            "form_signature_kid",
            "PDF-06",
            "后加的签名域下挂文本域",
            "A text field inside a signature field added later",
            _added(
                "<</FT /Sig /T (s) /Kids [{n1} 0 R]>>",
                f"<</FT /Tx /Parent {{n}} 0 R /T {holder} /V {other}>>",
            ),
        ),
        (
            "ssa_place_inside",
            "PDF-05",
            "有面积的签名位置藏在不可见的位置之下",
            "A place with an area inside one without",
            _added(
                "<</FT /Sig /T (s) /Kids [{n1} 0 R]>>",
                "<</Parent {n} 0 R /Kids [{n2} 0 R]>>",
                f"<</Type /Annot /Subtype /Widget /Rect {_AREA} /P 3 0 R /Parent {{n1}} 0 R>>",
            ),
        ),
    ):
        yield _attack(title, threat, zh, en, forge)
