"""What was learned of a document: its claims, what is missing, and the entries it would take."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.certificate import Certificate
from app.domain.evidence import Block, CheckName, Evidence
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.verdict import LocalState
from app.registry.making.changes import (
    Change,
)


class Missing(StrEnum):
    """What nobody handed in, and a document needs to become authentic."""

    AUTHORITY = "authority"
    """The certificate of whoever issued one that is in the file."""
    REVOCATION_LIST = "revocation_list"
    """A fresh one of an authority on the way."""
    ORGANISATION = "organisation"
    """The signer's certificate bears no organisation code: it cannot be matched to an issuer."""
    OTHER_ORGANISATION = "other_organisation"
    """It bears another body's: a seal of the issuer's under another code, or a delegate's?"""
    VERIFIED_ORGANISATION = "verified_organisation"
    """It bears one only where subjects may write what they like: does the authority verify O?"""
    ISSUER = "issuer"
    """The document does not say whose license it is, or not by a code."""
    TYPE = "type"
    """Nor of which type."""
    ENDPOINT = "endpoint"
    """Where the issuer answers; without it no status is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A certificate with its part in the document."""

    part: str
    """`signer`, `maker`, `enclosed` (in a CMS) or `beside` (handed in)."""
    certificate: Certificate
    issuer: str | None
    """SHA-256 of the certificate at hand that issued it; its own where it is self-signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One signature, by its own word."""

    label: str
    layout: str
    seal_id: str | None
    seal_from: datetime | None
    seal_until: datetime | None
    certificates: tuple[Named, ...]
    problem: str
    intact: bool
    """Content, signature and seal fit one another: mathematics only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Everything `learn` has to tell."""

    stamps: tuple[Stamp, ...]
    beside: tuple[Named, ...]
    identifier: str | None
    type: TypeCode | None
    issuer: IssuerCode | None
    broken: bool
    """Something fails, or would fail with the draft: nothing is drafted of it."""
    before: tuple[Evidence, ...] = field(repr=False)
    """Checks that do not pass with what this node trusts."""
    after: tuple[Evidence, ...] = field(repr=False)
    """Those that would not pass with the draft either."""
    state: LocalState
    """With the draft."""
    changes: tuple[Change, ...] = field(repr=False)
    compare: tuple[Certificate, ...] = field(repr=False)
    """Drafted authorities: whose fingerprints have to be compared."""
    missing: tuple[tuple[Missing, str], ...]
    """What, and of whom."""

    @property
    def authentic(self) -> bool:
        """With the draft, everything about authenticity would pass."""
        return not any(item.check.block is Block.AUTHENTICITY for item in self.after)


INTACT: Final = frozenset(
    {
        CheckName.SIGNATURE_HOLDS,
        CheckName.DATA_HASH_HOLDS,
        CheckName.REFERENCES_HOLD,
        CheckName.SEAL_HOLDS,
        CheckName.ALGORITHMS_AGREE,
    }
)
"""What mathematics alone says of one signature."""
