"""Break the judging code in every small way and see that a fast test fails each time.

    python -m proof.mutation [--again FILE] [--every N] [MODULE…]

Mutated: app/policy.py, app/domain/{word,verdict,policies}.py, app/checks/*.py. Two mutants at a
time, each in a fork, against the tests that run its line. A baseline that is not green stops it:
against failing tests everything looks killed. Passes at 95 % of the mutants that can be killed.
"""

import argparse
import ast
import contextlib
import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proof.parts import page, trial
from proof.parts.equivalents import EQUIVALENT
from proof.parts.operators import Site, Sites
from proof.parts.trial import PROJECT, Baseline

TARGETS = (
    "app/policy.py", "app/domain/word.py", "app/domain/verdict.py", "app/domain/policies.py",
    *sorted(str(path.relative_to(PROJECT)) for path in PROJECT.glob("app/checks/*.py")),
)  # fmt: skip
TESTS = (
    "tests/test_policy.py", "tests/test_verify.py", "tests/sandbox/test_attacks_on_core.py",
    "tests/sandbox/test_pdf_attacks.py", "tests/services/test_photo.py", "tests/checks",
)  # fmt: skip
ENOUGH = 0.95
SLOW = 0.5
"""Seconds; a slower test is asked only about lines it runs, and modules whose functions it runs."""
PRELOADED = (
    "anyio.pytest_plugin", "app.services.verify", "app.services.publish", "asyncpg", "jsonschema",
    "embedded", "hypothesis.strategies", "sandbox.attacks", "sandbox.samples", "sandbox.world",
)  # fmt: skip
PARALLEL = 2
VOID = frozenset({3, 4, 5, trial.BROKEN})
"""Exit codes that say nothing of the mutant: pytest's own errors, and the fork's."""


@dataclass(slots=True)
class Module:
    """One module to be broken."""

    path: Path
    source: list[str]
    sites: list[Site]
    tree: ast.Module
    forget: frozenset[str]

    @property
    def name(self) -> str:
        return str(self.path.relative_to(PROJECT))


@dataclass(slots=True)
class Mutant:
    """One change, and what became of it."""

    module: Module
    place: int
    site: Site
    fate: str = ""
    """killed, timeout, survived, uncovered, void."""
    wanted: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str]:
        line = self.module.source[self.site.last - 1].strip()
        return self.module.name, line, self.site.what

    @property
    def equivalent(self) -> str | None:
        return EQUIVALENT.get(self.key)


def read(name: str, enums: dict[str, list[str]], sources: Sequence[Path]) -> Module:
    path = PROJECT / name
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    forget = trial.dependents(trial.name_of(path), sources)
    return Module(path, text.splitlines(), Sites(tree, enums).found, tree, forget)


def enumerations(sources: Sequence[Path]) -> dict[str, list[str]]:
    """Name of each closed set of words → its members, in order."""
    found: dict[str, list[str]] = {}
    for path in sources:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(b) for b in node.bases):
                found[node.name] = [
                    target.id
                    for item in node.body
                    if isinstance(item, ast.Assign)
                    for target in item.targets
                    if isinstance(target, ast.Name)
                ]
    return {name: members for name, members in found.items() if len(members) > 1}


def relevant(mutant: Mutant, green: Baseline) -> list[str]:
    """The tests that run its line, quickest first; of what runs at import, all that see it."""
    lines = green.lines[str(mutant.module.path)]
    here = {t for n in range(mutant.site.first, mutant.site.last + 1) for t in lines.get(n, ())}
    if "" in here:
        using = {test for tests in lines.values() for test in tests}
        here = {test for test, took in green.seconds.items() if took < SLOW or test in using}
    return sorted(here - {""}, key=lambda test: green.seconds.get(test, 0))


def run(mutants: list[Mutant], green: Baseline) -> Iterator[Mutant]:
    """Try each; yields as they end."""
    waiting: list[Mutant] = []
    running: dict[int, Mutant] = {}
    for mutant in mutants:
        mutant.wanted = relevant(mutant, green)
        if mutant.wanted:
            waiting.append(mutant)
        else:
            mutant.fate = "uncovered"
            yield mutant
    with tempfile.TemporaryFile() as log:
        try:
            while waiting or running:
                while waiting and len(running) < PARALLEL:
                    mutant = waiting.pop(0)
                    running[_begin(mutant, log.fileno())] = mutant
                pid, status = os.wait()
                mutant = running.pop(pid)
                mutant.fate = _fate(status)
                yield mutant
        finally:
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _begin(mutant: Mutant, log: int) -> int:
    module = mutant.module

    def changed() -> ast.Module:  # in the fork only
        mutant.site.apply()
        return module.tree

    name = trial.name_of(module.path)
    return trial.start(
        name, module.path, changed, forget=module.forget, wanted=mutant.wanted, log=log
    )


def _fate(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "timeout"
    code = os.WEXITSTATUS(status)
    return "void" if code in VOID else "killed" if code else "survived"


def report(
    mutants: Sequence[Mutant], green: Baseline, share: str, command: str
) -> tuple[str, bool]:
    """The section of docs/proof.md, and whether enough were killed."""
    real = [m for m in mutants if not m.equivalent or m.fate in {"killed", "timeout"}]
    killed = [m for m in real if m.fate in {"killed", "timeout"}]
    held = len(killed) >= ENOUGH * len(real) and not any(m.fate == "void" for m in mutants)
    rows = []
    for name in TARGETS:
        own = [m for m in mutants if m.module.name == name]
        dead = sum(m.fate in {"killed", "timeout"} for m in own)
        same = sum(m.equivalent is not None and m.fate == "survived" for m in own)
        if own:
            percent = 100 * dead / max(1, len(own) - same)
            rows.append(f"| {name} | {len(own)} | {dead} | {same} | {percent:.1f} % |")
    summary = (
        f"{len(green.seconds)} fast tests, green on the untouched code. **{len(mutants)} mutants: "
        f"{len(killed)} killed, {100 * len(killed) / max(1, len(real)):.1f} % of the {len(real)} "
        f"that change anything** (asked: {ENOUGH:.0%}). Texts for people, annotations and type "
        "aliases are not mutated."
    )
    lines = [
        page.ran(command) + f" {share}",
        "",
        summary,
        "",
        "| module | mutants | killed | equivalent | killed of the rest |",
        "|---|---|---|---|---|",
        *rows,
        "",
        *_told("Survivors: a test is missing", [m for m in real if m not in killed]),
        *_told("Equivalent", [m for m in mutants if m.equivalent and m.fate == "survived"]),
    ]
    return "\n".join(lines), held


def _told(title: str, mutants: Sequence[Mutant]) -> list[str]:
    if not mutants:
        return [f"{title}: none.", ""]
    lines = [
        f"- `{m.module.name}:{m.site.last}` {m.site.what} ({m.equivalent or m.fate})"
        for m in mutants
    ]
    return [f"{title}:", "", *lines, ""]


def chosen(asked: argparse.Namespace) -> list[Mutant]:
    sources = [
        p for top in ("app", "tests", "sandbox") for p in sorted(PROJECT.glob(f"{top}/**/*.py"))
    ]
    enums = enumerations([p for p in sources if p.is_relative_to(PROJECT / "app/domain")])
    modules = [read(name, enums, sources) for name in asked.modules or TARGETS]
    mutants = [Mutant(m, place, site) for m in modules for place, site in enumerate(m.sites)]
    if asked.again and asked.again.exists():
        before = {tuple(key) for key in json.loads(asked.again.read_text())}
        mutants = [m for m in mutants if m.key in before]
    random.Random(1).shuffle(mutants)
    return mutants[:: asked.every]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--again", type=Path, help="only the survivors noted in this file; note anew"
    )
    parser.add_argument("--every", type=int, default=1, help="a sample: one of so many")
    parser.add_argument("modules", nargs="*", help="paths of modules; all")
    asked = parser.parse_args()
    os.chdir(PROJECT)
    for name in PRELOADED:
        importlib.import_module(name)
    mutants = chosen(asked)
    tests = [test for test in TESTS if (PROJECT / test).exists()]
    modules = {m.module.name: m.module for m in mutants}
    trial.freeze()
    green = trial.baseline(
        tests, [m.path for m in modules.values()], {n for m in modules.values() for n in m.forget}
    )
    if green.exit != 0:
        print(f"the baseline is not green (pytest exit {green.exit}): nothing would be proven")
        return 1
    begun = time.monotonic()
    for done, mutant in enumerate(run(mutants, green), 1):
        shown = sum(m.fate in {"survived", "uncovered", "void"} for m in mutants)
        if mutant.fate not in {"killed", "timeout"} and not mutant.equivalent:
            print(f"{mutant.fate}: {mutant.module.name}:{mutant.site.last} {mutant.site.what}")
        if done % 50 == 0 or done == len(mutants):
            took = time.monotonic() - begun
            print(f"{done} of {len(mutants)}, {shown} not killed, {took:.0f} s", flush=True)
    if asked.again:
        lost = [m.key for m in mutants if m.fate not in {"killed", "timeout"} and not m.equivalent]
        asked.again.write_text(json.dumps(sorted(lost), ensure_ascii=False, indent=0))
    whole = not asked.modules and not asked.again
    share = "All mutants." if asked.every == 1 else f"A sample: one of {asked.every} mutants."
    body, held = report(mutants, green, share, "python -m proof mutation")
    if whole:
        page.write_section("mutation", "Mutation of the judging code", body)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
