"""What operators' systems ask of a node, and are told: the console's figures, as JSON."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.domain.audit import Operation
from app.domain.dispute import Dispute, DisputeState, Element
from app.domain.errors import Refused
from app.domain.verdict import Conclusion
from app.registry.overview import (
    SOON,
    WEEK,
    AfterContradiction,
    AfterFare,
    AfterLogged,
    Contradiction,
    Count,
    Ending,
    Ends,
    Fare,
    Logged,
    Slot,
    Span,
    Wanted,
)
from app.schemas.paging import moment_of, parts_of, place
from app.schemas.verification import instant_of

LAST_YEAR: Final = 9000
"""What is asked for is within the calendar of whatever reckons with it."""
_AT: Final = "2026-11-25T08:00:00Z"
_NOW: Final = datetime(2026, 11, 25, 8, tzinfo=UTC)
_ISSUER: Final = "11630000MB0000019J"
_WEEK_AGO: Final = "2026-11-18T08:00:00Z"
_FARE: Final = re.compile(r"(\d{1,16})\n([0-9A-Z]{1,18})", re.ASCII)
_CONFLICT: Final = re.compile(r"(\d{1,16})\n([0-9a-f]{64})", re.ASCII)
_LOGGED: Final = re.compile(r"(\d{1,16})\n(\d{1,4})\n(\d{1,18})", re.ASCII)
_ENDING: Final = re.compile(rf"(\d{{1,16}})\n({'|'.join(Ends)})\n([^\x00-\x1f]{{1,300}})")


def _moment(value: object) -> datetime:
    fix = "a time in UTC, as 2026-11-25T08:00:00Z"
    at = instant_of(value, fix)
    if at.year > LAST_YEAR:
        raise ValueError(f"{fix}; not after {LAST_YEAR}")
    return at.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_moment)]


# ---- what is asked


def _after(*last: str | int | datetime) -> Any:
    """The parameter of a list, with an example of where a page ends."""
    return Field(description="the `next` of the page before", examples=[place(*last)])


class _Query(BaseModel):
    """An unknown parameter is refused: a misspelt filter would filter nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SpanIn(_Query):
    """A span of time; seven days where nothing is said."""

    since: Annotated[
        Moment | None,
        Field(description="from then on; left out: seven days before", examples=[_WEEK_AGO]),
    ] = None
    until: Annotated[
        Moment | None, Field(description="before then; left out: now", examples=[_AT])
    ] = None

    def span(self, now: datetime) -> Span:
        """Raises `Refused`."""
        until = self.until or now
        since = self.since or until - WEEK
        if since >= until:
            raise Refused("since", "a time before `until`, which is now where it is left out")
        return Span(since, until)


class EndingsIn(_Query):
    """How far ahead."""

    after: Annotated[str | None, _after(_NOW, Ends.KEY.value, f"{_ISSUER} answer-2025")] = None

    within_days: Annotated[
        int, Field(ge=1, le=36600, description="days from now", examples=[SOON.days, 30])
    ] = SOON.days

    def span(self, now: datetime) -> Span:
        return Span(now, now + timedelta(days=self.within_days))

    def place(self) -> Ending | None:
        """Raises `Refused`."""
        if self.after is None:
            return None
        at, kind, name = parts_of(self.after, _ENDING)
        return Ending(moment_of(at), Ends(kind), name)


class FaresIn(_Query):
    """In which order."""

    after: Annotated[str | None, _after(0, _ISSUER)] = None

    order: Annotated[
        Literal["code", "unanswered"],
        Field(
            description="by code; or most unanswered questions first, as the console shows them: "
            "while counts change, a body may then stand on two pages or none",
            examples=["code", "unanswered"],
        ),
    ] = "code"

    @property
    def worst_first(self) -> bool:
        return self.order == "unanswered"

    def place(self) -> AfterFare | None:
        """Raises `Refused`."""
        if self.after is None:
            return None
        silent, issuer = parts_of(self.after, _FARE)
        return AfterFare(int(silent), issuer)


class ConflictsIn(SpanIn):
    """When, and where the page before ended."""

    after: Annotated[str | None, _after(_NOW, "5b1d3a1a" * 8)] = None

    def place(self) -> AfterContradiction | None:
        """Raises `Refused`."""
        if self.after is None:
            return None
        at, mark = parts_of(self.after, _CONFLICT)
        return AfterContradiction(moment_of(at), mark)


class AuditIn(SpanIn):
    """Which rows."""

    after: Annotated[str | None, _after(_NOW, 3, 90211)] = None

    operation: Annotated[
        Operation | None, Field(description="what was done", examples=[Operation.VERIFY_FILE])
    ] = None
    tenant: Annotated[
        str | None,
        Field(
            pattern="^[a-z0-9][a-z0-9-]{1,62}$",
            description="whose rows; left out: everybody's",
            examples=["xn-hospital"],
        ),
    ] = None

    def wanted(self, now: datetime) -> Wanted:
        """Raises `Refused`."""
        operation = self.operation.value if self.operation else None
        return Wanted(self.span(now), operation, self.tenant)

    def place(self) -> AfterLogged | None:
        """Raises `Refused`."""
        if self.after is None:
            return None
        at, chain, seq = parts_of(self.after, _LOGGED)
        return AfterLogged(moment_of(at), int(chain), int(seq))


# ---- where the next page begins


def after_ending(last: Ending) -> str:
    return place(last.at, last.kind.value, last.name)


def after_fare(last: Fare, *, worst_first: bool) -> str:
    return place(max(last.silent, 0) if worst_first else 0, last.issuer)


def after_conflict(last: Contradiction) -> str:
    return place(last.at, last.mark)


def after_logged(last: Logged) -> str:
    return place(last.at, last.chain, last.seq)


# ---- what is told


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Next = Annotated[str | None, Field(description="`after` of the next page; null: that is all")]
Name = Annotated[dict[str, str] | None, Field(description="registered, `zh` and `en`")]


class CountOut(_Out):
    """Verdicts of one conclusion and reason."""

    conclusion: Conclusion
    reason: Annotated[str | None, Field(description="docs/reasons.md; null: valid")]
    count: int


class CountsOut(_Out):
    """Verdicts of a span, most first."""

    since: datetime
    until: datetime
    total: int
    verdicts: list[CountOut]

    @classmethod
    def of(cls, span: Span, found: list[Count]) -> Self:
        verdicts = [
            CountOut(conclusion=Conclusion(c.conclusion), reason=c.reason, count=c.count)
            for c in found
        ]
        total = sum(each.count for each in found)
        return cls(since=span.since, until=span.until, total=total, verdicts=verdicts)


class SlotOut(_Out):
    """Questions to issuers by the time they took."""

    at_most_seconds: Annotated[
        str | None, Field(description="and longer than the one before; null: longer than all")
    ]
    count: int


class TimesOut(_Out):
    """How long issuers took within a day, over all workers."""

    since: datetime
    until: datetime
    total: int
    times: list[SlotOut]

    @classmethod
    def of(cls, span: Span, found: list[Slot]) -> Self:
        times = [
            SlotOut(at_most_seconds=None if s.seconds is None else f"{s.seconds:g}", count=s.count)
            for s in found
        ]
        total = sum(each.count for each in found)
        return cls(since=span.since, until=span.until, total=total, times=times)


class EndingOut(_Out):
    """Something that ends."""

    kind: Ends
    name: Annotated[
        str,
        Field(
            description="key: owner and key id; node_key: node and key id; delegation: issuer, "
            "delegate, type and kind; list: publisher and number; anchor, intermediate, crl: "
            "SHA-256 of it, hexadecimal"
        ),
    ]
    ends: datetime


class EndingsOut(_Out):
    """What ends, soonest first."""

    since: datetime
    until: datetime
    endings: list[EndingOut]
    next: Next

    @classmethod
    def of(cls, span: Span, found: list[Ending], more: str | None) -> Self:
        endings = [EndingOut(kind=e.kind, name=e.name, ends=e.at) for e in found]
        return cls(since=span.since, until=span.until, endings=endings, next=more)


class FareOut(_Out):
    """How one body's interface fared."""

    issuer: str
    name: Annotated[dict[str, str], Field(description="registered, `zh` and `en`")]
    asked: int
    answered: int
    availability_percent: Annotated[int | None, Field(description="null: nobody asked")]
    rested: Annotated[int, Field(description="not asked, because its breaker was open")]
    conflicts: int
    mean_milliseconds: Annotated[int | None, Field(description="null: nobody asked")]
    last_asked: Annotated[
        datetime | None, Field(description="to the minute; null: not within the day")
    ]

    @classmethod
    def of(cls, found: Fare) -> Self:
        return cls(
            issuer=found.issuer,
            name={"zh": found.name, "en": found.name_en},
            asked=found.asked,
            answered=found.answered,
            availability_percent=found.availability,
            rested=found.rested,
            conflicts=found.conflicts,
            mean_milliseconds=found.mean,
            last_asked=found.last_asked,
        )


class FaresOut(_Out):
    """How every body fared within a day that has an endpoint, or was asked."""

    since: datetime
    until: datetime
    issuers: list[FareOut]
    next: Next

    @classmethod
    def of(cls, span: Span, found: list[Fare], more: str | None) -> Self:
        issuers = [FareOut.of(each) for each in found]
        return cls(since=span.since, until=span.until, issuers=issuers, next=more)


class ConflictOut(_Out):
    """A verdict whose sources contradicted each other. Nothing of the license but issuer and
    type; its report is its asker's.
    """

    at: datetime
    conclusion: Conclusion
    reason: Annotated[str | None, Field(description="docs/reasons.md; null: valid")]
    policy: str
    issuer: str | None
    name: Name
    type: str | None

    @classmethod
    def of(cls, found: Contradiction) -> Self:
        named = found.name is not None
        return cls(
            at=found.at,
            conclusion=Conclusion(found.conclusion),
            reason=found.reason,
            policy=found.policy,
            issuer=found.issuer,
            name={"zh": found.name or "", "en": found.name_en or ""} if named else None,
            type=found.type,
        )


class ConflictsOut(_Out):
    """Verdicts that conflict, newest first."""

    since: datetime
    until: datetime
    conflicts: list[ConflictOut]
    next: Next

    @classmethod
    def of(cls, span: Span, found: list[Contradiction], more: str | None) -> Self:
        conflicts = [ConflictOut.of(each) for each in found]
        return cls(since=span.since, until=span.until, conflicts=conflicts, next=more)


class LoggedOut(_Out):
    """One row of the audit log: its place, and what an auditor looks for."""

    at: datetime
    chain: int
    seq: int
    operation: str
    tenant: str | None
    caller: str | None
    address: Annotated[str | None, Field(description="network prefix, as the log holds it")]
    result: str | None
    conclusion: str | None
    reason: str | None
    issuer: str | None
    type: str | None

    @classmethod
    def of(cls, found: Logged) -> Self:
        return cls(
            at=found.at,
            chain=found.chain,
            seq=found.seq,
            operation=found.operation,
            tenant=found.tenant,
            caller=found.caller,
            address=found.address,
            result=found.result,
            conclusion=found.conclusion,
            reason=found.reason,
            issuer=found.issuer,
            type=found.type,
        )


class AuditOut(_Out):
    """Rows of the audit log, newest first."""

    since: datetime
    until: datetime
    rows: list[LoggedOut]
    next: Next

    @classmethod
    def of(cls, span: Span, found: list[Logged], more: str | None) -> Self:
        rows = [LoggedOut.of(each) for each in found]
        return cls(since=span.since, until=span.until, rows=rows, next=more)


class StandingOut(_Out):
    """A dispute, without what was written and by whom: that is the issuer's to read."""

    reference: str
    issuer: str | None
    type: str
    element: Element
    state: DisputeState
    filed_at: datetime

    @classmethod
    def of(cls, found: Dispute) -> Self:
        return cls(
            reference=found.reference,
            issuer=found.issuer,
            type=found.type,
            element=found.element,
            state=found.state,
            filed_at=found.filed_at,
        )


class StandingsOut(_Out):
    """Disputes of all issuers, oldest first."""

    disputes: list[StandingOut]
    next: Next


# ---- examples

_SPAN: Final = {"since": _WEEK_AGO, "until": _AT}
_DAY: Final = {"since": "2026-11-24T08:00:00Z", "until": _AT}
_NAME: Final = {"zh": "青海样例局", "en": "Qinghai Sample Bureau"}
COUNTS: Final[dict[str, Any]] = {
    **_SPAN,
    "total": 1290,
    "verdicts": [
        {"conclusion": "valid", "reason": None, "count": 1204},
        {"conclusion": "indeterminate", "reason": "issuer_unreachable", "count": 61},
        {"conclusion": "invalid", "reason": "signature_invalid", "count": 25},
    ],
}
TIMES: Final[dict[str, Any]] = {
    **_DAY,
    "total": 129,
    "times": [
        {"at_most_seconds": "0.05", "count": 100},
        {"at_most_seconds": "0.1", "count": 20},
        {"at_most_seconds": "0.2", "count": 6},
        {"at_most_seconds": "0.5", "count": 2},
        {"at_most_seconds": "1", "count": 0},
        {"at_most_seconds": "2", "count": 0},
        {"at_most_seconds": "3", "count": 1},
        {"at_most_seconds": None, "count": 0},
    ],
}
ENDINGS: Final[dict[str, Any]] = {
    "since": _AT,
    "until": "2027-02-23T08:00:00Z",
    "endings": [
        {"kind": "list", "name": "province.example #12", "ends": "2026-12-01T00:00:00Z"},
        {"kind": "key", "name": f"{_ISSUER} answer-2025", "ends": "2027-01-01T00:00:00Z"},
    ],
    "next": None,
}
FARES: Final[dict[str, Any]] = {
    **_DAY,
    "issuers": [
        {
            "issuer": _ISSUER,
            "name": _NAME,
            "asked": 120,
            "answered": 118,
            "availability_percent": 98,
            "rested": 0,
            "conflicts": 0,
            "mean_milliseconds": 87,
            "last_asked": "2026-11-25T07:59:00Z",
        }
    ],
    "next": None,
}
CONFLICTS: Final[dict[str, Any]] = {
    **_SPAN,
    "conflicts": [
        {
            "at": "2026-11-24T03:12:45.120000Z",
            "conclusion": "invalid",
            "reason": "revoked",
            "policy": "license/1",
            "issuer": _ISSUER,
            "name": _NAME,
            "type": "11100000MB03271699001",
        }
    ],
    "next": None,
}
AUDIT: Final[dict[str, Any]] = {
    **_SPAN,
    "rows": [
        {
            "at": "2026-11-25T07:59:12.004211Z",
            "chain": 3,
            "seq": 90211,
            "operation": "verify_file",
            "tenant": "xn-hospital",
            "caller": "admission-desk",
            "address": "10.1.2.3/32",
            "result": "answered",
            "conclusion": "valid",
            "reason": None,
            "issuer": _ISSUER,
            "type": "11100000MB03271699001",
        }
    ],
    "next": None,
}
STANDINGS: Final[dict[str, Any]] = {
    "disputes": [
        {
            "reference": "29BCX3G128ZMYPC77VYY",
            "issuer": _ISSUER,
            "type": "11100000MB03271699001",
            "element": "valid_until",
            "state": "open",
            "filed_at": "2026-11-01T00:00:00Z",
        }
    ],
    "next": None,
}
