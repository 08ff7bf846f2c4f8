"""Kind and size of a picture from its first bytes, before any decoder or browser sees it.

JPEG (ITU-T T.81 B.2.2), PNG (ISO/IEC 15948 11.2.2), WebP (RFC 9649), GIF (GIF89a 18), BMP. Nothing
is decoded here.
"""

import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_PIXELS: Final = 40_000_000
"""Of one picture that is decoded, or shown: telephones make 12 and 25 million, a scan of A4 at 600
dpi has 35 million."""
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
_MARKER: Final = re.compile(rb"\xff{1,4096}+([^\xff])", re.DOTALL)
"""With the fill bytes before it (B.1.1.2); nobody writes more of them."""


class Kind(StrEnum):
    """By its first bytes, never by its name."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    GIF = "gif"
    BMP = "bmp"


@dataclass(frozen=True, slots=True)
class Size:
    """In pixels, as the file says."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


def kind_of(content: bytes) -> Kind | None:
    """Looks at the leading bytes only; never raises."""
    if content.startswith(_PNG):
        return Kind.PNG
    if content.startswith(_JPEG):
        return Kind.JPEG
    if content.startswith((b"GIF87a", b"GIF89a")):
        return Kind.GIF
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Kind.WEBP
    return Kind.BMP if content.startswith(b"BM") else None


def size_of(content: bytes) -> Size | None:
    """None where it does not say its size where its kind has it; never raises."""
    with suppress(struct.error, IndexError):
        match kind_of(content):
            case Kind.PNG if content[12:16] == b"IHDR":
                return Size(*struct.unpack_from(">II", content, 16))
            case Kind.JPEG:
                return _jpeg(content)
            case Kind.WEBP:
                return _webp(content[12:16], content[20:30])
            case Kind.GIF:
                return Size(*struct.unpack_from("<HH", content, 6))
            case Kind.BMP:
                width, height = struct.unpack_from("<ii", content, 18)
                return Size(max(width, 0), abs(height))
    return None


def _jpeg(content: bytes) -> Size | None:
    at = 2
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.match(content, at)
        if found is None:
            return None
        marker, at = found[1][0], found.end()
        if marker in _END:
            return None
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 3)
            return Size(width, height)
        if marker not in _BARE:
            (length,) = struct.unpack_from(">H", content, at)
            at += length
    return None


def _webp(kind: bytes, data: bytes) -> Size | None:
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
