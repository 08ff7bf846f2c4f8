"""`POST /federation/v1/inquiries`: this node asked by another, in IVP/1 (docs/ivp.md)."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.domain.audit import Operation
from app.federation.inquiries import InquiryRefused
from app.routers.body import BadRequest, read_json_body
from app.routers.door import GuestDep
from app.routers.problems import PROBLEM, problem
from app.routers.state import NodeDep

router = APIRouter(tags=["federation"])

JOSE = "application/jose"
_TITLES = {
    400: "The inquiry cannot be read",
    401: "The inquiry proves nobody's question",
    403: "This is not answered here, or not to this node",
    404: "Nobody is registered who could be asked",
    413: "The inquiry is too long",
    504: "The issuer gave no usable answer",
    508: "The inquiry comes round, or was handed on too often",
}
_EXAMPLE = "eyJ0eXAiOiJpdnAtaW5xdWlyeStqd3QiLC4uLg.eyJpc3MiOiIuLi4ifQ.c2lnbmF0dXJl"
_ANSWER = "eyJ0eXAiOiJpdnAtYW5zd2VyK2p3dCIsLi4ufQ.eyJpc3MiOiIuLi4ifQ.c2lnbmF0dXJl"


@router.post(
    "/federation/v1/inquiries",
    summary="Answer another node 答复其他节点的核验询问",
    response_class=Response,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {JOSE: {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
    responses={
        200: {"content": {JOSE: {"schema": {"type": "string"}, "example": _ANSWER}}},
        **dict.fromkeys((400, 401, 403, 404, 408, 413, 415, 429, 503, 504, 508), PROBLEM),
    },
)
async def inquiries(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """One signed question, one signed answer; anything else is no answer and says so.

    The asker proves itself by the key registered for its node; there is no other login here.
    """
    if node.answering is None:
        return problem(404, "not-asked", "This node answers no other")
    if request.headers.get("content-type", "").strip().lower() != JOSE:
        raise BadRequest(415, "content-type", f"send {JOSE}")
    await node.door.asks_as_node(guest)
    with node.room.guest() as take:
        token = await read_json_body(request, node.limits, take)
        async with node.places.one():
            try:
                answer = await node.answering.answer(token)
            except InquiryRefused as refused:
                denied = refused.status in {401, 403}
                operation = Operation.DENIED if denied else Operation.ANSWER_INQUIRY
                asker = guest if refused.node is None else guest.as_node(refused.node)
                await node.door.turned_away(asker, operation, f"inquiry_{refused.word}")
                return _refused(refused)
    return Response(answer, media_type=JOSE, headers={"Cache-Control": "no-store"})


def _refused(refused: InquiryRefused) -> JSONResponse:
    code = refused.word.replace("_", "-")
    detail = refused.detail or None
    return problem(refused.status, f"inquiry-{code}", _TITLES[refused.status], detail=detail)
