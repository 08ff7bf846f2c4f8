"""调阅: the issuer's own document, for authorised callers of the government."""

from typing import Final, assert_never

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.crypto.jose import to_base64url
from app.domain.errors import Refused
from app.domain.issuer import Unreachable
from app.domain.retrieval import NotGiven
from app.routers.access import allowed_purpose
from app.routers.asked import read_asked, taking
from app.routers.door import Guest, GuestDep
from app.routers.problems import PROBLEM, problem
from app.routers.state import NodeDep
from app.schemas.retrieval import ASKED, EXAMPLE, RetrievalIn, RetrievalOut
from app.services.retrieving import Given, NotOffered, Outcome

router = APIRouter(tags=["registry"])

RETRY: Final = "5"
"""Seconds after which an issuer that gave nothing may be asked again."""


_NOT_GIVEN: Final = {
    NotGiven.REFUSED: (403, "issuer-refuses", "The issuer does not give it for this"),
    NotGiven.NO_RECORD: (404, "no-record", "The issuer has no such license"),
    NotGiven.NO_DOCUMENT: (404, "no-document", "The issuer has no document of this license"),
}


@router.post(
    "/v1/retrievals",
    summary="Get a document from its issuer 调阅证照",
    openapi_extra=taking(RetrievalIn, {"link": ASKED, "file": {**ASKED, "deliver": "file"}}),
    responses={
        200: {"model": RetrievalOut, "content": {"application/json": {"example": EXAMPLE}}},
        **dict.fromkeys((400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503, 504), PROBLEM),
    },
)
async def retrieve(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """A one-time link of the issuer's own, or the bytes, held to the digest it signed. Nothing is
    kept here; purpose and caller stand in the audit log, and are told to the issuer. No verdict.
    """
    asked = await read_asked(request, node, RetrievalIn)
    purpose = allowed_purpose(guest.caller, asked.purpose)
    wanted = asked.wanted(purpose=purpose, behalf=_organisation(guest))
    async with node.places.one():
        outcome = await node.retrievals.retrieve(wanted, guest.asker)
    return _told(outcome)


def _organisation(guest: Guest) -> str:
    """Whom the issuer is told it is for. Raises `Refused`."""
    tenant = guest.caller.tenant
    if tenant is None or tenant.code is None:
        raise Refused("caller", "caller belongs to no organisation with a 统一社会信用代码")
    return tenant.code


def _told(outcome: Outcome) -> Response:
    headers = {"Cache-Control": "no-store"}
    match outcome:
        case Given(content=None):
            body = RetrievalOut.of(outcome).model_dump(mode="json")
            return JSONResponse(body, headers=headers)
        case Given(issuer, said, content):
            value = to_base64url(said.value)
            return Response(
                content,
                media_type=said.media_type.value,
                headers={
                    **headers,
                    "Content-Disposition": "attachment",
                    "X-Content-Type-Options": "nosniff",
                    "Zhengyan-Issuer": issuer,
                    "Zhengyan-Document": f"{said.digest}={value}",
                },
            )
        case NotGiven():
            status, code, title = _NOT_GIVEN[outcome]
            return problem(status, code, title)
        case NotOffered():
            return problem(409, "not-offered", "The issuer does not offer its documents here")
        case Unreachable(why):
            answer = problem(504, "issuer-no-answer", "The issuer gave nothing usable", detail=why)
            answer.headers["Retry-After"] = RETRY
            return answer
        case _:
            assert_never(outcome)
