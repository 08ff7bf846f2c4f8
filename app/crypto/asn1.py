"""A bounded reader of DER (ITU-T X.690 §8-§11) for certificates, lists and seals.

Framing is strict: definite lengths in their shortest form, low tag numbers, every value inside its
parent, nothing after the last one. What a vendor's encoder gets wrong *inside* a primitive is not
forgiven here: readers of a structure ask for the raw content and name the deviation themselves.

Children are framed only when a reader asks for them, and a reader asks once for each container its
structure names, so the work is linear in the size. Only the undoing of indefinite lengths recurses,
within `Limits.depth`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from app.domain.errors import BeyondLimits, Malformed


class Tag(IntEnum):
    """Identifier octets met in seals, certificates and lists (X.690 §8.1.2)."""

    BOOLEAN = 0x01
    INTEGER = 0x02
    BIT_STRING = 0x03
    OCTET_STRING = 0x04
    NULL = 0x05
    OID = 0x06
    ENUMERATED = 0x0A
    UTF8 = 0x0C
    NUMERIC = 0x12
    PRINTABLE = 0x13
    T61 = 0x14
    IA5 = 0x16
    UTC_TIME = 0x17
    GENERALIZED_TIME = 0x18
    VISIBLE = 0x1A
    UNIVERSAL = 0x1C
    BMP = 0x1E
    SEQUENCE = 0x30
    SET = 0x31
    CONTEXT_0 = 0xA0
    CONTEXT_1 = 0xA1
    CONTEXT_2 = 0xA2
    CONTEXT_3 = 0xA3


CONSTRUCTED = 0x20
_HIGH_TAG = 0x1F
_LONG = 0x80
MAX_LENGTH_OCTETS = 4
"""Octets of a long-form length: 4 GiB, beyond every size limit here."""
MAX_ARC = 1 << 64
"""An object identifier arc; real ones stay below 2^32 (threats CRT-13)."""
MAX_ARCS = 32
"""Arcs in an object identifier."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one structure may cost to read."""

    octets: int
    """Size of the whole structure."""
    children: int
    """Values directly inside one container."""
    depth: int = 16
    """Containers inside containers, counted from the outermost."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value: `source[start:end]`, its content from `body` on. Copied only when asked for."""

    source: bytes
    tag: int
    start: int
    body: int
    end: int
    limits: Limits
    depth: int = 0

    @property
    def raw(self) -> bytes:
        """Tag, length and content, exactly as they stand."""
        return self.source[self.start : self.end]

    @property
    def content(self) -> bytes:
        return self.source[self.body : self.end]

    def children(self, place: str) -> Iterator[Element]:
        """The values inside, framed one after the other.

        Raises:
            Malformed: not constructed, broken framing, or more than the limits allow.
        """
        if not self.tag & CONSTRUCTED:
            raise Malformed(f"{place}: not a constructed value")
        if self.depth >= self.limits.depth:
            raise BeyondLimits(f"{place}: deeper than {self.limits.depth} containers")
        at, count = self.body, 0
        while at < self.end:
            count += 1
            if count > self.limits.children:
                raise BeyondLimits(f"{place}: more than {self.limits.children} values")
            tag, body, end = _frame(self.source, at, self.end, place)
            yield Element(self.source, tag, at, body, end, self.limits, self.depth + 1)
            at = end

    def fields(self, place: str) -> Fields:
        """The values inside, to be taken in order."""
        return Fields(tuple(self.children(place)), place)


def _frame(source: bytes, at: int, limit: int, place: str) -> tuple[int, int, int]:
    """(tag, start of content, end) of the value at `at`, which must end by `limit`."""
    if at + 2 > limit:
        raise Malformed(f"{place}: value cut short")
    tag, length, body = source[at], source[at + 1], at + 2
    if tag & _HIGH_TAG == _HIGH_TAG:
        raise Malformed(f"{place}: high tag number")
    if length >= _LONG:
        count = length - _LONG
        octets = source[body : min(body + count, limit)]
        if not 0 < count <= MAX_LENGTH_OCTETS or len(octets) != count:
            raise Malformed(f"{place}: length indefinite, over-long or cut short")
        length = int.from_bytes(octets, "big")
        if octets[0] == 0 or length < _LONG:
            raise Malformed(f"{place}: length not in its shortest form")
        body += count
    if body + length > limit:
        raise Malformed(f"{place}: value longer than what holds it")
    return tag, body, body + length


def read(data: bytes, limits: Limits, place: str) -> Element:
    """The one value `data` consists of.

    Raises:
        Malformed: too large, broken framing, or anything after the value.
    """
    if len(data) > limits.octets:
        raise BeyondLimits(f"{place}: larger than {limits.octets} bytes")
    tag, body, end = _frame(data, 0, len(data), place)
    if end != len(data):
        raise Malformed(f"{place}: bytes after the value")
    return Element(data, tag, 0, body, end, limits)


@dataclass(slots=True)
class Fields:
    """The members of a SEQUENCE or SET, taken in order; what is left over is refused by `end`."""

    members: tuple[Element, ...]
    place: str
    at: int = 0

    @property
    def left(self) -> int:
        return len(self.members) - self.at

    def peek(self) -> int | None:
        """The tag of the next member, or None at the end."""
        return self.members[self.at].tag if self.left else None

    def any(self, name: str) -> Element:
        """The next member, whatever its tag."""
        if not self.left:
            raise Malformed(f"{self.place}.{name}: absent")
        self.at += 1
        return self.members[self.at - 1]

    def take(self, tag: Tag, name: str) -> Element:
        """The next member, which must carry `tag`."""
        if self.peek() != tag:
            raise Malformed(f"{self.place}.{name}: {tag.name} expected")
        return self.any(name)

    def maybe(self, tag: Tag, name: str) -> Element | None:
        """The next member if it carries `tag`."""
        return self.any(name) if self.peek() == tag else None

    def end(self) -> None:
        if self.left:
            raise Malformed(f"{self.place}: {self.left} values more than the structure has")


def inner(element: Element, place: str) -> Element:
    """The one value inside an explicit tag or a container of one."""
    fields = element.fields(place)
    only = fields.any("value")
    fields.end()
    return only


def sequence(element: Element, place: str) -> Fields:
    """The members of a SEQUENCE."""
    if element.tag != Tag.SEQUENCE:
        raise Malformed(f"{place}: SEQUENCE expected")
    return element.fields(place)


# ---- primitives ----


def integer(element: Element, place: str) -> int:
    """An INTEGER or ENUMERATED in its shortest form (X.690 §8.3)."""
    content = element.content
    if not content:
        raise Malformed(f"{place}: INTEGER without content")
    padded = len(content) > 1 and (
        (content[0] == 0 and content[1] < _LONG) or (content[0] == 0xFF and content[1] >= _LONG)  # noqa: PLR2004
    )
    if padded:
        raise Malformed(f"{place}: INTEGER not in its shortest form")
    return int.from_bytes(content, "big", signed=True)


def boolean(element: Element, place: str) -> bool:
    """A BOOLEAN; DER knows 00 and FF only (X.690 §11.1)."""
    match element.content:
        case b"\x00":
            return False
        case b"\xff":
            return True
        case _:
            raise Malformed(f"{place}: BOOLEAN neither 00 nor FF")


def oid(element: Element, place: str) -> str:
    """An OBJECT IDENTIFIER in dotted form (X.690 §8.19)."""
    if element.tag != Tag.OID:
        raise Malformed(f"{place}: OBJECT IDENTIFIER expected")
    arcs: list[int] = []
    value, fresh = 0, True
    for octet in element.content:
        if fresh and octet == _LONG:
            raise Malformed(f"{place}: OBJECT IDENTIFIER arc not in its shortest form")
        value = value << 7 | octet & 0x7F
        fresh = octet < _LONG
        if value >= MAX_ARC or len(arcs) >= MAX_ARCS:
            raise BeyondLimits(f"{place}: OBJECT IDENTIFIER beyond {MAX_ARCS} arcs of 64 bits")
        if fresh:
            arcs.append(value)
            value = 0
    if not arcs or not fresh:
        raise Malformed(f"{place}: OBJECT IDENTIFIER cut short")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def bits(element: Element, place: str) -> tuple[int, bytes]:
    """(unused bits, octets) of a BIT STRING, the first not yet judged."""
    content = element.content
    if element.tag != Tag.BIT_STRING or not content:
        raise Malformed(f"{place}: BIT STRING with content expected")
    return content[0], content[1:]


def octets_of_bits(element: Element, place: str) -> bytes:
    """A BIT STRING that is a whole number of octets."""
    unused, content = bits(element, place)
    if unused:
        raise Malformed(f"{place}: BIT STRING with unused bits")
    return content


_CODECS = {
    Tag.UTF8: "utf-8",
    Tag.PRINTABLE: "ascii",
    Tag.IA5: "ascii",
    Tag.VISIBLE: "ascii",
    Tag.NUMERIC: "ascii",
    Tag.T61: "latin-1",
    Tag.BMP: "utf-16-be",
    Tag.UNIVERSAL: "utf-32-be",
}


def text(element: Element, place: str) -> str:
    """A character string in the alphabet its tag names; NUL is in none of them.

    Raises:
        Malformed: not a string type, not that alphabet, or a NUL character.
    """
    codec = _CODECS.get(element.tag)  # type: ignore[call-overload]
    if codec is None:
        raise Malformed(f"{place}: character string expected")
    try:
        value: str = element.content.decode(codec)
    except UnicodeDecodeError as exc:
        raise Malformed(f"{place}: not the alphabet of its string type") from exc
    if "\0" in value:
        raise Malformed(f"{place}: NUL in a character string")
    return value


_UTC = re.compile(rb"\d{12}Z")
_GENERALIZED = re.compile(rb"\d{14}(\.\d{0,5}[1-9])?Z")
_PIVOT = 50
"""RFC 5280 §4.1.2.5.1: two-digit years from 50 on are of the last century."""


def moment(element: Element, place: str) -> datetime:
    """A UTCTime or GeneralizedTime as DER writes them (X.690 §11.7, §11.8), in UTC.

    Raises:
        Malformed: another type or form, or no such moment.
    """
    content = element.content
    if element.tag == Tag.UTC_TIME and _UTC.fullmatch(content):
        digits = (b"19" if int(content[:2]) >= _PIVOT else b"20") + content[:-1]
    elif element.tag == Tag.GENERALIZED_TIME and _GENERALIZED.fullmatch(content):
        digits = content[:-1]
    else:
        raise Malformed(f"{place}: time not as DER writes it")
    return calendar(digits, place)


def calendar(digits: bytes, place: str) -> datetime:
    """YYYYMMDDhhmmss with an optional fraction, as a moment in UTC.

    Raises:
        Malformed: no such moment in the calendar.
    """
    whole, _, fraction = digits.partition(b".")
    numbers = [int(whole[:4]), *(int(whole[i : i + 2]) for i in range(4, 14, 2))]
    try:
        year, month, day, hour, minute, second = numbers
        micro = int(fraction.ljust(6, b"0")) if fraction else 0
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
    except ValueError as exc:
        raise Malformed(f"{place}: no such moment") from exc


# ---- indefinite lengths ----

_END = b"\0\0"
_PIECES = Tag.OCTET_STRING | CONSTRUCTED
_CONTAINERS = frozenset({Tag.SEQUENCE, Tag.SET, Tag.CONTEXT_0})


def is_indefinite(data: bytes) -> bool:
    """Whether the outermost value is a container of indefinite length (X.690 §8.1.3.6)."""
    return len(data) > 1 and bool(data[0] & CONSTRUCTED) and data[1] == _LONG


def definite_members(
    data: bytes, limits: Limits, place: str, *, join: bool = False
) -> tuple[tuple[bytes, bytes], ...]:
    """The members of a SEQUENCE of indefinite length: each (with definite lengths, as received).

    Contents stay as they are, so the first of each pair is what a DER encoder would have written
    for the same values. Strings in pieces are refused, or with `join` OCTET STRINGs are joined
    (X.690 §8.7.3).

    Raises:
        Malformed: too large, too many, too deep, broken framing, or anything after the value.
    """
    if len(data) > limits.octets:
        raise BeyondLimits(f"{place}: larger than {limits.octets} bytes")
    if data[:1] != bytes((Tag.SEQUENCE,)) or not is_indefinite(data):
        raise Malformed(f"{place}: SEQUENCE of indefinite length expected")
    members: list[tuple[bytes, bytes]] = []
    at = 2
    while data[at : at + 2] != _END:
        if len(members) == limits.children:
            raise BeyondLimits(f"{place}: more than {limits.children} values")
        value, end = _definite(data, at, limits.depth, place, join)
        members.append((value, data[at:end]))
        at = end
    if at + 2 != len(data):
        raise Malformed(f"{place}: bytes after the value")
    return tuple(members)


def _definite(
    data: bytes,
    at: int,
    depth: int,
    place: str,
    join: bool,  # noqa: FBT001
) -> tuple[bytes, int]:
    """(definite form, end) of the value at `at`."""
    if depth == 0:
        raise BeyondLimits(f"{place}: too deep")
    if not is_indefinite(data[at : at + 2]):
        _, _, end = _frame(data, at, len(data), place)
        return data[at:end], end
    pieces = join and data[at] == _PIECES
    if not (pieces or data[at] in _CONTAINERS or (join and data[at] == Tag.CONTEXT_1)):
        raise Malformed(f"{place}: string in pieces")
    parts: list[bytes] = []
    start, at = at, at + 2
    while data[at : at + 2] != _END:
        begin = at
        part, at = _definite(data, at, depth - 1, place, join)
        if pieces:
            tag, body, _ = _frame(data, begin, at, place)
            if tag != Tag.OCTET_STRING:
                raise Malformed(f"{place}: a piece that is no OCTET STRING")
            part = data[body:at]
        parts.append(part)
    return wrap(Tag.OCTET_STRING if pieces else data[start], *parts), at + 2


def wrap(tag: int, *contents: bytes) -> bytes:
    """One DER value of `tag` around the joined contents."""
    body = b"".join(contents)
    if len(body) < _LONG:
        return bytes((tag, len(body))) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes((tag, _LONG | size)) + len(body).to_bytes(size, "big") + body
