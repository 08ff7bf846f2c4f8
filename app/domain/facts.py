"""Everything a verdict rests on, complete before the first check runs, and fit to be kept; but for
the words of several seals' owners, who are asked only about what did not fail by itself.

No document bytes and no personal values: what was compared stands here by name only. Judging the
same facts again gives the same evidence and, with the kept answer, the same verdict.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.elements import LicenseElement
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.invoice import InvoiceFacts
from app.domain.issuer import Endpoint, IssuerAnswer
from app.domain.license import Fact, KeyId, LicenseFormat
from app.domain.photo import PhotoFacts
from app.domain.scheme import Scheme
from app.domain.sealed import PackageFacts, SealedFacts
from app.domain.signers import Signers
from app.domain.trust import Trust


class Value(StrEnum):
    """What the mathematics of a signature value said, under the registered key."""

    HOLDS = "holds"
    FAILS = "fails"
    SCHEME_DIFFERS = "scheme_differs"
    """The document names another scheme than the key is registered for."""
    WEAK = "weak"
    """Recognised, and refused by name."""
    UNREADABLE = "unreadable"
    """The signature's own data cannot be read."""
    BEYOND_LIMITS = "beyond_limits"
    """The signature's own data are larger, or made by other means, than what is read here."""
    UNSUPPORTED = "unsupported"
    """A signature of a kind that is not judged here."""
    UNMEASURED = "unmeasured"
    """No key to measure with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """One signature, measured."""

    label: str
    scheme: Scheme | None
    """None: the document names an algorithm that is not in our table."""
    signer: IssuerCode
    key_id: KeyId
    covers: frozenset[Fact]
    covers_copy: frozenset[LicenseElement] = frozenset()
    """Of the terms of an annotated copy (加注件), those it covers; a token covers all it says."""
    signed_at: datetime | None
    value: Value
    detail: str = ""
    sealed: SealedFacts | None = None
    """Of a seal (电子签章); None: signed by a registered key, or unreadable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What was presented, without its bytes and without its holder."""

    format: LicenseFormat
    identifier: Identifier | None
    identifiers: frozenset[str]
    type: TypeCode | None
    issuer: IssuerCode | None
    stated: frozenset[Fact]
    misnamed: tuple[str, ...]
    """`type`, `issuer`: stated beside the identifier, and not what it names."""
    disagreements: tuple[str, ...]
    """Names of elements stated twice with different values, in the document's own words."""
    valid_from: date | None
    valid_until: date | None
    is_copy: bool
    copy_until: datetime | None
    copy_matter: str | None
    presentation_until: datetime | None
    signatures: tuple[SignatureFacts, ...]
    package: PackageFacts | None = None
    """None where the format has no parts."""
    photo: PhotoFacts | None = None
    """Of pictures only."""
    coded: bool = False
    """An official code that its issuer alone can read says which license is meant."""
    digested: bool = False
    """Only parts of its signatures were seen, beside digests that the caller states."""
    invoice: InvoiceFacts | None = None
    """Of an OFD that states figures of an invoice (电子发票)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealAsked:
    """谁签章、谁核验: what was asked about one of several seals, and what came."""

    label: str
    """Of the signature that the seal made."""
    endpoint: Endpoint | None
    """Where the question about this seal goes; None: nobody is registered who could be asked."""
    answer: IssuerAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The ground of one verification."""

    document: DocumentFacts
    trust: Trust
    now: datetime
    at: datetime | None = None
    """The time asked about; None: now."""
    max_status_age: timedelta | None = None
    """The caller's limit; it can only tighten those of type and policy."""
    matter: str | None = None
    """事项编码 the caller verifies for."""
    signers: Signers | None = None
    """Judged as a sealed document, not as a license, and by whom it has to be sealed."""
    sm_only: bool = False
    """密评: valid only where every layer is protected by SM2 and SM3."""
    seals: tuple[SealAsked, ...] = ()
    """Of a sealed document with several signatures: what the owner of each seal was asked and said,
    added once they have answered. Empty: the one answer beside the facts is about the first seal.
    """

    @property
    def moment(self) -> datetime:
        return self.at or self.now
