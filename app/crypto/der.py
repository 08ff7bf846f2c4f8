"""DER read strictly: what X.690 §10-11 forbids is refused, and so is what this service never needs.

Used for signature values and keys only. Documents with tolerated deviations are read above this.
"""

from dataclasses import dataclass

from app.domain.errors import Malformed

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, SEQUENCE = 0x02, 0x03, 0x04, 0x05, 0x06, 0x30
BOOLEAN = 0x01

MAX_LENGTH_BYTES = 3
"""Length octets after the first: 16 MiB is more than any certificate."""


@dataclass(slots=True)
class Cursor:
    """A position in the content of one DER value; every read moves it or raises `Malformed`."""

    data: bytes
    at: int = 0

    @property
    def done(self) -> bool:
        return self.at == len(self.data)

    def peek(self) -> int | None:
        """The tag of the next value, or None at the end."""
        return None if self.done else self.data[self.at]

    def next(self, tag: int) -> bytes:
        """The content of the next value, which must carry `tag`."""
        start, end = self._bounds(tag)
        self.at = end
        return self.data[start:end]

    def whole(self, tag: int) -> bytes:
        """The next value with its tag and length, exactly as it stands."""
        begin = self.at
        _, end = self._bounds(tag)
        self.at = end
        return self.data[begin:end]

    def end(self) -> None:
        """Refuse anything left over."""
        if not self.done:
            raise Malformed(f"DER: {len(self.data) - self.at} bytes after the last value")

    def _bounds(self, tag: int) -> tuple[int, int]:
        if self.peek() != tag:
            raise Malformed(f"DER: tag 0x{tag:02x} expected at byte {self.at}")
        start = self.at + 2
        if start > len(self.data):
            raise Malformed("DER: no length")
        length = self.data[self.at + 1]
        if length >= 0x80:  # noqa: PLR2004 - the long form (X.690 §8.1.3.5)
            count = length & 0x7F
            octets = self.data[start : start + count]
            if not 0 < count <= MAX_LENGTH_BYTES or len(octets) != count:
                raise Malformed("DER: indefinite, over-long or truncated length")
            length = int.from_bytes(octets, "big")
            if octets[0] == 0 or length < 0x80:  # noqa: PLR2004
                raise Malformed("DER: length not in its shortest form")
            start += count
        if start + length > len(self.data):
            raise Malformed("DER: content shorter than its length")
        return start, start + length

    def oid(self) -> str:
        """An OBJECT IDENTIFIER in dotted form (X.690 §8.19)."""
        content = self.next(OID)
        if not content or content[-1] & 0x80:
            raise Malformed("DER: OBJECT IDENTIFIER cut short")
        arcs: list[int] = []
        value, fresh = 0, True
        for octet in content:
            if fresh and octet == 0x80:  # noqa: PLR2004 - a padded arc
                raise Malformed("DER: OBJECT IDENTIFIER arc not in its shortest form")
            value = value << 7 | octet & 0x7F
            fresh = not octet & 0x80
            if fresh:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def natural(self) -> int:
        """A non-negative INTEGER in its shortest form (X.690 §8.3)."""
        content = self.next(INTEGER)
        if not content:
            raise Malformed("DER: INTEGER without content")
        if content[0] & 0x80:
            raise Malformed("DER: negative INTEGER")
        if len(content) > 1 and content[0] == 0 and not content[1] & 0x80:
            raise Malformed("DER: INTEGER with leading zeros")
        return int.from_bytes(content, "big")

    def octets_of_bits(self) -> bytes:
        """A BIT STRING that is a whole number of octets."""
        content = self.next(BIT_STRING)
        if not content or content[0] != 0:
            raise Malformed("DER: BIT STRING with unused bits")
        return content[1:]


def sequence(data: bytes) -> Cursor:
    """The inside of `data`, which must be one SEQUENCE and nothing after it."""
    outer = Cursor(data)
    inner = outer.next(SEQUENCE)
    outer.end()
    return Cursor(inner)


def signature_parts(value: bytes) -> tuple[int, int]:
    """(r, s) of SEQUENCE { r INTEGER, s INTEGER } (RFC 3279 §2.2.3, GB/T 35276 §7.2).

    Raises:
        Malformed: not exactly that, in DER.
    """
    inner = sequence(value)
    r, s = inner.natural(), inner.natural()
    inner.end()
    return r, s


def encode(tag: int, *contents: bytes) -> bytes:
    """One DER value of `tag` around the joined contents."""
    body = b"".join(contents)
    if len(body) < 0x80:  # noqa: PLR2004
        return bytes((tag, len(body))) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + len(body).to_bytes(size, "big") + body


def encode_natural(value: int) -> bytes:
    """A non-negative INTEGER."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def encode_oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = map(int, dotted.split("."))
    body = bytearray()
    for arc in (first * 40 + second, *rest):
        octets = [arc & 0x7F]
        while arc := arc >> 7:
            octets.append(arc & 0x7F | 0x80)
        body += bytes(reversed(octets))
    return encode(OID, bytes(body))


def encode_signature(r: int, s: int) -> bytes:
    """SEQUENCE { r, s }."""
    return encode(SEQUENCE, encode_natural(r), encode_natural(s))
