"""Certification paths of x509-limbo, PKITS and OpenSSL: every difference reviewed, none idle."""

import pytest

from conformance import corpus_x509
from conformance.corpus_x509 import ACCEPTED, Found, examine, unexpected
from tests.corpus import Row, manifest

ROWS = list(manifest("x509"))
needs_corpus = pytest.mark.skipif(not ROWS, reason="corpus not beside the project")


@needs_corpus
def test_nothing_is_accepted_or_refused_that_nobody_reviewed() -> None:
    found = [examine(row) for row in ROWS]
    assert len(found) >= 90
    assert unexpected(found) == []
    assert {f.row.expected for f in found if f.agrees} == {"valid", "invalid"}


def _row(name: str, expected: str) -> Row:
    return Row(path=f"x509/{name}", kind="x509", expected=expected, reason="")


def test_a_path_nobody_reviewed_is_told() -> None:
    new = Found(_row("new.json", "invalid"), "anchored · fits · unknown", accepted=True)
    assert unexpected([new]) == ["new.json: anchored · fits · unknown"]
    assert "**1**" in corpus_x509.document([new], corpus_x509.UNSAID)


def test_a_review_of_what_does_not_differ_is_told() -> None:
    name = next(iter(ACCEPTED))
    good = Found(_row(name, "invalid"), "constraints", accepted=False)
    assert unexpected([good]) == [f"{name}: explained, and does not differ"]


def test_a_refused_row_is_not_excused_by_what_excuses_an_accepted_one() -> None:
    name = next(iter(ACCEPTED))
    doubted = Found(_row(name, "valid"), "no_anchor", accepted=False)
    assert doubted.why == ""
    assert unexpected([doubted]) == [f"{name}: no_anchor"]
