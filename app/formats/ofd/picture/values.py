"""Numbers, boxes, matrices and paths of OFD, as SVG writes them (GB/T 33190-2016 ch. 7 and 9)."""

import html
import math
import re
from typing import Final

from app.domain.errors import Malformed

Box = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]

LARGEST: Final = 1e6
"""Millimetres, or any other number of a page: a kilometre is no page."""
MAX_STEPS: Final = 50_000
"""Operators of one path; the largest of real seals and maps have some thousands."""
MAX_OUTLINE: Final = 1 << 20
"""Characters of one path."""
MAX_CHARACTERS: Final = 20_000
"""Of one text."""

_TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_STEPS: Final = {"S": ("M", 2), "M": ("M", 2), "L": ("L", 2), "Q": ("Q", 4), "B": ("C", 6),
                 "A": ("A", 7), "C": ("Z", 0)}  # fmt: skip
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f]")
"""Control and direction characters: a page must not turn its own letters round."""


class Unreadable(Malformed):
    """One object of a page that cannot be drawn; the rest of the page can."""


def number(text: str | None, default: float) -> float:
    """A finite number within `LARGEST`. Raises `Unreadable`."""
    if text is None or not text.strip():
        return default
    try:
        value = float(text)
    except ValueError:
        raise Unreadable("picture: a number") from None
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise Unreadable("picture: a number out of bounds")
    return value


def series(text: str, count: int) -> tuple[float, ...]:
    """Exactly `count` numbers. Raises `Unreadable`."""
    parts = text.split()
    if len(parts) != count:
        raise Unreadable("picture: a list of numbers")
    return tuple(number(part, 0) for part in parts)


def box(text: str | None) -> Box:
    """Left, top, width, height (ST_Box). Raises `Unreadable`."""
    x, y, width, height = series(text or "", 4)
    return x, y, width, height


def write(*values: float) -> str:
    """Numbers as SVG takes them."""
    return " ".join(f"{value:.6g}" for value in values)


def matrix(text: str | None) -> str:
    """A CTM as the value of `transform`; empty for none. Raises `Unreadable`."""
    return f"matrix({write(*series(text, 6))})" if text and text.strip() else ""


def escaped(text: str) -> str:
    """Text of a document as text of the picture, whatever it holds."""
    return html.escape(_HIDDEN.sub("\ufffd", text.replace("\t", " ").replace("\n", " ")))


def path(text: str) -> str:
    """AbbreviatedData (图形轮廓数据, 9.1) as the `d` of a path. Raises `Unreadable`."""
    if len(text) > MAX_OUTLINE:
        raise Unreadable("picture: a path")
    tokens = _TOKEN.findall(text)
    found: list[str] = []
    at = 0
    while at < len(tokens):
        step = _STEPS.get(tokens[at])
        if step is None or len(found) >= MAX_STEPS:
            raise Unreadable("picture: a path")
        letter, count = step
        values = tokens[at + 1 : at + 1 + count]
        found.append(letter + write(*series(" ".join(values), count)))
        at += 1 + count
    return "".join(found)


def deltas(text: str | None, count: int) -> list[float]:
    """DeltaX or DeltaY: at most `count` numbers, `g n v` unrolled. Raises `Unreadable`."""
    tokens = (text or "").split()
    found: list[float] = []
    at = 0
    while at < len(tokens) and len(found) < count:
        if tokens[at] != "g":
            found.append(number(tokens[at], 0))
            at += 1
            continue
        times, value = series(" ".join(tokens[at + 1 : at + 3]), 2)
        found += [value] * min(int(max(times, 0)), count - len(found))
        at += 3
    return found
