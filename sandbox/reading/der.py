"""ASN.1 DER (ITU-T X.690), read strictly: shortest definite lengths, nothing left over."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


class Unreadable(ValueError):
    """Not what the structure should be; the message names the place."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its identifier octet, its content, and all of it as received."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> list["Value"]:
        """The values inside a constructed one."""
        if not self.tag & 0x20:
            raise Unreadable("a primitive value has no members")
        found, at = [], 0
        while at < len(self.content):
            value = _value(self.content, at)
            found.append(value)
            at += len(value.raw)
        return found

    def expect(self, tag: int, what: str) -> "Value":
        if self.tag != tag:
            raise Unreadable(f"{what}: tag {self.tag:#x} instead of {tag:#x}")
        return self

    def number(self) -> int:
        return int.from_bytes(self.expect(0x02, "INTEGER").content, "big", signed=True)

    def bits(self) -> bytes:
        """Octets of a BIT STRING, whatever its first octet says (real files err there)."""
        if self.tag == 0x04:
            return self.content
        content = self.expect(0x03, "BIT STRING").content
        if not content:
            raise Unreadable("BIT STRING without its first octet")
        return content[1:]

    def octets(self) -> bytes:
        return self.expect(0x04, "OCTET STRING").content

    def oid(self) -> str:
        content = self.expect(0x06, "OBJECT IDENTIFIER").content
        arcs, arc = [], 0
        for octet in content:
            arc = arc << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(arc)
                arc = 0
        if not arcs:
            raise Unreadable("OBJECT IDENTIFIER without arcs")
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def text(self) -> str:
        codec = "utf-16-be" if self.tag == 0x1E else "ascii" if self.tag == 0x16 else "utf-8"
        try:
            return self.content.decode(codec)
        except UnicodeDecodeError as exc:
            raise Unreadable("a text in another alphabet") from exc

    def time(self) -> datetime:
        """UTCTime or GeneralizedTime; without a zone it is Beijing time."""
        if self.tag not in {0x17, 0x18}:
            raise Unreadable("a time is needed")
        text = self.content.decode("ascii", "replace")
        zone = UTC if text.endswith("Z") else BEIJING
        digits = text.rstrip("Z").split(".")[0]
        if len(digits) == 12:
            digits = ("19" if digits[:2] >= "50" else "20") + digits
        try:
            return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone)
        except ValueError as exc:
            raise Unreadable("no such time") from exc


def read(data: bytes) -> Value:
    """The one value `data` consists of."""
    value = _value(data, 0)
    if len(value.raw) != len(data):
        raise Unreadable("bytes after the last value")
    return value


def _value(data: bytes, at: int) -> Value:
    if at + 2 > len(data):
        raise Unreadable("cut short")
    tag, size, body = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise Unreadable("a tag of several octets")
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[body : body + count], "big")
        if not 0 < count <= 4 or size < 0x80 or size.bit_length() <= 8 * (count - 1):
            raise Unreadable("a length that is not in its shortest form")
        body += count
    if body + size > len(data):
        raise Unreadable("cut short")
    return Value(tag, data[body : body + size], data[at : body + size])
