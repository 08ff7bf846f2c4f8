"""Descriptions are read whole or refused by the member that is wrong, with how to mend it."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Malformed, Refused
from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter
from app.formats.mapped.description import read_description, stored
from app.formats.mapped.expressions import MAX_EXPRESSION, read_expression
from app.formats.mapped.templates import MAX_TEMPLATE, Missing, Template, read_template
from app.registry.described import mapped_endpoint
from tests.federation.asking import LOOPBACK
from tests.federation.mapped.server import DESCRIPTION

GOOD: dict[str, Any] = {"url": "https://issuer.example/api/check", **DESCRIPTION}
OWNER = IssuerCode("639900")


def with_(path: str, value: object) -> dict[str, Any]:
    """The good one with one member changed; `...` takes it out."""
    changed = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    inner = changed
    for name in parents:
        inner = inner.setdefault(name, {})
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return changed


def test_the_good_one_reads_and_is_stored_as_it_was():
    entry = mapped_endpoint(OWNER, GOOD)
    assert (entry.adapter, entry.url) == (Adapter.MAPPED, "https://issuer.example/api/check")
    assert entry.description is not None
    assert json.loads(entry.description) == GOOD
    assert stored(entry.description) == read_description(GOOD)


@pytest.mark.parametrize(
    ("url", "fixed"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/", "https://a.example/"),
        ("https://a.example/x/{number}/y", "https://a.example/x/"),
        ("https://a.example/{type}", "https://a.example/"),
        ("https://a.example/x/pre-{number}", "https://a.example/x/"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
    ],
)
def test_what_names_the_endpoint_is_the_part_that_never_changes(url: str, fixed: str):
    assert mapped_endpoint(OWNER, with_("url", url)).url == fixed


REFUSED: list[tuple[str, object, str]] = [
    ("url", ..., "url"),
    ("url", 5, "url"),
    ("url", "https://{issuer}.example/x", "never in scheme"),
    ("url", "{number}", "never in scheme"),
    ("url", "https://a.example:{number}/x", "never in scheme"),
    ("url", "https://{secret:host}/x", "never in scheme"),
    ("url", "{secret:url}", "never in scheme"),
    ("url", "https://a.example{number}/x", "never in scheme"),
    ("url", "http://a.example/x", "https"),
    ("url", "ftp://a.example/x", "never in scheme"),
    ("url", "https://u:p@a.example/x", "url"),
    ("url", "https://a.example/x?y=1", "query"),
    ("url", "https://a.example/x#y", "never in scheme"),
    ("url", "https://a.example/../x", "dot segments"),
    ("url", "https://a.example/%2e%2e/x", "dot segments"),
    ("url", "https://a.example/{holder}", "body only"),
    ("url", "https://a.example/{holder_code}", "body only"),
    ("url", "https://a.example/{valid_until}", "body only"),
    ("url", "https://a.example/{secret:token}", "secret"),
    ("url", "https://a.example/{number?}", "may be missing"),
    ("url", "https://a.example/{nothing}", "may not stand there"),
    ("url", "https://a.example/{number", "brace"),
    ("url", "https://127.1/x", "host"),
    ("url", "https://A.example/x", "url"),
    ("method", "PUT", "GET, POST"),
    ("method", "get", "GET, POST"),
    ("query", {"n": "{holder}"}, "query.n"),
    ("query", {"n": "{secret:token}"}, "secret"),
    ("query", {"n": 5}, "query.n"),
    ("query", {str(n): "x" for n in range(40)}, "more than 32"),
    ("headers", {"Host": "evil.example"}, "headers.Host"),
    ("headers", {"content-length": "5"}, "headers.content-length"),
    ("headers", {"Transfer-Encoding": "chunked"}, "headers.Transfer-Encoding"),
    ("headers", {"Accept-Encoding": "gzip"}, "headers.Accept-Encoding"),
    ("headers", {"Cookie": "a=b"}, "headers.Cookie"),
    ("headers", {"X-A": "{number}"}, "may not stand there"),
    ("headers", {"X-A": "{holder}"}, "may not stand there"),
    ("headers", {"X-A": "密"}, "ASCII"),
    ("headers", {"X A": "x"}, "headers"),
    ("headers", {"X-A\r\nX-B": "x"}, "headers"),
    ("headers", {"X-A": "a\r\nX-B: c"}, "headers.X-A"),
    ("headers", {"X-A": "x", "x-a": "y"}, "twice"),
    ("clear_facts", False, "clear_facts"),
    ("clear_facts", ..., "clear_facts"),
    ("clear_facts", "yes", "clear_facts"),
    ("form", {"a": "b"}, "form"),
    ("body", 5.5, "body"),
    ("body", {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": "x"}}}}}}}}, "deeper"),
    ("body", {"a": "{unknown}"}, "body.a"),
    ("body", {"a": ["{x}"]}, "body.a[0]"),
    ("password", "x", "not known"),
    ("answer", ..., "answer"),
    ("answer", [], "answer"),
    ("answer.outcome", ..., "answer.outcome"),
    ("answer.outcome", "data.[", "answer.outcome"),
    ("answer.outcome", "eval(data)", "function"),
    ("answer.outcome", "sort_by(data, &x)", "function"),
    ("answer.outcome", "data[?unknown(x)]", "function"),
    ("answer.outcome", "a" * 300, "longer"),
    ("answer.outcome", "``", "no JSON"),
    ("answer.outcome", "data.status == `x`", "no JSON"),
    ("answer.outcome", "data.status == '\\'' || `y", "JMESPath"),
    ("answer.outcomes", {}, "answer.outcomes"),
    ("answer.outcomes", {"1": 8}, "answer.outcomes.1"),
    ("answer.outcomes", {"1": "0"}, "answer.outcomes.1"),
    ("answer.outcomes", {"1": True}, "answer.outcomes.1"),
    ("answer.outcomes", {"3": 3}, "no word for 0"),
    ("answer.ok", "code ==", "answer.ok"),
    ("answer.echo", {"holder": "x"}, "answer.echo"),
    ("answer.facts", {"colour": {"value": "x"}}, "answer.facts"),
    ("answer.facts", {"holder": "x"}, "answer.facts.holder"),
    ("answer.facts", {"holder": {}}, "answer.facts.holder"),
    ("answer.facts", {"holder": {"value": "a", "same": "b"}}, "answer.facts.holder"),
    ("answer.states", ..., "answer.states"),
    ("answer.states", {"正常": "fine"}, "answer.states.正常"),
    ("answer.time", "unix", "answer.time"),
    ("answer.weight", "x", "not known"),
]


@pytest.mark.parametrize(("path", "value", "words"), REFUSED)
def test_what_is_wrong_is_refused_by_its_member(path: str, value: object, words: str):
    mapped_endpoint(OWNER, GOOD)
    with pytest.raises(Refused) as caught:
        mapped_endpoint(OWNER, with_(path, value))
    assert words in f"{caught.value.field} {caught.value}", caught.value


def test_there_are_many_more_negatives():
    assert len(REFUSED) >= 60


def test_get_has_no_body_and_form_is_flat():
    plain = {**GOOD, "clear_facts": None, "body": None}
    assert read_description({**plain, "method": "GET"}).body is None
    with pytest.raises(Refused, match="POST only"):
        read_description({**plain, "method": "GET", "body": {"a": "b"}})
    assert read_description({**plain, "form": {"a": "{number}"}}).body is not None
    for form in ({"a": {"b": "c"}}, {"a": 5}, ["a"], "a"):
        with pytest.raises(Refused):
            read_description({**plain, "form": form})


def test_http_is_for_this_machine_and_opened_networks():
    described = with_("url", "http://10.1.2.3:8080/x")
    with pytest.raises(Refused):
        mapped_endpoint(OWNER, described)
    assert mapped_endpoint(OWNER, described, networks=["10.0.0.0/8"]).networks == ("10.0.0.0/8",)
    with pytest.raises(Refused):
        mapped_endpoint(OWNER, described, networks=["0.0.0.0/0"])
    assert mapped_endpoint(OWNER, with_("url", "http://127.0.0.1:1/x"), networks=LOOPBACK)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.sampled_from([*GOOD, "query", "headers", "form"]), JSON)
def test_whatever_a_member_is_it_reads_or_is_refused(name: str, value: object):
    try:
        read_description({**GOOD, name: value})
    except Refused:
        return


@given(st.text(max_size=60))
def test_whatever_a_template_is(text: str):
    allowed = frozenset({"number"})
    try:
        read = read_template("place", text, allowed, secrets=True)
    except Refused:
        return
    assert isinstance(read, Template)
    assert {v.name for v in read.variables() if not v.name.startswith("secret:")} <= allowed


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_a_value_is_never_read_as_a_template(around: str, value: str):
    plain = around.replace("{", "{{").replace("}", "}}")
    read = read_template("place", f"{plain}{{number}}{plain}", frozenset({"number"}), secrets=False)
    assert read.fill({"number": value}) == f"{around}{value}{around}"


def test_what_is_missing():
    read = read_template("p", "a{x?}b", frozenset({"x"}), secrets=False)
    assert read.fill({}) is None
    assert read.fill({"x": "1"}) == "a1b"
    needed = read_template("p", "a{x}b", frozenset({"x"}), secrets=False)
    for values in ({}, {"x": ""}):
        with pytest.raises(Missing):
            needed.fill(values)
    with pytest.raises(Refused, match="longer"):
        read_template("p", "x" * (MAX_TEMPLATE + 1), frozenset(), secrets=False)


@given(st.text(alphabet="ab.[]{}|&!*?@'`\"(),:0123456789 =<>-_", max_size=40), JSON)
def test_whatever_an_expression_and_an_answer_are(text: str, data: object):
    try:
        read = read_expression("place", text)
    except Refused:
        return
    try:
        read.of(data)
    except Malformed:
        return


@pytest.mark.parametrize(
    "text",
    ["(" * 120 + "a" + ")" * 120, "!" * (MAX_EXPRESSION - 1) + "a", ".".join(["a"] * 128),
     "a" + "[*]" * 80, "[" * 60 + "a" + "]" * 60],
)  # fmt: skip
def test_deep_expressions_end(text: str):
    try:
        read = read_expression("place", text)
    except Refused:
        return
    data: object = 1
    for _ in range(20):
        data = {"a": [data]}
    try:
        read.of(data)
    except Malformed:
        return
