"""查询: what is known here of one license, by scope and level."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.caller import Scope
from app.domain.lookup import Shown
from app.routers.access import allowed_purpose
from app.routers.asked import read_asked, taking
from app.routers.door import GuestDep
from app.routers.problems import PROBLEM
from app.routers.state import NodeDep
from app.schemas.lookup import ASKED, EXAMPLE, LookupIn, LookupOut

router = APIRouter(tags=["registry"])


@router.post(
    "/v1/lookups",
    summary="Look up a record 查询证照信息与状态",
    openapi_extra=taking(LookupIn, dict(zip(("identifier", "number"), ASKED, strict=True))),
    responses={
        200: {"model": LookupOut, "content": {"application/json": {"example": EXAMPLE}}},
        **dict.fromkeys((400, 401, 403, 408, 413, 415, 422, 429, 503), PROBLEM),
    },
)
async def look_up(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """By identifier, or number with type; facts of the holder are compared and not repeated. A
    record that is not there and one that is not yours to know are the same null. No conclusion.
    """
    asked = await read_asked(request, node, LookupIn)
    detail = guest.caller.may(Scope.STATUS_DETAIL)
    if Shown(asked.show) is not Shown.COMPARED:
        await node.door.require(guest, Scope.STATUS_DETAIL)
    purpose = allowed_purpose(guest.caller, asked.purpose)
    wanted = asked.asked(node.clock(), detail=detail)
    told = await node.lookups.look_up(
        wanted,
        guest.asker,
        purpose=purpose,
        matter=asked.matter,
        allowed=node.door.looks_up(guest, wanted.named),
    )
    if told is None:
        await node.door.missed(guest)
    told_as = LookupOut.of(wanted, told).model_dump_json()
    return Response(told_as, media_type="application/json")
