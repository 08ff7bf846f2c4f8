"""归集: issuers push records and decisions; and ask how far a batch is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from app.domain.audit import Operation
from app.domain.batch import BatchId, Kind, Progress
from app.domain.errors import NotYours
from app.domain.identifier import IssuerCode
from app.formats.rows import RowFormat
from app.routers.body import BadRequest, Busy
from app.routers.door import Guest, GuestDep
from app.routers.problems import PROBLEM, problem
from app.routers.state import Node, NodeDep
from app.schemas import imports as shown
from app.services.importing import MEMORY, Sending

router = APIRouter(tags=["registry"])

STREAMS: Final = 4
"""Bodies one worker takes in at once."""

_MEDIA: Final = {
    "application/x-ndjson": RowFormat.NDJSON,
    "application/json": RowFormat.NDJSON,  # one row, however it is broken into lines
    "text/csv": RowFormat.CSV,
}

Issuer = Annotated[
    str,
    Query(
        pattern=r"^([0-9A-Z]{18}|[0-9]{6})$",
        description="颁发机构代码 of whom all rows are; the caller's own, or one it was given",
        examples=["11630000MB0000019J"],
    ),
]
Batch = Annotated[
    str,
    Query(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="your name for the batch, with nobody's number in it: it stands in logs",
        examples=["2026-11-24"],
    ),
]
After = Annotated[
    int,
    Query(ge=0, le=10**12, description="the body goes on after this line", examples=[0, 40000]),
]
DryRun = Annotated[
    bool, Query(description="judge every row and keep nothing", examples=[False, True])
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Of which batch the body is what."""

    issuer: str
    batch: str
    after: int
    dry_run: bool


async def _named(
    issuer: Issuer, batch: Batch, after: After = 0, *, dry_run: DryRun = False
) -> Named:
    return Named(issuer=issuer, batch=batch, after=after, dry_run=dry_run)


NamedDep = Annotated[Named, Depends(_named)]


def _described(rows: str, csv: str, example: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    content = {
        "application/x-ndjson": {"schema": text, "example": rows},
        "text/csv": {"schema": text, "example": csv},
    }
    return {
        "openapi_extra": {"requestBody": {"required": True, "content": content}},
        "responses": {
            200: {
                "model": shown.ImportOut,
                "content": {"application/json": {"example": example}},
            },
            **dict.fromkeys((400, 401, 403, 408, 415, 422, 429, 503), PROBLEM),
        },
    }


@router.post(
    "/v1/imports",
    summary="Push license records 归集证照元数据",
    **_described(shown.ROWS, shown.CSV_ROWS, shown.EXAMPLE),
)
async def import_licenses(
    request: Request,
    node: NodeDep,
    guest: GuestDep,
    named: NamedDep,
) -> JSONResponse:
    """One row a line, of any number; bad rows are named, good ones land. What is answered is on
    disk. A batch that broke off is sent again, whole or after its last acknowledged line.
    """
    return await _take(request, node, guest, _sending(request, guest, named, Kind.LICENSES))


@router.post(
    "/v1/status-changes",
    summary="Push decisions about licenses 推送证照状态变更",
    **_described(
        shown.DECISIONS,
        shown.CSV_DECISIONS,
        {**shown.EXAMPLE, "kind": "statuses", "added": 0, "changed": 995, "faults": []},
    ),
)
async def change_statuses(
    request: Request,
    node: NodeDep,
    guest: GuestDep,
    named: NamedDep,
) -> JSONResponse:
    """撤销, 吊销, 注销, 撤回, 暂扣 …: one license or many, one a line. Once it is answered, no
    worker repeats an earlier answer about such a license.
    """
    return await _take(request, node, guest, _sending(request, guest, named, Kind.STATUSES))


@router.get(
    "/v1/imports/{id}",
    summary="How far a batch is 归集进度",
    responses={
        200: {
            "model": shown.ImportOut,
            "content": {"application/json": {"example": shown.EXAMPLE}},
        },
        404: PROBLEM,
        503: PROBLEM,
        "4XX": PROBLEM,
    },
)
async def progress(
    node: NodeDep,
    guest: GuestDep,
    id: Annotated[
        str,
        Path(description="`issuer.batch`", examples=[shown.EXAMPLE["id"]]),
    ],
    faults_after: Annotated[
        int, Query(ge=0, le=10**12, description="name bad lines after this one", examples=[0, 400])
    ] = 0,
) -> JSONResponse:
    """Also while it is under way. A batch of another tenant is as unknown as one that never was."""
    named, tenant = BatchId.read(id), guest.asker.tenant
    found = None
    if named is not None and tenant is not None:
        found = await node.importer.imports.progress(named, tenant, after=faults_after)
    if found is None:
        return problem(404, "unknown-batch", "No batch of yours by that name", field="id")
    return _answer(found)


def _sending(request: Request, guest: Guest, named: Named, kind: Kind) -> Sending:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _MEDIA:
        known = "application/x-ndjson, or text/csv with a header"
        raise BadRequest(415, "content-type", f"send {known}")
    return Sending(
        id=BatchId(IssuerCode(named.issuer), named.batch),
        kind=kind,
        format=_MEDIA[media],
        after=named.after,
        dry=named.dry_run,
        asker=guest.asker,
    )


async def _take(request: Request, node: Node, guest: Guest, sending: Sending) -> JSONResponse:
    async with _place(node):
        try:
            return _answer(await node.importer.take(sending, _pieces(request, node)))
        except NotYours:
            await node.door.turned_away(guest, Operation.DENIED, "issuer_not_yours")
            raise
        except ClientDisconnect:
            raise BadRequest(400, "body", "broke off; ask how far it is, and go on") from None


@asynccontextmanager
async def _place(node: Node) -> AsyncIterator[None]:
    """One of few streams, with memory set aside. Raises `Busy`."""
    if node.streams.locked():
        raise Busy("as many imports under way as one worker takes")
    async with node.streams:
        with node.room.guest() as take:
            take(MEMORY)
            yield


async def _pieces(request: Request, node: Node) -> AsyncIterator[bytes]:
    """The body as it comes; whoever sends nothing for as long as a body may take is let go."""
    stream = aiter(request.stream())
    one_row = request.headers.get("content-type", "").startswith("application/json")
    while True:
        try:
            async with asyncio.timeout(node.limits.deadline.total_seconds()):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            message = "nothing came for a while; ask how far the batch is, and go on"
            raise BadRequest(408, "body", message) from None
        if piece:
            # Between the members of one JSON object a line break is a space.
            yield piece.replace(b"\n", b" ") if one_row else piece


def _answer(progress: Progress) -> JSONResponse:
    return JSONResponse(shown.ImportOut.of(progress).model_dump(mode="json"))
