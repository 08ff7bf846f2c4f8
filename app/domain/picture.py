"""Pictures of pages (版式页面): what is drawn, what is not, and what nobody vouches for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class SealMark(StrEnum):
    """How a seal's picture may look. Only one that was found sound is drawn as it is."""

    SOUND = "sound"
    UNSETTLED = "unsettled"
    """Proven, and covering what it covers; whether the seal is still in use is not known."""
    DOUBTED = "doubted"
    """Not proven: an unknown authority, an outage, a doubt."""
    BROKEN = "broken"
    """Proven wrong."""
    UNJUDGED = "unjudged"
    """Nobody looked: the picture was asked for without a verification."""


class LeftOut(StrEnum):
    """Why something of a page is not in its picture."""

    UNREADABLE = "unreadable"
    """A number, path or colour that cannot be read."""
    MISSING = "missing"
    """It names a resource that is not there."""
    IMAGE_FORMAT = "image_format"
    """No PNG, JPEG, GIF or BMP."""
    IMAGE_TOO_LARGE = "image_too_large"
    """More pixels, or more bytes, than a page may bring into a browser."""
    MASK = "mask"
    """An image mask: the image is drawn without it."""
    SHADING = "shading"
    """A pattern or a mesh in place of a colour: drawn in grey."""
    CLIP = "clip"
    """A clip by text: what it would cut is drawn whole."""
    TOO_DEEP = "too_deep"
    """Composites in composites."""
    TOO_MUCH = "too_much"
    """Beyond what one picture holds."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One page as an SVG document that brings everything with it and asks for nothing."""

    svg: str = field(repr=False)
    page: int
    """From 1."""
    drawn: int
    """Texts, paths, images and seals in it."""
    left_out: Mapping[LeftOut, int] = field(default_factory=Counter)
    uncovered: tuple[str, ...] = ()
    """Parts this page is made of which no signature covers, or none that was found sound."""
    seals: tuple[SealMark, ...] = ()
    """How each seal that stands on this page was found; what is only painted is none."""
