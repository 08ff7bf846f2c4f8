"""The operator's console: seen by whoever logs in, each page by the scopes its interface takes.

What is shown here changes nothing; what is handed in, `console_making` takes.
"""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.errors import Unavailable
from app.registry.operators import Operator
from app.routers.console_door import COOKIE, csrf, nothing, page, who
from app.routers.console_parts import SECTIONS, Asked
from app.routers.door import Guest, GuestDep
from app.routers.pages import Lang, language
from app.routers.state import Desk, Node, NodeDep

router = APIRouter(include_in_schema=False)

ENTERING: Final = frozenset().union(*(part.scopes for part in SECTIONS.values()))
"""Whoever has none of these has nothing to see here."""


@router.get("/console")
async def enter(request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None) -> Response:
    """The first page somebody may see, or where one logs in."""
    said = language(request, lang)
    if node.desk is None:
        return nothing()
    try:
        operator = await entering(request, node.desk)
    except Unavailable:
        return page(request, "console_login.html", said, 503, state="outage")
    if operator is None:
        return page(request, "console_login.html", said, 200, state="ask")
    first = next(name for name, part in SECTIONS.items() if part.scopes & operator.scopes)
    return await _section(request, node, guest, operator, said, first)


@router.get("/console/{section}")
async def section(
    request: Request, node: NodeDep, guest: GuestDep, section: str, lang: Lang = None
) -> Response:
    """One part of it."""
    said = language(request, lang)
    if node.desk is not None and section in ("login", "logout"):  # from a link of their answers
        return RedirectResponse(f"/console?lang={said}", status_code=303)
    if node.desk is None or section not in SECTIONS:
        return nothing()
    try:
        operator = await entering(request, node.desk)
    except Unavailable:
        return page(request, "console_login.html", said, 503, state="outage")
    if operator is None:
        return page(request, "console_login.html", said, 401, state="ask")
    return await _section(request, node, guest, operator, said, section)


async def _section(  # noqa: PLR0917 - private
    request: Request, node: Node, guest: Guest, operator: Operator, lang: str, name: str
) -> HTMLResponse:
    part = SECTIONS[name]
    shown = frame_of(request, operator, name)
    if not part.scopes & operator.scopes:
        return page(request, "console.html", lang, 403, state="forbidden", **shown)
    if node.desk is None:
        raise ValueError("a section is of a desk")
    asked = Asked(node, node.desk, guest, node.clock(), lang, dict(request.query_params))
    try:
        await node.desk.console.note(Operation.CONSOLE_READ, operator, guest.asker, name)
        values = await part.content(asked)
    except Unavailable:
        return page(request, "console.html", lang, 503, state="outage", **shown)
    return page(request, "console.html", lang, 200, state="shown", **shown, **values)


def frame_of(request: Request, operator: Operator, name: str) -> dict[str, Any]:
    """What every page inside is given: its part, the parts there are, who it is shown to."""
    may = [each for each, part in SECTIONS.items() if part.scopes & operator.scopes]
    token = request.cookies.get(COOKIE, "")
    return {
        "section": name,
        "may": may,
        "operator": operator.name,
        "proposes": Scope.TRUST_PROPOSE in operator.scopes,
        "csrf": csrf(token),
    }


async def entering(request: Request, desk: Desk) -> Operator | None:
    """Whoever is logged in and may see something. Raises `Unavailable`."""
    found = await who(request, desk)
    return found if found is not None and found.scopes & ENTERING else None
