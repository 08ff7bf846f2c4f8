"""Signed PDFs: CPU from bytes to what stands in the file, beside pyHanko alone in the same run."""

import asyncio
import io
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from app.checks import measure
from app.domain.errors import Malformed
from app.domain.trust import Trust
from app.formats.pdf.license import Pdf
from app.services.judgement import look
from bench.materials import now, world
from bench.measure import middle, ratio, rounds
from sandbox.pdf_forging import PdfScene
from tests.corpus import manifest

CALLS = 1
KINDS = ("rsa", "ecdsa")
"""Of the sandbox: both read these; SM2 pyHanko does not, so it has no row."""
NOBODY = Trust(issuer=None, type=None, keys={}, mandates=(), endpoint=None, statement=None)


def measure_pdfs() -> str:
    """Neither trusts anybody, so that both do what can be done with the file alone."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    made = [(f"sandbox, {kind}", [_made(kind)]) for kind in KINDS]
    real = [row.file for row in manifest("pdf_signed") if row.expected == "valid"]
    files = [*made, ("corpus", [content for file in real if (content := _both(file))])]
    rows = [_row(name, contents) for name, contents in files if contents]
    head = "| files | number | ms p50 | ms p95 | pyHanko alone, p50 | p95 | whole : alone, sum |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *rows])


def _made(kind: str) -> bytes:
    return PdfScene(world(), world().pick("university"), kind).paper.content


def _both(file: Path) -> bytes | None:
    """Of a good file, where both find and read signatures in it."""
    content = file.read_bytes()
    try:
        found = _here(content) and _alone(content)
    except Exception:  # noqa: BLE001 - pyHanko raises whatever a file makes it
        return None
    return content if found else None


def _here(content: bytes) -> int:
    """Structure, signatures, revisions, timestamps, and every check."""
    try:
        license = Pdf().parse(content)
    except Malformed:
        return 0
    look(measure(license, NOBODY, now=now()))
    return len(license.sealings)


def _alone(content: bytes) -> int:
    """Integrity, coverage, the difference policy and timestamps of every signature."""
    context = ValidationContext(trust_roots=[], allow_fetching=False)
    found = PdfFileReader(io.BytesIO(content)).embedded_regular_signatures

    async def judged() -> None:
        for each in found:
            await async_validate_pdf_signature(each, context)

    asyncio.run(judged())
    return len(found)


def _row(name: str, contents: Sequence[bytes]) -> str:
    work: dict[str, Callable[[], object]] = {}
    for i, content in enumerate(contents):
        work[f"{i} here"] = partial(_here, content)
        work[f"{i} alone"] = partial(_alone, content)
    timings = rounds(work, CALLS)
    here, alone = (
        [
            [timing.cpu for timing in each]
            for each in zip(*(timings[f"{i} {who}"] for i in range(len(contents))), strict=True)
        ]
        for who in ("here", "alone")
    )
    cells = (
        name,
        str(len(contents)),
        *(
            middle([sorted(times)[int(len(times) * part)] for times in who], 1e3)
            for who in (here, alone)
            for part in (0.5, 0.95)
        ),
        ratio([sum(times) for times in here], [sum(times) for times in alone]),
    )
    return f"| {' | '.join(cells)} |"
