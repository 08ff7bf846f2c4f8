"""Asking issuers over HTTP: one question, one deadline, and a value whatever happens.

Nothing a server does is an error of this service: it makes an `Unreachable` with its reason, and
the connection it came over is ended. Every endpoint has its own client, pool and places, so that
a slow issuer is felt by those who ask it and by nobody else.
"""

import asyncio
import logging
import secrets
import ssl
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError

from app.crypto.jose import ANSWER_TOKEN
from app.crypto.signing import Signer
from app.domain.errors import Refused, Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import (
    Answered,
    Endpoint,
    Inquiry,
    IssuerAnswer,
    NotAsked,
    Silence,
    Unasked,
    Unreachable,
)
from app.federation.answer import read_signed, read_unsigned
from app.federation.egress import Destination, ForbiddenAddress, destination
from app.federation.transport import LEASE, Lease, SystemResolver, open_client
from app.federation.wire import FactsNotPrivate, NothingToAsk, Question, compose

SIGNED: Final = "application/jose"
UNSIGNED: Final = "application/json"
ID_BYTES: Final = 16
"""Random octets of `jti`."""
QUEUE: Final = 8
"""Questions to one endpoint, under way and waiting, for each that may be under way."""
MAX_LINES: Final = 1024
"""Endpoints with a client of their own; past it the one unused the longest is closed."""
MAX_QUESTION: Final = ANSWER_TOKEN.token
"""Bytes; docs/ivp.md allows as many in either direction."""
OK: Final = 200

_HEADERS: Final = {
    "Accept": f"{SIGNED}, {UNSIGNED};q=0.5",
    "Accept-Encoding": "identity",
    "Content-Type": SIGNED,
    "User-Agent": "zhengyan",
}

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Line:
    """The way to one endpoint."""

    client: httpx.AsyncClient
    resolver: AbstractResolver
    places: asyncio.Semaphore
    issuer: IssuerCode
    certificate_ends: datetime | None = None
    """Of the server's certificate, as seen at the last exchange."""
    waiting: int = field(default=0)
    """Exchanges under way or waiting for a place."""

    async def aclose(self) -> None:
        await self.client.aclose()
        await self.resolver.close()


@dataclass(frozen=True, slots=True)
class _Body:
    content: bytes
    signed: bool
    """Sent as a token; whether a signature holds is still to be seen."""


class HttpIssuers:
    """`services.verify.Issuers` over the network."""

    def __init__(
        self,
        signer: Callable[[], Signer],
        node_id: str,
        clock: Callable[[], datetime],
        *,
        trust: ssl.SSLContext | None = None,
        resolver: Callable[[], AbstractResolver] = SystemResolver,
    ) -> None:
        """Nothing is opened before the first question.

        Args:
            signer: gives the node's key for inquiries, the newest at each call.
            node_id: this node's name, as issuers have it.
            clock: aware; `iat` of questions and the age of answers.
            trust: certificates to check servers against; None: those of public authorities.
            resolver: makes a resolver for each endpoint.
        """
        self._signer = signer
        self._node_id = node_id
        self._clock = clock
        self._trust = trust or httpx.create_ssl_context(trust_env=False)
        self._resolver = resolver
        self._lines: OrderedDict[tuple[str, tuple[str, ...], int], _Line] = OrderedDict()
        self._closed = False

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        """One question within its endpoint's deadline. Raises nothing but CancelledError."""
        answer = await self._ask(inquiry)
        if isinstance(answer, Unreachable):
            issuer = inquiry.endpoint.issuer
            logger.warning("no answer from %s: %s (%s)", issuer, answer.why, answer.detail)
        return answer

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

    async def _ask(self, inquiry: Inquiry) -> IssuerAnswer:
        """Within the deadline, which starts now and ends whatever is going on."""
        endpoint = inquiry.endpoint
        if self._closed:
            return Unreachable(Silence.CONNECTION, "this node is shutting down")
        try:
            where = destination(endpoint.url, endpoint.networks)
        except (ForbiddenAddress, Refused) as refused:
            return Unreachable(Silence.FORBIDDEN_ADDRESS, _rule(refused))
        line = await self._line(endpoint, where)
        if line.waiting >= QUEUE * endpoint.max_in_flight:
            return Unreachable(Silence.BUSY, "queue")
        placed = False
        line.waiting += 1
        try:
            async with asyncio.timeout(endpoint.deadline.total_seconds()), line.places:
                placed = True
                return await self._converse(line, inquiry, where)
        except TimeoutError:
            return Unreachable(Silence.TIMEOUT if placed else Silence.BUSY, "deadline")
        finally:
            line.waiting -= 1

    async def _converse(self, line: _Line, inquiry: Inquiry, where: Destination) -> IssuerAnswer:
        """Compose, send and read; what costs processor time, or waits for a key, in a thread."""
        try:
            question = await asyncio.to_thread(self._question, inquiry, where)
        except FactsNotPrivate as refused:
            return Unreachable(Silence.PRIVATE_FACTS, str(refused))
        except NothingToAsk:
            return NotAsked(Unasked.NO_QUESTION)
        except Unavailable:
            return Unreachable(Silence.CONNECTION, "this node cannot sign its question")
        if len(question.token) > MAX_QUESTION:
            return Unreachable(Silence.OVERSIZED, f"question over {MAX_QUESTION} bytes")
        return await self._exchange(line, question, inquiry.endpoint, where)

    def _question(self, inquiry: Inquiry, where: Destination) -> Question:
        return compose(
            inquiry,
            node=self._node_id,
            signer=self._signer(),
            now=self._clock(),
            jti=secrets.token_urlsafe(ID_BYTES),
            private=where.loopback,
        )

    async def _line(self, endpoint: Endpoint, where: Destination) -> _Line:
        """The endpoint's own client; a changed registration gets a new one."""
        key = (endpoint.url, endpoint.networks, endpoint.max_in_flight)
        if key not in self._lines:
            resolver, limit = self._resolver(), endpoint.max_in_flight
            client = open_client(
                where, resolver=resolver, trust=self._trust, limit=limit, headers=_HEADERS
            )
            self._lines[key] = _Line(client, resolver, asyncio.Semaphore(limit), endpoint.issuer)
        self._lines.move_to_end(key)
        line = self._lines[key]
        if len(self._lines) > MAX_LINES:
            unused = [old for old, other in self._lines.items() if not other.waiting and old != key]
            for old in unused[:1]:
                await self._lines.pop(old).aclose()
        return line

    async def _exchange(
        self, line: _Line, question: Question, endpoint: Endpoint, where: Destination
    ) -> Answered | Unreachable:
        """Send and read. The connection outlives nothing but a good answer."""
        lease = Lease()
        token = LEASE.set(lease)
        good = False
        try:
            received = await _send(line.client, where.url, question.token, endpoint.max_answer)
            answer = (
                received
                if isinstance(received, Unreachable)
                else await asyncio.to_thread(
                    self._read, received, question, endpoint, authenticated=where.secure
                )
            )
            good = isinstance(answer, Answered)
            line.certificate_ends = lease.certificate_ends() or line.certificate_ends
        except Exception as exc:  # noqa: BLE001 - a stranger's server decides what is raised here
            answer = _failure(exc)
        finally:
            LEASE.reset(token)
            if not good:
                lease.abort()
        return answer

    def _read(
        self, received: _Body, question: Question, endpoint: Endpoint, *, authenticated: bool
    ) -> Answered | Unreachable:
        read = read_signed if received.signed else read_unsigned
        return read(
            received.content, question, endpoint, now=self._clock(), authenticated=authenticated
        )


class OfflineIssuers:
    """Nobody is asked, by choice."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        del inquiry
        return NotAsked(Unasked.OFFLINE)


async def _send(
    client: httpx.AsyncClient, url: str, question: bytes, most: int
) -> _Body | Unreachable:
    """One POST; the body of a response that keeps every rule, else why it does not."""
    async with client.stream("POST", url, content=question) as response:
        refused = _refusal(response, most)
        if refused is not None:
            return refused
        content = bytearray()
        async for piece in response.aiter_raw():
            content += piece
            if len(content) > most:
                return Unreachable(Silence.OVERSIZED, f"over {most} bytes")
    return _Body(bytes(content), _media_type(response.headers) == SIGNED)


def _refusal(response: httpx.Response, most: int) -> Unreachable | None:
    """What is wrong with the head of a response, the status first; None: read on."""
    headers = response.headers
    if response.status_code != OK:
        return Unreachable(Silence.STATUS, str(response.status_code))
    lengths, codings = _all(headers, "content-length"), _all(headers, "transfer-encoding")
    if len(lengths) + len(codings) != 1:
        return Unreachable(Silence.MALFORMED, "not framed by one length or by chunks")
    if codings and codings != ["chunked"]:
        return Unreachable(Silence.MALFORMED, "transfer encoding other than chunked")
    encodings = _all(headers, "content-encoding")
    if encodings not in ([], ["identity"]):
        return Unreachable(Silence.ENCODING, "content encoding other than identity")
    if _media_type(headers) is None:
        return Unreachable(Silence.MEDIA_TYPE, f"neither {SIGNED} nor {UNSIGNED}")
    if lengths and int(lengths[0]) > most:
        return Unreachable(Silence.OVERSIZED, f"announced over {most} bytes")
    return None


def _all(headers: httpx.Headers, name: str) -> list[str]:
    return [value.strip().lower() for value in headers.get_list(name)]


def _media_type(headers: httpx.Headers) -> str | None:
    """One of the two, said once; the only parameter is UTF-8 on JSON."""
    match _all(headers, "content-type"):
        case [media_type] if media_type == SIGNED:
            return SIGNED
        case [media_type] if media_type.replace(" ", "") in (UNSIGNED, f"{UNSIGNED};charset=utf-8"):
            return UNSIGNED
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
