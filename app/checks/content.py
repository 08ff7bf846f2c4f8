"""Of the document as a whole: whether all that is shown is signed, and one document is shown."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import UNPLACED, organisation_of, owner_of, required_roles, role_of
from app.domain.evidence import WHOLE, CheckName, Evidence, Role
from app.domain.facts import Facts, SignatureFacts
from app.domain.license import LicenseFormat
from app.domain.ofd import SHOWN_KINDS, PartKind
from app.domain.pdf import Scope
from app.domain.reasons import Reason
from app.domain.sealed import (
    IntegrityFacts,
    PackageFacts,
    SealedFacts,
)
from app.domain.trust import Gap

_ALWAYS_COVERED = SHOWN_KINDS | {PartKind.ATTACHMENT_LIST, PartKind.ATTACHMENT, PartKind.COVER}
"""What people read or open; the picture of its cover (封面) among it."""
_GAPS = MappingProxyType(
    {Gap.ATTACHMENT: frozenset({PartKind.ATTACHMENT_LIST, PartKind.ATTACHMENT})}
)
"""What an issuer's profile (签章范围) may leave open of it; what pages show is never among it."""
_FILES = frozenset({LicenseFormat.OFD, LicenseFormat.PDF})
"""What shows something."""


def _covered(facts: Facts) -> Iterator[Evidence]:
    """Everything a reader is shown stands under a seal of each role that has to seal."""
    name = CheckName.CONTENT_COVERED
    sealed = [
        (_party(s, facts), (s.sealed, _tolerated(s, facts)))
        for s in facts.document.signatures
        if s.sealed
    ]
    if facts.document.format not in _FILES or not sealed:
        yield silent(name)
        return
    required = required_roles(facts)
    wanted = {party for party, _ in sealed if party[0] in required}
    groups = {party: [s for p, s in sealed if p == party] for party in wanted}
    groups = groups or {(Role.EXTRA, ""): [s for _, s in sealed]}
    if open_parts := _open_to(groups, tolerant=True):
        yield failed(name, Reason.NOT_COVERED, detail=", ".join(sorted(open_parts)[:8]))
        return
    left = _open_to(groups, tolerant=False)
    yield passed(name, detail=f"left open by the issuer's profile: {len(left)}" if left else "")


_Party = tuple[Role, str]
"""A role; of signers of a document that is no license each organisation by itself: what was added
after one of two parties sealed was not sealed by both."""


def _party(signature: SignatureFacts, facts: Facts) -> _Party:
    role = role_of(signature, facts)
    return role, (organisation_of(signature) or "") if role is Role.SIGNER else ""


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


def _open_to(groups: Mapping[_Party, list[_Tolerating]], *, tolerant: bool) -> frozenset[str]:
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
    """A reference whose digest does not agree signs nothing. What somebody's signature calls its
    seal and is none may be anything, and lie wherever a reader looks for something else.
    """
    coverage = sealed.coverage
    unmet = {*coverage.changed, *coverage.unchecked}.intersection(package.hidden)
    brought = _open_parts(sealed).intersection(package.brought)
    return frozenset({*coverage.unreferenced, *unmet, *brought})


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
