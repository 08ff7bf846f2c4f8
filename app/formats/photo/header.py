"""What a picture may cost, seen from its first bytes before any decoder sees it."""

from typing import Final

from app.domain.errors import BeyondLimits, ImageNotRead
from app.formats.rasters import MAX_PIXELS, Kind, Size, kind_of, size_of

MAX_BYTES: Final = 8 * 1024 * 1024
"""Of one picture."""
DECODED: Final = frozenset({Kind.PNG, Kind.JPEG, Kind.WEBP})
"""What telephones and scanners make, and the decoder's process opens."""


def is_picture(content: bytes) -> bool:
    """By its first bytes; never raises."""
    return kind_of(content) in DECODED


def within_limits(content: bytes) -> Size:
    """The size of a picture that may be decoded. The decoder's process looks again.

    Raises:
        BeyondLimits: more bytes, or more pixels, than are read.
        ImageNotRead: it does not say its size where its kind has it.
    """
    if len(content) > MAX_BYTES:
        raise BeyondLimits(f"image: more than {MAX_BYTES} bytes")
    size = size_of(content) if is_picture(content) else None
    if size is None or not size.pixels:
        raise ImageNotRead("image: its header does not say how large it is")
    if size.pixels > MAX_PIXELS:
        raise BeyondLimits(f"image: more than {MAX_PIXELS} pixels")
    return size
