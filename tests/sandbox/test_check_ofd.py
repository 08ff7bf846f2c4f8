"""The independent checker on real files nobody here wrote, and against the corpus' own check."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.check_ofd import check
from sandbox.ofd_attacks import OFD_ATTACKS
from sandbox.world import World
from tests.corpus import CORPUS, Row, manifest

LAYOUT = "GB/T 38540-2020"
CRYPTO = {
    "signature_invalid", "signature_unreadable", "seal_invalid", "signer_not_in_seal",
    "data_hash_differs", "content_changed",
}  # fmt: skip
"""What `valid` of the manifest speaks about; validity at the time has a word of its own there."""
TIMES = {"signed_outside_window", "seal_not_valid_at_time"}


def _v4() -> list[Row]:
    """Rows with a seal of version 4, by the corpus' own account of them."""
    details = CORPUS / "OFD_SIGNED_DETAILS.md"
    if not details.exists():
        return []
    sections = details.read_text(encoding="utf-8").split("\n## ")
    named = {s.split()[0] for s in sections if "struct=[V4 (GB/T 38540)]" in s}
    return [row for row in manifest("ofd_signed") if row.path in named]


ROWS = _v4()


@pytest.mark.skipif(not ROWS, reason="corpus not beside the project")
def test_there_are_enough_real_files() -> None:
    assert len(ROWS) >= 20


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path.rsplit("/", 1)[-1])
def test_a_real_file_is_judged_as_the_corpus_judges_it(row: Row) -> None:
    checked = check(row.file.read_bytes())
    assert any(report.facts.get("layout") == LAYOUT for report in checked.signatures)
    found = frozenset().union(*(report.findings for report in checked.signatures))
    match row.expected:
        case "valid":
            assert not found & (CRYPTO | TIMES)
        case "valid_crypto_expired":
            assert not found & CRYPTO
            assert found & TIMES
        case "invalid":
            assert found & CRYPTO
        case _:
            assert not found & CRYPTO  # edited where nothing is covered
            assert "not_covered" in found


OTHERS = [row for row in manifest("ofd_signed") if row not in ROWS]
"""Seals of GM/T 0031-2014, SignedData, bare values, and files that hold none of them."""


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.path.rsplit("/", 1)[-1])
def test_other_layouts_of_real_files_are_never_taken_for_broken(row: Row) -> None:
    """What does not keep to the letter of DER this checker cannot read, and says so."""
    checked = check(row.file.read_bytes())
    found = frozenset().union(*(report.findings for report in checked.signatures))
    if row.expected == "valid":
        assert not found & (CRYPTO - {"signature_unreadable"})
    elif row.expected == "invalid":
        assert checked.words


def test_every_flipped_bit_of_a_value_is_found(pinned: World) -> None:
    """One bit in each sixteenth byte of the whole file: nothing raises, nothing passes."""
    content = pinned.ofd(pinned.pick("traffic"), "receipt")
    assert check(content).words == frozenset()
    for at in range(0, len(content), 16):
        bent = content[:at] + bytes((content[at] ^ 0x10,)) + content[at + 1 :]
        words = check(bent).words
        assert words or _harmless(content, at), at


def _harmless(content: bytes, at: int) -> bool:
    """Dates and versions of ZIP headers, which say nothing of the document."""
    for mark, offsets in ((b"PK\x03\x04", {4, 5, 10, 11, 12, 13}),
                          (b"PK\x01\x02", {4, 5, 6, 7, *range(12, 16), *range(34, 42)})):  # fmt: skip
        start = content.rfind(mark, 0, at + 1)
        if start >= 0 and at - start in offsets:
            return True
    return False


def test_from_the_command_line(pinned: World, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ofd", tmp_path / "bad.ofd"
    good.write_bytes(pinned.ofd(pinned.pick("traffic")))
    bad.write_bytes(OFD_ATTACKS["page_changed"].make(pinned))
    command = [sys.executable, "-m", "sandbox.check_ofd"]
    told = subprocess.run([*command, str(good)], capture_output=True, text=True, check=False)
    assert told.returncode == 0
    assert LAYOUT in told.stdout
    assert "!" not in told.stdout
    told = subprocess.run(
        [*command, "--json", str(good), str(bad)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert lines[0]["signatures"][0]["findings"] == {}
    assert "content_changed" in lines[1]["signatures"][0]["findings"]
