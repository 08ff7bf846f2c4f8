"""验签: a message, a signature over it, and the registered key that is to have made it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.checks.detached import examine_detached
from app.domain.detached import Detached, DetachedFinding
from app.domain.trust import TrustQuestion
from app.services.verify import Registry


@dataclass(frozen=True, slots=True)
class SignatureVerifier:
    """One look at the registry, then arithmetic. Nobody is asked, and nothing is kept."""

    registry: Registry = field(repr=False)
    clock: Callable[[], datetime]

    async def verify(self, asked: Detached) -> DetachedFinding:
        """Raises `Refused` for a digest that the key or container does not sign; `Unavailable`."""
        trust = await self.registry.trust_for(
            TrustQuestion(
                identifier=None,
                type=asked.type,
                issuer=asked.issuer,
                signers=frozenset({(asked.issuer, asked.key_id)}),
                digest=None,
            )
        )
        return await asyncio.to_thread(examine_detached, asked, trust, self.clock())
