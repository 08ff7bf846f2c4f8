"""Whatever the domain can hold comes back from its stored form as it was."""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.errors import Malformed
from app.domain.evidence import WHOLE, CheckName, Evidence, Outcome
from app.domain.facts import Facts
from app.domain.issuer import Answered, Code, NotAsked, Silence, Statement, Unasked, Unreachable
from app.domain.reasons import Reason
from app.registry import serial
from app.reports.canonical import EXACT, canonical
from tests import world as w

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["\0", "\U0010ffff", "\U0010ffff0", "\\u0000", "\\\0", '"', "\U0010ffff1\0\\"]
)
ZONES = st.sampled_from(
    [UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))]
)
PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bytes: st.binary(max_size=40),
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    datetime: st.datetimes(timezones=ZONES) | st.just(datetime.max.replace(tzinfo=UTC)),
    date: st.dates(),
    timedelta: st.timedeltas(timedelta(0), timedelta(days=4000)),
    type(None): st.none(),
}


def strategy(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the domain, with every field, also those that are added later."""
    if isinstance(hint, typing.NewType):
        return strategy(hint.__supertype__)
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return st.one_of(*map(strategy, arguments))
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(strategy(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(strategy, arguments))
    if origin is frozenset:
        return st.frozensets(strategy(arguments[0]), max_size=3)
    if origin is Mapping:
        inner = st.dictionaries(*map(strategy, arguments), max_size=3)
        return inner | inner.map(MappingProxyType)
    raise AssertionError(f"no values for {hint}")


def _dataclass(kind: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    fields = {f.name: strategy(hints[f.name]) for f in dataclasses.fields(kind) if f.init}
    if kind is Statement:
        fields["code"] = st.sampled_from([c for c in Code if c <= Code.ENDED])

    @st.composite
    def build(draw: st.DrawFn) -> Any:
        try:
            return kind(**{name: draw(values) for name, values in fields.items()})
        except ValueError:  # a value the domain forbids
            return draw(st.nothing())

    return build()


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    item = draw(st.sampled_from(Outcome))
    doubts = item in {Outcome.FAILED, Outcome.INDETERMINATE}
    reasons = [r for r in Reason if item is not Outcome.FAILED or r.family != "dependency"]
    check = draw(st.sampled_from([c for c in CheckName if not c.each]))
    reason = draw(st.sampled_from(reasons)) if doubts else None
    return Evidence(check, WHOLE, item, reason, draw(TEXT))


def as_jsonb(text: str) -> str:
    """As PostgreSQL gives JSONB back: other spaces, other order, characters as they are."""
    return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, indent=1)


@settings(max_examples=150, deadline=None)
@given(strategy(Facts))
def test_facts(facts):
    text = serial.dump_facts(facts)
    assert text is not None
    assert "\\u0000" not in text.replace("\\\\", "")
    assert serial.load_facts(text) == facts
    assert serial.load_facts(as_jsonb(text)) == facts


@settings(max_examples=150, deadline=None)
@given(strategy(Answered) | strategy(Unreachable) | strategy(NotAsked))
@example(w.COMPARED)
@example(Unreachable(Silence.TIMEOUT))
@example(NotAsked(Unasked.OFFLINE))
def test_answers(answer):
    text = serial.dump_answer(answer)
    for stored in (text, as_jsonb(text)):
        loaded = serial.load_answer(stored)
        assert loaded == answer
        assert type(loaded) is type(answer)


@settings(max_examples=150, deadline=None)
@given(st.lists(evidence(), max_size=4).map(tuple))
def test_evidence(items):
    text = serial.dump_evidence(items)
    assert serial.load_evidence(text) == serial.load_evidence(as_jsonb(text)) == items


@given(st.dictionaries(TEXT, TEXT | st.integers(-EXACT, EXACT) | st.none() | st.lists(TEXT)))
def test_reports(report):
    text = serial.dump_report(canonical(report))
    assert serial.load_report(text) == serial.load_report(as_jsonb(text)) == report


def test_no_facts_are_no_facts():
    assert serial.dump_facts(None) is None


@pytest.mark.parametrize(
    ("load", "text"),
    [
        (serial.load_facts, "null"),
        (serial.load_facts, "{}"),
        (serial.load_facts, ""),
        (serial.load_answer, "{}"),
        (serial.load_answer, '{"shouted": {}}'),
        (serial.load_answer, '{"not_asked": null}'),
        (serial.load_answer, '{"not_asked": {"why": "offline", "more": 1}}'),
        (serial.load_answer, '{"not_asked": {"why": "later"}}'),
        (serial.load_answer, '{"unreachable": {"why": "offline", "detail": ""}}'),
        (serial.load_evidence, "{}"),
        (serial.load_report, "[]"),
    ],
)
def test_what_does_not_fit_is_refused(load, text):
    assert serial.load_answer('{"not_asked": {"why": "offline"}}') == NotAsked(Unasked.OFFLINE)
    with pytest.raises(Malformed):
        load(text)


def test_contradicting_evidence_is_refused_on_the_way_back():
    """The domain's own rules hold for what is stored: a forged row is no evidence."""
    good = Evidence(CheckName.BOUND, WHOLE, Outcome.PASSED)
    text = serial.dump_evidence((good,))
    assert serial.load_evidence(text) == (good,)
    with pytest.raises(Malformed):
        serial.load_evidence(text.replace('"passed"', '"failed"'))


def test_a_refusal_tells_no_content():
    with pytest.raises(Malformed) as caught:
        serial.load_answer('{"not_asked": {"why": "canary-4711"}}')
    assert "canary" not in str(caught.value)


def test_an_object_of_no_known_kind_is_not_written():
    with pytest.raises(Exception, match="no stored form"):
        serial.dump_facts({"a": object()})
