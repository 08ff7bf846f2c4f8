"""Terms, levels and words of the judging code, each by itself: what mutants showed to be untested."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.clocks import CLOCK_SKEW
from app.domain.evidence import SIGNATURE_CHECKS, WHOLE, About, CheckName, Evidence, Outcome, Role
from app.domain.issuer import IssuerAnswer, Silence, Unreachable
from app.domain.license import LicenseFormat
from app.domain.policies import (
    POLICIES,
    SEALED_DOCUMENT,
    Level,
    Policy,
    PolicyKind,
    asked_kind,
    policy_for,
)
from app.domain.reasons import Reason
from app.domain.verdict import (
    Broken,
    Conclusion,
    FactsOnly,
    Gap,
    LocalState,
    Sound,
    Subject,
    Terms,
    Unsigned,
    Verdict,
    local_date,
)
from app.domain.word import Silent, hear
from app.policy import RECORD, SEALED, TOKEN, decide, judge
from tests.world import DAY, HOUR, IN_FORCE, NOW

SECOND = timedelta(seconds=1)
ISSUER, SECOND_ISSUER = About("a", Role.ISSUER), About("b", Role.ISSUER)
TERMS = Terms(now=NOW, subject=Subject.DOCUMENT, type_age=DAY, policy_age=HOUR)


def passed(check: CheckName, about: About = WHOLE) -> Evidence:
    return Evidence(check, about, Outcome.PASSED)


OF_THE_WHOLE = [passed(check) for check in CheckName if check not in SIGNATURE_CHECKS]
COMPLETE = [*OF_THE_WHOLE, *(passed(check, ISSUER) for check in sorted(SIGNATURE_CHECKS))]


# ---- judge


@pytest.mark.parametrize("policy", [TOKEN, SEALED])
def test_a_role_without_any_signer_is_not_filled(policy: Policy) -> None:
    assert judge(COMPLETE, policy) == Sound()
    assert judge(OF_THE_WHOLE, policy) == Gap((Reason.CHECK_MISSING,))


@pytest.mark.parametrize("policy", [TOKEN, SEALED])
def test_one_complete_signature_is_enough(policy: Policy) -> None:
    other = passed(CheckName.SIGNATURE_HOLDS, SECOND_ISSUER)
    assert judge([*COMPLETE, other], policy) == Sound()


def test_a_file_without_signature_has_a_state_of_its_own() -> None:
    copy = Evidence(CheckName.SIGNED, WHOLE, Outcome.INDETERMINATE, Reason.UNSIGNED_COPY)
    rest = [e for e in COMPLETE if e.check is not CheckName.SIGNED]
    assert judge([*rest, copy], SEALED) == Unsigned()
    other = Evidence(CheckName.ISSUER_KNOWN, WHOLE, Outcome.INDETERMINATE, Reason.ISSUER_UNKNOWN)
    assert judge([other, *rest, copy], SEALED) == Unsigned()
    broken = Evidence(CheckName.ONE_DOCUMENT, WHOLE, Outcome.FAILED, Reason.AMBIGUOUS_DOCUMENT)
    assert judge([*rest, copy, broken], SEALED) != Unsigned()


def test_gaps_are_told_once_and_in_order() -> None:
    doubts = [
        Evidence(CheckName.KEY_LIVE, ISSUER, Outcome.INDETERMINATE, Reason.KEY_EXPIRED_SINCE),
        Evidence(CheckName.ISSUER_KNOWN, WHOLE, Outcome.INDETERMINATE, Reason.ISSUER_UNKNOWN),
        Evidence(CheckName.ISSUER_ENTITLED, WHOLE, Outcome.INDETERMINATE, Reason.ISSUER_UNKNOWN),
    ]
    named = {e.check for e in doubts}
    rest = [e for e in COMPLETE if e.check not in named]
    expected = Gap((Reason.KEY_EXPIRED_SINCE, Reason.ISSUER_UNKNOWN))
    assert judge([*rest, *doubts], SEALED) == expected
    assert judge(COMPLETE, RECORD) == FactsOnly()


# ---- levels

BOTH = (TOKEN, SEALED)
TOLD = {
    CheckName.IDENTIFIER_FORM,
    CheckName.OWN_DATES,
    CheckName.FACTS_GIVEN,
    CheckName.STAMP_PLAIN,
}


@pytest.mark.parametrize("policy", BOTH, ids=lambda p: p.name)
@pytest.mark.parametrize("check", sorted(SIGNATURE_CHECKS))
def test_a_candidate_can_spoil_and_cannot_make(policy: Policy, check: CheckName) -> None:
    level = policy.level(passed(check, About("x", Role.CANDIDATE)))
    mine = policy.level(passed(check, ISSUER))
    assert level is (Level.INFORM if mine is Level.INFORM else Level.GUARD)


@pytest.mark.parametrize("policy", BOTH, ids=lambda p: p.name)
def test_a_candidate_never_outweighs_what_only_informs(policy: Policy) -> None:
    told = replace(policy, levels={**policy.levels, CheckName.KEY_LIVE: Level.INFORM})
    assert told.level(passed(CheckName.KEY_LIVE, About("x", Role.CANDIDATE))) is Level.INFORM


@pytest.mark.parametrize("policy", BOTH, ids=lambda p: p.name)
def test_of_an_extra_signer_only_a_broken_value_counts(policy: Policy) -> None:
    for check in SIGNATURE_CHECKS:
        level = policy.level(passed(check, About("x", Role.EXTRA)))
        assert level is (Level.GUARD if check is CheckName.SIGNATURE_HOLDS else Level.INFORM)


def test_what_a_token_and_a_record_are_asked() -> None:
    for check in CheckName:
        assert (SEALED.levels[check] is Level.INFORM) == (check in TOLD)
        assert (TOKEN.levels[check] is Level.INFORM) == (check in TOLD)
        record = Level.INFORM if check in TOLD - {CheckName.FACTS_GIVEN} else Level.GUARD
        expected = Level.REQUIRE if check is CheckName.FACTS_GIVEN else record
        assert RECORD.levels[check] is expected
    required = {check for check in CheckName if TOKEN.levels[check] is Level.REQUIRE}
    assert required == {
        CheckName.WELL_FORMED, CheckName.SIGNED, CheckName.SIGNER_KNOWN, CheckName.SIGNATURE_HOLDS,
        CheckName.SIGNED_IN_WINDOW, CheckName.KEY_LIVE, CheckName.KEY_FOR_TYPE,
        CheckName.ROLES_FILLED, CheckName.ISSUER_KNOWN, CheckName.ISSUER_ENTITLED,
        CheckName.IDENTIFIER_AGREES, CheckName.BOUND,
    }  # fmt: skip


def test_no_status_may_be_older_than_a_day_and_records_need_no_signer() -> None:
    assert {policy.max_age for policy in POLICIES.values()} == {DAY}
    assert (TOKEN.roles, SEALED.roles, RECORD.roles) == ({Role.ISSUER}, {Role.ISSUER}, frozenset())
    assert [p.subject for p in (TOKEN, SEALED, RECORD)] == ["document", "document", "record"]
    assert RECORD.with_roles(frozenset({Role.ISSUER})) is RECORD
    assert SEALED.with_roles(SEALED.roles) is SEALED
    both = frozenset({Role.ISSUER, Role.COUNTERSIGNER})
    assert SEALED.with_roles(both) == replace(SEALED, roles=both)
    assert SEALED.roles == frozenset({Role.ISSUER})
    assert POLICIES[TOKEN.name] is TOKEN


def test_what_was_asked_of_one_policy_is_no_answer_of_another() -> None:
    """A weight is worked out once for each policy; one that differs starts anew."""
    item = passed(CheckName.KEY_LIVE, ISSUER)
    assert SEALED.level(item) is Level.REQUIRE
    told = replace(SEALED, levels={**SEALED.levels, CheckName.KEY_LIVE: Level.INFORM})
    assert told.level(item) is Level.INFORM
    assert told.with_roles(frozenset({Role.COPIER})).level(item) is Level.INFORM
    assert SEALED.level(item) is Level.REQUIRE


def test_the_format_picks_the_policy() -> None:
    assert policy_for(LicenseFormat.JWS) is TOKEN
    assert policy_for(LicenseFormat.OFD) is SEALED
    assert policy_for(LicenseFormat.FACTS) is RECORD
    for format in LicenseFormat:
        assert policy_for(format, sealed_document=True) is SEALED_DOCUMENT


def test_a_policy_asked_for_by_name_means_one_kind_of_document() -> None:
    assert asked_kind(None) is None
    for name in ("sealed-document", SEALED_DOCUMENT.name):
        assert asked_kind(name) is PolicyKind.SEALED_DOCUMENT
    for name in ("license", SEALED.name, TOKEN.name):
        assert asked_kind(name) is PolicyKind.LICENSE


# ---- decide, of a sealed document


@pytest.mark.parametrize(
    ("local", "conclusion", "reason"),
    [
        (Sound(), "valid", None),
        (Broken(Reason.SIGNATURE_INVALID), "invalid", Reason.SIGNATURE_INVALID),
        (Gap((Reason.NO_ANCHOR, Reason.KEY_UNKNOWN)), "indeterminate", Reason.NO_ANCHOR),
        (Unsigned(), "indeterminate", Reason.UNSIGNED_COPY),
    ],
)
@pytest.mark.parametrize("answer", [IN_FORCE, Unreachable(Silence.TIMEOUT)])
def test_a_sealed_document_is_decided_by_its_seals_alone(
    local: LocalState, conclusion: str, reason: Reason | None, answer: IssuerAnswer
) -> None:
    terms = replace(TERMS, subject=Subject.SEAL)
    verdict = decide(local, answer, None, terms)
    assert (verdict.conclusion, verdict.subject) == (conclusion, Subject.SEAL)
    assert (verdict.reason, verdict.conflict) == (reason, False)


def test_facts_without_a_file_have_no_seal() -> None:
    with pytest.raises(ValueError, match="no seal"):
        decide(FactsOnly(), IN_FORCE, None, replace(TERMS, subject=Subject.SEAL))


# ---- terms


def test_fresh_is_not_from_the_future_nor_older_than_the_strictest_age() -> None:
    assert TERMS.fresh(NOW + CLOCK_SKEW)
    assert not TERMS.fresh(NOW + CLOCK_SKEW + SECOND)
    assert TERMS.fresh(NOW - HOUR)
    assert not TERMS.fresh(NOW - HOUR - SECOND)
    assert timedelta(minutes=1) == CLOCK_SKEW


def test_without_ages_nothing_is_fresh_but_what_is_said_now() -> None:
    bare = Terms(now=NOW, subject=Subject.DOCUMENT)
    assert bare.fresh(NOW)
    assert not bare.fresh(NOW - SECOND)
    for given in ({"type_age": DAY}, {"policy_age": DAY}):
        assert not replace(bare, **given).fresh(NOW - SECOND)  # type: ignore[arg-type]
    assert bare.live(NOW - CLOCK_SKEW, None)
    assert not bare.live(NOW - CLOCK_SKEW - SECOND, None)
    assert not bare.signed_answers


def test_live_ends_with_its_own_next_update() -> None:
    half = NOW - HOUR / 2
    assert TERMS.live(half, None)
    assert TERMS.live(half, NOW)
    assert not TERMS.live(half, NOW - SECOND)


def test_own_dates_are_whole_days_in_beijing() -> None:
    today = local_date(NOW)
    for changes, expected in (
        ({}, None),
        ({"own_until": today}, None),
        ({"own_until": today - DAY}, Reason.PAST_OWN_DATE),
        ({"own_from": today}, None),
        ({"own_from": today + DAY}, Reason.BEFORE_OWN_DATE),
        ({"own_from": today, "own_until": today}, None),
        ({"own_from": today + DAY, "at": NOW + DAY}, None),
    ):
        assert replace(TERMS, **changes).outside_own_dates is expected, changes  # type: ignore[arg-type]
    midnight = datetime(2026, 1, 1, 16, tzinfo=UTC)  # 00:00 in Beijing, UTC+8
    assert local_date(midnight) == date(2026, 1, 2)
    assert local_date(midnight - SECOND) == date(2026, 1, 1)
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # a signer may claim it
    assert local_date(last) == date(9999, 12, 31)


# ---- words

UNREACHABLE = {Silence.TIMEOUT, Silence.CONNECTION, Silence.STATUS, Silence.BUSY, Silence.RESTING}


@pytest.mark.parametrize("why", Silence)
def test_a_silence_is_no_answer_yet_or_one_that_cannot_be_used(why: Silence) -> None:
    expected = Reason.ISSUER_UNREACHABLE if why in UNREACHABLE else Reason.ANSWER_UNUSABLE
    assert hear(Unreachable(why), None, TERMS) == Silent(expected, conflict=False)


def test_words_on_the_wire() -> None:
    assert [str(c) for c in Conclusion] == ["valid", "invalid", "indeterminate"]
    assert [str(s) for s in Subject] == ["document", "record", "seal"]
    assert [str(level) for level in Level] == ["require", "guard", "inform"]


def test_a_verdict_has_no_truth_value_and_says_how_to_ask() -> None:
    verdict = Verdict(Conclusion.INVALID, Subject.DOCUMENT, Reason.ENDED)
    with pytest.raises(TypeError, match="explicitly"):
        bool(verdict)
