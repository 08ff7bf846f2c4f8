"""证书撤销列表: reading them, and what one says of one certificate (RFC 5280 §5, §6.3; GB/T 20518).

`standing` is our own reading of "this list names that serial", apart from the path validator, which
looks at lists only when told to require them (libraries: the trap of the soft modes). A list counts
for "good" if it is complete, of that authority, signed by it and fresh; for "revoked" its age does
not matter.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from app.crypto import asn1, schemes
from app.crypto.asn1 import Element, Fields, Limits, Tag
from app.crypto.certificates import algorithm
from app.crypto.digests import digest
from app.crypto.extensions import extension
from app.domain.certificate import (
    Certificate,
    Crl,
    KeyUsage,
    Revocation,
    RevocationGap,
    RevocationReason,
    RevocationState,
    RevokedEntry,
    gravest,
)
from app.domain.clocks import AUTHORITY_SKEW
from app.domain.errors import InvalidSignature, Malformed
from app.domain.scheme import Digest, Scheme

LIMITS = Limits(octets=16 * 1024 * 1024, children=400_000, depth=10)
"""16 MiB a list: 400,000 entries of 40 bytes. National authorities publish parts far below that."""
MAX_LISTS = 8
"""Lists of one authority looked at for one certificate, the youngest first."""
MAX_POINTS = 16
MAX_POINT = 512
_PEM = re.compile(rb"\s*-----BEGIN X509 CRL-----\s+([A-Za-z0-9+/=\s]+)-----END X509 CRL-----\s*")
_V2 = 1

_NUMBER, _DELTA, _SCOPE = "2.5.29.20", "2.5.29.27", "2.5.29.28"
_AUTHORITY, _EXPIRED = "2.5.29.35", "2.5.29.60"
_REASON, _HOLD, _INVALIDITY, _ISSUER = "2.5.29.21", "2.5.29.23", "2.5.29.24", "2.5.29.29"
_LIST_KNOWN = frozenset({_NUMBER, _DELTA, _SCOPE, _AUTHORITY, _EXPIRED})

REASONS = MappingProxyType(
    {
        0: RevocationReason.UNSPECIFIED,
        1: RevocationReason.KEY_COMPROMISE,
        2: RevocationReason.CA_COMPROMISE,
        3: RevocationReason.AFFILIATION_CHANGED,
        4: RevocationReason.SUPERSEDED,
        5: RevocationReason.CESSATION_OF_OPERATION,
        6: RevocationReason.CERTIFICATE_HOLD,
        8: RevocationReason.REMOVE_FROM_CRL,
        9: RevocationReason.PRIVILEGE_WITHDRAWN,
        10: RevocationReason.AA_COMPROMISE,
    }
)
"""CRLReason (RFC 5280 §5.3.1)."""


def read_crl(data: bytes) -> Crl:
    """The revocation list in DER or PEM.

    Raises:
        Malformed: neither, larger than `LIMITS`, or a part that decides cannot be read exactly.
    """
    der = _from_pem(data) if data.lstrip()[:5] == b"-----" else data
    outer = asn1.sequence(asn1.read(der, LIMITS, "CRL"), "CRL")
    message = outer.take(Tag.SEQUENCE, "tbsCertList")
    oid, parameters = algorithm(outer.take(Tag.SEQUENCE, "signatureAlgorithm"), "CRL")
    value = asn1.octets_of_bits(outer.any("signatureValue"), "CRL.signatureValue")
    outer.end()
    tbs = asn1.sequence(message, "tbsCertList")
    version = tbs.maybe(Tag.INTEGER, "version")
    if version is not None and asn1.integer(version, "tbsCertList.version") != _V2:
        raise Malformed("tbsCertList.version: not v2")
    if algorithm(tbs.take(Tag.SEQUENCE, "signature"), "tbsCertList") != (oid, parameters):
        raise Malformed("CRL: two signature algorithms")
    issuer = tbs.take(Tag.SEQUENCE, "issuer")
    this_update = asn1.moment(tbs.any("thisUpdate"), "tbsCertList.thisUpdate")
    next_update = None
    if tbs.peek() in {Tag.UTC_TIME, Tag.GENERALIZED_TIME}:
        next_update = asn1.moment(tbs.any("nextUpdate"), "tbsCertList.nextUpdate")
    found = _Found()
    revoked = tbs.maybe(Tag.SEQUENCE, "revokedCertificates")
    if revoked is not None:
        _read_entries(revoked, found)
    tagged = tbs.maybe(Tag.CONTEXT_0, "crlExtensions")
    tbs.end()
    if tagged is not None:
        for element in asn1.inner(tagged, "crlExtensions").children("crlExtensions"):
            _list_extension(element, found)
    return Crl(
        der=der,
        sha256=digest(Digest.SHA256, der).hex(),
        issuer_raw=issuer.raw,
        this_update=this_update,
        next_update=next_update,
        number=found.number,
        entries=MappingProxyType(found.entries),
        authority_key_id=found.authority_key_id,
        delta=found.delta,
        indirect=found.indirect,
        points=found.points,
        only_users=found.only_users,
        only_authorities=found.only_authorities,
        partial=found.partial,
        unknown_critical=found.unknown_critical,
        expired_certificates_since=found.expired_since,
        signature_oid=oid,
        signature_parameters=parameters,
        message=message.raw,
        message_sha256=digest(Digest.SHA256, message.raw),
        value=value,
    )


class _Found:
    """What is gathered while reading one list."""

    def __init__(self) -> None:
        self.entries: dict[int, RevokedEntry] = {}
        self.number: int | None = None
        self.authority_key_id: bytes | None = None
        self.delta = False
        self.indirect = False
        self.points: tuple[str, ...] | None = None
        self.only_users = False
        self.only_authorities = False
        self.partial = False
        self.unknown_critical = False
        self.expired_since: datetime | None = None


def _from_pem(data: bytes) -> bytes:
    match = _PEM.fullmatch(data) if len(data) <= 2 * LIMITS.octets else None
    if match is None:
        raise Malformed("CRL: not one PEM block of an X509 CRL")
    try:
        return b64decode(b"".join(match[1].split()), validate=True)
    except binascii.Error as exc:
        raise Malformed("CRL: PEM is not base64") from exc


# ---- entries ----


def _read_entries(revoked: Element, found: _Found) -> None:
    read_before: dict[bytes, RevocationReason] = {}
    for element in revoked.children("revokedCertificates"):
        fields = asn1.sequence(element, "revokedCertificate")
        serial = int.from_bytes(fields.take(Tag.INTEGER, "serial").content, "big", signed=True)
        at = asn1.moment(fields.any("revocationDate"), "revokedCertificate.revocationDate")
        reason = RevocationReason.ABSENT
        if fields.left:
            more = fields.take(Tag.SEQUENCE, "crlEntryExtensions")
            known = read_before.get(more.raw)
            reason = known or _entry_extensions(more, found)
            if len(more.raw) <= MAX_POINT:
                read_before[more.raw] = reason
        fields.end()
        entry = RevokedEntry(at, reason)
        before = found.entries.get(serial)
        if before is None or at < before.at:
            found.entries[serial] = entry


def _entry_extensions(element: Element, found: _Found) -> RevocationReason:
    reason = RevocationReason.ABSENT
    for item in element.children("crlEntryExtensions"):
        name, critical, value = extension(item)
        if name == _REASON:
            code = asn1.integer(asn1.read(value, LIMITS, "reasonCode"), "reasonCode")
            reason = REASONS.get(code, RevocationReason.UNKNOWN)
        elif name == _ISSUER:
            found.indirect = True
        elif critical and name not in {_HOLD, _INVALIDITY}:
            found.unknown_critical = True
            reason = RevocationReason.UNKNOWN
    return reason


# ---- extensions of the list ----


def _list_extension(element: Element, found: _Found) -> None:
    name, critical, value = extension(element)
    if name not in _LIST_KNOWN:
        found.unknown_critical |= critical
        return
    content = asn1.read(value, LIMITS, "crlExtension")
    if name == _NUMBER:
        found.number = asn1.integer(content, "cRLNumber")
    elif name == _DELTA:
        found.delta = True
    elif name == _EXPIRED:
        found.expired_since = asn1.moment(content, "expiredCertsOnCRL")
    elif name == _AUTHORITY:
        fields = asn1.sequence(content, "authorityKeyIdentifier")
        if fields.peek() == _KEY_ID:
            found.authority_key_id = fields.any("keyIdentifier").content
    else:
        _scope(asn1.sequence(content, "issuingDistributionPoint"), found)


_KEY_ID, _URI = 0x80, 0x86
_ONLY_USERS, _ONLY_AUTHORITIES, _SOME_REASONS, _INDIRECT = range(0x81, 0x85)


def _scope(fields: Fields, found: _Found) -> None:
    """IssuingDistributionPoint (RFC 5280 §5.2.5); what cannot be read narrows the list."""
    for part in fields.members:
        if part.tag == Tag.CONTEXT_0:
            found.points = _point_names(part)
            found.partial |= not found.points
            continue
        if part.tag == _SOME_REASONS:
            found.partial = True
        elif asn1.boolean(part, "issuingDistributionPoint"):
            _narrow(part.tag, found)


def _narrow(tag: int, found: _Found) -> None:
    if tag == _ONLY_USERS:
        found.only_users = True
    elif tag == _ONLY_AUTHORITIES:
        found.only_authorities = True
    elif tag == _INDIRECT:
        found.indirect = True
    else:
        found.partial = True


def _point_names(part: Element) -> tuple[str, ...]:
    names: list[str] = []
    for name in part.children("distributionPoint"):
        if name.tag == Tag.CONTEXT_0:
            names.extend(
                uri.content[:MAX_POINT].decode("utf-8", errors="replace")
                for uri in name.children("fullName")
                if uri.tag == _URI
            )
    return tuple(names[:MAX_POINTS])


# ---- the word of lists on one certificate ----

Verify = Callable[[Crl, Certificate], None]
"""Raises `InvalidSignature` unless the list is signed by the authority."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lists say of one certificate, and the list that says it is good."""

    revocation: Revocation
    source: Crl | None = None
    algorithms: tuple[Scheme | None, ...] = ()
    """By which what says that it is good is signed."""


def standing(
    certificate: Certificate,
    authority: Certificate,
    lists: Iterable[Crl],
    fresh_at: datetime,
    verify: Verify,
) -> Standing:
    """The word of `authority`'s lists on `certificate`.

    A revocation counts at any age, except a hold that a younger complete list no longer names.
    """
    own = [crl for crl in lists if _is_of(crl, authority)]
    own.sort(key=lambda crl: crl.this_update, reverse=True)
    gaps: list[RevocationGap] = []
    good: Crl | None = None
    listed: list[RevokedEntry] = []
    for crl in own[:MAX_LISTS]:
        gap = _unusable(crl, authority, verify)
        if gap is not None:
            gaps.append(gap)
            continue
        entry = crl.entries.get(certificate.serial)
        if entry is None:
            gap = _not_good(crl, certificate, fresh_at)
            if gap is None:
                good = good or crl
            else:
                gaps.append(gap)
        elif entry.reason is RevocationReason.REMOVE_FROM_CRL:
            gaps.append(RevocationGap.DELTA if crl.delta else RevocationGap.HELD_AND_REMOVED)
        elif good is None or entry.reason is not RevocationReason.CERTIFICATE_HOLD:
            listed.append(entry)
    return _weigh(certificate, good, listed, gaps)


def _weigh(
    certificate: Certificate,
    good: Crl | None,
    listed: list[RevokedEntry],
    gaps: list[RevocationGap],
) -> Standing:
    if listed:
        return Standing(
            gravest(
                [
                    Revocation(
                        state=RevocationState.REVOKED,
                        certificate=certificate.sha256,
                        at=entry.at,
                        reason=entry.reason,
                    )
                    for entry in listed
                ]
            )
        )
    if good is None or RevocationGap.HELD_AND_REMOVED in gaps:
        why = gaps[0] if gaps else RevocationGap.NO_LIST
        return Standing(unknown(why, certificate.sha256))
    return Standing(
        Revocation(state=RevocationState.GOOD, good_until=good.next_update),
        source=good,
        algorithms=(schemes.named_scheme(good.signature_oid, good.signature_parameters),),
    )


def unknown(why: RevocationGap, certificate: str | None = None) -> Revocation:
    """Nothing is known, and why."""
    return Revocation(state=RevocationState.UNKNOWN, why=why, certificate=certificate)


def _is_of(crl: Crl, authority: Certificate) -> bool:
    """Same name, and not plainly of another key of that name."""
    if crl.issuer_raw != authority.subject_raw:
        return False
    ids = (crl.authority_key_id, authority.key_id)
    return None in ids or ids[0] == ids[1]


def _unusable(crl: Crl, authority: Certificate, verify: Verify) -> RevocationGap | None:
    """Why nothing at all is taken from the list, or None."""
    if authority.key_usage is None or KeyUsage.CRL_SIGN not in authority.key_usage:
        return RevocationGap.NO_CRL_SIGN
    if crl.indirect:
        return RevocationGap.INDIRECT
    try:
        verify(crl, authority)
    except InvalidSignature:
        return RevocationGap.BAD_SIGNATURE
    return None


def _not_good(crl: Crl, certificate: Certificate, fresh_at: datetime) -> RevocationGap | None:
    """Why the list's silence says nothing of the certificate at `fresh_at`, or None."""
    if crl.delta:
        return RevocationGap.DELTA
    if crl.unknown_critical:
        return RevocationGap.UNKNOWN_CRITICAL
    if crl.partial or not _covers(crl, certificate):
        return RevocationGap.PARTIAL
    return freshness_gap(crl, fresh_at) or _lifetime_gap(crl, certificate)


def _covers(crl: Crl, certificate: Certificate) -> bool:
    if crl.only_authorities if not certificate.is_ca else crl.only_users:
        return False
    return crl.points is None or not set(crl.points).isdisjoint(certificate.crl_points)


def freshness_gap(crl: Crl, at: datetime) -> RevocationGap | None:
    """Why the list is not fresh at `at`, or None."""
    if crl.this_update > at + AUTHORITY_SKEW:
        return RevocationGap.FROM_FUTURE
    if crl.next_update is None:
        return RevocationGap.NO_NEXT_UPDATE
    return RevocationGap.STALE if at > crl.next_update else None


def _lifetime_gap(crl: Crl, certificate: Certificate) -> RevocationGap | None:
    """Lists speak of certificates that exist, and may forget them when they end."""
    if crl.next_update is not None and crl.next_update < certificate.not_before:
        return RevocationGap.BEFORE_ISSUE
    kept = crl.expired_certificates_since
    forgotten = crl.this_update > certificate.not_after
    if forgotten and (kept is None or kept > certificate.not_after):
        return RevocationGap.AFTER_EXPIRY
    return None


def issued_by(crl: Crl, issuer: Certificate) -> bool:
    """Whether an authority of that name and key signed the list; its right to is asked elsewhere.

    Before a list that came over a network is kept: whoever stands in between could else fill the
    store with younger lists that hold for nobody.
    """
    if crl.issuer_raw != issuer.subject_raw:
        return False
    try:
        scheme = schemes.scheme_for_oid(crl.signature_oid, crl.signature_parameters)
        schemes.verify(scheme, spki=issuer.spki, message=crl.message, value=crl.value)
    except InvalidSignature:
        return False
    return True
