"""The structure of a package: what is read, what is refused, what is only noted."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Malformed
from app.domain.ofd import (
    Attachment,
    Box,
    CustomDatum,
    Deviation,
    PageEntry,
    PartKind,
    Provider,
    SignatureType,
    Stamp,
    Unmet,
    Version,
)
from app.domain.reasons import Reason
from app.formats.markup import MarkupRule
from app.formats.ofd.package import page_text, read_ofd
from app.formats.ofd.walk import PackageRule
from tests.formats.ofd.maker import (
    DOCUMENT,
    PAGE,
    SEAL,
    SIGNATURE,
    SIGNATURES,
    SIGNED_VALUE,
    TEMPLATE,
    Files,
    ofd_xml,
    read,
    references,
    sealed,
    signature_list,
    signature_xml,
    unsigned,
    xml,
)
from tests.zipmaker import DEFLATED, STORED, plain

BODY = "<ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>{}</ofd:DocBody>"
COMMON = "<ofd:CommonData><ofd:MaxUnitID>1</ofd:MaxUnitID></ofd:CommonData>"
ENTRY = '<ofd:Signature ID="{}" BaseLoc="{}"/>'


def test_every_part_is_reached_with_its_kind():
    package = read(sealed())
    assert package.reachable == {
        "OFD.xml": PartKind.OFD,
        DOCUMENT: PartKind.DOCUMENT,
        "Doc_0/PublicRes.xml": PartKind.RESOURCE,
        "Doc_0/DocumentRes.xml": PartKind.RESOURCE,
        "Doc_0/Res/song.ttf": PartKind.FONT,
        "Doc_0/Res/rgb.icc": PartKind.COLOR_PROFILE,
        "Doc_0/Res/photo.png": PartKind.IMAGE,
        "Doc_0/Res/page.png": PartKind.IMAGE,
        TEMPLATE: PartKind.TEMPLATE,
        PAGE: PartKind.PAGE,
        "Doc_0/Pages/Page_0/PageRes.xml": PartKind.RESOURCE,
        "Doc_0/Annots/Annotations.xml": PartKind.ANNOTATION_LIST,
        "Doc_0/Annots/Page_0/Annotation.xml": PartKind.ANNOTATION,
        "Doc_0/Attachs/Attachments.xml": PartKind.ATTACHMENT_LIST,
        "Doc_0/Attachs/data.xml": PartKind.ATTACHMENT,
        "Doc_0/Tags/CustomTags.xml": PartKind.CUSTOM_TAG_LIST,
        "Doc_0/Tags/Tag.xml": PartKind.CUSTOM_TAG,
        "Doc_0/Extensions.xml": PartKind.EXTENSION_LIST,
        "Doc_0/ext.dat": PartKind.EXTENSION,
        SIGNATURES: PartKind.SIGNATURE_LIST,
        SIGNATURE: PartKind.SIGNATURE,
        SIGNED_VALUE: PartKind.SIGNED_VALUE,
        SEAL: PartKind.SEAL,
    }
    assert (package.unreferenced, package.dangling, package.deviations) == ((), (), frozenset())


def test_body_and_lists():
    package = read(sealed())
    (body,) = package.bodies
    assert body.document == DOCUMENT
    assert body.pages == (PageEntry("1", PAGE),)
    assert body.info.doc_id == "0123456789abcdef0123456789abcdef"
    assert body.info.creator == "maker"
    assert body.info.custom == (CustomDatum("ZZBH", "鲁（2026）0001"),)
    assert (body.signatures_declared, body.signature_list, body.max_sign_id) == (
        True,
        SIGNATURES,
        "1",
    )
    assert not body.is_ambiguous
    assert package.attachments == (Attachment("Doc_0/Attachs/data.xml", "data", "xml", False),)
    (annotation,) = package.annotations
    assert (annotation.type, annotation.page, annotation.visible) == ("Watermark", "1", True)
    assert package.integrity is None
    assert not package.encrypted


def test_signature_keeps_the_bytes_as_stored():
    files = sealed()
    (entry,) = read(files).signatures
    assert entry.content == files[SIGNATURE]
    assert (entry.signed_value, entry.seal) == (b"signed value", b"seal")
    assert entry.type is SignatureType.SEAL
    assert entry.provider == Provider("maker", "c", "1.0")
    assert entry.method == "1.2.156.10197.1.501"
    assert entry.signed_at == "20260102030405Z"
    assert entry.stamps == (Stamp("1", "1", Box(150, 200, 40, 40), Box(0, 0, 20, 40)),)
    assert len(entry.references) == 19
    assert all(reference.unmet is None for reference in entry.references)


def test_texts_with_their_places():
    runs = {run.object_id: run for run in page_text(read(sealed()))}
    assert set(runs) == {"11", "12", "13", "14", "21", "31"}
    assert (runs["12"].text, runs["12"].page, runs["12"].origin) == ("张三", "1", (31.0, 44.0))
    assert (runs["21"].kind, runs["21"].page) == (PartKind.TEMPLATE, None)
    assert (runs["31"].kind, runs["31"].page) == (PartKind.ANNOTATION, "1")


def test_a_transformed_text_and_an_unreadable_place():
    page = xml(
        "Page",
        '<ofd:Content><ofd:Layer ID="1">'
        '<ofd:TextObject ID="1" Boundary="10 20 5 5" CTM="2 0 0 3 1 1">'
        '<ofd:TextCode X="4" Y="5">a</ofd:TextCode><ofd:TextCode>b</ofd:TextCode></ofd:TextObject>'
        '<ofd:TextObject ID="2" Boundary="x"><ofd:TextCode>c</ofd:TextCode></ofd:TextObject>'
        "</ofd:Layer></ofd:Content>",
    )
    first, second = (run for run in read(sealed(**{PAGE: page})).texts if run.part == PAGE)
    assert (first.text, first.origin) == ("ab", (19.0, 36.0))
    assert (second.text, second.origin) == ("c", None)


# Refused, each beside the untouched package.

SPLIT = "<ofd:DocBody><ofd:DocRoot>Doc_0<!-- -->/Document.xml</ofd:DocRoot></ofd:DocBody>"


def resources(count: int, inner: str) -> Files:
    """A package with `count` resource files of this content."""
    listed = "".join(f"<ofd:PublicRes>R{i}.xml</ofd:PublicRes>" for i in range(count))
    document = xml("Document", f"<ofd:CommonData>{listed}</ofd:CommonData><ofd:Pages/>")
    files = {f"Doc_0/R{i}.xml": xml("Res", inner) for i in range(count)}
    return sealed(**{DOCUMENT: document, **files})


NEGATIVES: dict[str, tuple[PackageRule | MarkupRule, Files]] = {
    "no_ofd_xml": (PackageRule.NO_OFD_XML, {"ofd/OFD.xml": b"", "a": b""}),
    "ofd_xml_in_other_case": (PackageRule.NO_OFD_XML, {"ofd.xml": ofd_xml()}),
    "no_body": (PackageRule.NO_BODY, sealed(xml("OFD", ""))),
    "no_document_root": (MarkupRule.MISSING, sealed(xml("OFD", "<ofd:DocBody/>"))),
    "document_missing": (
        PackageRule.DOCUMENT_MISSING,
        sealed(xml("OFD", BODY.format("").replace("Document.xml", "Other.xml"))),
    ),
    "document_is_a_folder": (
        PackageRule.DOCUMENT_MISSING,
        sealed(xml("OFD", BODY.format("").replace("/Document.xml", ""))),
    ),
    "xml06_document_root_split_by_comment": (MarkupRule.TEXT, sealed(xml("OFD", SPLIT))),
    "xml06_second_document_root": (
        MarkupRule.REPEATED,
        sealed(xml("OFD", BODY.format("<ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot>"))),
    ),
    "xml06_foreign_document_root": (
        MarkupRule.FOREIGN_TWIN,
        sealed(xml("OFD", BODY.format('<DocRoot xmlns="urn:x">Doc_1/Document.xml</DocRoot>'))),
    ),
    "xml06_other_namespace": (
        MarkupRule.NAMESPACE,
        sealed(xml("OFD", BODY.format(""), namespace="http://www.ofdspec.org/2099")),
    ),
    "xml06_no_namespace": (
        MarkupRule.NAMESPACE,
        sealed(b"<OFD><DocBody><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>"),
    ),
    "xml06_document_of_other_namespace": (
        MarkupRule.NAMESPACE,
        sealed(**{DOCUMENT: xml("Document", COMMON + "<ofd:Pages/>", namespace="urn:x")}),
    ),
    "xml01_doctype_in_a_page": (
        MarkupRule.DOCTYPE,
        sealed(**{PAGE: b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'}),
    ),
    "xml05_page_in_gbk": (
        MarkupRule.DECLARATION,
        sealed(**{PAGE: unsigned()[PAGE].replace(b"UTF-8", b"GBK")}),
    ),
    "text_of_a_page_split_by_comment": (
        MarkupRule.TEXT,
        sealed(**{PAGE: unsigned()[PAGE].replace("张三".encode(), "张<!-- -->三".encode())}),
    ),
    "xml07_root_is_no_page": (MarkupRule.ROOT, sealed(**{PAGE: xml("Document", "")})),
    "xml07_signature_list_for_signature": (
        MarkupRule.ROOT,
        sealed(**{SIGNATURE: signature_list()}),
    ),
    "xml07_wrapped_signature": (
        MarkupRule.ROOT,
        sealed(**{SIGNATURE: xml("Wrapper", '<ofd:Signature xmlns=""/>')}),
    ),
    "xml07_second_signed_info": (
        MarkupRule.REPEATED,
        sealed(
            **{
                SIGNATURE: signature_xml("").replace(
                    b"<ofd:SignedValue>", b"<ofd:SignedInfo/><ofd:SignedValue>"
                )
            }
        ),
    ),
    "xml07_second_references": (
        MarkupRule.REPEATED,
        sealed(
            **{
                SIGNATURE: signature_xml("").replace(
                    b"<ofd:StampAnnot", b"<ofd:References/><ofd:StampAnnot"
                )
            }
        ),
    ),
    "xml07_second_signed_value": (
        MarkupRule.REPEATED,
        sealed(
            **{
                SIGNATURE: signature_xml("").replace(
                    b"<ofd:SignedValue>", b"<ofd:SignedValue>a</ofd:SignedValue><ofd:SignedValue>"
                )
            }
        ),
    ),
    "xml06_duplicate_page_id": (
        PackageRule.DUPLICATE_ID,
        sealed(
            **{
                DOCUMENT: xml(
                    "Document",
                    COMMON + '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>'
                    '<ofd:Page ID="1" BaseLoc="Tpls/Tpl_0/Content.xml"/></ofd:Pages>',
                )
            }
        ),
    ),
    "xml06_duplicate_signature_id": (
        PackageRule.DUPLICATE_ID,
        sealed(
            **{
                "Doc_0/Signs/Sign_1/Signature.xml": signature_xml(""),
                SIGNATURES: signature_list(
                    ENTRY.format(1, "Sign_0/Signature.xml")
                    + ENTRY.format(1, "Sign_1/Signature.xml")
                ),
            }
        ),
    ),
    "ofd10_same_signature_listed_twice": (
        PackageRule.DUPLICATE_SIGNATURE,
        sealed(
            **{
                SIGNATURES: signature_list(
                    ENTRY.format(1, "Sign_0/Signature.xml") + ENTRY.format(2, "/" + SIGNATURE)
                )
            }
        ),
    ),
    "ofd10_unknown_type": (
        PackageRule.SIGNATURE_TYPE,
        sealed(
            **{
                SIGNATURES: signature_list(
                    '<ofd:Signature ID="1" Type="Stamp" BaseLoc="Sign_0/Signature.xml"/>'
                )
            }
        ),
    ),
    "ofd10_listed_signature_missing": (
        PackageRule.SIGNATURE_MISSING,
        sealed(**{SIGNATURES: signature_list(ENTRY.format(1, "Sign_7/Signature.xml"))}),
    ),
    "ofd08_same_file_referenced_twice": (
        PackageRule.DUPLICATE_REFERENCE,
        sealed(**{SIGNATURE: signature_xml(references(sealed(), [PAGE, PAGE]))}),
    ),
    "ofd08_same_file_in_two_spellings": (
        PackageRule.DUPLICATE_REFERENCE,
        sealed(
            **{
                SIGNATURE: signature_xml(
                    references(sealed(), [PAGE])
                    + references(sealed(), [PAGE]).replace("/Pages/", "/./pages/")
                )
            }
        ),
    ),
    "ofd08_same_missing_file_twice": (
        PackageRule.DUPLICATE_REFERENCE,
        sealed(
            **{
                SIGNATURE: signature_xml(
                    '<ofd:Reference FileRef="/x"><ofd:CheckValue>AA==</ofd:CheckValue>'
                    "</ofd:Reference>" * 2
                )
            }
        ),
    ),
    "check_value_is_no_base64": (
        PackageRule.CHECK_VALUE,
        sealed(
            **{
                SIGNATURE: signature_xml(
                    f'<ofd:Reference FileRef="/{PAGE}"><ofd:CheckValue>***</ofd:CheckValue>'
                    "</ofd:Reference>"
                )
            }
        ),
    ),
    "stamp_is_no_box": (
        MarkupRule.NUMBER,
        sealed(**{SIGNATURE: signature_xml("").replace(b"150 200 40 40", b"150 200 nan 40")}),
    ),
    "visible_is_no_boolean": (
        PackageRule.BOOLEAN,
        sealed(
            **{
                "Doc_0/Attachs/Attachments.xml": xml(
                    "Attachments",
                    '<ofd:Attachment Visible="perhaps"><ofd:FileLoc>data.xml</ofd:FileLoc>'
                    "</ofd:Attachment>",
                )
            }
        ),
    ),
    "many_bodies": (PackageRule.TOO_MANY_BODIES, sealed(xml("OFD", BODY.format("") * 17))),
    "many_versions": (
        PackageRule.TOO_MANY_VERSIONS,
        sealed(
            ofd_xml(
                "<ofd:Versions>" + '<ofd:Version ID="1" BaseLoc="v.xml"/>' * 65 + "</ofd:Versions>"
            )
        ),
    ),
    "many_signatures": (
        PackageRule.TOO_MANY_SIGNATURES,
        sealed(**{SIGNATURES: signature_list(ENTRY.format(1, "Sign_0/Signature.xml") * 65)}),
    ),
    "ofd08_many_references": (
        PackageRule.TOO_MANY_REFERENCES,
        sealed(**{SIGNATURE: signature_xml('<ofd:Reference FileRef="a"/>' * 4_001)}),
    ),
    "many_gaps": (
        PackageRule.TOO_MANY_GAPS,
        sealed(
            **{PAGE: xml("Page", "<ofd:PageRes>none.xml</ofd:PageRes>" * 2_001 + "<ofd:Content/>")}
        ),
    ),
    "much_markup": (PackageRule.TOO_MUCH_MARKUP, resources(5, "<!--" + "ab" * (7 << 19) + "-->")),
    "many_tags": (PackageRule.TOO_MUCH_MARKUP, resources(8, "<a/>" * 190_000)),
}


@pytest.mark.parametrize("name", NEGATIVES)
def test_refused(name: str):
    rule, files = NEGATIVES[name]
    assert len(read(sealed()).signatures) == 1
    stored = rule is PackageRule.TOO_MUCH_MARKUP  # lest the ratio refuse it first
    with pytest.raises(Malformed) as refused:
        read_ofd(plain(files, STORED if stored else DEFLATED))
    assert getattr(refused.value, "rule", None) is rule
    ours = rule.startswith("too_m")
    assert refused.value.why is (Reason.BEYOND_LIMITS if ours else Reason.MALFORMED)


def test_messages_name_places_and_never_content():
    files = sealed(**{"Doc_0/张三.xml": b"<a>"})
    files[DOCUMENT] = files[DOCUMENT].replace(b"Pages/Page_0/Content.xml", "张三.xml".encode())
    with pytest.raises(Malformed) as refused:
        read(files)
    assert str(refused.value) == "xml: syntax in the page part, line 1"


def test_as_much_markup_as_is_allowed():
    assert len(read_ofd(plain(resources(7, "<a/>" * 190_000), STORED)).reachable) > 7


# Noted, not refused.


def test_ofd11_declared_signature_list_missing():
    """Declared and absent is not the same as unsigned."""
    files = sealed()
    del files[SIGNATURES]
    package = read(files)
    (body,) = package.bodies
    assert (body.signatures_declared, body.signature_list) == (True, None)
    assert [(gap.kind, gap.why) for gap in package.dangling] == [
        (PartKind.SIGNATURE_LIST, Unmet.MISSING)
    ]
    (twin,) = read(unsigned()).bodies
    assert (twin.signatures_declared, twin.signature_list) == (False, None)


def test_ofd11_signatures_element_removed():
    """The files of the signature stay behind as members nothing refers to."""
    package = read(sealed(ofd_xml(signed=False)))
    assert package.signatures == ()
    assert set(package.unreferenced) == {SIGNATURES, SIGNATURE, SIGNED_VALUE, SEAL}


def test_signed_value_missing_is_a_fact():
    files = sealed()
    del files[SIGNED_VALUE]
    (entry,) = read(files).signatures
    assert (entry.signed_value_part, entry.signed_value) == (None, None)


def test_seal_declared_and_missing():
    files = sealed()
    del files[SEAL]
    (entry,) = read(files).signatures
    assert (entry.seal_declared, entry.seal) == (True, None)


def test_ofd04_appended_member_is_unreferenced():
    assert read(sealed(**{"Doc_0/Pages/Page_9/Content.xml": b"<x/>"})).unreferenced == (
        "Doc_0/Pages/Page_9/Content.xml",
    )


def test_page_missing_is_a_gap():
    files = sealed()
    del files[PAGE]
    package = read(files)
    assert package.bodies[0].pages == (PageEntry("1", None),)
    assert (PartKind.PAGE, Unmet.MISSING) in [(gap.kind, gap.why) for gap in package.dangling]


VERSIONS = (
    '<ofd:Versions><ofd:Version ID="v0" Index="0" Current="{}" BaseLoc="Doc_0/Version.xml"/>'
    "</ofd:Versions>"
)


def version(document: str) -> bytes:
    return xml(
        "DocVersion",
        f'<ofd:FileList><ofd:File ID="1">/{PAGE}</ofd:File><ofd:File ID="2">/listed.dat</ofd:File>'
        f"</ofd:FileList><ofd:DocRoot>{document}</ofd:DocRoot>",
        'ID="v0"',
    )


@pytest.mark.parametrize(
    ("current", "document", "ambiguous"),
    [("true", "Document.xml", False), ("true", "Other.xml", True), ("false", "Other.xml", True),
     ("false", "Document.xml", True)],
)  # fmt: skip
def test_ofd03_versions(current: str, document: str, ambiguous: bool):
    package = read(
        sealed(
            ofd_xml(VERSIONS.format(current)),
            **{
                "Doc_0/Version.xml": version(document),
                "listed.dat": b"x",
                "Doc_0/Other.xml": xml(
                    "Document",
                    COMMON + '<ofd:Pages><ofd:Page ID="1" BaseLoc="Other_page.xml"/></ofd:Pages>',
                ),
                "Doc_0/Other_page.xml": xml("Page", ""),
            },
        )
    )
    (body,) = package.bodies
    assert body.versions == (
        Version("v0", current == "true", "Doc_0/Version.xml", f"Doc_0/{document}"),
    )
    assert body.is_ambiguous is ambiguous
    assert package.reachable["listed.dat"] is PartKind.VERSION_FILE
    assert package.reachable[PAGE] is PartKind.PAGE  # the nearer kind counts
    if document == "Other.xml":
        assert package.reachable["Doc_0/Other_page.xml"] is PartKind.PAGE


def test_ofd03_second_body_is_walked_with_its_own_parts():
    second = "</ofd:DocBody><ofd:DocBody><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot>"
    ofd = ofd_xml().replace(b"</ofd:Signatures>", b"</ofd:Signatures>" + second.encode())
    package = read(
        sealed(
            ofd,
            **{
                "Doc_1/Document.xml": xml(
                    "Document", COMMON + '<ofd:Pages><ofd:Page ID="1" BaseLoc="P.xml"/></ofd:Pages>'
                ),
                "Doc_1/P.xml": xml("Page", ""),
            },
        )
    )
    assert [body.document for body in package.bodies] == [DOCUMENT, "Doc_1/Document.xml"]
    assert [entry.body for entry in package.signatures] == [0]
    assert package.reachable["Doc_1/P.xml"] is PartKind.PAGE


@pytest.mark.parametrize("name", ["Encryptions.xml", "encryptions.xml"])
def test_ofd30_encrypted_is_named_and_not_read_further(name: str):
    package = read(sealed(**{name: b"<x/>"}))
    assert package.encrypted
    assert (package.bodies, package.signatures) == ((), ())


def test_integrity_list():
    files = unsigned()
    listed = "".join(f'<ofd:File ID="{i}" FileLoc="/{one}"/>' for i, one in enumerate(files))
    files["OFDEntries.xml"] = xml(
        "DocEntries",
        f"<ofd:SignedValueLoc>/v.dat</ofd:SignedValueLoc><ofd:FileList>{listed}</ofd:FileList>",
        'ID="1"',
    )
    files["v.dat"] = b"value"
    package = read(files)
    assert package.integrity is not None
    assert package.integrity.files == tuple(unsigned())
    assert package.integrity.signed_value == b"value"
    assert package.unreferenced == ()


# Tolerated by name.

PROVIDER = b'<ofd:Provider ProviderName="maker" Company="c" Version="1.0"/>'
PROVIDER_ELEMENTS = (
    b"<ofd:Provider><ofd:ProviderName>maker</ofd:ProviderName><ofd:Company>c</ofd:Company>"
    b"<ofd:Version>1.0</ofd:Version></ofd:Provider>"
)
LEGACY = b"http://www.ofdspec.org"

TOLERATED: dict[Deviation, Files] = {
    Deviation.LEGACY_NAMESPACE: {
        name: content.replace(b"http://www.ofdspec.org/2016", LEGACY)
        for name, content in sealed().items()
    },
    Deviation.CUSTOM_DATA_SPELLING: sealed(
        ofd_xml().replace(b"CustomData", b"CuslomData").replace(b"Name=", b"name=")
    ),
    Deviation.PROVIDER_ELEMENTS: sealed(
        **{SIGNATURE: sealed()[SIGNATURE].replace(PROVIDER, PROVIDER_ELEMENTS)}
    ),
    Deviation.MAX_SIGN_ID_REPEATED: sealed(
        **{
            SIGNATURES: signature_list(
                "<ofd:MaxSignId>2</ofd:MaxSignId>" + ENTRY.format(1, "Sign_0/Signature.xml")
            )
        }
    ),
    Deviation.CHECK_METHOD_HMAC_OID: sealed(
        **{SIGNATURE: sealed()[SIGNATURE].replace(b"1.2.156.10197.1.401", b"1.2.156.10197.1.401.2")}
    ),
    Deviation.CHECK_METHOD_ABSENT: sealed(**{SIGNATURE: signature_xml("", "")}),
    Deviation.DOUBLE_SLASH: sealed(
        **{SIGNATURE: sealed()[SIGNATURE].replace(b">/Doc_0/Signs", b">//Doc_0/Signs")}
    ),
    Deviation.DOT_SEGMENT: sealed(
        **{SIGNATURES: signature_list(ENTRY.format(1, "./../Signs/Sign_0/Signature.xml"))}
    ),
    Deviation.CASE_DIFFERS: sealed(
        **{DOCUMENT: unsigned()[DOCUMENT].replace(b"Tpls/Tpl_0", b"TPLS/tpl_0")}
    ),
}


@pytest.mark.parametrize("deviation", TOLERATED)
def test_tolerated_by_name(deviation: Deviation):
    twin, package = read(sealed()), read(TOLERATED[deviation])
    assert package.deviations == {deviation}
    assert package.reachable == twin.reachable
    assert package.bodies[0].info == twin.bodies[0].info
    (entry,), (honest,) = package.signatures, twin.signatures
    assert entry.provider == honest.provider


# Arbitrary and mutated bytes.

WHOLE = plain(sealed())
PARTS = [name for name, content in sealed().items() if content.startswith(b"<?xml")]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_parts(data: st.DataObject):
    """Whatever stands in a part, reading ends in a package or in `Malformed`."""
    files = sealed()
    name = data.draw(st.sampled_from(PARTS))
    content = files[name]
    at = data.draw(st.integers(0, len(content) - 1))
    cut = data.draw(st.integers(0, 12))
    pieces = st.sampled_from(
        [b"", b"<", b">", b'"', b"/", b"ofd:", b"..", b"\xff", b"<!-- -->", b"<ofd:Page/>", b"9"]
    )
    files[name] = content[:at] + data.draw(pieces) + content[at + cut :]
    with suppress(Malformed):
        read(files)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_mutated_archive(data: st.DataObject):
    at = data.draw(st.integers(0, len(WHOLE) - 1))
    piece = data.draw(st.binary(max_size=4))
    with suppress(Malformed):
        read_ofd(WHOLE[:at] + piece + WHOLE[at + len(piece) :])
