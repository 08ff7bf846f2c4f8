"""Twenty issuers, some of them black holes: what the others' callers feel of it.

    python -m bench.isolation [SECONDS]

Twice twenty endpoints in a process of their own answer after 20 ms. All of the one twenty are up;
of the other, those that are down accept the connection and never say a word. Questions go out at a
steady rate whatever comes back (open loop), each another one, through what the service asks by:
memory, flights, breaker, retry, gateway, sockets. The 20 - N issuers looked at are asked as often
whatever N is, so that a p99 is one of thousands; the N others a tenth of a second apart, each.

Blocks of a few seconds alternate within the same run, all up, N down, N down, all up, so that
whatever else the machine does falls on both. Five rounds of such blocks; each pairs the p99 of its
own. Writes docs/isolation.svg. Takes a little over seven minutes.
"""

import asyncio
import logging
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from app.domain.issuer import Answered, Inquiry, Unreachable
from app.federation.gateway import HttpIssuers
from app.federation.resilience import ResilientIssuers
from app.main import TURN, keep_for_good
from bench.issuer import NODE, SIGNER, inquiry_to, serving, utc_now
from bench.plot import Point, picture

ISSUERS = 20
DOWN = (1, 5, 10, 19)
ROUNDS = 5
BLOCKS = 4
"""Of each kind in a round."""
SECONDS = 2.5
"""Of a block."""
WARM = 5.0
"""Seconds before the first, unmeasured: until breakers have found what is down."""
RATE = 200
"""Questions a second to the issuers looked at, together."""
DOWN_RATE = 10
"""Questions a second to each of the others, which are down in every other block."""
DELAY = 0.02
"""Seconds an issuer thinks."""
PICTURE = Path(__file__).parents[1] / "docs/isolation.svg"


@dataclass(slots=True)
class Seen:
    """Of the issuers that were looked at, in the blocks of one kind."""

    spent: list[float] = field(default_factory=list)
    """Seconds."""
    failed: int = 0
    others: Counter[str] = field(default_factory=Counter)
    """What callers of the others were told."""

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.spent, n=100, method="inclusive")[percent - 1]


@dataclass(slots=True)
class Side:
    """Twenty issuers, and what asks them: memory, breakers and connections of its own."""

    ports: Sequence[int]
    issuers: ResilientIssuers
    lingering: set[asyncio.Task[None]] = field(default_factory=set)
    """Questions to the others that outlive their block: nobody looked at waits for them."""

    async def load(self, down: int, seconds: float) -> Seen:
        """A steady stream to all."""
        seen, begun = Seen(), time.perf_counter()
        tasks = []
        for number, (at, index) in enumerate(schedule(down, seconds)):
            await asyncio.sleep(max(0.0, begun + at - time.perf_counter()))
            asked = inquiry_to(self.ports[index])
            where = replace(asked.endpoint, deadline=timedelta(seconds=3), max_in_flight=20)
            asked = replace(asked, endpoint=where, purpose=f"bench-{begun}-{number}")
            if index < down:
                task = asyncio.create_task(self.other(asked, seen))
                self.lingering.add(task)
                task.add_done_callback(self.lingering.discard)
            else:
                tasks.append(asyncio.create_task(self.one(asked, seen)))
        await asyncio.gather(*tasks)
        return seen

    async def one(self, inquiry: Inquiry, seen: Seen) -> None:
        start = time.perf_counter()
        said = await self.issuers.ask(inquiry)
        seen.spent.append(time.perf_counter() - start)
        seen.failed += not isinstance(said, Answered)

    async def other(self, inquiry: Inquiry, seen: Seen) -> None:
        said = await self.issuers.ask(inquiry)
        seen.others[said.why.value if isinstance(said, Unreachable) else "answered"] += 1

    async def aclose(self) -> None:
        await asyncio.gather(*self.lingering)
        await self.issuers.aclose()


def schedule(down: int, seconds: float) -> list[tuple[float, int]]:
    """When which issuer is asked, in seconds: the first `down` of them are the others."""
    looked_at = ISSUERS - down
    asked = [(n / RATE, down + n % looked_at) for n in range(int(RATE * seconds))]
    others = down * DOWN_RATE
    return sorted([*asked, *((n / others, n % down) for n in range(int(others * seconds)))])


def side(ports: Sequence[int]) -> Side:
    inner = HttpIssuers(lambda: SIGNER, NODE, utc_now)
    return Side(ports, ResilientIssuers(inner=inner, clock=utc_now, monotonic=time.monotonic))


Round = tuple[Seen, Seen]
"""All up, and so many down."""


async def alternating(told: Connection, ports: list[int], down: int, seconds: float) -> list[Round]:
    told.send(down)
    holed, whole = side(ports[:ISSUERS]), side(ports[ISSUERS:])
    await asyncio.gather(whole.load(down, WARM), holed.load(down, WARM))
    keep_for_good()  # as a service does once it is up
    found: list[Round] = []
    for _ in range(ROUNDS):
        pair = Seen(), Seen()
        for block in range(2 * BLOCKS):
            which = (block + 1) // 2 % 2  # up, down, down, up
            seen = await (whole, holed)[which].load(down, seconds)
            pair[which].spent.extend(seen.spent)
            pair[which].failed += seen.failed
            pair[which].others.update(seen.others)
        found.append(pair)
    await whole.aclose()
    await holed.aclose()
    return found


async def measure(told: Connection, ports: list[int], seconds: float) -> dict[int, list[Round]]:
    return {down: await alternating(told, ports, down, seconds) for down in DOWN}


def show(found: dict[int, list[Round]]) -> bool:
    """Whether nobody else failed."""
    print(
        f"{RATE} questions a second to the issuers looked at, which think {DELAY * 1000:.0f} ms, "
        f"and {DOWN_RATE} to each of the others; {2 * BLOCKS * ROUNDS} alternating blocks"
    )
    print(
        "down  asked, each  failed   p50 ms   p99 ms  p50 all up  p99 all up  p99 ratio (rounds)"
        "  over all   callers of those down"
    )
    points = []
    sound = True
    for down, pairs in found.items():
        ratios = sorted(holed.percentile(99) / up.percentile(99) for up, holed in pairs)
        middle = statistics.median(ratios)
        points.append(Point(f"{down}", middle, ratios[0], ratios[-1]))
        up, holed = (pooled([pair[which] for pair in pairs]) for which in (0, 1))
        sound = sound and not holed.failed and not up.failed
        print(
            f"{down:4}  {len(holed.spent):11,}  {holed.failed:6}"
            f"  {holed.percentile(50) * 1000:7.1f}  {holed.percentile(99) * 1000:7.1f}"
            f"  {up.percentile(50) * 1000:10.1f}  {up.percentile(99) * 1000:10.1f}"
            f"  {middle:9.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
            f"  {holed.percentile(99) / up.percentile(99):8.2f}"
            f"   {', '.join(f'{name} {count:,}' for name, count in holed.others.most_common())}"
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
    return sound


def pooled(parts: list[Seen]) -> Seen:
    return Seen(
        [spent for part in parts for spent in part.spent],
        sum(part.failed for part in parts),
        sum((part.others for part in parts), Counter[str]()),
    )


def main(arguments: list[str]) -> int:
    logging.getLogger("app").setLevel(logging.ERROR)  # thousands of silences are on purpose here
    seconds = float(arguments[0]) if arguments else SECONDS
    sys.setswitchinterval(TURN)
    with serving(2 * ISSUERS, thinks=DELAY) as (ports, told):
        found = asyncio.run(measure(told, ports, seconds))
    return 0 if show(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
