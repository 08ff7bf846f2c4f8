"""Raster images a browser can show, as they are stored."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

from app.domain.errors import Malformed
from app.domain.picture import LeftOut
from app.formats.rasters import MAX_PIXELS, Kind, kind_of, size_of

SHOWN: Final = frozenset({Kind.PNG, Kind.JPEG, Kind.GIF, Kind.BMP})
"""What OFD names as image formats (GB/T 33190-2016 7.9) and every browser shows."""


class NotDrawn(Malformed):
    """An image that is left out, and why."""

    def __init__(self, left: LeftOut) -> None:
        super().__init__(f"picture: {left.value}")
        self.left = left


@dataclass(frozen=True, slots=True)
class Raster:
    """An image a browser can show."""

    kind: Kind
    data: bytes = field(repr=False)

    @property
    def link(self) -> str:
        """As a data URL."""
        return f"data:image/{self.kind.value};base64,{b64encode(self.data).decode()}"


def raster(data: bytes) -> Raster:
    """By magic number, never by name. Raises `NotDrawn`."""
    kind, size = kind_of(data), size_of(data)
    if kind not in SHOWN or kind is None or size is None or not size.pixels:
        raise NotDrawn(LeftOut.IMAGE_FORMAT)
    if size.pixels > MAX_PIXELS:
        raise NotDrawn(LeftOut.IMAGE_TOO_LARGE)
    return Raster(kind, data)
