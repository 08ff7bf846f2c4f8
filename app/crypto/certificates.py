"""Certificates read by ourselves, for the parts that decide (RFC 5280 §4, GB/T 20518, GM/T 0015).

Certification authorities issue certificates that strict parsers refuse: odd string types in names,
defaults written out, extensions that are not what their identifiers say. They are read all the same
if the parts needed are exact, and every departure is named. Names are text for people only.
"""

from datetime import datetime
from functools import lru_cache

from app.crypto import asn1, schemes, spki
from app.crypto.asn1 import Element, Limits, Tag
from app.crypto.digests import digest
from app.crypto.extensions import Extension, Extensions, read_extensions
from app.crypto.names import certified_codes, chosen_codes, name_attributes, named_codes
from app.domain.certificate import (
    Certificate,
    CertificateDeviation,
    KeyUsage,
    Role,
    RoleFinding,
)
from app.domain.errors import InvalidKey, InvalidSignature, Malformed
from app.domain.scheme import Digest, Scheme

LIMITS = Limits(octets=16 * 1024, children=512, depth=12)
"""16 KiB a certificate (threats CRT-13); the largest met has 1.3 KiB."""
KEPT = 512
"""Certificates kept after reading, by their octets; at most 8 MiB of them."""
MAX_SERIAL = 20
"""Octets of a serial number (RFC 5280 §4.1.2.2)."""
_V3 = 2
_GENERALIZED_FROM = 2050
_UNIQUE_IDS = (0x81, 0x82)

_SCHEME_BY_CURVE = {
    spki.Curve.SM2: Scheme.SM2_SM3,
    spki.Curve.P256: Scheme.ECDSA_P256_SHA256,
    spki.Curve.P384: Scheme.ECDSA_P384_SHA384,
    spki.Curve.P521: Scheme.ECDSA_P521_SHA512,
}


@lru_cache(KEPT)
def read_certificate(der: bytes) -> Certificate:
    """The certificate `der` consists of.

    Raises:
        Malformed: not DER, larger than `LIMITS`, or a part that decides cannot be read exactly.
    """
    outer = asn1.sequence(asn1.read(der, LIMITS, "certificate"), "certificate")
    message = outer.take(Tag.SEQUENCE, "tbsCertificate")
    oid, parameters = algorithm(outer.take(Tag.SEQUENCE, "signatureAlgorithm"), "certificate")
    value = asn1.octets_of_bits(outer.any("signatureValue"), "certificate.signatureValue")
    outer.end()

    seen: set[CertificateDeviation] = set()
    tbs = asn1.sequence(message, "tbsCertificate")
    version = _version(tbs.maybe(Tag.CONTEXT_0, "version"))
    serial = _serial(tbs.take(Tag.INTEGER, "serialNumber"), seen)
    inner = algorithm(tbs.take(Tag.SEQUENCE, "signature"), "tbsCertificate")
    if inner != (oid, parameters):
        seen.add(CertificateDeviation.ALGORITHMS_DIFFER)
    issuer = tbs.take(Tag.SEQUENCE, "issuer")
    validity = asn1.sequence(tbs.take(Tag.SEQUENCE, "validity"), "validity")
    not_before = _time(validity.any("notBefore"), "validity.notBefore", seen)
    not_after = _time(validity.any("notAfter"), "validity.notAfter", seen)
    validity.end()
    subject = tbs.take(Tag.SEQUENCE, "subject")
    key = tbs.take(Tag.SEQUENCE, "subjectPublicKeyInfo")
    while tbs.peek() in _UNIQUE_IDS:
        tbs.any("uniqueID")
    tagged = tbs.maybe(Tag.CONTEXT_3, "extensions")
    tbs.end()
    if version != _V3:
        seen.add(CertificateDeviation.VERSION)
        if tagged is not None:
            raise Malformed("tbsCertificate: extensions in a certificate that is not v3")
    more = Extensions() if tagged is None else read_extensions(tagged, seen)
    subject_attributes = name_attributes(subject, "subject", seen)
    certified, named = certified_codes(more.organisation_values), named_codes(subject_attributes)
    every = dict.fromkeys((*certified, *named, *chosen_codes(subject_attributes)))
    return Certificate(
        der=der,
        sha256=digest(Digest.SHA256, der).hex(),
        sm3=digest(Digest.SM3, der).hex(),
        serial=serial,
        subject=subject_attributes,
        issuer=name_attributes(issuer, "issuer", seen),
        subject_raw=subject.raw,
        issuer_raw=issuer.raw,
        organisation_codes=tuple(every),
        certified_codes=certified,
        named_codes=named,
        spki=key.raw,
        scheme=_key_scheme(key.raw),
        not_before=not_before,
        not_after=not_after,
        key_usage=more.key_usage,
        extended_key_usage=more.extended_key_usage,
        extended_key_usage_critical=more.is_critical(Extension.EXTENDED_KEY_USAGE),
        is_ca=more.is_ca,
        path_length=more.path_length,
        key_id=more.key_id,
        authority_key_id=more.authority_key_id,
        crl_points=more.crl_points,
        signature_oid=oid,
        signature_parameters=parameters,
        message=message.raw,
        value=value,
        deviations=frozenset(seen),
    )


def algorithm(element: Element, place: str) -> tuple[str, bytes | None]:
    """(dotted OID, parameters) of an AlgorithmIdentifier."""
    fields = asn1.sequence(element, f"{place}.algorithm")
    oid = asn1.oid(fields.any("algorithm"), f"{place}.algorithm")
    parameters = fields.any("parameters").raw if fields.left else None
    fields.end()
    return oid, parameters


def _version(tagged: Element | None) -> int:
    if tagged is None:
        return 0
    version = asn1.integer(asn1.inner(tagged, "version"), "version")
    if version not in {1, _V3}:
        raise Malformed("version: neither v1 nor v2 nor v3")
    return version


def _serial(element: Element, seen: set[CertificateDeviation]) -> int:
    """A serial number; some authorities pad it, and what it was meant to be does not matter."""
    content = element.content
    if not content:
        raise Malformed("serialNumber: INTEGER without content")
    value = int.from_bytes(content, "big", signed=True)
    if value < 0:
        seen.add(CertificateDeviation.SERIAL_NEGATIVE)
    if value == 0:
        seen.add(CertificateDeviation.SERIAL_ZERO)
    if len(content) > MAX_SERIAL + 1 or value.bit_length() > 8 * MAX_SERIAL:
        seen.add(CertificateDeviation.SERIAL_LONG)
    if content != value.to_bytes(len(content), "big", signed=True).lstrip(b"\0") and (
        len(content) > 1 and content[0] in {0, 0xFF} and (content[0] ^ content[1]) < 0x80  # noqa: PLR2004
    ):
        seen.add(CertificateDeviation.SERIAL_NOT_MINIMAL)
    return value


def _time(element: Element, place: str, seen: set[CertificateDeviation]) -> datetime:
    at = asn1.moment(element, place)
    if element.tag == Tag.GENERALIZED_TIME and at.year < _GENERALIZED_FROM:
        seen.add(CertificateDeviation.TIME_FORM)
    return at


def _key_scheme(key: bytes) -> Scheme | None:
    """The scheme a key type fixes; RSA leaves the digest open, and unknown keys are not ours."""
    try:
        material = spki.parse(key)
    except InvalidKey:
        return None
    match material:
        case spki.EcPoint(curve, _):
            return _SCHEME_BY_CURVE[curve]
        case spki.EdPoint():
            return Scheme.ED25519
        case _:
            return None


def verify_issued(
    oid: str, parameters: bytes | None, message: bytes, value: bytes, issuer: Certificate
) -> None:
    """The issuer's signature over a certificate or a list.

    Raises:
        WeakAlgorithm: by name, before anything is computed.
        InvalidSignature: anything else than a signature of `message` by the issuer's key.
    """
    scheme = schemes.scheme_for_oid(oid, parameters)
    if issuer.scheme is not None and issuer.scheme is not scheme:
        raise InvalidSignature("algorithm unknown: not of the issuer's key")
    schemes.verify(scheme, spki=issuer.spki, message=message, value=value)


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether an authority of that name and key signed it; its right to is asked elsewhere."""
    if certificate.issuer_raw != issuer.subject_raw:
        return False
    oid, parameters = certificate.signature_oid, certificate.signature_parameters
    try:
        verify_issued(oid, parameters, certificate.message, certificate.value, issuer)
    except InvalidSignature:
        return False
    return True


# ---- roles ----

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_NEVER_SIGNERS = frozenset({TIME_STAMPING, "1.3.6.1.5.5.7.3.9"})
"""id-kp-timeStamping and id-kp-OCSPSigning: keys kept for one service."""
_NOT_DOCUMENTS = frozenset(
    {
        "1.3.6.1.5.5.7.3.1",  # server authentication
        "1.3.6.1.5.5.7.3.3",  # code signing
        "1.3.6.1.5.5.7.3.5",  # IPsec end system
        "1.3.6.1.5.5.7.3.6",  # IPsec tunnel
        "1.3.6.1.5.5.7.3.7",  # IPsec user
        "1.3.6.1.5.5.7.3.17",  # IPsec IKE
    }
)
_SIGNS = frozenset({KeyUsage.DIGITAL_SIGNATURE, KeyUsage.NON_REPUDIATION})
_ENCIPHERS = frozenset(
    {
        KeyUsage.KEY_ENCIPHERMENT,
        KeyUsage.DATA_ENCIPHERMENT,
        KeyUsage.KEY_AGREEMENT,
    }
)


def role_finding(certificate: Certificate, role: Role) -> RoleFinding:
    """Whether the certificate may act in the role.

    双证书 (GB/T 20518): the signing certificate says digitalSignature or nonRepudiation; whoever
    holds only an encryption certificate, whose key is escrowed, signs nothing.
    """
    usage = certificate.key_usage
    if usage is None:
        return RoleFinding.KEY_USAGE_ABSENT
    if not usage & _SIGNS:
        if usage & _ENCIPHERS:
            return RoleFinding.ENCRYPTION_CERTIFICATE
        return RoleFinding.IS_CA if certificate.is_ca else RoleFinding.NO_SIGNING_USAGE
    if certificate.is_ca:
        return RoleFinding.IS_CA
    purposes = certificate.extended_key_usage
    match role:
        case Role.TSA:
            only = (
                purposes == frozenset({TIME_STAMPING}) and certificate.extended_key_usage_critical
            )
            return RoleFinding.FITS if only else RoleFinding.NO_TIME_STAMPING
        case Role.SIGNER | Role.MAKER:
            if purposes is None or not (purposes & _NEVER_SIGNERS or purposes <= _NOT_DOCUMENTS):
                return RoleFinding.FITS
            return RoleFinding.OTHER_PURPOSE
