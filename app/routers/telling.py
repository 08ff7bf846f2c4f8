"""What the page says in place of a report's headline, and beside it, where the report's own words
would mislead whoever reads nothing but the top of the page.

A report is for everybody who may ever read it; the page knows what was just typed or chosen. No
conclusion changes here, and none looks better than it is. Twin of `app/web/static/told.js`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.domain.evidence import CheckName
from app.domain.issuer import Match
from app.domain.license import LicenseFormat
from app.domain.reasons import Family, Reason
from app.domain.verdict import Conclusion, Subject
from app.routers.times import ago

Json = Mapping[str, Any]
Said = Mapping[str, str]

UNFOUND: Final = "unfound"
"""Kind of a mark: what was typed or pasted does not fit; mostly a slip of the keys."""
_FRESH: Final = 60
"""Seconds for which an answer is the one of this very question."""
_NAMED: Final = 4
"""Codes in a headline; the lines below it have all."""
_SLIPS: Final = frozenset({"notfound", "notfoundid", "mismatch", "cutoff"})
_MORE: Final = frozenset({"notfoundid", "mismatch", "cutoff", "sealoutage"})
"""Headlines with a meaning and a next step of the page's own: their names, and `more` or `next`."""
_NO_FILE: Final = frozenset({"notfound", "notfoundid"})


@dataclass(frozen=True, slots=True)
class Asked:
    """How it was asked, as far as the page knows it and a report does not."""

    unnamed: bool = False
    """By number, and of nobody."""
    pasted: bool = False
    """As text in a field, where copying cuts things off."""


UNSAID: Final = Asked()


@dataclass(frozen=True, slots=True)
class Told:
    """The top of the result."""

    kind: str
    words: str
    meaning: str
    next: str


def told(found: Json, said: Said, facts: Said, lang: str, asked: Asked = UNSAID) -> Told:
    """Args:
    found: the report.
    said: words of the page.
    facts: fact → its name.
    lang: `zh` or `en`.
    asked: how.
    """
    outage = found["reason"] is not None and found["reason"]["family"] == Family.DEPENDENCY
    own = _own_headline(found, asked)
    kind = "outage" if outage or own == "sealoutage" else found["conclusion"]
    kind = UNFOUND if own in _SLIPS else kind
    words = (
        _filled(said[own], found, facts, lang) if own else _shorter(found["headline"][lang], said)
    )
    if own == "choosefirst":
        return Told(kind, words, "", "")
    if own in _MORE:
        return Told(kind, words, said[f"{own}more"], said[f"{own}next"])
    clerk, step = found["explanation"]["clerk"][lang], found["explanation"]["next_step"][lang]
    return Told(kind, words, clerk, step)


def _filled(words: str, found: Json, facts: Said, lang: str) -> str:
    """With the facts that differ, by name, or with the codes of those who sealed."""
    between = ", " if lang == "en" else "、"
    differ = [each["fact"] for each in found["facts_compared"] if each["match"] == Match.DIFFERS]
    sealed = found["sealed_document"]
    return words.replace("{facts}", between.join(facts.get(each, each) for each in differ)).replace(
        "{codes}", between.join(sealed["signers"][:_NAMED]) if sealed else ""
    )


def _own_headline(found: Json, asked: Asked) -> str:
    """Name of the page's own words, where it has better ones."""
    reason = found["reason"]["code"] if found["reason"] else ""
    if found["subject"] == Subject.RECORD:
        return _of_record(reason, found, asked)
    if found["sealed_document"]:
        return _of_seal(reason, found)
    if asked.pasted and reason == Reason.MALFORMED:
        return "cutoff"
    if reason != Reason.UNSIGNED_COPY:
        return ""
    signed = [each["outcome"] == "passed" for each in found["signatures"]]
    if found["photo"] and _confirmed(found) and signed and all(signed):
        return "photogood"
    license = found["license"]
    nothing = not (signed or license["issuer"] or license["type"])
    return "plainpdf" if nothing and found["format"] == LicenseFormat.PDF else ""


def _of_record(reason: str, found: Json, asked: Asked) -> str:
    if asked.unnamed and reason == Reason.ISSUER_UNKNOWN:
        return "choosefirst"
    if reason == Reason.NOT_FOUND:
        return "notfound"
    if reason == Reason.ISSUER_DENIES:  # by an identifier; no file was presented
        return "notfoundid"
    if reason == Reason.RECORD_MISMATCH and _differs(found):
        return "mismatch"
    return "recordonly" if _confirmed(found) and reason == Reason.INSUFFICIENT_FACTS else ""


def _differs(found: Json) -> bool:
    return any(each["match"] == Match.DIFFERS for each in found["facts_compared"])


def _of_seal(reason: str, found: Json) -> str:
    """Nobody said whose seal it had to be: that it holds is all there is to say. A platform that is
    silent is an outage; one that is not registered is none.
    """
    if found["conclusion"] == Conclusion.VALID:
        return "sealonly" if found["sealed_document"].get("any_signer") else ""
    wanting = [each for each in seals_of(found) if not each["counts"]]
    quiet = bool(wanting) and all(each["silence"] for each in wanting)
    meant = {Reason.SEAL_STATUS_UNKNOWN, *(each["reason"] for each in wanting)}
    return "sealoutage" if quiet and reason in meant else ""


def seals_of(found: Json) -> Sequence[Json]:
    """What asking came to: of each seal of a document that has several, else the one answer."""
    sealed = found["sealed_document"]
    return (sealed.get("seals") if sealed else None) or [found["answer"]]


def is_unfound(found: Json) -> bool:
    """Nothing is registered under what somebody typed: no fault of any document."""
    return _own_headline(found, UNSAID) in _NO_FILE


def is_slip(found: Json) -> bool:
    """What was typed does not fit the record; no document was shown."""
    return _own_headline(found, UNSAID) in _SLIPS


def names_nobody(found: Json, asked: Asked) -> bool:
    """Nobody was named as issuer, or a document is no license: the question does not arise."""
    own = _own_headline(found, asked)
    return found["sealed_document"] is not None or own in ("choosefirst", "plainpdf", "cutoff")


def is_denied(found: Json) -> bool:
    """The signature holds, and whom it names as issuer has no such license."""
    denied = found["reason"] is not None and found["reason"]["code"] == Reason.ISSUER_DENIES
    return denied and found["subject"] == Subject.DOCUMENT


def _confirmed(found: Json) -> bool:
    """The issuer says in force, and its word counts."""
    answer = found["answer"]
    return bool(answer["counts"] and answer["said"] and answer["said"]["outcome"] == 0)


def moot(block: str, found: Json, asked: Asked = UNSAID) -> str:
    """Name of the words for a block that passed for want of anything to ask; empty: it was asked.

    The report says what was found; a reader takes a tick for an answer. Where nothing was
    submitted, nobody answered, or the file itself fails, there is no answer to tick. Nor is there a
    cross where somebody mistyped or cut off what was to be verified.
    """
    blocks, sealed = found["blocks"], found["sealed_document"]
    own = _own_headline(found, asked)
    if own == "cutoff":
        return "uncut"
    if own == "mismatch" and block == "status":
        return "untold"
    if blocks[block]["outcome"] != "passed":
        return ""
    if block == "authenticity":
        return "nofile" if found["subject"] == Subject.RECORD else ""
    if block != "authority":
        return ""
    if sealed and sealed.get("any_signer") and blocks["authenticity"]["outcome"] != "failed":
        return "anysigner"
    if found["conclusion"] == Conclusion.VALID:
        return ""
    if blocks["authenticity"]["outcome"] == "failed":
        return "inauthentic"
    return "" if sealed else _unanswered(found)


def _unanswered(found: Json) -> str:
    answer = found["answer"]
    return "" if answer["said"] else "noanswer" if answer["asked"] else "notasked"


def moot_check(check: Json, block: str, found: Json, asked: Asked = UNSAID) -> str:
    """The same of one check: whether a file is well formed, or an answer is about this file."""
    if _own_headline(found, asked) == "cutoff":
        return "uncut"
    if check["outcome"] != "passed":
        return ""
    if block == "authenticity":
        return "nofile" if found["subject"] == Subject.RECORD else ""
    if check["name"] == CheckName.SIGNER_EXPECTED:
        return "anysigner" if (found["sealed_document"] or {}).get("any_signer") else ""
    unanswered = found["conclusion"] != Conclusion.VALID and check["name"] == CheckName.BOUND
    return _unanswered(found) if unanswered else ""


def is_copy_uncompared(check: Json) -> bool:
    """Of a copy (加注件) whose purpose was compared with nothing: the page does not ask for any."""
    compared = check["reason"] in (Reason.COPY_PURPOSE_DIFFERS, Reason.COPY_MATTER_UNPROVEN)
    asked = check["outcome"] != "not_applicable" and not compared
    return check["name"] == CheckName.COPY_CURRENT and asked


def _shorter(headline: str, said: Said) -> str:
    """Without what stands below as a line of its own."""
    for begin, end in (("（", "）"), ("；", ""), (" (", ")"), ("; ", "")):
        headline = headline.replace(f"{begin}{said['anyone']}{end}", "")
    return headline


def notes(
    found: Json, said: Said, lang: str, bodies: Mapping[str, str], asked: Asked = UNSAID
) -> Iterable[str]:
    """What stands under the headline. `bodies`: code → registered name."""
    valid, own = found["conclusion"] == Conclusion.VALID, _own_headline(found, asked)
    yield from _of_answer(found, said, lang, own)
    if valid and found["format"] == LicenseFormat.JWS:
        yield said["unseen"]
    if valid and _is_open(found, "own_dates"):
        yield said["pastdate"]
    if own == "recordonly":
        yield said["bynumber"]
    if found["subject"] == Subject.RECORD and _mistyped(found):
        yield said["checkbad"]
    if _is_painted(found):
        yield said["painted"]
    if found["license"]["dispute"]:
        yield "⚠ " + found["license"]["dispute"]["text"][lang]
    if found["sealed_document"]:
        yield from _sealed(found, said, bodies)


def _of_answer(found: Json, said: Said, lang: str, own: str) -> Iterable[str]:
    """How old it is; and what it is not about, or stands against."""
    answer, sealed = found["answer"], found["sealed_document"]
    passed = found["blocks"]["authenticity"]["outcome"] == "passed"
    if is_denied(found) and passed:
        yield said["denied"]
    if own != "photogood" and not (passed or sealed) and _of_number(found):
        yield said["numberonly"]
    elif answer["counts"] and answer["said"] and answer["said"]["age_seconds"] >= _FRESH:
        age = ago(timedelta(seconds=answer["said"]["age_seconds"]), lang)
        yield said["byplatform" if sealed else "byanswer"].replace("{age}", age)


def _of_number(found: Json) -> bool:
    """The issuer confirms a record, and not this file."""
    of_file = found["subject"] == Subject.DOCUMENT and found["conclusion"] != Conclusion.VALID
    return of_file and _confirmed(found) and found["answer"]["said"]["document"] != Match.MATCH


def _mistyped(found: Json) -> bool:
    every = found["blocks"]["authority"]["checks"]
    return any(
        each["name"] == CheckName.IDENTIFIER_FORM and each["outcome"] == "failed" for each in every
    )


def _is_painted(found: Json) -> bool:
    """It must be sealed, and holds no signature of any kind: what looks like a seal is drawn."""
    missing = found["reason"] is not None and found["reason"]["code"] == Reason.SIGNATURE_MISSING
    return missing and not found["signatures"]


def _is_open(found: Json, check: str, but: str = "") -> bool:
    """In doubt, and for another reason than `but`."""
    every = (each for block in found["blocks"].values() for each in block["checks"])
    asked = (each for each in every if each["name"] == check)
    return any(e["outcome"] == "indeterminate" and not (but and e["reason"] == but) for e in asked)


def _sealed(found: Json, said: Said, bodies: Mapping[str, str]) -> Iterable[str]:
    """Whose seals: the one question of a document that is no license."""
    unknown = _is_open(found, "seal_in_use", but=Reason.SEAL_ENDED_SINCE)
    quiet = _own_headline(found, UNSAID) == "sealoutage"  # said above
    for code in found["sealed_document"]["signers"]:
        words = said["sealname"] if code in bodies else said["sealcode"]
        who = words.replace("{code}", code).replace("{name}", bodies.get(code, ""))
        state = said["sealstate"] if unknown and not quiet else ""
        yield _joined(said["sealedby"].replace("{who}", who), state)


def _joined(first: str, second: str) -> str:
    """Two sentences; in Chinese no space stands between them."""
    return first + ("" if first.endswith("。") or not second else " ") + second
