"""Three hundred questions in flight to an issuer that thinks 200 ms, on one worker.

    python -m bench.inflight [SECONDS]

One process asks, another answers (signed, each over its very question). `transport` is a bare
client of httpx with the same bytes, the floor that was set; `session` is the guarded session of
aiohttp that the service itself asks by, with nothing around it: the harder floor. `service` is
everything an issuer is asked by: memory, flights, breaker, retry, places, questions signed and
answers verified. Rounds of the three alternate, so that a busy machine slows all, and the ratios
are what to keep. Memory is looked at after the first round and after the last: what only grows
would show.
"""

import asyncio
import gc
import itertools
import logging
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from app.domain.issuer import Answered, Inquiry
from app.federation.egress import destination
from app.federation.gateway import IVP_HEADERS, HttpIssuers
from app.federation.resilience import MAX_ANSWERS, ResilientIssuers
from app.federation.transport import SystemResolver, open_session
from app.main import TURN, keep_for_good
from bench.issuer import NODE, SIGNER, TOKEN, inquiry_to, processor_seconds, serving, utc_now

IN_FLIGHT: Final = 300
THINKS: Final = 0.2
"""Seconds."""
ROUNDS: Final = 5
SECONDS: Final = 4.0
"""Of one round of one candidate."""
AIM: Final = 0.70
PAGE: Final = resource.getpagesize()


@dataclass(frozen=True, slots=True)
class Round:
    """Of one candidate."""

    rate: float
    """Answers a second."""
    cost: float
    """Microseconds of processor time an answer."""
    p99: float
    """Seconds."""
    failed: int


async def measure(ask: Callable[[int], Awaitable[bool]], seconds: float) -> Round:
    """So many at once, each after the other, until the time is over."""
    spent: list[float] = []
    failed = 0
    numbers = itertools.count(time.monotonic_ns())
    begun, used = time.perf_counter(), processor_seconds()

    async def one() -> None:
        nonlocal failed
        while time.perf_counter() - begun < seconds:
            start = time.perf_counter()
            failed += not await ask(next(numbers))
            spent.append(time.perf_counter() - start)

    await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))
    whole = time.perf_counter() - begun
    cost = (processor_seconds() - used) / len(spent) * 1e6
    return Round(len(spent) / whole, cost, statistics.quantiles(spent, n=100)[98], failed)


def resident() -> float:
    """MiB of this process, after what is garbage has gone."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE / 2**20


@dataclass(frozen=True, slots=True)
class Candidates:
    inquiry: Inquiry
    bare: httpx.AsyncClient
    open: aiohttp.ClientSession
    issuers: ResilientIssuers

    async def transport(self, number: int) -> bool:
        del number
        response = await self.bare.post(self.inquiry.endpoint.url, content=TOKEN)
        return response.status_code == httpx.codes.OK

    async def session(self, number: int) -> bool:
        del number
        url = self.inquiry.endpoint.url
        async with self.open.post(
            url, headers=IVP_HEADERS, data=TOKEN, allow_redirects=False
        ) as response:
            await response.read()
        return response.status == httpx.codes.OK

    async def service(self, number: int) -> bool:
        """Each another question, so that nothing is joined or repeated."""
        said = await self.issuers.ask(replace(self.inquiry, purpose=f"bench-{number}"))
        return isinstance(said, Answered)


async def compare(port: int, seconds: float) -> bool:
    """Whether the aim is reached and nothing failed."""
    asked = inquiry_to(port, most=IN_FLIGHT)
    trust = httpx.create_ssl_context(trust_env=False)
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    transport = AiohttpTransport(verify=trust, trust_env=False, limits=limits)
    issuers = ResilientIssuers(
        inner=HttpIssuers(lambda: SIGNER, NODE, utc_now, trust=trust),
        clock=utc_now,
        monotonic=time.monotonic,
    )
    where, resolver = destination(asked.endpoint.url, asked.endpoint.networks), SystemResolver()
    session = open_session(where, resolver=resolver, trust=trust, limit=IN_FLIGHT)
    async with httpx.AsyncClient(transport=transport, timeout=30) as bare, session:
        ways = Candidates(asked, bare, session, issuers)
        candidates = (ways.transport, ways.session, ways.service)
        found: dict[str, list[Round]] = {way.__name__: [] for way in candidates}
        for floor in candidates[:2]:
            await measure(floor, 1.0)
        warmed = 0.0
        while warmed <= MAX_ANSWERS:  # until the memory of answers is full, as it is in service
            warmed += (await measure(ways.service, 1.0)).rate
        keep_for_good()  # as a service does once it is up
        memory = []
        for _ in range(ROUNDS):
            for way in candidates:
                found[way.__name__].append(await measure(way, seconds))
            memory.append(resident())
    await issuers.aclose()
    await resolver.close()
    return show(found, memory)


def show(found: dict[str, list[Round]], memory: list[float]) -> bool:
    print(f"{IN_FLIGHT} in flight to an issuer that thinks {THINKS * 1000:.0f} ms, {ROUNDS} rounds")
    print("            answers/s (rounds)      p99 ms   µs CPU   failed")
    for name, rounds in found.items():
        rates = sorted(each.rate for each in rounds)
        print(
            f"{name:10} {statistics.median(rates):7,.0f} ({rates[0]:,.0f}–{rates[-1]:,.0f})"
            f"  {statistics.median(r.p99 for r in rounds) * 1000:9.0f}"
            f"  {statistics.median(r.cost for r in rounds):7.0f}"
            f"  {sum(r.failed for r in rounds):7}"
        )
    answers = sum(round(each.rate) for each in found["service"])
    middle, spread = _ratio(found, "transport")
    print(f"ratio {middle:.2f} ({spread}), aim {AIM:.2f}")
    harder, spread = _ratio(found, "session")
    print(f"beside the session it asks by {harder:.2f} ({spread})")
    print(f"memory, MiB after each round: {', '.join(f'{each:.1f}' for each in memory)}")
    print(f"per answer from the first round to the last: {_growth(memory, answers):.0f} bytes")
    return middle >= AIM and not any(each.failed for rounds in found.values() for each in rounds)


def _ratio(found: dict[str, list[Round]], floor: str) -> tuple[float, str]:
    """Throughput of the service beside a floor in the same rounds: median and spread."""
    pairs = zip(found[floor], found["service"], strict=True)
    ratios = [service.rate / bare.rate for bare, service in pairs]
    return statistics.median(ratios), f"{min(ratios):.2f}–{max(ratios):.2f}"


def _growth(memory: list[float], answers: int) -> float:
    return (memory[-1] - memory[0]) * 2**20 / max(1, answers)


def main(arguments: list[str]) -> int:
    logging.getLogger("app").setLevel(logging.ERROR)
    seconds = float(arguments[0]) if arguments else SECONDS
    sys.setswitchinterval(TURN)
    with serving(thinks=THINKS) as ((port,), _):
        asyncio.run(compare(port, seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
