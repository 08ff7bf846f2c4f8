"""Attacks on the file as a whole and on the value: structure, containers, roles."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import cms, pdf
from sandbox.cms import CmsPlan, signer_of
from sandbox.pdf import Draft, Style
from sandbox.pdf_attacks_active import active, drafted, with_catalog
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene, replaced
from sandbox.pdf_signing import DETACHED, Hand, cms_value, seal_value, signed_sm2

_BOMB = 64 * 1024 * 1024
"""Octets a few kilobytes expand to."""


def _bytes(change: Callable[[bytes], bytes]) -> Forge:
    return lambda scene: change(scene.paper.content)


def _longer(draft: Draft) -> None:
    """A stream that says it is longer than it is."""
    body = draft.objects[pdf.CONTENTS]
    draft.objects[pdf.CONTENTS] = body.replace(b"/Length ", b"/Length 1", 1)


def _section_bomb(scene: PdfScene) -> bytes:
    """A cross-reference stream that expands without end."""
    paper = scene.paper
    data = zlib.compress(bytes(_BOMB), 9)
    entries = (
        f"<</Type /XRef /Size 9 /W [1 4 2] /Index [0 9] /Root 1 0 R /Prev {paper.startxref}"
        f" /Filter /FlateDecode /Length {len(data)}>>\nstream\n"
    )
    body = f"{paper.size} 0 obj\n".encode() + entries.encode() + data + b"\nendstream\nendobj\n"
    return paper.content + body + f"startxref\n{len(paper.content)}\n%%EOF\n".encode()


def _index_bomb(scene: PdfScene) -> bytes:
    """Entries of no width: some thousand million of them, of no octets at all."""
    paper = scene.paper
    body = (
        f"{paper.size} 0 obj\n<</Type /XRef /Size 9 /W [0 0 0] /Index [0 4000000000] /Root 1 0 R"
        f" /Length 0>>\nstream\n\nendstream\nendobj\nstartxref\n{len(paper.content)}\n%%EOF\n"
    )
    return paper.content + body.encode()


def _object_bomb(scene: PdfScene) -> bytes:
    """An object stream that expands to far more than it is."""
    paper = scene.paper
    data = zlib.compress(b"3 0 <<>>" + b" " * _BOMB, 9)
    container = (
        f"<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length {len(data)}>>\nstream\n"
    )
    body = f"{paper.size} 0 obj\n".encode() + container.encode() + data + b"\nendstream\nendobj\n"
    section = len(paper.content) + len(body)
    rows = b"\x02" + paper.size.to_bytes(4, "big") + b"\x00\x00"
    rows += b"\x01" + len(paper.content).to_bytes(4, "big") + b"\x00\x00"
    rows += b"\x01" + section.to_bytes(4, "big") + b"\x00\x00"
    more = (
        f" /Type /XRef /Size {paper.size + 2} /W [1 4 2] /Index [3 1 {paper.size} 2]"
        f" /Root 1 0 R /Info 5 0 R /Prev {paper.startxref}"
    )
    end = f"{paper.size + 1} 0 obj\n".encode() + pdf.stream(rows, more) + b"\nendobj\n"
    return paper.content + body + end + f"startxref\n{section}\n%%EOF\n".encode()


def _loop(scene: PdfScene) -> bytes:
    paper = scene.paper
    section = len(paper.content)
    text = f"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 9 /Root 1 0 R /Prev {section}>>\n"
    return paper.content + text.encode() + f"startxref\n{section}\n%%EOF\n".encode()


def _signed_as(
    sub_filter: str,
    value: Callable[[Hand], pdf.Values],
    entries: Callable[[str], str] = lambda text: text,
) -> Forge:
    def forge(scene: PdfScene) -> bytes:
        signing = replace(
            scene.signing,
            sub_filter=sub_filter,
            value=value(scene.hand),
            entries=entries,
            free=2 * pdf.KEPT_FREE,
        )
        return pdf.sign(scene.draft, signing).content

    return forge


def _container(bend: Callable[[CmsPlan], CmsPlan], digest: str = cms.SM3) -> Forge:
    return _signed_as(
        DETACHED, lambda hand: cms_value(signer_of(hand.holder.unit), hand.at, digest, bend)
    )


def _stranger(scene: PdfScene) -> bytes:
    """Everything right, by an authority that nobody registered."""
    hand = replace(scene.hand, holder=scene.world.seals.holders["stranger-current"])
    return pdf.sign(scene.draft, replace(scene.signing, value=seal_value(hand))).content


def _other_body(scene: PdfScene) -> bytes:
    """A registered body that does not issue this license, and nobody else."""
    hand = replace(scene.hand, holder=scene.world.seals.holders["market-current"])
    return pdf.sign(scene.draft, replace(scene.signing, value=seal_value(hand))).content


def _two_fields(scene: PdfScene) -> bytes:
    """The issuer's signature under a second field."""
    paper = scene.paper
    number = paper.size
    field = f"<</FT /Sig /T (again) /V {pdf.FIRST_FREE} 0 R>>".encode()
    form, changed = pdf.with_form(replace(paper, fields=(*paper.fields, number)))
    return pdf.save(replace(form, size=number + 1), {**changed, number: field}).content


def _no_reading(
    name: str, threat: str, zh: str, en: str, forge: Forge, *, beyond: bool
) -> PdfAttack:
    return PdfAttack(
        name=name,
        reason="beyond_limits" if beyond else "malformed",
        threats=(threat,),
        zh=f"{zh}。",
        en=f"{en}.",
        forge=forge,
        also=("malformed", "beyond_limits"),
    )


def structure() -> Iterator[PdfAttack]:
    """PDF-07, PDF-08, PDF-11, PDF-12."""
    for name, threat, zh, en, forge, beyond in (
        ("cut", "PDF-07", "文件被截断", "The file is cut off", _bytes(lambda c: c[:-40]), False),
        (
            "cut_short",
            "PDF-07",
            "只剩文件头",
            "Nothing but the header is left",
            _bytes(lambda c: c[:9]),
            False,
        ),
        (
            "junk_behind",
            "PDF-11",
            "文件尾之后有别的内容",
            "Something stands behind the end",
            _bytes(lambda c: c + b"<html></html>"),
            False,
        ),
        (
            "archive_behind",
            "PDF-11",
            "文件尾之后接一个压缩包",
            "An archive stands behind the end",
            _bytes(lambda c: c + b"PK\x05\x06" + bytes(18)),
            False,
        ),
        (
            "no_end",
            "PDF-07",
            "没有 %%EOF",
            "There is no %%EOF",
            _bytes(lambda c: c[: c.rindex(b"%%EOF")]),
            False,
        ),
        (
            "start_wrong",
            "PDF-07",
            "startxref 指错",
            "startxref leads elsewhere",
            _bytes(lambda c: c[: c.rindex(b"startxref")] + b"startxref\n77\n%%EOF\n"),
            False,
        ),
        ("loop", "PDF-08", "交叉引用成环", "Sections in a loop", _loop, False),
        (
            "section_bomb",
            "PDF-08",
            "交叉引用流解压炸弹",
            "A section that expands without end",
            _section_bomb,
            True,
        ),
        (
            "index_bomb",
            "PDF-08",
            "交叉引用流条目炸弹",
            "A section with entries without number",
            _index_bomb,
            False,
        ),
        (
            "object_bomb",
            "PDF-08",
            "对象流解压炸弹",
            "An object stream that expands without end",
            _object_bomb,
            True,
        ),
        (
            "nested",
            "PDF-08",
            "嵌套过深",
            "Nested too deeply",
            drafted(with_catalog("/X", "" + "[" * 60 + "]" * 60)),
            True,
        ),
        (
            "key_twice",
            "PDF-12",
            "字典键重复",
            "A dictionary with one key twice",
            drafted(with_catalog("/X", "1 /X 2")),
            False,
        ),
        (
            "number_differs",
            "PDF-12",
            "对象号不符",
            "An object of another number",
            _bytes(lambda c: replaced(c, b"\n4 0 obj", b"\n7 0 obj")),
            False,
        ),
        (
            "length_wrong",
            "PDF-12",
            "流长度不符",
            "A stream of another length",
            drafted(_longer),
            False,
        ),
    ):
        yield _no_reading(f"structure_{name}", threat, zh, en, forge, beyond=beyond)
    yield PdfAttack(
        name="structure_encrypted",
        reason="encrypted",
        threats=("PDF-08",),
        zh="文件被加密。",
        en="The file is encrypted.",
        forge=lambda scene: (
            pdf.save(scene.paper, {}, Style(trailer=" /Encrypt <</Filter /Standard>>")).content
        ),
    )
    yield PdfAttack(
        name="structure_two_fields",
        reason="malformed",
        threats=("PDF-12",),
        zh="同一签名挂在两个域下。",
        en="One signature under two fields.",
        forge=_two_fields,
    )


def values() -> Iterator[PdfAttack]:
    """PDF-09: what is in /Contents."""
    for name, reason, zh, en, forge in (
        (
            "altered",
            "signature_invalid",
            "签名值改一位",
            "One bit of the value changed",
            _container(lambda p: replace(p, value=lambda v: v[:-1] + bytes([v[-1] ^ 1]))),
        ),
        (
            "digest_of_another",
            "data_hash_differs",
            "签的是别的内容",
            "Signed is something else",
            _container(lambda p: replace(p, content=p.content + b"x")),
        ),
        (
            "digest_altered",
            "data_hash_differs",
            "messageDigest 被改",
            "messageDigest changed",
            _container(lambda p: replace(p, digest_value=lambda v: v[:-1] + bytes([v[-1] ^ 1]))),
        ),
        (
            "sha1",
            "weak_algorithm",
            "用 SHA-1 摘要",
            "A SHA-1 digest",
            _container(lambda p: p, cms.SHA1),
        ),
        (
            "inside",
            "signature_unreadable",
            "容器自带内容",
            "The container brings its own content",
            _container(lambda p: replace(p, inside=True)),
        ),
        (
            "no_certificate",
            "signature_unsupported",
            "容器里没有证书",
            "No certificate in the container",
            _container(lambda p: replace(p, certificates=())),
        ),
    ):
        also = ("signature_invalid",) if name == "sha1" else ()
        yield PdfAttack(
            name=f"value_{name}",
            reason=reason,
            threats=("PDF-09",),
            zh=f"{zh}。",
            en=f"{en}.",
            forge=forge,
            also=also,
            kind="sm2",
        )
    for name, reason, zh, en, forge in (
        (
            "unknown_filter",
            "signature_unsupported",
            "SubFilter 无人认得",
            "A SubFilter nobody knows",
            _signed_as(
                "Mist.unknown", lambda h: cms_value(signer_of(h.holder.unit), h.at, cms.SM3)
            ),
        ),
        (
            "sha1_filter",
            "weak_algorithm",
            "SubFilter 只签 SHA-1",
            "A SubFilter that signs SHA-1 alone",
            _signed_as(
                "adbe.pkcs7.sha1", lambda h: cms_value(signer_of(h.holder.unit), h.at, cms.SM3)
            ),
        ),
        (
            "seal_as_cms",
            "signature_unreadable",
            "印章冒充 CMS",
            "A seal under the name of CMS",
            _signed_as(DETACHED, seal_value),
        ),
        (
            "garbage",
            "signature_unreadable",
            "签名值是乱码",
            "The value is garbage",
            _signed_as("GM.sm2seal", lambda _: lambda _: b"\x30\x03abc"),
        ),
        (
            "something_behind",
            "signature_unreadable",
            "签名值后有别的字节",
            "Something stands behind the value",
            _signed_as("GM.sm2seal", lambda h: lambda c: seal_value(h)(c) + b"\x00\x01"),
        ),
        (
            "hash_of_another",
            "data_hash_differs",
            "印章签的是别的内容",
            "The seal signs something else",
            _signed_as("GM.sm2seal", lambda h: lambda c: seal_value(h)(c + b"x")),
        ),
        (
            "from_another_file",
            "data_hash_differs",
            "从别的文件移来的签章",
            "A seal signature taken from another file",
            _signed_as("GM.sm2seal", lambda h: lambda _: seal_value(h)(b"another file")),
        ),
    ):
        yield PdfAttack(
            name=f"seal_{name}",
            reason=reason,
            threats=("PDF-09",),
            zh=f"{zh}。",
            en=f"{en}.",
            forge=forge,
        )
    yield PdfAttack(
        name="content_altered",
        reason="data_hash_differs",
        threats=("PDF-09",),
        zh="已签的页面内容被改一字。",
        en="One character of the signed page changed.",
        forge=_bytes(lambda c: replaced(c, b"72 760 Td", b"72 761 Td")),
    )


def signers() -> Iterator[PdfAttack]:
    """PDF-10: who signed."""
    yield PdfAttack(
        name="signer_stranger",
        reason="seal_maker_unknown",
        threats=("PDF-10",),
        zh="印章来自未登记的机构。",
        en="A seal under an authority nobody registered.",
        forge=_stranger,
        also=("no_anchor",),
    )
    yield PdfAttack(
        name="signer_without_seal",
        reason="signature_missing",
        threats=("PDF-10",),
        zh="应盖电子印章的证照只有签名。",
        en="A license that needs a seal has a signature and no seal.",
        forge=lambda scene: pdf.sign(scene.draft, signed_sm2(scene.hand)).content,
    )
    yield PdfAttack(
        name="signer_other_body",
        reason="signer_not_issuer",
        threats=("PDF-10",),
        zh="签章的不是颁发机构。",
        en="Another registered body sealed it.",
        forge=_other_body,
    )


def attacks() -> Iterator[PdfAttack]:
    yield from structure()
    yield from active()
    yield from values()
    yield from signers()
