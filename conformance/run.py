"""Runs a verifier over the cases and says where it differs (conformance/README.md).

    python -m conformance.run -- COMMAND …            one process a case
    python -m conformance.run --stream -- COMMAND …   one process, a JSON line a case
    python -m conformance.run --only ofd-zip -- …     cases whose names begin so
    python -m conformance.run --all -- …              a line for every case
    python -m conformance.run --report FILE -- …      and a report for people (.html or .md)

Exit 1 on any difference. A negative counts only if its twin came out valid in the same run.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from conformance import report
from conformance.judging import Case, Verdict, judge, read_cases, read_verdict

TIMEOUT = 60
"""Seconds one case may take."""


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
    parser.add_argument("--report", type=Path, help="write a report: .html, or else Markdown")
    parser.add_argument("--name", default="", help="what the report calls the verifier")
    parser.add_argument("command", nargs="+", help="after --")
    given = parser.parse_args()
    cases = read_cases(given.only)
    run = streamed if given.stream else one_by_one
    verdicts = dict(zip((case.name for case in cases), run(given.command, cases), strict=True))
    if given.report is not None:
        name = given.name or " ".join(given.command)
        report.write(given.report, name, datetime.now(UTC), report.lines(cases, verdicts))
    return 1 if tell(cases, verdicts, everything=given.all) else 0


if __name__ == "__main__":
    sys.exit(main())
