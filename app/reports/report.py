"""A finished verification as the JSON that is published, signed and kept. Design §4.

Pure: the same verification and context give the same report. It holds no document bytes and no
value of any claim: issuer and type stand with their registered names or not at all, facts by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from app.domain.confirmation import code_of
from app.domain.evidence import Block, CheckName, Evidence
from app.domain.facts import Facts
from app.domain.issuer import Answered
from app.domain.reasons import Reason
from app.domain.trust import Issuer
from app.domain.verdict import BEIJING, Conclusion, Subject
from app.domain.verification import Basis, Verification
from app.domain.word import Against, Word
from app.reports import phrases
from app.reports.catalogue import CATALOGUE, codes, entry_of
from app.reports.copies import copy_terms, of_copy
from app.reports.entry import Bilingual, Texts
from app.reports.omissions import unchecked
from app.reports.sections import (
    Questions,
    algorithms,
    answer,
    check,
    compared,
    photo,
    sealed_document,
    signature,
    signers_of,
    statement,
    trust,
    unusable_reason,
)
from app.reports.weighing import (
    DecidedBy,
    block_outcome,
    closed,
    decided_by,
    deciding,
    word_of,
)
from app.reports.words import KEPT, Json, instant, said

REPORT_VERSION: Final = 1
"""Of this shape; a member may be added under it, none removed or changed in meaning."""


SIGNERS_NAMED: Final = 4
"""In a headline; `sealed_document.signers` names all."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a report tells beside the verification: who made it, and how checks are worded."""

    node: str
    version: str
    """Of this service."""
    questions: Questions

    def __post_init__(self) -> None:
        if missing := set(CheckName) - set(self.questions):
            raise ValueError(f"checks without a question: {sorted(missing)}")


def report_of(verification: Verification, context: Context) -> dict[str, object]:
    """The report, ready for `canonical`.

    Raises:
        KeyError: a policy this version does not know.
        ValueError: a reason that contradicts its conclusion; a defect, not an input.
    """
    verdict, facts = verification.verdict, verification.facts
    word, weighing = word_of(verification), deciding(verification)
    decided = decided_by(verification, word, weighing)
    texts = _texts(verification)
    indication, sub, info, file = codes(verdict.conclusion, verdict.reason, verdict.subject)
    return {
        "id": verification.id,
        "code": code_of(verification.id),
        "at": instant(verification.at),
        "versions": {
            "report": REPORT_VERSION,
            "service": context.version,
            "node": context.node,
            "policy": verification.policy,
            "trust": facts.trust.snapshot if facts else None,
        },
        "trust": trust(verification),
        "basis": verification.basis.value,
        "digests": _digests(verification),
        "format": facts.document.format.value if facts else None,
        "purpose": verification.purpose,
        "asked_at": instant(facts.at) if facts and facts.at else None,
        "conclusion": verdict.conclusion.value,
        "subject": verdict.subject.value,
        "decided_by": decided.value,
        "conflict": verdict.conflict,
        "reason": None
        if verdict.reason is None
        else {"code": verdict.reason.value, "family": verdict.reason.family.value},
        "codes": {
            "indication": indication.value,
            "sub_indication": sub,
            "info_code": info,
            "file_code": file,
        },
        "headline": said(_headline(verification, word, decided, texts.title)),
        "explanation": _explained(texts),
        "retry_after": _retry_after(verification),
        "license": _license(verification),
        "blocks": {b.value: _block(b, verification, word, weighing, context) for b in Block},
        "signatures": _signatures(verification),
        "photo": photo(verification),
        "sealed_document": sealed_document(verification),
        "algorithms": algorithms(verification, word),
        "facts_compared": compared(verification),
        "answer": answer(verification, word),
        "statement": statement(verification),
        "unchecked": unchecked(verification, word),
        "other_reasons": _others(verification, word),
    }


def _digests(verification: Verification) -> Json | None:
    """Of the whole file; none for facts, which could be guessed back from a digest."""
    digests = verification.digests
    if digests is None:
        return None
    both = {"sm3": digests.sm3, "sha256": digests.sha256}
    return {name: None if value is None else value.hex() for name, value in both.items()}


def _issuer(verification: Verification) -> Bilingual:
    """The registered name. What a document calls its issuer never stands in a text."""
    facts = verification.facts
    if facts is not None and facts.signers is not None:
        return phrases.SEALER
    issuer = facts.trust.issuer if facts else None
    return phrases.ANY_ISSUER if issuer is None else Bilingual(issuer.name, issuer.name_en)


def _texts(verification: Verification) -> Texts:
    verdict, name = verification.verdict, _issuer(verification)
    if verdict.reason is None and verification.basis is Basis.DIGESTS:
        return phrases.VALID_BY_DIGESTS.filled(name.zh, name.en)
    mended = any(closed(verification, item) for item in verification.evidence)
    if verdict.reason is None:
        texts = _valid(verdict.subject, name.zh, name.en, closed=mended)
        return of_copy(texts, verification)
    return _of_reason(verdict.reason, name.zh, name.en)


@lru_cache(KEPT)
def _valid(subject: Subject, zh: str, en: str, *, closed: bool) -> Texts:
    found = phrases.VALID[subject]
    return (replace(found, engineer=phrases.CLOSED) if closed else found).filled(zh, en)


@lru_cache(KEPT)
def _of_reason(reason: Reason, zh: str, en: str) -> Texts:
    """With the registered name of the issuer."""
    return entry_of(reason).texts.filled(zh, en)


def _explained(texts: Texts) -> Json:
    return {
        "title": said(texts.title),
        "engineer": said(texts.engineer),
        "clerk": said(texts.clerk),
        "next_step": said(texts.next_step),
    }


def _headline(
    verification: Verification, word: Word, decided: DecidedBy, title: Bilingual
) -> Bilingual:
    """Conclusion, asked time if there is one, and what decided; one line."""
    conclusion, facts = verification.verdict.conclusion, verification.facts
    label = phrases.CONCLUSION[conclusion]
    zh, en = label.zh, label.en
    if facts is not None and facts.at is not None:
        when = _when(facts.at)
        zh, en = f"在{when.zh}{zh}", f"{en} on {when.en}"
    what = _what(verification)
    more = [each for each in (copy_terms(verification), _more(verification, word, decided)) if each]
    return Bilingual(
        f"{zh}：{what.zh}{title.zh}" + (f"（{'；'.join(m.zh for m in more)}）" if more else ""),
        f"{en}: {title.en}{what.en}" + (f" ({'; '.join(m.en for m in more)})" if more else ""),
    )


def _when(at: datetime) -> Bilingual:
    day = at.astimezone(BEIJING)
    zh = f"{day.year}年{day.month}月{day.day}日 {day:%H:%M}（北京时间）"
    return Bilingual(zh, f"{day:%Y-%m-%d %H:%M} (Beijing time)")


def _what(verification: Verification) -> Bilingual:
    """Registered issuer and type, where a valid verdict speaks of them."""
    facts, valid = verification.facts, verification.verdict.conclusion is Conclusion.VALID
    if valid and facts is not None and facts.signers is not None:
        codes, text = signers_of(facts)[:SIGNERS_NAMED], phrases.SEALED_BY
        return Bilingual(
            text.zh.format(codes="、".join(codes)), text.en.format(codes=", ".join(codes))
        )
    if not valid or facts is None or facts.trust.issuer is None:
        return Bilingual("", "")
    type = facts.trust.type
    issuer = facts.trust.issuer
    name = Bilingual(type.name, type.name_en) if type else Bilingual("证照", "license")
    return Bilingual(f"{issuer.name}颁发的{name.zh}，", f" ({name.en}, {issuer.name_en})")


def _more(verification: Verification, word: Word, decided: DecidedBy) -> Bilingual | None:
    """What exactly ended it (撤销 is not 注销), or that nobody could be asked."""
    given, facts = verification.answer, verification.facts
    if facts is not None and facts.signers is not None:
        return _of_documents(verification, facts)
    if decided is DecidedBy.STATEMENT and facts is not None and facts.trust.statement is not None:
        when, text = _when(facts.trust.statement.as_of), phrases.BY_STATEMENT
        return Bilingual(text.zh.format(when=when.zh), text.en.format(when=when.en))
    ended = isinstance(word, Against) and word.reason is Reason.ENDED
    if decided is DecidedBy.ANSWER and ended and isinstance(given, Answered) and given.state:
        return phrases.STATES[given.state]
    return None


def _of_documents(verification: Verification, facts: Facts) -> Bilingual | None:
    """Which of several seals decided, and that nobody said whose were expected."""
    any_signer = phrases.ANY_SIGNER if facts.signers and facts.signers.anyone else None
    whose = _seal_meant(verification, facts)
    if whose is None:
        return any_signer
    zh, en = (text.format(code=whose) for text in (phrases.SEAL_OF.zh, phrases.SEAL_OF.en))
    if any_signer is None:
        return Bilingual(zh, en)
    return Bilingual(f"{zh}；{any_signer.zh}", f"{en}; {any_signer.en}")


def _seal_meant(verification: Verification, facts: Facts) -> str | None:
    """统一社会信用代码 of the owner of the first seal that the verdict's reason is about."""
    meant = {
        item.subject.label
        for item in verification.evidence
        if item.check is CheckName.SEAL_IN_USE
        and item.reason is not None
        and item.reason is verification.verdict.reason
    }
    sealed = (s.sealed for s in facts.document.signatures if s.label in meant)
    codes = (s.signer.then.named.organisation for s in sealed if s and s.signer)
    return next((code for code in codes if code is not None), None)


def _retry_after(verification: Verification) -> int | None:
    """Seconds; for outages only."""
    reason = verification.verdict.reason
    return None if reason is None else entry_of(reason).retry_after


def _license(verification: Verification) -> Json:
    """As registered. The identifier stays with the caller: it may be a person's number."""
    facts = verification.facts
    issuer, type = (facts.trust.issuer, facts.trust.type) if facts else (None, None)
    successor = facts.trust.successor if facts else None
    return {
        "issuer": None if issuer is None else _body(issuer),
        "successor": None if successor is None else _body(successor),
        "type": None
        if type is None
        else {"code": type.code, "name": {"zh": type.name, "en": type.name_en}},
        "dispute": _dispute(facts.trust.disputed_since if facts else None),
    }


def _dispute(since: datetime | None) -> Json | None:
    """That somebody says this node's record is wrong. It weighs nothing."""
    if since is None:
        return None
    return {"since": instant(since), "text": said(phrases.DISPUTED)}


def _body(issuer: Issuer) -> Json:
    return {"code": issuer.code, "name": {"zh": issuer.name, "en": issuer.name_en}}


def _signatures(verification: Verification) -> list[object]:
    facts = verification.facts
    if facts is None:
        return []
    return [signature(found, facts, verification) for found in facts.document.signatures]


def _block(
    block: Block,
    verification: Verification,
    word: Word,
    weighing: Sequence[Evidence],
    context: Context,
) -> Json:
    items = [e for e in verification.evidence if e.check.block is block]
    return {
        "question": said(phrases.question_of(block, verification.verdict.subject)),
        "outcome": block_outcome(block, verification, word, weighing).value,
        "checks": [check(item, verification, context.questions) for item in items],
    }


def _others(verification: Verification, word: Word) -> list[object]:
    """Every other reason named in this report, explained once, in the order of the catalogue."""
    named = {item.reason for item in verification.evidence}
    if (unusable := unusable_reason(verification, word)) is not None:
        named.add(unusable)
    named -= {None, verification.verdict.reason}
    name = _issuer(verification)
    return [
        {
            "code": reason.value,
            "family": reason.family.value,
            **_explained(_of_reason(reason, name.zh, name.en)),
        }
        for reason in CATALOGUE
        if reason in named
    ]
