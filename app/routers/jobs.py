"""任务: large uploads, answered in the background; progress, results, an end before the end."""

import asyncio
import base64
import csv
import io
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError

from app.domain.audit import Operation
from app.domain.errors import Unavailable
from app.domain.job import JobKind, JobProgress, JobState, NewJob, Order, Outcome
from app.routers.access import allowed_purpose
from app.routers.asked import media_of
from app.routers.body import BadRequest, Busy, read_upload
from app.routers.door import Guest, GuestDep
from app.routers.problems import PROBLEM, problem
from app.routers.state import Node, NodeDep
from app.schemas.batch import LINES, BatchLineOut
from app.schemas.job import CSV_RESULT, CSV_ROWS, EXAMPLE, JobOut
from app.schemas.verification import NAME, TermsIn, refused

router = APIRouter(tags=["jobs"])

OPEN: Final = 4
"""Jobs of one tenant that are not over."""
PAGE: Final = 100
"""Results read at once."""
TICK: Final = 1.0
"""Seconds between two looks for news."""
LONGEST: Final = 600
"""Looks of one stream of news; whoever wants more asks again."""
NDJSON: Final = "application/x-ndjson"
_MEDIA: Final = {
    "application/zip": JobKind.ZIP,
    "text/csv": JobKind.CSV,
    NDJSON: JobKind.NDJSON,
}
_ANSWER: Final[dict[str, Any]] = {
    "model": JobOut,
    "content": {"application/json": {"example": EXAMPLE}},
}
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {404: PROBLEM, 503: PROBLEM, "4XX": PROBLEM}

Id = Annotated[str, Path(description="of the job", examples=[EXAMPLE["id"]])]


def _term(name: str, example: str) -> Any:
    about = TermsIn.model_fields[name].description
    return Query(description=about, examples=[example])


async def _given(
    request: Request,
    *,
    purpose: Annotated[str | None, _term("purpose", "loan-check")] = None,
    at: Annotated[str | None, _term("at", "2026-01-01T00:00:00+08:00")] = None,
    max_status_age: Annotated[str | None, _term("max_status_age", "600")] = None,
    matter: Annotated[str | None, _term("matter", "11370800MB28559184")] = None,
    policy: Annotated[str | None, _term("policy", "sealed-document")] = None,
    expected_signers: Annotated[str | None, _term("expected_signers", "91630000M000100Y43")] = None,
    any_signer: Annotated[str | None, _term("any_signer", "true")] = None,
    sm_only: Annotated[str | None, _term("sm_only", "true")] = None,
) -> dict[str, str]:
    given = {
        "purpose": purpose,
        "at": at,
        "max_status_age": max_status_age,
        "matter": matter,
        "policy": policy,
        "expected_signers": expected_signers,
        "any_signer": any_signer,
        "sm_only": sm_only,
    }
    _only(request, frozenset(given))
    return {name: value for name, value in given.items() if value is not None}


def _only(request: Request, known: frozenset[str]) -> None:
    """A term that was misspelled would hold for no item, and nobody would see it."""
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if name not in known:
            shown = name if NAME.match(name) else "query"
            raise BadRequest(422, shown, f"no term of a job; known are {', '.join(sorted(known))}")
        if names.count(name) > 1:
            raise BadRequest(422, name, "stands twice in the address; send it once")


TermsDep = Annotated[dict[str, str], Depends(_given)]


class _News(StreamingResponse):
    media_type = "text/event-stream"


class _Results(StreamingResponse):
    media_type = NDJSON


@router.post(
    "/v1/jobs",
    summary="Verify a large upload 批量任务",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": CSV_ROWS},
                NDJSON: {"schema": {"type": "string"}},
                "application/zip": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
    responses={
        202: _ANSWER,
        **dict.fromkeys((401, 403, 408, 413, 415, 422, 429, 503), PROBLEM),
    },
)
async def send(
    request: Request,
    node: NodeDep,
    guest: GuestDep,
    given: TermsDep,
) -> JSONResponse:
    """A ZIP of documents, a CSV of numbers, or NDJSON as of a batch: up to 20,000 items. Answered
    with 202 when all of it is on disk, encrypted; deleted as it is answered.
    """
    kind = _MEDIA.get(media_of(request))
    if kind is None:
        raise BadRequest(415, "content-type", f"send {', '.join(_MEDIA)}")
    order = _order(given, kind, node, guest)
    tenant = guest.asker.tenant or ""
    if await node.jobs.open_of(tenant) >= OPEN:
        raise Busy("as many jobs under way as one tenant has")
    with node.room.guest() as take:
        content = await read_upload(request, node.limits, take)
        if not content:
            raise BadRequest(422, "body", "nothing was sent")
        now, id = node.clock(), secrets.token_urlsafe(16)
        await node.door.note(guest, Operation.TAKE_JOB)
        await node.jobs.keep(
            NewJob(
                id=id,
                kind=kind,
                order=order,
                content=content,
                created_at=now,
                expires_at=now + node.job_lifetime,
            )
        )
    return _shown(await _found(node, guest, id), 202)


@router.get(
    "/v1/jobs/{id}", summary="How far a job is 任务进度", responses={200: _ANSWER, **_REFUSED}
)
async def progress(node: NodeDep, guest: GuestDep, id: Id) -> JSONResponse:
    """Of the caller's own tenant; one of another is as unknown as one that never was."""
    return _shown(await _found(node, guest, id))


@router.delete("/v1/jobs/{id}", summary="End a job 取消任务", responses={200: _ANSWER, **_REFUSED})
async def cancel(node: NodeDep, guest: GuestDep, id: Id) -> JSONResponse:
    """What is answered stays to be read; the rest is deleted and never asked. One that is over
    stays as it is.
    """
    if await _found(node, guest, id) is not None:
        await node.door.note(guest, Operation.CANCEL_JOB)
        await node.jobs.end(id, JobState.CANCELLED, node.clock())
    return _shown(await _found(node, guest, id))


@router.get(
    "/v1/jobs/{id}/events",
    summary="How far a job is, as it goes on",
    status_code=200,
    response_class=_News,
    responses={
        200: {
            "description": "Server-sent events `progress`, each with what `GET /v1/jobs/{id}` says",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": f"event: progress\ndata: {json.dumps(EXAMPLE)}\n\n",
                }
            },
        },
        **_REFUSED,
    },
)
async def news(node: NodeDep, guest: GuestDep, id: Id) -> Response:
    """Ends when the job is over, or after ten minutes: then ask again."""
    if await _found(node, guest, id) is None:
        return _unknown()

    async def lines() -> AsyncIterator[str]:
        last = None
        for _ in range(LONGEST):
            try:
                job = await _found(node, guest, id)
            except Unavailable:  # an outage of a moment is waited out
                await asyncio.sleep(TICK)
                continue
            if job is None:
                return
            if job != last:
                yield f"event: progress\ndata: {JobOut.of(job).model_dump_json()}\n\n"
            last = job
            if job.state.over:
                return
            await asyncio.sleep(TICK)

    return _News(lines(), headers={"Cache-Control": "no-store"})


@router.get(
    "/v1/jobs/{id}/results",
    summary="What is answered so far 任务结果",
    status_code=200,
    response_class=_Results,
    responses={
        200: {
            "description": "A line an item, as of a batch and without its last line; or CSV",
            "model": BatchLineOut,
            "content": {
                NDJSON: {
                    "schema": {"type": "object"},
                    "examples": {"report": {"value": LINES[0]}, "problem": {"value": LINES[1]}},
                },
                "text/csv": {"schema": {"type": "string"}, "example": CSV_RESULT},
            },
        },
        **_REFUSED,
    },
)
async def results(
    node: NodeDep,
    guest: GuestDep,
    id: Id,
    format: Annotated[
        str, Query(pattern="^(ndjson|csv)$", description="ndjson or csv", examples=["csv"])
    ] = "ndjson",
) -> Response:
    """Every item that is answered by now, in the order of the upload; also before the job is over,
    and after it was cancelled.
    """
    if await _found(node, guest, id) is None:
        return _unknown()
    await node.door.note(guest, Operation.READ_JOB)
    headers = {"Cache-Control": "no-store"}
    if format == "csv":
        return StreamingResponse(
            _as_csv(_outcomes(node, id)), media_type="text/csv", headers=headers
        )
    return _Results(_as_lines(_outcomes(node, id)), headers=headers)


def _order(given: dict[str, str], kind: JobKind, node: Node, guest: Guest) -> Order:
    of_files = next((n for n in ("expected_signers", "any_signer") if n in given), None)
    if of_files is not None and kind is not JobKind.ZIP:
        raise BadRequest(422, of_files, "goes with a ZIP of files only; leave it out")
    try:
        terms = TermsIn.of_form(given)
    except ValidationError as exc:
        raise refused(exc) from None
    terms.not_in_future(node.clock())
    purpose = allowed_purpose(guest.caller, terms.purpose)
    return Order(
        asker=guest.asker,
        scopes=frozenset(scope.value for scope in guest.caller.scopes),
        terms={**given, "purpose": purpose},
    )


async def _found(node: Node, guest: Guest, id: str) -> JobProgress | None:
    return await node.jobs.progress(id, guest.asker.tenant or "", node.clock())


def _shown(job: JobProgress | None, status: int = 200) -> JSONResponse:
    if job is None:
        return _unknown()
    headers = {"Cache-Control": "no-store"}
    return JSONResponse(JobOut.of(job).model_dump(mode="json"), status, headers)


def _unknown() -> JSONResponse:
    return problem(404, "unknown-job", "No job of yours by that name", field="id")


async def _outcomes(node: Node, id: str) -> AsyncIterator[Outcome]:
    after = 0
    while page := await node.jobs.outcomes(id, after, PAGE):
        for each in page:
            yield each
        after = page[-1].no


async def _as_lines(outcomes: Any) -> AsyncIterator[bytes]:
    async with aclosing(outcomes):
        async for each in outcomes:
            head = b'{"id":%b,"line":%d,' % (json.dumps(each.label).encode(), each.line)
            if each.jws is None:
                yield head + b'"problem":%b}\n' % each.problem.encode()
            else:
                report = _report(each.jws)
                yield head + b'"report":%b,"jws":"%b"}\n' % (report, each.jws.encode())


async def _as_csv(outcomes: Any) -> AsyncIterator[str]:
    yield _row("id", "line", "conclusion", "reason", "report", "problem", "field")
    async with aclosing(outcomes):
        async for each in outcomes:
            label = _harmless(each.label)
            if each.jws is None:
                told = json.loads(each.problem)
                code = told["type"].rpartition("/")[2]
                yield _row(label, each.line, "", "", "", code, told.get("field", ""))
            else:
                told = json.loads(_report(each.jws))
                reason = told["reason"]["code"] if told["reason"] else ""
                yield _row(label, each.line, told["conclusion"], reason, told["id"], "", "")


def _row(*values: object) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()


def _harmless(text: str) -> str:
    """A spreadsheet takes text that begins so for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _report(jws: str) -> bytes:
    """Octet for octet what was signed."""
    payload = jws.split(".")[1]
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
