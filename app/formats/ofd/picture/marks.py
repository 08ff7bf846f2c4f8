"""What the picture says itself: frames and words no document can draw beneath or beside."""

from typing import Final

from app.domain.picture import SealMark
from app.formats.ofd.picture.values import Box, write

_RED: Final = "#c4161c"
_AMBER: Final = "#8a5a00"
_GREY: Final = "#555555"
_FONT: Final = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"

SAID: Final = {
    SealMark.SOUND: (_GREY, ""),
    SealMark.DOUBTED: (_AMBER, "此章未证实 seal not proven"),
    SealMark.BROKEN: (_RED, "此章无效 seal invalid"),
    SealMark.UNJUDGED: (_GREY, "此章未核验 seal not verified"),
}
UNCOVERED: Final = "未受签章保护 not covered by a seal"
UNCOVERED_PAGE: Final = "本页内容未受签章保护 this page is not covered by a seal"
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


def marked_frame(place: Box, text: str, size: float, view: Box, color: str = _RED) -> str:
    """Frame, and words above it, where they hide nothing of what it holds; both within what is seen
    of the page, wherever the place was put.
    """
    x, y, width, height = place
    left, top = _within(x, view[0], view[2], 0), _within(y, view[1], view[3], 0)
    right = _within(x + width, view[0], view[2], 0)
    bottom = _within(y + height, view[1], view[3], 0)
    above = _within(y - size * 1.5, view[1], view[3], size * 1.5)
    beside = _within(x, view[0], view[2], wide(text, size) + size)
    words = label(text, (beside, above, width, height), size, color)
    return frame((left, top, right - left, bottom - top), color) + words


def _within(value: float, start: float, length: float, own: float) -> float:
    """Moved so that `own` of it lies between start and start + length."""
    return max(start, min(value, start + length - own))


def wide(text: str, size: float) -> float:
    """About how wide words are."""
    return sum(1 if ord(each) > 0xFF else 0.6 for each in text) * size  # noqa: PLR2004
