"""What is registered, as values: read from a document or from rows, judged by neither."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import Adapter, EndpointKind, Statement
from app.domain.license import KeyId
from app.domain.retrieval import Offer
from app.domain.scheme import Scheme
from app.domain.trust import (
    NO_AUTHORITIES,
    Authorities,
    Issuer,
    Kind,
    LicenseType,
    Window,
)
from app.models import Use

FOREVER = datetime.max.replace(tzinfo=UTC)
"""How long the word on a locally registered key holds: the registry is the source itself, and is
asked anew for every document."""


@dataclass(frozen=True, slots=True)
class IssuerEntry:
    """An issuer, with what only routing and seals need."""

    issuer: Issuer
    region: str | None = None
    """Six digits of GB/T 2260."""
    organisation_codes: Mapping[TypeCode, frozenset[str]] = field(default_factory=dict)
    """By which its seals and certificates name it, for each type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A registered public key that has passed the ingest gate."""

    owner: IssuerCode
    key_id: KeyId
    scheme: Scheme
    spki: bytes = field(repr=False)
    uses: frozenset[Use]
    types: frozenset[TypeCode] | None = None
    """None: all that its owner is entitled to."""
    window: Window
    revoked_at: datetime | None = None
    revocation_reason: str | None = None

    def live(self, at: datetime) -> bool:
        """Within its window, and not revoked by then."""
        return self.window.contains(at) and (self.revoked_at is None or at < self.revoked_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationEntry:
    """One issuer lets one body do one kind of thing for one type."""

    issuer: IssuerCode
    type: TypeCode
    delegate: IssuerCode
    kind: Kind
    window: Window
    revoked_at: datetime | None = None

    @property
    def effective(self) -> Window:
        """A withdrawn mandate ends on the day: what was done under it stays done."""
        ends = [end for end in (self.window.until, self.revoked_at) if end is not None]
        return Window(self.window.since, min(ends, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointEntry:
    """Where a body answers questions, how it is spoken to, and within which bounds."""

    issuer: IssuerCode
    url: str
    kind: EndpointKind = EndpointKind.ISSUER
    prefixes: tuple[str, ...] = ()
    """Of a type owner or region: what a question must begin with to go there."""
    adapter: Adapter = Adapter.IVP
    networks: tuple[str, ...] = ()
    deadline: timedelta = timedelta(seconds=3)
    max_answer: int = 64 * 1024
    max_in_flight: int = 20
    encryption_jwk: str | None = None
    description: str | None = None
    """JSON, of adapters told by data (`app.registry.described`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Everything one registration document says."""

    license_types: tuple[LicenseType, ...] = ()
    issuers: tuple[IssuerEntry, ...] = ()
    keys: tuple[KeyEntry, ...] = ()
    endpoints: tuple[EndpointEntry, ...] = ()
    delegations: tuple[DelegationEntry, ...] = ()
    offers: tuple[Offer, ...] = ()
    """Of documents (调阅), at most one of a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that is registered about one question, and nothing else."""

    issuer: Issuer | None = None
    type: LicenseType | None = None
    delegations: tuple[DelegationEntry, ...] = ()
    """Given by the issuer, for the type."""
    keys: tuple[KeyEntry, ...] = ()
    """For licenses or copies, named by the document, of the issuer or any delegate of its."""
    endpoints: tuple[EndpointEntry, ...] = ()
    """Of the issuer, its successor and its delegates for answers of the type; of the owners of the
    seals where nothing else is named; and of the platforms above them."""
    answer_keys: tuple[KeyEntry, ...] = ()
    """Of the same bodies."""
    revoked: Mapping[str, datetime] = field(default_factory=dict)
    """SHA-256 of keys' SubjectPublicKeyInfo, hexadecimal → when they were revoked here, under
    whatever name."""
    region: str | None = None
    """Six digits of GB/T 2260, as registered for the issuer."""
    succession: tuple[IssuerCode, datetime] | None = None
    """Who took over from the issuer for the type, and since when."""
    sealers: frozenset[IssuerCode] = frozenset()
    """Bodies whose organisation codes the certificates bear."""
    licensers: frozenset[IssuerCode] = frozenset()
    """Of these, whoever is registered to seal licenses: its own, or as a delegate."""
    named: Mapping[IssuerCode, Issuer] = field(default_factory=dict)
    """Bodies that are tied to the issuer, as the tables name them."""
    statement: Statement | None = None
    told_at: datetime | None = None
    disputed_since: datetime | None = None
    """Since when the record of the license is disputed."""
    first_seen: datetime | None = None
    owners: Mapping[str, IssuerCode] = field(default_factory=dict)
    """Organisation codes of signers → the issuer or delegate registered under it for the type."""
    owners_otherwise: Mapping[str, IssuerCode] = field(default_factory=dict)
    """The same, registered for other types only."""
    authorities: Authorities = NO_AUTHORITIES
