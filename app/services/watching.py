"""The watch: every call is counted in memory, and written down in batches, off the way of anybody.

`saw` and `concluded` never wait and never raise. What is not written for want of a database waits
for the next batch, up to a limit; counting goes before completeness.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from app.domain.conduct import NOTHING, SLOTS, Conduct, slots_of
from app.domain.errors import Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import Answered, NotAsked, Unreachable
from app.domain.verification import Receipt
from app.federation.resilience import Call, Via
from app.services.verify import Journal

EVERY: Final = 10.0
"""Seconds between two batches."""
SWEEP_TURNS: Final = 360
"""Batches between two sweeps: an hour."""
MAX_PARTS: Final = 20_000
"""Bodies × minutes kept while the database is away; past it the oldest are dropped."""

logger = logging.getLogger(__name__)

Part = tuple[IssuerCode, datetime]
"""Whose endpoint, in which minute."""


class Ledger(Protocol):
    """Where sums are kept."""

    async def add(self, parts: Mapping[Part, Conduct]) -> None:
        """Raises `Unavailable`; then nothing was added."""

    async def sweep(self, now: datetime) -> None:
        """Drop what is old. Raises `Unavailable`."""


@dataclass(slots=True)
class IssuerWatch:
    """Fits `federation.resilience.Watch`."""

    ledger: Ledger
    metrics: "Metrics"
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    dropped: int = 0
    _parts: dict[Part, Conduct] = field(default_factory=dict)

    def saw(self, call: Call) -> None:
        """One question."""
        self._add(call.endpoint.issuer, call.at, conduct_of(call))
        self.metrics.saw(call)

    def probed(self, issuer: IssuerCode) -> None:
        """The last question to it was nobody's."""
        self._add(issuer, self.clock(), Conduct(probes=1))

    def concluded(self, receipt: Receipt) -> None:
        """One verification."""
        done = receipt.verification
        self.metrics.concluded(receipt)
        where = done.facts.trust.endpoint if done.facts else None
        if done.verdict.conflict and where is not None:
            self._add(where.issuer, done.at, Conduct(conflicts=1))

    async def write(self) -> None:
        """All that was counted so far. Raises nothing but CancelledError."""
        parts, self._parts = self._parts, {}
        if not parts:
            return
        try:
            await self.ledger.add(parts)
        except Unavailable as exc:
            logger.warning("issuer health: not written (%s)", exc)
            for part, conduct in parts.items():
                self._parts[part] = conduct + self._parts.get(part, NOTHING)
            while len(self._parts) > MAX_PARTS:
                self._parts.pop(min(self._parts, key=lambda part: part[1]))
                self.dropped += 1

    async def forever(self) -> None:
        """Write, again and again; what is left at the end is written too."""
        try:
            for turn in count():
                await self.sleep(EVERY)
                await self.write()
                if turn % SWEEP_TURNS == 0:
                    with suppress(Unavailable):
                        await self.ledger.sweep(self.clock())
        finally:
            await asyncio.shield(self.write())

    def _add(self, issuer: IssuerCode, at: datetime, conduct: Conduct) -> None:
        part = (issuer, at.replace(second=0, microsecond=0))
        self._parts[part] = self._parts.get(part, NOTHING) + conduct


def conduct_of(call: Call) -> Conduct:
    """One call as a sum of one."""
    match call.via:
        case Via.CACHED | Via.JOINED:
            return Conduct(repeated=1)
        case Via.REFUSED:
            return Conduct(rested=1)
        case Via.ASKED if isinstance(call.answer, NotAsked):
            return NOTHING  # the question was not one for it: that says nothing of it
        case Via.ASKED:
            silent = call.answer if isinstance(call.answer, Unreachable) else None
            return Conduct(
                asked=1,
                answered=int(isinstance(call.answer, Answered)),
                retried=int(call.retried),
                seconds=call.seconds,
                slots=slots_of(call.seconds),
                silences={silent.why: 1} if silent else {},
            )


@dataclass(frozen=True, slots=True)
class WatchedJournal:
    """Fits `services.verify.Journal`: what was recorded is counted."""

    inner: Journal
    watch: IssuerWatch

    async def record(self, receipt: Receipt) -> None:
        """Raises `Unavailable`."""
        await self.inner.record(receipt)
        self.watch.concluded(receipt)


class Metrics:
    """Prometheus: of this worker, in a registry of its own. Labels are closed words and codes."""

    def __init__(
        self,
        breakers: Callable[[], Mapping[IssuerCode, str]],
        certificates: Callable[[], Mapping[IssuerCode, datetime]],
        shown: Callable[[], Mapping[IssuerCode, datetime]] = dict,
    ) -> None:
        """All are asked when the numbers are: state of its breaker, end of its certificate, and of
        the one this node shows it.
        """
        self.registry = CollectorRegistry()
        self._breakers, self._certificates, self._shown = breakers, certificates, shown
        own = self.registry
        self._calls = Counter(
            "zhengyan_issuer_calls",
            "Questions to issuers",
            ("issuer", "via", "outcome"),
            registry=own,
        )
        self._seconds = Histogram(
            "zhengyan_issuer_seconds",
            "Time of a question",
            ("issuer",),
            buckets=SLOTS,
            registry=own,
        )
        self._open = Gauge(
            "zhengyan_issuer_breaker", "1: the state it is in", ("issuer", "state"), registry=own
        )
        self._ends = Gauge(
            "zhengyan_issuer_certificate_ends", "Unix time", ("issuer",), registry=own
        )
        self._shown_ends = Gauge(
            "zhengyan_client_certificate_ends", "Unix time", ("issuer",), registry=own
        )
        self._concluded = Counter(
            "zhengyan_conclusions", "Verifications", ("conclusion", "reason"), registry=own
        )
        self._conflicts = Counter("zhengyan_conflicts", "Signed words that disagree", registry=own)

    def saw(self, call: Call) -> None:
        match call.answer:
            case Unreachable(why):
                outcome = why.value
            case Answered(code=code):
                outcome = str(int(code))
            case _:
                outcome = "not_asked"
        self._calls.labels(call.endpoint.issuer, call.via.value, outcome).inc()
        if call.via is Via.ASKED:
            self._seconds.labels(call.endpoint.issuer).observe(call.seconds)

    def concluded(self, receipt: Receipt) -> None:
        verdict = receipt.verification.verdict
        reason = verdict.reason.value if verdict.reason else ""
        self._concluded.labels(verdict.conclusion.value, reason).inc()
        if verdict.conflict:
            self._conflicts.inc()

    def text(self) -> bytes:
        """Prometheus' text format."""
        self._open.clear()
        for issuer, state in self._breakers().items():
            self._open.labels(issuer, str(state)).set(1)
        for issuer, ends in self._certificates().items():
            self._ends.labels(issuer).set(ends.timestamp())
        self._shown_ends.clear()
        for issuer, ends in self._shown().items():
            self._shown_ends.labels(issuer).set(ends.timestamp())
        return generate_latest(self.registry)
