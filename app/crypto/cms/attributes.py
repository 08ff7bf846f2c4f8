"""Signed and unsigned attributes of a SignerInfo (RFC 5652 §5.3, §11; RFC 5035; RFC 3161)."""

from app.crypto import asn1
from app.crypto.asn1 import Element, Fields, Tag
from app.crypto.digests import DIGEST_BY_OID
from app.domain.cms import CertificateReference, CmsAttributes, CmsDeviation
from app.domain.errors import BeyondLimits, Malformed
from app.domain.scheme import Digest

MAX_ATTRIBUTES = 32
"""Of one signer; the fullest of archives known has 12."""

_PKCS9 = "1.2.840.113549.1.9."
_CONTENT_TYPE, _DIGEST, _TIME = (_PKCS9 + last for last in ("3", "4", "5"))
_CERTIFICATE, _CERTIFICATE_V2 = _PKCS9 + "16.2.12", _PKCS9 + "16.2.47"
_TOKEN = _PKCS9 + "16.2.14"
_DIRECTORY_NAME = 0xA4
_ONCE = frozenset({_CONTENT_TYPE, _DIGEST, _TIME, _CERTIFICATE, _CERTIFICATE_V2})
"""Attributes of which there is one, with one value (RFC 5652 §11.1-§11.3, RFC 5035 §3)."""


def signed_attributes(element: Element, seen: set[CmsDeviation]) -> CmsAttributes:
    """Attributes under the signature, [0]: what was signed are the same octets as a SET.

    The order is that of DER or, by name, the one they stand in: several encoders sign without
    sorting. The same octets are always read as the same message.

    Raises:
        Malformed: messageDigest or contentType missing, an attribute twice or with two values.
    """
    members = tuple(element.children("signedAttrs"))
    if sorted(m.raw for m in members) != [m.raw for m in members]:
        seen.add(CmsDeviation.ATTRIBUTES_UNSORTED)
    found = _by_type(members, "signedAttrs")
    for kind in (_CONTENT_TYPE, _DIGEST):
        if kind not in found:
            raise Malformed("signedAttrs: contentType and messageDigest do not both stand there")
    digest = found[_DIGEST]
    if digest.tag != Tag.OCTET_STRING:
        raise Malformed("messageDigest: OCTET STRING expected")
    return CmsAttributes(
        message=asn1.wrap(Tag.SET, element.content),
        content_type=asn1.oid(found[_CONTENT_TYPE], "contentType"),
        digest=digest.content,
        time=asn1.moment(found[_TIME], "signingTime") if _TIME in found else None,
        certificate=_reference(found),
    )


def _by_type(members: tuple[Element, ...], place: str) -> dict[str, Element]:
    """The single value of each attribute that must be single."""
    if not members:
        raise Malformed(f"{place}: empty")
    if len(members) > MAX_ATTRIBUTES:
        raise BeyondLimits(f"{place}: more than {MAX_ATTRIBUTES} attributes")
    found: dict[str, Element] = {}
    for member in members:
        kind, values = _attribute(member, place)
        if kind not in _ONCE:
            continue
        if kind in found or len(values) != 1:
            raise Malformed(f"{place}: an attribute that must be single is not")
        found[kind] = values[0]
    return found


def _attribute(member: Element, place: str) -> tuple[str, tuple[Element, ...]]:
    """(type, values) of Attribute { attrType, attrValues SET OF }."""
    fields = asn1.sequence(member, place)
    kind = asn1.oid(fields.any("attrType"), place)
    values = tuple(fields.take(Tag.SET, "attrValues").children(place))
    fields.end()
    return kind, values


def _reference(found: dict[str, Element]) -> CertificateReference | None:
    """The first ESSCertID, which is the signer's (RFC 5035 §3); v2 where both are given."""
    if _CERTIFICATE_V2 in found:
        first = _first(found[_CERTIFICATE_V2])
        algorithm: Digest | None = Digest.SHA256
        if first.peek() == Tag.SEQUENCE:
            named = asn1.sequence(first.any("hashAlgorithm"), "ESSCertIDv2")
            algorithm = DIGEST_BY_OID.get(asn1.oid(named.any("algorithm"), "ESSCertIDv2"))
        return _named(first, algorithm)
    if _CERTIFICATE in found:
        return _named(_first(found[_CERTIFICATE]), Digest.SHA1)
    return None


def _named(first: Fields, algorithm: Digest | None) -> CertificateReference:
    """certHash, and issuerSerial { issuer GeneralNames, serialNumber } where it is given."""
    value = first.take(Tag.OCTET_STRING, "certHash").content
    issuer: bytes | None = None
    serial: int | None = None
    if first.left:
        named = asn1.sequence(first.any("issuerSerial"), "issuerSerial")
        names = tuple(named.take(Tag.SEQUENCE, "issuer").children("issuerSerial.issuer"))
        if len(names) != 1 or names[0].tag != _DIRECTORY_NAME:
            raise Malformed("issuerSerial: not one directory name")
        issuer = asn1.inner(names[0], "issuerSerial.issuer").raw
        number = named.take(Tag.INTEGER, "serialNumber").content
        serial = int.from_bytes(number, "big", signed=True)
        named.end()
    return CertificateReference(algorithm, value, issuer, serial)


def _first(value: Element) -> Fields:
    """SigningCertificate { certs SEQUENCE OF ESSCertID, … }: the members of the first."""
    certs = asn1.sequence(value, "signingCertificate").take(Tag.SEQUENCE, "certs")
    first = next(iter(certs.children("signingCertificate")), None)
    if first is None:
        raise Malformed("signingCertificate: empty")
    return asn1.sequence(first, "ESSCertID")


def timestamp_token(element: Element) -> bytes | None:
    """The signature timestamp among unsignedAttrs [1]; everything else there is left alone.

    Raises:
        Malformed: several of them: which one counts, nobody could say.
    """
    tokens: list[bytes] = []
    for count, member in enumerate(element.children("unsignedAttrs")):
        if count == MAX_ATTRIBUTES:
            raise BeyondLimits(f"unsignedAttrs: more than {MAX_ATTRIBUTES} attributes")
        kind, values = _attribute(member, "unsignedAttrs")
        if kind == _TOKEN:
            tokens += [value.raw for value in values]
    if len(tokens) > 1:
        raise Malformed("unsignedAttrs: several signature timestamps")
    return tokens[0] if tokens else None
