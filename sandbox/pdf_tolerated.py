"""Files that look odd and must stay valid: what may come after a signature, and other spellings."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from sandbox import pdf
from sandbox.pdf import Paper, Style
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene
from sandbox.pdf_signing import KINDS, stamped, validation_data


def _after(after: Callable[[PdfScene, Paper], Paper]) -> Forge:
    return lambda scene: after(scene, scene.paper).content


def _proof(scene: PdfScene, paper: Paper) -> Paper:
    return validation_data(paper, scene.world.authorities)


def _stamped(scene: PdfScene, paper: Paper) -> Paper:
    return pdf.sign(paper, stamped(replace(scene.hand, at=scene.hand.at + timedelta(minutes=1))))


def _long_term(scene: PdfScene, paper: Paper) -> Paper:
    """PAdES-LTA: validation data, a document timestamp, and both again."""
    once = _stamped(scene, _proof(scene, paper))
    return _stamped(scene, _proof(scene, once))


def _second(scene: PdfScene, paper: Paper) -> Paper:
    """A stranger's signature that nobody sees."""
    hand = replace(scene.hand, holder=scene.world.seals.holders["stranger-current"])
    return pdf.sign(paper, KINDS[scene.kind](hand))


def _extensions(_: PdfScene, paper: Paper) -> Paper:
    dialect = "<</ESIC <</BaseVersion /1.7 /ExtensionLevel 5>>>>"
    catalog = {**paper.catalog, "/Extensions": dialect, "/Version": "/2.0"}
    return pdf.save(paper, {pdf.CATALOG: pdf.dictionary(catalog)})


def _dated(_: PdfScene, paper: Paper) -> Paper:
    info = {**paper.info, "/ModDate": "(D:20261125120000+08'00')"}
    return pdf.save(paper, {pdf.INFO: pdf.dictionary(info)})


def _again(_: PdfScene, paper: Paper) -> Paper:
    """The same objects once more."""
    objects = {pdf.PAGE: pdf.dictionary(paper.page), pdf.CATALOG: pdf.dictionary(paper.catalog)}
    return pdf.save(paper, objects)


def _styled(style: Style) -> Forge:
    def forge(scene: PdfScene) -> bytes:
        return pdf.sign(scene.draft, replace(scene.signing, style=style)).content

    return forge


def _proof_in_stream(scene: PdfScene, paper: Paper) -> Paper:
    """Validation data behind a cross-reference stream."""
    store, certificate = paper.size, paper.size + 1
    catalog = {**paper.catalog, "/DSS": f"{store} 0 R"}
    objects: Mapping[int, bytes] = {
        pdf.CATALOG: pdf.dictionary(catalog),
        store: f"<</Type /DSS /Certs [{certificate} 0 R]>>".encode(),
        certificate: pdf.stream(scene.world.authorities.issuing.certificate),
    }
    style = Style(stream_section=True)
    return pdf.save(replace(paper, catalog=catalog), objects, style)


def _shown(scene: PdfScene) -> bytes:
    """The issuer's own seal with its picture."""
    signing = replace(
        scene.signing, rect="[400 100 500 200]", appearance=b"1 0 0 RG 0 0 99 99 re S"
    )
    return pdf.sign(scene.draft, signing).content


def _vendor(scene: PdfScene) -> bytes:
    """A seal under a vendor's own SubFilter: it says by itself what it is."""
    signing = replace(scene.signing, sub_filter="Yunhai.SM2Seal")
    return pdf.sign(scene.draft, signing).content


def _spaced(scene: PdfScene) -> bytes:
    return scene.paper.content + b"\r\n"


def files() -> Iterator[PdfAttack]:
    """All valid."""
    for name, zh, en, forge, kind in (
        (
            "validation_data",
            "签后补充验证数据（DSS）",
            "Validation data added later (DSS)",
            _after(_proof),
            "ecdsa",
        ),
        (
            "validation_data_behind_stream",
            "验证数据，交叉引用流",
            "Validation data behind a section stream",
            _after(_proof_in_stream),
            "sm2",
        ),
        (
            "document_timestamp",
            "签后加盖文档时间戳",
            "A document timestamp added later",
            _after(_stamped),
            "rsa",
        ),
        (
            "long_term",
            "长期存档（PAdES-LTA）",
            "Kept for the long term (PAdES-LTA)",
            _after(_long_term),
            "sm2",
        ),
        (
            "sealed_long_term",
            "签章后的长期存档",
            "A seal kept for the long term",
            _after(_long_term),
            "seal",
        ),
        (
            "second_unseen",
            "后加不可见的第二个签名",
            "A second signature nobody sees",
            _after(_second),
            "seal",
        ),
        (
            "extensions",
            "签后登记扩展和版本",
            "Extensions and version told later",
            _after(_extensions),
            "seal",
        ),
        (
            "date",
            "签后更新修改日期",
            "The date of the last change told later",
            _after(_dated),
            "seal",
        ),
        ("again", "原样再存一次", "Saved again as it was", _after(_again), "seal"),
        (
            "section_stream",
            "交叉引用流",
            "A cross-reference stream",
            _styled(Style(stream_section=True)),
            "seal",
        ),
        ("shown", "可见印章", "A seal with its picture", _shown, "seal"),
        (
            "vendor_filter",
            "厂商自定义 SubFilter 的印章",
            "A seal under a vendor's SubFilter",
            _vendor,
            "seal",
        ),
        ("line_end", "文件尾多一个换行", "One more end of line behind the end", _spaced, "seal"),
    ):
        yield PdfAttack(
            name=f"tolerated_{name}",
            reason=None,
            threats=(),
            zh=f"{zh}。",
            en=f"{en}.",
            forge=forge,
            kind=kind,
        )
