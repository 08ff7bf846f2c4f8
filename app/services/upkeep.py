"""What a node does for itself: signs where its audit log stands, and drops what has run out."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from app.crypto.signing import Signer
from app.domain.errors import Unavailable

SIGNED_EVERY: Final = timedelta(hours=1)
"""Rows cut off the end within it are found out by the next signed head only."""
BUCKETS_KEPT: Final = timedelta(days=2)
"""Longer than the slowest bucket takes to be full again: dropping it then changes nothing."""
EVERY: Final = 60.0
"""Seconds between two looks of one worker."""

logger = logging.getLogger(__name__)


class Audit(Protocol):
    async def sign_when_due(self, signer: Signer, before: datetime) -> bool: ...


class Buckets(Protocol):
    async def sweep(self, before: datetime) -> None: ...


class Used(Protocol):
    """What may be used once: assertions of callers, inquiries of nodes."""

    async def forget_used(self, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Every worker may do it at any time, and twice does no harm."""

    audit: Audit
    buckets: Buckets
    used: Sequence[Used]
    signer: Callable[[], Signer] = field(repr=False)
    clock: Callable[[], datetime]

    async def once(self) -> None:
        """Raises `Unavailable`."""
        at = self.clock()
        await self.audit.sign_when_due(await asyncio.to_thread(self.signer), at - SIGNED_EVERY)
        await self.buckets.sweep(at - BUCKETS_KEPT)
        for each in self.used:
            await each.forget_used(at)

    async def forever(self, every: float = EVERY) -> None:
        """Until cancelled. An outage is waited out."""
        while True:
            try:
                await self.once()
            except Unavailable as exc:
                logger.warning("upkeep: %s", exc)
            await asyncio.sleep(every)
