"""Kind and size of a picture from its first bytes, before any decoder sees it.

JPEG (ITU-T T.81 B.2.2), PNG (ISO/IEC 15948 11.2.2), WebP (RFC 9649). Nothing is decoded here: what
counts is that no decoder is handed more than `MAX_PIXELS`.
"""

from dataclasses import dataclass
from typing import Final

from app.domain.errors import BeyondLimits, ImageNotRead

MAX_PIXELS: Final = 40_000_000
"""Of one picture; telephones make 12 and 25 million. The worker looks again."""
MAX_BYTES: Final = 8 * 1024 * 1024
"""Of one picture."""
MAX_SEGMENTS: Final = 512
"""Of a JPEG before its frame header: profiles and previews of cameras take some dozens."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF markers; the three others are tables and an extension."""
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""
_END: Final = frozenset({0xD9, 0xDA})
"""End of image, or the scan itself: no frame header came before."""


@dataclass(frozen=True, slots=True)
class Size:
    """In pixels, as the file says."""

    width: int
    height: int


def is_picture(content: bytes) -> bool:
    """By its first bytes; never raises."""
    webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return webp or content.startswith((_PNG, _JPEG))


def within_limits(content: bytes) -> Size:
    """The size of a picture that may be decoded.

    Raises:
        BeyondLimits: more bytes, or more pixels, than are read.
        ImageNotRead: it does not say its size where its kind has it.
    """
    if len(content) > MAX_BYTES:
        raise BeyondLimits(f"image: more than {MAX_BYTES} bytes")
    size = _size(content)
    if size is None or not (size.width and size.height):
        raise ImageNotRead("image: its header does not say how large it is")
    if size.width * size.height > MAX_PIXELS:
        raise BeyondLimits(f"image: more than {MAX_PIXELS} pixels")
    return size


def _size(content: bytes) -> Size | None:
    if content.startswith(_PNG):
        return _pair(content, 16, 20) if content[12:16] == b"IHDR" else None
    return _jpeg(content) if content.startswith(_JPEG) else _webp(content)


def _pair(content: bytes, width: int, height: int) -> Size | None:
    """Four bytes each, big-endian, at these places."""
    if len(content) < height + 4:
        return None
    return Size(
        int.from_bytes(content[width : width + 4], "big"),
        int.from_bytes(content[height : height + 4], "big"),
    )


def _jpeg(content: bytes) -> Size | None:
    at = 2
    for _ in range(MAX_SEGMENTS):
        while content[at : at + 2] == b"\xff\xff":  # fill bytes, B.1.1.2
            at += 1
        if len(content) < at + 9 or content[at] != 0xFF:  # noqa: PLR2004
            return None
        marker = content[at + 1]
        if marker in _END:
            return None
        if marker in _FRAMES:
            height, width = content[at + 5 : at + 7], content[at + 7 : at + 9]
            return Size(int.from_bytes(width, "big"), int.from_bytes(height, "big"))
        at += 2 if marker in _BARE else 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _webp(content: bytes) -> Size | None:
    kind, data = content[12:16], content[20:30]
    if len(data) < 10:  # noqa: PLR2004 - the longest of the three headers
        return None
    match kind:
        case b"VP8 " if data[3:6] == b"\x9d\x01\x2a":
            width, height = (int.from_bytes(data[i : i + 2], "little") & 0x3FFF for i in (6, 8))
            return Size(width, height)
        case b"VP8L" if data[0] == 0x2F:  # noqa: PLR2004
            bits = int.from_bytes(data[1:5], "little")
            return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8X":
            width, height = (int.from_bytes(data[i : i + 3], "little") + 1 for i in (4, 7))
            return Size(width, height)
        case _:
            return None
