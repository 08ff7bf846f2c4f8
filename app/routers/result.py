"""A report as the page shows it where no script does: the same lines, by the same rules.

Names are the registry's or nobody's. What may come from a document (labels, details) is shown in
one line of bounded length, with what would turn or hide its surroundings made visible.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.photo import Held
from app.domain.reasons import Reason
from app.routers.telling import (
    UNFOUND,
    UNSAID,
    Asked,
    is_copy_uncompared,
    is_denied,
    is_slip,
    is_unfound,
    moot,
    moot_check,
    names_nobody,
    notes,
    seals_of,
    told,
)
from app.routers.times import ago, span, when

LONGEST: Final = 160
"""Characters shown of words that may come from a document."""
STACKED: Final = 4
"""Marks on one letter; more would cover the lines above and below."""
MARKS: Final = {
    "valid": "✔", "invalid": "✘", "indeterminate": "?", "outage": "↻", UNFOUND: "✎",
    "passed": "✔", "failed": "✘", "not_applicable": "–",
}  # fmt: skip
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Cs"})
_SEAL: Final = {0: "sealused", 2: "sealfrozen", 3: "sealstopped", 5: "sealnosuch"}
"""Outcome (GB/T 36906) → what it says of a seal (docs/ivp.md)."""
_ORDER: Final = ("failed", "indeterminate", "passed")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: what is said, words of the document beside it, and what it rests on."""

    outcome: str
    words: str
    foreign: str = ""
    notes: tuple[str, ...] = ()
    seen: str = ""
    """Behind the last note, for engineers and in their language: English."""

    @property
    def mark(self) -> str:
        return MARKS.get(self.outcome, "·")


@dataclass(frozen=True, slots=True)
class Part:
    """What opens into its lines."""

    title: str
    kind: str
    open: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything a reader is told."""

    kind: str
    words: str
    meaning: str
    about: str = ""
    """What was verified: the name of a file, or what kind of thing was typed."""
    notes: tuple[str, ...] = ()
    """What belongs to the headline, in sentences of their own."""
    beware: str = ""
    """What somebody might do by mistake, and must not, whatever the verdict."""
    next: str = ""
    retry: str = ""
    issuer_label: str = ""
    issuer: str = ""
    """Empty where the question of the issuer does not arise."""
    type: str = ""
    type_code: str = ""
    issuer_code: str = ""
    parts: tuple[Part, ...] = ()
    when: str = ""
    reason: str = ""
    code: str = ""
    id: str = ""

    @property
    def mark(self) -> str:
        return MARKS.get(self.kind, "")


NONE_YET: Final = Result(kind="", words="", meaning="")
"""What the page shows before anything was sent."""


def plain(words: str) -> str:
    """Nothing that turns or hides what is beside it is ever written, whoever's words it is in."""
    if words.isascii() and words.isprintable():
        return words
    return "".join(
        "\ufffd"
        if unicodedata.category(char) in _HIDDEN and char != "\n" and not _ideograph(char)
        else char
        for char in words
    )


def _ideograph(char: str) -> bool:
    """Of the planes that hold nothing else: those of GB 18030-2022 are newer than some tables."""
    return "\U00020000" <= char <= "\U0003fffd" and char not in "\U0002fffe\U0002ffff"


def foreign(words: object) -> str:
    """Words that may come from a document, fit to stand beside ours: one line, of bounded length,
    with no more marks on one letter than any script has.
    """
    kept: list[str] = []
    marks = 0
    for char in plain(str(words).replace("\n", "\ufffd")):
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks <= STACKED:
            kept.append(char)
        elif marks == STACKED + 1:
            kept.append("\ufffd")
    return "".join(kept[:LONGEST]) + "…" if len(kept) > LONGEST else "".join(kept)


@dataclass(frozen=True, slots=True)
class Names:
    """Words of the page: what scripts say, names of checks and facts, and clauses of checks."""

    lang: str
    said: Mapping[str, str]
    facts: Mapping[str, str]
    checks: Mapping[str, tuple[str, Mapping[str, str]]]
    asked: Asked = UNSAID
    """How what is told was asked."""

    def outcome(self, outcome: str) -> str:
        words = {"indeterminate": "open", "not_applicable": "none", UNFOUND: "unlisted"}
        return self.said[words.get(outcome, outcome)]


def result_of(
    found: Json, names: Names, bodies: Mapping[str, str] | None = None, asked: Asked = UNSAID
) -> Result:
    """A report (docs/verification.md) as a reader sees it.

    Args:
        found: the report.
        names: words of the page.
        bodies: code → registered name, as far as they are listed.
        asked: how, as far as a report does not say it.
    """
    said, lang, names = names.said, names.lang, replace(names, asked=asked)
    settled = all(found["blocks"][b]["outcome"] == "passed" for b in ("authenticity", "authority"))
    settled = settled and not is_denied(found)
    issuer, type = found["license"]["issuer"], found["license"]["type"]
    wait = timedelta(seconds=found["retry_after"] or 0)
    top = told(found, said, names.facts, lang, asked)
    retry = said["retry"] + (span(wait, lang) or said["soon"]) if found["retry_after"] else ""
    nobody = "" if names_nobody(found, asked) else said["unregistered"]
    return Result(
        kind=top.kind,
        words=top.words,
        meaning=top.meaning,
        notes=tuple(notes(found, said, lang, bodies or {}, asked)),
        beware=said["beware"] if _leads_elsewhere(found) else "",
        next=top.next,
        retry=retry if top.meaning else said["unnamed"],
        issuer_label=said["issuer" if settled or found["conclusion"] == "valid" else "claimed"],
        issuer=f"{issuer['name'][lang]} · {issuer['code']}" if issuer else nobody,
        type=type["name"][lang] if type else "",
        type_code=type["code"] if type else "",
        issuer_code=issuer["code"] if issuer else "",
        parts=tuple(_parts(found, names)),
        when=_instant(found["at"], names),
        reason=found["reason"]["code"] if found["reason"] else "",
        code=found["code"],
        id=found["id"],
    )


def _leads_elsewhere(found: Json) -> bool:
    """A code in the photo holds an address that nobody registered."""
    codes = found["photo"]["codes"] if found["photo"] else ()
    return any(each["holds"] == Held.UNOFFICIAL_URL for each in codes)


def _instant(text: str, names: Names) -> str:
    return f"{when(datetime.fromisoformat(text))}{names.said['beijing']}"


def _parts(found: Json, names: Names) -> Iterable[Part]:
    for name in ("authenticity", "authority", "status"):
        yield _block(name, found, names)
    if found["photo"]:
        yield Part(names.said["codes"], "", open=False, lines=tuple(_codes(found, names)))
    if found["signatures"]:
        lines = tuple(_signer(each, names) for each in found["signatures"])
        sealed = found["sealed_document"] is not None  # whose seal it is, is the question
        yield Part(names.said["signatures"], "", open=sealed, lines=lines)
    yield Part(names.said["unchecked"], "", open=False, lines=tuple(_unchecked(found, names)))
    yield Part(names.said["sources"], "", open=False, lines=tuple(_sources(found, names)))


def _block(name: str, found: Json, names: Names) -> Part:
    """Open where something failed or is in doubt: that is what the reader looks for."""
    block = found["blocks"][name]
    lines = []
    if name == "status":
        lines += [
            *_answers(found, names),
            *(_compared(each, names) for each in found["facts_compared"]),
        ]
    for outcome in _ORDER:
        asked = (each for each in block["checks"] if each["outcome"] == outcome)
        for each in asked:
            lines.append(_check(each, name, found, names))
            if is_copy_uncompared(each):
                lines.append(Line("not_applicable", names.said["copyuse"]))
    outcome = UNFOUND if name == "status" and is_unfound(found) else block["outcome"]
    own = moot(name, found, names.asked)
    outcome = "not_applicable" if own else outcome
    word = names.said[own] if own else names.outcome(outcome)
    title = f"{MARKS[outcome]} {word} · {block['question'][names.lang]}"
    unfolded = outcome in ("failed", "indeterminate", UNFOUND) or own == "untold"
    return Part(title, outcome, open=unfolded, lines=tuple(lines))


def _meant(code: str, found: Json, names: Names) -> str:
    lang = names.lang
    if code == Reason.PAST_OWN_DATE and found["answer"]["counts"]:  # it did answer
        return f"{names.said['pastown']} ({code})"
    if code == Reason.ISSUER_UNKNOWN and names.asked.unnamed:
        return f"{names.said['noone']} ({code})"
    if code == Reason.MALFORMED and names.asked.pasted:
        return f"{names.said['cutwhy']} ({code})"
    own = found["reason"] is not None and found["reason"]["code"] == code
    others = (each for each in found["other_reasons"] if each["code"] == code)
    told = found["explanation"] if own else next(others, None)
    return f"{told['title'][lang] if told else ''} ({code})"


def _why(code: str | None, found: Json, names: Names) -> tuple[str, ...]:
    return (names.said["why"] + _meant(code, found, names),) if code else ()


def _check(each: Json, block: str, found: Json, names: Names) -> Line:
    said, own = names.said, moot_check(each, block, found, names.asked)
    slipped = each["outcome"] == "failed" and is_slip(found)
    outcome = "not_applicable" if own else UNFOUND if slipped else each["outcome"]
    holds = said["closed"] if each["closed_by_issuer"] else names.outcome(each["outcome"])
    holds = said[own] if own else holds
    subject = "" if each["role"] == "document" else foreign(f"[{each['subject']}]")
    clauses = names.checks.get(each["name"], ("", {}))[1]
    clause = clauses.get(found["format"] or "any") or clauses.get("any") or said["own"]
    seen = foreign(each["detail"]) if each["detail"] else ""
    more = f" · {said['evidence']}" if seen else ""
    notes = (*_why(each["reason"], found, names), said["clause"] + clause + more)
    asks = said["copyasks"] if is_copy_uncompared(each) else each["question"][names.lang]
    return Line(outcome, f"{holds} · {asks}", subject, notes, seen)


def _answers(found: Json, names: Names) -> Iterable[Line]:
    """One, or one about each seal."""
    return (_answer(each, found, names) for each in seals_of(found))


def _answer(answer: Json, found: Json, names: Names) -> Line:
    said, sealed = names.said, found["sealed_document"] is not None
    given, why = answer["said"], _why(answer["reason"], found, names)
    whose = said["sealanswer" if sealed else "answer"]
    about = foreign(f"[{answer['signature']}]") if "signature" in answer else ""
    if given is None:
        word = said["silent" if answer["asked"] else "unasked"]
        return Line("indeterminate", whose + word, about, why)
    state = f" · {given['state_text'][names.lang]}" if given["state_text"] else ""
    words = given["outcome_text"][names.lang] + state
    words = said.get(_SEAL.get(given["outcome"], ""), words) if sealed else words
    outcome = "passed" if given["outcome"] == 0 else "failed"
    outcome = UNFOUND if is_slip(found) else outcome
    outcome = outcome if answer["counts"] else "indeterminate"
    return Line(outcome, whose + words, about, (*why, _told(given, names)))


def _told(given: Json, names: Names) -> str:
    """How old, and whether signed."""
    age = ago(timedelta(seconds=given["age_seconds"]), names.lang)
    return f"{age} · {names.said['signed' if given['signed'] else 'unsigned']}"


def _compared(each: Json, names: Names) -> Line:
    outcome = {"match": "passed", "differs": "failed"}.get(each["match"], "indeterminate")
    word = names.said.get(each["match"], "")
    return Line(outcome, f"{names.facts.get(each['fact'], each['fact'])} · {word}")


def _signer(each: Json, names: Names) -> Line:
    """The registry's word or nobody's: names inside a document are not shown."""
    said, signer = names.said, each["signer"]
    name = f"{signer['name'][names.lang]} · " if signer and signer["name"] else ""
    who = name + signer["code"] if signer else said["unproven"]
    time = each["time"]
    at = f"{_instant(time['at'], names)} · " if time["at"] else ""
    sources = {"tsa": "timetsa", "claimed": "timeclaimed", "first_seen": "timefirst"}
    return Line(
        each["outcome"] if signer else "indeterminate",
        f"{names.outcome(each['outcome'])} · {who}",
        foreign(f"[{each['label']}]"),
        (at + said[sources.get(time["source"], "timenone")],),
    )


def _codes(found: Json, names: Names) -> Iterable[Line]:
    """What each code holds, by kind; never what is in it."""
    for each in found["photo"]["codes"]:
        yield Line("", each["text"][names.lang], foreign(f"[{each['label']}]"))


def _unchecked(found: Json, names: Names) -> Iterable[Line]:
    concern = [each for each in found["unchecked"] if each["why"] != "not_concerned"]
    words: dict[str, None] = {}
    for each in concern:
        question = names.checks.get(each["what"], ("", {}))[0]
        words[f"{question} {each['text'][names.lang]}".strip()] = None
    yield from (Line("not_applicable", word) for word in words)
    if rest := len(found["unchecked"]) - len(concern):
        yield Line("not_applicable", f"{rest} {names.said['unconcerned']}")


def _sources(found: Json, names: Names) -> Iterable[Line]:
    said = names.said
    yield from _answers(found, names)
    if (told := found["statement"]) is not None:
        yield Line(
            "", said["statement"] + told["outcome_text"][names.lang], notes=(_told(told, names),)
        )
    for each in found["trust"]:
        known = each["age_seconds"] is not None
        age = ago(timedelta(seconds=each["age_seconds"]), names.lang) if known else said["never"]
        late = f" · {said['stale']}" if each["stale"] else ""
        outcome = "indeterminate" if each["stale"] else ""
        yield Line(
            outcome, f"{said['list']}{each['publisher']} #{each['number']}", notes=(age + late,)
        )
    if not found["trust"]:
        yield Line("", said["local"])
