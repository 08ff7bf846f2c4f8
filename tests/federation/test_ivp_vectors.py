"""docs/ivp-vectors: the same bytes when made anew, and two readers who find what they promise.

Our own reader of inquiries and the sandbox's, written apart from it, judge the same tokens; our own
reader of answers judges the answers, a relay's among them.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.crypto.jose import JsonLimits, read_json_object, split_compact
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import (
    Answered,
    AnswerKey,
    Code,
    Endpoint,
    HomeKeys,
    Relaying,
    Speaker,
    Unreachable,
)
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.federation.answer import read_signed, read_unsigned
from app.federation.inquiries import (
    InquiryRefused,
    check_inquiry,
    compose_answer,
    read_inquiry,
    said_here,
    verify_inquiry,
)
from app.federation.wire import Question, digest_of
from sandbox.inquiry import Refusal
from sandbox.inquiry import read_inquiry as sandbox_read
from sandbox.jwe import open_facts
from sandbox.keys import EcKey
from sandbox.nodes import Nodes
from tests import ivp_vectors as vectors

NOW = datetime.fromtimestamp(vectors.NOW, UTC)
KNOWN = {node: vectors.KEYS[node] for node in vectors.NODES}


def stored(name: str) -> Any:
    return json.loads((vectors.FOLDER / f"{name}.json").read_text("utf-8"))


def test_made_anew_they_are_the_same():
    fresh = vectors.files()
    assert {path.stem for path in vectors.FOLDER.glob("*.json")} == set(fresh)
    for name, content in fresh.items():
        assert stored(name) == json.loads(json.dumps(content)), "python -m tests.ivp_vectors"


INQUIRIES = stored("inquiries")


def test_there_are_many_more_negatives():
    refused = [each for each in INQUIRIES if "error" in each["expect"]]
    assert len(refused) > 2 * (len(INQUIRIES) - len(refused)) > 10
    assert len({each["name"] for each in INQUIRIES}) == len(INQUIRIES)


def judged(token: bytes) -> dict[str, Any]:
    """What an answerer makes of it, as `Answering` does but for what needs tables."""
    try:
        compact, asked = read_inquiry(token)
        verify_inquiry(compact, _key(asked.node, compact.kid))
        check_inquiry(asked, body=vectors.ISSUER, node="issuer-node", now=NOW)
        if asked.enclosed is not None:
            inner, _ = read_inquiry(asked.enclosed.token)
            if (first := _key(asked.enclosed.node, inner.kid)) is not None:
                verify_inquiry(inner, first)
    except InquiryRefused as refused:
        return {"status": refused.status, "error": refused.word}
    return {"answered": True}


def _key(node: str, kid: str) -> AnswerKey | None:
    held = KNOWN.get(node)
    if held is None or held.kid != kid:
        return None
    return AnswerKey(KeyId(kid), Scheme.ED25519, held.spki)


@pytest.mark.parametrize("case", INQUIRIES, ids=lambda case: case["name"])
def test_an_inquiry_is_taken_or_refused_by_its_word(case):
    assert judged(case["token"].encode()) == case["expect"]


LENIENT = {
    # The sandbox is an issuer, and an issuer need not be as strict about what harms only the asker.
    *("a short jti", "two licenses named", "no identifier of GB/T 36904", "ends before it begins"),
    *("a digest of another length", "an unknown digest", "about a seal"),
    *("a fourth hop", "handed on, longer alive than what it encloses"),
}


@pytest.mark.parametrize(
    "case", [each for each in INQUIRIES if each["name"] not in LENIENT], ids=lambda c: c["name"]
)
async def test_the_sandbox_reads_them_likewise(case):
    nodes = Nodes()
    for node, held in KNOWN.items():
        public = {name: value for name, value in held.jwk().items() if name != "d"}
        nodes.add({"node": node, "keys": [public]})
    taken = True
    try:
        await sandbox_read(
            case["token"].encode(), audience=frozenset({vectors.ISSUER}), nodes=nodes, now=NOW
        )
    except Refusal:
        taken = False
    assert taken == ("answered" in case["expect"])


def asked(token: str, aud: str) -> Question:
    payload = read_json_object(split_compact(token.encode()).payload, JsonLimits())
    identifier = Identifier.read(str(payload["identifier"]))
    return Question(
        token=token.encode(),
        node="node-a",
        issuer=IssuerCode(aud),
        identifier=str(identifier),
        type=identifier.type,
        compare=frozenset(),
        shown=True,
        asked_at=NOW,
    )


def answer_keys(body: str) -> tuple[AnswerKey, ...]:
    held = vectors.KEYS[vectors.BODIES[body]]
    return (AnswerKey(KeyId(held.kid), Scheme.ED25519, held.spki),)


def endpoint(body: str, speaker: Speaker = Speaker.ISSUER, *home: str) -> Endpoint:
    return Endpoint(
        issuer=IssuerCode(body),
        speaker=speaker,
        url="https://issuer.example/ivp",
        answer_keys=answer_keys(body),
        home_keys=tuple(
            HomeKeys(IssuerCode(code), Speaker.ISSUER, answer_keys(code)) for code in home
        ),
    )


def read(token: str, question: Question, where: Endpoint) -> Answered | Unreachable:
    later = NOW + timedelta(seconds=1)
    return read_signed(token.encode(), question, where, now=later, authenticated=True)


@pytest.mark.parametrize("case", stored("answers"), ids=lambda case: case["name"])
def test_an_answer_is_usable_or_silence(case):
    answer = read(case["token"], asked(case["inquiry"], vectors.ISSUER), endpoint(vectors.ISSUER))
    if case["expect"]["usable"]:
        assert isinstance(answer, Answered)
        assert (answer.signed, answer.speaker) == (True, Speaker.ISSUER)
    else:
        assert isinstance(answer, Unreachable)
        assert answer.why == case["expect"]["silence"]


@pytest.mark.parametrize(
    "case", stored("relay")["answers_of_the_platform"], ids=lambda case: case["name"]
)
def test_what_a_platform_hands_on(case):
    where = endpoint(vectors.UPPER, Speaker.UPSTREAM, vectors.ISSUER)
    answer = read(case["token"], asked(vectors.FIRST, vectors.UPPER), where)
    expect = case["expect"]
    if expect["usable"]:
        assert isinstance(answer, Answered)
        found = {"speaker": answer.speaker, "signed": answer.signed, "outcome": answer.code}
        assert found == {name: expect[name] for name in found}
        at_home = answer.speaker is Speaker.ISSUER
        assert (answer.relayed_by == vectors.UPPER) == at_home == answer.authoritative
    else:
        assert isinstance(answer, Unreachable), answer
        assert answer.why == expect["silence"]
        assert answer.detail.startswith("relayed: ")


def test_without_the_issuers_keys_it_stays_the_platforms_word():
    """And is handed on as it came: whoever knows the issuer can still judge it."""
    relayed = next(
        c
        for c in stored("relay")["answers_of_the_platform"]
        if c["name"] == "the issuer's own words"
    )
    where = endpoint(vectors.UPPER, Speaker.UPSTREAM)
    answer = read(relayed["token"], asked(vectors.FIRST, vectors.UPPER), where)
    assert isinstance(answer, Answered)
    assert (answer.speaker, answer.authoritative) == (Speaker.UPSTREAM, False)
    assert answer.original == stored("relay")["issuer_answer"]


@pytest.mark.parametrize(
    "case", stored("relay")["answers_of_the_delegate"], ids=lambda case: case["name"]
)
def test_what_a_delegate_says_and_what_it_hands_on(case):
    """Only what nobody told it counts as the delegate's word."""
    where = endpoint(vectors.RELAY, Speaker.DELEGATE, vectors.ISSUER)
    answer = read(case["token"], asked(vectors.TO_DELEGATE, vectors.RELAY), where)
    expect = case["expect"]
    if expect["usable"]:
        assert isinstance(answer, Answered)
        found = {"speaker": answer.speaker, "signed": answer.signed, "outcome": answer.code}
        assert found == {name: expect[name] for name in found}
    else:
        assert isinstance(answer, Unreachable), answer
        assert answer.why == expect["silence"]


@pytest.mark.parametrize("more", [{"relayed": "AA.AA.AA"}, {"unsigned": True}], ids=str)
@pytest.mark.parametrize("speaker", [Speaker.ISSUER, Speaker.DELEGATE])
def test_what_an_issuers_own_endpoint_repeats_is_second_hand(speaker, more):
    """Its signature under somebody else's word makes that word no word of its own."""
    over = vectors.inquiry()
    where = endpoint(vectors.ISSUER, speaker)
    twin = read(vectors.answer(vectors.said(over)), asked(over, vectors.ISSUER), where)
    assert isinstance(twin, Answered)
    assert (twin.speaker, twin.authoritative) == (speaker, True)
    token = vectors.answer(vectors.said(over, **more))
    answer = read(token, asked(over, vectors.ISSUER), where)
    assert isinstance(answer, Answered)
    assert (answer.speaker, answer.authoritative) == (Speaker.UPSTREAM, False)
    body = json.dumps(vectors.said(over, **more)).encode()
    later = NOW + timedelta(seconds=1)
    plain = read_unsigned(body, asked(over, vectors.ISSUER), where, now=later, authenticated=True)
    assert isinstance(plain, Answered)
    assert plain.speaker is Speaker.UPSTREAM


def test_a_relay_takes_the_issuers_answer_over_the_first_question():
    relay = stored("relay")
    on = Relaying(
        asked=vectors.FIRST.encode(), asker="node-a", via=("node-a", "relay-c"), until=NOW
    )
    outer = asked(relay["handed_on"][1], vectors.ISSUER)
    question = Question(
        token=outer.token,
        node="relay-b",
        issuer=outer.issuer,
        identifier=outer.identifier,
        type=outer.type,
        compare=frozenset(),
        shown=True,
        asked_at=NOW,
        original=type(outer.home)(on.asker, digest_of(on.asked)),
    )
    answer = read(relay["issuer_answer"], question, endpoint(vectors.ISSUER))
    assert isinstance(answer, Answered)
    assert answer.original == relay["issuer_answer"]
    # Over the relay's own question it is the relay's to repeat, and nothing to hand on.
    own = vectors.answer(vectors.said(relay["handed_on"][1], "relay-b"))
    answer = read(own, question, endpoint(vectors.ISSUER))
    assert isinstance(answer, Answered)
    assert answer.original == ""
    # Mixed, it is nobody's.
    for mixed in (
        vectors.said(vectors.FIRST, "relay-b"),
        vectors.said(relay["handed_on"][1], "node-a"),
    ):
        assert isinstance(
            read(vectors.answer(mixed), question, endpoint(vectors.ISSUER)), Unreachable
        )


def test_our_own_answer_is_one_we_would_take():
    _, taken = read_inquiry(vectors.inquiry(vectors.THIRD).encode())
    token = compose_answer(
        taken,
        said_here(Code.IN_FORCE, NOW),
        body=IssuerCode(vectors.ISSUER),
        signer=_Signer(),
        now=NOW,
    )
    over_first = asked(vectors.FIRST, vectors.ISSUER)
    assert isinstance(read(token.decode(), over_first, endpoint(vectors.ISSUER)), Answered)


class _Signer:
    kid = "issuer-key"
    scheme = Scheme.ED25519

    @property
    def public_jwk(self) -> dict[str, str]:
        return vectors.KEYS["issuer"].jwk()

    def sign(self, message: bytes) -> bytes:
        return vectors.KEYS["issuer"].key.sign(message)


def test_the_sealed_facts_open():
    facts = stored("facts")
    private = int.from_bytes(bytes(range(32)), "big")
    assert open_facts(facts["facts_jwe"], EcKey(private)) == facts["facts"]
