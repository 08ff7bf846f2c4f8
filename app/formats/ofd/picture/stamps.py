"""The picture of a seal (印章图像) in its place, looking no better than it was found."""

from collections.abc import Callable

from app.domain.errors import Malformed
from app.domain.ofd import SignatureEntry, Stamp
from app.domain.picture import LeftOut, SealMark
from app.domain.seal import SealPicture
from app.formats.ofd.license import read_value
from app.formats.ofd.picture.canvas import Canvas
from app.formats.ofd.picture.marks import NO_SEAL, SAID, marked_seal
from app.formats.ofd.picture.rasters import NotDrawn, raster
from app.formats.ofd.picture.values import Box, write

Nested = Callable[[bytes], tuple[Box, str] | None]
"""Draws the first page of an OFD without its seals: its box, and the pieces. Raises `Malformed`."""
FADED = 0.35
"""Opacity."""


def draw_stamps(  # noqa: PLR0917 - called in one place
    canvas: Canvas,
    entry: SignatureEntry,
    stamps: tuple[Stamp, ...],
    mark: SealMark,
    size: float,
    view: Box,
    nested: Nested,
) -> None:
    """Every stamp of one signature on one page; several of one make a 骑缝章.

    Args:
        canvas: what is drawn on.
        entry: the signature.
        stamps: those of its stamps that stand on this page.
        mark: how it was found.
        size: of the letters of marks, in millimetres.
        view: what is seen of the page.
        nested: for vector seals.
    """
    color, words = SAID[mark]
    picture = _picture_of(entry)
    image = None if picture is None else _image(canvas, picture, nested)
    if picture is not None:
        canvas.seals.append(mark)
    for stamp in stamps:
        if not canvas.room():
            return
        box = stamp.boundary
        place = (box.x, box.y, box.width, box.height)
        if image is not None:
            draw = canvas.stamp if mark is SealMark.SOUND else canvas.fade
            draw(_placed(canvas, image, stamp))
            canvas.drawn += 1
        said = NO_SEAL if picture is None else words
        canvas.mark(marked_seal(canvas, place, said, size, view, color))


def _picture_of(entry: SignatureEntry) -> SealPicture | None:
    """From the seal inside the signed value; a picture lying beside it is nobody's."""
    found = read_value(entry.signed_value).signature
    return found.seal.picture if found is not None else None


def _image(canvas: Canvas, picture: SealPicture, nested: Nested) -> str | None:
    """One by one in size; None, and counted, where there is none to draw."""
    if picture.data.startswith(b"PK\x03\x04"):
        return _vector(canvas, picture.data, nested)
    try:
        key = canvas.image(("seal", picture.data), raster(picture.data))
    except NotDrawn as exc:
        canvas.left_out[exc.left] += 1
        return None
    return f'<use href="#{key}"/>'


def _vector(canvas: Canvas, data: bytes, nested: Nested) -> str | None:
    """A vector seal is an OFD of its own: its first page, without seals, one level deep."""
    try:
        found = nested(data)
    except Malformed:
        found = None
    if found is None or min(found[0][2:]) <= 0:
        canvas.left_out[LeftOut.UNREADABLE] += 1
        return None
    (x, y, width, height), piece = found
    move = f"scale({write(1 / width, 1 / height)}) translate({write(-x, -y)})"
    return f'<g transform="{move}">{piece}</g>'


def _placed(canvas: Canvas, image: str, stamp: Stamp) -> str:
    box, clip = stamp.boundary, stamp.clip
    cut = ""
    if clip is not None:
        key = canvas.name()
        canvas.define(
            f'<clipPath id="{key}"><rect x="{write(clip.x)}" y="{write(clip.y)}" '
            f'width="{write(max(clip.width, 0))}" height="{write(max(clip.height, 0))}"/>'
            "</clipPath>"
        )
        cut = f' clip-path="url(#{key})"'
    return (
        f'<g transform="translate({write(box.x, box.y)})"{cut}>'
        f'<g transform="scale({write(box.width, box.height)})">{image}</g></g>'
    )
