"""时间戳 (timestamp tokens, GB/T 20520, RFC 3161) as values."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.cms import CmsSignature
from app.domain.scheme import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampToken:
    """TSTInfo under the signature of a time-stamping authority (TSA), read and not yet verified."""

    signature: CmsSignature = field(repr=False)
    """Its content is the DER of TSTInfo."""
    digest: Digest | None
    """Of the imprint; None: an object identifier nobody here knows."""
    imprint: bytes
    at: datetime
    """genTime."""
    accuracy: timedelta
    """Zero where it is not stated."""
    serial: int
    policy: str
    """Dotted object identifier."""
