"""The mathematics of seals (电子签章), done once: GB/T 38540-2020 §6.3 and §7.3.

Certificates are judged twice, at the time of the act and today, because a claimed time can be
back-dated and a proven one cannot.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from app.crypto.certificates import read_certificate
from app.crypto.digests import digest, same
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.paths import validate_path
from app.crypto.ses import lists_signer, verify_seal, verify_signature
from app.crypto.ses.verify import VerifiedValue
from app.crypto.weak import WeakAlgorithm
from app.domain.certificate import Certificate, PathFact, Purpose, Role
from app.domain.errors import InvalidSignature, Malformed
from app.domain.facts import SignatureFacts, Value
from app.domain.identifier import IssuerCode
from app.domain.license import KeyId, Sealing
from app.domain.ofd import Coverage, OfdPackage
from app.domain.scheme import Digest, Scheme
from app.domain.seal import Seal, SealDeviation, SealSignature, ValueForm
from app.domain.sealed import (
    Arithmetic,
    CertificateFacts,
    Clocks,
    CoverageFacts,
    PackageFacts,
    Sameness,
    SealedFacts,
    SealFacts,
)
from app.domain.signing_time import read_signing_time
from app.domain.trust import Authorities

CLOCKS_AGREE = timedelta(minutes=10)
"""Between the time in Signature.xml and that under the signature: slow signers, skewed clocks."""
EIGHT_HOURS = timedelta(hours=8)

_SM2 = "1.2.156.10197.1.501"
_STRUCTURAL = re.compile(r"[A-Za-z0-9_./-]{1,160}\Z")
"""Names of parts that producers choose by rule; any other may be a person's words."""
_UNREAD = "unread"

_Verify = Callable[[], VerifiedValue]


def measure_sealing(sealing: Sealing, authorities: Authorities, now: datetime) -> SignatureFacts:
    """Everything a seal's checks will read."""
    signature = sealing.signature
    if signature is None:
        return _unreadable(sealing)
    value, detail, found = _arithmetic(lambda: verify_signature(signature))
    then = signature.time or now
    judge = _Judge(authorities, now)
    signer = judge.facts(signature.certificate, Role.SIGNER, then)
    sealed = SealedFacts(
        layout=signature.layout,
        version=signature.version,
        seal=_seal(signature.seal, judge),
        signer=signer,
        listed=lists_signer(signature.seal, signature.certificate),
        data_hash=_data_hash(sealing, signature),
        scope=_scope(sealing, signature),
        seal_file=_seal_file(sealing, signature.seal),
        mismatched_algorithms=_mismatches(sealing, signature, found),
        clocks=_clocks(sealing.entry.signed_at, signature.time),
        coverage=coverage_facts(sealing.coverage),
        deviations=signature.deviations | (found.deviations if found else frozenset()),
    )
    return SignatureFacts(
        label=sealing.label,
        scheme=found.scheme if found else Scheme.SM2_SM3,
        signer=IssuerCode(
            signer.organisation_codes[0] if signer and signer.organisation_codes else ""
        ),
        key_id=KeyId(signer.sha256 if signer else _UNREAD),
        covers=sealing.covers,
        signed_at=signature.time,
        value=_VALUES[value],
        detail=detail,
        sealed=sealed,
    )


_VALUES: Mapping[Arithmetic, Value] = {
    Arithmetic.HOLDS: Value.HOLDS,
    Arithmetic.FAILS: Value.FAILS,
    Arithmetic.WEAK: Value.WEAK,
    Arithmetic.UNREADABLE: Value.UNREADABLE,
}


_NOT_SEALS = frozenset({ValueForm.CMS, ValueForm.BARE})


def _unreadable(sealing: Sealing) -> SignatureFacts:
    return SignatureFacts(
        label=sealing.label,
        scheme=Scheme.SM2_SM3,
        signer=IssuerCode(""),
        key_id=KeyId(_UNREAD),
        covers=frozenset(),
        signed_at=None,
        value=Value.UNSUPPORTED if sealing.form in _NOT_SEALS else Value.UNREADABLE,
        detail=sealing.problem,
    )


def _arithmetic(verify: _Verify) -> tuple[Arithmetic, str, VerifiedValue | None]:
    try:
        return Arithmetic.HOLDS, "", verify()
    except WeakAlgorithm as exc:
        return Arithmetic.WEAK, str(exc), None
    except InvalidSignature as exc:
        return Arithmetic.FAILS, str(exc), None
    except Malformed as exc:
        return Arithmetic.UNREADABLE, str(exc), None


# ---- certificates


class _Judge:
    """Certificates against the registry's authorities; the document's own count for nothing."""

    def __init__(self, authorities: Authorities, now: datetime) -> None:
        self._authorities = authorities
        self._intermediates = _readable(authorities.intermediates)
        self._now = now

    def facts(self, der: bytes, role: Role, then: datetime) -> CertificateFacts | None:
        """None where the certificate cannot be read."""
        try:
            leaf = read_certificate(der)
        except Malformed:
            return None
        return CertificateFacts(
            sha256=leaf.sha256,
            sm3=leaf.sm3,
            serial=f"{leaf.serial:x}",
            organisation_codes=leaf.organisation_codes,
            not_before=leaf.not_before,
            not_after=leaf.not_after,
            then=self._path(leaf, role, then),
            today=self._path(leaf, role, self._now),
            deviations=leaf.deviations,
        )

    def _path(self, leaf: Certificate, role: Role, moment: datetime) -> PathFact:
        return validate_path(
            leaf,
            self._intermediates,
            self._authorities.anchors,
            self._authorities.lists,
            moment=moment,
            purpose=Purpose.LICENSE_SEAL,
            role=role,
            fresh_at=max(moment, self._now),
        )


def _readable(ders: Iterable[bytes]) -> tuple[Certificate, ...]:
    found = []
    for der in ders:
        try:
            found.append(read_certificate(der))
        except Malformed:  # one that cannot be read leads nowhere
            continue
    return tuple(found)


def _seal(seal: Seal, judge: _Judge) -> SealFacts:
    value, detail, found = _arithmetic(lambda: verify_seal(seal))
    return SealFacts(
        layout=seal.layout,
        version=seal.version,
        id=seal.id if _STRUCTURAL.match(seal.id) else "",
        type=seal.type,
        created=seal.created,
        valid_from=seal.valid_from,
        valid_until=seal.valid_until,
        value=value,
        value_detail=detail,
        maker=judge.facts(seal.maker_certificate, Role.MAKER, seal.created),
        deviations=seal.deviations | (found.deviations if found else frozenset()),
    )


# ---- comparisons


def _data_hash(sealing: Sealing, signature: SealSignature) -> Arithmetic:
    """SM3 with SM2 (§7.2); seals by RSA of GM/T 0031-2014 took other digests, told by length."""
    by_length = {32: (Digest.SM3, Digest.SHA256), 48: (Digest.SHA384,), 64: (Digest.SHA512,)}
    candidates = by_length.get(len(signature.data_hash), ())
    if signature.algorithm == _SM2:
        candidates = (Digest.SM3,)
    content = sealing.entry.content
    found = any(same(digest(name, content), signature.data_hash) for name in candidates)
    return Arithmetic.HOLDS if found else Arithmetic.FAILS


def _scope(sealing: Sealing, signature: SealSignature) -> Sameness:
    """The 签名保护范围: propertyInfo has to name it, as the path of Signature.xml."""
    text = signature.property_info.strip()
    if not text:
        return Sameness.ABSENT
    named = _members(text) if text.startswith("{") else (text,)
    found = any(name.lstrip("/") == sealing.entry.part for name in named)
    return Sameness.SAME if found else Sameness.DIFFERS


def _members(text: str) -> tuple[str, ...]:
    """The texts of a JSON object: its structure is free (§7.1), and one vendor's is this."""
    try:
        found = read_json_object(text.encode(), JsonLimits(size=4096))
    except Malformed:
        return ()
    return tuple(value for value in found.values() if isinstance(value, str))


def _seal_file(sealing: Sealing, seal: Seal) -> Sameness:
    if not sealing.entry.seal_declared:
        return Sameness.ABSENT
    return Sameness.SAME if sealing.entry.seal == seal.raw else Sameness.DIFFERS


def _mismatches(
    sealing: Sealing, signature: SealSignature, found: VerifiedValue | None
) -> tuple[str, ...]:
    """Places that name another algorithm than the value was verified by (OFD-23)."""
    declared, written = sealing.entry.method, signature.algorithm
    tolerated = {SealDeviation.KEY_ALGORITHM, SealDeviation.CMS_ALGORITHM}
    misnamed = found is not None and bool(found.deviations & tolerated)
    if declared is None or declared == written or (misnamed and declared == _SM2):
        return ()
    return ("SignatureMethod",)


def _clocks(declared: str | None, signed: datetime | None) -> Clocks:
    outer = read_signing_time(declared) if declared else None
    if outer is None or signed is None:
        return Clocks.ABSENT
    apart = abs(outer - signed)
    if apart <= CLOCKS_AGREE:
        return Clocks.SAME
    return Clocks.EIGHT_HOURS if abs(apart - EIGHT_HOURS) <= CLOCKS_AGREE else Clocks.DIFFERS


# ---- the package


def coverage_facts(coverage: Coverage) -> CoverageFacts:
    """The same, with names that may be a person's words replaced by their place."""
    return CoverageFacts(
        digest=coverage.digest,
        weak=coverage.weak,
        covered=len(coverage.covered),
        changed=_names(coverage.changed),
        unchecked=_names(coverage.unchecked),
        missing=len(coverage.missing),
        uncovered={kind: _names(parts) for kind, parts in coverage.uncovered.items()},
        unreferenced=_names(coverage.unreferenced),
    )


def package_facts(package: OfdPackage) -> PackageFacts:
    """What the package is, whoever signed it."""
    ambiguous = len(package.bodies) > 1 or any(body.is_ambiguous for body in package.bodies)
    return PackageFacts(
        encrypted=package.encrypted,
        bodies=len(package.bodies),
        ambiguous=ambiguous,
        hidden=_names(package.unreferenced),
        deviations=frozenset(deviation.value for deviation in package.deviations),
    )


def _names(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        part if _STRUCTURAL.match(part) else f"#{place}" for place, part in enumerate(parts, 1)
    )
