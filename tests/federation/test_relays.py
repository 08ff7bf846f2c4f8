"""Who may say what in whose name (docs/adr/0018): a node asked for an issuer it is, took over from,
answers for, or only knows of; and what it was told elsewhere.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.crypto.jose import ANSWER_TOKEN, JsonLimits, read_json_object, split_compact
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import (
    Answered,
    AnswerKey,
    Code,
    Inquiry,
    IssuerAnswer,
    Match,
    PeerScope,
    Silence,
    Speaker,
    State,
    Unreachable,
)
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.standing import Held, Standing
from app.domain.trust import Issuer, Kind, Mandate, Trust, TrustQuestion, Window
from app.federation.inquiries import InquiryRefused
from app.registry.peers import Peer
from app.services.answering import Answering
from tests import ivp_vectors as vectors
from tests.federation.test_ivp_vectors import endpoint

pytestmark = pytest.mark.anyio

NOW = datetime.fromtimestamp(vectors.NOW, UTC)
ISSUER, BODY = IssuerCode(vectors.ISSUER), IssuerCode(vectors.RELAY)
IDENTIFIER = Identifier.read(vectors.IDENTIFIER)
TYPE = IDENTIFIER.type
DAY = timedelta(days=1)
OPEN = Window(NOW - DAY, None)
HOME = Issuer(ISSUER, "甲局", "Bureau A", frozenset({TYPE}))
US = Issuer(BODY, "乙局", "Bureau B", frozenset({TYPE}))
TOLD = Answered(
    code=Code.IN_FORCE,
    document=Match.MATCH,
    facts={},
    speaker=Speaker.ISSUER,
    signed=True,
    authenticated=True,
    as_of=NOW,
    token="issuer.s.own",
    original="issuer.s.own",
)
ELSEWHERE: dict[str, Answered] = {
    "the issuer's own signed word": TOLD,
    "a delegate's signed word": replace(TOLD, speaker=Speaker.DELEGATE),
    "a platform's, with an original nobody here can check": replace(
        TOLD, speaker=Speaker.UPSTREAM, token=""
    ),
    "signed to this node alone": replace(TOLD, original=""),
    "unsigned, over a line that proves whose it is": replace(
        TOLD, signed=False, token="", original=""
    ),
}


@dataclass
class Book:
    """All an answering node asks, as this test has it."""

    trust: Trust
    told: IssuerAnswer = TOLD
    held: Held | None = None
    asked: list[Inquiry] = field(default_factory=list)
    notes: list[tuple[Any, Answered]] = field(default_factory=list)
    registered: frozenset[str] = frozenset({"relay-b"})
    good: frozenset[str] = frozenset({"relay-b", "node-a"})

    async def trust_for(self, question: TrustQuestion) -> Trust:
        assert question.issuer == ISSUER
        assert question.asker in {BODY, ISSUER}  # its own endpoint is no way to ask on
        return self.trust

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.asked.append(inquiry)
        return self.told

    async def standing(self, identifier: Identifier, at: datetime) -> Standing:
        del identifier, at
        return Standing(held=self.held)

    async def known(self, node: str) -> bool:
        return node in self.registered

    async def find(self, node: str, kid: str, now: datetime) -> Peer | None:
        del now
        if node not in self.good or kid != f"{node}-key":
            return None
        key = AnswerKey(KeyId(kid), Scheme.ED25519, vectors.KEYS[node].spki)
        return Peer(key, frozenset(PeerScope))

    async def once(self, node: str, jti: str, *, expires: datetime, now: datetime) -> bool:
        del node, jti, expires, now
        return True

    async def note(self, asked: Any, said: Answered, at: datetime) -> None:
        del at
        self.notes.append((asked, said))

    def node(self, body: IssuerCode = BODY) -> Answering:
        return Answering(
            body=body,
            node="body-b-node",
            peers=self,
            registry=self,
            records=self,
            issuers=self,
            keys=_Keys(),  # type: ignore[arg-type]
            note=self.note,
            clock=lambda: NOW,
        )

    async def answer(self, token: str = vectors.TO_DELEGATE, **more: Any) -> dict[str, Any]:
        compact = split_compact(await self.node(**more).answer(token.encode()), ANSWER_TOKEN)
        return read_json_object(compact.payload, JsonLimits(size=64 * 1024))


class _Keys:
    kid = "body-b-key"
    scheme = Scheme.ED25519

    def signer(self) -> "_Keys":
        return self

    def sign(self, message: bytes) -> bytes:
        return vectors.KEYS["body-b"].key.sign(message)


def trust(**changes: Any) -> Trust:
    """The issuer registered, with an endpoint elsewhere."""
    known = Trust(
        issuer=HOME,
        type=None,
        keys={},
        mandates=(),
        endpoint=endpoint(ISSUER),
        statement=None,
    )
    return replace(known, **changes)


def mandate(kind: Kind = Kind.ANSWER, window: Window = OPEN) -> tuple[Mandate, ...]:
    return (Mandate(BODY, kind, frozenset({TYPE}), window),)


DELEGATE = trust(mandates=mandate())
SUCCESSOR = trust(successor=US, successor_since=NOW - DAY)


@pytest.mark.parametrize("home", [DELEGATE, SUCCESSOR], ids=["delegate", "successor"])
@pytest.mark.parametrize("told", ELSEWHERE)
async def test_in_an_issuers_name_nothing_is_repeated_but_its_own_signed_word(home, told):
    answer = await Book(home, ELSEWHERE[told]).answer()
    if told == "the issuer's own signed word":
        assert (answer["outcome"], answer["relayed"]) == (0, TOLD.original)
        return
    assert answer["outcome"] == Code.INSUFFICIENT
    assert (answer["document"], answer["facts"]) == ("unknown", {})
    assert not {"relayed", "unsigned", "state"} & answer.keys()


@pytest.mark.parametrize("told", ELSEWHERE)
async def test_a_platform_says_whose_word_it_hands_on(told):
    """The twin: who does not speak for the issuer repeats, and is heard as one who repeats."""
    said = ELSEWHERE[told]
    answer = await Book(trust(), said).answer()
    assert answer["outcome"] == 0
    assert answer.get("relayed", "") == said.original
    assert answer.get("unsigned", False) is not said.signed


@pytest.mark.parametrize("told", ELSEWHERE)
async def test_the_issuers_own_node_asks_nobody(told):
    """Whatever a node above, or a delegate, would say: it is the issuer who has to know."""
    book = Book(trust(endpoint=endpoint(vectors.UPPER)), ELSEWHERE[told])
    answer = await book.answer(vectors.inquiry(), body=ISSUER)
    assert (answer["iss"], answer["outcome"]) == (ISSUER, Code.INSUFFICIENT)
    assert not book.asked
    known = replace(book, held=HELD)  # the twin
    assert (await known.answer(vectors.inquiry(), body=ISSUER))["state"] == "revoked"


@pytest.mark.parametrize("home", [trust(), DELEGATE], ids=["platform", "delegate"])
async def test_who_cannot_be_named_has_said_nothing_to_hand_on(home):
    """Unsigned over an open line is no answer here, and so none to whoever asked."""
    said = replace(TOLD, signed=False, authenticated=False, token="", original="")
    with pytest.raises(InquiryRefused) as refused:
        await Book(home, said).answer()
    assert (refused.value.status, refused.value.word) == (504, "issuer_silent")
    assert (await Book(home).answer())["outcome"] == 0  # the twin


@pytest.mark.parametrize("home", [trust(), DELEGATE, SUCCESSOR])
async def test_silence_is_turned_into_no_answer(home):
    with pytest.raises(InquiryRefused) as refused:
        await Book(home, Unreachable(Silence.TIMEOUT)).answer()
    assert refused.value.status == 504


HELD = Held(State.REVOKED, NOW - DAY, NOW - DAY)
CAPACITY: dict[str, tuple[Trust, bool]] = {
    "the successor, from the day on": (replace(SUCCESSOR, successor_since=NOW), True),
    "the successor, before the day": (
        replace(SUCCESSOR, successor_since=NOW + timedelta(seconds=1)),
        False,
    ),
    "another successor": (replace(SUCCESSOR, successor=replace(US, code=ISSUER)), False),
    "no succession": (trust(), False),
    "a mandate for answers": (DELEGATE, True),
    "a mandate for answers, over": (trust(mandates=mandate(window=Window(NOW - DAY, NOW))), False),
    "a mandate for originals": (trust(mandates=mandate(Kind.ORIGINAL)), False),
}


@pytest.mark.parametrize("case", CAPACITY)
async def test_in_what_capacity_a_node_answers_from_its_records(case):
    """At home it tells what was pushed to it; else it asks on, and never tells it as its own."""
    known, at_home = CAPACITY[case]
    book = Book(known, held=HELD)
    answer = await book.answer()
    assert (answer["outcome"], "relayed" in answer) == ((3, False) if at_home else (0, True))
    assert len(book.asked) == (not at_home)


async def test_a_successor_answers_what_it_cannot_know_by_insufficient_and_not_by_404():
    """Nobody else is left who could be asked: it is asked, and says that it cannot tell."""
    answer = await Book(replace(SUCCESSOR, endpoint=endpoint(BODY))).answer()
    assert answer["outcome"] == Code.INSUFFICIENT
    with pytest.raises(InquiryRefused) as refused:
        await Book(trust(endpoint=None)).answer()
    assert (refused.value.status, refused.value.word) == (404, "nobody_to_ask")


# ---- whose question a relay brings

HANDED_ON = vectors.HANDED_ON
"""relay-c brings node-a's question."""


def knowing(registered: str, good: str) -> Book:
    return Book(trust(), registered=frozenset(registered.split()), good=frozenset(good.split()))


async def test_a_first_asker_whom_nobody_registered_is_vouched_for_by_the_relay():
    book = knowing("relay-c", "relay-c")
    assert (await book.answer(HANDED_ON))["outcome"] == 0
    ((asked, said),) = book.notes
    assert (asked.node, asked.first.node, said.code) == ("relay-c", "node-a", Code.IN_FORCE)


async def test_a_registered_first_asker_speaks_for_itself():
    assert (await knowing("relay-c node-a", "relay-c node-a").answer(HANDED_ON))["outcome"] == 0
    forged = vectors.inquiry(vectors.question(aud=vectors.UPPER), by="stranger", kid="node-a-key")
    brought = vectors.inquiry(
        vectors.question("relay-c", vectors.RELAY, via=["node-a", "relay-c"], asked=forged)
    )
    with pytest.raises(InquiryRefused) as refused:
        await knowing("relay-c node-a", "relay-c node-a").answer(brought)
    assert (refused.value.status, refused.value.word) == (401, "signature_invalid")
    assert refused.value.node == "relay-c"


async def test_a_revoked_first_asker_is_refused_whoever_brings_its_question():
    """Revoked, or under a key that is not its own: the relay's word does not mend it."""
    with pytest.raises(InquiryRefused) as refused:
        await knowing("relay-c node-a", "relay-c").answer(HANDED_ON)
    assert (refused.value.status, refused.value.word) == (401, "first_asker_refused")


async def test_a_first_asker_under_an_unregistered_key_is_refused():
    other = vectors.inquiry(vectors.question(aud=vectors.UPPER), by="stranger")
    brought = vectors.inquiry(
        vectors.question("relay-c", vectors.RELAY, via=["node-a", "relay-c"], asked=other)
    )
    with pytest.raises(InquiryRefused) as refused:
        await knowing("relay-c node-a", "relay-c node-a").answer(brought)
    assert refused.value.word == "first_asker_refused"
    assert (await knowing("relay-c", "relay-c").answer(brought))["outcome"] == 0  # vouched for


async def test_only_a_proven_node_is_named_in_a_refusal():
    with pytest.raises(InquiryRefused) as refused:
        await knowing("", "").answer(HANDED_ON)
    assert (refused.value.word, refused.value.node) == ("node_unknown", None)
