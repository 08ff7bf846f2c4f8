"""Of each signature by certificate: GB/T 38540-2020 §7.3 and GB/T 35275, one question a check.

Every check here keeps silent on signatures by registered keys. What only a seal can be asked is in
`seal`, what the signatures of a file cover together in `content`.
"""

from collections.abc import Callable, Iterator
from typing import assert_never

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import about as about_of
from app.checks.roles import path_found
from app.checks.signature import time_of
from app.domain.certificate import Chain
from app.domain.evidence import About, CheckName, Evidence, Outcome
from app.domain.facts import Facts, SignatureFacts, Value
from app.domain.pdf import Scope
from app.domain.proven import fault_of, proven_at
from app.domain.reasons import Reason
from app.domain.sealed import (
    Arithmetic,
    Clocks,
    RangeFacts,
    Sameness,
    SealedFacts,
)

Ask = Callable[[SignatureFacts, SealedFacts, Facts, About], Evidence]


def each_signature(name: CheckName, question: str, question_zh: str, ask: Ask) -> Check:
    """A check that is asked of every signature by certificate."""

    def examine(facts: Facts) -> Iterator[Evidence]:
        for s in facts.document.signatures:
            about = about_of(s, facts)
            yield silent(name, about) if s.sealed is None else ask(s, s.sealed, facts, about)

    return Check(name, question, question_zh, examine)


def _algorithms(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
    del facts
    name = CheckName.ALGORITHMS_AGREE
    if sealed.type_differs and sealed.seal is None:
        # Called a seal, it would be asked nothing that seals are asked. The reverse gains nothing.
        return failed(name, Reason.TYPE_DISAGREES, about, sealed.layout.value)
    if sealed.mismatched_algorithms:
        detail = ", ".join(sealed.mismatched_algorithms)
        return failed(name, Reason.ALGORITHM_MISMATCH, about, detail)
    odd = ", called a signature by the list" if sealed.type_differs else ""
    return passed(name, about, (s.scheme.value if s.scheme else "") + odd)


def _data_hash(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
    del s, facts
    name, found = CheckName.DATA_HASH_HOLDS, sealed.range
    holds = sealed.data_hash is Arithmetic.HOLDS
    if found is not None and found.scope is not Scope.EXACT and not holds:  # of what, is unknown
        return failed(name, Reason.BYTE_RANGE_INEXACT, about, found.scope.value)
    match sealed.data_hash:
        case Arithmetic.HOLDS:
            return passed(name, about)
        case Arithmetic.WEAK:
            return failed(name, Reason.WEAK_ALGORITHM, about)
        case Arithmetic.FAILS | Arithmetic.UNREADABLE:
            return failed(name, Reason.DATA_HASH_DIFFERS, about)
        case Arithmetic.UNSUPPORTED:
            return unsure(name, Reason.SIGNATURE_UNSUPPORTED, about)
        case _:
            assert_never(sealed.data_hash)


def _scope(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
    """PropertyInfo of a seal in an OFD; in a PDF, sealed or not, /ByteRange itself."""
    del s, facts
    if sealed.range is not None and sealed.range.scope is not Scope.EXACT:
        detail = sealed.range.scope.value
        return failed(CheckName.SCOPE_NAMED, Reason.BYTE_RANGE_INEXACT, about, detail)
    if sealed.range is None and sealed.seal is None:
        return silent(CheckName.SCOPE_NAMED, about)
    if sealed.scope is Sameness.SAME:
        return passed(CheckName.SCOPE_NAMED, about)
    return failed(CheckName.SCOPE_NAMED, Reason.SCOPE_DIFFERS, about, sealed.scope.value)


def _references(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
    del s
    name, coverage = CheckName.REFERENCES_HOLD, sealed.coverage
    if sealed.range is not None:
        return _revisions(sealed.range, facts, about)
    if coverage.changed or coverage.missing:
        detail = f"{len(coverage.changed)} changed, {coverage.missing} missing"
        return failed(name, Reason.CONTENT_CHANGED, about, detail)
    if coverage.weak:
        return failed(name, Reason.WEAK_ALGORITHM, about, str(coverage.digest or "no digest"))
    if facts.document.digested and coverage.unchecked:
        detail = f"{len(coverage.unchecked)} parts without a digest by {coverage.digest}"
        return unsure(name, Reason.STRUCTURE_NOT_SEEN, about, detail)
    if coverage.digest is None and coverage.unchecked:  # CheckMethod names one that we do not know
        detail = f"{len(coverage.unchecked)} by a digest that is not known here"
        return unsure(name, Reason.SIGNATURE_UNSUPPORTED, about, detail)
    if not coverage.holds:
        return failed(name, Reason.NOT_COVERED, about, "nothing is referenced by a known digest")
    return passed(name, about, f"{coverage.covered} parts")


def _revisions(found: RangeFacts, facts: Facts, about: About) -> Evidence:
    """Of a PDF: what came after may prove, and show nothing (threats PDF-02, PDF-04…PDF-06)."""
    name = CheckName.REFERENCES_HOLD
    if found.later:
        detail = "; ".join(str(change) for change in found.later[:8])
        return failed(name, Reason.CHANGED_AFTER_SIGNING, about, detail)
    if found.scope is Scope.EXACT and facts.document.digested:
        return unsure(name, Reason.STRUCTURE_NOT_SEEN, about, "later revisions were not sent")
    if found.revision is None:
        return failed(name, Reason.BYTE_RANGE_INEXACT, about, found.scope.value)
    return passed(name, about, f"revision {found.revision}")


def _fits(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
    """Role, 双证书 rule and the authorities above, at the time of signing."""
    name, signer = CheckName.CERTIFICATE_FITS, sealed.signer
    if signer is None and s.value is Value.UNSUPPORTED:  # over a limit of ours
        return unsure(name, Reason.BEYOND_LIMITS, about, s.detail)
    if signer is None:
        return failed(name, Reason.CERTIFICATE_UNFIT, about, "certificate unreadable")
    match signer.then.chain:
        case Chain.ANCHORED:
            return passed(name, about)
        case Chain.WRONG_ROLE:
            finding = signer.then.role_finding.value
            return failed(name, Reason.CERTIFICATE_UNFIT, about, finding)
        case Chain.CONSTRAINTS | Chain.MALFORMED:
            return failed(name, Reason.CERTIFICATE_UNFIT, about, signer.then.chain.value)
        case Chain.EXPIRED if time_of(s, facts).at is None:
            # Nobody says when: it may have been in time, and is certainly not later than today.
            return unsure(name, Reason.SIGNING_TIME_MISSING, about, signer.then.chain.value)
        case Chain.EXPIRED | Chain.NOT_YET_VALID:
            return failed(name, Reason.SIGNED_OUTSIDE_WINDOW, about, signer.then.chain.value)
        case Chain.WEAK_ALGORITHM:
            return failed(name, Reason.WEAK_ALGORITHM, about, "on the way to an authority")
        case Chain.NO_ANCHOR | Chain.BAD_SIGNATURE | Chain.ANCHOR_OUT_OF_WINDOW | Chain.TOO_COMPLEX:
            # SIGNER_KNOWN has said that no registered authority vouches for it; its own role is
            # a fact all the same.
            return silent(name, about)
        case _:
            assert_never(signer.then.chain)


def _clocks(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
    del s, facts
    name = CheckName.TIMES_AGREE
    match sealed.clocks:
        case Clocks.SAME:
            return passed(name, about)
        case Clocks.EIGHT_HOURS:
            return passed(name, about, "eight hours apart: local time written as UTC")
        case Clocks.DIFFERS:
            return failed(name, Reason.TIMES_DISAGREE, about)
        case Clocks.ABSENT:
            return silent(name, about)
        case _:
            assert_never(sealed.clocks)


def _timestamp(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
    """Absent is not wrong; a token whose authority nobody registered leaves the time a claim."""
    name, stamp = CheckName.TIMESTAMP_HOLDS, sealed.timestamp
    if stamp is None:
        return silent(name, about)
    fault = fault_of(stamp, s.signed_at, facts.now)
    if fault is not None:
        return failed(name, Reason.TIMESTAMP_INVALID, about, fault)
    if proven_at(stamp, s.signed_at, facts.now) is None:
        known = stamp.tsa is not None and path_found(stamp.tsa.then)
        unproven = "its standing unknown" if known else "no registered authority vouches for it"
        why = "under the signature" if stamp.inside else unproven
        if stamp.value is Arithmetic.UNSUPPORTED:
            why = f"of a kind that is not verified here ({stamp.detail})"
        return Evidence(name, about, Outcome.NOT_APPLICABLE, detail=f"{why}: the time is a claim")
    return passed(name, about)


ALGORITHMS_AGREE = each_signature(
    CheckName.ALGORITHMS_AGREE,
    "Do all places name the same kind of signature and algorithm?",
    "各处声明的签名类型和算法是否一致？",
    _algorithms,
)
DATA_HASH_HOLDS = each_signature(
    CheckName.DATA_HASH_HOLDS,
    "Does it sign this very signature description?",
    "签章（签名）中的原文杂凑是否与签名描述文件一致？",
    _data_hash,
)
SCOPE_NAMED = each_signature(
    CheckName.SCOPE_NAMED,
    "Does it name exactly what it protects?",
    "签章（签名）是否准确指明其签名保护范围？",
    _scope,
)
REFERENCES_HOLD = each_signature(
    CheckName.REFERENCES_HOLD,
    "Is every protected part unaltered?",
    "受保护的各部件是否未被改动？",
    _references,
)
CERTIFICATE_FITS = each_signature(
    CheckName.CERTIFICATE_FITS,
    "Is it a signing certificate, and were the authorities above it good?",
    "签章者证书是否为签名证书，其上级证书是否有效？",
    _fits,
)
TIMES_AGREE = each_signature(
    CheckName.TIMES_AGREE,
    "Do the signing times inside and outside the seal agree?",
    "签章内外记载的签署时间是否一致？",
    _clocks,
)
TIMESTAMP_HOLDS = each_signature(
    CheckName.TIMESTAMP_HOLDS,
    "Is the timestamp, where there is one, good and about this signature?",
    "时间戳（如有）是否有效、是否针对本签名？",
    _timestamp,
)
