"""Pictures of first pages: how many files of the corpus become one, and at what cost."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from app.domain.errors import Malformed
from app.domain.picture import LeftOut, Picture
from app.formats.ofd.package import read_ofd
from app.formats.ofd.picture import read_pages
from bench.materials import world
from bench.measure import middle, percentile, ratio, rounds
from sandbox.shapes import SHAPES
from tests.corpus import CORPUS

CALLS = 3


def measure_pictures() -> str:
    """First pages of the sandbox's shapes and of every OFD of the corpus."""
    license = world().pick("market")
    found = [
        (
            "| files | read | drawn | all of it drawn | CPU ms p50 | CPU ms p95 | "
            "whole : reading alone | SVG bytes, median |"
        ),
        "|---|---|---|---|---|---|---|---|",
        _row("sandbox, nine shapes", [world().ofd(license, name) for name in SHAPES]),
    ]
    if real := _corpus():
        found.append(_row("corpus, signed and unsigned", real))
    else:
        found.append("| corpus: not there | | | | | | | |")
    return "\n".join(found)


def _corpus() -> list[bytes]:
    folders = (CORPUS / "ofd_signed", CORPUS / "ofd_unsigned")
    files: list[Path] = [path for folder in folders for path in sorted(folder.rglob("*.ofd"))]
    return [path.read_bytes() for path in files]


def _row(name: str, files: list[bytes]) -> str:
    readable = [content for content in files if _size(content) is not None]
    left: Counter[LeftOut] = Counter()
    whole = 0
    sizes = []
    for content in readable:
        picture = read_pages(content).draw(1)
        left.update(picture.left_out)
        whole += not picture.left_out
        sizes.append(len(picture.svg.encode()))
    work: dict[str, Callable[[], object]] = {}
    for i, content in enumerate(readable):
        work[f"{i} drawn"] = partial(_first, content)
        work[f"{i} read"] = partial(read_ofd, content)
    timings = rounds(work, CALLS)
    drawn = [[t.cpu for t in timings[f"{i} drawn"]] for i in range(len(readable))]
    read = [[t.cpu for t in timings[f"{i} read"]] for i in range(len(readable))]
    by_round = list(zip(*drawn, strict=True))
    cells = [
        name,
        str(len(files)),
        str(len(readable)),
        str(whole),
        middle([percentile(costs, 50) for costs in by_round], 1e3),
        middle([percentile(costs, 95) for costs in by_round], 1e3),
        ratio([sum(costs) for costs in by_round], [sum(c) for c in zip(*read, strict=True)]),
        f"{median(sizes):,.0f}",
    ]
    row = f"| {' | '.join(cells)} |"
    if not left:
        return row
    why = ", ".join(f"`{each.value}` {count}" for each, count in sorted(left.items()))
    return f"{row}\n| | | | left out: {why} | | | | |"


def _first(content: bytes) -> Picture:
    return read_pages(content).draw(1)


def _size(content: bytes) -> int | None:
    """How many pages; None where it is refused, or has none."""
    try:
        return len(read_pages(content)) or None
    except Malformed:
        return None
