"""版式页面: what a page looks like, and what of it nobody vouches for."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.audit import Operation
from app.domain.errors import Malformed
from app.routers.body import BadRequest, read_form
from app.routers.door import Guest, GuestDep
from app.routers.problems import PROBLEM
from app.routers.state import Node, NodeDep
from app.schemas.picture import EXAMPLE, PictureOut
from app.services.picturing import NoPicture, draw

router = APIRouter(tags=["verification"])

FIELDS: Final = ("page", "verification")
_DIGITS: Final = 5
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "an OFD file; it is not kept",
                        },
                        "page": {"type": "integer", "minimum": 1, "default": 1},
                        "verification": {
                            "type": "string",
                            "description": "id of a verification of this file: seals then look as "
                            "it found them, and what no sound seal covers is marked",
                        },
                    },
                    "additionalProperties": False,
                }
            }
        },
    }
}


@router.post(
    "/v1/pictures",
    summary="Draw a page 显示版式页面",
    openapi_extra=_BODY,
    responses={
        200: {"model": PictureOut, "content": {"application/json": {"example": EXAMPLE}}},
        **dict.fromkeys((400, 401, 403, 404, 408, 413, 422, 429, 503), PROBLEM),
    },
)
async def picture(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """One page of an OFD file as SVG, with its seals in their places. What no seal covers is framed
    in red; a seal that was not verified, or not found sound, is faded and says so.
    """
    with node.room.guest() as take:
        form = await read_form(request, node.limits, take, FIELDS)
        if not form.file:
            raise BadRequest(422, "file", "the part named file is missing or empty; send one")
        page = _page(form.texts.get("page", "1"))
        report = await _report(node, guest, form.texts.get("verification"))
        async with node.places.one():
            try:
                drawn = await draw(form.file, page, report, aside=node.verifier.aside)
            except NoPicture as exc:
                raise BadRequest(422, exc.field, str(exc)) from None
            except Malformed as exc:
                raise BadRequest(422, "file", f"it cannot be read: {exc}") from None
    await node.door.note(guest, Operation.DRAW)
    return Response(PictureOut.of(drawn).model_dump_json(), media_type="application/json")


def _page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text)):
        raise BadRequest(422, "page", "a number from 1; send 1 for the first page")
    return int(text)


async def _report(node: Node, guest: Guest, id: str | None) -> dict[str, Any] | None:
    if id is None:
        return None
    found = await node.reports.report(id, node.clock(), guest.asker.tenant)
    if found is None:
        raise BadRequest(
            404, "verification", "no report under this id, or no longer; verify the file again"
        )
    return found[0]
