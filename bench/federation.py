"""Questions a second at 50 in flight over loopback, by how much of the service is in the way.

    python -m bench.federation

Runs in some 12 s on two cores: one asks, one answers (a server of its own, in a second process).
Rounds of all candidates alternate, so that a busy machine slows all of them; the ratios to the
bare transport are what to keep.
"""

import asyncio
import itertools
import secrets
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from app.crypto.jose import split_compact
from app.crypto.schemes import verify_jose
from app.domain.issuer import Answered, Inquiry, IssuerAnswer
from app.federation.answer import read_signed
from app.federation.egress import destination
from app.federation.gateway import IVP_HEADERS, HttpIssuers
from app.federation.resilience import ResilientIssuers, key_of
from app.federation.transport import SystemResolver, open_session
from app.federation.wire import Question, compose
from app.main import TURN
from bench.issuer import (
    NODE,
    SIGNER,
    TOKEN,
    answer,
    inquiry_to,
    processor_seconds,
    serving,
    utc_now,
)
from bench.measure import rounds

IN_FLIGHT = 50
ROUNDS = 5
REQUESTS = 500
"""Of each candidate in a round."""


@dataclass(frozen=True)
class Candidates:
    """The same question asked in five ways."""

    inquiry: Inquiry
    bare: httpx.AsyncClient
    open: aiohttp.ClientSession
    issuers: HttpIssuers
    resilient: ResilientIssuers
    numbers: Iterator[int]

    async def transport(self) -> None:
        response = await self.bare.post(self.inquiry.endpoint.url, content=TOKEN)
        if response.status_code != httpx.codes.OK:
            raise SystemExit(f"status {response.status_code}")

    async def session(self) -> None:
        await self._post(TOKEN)

    async def by_hand(self) -> None:
        """Question and answer as the gateway does them, without the gateway."""
        question = written(self.inquiry)
        body = await self._post(question.token)
        _answered(read(body, question, self.inquiry))

    async def gateway(self) -> None:
        _answered(await self.issuers.ask(self.inquiry))

    async def service(self) -> None:
        """Each another question, so that nothing is joined or repeated."""
        asked = replace(self.inquiry, purpose=f"bench-{next(self.numbers)}")
        _answered(await self.resilient.ask(asked))

    async def _post(self, token: bytes) -> bytes:
        url = self.inquiry.endpoint.url
        async with self.open.post(
            url, headers=IVP_HEADERS, data=token, allow_redirects=False
        ) as response:
            if response.status != httpx.codes.OK:
                raise SystemExit(f"status {response.status}")
            return await response.read()


def written(inquiry: Inquiry) -> Question:
    return compose(
        inquiry,
        node=NODE,
        signer=SIGNER,
        now=utc_now(),
        jti=secrets.token_urlsafe(16),
        private=True,
    )


def read(body: bytes, question: Question, inquiry: Inquiry) -> IssuerAnswer:
    return read_signed(body, question, inquiry.endpoint, now=utc_now(), authenticated=False)


def _answered(said: IssuerAnswer) -> None:
    if not isinstance(said, Answered):
        raise SystemExit(f"not answered: {said}")


def alone(inquiry: Inquiry) -> None:
    """What of a question needs no network, each by itself on one thread."""
    question = written(inquiry)
    body = answer(question.token)
    compact = split_compact(body)
    (key,) = inquiry.endpoint.answer_keys
    parts: dict[str, Callable[[], object]] = {
        "question written and signed": lambda: written(inquiry),
        "  of it the signature, Ed25519": lambda: SIGNER.sign(compact.signing_input),
        "answer read and verified": lambda: read(body, question, inquiry),
        "  of it the check, Ed25519": lambda: verify_jose(
            key.scheme, spki=key.spki, message=compact.signing_input, value=compact.signature
        ),
        "key of memory and flights": lambda: key_of(inquiry, bytes(32)),
    }
    print("alone, µs CPU, median of the rounds")
    found = rounds(parts, REQUESTS)
    for name, timings in found.items():
        print(f"  {statistics.median(timing.cpu for timing in timings) * 1e6:6.0f}  {name}")


async def measure(ask: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Requests a second, and microseconds of processor time for one."""
    left = iter(range(REQUESTS))

    async def worker() -> None:
        for _ in left:
            await ask()

    start, used = time.perf_counter(), processor_seconds()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    spent = time.perf_counter() - start
    return REQUESTS / spent, (processor_seconds() - used) / REQUESTS * 1e6


async def compare(port: int) -> None:
    inquiry = inquiry_to(port)
    trust = httpx.create_ssl_context(trust_env=False)
    resolver = SystemResolver()
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    bare = httpx.AsyncClient(
        transport=AiohttpTransport(verify=trust, trust_env=False, limits=limits), timeout=30
    )
    where = destination(inquiry.endpoint.url, inquiry.endpoint.networks)
    session = open_session(where, resolver=resolver, trust=trust, limit=IN_FLIGHT)
    issuers = HttpIssuers(lambda: SIGNER, NODE, utc_now, trust=trust)
    resilient = ResilientIssuers(inner=issuers, clock=utc_now, monotonic=time.monotonic)
    asked = Candidates(inquiry, bare, session, issuers, resilient, itertools.count())
    ways = {
        "transport: a bare client of httpx": asked.transport,
        "session: aiohttp, guarded, as the service uses it": asked.session,
        "session, with the question signed and the answer verified": asked.by_hand,
        "gateway": asked.gateway,
        "service: memory, flights, breaker, gateway": asked.service,
    }
    for ask in ways.values():
        await measure(ask)  # connections, tables, caches
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, ask in ways.items():
            results[name].append(await measure(ask))
    show(results)
    await bare.aclose()
    await session.close()
    await resolver.close()
    await resilient.aclose()
    alone(inquiry)


def show(results: dict[str, list[tuple[float, float]]]) -> None:
    floor = next(iter(results.values()))
    print(f"{IN_FLIGHT} in flight, {ROUNDS} rounds of {REQUESTS}; medians, ratio to the first")
    for name, taken in results.items():
        rate = statistics.median(rate for rate, _ in taken)
        cost = statistics.median(cost for _, cost in taken)
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(taken, floor, strict=True))
        spread = f"{min(r for r, _ in taken):,.0f}–{max(r for r, _ in taken):,.0f}"
        print(f"{rate:7,.0f}/s ({spread})  {cost:6.0f} µs CPU  {ratio:4.2f}  {name}")


def main() -> None:
    sys.setswitchinterval(TURN)
    with serving() as ((port,), _):
        asyncio.run(compare(port))


if __name__ == "__main__":
    main()
