"""数据质量异议: anybody says that a record is wrong; its issuer answers; a code follows it."""

from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.dispute import Dispute, DisputeState, Element
from app.domain.errors import Malformed, NotYours, Refused
from app.registry.disputes import SHOWN
from app.routers.body import BadRequest, read_json_body
from app.routers.door import Guest, GuestDep
from app.routers.problems import PROBLEM, problem
from app.routers.state import Node, NodeDep
from app.schemas import dispute as shown
from app.schemas.verification import refused

router = APIRouter(tags=["registry"])

_HEADERS: Final = {"Cache-Control": "no-store"}
_Body = TypeVar("_Body", bound=BaseModel)

Code = Annotated[
    str, Path(description="as it was told when the dispute was filed", examples=[shown.CODE])
]
Reference = Annotated[
    str,
    Path(
        description="as the issuer's list of disputes names it",
        examples=[shown.FILED["reference"]],
    ),
]


def _responses(model: type[BaseModel], example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"model": model, "content": {"application/json": {"example": example}}},
        404: PROBLEM,
        503: PROBLEM,
        "4XX": PROBLEM,
    }


def _taking(model: type[BaseModel], examples: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    content = {
        "schema": model.model_json_schema(),
        "examples": {str(n): {"value": each} for n, each in enumerate(examples, start=1)},
    }
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


@router.post(
    "/v1/disputes",
    summary="Say that a record is wrong 提出数据质量异议",
    openapi_extra=_taking(shown.DisputeIn, shown.ASKED),
    responses=_responses(shown.FiledOut, shown.FILED),
)
async def file(request: Request, node: NodeDep, guest: GuestDep) -> JSONResponse:
    """Goes to the issuer of the record. The answer is the same whatever is known here; the code
    is told this once. No verdict changes by it: a record is flagged, and never called invalid.
    """
    asked = await _body(request, node, shown.DisputeIn)
    wanted = asked.asked(node.clock())
    await node.door.disputes(guest, wanted.named)
    filed = await node.disputes.file(wanted, Element(asked.element), asked.text, guest.asker)
    return _json(shown.FiledOut(code=filed.code, reference=filed.reference, filed_at=filed.at))


@router.get(
    "/v1/disputes",
    summary="Disputes about your records 待处理的异议",
    responses=_responses(shown.DisputesOut, shown.LISTED),
)
async def listed(
    node: NodeDep,
    guest: GuestDep,
    *,
    ended: Annotated[
        bool, Query(description="those that have ended", examples=[False, True])
    ] = False,
    after: Annotated[
        str | None,
        Query(
            pattern="^[0-9A-Z]{20}$",
            description="the `next` of the page before",
            examples=[shown.FILED["reference"]],
        ),
    ] = None,
) -> JSONResponse:
    """Of issuers in whose name the caller may push records, and of those they took over from."""
    found = await node.disputes.listed(_tenant(guest), guest.asker, ended=ended, after=after)
    more = found[-1].reference if len(found) == SHOWN else None
    return _json(shown.DisputesOut(disputes=[shown.DisputeOut.of(d) for d in found], next=more))


@router.get(
    "/v1/disputes/{code}",
    summary="How far a dispute is 异议进度",
    responses=_responses(shown.FollowedOut, shown.FOLLOWED),
)
async def follow(node: NodeDep, guest: GuestDep, code: Code) -> JSONResponse:
    """For whoever has the code: state and trace, with the issuer's notes."""
    try:
        return _followed(await node.disputes.follow(code, guest.asker))
    except Malformed as exc:
        raise _mistyped(exc) from None


@router.post(
    "/v1/disputes/{code}/withdrawal",
    summary="Take a dispute back 撤回异议",
    responses=_responses(shown.FollowedOut, {**shown.FOLLOWED, "state": "withdrawn", "steps": []}),
)
async def withdraw(node: NodeDep, guest: GuestDep, code: Code) -> JSONResponse:
    """By whoever has the code. What was said in it is forgotten; its trace stays."""
    try:
        return _followed(await node.disputes.withdraw(code, guest.asker))
    except Malformed as exc:
        raise _mistyped(exc) from None


@router.post(
    "/v1/disputes/{reference}/answer",
    summary="Answer a dispute 答复异议",
    openapi_extra=_taking(shown.AnswerIn, ({"state": "corrected", "note": "已按延续决定更正。"},)),
    responses=_responses(shown.FollowedOut, shown.FOLLOWED),
)
async def answer(
    request: Request, node: NodeDep, guest: GuestDep, reference: Reference
) -> JSONResponse:
    """By the issuer of the record, or the body that took over from it (承继机构)."""
    said = await _body(request, node, shown.AnswerIn)
    found = await node.disputes.answer(
        reference if reference.isascii() and reference.isalnum() else "",
        DisputeState(said.state),
        said.note,
        tenant=_tenant(guest),
        asker=guest.asker,
    )
    return _followed(found)


def _tenant(guest: Guest) -> str:
    """Never nobody: that would be the operator, who sees all. Raises `NotYours`."""
    if guest.asker.tenant is None:
        raise NotYours("only issuers answer disputes, and are told of them")
    return guest.asker.tenant


def _followed(found: Dispute | None) -> JSONResponse:
    if found is None:
        return problem(404, "unknown-dispute", "There is no such dispute for you", field="code")
    return _json(shown.FollowedOut.of(found))


def _mistyped(exc: Malformed) -> Refused:
    return Refused("code", str(exc))


def _json(out: BaseModel) -> JSONResponse:
    return JSONResponse(out.model_dump(mode="json"), headers=_HEADERS)


async def _body(request: Request, node: Node, model: type[_Body]) -> _Body:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(415, "content-type", "send application/json")
    with node.room.guest() as take:
        body = await read_json_body(request, node.limits, take)
    try:
        return model.model_validate(read_json_object(body, JsonLimits(size=node.limits.json)))
    except Malformed as exc:
        raise BadRequest(400, "body", str(exc)) from None
    except ValidationError as exc:
        raise refused(exc) from None
