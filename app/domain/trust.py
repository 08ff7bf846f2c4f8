"""What we know independently of the document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.certificate import Anchor, Crl
from app.domain.evidence import Role
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import Endpoint, Statement
from app.domain.license import KeyId
from app.domain.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time; `until` is excluded, None is open."""

    since: datetime
    until: datetime | None

    def contains(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A registered public key. The registry fixes its scheme, its owner and what it may sign."""

    key_id: KeyId
    owner: IssuerCode
    scheme: Scheme
    spki: bytes = field(repr=False)
    types: frozenset[TypeCode]
    window: Window
    revoked_at: datetime | None = None
    status_good_until: datetime | None
    """How long the word on its revocation holds; None: there is no word."""


class Kind(StrEnum):
    """What a delegate may do in an issuer's name."""

    ORIGINAL = "original"
    """原件: sign licenses."""
    COPY = "copy"
    """加注件: sign annotated copies."""
    ANSWER = "answer"
    """Answer inquiries."""
    COUNTERSIGN = "countersign"
    """联合签章: seal beside the issuer where the type asks for it."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """Who besides the issuer may act for these types, and as what. Not transitive."""

    delegate: IssuerCode
    kind: Kind
    types: frozenset[TypeCode]
    window: Window


class Gap(StrEnum):
    """What a sealing system may leave outside its seal without the seal being refused for it.

    Nothing of what pages show can be one: a gap there is `not_covered`, whoever says so.
    """

    ATTACHMENT = "attachment"
    """附件, and the list of them: files carried along, which no page shows."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """证照颁发机构."""

    code: IssuerCode
    name: str
    name_en: str
    types: frozenset[TypeCode]
    tolerated_gaps: frozenset[Gap] = frozenset()
    """签章范围 of its system (issuer profile): what its own seal leaves open, by registration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseType:
    """证照类型, with what its owner demands of a verification."""

    code: TypeCode
    name: str
    name_en: str
    must_be_sealed: bool = True
    """Of files (OFD, PDF). A token has no seal: it stands by a key registered for `license`."""
    max_status_age: timedelta
    signed_answers: bool = False
    """Unsigned answers never count for this type."""
    roles: frozenset[Role] = frozenset({Role.ISSUER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """What certificates are judged against. Large, and so never kept with the facts: what they
    said is (`PathFact`), with fingerprints.
    """

    anchors: tuple[Anchor, ...] = field(default=(), repr=False)
    intermediates: tuple[bytes, ...] = field(default=(), repr=False)
    """DER of certificates below an anchor, trusted for nothing by themselves."""
    lists: tuple[Crl, ...] = field(default=(), repr=False)
    ocsp: tuple[bytes, ...] = field(default=(), repr=False)
    """OCSP responses imported beside the lists, DER; never fetched while a document is judged."""


NO_AUTHORITIES = Authorities()


class SealEnding(StrEnum):
    """What became of a single seal, by the word of whoever keeps the list of seals (印章备案)."""

    FROZEN = "frozen"
    """冻结: not to be used for a while."""
    CANCELLED = "cancelled"
    """注销: not to be used any more."""


@dataclass(frozen=True, slots=True)
class SealEnd:
    """From when, and for a freeze until when; `until` is excluded, None is open."""

    status: SealEnding
    since: datetime
    until: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Succession:
    """颁发机构调整: another body takes over these types. Old seals stay good for their time."""

    code: IssuerCode
    since: datetime
    types: frozenset[TypeCode]


@dataclass(frozen=True, slots=True)
class TrustQuestion:
    """What must be looked up to judge a document. Hints only; absence is an answer."""

    identifier: Identifier | None
    type: TypeCode | None
    issuer: IssuerCode | None
    signers: frozenset[tuple[IssuerCode, KeyId]]
    digest: bytes | None
    """SHA-256 of the file, to find the first time it was seen; None: there is no file."""
    organisations: frozenset[str] = frozenset()
    """Organisation codes that the signers' certificates bear."""
    sealed: bool = False
    """Whether certificates have to be judged."""
    seal: str | None = None
    """印章标识 of the first seal; its first six characters may be a region (印章编码)."""
    seals: frozenset[str] = frozenset()
    """Names of all seals (`Seal.names`), to find out whether one was frozen or cancelled."""
    at: datetime | None = None
    """A past time asked about: who was trusted then is what counts; None: today."""
    asker: IssuerCode | None = None
    """Whose node asks on: no question is led back to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSource:
    """A followed trust list (信任清单), as this node holds it."""

    publisher: str
    number: int = 0
    """0: none was accepted yet."""
    address: str | None = None
    """SHA-256 of the list's content, hexadecimal."""
    accepted_at: datetime | None = None
    expires_at: datetime | None = None

    def fresh(self, now: datetime) -> bool:
        return self.expires_at is not None and now <= self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """One consistent look at the registry."""

    issuer: Issuer | None
    type: LicenseType | None
    keys: Mapping[KeyId, TrustedKey]
    """Of the claimed issuer and of its delegates, as far as the document names them."""
    mandates: tuple[Mandate, ...]
    """Given by the claimed issuer."""
    endpoint: Endpoint | None
    statement: Statement | None
    owners: Mapping[str, IssuerCode] = field(default_factory=dict)
    """Organisation code → the registered body that bears it for this type."""
    owners_otherwise: Mapping[str, IssuerCode] = field(default_factory=dict)
    """The same of codes that these bodies bear for other types only."""
    licensers: frozenset[IssuerCode] = frozenset()
    """Where the document names no issuer: bodies that are registered to seal licenses and whose
    organisation codes its signers' certificates bear."""
    authorities: Authorities = NO_AUTHORITIES
    first_seen: datetime | None = None
    """When this node first recorded this very file: it existed then."""
    told_at: datetime | None = None
    """When a status of the license was last pushed to this node."""
    disputed_since: datetime | None = None
    """数据质量异议: since when this node's record of the license is disputed. Weighs nothing."""
    successor: Issuer | None = None
    """Who took over from the issuer for this type, today or from a day to come."""
    successor_since: datetime | None = None
    """From when; None: nobody has."""
    seal_status: Mapping[str, tuple[SealEnd, ...]] = field(default_factory=dict)
    """Name of a seal (`Seal.names`) → freezes and cancellations, of any time."""
    sources: tuple[TrustSource, ...] = ()
    """The followed trust lists, in the order they are asked."""
    snapshot: str = "local"
    """Which trust lists, and which registration beside them."""
    snapshot_good_until: datetime | None = None
    """The earliest expiry of the lists whose word was used; None: the source has none."""

    def stale(self, now: datetime) -> bool:
        """A followed list is missing or out of date: what is not found proves nothing."""
        return not all(source.fresh(now) for source in self.sources)
