"""The issuer kit's one endpoint: `POST /ivp/v1`, and `GET /livez` for whoever watches it.

An application of its own: nothing of the verification service is in it, and nothing else is open.
"""

from datetime import timedelta
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from app.crypto.jose import ANSWER_TOKEN
from app.federation.inquiries import InquiryRefused
from app.routers.body import BadRequest, Busy, Limits, Room, read_json_body
from app.routers.problems import problem, register
from app.services.issuing import Issuing

PATH: Final = "/ivp/v1"
JOSE: Final = "application/jose"
BUFFERED: Final = 16 * 1024 * 1024
"""Bytes of all questions under way."""
AT_ONCE: Final = 64
LIMITS: Final = Limits(ANSWER_TOKEN.token, ANSWER_TOKEN.token, timedelta(seconds=5))


def kit_app(issuing: Issuing, version: str) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="Zhengyan issuer kit 颁发机构接入包",
        version=version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    register(app)
    room, under_way = Room(BUFFERED), _Count()

    @app.post(PATH, response_class=Response)
    async def inquiries(request: Request) -> Response:
        """One signed question, one signed answer."""
        if request.headers.get("content-type", "").strip().lower() != JOSE:
            raise BadRequest(415, "content-type", f"send {JOSE}")
        with room.guest() as take, under_way:
            token = await read_json_body(request, LIMITS, take)
            try:
                answer = await issuing.answer(token)
            except InquiryRefused as refused:
                code = refused.word.replace("_", "-")
                title = "The inquiry is refused"
                return problem(
                    refused.status, f"inquiry-{code}", title, detail=refused.detail or None
                )
        return Response(answer, media_type=JOSE, headers={"Cache-Control": "no-store"})

    @app.get("/livez", response_class=PlainTextResponse)
    async def livez() -> str:
        return "ok"

    return app


class _Count:
    """So many at once, and no more."""

    def __init__(self) -> None:
        self.now = 0

    def __enter__(self) -> None:
        if self.now >= AT_ONCE:
            raise Busy("too many at once")
        self.now += 1

    def __exit__(self, *_: object) -> None:
        self.now -= 1
