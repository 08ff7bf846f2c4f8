"""The question as it goes out, member by member against docs/ivp.md."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.crypto.jose import JsonLimits, base64url, read_json_object, split_compact, to_base64url
from app.domain.issuer import Inquiry, Speaker
from app.domain.license import Claims, Fact
from app.federation.wire import FactsNotPrivate, NothingToAsk, Question, compose
from sandbox.jwe import open_facts
from sandbox.keys import EcKey
from tests.federation.asking import NODE, SIGNER
from tests.federation.hostile import IDENTIFIER, ISSUER, endpoint

NOW = datetime(2026, 11, 25, 8, 0, 0, 999999, tzinfo=UTC)
ISSUER_KEY = EcKey(12345)
JWK = json.dumps({**ISSUER_KEY.jwk(), "kid": "facts-1"})
ALL = frozenset(Fact) - {Fact.IDENTIFIER}
CLAIMS = Claims(
    identifier=IDENTIFIER,
    type=IDENTIFIER.type,
    number="证字第1号",
    holder="张三",
    holder_code="11010519491231002X",
    valid_from=date(2024, 1, 1),
    valid_until=date(2034, 1, 1),
)
INQUIRY = Inquiry(
    endpoint=endpoint(443, "issuer.example", "https", encryption_jwk=JWK),
    identifier=IDENTIFIER,
    type=IDENTIFIER.type,
    claims=CLAIMS,
    compare=ALL,
    digests={"sm3": b"\x01" * 32, "sha256": b"\x02" * 32},
    purpose="public-check",
    at=None,
)


def asked(inquiry: Inquiry = INQUIRY, *, private: bool = False) -> Question:
    return compose(inquiry, node=NODE, signer=SIGNER, now=NOW, jti="j" * 22, private=private)


def payload_of(question: Question) -> dict[str, object]:
    return read_json_object(split_compact(question.token).payload, JsonLimits())


def test_the_whole_question():
    question = asked()
    compact = split_compact(question.token)
    assert dict(compact.header) == {"typ": "ivp-inquiry+jwt", "alg": "EdDSA", "kid": "node-key-1"}
    SIGNER.key.public_key().verify(compact.signature, compact.signing_input)
    payload = payload_of(question)
    sealed = payload.pop("facts_jwe")
    assert payload == {
        "iss": NODE,
        "aud": ISSUER,
        "iat": 1795593600,
        "exp": 1795593660,
        "jti": "j" * 22,
        "identifier": str(IDENTIFIER),
        "compare": ["dates", "holder", "holder_code", "number", "type"],
        "purpose": "public-check",
        "via": [NODE],
        "documents": [
            {"alg": "sha256", "value": to_base64url(b"\x02" * 32)},
            {"alg": "sm3", "value": to_base64url(b"\x01" * 32)},
        ],
    }
    assert open_facts(str(sealed), ISSUER_KEY) == {
        "number": "证字第1号",
        "type": IDENTIFIER.type,
        "holder": "张三",
        "holder_code": "11010519491231002X",
        "dates": {"from": "2024-01-01", "until": "2034-01-01"},
    }
    assert question.digest == to_base64url(hashlib.sha256(question.token).digest())
    assert base64url(question.digest, "digest") == hashlib.sha256(question.token).digest()


@pytest.mark.parametrize(
    ("dates", "sent"),
    [
        ({"valid_until": None, "long_term": True}, {"from": "2024-01-01", "until": "长期"}),
        ({"valid_until": None}, {"from": "2024-01-01", "until": None}),
        ({"valid_from": None}, {"from": None, "until": "2034-01-01"}),
    ],
)
def test_dates(dates: dict[str, object], sent: dict[str, object]):
    inquiry = replace(INQUIRY, claims=replace(CLAIMS, **dates))  # type: ignore[arg-type]
    facts = open_facts(str(payload_of(asked(inquiry))["facts_jwe"]), ISSUER_KEY)
    assert facts["dates"] == sent


def test_only_what_is_stated_is_compared():
    """A fact that is to be compared and not there is neither sent nor asked about."""
    bare = Claims(identifier=IDENTIFIER, holder="张三")
    question = asked(replace(INQUIRY, claims=bare))
    assert payload_of(question)["compare"] == ["holder"]
    assert question.compare == {Fact.HOLDER}


def test_only_what_is_compared_is_sent():
    payload = payload_of(asked(replace(INQUIRY, compare=frozenset({Fact.TYPE}))))
    assert open_facts(str(payload["facts_jwe"]), ISSUER_KEY) == {"type": IDENTIFIER.type}


def test_nothing_to_compare_sends_no_facts():
    payload = payload_of(asked(replace(INQUIRY, compare=frozenset())))
    assert payload["compare"] == []
    assert not {"facts", "facts_jwe"} & payload.keys()


def test_by_number():
    payload = payload_of(asked(replace(INQUIRY, identifier=None)))
    assert "identifier" not in payload
    assert (payload["number"], payload["type"]) == ("证字第1号", IDENTIFIER.type)


@pytest.mark.parametrize("missing", ["number", "type"])
def test_nothing_to_ask(missing: str):
    gone = replace(INQUIRY, identifier=None)
    gone = (
        replace(gone, type=None)
        if missing == "type"
        else replace(gone, claims=replace(CLAIMS, number=None))
    )
    with pytest.raises(NothingToAsk):
        asked(gone)


def test_at():
    at = datetime(2025, 1, 1, tzinfo=UTC)
    assert payload_of(asked(replace(INQUIRY, at=at)))["at"] == 1735689600


def test_no_file_no_documents():
    question = asked(replace(INQUIRY, digests={}))
    assert "documents" not in payload_of(question)
    assert not question.shown
    assert asked().shown


def with_key(jwk: str | None) -> Inquiry:
    return replace(INQUIRY, endpoint=replace(INQUIRY.endpoint, encryption_jwk=jwk))


def test_facts_in_clear_only_in_private():
    assert "facts_jwe" in payload_of(asked(private=True))  # sealed even then, where there is a key
    assert payload_of(asked(with_key(None), private=True))["facts"]
    with pytest.raises(FactsNotPrivate, match="no encryption key"):
        asked(with_key(None))


def at_platform(inquiry: Inquiry) -> Inquiry:
    return replace(inquiry, endpoint=replace(inquiry.endpoint, speaker=Speaker.UPSTREAM))


def test_a_platform_without_a_key_is_asked_without_facts():
    """It hands on what it gets, and can compare nothing; the twin is the issuer, who is not asked."""
    question = asked(at_platform(with_key(None)))
    payload = payload_of(question)
    assert not {"facts", "facts_jwe"} & payload.keys()
    assert (payload["compare"], question.compare) == ([], frozenset())
    assert payload["identifier"] == str(IDENTIFIER)
    assert len(payload["documents"]) == 2
    with pytest.raises(FactsNotPrivate, match="no encryption key"):
        asked(with_key(None))


def test_a_platform_that_can_read_facts_is_told_them():
    assert "facts_jwe" in payload_of(asked(at_platform(INQUIRY)))
    assert payload_of(asked(at_platform(with_key(None)), private=True))["facts"]


def test_a_number_is_asked_of_no_platform_without_its_holder():
    by_number = replace(at_platform(with_key(None)), identifier=None)
    with pytest.raises(FactsNotPrivate, match="no encryption key"):
        asked(by_number)


def test_a_platforms_key_that_cannot_be_used_is_no_missing_one():
    with pytest.raises(FactsNotPrivate, match="kty"):
        asked(at_platform(with_key("{}")))


@pytest.mark.parametrize("private", [True, False])
def test_a_key_that_cannot_be_used_is_not_replaced_by_clear_text(private: bool):
    with pytest.raises(FactsNotPrivate, match="kty"):
        asked(with_key("{}"), private=private)


def test_a_question_shows_nothing_when_printed():
    assert "张三" not in repr(asked(with_key(None), private=True))
    assert "ey" not in repr(asked())
