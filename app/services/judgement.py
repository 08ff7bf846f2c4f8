"""Facts in, verdict out: the pure half of a verification, and so of its replay."""

from dataclasses import dataclass
from datetime import timedelta

from app.checks import covered_facts, examine, only_sm, required_roles, seal_in_use, weigh
from app.domain.evidence import WHOLE, CheckName, Evidence, Outcome
from app.domain.facts import Facts
from app.domain.issuer import IssuerAnswer, NotAsked, Unasked
from app.domain.policies import POLICIES, Policy
from app.domain.reasons import Reason
from app.domain.verdict import LocalState, Terms, Verdict
from app.domain.word import hear
from app.policy import decide, judge, policy_for, tightened

__all__ = ["Local", "conclude", "look", "replay", "terms_of", "unasked", "unread"]

_WELL_FORMED = Evidence(CheckName.WELL_FORMED, WHOLE, Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Local:
    """What the document shows by itself."""

    policy: Policy
    evidence: tuple[Evidence, ...]
    state: LocalState


def look(facts: Facts, policy: Policy | None = None) -> Local:
    """Every local check, and the state they amount to."""
    picked = policy or policy_for(facts.document.format, sealed_document=facts.signers is not None)
    rules = picked.with_roles(required_roles(facts))
    evidence = (_WELL_FORMED, *examine(facts))
    return Local(rules, evidence, judge(evidence, rules))


def conclude(
    facts: Facts, local: Local, answer: IssuerAnswer
) -> tuple[tuple[Evidence, ...], Verdict]:
    """Weigh the answer, judge again with it, and decide."""
    terms = terms_of(facts, local)
    word = hear(answer, facts.trust.statement, terms)
    evidence = (*local.evidence, weigh(facts, answer), *seal_in_use(facts, answer, terms))
    state = judge(evidence, local.policy)
    verdict = decide(state, answer, facts.trust.statement, terms)
    algorithms = only_sm(facts, word)
    return (*evidence, *algorithms), tightened(verdict, algorithms)


def terms_of(facts: Facts, local: Local) -> Terms:
    """What bounds the word of others, for this document."""
    type = facts.trust.type
    return Terms(
        now=facts.now,
        at=facts.at,
        subject=local.policy.subject,
        type_age=type.max_status_age if type else timedelta(0),
        policy_age=local.policy.max_age,
        caller_age=facts.max_status_age,
        signed_answers=type.signed_answers if type else False,
        own_from=facts.document.valid_from,
        own_until=facts.document.valid_until,
        covered=covered_facts(facts),
    )


def unread(policy: Policy, facts_now: Terms, why: Reason, detail: str) -> tuple[Evidence, Verdict]:
    """The verdict on bytes of a known format that cannot be read: broken, or beyond our reading."""
    outcome = Outcome.FAILED if why is Reason.MALFORMED else Outcome.INDETERMINATE
    evidence = Evidence(CheckName.WELL_FORMED, WHOLE, outcome, why, detail)
    verdict = decide(judge((evidence,), policy), NotAsked(unasked(why)), None, facts_now)
    return evidence, verdict


def unasked(why: Reason) -> Unasked:
    """Why no issuer is asked about bytes that cannot be read."""
    return Unasked.BROKEN if why is Reason.MALFORMED else Unasked.NO_QUESTION


def replay(
    facts: Facts, answer: IssuerAnswer, policy_name: str
) -> tuple[tuple[Evidence, ...], Verdict]:
    """Judge kept facts again, under the policy of the day.

    Raises `KeyError` for a policy this version no longer knows.
    """
    return conclude(facts, look(facts, POLICIES[policy_name]), answer)
