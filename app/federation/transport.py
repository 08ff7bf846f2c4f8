"""One issuer's way out: aiohttp with the egress rules at its public seams, and httpx over it.

aiohttp asks a resolver only for names, so addresses are checked three times, each time all that is
known by then: every address a name stands for (one forbidden among them and none is used), the
address a socket is made for (also one written in the URL), and the peer of the connection before
anything is written to it, newly made or kept alive.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import aiohttp
import httpx
from aiohttp import abc, tracing
from aiohttp.connector import AddrInfoType, Connection
from httpx_aiohttp import AiohttpTransport

from app.federation.egress import Destination, ForbiddenAddress

KEEP_ALIVE: Final = 15.0
"""Seconds an unused connection is kept."""
MAX_LINE: Final = 8190
"""Bytes of the status line and of a header field."""
MAX_FIELDS: Final = 64
"""Header fields of an answer."""

_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


@dataclass(slots=True)
class Lease:
    """Which connection an exchange used, to end it whatever has become of it since."""

    transport: asyncio.Transport | None = None

    def certificate_ends(self) -> datetime | None:
        """When the server's certificate ends; None without TLS, or where it does not say."""
        found = self.transport.get_extra_info("peercert") if self.transport is not None else None
        text = found.get("notAfter") if isinstance(found, dict) else None
        try:
            return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC) if text else None
        except ValueError:
            return None

    def abort(self) -> None:
        """After an anomaly: nothing more from this peer, not for anybody."""
        if self.transport is not None:
            self.transport.abort()


LEASE: ContextVar[Lease | None] = ContextVar("LEASE", default=None)
"""Of the exchange under way in this task."""


class SystemResolver(abc.AbstractResolver):
    """`getaddrinfo` in a thread of its own, one lookup of a name at a time, shared by all who wait.

    A name server that never answers costs this endpoint one thread, and other endpoints nothing.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="resolve")
        self._flights: dict[tuple[str, int, int], asyncio.Future[list[abc.ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[abc.ResolveResult]:
        key = (host, port, family)
        flight = self._flights.get(key)
        if flight is None:
            loop = asyncio.get_running_loop()
            flight = loop.run_in_executor(self._threads, _look_up, host, port, family)
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    def _landed(
        self, key: tuple[str, int, int], flight: asyncio.Future[list[abc.ResolveResult]]
    ) -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            flight.exception()  # retrieved, where everybody who waited has left

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedResolver(abc.AbstractResolver):
    """All addresses of a name, or none: one that is forbidden spoils the rest."""

    def __init__(self, inner: abc.AbstractResolver, allowed: Destination) -> None:
        self._inner = inner
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[abc.ResolveResult]:
        """Raises `ForbiddenAddress`, and OSError where the name stands for nothing."""
        found = await self._inner.resolve(host, port, family)
        if not found:
            raise OSError("the name has no address")
        for result in found:
            self._allowed.check(result["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()


class GuardedConnector(aiohttp.TCPConnector):
    """Makes and keeps connections for one endpoint, and only to where it may be."""

    def __init__(
        self,
        allowed: Destination,
        resolver: abc.AbstractResolver,
        *,
        trust: ssl.SSLContext,
        limit: int,
    ) -> None:
        self._allowed = allowed
        super().__init__(
            resolver=GuardedResolver(resolver, allowed),
            use_dns_cache=False,
            ssl=trust,
            limit=limit,
            keepalive_timeout=KEEP_ALIVE,
            socket_factory=self._socket,
        )

    def _socket(self, info: AddrInfoType) -> socket.socket:
        """A socket for this address. Raises `ForbiddenAddress`."""
        family, kind, protocol, _, address = info
        self._check(address)
        return socket.socket(family, kind, protocol)

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> Connection:
        """A connection whose peer has been looked at. Raises what aiohttp does, and the above."""
        connection = await super().connect(req, traces, timeout)
        transport = connection.transport
        try:
            if transport is not None:
                self._check(transport.get_extra_info("peername"))
        except ForbiddenAddress:
            connection.close()
            raise
        lease = LEASE.get()
        if lease is not None:
            lease.transport = transport
        return connection

    def _check(self, address: object) -> None:
        match address:
            case (str() as host, int() as port) | (str() as host, int() as port, _, 0):
                self._allowed.check(host)
                if port != self._allowed.port:
                    raise ForbiddenAddress("another port than the endpoint's")
            case _:
                raise ForbiddenAddress("not an address")


def open_session(
    allowed: Destination,
    *,
    resolver: abc.AbstractResolver,
    trust: ssl.SSLContext,
    limit: int,
    headers: Mapping[str, str] | None = None,
) -> aiohttp.ClientSession:
    """To one endpoint: no proxies, cookies or decoding. Needs a running loop.

    Redirects are what a request says of them: none here may follow any.

    Args:
        allowed: where it may connect to.
        resolver: for the host's name; closed by whoever made it.
        trust: the certificates servers are checked against.
        limit: connections at once.
        headers: of every request that does not say otherwise.
    """
    return aiohttp.ClientSession(
        connector=GuardedConnector(allowed, resolver, trust=trust, limit=limit),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        max_line_size=MAX_LINE,
        max_field_size=MAX_LINE,
        max_headers=MAX_FIELDS,
    )


def open_client(
    allowed: Destination,
    *,
    resolver: abc.AbstractResolver,
    trust: ssl.SSLContext,
    limit: int,
    headers: dict[str, str],
) -> httpx.AsyncClient:
    """A client of httpx on such a session, without redirects; `headers` go with every request."""
    session = open_session(allowed, resolver=resolver, trust=trust, limit=limit)
    return httpx.AsyncClient(
        transport=AiohttpTransport(verify=trust, trust_env=False, client=session),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
        timeout=None,  # noqa: S113 - the gateway's deadline is over everything
        headers=headers,
    )


def _look_up(host: str, port: int, family: int) -> list[abc.ResolveResult]:
    found = socket.getaddrinfo(
        host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [
        abc.ResolveResult(
            hostname=host,
            host=_written(address),
            port=port,
            family=kind,
            proto=protocol,
            flags=_NUMERIC,
        )
        for kind, _, protocol, _, address in found
    ]


def _written(address: tuple[object, ...]) -> str:
    """With its zone, so that the rules see it."""
    zone = address[3] if len(address) > 3 else 0  # noqa: PLR2004 - IPv6: host, port, flow, zone
    return f"{address[0]}%{zone}" if zone else str(address[0])
