"""Signatures and seals of a PDF, measured: the same questions as of an OFD, of other octets.

What an OFD's signature covers by a list of digests, a PDF's covers by being about everything up to
its own revision; so there the parts are asked about, here the revisions after it.
"""

from datetime import datetime

from app.checks.arithmetic import arithmetic
from app.checks.measure_certificates import Judge
from app.checks.measure_cms import content_hash
from app.checks.measure_entry import clocks_of, signature_facts, unjudged
from app.checks.measure_seals import claimed_time, data_hash, seal_facts, stamp_of
from app.checks.measure_timestamps import digests_of, measure_timestamp
from app.crypto.cms import verify_cms
from app.crypto.ses import lists_signer, verify_signature
from app.domain.certificate import Purpose, Role
from app.domain.cms import CmsSignature
from app.domain.facts import SignatureFacts, Value
from app.domain.license import PdfSealing
from app.domain.ofd import PartKind
from app.domain.pdf import DocumentTimestamp, PdfDocument, Scope
from app.domain.proven import fault_of, signing_time
from app.domain.scheme import WEAK_DIGESTS, Digest
from app.domain.seal import SealSignature
from app.domain.sealed import (
    CoverageFacts,
    PackageFacts,
    RangeFacts,
    Sameness,
    SealedFacts,
    TimestampFacts,
)
from app.domain.trust import Trust

_SUB_FILTERS = frozenset({"adbe.pkcs7.detached", "ETSI.CAdES.detached", "GM.sm2seal"})
"""Names that are told as they stand; any other could be anybody's words."""


def measure_pdf(
    sealing: PdfSealing, trust: Trust, now: datetime, by: Purpose = Purpose.LICENSE_SEAL
) -> SignatureFacts:
    """Everything the checks of a signature by certificate will read; `by`: which anchors count."""
    judge = Judge(trust.authorities, now, trust.first_seen, by)
    if sealing.signature is not None:
        return _sealed(sealing, sealing.signature, trust, judge)
    if sealing.cms is not None and sealing.cms.certificate is None:
        return unjudged(sealing, Value.UNSUPPORTED, "no certificate in the container")
    if sealing.cms is not None:
        return _signed(sealing, sealing.cms, judge)
    if sealing.beyond:
        return unjudged(sealing, Value.BEYOND_LIMITS, sealing.problem)
    value = Value.UNSUPPORTED if sealing.unsupported else Value.UNREADABLE
    return unjudged(sealing, Value.WEAK if sealing.weak else value, sealing.problem)


def pdf_facts(document: PdfDocument) -> PackageFacts:
    """The file, whoever signed it. Octets outside of it are refused before."""
    return PackageFacts(
        encrypted=False,
        bodies=1,
        ambiguous=False,
        hidden=(),
        deviations=document.deviations,
        active=document.active,
    )


def _sealed(
    sealing: PdfSealing, signature: SealSignature, trust: Trust, judge: Judge
) -> SignatureFacts:
    """电子签章: dataHash is the digest of the octets of /ByteRange (standards §3.12)."""
    verified = arithmetic(lambda: verify_signature(signature))
    found = verified[2]
    own = stamp_of(signature, judge)
    claimed = claimed_time(signature, own, judge.now)
    stamp = _stamp(own, sealing, claimed, judge)
    then = signing_time(stamp, claimed, judge.now).at or judge.otherwise
    hashed = data_hash(sealing.entry.content, signature, verified[0])
    sealed = SealedFacts(
        layout=signature.layout,
        version=signature.version,
        seal=seal_facts(signature, trust, judge),
        signer=judge.facts(signature.certificate, Role.SIGNER, then),
        listed=lists_signer(signature.seal, signature.certificate),
        data_hash=hashed[0],
        scope=_scope(sealing),
        seal_file=Sameness.ABSENT,
        mismatched_algorithms=(),
        clocks=clocks_of(sealing.entry.signed_at, claimed),
        coverage=_coverage(sealing, Digest.SM3),
        deviations=signature.deviations | (found.deviations if found else frozenset()),
        timestamp=stamp,
        range=_range(sealing),
        digests=(hashed[1],),
    )
    return signature_facts(sealing, sealed, verified, claimed)


def _signed(sealing: PdfSealing, cms: CmsSignature, judge: Judge) -> SignatureFacts:
    """签名: SignedData of RFC 5652 or GB/T 35275 over the octets of /ByteRange."""
    content = sealing.entry.content
    verified = arithmetic(lambda: verify_cms(cms, content))
    found = verified[2]
    claimed = cms.time or sealing.entry.signed_at
    own = measure_timestamp(cms.timestamp, cms.value, judge)
    stamp = _stamp(own, sealing, claimed, judge)
    then = signing_time(stamp, claimed, judge.now).at or judge.otherwise
    signer = None
    if cms.certificate is not None:
        signer = judge.facts(cms.certificate, Role.SIGNER, then, cms.intermediates)
    sealed = SealedFacts(
        layout=cms.family,
        version=cms.version,
        seal=None,
        signer=signer,
        listed=False,
        data_hash=content_hash(cms, content),
        scope=_scope(sealing),
        seal_file=Sameness.ABSENT,
        mismatched_algorithms=(),
        clocks=clocks_of(sealing.entry.signed_at, cms.time),
        coverage=_coverage(sealing, cms.digest),
        deviations=found.deviations if found else frozenset(),
        timestamp=stamp,
        content=cms.form,
        container_deviations=cms.deviations,
        range=_range(sealing),
        digests=digests_of(cms),
    )
    return signature_facts(sealing, sealed, verified, claimed)


def _stamp(
    own: TimestampFacts | None, sealing: PdfSealing, claimed: datetime | None, judge: Judge
) -> TimestampFacts | None:
    """The token that counts: one with a fault before all, then the signature's, then the first.

    A document timestamp (文档时间戳) is about the whole revision, the signature with it.
    """
    tokens = [measured for each in sealing.stamps if (measured := _document(each, judge))]
    every = [token for token in (own, *tokens) if token is not None]
    wrong = (token for token in every if fault_of(token, claimed, judge.now) is not None)
    return next(wrong, None) or next(iter(every), None)


def _document(stamp: DocumentTimestamp, judge: Judge) -> TimestampFacts | None:
    return measure_timestamp(stamp.token, stamp.content if stamp.exact else b"", judge)


def _scope(sealing: PdfSealing) -> Sameness:
    return Sameness.SAME if sealing.entry.scope is Scope.EXACT else Sameness.DIFFERS


def _range(sealing: PdfSealing) -> RangeFacts:
    entry = sealing.entry
    known = entry.sub_filter if entry.sub_filter in _SUB_FILTERS else ""
    return RangeFacts(
        scope=entry.scope,
        revision=entry.revision,
        later=entry.changes,
        sub_filter=known,
    )


def _coverage(sealing: PdfSealing, digest: Digest | None) -> CoverageFacts:
    """Revisions take the place of parts: those up to the signature's own are covered."""
    entry = sealing.entry
    later = tuple(dict.fromkeys(f"revision-{change.revision}" for change in entry.changes))
    allowed = tuple(
        name
        for name in (
            f"revision-{n}" for n in range((entry.revision or 0) + 1, sealing.revisions + 1)
        )
        if name not in later
    )
    return CoverageFacts(
        digest=digest,
        weak=digest in WEAK_DIGESTS,
        covered=entry.revision or 0,
        changed=later,
        unchecked=(),
        missing=0,
        uncovered={PartKind.VERSION: allowed} if allowed else {},
        unreferenced=(),
    )
