"""一照关联: a body's other licenses, from its business license, for the scope that may."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.domain.caller import Scope
from app.domain.lookup import Shown
from app.routers.access import allowed_purpose
from app.routers.asked import read_asked, taking
from app.routers.door import GuestDep
from app.routers.problems import PROBLEM
from app.routers.state import NodeDep
from app.schemas.holdings import ASKED, EXAMPLE, HoldingsIn, HoldingsOut

router = APIRouter(tags=["registry"])


@router.post(
    "/v1/holdings",
    summary="A holder's other licenses 一照关联",
    openapi_extra=taking(HoldingsIn, dict(zip(("identifier", "number"), ASKED, strict=True))),
    responses={
        200: {"model": HoldingsOut, "content": {"application/json": {"example": EXAMPLE}}},
        **dict.fromkeys((400, 401, 403, 408, 413, 415, 422, 429, 503), PROBLEM),
    },
)
async def holdings(request: Request, node: NodeDep, guest: GuestDep) -> JSONResponse:
    """From a business license and the code of its holder: what is on record of the holder's other
    licenses, each as a look-up tells it. A license that is not there, is no business license or
    not of that holder are the same nulls. No conclusion.
    """
    asked = await read_asked(request, node, HoldingsIn)
    detail = guest.caller.may(Scope.STATUS_DETAIL)
    if Shown(asked.show) is not Shown.COMPARED:
        await node.door.require(guest, Scope.STATUS_DETAIL)
    purpose = allowed_purpose(guest.caller, asked.purpose)
    wanted = asked.asked(node.clock(), detail=detail)
    after = node.relating.opened(wanted, asked.after)
    await node.door.looks_up(guest, wanted.named)
    told = await node.relating.holdings(
        wanted,
        guest.asker,
        types=asked.wanted_types,
        after=after,
        purpose=purpose,
        matter=asked.matter,
    )
    if told is None:
        await node.door.missed(guest)
    next = None if told is None else node.relating.sealed(wanted, told.last)
    out = HoldingsOut.of(wanted, told, next)
    return JSONResponse(out.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
