"""How evidence becomes a local state, and how that and the issuer's word become a verdict.

`decide` is the table of docs/verification.md; nothing else can say valid.
"""

from collections.abc import Sequence
from typing import assert_never

from app.domain.evidence import SIGNATURE_CHECKS, WHOLE, About, CheckName, Evidence, Outcome, Role
from app.domain.issuer import Answered, IssuerAnswer, Match, Statement
from app.domain.license import HOLDER_FACTS, PROOF_FACTS, Fact
from app.domain.policies import (
    PHOTO,
    RECORD,
    SEALED,
    SEALED_DOCUMENT,
    TOKEN,
    Level,
    Policy,
    policy_for,
)
from app.domain.reasons import Reason
from app.domain.verdict import (
    DECIDED,
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
)
from app.domain.word import STATUS, Against, InForce, Silent, hear

__all__ = [
    "PHOTO",
    "RECORD",
    "SEALED",
    "SEALED_DOCUMENT",
    "TOKEN",
    "Level",
    "Policy",
    "decide",
    "judge",
    "policy_for",
    "tightened",
]

TRUST_GAPS = frozenset(
    {
        Reason.KEY_UNKNOWN,
        Reason.NO_ANCHOR,
        Reason.SEAL_MAKER_UNKNOWN,
        Reason.SIGNER_UNIDENTIFIED,
        Reason.IDENTIFIER_UNPROVEN,
    }
)
TIME_GAPS = frozenset(
    {
        Reason.SIGNING_TIME_MISSING,
        Reason.KEY_EXPIRED_SINCE,
        Reason.KEY_REVOKED_SINCE,
        Reason.SEAL_ENDED_SINCE,
        Reason.SEAL_MAKER_ENDED_SINCE,
        Reason.REVOCATION_UNAVAILABLE,
    }
)
"""Any other gap stays open whatever an issuer says. Code, not data: no policy can widen this."""
SIGHT_GAPS = frozenset({Reason.STRUCTURE_NOT_SEEN, Reason.IDENTIFIER_UNPROVEN})
"""All that is closed of a file that stayed with its holder. The issuer confirms the file; that the
signature sent is the one in it, nobody can, so the signature must need no closing.
"""

UNCLEAR = frozenset(
    {
        Reason.MULTIPLE_CODES,
        Reason.UNOFFICIAL_URL,
        Reason.CODE_NAMES_NOTHING,
        Reason.CODE_MISSING,
    }
)
"""What has to be said of a copy before that it is only a copy."""


def judge(evidence: Sequence[Evidence], policy: Policy) -> LocalState:
    """Sound only if nothing failed, nothing is in doubt, and nothing required kept silent."""
    deciding = [item for item in evidence if policy.level(item) is not Level.INFORM]
    for item in deciding:
        if item.outcome is Outcome.FAILED:
            return Broken(item.why)
    gaps = [item.why for item in deciding if item.outcome is Outcome.INDETERMINATE]
    if Reason.UNSIGNED_COPY in gaps:
        return Unsigned(next((why for why in gaps if why in UNCLEAR), Reason.UNSIGNED_COPY))
    if not _all_spoke(deciding, policy):
        gaps.append(Reason.CHECK_MISSING)
    if gaps:
        return Gap(tuple(dict.fromkeys(gaps)))
    return FactsOnly() if policy.subject is Subject.RECORD else Sound()


def _all_spoke(deciding: Sequence[Evidence], policy: Policy) -> bool:
    """A doubt has spoken (it is a gap of its own); `not_applicable` alone has not."""
    doubts = {(i.check, i.subject) for i in deciding if i.outcome is Outcome.INDETERMINATE}
    spoke = doubts | {(i.check, i.subject) for i in deciding if i.outcome is Outcome.PASSED}
    required = {check for check, level in policy.levels.items() if level is Level.REQUIRE}
    if any((check, WHOLE) not in spoke for check in required - SIGNATURE_CHECKS):
        return False
    if (CheckName.ROLES_FILLED, WHOLE) in doubts:
        return True  # whose signature it is, is the gap already told

    def asked(check: CheckName, signer: About) -> bool:
        return policy.level_of(check, signer) is Level.REQUIRE

    def filled(role: Role) -> bool:
        # One signature must answer them all: two halves do not make a whole. Of several expected
        # signers each must: one cannot answer for the other.
        signers = {item.subject for item in deciding if item.subject.role is role}
        whole = all if role is Role.SIGNER else any
        return bool(signers) and whole(
            all((check, signer) in spoke for check in SIGNATURE_CHECKS if asked(check, signer))
            for signer in signers
        )

    return all(filled(role) for role in policy.roles)


def decide(
    local: LocalState, answer: IssuerAnswer, statement: Statement | None, terms: Terms
) -> Verdict:
    """Two keys, one verdict: what the file shows (rows), and what its issuer says (columns)."""
    if terms.subject is Subject.SEAL:
        return _of_seal(local)
    subject = Subject.RECORD if isinstance(local, FactsOnly) else terms.subject
    if isinstance(local, Broken):  # never asked; whatever came anyway mends nothing
        stands = statement is not None and statement.signed and statement.in_force
        return Verdict(Conclusion.INVALID, subject, local.reason, conflict=stands)
    word = hear(answer, statement, terms)
    match word:
        case Against(reason):
            if isinstance(local, FactsOnly) and reason is Reason.ISSUER_DENIES:
                reason = Reason.NOT_FOUND  # nothing was presented that could be denied
            return Verdict(Conclusion.INVALID, subject, reason)
        case InForce(said):
            obstacle = _obstacle(local, said, terms)
            if obstacle is None:
                return Verdict(Conclusion.VALID, subject, None, proof=DECIDED)
            return Verdict(Conclusion.INDETERMINATE, subject, obstacle)
        case Silent(reason, conflict):
            if isinstance(local, Sound):
                return _by_statement(word, statement, terms)
            own = _own_doubt(local)
            return Verdict(Conclusion.INDETERMINATE, subject, own or reason, conflict=conflict)
        case _:
            assert_never(word)


def tightened(verdict: Verdict, more: Sequence[Evidence]) -> Verdict:
    """What is valid and does not meet what is asked beyond the table (`sm_only`) is left open.

    Takes "valid" away and gives nothing: every other verdict stays as it is, with its reason.
    """
    if verdict.conclusion is not Conclusion.VALID:
        return verdict
    open_ = (item for item in more if item.outcome is not Outcome.PASSED)
    unmet = next((item.reason or Reason.CHECK_MISSING for item in open_), None)
    if unmet is None:
        return verdict
    return Verdict(Conclusion.INDETERMINATE, verdict.subject, unmet)


def _of_seal(local: LocalState) -> Verdict:
    """Of a sealed document that is no license: what is known of its seals is evidence by itself
    (SEAL_IN_USE holds the word of list or platform), and no answer closes a gap.
    """
    match local:
        case Sound():
            return Verdict(Conclusion.VALID, Subject.SEAL, None, proof=DECIDED)
        case Broken(reason):
            return Verdict(Conclusion.INVALID, Subject.SEAL, reason)
        case Gap(reasons):
            return Verdict(Conclusion.INDETERMINATE, Subject.SEAL, reasons[0])
        case Unsigned(reason):
            return Verdict(Conclusion.INDETERMINATE, Subject.SEAL, reason)
        case FactsOnly():
            raise ValueError("facts have no seal")
        case _:
            assert_never(local)


def _obstacle(
    local: Sound | Gap | Unsigned | FactsOnly, said: Answered, terms: Terms
) -> Reason | None:
    """What keeps the issuer's `in force` from making this valid."""
    match local:
        case Sound():
            return None
        case Gap(reasons):
            unseen = Reason.STRUCTURE_NOT_SEEN in reasons
            open_ = (r for r in reasons if not _closes(r, said, terms, unseen=unseen))
            return next(open_, None)
        case Unsigned(reason):
            return reason
        case FactsOnly():
            compared = said.matching - {Fact.IDENTIFIER, Fact.TYPE}  # the question is no fact
            enough = bool(HOLDER_FACTS & compared) and len(compared) >= MIN_FACTS
            return None if enough else Reason.INSUFFICIENT_FACTS
        case _:
            assert_never(local)


MIN_FACTS = 2
"""Facts to compare, the holder among them, before a record alone may be called valid."""


def _closes(gap: Reason, said: Answered, terms: Terms, *, unseen: bool) -> bool:
    """The two closings, and no others. `unseen`: the file itself was not sent."""
    if not said.authoritative:
        return False
    if unseen:
        return said.document is Match.MATCH and gap in SIGHT_GAPS
    if said.document is Match.MATCH:
        return gap in TRUST_GAPS | TIME_GAPS
    return gap in TIME_GAPS and terms.covered & said.matching >= PROOF_FACTS


def _own_doubt(local: Gap | Unsigned | FactsOnly) -> Reason | None:
    match local:
        case Gap(reasons):
            return reasons[0]
        case Unsigned(reason):
            return reason
        case FactsOnly():
            return None
        case _:
            assert_never(local)


def _by_statement(word: Silent, statement: Statement | None, terms: Terms) -> Verdict:
    """A sound document, and nobody to ask: the issuer's last signed word, if it is young."""
    conclusion, reason = Conclusion.INDETERMINATE, terms.outside_own_dates or word.reason
    if statement is not None and statement.signed and terms.fresh(statement.as_of):
        speaks = statement.holds_at(terms.moment)
        if speaks and not statement.in_force:
            conclusion, reason = Conclusion.INVALID, STATUS[statement.code]
        elif speaks and terms.outside_own_dates is None and not word.doubted:
            return Verdict(Conclusion.VALID, terms.subject, None, proof=DECIDED)
    return Verdict(conclusion, terms.subject, reason, conflict=word.conflict)
