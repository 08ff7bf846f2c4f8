"""Of each signature by certificate: GB/T 38540-2020 §6.3 and §7.3, one question a check.

Every check here keeps silent on signatures by registered keys; those about the seal keep silent on
SignedData too (签名), which has none.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import assert_never

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import UNPLACED, owner_of, path_found, required_roles, role_of
from app.checks.roles import about as about_of
from app.checks.signature import SEEN, time_of
from app.domain.certificate import Chain, PathFact, RevocationState
from app.domain.clocks import CLOCK_SKEW
from app.domain.evidence import WHOLE, About, CheckName, Evidence, Outcome, Role
from app.domain.facts import Facts, SignatureFacts, Value
from app.domain.license import LicenseFormat
from app.domain.ofd import SHOWN_KINDS, PartKind
from app.domain.pdf import Scope
from app.domain.proven import TimeSource, fault_of, proven_at
from app.domain.reasons import Reason
from app.domain.seal import SealLayout
from app.domain.sealed import (
    Arithmetic,
    Clocks,
    IntegrityFacts,
    PackageFacts,
    RangeFacts,
    Sameness,
    SealedFacts,
    SealFacts,
)
from app.domain.trust import Gap

Ask = Callable[[SignatureFacts, SealedFacts, Facts, About], Evidence]
AskSeal = Callable[[SignatureFacts, SealedFacts, SealFacts, Facts, About], Evidence]

_ALWAYS_COVERED = SHOWN_KINDS | {PartKind.ATTACHMENT_LIST, PartKind.ATTACHMENT}
"""What people read or open."""
_GAPS = MappingProxyType(
    {Gap.ATTACHMENT: frozenset({PartKind.ATTACHMENT_LIST, PartKind.ATTACHMENT})}
)
"""What an issuer's profile (签章范围) may leave open of it; what pages show is never among it."""
_FILES = frozenset({LicenseFormat.OFD, LicenseFormat.PDF})
"""What shows something."""


def _each(name: CheckName, ask: Ask) -> Callable[[Facts], Iterator[Evidence]]:
    def examine(facts: Facts) -> Iterator[Evidence]:
        for s in facts.document.signatures:
            about = about_of(s, facts)
            yield silent(name, about) if s.sealed is None else ask(s, s.sealed, facts, about)

    return examine


def _of_seal(name: CheckName, ask: AskSeal) -> Ask:
    """The same for what has a seal."""

    def examine(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
        seal = sealed.seal
        return silent(name, about) if seal is None else ask(s, sealed, seal, facts, about)

    return examine


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
    del s, facts
    name, coverage = CheckName.REFERENCES_HOLD, sealed.coverage
    if sealed.range is not None:
        return _revisions(sealed.range, about)
    if coverage.changed or coverage.missing:
        detail = f"{len(coverage.changed)} changed, {coverage.missing} missing"
        return failed(name, Reason.CONTENT_CHANGED, about, detail)
    if coverage.weak:
        return failed(name, Reason.WEAK_ALGORITHM, about, str(coverage.digest or "no digest"))
    if coverage.digest is None and coverage.unchecked:  # CheckMethod names one that we do not know
        detail = f"{len(coverage.unchecked)} by a digest that is not known here"
        return unsure(name, Reason.SIGNATURE_UNSUPPORTED, about, detail)
    if not coverage.holds:
        return failed(name, Reason.NOT_COVERED, about, "nothing is referenced by a known digest")
    return passed(name, about, f"{coverage.covered} parts")


def _revisions(found: RangeFacts, about: About) -> Evidence:
    """Of a PDF: what came after may prove, and show nothing (threats PDF-02, PDF-04…PDF-06)."""
    name = CheckName.REFERENCES_HOLD
    if found.later:
        detail = "; ".join(str(change) for change in found.later[:8])
        return failed(name, Reason.CHANGED_AFTER_SIGNING, about, detail)
    if found.revision is None:
        return failed(name, Reason.BYTE_RANGE_INEXACT, about, found.scope.value)
    return passed(name, about, f"revision {found.revision}")


def _seal_holds(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    del s, sealed
    name = CheckName.SEAL_HOLDS
    match seal.value:
        case Arithmetic.HOLDS:
            stamp = seal.timestamp
            # GM/T 0031-2025: createDate later than the timestamp of the seal fails, to the letter.
            fault = stamp and fault_of(stamp, seal.created, facts.now, tolerance=timedelta(0))
            if fault:
                return failed(name, Reason.TIMESTAMP_INVALID, about, f"of the seal: {fault}")
            return passed(name, about)
        case Arithmetic.FAILS | Arithmetic.UNREADABLE:
            return failed(name, Reason.SEAL_INVALID, about, seal.value_detail)
        case Arithmetic.WEAK:
            return failed(name, Reason.WEAK_ALGORITHM, about, seal.value_detail)
        case Arithmetic.UNSUPPORTED:
            return unsure(name, Reason.SIGNATURE_UNSUPPORTED, about, seal.value_detail)
        case _:
            assert_never(seal.value)


def _maker(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    """Judged at createDate: expired later, the seal it made stays made (§6.3). But createDate is
    the maker's own word; whoever holds a maker's key that was revoked since can write any.
    """
    name, maker = CheckName.SEAL_MAKER_TRUSTED, seal.maker
    if maker is None and seal.value is Arithmetic.UNSUPPORTED:  # over a limit of ours
        return unsure(name, Reason.BEYOND_LIMITS, about, seal.value_detail)
    if maker is None:
        return failed(name, Reason.SEAL_MAKER_INVALID, about, "certificate unreadable")
    path = maker.then
    if not maker.valid_at(seal.created):
        return failed(name, Reason.SEAL_MAKER_INVALID, about, "outside its dates at createDate")
    if not path_found(path):
        return unsure(name, Reason.SEAL_MAKER_UNKNOWN, about, path.chain.value)
    if path.chain is not Chain.ANCHORED:
        return failed(name, Reason.SEAL_MAKER_INVALID, about, path.chain.value)
    if seal.made_by_signer:  # whoever has it may state any name and any period in its seal
        return unsure(name, Reason.SEAL_MAKER_UNKNOWN, about, "the signer's own key")
    existed = _existed_by(s, sealed, seal, facts)
    revoked = [r.at for r in (path.revocation, maker.today.revocation) if r.at is not None]
    if revoked:
        return _maker_revoked(min(revoked), existed, seal, about)
    if path.revocation.state is RevocationState.UNKNOWN:
        return unsure(name, Reason.REVOCATION_UNAVAILABLE, about, str(path.revocation.why))
    if maker.today.chain in _TRUSTED_NO_MORE and not _trusted_at(existed, path):
        return unsure(name, Reason.SEAL_MAKER_ENDED_SINCE, about, maker.today.chain.value)
    return passed(name, about)


_TRUSTED_NO_MORE = frozenset({Chain.NO_ANCHOR, Chain.ANCHOR_OUT_OF_WINDOW})
"""The operator ended the trust in the maker, or in its authority."""


def _trusted_at(existed: datetime | None, path: PathFact) -> bool:
    until = path.anchored_until
    return existed is not None and (until is None or existed < until)


def _maker_revoked(
    at: datetime, existed: datetime | None, seal: SealFacts, about: About
) -> Evidence:
    name = CheckName.SEAL_MAKER_TRUSTED
    if at <= seal.created:
        return failed(name, Reason.SEAL_MAKER_INVALID, about, "revoked at createDate")
    if existed is not None and existed < at:
        return passed(name, about, "revoked after the seal is proven to have been made")
    return unsure(name, Reason.SEAL_MAKER_ENDED_SINCE, about, "revoked after createDate")


def _existed_by(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts
) -> datetime | None:
    """The first time at which the seal is proven to have existed: a timestamp over the maker's
    value, one over a signature that holds the seal, or this node's record of the file.
    """
    known = (
        proven_at(seal.timestamp, seal.created, facts.now),
        proven_at(sealed.timestamp, s.signed_at, facts.now),
        facts.trust.first_seen,
    )
    return min((at for at in known if at is not None), default=None)


def _seal_window(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    """§6.3: within validStart and validEnd when it was used, and not used before it was made."""
    del sealed
    name = CheckName.SEAL_IN_WINDOW
    if seal.layout is SealLayout.V5 and not _made_in_time(seal, facts):
        return failed(name, Reason.SEAL_NOT_VALID_AT_TIME, about, "createDate out of order")
    time = time_of(s, facts)
    at, seen = time.at, facts.trust.first_seen
    if at is None:
        return unsure(name, Reason.SIGNING_TIME_MISSING, about)
    if not seal.valid_from <= at <= seal.valid_until:
        return failed(name, Reason.SEAL_NOT_VALID_AT_TIME, about)
    if at < seal.created - CLOCK_SKEW:
        return failed(name, Reason.SEAL_NOT_VALID_AT_TIME, about, "before the seal was made")
    if time.source is TimeSource.TSA or facts.now <= seal.valid_until:
        return passed(name, about)
    if seen is not None and seen <= seal.valid_until:
        return passed(name, about, SEEN)
    # A claimed time can be back-dated by whoever holds the seal when its period is over.
    return unsure(name, Reason.SEAL_ENDED_SINCE, about, "its period is over")


def _made_in_time(seal: SealFacts, facts: Facts) -> bool:
    """制章时间有效性 (GM/T 0031-2025): made in the past, and before the seal's own end."""
    return seal.created <= facts.now + CLOCK_SKEW and seal.created <= seal.valid_until


def _listed(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    del s, seal, facts
    if sealed.listed:
        return passed(CheckName.SIGNER_IN_SEAL, about)
    return failed(CheckName.SIGNER_IN_SEAL, Reason.SIGNER_NOT_IN_SEAL, about)


def _seal_file(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    del s, seal, facts
    name = CheckName.SEAL_FILE_SAME
    match sealed.seal_file:
        case Sameness.SAME:
            return passed(name, about)
        case Sameness.DIFFERS:
            return failed(name, Reason.SEAL_FILE_DIFFERS, about)
        case Sameness.ABSENT:
            return silent(name, about)
        case _:
            assert_never(sealed.seal_file)


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


# ---- the document as a whole


def _covered(facts: Facts) -> Iterator[Evidence]:
    """Everything a reader is shown stands under a seal of each role that has to seal."""
    name = CheckName.CONTENT_COVERED
    sealed = [
        (role_of(s, facts), (s.sealed, _tolerated(s, facts)))
        for s in facts.document.signatures
        if s.sealed
    ]
    if facts.document.format not in _FILES or not sealed:
        yield silent(name)
        return
    wanted = required_roles(facts) & {role for role, _ in sealed}
    groups = {role: [s for r, s in sealed if r is role] for role in wanted}
    groups = groups or {Role.EXTRA: [s for _, s in sealed]}
    if open_parts := _open_to(groups, tolerant=True):
        yield failed(name, Reason.NOT_COVERED, detail=", ".join(sorted(open_parts)[:8]))
        return
    left = _open_to(groups, tolerant=False)
    yield passed(name, detail=f"left open by the issuer's profile: {len(left)}" if left else "")


def _tolerated(signature: SignatureFacts, facts: Facts) -> frozenset[PartKind]:
    """What the issuer registered of its own seals; nobody else's are excused by it, those of who
    seals in its place neither: that is another system.
    """
    issuer = facts.trust.issuer
    own = issuer is not None and owner_of(signature, facts) == issuer.code
    gaps = issuer.tolerated_gaps if issuer is not None and own else ()
    return frozenset(kind for gap in gaps for kind in _GAPS[gap])


_Tolerating = tuple[SealedFacts, frozenset[PartKind]]
"""A seal, and what it may leave open."""


def _open_to(groups: Mapping[Role, list[_Tolerating]], *, tolerant: bool) -> frozenset[str]:
    """Parts that have to be covered and that no seal of some role covers."""
    return frozenset().union(
        *(
            frozenset.intersection(
                *(
                    _uncovered(sealed, _ALWAYS_COVERED - (gaps if tolerant else frozenset()))
                    for sealed, gaps in group
                )
            )
            for group in groups.values()
        )
    )


def _uncovered(sealed: SealedFacts, kinds: frozenset[PartKind]) -> frozenset[str]:
    """Parts of an OFD; of a PDF what came after, or how its range is inexact."""
    if sealed.range is not None:
        inexact = {sealed.range.scope.value} - {Scope.EXACT.value}
        return frozenset({str(change) for change in sealed.range.later} | inexact)
    return frozenset(
        part for kind, parts in sealed.coverage.uncovered.items() if kind in kinds for part in parts
    )


def _one_document(facts: Facts) -> Iterator[Evidence]:
    """An uncovered OFD.xml is tolerated only where what it decides has one reading."""
    name, package = CheckName.ONE_DOCUMENT, facts.document.package
    if package is None:
        yield silent(name)
    elif package.encrypted:
        yield unsure(name, Reason.ENCRYPTED)
    elif package.ambiguous:
        yield failed(name, Reason.AMBIGUOUS_DOCUMENT, detail=f"{package.bodies} bodies")
    elif package.active:  # what is shown is then not what was signed alone
        yield failed(name, Reason.ACTIVE_CONTENT, detail=", ".join(package.active))
    else:  # what is not there shows nothing; that it is not there is worth a word
        gaps = ", ".join(f"{kind} {count}" for kind, count in sorted(package.astray.items()))
        yield passed(name, detail=f"paths that lead nowhere: {gaps}" if gaps else "")


def _nothing_hidden(facts: Facts) -> Iterator[Evidence]:
    """What no reference leads to is no part of the document, unless one who had to sign signed it
    all the same. A stranger's signature excuses nothing.
    """
    name, package = CheckName.NOTHING_HIDDEN, facts.document.package
    if package is None or package.encrypted:  # then nothing can be followed: said by ONE_DOCUMENT
        yield silent(name)
        return
    each = [_hidden_from(s, package) for s in _needed(facts)] or [frozenset(package.hidden)]
    hidden = sorted(frozenset.intersection(*each))
    if hidden:
        yield failed(name, Reason.HIDDEN_CONTENT, WHOLE, f"{len(hidden)}: {', '.join(hidden[:8])}")
    elif package.integrity is not None and (
        fault := _against(package.integrity, _unlisted(package.integrity, facts))
    ):
        yield failed(name, Reason.INTEGRITY_LIST_DIFFERS, detail=fault)
    else:
        yield passed(name)


def _unlisted(listed: IntegrityFacts, facts: Facts) -> list[str]:
    """Parts that OFDEntries.xml does not name. One that was added after the list was made, an
    annotation (加注) for example, is excused by the signature over it of one who had to sign.
    """
    each = [_open_parts(s).intersection(listed.unlisted) for s in _needed(facts)]
    return sorted(frozenset.intersection(*each) if each else listed.unlisted)


def _open_parts(sealed: SealedFacts) -> frozenset[str]:
    """Whatever it does not sign, or not as it is."""
    coverage = sealed.coverage
    uncovered = (part for parts in coverage.uncovered.values() for part in parts)
    return frozenset({*uncovered, *coverage.changed, *coverage.unchecked, *coverage.unreferenced})


def _against(listed: IntegrityFacts, unlisted: list[str]) -> str:
    """What OFDEntries.xml says against the package; empty: nothing."""
    if unlisted:
        return f"{len(unlisted)} not listed: {', '.join(unlisted[:8])}"
    if listed.missing:
        return f"{listed.missing} listed and not there"
    return "its own signature does not hold" if listed.broken else ""


def _needed(facts: Facts) -> list[SealedFacts]:
    """What was signed by those who had to; where nobody did, by those who might be the missing."""
    by_role = [(role_of(s, facts), s.sealed) for s in facts.document.signatures if s.sealed]
    placed = [sealed for role, sealed in by_role if role not in UNPLACED]
    return placed or [sealed for role, sealed in by_role if role is Role.CANDIDATE]


def _hidden_from(sealed: SealedFacts, package: PackageFacts) -> frozenset[str]:
    """A reference whose digest does not agree signs nothing."""
    coverage = sealed.coverage
    unmet = {*coverage.changed, *coverage.unchecked}.intersection(package.hidden)
    return frozenset({*coverage.unreferenced, *unmet})


def _check(name: CheckName, question: str, question_zh: str, ask: Ask) -> Check:
    return Check(name, question, question_zh, _each(name, ask))


def _seal_check(name: CheckName, question: str, question_zh: str, ask: AskSeal) -> Check:
    return _check(name, question, question_zh, _of_seal(name, ask))


ALGORITHMS_AGREE = _check(
    CheckName.ALGORITHMS_AGREE,
    "Do all places name the same kind of signature and algorithm?",
    "各处声明的签名类型和算法是否一致？",
    _algorithms,
)
DATA_HASH_HOLDS = _check(
    CheckName.DATA_HASH_HOLDS,
    "Does it sign this very signature description?",
    "签章（签名）中的原文杂凑是否与签名描述文件一致？",
    _data_hash,
)
SCOPE_NAMED = _check(
    CheckName.SCOPE_NAMED,
    "Does it name exactly what it protects?",
    "签章（签名）是否准确指明其签名保护范围？",
    _scope,
)
REFERENCES_HOLD = _check(
    CheckName.REFERENCES_HOLD,
    "Is every protected part unaltered?",
    "受保护的各部件是否未被改动？",
    _references,
)
SEAL_HOLDS = _seal_check(
    CheckName.SEAL_HOLDS,
    "Does the seal maker's signature on the seal hold?",
    "制章者对印章的签名是否成立？",
    _seal_holds,
)
SEAL_MAKER_TRUSTED = _seal_check(
    CheckName.SEAL_MAKER_TRUSTED,
    "Was the seal maker's certificate good when the seal was made?",
    "制章时制章者证书是否有效、可信？",
    _maker,
)
SEAL_IN_WINDOW = _seal_check(
    CheckName.SEAL_IN_WINDOW,
    "Was the seal valid when it was used?",
    "签章时印章是否在有效期内？",
    _seal_window,
)
SIGNER_IN_SEAL = _seal_check(
    CheckName.SIGNER_IN_SEAL,
    "May the signer's certificate use this seal?",
    "签章者证书是否在印章的证书列表内？",
    _listed,
)
SEAL_FILE_SAME = _seal_check(
    CheckName.SEAL_FILE_SAME,
    "Is the seal file the seal that was used?",
    "印章文件与签章中的印章是否一致？",
    _seal_file,
)
CERTIFICATE_FITS = _check(
    CheckName.CERTIFICATE_FITS,
    "Is it a signing certificate, and were the authorities above it good?",
    "签章者证书是否为签名证书，其上级证书是否有效？",
    _fits,
)
TIMES_AGREE = _check(
    CheckName.TIMES_AGREE,
    "Do the signing times inside and outside the seal agree?",
    "签章内外记载的签署时间是否一致？",
    _clocks,
)
TIMESTAMP_HOLDS = _check(
    CheckName.TIMESTAMP_HOLDS,
    "Is the timestamp, where there is one, good and about this signature?",
    "时间戳（如有）是否有效、是否针对本签名？",
    _timestamp,
)
CONTENT_COVERED = Check(
    CheckName.CONTENT_COVERED,
    "Is everything that is shown under the seals that count?",
    "所显示的全部内容是否都在应有签章的保护之下？",
    _covered,
)
ONE_DOCUMENT = Check(
    CheckName.ONE_DOCUMENT,
    "Is there one document, and one version of it, to be shown?",
    "文件是否只有一个文档、一个版本可供显示？",
    _one_document,
)
NOTHING_HIDDEN = Check(
    CheckName.NOTHING_HIDDEN,
    "Is nothing carried along that no reference leads to?",
    "是否没有夹带文件？",
    _nothing_hidden,
)
