"""A license as an unsealed OFD document (GB/T 33190): parts by name, OFD.xml first.

The page carries the license's fields as texts, a QR code of its token, and what the shape adds:
a template below, a watermark annotation above, an attachment, a data index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from xml.sax.saxutils import escape, quoteattr

from sandbox import pictures, qr
from sandbox.licenses import License
from sandbox.shapes import Layout, Naming, Shape
from sandbox.stream import Stream

Parts = dict[str, bytes]
PAGE = "Doc_0/Pages/Page_0/Content.xml"
DOCUMENT = "Doc_0/Document.xml"
OFD_XML = "OFD.xml"
PUBLIC_RES = "Doc_0/PublicRes.xml"
DOCUMENT_RES = "Doc_0/DocumentRes.xml"
QR_IMAGE = "Doc_0/Res/qr.png"
TEMPLATE = "Doc_0/Tpls/Tpl_0/Content.xml"
ANNOTATIONS = "Doc_0/Annots/Annotations.xml"
ANNOTATION = "Doc_0/Annots/Page_0/Annotation.xml"
ATTACHMENTS = "Doc_0/Attachs/Attachments.xml"
ATTACHMENT = "Doc_0/Attachs/license.jws"
TAGS = "Doc_0/Tags/CustomTags.xml"
TAG = "Doc_0/Tags/license.xml"

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FONT, _IMAGE, _PAGE_ID, _LAYER, _TEMPLATE_ID, _FIRST = 1, 2, 3, 4, 5, 10

NAMES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "证照名称": ("ZZMC", "certificateName", "certificate_name"),
        "证照类型代码": ("ZZLXDM", "certificateTypeCode", "certificate_type_no"),
        "证照编号": ("ZZBH", "certificateNumber", "certificate_number"),
        "证照标识": ("ZZBS", "certificateIdentifier", "certificate_identifier"),
        "证照颁发机构": (
            "ZZBFJG", "certificateIssuingAuthorityName", "certificate_issuing_authority_name",
        ),
        "证照颁发机构代码": (
            "ZZBFJGDM", "certificateIssuingAuthorityCode", "certificate_issuing_authority_code",
        ),
        "证照颁发日期": ("ZZBFRQ", "certificateIssuedDate", "certificate_issuing_authority_date"),
        "持证主体": ("CZZT", "certificateHolderName", "certificate_holder_name"),
        "持证主体代码": ("CZZTDM", "certificateHolderCode", "certificate_holder_code"),
        "持证主体代码类型代码": (
            "CZZTDMLXDM", "certificateHolderTypeCode", "certificate_holder_type",
        ),
        "有效期起始日期": ("ZZYXQQSRQ", "certificateEffectiveDate", "certificate_validate_start"),
        "有效期截止日期": ("ZZYXQJZRQ", "certificateExpiringDate", "certificate_validate_end"),
        "加注件制作时间": (
            "JZJZZSJ", "certificateCopyCreationTime", "certificate_copy_creation_time",
        ),
        "加注件制作者": ("JZJZZZ", "certificateCopyCreator", "certificate_copy_creator"),
        "加注件制作事由": ("JZJZZSY", "certificateCopyCause", "certificate_copy_cause"),
        "加注件有效期截止时间": (
            "JZJYXQJZSJ", "certificateCopyExpiringTime", "certificate_copy_expiring_time",
        ),
        "事项编码": ("certificateEventCode", "certificateEventCode", "certificate_event_code"),
    }
)  # fmt: skip
"""证照元数据 in Chinese → pinyin, camelCase, snake_case (GB/T 36903, standards §1.3)."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a document is made from."""

    license: License
    issuer: str
    """Name of the issuing body."""
    token: bytes
    fields: tuple[tuple[str, str], ...]
    """Chinese name and value, in the order of the page."""
    unshown: frozenset[str] = frozenset()
    """Fields of OFD.xml that the page does not bear."""


def made(license: License, issuer: str, token: bytes) -> Made:
    return Made(license, issuer, token, tuple(fields_of(license, issuer).items()))


def fields_of(license: License, issuer: str) -> dict[str, str]:
    """The license's metadata and particulars, as printed."""
    until = license.valid_until
    fields = {
        "证照名称": license.name,
        "证照类型代码": license.type,
        "证照编号": license.number,
        "证照标识": license.id,
        "证照颁发机构": issuer,
        "证照颁发机构代码": license.issuer,
        "证照颁发日期": _day(license.issued_on),
        "持证主体": license.holder.name,
        "持证主体代码": license.holder.code,
        "持证主体代码类型代码": license.holder.code_type,
        "有效期起始日期": _day(license.valid_from),
    }
    if until is not None:
        fields["有效期截止日期"] = _day(until) if isinstance(until, date) else until
    return {**fields, **license.details}


def _day(day: date) -> str:
    return f"{day:%Y年%m月%d日}"


def document(made: Made, shape: Shape, *, sealed: bool = True) -> Parts:
    """Every part of the unsealed document; `sealed` announces a list of signatures."""
    writer = _Writer(made, shape)
    parts = {
        OFD_XML: writer.ofd(sealed=sealed),
        DOCUMENT: writer.document(),
        PUBLIC_RES: writer.public_resources(),
        DOCUMENT_RES: writer.document_resources(),
        PAGE: writer.page(),
        QR_IMAGE: _qr_picture(made.token),
    }
    if shape.template:
        parts[TEMPLATE] = writer.template()
    if shape.annotation:
        parts[ANNOTATIONS] = writer.annotations()
        parts[ANNOTATION] = writer.annotation()
    if shape.attachment:
        parts[ATTACHMENTS] = writer.attachments()
        parts[ATTACHMENT] = made.token
    if shape.layout is Layout.INDEXED:
        parts[TAGS] = writer.tags()
        parts[TAG] = writer.tag()
    return parts


@lru_cache(maxsize=256)
def _qr_picture(token: bytes) -> bytes:
    return pictures.png(qr.matrix(token))


def element(shape: Shape, name: str, body: str, attributes: str = "") -> bytes:
    """A part: XML declaration and the root element with the shape's namespace."""
    space = f'xmlns:ofd="{shape.namespace}"'
    attributes = f" {attributes}" if attributes else ""
    text = f"{_DECLARATION}<ofd:{name} {space}{attributes}>{body}</ofd:{name}>"
    if shape.indent:
        text = text.replace("><", ">\n  <")
    return text.encode()


class _Writer:
    def __init__(self, made: Made, shape: Shape) -> None:
        self._made, self._shape = made, shape
        shown = [(name, value) for name, value in made.fields if name not in made.unshown]
        self._texts = list(self._lay_out(shown))

    def _part(self, name: str, body: str, attributes: str = "") -> bytes:
        return element(self._shape, name, body, attributes)

    def ofd(self, *, sealed: bool) -> bytes:
        made, shape = self._made, self._shape
        doc_id = Stream(0, f"docid/{made.license.id}/{shape.name}").take(16).hex()
        data = "".join(
            f"<ofd:CustomData Name={quoteattr(self._named(name))}>{escape(value)}</ofd:CustomData>"
            for name, value in made.fields
        )
        created = made.license.issued_on.isoformat()
        info = (
            f"<ofd:DocID>{doc_id}</ofd:DocID><ofd:Title>{escape(made.license.name)}</ofd:Title>"
            f"<ofd:CreationDate>{created}</ofd:CreationDate><ofd:Creator>sandbox</ofd:Creator>"
            f"<ofd:CustomDatas>{data}</ofd:CustomDatas>"
        )
        listed = f"<ofd:Signatures>/{shape.list_part}</ofd:Signatures>" if sealed else ""
        body = (
            f"<ofd:DocBody><ofd:DocInfo>{info}</ofd:DocInfo>"
            f"<ofd:DocRoot>{DOCUMENT}</ofd:DocRoot>{listed}</ofd:DocBody>"
        )
        return self._part("OFD", body, 'Version="1.1" DocType="OFD"')

    def _named(self, name: str) -> str:
        if self._shape.naming is Naming.CHINESE or name not in NAMES:
            return name if name in NAMES else f"KZ_{name}"
        return NAMES[name][self._shape.naming.value]

    def document(self) -> bytes:
        shape = self._shape
        highest = _FIRST + 2 * len(self._texts) + 10
        template = (
            f'<ofd:TemplatePage ID="{_TEMPLATE_ID}" BaseLoc="Tpls/Tpl_0/Content.xml"/>'
            if shape.template
            else ""
        )
        common = (
            f"<ofd:MaxUnitID>{highest}</ofd:MaxUnitID>"
            "<ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
            "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
            f"<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>{template}"
        )
        page = f'<ofd:Page ID="{_PAGE_ID}" BaseLoc="Pages/Page_0/Content.xml"/>'
        lists = "".join(
            f"<ofd:{name}>{part.removeprefix('Doc_0/')}</ofd:{name}>"
            for name, part, wanted in (
                ("Annotations", ANNOTATIONS, shape.annotation),
                ("CustomTags", TAGS, shape.layout is Layout.INDEXED),
                ("Attachments", ATTACHMENTS, shape.attachment),
            )
            if wanted
        )
        body = f"<ofd:CommonData>{common}</ofd:CommonData><ofd:Pages>{page}</ofd:Pages>{lists}"
        return self._part("Document", body)

    def public_resources(self) -> bytes:
        font = f'<ofd:Font ID="{_FONT}" FontName="SimSun" FamilyName="宋体"/>'
        return self._part("Res", f"<ofd:Fonts>{font}</ofd:Fonts>", 'BaseLoc="Res"')

    def document_resources(self) -> bytes:
        media = f'<ofd:MultiMedia ID="{_IMAGE}" Type="Image" Format="PNG">'
        file = "<ofd:MediaFile>qr.png</ofd:MediaFile></ofd:MultiMedia>"
        body = f"<ofd:MultiMedias>{media}{file}</ofd:MultiMedias>"
        return self._part("Res", body, 'BaseLoc="Res"')

    def _lay_out(self, fields: list[tuple[str, str]]) -> list[tuple[str | None, int, str, str]]:
        """(name where the text is a value, object ID, boundary, text)"""
        title = (None, _FIRST, "30 20 150 12", self._made.license.name)
        found: list[tuple[str | None, int, str, str]] = [title]
        at = _FIRST + 1
        for row, (name, value) in enumerate(fields):
            top = 45 + 9 * row
            if self._shape.layout is Layout.LABELLED:
                found.append((name, at, f"20 {top} 170 7", f"{name}：{value}"))
                at += 1
            else:
                found.append((None, at, f"20 {top} 48 7", name))
                found.append((name, at + 1, f"70 {top} 120 7", value))
                at += 2
        return found

    def page(self) -> bytes:
        texts = "".join(_text(at, box, text) for _, at, box, text in self._texts)
        image = (
            f'<ofd:ImageObject ID="{_FIRST - 1}" ResourceID="{_IMAGE}" Boundary="20 235 42 42" '
            'CTM="42 0 0 42 0 0"/>'
        )
        template = (
            f'<ofd:Template TemplateID="{_TEMPLATE_ID}" ZOrder="Background"/>'
            if self._shape.template
            else ""
        )
        layer = f'<ofd:Layer ID="{_LAYER}">{texts}{image}</ofd:Layer>'
        body = (
            "<ofd:Area><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:Area>"
            f"{template}<ofd:Content>{layer}</ofd:Content>"
        )
        return self._part("Page", body)

    def template(self) -> bytes:
        frame = (
            f'<ofd:PathObject ID="{_FIRST - 2}" Boundary="10 10 190 277" LineWidth="0.5">'
            "<ofd:AbbreviatedData>M 0 0 L 190 0 L 190 277 L 0 277 C</ofd:AbbreviatedData>"
            "</ofd:PathObject>"
        )
        note = _text(_FIRST - 3, "60 282 120 6", "云海省电子证照（虚构数据，仅供测试）")
        layer = f'<ofd:Layer ID="{_FIRST - 4}">{frame}{note}</ofd:Layer>'
        return self._part("Page", f"<ofd:Content>{layer}</ofd:Content>")

    def annotations(self) -> bytes:
        file = "<ofd:FileLoc>Page_0/Annotation.xml</ofd:FileLoc>"
        return self._part("Annotations", f'<ofd:Page PageID="{_PAGE_ID}">{file}</ofd:Page>')

    def annotation(self) -> bytes:
        at = _FIRST + 2 * len(self._texts) + 1
        mark = _text(at, "0 0 120 10", "仅供测试")
        look = f'<ofd:Appearance Boundary="80 140 120 10">{mark}</ofd:Appearance>'
        attributes = f'ID="{at + 1}" Type="Watermark" Creator="sandbox" LastModDate="2026-01-01"'
        return self._part("PageAnnot", f"<ofd:Annot {attributes}>{look}</ofd:Annot>")

    def attachments(self) -> bytes:
        file = "<ofd:FileLoc>license.jws</ofd:FileLoc>"
        body = f'<ofd:Attachment ID="1" Name="license.jws" Format="jws">{file}</ofd:Attachment>'
        return self._part("Attachments", body)

    def tags(self) -> bytes:
        file = "<ofd:FileLoc>license.xml</ofd:FileLoc>"
        return self._part("CustomTags", f'<ofd:CustomTag TypeID="1">{file}</ofd:CustomTag>')

    def tag(self) -> bytes:
        entries = "".join(
            _entry(NAMES[name][0], at) for name, at, _, _ in self._texts if name and name in NAMES
        )
        space = f'xmlns:ofd="{self._shape.namespace}"'
        return f"{_DECLARATION}<license {space}>{entries}</license>".encode()


def _entry(name: str, at: int) -> str:
    """One entry of the data index: a name, and the text that is its value."""
    return f'<{name}><ofd:ObjectRef PageRef="{_PAGE_ID}">{at}</ofd:ObjectRef></{name}>'


def _text(at: int, box: str, text: str) -> str:
    code = f'<ofd:TextCode X="0" Y="5">{escape(text)}</ofd:TextCode>'
    attributes = f'ID="{at}" Boundary="{box}" Font="{_FONT}" Size="5"'
    return f"<ofd:TextObject {attributes}>{code}</ofd:TextObject>"
