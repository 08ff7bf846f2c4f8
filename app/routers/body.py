"""Bodies within bounds: size while receiving, one deadline for the whole, parts counted.

Nothing is spooled to disk; what was received lives as long as the request.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from app.domain.errors import ServiceError
from app.schemas.verification import TermsIn, TypedIn

if TYPE_CHECKING:  # declared for type checkers only
    from python_multipart.multipart import MultipartCallbacks

MAX_PARTS = 16
"""One file, the few terms of a verification, and what stands on a license."""
MAX_PART_HEADERS = 8 * 1024
"""Bytes of the headers of one part."""
MAX_TEXT = 4 * 1024
"""Bytes of a text field."""
MAX_BOUNDARY = 70
"""Characters (RFC 2046 §5.1.1)."""
FILES = 2
"""All files of a batch together may be so many times as large as one file alone."""
PATIENCE = 3
"""A batch may take so many times as long to arrive as a single body."""
EMPTY_LINES = 1000
"""Lines of a batch that may hold nothing."""
_FRAMING = 64 * 1024
"""Bytes a multipart body may have beyond its file."""


class BadRequest(ServiceError):
    """A request whose body cannot be taken; knows its HTTP status because it is about HTTP."""

    def __init__(self, status: int, field: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.field = field


class Busy(ServiceError):
    """More under way at once than this node takes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request body may cost."""

    upload: int
    """Bytes of one file."""
    json: int
    """Bytes of a JSON body."""
    deadline: timedelta
    """For the whole body to arrive."""


Take = Callable[[int], None]
"""Asks for room for so many bytes more. Raises `Busy`."""


class Room:
    """Memory for the bodies of all requests together.

    A slow sender holds what it has sent and no place among the verifications, so that many of them
    keep nobody else waiting.
    """

    def __init__(self, size: int) -> None:
        self.free = size

    @contextmanager
    def guest(self) -> Iterator[Take]:
        """Room for one request; given back when it is over."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if size > self.free:
                raise Busy("no room")
            taken += size
            self.free -= size

        try:
            yield take
        finally:
            self.free += taken


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body taken apart."""

    file: bytes | None = field(repr=False)
    media_type: str | None
    texts: dict[str, str] = field(repr=False)
    name: str | None = field(default=None, repr=False)
    """Of the file, as its sender calls it; empty where a browser had none to send."""


@dataclass(frozen=True, slots=True)
class Longer:
    """A body that says early what it is may be longer than others."""

    mark: bytes
    """Has to stand within the usual length."""
    limit: int
    """Bytes."""


async def read_json_body(
    request: Request, limits: Limits, take: Take, longer: Longer | None = None
) -> bytes:
    """The whole body. Raises `BadRequest` 408 or 413, and `Busy`."""
    return await _receive(request, "body", limits.json, 0, limits.deadline, take, longer)


TERMS: Final = tuple(TermsIn.model_fields)
"""Fields of a verification beside its file."""
BESIDE_A_FILE: Final = tuple(TypedIn.model_fields)
"""The same with what the caller reads off a picture."""


@dataclass(frozen=True, slots=True)
class Named:
    """One of several files."""

    name: str | None
    """As its sender calls it."""
    content: bytes = field(repr=False)


async def read_lines(request: Request, limits: Limits, take: Take, most: int) -> list[bytes]:
    """The lines of a body, the empty ones too. Raises `BadRequest` 408, 413 or 422, and `Busy`."""
    size, deadline = most * limits.json, limits.deadline * PATIENCE
    body = await _receive(request, "body", size, 0, deadline, take)
    if body.count(b"\n") > EMPTY_LINES + most:
        raise BadRequest(422, "body", f"more than {EMPTY_LINES} empty lines, or too many items")
    return body.split(b"\n")


async def read_upload(request: Request, limits: Limits, take: Take) -> bytes:
    """One file that is the whole body. Raises `BadRequest` 408 or 413, and `Busy`."""
    deadline = limits.deadline * PATIENCE
    return await _receive(request, "body", limits.upload, 0, deadline, take)


async def read_files(
    request: Request, limits: Limits, take: Take, most: int
) -> tuple[list[Named], dict[str, str]]:
    """Several files and their terms. Raises as `read_form`."""
    size, deadline = FILES * limits.upload, limits.deadline * PATIENCE
    parts = await _parts(request, size, deadline, take, most + MAX_PARTS, TERMS)
    return parts.files(), parts.form(size, files=True).texts


async def read_form(
    request: Request, limits: Limits, take: Take, fields: Sequence[str] = TERMS
) -> Form:
    """The parts of a multipart body: one file, and texts of these names.

    Raises `BadRequest` 400, 408, 413 or 422, and `Busy`.
    """
    parts = await _parts(request, limits.upload, limits.deadline, take, MAX_PARTS, fields)
    return parts.form(limits.upload)


async def _parts(  # noqa: PLR0917 - private, and called in two places
    request: Request,
    limit: int,
    deadline: timedelta,
    take: Take,
    most: int,
    fields: Sequence[str],
) -> "_Parts":
    boundary = _boundary(request.headers.get("content-type", ""))
    body = await _receive(request, "file", limit, _FRAMING, deadline, take)
    parts = _Parts(most, fields)
    parser = MultipartParser(boundary, parts.callbacks(), max_header_size=MAX_PART_HEADERS)
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise BadRequest(
            400, "body", "the multipart body cannot be read; send it as RFC 7578 has it"
        ) from None
    if not parts.ended:
        raise BadRequest(400, "body", "the multipart body is cut off; send all of it")
    return parts


async def _receive(  # noqa: PLR0917 - private, and called in two places
    request: Request,
    field: str,
    limit: int,
    framing: int,
    deadline: timedelta,
    take: Take,
    longer: Longer | None = None,
) -> bytes:
    """All of it: at most `limit` bytes, which the caller is told of, and `framing` around them."""
    declared = request.headers.get("content-length", "")
    most = max(limit + framing, longer.limit if longer else 0)
    if declared.isascii() and declared.isdigit() and int(declared[:12]) > most:
        raise too_large(field, limit)
    received = bytearray()
    try:
        async with asyncio.timeout(deadline.total_seconds()):
            async for chunk in request.stream():
                take(len(chunk))
                received += chunk
                if len(received) > limit + framing and (
                    len(received) > most or longer is None or longer.mark not in received[:limit]
                ):
                    raise too_large(field, limit)
    except TimeoutError:
        raise BadRequest(408, field, "the body did not arrive in time; send it again") from None
    return bytes(received)


def too_large(field: str, limit: int) -> BadRequest:
    """413, with the limit in its words."""
    return BadRequest(413, field, f"larger than the limit of {limit} bytes; send a smaller one")


def _boundary(content_type: str) -> bytes:
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not (0 < len(boundary) <= MAX_BOUNDARY and boundary.isascii()):
        raise BadRequest(
            400,
            "content-type",
            f"multipart/form-data with a boundary of 1 to {MAX_BOUNDARY} ASCII characters",
        )
    return boundary


class _Parts:
    """Collects what the parser calls out."""

    def __init__(self, most: int, fields: Sequence[str]) -> None:
        self.ended = False
        self._most = most
        self._fields = fields
        self._headers: dict[str, str] = {}
        self._name, self._value = b"", b""
        self._data = bytearray()
        self._found: list[tuple[dict[str, str], bytes]] = []

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_name,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_part_data": self._on_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self._found) == self._most:
            raise BadRequest(400, "body", f"more than {self._most} parts; send fewer")
        self._headers, self._data = {}, bytearray()

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        name, value = self._name.decode("latin-1").lower(), self._value.decode("latin-1")
        if name in self._headers:
            raise BadRequest(400, "body", "a part has the same header twice; send it once")
        self._headers[name] = value
        self._name, self._value = b"", b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _end_part(self) -> None:
        self._found.append((self._headers, bytes(self._data)))

    def _end(self) -> None:
        self.ended = True

    def files(self) -> list[Named]:
        """Every part named file, in order, with the name its sender gave it."""
        found = []
        for headers, data in self._found:
            disposition = headers.get("content-disposition", "")
            if _name(disposition) == "file":
                found.append(Named(_filename(disposition) or None, data))
        return found

    def form(self, limit: int, *, files: bool = False) -> Form:
        """The terms and the one file; `files`: several, which are taken by themselves."""
        file: bytes | None = None
        media_type: str | None = None
        called: str | None = None
        texts: dict[str, str] = {}
        for headers, data in self._found:
            name = _name(headers.get("content-disposition", ""))
            if name == "file":
                if files:
                    continue
                if file is not None:
                    raise BadRequest(422, name, "one file a request; send the other by itself")
                if len(data) > limit:
                    raise too_large("file", limit)
                file, media_type = data, headers.get("content-type")
                called = _filename(headers.get("content-disposition", ""))
            elif name == "digests":
                fix = "are no field of a form: send them as application/json, without the file"
                raise BadRequest(422, name, fix)
            elif name not in self._fields:
                # Whatever a stranger called it is not repeated.
                known = ", ".join(("file", *self._fields))
                raise BadRequest(422, "body", f"an unknown field; known are {known}")
            elif name in texts:
                raise BadRequest(422, name, "the field stands twice; send it once")
            else:
                texts[name] = _text(name, data)
        return Form(file, media_type, texts, called)


def _text(name: str, data: bytes) -> str:
    if len(data) > MAX_TEXT:
        raise BadRequest(422, name, f"longer than {MAX_TEXT} bytes; send what is meant")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(422, name, "not UTF-8; send it as UTF-8 text") from None


def _filename(disposition: str) -> str:
    given: bytes = parse_options_header(disposition)[1].get(b"filename", b"")
    return given.decode("utf-8", "replace")


def _name(disposition: str) -> str:
    kind, options = parse_options_header(disposition)
    if kind != b"form-data" or b"name" not in options:
        raise BadRequest(
            400, "body", "a part without a name; send Content-Disposition: form-data with a name"
        )
    return options[b"name"].decode("utf-8", "replace")
