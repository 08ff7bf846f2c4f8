"""What a submitted document says about itself. Nothing here is trusted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NewType

from app.domain.cms import CmsSignature
from app.domain.elements import LicenseElement
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.invoice import InvoiceFacts
from app.domain.ofd import Coverage, OfdPackage, SignatureEntry
from app.domain.pdf import DocumentTimestamp, PdfDocument, PdfSignature
from app.domain.photo import Address, CodeFacts, PhotoFacts
from app.domain.scheme import Scheme
from app.domain.seal import SealSignature, ValueForm

KeyId = NewType("KeyId", str)
"""A name for a key, unique among the keys of its owner; in a document a hint, never a proof."""


class LicenseFormat(StrEnum):
    """How what was presented is written."""

    JWS = "jws"
    OFD = "ofd"
    PDF = "pdf"
    PHOTO = "photo"
    """A photo, scan or screenshot (照片、扫描件、截图): it proves nothing by itself."""
    FACTS = "facts"
    """No file: an identifier or a number, with the holder's facts."""


class Fact(StrEnum):
    """What an issuer can be asked to compare."""

    IDENTIFIER = "identifier"
    NUMBER = "number"
    TYPE = "type"
    HOLDER = "holder"
    HOLDER_CODE = "holder_code"
    DATES = "dates"


OWN_CODE: Final = re.compile(r"[A-Za-z0-9._~-]{1,160}")
"""A code of an issuer's own, as docs/ivp.md lets it be asked by."""
HOLDER_FACTS = frozenset({Fact.HOLDER, Fact.HOLDER_CODE})
PROOF_FACTS = frozenset({Fact.NUMBER, Fact.TYPE, Fact.HOLDER, Fact.DATES})
"""All four, covered, compared and matching, may close a time gap (design §4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """GB/T 36903 elements as the document, or the caller, states them."""

    identifier: Identifier | None
    """From covered content where there is one; else from uncovered, and then it only routes."""
    identifiers: frozenset[str] = frozenset()
    """Every identifier found anywhere, as text; more than one value disagrees."""
    type: TypeCode | None = None
    issuer: IssuerCode | None = None
    number: str | None = field(default=None, repr=False)
    holder: str | None = field(default=None, repr=False)
    holder_code: str | None = field(default=None, repr=False)
    valid_from: date | None = None
    valid_until: date | None = None
    """Last day in force, inclusive, Beijing time."""
    long_term: bool = False
    """长期: no end is stated on purpose."""
    is_copy: bool = False
    """加注件: a copy layer or copy field was found."""
    copy_until: datetime | None = None
    copy_matter: str | None = None
    """事项编码 the copy was made for."""
    presentation_until: datetime | None = None
    code: str | None = field(default=None, repr=False)
    """Out of an official address: only the issuer can read it, and by it find the license."""
    disagreements: tuple[str, ...] = ()
    """Names of elements that stand in the document with different values."""

    def values(self) -> Mapping[Fact, object]:
        """What is stated, by fact; absent facts are absent keys."""
        dates = {"from": self.valid_from, "until": "长期" if self.long_term else self.valid_until}
        stated: dict[Fact, object | None] = {
            Fact.IDENTIFIER: str(self.identifier) if self.identifier else None,
            Fact.NUMBER: self.number,
            Fact.TYPE: self.type,
            Fact.HOLDER: self.holder,
            Fact.HOLDER_CODE: self.holder_code,
            Fact.DATES: dates if any(dates.values()) else None,
        }
        return {fact: value for fact, value in stated.items() if value}


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as found: exactly the bytes that were signed, and whose it claims to be."""

    label: str
    """Unique in its document."""
    scheme: Scheme | None
    """A hint; the registered key decides. None: it names an algorithm that is not in our table."""
    message: bytes = field(repr=False)
    value: bytes = field(repr=False)
    signer: IssuerCode
    key_id: KeyId
    covers: frozenset[Fact]
    signed_at: datetime | None
    """Claimed by the document, not proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """One entry of an OFD's signature list, read as far as it can be."""

    label: str
    """Index of its body and ID in the list; unique in its document."""
    entry: SignatureEntry = field(repr=False)
    signature: SealSignature | None = field(repr=False)
    """None where the value is not a seal signature, or cannot be read."""
    cms: CmsSignature | None = field(default=None, repr=False)
    """签名 without a seal; None where the value is not one, or cannot be read."""
    form: ValueForm
    """What the value is by its own octets, whatever the list says."""
    problem: str
    """Why neither is there."""
    beyond: bool = False
    """Neither is there for a limit of ours, not for a fault of the value."""
    coverage: Coverage = field(repr=False)
    covers: frozenset[Fact]
    covers_copy: frozenset[LicenseElement] = frozenset()
    """Of the terms of an annotated copy (加注件), those it covers."""

    @property
    def certificate(self) -> bytes | None:
        """The signer's, DER, where there is one."""
        signed = self.signature or self.cms
        return signed.certificate if signed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSealing:
    """One signature or seal of a PDF, read as far as it can be."""

    label: str
    """By its place among the document's signatures."""
    entry: PdfSignature = field(repr=False)
    signature: SealSignature | None = field(repr=False)
    """电子签章; None where the value is none, or cannot be read."""
    cms: CmsSignature | None = field(default=None, repr=False)
    """签名; None where the value is none, or cannot be read."""
    form: ValueForm
    problem: str
    """Why neither is there."""
    unsupported: bool = False
    """Of a kind that is not judged here."""
    beyond: bool = False
    """Not read because of a limit of this reader."""
    weak: bool = False
    """Of a kind that is about a SHA-1 digest and nothing else."""
    revisions: int
    """Of the file."""
    stamps: tuple[DocumentTimestamp, ...] = field(default=(), repr=False)
    """Document timestamps that cover it."""
    covers: frozenset[Fact]
    covers_copy: frozenset[LicenseElement] = frozenset()
    """Terms of a copy (加注件) among what it covers."""

    @property
    def certificate(self) -> bytes | None:
        """The signer's, DER, where there is one."""
        signed = self.signature or self.cms
        return signed.certificate if signed else None


@dataclass(frozen=True, slots=True)
class PhotoCode:
    """One code in a picture, with what it says."""

    facts: CodeFacts
    claims: Claims | None = field(default=None, repr=False)
    """None where it names no license."""
    address: Address | None = field(default=None, repr=False)
    signatures: tuple[Signature, ...] = field(default=(), repr=False)
    """Of a license token."""


@dataclass(frozen=True, slots=True)
class Photo:
    """What was seen in a picture."""

    codes: tuple[PhotoCode, ...] = ()
    facts: PhotoFacts = field(default_factory=PhotoFacts)
    """As far as it is kept; empty until it is known which addresses are official."""


@dataclass(frozen=True, slots=True)
class ParsedLicense:
    """What a format reader makes of bytes."""

    format: LicenseFormat
    claims: Claims
    signatures: tuple[Signature, ...]
    """By registered keys."""
    package: OfdPackage | None = field(default=None, repr=False)
    sealings: tuple[Sealing | PdfSealing, ...] = ()
    """By certificates, of `package` or `pdf`."""
    pdf: PdfDocument | None = field(default=None, repr=False)
    photo: Photo | None = field(default=None, repr=False)
    """Of a picture, or of the pages of a file that is nothing but pictures."""
    pictures: tuple[bytes, ...] = field(default=(), repr=False)
    """On its pages, where it is neither signed nor says which license it is; else none."""
    digested: bool = False
    """The file itself was not sent: signatures by their parts, the rest by the caller's account."""
    license_words: frozenset[str] = frozenset()
    """Names of the elements of license metadata (元数据) it states; empty: it claims to be none."""
    invoice: InvoiceFacts | None = None
    """Figures of an invoice, where it states any."""
