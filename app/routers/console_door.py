"""The ways into and out of the operator's console, and what all its pages are made by.

Its forms are taken from its own pages only: by the site a browser says they come from, a cookie
that is sent along from nowhere else, and, inside, a token of the session.
"""

import hashlib
import hmac
import re
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.domain.audit import Operation
from app.domain.errors import ServiceError, Unavailable
from app.registry.limits import Limit
from app.registry.operators import LONGEST, Operator
from app.routers.access import Limited
from app.routers.body import BadRequest, Busy, read_json_body
from app.routers.door import Guest, GuestDep
from app.routers.pages import Lang, language, rendered
from app.routers.problems import problem
from app.routers.state import Desk, Node, NodeDep
from app.services.challenges import LIFE, new_secret

router = APIRouter(include_in_schema=False)

COOKIE: Final = "__Host-console"
"""Only over https, to this host, from the whole of it (RFC 6265bis §4.1.3.2)."""
ASKING: Final = "__Host-console-key"
"""Of the browser that was given a challenge, for as long as that holds."""
TRIES: Final = 10
"""Logins a minute from one address."""
MORE_TRIES: Final = 30
"""As many more for one name from there: of these only such as bring a right code are looked at, so
that a neighbour who guesses keeps out nobody who has it."""
MAX_NAME: Final = 64
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_NOBODY: Final = "-"


@router.post("/console/login")
async def login(request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None) -> Response:
    """In, with a new session; or one answer for whatever was wrong."""
    said, desk = language(request, lang), node.desk
    if desk is None:
        return nothing()
    if not own(request):
        return page(request, "console_login.html", said, 403, state="refused")
    status = 403
    try:
        fields = await form(request, node)
        name = plain_name(fields.get("name", ""))
        many = await _many(node, guest, name)
        status = 429 if many else 403
        token = await desk.console.login(
            name,
            fields.get("password", ""),
            fields.get("code", "").replace(" ", ""),
            guest.asker,
            code_first=many,
        )
    except Limited:
        return page(request, "console_login.html", said, 429, state="refused")
    except BadRequest:
        token = None
    except (Busy, Unavailable):
        return page(request, "console_login.html", said, 503, state="outage")
    if token is None:
        return page(request, "console_login.html", said, status, state="refused")
    return _inside(said, token)


async def _many(node: Node, guest: Guest, name: str) -> bool:
    """Whether more come from this address than are looked at. Raises `Limited` for far more."""
    address = guest.asker.address or "unknown"
    own_limit = Limit("console", address, TRIES, TRIES / 60)
    if await node.door.buckets.take([own_limit]) is None:
        return False
    more = Limit("console", f"{address}\0{name}", MORE_TRIES, MORE_TRIES / 60)
    await node.door.within(guest, [more])
    return True


@router.get("/console/key")
async def ask_key(request: Request, node: NodeDep, lang: Lang = None) -> Response:
    """A challenge to be signed with one's own key, on one's own machine."""
    if node.desk is None:
        return nothing()
    return _asked(request, node.desk, language(request, lang), 200, state="ask")


@router.post("/console/key")
async def login_by_key(
    request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None
) -> Response:
    """In, with a new session; or a new challenge, whatever was wrong. Nothing counts against the
    operator, and no limit keeps out who has the key.
    """
    said, desk = language(request, lang), node.desk
    if desk is None:
        return nothing()
    token = None
    try:
        if own(request):
            signed = (await form(request, node)).get("signed", "").strip()
            token = await desk.console.login_by_key(
                signed, request.cookies.get(ASKING, ""), guest.asker
            )
        if token is None:
            await node.door.turned_away(guest, Operation.CONSOLE_LOGIN, "answer_refused")
    except BadRequest:
        pass
    except (Busy, Unavailable):
        return page(request, "console_key.html", said, 503, state="outage", challenge="")
    if token is None:
        return _asked(request, desk, said, 403, state="refused")
    answer = _inside(said, token)
    answer.delete_cookie(ASKING, path="/", secure=True, httponly=True, samesite="strict")
    return answer


def _asked(request: Request, desk: Desk, lang: str, status: int, *, state: str) -> Response:
    secret = new_secret()
    try:
        challenge = desk.console.challenge(secret)
    except Unavailable:
        return page(request, "console_key.html", lang, 503, state="outage", challenge="")
    answer = page(request, "console_key.html", lang, status, state=state, challenge=challenge)
    answer.set_cookie(
        ASKING, secret, max_age=int(LIFE.total_seconds()), path="/",
        secure=True, httponly=True, samesite="strict",
    )  # fmt: skip
    return answer


def _inside(lang: str, token: str) -> Response:
    answer = RedirectResponse(f"/console?lang={lang}", status_code=303)
    answer.set_cookie(
        COOKIE, token, max_age=int(LONGEST.total_seconds()), path="/",
        secure=True, httponly=True, samesite="strict",
    )  # fmt: skip
    return answer


@router.post("/console/logout")
async def logout(request: Request, node: NodeDep, lang: Lang = None) -> Response:
    """The session ends here and in the browser."""
    said, desk = language(request, lang), node.desk
    if desk is None:
        return nothing()
    token = request.cookies.get(COOKIE, "")
    try:
        given = (await form(request, node)).get("csrf", "")
        if not own(request) or not hmac.compare_digest(given.encode(), csrf(token).encode()):
            return page(request, "console_login.html", said, 403, state="stale")
        await desk.console.logout(token)
    except ServiceError:
        return page(request, "console_login.html", said, 503, state="outage")
    answer = RedirectResponse(f"/console?lang={said}", status_code=303)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return answer


def plain_name(text: str) -> str:
    """As names of operators and tenants are written; of another spelling there is nobody, and some
    characters no database would even look for.
    """
    return text if len(text) <= MAX_NAME and _PLAIN.fullmatch(text) else _NOBODY if text else ""


def nothing() -> Response:
    """As any address where nothing is."""
    return problem(404, "http-404", "There is nothing here")


def page(request: Request, name: str, lang: str, status: int, **values: Any) -> HTMLResponse:
    """A page of the console, in the reader's language."""
    return rendered(request, name, lang, status=status, **values)


async def who(request: Request, desk: Desk) -> Operator | None:
    """Whose session it is. Raises `Unavailable`."""
    token = request.cookies.get(COOKIE, "")
    return await desk.console.who(token) if token else None


def csrf(token: str) -> str:
    """Of this session; tells nothing of its token."""
    return hashlib.sha256(f"csrf\0{token}".encode()).hexdigest()


def own(request: Request) -> bool:
    """Whether a form was sent from a page of this host."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    return origin.partition("://")[2] == request.headers.get("host", "") != ""


async def form(request: Request, node: Node) -> dict[str, str]:
    """Fields of a form, the first of each name. Raises `BadRequest` and `Busy`."""
    with node.room.guest() as take:
        body = await read_json_body(request, node.limits, take)
    try:
        fields = parse_qs(body.decode(), max_num_fields=8, errors="strict")
    except ValueError:
        raise BadRequest(400, "body", "not a form") from None
    return {name: values[0] for name, values in fields.items()}
