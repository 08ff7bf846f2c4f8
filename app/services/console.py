"""Who is let into the console. It shows what the interface shows, by the same scopes."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final, Protocol

from app.crypto.passwords import hashed, holds, step_of
from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.verification import Asker
from app.registry.auditing import event
from app.registry.operators import Credentials, Operator

MAX_PASSWORD: Final = 256
"""Characters looked at."""
GUESSES: Final = 2
"""Passwords tried at once: each takes 32 MiB."""
_TOKEN: Final = 32


class Operators(Protocol):
    """Operators and sessions as they are kept."""

    async def found(self, name: str, now: datetime) -> Credentials | None: ...

    async def failed(self, name: str, now: datetime) -> None: ...

    async def begin(self, name: str, step: int, digest: bytes, now: datetime) -> bool: ...

    async def use(self, digest: bytes, now: datetime) -> Operator | None: ...

    async def end(self, digest: bytes) -> None: ...


@cache
def _nobodys() -> str:
    """A password nobody has: a name nobody has takes as long as one somebody has."""
    return hashed(secrets.token_urlsafe(_TOKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Lets operators in and out, each with a row in the audit log."""

    operators: Operators
    append: Callable[[AuditEvent], Awaitable[None]]
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]
    version: str
    _places: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(GUESSES), repr=False
    )

    async def login(self, name: str, password: str, code: str, asker: Asker) -> str | None:
        """A new session's token; None, whatever was wrong. Raises `Unavailable`: nobody is in."""
        now = self.clock()
        found = await self.operators.found(name, now)
        async with self._places:
            kept = found.password if found else _nobodys()
            right = await asyncio.to_thread(holds, password[:MAX_PASSWORD], kept)
        step = step_of(found.secret, code, int(now.timestamp())) if found else None
        token = secrets.token_urlsafe(_TOKEN)
        if (
            right
            and step is not None
            and await self.operators.begin(name, step, _digest(token), now)
        ):
            await self.note(Operation.CONSOLE_LOGIN, Operator(name, frozenset()), asker)
            return token
        await self.operators.failed(name, now)
        await self._append(Operation.CONSOLE_LOGIN, Result.REFUSED, asker)
        return None

    async def who(self, token: str) -> Operator | None:
        """Whose session it is. Raises `Unavailable`."""
        return await self.operators.use(_digest(token), self.clock())

    async def logout(self, token: str) -> None:
        """Raises `Unavailable`."""
        await self.operators.end(_digest(token))

    async def note(
        self, operation: Operation, operator: Operator, asker: Asker, what: str | None = None
    ) -> None:
        """A row about what is about to be shown. Raises `Unavailable`: then it is not."""
        known = Asker(caller=f"console:{operator.name}", address=asker.address)
        await self._append(operation, Result.ANSWERED, known, what)

    async def _append(
        self, operation: Operation, result: Result, asker: Asker, what: str | None = None
    ) -> None:
        row = event(
            asker, self.keys, operation, result, at=self.clock(), version=self.version, object=what
        )
        await self.append(row)


def _digest(token: str) -> bytes:
    """What is kept of it: 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
