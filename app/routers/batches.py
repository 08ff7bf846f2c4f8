"""Many verifications in one request: NDJSON or files in, one answered line each, as they are done.

The body is read whole, within bounds, before the first line leaves: clients that send all before
they read would otherwise wait for us as we for them. After that nothing ends the answer but the
client: what is wrong with an item stands in its own line.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from app.crypto.jose import JsonLimits, read_json_object
from app.domain import caller
from app.domain.errors import Malformed, Refused, ServiceError
from app.domain.verification import Submission
from app.routers.asked import media_of, no_terms_in_address
from app.routers.body import BadRequest, Busy, Take, read_files, read_lines
from app.routers.door import Guest, GuestDep, LetIn
from app.routers.problems import PROBLEM, ProblemResponse, fault, problem_of
from app.routers.state import Node, NodeDep
from app.routers.verifications import submission_of, terms_of
from app.schemas.batch import FORM, ITEMS, LINES, MAX_ID, BatchItemIn, BatchLineOut
from app.schemas.verification import TermsIn, plain, refused
from app.services.many import as_done

router = APIRouter(tags=["verification"])
logger = logging.getLogger(__name__)

NDJSON: Final = "application/x-ndjson"
MOST: Final = 50
"""Items of one batch (threats.md API-20): one request must not become a thousand at an issuer."""
AT_ONCE: Final = 4
"""Items of one batch under way together."""
BATCHES: Final = 4
"""Batches one worker has under way."""
SLOW: Final = 60.0
"""Seconds a client may take to take one line; after them it is gone."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item, or why it is none."""

    id: str | None
    line: int
    ask: BatchItemIn | bytes | ServiceError = field(repr=False)
    """In JSON; a file; or what is wrong with it."""


class _Lines(StreamingResponse):
    """An answer that gives back what it holds, however it ends."""

    media_type = NDJSON

    def __init__(self, lines: AsyncIterator[bytes], held: AsyncExitStack) -> None:
        super().__init__(lines, headers={"Cache-Control": "no-store"})
        self.held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.held:
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        async def sent(message: Any) -> None:
            async with asyncio.timeout(SLOW):
                await send(message)

        async with aclosing(self.body_iterator):  # type: ignore[type-var] # it is a generator
            await super().stream_response(sent)


@router.post(
    "/v1/verifications:batch",
    summary="Verify many 批量核验",
    status_code=200,
    response_class=_Lines,  # for its media type in the description
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                NDJSON: {"schema": {"type": "string"}, "example": ITEMS},
                "multipart/form-data": {"schema": FORM},
            },
        }
    },
    responses={
        200: {
            "description": "One line an item, in the order they are done, and a last one that "
            "counts them: an answer without it was cut off",
            "content": {
                NDJSON: {
                    "schema": {"type": "object"},  # each line
                    "examples": {
                        name: {"value": line}
                        for name, line in zip(("report", "problem", "last"), LINES, strict=True)
                    },
                }
            },
            "model": BatchLineOut,
        },
        **dict.fromkeys((400, 401, 403, 408, 413, 415, 422, 429, 503), PROBLEM),
    },
)
async def verify_many(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """Up to 50 items, a JSON object a line with an `id` of yours beside what a single verification
    takes; or that many files. Each is limited, signed, kept and logged as by itself, before its
    line leaves; what is wrong with one is told in its line and stops no other.
    """
    async with AsyncExitStack() as stack:
        if node.batches.locked():
            raise Busy("as many batches under way as one worker takes")
        await stack.enter_async_context(node.batches)
        take = stack.enter_context(node.room.guest())
        items, terms = await _items(request, node, take)
        asking = _Asking(node, guest, request.state.let_in, terms)
        return _Lines(asking.lines(items), stack.pop_all())


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks for one caller, under terms that hold for all files of a batch."""

    node: Node
    guest: Guest
    let_in: LetIn
    terms: TermsIn

    async def lines(self, items: list[Item]) -> AsyncIterator[bytes]:
        counted: Counter[bool] = Counter()
        async with aclosing(as_done(items, self.one, AT_ONCE)) as done:
            async for answered, line in done:
                counted[answered] += 1
                yield line
        last = {"items": len(items), "answered": counted[True], "refused": counted[False]}
        yield _text(last) + b"\n"

    async def one(self, item: Item) -> tuple[bool, bytes]:
        """Whether there is a report, and the line."""
        head = b'{"id":%b,"line":%d,' % (_text(item.id), item.line)
        try:
            await self.node.door.draws(self.guest)
            submission = await self._submission(item)
            async with self.node.places.one(patient=True):
                receipt = await self.node.verifier.verify(submission)
        except ServiceError as exc:
            return False, head + b'"problem":%b}\n' % await self._told(problem_of(exc))
        except Exception as exc:  # noqa: BLE001 - a fault of ours ends its own line only
            logger.error("an item of a batch: %s", type(exc).__name__)  # noqa: TRY400 - no content
            return False, head + b'"problem":%b}\n' % bytes(fault().body)
        return True, head + b'"report":%b,"jws":"%b"}\n' % (receipt.content, receipt.jws.encode())

    async def _submission(self, item: Item) -> Submission:
        match item.ask:
            case ServiceError() as wrong:
                raise wrong
            case BatchItemIn() as asked:
                return await submission_of(asked, self.node, self.guest)
            case bytes() as content:
                await self.node.door.require(self.guest, caller.Scope.VERIFY_FILE)
                if not content:
                    raise BadRequest(422, "file", "the file is empty; send the original")
                if len(content) > self.node.limits.upload:
                    raise BadRequest(413, "file", f"larger than {self.node.limits.upload} bytes")
                return Submission(content=content, **terms_of(self.terms, self.guest))

    async def _told(self, problem: ProblemResponse) -> bytes:
        """With its row, as every refusal has one."""
        await self.let_in.refused(problem.status_code, problem.code)
        return bytes(problem.body)


async def _items(request: Request, node: Node, take: Take) -> tuple[list[Item], TermsIn]:
    """Raises `BadRequest` for a body that is no batch, `Refused` for terms of all."""
    no_terms_in_address(request)
    kind = media_of(request)
    match kind:
        case "application/x-ndjson":
            lines = await read_lines(request, node.limits, take, MOST)
            items, terms = first_of(lines, node.limits.json), TermsIn()
        case "multipart/form-data":
            files, texts = await read_files(request, node.limits, take, MOST + 1)
            items = list(_once(Item(f.name, at, f.content) for at, f in enumerate(files, 1)))
            terms = _terms(texts, node)
        case _:
            raise BadRequest(415, "content-type", f"send {NDJSON}, or multipart/form-data")
    if not items:
        raise BadRequest(422, "body", "no item; send one a line, or files")
    if len(items) > MOST:
        raise BadRequest(422, "body", f"more than {MOST} items; send several batches, or a job")
    return items, terms


def _terms(texts: Mapping[str, str], node: Node) -> TermsIn:
    try:
        terms = TermsIn.of_form(texts)
    except ValidationError as exc:
        raise refused(exc) from None
    terms.not_in_future(node.clock())
    return terms


def first_of(lines: Iterable[bytes], limit: int) -> list[Item]:
    """The items of a batch, or one more than it may have: a body of short lines has millions, and
    none of them is read to say that they are too many.
    """
    return list(islice(items_of(lines, limit), MOST + 1))


def items_of(lines: Iterable[bytes], limit: int) -> Iterator[Item]:
    """The item of each line that is not empty; at most `limit` bytes each."""
    return _once(_of_lines(lines, limit))


def _of_lines(lines: Iterable[bytes], limit: int) -> Iterator[Item]:
    for number, line in enumerate(lines, 1):
        text = line.strip(b" \t\r")
        if text:
            yield _of_line(text, number, limit)


def _of_line(text: bytes, number: int, limit: int) -> Item:
    if len(text) > limit:
        return Item(None, number, BadRequest(413, "body", f"a line longer than {limit} bytes"))
    try:
        document = read_json_object(text, JsonLimits(size=limit))
    except Malformed as exc:
        return Item(None, number, BadRequest(400, "body", str(exc)))
    id = _shown(document.get("id"))
    try:
        return Item(id, number, BatchItemIn.model_validate(document))
    except ValidationError as exc:
        return Item(id, number, refused(exc))


def _once(items: Iterable[Item]) -> Iterator[Item]:
    """Names that can be given back, each once: the second of a name is refused under it."""
    seen: set[str] = set()
    for item in items:
        id = _shown(item.id)
        if isinstance(item.ask, ServiceError):
            yield item
        elif id is None:
            fix = f"name the item: 1 to {MAX_ID} characters of plain text"
            yield Item(None, item.line, Refused("id", fix))
        elif id in seen:
            yield Item(id, item.line, Refused("id", "an item before it has this name"))
        else:
            seen.add(id)
            yield item


def _shown(id: object) -> str | None:
    """A name that may stand in an answer."""
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID:
        return None
    try:
        return plain(id)
    except ValueError:
        return None


def _text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
