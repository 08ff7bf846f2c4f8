"""Bars beside counts: the text is text, as large as its reader wants it; the bar is a length."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LEAST: Final = 0.5
"""Per cent: what was counted at all is seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart."""

    name: str
    count: int
    share: float
    """Of the longest, per cent."""


def bars(rows: Iterable[tuple[str, int]]) -> list[Bar]:
    """One bar a row, as long as its count."""
    kept = list(rows)
    most = max((count for _, count in kept), default=0) or 1
    return [Bar(name, count, _share(count, most)) for name, count in kept]


def _share(count: int, most: int) -> float:
    return max(LEAST, round(count * 100 / most, 1)) if count else 0.0
