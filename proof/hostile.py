"""Every scripted behaviour of issuers, exchange platforms and givers of documents, by the clock.

    python -m proof.hostile

Over real sockets, with the deadlines of service: 3 s for a question, 10 s more for a document. Each
stands between two honest exchanges with the same server. Holds when every one ends inside its
deadline (and 0.2 s), with exactly its reason, within the size cap, neither valid nor a document;
and when its twins are good.
"""

import asyncio
import logging
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import httpx

from app.domain.issuer import Answered, Code, Unreachable
from app.domain.retrieval import FILE_DEADLINE
from app.federation.lines import Lines
from app.federation.retrieving import HttpRetrievals
from proof.parts import page
from sandbox import giving
from sandbox import platform as standin
from sandbox.platform import Platform
from sandbox.serve import serve
from sandbox.world import World
from tests.federation.asking import NODE, SIGNER, endpoint_of, gateway, inquiry_of, knowing, now
from tests.federation.share import test_share
from tests.federation.test_hostile_issuer import ANSWERED, REFUSED
from tests.federation.test_retrieving import EXPECTED as NOT_HANDED_ON
from tests.federation.test_retrieving import get

DEADLINE: Final = timedelta(seconds=3)
SPARE: Final = 0.2
"""Seconds."""
CAP: Final = 8 * 1024 * 1024
"""Bytes a server gets rid of before it is cut off: its own buffers and the kernel's."""
ISSUER: Final = "university"


@dataclass(slots=True)
class Found:
    """Of one kind of server."""

    name: str
    spent: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def note(self, behaviour: str, spent: float, most: float, *, right: bool, saw: object) -> None:
        self.spent.append(spent)
        if spent > most + SPARE:
            self.wrong.append(f"{behaviour}: {spent:.2f} s")
        if not right:
            self.wrong.append(f"{behaviour}: {saw}")


async def timed(work: Awaitable[object]) -> tuple[object, float]:
    begun = time.monotonic()
    return await work, time.monotonic() - begun


async def issuers() -> Found:
    found, world = Found("issuers, IVP/1"), World(1)
    async with serve(world, nodes=knowing(SIGNER)) as servers:
        server, license = servers[ISSUER], world.pick(ISSUER)
        question = inquiry_of(world, license, endpoint_of(server, deadline=DEADLINE))
        asking = gateway()
        for name in (*REFUSED, *ANSWERED):
            await _honest(found, name, lambda: asking.ask(question))
            case = REFUSED.get(name)
            servers[ISSUER].script.add(name, case.args if case else {})
            before = server.seen.bytes_sent
            saw, spent = await timed(asking.ask(question))
            server.script.clear()
            if case is not None:
                right = isinstance(saw, Unreachable) and saw.why is case.why
            else:
                right = isinstance(saw, Answered) and saw.code is ANSWERED[name]
            if server.seen.bytes_sent - before > CAP:
                found.wrong.append(f"{name}: {server.seen.bytes_sent - before} bytes")
            found.note(name, spent, DEADLINE.total_seconds(), right=right, saw=saw)
            await _honest(found, name, lambda: asking.ask(question))
        await asking.aclose()
    return found


async def _honest(found: Found, name: str, ask: Callable[[], Awaitable[object]]) -> None:
    saw = await ask()
    if not (isinstance(saw, Answered) and saw.code is Code.IN_FORCE):
        found.wrong.append(f"beside {name}: {saw}")


async def platforms() -> Found:
    found = Found("exchange platforms, share-gateway")
    async with Platform(World(1)) as platform:
        question = test_share.question(platform)
        where = replace(question.endpoint, deadline=DEADLINE)
        question = replace(question, endpoint=where)
        for name, why in test_share.EXPECTED.items():
            asking = test_share.asking_of(platform)
            platform.behaviour = name
            saw, spent = await timed(asking.ask(question))
            right = isinstance(saw, Unreachable) and saw.why is why
            found.note(name, spent, DEADLINE.total_seconds(), right=right, saw=saw)
            platform.behaviour = standin.HONEST
            await _honest(found, name, lambda using=asking: using.ask(question))  # type: ignore[misc]
            await asking.aclose()
    return found


async def givers() -> Found:
    found = Found("givers of documents")
    most = (DEADLINE + FILE_DEADLINE).total_seconds()
    trust = httpx.create_ssl_context(trust_env=False)
    async with serve(World(1), nodes=knowing(SIGNER)) as servers:
        server = servers[ISSUER]
        getting = HttpRetrievals(
            lines=Lines(trust=trust), node=NODE, signer=lambda: SIGNER, clock=now
        )
        for name, why in NOT_HANDED_ON.items():
            for behaviour in (giving.HONEST, name, giving.HONEST):
                server.giving.behaviour = behaviour
                saw, spent = await timed(get(getting, server))
                right = isinstance(saw, bytes)
                if behaviour != giving.HONEST:
                    right = isinstance(saw, Unreachable) and saw.why is why
                    found.note(name, spent, most, right=right, saw=saw)
                elif not right:
                    found.wrong.append(f"beside {name}: {saw}")
        await getting.aclose()
    return found


async def prove() -> list[Found]:
    return [await issuers(), await platforms(), await givers()]


def told(found: list[Found], grown: float) -> str:
    lines = [
        page.ran("python -m proof.hostile"),
        "",
        (
            "Over sockets, with the deadlines of service (3 s; 10 s more for a document). Each "
            f"between two honest exchanges. Beyond its deadline by more than {SPARE} s, with "
            "another reason, over the cap, or with a twin that was not good: "
            f"**{sum(len(each.wrong) for each in found)}**. The process grew by {grown:.0f} MiB."
        ),
        "",
        "| who | behaviours | slowest s | median s | went wrong |",
        "|---|---|---|---|---|",
    ]
    for each in found:
        slowest, middle = max(each.spent), statistics.median(each.spent)
        lines.append(
            f"| {each.name} | {len(each.spent)} | {slowest:.2f} | {middle:.3f} "
            f"| {'; '.join(each.wrong) or '0'} |"
        )
    return "\n".join(lines)


def main() -> int:
    logging.getLogger("app").setLevel(logging.ERROR)  # silences are on purpose here
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = asyncio.run(prove())
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    page.write_section("hostile", "Hostile issuers by the clock", told(found, grown))
    return 1 if any(each.wrong for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
