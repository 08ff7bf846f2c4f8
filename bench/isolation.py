"""Twenty issuers, some of them black holes: what the others' callers feel of it.

    python -m bench.isolation [SECONDS]

Twenty endpoints in a process of their own answer after 20 ms; those that are down accept the
connection and never say a word. Questions go out at a steady rate whatever comes back (open loop),
spread evenly, each another one, through what the service asks by: memory, flights, breaker, retry,
gateway, sockets. Each round pairs a run with all twenty up and one with N down, and looks at the
same 20 - N issuers in both. Writes docs/isolation.svg.
"""

import asyncio
import logging
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from app.domain.issuer import Answered, Inquiry, Unreachable
from app.federation.gateway import HttpIssuers
from app.federation.resilience import ResilientIssuers
from bench.issuer import NODE, SIGNER, inquiry_to, serving, utc_now
from bench.plot import Point, picture

ISSUERS = 20
DOWN = (1, 5, 10, 19)
ROUNDS = 5
SECONDS = 4.0
"""Of one run; as much again before it, unmeasured, until breakers have found what is down."""
RATE = 200
"""Questions a second, all issuers together."""
DELAY = 0.02
"""Seconds an issuer thinks."""
PICTURE = Path(__file__).parents[1] / "docs/isolation.svg"


@dataclass(frozen=True)
class Run:
    """Of the issuers that were looked at."""

    p50: float
    p99: float
    asked: int
    failed: int
    others: Counter[str]
    """What callers of those that were down were told."""


async def load(issuers: ResilientIssuers, ports: list[int], down: int, seconds: float) -> Run:
    """A steady stream; times in seconds of those at or above `down`."""
    spent: list[float] = []
    failed = 0
    others: Counter[str] = Counter()
    begun = time.perf_counter()

    async def one(index: int, inquiry: Inquiry) -> None:
        nonlocal failed
        start = time.perf_counter()
        said = await issuers.ask(inquiry)
        if index < down:
            others[said.why.value if isinstance(said, Unreachable) else "answered"] += 1
            return
        spent.append(time.perf_counter() - start)
        failed += not isinstance(said, Answered)

    tasks = []
    for number in range(int(RATE * seconds)):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        index = number % ISSUERS
        asked = inquiry_to(ports[index])
        where = replace(asked.endpoint, deadline=timedelta(seconds=3), max_in_flight=20)
        asked = replace(asked, endpoint=where, purpose=f"bench-{begun}-{number}")
        tasks.append(asyncio.create_task(one(index, asked)))
    await asyncio.gather(*tasks)
    times = statistics.quantiles(spent, n=100, method="inclusive")
    return Run(times[49], times[98], len(spent), failed, others)


async def paired(told: Connection, ports: list[int], down: int, seconds: float) -> tuple[Run, Run]:
    """All up, then `down` of them down; each with a memory and breakers of its own."""
    runs = []
    for holes in (0, down):
        told.send(holes)
        inner = HttpIssuers(lambda: SIGNER, NODE, utc_now)
        issuers = ResilientIssuers(inner=inner, clock=utc_now, monotonic=time.monotonic)
        await load(issuers, ports, down, seconds)
        runs.append(await load(issuers, ports, down, seconds))
        await issuers.aclose()
    return runs[0], runs[1]


async def measure(
    told: Connection, ports: list[int], seconds: float
) -> dict[int, list[tuple[Run, Run]]]:
    found: dict[int, list[tuple[Run, Run]]] = {down: [] for down in DOWN}
    for _ in range(ROUNDS):
        for down in DOWN:
            found[down].append(await paired(told, ports, down, seconds))
    return found


def show(found: dict[int, list[tuple[Run, Run]]]) -> bool:
    """Whether nobody else failed."""
    print(f"{RATE} questions a second over {ISSUERS} issuers that think {DELAY * 1000:.0f} ms")
    print(
        "down  others asked  failed   p50 ms   p99 ms  p99 all up  p99 ratio (rounds)"
        "   callers of those down"
    )
    points = []
    whole = True
    for down, pairs in found.items():
        ratios = sorted(with_.p99 / without.p99 for without, with_ in pairs)
        middle = statistics.median(ratios)
        points.append(Point(f"{down}", middle, ratios[0], ratios[-1]))
        failed = sum(with_.failed for _, with_ in pairs)
        whole = whole and not failed
        told = sum((with_.others for _, with_ in pairs), Counter[str]())
        print(
            f"{down:4}  {sum(w.asked for _, w in pairs):12,}  {failed:6}"
            f"  {statistics.median(w.p50 for _, w in pairs) * 1000:7.1f}"
            f"  {statistics.median(w.p99 for _, w in pairs) * 1000:7.1f}"
            f"  {statistics.median(w.p99 for w, _ in pairs) * 1000:10.1f}"
            f"  {middle:9.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
            f"   {', '.join(f'{name} {count:,}' for name, count in told.most_common())}"
        )
    PICTURE.write_text(
        picture(
            "p99 of the other issuers, with N of 20 black-holed : all up",
            "N, issuers down (median and spread of five paired rounds)",
            points,
            1.1,
            "1.1",
        ),
        "utf-8",
    )
    return whole


def main(arguments: list[str]) -> int:
    logging.getLogger("app").setLevel(logging.ERROR)  # thousands of silences are on purpose here
    seconds = float(arguments[0]) if arguments else SECONDS
    with serving(ISSUERS, thinks=DELAY) as (ports, told):
        found = asyncio.run(measure(told, ports, seconds))
    return 0 if show(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
