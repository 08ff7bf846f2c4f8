"""Seal status by the trust list, and what a list that is out of date cannot say."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.checks import examine
from app.checks.standing import SEAL_STATUS
from app.domain.evidence import CheckName, Outcome
from app.domain.reasons import Reason
from app.domain.trust import SealEnd, SealEnding, TrustSource
from tests.reports.scenes import SEAL_SCENES, STAMPED, sealed
from tests.world import DAY, NOW

SECOND = timedelta(seconds=1)
FROZEN, CANCELLED = SealEnding.FROZEN, SealEnding.CANCELLED
FACTS = sealed()
AT = FACTS.document.signatures[0].signed_at
assert AT is not None
FRESH = TrustSource(
    publisher="qinghai", number=1, address="a" * 64, accepted_at=NOW, expires_at=NOW
)
STALE = replace(FRESH, expires_at=NOW - SECOND)
EMPTY = TrustSource(publisher="nation")


def ended(*ends: SealEnd, facts=FACTS):
    (one,) = facts.document.signatures
    seal = replace(one.sealed.seal, ends=ends)
    one = replace(one, sealed=replace(one.sealed, seal=seal))
    return replace(facts, document=replace(facts.document, signatures=(one,)))


def told(facts, check=CheckName.SEAL_STATUS):
    return [f"{e.outcome} {e.reason or ''}".strip() for e in examine(facts) if e.check is check]


SINCE = "indeterminate seal_ended_since"
ROWS = [
    (ended(), "passed"),
    (ended(SealEnd(FROZEN, AT)), "failed seal_frozen"),
    (ended(SealEnd(FROZEN, AT + SECOND)), SINCE),
    (ended(SealEnd(FROZEN, AT + SECOND, NOW + SECOND)), SINCE),
    (ended(SealEnd(FROZEN, AT + SECOND, NOW)), "passed"),
    (ended(SealEnd(FROZEN, NOW)), SINCE),
    (ended(SealEnd(FROZEN, NOW + SECOND)), "passed"),
    (ended(SealEnd(FROZEN, AT - DAY, AT)), "passed"),
    (ended(SealEnd(FROZEN, AT - DAY, AT + SECOND)), "failed seal_frozen"),
    (ended(SealEnd(CANCELLED, AT)), "failed seal_cancelled"),
    (ended(SealEnd(CANCELLED, AT + SECOND)), SINCE),
    (ended(SealEnd(FROZEN, AT - DAY), SealEnd(CANCELLED, AT)), "failed seal_cancelled"),
    (ended(SealEnd(FROZEN, AT - DAY, AT), SealEnd(CANCELLED, AT + DAY)), SINCE),
]


@pytest.mark.parametrize("facts, expected", ROWS)
def test_a_seal_at_its_signing_time(facts, expected):
    assert told(facts) == [expected]


def test_without_a_time_nothing_is_known():
    one = replace(FACTS.document.signatures[0], signed_at=None)
    facts = replace(FACTS, document=replace(FACTS.document, signatures=(one,)))
    assert told(ended(SealEnd(FROZEN, AT), facts=facts)) == ["indeterminate signing_time_missing"]
    assert told(facts) == ["passed"]


def seen(facts, at):
    return replace(facts, trust=replace(facts.trust, first_seen=at))


@pytest.mark.parametrize("status", [FROZEN, CANCELLED])
def test_a_claimed_time_is_proven_by_a_timestamp_or_by_having_seen_the_file(status):
    """A thief with a seal that is out of use can write any time before that."""
    since = AT + DAY
    end = SealEnd(status, since)
    assert told(ended(end)) == [SINCE]
    assert told(ended(end, facts=seen(FACTS, since - SECOND))) == ["passed"]
    assert told(ended(end, facts=seen(FACTS, since))) == [SINCE]
    stamped = sealed(timestamp=STAMPED)
    proven = stamped.document.signatures[0].sealed.timestamp.at
    assert told(ended(SealEnd(status, proven + SECOND), facts=stamped)) == ["passed"]
    assert told(ended(SealEnd(status, proven), facts=stamped)) == [f"failed seal_{status}"]


def test_the_earliest_of_what_still_holds_counts_against_having_seen_it():
    ends = SealEnd(FROZEN, AT + DAY), SealEnd(CANCELLED, AT + 3 * DAY)
    assert told(ended(*ends, facts=seen(FACTS, AT + 2 * DAY))) == [SINCE]
    assert told(ended(*ends, facts=seen(FACTS, AT + DAY - SECOND))) == ["passed"]


def followed(facts, *sources):
    return replace(facts, trust=replace(facts.trust, sources=sources))


@pytest.mark.parametrize("bad", [(STALE,), (EMPTY,), (FRESH, STALE), (FRESH, EMPTY)])
def test_a_list_that_is_out_of_date_fails_nothing_for_what_it_does_not_name(bad):
    """No mandate, no type, no later end: the list that was missed may name it."""
    nobody = replace(FACTS.trust, owners={}, type=None)
    stranger = replace(FACTS, trust=nobody)
    cases = {
        CheckName.ROLES_FILLED: stranger,
        CheckName.SEAL_STATUS: ended(SealEnd(FROZEN, AT)),
        CheckName.ISSUER_ENTITLED: replace(
            FACTS, trust=replace(FACTS.trust, issuer=replace(FACTS.trust.issuer, types=frozenset()))
        ),
    }
    for check, facts in cases.items():
        twin = told(followed(facts, FRESH), check)
        assert any(line.startswith("failed") for line in twin), (check, twin)
        assert "failed" not in str(told(followed(facts, *bad), check))
        assert "indeterminate trust_source_stale" in told(followed(facts, *bad), check)


@pytest.mark.parametrize(
    "reason", [Reason.SEAL_INVALID, Reason.CONTENT_CHANGED, Reason.SEAL_CANCELLED]
)
def test_what_the_file_itself_shows_still_fails(reason):
    facts = SEAL_SCENES[reason].facts
    for sources in ((FRESH,), (STALE,)):
        failed = [
            e.reason for e in examine(followed(facts, *sources)) if e.outcome is Outcome.FAILED
        ]
        assert failed == [reason]


def test_nothing_is_made_better_than_in_doubt():
    before = examine(followed(FACTS, FRESH))
    after = examine(followed(FACTS, STALE))
    assert before == after  # nothing failed, so nothing is softened; ISSUER_KNOWN goes by use
    assert SEAL_STATUS.name is CheckName.SEAL_STATUS
