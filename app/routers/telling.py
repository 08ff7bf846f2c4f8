"""What the page says in place of a report's headline, and beside it, where the report's own words
would mislead whoever reads nothing but the top of the page.

A report is for everybody who may ever read it; the page knows what was just typed or chosen. No
conclusion changes here, and none looks better than it is. Twin of `app/web/static/told.js`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.domain.evidence import CheckName
from app.domain.license import LicenseFormat
from app.domain.reasons import Family, Reason
from app.domain.verdict import Conclusion, Subject
from app.routers.times import ago

Json = Mapping[str, Any]
Said = Mapping[str, str]

UNFOUND: Final = "unfound"
"""Kind of a mark: nothing was found under what was typed; mostly a slip of the keys."""
_FRESH: Final = 60
"""Seconds for which an answer is the one of this very question."""


@dataclass(frozen=True, slots=True)
class Told:
    """The top of the result."""

    kind: str
    words: str
    meaning: str
    next: str


def told(found: Json, said: Said, lang: str, *, unnamed: bool) -> Told:
    """Args:
    found: the report.
    said: words of the page.
    lang: `zh` or `en`.
    unnamed: asked by number, and of nobody.
    """
    outage = found["reason"] is not None and found["reason"]["family"] == Family.DEPENDENCY
    kind = "outage" if outage else found["conclusion"]
    clerk, step = found["explanation"]["clerk"][lang], found["explanation"]["next_step"][lang]
    own = _own_headline(found, unnamed=unnamed)
    if own == "choosefirst":
        return Told(kind, said[own], "", "")
    if own == "notfound":
        return Told(UNFOUND, said[own], clerk, step)
    return Told(kind, said[own] if own else _shorter(found["headline"][lang], said), clerk, step)


def _own_headline(found: Json, *, unnamed: bool) -> str:
    """Name of the page's own words, where it has better ones."""
    reason = found["reason"]["code"] if found["reason"] else ""
    confirmed = _confirmed(found)
    if found["subject"] == Subject.RECORD:
        if unnamed and reason == Reason.ISSUER_UNKNOWN:
            return "choosefirst"
        if reason == Reason.NOT_FOUND:
            return "notfound"
        return "recordonly" if confirmed and reason == Reason.INSUFFICIENT_FACTS else ""
    if reason != Reason.UNSIGNED_COPY:
        return ""
    signed = [each["outcome"] == "passed" for each in found["signatures"]]
    if found["photo"] and confirmed and signed and all(signed):
        return "photogood"
    license = found["license"]
    nothing = not (signed or license["issuer"] or license["type"])
    return "plainpdf" if nothing and found["format"] == LicenseFormat.PDF else ""


def is_unfound(found: Json) -> bool:
    """Nothing is registered under a number that somebody typed: no fault of any document."""
    return _own_headline(found, unnamed=False) == "notfound"


def names_nobody(found: Json, *, unnamed: bool) -> bool:
    """Nobody was named as issuer, or a document is no license: the question does not arise."""
    own = _own_headline(found, unnamed=unnamed)
    return found["sealed_document"] is not None or own in ("choosefirst", "plainpdf")


def _confirmed(found: Json) -> bool:
    """The issuer says in force, and its word counts."""
    answer = found["answer"]
    return bool(answer["counts"] and answer["said"] and answer["said"]["outcome"] == 0)


def moot(block: str, found: Json) -> str:
    """Name of the words for a block that passed for want of anything to ask; empty: it was asked.

    The report says what was found; a reader takes a tick for an answer. Where nothing was
    submitted, nobody answered, or the file itself fails, there is no answer to tick.
    """
    blocks, sealed = found["blocks"], found["sealed_document"]
    if blocks[block]["outcome"] != "passed":
        return ""
    if block == "authenticity":
        return "nofile" if found["subject"] == Subject.RECORD else ""
    if block != "authority" or found["conclusion"] == Conclusion.VALID:
        return ""
    if blocks["authenticity"]["outcome"] == "failed":
        return "inauthentic"
    if sealed:
        return "anysigner" if sealed.get("any_signer") else ""
    return "" if found["answer"]["said"] else "noanswer"


def moot_check(check: Json, block: str, found: Json) -> str:
    """The same of one check: whether a file is well formed, or an answer is about this file."""
    if check["outcome"] != "passed":
        return ""
    if block == "authenticity":
        return "nofile" if found["subject"] == Subject.RECORD else ""
    unanswered = not found["answer"]["said"] and found["conclusion"] != Conclusion.VALID
    return "noanswer" if check["name"] == CheckName.BOUND and unanswered else ""


def _shorter(headline: str, said: Said) -> str:
    """Without what stands below as a line of its own."""
    for begin, end in (("（", "）"), ("；", ""), (" (", ")"), ("; ", "")):
        headline = headline.replace(f"{begin}{said['anyone']}{end}", "")
    return headline


def notes(found: Json, said: Said, lang: str, bodies: Mapping[str, str]) -> Iterable[str]:
    """What stands under the headline. `bodies`: code → registered name."""
    answer = found["answer"]
    if answer["counts"] and answer["said"] and answer["said"]["age_seconds"] >= _FRESH:
        age = ago(timedelta(seconds=answer["said"]["age_seconds"]), lang)
        yield said["byanswer"].replace("{age}", age)
    if found["conclusion"] == Conclusion.VALID and found["format"] == LicenseFormat.JWS:
        yield said["unseen"]
    if found["conclusion"] == Conclusion.VALID and _is_open(found, "own_dates"):
        yield said["pastdate"]
    if _own_headline(found, unnamed=False) == "recordonly":
        yield said["bynumber"]
    if found["license"]["dispute"]:
        yield "⚠ " + found["license"]["dispute"]["text"][lang]
    if found["sealed_document"]:
        yield from _sealed(found, said, bodies)


def _is_open(found: Json, check: str) -> bool:
    every = (each for block in found["blocks"].values() for each in block["checks"])
    return any(each["name"] == check and each["outcome"] == "indeterminate" for each in every)


def _sealed(found: Json, said: Said, bodies: Mapping[str, str]) -> Iterable[str]:
    """Whose seals: the one question of a document that is no license."""
    for code in found["sealed_document"]["signers"]:
        words = said["sealname"] if code in bodies else said["sealcode"]
        who = words.replace("{code}", code).replace("{name}", bodies.get(code, ""))
        state = said["sealstate"] if _is_open(found, "seal_in_use") else ""
        yield _joined(said["sealedby"].replace("{who}", who), state)


def _joined(first: str, second: str) -> str:
    """Two sentences; in Chinese no space stands between them."""
    return first + ("" if first.endswith("。") or not second else " ") + second
