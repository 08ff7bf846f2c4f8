"""License elements in every naming, each with the parts that must be covered to prove it."""

import pytest

from app.domain.elements import LicenseElement
from app.domain.ofd import Deviation
from app.formats.ofd.metadata import FoundIn, find_elements
from app.formats.ofd.package import read_ofd
from app.formats.ofd.tags import MAX_TAG_MARKUP, read_tags
from tests.formats.ofd.maker import (
    IDENTIFIER,
    NS,
    PAGE,
    TEMPLATE,
    ofd_xml,
    read,
    sealed,
    text_object,
    unsigned,
    xml,
)
from tests.zipmaker import STORED, plain

E = LicenseElement
TAG = "Doc_0/Tags/Tag.xml"


def test_every_place_is_read_with_its_sources():
    found = [
        (one.element, one.value, one.sources, one.kind) for one in find_elements(read(sealed()))
    ]
    assert found == [
        (E.NUMBER, "鲁（2026）0001", ("OFD.xml",), FoundIn.CUSTOM_DATA),
        (E.NAME, "不动产权证书", (TAG, PAGE), FoundIn.INDEXED_TEXT),
        (E.HOLDER_NAME, "张三", (TAG, PAGE), FoundIn.INDEXED_TEXT),
        (E.HOLDER_TYPE_CODE, "111", (TAG,), FoundIn.TAG_DATA),
        (E.NUMBER, "鲁（2026）0001", (PAGE,), FoundIn.LABELLED_TEXT),
        (E.IDENTIFIER, IDENTIFIER, (PAGE,), FoundIn.MENTIONED),
    ]


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("ZZBS", E.IDENTIFIER),
        ("certificateIdentifier", E.IDENTIFIER),
        ("certificate_identifier", E.IDENTIFIER),
        ("证照标识", E.IDENTIFIER),
        ("zzyxqjzrq", E.VALID_UNTIL),
        ("certificate_validate_end", E.VALID_UNTIL),
        ("certificateExpiringDate", E.VALID_UNTIL),
        ("JZJYXQJZSJ", E.COPY_UNTIL),
        ("certificate_copy_expiring_time", E.COPY_UNTIL),
        ("certificate_holder_type", E.HOLDER_TYPE_CODE),
        ("certificate_holder_type_name", E.HOLDER_TYPE_NAME),
        ("relatedItemCode", E.MATTER_CODE),
    ],
)
def test_ofd28_contradicting_statements_are_all_kept(name: str, element: LicenseElement):
    custom = "".join(
        f'<ofd:CustomData Name="{name}">{value}</ofd:CustomData>' for value in ("one", "two")
    )
    found = find_elements(read(sealed(ofd_xml(custom=custom))))
    values = [one.value for one in found if one.element is element]
    assert values[:2] == ["one", "two"]


@pytest.mark.parametrize("name", ["ZZBSX", "KZ_QLRXM", "identifier", "", "发票代码"])
def test_other_names_are_no_elements(name: str):
    custom = f'<ofd:CustomData Name="{name}">one</ofd:CustomData>'
    twin = find_elements(read(sealed()))
    assert find_elements(read(sealed(ofd_xml(custom=custom)))) == twin


@pytest.mark.parametrize(
    "text",
    [
        IDENTIFIER + "X",  # the check part runs on
        "9" + IDENTIFIER,
        IDENTIFIER.replace("1.2.156.3005.2", "1.2.156.3005.3"),
        "1.2.156.3005.2.11100000MB03271699022",
    ],
)
def test_what_is_no_bare_identifier(text: str):
    page = unsigned()[PAGE].replace(IDENTIFIER.encode(), text.encode())
    found = find_elements(read(sealed(**{PAGE: page})))
    values = [one.value for one in found if one.element is E.IDENTIFIER]
    assert values == ([text] if text.startswith(IDENTIFIER) else [])


def index(inner: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><z:root xmlns:z="urn:z" xmlns:ofd="{NS}">'
        f"{inner}</z:root>"
    ).encode()


def test_text_of_a_template_is_met_and_named():
    tags = read_tags(
        read(sealed(**{TAG: index('<z:ZZMC><z:ObjectRef PageRef="1">21</z:ObjectRef></z:ZZMC>')}))
    )
    (value,) = tags.values
    assert (value.name, value.value, value.text_parts) == ("ZZMC", "持有人", (TEMPLATE,))


def test_several_texts_make_one_value():
    inner = "".join(f'<ofd:ObjectRef PageRef="1">{i}</ofd:ObjectRef>' for i in (11, 12))
    (value,) = read_tags(read(sealed(**{TAG: index(f"<z:a>{inner}</z:a>")}))).values
    assert value.value == "不动产权证书张三"


@pytest.mark.parametrize(
    "reference",
    [
        '<ofd:ObjectRef PageRef="1">99</ofd:ObjectRef>',
        '<ofd:ObjectRef PageRef="2">11</ofd:ObjectRef>',
        '<ofd:ObjectRef PageRef="1"/>',
        '<ofd:ObjectRef PageRef="1">11</ofd:ObjectRef><ofd:ObjectRef PageRef="1">99</ofd:ObjectRef>',
    ],
)
def test_references_to_no_text_say_nothing(reference: str):
    tags = read_tags(read(sealed(**{TAG: index(f"<z:ZZMC>{reference}</z:ZZMC>")})))
    assert (tags.values, tags.unresolved) == ((), 1)


def test_an_id_of_two_objects_says_nothing():
    """Two objects of one ID: a viewer could mean either."""
    page = xml(
        "Page",
        f'<ofd:Content><ofd:Layer ID="1">{text_object(11, "a")}{text_object(11, "b")}</ofd:Layer>'
        "</ofd:Content>",
    )
    tags = read_tags(
        read(
            sealed(
                **{
                    PAGE: page,
                    TAG: index('<z:ZZMC><ofd:ObjectRef PageRef="1">11</ofd:ObjectRef></z:ZZMC>'),
                }
            )
        )
    )
    assert (tags.values, tags.unresolved) == ((), 1)


def test_broken_namespaces_of_an_index():
    broken = (
        '<:params xmlns:=""><ZZMC><ofd:ObjectRef PageRef="1">11</ofd:ObjectRef></ZZMC></:params>'
    )
    tags = read_tags(read(sealed(**{TAG: broken.encode()})))
    assert [(one.name, one.value) for one in tags.values] == [("ZZMC", "不动产权证书")]
    assert tags.deviations == {Deviation.TAG_NAMESPACES}


@pytest.mark.parametrize(
    "content",
    [b"< x><a/></>", b"", b"\xff", b"<!DOCTYPE a><a><ZZMC>x</ZZMC></a>", b"<a>&x;</a>"],
)
def test_an_unreadable_index_says_nothing_and_is_named(content: bytes):
    tags = read_tags(read(sealed(**{TAG: content})))
    assert (tags.values, tags.deviations) == ((), {Deviation.TAG_UNREADABLE})


def test_indexes_together_are_bounded():
    files = sealed(**{TAG: index("<z:ZZMC>x</z:ZZMC>")})
    files["Doc_0/Tags/CustomTags.xml"] = xml(
        "CustomTags",
        "".join(
            f"<ofd:CustomTag><ofd:FileLoc>{one}.xml</ofd:FileLoc></ofd:CustomTag>"
            for one in ("Big", "Tag")
        ),
    )
    files["Doc_0/Tags/Big.xml"] = index("<!--" + "x" * (MAX_TAG_MARKUP - 200) + "-->")
    tags = read_tags(read_ofd(plain(files, STORED)))
    assert (tags.values, tags.deviations) == ((), {Deviation.TAG_UNREADABLE})
