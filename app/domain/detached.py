"""验签: one signature over a message that stands elsewhere, by a registered key.

It is about a message and nothing else: no license, no status, and so no verdict. What is found is
told in the words of checks: passed, failed, indeterminate.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.evidence import Evidence, Outcome
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.license import KeyId
from app.domain.reasons import Reason
from app.domain.scheme import Digest
from app.domain.trust import Issuer, TrustedKey


class DetachedForm(StrEnum):
    """How the value is written. Nothing is guessed from the value itself."""

    DER = "der"
    """The value alone: SM2 and ECDSA as SEQUENCE { r, s }, RSA and Ed25519 as they are."""
    PLAIN = "plain"
    """The same with r ‖ s in place of the SEQUENCE (JOSE, many devices)."""
    CMS = "cms"
    """SignedData of GB/T 35275 or RFC 5652, nothing encapsulated but, at most, the digest."""


class MessageDigest(StrEnum):
    """Digests a message may be told by."""

    SM3 = "sm3"
    """SM3(M): what an attribute messageDigest holds."""
    SM3_WITH_Z = "sm3_with_z"
    """e = SM3(Z ‖ M) with the default id (GB/T 32918.2 §6.1): what an SM2 value signs."""
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


DIGEST_SIZES = {
    MessageDigest.SM3: 32,
    MessageDigest.SM3_WITH_Z: 32,
    MessageDigest.SHA256: 32,
    MessageDigest.SHA384: 48,
    MessageDigest.SHA512: 64,
}


@dataclass(frozen=True, slots=True)
class ToldDigest:
    """A message that stays with the caller."""

    algorithm: MessageDigest
    value: bytes = field(repr=False)

    @property
    def plain(self) -> Digest | None:
        """None: it is no digest of the message alone."""
        with_z = self.algorithm is MessageDigest.SM3_WITH_Z
        return None if with_z else Digest(self.algorithm.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """What was handed in."""

    form: DetachedForm
    value: bytes = field(repr=False)
    message: bytes | ToldDigest = field(repr=False)
    issuer: IssuerCode
    key_id: KeyId
    """The registered key that is to have signed; no other is tried."""
    type: TypeCode | None = None
    """The license type it is about: then the key must be registered for it."""
    signed_at: datetime | None = None
    """Claimed by the caller; an attribute signingTime stands above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachedFinding:
    """What was found of it."""

    at: datetime
    evidence: tuple[Evidence, ...]
    issuer: Issuer | None
    """None: not registered."""
    key: TrustedKey | None
    """None: the issuer has no such key."""
    signed_at: datetime | None
    """None: nobody says."""
    snapshot: str
    """Of the registry or list that was asked."""

    @property
    def outcome(self) -> Outcome:
        found = {item.outcome for item in self.evidence}
        for worst in (Outcome.FAILED, Outcome.INDETERMINATE):
            if worst in found:
                return worst
        return Outcome.PASSED

    @property
    def reason(self) -> Reason | None:
        """The first of the worst kind; None if and only if it passed."""
        outcome = self.outcome
        return next((item.reason for item in self.evidence if item.outcome is outcome), None)
