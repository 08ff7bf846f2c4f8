"""What operators' systems are told of a node: the console's figures, as JSON."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from app.domain.dispute import Dispute, DisputeState, Element
from app.domain.verdict import Conclusion
from app.registry.overview import (
    Contradiction,
    Count,
    Ending,
    Ends,
    Fare,
    Logged,
    Slot,
    Span,
)


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
