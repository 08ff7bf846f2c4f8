"""What was not checked and why: a report that is silent about it would claim too much."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from app.domain.evidence import WHOLE, CheckName, Outcome
from app.domain.issuer import Answered, IssuerAnswer, Match, NotAsked
from app.domain.policies import Level
from app.domain.verdict import Subject
from app.domain.verification import Basis, Verification
from app.domain.word import Silent, Word
from app.reports import phrases
from app.reports.canonical import Settled
from app.reports.entry import Bilingual
from app.reports.phrases import Omission
from app.reports.sections import compared
from app.reports.weighing import policy_of, word_on
from app.reports.words import KEPT, Json, said

_ALL: Final = tuple(CheckName)


def unchecked(verification: Verification, word: Word) -> list[object]:
    """Every check that had nothing to say, and every question nobody answered."""
    return [
        *_silent(verification),
        *_unspoken(verification),
        *_unanswered(verification, word),
        *_unsent(verification),
        _item("presenter", WHOLE.label, Omission.OUT_OF_SCOPE, phrases.PRESENTER)
        if policy_of(verification).subject is not Subject.SEAL
        else _item("content", WHOLE.label, Omission.OUT_OF_SCOPE, phrases.CONTENT),
    ]


def _unsent(verification: Verification) -> Iterator[Json]:
    if verification.basis is Basis.DIGESTS:
        yield _item("file", WHOLE.label, Omission.NOT_SENT, phrases.FILE_NOT_SENT)


def _item(what: str, subject: str, why: Omission, text: Bilingual) -> Json:
    return _omitted(what, subject, why, text.zh, text.en)


@lru_cache(KEPT)
def _omitted(what: str, subject: str, why: Omission, zh: str, en: str) -> Settled:
    text = said(Bilingual(zh, en))
    return Settled({"what": what, "subject": subject, "why": why.value, "text": text})


def _silent(verification: Verification) -> Iterator[Json]:
    for item in verification.evidence:
        if item.outcome is Outcome.NOT_APPLICABLE:
            why, text = _why(item.check, verification)
            yield _item(item.check.value, item.subject.label, why, text)
    facts = verification.facts
    for found in facts.document.signatures if facts else ():
        if found.signed_at is not None:
            yield _item("signing_time", found.label, Omission.ONLY_CLAIMED, phrases.TIME_CLAIMED)


def _unspoken(verification: Verification) -> Iterator[Json]:
    """Checks that left no evidence at all: there was no file, no signature, or nothing readable."""
    spoke = {item.check for item in verification.evidence}
    for check in _ALL:
        if check not in spoke:
            why, text = _why(check, verification)
            yield _item(check.value, WHOLE.label, why, text)


def _why(check: CheckName, verification: Verification) -> phrases.Omitted:
    facts = verification.facts
    if facts is None:
        return phrases.UNREAD
    return phrases.silence_of(
        check,
        facts_only=verification.basis is Basis.FACTS,
        required=policy_of(verification).levels[check] is Level.REQUIRE,
        signed=bool(facts.document.signatures),
        document=facts.signers is not None,
    )


def _silence(answer: IssuerAnswer, label: str, word: Word) -> Iterator[Json]:
    if isinstance(answer, NotAsked):
        text = phrases.NOT_ASKED[answer.why]
        yield _item("issuer_answer", label, Omission.NOT_ASKED, text)
    elif isinstance(word, Silent):
        why = Omission.NO_USABLE_ANSWER
        yield _item("issuer_answer", label, why, phrases.NO_USABLE_ANSWER)


def _unanswered(verification: Verification, word: Word) -> Iterator[Json]:
    answer, label, facts = verification.answer, WHOLE.label, verification.facts
    seals = facts.seals if facts else ()
    for each in seals:
        yield from _silence(each.answer, each.label, word_on(each, verification))
    if not seals:
        yield from _silence(answer, label, word)
    if not isinstance(answer, Answered):
        return
    if verification.basis is not Basis.FACTS and answer.document is Match.UNKNOWN:
        why = Omission.NOT_COMPARED
        yield _item("document_digest", label, why, phrases.DIGEST_NOT_COMPARED)
    for pair in compared(verification):
        match pair:
            case {"fact": str(fact), "match": "unknown"}:
                why, text = Omission.NOT_COMPARED, phrases.FACT_NOT_COMPARED
                yield _item(f"fact:{fact}", label, why, text)
