"""Reading answers: the good one beside every way to be another, each with its own word."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.identifier import TypeCode
from app.domain.issuer import (
    Answered,
    AnswerKey,
    Code,
    Endpoint,
    Inquiry,
    Match,
    Silence,
    Speaker,
    State,
    Unreachable,
)
from app.domain.license import Claims, Fact, KeyId
from app.domain.scheme import Scheme
from app.federation.answer import read_signed, read_unsigned
from app.federation.wire import Question, compose
from sandbox.keys import b64
from tests.federation.asking import NODE, SIGNER
from tests.federation.hostile import ANSWER_KEY, IDENTIFIER, ISSUER, endpoint, sign

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
T = int(NOW.timestamp())
WHERE = endpoint(443, "issuer.example", "https")
OTHER = "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000002.001.0"


def question(**changes: object) -> Question:
    inquiry = Inquiry(
        endpoint=WHERE,
        identifier=IDENTIFIER,
        type=IDENTIFIER.type,
        claims=Claims(identifier=IDENTIFIER, number="N-1", holder="张三", holder_code="X"),
        compare=frozenset({Fact.NUMBER, Fact.HOLDER}),
        digests={"sm3": b"\x01" * 32},
        purpose="public-check",
        at=None,
    )
    asked = replace(inquiry, **changes)  # type: ignore[arg-type]
    return compose(asked, node=NODE, signer=SIGNER, now=NOW, jti="j" * 22, private=True)


ASKED = question()
SAID: dict[str, object] = {
    "iss": ISSUER,
    "aud": NODE,
    "iat": T + 1,
    "inquiry": ASKED.digest,
    "identifier": str(IDENTIFIER),
    "type": IDENTIFIER.type,
    "version": "001",
    "outcome": 0,
    "state": "issued",
    "document": "match",
    "facts": {"number": "match", "holder": "unknown"},
    "as_of": T,
}


def read(
    body: bytes, asked: Question = ASKED, where: Endpoint = WHERE, now: datetime = NOW
) -> Answered | Unreachable:
    return read_signed(body, asked, where, now=now, authenticated=True)


def said(without: str = "", asked: Question = ASKED, **changes: object) -> Answered | Unreachable:
    payload = {k: v for k, v in {**SAID, **changes}.items() if k != without}
    return read(sign(payload), asked)


def test_the_good_answer():
    assert said(
        since="2024-01-01", until="2034-01-01", next_update=T + 60, successor=OTHER, weather="fine"
    ) == Answered(
        code=Code.IN_FORCE,
        document=Match.MATCH,
        facts={Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.UNKNOWN},
        speaker=Speaker.ISSUER,
        signed=True,
        authenticated=True,
        as_of=NOW,
        next_update=NOW + timedelta(seconds=60),
        state=State.ISSUED,
        since=date(2024, 1, 1),
        until=date(2034, 1, 1),
        successor=replace(IDENTIFIER, serial="2024000002", check="0"),
        token=sign(
            {
                **SAID,
                "since": "2024-01-01",
                "until": "2034-01-01",
                "next_update": T + 60,
                "successor": OTHER,
                "weather": "fine",
            }
        ).decode(),
        algorithms=(Scheme.ED25519,),
    )


def test_the_least_an_answer_says():
    answer = said(without="type", version=None, state=None, document="unknown", facts={})
    assert isinstance(answer, Answered), answer
    assert (answer.state, answer.since, answer.successor) == (None, None, None)
    assert answer.facts == {Fact.NUMBER: Match.UNKNOWN, Fact.HOLDER: Match.UNKNOWN}


@pytest.mark.parametrize("code", Code)
def test_every_code(code: Code):
    answer = said(outcome=int(code), state=None)
    assert isinstance(answer, Answered)
    assert answer.code is code


@pytest.mark.parametrize("state", State)
def test_every_state(state: State):
    answer = said(outcome=3, state=state.value)
    assert isinstance(answer, Answered)
    assert answer.state is state


def test_the_speaker_is_the_routes_and_not_the_answers():
    upstream = replace(WHERE, speaker=Speaker.UPSTREAM)
    answer = read(sign({**SAID, "speaker": "issuer"}), where=upstream)
    assert isinstance(answer, Answered)
    assert answer.speaker is Speaker.UPSTREAM
    assert not answer.authoritative


M, Q, P, C, S = (
    Silence.MALFORMED,
    Silence.WRONG_QUESTION,
    Silence.WRONG_PARTY,
    Silence.CLOCK,
    Silence.SIGNATURE,
)
BAD: dict[str, tuple[Silence, str, dict[str, object]]] = {
    "another issuer": (P, "iss", {"iss": "11630000MB00000190"}),
    "issuer in lower case": (P, "iss", {"iss": ISSUER.lower()}),
    "another node": (P, "aud", {"aud": "other-node"}),
    "aud list": (M, "aud: not a string", {"aud": [NODE]}),
    "iss null": (M, "iss: missing", {"iss": None}),
    "another question": (Q, "inquiry", {"inquiry": "A" * 43}),
    "digest padded": (Q, "inquiry", {"inquiry": ASKED.digest + "="}),
    "digest in hexadecimal": (Q, "inquiry", {"inquiry": "00" * 32}),
    "digest number": (M, "inquiry: not a string", {"inquiry": 0}),
    "another license": (Q, "identifier", {"identifier": OTHER, "version": None}),
    "identifier null": (Q, "identifier", {"identifier": None}),
    "identifier in lower case": (M, "identifier", {"identifier": str(IDENTIFIER).lower()}),
    "identifier with a space": (M, "identifier", {"identifier": f"{IDENTIFIER} "}),
    "identifier other check": (Q, "identifier", {"identifier": str(IDENTIFIER)[:-1] + "C"}),
    "another type": (Q, "type", {"type": "11100000MB03271699002"}),
    "another version": (Q, "version", {"version": "002"}),
    "version number": (M, "version: not a string", {"version": 1}),
    "made before the question": (C, "before", {"iat": T - 61}),
    "made in the future": (C, "future", {"iat": T + 61}),
    "true in the future": (C, "as_of", {"as_of": T + 61}),
    "iat text": (M, "iat: not an integer", {"iat": str(T)}),
    "iat true": (M, "iat: not an integer", {"iat": True}),
    "iat out of the calendar": (M, "iat: not a time", {"iat": 2**53 - 1}),
    "as_of before the calendar": (M, "as_of: not a time", {"as_of": -(2**53) + 1}),
    "next_update out of the calendar": (M, "next_update", {"next_update": 2**52}),
    "outcome 8": (M, "outcome: not a code", {"outcome": 8}),
    "outcome -1": (M, "outcome: not a code", {"outcome": -1}),
    "outcome text": (M, "outcome: not an integer", {"outcome": "0"}),
    "outcome false": (M, "outcome: not an integer", {"outcome": False}),
    "outcome null": (M, "outcome: missing", {"outcome": None}),
    "outcome list": (M, "outcome: not an integer", {"outcome": [0]}),
    "state unknown": (M, "state", {"state": "fine", "outcome": 3}),
    "state in capitals": (M, "state", {"state": "Issued"}),
    "in force and revoked": (M, "contradicts", {"state": "revoked"}),
    "in force and suspended": (M, "contradicts", {"state": "suspended"}),
    "in force and void": (M, "contradicts", {"state": "void"}),
    "document yes": (M, "document", {"document": "yes"}),
    "document true": (M, "document: not a string", {"document": True}),
    "document mismatch": (M, "document", {"document": "mismatch"}),
    "facts list": (M, "facts: not an object", {"facts": ["number"]}),
    "fact true": (M, "facts: number", {"facts": {"number": True}}),
    "fact differs": (M, "facts: number", {"facts": {"number": "differs"}}),
    "fact null": (M, "facts: holder", {"facts": {"holder": None}}),
    "since in words": (M, "since", {"since": "yesterday"}),
    "since without dashes": (M, "since", {"since": "20240101"}),
    "since no day": (M, "since", {"since": "2024-02-30"}),
    "until a number": (M, "until: not a string", {"until": T}),
    "successor itself": (
        M,
        "successor",
        {"successor": str(IDENTIFIER), "outcome": 3, "state": None},
    ),
    "successor text": (M, "successor", {"successor": "x"}),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str):
    why, detail, changes = BAD[name]
    answer = said(**changes)
    assert isinstance(answer, Unreachable), answer
    assert answer.why is why, answer
    assert detail in answer.detail, answer
    assert isinstance(said(), Answered)


@pytest.mark.parametrize(
    "name", ["iss", "aud", "iat", "inquiry", "outcome", "document", "facts", "as_of"]
)
def test_missing(name: str):
    answer = said(without=name)
    assert answer == Unreachable(Silence.MALFORMED, f"{name}: missing")


def test_identifier_missing():
    assert said(without="identifier") == Unreachable(
        Silence.WRONG_QUESTION, "identifier is not the one asked about"
    )


@pytest.mark.parametrize(("off", "good"), [(60, True), (61, False), (-60, True), (-61, False)])
def test_a_clock_may_be_off_by_a_minute(off: int, good: bool):
    assert isinstance(said(iat=T + off), Answered) is good


def test_data_may_be_old_and_what_that_is_worth_is_the_policys():
    answer = said(as_of=T - 86400)
    assert isinstance(answer, Answered)
    assert answer.as_of == NOW - timedelta(days=1)


def test_facts_that_were_not_asked_about_are_not_listened_to():
    answer = said(facts={"number": "match", "holder_code": "match", "age": 7, "type": "mismatch"})
    assert isinstance(answer, Answered)
    assert answer.facts == {Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.UNKNOWN}


@pytest.mark.parametrize("word", ["match", "differs"])
def test_a_file_that_was_not_shown_is_not_spoken_of(word: str):
    asked = question(digests={})
    refused = said(asked=asked, inquiry=asked.digest, document=word)
    assert isinstance(refused, Unreachable)
    assert refused.why is Silence.WRONG_QUESTION
    assert isinstance(said(asked=asked, inquiry=asked.digest, document="unknown"), Answered)


def test_by_number_the_issuer_names_the_license():
    asked = question(identifier=None)
    found = said(asked=asked, inquiry=asked.digest)
    assert isinstance(found, Answered)
    nothing = said(asked=asked, inquiry=asked.digest, identifier=None, outcome=5, state=None)
    assert isinstance(nothing, Answered)
    other = question(identifier=None, type=TypeCode("11100000MB03271699002"))
    refused = said(asked=other, inquiry=other.digest, type=None)
    assert isinstance(refused, Unreachable)
    assert (refused.why, refused.detail) == (Q, "identifier is of another type")


# ---- the signature

GOOD = sign(SAID)
P256 = ec.derive_private_key(7, ec.SECP256R1())
P256_KEY = AnswerKey(
    KeyId("raw-1"),
    Scheme.ECDSA_P256_SHA256,
    P256.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
)


def unsigned_header(**header: object) -> bytes:
    head = json.dumps({"typ": "ivp-answer+jwt", "alg": "EdDSA", "kid": "raw-1", **header})
    return b".".join((b64(head.encode()).encode(), *GOOD.split(b".")[1:]))


FORGED: dict[str, tuple[Silence, str, bytes]] = {
    "payload replaced": (
        S,
        "",
        b".".join((GOOD.split(b".")[0], b64(json.dumps(SAID).encode()).encode(), b"A" * 86)),
    ),
    "value flipped": (S, "", GOOD[:-3] + (b"A" if GOOD[-3:-2] != b"A" else b"B") + GOOD[-2:]),
    "value cut": (S, "", GOOD[:-2]),
    "value longer": (S, "", GOOD + b"AAAA"),
    "kid of nobody": (S, "kid", sign(SAID, kid="raw-2")),
    "kid in capitals": (S, "kid", sign(SAID, kid="RAW-1")),
    "alg none": (S, "alg", sign(SAID, alg="none")),
    "alg None": (S, "alg", sign(SAID, alg="None")),
    "alg HS256": (S, "alg", sign(SAID, alg="HS256")),
    "alg ES256": (S, "alg", sign(SAID, alg="ES256")),
    "alg empty": (S, "alg", sign(SAID, alg="")),
    "alg in lower case": (S, "alg", sign(SAID, alg="eddsa")),
    "typ of a license": (M, "typ", sign(SAID, typ="license+jwt")),
    "typ of an inquiry": (M, "typ", sign(SAID, typ="ivp-inquiry+jwt")),
    "typ JWT": (M, "typ", sign(SAID, typ="JWT")),
    "header swapped": (M, "typ", unsigned_header(typ="JWT")),
    "own key in the header": (M, "jwk", sign(SAID, jwk={"kty": "OKP"})),
    "key address in the header": (M, "jku", sign(SAID, jku="https://a.example")),
    "detached": (M, "payload", GOOD.split(b".")[0] + b".." + GOOD.split(b".")[2]),
    "empty": (M, "three parts", b""),
    "over the cap": (M, "over 65536", GOOD + b"A" * 65536),
    "our own question": (M, "typ", ASKED.token),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged(name: str):
    why, detail, body = FORGED[name]
    answer = read(body)
    assert isinstance(answer, Unreachable), answer
    assert answer.why is why, answer
    assert detail in answer.detail, answer
    assert isinstance(read(GOOD), Answered)


def test_both_names_of_ed25519():
    assert isinstance(read(sign(SAID, alg="Ed25519")), Answered)


def test_no_key_no_answer():
    assert isinstance(read(GOOD, where=replace(WHERE, answer_keys=())), Unreachable)


def test_the_key_decides_the_scheme():
    """The same kid registered for ECDSA: the token's alg does not make it Ed25519."""
    answer = read(GOOD, where=replace(WHERE, answer_keys=(P256_KEY,)))
    assert isinstance(answer, Unreachable)
    assert (answer.why, answer.detail) == (S, "alg is not that of the registered key")


def test_a_key_that_does_not_fit_its_scheme_verifies_nothing():
    odd = replace(ANSWER_KEY, spki=P256_KEY.spki)
    answer = read(GOOD, where=replace(WHERE, answer_keys=(odd,)))
    assert isinstance(answer, Unreachable)
    assert answer.why is S


# ---- unsigned


def test_unsigned():
    body = json.dumps(SAID).encode()
    answer = read_unsigned(body, ASKED, WHERE, now=NOW, authenticated=True)
    assert isinstance(answer, Answered)
    assert (answer.signed, answer.authenticated, answer.token) == (False, True, "")
    assert not answer.authoritative
    signed = read_unsigned(GOOD, ASKED, WHERE, now=NOW, authenticated=True)
    assert isinstance(signed, Unreachable)


@pytest.mark.parametrize("name", BAD)
def test_unsigned_is_read_as_strictly(name: str):
    why, detail, changes = BAD[name]
    body = json.dumps({**SAID, **changes}).encode()
    answer = read_unsigned(body, ASKED, WHERE, now=NOW, authenticated=True)
    assert isinstance(answer, Unreachable), answer
    assert answer.why is why
    assert detail in answer.detail


# ---- whatever comes

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.sampled_from(["match", "issued", str(IDENTIFIER), OTHER, ISSUER, NODE, ASKED.digest, ""])
    | st.text("0-Zß证", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["number", "holder", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*SAID, "since", "until", "successor", "next_update"]), VALUES)
)
@example({"facts": {"number": {}}})
@example({"iat": 2**53})
def test_any_payload_is_an_answer_or_a_word(changes: dict[str, object]):
    """Signed by the right key, with any members: nothing is raised, and the echo always holds."""
    answer = said(**changes)
    if isinstance(answer, Answered):
        whole = {**SAID, **changes}
        assert (whole["iss"], whole["aud"]) == (ISSUER, NODE)
        assert (whole["inquiry"], whole["identifier"]) == (ASKED.digest, str(IDENTIFIER))
        assert answer.code == whole["outcome"]
        assert set(answer.facts) == {Fact.NUMBER, Fact.HOLDER}
    else:
        assert isinstance(answer.why, Silence)


@given(st.binary(max_size=200))
def test_any_bytes_are_no_answer(body: bytes):
    assert isinstance(read(body), Unreachable)
    answer = read_unsigned(body, ASKED, WHERE, now=NOW, authenticated=True)
    assert isinstance(answer, Unreachable)


@given(st.integers(0, len(GOOD) - 1), st.sampled_from(range(256)))
def test_one_changed_byte_is_no_answer(place: int, value: int):
    changed = GOOD[:place] + bytes([value]) + GOOD[place + 1 :]
    assert isinstance(read(changed), Answered) is (changed == GOOD)


@given(st.integers(0, len(GOOD) - 1))
def test_a_cut_answer_is_no_answer(place: int):
    assert isinstance(read(GOOD[:place]), Unreachable)
