"""Fetching revocation lists on time, and OCSP responses, from where the operator says and nowhere
else.

Nothing named in a certificate is ever fetched (threats CRT-12). A list is kept only if a registered
authority signed it, so that nobody on the way can put younger ones over it; whether it counts is
judged at each use. What fails leaves the last good list, which ages by its own dates.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol

from app.crypto.ocsp import is_response
from app.crypto.ocsp_request import serial_asked
from app.crypto.revocation import issued_by, read_crl
from app.domain.certificate import Crl
from app.domain.clocks import AUTHORITY_SKEW
from app.domain.errors import Malformed, Refused, Unavailable
from app.domain.trust import Authorities
from app.federation.lists import Fetched, NotFetched, Unchanged
from app.registry import authorities, ocsp_responses
from app.registry import revocation_sources as store
from app.registry.ocsp_responses import OcspEntry
from app.registry.revocation_sources import RevocationSource
from app.registry.sessions import Database, WriteSession
from app.services.ocsp_keeping import certificates, judged
from app.services.outcomes import GOOD, Outcome

MAX_BYTES: Final = 16 * 1024 * 1024
"""Of one list: a million entries of sixteen octets."""
INTERVAL: Final = timedelta(hours=1)
"""Between two fetches of one source, over all workers."""
LOOK: Final = 60.0
"""Seconds between two looks of a worker at what is due."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """One source, fetched."""

    url: str
    outcome: Outcome
    detail: str = ""


class Lists(Protocol):
    """Where lists come from, under the egress rules."""

    async def fetch(
        self, url: str, networks: tuple[str, ...], held: str | None = None
    ) -> Fetched | Unchanged | NotFetched:
        """One file within bounds; every failure is a value."""


Log = Callable[[WriteSession, str], Awaitable[None]]
"""Writes a row about what is changed, in the transaction that changes it. Raises `Unavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationFetcher:
    """Brings revocation lists up to date."""

    database: Database
    lists: Lists
    known: Callable[[], Awaitable[Authorities]]
    """Registered here and by followed lists, as a verification sees them."""
    clock: Callable[[], datetime]
    log: Log

    async def fetch(self, source: RevocationSource) -> Done:
        """Fetch one, decide, keep, and note what came of it. Raises `Unavailable`."""
        found = await self.lists.fetch(source.url, source.networks)
        match found:
            case Fetched(content):
                return await self._judged(source, content)
            case Unchanged():
                return await self._noted(Done(source.url, Outcome.HELD))
            case NotFetched(why, detail):
                done = Done(source.url, Outcome.UNREACHABLE, f"{why}: {detail}")
                return await self._noted(done)

    async def fetch_due(self, interval: timedelta = INTERVAL) -> list[Done]:
        """Fetch what is due and no other worker has begun, one after the other. Raises
        `Unavailable`.
        """
        async with self.database.reading() as session:
            known = await store.sources(session)
        done = []
        for source in known:
            async with self.database.writing() as session:
                mine = await store.claim(session, source.url, self.clock(), interval)
            if mine:
                done.append(await self.fetch(source))
        return done

    async def keep_fetching(self, interval: timedelta = INTERVAL, *, every: float = LOOK) -> None:
        """Until cancelled. An outage of the database is waited out."""
        while True:
            try:
                await self.fetch_due(interval)
            except (Unavailable, Refused) as exc:
                logger.warning("revocation lists: not fetched: %s", exc)
            await asyncio.sleep(every)

    async def _judged(self, source: RevocationSource, content: bytes) -> Done:
        if is_response(content):
            return await self._answered(source, content)
        try:
            crl = await asyncio.to_thread(read_crl, content)
        except Malformed as broken:
            return await self._noted(Done(source.url, Outcome.UNREADABLE, str(broken)))
        fault = await self._fault(crl)
        if fault is not None:
            return await self._noted(Done(source.url, *fault))
        return await self._kept(source, crl)

    async def _answered(self, source: RevocationSource, content: bytes) -> Done:
        """An OCSP response, where the URL holds the question (RFC 6960, appendix A.1)."""
        found = await asyncio.to_thread(judged, content, await self.known(), self.clock())
        if not isinstance(found, OcspEntry):
            return await self._noted(Done(source.url, *found))
        asked = serial_asked(source.url)
        if asked is not None and f"{asked:x}" != found.serial:
            return await self._noted(Done(source.url, Outcome.OTHER, f"serial {found.serial}"))
        try:
            return await self._held(source, found)
        except Refused as full:
            return await self._noted(Done(source.url, Outcome.FULL, str(full)))

    async def _held(self, source: RevocationSource, found: OcspEntry) -> Done:
        """Raises `Refused` for one certificate too many."""
        async with self.database.writing() as session:
            kept = await ocsp_responses.keep(session, found)
            if isinstance(kept, datetime):
                why = f"of {found.this_update.isoformat()}, and {kept.isoformat()} is held"
                await store.failed(session, source.url, f"{Outcome.OLDER}: {why}")
                return Done(source.url, Outcome.OLDER, why)
            await store.good(session, source.url, self.clock())
            if kept:
                await self.log(session, f"ocsp response {found.sha256} fetched")
        return Done(source.url, Outcome.NEW if kept else Outcome.HELD)

    async def _fault(self, crl: Crl) -> tuple[Outcome, str] | None:
        now = self.clock()
        if crl.delta:
            return Outcome.DELTA, "only complete lists are kept"
        if crl.indirect:
            return Outcome.INDIRECT, "an authority's own list is needed"
        if crl.this_update > now + AUTHORITY_SKEW:
            return Outcome.FROM_FUTURE, crl.this_update.isoformat()
        if crl.next_update is None or crl.next_update < now:
            return Outcome.STALE, "" if crl.next_update is None else crl.next_update.isoformat()
        if not await asyncio.to_thread(_signed, crl, await self.known()):
            return Outcome.UNSIGNED, "no registered authority signed it"
        return None

    async def _kept(self, source: RevocationSource, crl: Crl) -> Done:
        issuer = sha256(crl.issuer_raw).hexdigest()
        async with self.database.writing() as session:
            held = await store.youngest(session, issuer)
            if held is not None and held[0] != crl.sha256 and held[1] > crl.this_update:
                why = f"of {crl.this_update.isoformat()}, and {held[1].isoformat()} is held"
                await store.failed(session, source.url, f"{Outcome.OLDER}: {why}")
                return Done(source.url, Outcome.OLDER, why)
            changes = await authorities.put_authorities(
                session, authorities.AuthoritiesEntry(lists=(crl,))
            )
            await store.good(session, source.url, self.clock())
            if changes.added:
                await self.log(session, f"revocation list {crl.sha256} fetched")
        return Done(source.url, Outcome.NEW if changes.added else Outcome.HELD)

    async def _noted(self, done: Done) -> Done:
        async with self.database.writing() as session:
            if done.outcome in GOOD:
                await store.good(session, done.url, self.clock())
            else:
                why = f"{done.outcome}: {done.detail}"
                await store.failed(session, done.url, why)
                logger.warning("revocation list not kept: %s", done.outcome)
        return done


def _signed(crl: Crl, known: Authorities) -> bool:
    """By an anchor, or by an intermediate an operator imported."""
    return any(issued_by(crl, each) for each in certificates(known))
