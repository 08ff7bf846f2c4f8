"""What is said of an annotated copy (加注件) that is valid: for what it may be used, and how long.

Its purpose is free text of the document and stands in no report; that there is one is said, since a
copy for one matter is no license for another.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from app.domain.evidence import CheckName, Outcome
from app.domain.verdict import BEIJING, Conclusion
from app.domain.verification import Verification
from app.reports import phrases
from app.reports.entry import Bilingual, Texts
from app.reports.words import KEPT


def copy_terms(verification: Verification) -> Bilingual | None:
    """For the headline; None where nothing valid rests on a copy."""
    until = _until(verification)
    return None if until is None else _terms(until, compared=_compared(verification))


def of_copy(texts: Texts, verification: Verification) -> Texts:
    """The texts of a valid verdict, with what to do about a copy."""
    if _until(verification) is None:
        return texts
    return replace(texts, next_step=phrases.USE_OF_COPY)


def _until(verification: Verification) -> datetime | None:
    facts = verification.facts
    if facts is None or verification.verdict.conclusion is not Conclusion.VALID:
        return None
    copied = any(
        item.check is CheckName.COPY_CURRENT and item.outcome is Outcome.PASSED
        for item in verification.evidence
    )
    return facts.document.copy_until if copied else None


def _compared(verification: Verification) -> bool:
    facts = verification.facts
    return facts is not None and None not in (facts.matter, facts.document.copy_matter)


@lru_cache(KEPT)
def _terms(until: datetime, *, compared: bool) -> Bilingual:
    day = (until - timedelta(seconds=1)).astimezone(BEIJING)  # midnight ends the day before
    text = phrases.COPY_FOR_THIS_MATTER if compared else phrases.COPY_FOR_ITS_PURPOSE
    return Bilingual(
        text.zh.format(when=f"{day.year}年{day.month}月{day.day}日"),
        text.en.format(when=f"{day:%Y-%m-%d}"),
    )
