"""Signed PDF files that two readers take for different documents (PDF-12), or find elsewhere.

Most are prepared before the issuer signs. Nothing of them is changed later, so each signature holds
to the last octet: only a reader that looks for other readings can tell.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import pdf
from sandbox.pdf import Draft, Paper, Style
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene
from sandbox.pdf_linearised import linearised

OTHER = pdf.stream(b"BT /F1 12 Tf 72 700 Td <4E2A> Tj ET")
_FAR = 65_536
"""Where an object comes to stand that is listed before it is there."""
_MISSING = 99


def _written(before: Callable[[Draft], None]) -> Forge:
    return lambda scene: (
        pdf.sign(pdf.write(scene.world.made(scene.license), before), scene.signing).content
    )


def _prepared(before: Callable[[Paper], Paper]) -> Forge:
    return lambda scene: pdf.sign(before(scene.draft), scene.signing).content


def _twice(paper: Paper) -> Paper:
    body = f"{pdf.CONTENTS} 0 obj\n".encode() + OTHER + b"\nendobj\n"
    return pdf.save(paper, {}, Style(between=body))


def _pages(kids: str, count: int) -> Callable[[Draft], None]:
    def before(draft: Draft) -> None:
        draft.objects[pdf.PAGES] = f"<</Type /Pages /Kids [{kids}] /Count {count}>>".encode()
        page = {**draft.page, "/Contents": f"{pdf.FIRST_FREE + 1} 0 R"}
        draft.objects[pdf.FIRST_FREE] = pdf.dictionary(page)
        draft.objects[pdf.FIRST_FREE + 1] = OTHER

    return before


def _elsewhere(draft: Draft) -> None:
    """A page that says it belongs to another node than the one it is listed in."""
    draft.page["/Parent"] = f"{pdf.FIRST_FREE} 0 R"
    node = f"<</Type /Pages /Kids [{pdf.PAGE} 0 R] /Count 1 /Rotate 180>>"
    draft.objects[pdf.FIRST_FREE] = node.encode()


def _generation(draft: Draft) -> None:
    draft.page["/Contents"] = f"{pdf.CONTENTS} 1 R"


def _missing(draft: Draft) -> None:
    draft.page["/Contents"] = f"[{pdf.CONTENTS} 0 R {_MISSING} 0 R]"


def _filled(content: bytes, length: int) -> bytes:
    """With comments up to a length."""
    line = b"%" + b"." * 62 + b"\n"
    room = length - len(content)
    return content + line * (room // len(line)) + b"\n" * (room % len(line))


def _to_come(scene: PdfScene) -> bytes:
    """Signed: a list that leads behind the file. Saved later: what stands there."""
    draft = pdf.write(scene.world.made(scene.license), _missing)
    signed = pdf.sign(draft, replace(scene.signing, style=Style(at={_MISSING: _FAR})))
    content = _filled(signed.content, _FAR)
    return pdf.save(replace(signed, content=content), {_MISSING: OTHER}).content


def _stream_to_come(scene: PdfScene) -> bytes:
    """The same by way of the stream beside the table (XRefStm), which is not there yet either."""
    draft = pdf.write(scene.world.made(scene.license), _missing)
    signed = pdf.sign(draft, replace(scene.signing, style=Style(trailer=f" /XRefStm {_FAR}")))
    content = _filled(signed.content, _FAR)
    beside = _MISSING + 1
    at = _FAR + 512
    row = b"\x01" + at.to_bytes(4, "big") + b"\x00\x00"
    more = f" /Type /XRef /Size {beside + 1} /W [1 4 2] /Index [{_MISSING} 1]"
    content += f"{beside} 0 obj\n".encode() + pdf.stream(row, more) + b"\nendobj\n"
    content = _filled(content, at)
    listed = Style(at={beside: _FAR})
    return pdf.save(replace(signed, content=content), {_MISSING: OTHER}, listed).content


def _behind(before: bytes) -> Forge:
    return lambda scene: before + scene.paper.content


def _draft(scene: PdfScene) -> Draft:
    return pdf.drafted(scene.world.made(scene.license))


def _attack(name: str, why: tuple[str, str], zh: str, en: str, forge: Forge) -> PdfAttack:
    """`why`: the threat, and the reason it fails for."""
    threat, reason = why
    return PdfAttack(
        name=name, reason=reason, threats=(threat,), zh=f"{zh}。", en=f"{en}.", forge=forge
    )


def attacks() -> Iterator[PdfAttack]:
    """PDF-04, PDF-11, PDF-12."""
    page, second = f"{pdf.PAGE} 0 R", f"{pdf.FIRST_FREE} 0 R"
    for name, zh, en, forge in (
        (
            "object_twice",
            "已签内容里同一对象号有两个对象，只登记一个",
            "One object number twice in what is signed, and one of them listed",
            _prepared(_twice),
        ),
        (
            "page_count",
            "页数与页面树不符",
            "Other pages than are counted",
            _written(_pages(f"{page} {second}", 1)),
        ),
        ("page_twice", "同一页列两次", "One page twice", _written(_pages(f"{page} {page}", 2))),
        (
            "page_elsewhere",
            "页面自称属于另一节点",
            "A page that says it belongs elsewhere",
            _written(_elsewhere),
        ),
        (
            "page_none",
            "页面树里有不是页面的对象",
            "Something else in the page tree",
            _written(_pages(f"{page} {pdf.FONT} 0 R", 2)),
        ),
        (
            "generation",
            "引用的代次与登记不同",
            "A reference to another generation than is listed",
            _written(_generation),
        ),
        (
            "linearised_twice",
            "线性化文件两个交叉引用段列同一对象",
            "A linearised file that lists one object in both its sections",
            lambda scene: pdf.sign(linearised(_draft(scene), second=OTHER), scene.signing).content,
        ),
    ):
        yield _attack(f"structure_{name}", ("PDF-12", "malformed"), zh, en, forge)
    for name, zh, en, forge in (
        (
            "to_come",
            "影子攻击：已签的交叉引用指向文件之后，以后才补上内容",
            "Shadow attack: the signed section leads behind the file, where content comes later",
            _to_come,
        ),
        (
            "stream_to_come",
            "影子攻击：已签的 XRefStm 指向文件之后",
            "Shadow attack: the signed XRefStm leads behind the file",
            _stream_to_come,
        ),
    ):
        yield _attack(f"shadow_{name}", ("PDF-04", "byte_range_inexact"), zh, en, forge)
    yield _attack(
        "linearised_content",
        ("PDF-12", "changed_after_signing"),
        "线性化文件签后替换页面内容",
        "A linearised file whose page content is replaced after signing",
        lambda scene: (
            pdf.save(
                pdf.sign(linearised(_draft(scene)), scene.signing), {pdf.CONTENTS: OTHER}
            ).content
        ),
    )
    for name, zh, en, before in (
        ("late", "%PDF 之前有别的内容", "Something stands before %PDF", b"\n" * 1000),
        ("page", "网页里夹着 PDF", "A web page with a PDF in it", b"<!DOCTYPE html><html>\n"),
        ("archive", "压缩包之后接 PDF", "A PDF behind an archive", b"PK\x05\x06" + bytes(18)),
    ):
        yield _attack(
            f"front_{name}",
            ("PDF-11", "unrecognised"),
            zh,
            en,
            _behind(before),
        )
