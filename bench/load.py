"""A client that costs little: keep-alive connections, ready requests, whole answers.

It runs in the bench's own process; the service has another for itself.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Tally:
    """What came of one phase: seconds by request, and answers other than 200."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    refused: int = 0
    sample: bytes = b""

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds


def post(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n".encode()


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self._waiting = asyncio.get_running_loop().create_future()
        if self._transport is None:
            raise ConnectionError("not connected")
        self._transport.write(request)
        return await self._waiting

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_HEAD_END)
        if not end or self._waiting is None:
            return
        lower = head.lower()
        at = lower.find(_LENGTH)
        length = int(lower[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) >= length:
            self._received = b""
            self._waiting.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("closed by the service"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def connect(port: int) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
    return connection


async def load(port: int, requests: Sequence[bytes], lanes: int, seconds: float) -> Tally:
    """So many connections, each asking again as soon as it is answered."""
    tally, source = Tally(), cycle(requests)
    connections = [await connect(port) for _ in range(lanes)]
    begun = time.perf_counter()

    async def lane(connection: Connection) -> None:
        while (start := time.perf_counter()) - begun < seconds:
            status, tally.sample = await connection.ask(next(source))
            tally.took.append(time.perf_counter() - start)
            tally.refused += status != 200

    await asyncio.gather(*map(lane, connections))
    tally.seconds = time.perf_counter() - begun
    for connection in connections:
        connection.close()
    return tally
