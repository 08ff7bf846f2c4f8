"""Serves a publisher's lists over HTTP, honestly or not.

GET /{anything}/latest.json, /{anything}/{number}.json
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from sandbox import http1
from sandbox.http1 import BadRequest, Request

MEDIA_TYPE = "application/jose+json"
CHUNK = 64 * 1024


@dataclass
class ListServer:
    """`files` may change at any time; `act` says how they are sent."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    act: str = "honest"
    """A name in `ACTS`."""
    port: int = 0
    seen: list[str] = field(default_factory=list)
    """Files asked for, in order."""
    bytes_sent: int = 0
    after: Callable[[], None] | None = field(default=None, repr=False)
    """Called once, when a first file was sent whole."""
    _server: asyncio.Server | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/trust"

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(BadRequest, ConnectionError):
                request = await http1.read_request(reader)
                if request is not None:
                    await self._answer(request, writer)
        finally:
            writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        name = request.path.rpartition("/")[2]
        self.seen.append(name)
        content = self.files.get(name)
        if content is None:
            await self.send(writer, http1.json_response(404, {"error": "no such list"}))
            return
        await ACTS[self.act](self, writer, content)
        after, self.after = self.after, None
        if after is not None:
            after()

    async def send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        self.bytes_sent += len(data)
        await writer.drain()


async def _honest(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    await server.send(writer, http1.response(200, MEDIA_TYPE, content))


async def _endless(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    """The file, and then spaces for ever, in chunks: no length tells it."""
    fields = (("Content-Type", MEDIA_TYPE), ("Transfer-Encoding", "chunked"))
    await server.send(writer, http1.head(200, *fields) + http1.chunk(content))
    while True:
        await server.send(writer, http1.chunk(b" " * CHUNK))


async def _claims_length(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    """Says that a terabyte follows."""
    fields = (("Content-Type", MEDIA_TYPE), ("Content-Length", str(2**40)))
    await server.send(writer, http1.head(200, *fields) + content)


async def _drip(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    """A byte now and then, for ever."""
    length = ("Content-Length", str(len(content)))
    await server.send(writer, http1.head(200, ("Content-Type", MEDIA_TYPE), length))
    for at in range(len(content)):
        await server.send(writer, content[at : at + 1])
        await asyncio.sleep(0.05)


async def _cut(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    """Ends in the middle."""
    whole = http1.response(200, MEDIA_TYPE, content)
    await server.send(writer, whole[: len(whole) // 2])


async def _broken(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    """An outage: 503."""
    del content
    await server.send(writer, http1.json_response(503, {"error": "later"}))


async def _redirect(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    """Points to a cloud's metadata service."""
    del content
    fields = (("Location", "http://169.254.169.254/"), ("Content-Length", "0"))
    await server.send(writer, http1.head(302, *fields))


async def _zipped(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    """Says that it is compressed."""
    coding = ("Content-Encoding", "gzip")
    await server.send(writer, http1.response(200, MEDIA_TYPE, content, coding))


async def _not_modified(server: ListServer, writer: asyncio.StreamWriter, content: bytes) -> None:
    """Nothing new, whatever is asked: the politest freeze."""
    del content
    await server.send(writer, http1.head(304))


ACTS = {
    "honest": _honest,
    "endless": _endless,
    "claims_length": _claims_length,
    "drip": _drip,
    "cut": _cut,
    "broken": _broken,
    "redirect": _redirect,
    "zipped": _zipped,
    "not_modified": _not_modified,
}


@asynccontextmanager
async def serve_lists(port: int = 0) -> AsyncIterator[ListServer]:
    """A server without files yet."""
    server = ListServer()
    await server.start(port)
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def serve_lists_in_thread(port: int = 0) -> Iterator[ListServer]:
    """The same for tests without a loop of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="lists", daemon=True)
    thread.start()
    server = ListServer()
    try:
        asyncio.run_coroutine_threadsafe(server.start(port), loop).result(10)
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
