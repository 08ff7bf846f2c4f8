"""Real photos of codes, file by file, beside zxing-cpp alone in the same run.

    python -m conformance.corpus_photo            writes docs/conformance-photo.md
    python -m conformance.corpus_photo --check    writes nothing

Exit 1 where fewer codes are read than zxing-cpp alone reads, where a code is seen in a picture that
has none, or where a difference is not explained. Nobody here took the pictures. The adversarial
files of the corpus are no pictures: each is offered too, and comes to an end of its own.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import zxingcpp
from PIL import Image

from app.domain.errors import Malformed, UnrecognisedFormat
from app.domain.photo import Held
from app.formats import FORMATS, detect
from app.formats.photo.reading import PhotoReader
from app.imaging.worker import Decoder
from tests.corpus import Row, manifest

DOCUMENT = Path(__file__).parents[1] / "docs/conformance-photo.md"
KINDS = zxingcpp.barcode_formats_from_str("QRCode,MicroQRCode,RMQRCode")
EMPTY = "falsepositives"
"""In the path of a picture that has no code in it."""
EXPLAINED = {
    "qrcode-4/05.png": "out of focus and seen from the side: nobody reads it",
}
"""Path's end → why a picture that has a code is not read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One picture."""

    row: Row
    here: frozenset[bytes]
    held: tuple[Held, ...]
    alone: frozenset[bytes]
    why: str
    """Why it was not read."""

    @property
    def name(self) -> str:
        return "/".join(self.row.path.split("/")[-2:])

    @property
    def empty(self) -> bool:
        return EMPTY in self.row.path

    @property
    def explanation(self) -> str:
        return next((why for end, why in EXPLAINED.items() if self.row.path.endswith(end)), "")

    @property
    def differs(self) -> bool:
        """A code where there is none, none where there is one, or other octets."""
        return bool(self.here) is self.empty or not self.alone <= self.here

    def line(self) -> str:
        kinds = ", ".join(sorted({held.value for held in self.held})) or self.why or "no code"
        expected = "no code" if self.empty else "a code"
        more = self.explanation or ("**not explained**" if self.differs else "")
        cells = (self.name, expected, len(self.here), kinds, len(self.alone), more)
        return f"| {' | '.join(map(str, cells))} |"


@dataclass(frozen=True, slots=True)
class Other:
    """One adversarial file."""

    row: Row
    end: str

    def line(self) -> str:
        return f"| {'/'.join(self.row.path.split('/')[1:])} | {self.end} |"


def findings(decoder: Decoder) -> list[Finding]:
    """Every picture of the corpus."""
    return [_finding(row, decoder) for row in manifest("qr_photo")]


def _finding(row: Row, decoder: Decoder) -> Finding:
    content, why = row.file.read_bytes(), ""
    here, held = frozenset[bytes](), tuple[Held, ...]()
    try:
        here = frozenset(code.payload for code in decoder.read(content))
        photo = PhotoReader(decoder.read).parse(content).photo
        held = tuple(code.facts.held for code in photo.codes) if photo else ()
    except Malformed as exc:
        why = f"{exc.why}: {exc}"
    picture = Image.open(io.BytesIO(content))
    alone = zxingcpp.read_barcodes(picture, formats=KINDS)
    return Finding(row, here, held, frozenset(bytes(code.bytes) for code in alone), why)


def others(decoder: Decoder) -> list[Other]:
    """Every adversarial file, offered as it is."""
    formats = (*FORMATS, PhotoReader(decoder.read))
    found = []
    for row in manifest("adversarial"):
        content = row.file.read_bytes()
        try:
            format = detect(content, formats)
            format.parse(content)
            end = f"read as {format.name}"
        except UnrecognisedFormat:
            end = "unrecognised: 415"
        except Malformed as exc:
            end = f"{exc.why}: {str(exc)[:80]}"
        found.append(Other(row, end))
    return found


INTRODUCTION = """# Real photos of codes (真实照片中的二维码)

Written by `python -m conformance.corpus_photo` on {day}, zxing-cpp beside it in the same run.
Nobody here took these pictures: they come from the tests of zxing, zxing-cpp and inji-verify. None
holds a license of anybody registered, so none is more than `code_names_nothing`, `unofficial_url`
or `code_missing`.

* pictures: {all}, of them with a code: {coded}, without: {empty}
* read here: **{here}**; by zxing-cpp {version} alone (QR, Micro QR, rMQR, as it comes): **{alone}**
* codes seen where there is none: **{imagined}**
* differences, each explained in its row: **{different}**

| file | expected | codes here | what they hold | codes, zxing-cpp alone | difference |
|---|---|---|---|---|---|
{pictures}

## Adversarial files

The corpus has no hostile pictures (those of `tests/imaging/test_worker.py` are made). Its archives,
JSON and XML are offered to the same readers; what becomes of each:

| file | end |
|---|---|
{others}
"""


def document(pictures: Sequence[Finding], rest: Sequence[Other], at: datetime) -> str:
    """docs/conformance-photo.md."""
    bare = [f for f in pictures if f.empty]
    return INTRODUCTION.format(
        day=f"{at:%Y-%m-%d}",
        all=len(pictures),
        coded=len(pictures) - len(bare),
        empty=len(bare),
        here=sum(bool(f.here) for f in pictures),
        alone=sum(bool(f.alone) for f in pictures),
        version=version("zxing-cpp"),
        imagined=sum(bool(f.here) for f in bare),
        different=sum(f.differs for f in pictures),
        pictures="\n".join(f.line() for f in pictures),
        others="\n".join(other.line() for other in rest),
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m conformance.corpus_photo")
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    decoder = Decoder()
    try:
        pictures, rest = findings(decoder), others(decoder)
    finally:
        decoder.close()
    if not pictures:
        print("corpus not beside the project")
        return 1
    bad = unexplained(pictures)
    for finding in bad:
        print(f"not explained: {finding.row.path}")
    if not check:
        DOCUMENT.write_text(document(pictures, rest, datetime.now(UTC)), "utf-8")
    here, alone = sum(bool(f.here) for f in pictures), sum(bool(f.alone) for f in pictures)
    print(f"{len(pictures)} pictures: {here} read here, {alone} by zxing-cpp alone")
    return 1 if bad or here < alone else 0


def unexplained(pictures: Sequence[Finding]) -> list[Finding]:
    """Differences without a reason, and reasons without a difference."""
    return [f for f in pictures if f.differs is not bool(f.explanation)]


if __name__ == "__main__":
    sys.exit(main())
