"""Cross-reference sections (ISO 32000-2 §7.5.4, §7.5.8): one for each time the file was saved.

They are followed from the end of the file backwards and never rebuilt by searching: a reader that
guesses where objects might be is what shadow attacks live on.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from app.domain.errors import BeyondLimits, Malformed
from app.formats.pdf.objects import Lexer, Meter, Name, Stream, Value
from app.formats.pdf.structure import Allowance, expanded

MAX_SECTIONS: Final = 64
"""Times a file was saved; the longest history known has 7."""
MAX_OBJECTS: Final = 200_000
"""Entries of all sections together."""
MAX_NUMBER: Final = 8_388_607
"""Object numbers (ISO 32000-1, annex C)."""

_TAIL = 1024
"""Octets at the end that must hold `startxref` (ISO 32000-1, annex H.3)."""
_CLOSING = re.compile(
    rb"startxref[\x00\t\n\x0c\r ]+([0-9]{1,10})[\x00\t\n\x0c\r ]+%%EOF(?:\r\n|\r|\n)?"
)
_AFTER = b"\x00\t\n\x0c\r "
_ENTRY = re.compile(rb"[\x00\t\n\x0c\r ]*([0-9]{10}) ([0-9]{5}) ([nf])(?=[\x00\t\n\x0c\r ])")
_HEADER = re.compile(
    rb"([0-9]{1,10})[\x00\t\n\x0c\r ]+([0-9]{1,5})[\x00\t\n\x0c\r ]+obj"
    rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%])"
)
_FIELDS = 3
_MAX_WIDTH = 8


@dataclass(frozen=True, slots=True)
class InFile:
    """An object at an offset of the file."""

    offset: int
    generation: int


@dataclass(frozen=True, slots=True)
class InStream:
    """An object inside an object stream."""

    container: int
    index: int


@dataclass(frozen=True, slots=True)
class Freed:
    """An object number taken out of use."""


Entry = InFile | InStream | Freed


@dataclass(frozen=True, slots=True)
class Section:
    """One section and its trailer."""

    offset: int
    entries: dict[int, Entry] = field(repr=False)
    trailer: dict[str, Value] = field(repr=False)
    end: int | None
    """Just after the `%%EOF` that follows it; None where none follows at once."""
    own: int | None
    """Object number of the section itself, where it is a stream."""
    hybrid: bool = False
    """Some entries are only for readers that know cross-reference streams (§7.5.8.4)."""
    stream: int | None = None
    """Where the stream beside a table stands (XRefStm)."""

    def reaches(self, end: int) -> bool:
        """Whether anything it lists begins at `end` or later, when it was not there yet."""
        places = (e.offset for e in self.entries.values() if isinstance(e, InFile))
        return max(self.offset, self.stream or 0, *places, 0) >= end


@dataclass(frozen=True, slots=True)
class IndirectObject:
    """`n g obj` as it stands in the file; of a stream only where its octets begin."""

    number: int
    generation: int
    value: Value
    data: int | None
    end: int
    """After the value; of a stream, where its octets begin."""


def closing(content: bytes, end: int) -> int | None:
    """Where `startxref` points in the file that ends at `end`; None: it does not end there.

    White space after `%%EOF` is no content; anything else would be.
    """
    start = max(0, end - _TAIL)
    at = content.rfind(b"startxref", start, end)
    found = _CLOSING.match(content, at, end) if at >= 0 else None
    if found is None or content[found.end() : end].strip(_AFTER):
        return None
    return int(found[1])


def read_sections(content: bytes, meter: Meter, allowance: Allowance) -> tuple[Section, ...]:
    """Every section, the oldest first.

    Raises:
        Malformed: no exact chain of sections from the end of the file.
    """
    offset = closing(content, len(content))
    if offset is None:
        raise Malformed("PDF: does not end with startxref and %%EOF")
    found: list[Section] = []
    left = MAX_OBJECTS
    seen: set[int] = set()
    while True:
        if offset in seen:
            raise Malformed("PDF: cross-reference sections in a loop")
        if len(found) == MAX_SECTIONS:
            raise BeyondLimits(f"PDF: more than {MAX_SECTIONS} cross-reference sections")
        seen.add(offset)
        section = _section(content, offset, left, meter, allowance)
        left -= len(section.entries)
        if found and offset > found[-1].offset:
            _apart(found[-1], section)
        found.append(section)
        previous = section.trailer.get("Prev")
        if previous is None:
            return tuple(reversed(found))
        if type(previous) is not int or not 0 < previous < len(content):
            raise Malformed("PDF: Prev is no place in the file")
        offset = previous


def _apart(first: Section, main: Section) -> None:
    """The two sections of a linearised file list different objects (annex F.3.4).

    Which of them counts would else hang on where a reader begins.
    """
    if not first.entries.keys().isdisjoint(main.entries):
        raise Malformed("PDF: an object listed in a section and in the one behind it")


def read_object(content: bytes, offset: int, meter: Meter) -> IndirectObject:
    """The object whose header stands at `offset`. Raises `Malformed`."""
    lexer = Lexer(content, offset, meter)
    at = offset
    while at < len(content) and content[at] in _AFTER:
        at += 1
    found = _HEADER.match(content, at)
    if found is None:
        raise Malformed("PDF: no object where one should begin")
    lexer.at = found.end()
    value = lexer.value()
    after = lexer.at
    if isinstance(value, dict) and lexer.takes(b"stream"):
        after = _data_start(content, lexer.at)
        return IndirectObject(int(found[1]), int(found[2]), value, after, after)
    return IndirectObject(int(found[1]), int(found[2]), value, None, after)


def _data_start(content: bytes, at: int) -> int:
    """After the end of line that has to follow `stream` (§7.3.8.1)."""
    if content.startswith(b"\r\n", at):
        return at + 2
    if content.startswith(b"\n", at):
        return at + 1
    raise Malformed("PDF: a stream whose octets do not begin on a new line")


def stream_end(content: bytes, start: int, length: int) -> int:
    """After `endstream`. Raises `Malformed` where the stream is longer or shorter than it says."""
    end = start + length
    if length < 0 or end > len(content):
        raise Malformed("PDF: a stream longer than the file")
    for between in (b"\r\nendstream", b"\nendstream", b"\rendstream", b"endstream"):
        if content.startswith(between, end):
            return end + len(between)
    raise Malformed("PDF: a stream that does not end where it says")


# ---- one section ----


def _section(content: bytes, offset: int, left: int, meter: Meter, allowance: Allowance) -> Section:
    at = offset
    while content[at : at + 1] and content[at] in _AFTER:  # no comment: readers begin to search
        at += 1
    lexer = Lexer(content, at, meter)
    if content.startswith(b"xref", at) and lexer.takes(b"xref"):
        return _table(lexer, offset, left, allowance, meter)
    return _stream(content, offset, left, meter, allowance)


def _table(lexer: Lexer, offset: int, left: int, allowance: Allowance, meter: Meter) -> Section:
    entries: dict[int, Entry] = {}
    while not lexer.takes(b"trailer"):
        first, count = lexer.integer("xref"), lexer.integer("xref")
        left -= count
        _within(first, count, left)
        for number in range(first, first + count):
            found = _ENTRY.match(lexer.data, lexer.at)
            if found is None:
                raise Malformed("PDF: a cross-reference entry that is none")
            lexer.at = found.end()
            free = found[3] == b"f"
            _add(entries, number, Freed() if free else InFile(int(found[1]), int(found[2])))
    trailer = lexer.value()
    if not isinstance(trailer, dict):
        raise Malformed("PDF: the trailer is no dictionary")
    end, hybrid, place = _end(lexer.data, lexer.at), False, trailer.get("XRefStm")
    if "XRefStm" in trailer:
        if type(place) is not int or not 0 < place < len(lexer.data):
            raise Malformed("PDF: XRefStm is no place in the file")
        more = _stream(lexer.data, place, left, meter, allowance)
        hybrid = _joined(entries, more.entries)
    place = place if type(place) is int else None
    return Section(offset, entries, trailer, end, None, hybrid=hybrid, stream=place)


def _joined(entries: dict[int, Entry], more: dict[int, Entry]) -> bool:
    """Add what only the stream has; whether there is any. Hidden objects are free in the table."""
    hidden = False
    for number, entry in more.items():
        listed = entries.get(number, Freed())
        if isinstance(entry, Freed) or listed == entry:
            continue
        if not isinstance(listed, Freed):
            raise Malformed("PDF: table and stream of one section differ")
        entries[number], hidden = entry, True
    return hidden


def _stream(content: bytes, offset: int, left: int, meter: Meter, allowance: Allowance) -> Section:
    found = read_object(content, offset, meter)
    dictionary = found.value
    if found.data is None or not isinstance(dictionary, dict):
        raise Malformed("PDF: no cross-reference section where one should be")
    if dictionary.get("Type") != Name("XRef"):
        raise Malformed("PDF: a cross-reference stream of another type")
    length = dictionary.get("Length")
    if type(length) is not int:
        raise Malformed("PDF: a cross-reference stream without a direct length")
    after = stream_end(content, found.data, length)
    stream = Stream(dictionary, content[found.data : found.data + length])
    entries = _rows(dictionary, expanded(stream, allowance), left)
    return Section(offset, entries, dictionary, _after_object(content, after), found.number)


def _rows(dictionary: dict[str, Value], data: bytes, left: int) -> dict[int, Entry]:
    widths = _integers(dictionary.get("W"), "W")
    if len(widths) != _FIELDS or max(widths) > _MAX_WIDTH or widths[1] == 0:
        raise Malformed("PDF: W of a cross-reference stream")
    size = dictionary.get("Size")
    index = _integers(dictionary.get("Index", (0, size)), "Index")
    if len(index) % 2:
        raise Malformed("PDF: Index of a cross-reference stream")
    row = sum(widths)
    if sum(index[1::2]) * row != len(data):
        raise Malformed("PDF: a cross-reference stream of another size than it says")
    entries: dict[int, Entry] = {}
    at = 0
    for first, count in zip(index[::2], index[1::2], strict=True):
        left -= count
        _within(first, count, left)
        for number in range(first, first + count):
            entry = _row(data[at : at + row], widths)
            at += row
            _add(entries, number, entry)
    return entries


def _row(row: bytes, widths: tuple[int, ...]) -> Entry:
    kind_width, middle, _ = widths
    kind = int.from_bytes(row[:kind_width], "big") if kind_width else 1
    second = int.from_bytes(row[kind_width : kind_width + middle], "big")
    third = int.from_bytes(row[kind_width + middle :], "big")
    match kind:
        case 0:
            return Freed()
        case 1:
            return InFile(second, third)
        case 2:
            return InStream(second, third)
        case _:
            raise Malformed("PDF: a cross-reference entry of unknown kind")


def _add(entries: dict[int, Entry], number: int, entry: Entry) -> None:
    if number in entries:
        raise Malformed("PDF: an object listed twice in one section")
    if number:
        entries[number] = entry


def _within(first: int, count: int, left: int) -> None:
    if left < 0 or first + count > MAX_NUMBER:
        raise BeyondLimits(f"PDF: more than {MAX_OBJECTS} objects, or numbers above {MAX_NUMBER}")


def _integers(value: Value, place: str) -> tuple[int, ...]:
    if not isinstance(value, tuple):
        raise Malformed(f"PDF: {place} of a cross-reference stream")
    found = tuple(each for each in value if type(each) is int and each >= 0)
    if len(found) != len(value):
        raise Malformed(f"PDF: {place} of a cross-reference stream")
    return found


def _after_object(content: bytes, at: int) -> int | None:
    lexer = Lexer(content, at, Meter())
    return _end(content, lexer.at) if lexer.takes(b"endobj") else None


def _end(content: bytes, at: int) -> int | None:
    lexer = Lexer(content, at, Meter())
    lexer.space()
    found = _CLOSING.match(content, lexer.at)
    return found.end() if found else None
