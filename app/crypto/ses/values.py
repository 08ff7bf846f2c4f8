"""Octets inside BIT and OCTET STRINGs of seals, and SM2 signature values in their one true form.

GB/T 35276 §7.2 writes an SM2 signature as SEQUENCE { r INTEGER, s INTEGER }. `sm2_value` brings
what vendors write instead into strict DER by looking at the octets alone, once: no value is ever
tried in two readings until one of them verifies.
"""

from dataclasses import dataclass

from app.crypto import asn1
from app.crypto.asn1 import Element, Limits, Tag
from app.domain.errors import BeyondLimits, Malformed
from app.domain.seal import SealDeviation

HALF = 32
"""Octets of r and of s."""
RAW = 2 * HALF
MAX_STRIPPED = 2
"""Trailing zero octets an encoder may have dropped; three in a row happen once in 2^24 values."""
MAX_VALUE = 80
"""Octets of an SM2 value in any tolerated form: 72 in DER, and some padding."""
DIGEST_SIZES = frozenset({16, 20, HALF, 48, 64})
"""Octets of the digests a dataHash may be; the weak ones are refused by name later."""
_LIMITS = Limits(octets=MAX_VALUE, children=2, depth=2)
_MAX_UNUSED = 7


def bit_octets(element: Element, place: str, seen: set[SealDeviation]) -> bytes:
    """The octets of a BIT STRING; deviations are added to `seen`.

    Raises:
        Malformed: another type, or a first octet that none of the known encoders writes.
    """
    if element.tag == Tag.OCTET_STRING:
        seen.add(SealDeviation.OCTETS_FOR_BITS)
        return element.content
    unused, content = asn1.bits(element, place)
    if unused == 0:
        return content
    if content and unused <= _MAX_UNUSED and content[-1] & ((1 << unused) - 1) == 0:
        seen.add(SealDeviation.UNUSED_BITS)
    elif unused == len(content):
        seen.add(SealDeviation.UNUSED_BITS_ARE_LENGTH)
    else:
        raise Malformed(f"{place}: BIT STRING whose first octet means nothing")
    return content


def octets(element: Element, place: str, seen: set[SealDeviation]) -> bytes:
    """The content of an OCTET STRING; deviations are added to `seen`.

    Raises:
        Malformed: another type.
    """
    if element.tag == Tag.BIT_STRING:
        seen.add(SealDeviation.BITS_FOR_OCTETS)
        return asn1.octets_of_bits(element, place)
    if element.tag != Tag.OCTET_STRING:
        raise Malformed(f"{place}: OCTET STRING expected")
    return element.content


def data_hash(element: Element, place: str, seen: set[SealDeviation]) -> bytes:
    """dataHash, with trailing zeros restored where the encoder dropped them.

    Raises:
        Malformed: not a BIT STRING, or of no digest's size.
    """
    content = bit_octets(element, place, seen)
    missing = HALF - len(content)
    if 0 < missing <= MAX_STRIPPED:
        seen.add(SealDeviation.STRIPPED_ZEROS)
        content += bytes(missing)
    if len(content) not in DIGEST_SIZES:
        raise Malformed(f"{place}: of no digest's size")
    return content


@dataclass(frozen=True, slots=True)
class Sm2Value:
    """A signature value in strict DER, and what had to be forgiven for it."""

    der: bytes
    deviations: frozenset[SealDeviation]


def sm2_value(content: bytes) -> Sm2Value:
    """SEQUENCE { r, s } in strict DER from the octets of a signature value.

    Raises:
        Malformed: none of the forms known from authentic documents.
    """
    place = "SM2 signature value"
    seen: set[SealDeviation] = set()
    if not _looks_framed(content):
        r, s = _raw_halves(content, place, seen)
    else:
        missing = 2 + content[1] - len(content)
        if 0 < missing <= MAX_STRIPPED:
            seen.add(SealDeviation.STRIPPED_ZEROS)
            content += bytes(missing)
        try:
            outer = asn1.sequence(asn1.read(content, _LIMITS, place), place)
        except BeyondLimits as over:  # these are the value's own: two numbers of 32 octets
            raise Malformed(str(over)) from None
        r = _unsigned(outer.take(Tag.INTEGER, "r"), place, seen)
        s = _unsigned(outer.take(Tag.INTEGER, "s"), place, seen)
        outer.end()
    return Sm2Value(asn1.wrap(Tag.SEQUENCE, _integer(r), _integer(s)), frozenset(seen))


def _looks_framed(content: bytes) -> bool:
    """Whether the octets are a SEQUENCE that opens with an INTEGER and spans what is there.

    A raw r ‖ s of 64 octets fits by chance once in 2^24; such a value is refused, never read twice.
    """
    if len(content) < 4 or content[0] != Tag.SEQUENCE or content[2] != Tag.INTEGER:  # noqa: PLR2004
        return False
    return len(content) != RAW or 2 + content[1] in range(RAW, RAW + MAX_STRIPPED + 1)


def _raw_halves(content: bytes, place: str, seen: set[SealDeviation]) -> tuple[bytes, bytes]:
    missing = RAW - len(content)
    if not 0 <= missing <= MAX_STRIPPED:
        raise Malformed(f"{place}: neither SEQUENCE nor {RAW} octets")
    seen.add(SealDeviation.RAW_SIGNATURE)
    if missing:
        seen.add(SealDeviation.STRIPPED_ZEROS)
    content += bytes(missing)
    return content[:HALF], content[HALF:]


def _unsigned(element: Element, place: str, seen: set[SealDeviation]) -> bytes:
    content = element.content
    if not content:
        raise Malformed(f"{place}: INTEGER without content")
    if content[0] & 0x80:
        seen.add(SealDeviation.INTEGER_UNSIGNED)
    elif content[0] == 0 and len(content) > 1 and not content[1] & 0x80:
        seen.add(SealDeviation.INTEGER_NOT_MINIMAL)
    if len(content.lstrip(b"\0")) > HALF:
        raise Malformed(f"{place}: INTEGER beyond {HALF} octets")
    return content


def _integer(unsigned: bytes) -> bytes:
    value = int.from_bytes(unsigned, "big")
    return asn1.wrap(Tag.INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
