"""ServiceError → RFC 9457 problem. The only file that knows both."""

import re
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from app.domain.errors import NotYours, Refused, ServiceError, Unavailable, UnrecognisedFormat
from app.routers.access import Forbidden, Limited
from app.routers.body import BadRequest, Busy
from app.routers.door import LetIn
from app.routers.pages import language, rendered
from app.schemas.problem import EXAMPLE, MEDIA_TYPE, Problem
from app.services.access import Unauthorised
from app.services.places import NoPlace

RETRY_AFTER = 5
"""Seconds after which a failed whole request is worth another try."""


_NAME: Final = re.compile(r"\A[A-Za-z0-9_.-]{1,64}\Z", re.ASCII)

PROBLEM: Final[dict[str, Any]] = {
    "model": Problem,
    "content": {MEDIA_TYPE: {"example": EXAMPLE}},
}
"""Of any operation, in its description."""


def problem(
    status: int, code: str, title: str, *, field: str | None = None, detail: str | None = None
) -> "ProblemResponse":
    """One problem document; never an echo of the input."""
    body = Problem(type=f"/problems/{code}", title=title, status=status, field=field, detail=detail)
    headers = {"Cache-Control": "no-store"}
    if status == 401:  # noqa: PLR2004 - RFC 9110 §15.5.2
        headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        headers["Retry-After"] = str(RETRY_AFTER)
    return ProblemResponse(code, body.model_dump(exclude_none=True), status, headers)


class ProblemResponse(JSONResponse):
    """A problem. Where a request was let in and is refused by it, its row is written first."""

    media_type = MEDIA_TYPE

    def __init__(
        self, code: str, content: dict[str, Any], status: int, headers: dict[str, str]
    ) -> None:
        super().__init__(content, status, headers)
        self.code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        let_in: LetIn | None = scope.get("state", {}).get("let_in")
        if let_in is not None:
            await let_in.refused(self.status_code, self.code)
        await super().__call__(scope, receive, send)


def register(app: FastAPI) -> None:
    """Teach an application every problem this service has."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


async def _service_error(_: Request, exc: Exception) -> JSONResponse:
    return problem_of(exc)


def problem_of(exc: Exception) -> "ProblemResponse":
    """What is told of an error that was raised on purpose; any other is raised again."""
    match exc:
        case UnrecognisedFormat():
            return problem(
                415,
                "unrecognised-format",
                "These bytes are no license in any format read here",
                field="file",
                detail="Send the original file or token as the issuer gave it out; "
                "no Word file, and no ZIP of several (of these make a job).",
            )
        case BadRequest():
            code = {408: "timeout", 413: "too-large"}.get(exc.status, "bad-request")
            return problem(exc.status, code, "The body cannot be taken", field=exc.field, detail=str(exc))  # fmt: skip # noqa: E501
        case Refused():
            return problem(422, "refused", "The request cannot be carried out as asked", field=exc.field, detail=str(exc))  # fmt: skip # noqa: E501
        case Unauthorised():
            return problem(
                401,
                "unauthorised",
                "These credentials do not do",
                field="authorization",
                detail="Send a live API key or a fresh signed assertion, or none at all.",
            )
        case Forbidden() | NotYours():
            field = "issuer" if isinstance(exc, NotYours) else "authorization"
            return problem(
                403, "forbidden", "This caller may not do that", field=field, detail=str(exc)
            )
        case Limited():
            return problem(
                429,
                "limited",
                "Too many requests",
                field=str(exc),
                detail="Wait, then go on more slowly; an account has a contract of its own.",
            )
        case Busy() | NoPlace():
            return problem(429, "busy", "Too much under way at once", field="body", detail=f"wait {RETRY_AFTER} s and send it again")  # fmt: skip # noqa: E501
        case Unavailable():
            return problem(
                503,
                "unavailable",
                "The service cannot answer now; this says nothing about the license",
            )
        case _:
            raise exc  # a bug: a ServiceError that nothing turned into evidence


async def _invalid(_: Request, exc: Exception) -> JSONResponse:
    """The first complaint, with its place; the input itself is never repeated."""
    errors = exc.errors() if isinstance(exc, RequestValidationError) else []
    first = errors[0] if errors else {}
    place = ".".join(str(part) for part in first.get("loc", ()) if part not in ("body", "query"))
    detail = str(first.get("msg", "")).removeprefix("Value error, ")
    if first.get("type") == "extra_forbidden":
        # A stranger wrote this name: repeated only where it can do no harm.
        place, detail = place if _NAME.match(place) else "query", "unknown; leave it out"
    return problem(
        422,
        "invalid-request",
        "A field is missing, unknown or not what it must be",
        field=place or "body",
        detail=detail,
    )


async def _http(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    if status == 404 and _by_a_browser(request):  # noqa: PLR2004 - RFC 9110 §15.5.5
        lang = language(request, request.query_params.get("lang"))
        return rendered(request, "nothing.html", lang, status=status)
    title = {404: "There is nothing here", 405: "Not with this method"}.get(status, "Refused")
    return problem(status, f"http-{status}", title)


def _by_a_browser(request: Request) -> bool:
    """Somebody who followed a link or typed an address; programs ask for JSON or for anything."""
    wants = "text/html" in request.headers.get("accept", "")
    return wants and request.method == "GET" and not request.url.path.startswith("/v1/")


async def _bug(_: Request, __: Exception) -> JSONResponse:
    return fault()


def fault() -> "ProblemResponse":
    """Ours, not the caller's; the server logs it. Nothing of it goes out."""
    return problem(500, "internal", "A fault of this service; it says nothing about the license")
