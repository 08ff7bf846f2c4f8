"""Every lie of the sandbox's issuers through the whole stack, in virtual time.

Token → checks → question → lie → reader → memory and breaker → policy → verdict. None comes out
valid that was not true, each with its exact reason and within the deadline; the honest twin, the
same license by the same service, is valid before and after.
"""

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from app.domain.issuer import Endpoint, Inquiry, IssuerAnswer, Silence, Source, Unreachable
from app.domain.trust import Trust, TrustQuestion
from app.domain.verification import Receipt, Submission, Verification
from app.federation.answer import read_signed, read_unsigned
from app.federation.resilience import ResilientIssuers, Via
from app.federation.wire import compose
from app.registry.snapshot import SnapshotRegistry
from app.services.verify import Verifier
from sandbox.arguments import Arguments
from sandbox.behaviours import HONEST
from sandbox.inquiry import read_inquiry
from sandbox.licenses import License
from sandbox.lies import LIES, TYP, Answering, Draft, Reply, Scene
from sandbox.office import Office, payload_of
from sandbox.registration import registration
from sandbox.world import World
from tests.federation.asking import NODE, SIGNER, knowing
from tests.federation.virtual import START, Notes, monotonic, now, run

DEADLINE = timedelta(seconds=3)
LIVE = timedelta(0)
"""No answer of before: each is asked for."""
SILENT = {
    "silent for good": (3600.0, None),
    "a second too late": (4.0, None),
    "just in time": (2.9, HONEST),
    "refused connection": (0.0, Unreachable(Silence.CONNECTION, "refused", sent=False)),
    "reset": (0.5, Unreachable(Silence.CONNECTION, "cut off")),
    "no trusted TLS": (0.1, Unreachable(Silence.CONNECTION, "TLS: no trusted connection")),
    "500": (0.1, Unreachable(Silence.STATUS, "500")),
    "404": (0.1, Unreachable(Silence.STATUS, "404")),
    "redirect": (0.1, Unreachable(Silence.STATUS, "302")),
    "too much": (0.1, Unreachable(Silence.OVERSIZED, "over 65536 bytes")),
    "a forbidden address": (0.0, Unreachable(Silence.FORBIDDEN_ADDRESS, "loopback", sent=False)),
    "gzip": (0.1, Unreachable(Silence.ENCODING)),
}
"""What the network does: seconds, and what the gateway makes of it (over sockets:
test_hostile_issuer)."""


@pytest.fixture(scope="module")
def world() -> World:
    return World(1, START.date())


@pytest.fixture(scope="module")
def registry(world: World, tmp_path_factory: pytest.TempPathFactory) -> SnapshotRegistry:
    urls = {body.code: f"http://127.0.0.1:{9000 + i}/ivp" for i, body in enumerate(world.answering)}
    place = tmp_path_factory.mktemp("trust") / "registration.json"
    place.write_text(json.dumps(registration(world, urls)))
    return SnapshotRegistry.read(place, lambda: START, networks=("127.0.0.0/8",))


@dataclass
class Stack:
    """One node and the sandbox's office behind a network that is a function."""

    world: World
    registry: SnapshotRegistry
    name: str
    behaviour: str = HONEST
    earlier: list[bytes] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)
    calls: int = 0

    def __post_init__(self) -> None:
        self.office = Office(self.world, self.world.body(self.name))
        self.issuers = ResilientIssuers(
            inner=self, clock=now, monotonic=monotonic, jitter=lambda: 0.5, watch=self.notes
        )
        self.verifier = Verifier(
            registry=self, issuers=self.issuers, publisher=self, journal=self, clock=now
        )

    async def verify(self, license: License, age: timedelta | None = None) -> Verification:
        submission = Submission(content=self.world.token(license), max_status_age=age)
        return (await self.verifier.verify(submission)).verification

    async def trust_for(self, question: TrustQuestion) -> Trust:
        return await self.registry.trust_for(question)

    def publish(self, verification: Verification) -> Receipt:
        return Receipt(verification, {}, b"{}", "", None)

    async def record(self, receipt: Receipt) -> None:
        del receipt

    async def aclose(self) -> None:
        return

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.calls += 1
        question = compose(
            inquiry,
            node=NODE,
            signer=SIGNER,
            now=now(),
            jti=secrets.token_urlsafe(16),
            private=True,
        )
        try:
            async with asyncio.timeout(inquiry.endpoint.deadline.total_seconds()):
                if self.behaviour in SILENT:
                    seconds, what = SILENT[self.behaviour]
                    await asyncio.sleep(seconds)
                    if isinstance(what, Unreachable):
                        return what
                reply = await self._reply(question.token)
        except TimeoutError:
            return Unreachable(Silence.TIMEOUT, "deadline")
        return self._read(reply, question, inquiry.endpoint)

    async def _reply(self, token: bytes) -> Reply:
        at = now()
        asked = await read_inquiry(
            token, audience=self.office.audience, nodes=knowing(SIGNER), now=at
        )
        key = self.office.body.signing("answer", at)
        payload = payload_of(self.office, asked, self.office.consider(asked, at), at)
        draft = Draft({"typ": TYP, "alg": key.alg, "kid": key.kid}, payload, Answering(key))
        if self.behaviour not in LIES:
            self.earlier.append(draft.token())
            return Reply(draft.token())
        scene = Scene(
            self.office,
            asked,
            key,
            tuple(self.earlier),
            int(at.timestamp()),
            Arguments(),
        )
        return LIES[self.behaviour][1](draft, scene)

    @staticmethod
    def _read(reply: Reply, question: Any, endpoint: Endpoint) -> IssuerAnswer:
        if len(reply.body) > endpoint.max_answer:
            return Unreachable(Silence.OVERSIZED)
        read = {"application/jose": read_signed, "application/json": read_unsigned}
        media = reply.media_type.split(";")[0]
        if media not in read:
            return Unreachable(Silence.MEDIA_TYPE)
        return read[media](reply.body, question, endpoint, now=now(), authenticated=True)


def told(done: Verification) -> str:
    verdict = done.verdict
    return f"{verdict.conclusion} {verdict.reason or ''}".strip()


def test_there_are_many(world):
    assert len(LIES) + len(SILENT) >= 60
    assert not set(LIES) & set(SILENT)


@pytest.mark.parametrize("name", sorted({*LIES, *SILENT}))
def test_a_lie_is_seen_through(world, registry, name):
    license = world.pick("university")

    async def work() -> None:
        stack = Stack(world, registry, "university")
        assert told(await stack.verify(license, LIVE)) == "valid"
        await asyncio.sleep(1000)
        stack.behaviour = name
        begun = monotonic()
        done = await stack.verify(license, LIVE)
        assert monotonic() - begun <= DEADLINE.total_seconds()
        assert told(done) == EXPECTED.get(name, "indeterminate answer_unusable"), done.answer
        assert stack.notes.calls[-1].via is Via.ASKED
        await asyncio.sleep(1000)
        stack.behaviour = HONEST
        assert told(await stack.verify(license, LIVE)) == "valid"

    run(work)


UNREACHABLE = "indeterminate issuer_unreachable"
EXPECTED = {
    **dict.fromkeys(
        (
            *("silent for good", "a second too late", "refused connection", "reset", "500"),
            *("404", "redirect", "no trusted TLS"),
        ),
        UNREACHABLE,
    ),
    "just in time": "valid",
    # Strange, and true all the same: the license is in force, and its issuer said so just now.
    **dict.fromkeys(
        (
            *("lie_in_force", "confirms_document", "document_unknown", "extra_member"),
            *("facts_unknown", "next_update", "next_update_past"),
            "unsigned",  # over an authenticated channel, for a type that does not ask for more
        ),
        "valid",
    ),
    # The issuer's own signed word, which nobody here knows better.
    "lie_revoked": "invalid ended",
    "lie_not_found": "invalid issuer_denies",
    "contradicts_document": "invalid record_mismatch",
    "contradicts_facts": "invalid record_mismatch",
    # Heard, and not enough.
    "partial_facts": "indeterminate partial_answer",
    "stale_as_of": "indeterminate status_stale",
    "outcome": "indeterminate insufficient_facts",
    "unsigned_not_found": "indeterminate not_found_unsigned",
}


@pytest.mark.parametrize("name", sorted({*LIES, *SILENT}))
def test_no_lie_makes_an_ended_license_valid(world, registry, name):
    """But the issuer's own word, signed by its own key about this very question."""
    license = world.pick("university", "revoked")
    own_word = {"lie_in_force", "confirms_document"}

    async def work() -> None:
        stack = Stack(world, registry, "university", behaviour=name)
        done = await stack.verify(license)
        assert told(done).startswith("valid") <= (name in own_word), done.answer
        stack.behaviour = HONEST
        await asyncio.sleep(1000)
        assert told(await stack.verify(license, LIVE)).startswith("invalid")

    run(work)


@pytest.mark.parametrize("name", sorted(LIES))
def test_what_a_lie_was_is_not_repeated_as_truth(world, registry, name):
    """A hostile moment poisons no memory: the next honest answer is asked for or is the same."""
    license = world.pick("university")

    async def work() -> None:
        stack = Stack(world, registry, "university", behaviour=name)
        lied = await stack.verify(license)
        await asyncio.sleep(61)
        stack.behaviour = HONEST
        after = await stack.verify(license)
        if told(lied) != "valid":
            assert told(after) == "valid"
            assert getattr(after.answer, "source", Source.LIVE) is Source.LIVE

    run(work)
