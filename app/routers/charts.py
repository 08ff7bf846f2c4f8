"""Bar charts as SVG, drawn here: no script, no style, colours of the page around them."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 640
NAMES: Final = 300
"""Room for names, at the left."""
ROW: Final = 26


def bars(rows: Sequence[tuple[str, int]]) -> Markup:
    """One bar a row, as long as its count, with the count beside it. A table says the same."""
    most = max((count for _, count in rows), default=0) or 1
    room = WIDTH - NAMES - 70
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {ROW * max(1, len(rows))}" aria-hidden="true">'
    ]
    for index, (name, count) in enumerate(rows):
        top, length = index * ROW, max(1, count * room // most)
        parts.append(
            f'<text x="{NAMES - 8}" y="{top + 17}" text-anchor="end" fill="currentColor" '
            f'font-size="14">{escape(name)}</text>'
            f'<rect x="{NAMES}" y="{top + 4}" width="{length}" height="{ROW - 8}" '
            'fill="currentColor"/>'
            f'<text x="{NAMES + length + 6}" y="{top + 17}" fill="currentColor" '
            f'font-size="14">{count}</text>'
        )
    return Markup("".join(parts) + "</svg>")  # noqa: S704 - names are escaped, the rest is ours
