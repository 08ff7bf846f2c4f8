"""A small sealed-shaped OFD package as a dictionary of files, to be changed one thing at a time.

Digests are computed by `hashlib`; the signed value is arbitrary bytes, since nothing here verifies it.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping

from app.domain.ofd import OfdPackage
from app.formats.ofd.package import read_ofd
from tests.zipmaker import plain

NS = "http://www.ofdspec.org/2016"
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

Files = dict[str, bytes]

SIGNATURE = "Doc_0/Signs/Sign_0/Signature.xml"
SIGNATURES = "Doc_0/Signs/Signatures.xml"
SIGNED_VALUE = "Doc_0/Signs/Sign_0/SignedValue.dat"
SEAL = "Doc_0/Signs/Sign_0/Seal.esl"
PAGE = "Doc_0/Pages/Page_0/Content.xml"
TEMPLATE = "Doc_0/Tpls/Tpl_0/Content.xml"
DOCUMENT = "Doc_0/Document.xml"
IDENTIFIER = "1.2.156.3005.2.11100000MB03271699022.11370000MB2852565A.301213AF.001.T"


def xml(root: str, inner: str, attributes: str = "", namespace: str = NS) -> bytes:
    """A part with the `ofd` prefix bound to `namespace`."""
    return (
        f'{XML}<ofd:{root} xmlns:ofd="{namespace}"{attributes and " "}{attributes}>'
        f"{inner}</ofd:{root}>"
    ).encode()


def text_object(id: int, text: str, x: float = 30, y: float = 40) -> str:
    return (
        f'<ofd:TextObject ID="{id}" Boundary="{x} {y} 80 6" Font="3" Size="4">'
        f'<ofd:TextCode X="1" Y="4">{text}</ofd:TextCode></ofd:TextObject>'
    )


def ofd_xml(inner: str = "", custom: str = "", *, signed: bool = True) -> bytes:
    signatures = f"<ofd:Signatures>/{SIGNATURES}</ofd:Signatures>" if signed else ""
    return xml(
        "OFD",
        "<ofd:DocBody><ofd:DocInfo><ofd:DocID>0123456789abcdef0123456789abcdef</ofd:DocID>"
        "<ofd:Creator>maker</ofd:Creator><ofd:CustomDatas>"
        '<ofd:CustomData Name="ZZBH">鲁（2026）0001</ofd:CustomData>'
        f"{custom}</ofd:CustomDatas></ofd:DocInfo>"
        f"<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>{inner}{signatures}</ofd:DocBody>",
        'Version="1.1" DocType="OFD"',
    )


def unsigned() -> Files:
    """Every kind of part once."""
    layer = (
        text_object(11, "不动产权证书")
        + text_object(12, "张三")
        + text_object(13, "证照编号：鲁（2026）0001")
        + text_object(14, f"标识 {IDENTIFIER}")
    )
    return {
        "OFD.xml": ofd_xml(signed=False),
        DOCUMENT: xml(
            "Document",
            "<ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID>"
            "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
            "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>"
            '<ofd:TemplatePage ID="2" BaseLoc="Tpls/Tpl_0/Content.xml"/></ofd:CommonData>'
            '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
            "<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>"
            "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>"
            "<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags>"
            "<ofd:Extensions>Extensions.xml</ofd:Extensions>",
        ),
        "Doc_0/PublicRes.xml": xml(
            "Res",
            '<ofd:Fonts><ofd:Font ID="3" FontName="宋体"><ofd:FontFile>song.ttf</ofd:FontFile>'
            "</ofd:Font></ofd:Fonts>"
            '<ofd:ColorSpaces><ofd:ColorSpace ID="4" Type="RGB" Profile="rgb.icc"/>'
            "</ofd:ColorSpaces>",
            'BaseLoc="Res"',
        ),
        "Doc_0/DocumentRes.xml": xml(
            "Res",
            '<ofd:MultiMedias><ofd:MultiMedia ID="5" Type="Image">'
            "<ofd:MediaFile>photo.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>",
            'BaseLoc="Res"',
        ),
        "Doc_0/Res/song.ttf": b"font",
        "Doc_0/Res/rgb.icc": b"profile",
        "Doc_0/Res/photo.png": b"picture",
        "Doc_0/Res/page.png": b"page picture",
        TEMPLATE: xml(
            "Page",
            f'<ofd:Content><ofd:Layer ID="20">{text_object(21, "持有人")}</ofd:Layer></ofd:Content>',
        ),
        PAGE: xml(
            "Page",
            "<ofd:PageRes>PageRes.xml</ofd:PageRes>"
            f'<ofd:Template TemplateID="2"/><ofd:Content><ofd:Layer ID="10">{layer}</ofd:Layer></ofd:Content>',
        ),
        "Doc_0/Pages/Page_0/PageRes.xml": xml(
            "Res",
            '<ofd:MultiMedias><ofd:MultiMedia ID="6" Type="Image">'
            "<ofd:MediaFile>/Doc_0/Res/page.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>",
        ),
        "Doc_0/Annots/Annotations.xml": xml(
            "Annotations",
            '<ofd:Page PageID="1"><ofd:FileLoc>Page_0/Annotation.xml</ofd:FileLoc></ofd:Page>',
        ),
        "Doc_0/Annots/Page_0/Annotation.xml": xml(
            "PageAnnot",
            '<ofd:Annot ID="30" Type="Watermark" Subtype="copy"><ofd:Appearance Boundary="0 0 9 9">'
            f"{text_object(31, '仅用于公积金')}</ofd:Appearance></ofd:Annot>",
        ),
        "Doc_0/Attachs/Attachments.xml": xml(
            "Attachments",
            '<ofd:Attachment ID="40" Name="data" Format="xml" Visible="false">'
            "<ofd:FileLoc>data.xml</ofd:FileLoc></ofd:Attachment>",
        ),
        "Doc_0/Attachs/data.xml": b"<data/>",
        "Doc_0/Tags/CustomTags.xml": xml(
            "CustomTags",
            '<ofd:CustomTag TypeID="z"><ofd:FileLoc>Tag.xml</ofd:FileLoc></ofd:CustomTag>',
        ),
        "Doc_0/Tags/Tag.xml": (
            f'{XML}<z:root xmlns:z="urn:z" xmlns:ofd="{NS}">'
            '<z:ZZMC><ofd:ObjectRef PageRef="1">11</ofd:ObjectRef></z:ZZMC>'
            '<z:CZZT><ofd:ObjectRef PageRef="1">12</ofd:ObjectRef></z:CZZT>'
            "<z:CZZTDMLXDM><ofd:ObjectData>111</ofd:ObjectData></z:CZZTDMLXDM></z:root>"
        ).encode(),
        "Doc_0/Extensions.xml": xml(
            "Extensions",
            '<ofd:Extension AppName="a"><ofd:ExtendData>ext.dat</ofd:ExtendData></ofd:Extension>',
        ),
        "Doc_0/ext.dat": b"extension",
    }


def check_value(content: bytes, method: str = "sm3") -> str:
    return b64encode(hashlib.new(method, content).digest()).decode()


def references(files: Mapping[str, bytes], parts: Iterable[str], method: str = "sm3") -> str:
    return "".join(
        f'<ofd:Reference FileRef="/{part}"><ofd:CheckValue>{check_value(files[part], method)}'
        "</ofd:CheckValue></ofd:Reference>"
        for part in parts
    )


def signature_xml(
    listed: str,
    check_method: str = 'CheckMethod="1.2.156.10197.1.401"',
    value: str = f"/{SIGNED_VALUE}",
    seal: str = f"/{SEAL}",
) -> bytes:
    return xml(
        "Signature",
        '<ofd:SignedInfo><ofd:Provider ProviderName="maker" Company="c" Version="1.0"/>'
        "<ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>"
        "<ofd:SignatureDateTime>20260102030405Z</ofd:SignatureDateTime>"
        f"<ofd:References {check_method}>{listed}</ofd:References>"
        '<ofd:StampAnnot ID="1" PageRef="1" Boundary="150 200 40 40" Clip="0 0 20 40"/>'
        f"<ofd:Seal><ofd:BaseLoc>{seal}</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>"
        f"<ofd:SignedValue>{value}</ofd:SignedValue>",
    )


def signature_list(
    inner: str = '<ofd:Signature ID="1" Type="Seal" BaseLoc="Sign_0/Signature.xml"/>',
) -> bytes:
    return xml("Signatures", f"<ofd:MaxSignId>1</ofd:MaxSignId>{inner}")


def sealed(ofd: bytes | None = None, **changes: bytes) -> Files:
    """Every part covered, but for the list of signatures."""
    files = unsigned()
    files["OFD.xml"] = ofd_xml() if ofd is None else ofd
    covered = list(files)
    files[SIGNATURES] = signature_list()
    files[SIGNATURE] = signature_xml(references(files, covered))
    files[SIGNED_VALUE] = b"signed value"
    files[SEAL] = b"seal"
    return files | changes


def read(files: Mapping[str, bytes]) -> OfdPackage:
    return read_ofd(plain(files))
