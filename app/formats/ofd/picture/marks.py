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
    wide = sum(1 if ord(each) > 0xFF else 0.6 for each in text) * size  # noqa: PLR2004
    return (
        f'<g font-family="{_FONT}" font-size="{write(size)}">'
        f'<rect x="{write(x)}" y="{write(y)}" width="{write(wide + size)}" '
        f'height="{write(size * 1.5)}" fill="#ffffff" stroke="{color}" stroke-width="0.2"/>'
        f'<text x="{write(x + size / 2)}" y="{write(y + size * 1.1)}" fill="{color}">'
        f"{text}</text></g>"
    )


def marked_frame(place: Box, text: str, size: float, color: str = _RED) -> str:
    """Frame, and words above it, where they hide nothing of what it holds."""
    x, y, width, height = place
    return frame(place, color) + label(text, (x, y - size * 1.5, width, height), size, color)
