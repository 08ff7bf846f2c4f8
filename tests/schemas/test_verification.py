"""Requests, strictly: every complaint names the field and the fix, and repeats nothing."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.errors import Refused
from app.domain.license import LicenseFormat
from app.domain.policies import POLICIES, policy_for
from app.schemas.verification import MAX_TOKEN, TermsIn, VerificationIn, refused
from tests.world import IDENTIFIER, NOW, TYPE

TOKEN = {"token": "eyJ0eXAiOiJsaWNlbnNlK2p3dCJ9.e30.AA"}
FACTS = {"identifier": str(IDENTIFIER), "holder": "青海样例有限公司", "number": "N-1"}
BY_NUMBER = {"number": "N-1", "type": str(TYPE), "holder": "青海样例有限公司"}
SECRET = "SECRETVALUE"
OF_TOKENS = policy_for(LicenseFormat.JWS).name
OF_FACTS = policy_for(LicenseFormat.FACTS).name


def told(body: object) -> tuple[str, str]:
    """Field and fix of the complaint, the same by JSON text and by parsed values."""
    found = []
    for read in (VerificationIn.model_validate, _by_text):
        with pytest.raises(ValidationError) as caught:
            read(body)
        answer = refused(caught.value)
        assert SECRET not in f"{answer.field} {answer}"
        if not (isinstance(body, dict) and SECRET in "".join(body)):  # but for names of members
            assert SECRET not in str(caught.value)
        found.append((answer.field, str(answer)))
    assert found[0] == found[1]
    return found[0]


def _by_text(body: object) -> VerificationIn:
    return VerificationIn.model_validate_json(json.dumps(body))


@pytest.mark.parametrize(
    "body",
    [
        TOKEN,
        FACTS,
        BY_NUMBER,
        {**TOKEN, "policy": OF_TOKENS, "purpose": "bank-account", "matter": "11370800MB"},
        {**FACTS, "policy": OF_FACTS, "max_status_age": 0, "holder_code": "91630000M000100Y43"},
        {**BY_NUMBER, "issuer": "630100", "valid_from": "2024-02-29", "valid_until": "长期"},
        {**TOKEN, "at": "2026-10-01T08:00:00+08:00", "holder": None},
    ],
)
def test_what_is_taken(body: dict[str, Any]) -> None:
    assert VerificationIn.model_validate(body) == _by_text(body)


def test_every_example_in_the_schema_is_taken() -> None:
    examples = VerificationIn.model_json_schema()["examples"]
    assert len(examples) == 4
    assert {name for each in examples for name in ("token", "digests") if name in each} == {
        "token",
        "digests",
    }
    for example in examples:
        VerificationIn.model_validate(example)


def test_values_arrive_as_they_are_meant() -> None:
    taken = VerificationIn.model_validate(
        {**FACTS, "at": "2026-10-01T08:00:00+08:00", "valid_from": "2024-01-01"}
    )
    assert taken.at == datetime(2026, 10, 1, tzinfo=UTC)
    assert taken.valid_from == date(2024, 1, 1)
    assert taken.purpose is None  # then it is the one the caller may state
    again = VerificationIn.model_validate(taken.model_dump(exclude_none=True))
    assert again == taken


@pytest.mark.parametrize(
    ("body", "field", "fix"),
    [
        ({}, "body", "nothing to verify"),
        ([], "body", "a JSON object"),
        (5, "body", "a JSON object"),
        ({"purpose": "x"}, "body", "nothing to verify"),
        ({"token": None}, "body", "nothing to verify"),
        ({**TOKEN, "holder": SECRET}, "token", "leave out holder"),
        ({**TOKEN, **FACTS}, "token", "leave out holder, identifier, number"),
        ({"holder": SECRET}, "identifier", "names no license"),
        ({"number": SECRET}, "type", "a number needs its type"),
        ({"type": str(TYPE)}, "identifier", "names no license"),
        ({**TOKEN, "policy": OF_FACTS}, "policy", OF_TOKENS),
        ({**FACTS, "policy": OF_TOKENS}, "policy", OF_FACTS),
        ({**FACTS, "policy": SECRET}, "policy", OF_FACTS),
        ({**FACTS, "identifier": SECRET}, "identifier", "root.type.issuer"),
        ({**FACTS, "identifier": SECRET * 99}, "identifier", "160"),
        ({**BY_NUMBER, "type": SECRET}, "type", "21 capital letters"),
        ({**BY_NUMBER, "issuer": SECRET}, "issuer", "18 characters"),
        ({"token": ""}, "token", "empty"),
        ({"token": "x" * (MAX_TOKEN + 1)}, "token", str(MAX_TOKEN)),
        ({"token": 5}, "token", "text"),
        ({"token": True}, "token", "text"),
        ({"token": [SECRET]}, "token", "text"),
        ({**FACTS, "holder": " \t"}, "holder", "only spaces"),
        ({**FACTS, "holder": SECRET + "\x00"}, "holder", "control characters"),
        ({**FACTS, "holder": "x" * 257}, "holder", "256"),
        ({**BY_NUMBER, "number": "N\u200b-1"}, "number", "type it again"),
        ({**BY_NUMBER, "holder_code": "\ufeff12"}, "holder_code", "type it again"),
        ({**FACTS, "number": 17}, "number", "text"),
        ({**TOKEN, "at": "2026-10-01"}, "at", "offset"),
        ({**TOKEN, "at": "2026-10-01T08:00:00"}, "at", "offset"),
        ({**TOKEN, "at": "2026-13-01T08:00:00Z"}, "at", "offset"),
        ({**TOKEN, "at": 1790000000}, "at", "offset"),
        ({**TOKEN, "at": SECRET}, "at", "offset"),
        ({**TOKEN, "at": "２０26-10-01T08:00:00Z"}, "at", "offset"),
        ({**TOKEN, "max_status_age": "600"}, "max_status_age", "whole seconds"),
        ({**TOKEN, "max_status_age": 1.5}, "max_status_age", "whole seconds"),
        ({**TOKEN, "max_status_age": True}, "max_status_age", "whole seconds"),
        ({**TOKEN, "max_status_age": -1}, "max_status_age", "whole seconds"),
        ({**TOKEN, "max_status_age": 10**12}, "max_status_age", "whole seconds"),
        ({**TOKEN, "purpose": SECRET}, "purpose", "lower-case"),
        ({**TOKEN, "purpose": ""}, "purpose", "lower-case"),
        ({**TOKEN, "purpose": "a\n"}, "purpose", "lower-case"),
        ({**TOKEN, "matter": "中文"}, "matter", "事项编码"),
        ({**FACTS, "valid_from": "01.02.2026"}, "valid_from", "a date"),
        ({**FACTS, "valid_from": "2026-02-30"}, "valid_from", "a date"),
        ({**FACTS, "valid_from": "长期"}, "valid_from", "a date"),
        ({**FACTS, "valid_until": SECRET}, "valid_until", "长期"),
        ({**TOKEN, "url": SECRET}, "url", "unknown field"),
        ({**TOKEN, f"<b>{SECRET}</b>": 1}, "body", "unknown field"),
        ({**TOKEN, "x" * 65: 1}, "body", "unknown field"),
    ],
)
def test_what_is_refused_names_field_and_fix(body: object, field: str, fix: str) -> None:
    named, message = told(body)
    assert named == field
    assert fix in message


def test_broken_json_is_about_the_body() -> None:
    for text in (b"{", b"", b"\xff", b'{"token": "' + SECRET.encode(), b'{"token":"\\ud800"}'):
        with pytest.raises(ValidationError) as caught:
            VerificationIn.model_validate_json(text)
        answer = refused(caught.value)
        assert answer.field in ("body", "token")
        assert SECRET not in str(answer)


bodies = st.dictionaries(
    st.sampled_from([*VerificationIn.model_fields, "extra"]),
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=30)
    | st.lists(st.text(max_size=3), max_size=2)
    | st.sampled_from([*POLICIES, str(IDENTIFIER), str(TYPE), "630100", "2026-01-01"]),
)


@given(bodies)
def test_any_object_is_taken_or_refused_with_a_field(body: dict[str, Any]) -> None:
    try:
        VerificationIn.model_validate(body)
    except ValidationError as exc:
        answer = refused(exc)
        assert answer.field in {*VerificationIn.model_fields, "extra", "body"}
        assert str(answer)


# ---- the text fields of a form


def test_a_form_is_read_as_text() -> None:
    terms = TermsIn.of_form({"max_status_age": "600", "at": "2026-10-01T00:00:00Z"})
    assert (terms.max_status_age, terms.at) == (600, datetime(2026, 10, 1, tzinfo=UTC))
    assert TermsIn.of_form({}) == TermsIn()


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"max_status_age": "6e2"}, "max_status_age"),
        ({"max_status_age": "-1"}, "max_status_age"),
        ({"max_status_age": "６００"}, "max_status_age"),
        ({"max_status_age": "9" * 5000}, "max_status_age"),
        ({"max_status_age": ""}, "max_status_age"),
        ({"token": "x"}, "token"),
        ({"policy": "none"}, "policy"),
        ({"at": "now"}, "at"),
    ],
)
def test_a_form_that_is_refused(texts: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TermsIn.of_form(texts)
    assert refused(caught.value).field == field


def test_nobody_can_ask_for_a_time_to_come() -> None:
    for late, message in ((timedelta(minutes=1), ""), (timedelta(minutes=2), "in the future")):
        terms = TermsIn.model_validate({"at": NOW + late})
        if not message:
            terms.not_in_future(NOW)
            continue
        with pytest.raises(Refused, match=message) as caught:
            terms.not_in_future(NOW)
        assert caught.value.field == "at"
    TermsIn().not_in_future(NOW)
