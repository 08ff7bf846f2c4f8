"""What a follower accepts: a machine that offers everything a channel or a thief could.

The model is the publisher's true history. Whatever is offered, the follower holds what it held, or
a list of that history that is the next one; a refusal changes nothing, and honest service always
brings it to the latest list.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.domain.clocks import CLOCK_SKEW
from app.domain.scheme import Scheme
from app.domain.trustlist import (
    ALARMS,
    Head,
    Held,
    Offered,
    Refusal,
    SignerKey,
    Signers,
    accept,
    held_from,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
KEYS = [SignerKey(f"k{i}", Scheme.ED25519, bytes([i])) for i in range(9)]
FIRST, SECOND_KEYS, THIEF = (frozenset(KEYS[i : i + 3]) for i in (0, 3, 6))


def head(number: int = 2, **changes: object) -> Head:
    made = Head(
        publisher="qinghai",
        number=number,
        issued_at=NOW - DAY,
        expires_at=NOW + 30 * DAY,
        previous=f"a{number - 1}" if number > 1 else None,
        signers=Signers(2, FIRST),
        demonstration=False,
        address=f"a{number}",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


HELD = held_from(head(1, issued_at=NOW - 10 * DAY))


def offered(number: int = 2, *, by: frozenset[SignerKey] = FIRST, **changes: object) -> Offered:
    return Offered(head(number, **changes), by)


def test_the_next_list_is_accepted():
    assert accept(HELD, offered(), NOW) == held_from(head(2))


def test_the_held_list_again_changes_nothing_and_is_no_refusal():
    assert accept(HELD, Offered(head(1), frozenset()), NOW) is HELD


def test_pinned_keys_alone_let_any_number_be_first():
    pinned = Held(publisher="qinghai", signers=Signers(2, FIRST))
    assert accept(pinned, offered(12), NOW) == held_from(head(12))
    assert accept(pinned, offered(12, by=THIEF), NOW) is Refusal.UNSIGNED_BY_HELD


ONE = frozenset(KEYS[:1])
TWO = frozenset(KEYS[:2])
ROTATED = Signers(2, SECOND_KEYS)

REFUSED = [
    ("first_of_another_history", offered(1, address="a0", previous=None, issued_at=NOW - 20 * DAY), Refusal.EQUIVOCATION),
    ("mix_and_match", offered(previous="b1"), Refusal.WRONG_PREVIOUS),
    ("half_signed", offered(by=ONE), Refusal.UNSIGNED_BY_HELD),
    ("half_signed_with_strangers", offered(by=ONE | THIEF), Refusal.UNSIGNED_BY_HELD),
    ("signers_replaced", offered(by=ONE | THIEF, signers=Signers(2, THIEF)), Refusal.UNSIGNED_BY_HELD),
    ("new_keys_did_not_sign", offered(signers=ROTATED), Refusal.UNSIGNED_BY_OWN),
    ("new_keys_half_signed", offered(by=FIRST | {KEYS[3]}, signers=ROTATED), Refusal.UNSIGNED_BY_OWN),
    ("only_new_keys_signed", offered(by=SECOND_KEYS, signers=ROTATED), Refusal.UNSIGNED_BY_HELD),
    ("fast_forward", offered(2**31 - 1, previous="a1"), Refusal.GAP),
    ("gap", offered(3), Refusal.GAP),
    ("wrong_publisher", offered(publisher="mist"), Refusal.WRONG_PUBLISHER),
    ("demonstration", offered(demonstration=True), Refusal.DEMONSTRATION),
    ("equivocation", offered(1, address="b1"), Refusal.EQUIVOCATION),
    ("from_future", offered(issued_at=NOW + CLOCK_SKEW + SECOND), Refusal.FROM_FUTURE),
    ("issued_earlier", offered(issued_at=NOW - 10 * DAY - SECOND), Refusal.ISSUED_EARLIER),
    ("expired", offered(expires_at=NOW - SECOND), Refusal.EXPIRED),
]  # fmt: skip


@pytest.mark.parametrize("new, why", [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_an_attack_is_refused_and_its_twin_accepted(new, why):
    assert accept(HELD, new, NOW) is why
    assert accept(HELD, offered(), NOW) == held_from(head(2))


def test_an_older_list_is_refused():
    held = held_from(head(2))
    old = offered(1, issued_at=NOW - 10 * DAY)
    assert accept(held, old, NOW) is Refusal.OLDER
    assert accept(Held(publisher="qinghai", signers=Signers(2, FIRST)), old, NOW) == held_from(
        old.head
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"issued_at": NOW + CLOCK_SKEW},
        {"issued_at": NOW - 10 * DAY},
        {"expires_at": NOW},
    ],
)
def test_the_last_moment_that_is_good(changes):
    assert accept(HELD, offered(**changes), NOW) == held_from(head(2, **changes))


def test_a_step_on_the_way_may_have_expired_and_vouches_for_nothing():
    late = offered(expires_at=NOW - SECOND)
    held = accept(HELD, late, NOW, on_the_way=True)
    assert held == held_from(late.head)
    assert not held.fresh(NOW)
    assert held.fresh(NOW - 2 * SECOND)


@pytest.mark.parametrize("new, why", [r[1:] for r in REFUSED if r[0] != "expired"])
def test_on_the_way_nothing_else_is_let_through(new, why):
    assert accept(HELD, new, NOW, on_the_way=True) is why


def test_a_rotated_key_cannot_bring_the_list_back():
    """Key compromise: old keys were replaced in list 2, and their thief has all three of them."""
    rotation = offered(by=FIRST | SECOND_KEYS, signers=ROTATED)
    held = accept(HELD, rotation, NOW)
    assert held == held_from(rotation.head)
    for stolen in (
        offered(3, by=FIRST),
        offered(3, by=FIRST, signers=ROTATED),
        offered(2, by=FIRST, address="b2"),
        offered(3, by=FIRST | THIEF, signers=Signers(2, THIEF)),
    ):
        assert accept(held, stolen, NOW) is Refusal.UNSIGNED_BY_HELD
    honest = offered(3, by=SECOND_KEYS, signers=ROTATED)
    assert accept(held, honest, NOW) == held_from(honest.head)


def test_two_histories_alarm():
    assert sorted(ALARMS) == [Refusal.EQUIVOCATION, Refusal.WRONG_PREVIOUS]


def test_one_key_counts_once_and_other_schemes_are_other_keys():
    twin = replace(KEYS[0], scheme=Scheme.RSA_PSS_SHA256)
    signers = Signers(2, frozenset({KEYS[0], KEYS[1]}))
    assert not signers.satisfied_by(frozenset({KEYS[0], twin}))
    assert signers.satisfied_by(frozenset({KEYS[0], KEYS[1]}))


@pytest.mark.parametrize("threshold", [0, -1, 4])
def test_a_threshold_is_between_one_and_all(threshold):
    with pytest.raises(ValueError, match="threshold"):
        Signers(threshold, FIRST)


class Follower(RuleBasedStateMachine):
    """An honest publisher that rotates keys, a clock, and an attacker who replays and forges."""

    @initialize()
    def start(self):
        self.now = NOW
        self.history: list[Offered] = []
        self.signers = Signers(2, frozenset(KEYS[:3]))
        self.held = Held(publisher="qinghai", signers=self.signers)
        self.first = self.held
        self.publish(rotate=False, life=30)

    @rule(rotate=st.booleans(), life=st.integers(1, 60))
    def publish(self, rotate, life):
        number, old = len(self.history) + 1, self.signers
        if rotate:
            start = 3 * (number % 3)
            self.signers = Signers(2, frozenset(KEYS[start : start + 3]))
        previous = self.history[-1].head.address if self.history else None
        made = head(
            number,
            issued_at=self.now,
            expires_at=self.now + life * DAY,
            previous=previous,
            signers=self.signers,
        )
        self.history.append(Offered(made, old.keys | self.signers.keys))

    @rule(days=st.integers(0, 40))
    def wait(self, days):
        self.now += days * DAY

    def offer(self, new, *, on_the_way=False):
        before = self.held
        result = accept(before, new, self.now, on_the_way=on_the_way)
        if isinstance(result, Refusal):
            assert self.held == before
        else:
            self.held = result
        return result

    @rule(data=st.data())
    def replay(self, data):
        """Any genuine list, at any time: only the next one moves the follower."""
        new = data.draw(st.sampled_from(self.history))
        before, result = self.held, self.offer(new)
        if before.number and not isinstance(result, Refusal):
            assert result.number in {before.number, before.number + 1}
            assert result is before or result.expires_at >= self.now

    @rule(data=st.data())
    def forge(self, data):
        """Anything at all, signed by fewer held keys than the threshold."""
        base = data.draw(st.sampled_from(self.history)).head
        few = data.draw(
            st.sets(st.sampled_from(sorted(self.held.signers.keys, key=str)), max_size=1)
        )
        strangers = frozenset(KEYS) - self.held.signers.keys
        made = replace(
            base,
            number=data.draw(st.integers(1, 2**31 - 1)),
            previous=data.draw(st.sampled_from([None, "x", self.held.address])),
            address="forged",
            signers=data.draw(st.sampled_from([base.signers, Signers(2, strangers)])),
        )
        assert isinstance(self.offer(Offered(made, strangers | few)), Refusal)

    @rule(data=st.data(), on_the_way=st.booleans())
    def fork(self, data, on_the_way):
        """Signed by enough held keys, over another history: never accepted once a list is held."""
        if not self.held.number:
            return
        made = replace(
            self.history[-1].head,
            number=data.draw(st.integers(1, self.held.number + 3)),
            previous="of another history",
            address="forked",
            issued_at=self.now,
            expires_at=self.now + DAY,
        )
        result = self.offer(Offered(made, frozenset(KEYS)), on_the_way=on_the_way)
        assert isinstance(result, Refusal)

    @rule()
    def walk(self):
        """Honest service: list after list, the last one unless it has expired."""
        latest = self.history[-1].head
        if not self.held.number and self.signers != self.first.signers:
            for new in self.history[:-1]:
                self.offer(new, on_the_way=True)
        for new in self.history[self.held.number :] if self.held.number else self.history[-1:]:
            self.offer(new, on_the_way=new.head.number < latest.number)
        if latest.expires_at >= self.now:
            assert self.held == held_from(latest)

    @precondition(lambda self: self.held.number)
    @invariant()
    def what_is_held_is_genuine(self):
        assert self.held == held_from(self.history[self.held.number - 1].head)


Follower.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestFollower = Follower.TestCase
