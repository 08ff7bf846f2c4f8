"""Reading SignedData: GB/T 35275-2017 §8 and RFC 5652 §5, for signatures by exactly one signer.

The form of the content is decided by its shape, once. A container without any signer signs nothing
and is refused: a reader that loops over signers would take it for good (threats SIG-26). With
several signers it would have to be said whose signature it is; no authentic document has them.
"""

import binascii
from base64 import b64decode
from types import MappingProxyType

from app.crypto import asn1
from app.crypto.asn1 import Element, Fields, Limits, Tag
from app.crypto.certificates import algorithm, read_certificate
from app.crypto.cms.attributes import signed_attributes, timestamp_token
from app.crypto.digests import DIGEST_BY_OID
from app.domain.certificate import Certificate
from app.domain.cms import CmsAttributes, CmsContent, CmsDeviation, CmsFamily, CmsSignature
from app.domain.errors import BeyondLimits, Malformed
from app.domain.scheme import Digest

LIMITS = Limits(octets=4 * 1024 * 1024, children=256, depth=16)
"""4 MiB: a signature with its certificates has 2 kB; archives carry lists and their content."""
MAX_CERTIFICATES = 64
MAX_CERTIFICATE = 16 * 1024
"""Octets of one certificate (threats CRT-13)."""
MAX_VALUE = 2048
"""Octets of a signature value: RSA of 16384 bits."""
SIZES = MappingProxyType(
    {
        Digest.SM3: 32,
        Digest.SHA256: 32,
        Digest.SHA384: 48,
        Digest.SHA512: 64,
        Digest.SHA1: 20,
        Digest.MD5: 16,
    }
)
"""Octets of a digest."""

_SIGNED_DATA = MappingProxyType(
    {
        "1.2.156.10197.6.1.4.2.2": CmsFamily.GM,
        "1.2.840.113549.1.7.2": CmsFamily.RFC,
    }
)
DATA = frozenset({"1.2.156.10197.6.1.4.2.1", "1.2.840.113549.1.7.1"})
"""`data` of both families."""
_VERSIONS = frozenset({1, 3, 4, 5})
"""RFC 5652 §5.1; GB/T 35275 knows 1 only. What they announce is read from the structure."""
_LISTS, _UNSIGNED = 0xA1, 0xA1
_SM2_SM3 = "1.2.156.10197.1.501"


def read_cms(der: bytes, content_types: frozenset[str] = DATA) -> CmsSignature:
    """The signed container `der` consists of, its content being of one of `content_types`.

    Raises:
        BeyondLimits: several signers, or a version to come.
        Malformed: anything else than SignedData by one signer within `LIMITS`.
    """
    seen: set[CmsDeviation] = set()
    family, signed = _signed_data(_definite(der, seen))
    version = asn1.integer(signed.take(Tag.INTEGER, "version"), "SignedData.version")
    _check_version(version)
    announced = {
        algorithm(each, "digestAlgorithms")[0]
        for each in signed.take(Tag.SET, "digestAlgorithms").children("digestAlgorithms")
    }
    content_type, content = _encapsulated(signed.take(Tag.SEQUENCE, "encapContentInfo"))
    if content_type not in content_types:
        raise Malformed("encapContentInfo: content of another type")
    certificates = _certificates(signed.maybe(Tag.CONTEXT_0, "certificates"))
    if signed.peek() == _LISTS:
        signed.any("crls")
    signers = tuple(signed.take(Tag.SET, "signerInfos").children("signerInfos"))
    signed.end()
    signer = asn1.sequence(_only(signers), "SignerInfo")
    own = _identified(signer, certificates)
    digest_oid, _ = algorithm(signer.take(Tag.SEQUENCE, "digestAlgorithm"), "digestAlgorithm")
    attributes = _attributes(signer, content_type, seen)
    if attributes is None and content_type not in DATA:
        raise Malformed("SignerInfo: signedAttrs missing, which such content needs")
    signature_oid, parameters = algorithm(
        signer.take(Tag.SEQUENCE, "signatureAlgorithm"), "signatureAlgorithm"
    )
    value = signer.take(Tag.OCTET_STRING, "signature").content
    if not value:
        raise Malformed("SignerInfo.signature: empty")
    if len(value) > MAX_VALUE:
        raise BeyondLimits(f"SignerInfo.signature: over {MAX_VALUE} octets")
    token = timestamp_token(signer.any("unsignedAttrs")) if signer.peek() == _UNSIGNED else None
    signer.end()
    if digest_oid not in announced:
        seen.add(CmsDeviation.DIGEST_NOT_ANNOUNCED)
    if family is CmsFamily.GM and signature_oid == _SM2_SM3:
        seen.add(CmsDeviation.SIGNATURE_ALGORITHM)
    digest = DIGEST_BY_OID.get(digest_oid)
    return CmsSignature(
        family=family,
        version=version,
        content_type=content_type,
        form=_form(content, digest),
        content=content,
        attributes=attributes,
        digest=digest,
        algorithm=signature_oid,
        parameters=parameters,
        certificate=own,
        intermediates=tuple(each for each in certificates if each != own),
        value=value,
        timestamp=token,
        raw=der,
        deviations=frozenset(seen),
    )


def _check_version(version: int) -> None:
    if version > max(_VERSIONS):
        raise BeyondLimits("SignedData.version: of a standard to come")
    if version not in _VERSIONS:
        raise Malformed("SignedData.version: unknown")


def _only(signers: tuple[Element, ...]) -> Element:
    """Nobody's signature is none (SIG-26); of several, each would have to be judged."""
    if not signers:
        raise Malformed("signerInfos: 0 signers")
    if len(signers) > 1:
        raise BeyondLimits(f"signerInfos: {len(signers)} signers, and exactly one is judged")
    return signers[0]


def _definite(der: bytes, seen: set[CmsDeviation]) -> bytes:
    """The same container with definite lengths."""
    if not asn1.is_indefinite(der):
        return der
    seen.add(CmsDeviation.INDEFINITE_LENGTH)
    members = asn1.definite_members(der, LIMITS, "ContentInfo", join=True)
    return asn1.wrap(Tag.SEQUENCE, *(definite for definite, _ in members))


def _signed_data(der: bytes) -> tuple[CmsFamily, Fields]:
    """ContentInfo { contentType, content [0] EXPLICIT SignedData }."""
    outer = asn1.sequence(asn1.read(der, LIMITS, "ContentInfo"), "ContentInfo")
    family = _SIGNED_DATA.get(asn1.oid(outer.any("contentType"), "ContentInfo.contentType"))
    if family is None:
        raise Malformed("ContentInfo: not SignedData")
    tagged = outer.take(Tag.CONTEXT_0, "content")
    outer.end()
    return family, asn1.sequence(asn1.inner(tagged, "ContentInfo.content"), "SignedData")


def _encapsulated(element: Element) -> tuple[str, bytes | None]:
    """(eContentType, eContent)."""
    fields = asn1.sequence(element, "encapContentInfo")
    kind = asn1.oid(fields.any("eContentType"), "eContentType")
    tagged = fields.maybe(Tag.CONTEXT_0, "eContent")
    fields.end()
    if tagged is None:
        return kind, None
    inner = asn1.inner(tagged, "eContent")
    if inner.tag != Tag.OCTET_STRING:
        raise Malformed("eContent: OCTET STRING expected")
    return kind, inner.content


def _form(content: bytes | None, digest: Digest | None) -> CmsContent:
    """By shape alone: a digest's size, its base64, or something else."""
    if content is None:
        return CmsContent.DETACHED
    size = SIZES[digest] if digest else 0
    if len(content) == size:
        return CmsContent.DIGEST
    if size and len(content) == 4 * ((size + 2) // 3):
        try:
            if len(b64decode(content, validate=True)) == size:
                return CmsContent.DIGEST_TEXT
        except binascii.Error:
            return CmsContent.WHOLE
    return CmsContent.WHOLE


# ---- whose it is ----


def _certificates(element: Element | None) -> tuple[bytes, ...]:
    """CertificateSet, each once; only X.509 certificates are any."""
    if element is None:
        return ()
    found: dict[bytes, None] = {}
    for count, each in enumerate(element.children("certificates")):
        if count == MAX_CERTIFICATES:
            raise BeyondLimits(f"certificates: more than {MAX_CERTIFICATES}")
        if each.tag != Tag.SEQUENCE:
            raise Malformed("certificates: something else than an X.509 certificate")
        if each.end - each.start > MAX_CERTIFICATE:
            raise BeyondLimits(f"certificates: one larger than {MAX_CERTIFICATE} bytes")
        found[each.raw] = None
    return tuple(found)


def _identified(signer: Fields, certificates: tuple[bytes, ...]) -> bytes | None:
    """The certificate that SignerIdentifier names; None where it is not in the container.

    Raises:
        Malformed: version and identifier of different kinds, or two certificates of that name.
    """
    version = asn1.integer(signer.take(Tag.INTEGER, "version"), "SignerInfo.version")
    sid = signer.any("sid")
    read = [(der, _readable(der)) for der in certificates]
    readable = [(der, found) for der, found in read if isinstance(found, Certificate)]
    match version, sid.tag:
        case 1, Tag.SEQUENCE:
            named = asn1.sequence(sid, "issuerAndSerialNumber")
            issuer = named.take(Tag.SEQUENCE, "issuer").raw
            serial = named.take(Tag.INTEGER, "serialNumber").content
            named.end()
            number = int.from_bytes(serial, "big", signed=True)
            own = [d for d, c in readable if c.issuer_raw == issuer and c.serial == number]
        case 3, 0x80:
            own = [d for d, c in readable if c.key_id is not None and c.key_id == sid.content]
        case _:
            raise Malformed("SignerInfo: version and identifier do not go together")
    if len(own) > 1:
        raise Malformed("certificates: several of the name the signer gives")
    if not own:
        for _, over in read:
            if isinstance(over, BeyondLimits):
                raise over
    return own[0] if own else None


def _readable(der: bytes) -> Certificate | BeyondLimits | None:
    try:
        return read_certificate(der)
    except BeyondLimits as over:  # it may be the signer's: that is doubt
        return over
    except Malformed:  # one that cannot be read is nobody's
        return None


def _attributes(signer: Fields, content_type: str, seen: set[CmsDeviation]) -> CmsAttributes | None:
    tagged = signer.maybe(Tag.CONTEXT_0, "signedAttrs")
    if tagged is None:
        return None
    found = signed_attributes(tagged, seen)
    if found.content_type != content_type:
        if not {found.content_type, content_type} <= DATA:
            raise Malformed("signedAttrs: contentType is not that of the content")
        seen.add(CmsDeviation.CONTENT_TYPE_FAMILY)
    return found
