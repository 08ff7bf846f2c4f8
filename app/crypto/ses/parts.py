"""Parts of a seal: header, signer list, picture, extension data (GB/T 38540-2020 §6.1)."""

from types import MappingProxyType

from app.crypto import asn1
from app.crypto.asn1 import Element, Fields, Tag
from app.crypto.digests import DIGEST_BY_OID
from app.crypto.ses.values import octets
from app.domain.errors import BeyondLimits, Malformed
from app.domain.scheme import Digest
from app.domain.seal import (
    CertificateDigest,
    SealDeviation,
    SealExtension,
    SealLayout,
    SealPicture,
)

MAX_TEXT = 512
"""Characters of a name, a seal or vendor identifier; the longest name met has 23."""
MAX_CERTIFICATE = 16 * 1024
"""Octets of one certificate (threats CRT-13)."""
MAX_SIGNERS = 128
"""Entries of the signer list."""
MAX_EXTENSIONS = 64
MAX_EXTENSION = 256 * 1024
"""Octets of one extension value."""
MAX_SIZE = 10_000
"""Millimetres of a picture's side; a standard seal measures 38 to 58."""
_CERTIFICATES, _DIGESTS = 1, 2

_DIGEST_NAMES = MappingProxyType(
    {
        "SM3": Digest.SM3,
        "sm3": Digest.SM3,
        "SHA256": Digest.SHA256,
        "SHA-256": Digest.SHA256,
        "SHA1": Digest.SHA1,
        "SHA-1": Digest.SHA1,
        "MD5": Digest.MD5,
    }
)


def header(element: Element) -> tuple[int, str]:
    """(version, vendor) of SES_Header { ID "ES", version, Vid }."""
    fields = asn1.sequence(element, "header")
    if fields.take(Tag.IA5, "ID").content != b"ES":
        raise Malformed("header.ID: not ES")
    version = asn1.integer(fields.take(Tag.INTEGER, "version"), "header.version")
    vendor = short_text(fields.take(Tag.IA5, "Vid"), "header.Vid")
    fields.end()
    return version, vendor


def short_text(element: Element, place: str, limit: int = MAX_TEXT) -> str:
    """A character string of at most `limit` characters."""
    value = asn1.text(element, place)
    if len(value) > limit:
        raise BeyondLimits(f"{place}: longer than {limit} characters")
    return value


def certificate_octets(element: Element, place: str, seen: set[SealDeviation]) -> bytes:
    """The DER of a certificate inside an OCTET STRING, not yet read."""
    content = octets(element, place, seen)
    if not content:
        raise Malformed(f"{place}: empty")
    if len(content) > MAX_CERTIFICATE:
        raise BeyondLimits(f"{place}: larger than {MAX_CERTIFICATE} bytes")
    return content


def certificate_list(
    property_: Fields, layout: SealLayout, seen: set[SealDeviation]
) -> tuple[tuple[bytes, ...], tuple[CertificateDigest, ...]]:
    """(certificates, digests): certList of v1, or certListType and the list it announces."""
    kind = _CERTIFICATES
    if layout is not SealLayout.V1:
        kind = asn1.integer(property_.take(Tag.INTEGER, "certListType"), "property.certListType")
    entries = tuple(property_.take(Tag.SEQUENCE, "certList").children("property.certList"))
    if not entries:
        raise Malformed("property.certList: empty")
    if len(entries) > MAX_SIGNERS:
        raise BeyondLimits(f"property.certList: more than {MAX_SIGNERS} entries")
    match kind:
        case 1:
            return tuple(certificate_octets(e, "certList", seen) for e in entries), ()
        case 2:
            return (), tuple(_certificate_digest(e, seen) for e in entries)
        case _:
            raise Malformed("property.certListType: neither 1 nor 2")


def _certificate_digest(element: Element, seen: set[SealDeviation]) -> CertificateDigest:
    fields = asn1.sequence(element, "certDigest")
    name = short_text(fields.take(Tag.PRINTABLE, "type"), "certDigest.type")
    value = octets(fields.any("value"), "certDigest.value", seen)
    fields.end()
    algorithm = DIGEST_BY_OID.get(name) or _DIGEST_NAMES.get(name)
    if algorithm is None:
        raise Malformed("certDigest.type: a digest nobody names so")
    if name != "SM3" and name not in DIGEST_BY_OID:
        seen.add(SealDeviation.DIGEST_NAME)
    return CertificateDigest(algorithm, value)


def picture(element: Element) -> SealPicture:
    """SES_ESPictureInfo { type, data, width, height }; the data are not looked into."""
    fields = asn1.sequence(element, "picture")
    kind = short_text(fields.take(Tag.IA5, "type"), "picture.type")
    data = fields.take(Tag.OCTET_STRING, "data").content
    width = asn1.integer(fields.take(Tag.INTEGER, "width"), "picture.width")
    height = asn1.integer(fields.take(Tag.INTEGER, "height"), "picture.height")
    fields.end()
    if width <= 0 or height <= 0:
        raise Malformed("picture: a side of no length")
    if width > MAX_SIZE or height > MAX_SIZE:
        raise BeyondLimits(f"picture: a side over {MAX_SIZE} mm")
    return SealPicture(kind, data, width, height)


def extensions(fields: Fields, seen: set[SealDeviation]) -> tuple[SealExtension, ...]:
    """Optional extDatas [0] EXPLICIT, also as the plain SEQUENCE vendors write."""
    tagged = fields.maybe(Tag.CONTEXT_0, "extDatas")
    if tagged is not None:
        container = asn1.inner(tagged, "extDatas")
    else:
        plain = fields.maybe(Tag.SEQUENCE, "extDatas")
        if plain is None:
            return ()
        seen.add(SealDeviation.UNTAGGED_EXTENSIONS)
        container = plain
    if container.tag != Tag.SEQUENCE:
        raise Malformed("extDatas: SEQUENCE expected")
    entries = tuple(container.children("extDatas"))
    if len(entries) > MAX_EXTENSIONS:
        raise BeyondLimits(f"extDatas: more than {MAX_EXTENSIONS} entries")
    return tuple(_extension(entry, seen) for entry in entries)


def _extension(element: Element, seen: set[SealDeviation]) -> SealExtension:
    fields = asn1.sequence(element, "extData")
    identifier = asn1.oid(fields.any("extnID"), "extData.extnID")
    critical = False
    flag = fields.maybe(Tag.BOOLEAN, "critical")
    if flag is not None:
        critical = asn1.boolean(flag, "extData.critical")
        if not critical:
            seen.add(SealDeviation.DEFAULT_ENCODED)
    value = fields.take(Tag.OCTET_STRING, "extnValue").content
    fields.end()
    if len(value) > MAX_EXTENSION:
        raise BeyondLimits(f"extData: larger than {MAX_EXTENSION} bytes")
    return SealExtension(identifier, critical, value)
