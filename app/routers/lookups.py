"""查询: what is known here of one license, by scope and level."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.caller import Scope
from app.domain.errors import Malformed
from app.domain.lookup import Shown
from app.routers.access import allowed_purpose
from app.routers.body import BadRequest, read_json_body
from app.routers.door import GuestDep
from app.routers.problems import PROBLEM
from app.routers.state import NodeDep
from app.schemas.lookup import ASKED, EXAMPLE, LookupIn, LookupOut
from app.schemas.verification import refused

router = APIRouter(tags=["registry"])

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": LookupIn.model_json_schema(),
                "examples": {
                    name: {"value": value}
                    for name, value in zip(("identifier", "number"), ASKED, strict=True)
                },
            }
        },
    }
}


@router.post(
    "/v1/lookups",
    summary="Look up a record 查询证照信息与状态",
    openapi_extra=_BODY,
    responses={
        200: {"model": LookupOut, "content": {"application/json": {"example": EXAMPLE}}},
        **dict.fromkeys((400, 401, 403, 408, 413, 415, 422, 429, 503), PROBLEM),
    },
)
async def look_up(request: Request, node: NodeDep, guest: GuestDep) -> JSONResponse:
    """By identifier, or number with type; facts of the holder are compared and not repeated. A
    record that is not there and one that is not yours to know are the same null. No conclusion.
    """
    asked = await _asked(request, node)
    detail = guest.caller.may(Scope.STATUS_DETAIL)
    if Shown(asked.show) is not Shown.COMPARED:
        await node.door.require(guest, Scope.STATUS_DETAIL)
    purpose = allowed_purpose(guest.caller, asked.purpose)
    wanted = asked.asked(node.clock(), detail=detail)
    await node.door.looks_up(guest, wanted.named)
    told = await node.lookups.look_up(wanted, guest.asker, purpose=purpose, matter=asked.matter)
    if told is None:
        await node.door.missed(guest)
    return JSONResponse(LookupOut.of(wanted, told).model_dump(mode="json"))


async def _asked(request: Request, node: NodeDep) -> LookupIn:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(415, "content-type", "send application/json")
    with node.room.guest() as take:
        body = await read_json_body(request, node.limits, take)
    try:
        return LookupIn.model_validate(read_json_object(body, JsonLimits(size=node.limits.json)))
    except Malformed as exc:
        raise BadRequest(400, "body", str(exc)) from None
    except ValidationError as exc:
        raise refused(exc) from None
