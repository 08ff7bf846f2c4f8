"""Look-ups over HTTP, beside two endpoints of the same application that do only a part of it.

The first floor reads the identifier out of the body, and selects the row over the pool the service
has: prepared once, one plan for all, one partition. The second also waits until a row in the audit
log is on disk, gathered with those of others as a look-up's is: nothing that is answered only when
it is written down can do with less. A look-up besides draws on limits, opens what is sealed,
compares, and writes its own row.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Final

from bench.imports import over_http, pusher, rows
from bench.load import load, post
from bench.measure import ROUNDS, middle, percentile, ratio
from bench.stage import PYTHON, Service, stage

RECORDS: Final = 20_000
ASKED: Final = 2_000
LANES: Final = (1, 8, 32)
SECONDS: Final = 3.0
AIM: Final = 0.70
PATHS: Final = ("/v1/lookups", "/bench/durable", "/bench/select")


def requests(lines: Sequence[bytes]) -> dict[str, list[bytes]]:
    records = [json.loads(line) for line in lines[:: max(1, len(lines) // ASKED)]]
    asked = [{"identifier": each["identifier"], "holder": each["holder"]} for each in records]
    bodies = [json.dumps(each).encode() for each in asked]
    return {path: [post(path, body) for body in bodies] for path in PATHS}


def phase(service: Service, asked: Sequence[bytes], lanes: int) -> tuple[float, float]:
    """Answers a second, and p99 in seconds."""
    tally = asyncio.run(load(service.port, asked, lanes, SECONDS))
    if tally.refused:
        raise SystemExit(f"{tally.refused} answers were not 200: {tally.sample[:300]!r}")
    return tally.rate, percentile(tally.took, 99)


def measure_lookups() -> str:
    """The table, as Markdown."""
    rates: dict[tuple[str, int], list[float]] = {(p, n): [] for p in PATHS for n in LANES}
    tails: dict[tuple[str, int], list[float]] = {(p, n): [] for p in PATHS for n in LANES}
    command = [PYTHON, "-m", "uvicorn", "--factory", "bench.served:create", "--port", "{port}"]
    command += ["--no-access-log", "--log-level", "warning"]
    with stage() as place:
        who = pusher(place)
        service = place.service(command)
        service.start("/bench/usage")
        try:
            lines = rows(who, "U", RECORDS)
            over_http(service, who, "U", lines)
            asked = requests(lines)
            for number in range(ROUNDS):
                print(f"  lookups: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
                for lanes in LANES:
                    for path in PATHS:
                        rate, tail = phase(service, asked[path], lanes)
                        rates[path, lanes].append(rate)
                        tails[path, lanes].append(tail)
        finally:
            service.stop()
    return table(rates, tails)


def table(
    rates: dict[tuple[str, int], list[float]], tails: dict[tuple[str, int], list[float]]
) -> str:
    shown = {
        "/v1/lookups": "look-up",
        "/bench/durable": "SELECT and a row in the audit log",
        "/bench/select": "one SELECT",
    }
    lines = ["| | at once | a second | p99, ms | to one SELECT | to SELECT and row |"]
    lines.append("|---|---|---|---|---|---|")
    for lanes in LANES:
        for path in PATHS:
            rate, floor = rates[path, lanes], rates["/bench/select", lanes]
            lines.append(
                f"| {shown[path]} | {lanes} | {middle(rate, digits=0)} "
                f"| {middle(tails[path, lanes], 1000, 1)} | {ratio(rate, floor)} "
                f"| {ratio(rate, rates['/bench/durable', lanes])} |"
            )
    pairs = zip(rates["/v1/lookups", LANES[-1]], rates["/bench/select", LANES[-1]], strict=True)
    median = sorted(a / b for a, b in pairs)[ROUNDS // 2]
    verdict = "held" if median >= AIM else "**missed**"
    return "\n".join([*lines, "", f"Aim: {AIM:.0%} of one SELECT, {LANES[-1]} at once: {verdict}."])
