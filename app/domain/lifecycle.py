"""证照状态 over time, after each decision on a license (standards §1.9). Pure.

A timeline says for every moment which state holds: spans without gap or overlap. A decision either
gives the next timeline or is refused by name. Retroactive: 撤销 alone, from the beginning unless
the decision says from when. Prospective: 吊销, 注销, 撤回, 作废, 失效, and 变更, 换发, 延续, 补发,
which name a successor. An interval: 暂扣, until it is given back (发还).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.errors import Refused
from app.domain.issuer import State

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Nobody can ask about a time before it: a state since then holds from the very beginning."""


class Decision(StrEnum):
    """What was decided about a license, or happened to it."""

    SUSPEND = "suspend"
    """暂扣."""
    REINSTATE = "reinstate"
    """暂扣发还."""
    EXPIRE = "expire"
    """失效: the term ended and was not renewed."""
    ANNUL = "annul"
    """撤销 (行政许可法 69)."""
    WITHDRAW = "withdraw"
    """撤回 (行政许可法 8)."""
    REVOKE = "revoke"
    """吊销."""
    CANCEL = "cancel"
    """注销 (行政许可法 70)."""
    VOID = "void"
    """作废."""
    AMEND = "amend"
    """变更."""
    REPLACE = "replace"
    """换发."""
    RENEW = "renew"
    """延续."""
    REISSUE = "reissue"
    """补发."""
    CORRECT = "correct"
    """更正: the state that begins then was recorded by mistake, or set aside."""


CHINESE: Final[Mapping[str, Decision]] = MappingProxyType(
    {
        "暂扣": Decision.SUSPEND,
        "发还": Decision.REINSTATE,
        "暂扣发还": Decision.REINSTATE,
        "失效": Decision.EXPIRE,
        "撤销": Decision.ANNUL,
        "撤回": Decision.WITHDRAW,
        "吊销": Decision.REVOKE,
        "注销": Decision.CANCEL,
        "作废": Decision.VOID,
        "变更": Decision.AMEND,
        "换发": Decision.REPLACE,
        "延续": Decision.RENEW,
        "补发": Decision.REISSUE,
        "更正": Decision.CORRECT,
    }
)
"""The words of the statutes."""

ENDS: Final[Mapping[Decision, State]] = MappingProxyType(
    {
        Decision.EXPIRE: State.EXPIRED,
        Decision.WITHDRAW: State.WITHDRAWN,
        Decision.REVOKE: State.REVOKED,
        Decision.CANCEL: State.CANCELLED,
        Decision.VOID: State.VOID,
        Decision.AMEND: State.SUPERSEDED,
        Decision.REPLACE: State.SUPERSEDED,
        Decision.RENEW: State.SUPERSEDED,
        Decision.REISSUE: State.SUPERSEDED,
    }
)
"""Prospective endings."""

SUCCEEDED: Final = frozenset(d for d, state in ENDS.items() if state is State.SUPERSEDED)
"""Decisions by which another license takes the place of this one: it must be named."""

_ALIVE: Final = frozenset({State.ISSUED, State.SUSPENDED})
AFTER: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.EXPIRED: _ALIVE,
        State.WITHDRAWN: _ALIVE,
        State.REVOKED: _ALIVE,
        State.VOID: _ALIVE,
        # 延续 and 换发 are decided after the term as well (行政许可法 50).
        State.SUPERSEDED: _ALIVE | {State.EXPIRED},
        # 注销 is the formality that follows every other ending (行政许可法 70), but 换发.
        State.CANCELLED: _ALIVE
        | {State.EXPIRED, State.WITHDRAWN, State.REVOKED, State.VOID, State.ANNULLED},
    }
)
"""Ending → states it may follow."""


@dataclass(frozen=True, slots=True)
class Span:
    """One state, from `since` (included) to `until` (excluded; None: until further notice)."""

    state: State
    since: datetime
    until: datetime | None = None
    successor: str | None = None
    """证照标识 of the license that took its place."""

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


Timeline = tuple[Span, ...]
UNTOUCHED: Final[Timeline] = (Span(State.ISSUED, BEGINNING),)
"""Of a license about which nothing was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A decision and from when it has effect."""

    decision: Decision
    at: datetime | None = None
    """None: from the beginning; 撤销 and its correction only."""
    until: datetime | None = None
    """End of a 暂扣, excluded."""
    successor: str | None = None

    def __post_init__(self) -> None:
        """Raises `Refused`: a decision that does not say what it must, or says too much."""
        if self.at is None and self.decision not in (Decision.ANNUL, Decision.CORRECT):
            raise Refused("since", "state from when the decision has effect")
        if self.at is not None and self.at < BEGINNING:
            raise Refused("since", "before 1970; only 撤销 reaches further, with no time at all")
        if self.until is not None and self.decision is not Decision.SUSPEND:
            raise Refused("until", "only 暂扣 has an end of its own: leave it out")
        if self.until is not None and self.until <= self.since:
            raise Refused("until", "ends before it begins")
        if (self.successor is not None) != (self.decision in SUCCEEDED):
            raise Refused(
                "successor", "变更, 换发, 延续, 补发 name the license that follows; no other"
            )

    @property
    def since(self) -> datetime:
        return self.at or BEGINNING


def span_at(timeline: Timeline, at: datetime) -> Span:
    """The state of a moment; before `BEGINNING`, that of the beginning."""
    return next(span for span in timeline if span.holds(max(at, BEGINNING)))


def after(timeline: Timeline, event: Event) -> Timeline:
    """The timeline once the event is known; the same one for an event that was known already.

    Raises `Refused`: the event cannot follow what is known.
    """
    match event.decision:
        case Decision.ANNUL:
            return _annulled(timeline, event)
        case Decision.SUSPEND:
            return _suspended(timeline, event)
        case Decision.REINSTATE:
            return _reinstated(timeline, event)
        case Decision.CORRECT:
            return _corrected(timeline, event)
        case _:
            return _ended(timeline, event)


def _annulled(timeline: Timeline, event: Event) -> Timeline:
    here = span_at(timeline, event.since)
    if here.state is State.ANNULLED and here.since != event.since:
        raise Refused("since", "撤销 from another time is known: 更正 that first")
    if here.state is State.ANNULLED:
        return timeline  # 注销 may have followed
    return _painted(timeline, Span(State.ANNULLED, event.since))


def _suspended(timeline: Timeline, event: Event) -> Timeline:
    here = span_at(timeline, event.since)
    if here.state is State.SUSPENDED:
        if (here.since, here.until) == (event.since, event.until):
            return timeline
        raise Refused("since", "is suspended then already: 发还 or 更正 that first")
    if here.state is not State.ISSUED:
        raise Refused("since", f"is {here.state} then; 暂扣 is of a license in force")
    made = timeline
    for span in timeline:
        if span.state is State.ISSUED:
            since, until = max(span.since, event.since), _earlier(span.until, event.until)
            if until is None or since < until:
                made = _painted(made, Span(State.SUSPENDED, since, until))
    return made


def _reinstated(timeline: Timeline, event: Event) -> Timeline:
    here = span_at(timeline, event.since)
    if here.state is State.SUSPENDED:
        return _painted(timeline, Span(State.ISSUED, event.since, here.until))
    before = _before(timeline, here)
    known = here.since == event.since and before is not None and before.state is State.SUSPENDED
    if here.state is State.ISSUED and known:
        return timeline
    raise Refused("since", f"is {here.state} then; 发还 is of a license under 暂扣")


def _corrected(timeline: Timeline, event: Event) -> Timeline:
    here = span_at(timeline, event.since)
    if here.since != event.since or here.state is State.ISSUED:
        raise Refused("since", "no state begins then; name the very time of the mistake")
    before = _before(timeline, here)
    back = replace(here, state=State.ISSUED, successor=None)
    if before is not None:
        back = replace(here, state=before.state, successor=before.successor)
    return _painted(timeline, back)


def _ended(timeline: Timeline, event: Event) -> Timeline:
    state = ENDS[event.decision]
    here = span_at(timeline, event.since)
    if here.state is state:
        if (here.since, here.successor) == (event.since, event.successor):
            return timeline
        raise Refused("since", f"is {state} then already, or by another license: 更正 that first")
    if here.state not in AFTER[state]:
        raise Refused("decision", f"is {here.state} then, which {state} cannot follow")
    later = (s for s in timeline if s.since > event.since and s.state not in _ALIVE)
    end = next(later, None)
    if end is not None and state not in AFTER.get(end.state, frozenset()):
        raise Refused("since", f"is known to be {end.state} later: 更正 that first")
    until = end.since if end is not None else None
    return _painted(timeline, Span(state, event.since, until, event.successor))


def _before(timeline: Timeline, span: Span) -> Span | None:
    return next((each for each in timeline if each.until == span.since), None)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    ends = [end for end in (one, other) if end is not None]
    return min(ends) if ends else None


def _painted(timeline: Timeline, over: Span) -> Timeline:
    """`over` in place of whatever was there; neighbours that say the same become one."""
    kept: list[Span] = []
    for span in timeline:
        if span.since < over.since:
            kept.append(replace(span, until=_earlier(span.until, over.since)))
        if over.until is not None and (span.until is None or span.until > over.until):
            kept.append(replace(span, since=max(span.since, over.until)))
    made: list[Span] = []
    for span in sorted([*kept, over], key=lambda each: each.since):
        last = made[-1] if made else None
        if last is not None and (last.state, last.successor) == (span.state, span.successor):
            made[-1] = replace(last, until=span.until)
        else:
            made.append(span)
    return tuple(made)


def timeline_of(spans: Iterable[Span]) -> Timeline:
    """From what is kept: of several that hold, the one that began last speaks."""
    made = UNTOUCHED
    for span in sorted(spans, key=lambda each: each.since):
        made = _painted(made, span)
    return made


def kept_of(timeline: Timeline) -> frozenset[Span]:
    """The spans worth a row: all but that in which nothing was decided yet."""
    first = timeline[0]
    plain = first.state is State.ISSUED and first.since == BEGINNING
    return frozenset(timeline[1:] if plain else timeline)
