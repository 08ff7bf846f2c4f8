"""The lifecycle of a license, beside a model that paints days on a wall."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Refused
from app.domain.issuer import State
from app.domain.lifecycle import (
    AFTER,
    BEGINNING,
    CHINESE,
    ENDS,
    SUCCEEDED,
    UNTOUCHED,
    Decision,
    Event,
    after,
    kept_of,
    span_at,
    timeline_of,
)

DAYS = 24
NEXT = "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.002.X"


def day(number: int):
    return BEGINNING + timedelta(days=number)


# ---- the model: one state for each day, nothing else


class Wall:
    """What holds on each of some days. The last one stands for ever after."""

    def __init__(self) -> None:
        self.days: list[tuple[State, str | None]] = [(State.ISSUED, None)] * DAYS

    def take(self, event: Event) -> bool:
        """Whether the event was taken."""
        start = (event.since - BEGINNING).days
        stop = DAYS if event.until is None else (event.until - BEGINNING).days
        painted = self._painted(event, start, stop)
        if painted is None:
            return False
        self.days = painted
        return True

    def _painted(self, event: Event, start: int, stop: int):
        here, days = self.days[start], list(self.days)
        begins = start == 0 or days[start - 1] != here
        if event.decision is Decision.ANNUL:
            if here[0] is State.ANNULLED:
                return days if begins else None
            return days[:start] + [(State.ANNULLED, None)] * (DAYS - start)
        if event.decision is Decision.SUSPEND:
            if here[0] is State.SUSPENDED:
                same = begins and self._run(start) == stop
                return days if same else None
            if here[0] is not State.ISSUED:
                return None
            for n in range(start, stop):
                if days[n][0] is State.ISSUED:
                    days[n] = (State.SUSPENDED, None)
            return days
        if event.decision is Decision.REINSTATE:
            if here[0] is State.ISSUED:
                known = start > 0 and days[start - 1][0] is State.SUSPENDED
                return days if known else None
            if here[0] is not State.SUSPENDED:
                return None
            for n in range(start, self._run(start)):
                days[n] = (State.ISSUED, None)
            return days
        if event.decision is Decision.CORRECT:
            if not begins or here[0] is State.ISSUED:
                return None
            back = days[start - 1] if start else (State.ISSUED, None)
            for n in range(start, self._run(start)):
                days[n] = back
            return days
        return self._ended(event, start, days)

    def _ended(self, event: Event, start: int, days: list):
        state = ENDS[event.decision]
        here = days[start]
        if here[0] is state:
            begins = start == 0 or days[start - 1] != here
            return days if begins and here[1] == event.successor else None
        if here[0] not in AFTER[state]:
            return None
        stop = start + 1
        while stop < DAYS and (
            days[stop] == here or days[stop][0] in (State.ISSUED, State.SUSPENDED)
        ):
            stop += 1
        if stop < DAYS and state not in AFTER.get(days[stop][0], frozenset()):
            return None
        return days[:start] + [(state, event.successor)] * (stop - start) + days[stop:]

    def _run(self, start: int) -> int:
        stop = start
        while stop < DAYS and self.days[stop] == self.days[start]:
            stop += 1
        return stop


@st.composite
def events(draw) -> Event:
    decision = draw(st.sampled_from(list(Decision)))
    start = draw(st.integers(0, DAYS - 2))
    at = day(start)
    if decision in (Decision.ANNUL, Decision.CORRECT) and draw(st.booleans()):
        at = None
    until = None
    if decision is Decision.SUSPEND and draw(st.booleans()):
        until = day(draw(st.integers(start + 1, DAYS - 1)))
    successor = draw(st.sampled_from([NEXT, f"{NEXT}2"])) if decision in SUCCEEDED else None
    return Event(decision=decision, at=at, until=until, successor=successor)


def agree(history: list[Event]) -> int:
    """Timeline and wall say the same after each event; how many events were taken."""
    wall, timeline, taken = Wall(), UNTOUCHED, 0
    for event in history:
        before = list(wall.days)
        try:
            timeline, told = after(timeline, event), True
        except Refused:
            told = False
        assert told == wall.take(event), (event, before)
        taken += told
        for n in range(DAYS):
            span = span_at(timeline, day(n))
            assert (span.state, span.successor) == wall.days[n], (event, n)
        assert timeline_of(kept_of(timeline)) == timeline
        assert timeline[0].since == BEGINNING
        assert timeline[-1].until is None
        for one, other in pairwise(timeline):
            assert one.until == other.since
            assert (one.state, one.successor) != (other.state, other.successor)
    return taken


@settings(max_examples=300)
@given(st.lists(events(), max_size=12))
def test_hundreds_of_histories_agree_with_the_model(history: list[Event]) -> None:
    agree(history)


@pytest.mark.proof
def test_ten_thousand_histories_agree_with_the_model() -> None:
    taken = [0]

    @settings(max_examples=10_000, database=None)
    @given(st.lists(events(), min_size=4, max_size=20))
    def run(history: list[Event]) -> None:
        taken[0] += agree(history)

    run()
    assert taken[0] > 10_000, "histories in which next to nothing happens prove nothing"


# ---- the effects, one by one (standards §1.9)


def told(*made: Event) -> list[str]:
    timeline = UNTOUCHED
    for event in made:
        timeline = after(timeline, event)
    return [span_at(timeline, day(n)).state for n in range(6)]


def event(decision: Decision, at: int | None = None, until: int | None = None) -> Event:
    return Event(
        decision=decision,
        at=None if at is None else day(at),
        until=None if until is None else day(until),
        successor=NEXT if decision in SUCCEEDED else None,
    )


def test_annulment_reaches_back_to_the_beginning_unless_it_says_otherwise() -> None:
    assert told(event(Decision.ANNUL)) == ["annulled"] * 6
    assert told(event(Decision.REVOKE, 2), event(Decision.ANNUL)) == ["annulled"] * 6
    assert told(event(Decision.ANNUL, 3)) == ["issued"] * 3 + ["annulled"] * 3


@pytest.mark.parametrize("decision", sorted(ENDS))
def test_every_other_ending_begins_when_it_is_decided(decision: Decision) -> None:
    assert told(event(decision, 2)) == ["issued"] * 2 + [ENDS[decision]] * 4


def test_suspension_is_an_interval_and_is_given_back() -> None:
    assert told(event(Decision.SUSPEND, 1, 3)) == ["issued", *["suspended"] * 2, *["issued"] * 3]
    open_ended = event(Decision.SUSPEND, 1)
    assert told(open_ended) == ["issued"] + ["suspended"] * 5
    assert told(open_ended, event(Decision.REINSTATE, 4))[3:] == ["suspended", "issued", "issued"]


def test_a_license_that_ended_stays_so_whatever_was_suspended_before() -> None:
    made = told(event(Decision.SUSPEND, 1, 5), event(Decision.REVOKE, 3))
    assert made == ["issued", "suspended", "suspended", *["revoked"] * 3]


def test_cancellation_follows_revocation_in_either_order_of_arrival() -> None:
    one = told(event(Decision.REVOKE, 1), event(Decision.CANCEL, 4))
    other = told(event(Decision.CANCEL, 4), event(Decision.REVOKE, 1))
    assert one == other == ["issued", *["revoked"] * 3, *["cancelled"] * 2]


def test_the_successor_is_kept() -> None:
    timeline = after(UNTOUCHED, event(Decision.REPLACE, 2))
    assert span_at(timeline, day(3)).successor == NEXT


REFUSED = [
    ([event(Decision.REVOKE, 2)], event(Decision.SUSPEND, 3), "since"),
    ([event(Decision.REVOKE, 2)], event(Decision.EXPIRE, 4), "decision"),
    ([event(Decision.CANCEL, 2)], event(Decision.REVOKE, 4), "decision"),
    ([event(Decision.CANCEL, 2)], event(Decision.CANCEL, 4), "since"),
    ([event(Decision.REVOKE, 4)], event(Decision.EXPIRE, 2), "since"),
    ([], event(Decision.REINSTATE, 1), "since"),
    ([event(Decision.REVOKE, 1)], event(Decision.REINSTATE, 2), "since"),
    ([event(Decision.SUSPEND, 1)], event(Decision.SUSPEND, 2), "since"),
    ([event(Decision.ANNUL)], event(Decision.REVOKE, 2), "decision"),
    ([event(Decision.ANNUL)], event(Decision.ANNUL, 2), "since"),
    ([event(Decision.REVOKE, 1)], event(Decision.CORRECT, 2), "since"),
]


@pytest.mark.parametrize(("known", "bad", "field"), REFUSED)
def test_what_cannot_follow_is_refused_by_name(known: list[Event], bad: Event, field: str) -> None:
    timeline = UNTOUCHED
    for each in known:
        timeline = after(timeline, each)  # the twin: what is known was taken
    with pytest.raises(Refused) as refused:
        after(timeline, bad)
    assert refused.value.field == field


@pytest.mark.parametrize("decision", sorted(Decision))
def test_the_same_decision_again_changes_nothing(decision: Decision) -> None:
    first = {Decision.REINSTATE: Decision.SUSPEND, Decision.CORRECT: Decision.REVOKE}
    timeline = UNTOUCHED
    if decision in first:
        timeline = after(timeline, event(first[decision], 1))
    at = 2 if decision is Decision.REINSTATE else 1
    once = after(timeline, event(decision, at))
    if decision is Decision.CORRECT:
        assert once == UNTOUCHED
    else:
        assert after(once, event(decision, at)) == once


SAYS_WRONG = [
    ({"decision": Decision.REVOKE}, "since"),
    ({"decision": Decision.REVOKE, "at": BEGINNING - timedelta(days=1)}, "since"),
    ({"decision": Decision.REVOKE, "at": day(1), "until": day(2)}, "until"),
    ({"decision": Decision.SUSPEND, "at": day(2), "until": day(2)}, "until"),
    ({"decision": Decision.REPLACE, "at": day(2)}, "successor"),
    ({"decision": Decision.REVOKE, "at": day(2), "successor": NEXT}, "successor"),
]


@pytest.mark.parametrize(("members", "field"), SAYS_WRONG)
def test_a_decision_says_what_it_must_and_no_more(members: dict, field: str) -> None:
    with pytest.raises(Refused) as refused:
        Event(**members)
    assert refused.value.field == field


def test_every_decision_has_its_chinese_word() -> None:
    assert set(CHINESE.values()) == set(Decision)
