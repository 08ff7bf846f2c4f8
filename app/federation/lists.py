"""Fetching lists (trust, revocation): one GET, bounded in bytes and time, under egress rules.

What comes is a stranger's until its signatures were looked at; nothing here reads it. Whatever a
server does ends as a value, and its connection with it.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import httpx
from aiohttp.abc import AbstractResolver

from app.domain.errors import Refused
from app.domain.trustlist import Refusal
from app.federation.egress import Destination, ForbiddenAddress, destination
from app.federation.lines import shared_authorities
from app.federation.transport import SystemResolver, open_client

DEADLINE: Final = timedelta(seconds=60)
"""For one file, from the name's lookup to the last byte: 8 MiB at 1.2 Mbit/s."""
OK: Final = 200
NOT_MODIFIED: Final = 304

_HEADERS: Final = {
    "Accept-Encoding": "identity",
    "User-Agent": "zhengyan",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, whole; its content is anybody's."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The server says that it has what we named."""


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why there is nothing; the detail names rules and limits, never what was sent."""

    why: Refusal
    detail: str


class HttpLists:
    """`services.following.Lists` over the network. Every fetch has a connection of its own."""

    def __init__(
        self,
        *,
        most: int,
        deadline: timedelta = DEADLINE,
        trust: ssl.SSLContext | None = None,
        accept: str = "application/jose+json, application/json;q=0.5",
        resolver: Callable[[], AbstractResolver] = SystemResolver,
    ) -> None:
        """Nothing is opened before the first fetch.

        Args:
            most: bytes of one file; not one more is taken off the wire than tells it is longer.
            deadline: of one fetch.
            trust: certificates to check servers against; None: those of public authorities.
            accept: media types asked for.
            resolver: makes a resolver for each fetch.
        """
        self._most = most
        self._deadline = deadline.total_seconds()
        self._trust = trust or shared_authorities()
        self._resolver = resolver
        self._headers = {"Accept": accept, **_HEADERS}

    async def fetch(
        self, url: str, networks: tuple[str, ...], held: str | None = None
    ) -> Fetched | Unchanged | NotFetched:
        """The file at a URL; `held`: the address we have, not to be sent again.

        Raises nothing but CancelledError.
        """
        try:
            where = destination(url, networks)
        except (ForbiddenAddress, Refused) as refused:
            return NotFetched(Refusal.FORBIDDEN_ADDRESS, _rule(refused))
        try:
            async with asyncio.timeout(self._deadline):
                return await self._get(where, held)
        except TimeoutError:
            return NotFetched(Refusal.UNREACHABLE, f"not within {self._deadline:g} s")
        except Exception as exc:  # noqa: BLE001 - a stranger's server decides what is raised here
            return _failure(exc)

    async def _get(self, where: Destination, held: str | None) -> Fetched | Unchanged | NotFetched:
        resolver = self._resolver()
        headers = self._headers
        if held is not None:
            headers = {**headers, "If-None-Match": f'"{held}"'}
        client = open_client(where, resolver=resolver, trust=self._trust, limit=1, headers=headers)
        try:
            async with client.stream("GET", where.url) as response:
                if response.status_code == NOT_MODIFIED and held is not None:
                    return Unchanged()
                if response.status_code != OK:
                    return NotFetched(Refusal.UNREACHABLE, f"status {response.status_code}")
                return await self._body(response)
        finally:
            await client.aclose()
            await resolver.close()

    async def _body(self, response: httpx.Response) -> Fetched | NotFetched:
        if response.headers.get("content-encoding", "identity") != "identity":
            return NotFetched(Refusal.UNREACHABLE, "content encoding other than identity")
        too_long = NotFetched(Refusal.OVERSIZED, f"over {self._most} bytes")
        length = response.headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > self._most:
            return too_long
        content = bytearray()
        async for piece in response.aiter_raw():
            content += piece
            if len(content) > self._most:
                return too_long
        return Fetched(bytes(content))


def _rule(refused: ForbiddenAddress | Refused) -> str:
    return refused.rule if isinstance(refused, ForbiddenAddress) else str(refused)


def _failure(exc: BaseException) -> NotFetched:
    """A forbidden address, wherever in the chain of causes; else that nothing came."""
    cause: BaseException | None = exc
    for _ in range(8):  # httpx's error holds aiohttp's, which holds the socket's
        if isinstance(cause, ForbiddenAddress):
            return NotFetched(Refusal.FORBIDDEN_ADDRESS, cause.rule)
        cause = cause and (cause.__cause__ or cause.__context__)
    return NotFetched(Refusal.UNREACHABLE, f"connection: {type(exc).__name__}")
