"""docs/trust-making.md does what it says: its commands are run as they stand, on a node of its own.

Digests, key names and times are told apart from everything else and not compared; `…` alone on a
line stands for any lines.
"""

import hashlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus import corpus_file
from tests.service import new_database

PROJECT = Path(__file__).parents[2]
DOCUMENT = PROJECT / "docs" / "trust-making.md"
BLOCK = re.compile(r"<!-- transcript: ([a-z ]+) -->\n```console\n(.*?)```", re.DOTALL)
FREE = re.compile(
    r"(?<![0-9A-Za-z_-])(?:[0-9a-f]{64}|[0-9a-f]{16}|[0-9A-Za-z_-]{43}"
    r"|\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?)(?![0-9A-Za-z_-])"
)
IDENTIFIER = re.compile(r"1\.2\.156\.3005\.2\.[0-9A-Z.]+")


def blocks():
    return BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))


def commands(block):
    """(arguments, expected lines) of each `$ zhengyan …` in a block."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ zhengyan "):
            found.append((shlex.split(line[11:]), []))
        else:
            found[-1][1].append(line)
    return found


def plain(line):
    return IDENTIFIER.sub("<identifier>", FREE.sub("<>", line.rstrip()))


def matches(expected, lines):
    """Whether the lines are the expected ones, in order, with anything where `…` stands."""
    reached = {0}
    for line in expected:
        if line == "…":
            reached = set(range(min(reached), len(lines) + 1)) if reached else set()
        else:
            here = plain(line)
            reached = {at + 1 for at in reached if at < len(lines) and plain(lines[at]) == here}
    return len(lines) in reached


def begun(database_url, folder, name):
    """An empty node; runs a command in the folder and says what it printed."""
    environment = {
        **os.environ,
        "DATABASE_URL": new_database(database_url, name),
        "ZHENGYAN_KEY_FOLDER": str(folder / "node"),
        "PYTHONPATH": str(PROJECT),
        "PYTHONUTF8": "1",
        "COLUMNS": "200",
    }

    def run(arguments):
        call = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
        done = subprocess.run(  # noqa: PLW1510 - refusals are among what is told
            call, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
        )
        run.code = done.returncode
        return (done.stdout + done.stderr).rstrip("\n").split("\n")

    run.folder = folder
    return run


@pytest.fixture(scope="module")
def node(database_url, tmp_path_factory):
    """With the sandbox's files beside it."""
    folder = tmp_path_factory.mktemp("making")
    make = [sys.executable, "-m", "sandbox", "make", "--out", "world"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    subprocess.run(make, cwd=folder, env=environment, check=True, capture_output=True)
    return begun(database_url, folder, "making")


ITEXT = ("pdf_signed", "itext_itext-java", "validation")
REAL = (*ITEXT, "DocumentRevisionsValidatorIntegrationTest", "fullCompressionModeLevel1.pdf")
KEEPER = (*ITEXT, "SignatureValidatorIntegrationTest", "revDataInTheSignerInfo.pdf")
CUT = {
    "iTextTestRoot.cer": "206b40e39867f7abf03154751a33fb755f6a2b2e4e84ed1bc29c70773ce71166",
    "iTextTestRoot.crl": "ba83b0d317a5b0e81f4b48baa74b3999ac472265e0d1d73a9017bab762272059",
}
"""What the authority would hand over, by the SHA-256 of its DER in the other file's signature."""


def cut(content, sha256):
    """The DER of that digest out of a signature's value, which a PDF holds in hexadecimal."""
    for value in re.findall(rb"<([0-9a-fA-F]{2000,})>", content):
        octets = bytes.fromhex(value.decode())
        for found in re.finditer(rb"\x30\x82", octets):
            at = found.start()
            der = octets[at : at + 4 + int.from_bytes(octets[at + 2 : at + 4], "big")]
            if hashlib.sha256(der).hexdigest() == sha256:
                return der
    raise AssertionError(f"nothing of digest {sha256} in it")


@pytest.fixture(scope="module")
def real_node(database_url, tmp_path_factory):
    """With a real file beside it, and what its authority would hand over."""
    file, keeper = corpus_file(*REAL), corpus_file(*KEEPER)
    folder = tmp_path_factory.mktemp("real")
    (folder / file.name).write_bytes(file.read_bytes())
    for name, sha256 in CUT.items():
        (folder / name).write_bytes(cut(keeper.read_bytes(), sha256))
    return begun(database_url, folder, "real")


def play(node, chosen):
    """Run the commands of the chosen blocks, in order; each as told."""
    ran = []
    for name, block in blocks():
        for arguments, expected in commands(block) if chosen(name) else ():
            lines = [line for line in node(arguments) if line.strip()]
            wanted = [line for line in expected if line.strip()]
            assert matches(wanted, lines), "\n".join(
                ["$ zhengyan " + shlex.join(arguments), "-- printed:", *lines, "-- told:", *wanted]
            )
            ran.append(arguments)
    return ran


def test_the_transcripts_are_what_happens(node):
    assert node(["trust", "doctor"]) == ["0 findings"]  # nothing there yet to find fault with
    assert node.code == 0
    assert len(play(node, lambda name: not name.startswith("real"))) > 12
    assert node(["trust", "doctor"])[-1] == "1 findings"
    assert node.code == 10
    key = node.folder / "chen.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert any(line.endswith(" 0 flaws") for line in node(["audit", "verify"]))


def test_a_real_file_goes_from_no_anchor_to_authentic(real_node):
    ran = play(real_node, lambda name: name == "set up" or name.startswith("real"))
    assert len(ran) > 11
    assert any(line.endswith(" 0 flaws") for line in real_node(["audit", "verify"]))


@pytest.mark.parametrize("name", ["five", "real five"])
def test_from_no_anchor_to_authentic_are_five_commands_by_two_people(name):
    five = [c for block, text in blocks() if block == name for c in commands(text)]
    assert len(five) == 5
    names = {a[a.index("--as") + 1] for a, _ in five if "--as" in a}
    assert names == {"chen", "li"}
    assert "Authenticity: passed" in five[-1][1]


def test_a_transcript_that_is_not_so_is_seen():
    """The comparison can fail: a line more, a line less, another word."""
    told = ["a 2026-11-25", "…", "z"]
    assert matches(told, ["a 2020-01-01", "b", "z"])
    for other in (["a 2020-01-01", "b"], ["b 2020-01-01", "z"], ["a 2020-01-01", "z", "y"], []):
        assert not matches(told, other)
