"""What an issuer answers out of its own register: IVP/1 (docs/ivp.md), the issuer's side. Pure.

Only what was asked is compared, and after a mismatch nothing else is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.book import BookEntry
from app.domain.errors import Malformed
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import Answered, Code, Match, State
from app.domain.license import HOLDER_FACTS, Fact
from app.domain.spelling import fold
from app.domain.verdict import local_date
from app.federation.inquiries import Asked, InquiryRefused, said_here

LONG_TERM: Final = "长期"
MAX_FACTS: Final = JsonLimits(size=8 * 1024, depth=4, members=32, items=32)

Open = Callable[[str], bytes]
"""A sealed text → what is in it. Raises `Malformed`."""


@dataclass(frozen=True, slots=True)
class Considered:
    """An answer about to be signed, and the license it is about."""

    said: Answered
    found: Identifier | None = None


def facts_of(payload: Mapping[str, object], opened: Open) -> Mapping[str, object]:
    """Facts of a question's payload, in clear or sealed. Raises `InquiryRefused` (400)."""
    try:
        return _facts(payload.get("facts"), payload.get("facts_jwe"), opened)
    except Malformed as broken:
        raise InquiryRefused(400, "malformed", str(broken)) from None


def _facts(plain: object, sealed: object, opened: Open) -> Mapping[str, object]:
    if sealed is None:
        facts = {} if plain is None else plain
    elif plain is None and isinstance(sealed, str):
        facts = read_json_object(opened(sealed), MAX_FACTS)
    else:
        raise Malformed("facts, facts_jwe: not one of the two")
    if not isinstance(facts, dict):
        raise Malformed("facts: not an object")
    return facts


def consider(
    asked: Asked,
    facts: Mapping[str, object],
    entries: Sequence[BookEntry] | None,
    *,
    body: IssuerCode,
    at: datetime,
    as_of: datetime,
    every_file: bool,
) -> Considered:
    """The answer to the question that is answered (`asked.first`).

    Args:
        asked: the question.
        facts: what it states of the license.
        entries: what the register has under its identifier, its code, or its number and type; None:
            it keeps nothing of the kind, and so denies nothing.
        body: whose register it is.
        at: the time the answer is for.
        as_of: the time the register is true for.
        every_file: the register has every file ever given out, so that another one differs.
    """
    undecided = Considered(said_here(Code.INSUFFICIENT, as_of))
    if entries is None or asked.seal is not None:
        return undecided
    if not entries:
        foreign = asked.identifier is not None and asked.identifier.issuer != body
        return undecided if foreign else Considered(said_here(Code.NO_RECORD, as_of))
    entry = _the_one(entries)
    if entry is None or (asked.code is not None and len(entries) > 1):  # a code is of one license
        return undecided
    matches = {name: compare(name, facts.get(name.value), entry) for name in asked.compare}
    document = _document(asked.documents, entry, every_file=every_file)
    compared = replace(said_here(Code.DIFFERS, as_of), facts=matches, document=document)
    if Match.DIFFERS in (document, *matches.values()):
        return Considered(compared)
    holder = any(matches.get(fact) is Match.MATCH for fact in HOLDER_FACTS)
    if asked.number is not None and not holder:
        return Considered(replace(compared, code=Code.INSUFFICIENT))  # a number alone is a guess
    return Considered(_standing(compared, entry, local_date(at)), entry.identifier)


def _the_one(entries: Sequence[BookEntry]) -> BookEntry | None:
    """Of several under one number the one that counts today; None where that cannot be told."""
    if len(entries) == 1:
        return entries[0]
    issued = [entry for entry in entries if entry.state is State.ISSUED]
    return issued[0] if len(issued) == 1 else None


def _standing(said: Answered, entry: BookEntry, day: date) -> Answered:
    """What the register says of the license on that day."""
    began = entry.since is None or entry.since <= day
    if entry.state is not State.ISSUED and began:
        code = Code.SUSPENDED if entry.state is State.SUSPENDED else Code.ENDED
        return replace(
            said, code=code, state=entry.state, since=entry.since, successor=entry.successor
        )
    if entry.valid_from is not None and day < entry.valid_from:
        return replace(said, code=Code.NOT_YET)
    if entry.valid_until is not None and day > entry.valid_until:
        return replace(said, code=Code.ENDED, state=State.EXPIRED)
    until = entry.valid_until
    return replace(
        said, code=Code.IN_FORCE, state=State.ISSUED, since=entry.valid_from, until=until
    )


def compare(fact: Fact, given: object, entry: BookEntry) -> Match:
    """`UNKNOWN` for what was not sent, or is not in the register."""
    ours = {
        Fact.IDENTIFIER: entry.key,
        Fact.NUMBER: entry.number,
        Fact.TYPE: entry.type,
        Fact.HOLDER: entry.holder,
        Fact.HOLDER_CODE: entry.holder_code,
    }
    if fact is Fact.DATES:
        return _compare_dates(given, entry)
    known = ours[fact]
    if not known or not isinstance(given, str) or not given.strip():
        return Match.UNKNOWN
    return Match.MATCH if fold(fact, given) == fold(fact, known) else Match.DIFFERS


def _compare_dates(given: object, entry: BookEntry) -> Match:
    """A null is not stated and not compared; at least one date must be, on both sides."""
    if not isinstance(given, dict):
        return Match.UNKNOWN
    until = LONG_TERM if entry.long_term else _iso(entry.valid_until)
    ours = {"from": _iso(entry.valid_from), "until": until}
    both = [(given[end], known) for end, known in ours.items() if given.get(end) and known]
    if not both:
        return Match.UNKNOWN
    return Match.MATCH if all(said == known for said, known in both) else Match.DIFFERS


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _document(shown: Mapping[str, bytes], entry: BookEntry, *, every_file: bool) -> Match:
    if not shown:
        return Match.UNKNOWN
    if entry.files & frozenset(shown.items()):
        return Match.MATCH
    return Match.DIFFERS if every_file and entry.files else Match.UNKNOWN
