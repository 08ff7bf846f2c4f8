"""docs/proof.md: one section a proof, each replaced by its own run."""

import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/proof.md"
ORDER = ("mutation", "replay", "kills", "jobs", "second_worker", "flips", "fuzz")
HEAD = """# Proofs

What takes too long, or too much violence, for every commit. `make proof` runs all of it, by hand;
`python -m proof NAME` runs one. Each section was written by the last run of its proof.
"""


def machine() -> str:
    """What was measured on, without its name."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"model name\s*: (.*)", cpuinfo.read_text())
        model = found[1] if found else model
    cores = len(os.sched_getaffinity(0))
    return f"{cores} × {model}, {platform.system()}, CPython {platform.python_version()}"


def ran(command: str) -> str:
    """The line that says when, how and where, and how busy the machine was."""
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{datetime.now(UTC):%Y-%m-%d}, `{command}`; {machine()}, {load}."


def write_section(name: str, title: str, body: str) -> None:
    """Put the section in its place, leaving the others as they are."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    sections = dict(re.findall(r"<!-- (\w+) -->\n(.*?)\n<!-- end -->", text, re.DOTALL))
    sections[name] = f"## {title}\n\n{body.strip()}"
    names = [*ORDER, *sorted(set(sections) - set(ORDER))]
    parts = [f"<!-- {n} -->\n{sections[n]}\n<!-- end -->" for n in names if n in sections]
    PAGE.write_text("\n\n".join([HEAD.strip(), *parts]) + "\n", encoding="utf-8")
    print(f"written: {PAGE.relative_to(PAGE.parents[1])} ({name})", file=sys.stderr)
