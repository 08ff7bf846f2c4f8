"""Signature fields, their dictionaries, and what each /ByteRange covers (ISO 32000-2 §12.8.1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from app.domain.errors import BeyondLimits, Malformed
from app.domain.pdf import Scope
from app.formats.pdf.objects import Name, Ref, Text, Value
from app.formats.pdf.reader import PdfFile, View
from app.formats.pdf.sections import closing

MAX_FIELDS: Final = 5_000
"""Form fields looked at."""
MAX_DEPTH: Final = 16
"""Fields inside fields."""
MAX_SIGNATURES: Final = 32
"""Signatures of one document: each costs public-key operations."""
_RANGE = 4
_NOTHING = 1
"""P: no change is permitted."""
_DATE = re.compile(
    rb"D:([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})"
    rb"(?:Z(?:00'?(?:00'?)?)?|([+-])([0-9]{2})'?([0-9]{2})?'?)?\Z"
)
_YEARS = range(2, 9999)
"""A time of these is one in every zone; of the first or the last year there is, it may be none."""
_BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Field:
    """A field that has no fields inside, with what it inherits."""

    ref: Ref | None
    dictionary: dict[str, Value]
    type: str | None
    """FT, inherited where it is."""
    name: bytes
    """T of it and those above, joined by dots."""
    value: Value
    """V, inherited where it is; not resolved."""


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature dictionary and what its /ByteRange says."""

    dictionary: dict[str, Value]
    document_timestamp: bool
    scope: Scope
    content: bytes
    end: int
    """Where its range ends."""
    index: int | None
    """Index of the last section it covers."""
    number: int | None
    """Object number of its dictionary, where it has one."""
    last: bool = False
    """It permits no further signature (DocMDP P 1, by itself or by the lock of its field)."""


def fields(view: View) -> Iterator[Field]:
    """The fields of the form, in order. Raises `Malformed` for loops and forests."""
    form = view.dictionary(view.catalog.get("AcroForm"))
    seen: set[int] = set()
    for each in view.array(form.get("Fields")):
        yield from _field(view, each, None, seen, 0)


def _field(
    view: View, value: Value, above: Field | None, seen: set[int], depth: int
) -> Iterator[Field]:
    ref = value if isinstance(value, Ref) else None
    if ref is not None and ref.number in seen:
        raise Malformed("PDF: a form field met twice")
    if ref is not None:
        seen.add(ref.number)
    if depth > MAX_DEPTH or len(seen) > MAX_FIELDS:
        raise BeyondLimits(f"PDF: more than {MAX_FIELDS} form fields, or deeper than {MAX_DEPTH}")
    node = view.dictionary(value)
    type, title = view.resolve(node.get("FT")), view.resolve(node.get("T"))
    name = title.value if isinstance(title, Text) else b""
    found = Field(
        ref,
        node,
        type.value if isinstance(type, Name) else (above.type if above else None),
        b".".join(part for part in (above.name if above else b"", name) if part),
        node.get("V", above.value if above else None),
    )
    kids = [k for k in view.array(node.get("Kids")) if "T" in view.dictionary(k)]
    if not kids:  # what is inside are at most places where it is shown
        yield found
    for kid in kids:
        yield from _field(view, kid, found, seen, depth + 1)


def signatures(file: PdfFile) -> tuple[Signed, ...]:
    """Every signature of the document as it is now, in the order of what they cover.

    Raises:
        Malformed: one dictionary under two fields, or more than `MAX_SIGNATURES`.
    """
    view = file.at(len(file.sections) - 1)
    found: list[Signed] = []
    places: set[object] = set()
    for each in fields(view):
        if each.type != "Sig" or each.value is None:
            continue
        dictionary = view.resolve(each.value)
        if not isinstance(dictionary, dict):
            continue
        place = each.value.number if isinstance(each.value, Ref) else id(dictionary)
        if place in places:
            raise Malformed("PDF: one signature under two fields")
        places.add(place)
        if len(places) > MAX_SIGNATURES:
            raise BeyondLimits(f"PDF: more than {MAX_SIGNATURES} signatures")
        number = each.value.number if isinstance(each.value, Ref) else None
        signed = _signed(file, view, dictionary, number)
        found.append(replace(signed, last=_permits_none(view, dictionary, each.dictionary)))
    return tuple(sorted(found, key=lambda each: each.end))


def _signed(file: PdfFile, view: View, dictionary: dict[str, Value], number: int | None) -> Signed:
    kind, sub = view.resolve(dictionary.get("Type")), view.resolve(dictionary.get("SubFilter"))
    stamp = kind == Name("DocTimeStamp") or sub == Name("ETSI.RFC3161")
    scope, ranges = _scope(file, dictionary)
    if ranges is None:
        return Signed(dictionary, stamp, scope, b"", len(file.content), None, number)
    first, gap_end, end = ranges
    content = file.content[:first] + file.content[gap_end:end]
    index = None
    if scope is Scope.EXACT:
        scope, index = _revision(file, dictionary, number, end)
    return Signed(dictionary, stamp, scope, content, end, index, number)


def _permits_none(view: View, dictionary: dict[str, Value], field: dict[str, Value]) -> bool:
    """P 1 of DocMDP (ISO 32000-2 §12.8.2.2), or of the field's lock (§12.7.5.5)."""
    references = [view.dictionary(each) for each in view.array(dictionary.get("Reference"))]
    parameters = [
        view.dictionary(each.get("TransformParams"))
        for each in references
        if view.resolve(each.get("TransformMethod")) == Name("DocMDP")
    ]
    return any(
        view.resolve(each.get("P")) == _NOTHING
        for each in (*parameters, view.dictionary(field.get("Lock")))
    )


def _scope(
    file: PdfFile, dictionary: dict[str, Value]
) -> tuple[Scope, tuple[int, int, int] | None]:
    """(what is to be said of it, (end of the first part, start and end of the second))."""
    written = dictionary.get("ByteRange")
    if written is None:
        return Scope.ABSENT, None
    if not isinstance(written, tuple):
        return Scope.UNREADABLE, None
    numbers = tuple(n for n in written if type(n) is int and n >= 0)
    if len(numbers) != len(written) or len(numbers) != _RANGE:
        return Scope.UNREADABLE, None
    start, length, gap_end, rest = numbers
    if start != 0:
        return Scope.NOT_FROM_START, None
    if not 0 < length < gap_end:
        return Scope.UNREADABLE, None
    end = gap_end + rest
    if end > len(file.content) or gap_end > len(file.content):
        return Scope.BEYOND, None
    ranges = (length, gap_end, end)
    contents = dictionary.get("Contents")
    exact = (
        isinstance(contents, Text)
        and contents.hexadecimal
        and (contents.start, contents.end) == (length, gap_end)
        and file.content[length : length + 1] == b"<"
        and file.content[gap_end - 1 : gap_end] == b">"
        and _digits(file.content[length + 1 : gap_end - 1])
        == _digits(contents.value.hex().encode())
    )
    return (Scope.EXACT if exact else Scope.GAP), ranges


def _digits(text: bytes) -> bytes:
    """The gap holds the very value: places in an object stream are none of the file."""
    return text.translate(None, b"\x00\t\n\x0c\r ").lower().removesuffix(b"0")


def _revision(
    file: PdfFile, dictionary: dict[str, Value], number: int | None, end: int
) -> tuple[Scope, int | None]:
    """The section whose revision ends where the range does, and whether the signature is in it."""
    pointed = closing(file.content, end)
    index = next((i for i, s in enumerate(file.sections) if s.offset == pointed), None)
    if index is None:
        return Scope.NO_REVISION, None
    if any(section.reaches(end) for section in file.sections[: index + 1]):
        return Scope.NO_REVISION, None  # it leads to octets that were still to come
    view = file.at(index)
    for each in fields(view):
        if each.type == "Sig" and each.value is not None:
            held = view.resolve(each.value)
            same_place = not isinstance(each.value, Ref) or each.value.number == number
            if same_place and isinstance(held, dict) and _place(held) == _place(dictionary):
                return Scope.EXACT, index
    return Scope.NOT_THERE, None


def _place(dictionary: dict[str, Value]) -> tuple[int, int] | None:
    contents = dictionary.get("Contents")
    return (contents.start, contents.end) if isinstance(contents, Text) else None


def read_pdf_date(value: Value) -> datetime | None:
    """D:YYYYMMDDHHmmSSOHH'mm' (ISO 32000-2 §7.9.4); without a zone it is Beijing time."""
    found = _DATE.match(value.value) if isinstance(value, Text) else None
    if found is None:
        return None
    zone = _BEIJING if found.end() == found.end(6) else UTC
    if found[7] is not None:
        offset = timedelta(hours=int(found[8]), minutes=int(found[9] or 0))
        if offset >= timedelta(hours=24):
            return None
        zone = timezone(-offset if found[7] == b"-" else offset)
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    if year not in _YEARS:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
