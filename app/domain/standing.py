"""What this node itself can say of a license, from the records its issuer pushed to it."""

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.issuer import Code, State, Statement
from app.domain.verdict import local_date

BY_STATE = {State.ISSUED: Code.IN_FORCE, State.SUSPENDED: Code.SUSPENDED}
"""Any other state has ended the license."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """证照元数据 as pushed."""

    valid_from: date | None
    valid_until: date | None
    """Last day in force, Beijing time."""
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A state at the asked time, and since when this node knows it."""

    state: State
    since: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that was pushed about one license; None: nothing of the kind."""

    record: Record | None = None
    held: Held | None = None
    statement: Statement | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What follows from it."""

    code: Code
    as_of: datetime
    state: State | None = None
    since: date | None = None


def say(standing: Standing, at: datetime) -> Said | None:
    """The newest word decides; None: nothing was pushed that speaks of that time.

    Never `no such record`: what has not been heard of here may have been issued all the same.
    """
    statement, held, record = standing.statement, standing.held, standing.record
    spoken = statement if statement is not None and statement.holds_at(at) else None
    if spoken is not None and (held is None or spoken.as_of >= held.recorded_at):
        code, as_of, state, since = spoken.code, spoken.as_of, None, spoken.since
    elif held is not None:
        code = BY_STATE.get(held.state, Code.ENDED)
        as_of, state, since = held.recorded_at, held.state, held.since
    elif record is not None:
        code, as_of, state, since = Code.IN_FORCE, record.recorded_at, None, None
    else:
        return None
    if code is Code.IN_FORCE and record is not None:
        day = local_date(at)
        if record.valid_from is not None and day < record.valid_from:
            return Said(Code.NOT_YET, as_of)
        if record.valid_until is not None and day > record.valid_until:
            # Perhaps renewed by operation of law (行政许可法 50): only the issuer knows.
            return Said(Code.INSUFFICIENT, as_of)
    return Said(code, as_of, state, local_date(since) if since else None)
