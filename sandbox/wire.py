"""Behaviours below HTTP: what a network and a broken server do to a good answer."""

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox import http1
from sandbox.arguments import MAX_SECONDS, Arguments
from sandbox.lies import JOSE

Sleep = Callable[[float], Awaitable[None]]
BLOCK = bytes(64 * 1024)


class Wire:
    """One connection, to be misused. Counts what it was given to send."""

    def __init__(self, writer: asyncio.StreamWriter, sleep: Sleep) -> None:
        self._writer = writer
        self.sleep = sleep
        self.sent = 0

    async def send(self, data: bytes) -> None:
        """Raises ConnectionError once the peer has gone."""
        if self._writer.is_closing():
            raise ConnectionResetError("the peer has gone")
        self._writer.write(data)
        self.sent += len(data)
        await self._writer.drain()

    def reset(self) -> None:
        """RST instead of FIN: SO_LINGER with no time to linger."""
        peer: socket.socket = self._writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Honest:
    """The good answer, whole and in its two pieces."""

    body: bytes

    @property
    def response(self) -> bytes:
        return http1.response(200, JOSE, self.body)

    @property
    def head(self) -> bytes:
        return self.response[: -len(self.body)]


Act = Callable[[Wire, Honest, Arguments], Awaitable[None]]
ACTS: dict[str, tuple[str, Act]] = {}
"""Name → what it does, and the doing of it. The connection ends afterwards."""


def _act(name: str, summary: str) -> Callable[[Act], Act]:
    def register(do: Act) -> Act:
        ACTS[name] = summary, do
        return do

    return register


# ---- slow


@_act("delay", "wait `seconds` (5), then answer well")
async def _delay(wire: Wire, honest: Honest, args: Arguments) -> None:
    await wire.sleep(args.seconds("seconds", 5))
    await wire.send(honest.response)


@_act("drip", "`size` bytes (1) of the body every `interval` seconds (1)")
async def _drip(wire: Wire, honest: Honest, args: Arguments) -> None:
    await wire.send(honest.head)
    await _trickle(wire, honest.body, args)


@_act("slow_headers", "`size` bytes (1) every `interval` seconds (1), from the status line on")
async def _slow_headers(wire: Wire, honest: Honest, args: Arguments) -> None:
    await _trickle(wire, honest.response, args)


async def _trickle(wire: Wire, data: bytes, args: Arguments) -> None:
    size, interval = max(1, args.count("size", 1)), args.seconds("interval", 1)
    for start in range(0, len(data), size):
        await wire.send(data[start : start + size])
        await wire.sleep(interval)


@_act("hang", "take the question and say nothing for `seconds` (60)")
async def _hang(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest
    await wire.sleep(args.seconds("seconds", 60))


# ---- cut off


@_act("reset", "TCP reset after `bytes` (40) of the answer")
async def _reset(wire: Wire, honest: Honest, args: Arguments) -> None:
    await wire.send(honest.response[: args.count("bytes", 40)])
    wire.reset()


@_act("close", "close without a byte")
async def _close(wire: Wire, honest: Honest, args: Arguments) -> None:
    del wire, honest, args


@_act("truncate", "close after half of the announced body")
async def _truncate(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    await wire.send(honest.head + honest.body[: len(honest.body) // 2])


@_act("no_length", "no length at all: the body ends with the connection")
async def _no_length(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    fields = (("Content-Type", JOSE), ("Connection", "close"))
    await wire.send(http1.head(200, *fields) + honest.body)


# ---- statuses


@_act("status", "status `code` (500) with a JSON body")
async def _status(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest
    await wire.send(http1.json_response(args.count("code", 500), {"message": "内部错误"}))


@_act("retry_later", "503 with Retry-After `seconds` (30)")
async def _retry_later(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest
    after = ("Retry-After", str(args.count("seconds", 30)))
    await wire.send(http1.response(503, "text/plain", b"busy", after))


@_act("not_found", "404 of a moved endpoint, which is no word about any license")
async def _not_found(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest, args
    await wire.send(http1.response(404, "text/html", b"<h1>404</h1>"))


@_act("redirect", "`code` (301) to `location` (the metadata address of clouds)")
async def _redirect(wire: Wire, honest: Honest, args: Arguments) -> None:
    where = ("Location", args.text("location", "http://169.254.169.254/latest/meta-data/"))
    await wire.send(http1.response(args.count("code", 301), JOSE, honest.body, where))


@_act("status_with_answer", "status `code` (500) around the good, signed answer")
async def _status_with_answer(wire: Wire, honest: Honest, args: Arguments) -> None:
    await wire.send(http1.response(args.count("code", 500), JOSE, honest.body))


@_act("no_content", "204")
async def _no_content(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest, args
    await wire.send(http1.head(204))


@_act("empty", "200 with an empty body")
async def _empty(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest, args
    await wire.send(http1.response(200, JOSE, b""))


# ---- too much


@_act("oversized", "a body of `bytes` (8 MiB), announced and sent")
async def _oversized(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest
    size = args.count("bytes", 8 * 1024 * 1024)
    await wire.send(http1.head(200, ("Content-Type", JOSE), ("Content-Length", str(size))))
    for start in range(0, size, len(BLOCK)):
        await wire.send(BLOCK[: size - start])


@_act("huge_length", "Content-Length of an exabyte, then the good answer and silence")
async def _huge_length(wire: Wire, honest: Honest, args: Arguments) -> None:
    size = ("Content-Length", str(1 << 60))
    await wire.send(http1.head(200, ("Content-Type", JOSE), size) + honest.body)
    await wire.sleep(args.seconds("seconds", 60))


@_act("endless_chunks", "chunks of 64 KiB until `bytes` (1 GiB) or the peer goes")
async def _endless_chunks(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest
    await wire.send(http1.head(200, ("Content-Type", JOSE), ("Transfer-Encoding", "chunked")))
    for _ in range(0, args.count("bytes", 1 << 30), len(BLOCK)):
        await wire.send(http1.chunk(BLOCK))


@_act("header_flood", "`count` (2000) header fields before the good answer")
async def _header_flood(wire: Wire, honest: Honest, args: Arguments) -> None:
    fields = tuple((f"X-Filler-{i}", "x" * 60) for i in range(args.count("count", 2000)))
    await wire.send(http1.response(200, JOSE, honest.body, *fields))


@_act("early_hints", "`count` (1000) times 103 Early Hints, then the good answer")
async def _early_hints(wire: Wire, honest: Honest, args: Arguments) -> None:
    for _ in range(args.count("count", 1000)):
        await wire.send(http1.head(103, ("Link", "</style.css>; rel=preload")))
    await wire.send(honest.response)


@_act("continue_flood", "`count` (1000) times 100 Continue, then the good answer")
async def _continue_flood(wire: Wire, honest: Honest, args: Arguments) -> None:
    for _ in range(args.count("count", 1000)):
        await wire.send(http1.head(100))
    await wire.send(honest.response)


# ---- encodings


@_act("gzip_bomb", "gzip of `bytes` (256 MiB) of zeros, though identity was asked for")
async def _gzip_bomb(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest
    bomb = await asyncio.to_thread(_zeros, args.count("bytes", 1 << 28))
    await wire.send(http1.response(200, JOSE, bomb, ("Content-Encoding", "gzip")))


def _zeros(size: int) -> bytes:
    """A gzip member of so many zeros, made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(BLOCK[: size - start]) for start in range(0, size, len(BLOCK))]
    return b"".join((*parts, packer.flush()))


@_act("gzip", "the good answer, compressed though identity was asked for")
async def _gzip(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    encoding = ("Content-Encoding", "gzip")
    await wire.send(http1.response(200, JOSE, gzip.compress(honest.body), encoding))


@_act("encoding_unknown", "the good answer under an encoding nobody knows")
async def _encoding_unknown(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    await wire.send(http1.response(200, JOSE, honest.body, ("Content-Encoding", "rot13")))


# ---- framing


@_act("length_and_chunked", "Content-Length and Transfer-Encoding at once")
async def _length_and_chunked(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    fields = (
        ("Content-Type", JOSE),
        ("Content-Length", str(len(honest.body))),
        ("Transfer-Encoding", "chunked"),
    )
    await wire.send(http1.head(200, *fields) + http1.chunk(honest.body) + http1.chunk(b""))


@_act("two_lengths", "two Content-Length fields that disagree")
async def _two_lengths(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    shorter = ("Content-Length", str(len(honest.body) // 2))
    await wire.send(http1.response(200, JOSE, honest.body, shorter))


@_act("bad_chunk", "a chunk whose size is no number")
async def _bad_chunk(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    fields = (("Content-Type", JOSE), ("Transfer-Encoding", "chunked"))
    await wire.send(http1.head(200, *fields) + b"zz\r\n" + honest.body + b"\r\n0\r\n\r\n")


@_act("trailing_bytes", "a second, forged response right behind the good one")
async def _trailing_bytes(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    await wire.send(honest.response + http1.response(200, JOSE, b"e30.e30.AA"))


@_act("chunked", "the good answer in chunks: perfectly legal")
async def _chunked(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    fields = (("Content-Type", JOSE), ("Transfer-Encoding", "chunked"))
    half = len(honest.body) // 2
    await wire.send(http1.head(200, *fields) + http1.chunk(honest.body[:half]))
    await wire.send(http1.chunk(honest.body[half:]) + http1.chunk(b""))


@_act("no_status_line", "the token without any HTTP around it")
async def _no_status_line(wire: Wire, honest: Honest, args: Arguments) -> None:
    del args
    await wire.send(honest.body + b"\r\n\r\n")


@_act("garbage", "bytes that are no HTTP")
async def _garbage(wire: Wire, honest: Honest, args: Arguments) -> None:
    del honest, args
    await wire.send(b"\x16\x03\x01\x00\x00" + bytes(range(256)))


async def perform(act: Act, wire: Wire, honest: Honest, args: Arguments) -> None:
    """Do it, within the longest time any behaviour may take; a peer that leaves ends it."""
    try:
        async with asyncio.timeout(MAX_SECONDS):
            await act(wire, honest, args)
    except (ConnectionError, TimeoutError):
        return
