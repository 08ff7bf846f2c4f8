"""签名 without a seal, measured: SignedData of GB/T 35275 around Signature.xml (OFD Type=Sign)."""

from datetime import datetime

from app.checks.arithmetic import arithmetic
from app.checks.measure_certificates import Judge
from app.checks.measure_entry import clocks, signature_facts, stamps, type_differs
from app.checks.measure_package import coverage_facts
from app.checks.measure_timestamps import digests_of, measure_timestamp
from app.crypto import schemes
from app.crypto.cms import content_agrees, verify_cms
from app.domain.certificate import Role
from app.domain.cms import CmsSignature
from app.domain.digested import StatedDigests
from app.domain.errors import InvalidSignature
from app.domain.facts import SignatureFacts
from app.domain.license import Sealing
from app.domain.proven import signing_time
from app.domain.scheme import WEAK_DIGESTS, Scheme
from app.domain.sealed import Arithmetic, Sameness, SealedFacts
from app.domain.signing_time import read_signing_time

_SM2_NAMES = frozenset({"1.2.156.10197.1.501", "1.2.156.10197.1.301.1"})
"""What SignatureMethod and GB/T 35275 call SM2 with SM3; real files have one beside the other."""


def measure_cms(sealing: Sealing, cms: CmsSignature, judge: Judge) -> SignatureFacts:
    """Everything the checks will read; what only seals have is absent."""
    content = sealing.entry.content
    verified = arithmetic(lambda: verify_cms(cms, content))
    found = verified[2]
    stamp = measure_timestamp(cms.timestamp, cms.value, judge)
    claimed = _claimed(sealing, cms)
    then = signing_time(stamp, claimed, judge.now).at or judge.otherwise
    signer = None
    if cms.certificate is not None:
        signer = judge.facts(cms.certificate, Role.SIGNER, then, cms.intermediates)
    coverage = coverage_facts(sealing.coverage)
    sealed = SealedFacts(
        layout=cms.family,
        version=cms.version,
        seal=None,
        signer=signer,
        listed=False,
        data_hash=content_hash(cms, content),
        scope=Sameness.ABSENT,
        seal_file=Sameness.ABSENT,
        mismatched_algorithms=_mismatches(sealing, cms, found.scheme if found else None),
        type_differs=type_differs(sealing),
        stamps=stamps(sealing),
        clocks=clocks(sealing.entry.signed_at, cms.time),
        coverage=coverage,
        deviations=found.deviations if found else frozenset(),
        timestamp=stamp,
        content=cms.form,
        container_deviations=cms.deviations,
        digests=(*digests_of(cms), coverage.digest),
    )
    return signature_facts(sealing, sealed, verified, claimed)


def _claimed(sealing: Sealing, cms: CmsSignature) -> datetime | None:
    """The attribute signingTime; without it SignatureDateTime, which stands in what is signed."""
    declared = sealing.entry.signed_at
    return cms.time or (read_signing_time(declared) if declared else None)


def content_hash(cms: CmsSignature, content: bytes | StatedDigests) -> Arithmetic:
    if cms.digest is None:
        return Arithmetic.UNSUPPORTED
    if cms.digest in WEAK_DIGESTS:
        return Arithmetic.WEAK
    if isinstance(content, StatedDigests) and cms.digest not in content.by:
        return Arithmetic.UNSUPPORTED  # nothing to compare with: no fault of the signature
    return Arithmetic.HOLDS if content_agrees(cms, content) else Arithmetic.FAILS


def _mismatches(sealing: Sealing, cms: CmsSignature, found: Scheme | None) -> tuple[str, ...]:
    """Places that name another algorithm than the value was verified by (OFD-23)."""
    declared = sealing.entry.method
    if declared is None or declared == cms.algorithm or {declared, cms.algorithm} <= _SM2_NAMES:
        return ()
    try:
        same = found is not None and schemes.scheme_for_oid(declared) is found
    except InvalidSignature:
        same = False
    return () if same else ("SignatureMethod",)
