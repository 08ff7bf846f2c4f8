"""The parts of a report: checks, signatures, the issuer's answer and statement. All plain JSON."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from app.domain.evidence import SIGNATURE_CHECKS, CheckName, Evidence, Outcome, Role
from app.domain.facts import Facts, SignatureFacts
from app.domain.identifier import IssuerCode
from app.domain.invoice import InvoiceFacts
from app.domain.issuer import (
    Answered,
    Endpoint,
    IssuerAnswer,
    Match,
    NotAsked,
    Unreachable,
)
from app.domain.layers import protections
from app.domain.policies import Level
from app.domain.proven import signing_time
from app.domain.reasons import Reason
from app.domain.trust import TrustedKey
from app.domain.verification import Verification
from app.domain.word import Silent, Word
from app.reports.canonical import Settled
from app.reports.entry import Bilingual
from app.reports.phrases import OUTCOMES, RULES, STATES
from app.reports.seals import seal
from app.reports.texts_photo import HOLDS
from app.reports.weighing import closed, policy_of, word_on
from app.reports.words import KEPT, Json, age_seconds, instant, said

Questions = Mapping[CheckName, Bilingual]


def trust(verification: Verification) -> list[object]:
    """The followed trust lists, in the order they were asked, and how old each is."""
    facts = verification.facts
    return [
        {
            "publisher": source.publisher,
            "number": source.number,
            "address": source.address,
            "accepted_at": instant(source.accepted_at) if source.accepted_at else None,
            "age_seconds": age_seconds(verification.at, source.accepted_at)
            if source.accepted_at
            else None,
            "expires_at": instant(source.expires_at) if source.expires_at else None,
            "stale": not source.fresh(verification.at),
        }
        for source in (facts.trust.sources if facts else ())
    ]


def check(item: Evidence, verification: Verification, questions: Questions) -> Json:
    """One check: its question, its weight, what it found."""
    about, question = item.subject, questions[item.check]
    return _check(
        *(item.check, question.zh, question.en, about.label, about.role),
        *(policy_of(verification).level(item), item.outcome, item.reason, item.detail),
        closed(verification, item),
    )


@lru_cache(KEPT)
def _check(  # noqa: PLR0917 - private; a cache finds what is told by place at half the cost
    name: CheckName,
    zh: str,
    en: str,
    label: str,
    role: Role,
    level: Level,
    outcome: Outcome,
    reason: Reason | None,
    detail: str,
    closed_by_issuer: bool,  # noqa: FBT001
) -> Settled:
    return Settled(
        {
            "name": name.value,
            "question": said(Bilingual(zh, en)),
            "subject": label,
            "role": role.value,
            "level": level.value,
            "outcome": outcome.value,
            "reason": reason.value if reason else None,
            "detail": detail,
            "closed_by_issuer": closed_by_issuer,
        }
    )


def signature(found: SignatureFacts, facts: Facts, verification: Verification) -> Json:
    """One signature; who signed is the registry's word, the key id the document's."""
    own = [e for e in verification.evidence if e.check.each and e.subject.label == found.label]
    key = None if found.sealed else facts.trust.keys.get(found.key_id)
    scheme = key.scheme if key else found.scheme
    return {
        "label": found.label,
        "role": own[0].subject.role.value if own else Role.EXTRA.value,
        "outcome": _together(own, verification).value,
        "key_id": found.key_id,
        "key_registered": key is not None,
        "signer": _signer(_owner(found, key, facts), facts),
        "scheme": scheme.value if scheme else None,
        "covers": sorted(fact.value for fact in found.covers),
        "time": _time(found, facts),
        "checks": {e.check.value: e.outcome.value for e in own},
        "seal": seal(found.sealed) if found.sealed else None,
    }


def _owner(found: SignatureFacts, key: TrustedKey | None, facts: Facts) -> IssuerCode | None:
    """A code in a certificate counts only as a registered authority vouches for it (CRT-11)."""
    if found.sealed is None:
        return None if key is None else key.owner
    organisation = found.sealed.signer.then.named.organisation if found.sealed.signer else None
    if organisation is None:
        return None
    if facts.signers is not None:  # of a document that is no license it is the code itself
        return IssuerCode(organisation)
    trust = facts.trust
    return trust.owners.get(organisation) or trust.owners_otherwise.get(organisation)


def _signer(owner: IssuerCode | None, facts: Facts) -> Json | None:
    if owner is None:
        return None
    issuer = facts.trust.issuer
    named = issuer if issuer is not None and issuer.code == owner else None
    name = {"zh": named.name, "en": named.name_en} if named else None
    return {"code": owner, "name": name}


def _together(own: list[Evidence], verification: Verification) -> Outcome:
    """Failed before in doubt before passed; passed only if all passed that the policy requires."""
    outcomes = {e.outcome for e in own}
    for worst in (Outcome.FAILED, Outcome.INDETERMINATE):
        if worst in outcomes:
            return worst
    policy = policy_of(verification)
    needed = [replace(subject, role=Role.ISSUER) for subject in {e.subject for e in own}]
    required = {
        check
        for subject in needed
        for check in SIGNATURE_CHECKS
        if policy.level_of(check, subject) is Level.REQUIRE
    }
    passed = {e.check for e in own if e.outcome is Outcome.PASSED}
    enough = passed >= required | {CheckName.SIGNATURE_HOLDS}
    return Outcome.PASSED if enough else Outcome.INDETERMINATE


def _time(found: SignatureFacts, facts: Facts) -> Json:
    """Proven by a timestamp service, else claimed, else when this node first saw it, else none."""
    stamp = found.sealed.timestamp if found.sealed else None
    time = signing_time(stamp, found.signed_at, facts.now)
    if time.at is not None:
        return {"source": time.source.value, "at": instant(time.at)}
    if facts.trust.first_seen is not None:
        return {"source": "first_seen", "at": instant(facts.trust.first_seen)}
    return {"source": "none", "at": None}


def unusable_reason(verification: Verification, word: Word) -> Reason | None:
    """Why the issuer, asked, gave nothing that counts."""
    return _unusable(verification.answer, word)


def _unusable(given: IssuerAnswer, word: Word) -> Reason | None:
    return word.reason if not isinstance(given, NotAsked) and isinstance(word, Silent) else None


def answer(verification: Verification, word: Word) -> Json:
    """What the issuer said just now and whether it counts, or why it said nothing. Of several seals
    it is the word that weighs most; `sealed_document.seals` has each.
    """
    facts = verification.facts
    where = facts.trust.endpoint if facts else None
    return _answer(verification.answer, where, word, verification.at)


def _answer(given: IssuerAnswer, where: Endpoint | None, word: Word, now: datetime) -> Json:
    why_not = _unusable(given, word)
    answered = _answered(given, now) if isinstance(given, Answered) else None
    return {
        "asked": not isinstance(given, NotAsked),
        "counts": not isinstance(word, Silent),
        "reason": why_not.value if why_not else None,
        "not_asked": given.why.value if isinstance(given, NotAsked) else None,
        "silence": given.why.value if isinstance(given, Unreachable) else None,
        "route": _route(where),
        "said": answered,
    }


def _answered(given: Answered, now: datetime) -> Json:
    return {
        "source": given.source.value,
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
        "relayed_by": given.relayed_by,
    }


def _route(where: Endpoint | None) -> Json | None:
    """Whom the registry names to be asked, and by which rule; its address is nobody's business."""
    if where is None:
        return None
    return {
        "rule": where.rule.value,
        "rule_text": said(RULES[where.rule]),
        "matched": where.matched or where.issuer,
        "body": where.issuer,
        "speaker": where.speaker.value,
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


def photo(verification: Verification) -> Json | None:
    """What the codes of a picture hold, by kind; their content stays with the caller."""
    facts = verification.facts
    if facts is None or facts.document.photo is None:
        return None
    seen = facts.document.photo
    return {
        "codes": [
            {
                "label": code.label,
                "symbology": code.symbology,
                "holds": code.held.value,
                "text": said(HOLDS[code.held]),
            }
            for code in seen.codes
        ],
        "several": seen.several,
    }


def sealed_document(verification: Verification) -> Json | None:
    """Of a document that is no license: whose seals were expected, who sealed, and its figures."""
    facts = verification.facts
    if facts is None or facts.signers is None:
        return None
    return {
        "any_signer": facts.signers.anyone,
        "expected": len(facts.signers.expected),
        "signers": list(signers_of(facts)),
        "seals": [
            {
                "signature": each.label,
                **_answer(each.answer, each.endpoint, word_on(each, verification), facts.now),
            }
            for each in facts.seals
        ],
        "invoice": _invoice(facts.document.invoice),
    }


def signers_of(facts: Facts) -> tuple[str, ...]:
    """统一社会信用代码 of whoever signed, each once, as authorities vouch for them."""
    signers = (s.sealed.signer for s in facts.document.signatures if s.sealed)
    codes = (signer.then.named.organisation for signer in signers if signer)
    return tuple(dict.fromkeys(code for code in codes if code is not None))


def _invoice(found: InvoiceFacts | None) -> Json | None:
    """Figures by name, with the places where they stand; never a value."""
    if found is None:
        return None
    return {
        "figures": [
            {
                "figure": fact.value,
                "places": [place.value for place in places],
                "agrees": fact not in found.differing,
            }
            for fact, places in found.places.items()
        ],
        "adds_up": found.adds_up,
    }


def algorithms(verification: Verification, word: Word) -> list[object] | None:
    """Which algorithm protects each layer, where that was asked; None: it was not."""
    facts = verification.facts
    if facts is None or not facts.sm_only:
        return None
    return [
        {
            "layer": each.layer.value,
            "signature": each.signature,
            "algorithm": None if each.algorithm is None else each.algorithm.value,
            "sm": each.sm,
        }
        for each in protections(facts, word)
    ]


def compared(verification: Verification) -> list[object]:
    """Names of facts and how they compare; a value never stands in a report."""
    pairs = dict(verification.matched)
    if not pairs and isinstance(verification.answer, Answered):
        pairs = {fact.value: match.value for fact, match in verification.answer.facts.items()}
    return [{"fact": fact, "match": Match(pairs[fact]).value} for fact in sorted(pairs)]
