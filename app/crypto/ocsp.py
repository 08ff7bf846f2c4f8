"""OCSP responses brought along or imported (RFC 6960, GB/T 19713); nothing is asked from here.

An answer counts if it is signed by the very authority that issued the certificate, or by a
responder that this authority certified for OCSP; if it names the certificate by both hashes and the
serial number; and, for "good", if it is fresh. A nonce binds an answer to a question; there was
none, so its absence says nothing. What is unknown, stale or of another responder is no "good".
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from types import MappingProxyType

from app.crypto import asn1, schemes
from app.crypto.asn1 import Element, Fields, Limits, Tag
from app.crypto.certificates import algorithm, read_certificate
from app.crypto.digests import DIGEST_BY_OID, digest
from app.crypto.extensions import extension
from app.crypto.revocation import REASONS, Standing, unknown
from app.domain.certificate import (
    FATAL_DEVIATIONS,
    Certificate,
    KeyUsage,
    Revocation,
    RevocationGap,
    RevocationReason,
    RevocationState,
    gravest,
)
from app.domain.clocks import AUTHORITY_SKEW
from app.domain.errors import InvalidSignature, Malformed
from app.domain.ocsp import OcspAnswer, OcspResponse, OcspStatus
from app.domain.scheme import Digest, Scheme

LIMITS = Limits(octets=256 * 1024, children=128, depth=12)
"""256 KiB a response: one answer with its responder's certificate has 2 kB."""
MAX_CERTIFICATES = 8
KEPT = 2_048
"""Responses kept after reading: all that a store hands out."""
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
_BASIC, _NONCE = "1.3.6.1.5.5.7.48.1.1", "1.3.6.1.5.5.7.48.1.2"
_GOOD, _REVOKED, _UNKNOWN = 0x80, 0xA1, 0x82
_SIGNS = frozenset({KeyUsage.DIGITAL_SIGNATURE, KeyUsage.NON_REPUDIATION})
_HASHES: MappingProxyType[Digest, Callable[[bytes], bytes]] = MappingProxyType(
    {
        Digest.SHA1: lambda data: sha1(data, usedforsecurity=False).digest(),
        Digest.SHA256: lambda data: digest(Digest.SHA256, data),
        Digest.SHA384: lambda data: digest(Digest.SHA384, data),
        Digest.SHA512: lambda data: digest(Digest.SHA512, data),
        Digest.SM3: lambda data: digest(Digest.SM3, data),
    }
)
"""For CertID and ResponderID only: whom a hash names, the signature must then prove."""

Check = Callable[[str, bytes | None, bytes, bytes, bytes], None]
"""(signature OID, parameters, message, value, SPKI); raises `InvalidSignature`."""
IsRevoked = Callable[[Certificate], bool]
"""Whether lists of the same authority name a responder's certificate."""


@lru_cache(KEPT)
def read_ocsp(der: bytes) -> OcspResponse:
    """The response `der` consists of.

    Raises:
        Malformed: not a successful basic response, larger than `LIMITS`, or a part that decides
            cannot be read exactly.
    """
    outer = asn1.sequence(asn1.read(der, LIMITS, "OCSPResponse"), "OCSPResponse")
    status = asn1.integer(outer.take(Tag.ENUMERATED, "responseStatus"), "responseStatus")
    if status != 0:
        told = f" ({status})" if status in range(1, 7) else ""  # RFC 6960 §4.2.1 knows no others
        raise Malformed(f"OCSPResponse: not successful{told}")
    given = asn1.inner(outer.take(Tag.CONTEXT_0, "responseBytes"), "responseBytes")
    outer.end()
    bytes_ = asn1.sequence(given, "responseBytes")
    if asn1.oid(bytes_.any("responseType"), "responseType") != _BASIC:
        raise Malformed("responseBytes: not a basic response")
    content = bytes_.take(Tag.OCTET_STRING, "response").content
    bytes_.end()
    return _basic(asn1.sequence(asn1.read(content, LIMITS, "BasicOCSPResponse"), "Basic"))


def _basic(outer: Fields) -> OcspResponse:
    message = outer.take(Tag.SEQUENCE, "tbsResponseData")
    oid, parameters = algorithm(outer.take(Tag.SEQUENCE, "signatureAlgorithm"), "OCSP")
    value = asn1.octets_of_bits(outer.any("signature"), "OCSP.signature")
    certificates = _certificates(outer.maybe(Tag.CONTEXT_0, "certs"))
    outer.end()
    data = asn1.sequence(message, "ResponseData")
    version = data.maybe(Tag.CONTEXT_0, "version")
    if version is not None and asn1.integer(asn1.inner(version, "version"), "version") != 0:
        raise Malformed("ResponseData.version: not v1")
    name, key = _responder(data.any("responderID"))
    produced_at = asn1.moment(data.take(Tag.GENERALIZED_TIME, "producedAt"), "producedAt")
    answers = tuple(
        _answer(asn1.sequence(each, "SingleResponse"))
        for each in data.take(Tag.SEQUENCE, "responses").children("responses")
    )
    critical = _critical(data.maybe(Tag.CONTEXT_1, "responseExtensions"))
    data.end()
    return OcspResponse(
        responder_name=name,
        responder_key=key,
        produced_at=produced_at,
        answers=answers,
        unknown_critical=critical,
        certificates=certificates,
        signature_oid=oid,
        signature_parameters=parameters,
        message=message.raw,
        value=value,
    )


def _certificates(tagged: Element | None) -> tuple[bytes, ...]:
    if tagged is None:
        return ()
    found = tuple(asn1.inner(tagged, "certs").children("certs"))
    if len(found) > MAX_CERTIFICATES:
        raise Malformed(f"certs: more than {MAX_CERTIFICATES}")
    return tuple(each.raw for each in found)


def _responder(element: Element) -> tuple[bytes | None, bytes | None]:
    """ResponderID: byName [1] EXPLICIT, or byKey [2] EXPLICIT."""
    inner = asn1.inner(element, "responderID")
    match element.tag, inner.tag:
        case Tag.CONTEXT_1, Tag.SEQUENCE:
            return inner.raw, None
        case Tag.CONTEXT_2, Tag.OCTET_STRING:
            return None, inner.content
        case _:
            raise Malformed("responderID: neither a name nor a key")


def _answer(fields: Fields) -> OcspAnswer:
    named = asn1.sequence(fields.take(Tag.SEQUENCE, "certID"), "CertID")
    oid, _ = algorithm(named.take(Tag.SEQUENCE, "hashAlgorithm"), "CertID")
    name_hash = named.take(Tag.OCTET_STRING, "issuerNameHash").content
    key_hash = named.take(Tag.OCTET_STRING, "issuerKeyHash").content
    serial = named.take(Tag.INTEGER, "serialNumber").content
    named.end()
    status, revoked_at, reason = _status(fields.any("certStatus"))
    this_update = asn1.moment(fields.take(Tag.GENERALIZED_TIME, "thisUpdate"), "thisUpdate")
    tagged = fields.maybe(Tag.CONTEXT_0, "nextUpdate")
    next_update = None if tagged is None else asn1.moment(asn1.inner(tagged, "next"), "nextUpdate")
    critical = _critical(fields.maybe(Tag.CONTEXT_1, "singleExtensions"))
    fields.end()
    return OcspAnswer(
        hash_oid=oid,
        name_hash=name_hash,
        key_hash=key_hash,
        serial=int.from_bytes(serial, "big", signed=True),
        status=status,
        revoked_at=revoked_at,
        reason=reason,
        this_update=this_update,
        next_update=next_update,
        unknown_critical=critical,
    )


def _status(element: Element) -> tuple[OcspStatus, datetime | None, RevocationReason | None]:
    """CertStatus: good [0], revoked [1] RevokedInfo, unknown [2]."""
    if element.tag == _REVOKED:
        fields = element.fields("RevokedInfo")
        at = asn1.moment(fields.take(Tag.GENERALIZED_TIME, "revocationTime"), "revocationTime")
        tagged = fields.maybe(Tag.CONTEXT_0, "revocationReason")
        fields.end()
        if tagged is None:
            return OcspStatus.REVOKED, at, RevocationReason.ABSENT
        code = asn1.integer(asn1.inner(tagged, "reason"), "revocationReason")
        return OcspStatus.REVOKED, at, REASONS.get(code, RevocationReason.UNKNOWN)
    if element.tag in {_GOOD, _UNKNOWN} and not element.content:
        return (OcspStatus.GOOD if element.tag == _GOOD else OcspStatus.UNKNOWN), None, None
    raise Malformed("certStatus: neither good nor revoked nor unknown")


def _critical(tagged: Element | None) -> bool:
    """Whether an extension says that without it nothing can be understood."""
    if tagged is None:
        return False
    found = [extension(e) for e in asn1.inner(tagged, "extensions").children("extensions")]
    return any(critical and name != _NONCE for name, critical, _ in found)


def is_response(data: bytes) -> bool:
    """By its first octets: a sequence that begins with responseStatus, as nothing else does."""
    long = data[1:2] > b"\x80"
    first = 2 + (data[1] & 0x7F if long else 0)
    return data[:1] == b"\x30" and data[first : first + 1] == bytes((Tag.ENUMERATED,))


# ---- the word of responses on one certificate ----


def ocsp_standing(  # noqa: PLR0917 - a certificate, who vouches, and how to ask
    certificate: Certificate,
    authority: Certificate,
    responses: Iterable[OcspResponse],
    fresh_at: datetime,
    check: Check,
    is_revoked: IsRevoked,
) -> Standing | None:
    """What responses say of `certificate`, issued by `authority`; None: they do not speak of it.

    A revocation counts at any age; of several good answers the youngest does.
    """
    found = [
        (_word(response, answer, certificate, authority, fresh_at, check, is_revoked), response)
        for response in responses
        for answer in response.answers
        if answer.serial == certificate.serial and _is_of(answer, authority)
    ]
    if not found:
        return None
    revoked = [word for word, _ in found if word.at is not None]
    good = [each for each in found if each[0].state is RevocationState.GOOD]
    if revoked:
        return Standing(gravest(revoked))
    if good:
        word, by = max(good, key=lambda g: (g[0].good_until is not None, g[0].good_until))
        return Standing(word, algorithms=_algorithms(by, authority, check, is_revoked))
    return Standing(found[0][0])


def _algorithms(
    response: OcspResponse, authority: Certificate, check: Check, is_revoked: IsRevoked
) -> tuple[Scheme | None, ...]:
    """Of the response, and of the certificate of a responder that is not the authority itself."""
    own = schemes.named_scheme(response.signature_oid, response.signature_parameters)
    speaker = _speaker(response, authority, check, is_revoked)
    if speaker is None:  # then nothing is good by its word
        return (None,)
    if speaker.sha256 == authority.sha256:
        return (own,)
    return own, schemes.named_scheme(speaker.signature_oid, speaker.signature_parameters)


def issued_for(response: OcspResponse, authority: Certificate) -> bool:
    """Whether the response speaks of certificates of `authority`, by it or whom it certified.

    Before one is kept. Whether the responder's own certificate was revoked, and whether the
    response is fresh, is asked at each use.
    """
    if not response.answers or not all(_is_of(a, authority) for a in response.answers):
        return False
    responder = _speaker(response, authority, _check, lambda _: False)
    try:
        if responder is not None:
            _check(
                response.signature_oid,
                response.signature_parameters,
                response.message,
                response.value,
                responder.spki,
            )
    except InvalidSignature:
        return False
    return responder is not None


def _check(oid: str, parameters: bytes | None, message: bytes, value: bytes, spki: bytes) -> None:
    schemes.verify(schemes.scheme_for_oid(oid, parameters), spki=spki, message=message, value=value)


def _is_of(answer: OcspAnswer, authority: Certificate) -> bool:
    name = DIGEST_BY_OID.get(answer.hash_oid)
    hashed = _HASHES.get(name) if name is not None else None
    return hashed is not None and (answer.name_hash, answer.key_hash) == (
        hashed(authority.subject_raw),
        hashed(_key_bits(authority)),
    )


def _key_bits(certificate: Certificate) -> bytes:
    """SubjectPublicKey without tag, length and unused bits (RFC 6960 §4.1.1)."""
    fields = asn1.sequence(asn1.read(certificate.spki, LIMITS, "spki"), "spki")
    fields.any("algorithm")
    return asn1.octets_of_bits(fields.any("subjectPublicKey"), "spki")


def _word(  # noqa: PLR0917
    response: OcspResponse,
    answer: OcspAnswer,
    certificate: Certificate,
    authority: Certificate,
    fresh_at: datetime,
    check: Check,
    is_revoked: IsRevoked,
) -> Revocation:
    def gap(why: RevocationGap) -> Revocation:
        return unknown(why, certificate.sha256)

    responder = _speaker(response, authority, check, is_revoked)
    if responder is None:
        return gap(RevocationGap.RESPONDER)
    try:
        check(
            response.signature_oid,
            response.signature_parameters,
            response.message,
            response.value,
            responder.spki,
        )
    except InvalidSignature:
        return gap(RevocationGap.BAD_SIGNATURE)
    if response.unknown_critical or answer.unknown_critical:
        return gap(RevocationGap.UNKNOWN_CRITICAL)
    if answer.status is OcspStatus.REVOKED:
        return Revocation(
            state=RevocationState.REVOKED,
            certificate=certificate.sha256,
            at=answer.revoked_at,
            reason=answer.reason,
        )
    if answer.status is OcspStatus.UNKNOWN:
        return gap(RevocationGap.UNKNOWN_TO_RESPONDER)
    stale = _stale(response, answer, certificate, fresh_at)
    if stale is not None:
        return gap(stale)
    return Revocation(state=RevocationState.GOOD, good_until=answer.next_update)


def _stale(
    response: OcspResponse, answer: OcspAnswer, certificate: Certificate, fresh_at: datetime
) -> RevocationGap | None:
    """Why "good" says nothing at `fresh_at`, or None."""
    if max(answer.this_update, response.produced_at) > fresh_at + AUTHORITY_SKEW:
        return RevocationGap.FROM_FUTURE
    if answer.next_update is None:
        return RevocationGap.NO_NEXT_UPDATE
    if fresh_at > answer.next_update:
        return RevocationGap.STALE
    if answer.this_update > certificate.not_after:
        return RevocationGap.AFTER_EXPIRY
    return None


def _speaker(
    response: OcspResponse, authority: Certificate, check: Check, is_revoked: IsRevoked
) -> Certificate | None:
    """The authority itself, or a responder it certified for this and nothing above it."""
    if _names(response, authority):
        return authority
    for der in response.certificates:
        try:
            found = read_certificate(der)
            named = _names(response, found)
        except Malformed:
            continue
        if not (named and _delegated(found, authority, response.produced_at)):
            continue
        try:
            check(
                found.signature_oid,
                found.signature_parameters,
                found.message,
                found.value,
                authority.spki,
            )
        except InvalidSignature:
            continue
        return None if is_revoked(found) else found
    return None


def _names(response: OcspResponse, certificate: Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == certificate.subject_raw
    bits = _key_bits(certificate)
    return response.responder_key == sha1(bits, usedforsecurity=False).digest()


def _delegated(found: Certificate, authority: Certificate, at: datetime) -> bool:
    """RFC 6960 §4.2.2.2: issued by this authority, for OCSP signing, and in date."""
    purposes = found.extended_key_usage or frozenset()
    usage = found.key_usage
    return (
        found.issuer_raw == authority.subject_raw
        and OCSP_SIGNING in purposes
        and (usage is None or bool(usage & _SIGNS))
        and not found.is_ca
        and not found.deviations & FATAL_DEVIATIONS
        and found.not_before <= at <= found.not_after
    )
