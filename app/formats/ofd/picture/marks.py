"""What the picture says itself: frames and words no document can draw beneath or beside."""

from collections.abc import Collection
from typing import Final

from app.domain.picture import SealMark
from app.formats.ofd.picture.canvas import Canvas
from app.formats.ofd.picture.values import Box, write

_RED: Final = "#c4161c"
_AMBER: Final = "#8a5a00"
_GREY: Final = "#555555"
_GREEN: Final = "#1b6e3c"
_FONT: Final = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"

SAID: Final = {
    SealMark.SOUND: (_GREEN, "✔ 已核验的印章 verified seal"),
    SealMark.UNSETTLED: (_AMBER, "印章属实，是否停用未知 genuine, may be out of use"),
    SealMark.DOUBTED: (_AMBER, "此章未证实 seal not proven"),
    SealMark.BROKEN: (_RED, "此章无效 seal invalid"),
    SealMark.UNJUDGED: (_GREY, "此章未核验 seal not verified"),
}
UNCOVERED: Final = "未受签章保护 not covered by a seal"
UNCOVERED_PAGE: Final = "本页内容未受签章保护 this page is not covered by a seal"
UNPROVEN: Final = "盖有印章，但该印章尚未证实 under a seal that is not yet proven"
UNPROVEN_PAGE: Final = (
    "本页盖有印章，但该印章尚未证实 this page is under a seal that is not yet proven"
)
_NEAR: Final = 1e-6
"""Millimetres: lines that touch do not lie over one another."""
MAX_MOVED: Final = 64
"""Labels of seals that are kept clear of one another on one page."""
NO_SEAL: Final = "无印章的签名 a signature without a seal"


def frame(place: Box, color: str = _RED) -> str:
    """A dashed frame, as wide on every scale."""
    x, y, width, height = place
    return (
        f'<rect x="{write(x)}" y="{write(y)}" width="{write(max(width, 0))}" '
        f'height="{write(max(height, 0))}" fill="none" stroke="{color}" stroke-width="0.5" '
        'stroke-dasharray="2 1"/>'
    )


def label(text: str, place: Box, size: float, color: str = _RED) -> str:
    """Words on white at the upper left corner of a place."""
    x, y, *_ = place
    return (
        f'<g font-family="{_FONT}" font-size="{write(size)}">'
        f'<rect x="{write(x)}" y="{write(y)}" width="{write(wide(text, size) + size)}" '
        f'height="{write(size * 1.5)}" fill="#ffffff" stroke="{color}" stroke-width="0.2"/>'
        f'<text x="{write(x + size / 2)}" y="{write(y + size * 1.1)}" fill="{color}">'
        f"{text}</text></g>"
    )


def told_of_page(place: Box, size: float, *, whole: bool, unproven: bool) -> str:
    """What the page has that no sound seal covers.

    Args:
        place: the page.
        size: of the letters.
        whole: the content of the page itself is among it.
        unproven: all of it stands under seals that were neither proven nor found wrong.
    """
    color = _AMBER if unproven else _RED
    if not whole:
        return label(UNPROVEN if unproven else UNCOVERED, place, size, color)
    words = UNPROVEN_PAGE if unproven else UNCOVERED_PAGE
    return frame(place, color) + label(words, place, size, color)


def marked_frame(place: Box, text: str, size: float, view: Box, color: str = _RED) -> str:
    """Frame, and words above it, where they hide nothing of what it holds; both within what is seen
    of the page, wherever the place was put.
    """
    seen, words = _framed(place, text, size, view)
    return frame(seen, color) + label(text, words, size, color)


def marked_seal(  # noqa: PLR0917 - a frame like any other
    canvas: Canvas, place: Box, text: str, size: float, view: Box, color: str
) -> str:
    """The same for a seal, whose words do not lie over those of another in its place."""
    seen, words = _framed(place, text, size, view)
    free = canvas.labels.get((text, words), words)
    if (text, words) not in canvas.labels and len(canvas.labels) < MAX_MOVED:
        free = canvas.labels[text, words] = _free(words, canvas.labels.values(), view)
    return frame(seen, color) + label(text, free, size, color)


def annotated_frame(place: Box, size: float, view: Box, *, unproven: bool) -> str:
    """About an annotation that no sound seal covers."""
    words, color = (UNPROVEN, _AMBER) if unproven else (UNCOVERED, _RED)
    return marked_frame(place, words, size, view, color)


def _framed(place: Box, text: str, size: float, view: Box) -> tuple[Box, Box]:
    """Where the frame is, and where its words are."""
    x, y, width, height = place
    left, top = _within(x, view[0], view[2], 0), _within(y, view[1], view[3], 0)
    right = _within(x + width, view[0], view[2], 0)
    bottom = _within(y + height, view[1], view[3], 0)
    broad, high = wide(text, size) + size, size * 1.5
    above = _within(y - high, view[1], view[3], high)
    beside = _within(x, view[0], view[2], broad)
    return (left, top, right - left, bottom - top), (beside, above, broad, high)


def _free(words: Box, taken: Collection[Box], view: Box) -> Box:
    """Moved upwards, or else downwards, by whole lines until it lies over no other words."""
    x, y, broad, high = words
    for step in range(len(taken) + 1):
        for moved in (y - step * high, y + step * high):
            place = (x, moved, broad, high)
            inside = view[1] <= moved <= view[1] + view[3] - high
            if inside and not any(_meet(place, other) for other in taken):
                return place
    return words


def _meet(one: Box, other: Box) -> bool:
    return all(
        one[axis] + _NEAR < other[axis] + other[axis + 2]
        and other[axis] + _NEAR < one[axis] + one[axis + 2]
        for axis in (0, 1)
    )


def _within(value: float, start: float, length: float, own: float) -> float:
    """Moved so that `own` of it lies between start and start + length."""
    return max(start, min(value, start + length - own))


def wide(text: str, size: float) -> float:
    """About how wide words are."""
    return sum(1 if ord(each) > 0xFF else 0.6 for each in text) * size  # noqa: PLR2004
