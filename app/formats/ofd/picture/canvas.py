"""What is being drawn, within bounds."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from app.domain.picture import LeftOut, SealMark
from app.formats.ofd.picture.rasters import NotDrawn, Raster
from app.formats.ofd.picture.values import Box

MAX_OBJECTS: Final = 30_000
"""Texts, paths, images and blocks of one page."""
MAX_SIZE: Final = 8 << 20
"""Characters of one picture beside its images."""
MAX_WORK: Final = 8 << 20
"""Characters read and elements met to draw one page. A resource counts each time it is drawn with:
a block of one broken path in a file of a few kilobytes may be called for ten thousand times.
"""
MAX_IMAGES: Final = 12 << 20
"""Bytes of all images of one page, each counted once."""


@dataclass(slots=True)
class Canvas:
    """Pieces of SVG, and what could not become one."""

    pieces: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    faded: list[str] = field(default_factory=list)
    """Seals not found sound: faded as one, or two in one place would look like a sound one."""
    stamps: list[str] = field(default_factory=list)
    """Seals that were found sound: over those that were not."""
    labels: dict[tuple[str, Box], Box] = field(default_factory=dict)
    """Words beside seals, where they would stand, and where they stand."""
    seals: list[SealMark] = field(default_factory=list)
    """How each seal on the page was found, however often it stands there."""
    marks: list[str] = field(default_factory=list)
    """What the picture says itself: over everything, or a document could draw over it."""
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    drawn: int = 0
    objects: int = 0
    size: int = 0
    images: int = 0
    work: int = 0
    _known: dict[Hashable, str] = field(default_factory=dict)
    _names: int = 0

    def room(self) -> bool:
        """Whether one more object may be drawn; what may not is counted."""
        self.objects += 1
        if self.objects <= MAX_OBJECTS and self.size <= MAX_SIZE:
            return True
        self.left_out[LeftOut.TOO_MUCH] += 1
        return False

    def spend(self, work: int) -> None:
        """Before something is read to be drawn, whatever comes of it.

        Raises `NotDrawn` where it is more than one page may cost.
        """
        if self.work + work > MAX_WORK:
            raise NotDrawn(LeftOut.TOO_MUCH)
        self.work += work

    def add(self, piece: str) -> None:
        """More of the picture."""
        self.pieces.append(piece)
        self.size += len(piece)

    def mark(self, piece: str) -> None:
        """Something the picture says itself."""
        self.marks.append(piece)
        self.size += len(piece)

    def fade(self, piece: str) -> None:
        """A seal that was not found sound."""
        self.faded.append(piece)
        self.size += len(piece)

    def stamp(self, piece: str) -> None:
        """A seal that was found sound."""
        self.stamps.append(piece)
        self.size += len(piece)

    def define(self, piece: str) -> None:
        """Something the picture refers to."""
        self.definitions.append(piece)
        self.size += len(piece)

    def name(self) -> str:
        """An id nobody has yet."""
        self._names += 1
        return f"d{self._names}"

    def image(self, key: Hashable, raster: Raster) -> str:
        """The id of an image one by one in size, which stands in the picture once.

        Raises `NotDrawn` where there is no room for it.
        """
        known = self._known.get(key)
        if known is not None:
            return known
        if self.images + len(raster.data) > MAX_IMAGES:
            raise NotDrawn(LeftOut.IMAGE_TOO_LARGE)
        self.images += len(raster.data)
        name = self._known[key] = self.name()
        self.definitions.append(
            f'<image id="{name}" width="1" height="1" preserveAspectRatio="none" '
            f'href="{raster.link}"/>'
        )
        return name
