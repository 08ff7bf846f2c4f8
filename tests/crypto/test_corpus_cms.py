"""Containers nobody here wrote, check by check: what differs from its collectors is explained."""

from pathlib import Path

import pytest

from conformance.corpus_cms import EXPLAINED, KIND, examine, findings
from tests.corpus import Row, manifest


def test_whatever_differs_is_explained_and_whatever_is_explained_differs() -> None:
    found = findings()
    if not found:
        pytest.skip("corpus not beside the project: cms is absent")
    assert {Path(f.row.path).name for f in found if not f.agrees} == EXPLAINED.keys()


@pytest.mark.parametrize("row", list(manifest(KIND)), ids=lambda row: Path(row.path).name)
def test_what_holds_was_read_and_every_mark_has_its_ground(row: Row) -> None:
    found = examine(row)
    assert found.holds == (not found.said and "?" not in found.marks.values())
    assert (found.marks["container_read"] == "✗") == (not found.form)
