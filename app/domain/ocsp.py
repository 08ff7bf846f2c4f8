"""在线证书状态 (OCSP, RFC 6960, GB/T 19713) answers that were brought to us, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.certificate import RevocationReason


class OcspStatus(StrEnum):
    """What a responder says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """The responder does not know it: never good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspAnswer:
    """SingleResponse: about one certificate, named by its issuer's hashes and its serial number."""

    hash_oid: str
    """Of the two hashes; they identify and prove nothing, so SHA-1 may stand here."""
    name_hash: bytes
    key_hash: bytes
    serial: int
    status: OcspStatus
    revoked_at: datetime | None
    reason: RevocationReason | None
    this_update: datetime
    next_update: datetime | None
    unknown_critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspResponse:
    """BasicOCSPResponse, read and not yet verified."""

    responder_name: bytes | None = field(repr=False)
    """DER of the name; None where the responder is given by its key."""
    responder_key: bytes | None
    """SHA-1 of its public key, where it is given so."""
    produced_at: datetime
    answers: tuple[OcspAnswer, ...]
    unknown_critical: bool
    certificates: tuple[bytes, ...] = field(repr=False)
    """DER; perhaps the delegated responder's."""
    signature_oid: str
    signature_parameters: bytes | None = field(repr=False)
    message: bytes = field(repr=False)
    """TbsResponseData as received."""
    value: bytes = field(repr=False)
