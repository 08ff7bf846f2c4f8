"""The door every request comes through: who is it, may it, and is it within its limits?

What is turned away leaves a row in the audit log, like what is answered.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import Depends, Request

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.caller import Caller, Scope
from app.domain.errors import ServiceError
from app.domain.verification import Asker
from app.registry.auditing import event
from app.registry.limits import Limit
from app.routers.access import (
    Forbidden,
    Limited,
    Quotas,
    asker_of,
    client_address,
    limits_for,
    require,
    scopes_of,
)
from app.services.access import PUBLIC, Admission, Gate, Unauthorised


class Buckets(Protocol):
    """Token buckets of all workers."""

    async def take(self, limits: list[Limit]) -> str | None: ...


Append = Callable[[AuditEvent], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Guest:
    """A caller let in."""

    admission: Admission
    asker: Asker

    @property
    def caller(self) -> Caller:
        return self.admission.caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Lets callers in, or turns them away with a row."""

    gate: Gate
    buckets: Buckets
    append: Append
    keys: KeyProvider = field(repr=False)
    quotas: Quotas
    clock: Callable[[], datetime]
    version: str

    async def admit(self, request: Request) -> Guest:
        """Raises `Unauthorised`, `Forbidden`, `Limited`, `Refused`, `Unavailable`."""
        address = client_address(request, self.quotas.trusted_proxies)
        wanted = scopes_of(request)
        nobody = Guest(PUBLIC, asker_of(PUBLIC.caller, address, None))
        try:
            admission = await self.gate.admit(request.headers.get("authorization"))
        except Unauthorised as refused:
            await self._turned_away(nobody, Operation.DENIED, "unauthorised", refused)
            raise
        guest = Guest(
            admission,
            asker_of(admission.caller, address, request.headers.get("x-operator")),
        )
        if wanted is None:  # a route nobody declared takes a scope nobody has
            raise Forbidden(frozenset())
        if wanted:
            await self._allow(guest, address, *wanted)
        return guest

    async def _allow(self, guest: Guest, address: str | None, *wanted: Scope) -> None:
        await self.require(guest, *wanted)
        await self.within(guest, limits_for(guest.admission, address, self.quotas))

    async def require(self, guest: Guest, *wanted: Scope) -> None:
        """One of these scopes. Raises `Forbidden`, with a row."""
        try:
            require(guest.caller, *wanted)
        except Forbidden as refused:
            await self._turned_away(guest, Operation.DENIED, "scope_missing", refused)
            raise

    async def within(self, guest: Guest, limits: list[Limit]) -> None:
        """Draw on these buckets. Raises `Limited`, with a row."""
        empty = await self.buckets.take(limits)
        if empty is not None:
            refused = Limited(empty)
            await self._turned_away(guest, Operation.LIMITED, f"limit_{empty}", refused)
            raise refused

    async def asked_about(self, guest: Guest, document: str) -> None:
        """The public asks about one license only so often, whoever of it asks."""
        if guest.caller.anonymous:
            most = self.quotas.document
            await self.within(guest, [Limit("document", document, most, most / 60)])

    async def _turned_away(
        self, guest: Guest, operation: Operation, reason: str, _refused: ServiceError
    ) -> None:
        row = event(
            guest.asker,
            self.keys,
            operation,
            Result.REFUSED,
            at=self.clock(),
            version=self.version,
            reason=reason,
        )
        await self.append(row)


async def _guest(request: Request) -> Guest:
    guest: Guest = request.state.guest
    return guest


async def admit(request: Request) -> None:
    """The dependency of every router."""
    request.state.guest = await request.state.node.door.admit(request)


GuestDep = Annotated[Guest, Depends(_guest)]
