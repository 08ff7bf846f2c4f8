"""查询: what is known here of one license, by scope and level."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from app.domain.caller import Scope
from app.domain.errors import ServiceError
from app.domain.lookup import Asked, Shown
from app.routers.access import allowed_purpose, require
from app.routers.asked import JSON, asked_of, media_of, read_asked, taking
from app.routers.door import Guest, GuestDep, let_in
from app.routers.problems import PROBLEM
from app.routers.state import Node, NodeDep
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
    if Shown(asked.show) is not Shown.COMPARED:
        await node.door.require(guest, Scope.STATUS_DETAIL)
    question = _question(asked, node, guest)
    return await _answer(question, node, guest, node.door.looks_up(guest, question.wanted.named))


async def look_up_at_once(request: Request, body: bytes | None) -> Response:
    """The same with nothing done one after another that can be done at once (docs/adr/0034).

    Where the body is there, and can be asked as it is, all limits are drawn on in one statement,
    and the record is read meanwhile. Else, and for who was over its limits a moment ago, they are
    drawn on before anything else, and what is wrong is said after that.

    body: None where it has not arrived yet.
    """
    node: Node = request.scope["state"]["node"]
    guest = await node.door.meet(request)
    question = _early(request, body, node, guest)
    if question is None:
        await node.door.draws(guest)
        let_in(request, guest)
        return await look_up(request, node, guest)

    async def drawn() -> None:
        await node.door.draws_to_look_up(guest, question.wanted.named)
        let_in(request, guest)

    return await _answer(question, node, guest, drawn())


def _early(request: Request, body: bytes | None, node: Node, guest: Guest) -> "Question | None":
    """None: not to be carried out as it is, or not before it is known to be within limits."""
    if body is None or media_of(request) != JSON or len(body) > node.room.free:
        return None
    if not node.door.in_haste(guest):
        return None
    try:
        asked = asked_of(body, node.limits, LookupIn)
        if Shown(asked.show) is not Shown.COMPARED:
            require(guest.caller, Scope.STATUS_DETAIL)
        return _question(asked, node, guest)
    except (ServiceError, ValidationError):
        return None  # it is told why when it has been drawn on


@dataclass(frozen=True, slots=True)
class Question:
    """A look-up as it can be carried out."""

    wanted: Asked
    purpose: str
    matter: str | None


def _question(asked: LookupIn, node: Node, guest: Guest) -> Question:
    """Raises `Refused`."""
    detail = guest.caller.may(Scope.STATUS_DETAIL)
    purpose = allowed_purpose(guest.caller, asked.purpose)
    return Question(asked.asked(node.clock(), detail=detail), purpose, asked.matter)


async def _answer(
    question: Question, node: Node, guest: Guest, allowed: Coroutine[Any, Any, None]
) -> Response:
    told = await node.lookups.look_up(
        question.wanted,
        guest.asker,
        purpose=question.purpose,
        matter=question.matter,
        allowed=allowed,
    )
    if told is None:
        await node.door.missed(guest)
    told_as = LookupOut.written(question.wanted, told)
    return Response(told_as, media_type="application/json")
