"""A small picture of a few figures with their spread: SVG, written by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 40, 48
HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
    'font-family="sans-serif" font-size="13">'
)


@dataclass(frozen=True)
class Point:
    """A figure with the least and the most of its rounds."""

    label: str
    value: float
    low: float
    high: float


def picture(title: str, across: str, points: Sequence[Point], limit: float, limit_name: str) -> str:
    """Points from left to right, and a line that none should be above."""
    most = max(limit, *(point.high for point in points)) * 1.1
    inner, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(index: int) -> float:
        return LEFT + inner * (index + 0.5) / len(points)

    def y(value: float) -> float:
        return TOP + tall * (1 - value / most)

    parts = [
        HEAD,
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 22, title, anchor="start", weight="bold"),
        _text(LEFT + inner / 2, HEIGHT - 10, across),
    ]
    for step in range(6):
        value = most * step / 5
        parts.append(_line(LEFT, y(value), WIDTH - RIGHT, y(value), "#ddd"))
        parts.append(_text(LEFT - 8, y(value) + 4, f"{value:.2f}", anchor="end"))
    parts.append(_line(LEFT, y(limit), WIDTH - RIGHT, y(limit), "#b00", dash="6 4"))
    parts.append(_text(WIDTH - RIGHT, y(limit) - 6, limit_name, anchor="end", fill="#b00"))
    for index, point in enumerate(points):
        at = x(index)
        parts.append(_line(at, y(point.low), at, y(point.high), "#357", width=2))
        parts.append(f'<circle cx="{at:.1f}" cy="{y(point.value):.1f}" r="5" fill="#135"/>')
        parts.append(_text(at + 10, y(point.value) + 4, f"{point.value:.2f}", anchor="start"))
        parts.append(_text(at, HEIGHT - BOTTOM + 18, point.label))
    return "\n".join([*parts, "</svg>", ""])


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, *, width: int = 1, dash: str = ""
) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    where = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {where} stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "middle",
    weight: str = "normal",
    fill: str = "#222",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{fill}">{text}</text>'
    )
