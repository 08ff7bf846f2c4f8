"""Around the gateway, for each endpoint: one flight, a short memory, a breaker, one careful retry.

Order: what was answered a moment ago to the same question → who is asking it right now → is the
endpoint resting? → ask, and where nothing was sent, ask once more. All clocks are given, so that
years of this pass in a test's second. Nothing here can make an answer better: what comes out of
the memory is exactly what the gateway read, marked `cached`.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from app.domain.identifier import IssuerCode
from app.domain.issuer import (
    Answered,
    Code,
    Endpoint,
    Inquiry,
    IssuerAnswer,
    NotAsked,
    Silence,
    Source,
    Unreachable,
)
from app.federation.breaker import Breaker, State, Verdict
from app.federation.wire import plain_facts

NEGATIVE: Final = timedelta(seconds=10)
"""The longest anything but `in force` is repeated: a mended record is seen at once, or nearly."""
UNSIGNED: Final = timedelta(seconds=60)
"""The longest an unsigned answer is repeated."""
AFTER_PUSH: Final = timedelta(seconds=60)
"""For so long after a pushed status nothing from before is repeated: clocks of node and database
may differ by as much (docs/ivp.md)."""
MAX_ANSWERS: Final = 4096
"""Answers remembered: some 8 KiB each at most usual sizes; past it the least used is forgotten."""
MAX_REMEMBERED: Final = 32 * 1024 * 1024
"""Bytes of answers remembered together, whatever their number."""
MAX_ENDPOINTS: Final = 4096
"""Endpoints whose conduct is remembered."""

RETRY_SHARE: Final = 0.1
"""Retries, of all questions: an outage is not answered by twice the load."""
RETRY_RESERVE: Final = 5.0
"""Retries that may be saved up."""
RETRY_WAIT: Final = (0.05, 0.25)
"""Seconds before a retry, evenly spread."""
RETRY_NEEDS: Final = 0.3
"""Seconds that must be left for a retry to be worth it."""


class Asks(Protocol):
    """The gateway, or anything that asks like it."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer: ...

    async def aclose(self) -> None: ...


class Via(StrEnum):
    """How a question came to its answer."""

    ASKED = "asked"
    JOINED = "joined"
    """Somebody was asking the same."""
    CACHED = "cached"
    REFUSED = "refused"
    """The endpoint rests."""


@dataclass(frozen=True, slots=True)
class Call:
    """One question and how it went; for the watch. No identifier, no fact."""

    endpoint: Endpoint
    answer: IssuerAnswer
    via: Via
    seconds: float
    retried: bool
    at: datetime


class Watch(Protocol):
    """Looks on; never waits, never raises."""

    def saw(self, call: Call) -> None: ...


class Blind:
    """Nobody looks on."""

    def saw(self, call: Call) -> None:
        del call


@dataclass(slots=True)
class _Conduct:
    """What is remembered of one endpoint."""

    issuer: IssuerCode
    breaker: Breaker
    retries: float = 1.0


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[tuple[IssuerAnswer, Via, bool]]
    begun: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answered
    received: datetime
    until: datetime
    size: int


@dataclass(slots=True, kw_only=True)
class ResilientIssuers:
    """Fits `services.verify.Issuers`; owns the gateway it is put around."""

    inner: Asks
    clock: Callable[[], datetime]
    """Aware; ages of answers."""
    monotonic: Callable[[], float]
    """Seconds; spans."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = lambda: secrets.randbelow(1 << 20) / (1 << 20)
    """Evenly from 0 to 1."""
    watch: Watch = field(default_factory=Blind)
    max_answers: int = MAX_ANSWERS
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """Of this process: facts stand in keys only under it, and never leave memory."""
    _kept: OrderedDict[bytes, _Kept] = field(default_factory=OrderedDict, repr=False)
    _bytes: int = 0
    _flights: dict[bytes, _Flight] = field(default_factory=dict, repr=False)
    _conduct: OrderedDict[tuple[str, tuple[str, ...]], _Conduct] = field(
        default_factory=OrderedDict, repr=False
    )

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        """One question within its endpoint's deadline. Raises nothing but CancelledError."""
        begun = self.monotonic()
        answer, via, retried = await self._answer(inquiry)
        spent = self.monotonic() - begun
        self.watch.saw(Call(inquiry.endpoint, answer, via, spent, retried, self.clock()))
        return answer

    async def aclose(self) -> None:
        """Close the gateway; flights end by themselves, within their deadlines."""
        await self.inner.aclose()

    def states(self) -> Mapping[IssuerCode, State]:
        """Body → state of its breaker, the worst where it has several; for the watch."""
        now, found = self.monotonic(), dict[IssuerCode, State]()
        worse = [State.CLOSED, State.HALF_OPEN, State.OPEN].index
        for held in self._conduct.values():
            state = held.breaker.state(now)
            found[held.issuer] = max(state, found.get(held.issuer, state), key=worse)
        return found

    async def _answer(self, inquiry: Inquiry) -> tuple[IssuerAnswer, Via, bool]:
        if inquiry.relaying is not None:  # its answer is over somebody's very question
            return await self._asked(inquiry)
        key = key_of(inquiry, self._secret)
        kept = self._recall(key, inquiry)
        if kept is not None:
            return kept, Via.CACHED, False
        flight = self._flights.get(key)
        if flight is not None and not _told_since(flight.begun, inquiry):
            answer, _, retried = await asyncio.shield(flight.task)
            return answer, Via.JOINED, retried
        return await self._fly(key, inquiry)

    async def _fly(self, key: bytes, inquiry: Inquiry) -> tuple[IssuerAnswer, Via, bool]:
        """In a task of its own: whoever leaves first takes it from nobody else."""
        begun = self.clock()
        task = asyncio.create_task(self._asked(inquiry))
        flight = _Flight(task, begun)
        self._flights[key] = flight

        def landed(done: asyncio.Task[tuple[IssuerAnswer, Via, bool]]) -> None:
            if self._flights.get(key) is flight:
                del self._flights[key]
                if not done.cancelled() and done.exception() is None:
                    self._remember(key, done.result()[0], begun)

        task.add_done_callback(landed)
        return await asyncio.shield(task)

    async def _asked(self, inquiry: Inquiry) -> tuple[IssuerAnswer, Via, bool]:
        conduct = self._of(inquiry.endpoint)
        begun = self.monotonic()
        entry = conduct.breaker.enter(begun)
        if entry is None:
            return Unreachable(Silence.RESTING, "circuit breaker", sent=False), Via.REFUSED, False
        conduct.retries = min(RETRY_RESERVE, conduct.retries + RETRY_SHARE)
        verdict, retried = Verdict.NEITHER, False
        try:
            answer = await self.inner.ask(inquiry)
            if _never_sent(answer) and conduct.retries >= 1:
                again, retried = await self._again(inquiry, conduct, begun)
                answer = again if retried else answer
            verdict = _conduct_of(answer)
        finally:
            conduct.breaker.leave(entry, verdict, self.monotonic())
        if isinstance(answer, Answered):
            answer = replace(answer, received_at=answer.received_at or self.clock())
        resting = isinstance(answer, Unreachable) and answer.why is Silence.RESTING
        return answer, Via.REFUSED if resting else Via.ASKED, retried

    async def _again(
        self, inquiry: Inquiry, conduct: _Conduct, begun: float
    ) -> tuple[IssuerAnswer, bool]:
        """The one retry, where enough of the deadline is left; else the answer is not looked at."""
        low, high = RETRY_WAIT
        wait = low + (high - low) * self.jitter()
        left = inquiry.endpoint.deadline.total_seconds() - (self.monotonic() - begun) - wait
        if left < RETRY_NEEDS:
            return Unreachable(Silence.TIMEOUT, "deadline"), False
        conduct.retries -= 1
        await self.sleep(wait)
        endpoint = replace(inquiry.endpoint, deadline=timedelta(seconds=left))
        return await self.inner.ask(replace(inquiry, endpoint=endpoint)), True

    def _of(self, endpoint: Endpoint) -> _Conduct:
        key = (endpoint.url, endpoint.networks)
        conduct = self._conduct.pop(key, None) or _Conduct(endpoint.issuer, Breaker(self.jitter))
        self._conduct[key] = conduct
        while len(self._conduct) > MAX_ENDPOINTS:
            self._conduct.popitem(last=False)
        return conduct

    def _recall(self, key: bytes, inquiry: Inquiry) -> Answered | None:
        """What may still be repeated to this caller, who may be stricter than the last."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        now, answer = self.clock(), kept.answer
        if not kept.received <= now < kept.until or _told_since(kept.received, inquiry):
            self._forget(key)
            return None
        if not inquiry.max_age or now - answer.as_of > inquiry.max_age:
            return None
        self._kept.move_to_end(key)
        return replace(answer, source=Source.CACHED, received_at=kept.received)

    def _remember(self, key: bytes, answer: IssuerAnswer, begun: datetime) -> None:
        """By its signature, its content, and its own next update; how old a caller takes it, and
        whether the type is live-only, is asked at each recall.

        It counts as received when it was asked for: what was pushed meanwhile came after it.
        """
        if not isinstance(answer, Answered) or (answer.signed and not answer.token):
            return
        until = answer.next_update or datetime.max.replace(tzinfo=begun.tzinfo)
        if not answer.signed:
            until = min(until, begun + UNSIGNED)
        if answer.code is not Code.IN_FORCE or answer.contradicts:
            until = min(until, begun + NEGATIVE)
        if until <= begun:
            return
        size = len(answer.token) + len(answer.original) + 512
        self._forget(key)
        self._kept[key] = _Kept(answer, begun, until, size)
        self._bytes += size
        while len(self._kept) > self.max_answers or self._bytes > MAX_REMEMBERED:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= kept.size


def key_of(inquiry: Inquiry, secret: bytes) -> bytes:
    """What makes two questions one: HMAC-SHA-256 over everything an answer may depend on.

    Endpoint and the keys that count today (a withdrawn key takes its answers along); identifier,
    or number and type, or code, or seal; names and values of facts; digests; `at`; purpose.
    """
    endpoint = inquiry.endpoint
    homes = [[h.body, *(k.key_id for k in h.keys)] for h in endpoint.home_keys]
    parts = [
        [endpoint.issuer, endpoint.url, endpoint.speaker, list(endpoint.networks)],
        [endpoint.adapter, endpoint.description],
        [[key.key_id, hashlib.sha256(key.spki).hexdigest()] for key in endpoint.answer_keys],
        homes,
        endpoint.encryption_jwk,
        str(inquiry.identifier) if inquiry.identifier else None,
        [inquiry.claims.number, inquiry.type, inquiry.seal, inquiry.certificate],
        inquiry.code,
        sorted(plain_facts(inquiry).items()),
        sorted((name, value.hex()) for name, value in inquiry.digests.items()),
        inquiry.at.isoformat() if inquiry.at else None,
        inquiry.purpose,
    ]
    written = json.dumps(parts, ensure_ascii=True, sort_keys=True).encode()
    return hmac.digest(secret, written, "sha256")


def _told_since(then: datetime, inquiry: Inquiry) -> bool:
    """Whether a status was pushed at, after, or shortly before that time."""
    return inquiry.told_at is not None and then <= inquiry.told_at + AFTER_PUSH


def _never_sent(answer: IssuerAnswer) -> bool:
    return isinstance(answer, Unreachable) and answer.why is Silence.CONNECTION and not answer.sent


_OVERLOADED: Final = frozenset({"429", "500", "502", "503"})
"""Statuses by which an endpoint says that it cannot. 504 and 508 are a relay's, about others."""


def _conduct_of(answer: IssuerAnswer) -> Verdict:
    """What a call says of the endpoint itself. Not what a stranger's question may have provoked:
    an answer that cannot be used is still an answer, and nobody may be shut out by asking oddly.
    """
    match answer:
        case Unreachable(Silence.TIMEOUT | Silence.CONNECTION):
            return Verdict.DOWN
        case Unreachable(Silence.STATUS, status) if status in _OVERLOADED:
            return Verdict.FAILED
        case Unreachable(Silence.BUSY | Silence.RESTING):
            return Verdict.NEITHER
        case Unreachable(Silence.PRIVATE_FACTS | Silence.FORBIDDEN_ADDRESS):
            return Verdict.NEITHER
        case NotAsked():
            return Verdict.NEITHER
        case _:
            return Verdict.UP
