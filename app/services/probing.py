"""Scheduled probes: an issuer nobody has asked for a while is asked about a license nobody has.

Any usable answer will do: what is watched is whether one comes. A probe looks like a question and
goes the same way, through the same bounds; `purpose` says what it is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from app.domain.errors import Unavailable
from app.domain.identifier import IssuerCode, TypeCode, nobodys
from app.domain.issuer import Adapter, Inquiry, NotAsked, Rule
from app.domain.license import Claims, Fact
from app.domain.trust import TrustQuestion
from app.services.verify import Issuers, Registry
from app.services.watching import IssuerWatch

EVERY: Final = 60.0
"""Seconds between two rounds."""
AT_ONCE: Final = 8
"""Probes under way."""
PURPOSE: Final = "probe"
SERIAL: Final = "ZHENGYANPROBE"

logger = logging.getLogger(__name__)


class Quiet(Protocol):
    """Who was not asked of late."""

    async def quiet(self, since: datetime) -> Sequence[tuple[IssuerCode, TypeCode]]:
        """Bodies with an endpoint of their own, and one of their types. Raises `Unavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prober:
    """Asks so that somebody has."""

    quiet: Quiet
    registry: Registry
    issuers: Issuers
    watch: IssuerWatch
    after: timedelta
    """So long unasked, and it is probed."""
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def once(self) -> int:
        """How many were probed. Raises `Unavailable`."""
        waiting = await self.quiet.quiet(self.clock() - self.after)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(issuer: IssuerCode, type: TypeCode) -> bool:
            async with places:
                return await self._probe(issuer, type)

        return sum(await asyncio.gather(*(one(*each) for each in waiting)))

    async def forever(self) -> None:
        """Until cancelled. An outage of ours is waited out."""
        while True:
            await self.sleep(EVERY)
            try:
                await self.once()
            except Unavailable as exc:
                logger.warning("probes: %s", exc)

    async def _probe(self, issuer: IssuerCode, type: TypeCode) -> bool:
        identifier = nobodys(issuer, type, SERIAL)
        trust = await self.registry.trust_for(
            TrustQuestion(
                identifier=identifier, type=type, issuer=issuer, signers=frozenset(), digest=None
            )
        )
        if trust.endpoint is None or trust.endpoint.rule is not Rule.ISSUER:
            return False
        claims = Claims(identifier=identifier)
        if trust.endpoint.adapter is not Adapter.IVP:  # these are asked by number and holder
            claims = Claims(identifier=identifier, number=SERIAL, holder=SERIAL)
        answer = await self.issuers.ask(
            Inquiry(
                endpoint=trust.endpoint,
                identifier=identifier,
                type=type,
                claims=claims,
                compare=frozenset(claims.values()) - {Fact.IDENTIFIER},
                digests={},
                purpose=PURPOSE,
                at=None,
            )
        )
        if isinstance(answer, NotAsked):
            return False
        self.watch.probed(issuer)
        return True
