"""Runs a verifier over the cases and says where it differs (conformance/README.md).

    python -m conformance.run -- COMMAND …            one process a case
    python -m conformance.run --stream -- COMMAND …   one process, a JSON line a case
    python -m conformance.run --only ofd-zip -- …     cases whose names begin so
    python -m conformance.run --all -- …              a line for every case

Exit 1 on any difference. A negative counts only if its twin came out valid in the same run.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent
TRUST = ROOT / "trust"
TIMEOUT = 60
"""Seconds one case may take."""


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
            **({"matter": str(self.expect["matter"])} if "matter" in self.expect else {}),
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


def one_by_one(command: Sequence[str], cases: Sequence[Case]) -> Iterator[Verdict]:
    for case in cases:
        try:
            done = subprocess.run(
                [*command, *case.arguments],
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            yield Verdict("error", str(exc))
            continue
        lines = done.stdout.strip().splitlines()
        yield read_verdict(lines[-1] if lines else done.stderr[-200:])


def streamed(command: Sequence[str], cases: Sequence[Case]) -> Iterator[Verdict]:
    """A line in, a line out; a verifier that dies fails all that are left."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes")
        for case in cases:
            try:
                process.stdin.write(json.dumps(case.request) + "\n")
                process.stdin.flush()
            except OSError:
                yield Verdict("error", "the verifier is gone")
                continue
            yield read_verdict(process.stdout.readline())
        process.stdin.close()


def judge(cases: Sequence[Case], verdicts: Mapping[str, Verdict]) -> dict[str, str]:
    """Case → how it came out: agrees, differs, or twin (its twin was not valid)."""
    found = {}
    for case in cases:
        twin = case.expect["twin"]
        good = twin is None or verdicts[str(twin)].conclusion == "valid"
        right = agrees(case.expect, verdicts[case.name])
        found[case.name] = "differs" if not right else "agrees" if good else "twin"
    return found


def tell(cases: Sequence[Case], verdicts: Mapping[str, Verdict], *, everything: bool) -> int:
    """Print the table; how many cases do not count as passed."""
    outcomes = judge(cases, verdicts)
    for case in cases:
        outcome, got = outcomes[case.name], verdicts[case.name]
        if everything or outcome != "agrees":
            wanted = f"{case.expect['conclusion']} {case.expect['reason'] or ''}".strip()
            said = f"{got.conclusion} {got.reason or ''}".strip()
            print(f"{outcome:8} {case.name:44} expected {wanted}; got {said}")
    groups = Counter((case.name.split("-")[0], outcomes[case.name]) for case in cases)
    for group, outcome in sorted(groups):
        print(f"{group:5} {outcome:8} {groups[group, outcome]}")
    return sum(outcome != "agrees" for outcome in outcomes.values())


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m conformance.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("command", nargs="+", help="after --")
    given = parser.parse_args()
    cases = read_cases(given.only)
    run = streamed if given.stream else one_by_one
    verdicts = dict(zip((case.name for case in cases), run(given.command, cases), strict=True))
    return 1 if tell(cases, verdicts, everything=given.all) else 0


if __name__ == "__main__":
    sys.exit(main())
