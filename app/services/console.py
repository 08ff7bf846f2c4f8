"""Who is let into the console. It shows what the interface shows, by the same scopes."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final, Protocol

from app.crypto.jose import LICENSE_TOKEN, split_compact
from app.crypto.passwords import hashed, holds, step_of
from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.errors import InvalidSignature, Malformed
from app.domain.verification import Asker
from app.registry.auditing import event
from app.registry.making.statements import read_statement
from app.registry.operators import Answer, Credentials, KeyHolder, Operator
from app.services.challenges import LOGIN, Challenge, held, new_challenge

MAX_PASSWORD: Final = 256
"""Characters looked at."""
GUESSES: Final = 2
"""Passwords tried at once: each takes 32 MiB."""
_TOKEN: Final = 32
_SIGNED: Final = frozenset({"challenge", "console", "operator", "at"})


class Operators(Protocol):
    """Operators and sessions as they are kept."""

    async def found(self, name: str, now: datetime) -> Credentials | None: ...

    async def failed(self, name: str, now: datetime) -> None: ...

    async def begin(self, name: str, step: int, digest: bytes, now: datetime) -> bool: ...

    async def holder(self, key_id: str) -> KeyHolder | None: ...

    async def begin_by_key(self, name: str, answer: Answer, now: datetime) -> bool: ...

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
    node: str
    """Name of this node: what is signed for another opens nothing here."""
    append: Callable[[AuditEvent], Awaitable[None]]
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]
    version: str
    _places: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(GUESSES), repr=False
    )

    async def login(
        self, name: str, password: str, code: str, asker: Asker, *, code_first: bool = False
    ) -> str | None:
        """A new session's token; None, whatever was wrong. Raises `Unavailable`: nobody is in.

        Only who has one of password and code, and not the other, counts against the operator:
        whoever has neither keeps nobody out.

        Args:
            name: as it is typed.
            password: likewise.
            code: likewise.
            asker: whoever it is.
            code_first: more come from there than are looked at: without a right code no password
                is, and no row is written.
        """
        now = self.clock()
        found = await self.operators.found(name, now)
        step = step_of(found.secret, code, int(now.timestamp())) if found else None
        if code_first and step is None:
            return None
        async with self._places:
            kept = found.password if found else _nobodys()
            right = await asyncio.to_thread(holds, password[:MAX_PASSWORD], kept)
        token = secrets.token_urlsafe(_TOKEN)
        if (
            right
            and step is not None
            and await self.operators.begin(name, step, _digest(token), now)
        ):
            await self.note(Operation.CONSOLE_LOGIN, Operator(name, frozenset()), asker)
            return token
        if found is not None and (right or step is not None):
            await self.operators.failed(name, now)
        await self._append(Operation.CONSOLE_LOGIN, Result.REFUSED, asker)
        return None

    def challenge(self, secret: str) -> str:
        """What an operator signs, for the browser that keeps this secret. Raises `Unavailable`."""
        return new_challenge(self.keys, self.node, secret, self.clock())

    async def login_by_key(self, signed: str, secret: str, asker: Asker) -> str | None:
        """A new session's token for a challenge signed with a registered key; None, whatever was
        wrong: then no row is written. Raises `Unavailable`: nobody is in.
        """
        now, token = self.clock(), secrets.token_urlsafe(_TOKEN)
        found = await self._answered(signed, secret, now)
        if found is None:
            return None
        holder, challenge = found
        answer = Answer(
            challenge=challenge.digest,
            ends_at=challenge.ends_at,
            key_id=holder.key.key_id,
            session=_digest(token),
        )
        if not await self.operators.begin_by_key(holder.name, answer, now):
            return None
        await self.note(Operation.CONSOLE_LOGIN, Operator(holder.name, frozenset()), asker, "key")
        return token

    async def _answered(
        self, signed: str, secret: str, now: datetime
    ) -> tuple[KeyHolder, Challenge] | None:
        """Whose registered key signed a challenge of this console and this browser."""
        try:
            compact = split_compact(signed.encode("utf-8", "replace"), LICENSE_TOKEN)
            holder = await self.operators.holder(compact.kid)
            said = read_statement(signed, LOGIN, holder.key) if holder else {}
        except (Malformed, InvalidSignature):
            return None
        text = said.get("challenge")
        if holder is None or said.keys() != _SIGNED or not isinstance(text, str):
            return None
        if (said["console"], said["operator"]) != (self.node, holder.name):
            return None
        challenge = held(self.keys, self.node, secret, text, now)
        return None if challenge is None else (holder, challenge)

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
