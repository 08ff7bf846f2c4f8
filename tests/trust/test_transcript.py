"""docs/trust-making.md does what it says: its commands are run as they stand, on a node of its own.

Digests, key names and times are told apart from everything else and not compared; `…` alone on a
line stands for any lines.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def node(database_url, tmp_path_factory):
    """An empty node with the sandbox's files beside it; runs a command and says what it printed."""
    folder = tmp_path_factory.mktemp("making")
    environment = {
        **os.environ,
        "DATABASE_URL": new_database(database_url, "making"),
        "ZHENGYAN_KEY_FOLDER": str(folder / "node"),
        "PYTHONPATH": str(PROJECT),
        "PYTHONUTF8": "1",
        "COLUMNS": "200",
    }
    make = [sys.executable, "-m", "sandbox", "make", "--out", "world"]
    subprocess.run(make, cwd=folder, env=environment, check=True, capture_output=True)

    def run(arguments):
        call = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
        done = subprocess.run(  # noqa: PLW1510 - refusals are among what is told
            call, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
        )
        run.code = done.returncode
        return (done.stdout + done.stderr).rstrip("\n").split("\n")

    run.folder = folder
    return run


def test_the_transcripts_are_what_happens(node):
    ran = []
    assert node(["trust", "doctor"]) == ["0 findings"]  # nothing there yet to find fault with
    assert node.code == 0
    for _, block in blocks():
        for arguments, expected in commands(block):
            lines = [line for line in node(arguments) if line.strip()]
            wanted = [line for line in expected if line.strip()]
            assert matches(wanted, lines), "\n".join(
                ["$ zhengyan " + shlex.join(arguments), "-- printed:", *lines, "-- told:", *wanted]
            )
            ran.append(arguments)
    assert len(ran) > 12
    assert node(["trust", "doctor"])[-1] == "1 findings"
    assert node.code == 10
    key = node.folder / "chen.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert any(line.endswith(" 0 flaws") for line in node(["audit", "verify"]))


def test_from_no_anchor_to_authentic_are_five_commands_by_two_people():
    five = [c for name, block in blocks() if name == "five" for c in commands(block)]
    assert len(five) == 5
    names = {a[a.index("--as") + 1] for a, _ in five if "--as" in a}
    assert names == {"chen", "li"}


def test_a_transcript_that_is_not_so_is_seen():
    """The comparison can fail: a line more, a line less, another word."""
    told = ["a 2026-11-25", "…", "z"]
    assert matches(told, ["a 2020-01-01", "b", "z"])
    for other in (["a 2020-01-01", "b"], ["b 2020-01-01", "z"], ["a 2020-01-01", "z", "y"], []):
        assert not matches(told, other)
