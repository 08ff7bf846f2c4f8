"""Raster images by their first bytes: kind and size, without decoding one."""

import struct
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

from app.domain.errors import Malformed
from app.domain.picture import LeftOut

MAX_PIXELS: Final = 40_000_000
"""A scan of A4 at 600 dpi has 35 million; a browser holds four bytes of each."""
MAX_MARKERS: Final = 4096
"""Of a JPEG before its frame header, with the bytes that fill; cameras write some dozens."""
_FILL: Final = 0xFF
"""Begins every marker, and may stand before one any number of times."""
_NO_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


class NotDrawn(Malformed):
    """An image that is left out, and why."""

    def __init__(self, left: LeftOut) -> None:
        super().__init__(f"picture: {left.value}")
        self.left = left


@dataclass(frozen=True, slots=True)
class Raster:
    """An image a browser can show."""

    kind: str
    data: bytes = field(repr=False)

    @property
    def link(self) -> str:
        """As a data URL."""
        return f"data:image/{self.kind};base64,{b64encode(self.data).decode()}"


def raster(data: bytes) -> Raster:
    """By magic number, never by name. Raises `NotDrawn`."""
    try:
        kind, width, height = _measured(data)
    except (struct.error, IndexError):
        raise NotDrawn(LeftOut.IMAGE_FORMAT) from None
    if width <= 0 or height <= 0:
        raise NotDrawn(LeftOut.IMAGE_FORMAT)
    if width * height > MAX_PIXELS:
        raise NotDrawn(LeftOut.IMAGE_TOO_LARGE)
    return Raster(kind, data)


def _measured(data: bytes) -> tuple[str, int, int]:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return "png", *struct.unpack_from(">II", data, 16)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif", *struct.unpack_from("<HH", data, 6)
    if data.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", data, 18)
        return "bmp", width, abs(height)
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg", *_jpeg(data)
    raise NotDrawn(LeftOut.IMAGE_FORMAT)


def _jpeg(data: bytes) -> tuple[int, int]:
    """Width and height of the first frame header (ITU-T T.81 B.2.2)."""
    at = 2
    for _ in range(MAX_MARKERS):
        if data[at] != _FILL:
            break
        marker = data[at + 1]
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if marker in _NO_LENGTH:
            at += 2
            continue
        if marker == _FILL:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + length
    raise NotDrawn(LeftOut.IMAGE_FORMAT)
