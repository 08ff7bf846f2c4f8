"""Changes of trust by the console: shown, and taken as their people signed them at home.

Nothing is signed here, and no key of a person is ever asked for. What is handed in is taken by the
functions that the command line goes by, from whose session it is and from nobody else.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.errors import Refused, Unavailable
from app.domain.verification import Asker
from app.registry.making.received import LAST_NUMBER
from app.registry.making.statements import DECISION
from app.registry.operators import Operator
from app.routers.body import BadRequest, Busy
from app.routers.console import entering, frame_of
from app.routers.console_door import COOKIE, csrf, form, nothing, own, page
from app.routers.door import Guest, GuestDep
from app.routers.pages import Lang, language
from app.routers.state import Desk, Node, NodeDep

router = APIRouter(include_in_schema=False)

PART: Final = "proposals"
SEEN: Final = frozenset({Scope.TRUST_PROPOSE, Scope.TRUST_APPROVE})
Number = Annotated[int, Path(ge=1, le=LAST_NUMBER)]


@dataclass(frozen=True, slots=True)
class Inside:
    """A request of somebody who is logged in and may see this part."""

    request: Request
    node: Node
    desk: Desk
    guest: Guest
    operator: Operator
    lang: str

    @property
    def way(self) -> Asker:
        """As audit rows name it."""
        return replace(self.guest.asker, caller=f"console:{self.operator.name}")

    def page(self, name: str, status: int, **values: object) -> Response:
        shown = frame_of(self.request, self.operator, PART)
        return page(self.request, name, self.lang, status, **(shown | values))

    def outage(self) -> Response:
        return self.page("console.html", 503, state="outage")

    async def refused(self, why: str, status: int, number: int | None = None) -> Response:
        """A row, and what was refused; beside the proposal it was about."""
        told = Guest(self.guest.admission, self.way)
        await self.node.door.turned_away(told, Operation.ADMINISTER, "proposal_refused")
        if number is None:
            return self.page("console_proposal.html", status, state="refused", why=why, about=None)
        return await _proposal(self, number, status, why)


Work = Callable[[Inside], Awaitable[Response]]


async def _within(
    request: Request, node: Node, guest: Guest, lang: str | None, work: Work
) -> Response:
    """The work, for whoever may; without a session there is a login and nothing else."""
    said, desk = language(request, lang), node.desk
    if desk is None:
        return nothing()
    try:
        operator = await entering(request, desk)
        if operator is None:
            return page(request, "console_login.html", said, 401, state="ask")
        inside = Inside(request, node, desk, guest, operator, said)
        if not operator.scopes & SEEN:
            return inside.page("console.html", 403, state="forbidden")
        return await work(inside)
    except Unavailable:
        return page(request, "console_login.html", said, 503, state="outage")


@router.get("/console/proposals/{number}")
async def proposal(
    request: Request, node: NodeDep, guest: GuestDep, number: Number, lang: Lang = None
) -> Response:
    """One proposal in words, and how it is decided on."""

    async def work(inside: Inside) -> Response:
        await _noted(inside, number)
        return await _proposal(inside, number, 200, None)

    return await _within(request, node, guest, lang, work)


@router.get("/console/proposals/{number}/signed")
async def signed(
    request: Request, node: NodeDep, guest: GuestDep, number: Number, lang: Lang = None
) -> Response:
    """The proposal as its proposer signed it: whoever decides reads this one, at home."""

    async def work(inside: Inside) -> Response:
        await _noted(inside, number)
        try:
            shown = await inside.desk.making.shown(number)
        except Refused as refused:
            return inside.page(
                "console_proposal.html", 404, state="refused", why=str(refused), about=None
            )
        name = f'attachment; filename="proposal-{number}.jws"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return Response(f"{shown.signed}\n", media_type="application/jose", headers=headers)

    return await _within(request, node, guest, lang, work)


@router.post("/console/proposals")
async def propose(request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None) -> Response:
    """A proposal comes in, signed."""

    async def work(inside: Inside) -> Response:
        token = await _handed_in(inside, Scope.TRUST_PROPOSE)
        if isinstance(token, Response):
            return token
        try:
            kept = await inside.desk.making.propose(token, inside.operator.name, inside.way)
        except Refused as refused:
            return await inside.refused(str(refused), 422)
        return RedirectResponse(f"/console/proposals/{kept.number}?lang={inside.lang}", 303)

    return await _within(request, node, guest, lang, work)


@router.post("/console/proposals/{number}")
async def decide(
    request: Request, node: NodeDep, guest: GuestDep, number: Number, lang: Lang = None
) -> Response:
    """A decision comes in, signed."""

    async def work(inside: Inside) -> Response:
        token = await _handed_in(inside, Scope.TRUST_APPROVE)
        if isinstance(token, Response):
            return token
        try:
            await inside.desk.making.decide(number, token, inside.operator.name, inside.way)
        except Refused as refused:
            return await inside.refused(str(refused), 422, number)
        return RedirectResponse(f"/console/proposals/{number}?lang={inside.lang}", 303)

    return await _within(request, node, guest, lang, work)


async def _handed_in(inside: Inside, wanted: Scope) -> str | Response:
    """The signed text, from this session's own page and by whoever may; else what is answered."""
    try:
        fields = await form(inside.request, inside.node)
    except BadRequest as bad:
        return await inside.refused(str(bad), bad.status)
    except Busy:
        return inside.outage()
    token = csrf(inside.request.cookies.get(COOKIE, ""))
    if not own(inside.request) or not hmac.compare_digest(
        fields.get("csrf", "").encode(), token.encode()
    ):
        return inside.page("console.html", 403, state="stale")
    if wanted not in inside.operator.scopes:
        return inside.page("console.html", 403, state="forbidden")
    return fields.get("signed", "").strip()


async def _proposal(inside: Inside, number: int, status: int, why: str | None) -> Response:
    try:
        shown = await inside.desk.making.shown(number)
    except Refused as refused:
        missing = 404 if status == 200 else status  # noqa: PLR2004
        return inside.page(
            "console_proposal.html", missing, state="refused", why=str(refused), about=None
        )
    own_one = shown.proposal.person == inside.operator.name
    return inside.page(
        "console_proposal.html",
        status,
        state="refused" if why else "shown",
        why=why,
        about=shown,
        decides=Scope.TRUST_APPROVE in inside.operator.scopes and not own_one,
        own=own_one,
        kind=DECISION,
    )


async def _noted(inside: Inside, number: int) -> None:
    await inside.desk.console.note(
        Operation.CONSOLE_READ, inside.operator, inside.guest.asker, f"{PART}/{number}"
    )
