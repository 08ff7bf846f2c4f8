"""Questions a second at 50 in flight over loopback, by how much of the gateway is in the way.

    python bench/federation.py

Runs in some 12 s on two cores: one asks, one answers (a server of its own, in a second process).
Rounds of all candidates alternate, so that a busy machine slows all of them; the ratios to the
bare transport are what to keep.
"""

import asyncio
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
from httpx_aiohttp import AiohttpTransport

from app.domain.issuer import Answered, Inquiry
from app.federation.answer import read_signed
from app.federation.egress import destination
from app.federation.gateway import HttpIssuers
from app.federation.transport import SystemResolver, open_client
from app.federation.wire import compose
from bench.issuer import NODE, SIGNER, TOKEN, inquiry_to, processor_seconds, serving, utc_now

IN_FLIGHT = 50
ROUNDS = 5
REQUESTS = 500
"""Of each candidate in a round."""


@dataclass(frozen=True)
class Candidates:
    """The same question asked in four ways."""

    inquiry: Inquiry
    bare: httpx.AsyncClient
    guarded: httpx.AsyncClient
    issuers: HttpIssuers

    async def transport(self) -> None:
        await self._post(self.bare, self._token)

    async def guard(self) -> None:
        await self._post(self.guarded, self._token)

    async def by_hand(self) -> None:
        """Question and answer as the gateway does them, without the gateway."""
        question = compose(
            self.inquiry,
            node=NODE,
            signer=SIGNER,
            now=utc_now(),
            jti=secrets.token_urlsafe(16),
            private=True,
        )
        body = await self._post(self.bare, question.token)
        where = self.inquiry.endpoint
        said = read_signed(body, question, where, now=utc_now(), authenticated=False)
        if not isinstance(said, Answered):
            raise SystemExit(f"not answered: {said}")

    async def gateway(self) -> None:
        said = await self.issuers.ask(self.inquiry)
        if not isinstance(said, Answered):
            raise SystemExit(f"not answered: {said}")

    @property
    def _token(self) -> bytes:
        return TOKEN

    async def _post(self, client: httpx.AsyncClient, token: bytes) -> bytes:
        response = await client.post(self.inquiry.endpoint.url, content=token)
        if response.status_code != httpx.codes.OK:
            raise SystemExit(f"status {response.status_code}")
        return response.content


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
    guarded = open_client(where, resolver=resolver, trust=trust, limit=IN_FLIGHT, headers={})
    issuers = HttpIssuers(lambda: SIGNER, NODE, utc_now, trust=trust)
    asked = Candidates(inquiry, bare, guarded, issuers)
    ways = {
        "transport, bare": asked.transport,
        "transport, guarded": asked.guard,
        "bare, with the question signed and the answer verified": asked.by_hand,
        "gateway": asked.gateway,
    }
    for ask in ways.values():
        await measure(ask)  # connections, tables, caches
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, ask in ways.items():
            results[name].append(await measure(ask))
    show(results)
    await bare.aclose()
    await guarded.aclose()
    await resolver.close()
    await issuers.aclose()


def show(results: dict[str, list[tuple[float, float]]]) -> None:
    floor = next(iter(results.values()))
    print(f"{IN_FLIGHT} in flight, {ROUNDS} rounds of {REQUESTS}; medians, ratio to the first")
    for name, rounds in results.items():
        rate = statistics.median(rate for rate, _ in rounds)
        cost = statistics.median(cost for _, cost in rounds)
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(rounds, floor, strict=True))
        spread = f"{min(r for r, _ in rounds):,.0f}–{max(r for r, _ in rounds):,.0f}"
        print(f"{rate:7,.0f}/s ({spread})  {cost:6.0f} µs CPU  {ratio:4.2f}  {name}")


def main() -> None:
    with serving() as ((port,), _):
        asyncio.run(compare(port))


if __name__ == "__main__":
    main()
