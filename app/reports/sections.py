"""The parts of a report: checks, signatures, the issuer's answer and statement. All plain JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime

from app.domain.evidence import SIGNATURE_CHECKS, CheckName, Evidence, Outcome, Role
from app.domain.facts import Facts, SignatureFacts
from app.domain.issuer import Answered, Match, NotAsked, Unreachable
from app.domain.policies import Level
from app.domain.reasons import Reason
from app.domain.verification import Verification
from app.domain.word import Silent, Word
from app.reports.entry import Bilingual
from app.reports.phrases import OUTCOMES, STATES
from app.reports.weighing import closed, policy_of

Json = dict[str, object]
Questions = Mapping[CheckName, Bilingual]


def instant(at: datetime) -> str:
    """RFC 3339, UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age_seconds(now: datetime, as_of: datetime) -> int:
    """Whole seconds, rounded down; negative for a time yet to come."""
    return (now - as_of) // (datetime.resolution * 1_000_000)


def said(text: Bilingual) -> Json:
    return {"zh": text.zh, "en": text.en}


def check(item: Evidence, verification: Verification, questions: Questions) -> Json:
    """One check: its question, its weight, what it found."""
    return {
        "name": item.check.value,
        "question": said(questions[item.check]),
        "subject": item.subject.label,
        "role": item.subject.role.value,
        "level": policy_of(verification).level(item).value,
        "outcome": item.outcome.value,
        "reason": item.reason.value if item.reason else None,
        "detail": item.detail,
        "closed_by_issuer": closed(verification, item),
    }


def signature(found: SignatureFacts, facts: Facts, verification: Verification) -> Json:
    """One signature; the owner of its key is the registry's word, the key id the document's."""
    key = facts.trust.keys.get(found.key_id)
    own = [e for e in verification.evidence if e.check.each and e.subject.label == found.label]
    issuer = facts.trust.issuer
    known = issuer if key is not None and issuer is not None and issuer.code == key.owner else None
    return {
        "label": found.label,
        "role": own[0].subject.role.value if own else Role.EXTRA.value,
        "outcome": _together(own, verification).value,
        "key_id": found.key_id,
        "key_registered": key is not None,
        "signer": None
        if key is None
        else {
            "code": key.owner,
            "name": {"zh": known.name, "en": known.name_en} if known else None,
        },
        "scheme": (key.scheme if key else found.scheme).value,
        "covers": sorted(fact.value for fact in found.covers),
        "time": _time(found, facts),
        "checks": {e.check.value: e.outcome.value for e in own},
    }


def _together(own: list[Evidence], verification: Verification) -> Outcome:
    """Failed before in doubt before passed; passed only if all passed that the policy requires."""
    outcomes = {e.outcome for e in own}
    for worst in (Outcome.FAILED, Outcome.INDETERMINATE):
        if worst in outcomes:
            return worst
    levels = policy_of(verification).levels
    required = {c for c in SIGNATURE_CHECKS if levels[c] is Level.REQUIRE}
    passed = {e.check for e in own if e.outcome is Outcome.PASSED}
    enough = passed >= required | {CheckName.SIGNATURE_HOLDS}
    return Outcome.PASSED if enough else Outcome.INDETERMINATE


def _time(found: SignatureFacts, facts: Facts) -> Json:
    """Claimed by the document, else the first time this node recorded the file, else none."""
    if found.signed_at is not None:
        return {"source": "claimed", "at": instant(found.signed_at)}
    if facts.trust.first_seen is not None:
        return {"source": "first_seen", "at": instant(facts.trust.first_seen)}
    return {"source": "none", "at": None}


def unusable_reason(verification: Verification, word: Word) -> Reason | None:
    """Why the issuer, asked, gave nothing that counts."""
    asked = not isinstance(verification.answer, NotAsked)
    return word.reason if asked and isinstance(word, Silent) else None


def answer(verification: Verification, word: Word) -> Json:
    """What the issuer said just now and whether it counts, or why it said nothing."""
    given = verification.answer
    why_not = unusable_reason(verification, word)
    answered = _answered(given, verification.at) if isinstance(given, Answered) else None
    return {
        "asked": not isinstance(given, NotAsked),
        "counts": not isinstance(word, Silent),
        "reason": why_not.value if why_not else None,
        "not_asked": given.why.value if isinstance(given, NotAsked) else None,
        "silence": given.why.value if isinstance(given, Unreachable) else None,
        "said": answered,
    }


def _answered(given: Answered, now: datetime) -> Json:
    return {
        "source": "live",
        "speaker": given.speaker.value,
        "signed": given.signed,
        "authenticated": given.authenticated,
        "outcome": int(given.code),
        "outcome_text": said(OUTCOMES[given.code]),
        "state": given.state.value if given.state else None,
        "state_text": said(STATES[given.state]) if given.state else None,
        "since": given.since.isoformat() if given.since else None,
        "until": given.until.isoformat() if given.until else None,
        "document": given.document.value,
        "as_of": instant(given.as_of),
        "age_seconds": age_seconds(now, given.as_of),
        "next_update": instant(given.next_update) if given.next_update else None,
    }


def statement(verification: Verification) -> Json | None:
    """The issuer's last word told unasked, as far as this node has it."""
    facts = verification.facts
    kept = facts.trust.statement if facts else None
    if kept is None:
        return None
    return {
        "outcome": int(kept.code),
        "outcome_text": said(OUTCOMES[kept.code]),
        "signed": kept.signed,
        "since": instant(kept.since) if kept.since else None,
        "as_of": instant(kept.as_of),
        "age_seconds": age_seconds(verification.at, kept.as_of),
    }


def compared(verification: Verification) -> list[object]:
    """Names of facts and how they compare; a value never stands in a report."""
    pairs = dict(verification.matched)
    if not pairs and isinstance(verification.answer, Answered):
        pairs = {fact.value: match.value for fact, match in verification.answer.facts.items()}
    return [{"fact": fact, "match": Match(pairs[fact]).value} for fact in sorted(pairs)]
