"""Where the shared corpus of real documents is, and what to say where it is not."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


@dataclass(frozen=True, slots=True)
class Row:
    """One file of the corpus with what its collectors expect of it."""

    path: str
    kind: str
    expected: str
    reason: str

    @property
    def file(self) -> Path:
        return CORPUS / self.path


def corpus_file(*parts: str) -> Path:
    """A file of the corpus, or a skip that says what is missing."""
    path = CORPUS.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"corpus not beside the project: {'/'.join(parts)} is absent")
    return path


def manifest(kind: str) -> Iterator[Row]:
    """The rows of one folder of the corpus; nothing where there is no corpus."""
    file = CORPUS / "MANIFEST.tsv"
    if not file.exists():
        return
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["path"].startswith(f"{kind}/"):
                yield Row(row["path"], row["kind"], row["expected"], row["reason"])
