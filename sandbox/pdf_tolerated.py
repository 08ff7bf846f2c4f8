"""Files that look odd and must stay valid: what may come after a signature, and other spellings."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from sandbox import pdf
from sandbox.pdf import Draft, Paper, Style
from sandbox.pdf_attacks_active import layers_alike
from sandbox.pdf_attacks_certified import PERMITS, certified, second_unseen
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene
from sandbox.pdf_linearised import linearised
from sandbox.pdf_signing import stamped, validation_data


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


def _fast(scene: PdfScene) -> bytes:
    """A linearised document, signed."""
    return pdf.sign(linearised(pdf.drafted(scene.world.made(scene.license))), scene.signing).content


def _two_levels(draft: Draft) -> None:
    """A page tree with a node between root and page."""
    node = pdf.FIRST_FREE
    draft.objects[pdf.PAGES] = f"<</Type /Pages /Kids [{node} 0 R] /Count 1>>".encode()
    between = f"<</Type /Pages /Parent {pdf.PAGES} 0 R /Kids [{pdf.PAGE} 0 R] /Count 1>>"
    draft.objects[node] = between.encode()
    draft.page["/Parent"] = f"{node} 0 R"


def _levels(scene: PdfScene) -> bytes:
    return pdf.sign(pdf.write(scene.world.made(scene.license), _two_levels), scene.signing).content


def _vendor(scene: PdfScene) -> bytes:
    """A seal under a vendor's own SubFilter: it says by itself what it is."""
    signing = replace(scene.signing, sub_filter="Yunhai.SM2Seal")
    return pdf.sign(scene.draft, signing).content


def _spaced(scene: PdfScene) -> bytes:
    return scene.paper.content + b"\r\n"


def _certified_long_term(permitted: int) -> Forge:
    return lambda scene: _long_term(scene, certified(scene, permitted)).content


def _certifications() -> Iterator[tuple[str, str, str, Forge, str]]:
    """What each certification permits, and a license with it."""
    for permitted, what in PERMITS.items():
        yield (
            f"certified_{what}_long_term",
            f"认证（DocMDP P={permitted}）后的长期存档",
            f"Certified with P {permitted} and kept for the long term",
            _certified_long_term(permitted),
            "seal",
        )
    yield (
        "certified_forms_second",
        "认证（DocMDP P=2）后加不可见的第二个签名",
        "A second signature nobody sees behind a certification with P 2",
        lambda scene: second_unseen(scene, certified(scene, 2)).content,
        "seal",
    )


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
            _after(second_unseen),
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
        ("linearised", "线性化文件", "A linearised file", _fast, "seal"),
        ("page_tree", "两层的页面树", "A page tree of two levels", _levels, "seal"),
        *_certifications(),
        (
            "layers_alike",
            "图层在屏幕和打印时一样显示",
            "A layer that is there on screen as in print",
            layers_alike,
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
