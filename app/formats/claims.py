"""What a document says about itself, chosen among all its statements; and what covers which.

What is covered counts before what is not, and what is structured before what is read off a page.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from app.domain.dates import LicenseDate, read_date, read_moment
from app.domain.elements import COPY_ELEMENTS, COPY_TERMS, LicenseElement
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.license import Claims, Fact
from app.formats.ofd.metadata import FoundElement, FoundIn

_FACTS: Mapping[Fact, tuple[LicenseElement, ...]] = {
    Fact.IDENTIFIER: (LicenseElement.IDENTIFIER,),
    Fact.NUMBER: (LicenseElement.NUMBER,),
    Fact.TYPE: (LicenseElement.TYPE_CODE,),
    Fact.HOLDER: (LicenseElement.HOLDER_NAME,),
    Fact.HOLDER_CODE: (LicenseElement.HOLDER_CODE,),
    Fact.DATES: (LicenseElement.VALID_FROM, LicenseElement.VALID_UNTIL),
}
_COMPARED = (*(e for group in _FACTS.values() for e in group), LicenseElement.ISSUER_CODE)
_STRUCTURED = frozenset({FoundIn.CUSTOM_DATA, FoundIn.INDEXED_TEXT, FoundIn.TAG_DATA})
_UNNAMED = frozenset({FoundIn.BARE_TEXT, FoundIn.MENTIONED})
"""Identifiers a page shows without saying whose: it may mention other licenses."""
_DATES = frozenset({LicenseElement.VALID_FROM, LicenseElement.VALID_UNTIL})

Covered = tuple[frozenset[Fact], frozenset[LicenseElement]]
"""Facts, and terms of a copy."""


def claims_of(
    found: Iterable[FoundElement], covered: Sequence[frozenset[str]]
) -> tuple[Claims, list[Covered]]:
    """The claims, and for each signature the facts and the terms of a copy that it covers.

    Args:
        found: every statement of every element.
        covered: for each signature, the parts it covers, by the names `found` gives its sources.
    """
    by_element: dict[LicenseElement, list[FoundElement]] = {}
    for item in found:
        by_element.setdefault(item.element, []).append(item)

    def chosen(element: LicenseElement) -> FoundElement | None:
        """What is named before what is only shown; what is covered before what is not; what is
        structured before what is read off a page.
        """
        items = by_element.get(element, [])
        items = [i for i in items if i.kind not in _UNNAMED] or items
        return next((i for i in items if _is_covered(i, covered)), items[0] if items else None)

    picked = {e: best for e in LicenseElement if (best := chosen(e)) is not None}
    covers = [_covered(by_element, picked, parts) for parts in covered]
    return _read(picked, by_element), covers


def _is_covered(item: FoundElement, covered: Sequence[frozenset[str]]) -> bool:
    return any(parts.issuperset(item.sources) for parts in covered)


def _covered(
    by_element: Mapping[LicenseElement, list[FoundElement]],
    picked: Mapping[LicenseElement, FoundElement],
    parts: frozenset[str],
) -> Covered:
    """A value is covered where the very value that is used stands in covered parts."""

    def proven(element: LicenseElement) -> bool:
        value = _plain(element, picked[element].value)
        # An identifier without a name is this license's own only where there is no other at all.
        alone = len({i.value for i in by_element[element]}) == 1
        return any(
            parts.issuperset(i.sources)
            for i in by_element[element]
            if _plain(element, i.value) == value
            and (i.kind not in _UNNAMED or (alone and i.kind is FoundIn.BARE_TEXT))
        )

    facts = {
        fact
        for fact, elements in _FACTS.items()
        if (present := [e for e in elements if e in picked]) and all(map(proven, present))
    }
    implied = {Fact.TYPE} if Fact.IDENTIFIER in facts else set()
    terms = frozenset(term for term in COPY_TERMS if term in picked and proven(term))
    return frozenset(facts | implied), terms


def _read(
    picked: Mapping[LicenseElement, FoundElement],
    by_element: Mapping[LicenseElement, list[FoundElement]],
) -> Claims:
    def text(element: LicenseElement) -> str | None:
        return picked[element].value if element in picked else None

    identifier = _identifier(text(LicenseElement.IDENTIFIER))
    type, issuer = text(LicenseElement.TYPE_CODE), text(LicenseElement.ISSUER_CODE)
    since = _date(text(LicenseElement.VALID_FROM))
    until = _date(text(LicenseElement.VALID_UNTIL))
    is_copy = bool(COPY_ELEMENTS & picked.keys())
    return Claims(
        identifier=identifier,
        identifiers=_identifiers(by_element.get(LicenseElement.IDENTIFIER, [])),
        type=TypeCode(type) if type else None,
        issuer=IssuerCode(issuer) if issuer else None,
        number=text(LicenseElement.NUMBER),
        holder=text(LicenseElement.HOLDER_NAME),
        holder_code=text(LicenseElement.HOLDER_CODE),
        valid_from=since.day if since else None,
        valid_until=until.day if until else None,
        long_term=until.long_term if until else False,
        is_copy=is_copy,
        copy_until=_earliest(by_element.get(LicenseElement.COPY_UNTIL, [])),
        copy_matter=text(LicenseElement.COPY_MATTER),
        disagreements=_disagreements(by_element, is_copy=is_copy),
    )


def _earliest(items: list[FoundElement]) -> datetime | None:
    """Of places that agree on the day, the one that tells the earliest time; None where one of
    them tells none.
    """
    moments = [read_moment(i.value) for i in items]
    told = [moment for moment in moments if moment is not None]
    return min(told) if told and len(told) == len(moments) else None


def _date(text: str | None) -> LicenseDate | None:
    return read_date(text) if text else None


def _identifier(text: str | None) -> Identifier | None:
    """None for a text that has not the six parts: it names nobody who could be asked."""
    try:
        return Identifier.read(text) if text else None
    except ValueError:
        return None


def _identifiers(items: list[FoundElement]) -> frozenset[str]:
    """All that claim to be this license's own. One merely mentioned on a page is no claim, unless
    it is all there is, or the claimed one is not among those the page shows.
    """
    claimed = {i.value for i in items if i.kind not in _UNNAMED}
    shown = {i.value for i in items if i.kind in _UNNAMED}
    return frozenset(claimed if claimed & shown or not shown else claimed | shown)


def _disagreements(
    by_element: Mapping[LicenseElement, list[FoundElement]], *, is_copy: bool
) -> tuple[str, ...]:
    compared = (*_COMPARED, LicenseElement.COPY_MATTER) if is_copy else _COMPARED
    found = [
        element.value
        for element in compared
        if element is not LicenseElement.IDENTIFIER and _disagrees(element, by_element)
    ]
    # A copy has one end, in whatever words and wherever it stands.
    ends = by_element.get(LicenseElement.COPY_UNTIL, [])
    if len({_plain(LicenseElement.COPY_UNTIL, end.value) for end in ends}) > 1:
        found.append(LicenseElement.COPY_UNTIL.value)
    return tuple(found)


def _disagrees(
    element: LicenseElement, by_element: Mapping[LicenseElement, list[FoundElement]]
) -> bool:
    """Two values in structured places, or a structured one that no labelled text repeats."""

    def values(wanted: Callable[[FoundElement], bool]) -> set[object]:
        items = by_element.get(element, [])
        return {_plain(element, i.value) for i in items if wanted(i)}

    structured = values(lambda i: i.kind in _STRUCTURED)
    labelled = values(lambda i: i.kind is FoundIn.LABELLED_TEXT)
    return len(structured) > 1 or bool(structured and labelled and not structured & labelled)


def _plain(element: LicenseElement, value: str) -> object:
    """What two spellings of one value have in common."""
    if element is LicenseElement.COPY_UNTIL and (at := read_moment(value)) is not None:
        return at.date()
    if element in _DATES and (day := read_date(value)) is not None:
        return day
    folded = unicodedata.normalize("NFKC", value)
    return "".join(folded.split()).replace("•", "·").replace("・", "·")
