"""What was measured of a signature by certificate and of the file it stands in, fit to be kept.

With a seal it is a 电子签章, without one a 签名 (GB/T 35275).

No pictures, no names of people, no content: layouts, codes, times, fingerprints, and what the
mathematics said. Clauses are those of GB/T 38540-2020 unless said otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.certificate import CertificateDeviation, PathFact
from app.domain.cms import CmsContent, CmsDeviation, CmsFamily
from app.domain.ofd import PartKind
from app.domain.pdf import Change, Scope
from app.domain.scheme import Digest, Scheme
from app.domain.seal import SealDeviation, SealLayout
from app.domain.trust import SealEnd


class Arithmetic(StrEnum):
    """What a recomputation said."""

    HOLDS = "holds"
    FAILS = "fails"
    WEAK = "weak"
    """Recognised, and refused by name."""
    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    """By an algorithm, or in a form, that this service does not know."""


class Sameness(StrEnum):
    """How two places compare."""

    SAME = "same"
    DIFFERS = "differs"
    ABSENT = "absent"
    """One of the two is not there."""


class Clocks(StrEnum):
    """How SignatureDateTime in the XML compares with timeInfo under the signature (OFD-22)."""

    SAME = "same"
    EIGHT_HOURS = "eight_hours"
    """Beijing time written as if it were UTC, or the reverse."""
    DIFFERS = "differs"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """A certificate in a role, with its paths at the two times that matter."""

    sha256: str
    sm3: str
    serial: str
    """Hexadecimal."""
    organisation_codes: tuple[str, ...]
    """统一社会信用代码 candidates, the most trustworthy first."""
    not_before: datetime
    not_after: datetime
    then: PathFact
    """Judged at the time of the act: signing, or making the seal."""
    today: PathFact
    deviations: frozenset[CertificateDeviation]

    def valid_at(self, at: datetime) -> bool:
        return self.not_before <= at <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampFacts:
    """A timestamp token (时间戳), as it was found; what it proves, `app.domain.proven` says."""

    value: Arithmetic
    """Of the token: structure, the TSA's signature, the certificate it names, the imprint."""
    detail: str
    at: datetime | None
    """genTime; None where the token cannot be read."""
    accuracy: timedelta
    tsa: CertificateFacts | None
    """`then` is at genTime; None where the certificate cannot be read."""
    inside: bool = False
    """It stands under the signature (timeInfo of GM/T 0031-2014): it shows that the signature is
    younger, never that it existed then, so the time stays the signer's claim."""
    algorithms: tuple[Scheme | Digest | None, ...] = ()
    """Of a token that holds: its signature, its digests, and its imprint; empty: not noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealFacts:
    """The seal itself (电子印章), by the word of its maker (制章者)."""

    layout: SealLayout
    version: int
    id: str
    """esID, 印章标识; empty where it may be a person's words."""
    sha256: str
    """Fingerprint, as of `Seal`."""
    named: bool
    """Whether its id can be compared with those that lists of seals name."""
    ends: tuple[SealEnd, ...]
    """What the followed lists say of it, by id or fingerprint: freezes, cancellations."""
    type: int
    created: datetime
    valid_from: datetime
    valid_until: datetime
    value: Arithmetic
    """Of the maker's signature (§6.3 b)."""
    value_detail: str
    maker: CertificateFacts | None
    """None where the maker's certificate cannot be read."""
    made_by_signer: bool = False
    """The maker's key is the signer's: the seal is its user's own word."""
    deviations: frozenset[SealDeviation]
    timestamp: TimestampFacts | None = None
    """Over the maker's value (GM/T 0031-2025)."""
    algorithms: tuple[Scheme | Digest, ...] = ()
    """Of a maker's signature that holds, and of the digests in the seal's list of certificates;
    empty: not noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageFacts:
    """What the signature covers of the package; parts by name, or by place where a name is free."""

    digest: Digest | None
    weak: bool
    covered: int
    changed: tuple[str, ...]
    unchecked: tuple[str, ...]
    missing: int
    uncovered: Mapping[PartKind, tuple[str, ...]]
    unreferenced: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Every reference was met by the part it names."""
        return bool(self.covered) and not (self.changed or self.unchecked or self.missing)


class Edge(StrEnum):
    """Of a page."""

    LEFT = "left"
    TOP = "top"
    RIGHT = "right"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True, kw_only=True)
class StampFacts:
    """Where the picture of a seal stands (StampAnnot); several make a 骑缝章."""

    count: int
    pages: int
    unseen: int
    """Of no size, or wholly beyond an edge of their page: nobody sees them."""
    clipped: int = 0
    """Of which a part is drawn, as of a 骑缝章."""
    resized: int = 0
    """Drawn whole, and a tenth or more larger or smaller than the seal says that it is."""
    over: tuple[Edge, ...] = ()
    """Edges of pages that what is drawn of some of them reaches beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeFacts:
    """What a signature of a PDF covers, and what came after it."""

    scope: Scope
    revision: int | None
    """The last revision it covers, counted from 1."""
    later: tuple[Change, ...]
    sub_filter: str
    """/SubFilter, where it is one that is read here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFacts:
    """One act of sealing (签章), or of signing by certificate (签名)."""

    layout: SealLayout | CmsFamily
    """By the value's own structure, whatever the list of signatures says."""
    version: int
    seal: SealFacts | None
    """None: signed without a seal, which only SignedData can be."""
    signer: CertificateFacts | None
    """None where the signer's certificate cannot be read."""
    listed: bool
    """The signer's certificate is in the seal's list, byte for byte or by digest (§7.3)."""
    data_hash: Arithmetic
    """dataHash, or the content of SignedData, against Signature.xml as stored."""
    scope: Sameness
    """propertyInfo against the path of Signature.xml; absent from SignedData."""
    seal_file: Sameness
    """Seal.esl against the seal under the signature."""
    mismatched_algorithms: tuple[str, ...]
    """Places that name another algorithm than the signer's key."""
    type_differs: bool = False
    """The list calls a seal a signature, or the reverse; the value decides (OFD-10)."""
    clocks: Clocks
    coverage: CoverageFacts
    deviations: frozenset[SealDeviation]
    timestamp: TimestampFacts | None = None
    """Over the signature value, or in timeInfo; None: there is none."""
    stamps: StampFacts | None = None
    """None: it draws nothing on a page."""
    content: CmsContent | None = None
    """Of SignedData: what it encapsulates."""
    container_deviations: frozenset[CmsDeviation] = frozenset()
    range: RangeFacts | None = None
    """Of a PDF; what a signature of an OFD covers, `coverage` says."""
    digests: tuple[Digest | None, ...] = ()
    """By which what is signed is bound to the signature: dataHash or messageDigest, the list of
    parts, the reference to the signer's certificate. Empty: not noted."""

    def __post_init__(self) -> None:
        if (self.seal is None) != isinstance(self.layout, CmsFamily):
            raise ValueError("SignedData has no seal, and everything else has one")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityFacts:
    """OFDEntries.xml (GM/T 0099-2020 7.4.2) beside the package. Whoever signed it is asked nothing:
    what it says can speak against a package, and never for one.
    """

    unlisted: tuple[str, ...]
    """Parts it does not name, but for those that signing adds."""
    missing: int
    """Files it names that are not there."""
    broken: bool
    """Its own signature is there, can be read, and does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFacts:
    """The package around the signatures."""

    encrypted: bool
    bodies: int
    ambiguous: bool
    """A viewer could show another document than the one that is read (several bodies, versions)."""
    hidden: tuple[str, ...]
    """夹带文件: parts that no reference leads to."""
    deviations: frozenset[str]
    """Of archive and structure, by name."""
    astray: Mapping[PartKind, int] = field(default_factory=dict)
    """Paths that lead nowhere, by what they should have led to."""
    dropped: int = 0
    """Signatures that others build on (Relative), and that the list does not have."""
    integrity: IntegrityFacts | None = None
    """None: there is no such list."""
    active: tuple[str, ...] = ()
    """Of a PDF: what can change it while it is looked at, by name."""
    brought: tuple[str, ...] = ()
    """Parts that a signature names as its seal's, and that the seal it used says nothing of."""
