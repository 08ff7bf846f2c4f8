"""What came of fetching or importing what says who is revoked: each fault by its name."""

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What came of one fetch."""

    NEW = "new"
    HELD = "held"
    """The list we have."""
    UNREACHABLE = "unreachable"
    """Nothing came, or nothing we may ask: the detail says which rule or limit."""
    UNREADABLE = "unreadable"
    SEVERAL = "several"
    """An OCSP response about more certificates than one, or about none."""
    UNKNOWN = "unknown"
    """An OCSP response that does not know the certificate."""
    DELTA = "delta"
    """Only what changed since another list; told by name, and not joined to it."""
    INDIRECT = "indirect"
    """Of certificates of other authorities."""
    UNSIGNED = "unsigned"
    """By nobody who is registered."""
    OTHER = "other"
    """An OCSP response about another certificate than was asked about."""
    FULL = "full"
    """Responses about as many certificates are held as may be."""
    FROM_FUTURE = "from_future"
    STALE = "stale"
    """Its own nextUpdate is over, or it has none."""
    OLDER = "older"
    """Than what is held: replayed, or a mirror that lags."""


GOOD: Final = frozenset({Outcome.NEW, Outcome.HELD})
