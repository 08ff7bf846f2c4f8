"""As much HTTP/1.1 (RFC 9112) as an issuer needs, over plain streams.

Own and tiny, because a server that must be able to break every rule cannot stand on one that
keeps them.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

MAX_HEAD = 16 * 1024
"""Bytes of request line and header fields."""
MAX_BODY = 24 * 1024 * 1024
"""Bytes; documents are registered through the control paths."""


class BadRequest(Exception):
    """Not to be understood; answered by this status, then the connection ends."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Lower-case names; of repeated fields the last."""
    body: bytes

    @property
    def keep_alive(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request, or None where the peer has gone. Raises BadRequest."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as exc:
        raise BadRequest(431, "the head is too long") from exc
    line, *fields = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = line.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(400, "no request line")
    headers: dict[str, str] = {}
    for field in fields:
        name, colon, value = field.partition(":")
        if not colon:
            raise BadRequest(400, "a header field without a colon")
        headers[name.strip().lower()] = value.strip()
    path, _, query = words[1].partition("?")
    return Request(words[0], path, query, headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await _chunks(reader)
        size = int(headers.get("content-length", "0"))
        if not 0 <= size <= MAX_BODY:
            raise BadRequest(413, "the body is too long")
        return await reader.readexactly(size)
    except ValueError as exc:
        raise BadRequest(400, "a length that is no number") from exc
    except asyncio.IncompleteReadError as exc:
        raise BadRequest(400, "the body ends early") from exc


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if not 0 <= size <= MAX_BODY - len(body):
            raise BadRequest(413, "the body is too long")
        body += await reader.readexactly(size)
        await reader.readuntil(b"\r\n")
        if size == 0:
            return bytes(body)


def head(status: int, *fields: tuple[str, str]) -> bytes:
    """Status line and header fields, with the empty line that ends them."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def response(status: int, media_type: str, body: bytes, *fields: tuple[str, str]) -> bytes:
    """A whole response with its length."""
    length = ("Content-Length", str(len(body)))
    return head(status, ("Content-Type", media_type), length, *fields) + body


def json_response(status: int, value: object) -> bytes:
    body = json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
    return response(status, "application/json", body)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; of no data, the last."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
