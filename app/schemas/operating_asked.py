"""What operators' systems ask of a node: which span, whose rows, where the page before ended."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.domain.audit import Operation
from app.domain.errors import Refused
from app.registry.overview import (
    SOON,
    WEEK,
    AfterContradiction,
    AfterFare,
    AfterLogged,
    Contradiction,
    Ending,
    Ends,
    Fare,
    Logged,
    Span,
    Wanted,
)
from app.schemas.paging import moment_of, parts_of, place
from app.schemas.verification import instant_of

LAST_YEAR: Final = 9000
"""What is asked for is within the calendar of whatever reckons with it."""
AT: Final = "2026-11-25T08:00:00Z"
_NOW: Final = datetime(2026, 11, 25, 8, tzinfo=UTC)
ISSUER: Final = "11630000MB0000019J"
WEEK_AGO: Final = "2026-11-18T08:00:00Z"
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
        Field(description="from then on; left out: seven days before", examples=[WEEK_AGO]),
    ] = None
    until: Annotated[
        Moment | None, Field(description="before then; left out: now", examples=[AT])
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

    after: Annotated[str | None, _after(_NOW, Ends.KEY.value, f"{ISSUER} answer-2025")] = None

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

    after: Annotated[str | None, _after(0, ISSUER)] = None

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
