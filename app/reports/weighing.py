"""How much each piece of evidence weighed: block outcomes, and who had the last word."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum

from app.domain.evidence import Block, CheckName, Evidence, Outcome
from app.domain.facts import SealAsked
from app.domain.policies import POLICIES, Level, Policy
from app.domain.verdict import Conclusion, Subject, Terms
from app.domain.verification import Basis, Verification
from app.domain.word import Against, InForce, Silent, Word, hear
from app.reports.catalogue import entry_of


class DecidedBy(StrEnum):
    """Whose word the conclusion rests on."""

    SUBMISSION = "submission"
    """What was submitted, by itself."""
    ANSWER = "issuer_answer"
    """The issuer, asked just now."""
    STATEMENT = "issuer_statement"
    """The issuer's last signed statement; nobody could be asked."""
    NOBODY = "nobody"
    """The matter is open."""


def policy_of(verification: Verification) -> Policy:
    """The policy it was judged by. Raises `KeyError` for one this version does not know."""
    return POLICIES[verification.policy]


def word_of(verification: Verification) -> Word:
    """What the issuer's answer amounted to, as `decide` heard it."""
    facts = verification.facts
    statement = facts.trust.statement if facts else None
    return hear(verification.answer, statement, terms_of(verification))


def word_on(asked: SealAsked, verification: Verification) -> Word:
    """What came of asking about one of several seals."""
    return hear(asked.answer, None, terms_of(verification))


def terms_of(verification: Verification) -> Terms:
    """As far as they bound the word of others."""
    facts, policy = verification.facts, policy_of(verification)
    if facts is None:
        return Terms(now=verification.at, subject=policy.subject)
    type = facts.trust.type
    return Terms(
        now=facts.now,
        at=facts.at,
        subject=policy.subject,
        type_age=type.max_status_age if type else timedelta(0),
        policy_age=policy.max_age,
        caller_age=facts.max_status_age,
        signed_answers=type.signed_answers if type else False,
    )


def deciding(verification: Verification) -> tuple[Evidence, ...]:
    """The evidence that weighs: all but what the policy only lets inform."""
    policy = policy_of(verification)
    return tuple(e for e in verification.evidence if policy.level(e) is not Level.INFORM)


def decided_by(verification: Verification, word: Word, weighing: Sequence[Evidence]) -> DecidedBy:
    """Whose word the conclusion rests on. `weighing`: as `deciding` gives it."""
    conclusion = verification.verdict.conclusion
    if conclusion is Conclusion.INDETERMINATE:
        return DecidedBy.NOBODY
    failed = {e.check for e in weighing if e.outcome is Outcome.FAILED}
    if failed - {CheckName.SEAL_IN_USE}:
        return DecidedBy.SUBMISSION
    if policy_of(verification).subject is Subject.SEAL and isinstance(word, Silent):
        return DecidedBy.SUBMISSION  # and by the lists that this node follows
    return DecidedBy.STATEMENT if isinstance(word, Silent) else DecidedBy.ANSWER


def closed(verification: Verification, item: Evidence) -> bool:
    """A doubt that weighs, in a valid verdict: one of the two closings has answered it."""
    doubted = item.outcome is Outcome.INDETERMINATE
    valid = verification.verdict.conclusion is Conclusion.VALID
    return doubted and valid and policy_of(verification).level(item) is not Level.INFORM


def block_outcome(
    block: Block, verification: Verification, word: Word, weighing: Sequence[Evidence]
) -> Outcome:
    """What a block comes to. `weighing`: as `deciding` gives it.

    * `failed`: evidence in it that weighs has failed, or the deciding reason of an invalid verdict
      answers its question. For the status block, the issuer's word against the license is enough.
    * `not_applicable`: authenticity where no file was shown, unless the deciding reason (of the
      algorithms of an answer) answers its question.
    * `indeterminate`: evidence that weighs is in doubt, a check the policy requires said nothing,
      nothing passed, the deciding reason of an open verdict answers its question, or, for the
      status block, no usable word of the issuer is at hand.
    * `passed`: at least one check that weighs passed (for the status block: the issuer says in
      force), and none of the above holds. In a valid verdict every doubt was closed by the issuer.

    So a valid verdict has no block failed or open, an invalid one has one failed, and an open one
    has one open and none failed.
    """
    conclusion, reason = verification.verdict.conclusion, verification.verdict.reason
    mine = [e for e in weighing if e.check.block is block]
    outcomes = {e.outcome for e in mine}
    asked = reason is not None and entry_of(reason).block is block
    of_seal = policy_of(verification).subject is Subject.SEAL  # the word is evidence there
    against = isinstance(word, Against) and block is Block.STATUS and not of_seal
    if Outcome.FAILED in outcomes or against or (asked and conclusion is Conclusion.INVALID):
        return Outcome.FAILED
    if block is Block.AUTHENTICITY and verification.basis is Basis.FACTS and not asked:
        return Outcome.NOT_APPLICABLE
    if conclusion is Conclusion.VALID:
        return Outcome.PASSED
    unheard = block is Block.STATUS and not isinstance(word, InForce) and not of_seal
    doubted = Outcome.INDETERMINATE in outcomes or _mute(block, mine, policy_of(verification))
    if asked or unheard or doubted:
        return Outcome.INDETERMINATE
    heard = (block is Block.STATUS and not of_seal) or Outcome.PASSED in outcomes
    return Outcome.PASSED if heard else Outcome.INDETERMINATE


def _mute(block: Block, weighing: Iterable[Evidence], policy: Policy) -> bool:
    """A check the policy requires neither passed nor doubted. `weighing`: of this block. Where no
    signature has a seal, what only a seal can be asked is not required, as in `judge`.
    """
    own = tuple(weighing)
    spoke = {e.check for e in own if e.outcome in (Outcome.PASSED, Outcome.INDETERMINATE)}
    levels = policy.levels
    required = {c for c, level in levels.items() if level is Level.REQUIRE and c.block is block}
    signers = {e.subject for e in own if e.check.each}
    if signers and all(signer.sealless for signer in signers):
        required -= policy.of_seals
    return bool(required - spoke)
