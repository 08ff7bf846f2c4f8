"""What one picture may cost, as the service and its worker are told."""

from dataclasses import dataclass

from app.formats.photo.header import MAX_BYTES
from app.formats.rasters import MAX_PIXELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Handed to the worker as JSON; it keeps itself to them, and the service looks after it."""

    octets: int = MAX_BYTES
    """Of one picture."""
    pixels: int = MAX_PIXELS
    """Of one picture."""
    codes: int = 32
    """Beyond which it is a picture of codes and not of a license."""
    payload: int = 8 * 1024
    """Bytes of one code; the largest QR code holds 7,089 digits."""
    memory: int = 512 * 1024 * 1024
    """Bytes of address space."""
    search: float = 1.5
    """Seconds after which no other way of looking is begun."""
    upscaled: int = 6_000_000
    """Pixels beyond which a picture is not looked at in twice its size."""
