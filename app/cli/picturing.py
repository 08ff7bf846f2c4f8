"""`zhengyan picture`: pages of an OFD file as SVG files."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.config import settings
from app.domain.errors import Malformed, Refused, ServiceError
from app.domain.picture import Picture
from app.formats.ofd.picture import read_pages

MOST = 200
"""Pages drawn at once."""


def picture(
    file: Annotated[Path, typer.Argument(help="An OFD file.")],
    to: Annotated[
        Path, typer.Option("--to", help="Folder for page-1.svg, page-2.svg, …; made if missing.")
    ],
    page: Annotated[int | None, typer.Option(help="Only this page, from 1.")] = None,
) -> None:
    """Draw the pages of an OFD file as SVG, what no seal covers framed in red 显示版式页面.

    Nothing is verified: every seal is faded and says so. `zhengyan verify` judges; the web page and
    `POST /v1/pictures` draw seals as a verification found them.
    """
    try:
        pages = read_pages(content_of(file))
        numbers = range(1, min(len(pages), MOST) + 1) if page is None else (page,)
        to.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            if not 1 <= number <= len(pages):
                raise Refused("--page", f"the file has pages 1 to {len(pages)}")
            drawn = pages.draw(number)
            (to / f"page-{number}.svg").write_text(drawn.svg, encoding="utf-8")
            sys.stdout.write(f"{to / f'page-{number}.svg'}: {_told(drawn)}\n")
    except Malformed as exc:
        raise ServiceError(f"{file}: it cannot be read: {exc}") from None
    if not len(pages):
        raise ServiceError(f"{file}: no page of it can be seen: it is encrypted, or has none")
    if page is None and len(pages) > MOST:
        sys.stderr.write(f"{file}: {len(pages)} pages; --page draws those after {MOST}\n")


def content_of(file: Path) -> bytes:
    """Raises `ServiceError` for a file that cannot be read, or is larger than the limit."""
    limit = settings().max_upload
    try:
        with file.open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as exc:
        raise ServiceError(f"{file}: {exc.strerror}") from None
    if len(content) > limit:
        raise ServiceError(f"larger than {limit} bytes; ZHENGYAN_MAX_UPLOAD sets the limit")
    return content


def _told(drawn: Picture) -> str:
    left = ", ".join(f"{why.value} {count}" for why, count in sorted(drawn.left_out.items()))
    return (
        f"{drawn.drawn} drawn"
        + (f", left out: {left}" if left else "")
        + (f", not covered: {len(drawn.uncovered)} parts" if drawn.uncovered else "")
    )
