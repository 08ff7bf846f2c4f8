"""The cases, and when a verdict counts for one (conformance/README.md).

A negative counts only if its twin came out valid in the same run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent
TRUST = ROOT / "trust"
OPTIONAL = ("matter", "signers")
"""Members of expect.json that only some cases have, and that a verifier is told."""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    file: Path
    expect: Mapping[str, object]

    @property
    def request(self) -> dict[str, str]:
        return {
            "trust": str(ROOT / str(self.expect.get("trust", TRUST.name))),
            "at": str(self.expect["at"]),
            "answer": str(self.file.with_name("answer.json")),
            "file": str(self.file),
            **{name: str(self.expect[name]) for name in OPTIONAL if name in self.expect},
        }

    @property
    def arguments(self) -> list[str]:
        options = {name: value for name, value in self.request.items() if name != "file"}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [*words, self.request["file"]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the verifier printed."""

    conclusion: str
    reason: str | None


def read_cases(only: str = "") -> list[Case]:
    found = []
    for folder in sorted((ROOT / "cases").iterdir()):
        if folder.is_dir():
            expect = json.loads((folder / "expect.json").read_text(encoding="utf-8"))
            (file,) = folder.glob("input.*")
            found.append(Case(folder.name, file, expect))
    wanted = {case.name for case in found if case.name.startswith(only)}
    twins = {case.expect["twin"] for case in found if case.name in wanted}
    return [case for case in found if case.name in wanted | twins]


def agrees(expect: Mapping[str, object], got: Verdict) -> bool:
    """The expected reason with its conclusion; or another right reason, and not valid."""
    if got.reason == expect["reason"]:
        return got.conclusion == expect["conclusion"]
    also = expect["also"]
    return isinstance(also, list) and got.reason in also and got.conclusion != "valid"


def read_verdict(line: str) -> Verdict:
    try:
        said = json.loads(line)
        return Verdict(str(said["conclusion"]), said.get("reason"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Verdict("error", f"no verdict in {line[:80]!r}")


def judge(cases: Sequence[Case], verdicts: Mapping[str, Verdict]) -> dict[str, str]:
    """Case → how it came out: agrees, differs, or twin (its twin was not valid)."""
    found = {}
    for case in cases:
        twin = case.expect["twin"]
        good = twin is None or verdicts[str(twin)].conclusion == "valid"
        right = agrees(case.expect, verdicts[case.name])
        found[case.name] = "differs" if not right else "agrees" if good else "twin"
    return found
