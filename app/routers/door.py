"""The door every request comes through: who is it, may it, and is it within its limits?

What is turned away leaves a row in the audit log, like what is answered; but of one address or
caller only so many a minute, for a log that a stranger can fill is no log.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, Request

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.caller import ANONYMOUS, Caller, Scope
from app.domain.errors import Unavailable
from app.domain.verification import Asker
from app.registry.auditing import event, keyed
from app.registry.limits import Limit
from app.routers.access import (
    DRAWN,
    ROUTES,
    Forbidden,
    Limited,
    Quotas,
    asker_of,
    client_address,
    limits_for,
    path_of,
    require,
    scopes_of,
)
from app.services.access import PUBLIC, Admission, Gate, Unauthorised


class Buckets(Protocol):
    """Token buckets of all workers."""

    async def take(self, limits: Sequence[Limit], then: Sequence[Limit] = ()) -> str | None: ...

    def seem_full(self, limits: Sequence[Limit]) -> bool: ...


REFUSALS: Final = 60
"""Rows a minute about what one address or caller was refused."""
OPEN_READS: Final = 600
"""Requests a minute of one address or caller to what is open and costs the database something."""
MISSED: Final = 5
"""Requests that a look-up costs which finds nothing for its caller."""
DISPUTES: Final = 10
"""Disputes a day from one address of the public."""
DISPUTES_OF_CALLER: Final = 1000
"""Disputes a day from one caller with an account."""
DISPUTES_OF_LICENSE: Final = 5
"""Disputes a day about one license, whoever files them."""
_DAY: Final = 86_400
INQUIRIES: Final = 1200
"""Inquiries a minute from one address: those of a whole province come from one."""

Append = Callable[[AuditEvent], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Guest:
    """A caller let in."""

    admission: Admission
    asker: Asker

    @property
    def caller(self) -> Caller:
        return self.admission.caller

    def as_node(self, node: str) -> "Guest":
        """Another node, which has proved by its inquiry that it is the one."""
        return replace(self, asker=replace(self.asker, caller=f"node:{node}"))


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
        guest = await self.meet(request)
        if scopes_of(request):
            await self.draws(guest)
        elif path_of(request) in DRAWN:
            await self.reads(guest)
        return guest

    async def meet(self, request: Request) -> Guest:
        """Whoever may ask for this; nothing is drawn yet. Raises as `admit`, but `Limited`."""
        address = client_address(request, self.quotas.trusted_proxies)
        wanted = scopes_of(request)
        try:
            admission = await self.gate.admit(request.headers.get("authorization"))
        except Unauthorised:
            nobody = Guest(PUBLIC, asker_of(PUBLIC.caller, address, None))
            await self.turned_away(nobody, Operation.DENIED, "unauthorised")
            raise
        guest = Guest(
            admission,
            asker_of(admission.caller, address, request.headers.get("x-operator")),
        )
        if wanted is None:  # a route nobody declared takes a scope nobody has
            await self.turned_away(guest, Operation.DENIED, "scope_missing")
            raise Forbidden(frozenset())
        if wanted:
            await self.require(guest, *wanted)
        return guest

    async def reads(self, guest: Guest) -> None:
        """Something open that costs the database something. Raises `Limited`."""
        await self.within(guest, [Limit("open", _who(guest), OPEN_READS, OPEN_READS / 60)])

    async def admit_by(self, guest: Guest, credential: str, *wanted: Scope) -> Guest:
        """A caller that names itself in its body, as those of the share interface do.

        Raises as `admit`.
        """
        try:
            admission = await self.gate.admit(f"Bearer {credential}")
        except Unauthorised:
            await self.turned_away(guest, Operation.DENIED, "unauthorised")
            raise
        caller = Guest(admission, asker_of(admission.caller, guest.asker.address, None))
        await self.allow(caller, *wanted)
        return caller

    async def allow(self, guest: Guest, *wanted: Scope) -> None:
        """One of these scopes, and within the caller's limits. Raises `Forbidden`, `Limited`."""
        await self.require(guest, *wanted)
        await self.draws(guest)

    async def draws(self, guest: Guest, then: Sequence[Limit] = ()) -> None:
        """One of what the caller's contract holds, and only then of these. Raises `Limited`."""
        await self.within(guest, self._contract(guest), then)

    def in_haste(self, guest: Guest) -> bool:
        """Whether work may begin for it while its limits are drawn on: not where it was found over
        them a moment ago.
        """
        return self.buckets.seem_full(self._contract(guest))

    def _contract(self, guest: Guest) -> list[Limit]:
        return limits_for(guest.admission, guest.asker.address, self.quotas)

    async def require(self, guest: Guest, *wanted: Scope) -> None:
        """One of these scopes. Raises `Forbidden`, with a row."""
        try:
            require(guest.caller, *wanted)
        except Forbidden:
            await self.turned_away(guest, Operation.DENIED, "scope_missing")
            raise

    async def within(
        self, guest: Guest, limits: Sequence[Limit], then: Sequence[Limit] = ()
    ) -> None:
        """Draw on these buckets, and on others if none is empty. Raises `Limited`, with a row."""
        empty = await self.buckets.take(limits, then)
        if empty is not None:
            refused = Limited(empty)
            await self.turned_away(guest, Operation.LIMITED, f"limit_{empty}")
            raise refused

    async def asked_about(self, guest: Guest, license: str) -> None:
        """The public asks by number about one license only so often, whoever of it asks. A file is
        no question of that kind: whoever has it knows what it says.
        """
        await self.within(guest, self._of_public(guest, license))

    async def looks_up(self, guest: Guest, license: str) -> None:
        """One license is looked up by one caller only so often; and by the public together."""
        for limits in self._of_license(guest, license):
            await self.within(guest, limits)

    async def draws_to_look_up(self, guest: Guest, license: str) -> None:
        """As `draws` and `looks_up`, in one statement. Raises `Limited`."""
        first, *others = self._of_license(guest, license)
        await self.draws(guest, first)
        for limits in others:
            await self.within(guest, limits)

    def _of_license(self, guest: Guest, license: str) -> tuple[list[Limit], ...]:
        """One after another: who has drawn too much on its own takes nothing of the others'."""
        public = self._of_public(guest, license)
        # Of the public nobody comes here who has not drawn on its address, minute by minute. Where
        # that holds no more than this, this is never the first to be empty.
        most = self.quotas.license
        if guest.caller.anonymous and most >= self.quotas.anonymous:
            return (public,)
        return [Limit("document", f"{_who(guest)}\0{license}", most, most / 60)], public

    def _of_public(self, guest: Guest, license: str) -> list[Limit]:
        most = self.quotas.license
        return [Limit("document", license, most, most / 60)] if guest.caller.anonymous else []

    async def disputes(self, guest: Guest, license: str) -> None:
        """Nobody buries an issuer, or a license, under disputes."""
        most, who = DISPUTES if guest.caller.anonymous else DISPUTES_OF_CALLER, _who(guest)
        about = Limit("document", f"dispute\0{license}", n := DISPUTES_OF_LICENSE, n / _DAY)
        await self.within(guest, [Limit("disputes", who, most, most / _DAY), about])

    async def missed(self, guest: Guest) -> None:
        """Whoever looks up what it may not see, or what is not there, draws more on its contract:
        the numbers of a register are not to be walked through.
        """
        limits = [replace(limit, cost=MISSED - 1) for limit in self._contract(guest)]
        await self.buckets.take(limits)

    async def note(
        self, guest: Guest, operation: Operation, *, report: str | None = None, **told: Any
    ) -> None:
        """A row about what is about to be told, with these members. Raises `Unavailable`: then it
        is not.
        """
        row = event(
            guest.asker,
            self.keys,
            operation,
            Result.ANSWERED,
            at=self.clock(),
            version=self.version,
        )
        named = None if report is None else keyed(self.keys, "report", report)
        await self.append(replace(row, report=named, **told))

    async def asks_as_node(self, guest: Guest) -> None:
        """Other nodes prove themselves by their question; until then they are an address."""
        most = INQUIRIES
        await self.within(guest, [Limit("inquiries", _who(guest), most, most / 60)])

    async def turned_away(
        self, guest: Guest, operation: Operation, reason: str, *, report: str | None = None
    ) -> None:
        """A row, but for what comes too fast. Without a log it is refused all the same: nothing
        was told that had to be written down first.
        """
        most = REFUSALS
        if await self.buckets.take([Limit("refusals", _who(guest), most, most / 60)]):
            return
        with suppress(Unavailable):
            row = event(
                guest.asker,
                self.keys,
                operation,
                Result.REFUSED,
                at=self.clock(),
                version=self.version,
                reason=reason,
            )
            await self.append(replace(row, report=keyed(self.keys, "report", report)))


def _who(guest: Guest) -> str:
    """The account or node, where one is known; else the address."""
    asker = guest.asker
    return (asker.address or "unknown") if asker.caller == ANONYMOUS.id else asker.caller


@dataclass(frozen=True, slots=True)
class LetIn:
    """A request that has come through the door."""

    guest: Guest
    door: Door
    method: str
    path: str
    """The route's, with its placeholders."""
    report: str | None
    """Id of the report it is about."""

    async def refused(self, status: int, code: str) -> None:
        """A row about a problem it ends with. What takes no scope is open to anybody and tells
        nobody anything: nothing is written of it; and the door itself has written what it refused.
        """
        route = (self.method, self.path)
        counted = bool(ROUTES.get(route)) or route == INQUIRY
        if not 400 <= status < 500 or code in _WRITTEN or code.startswith("inquiry-"):  # noqa: PLR2004
            return
        if counted:
            operation = _OPERATIONS.get(route, Operation.REJECTED)
            reason = code.replace("-", "_")
            await self.door.turned_away(self.guest, operation, reason, report=self.report)


INQUIRY: Final = ("POST", "/federation/v1/inquiries")
_READ: Final = ("GET", "/v1/verifications/{id}")
_OPERATIONS: Final = {
    _READ: Operation.READ_REPORT,
    INQUIRY: Operation.ANSWER_INQUIRY,
    ("POST", "/v1/trust/proposals"): Operation.ADMINISTER,
    ("POST", "/v1/trust/proposals/{number}/decisions"): Operation.ADMINISTER,
}
_WRITTEN: Final = frozenset({"unauthorised", "forbidden", "limited"})


async def _guest(request: Request) -> Guest:
    guest: Guest = request.state.guest
    return guest


async def admit(request: Request) -> None:
    """The dependency of every router."""
    door: Door = request.state.node.door
    let_in(request, await door.admit(request))


def let_in(request: Request, guest: Guest) -> None:
    """From now on what the request ends with is written down about this caller."""
    door: Door = request.state.node.door
    path = path_of(request)
    report = request.path_params.get("id") if (request.method, path) == _READ else None
    request.state.guest = guest
    request.state.let_in = LetIn(guest, door, request.method, path, report)


GuestDep = Annotated[Guest, Depends(_guest)]
