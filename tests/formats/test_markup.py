"""XML-01…07: markup that one reader takes for another thing than the next, beside its twin."""

import codecs
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.domain.reasons import Reason
from app.formats.markup import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    BadMarkup,
    MarkupLimits,
    MarkupRule,
    Node,
    numbers,
    read_broken_namespaces,
    read_markup,
)
from tests.corpus import corpus_file, manifest

OFD = "http://www.ofdspec.org/2016"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
TWIN = HEAD + f'<ofd:Page xmlns:ofd="{OFD}"><ofd:Area>0 0 210 297</ofd:Area></ofd:Page>'.encode()
BOM = codecs.BOM_UTF8


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


def crowded(count: int) -> bytes:
    return b"<a " + b" ".join(b'b%d=""' % i for i in range(count)) + b"/>"


NEGATIVES: dict[str, tuple[MarkupRule, bytes]] = {
    # XML-01: external entities and DTDs
    "xml01_external_file": (
        MarkupRule.DOCTYPE,
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    ),
    "xml01_external_http": (
        MarkupRule.DOCTYPE,
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]><a>&x;</a>',
    ),
    "xml01_parameter_entity": (
        MarkupRule.DOCTYPE,
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;]><a/>',
    ),
    "xml01_external_dtd": (MarkupRule.DOCTYPE, b'<!DOCTYPE a SYSTEM "a.dtd"><a/>'),
    "xml01_public_dtd": (MarkupRule.DOCTYPE, b'<!DOCTYPE a PUBLIC "-//X//Y" "a.dtd"><a/>'),
    "xml01_empty_doctype": (MarkupRule.DOCTYPE, b"<!DOCTYPE a><a/>"),
    "xml01_undeclared_entity": (MarkupRule.SYNTAX, b"<a>&x;</a>"),
    "xml01_stylesheet": (MarkupRule.INSTRUCTION, b'<?xml-stylesheet href="x.xsl"?><a/>'),
    "xml01_instruction_inside": (MarkupRule.INSTRUCTION, b"<a><?php x?></a>"),
    "xml01_instruction_behind": (MarkupRule.INSTRUCTION, b"<a/><?x y?>"),
    # XML-02: expansion
    "xml02_billion_laughs": (
        MarkupRule.DOCTYPE,
        b"<!DOCTYPE a [<!ENTITY l 'lol'>"
        + b"".join(b"<!ENTITY l%d '%s'>" % (i, b"&l;" * 10) for i in range(9))
        + b"]><a>&l8;</a>",
    ),
    "xml02_quadratic": (
        MarkupRule.DOCTYPE,
        b"<!DOCTYPE a [<!ENTITY x '" + b"x" * 50_000 + b"'>]><a>" + b"&x;" * 5_000 + b"</a>",
    ),
    # XML-03: depth
    "xml03_depth_65": (MarkupRule.DEPTH, nested(MAX_DEPTH + 1)),
    "xml03_depth_100k": (MarkupRule.DEPTH, nested(100_000)),
    # XML-04: width
    "xml04_attributes": (MarkupRule.ATTRIBUTES, crowded(MAX_ATTRIBUTES + 1)),
    "xml04_attributes_200k": (MarkupRule.ATTRIBUTES, crowded(200_000)),
    "xml04_attributes_behind_a_bracket": (
        MarkupRule.ATTRIBUTES,
        b'<a z=">" ' + crowded(MAX_ATTRIBUTES)[3:],
    ),
    "xml04_attributes_in_all": (
        MarkupRule.ATTRIBUTES,
        b"<r>" + b'<a b="" c="" d=""/>' * 133_334 + b"</r>",
    ),
    "xml04_namespaces": (
        MarkupRule.NAMESPACES,
        b"<a " + b" ".join(b'xmlns:n%d="u"' % i for i in range(1_001)) + b"/>",
    ),
    "xml04_siblings": (MarkupRule.NODES, b"<r>" + b"<a/>" * 400_000 + b"</r>"),
    "xml04_siblings_just_over": (MarkupRule.NODES, b"<r>" + b"<a/>" * 200_000 + b"</r>"),
    "xml04_long_name": (MarkupRule.TOO_LARGE, b"<" + b"a" * 60_000 + b"/>"),
    "xml04_size": (MarkupRule.TOO_LARGE, b"<a>" + b" " * (8 << 20) + b"</a>"),
    # XML-05: encodings
    "xml05_utf16": (
        MarkupRule.ENCODING,
        '<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16"),
    ),
    "xml05_utf16_undeclared": (MarkupRule.ENCODING, "<a/>".encode("utf-16-be")),
    "xml05_utf32": (MarkupRule.ENCODING, "<a/>".encode("utf-32")),
    "xml05_utf7": (
        MarkupRule.DECLARATION,
        b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-',
    ),
    "xml05_ebcdic": (MarkupRule.ENCODING, '<?xml version="1.0"?><a>é</a>'.encode("cp037")),
    "xml05_gbk": (
        MarkupRule.ENCODING,
        '<?xml version="1.0" encoding="GBK"?><a>证照</a>'.encode("gbk"),
    ),
    "xml05_declared_gbk": (
        MarkupRule.DECLARATION,
        '<?xml version="1.0" encoding="GBK"?><a>证照</a>'.encode(),
    ),
    "xml05_latin1_declared": (
        MarkupRule.DECLARATION,
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    ),
    "xml05_bom_against_declaration": (
        MarkupRule.DECLARATION,
        BOM + b'<?xml version="1.0" encoding="GB18030"?><a/>',
    ),
    "xml05_version_1_1": (MarkupRule.DECLARATION, b'<?xml version="1.1"?><a/>'),
    "xml05_not_utf8": (MarkupRule.ENCODING, HEAD + b"<a>\xc3\x28</a>"),
    "xml05_overlong": (MarkupRule.ENCODING, HEAD + b"<a>\xc0\xaf</a>"),
    "xml05_surrogate": (MarkupRule.ENCODING, HEAD + b"<a>\xed\xa0\x80</a>"),
    "xml05_nul": (MarkupRule.ENCODING, b"<a>\0</a>"),
    # what is no document
    "empty": (MarkupRule.EMPTY, b""),
    "bom_only": (MarkupRule.EMPTY, BOM),
    "two_roots": (MarkupRule.SYNTAX, b"<a/><a/>"),
    "cut": (MarkupRule.SYNTAX, TWIN[:-4]),
    "text_behind": (MarkupRule.SYNTAX, TWIN + b"x"),
    "undeclared_prefix": (MarkupRule.SYNTAX, b"<ofd:a/>"),
    "repeated_attribute": (MarkupRule.SYNTAX, b'<a b="1" b="2"/>'),
    "space_before_declaration": (MarkupRule.SYNTAX, b" " + HEAD + b"<a/>"),
}


OUR_LIMITS = {
    MarkupRule.TOO_LARGE,
    MarkupRule.NAMESPACES,
    MarkupRule.ATTRIBUTES,
    MarkupRule.NODES,
    MarkupRule.DEPTH,
}


@pytest.mark.parametrize("name", NEGATIVES)
def test_refused(name: str):
    rule, data = NEGATIVES[name]
    assert read_markup(TWIN, "page part").tag == f"{{{OFD}}}Page"
    with pytest.raises(BadMarkup) as refused:
        read_markup(data, "page part")
    assert refused.value.rule is rule
    assert str(refused.value).startswith(f"xml: {rule} ")
    assert "page part" in str(refused.value)
    ours = rule in OUR_LIMITS
    assert refused.value.why is (Reason.BEYOND_LIMITS if ours else Reason.MALFORMED)


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        HEAD + b"<a/>",
        b"<?xml version='1.0' encoding='utf-8' standalone='yes'?><a/>",
        BOM + HEAD + b"<a/>",
        b"<!-- 73 --><a><!-- x --><b/></a>",
        nested(MAX_DEPTH),
        crowded(MAX_ATTRIBUTES),
        b"<r>" + b"<a/>" * 199_000 + b"</r>",
        b"<a>&amp;&#x4e2d;</a>",
        b"<a><![CDATA[x < y]]></a>",
    ],
    ids=range(10),
)
def test_accepted(data: bytes):
    assert read_markup(data, "part") is not None


def test_a_crowded_tag_of_a_large_member_costs_no_tree(monkeypatch: pytest.MonkeyPatch):
    """Above the threshold the tag is found by a scan: the parser is never called."""

    def no_tree(*_: object) -> None:
        raise AssertionError("a tree was built")

    monkeypatch.setattr(etree, "fromstring", no_tree)
    with pytest.raises(BadMarkup) as refused:
        read_markup(crowded(60_000), "part")
    assert refused.value.rule is MarkupRule.ATTRIBUTES


def test_limits_are_the_callers_to_tighten():
    with pytest.raises(BadMarkup) as refused:
        read_markup(b"<a><b/><b/></a>", "part", MarkupLimits(nodes=2))
    assert refused.value.rule is MarkupRule.NODES


# Nodes: namespace-exact, single-occurrence (XML-06, XML-07).


def node(inner: str, root: str = "ofd:DocBody") -> Node:
    text = f'<{root} xmlns:ofd="{OFD}" xmlns:x="urn:x">{inner}</{root}>'
    return Node(read_markup(text.encode(), "ofd part"), "ofd part")


ROOT = "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"

STRUCTURE: dict[str, tuple[MarkupRule, str]] = {
    "xml06_twin_in_other_namespace": (
        MarkupRule.FOREIGN_TWIN,
        ROOT + "<x:DocRoot>Doc_1/Document.xml</x:DocRoot>",
    ),
    "xml06_twin_without_namespace": (
        MarkupRule.FOREIGN_TWIN,
        "<DocRoot>Doc_1/Document.xml</DocRoot>" + ROOT,
    ),
    "xml06_twin_of_legacy_namespace": (
        MarkupRule.FOREIGN_TWIN,
        ROOT + '<DocRoot xmlns="http://www.ofdspec.org">Doc_1</DocRoot>',
    ),
    "xml06_only_foreign": (MarkupRule.FOREIGN_TWIN, "<x:DocRoot>Doc_0</x:DocRoot>"),
    "xml06_repeated": (MarkupRule.REPEATED, ROOT + ROOT),
    "xml06_absent": (MarkupRule.MISSING, "<ofd:DocInfo/>"),
    "xml06_nested_only": (MarkupRule.MISSING, f"<ofd:DocInfo>{ROOT}</ofd:DocInfo>"),
    "xml06_comment_splits": (
        MarkupRule.TEXT,
        "<ofd:DocRoot>Doc_0<!-- -->/Document.xml</ofd:DocRoot>",
    ),
    "xml06_comment_leads": (MarkupRule.TEXT, "<ofd:DocRoot><!-- -->Doc_0</ofd:DocRoot>"),
    "xml06_element_splits": (MarkupRule.TEXT, "<ofd:DocRoot>Doc_0<x:y/>/a</ofd:DocRoot>"),
    "xml06_case": (MarkupRule.MISSING, "<ofd:docroot>Doc_0</ofd:docroot>"),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_structure_refused(name: str):
    rule, inner = STRUCTURE[name]
    assert node(ROOT).only("DocRoot").text() == "Doc_0/Document.xml"
    with pytest.raises(BadMarkup) as refused:
        node(inner).only("DocRoot").text()
    assert refused.value.rule is rule


def test_foreign_elements_of_other_names_are_passed_by():
    assert node(ROOT + "<x:Other/><!-- c -->").only("DocRoot").text() == "Doc_0/Document.xml"


def test_any_prefix_of_the_namespace_is_the_namespace():
    inner = f'<q:DocRoot xmlns:q="{OFD}">Doc_0</q:DocRoot>'
    assert node(inner).only("DocRoot").text() == "Doc_0"


def test_attributes():
    one = Node(read_markup(b'<a ID=" 1 " xmlns:x="u" x:BaseLoc="evil"/>', "list"), "list")
    assert one.attribute("ID") == "1"
    assert one.get("BaseLoc") is None
    with pytest.raises(BadMarkup) as refused:
        one.attribute("BaseLoc")
    assert refused.value.rule is MarkupRule.ATTRIBUTE


@pytest.mark.parametrize("text", ["", "1 2 3", "1 2 3 4 5", "1 2 3 x", "1 2 3 nan", "1 2 inf 4"])
def test_numbers_refused(text: str):
    assert numbers("1 -2.5 3e2 .4", 4, "page") == (1.0, -2.5, 300.0, 0.4)
    with pytest.raises(BadMarkup) as refused:
        numbers(text, 4, "page")
    assert refused.value.rule is MarkupRule.NUMBER


# Data indexes with broken namespaces.

BROKEN = '<:params xmlns:=""><证号><ofd:ObjectRef PageRef="1">7</ofd:ObjectRef></证号></:params>'


def test_broken_namespaces_are_read_where_asked():
    with pytest.raises(BadMarkup):
        read_markup(BROKEN.encode(), "custom_tag part")
    root = read_broken_namespaces(BROKEN.encode(), "custom_tag part")
    assert [one.text for one in root.iter("{*}*") if one.get("PageRef")] == ["7"]


@pytest.mark.parametrize(
    "data",
    [
        BROKEN.replace("</证号>", "").encode(),
        BROKEN[:-3].encode(),
        BROKEN.replace("7", "&x;").encode(),
        BROKEN.replace("7", "a & b").encode(),
        ("<!DOCTYPE x>" + BROKEN).encode(),
        BROKEN.encode().replace(b"7", b"\xff"),
        BROKEN.replace("PageRef", 'PageRef="2" PageRef').encode(),
        b'< xmlns:ofd="u"><a/></>',
        b"",
        b"no markup",
    ],
    ids=range(10),
)
def test_broken_namespaces_excuse_nothing_else(data: bytes):
    with pytest.raises(BadMarkup):
        read_broken_namespaces(data, "custom_tag part")


# Arbitrary and mutated bytes.


def read_or_refused(data: bytes) -> None:
    """Nothing but `BadMarkup` may come out."""
    for read in (read_markup, read_broken_namespaces):
        with suppress(BadMarkup):
            read(data, "part")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(noise: bytes):
    for data in (noise, HEAD + noise, b"<a>" + noise + b"</a>"):
        read_or_refused(data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_bytes(data: st.DataObject):
    at = data.draw(st.integers(0, len(TWIN) - 1))
    cut = data.draw(st.integers(0, 6))
    piece = data.draw(st.binary(max_size=6))
    read_or_refused(TWIN[:at] + piece + TWIN[at + cut :])


def test_corpus_attacks():
    corpus_file("MANIFEST.tsv")
    met: dict[str, MarkupRule | None] = {}
    for row in manifest("adversarial"):
        if row.path.endswith(".xml"):
            try:
                read_markup(row.file.read_bytes(), "part")
                met[row.file.name] = None
            except BadMarkup as bad:
                met[row.file.name] = bad.rule
    assert met == {
        "cyclic.xml": MarkupRule.DOCTYPE,
        "external_file.xml": MarkupRule.DOCTYPE,
        "xmlbomb2.xml": MarkupRule.DOCTYPE,
        "simple.xml": None,
        "simple-ns.xml": MarkupRule.INSTRUCTION,  # benign, but it carries a stylesheet
    }
