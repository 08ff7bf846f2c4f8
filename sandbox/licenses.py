"""A license as its issuer's books have it, and what the books say at a given time.

State words are those of IVP/1; the law behind them is in 行政许可法 8, 50, 69, 70.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum

from sandbox.bodies import BEIJING
from sandbox.codes import Identifier

LONG_TERM = "长期"


class Outcome(IntEnum):
    """GB/T 36906 证照信息验证 result codes."""

    IN_FORCE = 0
    NOT_YET = 1
    SUSPENDED = 2
    ENDED = 3
    INSUFFICIENT = 4
    NO_RECORD = 5
    DIFFERS = 6
    PARTIAL = 7


class State(StrEnum):
    ISSUED = "issued"
    SUSPENDED = "suspended"
    """暂扣."""
    EXPIRED = "expired"
    ANNULLED = "annulled"
    """撤销: as if it had never been."""
    WITHDRAWN = "withdrawn"
    """撤回."""
    REVOKED = "revoked"
    """吊销, a penalty."""
    CANCELLED = "cancelled"
    """注销."""
    SUPERSEDED = "superseded"
    """变更、换发."""
    VOID = "void"
    """作废."""


@dataclass(frozen=True, slots=True)
class Event:
    """From `since` on (and before `until`, if there is one) the license is in this state."""

    state: State
    since: date
    until: date | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    name: str
    code: str
    code_type: str
    """GB/T 36903 附录 A: 001 an organisation, 111 a citizen."""


@dataclass(frozen=True, slots=True)
class License:
    """One version of one license. Dates are Beijing days; the last day counts whole."""

    identifier: Identifier
    number: str
    name: str
    holder: Holder
    issued_on: date
    valid_from: date
    valid_until: date | str | None
    signed_at: datetime
    signer: str
    """Code of the body that signed: the issuer or its delegate."""
    kid: str
    scenario: str
    events: tuple[Event, ...] = ()
    renewed: bool = False
    """In force although its own last day is past: 视为准予延续 (行政许可法 50)."""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.identifier)

    @property
    def type(self) -> str:
        return self.identifier.type

    @property
    def issuer(self) -> str:
        return self.identifier.issuer


@dataclass(frozen=True, slots=True)
class Status:
    outcome: Outcome
    state: State
    since: date | None = None
    until: date | None = None
    successor: str | None = None


def status_at(license: License, at: datetime, more: tuple[Event, ...] = ()) -> Status:
    """What the issuer would say of that time, as known now.

    An annulment counts for any time; other endings from their day on; a suspension between its
    days; then the license's own dates.
    """
    day = at.astimezone(BEIJING).date()
    events = (*license.events, *more)
    for event in events:
        if event.state is State.ANNULLED:
            return Status(Outcome.ENDED, event.state, event.since)
    for event in reversed(events):
        if event.since > day or (event.until is not None and day >= event.until):
            continue
        match event.state:
            case State.ISSUED:
                return Status(Outcome.IN_FORCE, event.state, event.since)
            case State.SUSPENDED:
                return Status(Outcome.SUSPENDED, event.state, event.since, event.until)
            case _:
                return Status(Outcome.ENDED, event.state, event.since, event.until, event.successor)
    if day < license.valid_from:
        return Status(Outcome.NOT_YET, State.ISSUED, license.valid_from)
    last = license.valid_until
    if isinstance(last, date) and day > last and not license.renewed:
        return Status(Outcome.ENDED, State.EXPIRED, last)
    return Status(Outcome.IN_FORCE, State.ISSUED, license.valid_from)
