"""An OFD as a license: its seals read, its elements chosen, and what covers which of them.

Nothing is verified here but digests of parts, which tell what a signature covers at all.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.crypto.cms import read_cms
from app.crypto.ses import form_of, read_seal_signature
from app.domain.cms import CmsSignature
from app.domain.dates import LicenseDate, read_date, read_moment
from app.domain.elements import COPY_ELEMENTS, COPY_TERMS, LicenseElement
from app.domain.errors import BeyondLimits, Malformed
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.license import Claims, Fact, LicenseFormat, ParsedLicense, Sealing
from app.domain.ofd import Coverage, OfdPackage
from app.domain.seal import SealSignature, ValueForm
from app.formats.archive import read_archive
from app.formats.ofd.coverage import coverages
from app.formats.ofd.metadata import FoundElement, FoundIn, find_elements
from app.formats.ofd.package import read_package

_ZIP = b"PK\x03\x04"

_FACTS: Mapping[Fact, tuple[LicenseElement, ...]] = {
    Fact.IDENTIFIER: (LicenseElement.IDENTIFIER,),
    Fact.NUMBER: (LicenseElement.NUMBER,),
    Fact.TYPE: (LicenseElement.TYPE_CODE,),
    Fact.HOLDER: (LicenseElement.HOLDER_NAME,),
    Fact.HOLDER_CODE: (LicenseElement.HOLDER_CODE,),
    Fact.DATES: (LicenseElement.VALID_FROM, LicenseElement.VALID_UNTIL),
}
_COMPARED = (*(e for group in _FACTS.values() for e in group), LicenseElement.ISSUER_CODE)
_BARE = "a bare signature value: no certificate says whose it is"
_STRUCTURED = frozenset({FoundIn.CUSTOM_DATA, FoundIn.INDEXED_TEXT, FoundIn.TAG_DATA})
_UNNAMED = frozenset({FoundIn.BARE_TEXT, FoundIn.MENTIONED})
"""Identifiers a page shows without saying whose: it may mention other licenses."""
_DATES = frozenset({LicenseElement.VALID_FROM, LicenseElement.VALID_UNTIL})


@dataclass(frozen=True, slots=True)
class Ofd:
    """The reader of OFD licenses (GB/T 33190, GB/T 36905)."""

    name: LicenseFormat = LicenseFormat.OFD

    def recognises(self, content: bytes) -> bool:
        """A ZIP; what else a ZIP may be is for `parse` to refuse."""
        return content.startswith(_ZIP)

    def parse(self, content: bytes) -> ParsedLicense:
        """Structure, seals, elements. Raises `Malformed`."""
        package = read_package(read_archive(content))
        sealings = _sealings(package)
        claims, covers = _claims(find_elements(package), [s.coverage for s in sealings])
        return ParsedLicense(
            format=self.name,
            claims=claims,
            signatures=(),
            package=package,
            sealings=tuple(
                replace(sealing, covers=found, covers_copy=terms)
                for sealing, (found, terms) in zip(sealings, covers, strict=True)
            ),
        )


def _sealings(package: OfdPackage) -> list[Sealing]:
    return [_sealing(package, index, coverage) for index, coverage in enumerate(coverages(package))]


def _sealing(package: OfdPackage, index: int, coverage: Coverage) -> Sealing:
    """One entry of the list; a value that cannot be read is a fact about that signature."""
    entry = package.signatures[index]
    found = read_value(entry.signed_value)
    return Sealing(
        label=f"{entry.body}:{entry.id}",
        entry=entry,
        signature=found.signature,
        cms=found.cms,
        form=found.form,
        problem=found.problem,
        beyond=found.beyond,
        coverage=coverage,
        covers=frozenset(),
    )


@dataclass(frozen=True, slots=True)
class SignedValue:
    """What SignedValue.dat was found to hold; the words are those of `Sealing`."""

    form: ValueForm
    signature: SealSignature | None = None
    cms: CmsSignature | None = None
    problem: str = ""
    beyond: bool = False


def read_value(value: bytes | None) -> SignedValue:
    """By its own octets, once; never raises."""
    if value is None:
        return SignedValue(ValueForm.OTHER, problem="the signed value is missing")
    form = form_of(value)
    try:
        match form:
            case ValueForm.CMS:
                return SignedValue(form, cms=read_cms(value))
            case ValueForm.BARE:
                return SignedValue(form, problem=_BARE)
            case ValueForm.SEAL | ValueForm.OTHER:
                return SignedValue(form, signature=read_seal_signature(value))
            case _:
                assert_never(form)
    except Malformed as exc:
        return SignedValue(form, problem=str(exc), beyond=isinstance(exc, BeyondLimits))


# ---- elements


def _claims(
    found: Iterable[FoundElement], coverage: list[Coverage]
) -> tuple[Claims, list[tuple[frozenset[Fact], frozenset[LicenseElement]]]]:
    """The claims, and for each signature the facts and the terms of a copy that it covers."""
    by_element: dict[LicenseElement, list[FoundElement]] = {}
    for item in found:
        by_element.setdefault(item.element, []).append(item)
    covered = [frozenset(c.covered) for c in coverage]

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


def _is_covered(item: FoundElement, covered: list[frozenset[str]]) -> bool:
    return any(parts.issuperset(item.sources) for parts in covered)


def _covered(
    by_element: Mapping[LicenseElement, list[FoundElement]],
    picked: Mapping[LicenseElement, FoundElement],
    parts: frozenset[str],
) -> tuple[frozenset[Fact], frozenset[LicenseElement]]:
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
    return "".join(c for c in folded if not c.isspace()).replace("•", "·").replace("・", "·")
