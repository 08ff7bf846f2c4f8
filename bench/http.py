"""Verifications over HTTP on one worker, beside two floors of the same application."""

import asyncio
import json
import sys
import urllib.request
from dataclasses import dataclass
from functools import partial

from bench.load import Tally, connect, load, post
from bench.materials import world
from bench.measure import ROUNDS, middle, percentile, ratio
from bench.stage import PYTHON, Service, stage

LANES = (1, 8, 32)
SECONDS = 2.0
TOKENS = 20
"""Different licenses of each issuer, asked in turn."""
SHOWN = {
    "/v1/verifications": "verification",
    "/bench/database": "database only",
    "/bench/nothing": "nothing",
}


@dataclass(frozen=True, slots=True)
class Phase:
    """One endpoint at one concurrency in one round."""

    tally: Tally
    cpu: float
    """Seconds of the worker by request."""


def used(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/usage", timeout=5) as answer:
        return float(answer.read())


def requests(issuer: str) -> dict[str, list[bytes]]:
    licenses = world().of(issuer, "in_force")[:TOKENS]
    bodies = [json.dumps({"token": world().token(li).decode()}).encode() for li in licenses]
    return {path: [post(path, body) for body in bodies] for path in SHOWN}


def phase(service: Service, asked: list[bytes], lanes: int) -> Phase:
    before = used(service.port)
    tally = asyncio.run(load(service.port, asked, lanes, SECONDS))
    if tally.refused:
        raise SystemExit(f"{tally.refused} answers were not 200: {tally.sample[:300]!r}")
    return Phase(tally, (used(service.port) - before) / len(tally.took))


def measure_http(issuer: str = "university") -> str:
    """The table, as Markdown."""
    asked = requests(issuer)
    found: dict[tuple[str, int], list[Phase]] = {(p, n): [] for p in SHOWN for n in LANES}
    command = [PYTHON, "-m", "uvicorn", "--factory", "bench.served:create", "--port", "{port}"]
    command += ["--no-access-log", "--log-level", "warning"]
    with stage() as place:
        service = place.service(command)
        try:
            service.start("/bench/usage")
            trips = check(service, asked["/v1/verifications"])
            for number in range(ROUNDS):
                print(f"  http: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
                for lanes in LANES:
                    for path in SHOWN:
                        found[path, lanes].append(phase(service, asked[path], lanes))
        finally:
            service.stop()
    return f"Round trips of one verification: {trips}.\n\n{table(found)}"


def check(service: Service, asked: list[bytes]) -> str:
    """What is measured has to be what is meant: every answer is `valid`. Warms up as well, and
    lays the floor; returns the statements it is made of.
    """

    async def one(request: bytes) -> bytes:
        connection = await connect(service.port)
        try:
            status, body = await connection.ask(request)
        finally:
            connection.close()
        if status != 200:
            raise SystemExit(f"{status}: {body[:300]!r}")
        return body

    async def go() -> tuple[set[str], bytes]:
        answers = [await one(request) for request in asked]
        await one(post("/bench/recording", b""))
        answer = await one(asked[0])
        laid = await one(post("/bench/floor", answer))
        return {json.loads(body)["report"]["conclusion"] for body in answers}, laid

    said, laid = asyncio.run(go())
    if said != {"valid"}:
        raise SystemExit(f"the bench's licenses are not valid: {said}")
    return ", ".join(json.loads(laid))


def table(found: dict[tuple[str, int], list[Phase]]) -> str:
    lines = [
        "| endpoint | in flight | requests/s | p50 ms | p95 ms | CPU ms | of database only |",
        "|---|---|---|---|---|---|---|",
    ]
    for lanes in LANES:
        floor = [p.tally.rate for p in found["/bench/database", lanes]]
        for path, name in SHOWN.items():
            phases = found[path, lanes]
            rates = [p.tally.rate for p in phases]
            times = [partial(percentile, p.tally.took) for p in phases]
            cells = [
                name,
                str(lanes),
                middle(rates, digits=0),
                middle([at(50) for at in times], 1e3, 1),
                middle([at(95) for at in times], 1e3, 1),
                middle([p.cpu for p in phases], 1e3),
                ratio(rates, floor) if path != "/bench/nothing" else "",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
