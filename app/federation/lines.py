"""Ways out: for each endpoint a client, a pool and places of its own, and a value whatever happens.

Nothing a server does is an error of this service: it makes an `Unreachable` with its reason, and
the connection it came over is ended. A slow endpoint is felt by those who ask it and by nobody
else. What is sent, and what is made of the answer, is for an adapter to say; the rules of sending
are the same for all of them, and none can reach around.
"""

import asyncio
import re
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Final, TypeVar

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError

from app.domain.errors import Refused, Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import Endpoint, Silence, Unreachable
from app.federation.beside import Beside
from app.federation.clients import Client, Clients, NoClients
from app.federation.egress import Destination, ForbiddenAddress, destination
from app.federation.transport import LEASE, Lease, SystemResolver, open_session

SIGNED: Final = "application/jose"
UNSIGNED: Final = "application/json"
QUEUE: Final = 8
"""Questions to one endpoint, under way and waiting, for each that may be under way."""
MAX_LINES: Final = 1024
"""Endpoints with a client of their own; past it the one unused the longest is closed."""
OK: Final = 200
PIECE: Final = 16 * 1024
"""Bytes of an answer taken at once, at most."""

PAUSE: Final = 30.0
"""Seconds at most that a `Retry-After` keeps questions back, as a breaker's longest rest."""
REFUSALS: Final = 3
"""In a row, with nothing else between, before it does: what is said to one odd question of one
caller shuts out nobody else.
"""
_LATER: Final = frozenset({429, 503})
"""Statuses whose `Retry-After` speaks of the endpoint (RFC 6585 §4, RFC 9110 §15.6.4)."""
_SECONDS: Final = re.compile(r"[0-9]{1,9}")

_HEADERS: Final = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
    "User-Agent": "zhengyan",
}
"""Of every request, unless the adapter says otherwise; else the library would write its own."""

Result = TypeVar("Result")
Key = tuple[str, tuple[str, ...], int, str]
"""URL, networks, places, and the certificate of ours that is shown there."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is sent."""

    url: str = field(repr=False)
    """Of the endpoint; path and query may be this question's own, scheme, host and port are not."""
    content: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    accepts: tuple[str, ...] = (SIGNED, UNSIGNED)
    """Media types of an answer that is looked at."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A body that came in good HTTP; what it says is still to be seen."""

    content: bytes = field(repr=False)
    media_type: str


@dataclass(slots=True)
class Line:
    """The way to one endpoint."""

    way: aiohttp.ClientSession
    """The library of the wire itself: layers around it cost a third of the whole exchange, for
    redirects, cookies and proxies that must not be."""
    resolver: AbstractResolver
    places: asyncio.Semaphore
    issuer: IssuerCode
    where: Destination
    mutual: bool = False
    """We show a certificate of our own."""
    certificate_ends: datetime | None = None
    """Of the server's certificate, as seen at the last exchange."""
    waiting: int = field(default=0)
    """Exchanges under way or waiting for a place."""
    beside: Beside = field(default_factory=Beside)
    """Where questions are written and answers read."""
    refusals: int = 0
    """In a row, each with a time to come back."""
    back: float = 0.0
    """Time of the loop, in seconds, before which nothing is sent: it asked for that."""

    def resting(self) -> bool:
        return asyncio.get_running_loop().time() < self.back

    def heed(self, response: aiohttp.ClientResponse) -> None:
        """A wish to be left in peace (`Retry-After`, whole seconds; a date is passed over)."""
        after = response.headers.get("Retry-After", "").strip()
        if response.status not in _LATER or not _SECONDS.fullmatch(after):
            self.refusals = 0
            return
        self.refusals += 1
        if self.refusals >= REFUSALS:
            self.back = asyncio.get_running_loop().time() + min(PAUSE, int(after))

    async def exchange(
        self, sent: Outgoing, most: int, read: Callable[[Incoming], Result]
    ) -> Result | Unreachable:
        """Send and read, `read` in a thread. The connection outlives nothing but a good answer.

        Args:
            sent: at the scheme, host and port of this line, or nothing is sent.
            most: bytes of an answer.
            read: what is made of a body that came in good HTTP.
        """
        lease = Lease()
        token = LEASE.set(lease)
        good = False
        answer: Result | Unreachable
        try:
            if not self._leads_to(sent.url):
                return Unreachable(
                    Silence.FORBIDDEN_ADDRESS, "not where the endpoint is", sent=False
                )
            received = await self._send(sent, most)
            answer = (
                received
                if isinstance(received, Unreachable)
                else await self.beside.run(partial(read, received))
            )
            good = not isinstance(answer, Unreachable)
            self.certificate_ends = lease.certificate_ends() or self.certificate_ends
        except Exception as exc:  # noqa: BLE001 - a stranger's server decides what is raised here
            answer = _failure(exc)
        finally:
            LEASE.reset(token)
            if not good:
                lease.abort()
        return answer

    async def _send(self, sent: Outgoing, most: int) -> Incoming | Unreachable:
        """One request; the body of a response that keeps every rule, else why it does not."""
        async with self.way.request(
            sent.method,
            sent.url,
            headers=sent.headers,
            data=sent.content or None,
            allow_redirects=False,
        ) as response:
            self.heed(response)
            refused = _refusal(response, most, sent.accepts)
            if refused is not None:
                return refused
            content = bytearray()
            async for piece in response.content.iter_chunked(PIECE):
                content += piece
                if len(content) > most:
                    return Unreachable(Silence.OVERSIZED, f"over {most} bytes")
        return Incoming(bytes(content), _media_type(response, sent.accepts) or "")

    async def aclose(self) -> None:
        await self.way.close()
        await self.resolver.close()

    def _leads_to(self, url: str) -> bool:
        """Whether it is one of this endpoint's: only path and query may be a question's own."""
        if url == self.where.url:
            return True
        try:
            # Not remembered, unlike endpoints': a question's own URL comes once.
            there = destination.__wrapped__(url, tuple(map(str, self.where.networks)))
        except (ForbiddenAddress, Refused):
            return False
        here = self.where
        return (there.scheme, there.host, there.port) == (here.scheme, here.host, here.port)


def public_authorities() -> ssl.SSLContext:
    """Checks servers against the public authorities, whatever the environment says.

    Each call makes another, so that a certificate of our own may be put into it.
    """
    return httpx.create_ssl_context(trust_env=False)


@cache
def shared_authorities() -> ssl.SSLContext:
    """The same, read once for all who change nothing in it: some 150 certificates."""
    return public_authorities()


class Lines:
    """All ways that are open."""

    def __init__(
        self,
        *,
        trust: ssl.SSLContext | None = None,
        resolver: Callable[[], AbstractResolver] = SystemResolver,
        clients: Clients | None = None,
    ) -> None:
        """Nothing is opened before the first question.

        Args:
            trust: certificates to check servers against; None: those of public authorities.
            resolver: makes a resolver for each endpoint.
            clients: certificates of our own, for those who want one; None: there are none.
        """
        self._clients = clients or NoClients()
        self._trust = trust or shared_authorities()
        self._resolver = resolver
        self._lines: OrderedDict[Key, Line] = OrderedDict()
        self._closed = False

    async def converse(
        self, endpoint: Endpoint, talk: Callable[[Line], Awaitable[Result]]
    ) -> Result | Unreachable:
        """A place on the way there, within the deadline, which starts now and ends whatever is on.

        Raises nothing but what `talk` does, and CancelledError.
        """
        if self._closed:
            return Unreachable(Silence.CONNECTION, "this node is shutting down")
        try:
            where = destination(endpoint.url, endpoint.networks)
        except (ForbiddenAddress, Refused) as refused:
            return Unreachable(Silence.FORBIDDEN_ADDRESS, _rule(refused))
        try:
            shown = self._clients.client(endpoint.issuer) if where.secure else None
        except Unavailable as exc:
            return Unreachable(Silence.CONNECTION, str(exc))
        line = await self._line(endpoint, where, shown)
        if line.waiting >= QUEUE * endpoint.max_in_flight:
            return Unreachable(Silence.BUSY, "queue")
        placed = False
        line.waiting += 1
        try:
            async with asyncio.timeout(endpoint.deadline.total_seconds()), line.places:
                placed = True
                if line.resting():
                    return Unreachable(Silence.RESTING, "it asked for a pause", sent=False)
                return await talk(line)
        except TimeoutError:
            return Unreachable(Silence.TIMEOUT if placed else Silence.BUSY, "deadline")
        finally:
            line.waiting -= 1

    def certificates(self) -> Mapping[IssuerCode, datetime]:
        """Body → end of its server's certificate, the earliest where it has several."""
        found: dict[IssuerCode, datetime] = {}
        for line in self._lines.values():
            if line.certificate_ends is not None:
                ends = found.get(line.issuer, line.certificate_ends)
                found[line.issuer] = min(ends, line.certificate_ends)
        return found

    async def aclose(self) -> None:
        """Close all connections; questions after that are not sent."""
        self._closed = True
        while self._lines:
            await self._lines.popitem()[1].aclose()

    async def _line(self, endpoint: Endpoint, where: Destination, shown: Client | None) -> Line:
        """The endpoint's own client; a changed registration or certificate gets a new one."""
        place = (endpoint.url, endpoint.networks, endpoint.max_in_flight)
        key = (*place, shown.version if shown else "")
        line = self._lines.get(key)
        if line is not None:
            self._lines.move_to_end(key)
            return line
        resolver, limit = self._resolver(), endpoint.max_in_flight
        trust = shown.context if shown else self._trust
        way = open_session(where, resolver=resolver, trust=trust, limit=limit, headers=_HEADERS)
        places, mutual = asyncio.Semaphore(limit), shown is not None
        line = Line(way, resolver, places, endpoint.issuer, where, mutual)
        self._lines[key] = line
        unused = [old for old, other in self._lines.items() if not other.waiting and old != key]
        replaced = [old for old in unused if old[:3] == place]
        for old in replaced or unused[: len(self._lines) > MAX_LINES]:
            await self._lines.pop(old).aclose()
        return line


def _refusal(
    response: aiohttp.ClientResponse, most: int, accepts: tuple[str, ...]
) -> Unreachable | None:
    """What is wrong with the head of a response, the status first; None: read on."""
    if response.status != OK:
        return Unreachable(Silence.STATUS, str(response.status))
    lengths, codings = _all(response, "content-length"), _all(response, "transfer-encoding")
    if len(lengths) + len(codings) != 1:
        return Unreachable(Silence.MALFORMED, "not framed by one length or by chunks")
    if codings and codings != ["chunked"]:
        return Unreachable(Silence.MALFORMED, "transfer encoding other than chunked")
    encodings = _all(response, "content-encoding")
    if encodings not in ([], ["identity"]):
        return Unreachable(Silence.ENCODING, "content encoding other than identity")
    if _media_type(response, accepts) is None:
        return Unreachable(Silence.MEDIA_TYPE, f"not {' or '.join(accepts)}")
    if lengths and int(lengths[0]) > most:
        return Unreachable(Silence.OVERSIZED, f"announced over {most} bytes")
    return None


def _all(response: aiohttp.ClientResponse, name: str) -> list[str]:
    return [value.strip().lower() for value in response.headers.getall(name, ())]


def _media_type(response: aiohttp.ClientResponse, accepts: tuple[str, ...]) -> str | None:
    """One of those, said once; the only parameter is UTF-8, and not on a token."""
    found = _all(response, "content-type")
    if len(found) != 1:
        return None
    said = found[0]
    for media_type in accepts:
        utf8 = media_type != SIGNED and said.replace(" ", "") == f"{media_type};charset=utf-8"
        if said == media_type or utf8:
            return media_type
    return None


def _failure(exc: Exception) -> Unreachable:
    """What a failed exchange is called. Never the exception's text, which may hold an address."""
    for cause in _causes(exc):
        match cause:
            case ForbiddenAddress():
                return Unreachable(Silence.FORBIDDEN_ADDRESS, cause.rule)
            case ssl.SSLError():
                return Unreachable(Silence.CONNECTION, "TLS: no trusted connection")
            case ContentLengthError():
                return Unreachable(Silence.CONNECTION, "cut off")
            case aiohttp.ClientResponseError() | HttpProcessingError():
                return Unreachable(Silence.MALFORMED, "not HTTP/1.1 as agreed")
    *_, first = _causes(exc)
    sent = not any(isinstance(cause, aiohttp.ClientConnectorError) for cause in _causes(exc))
    return Unreachable(Silence.CONNECTION, type(first).__name__, sent=sent)


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it came from, each once."""
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        exc = exc.__cause__ or exc.__context__


def _rule(refused: ForbiddenAddress | Refused) -> str:
    return refused.rule if isinstance(refused, ForbiddenAddress) else str(refused)
