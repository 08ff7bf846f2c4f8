"""Confirming a report (核验码): a page for whoever was shown one, and opening it for a tenant.

What a code tells is little and nothing personal, so it takes no scope; but it is limited like
everything open, and each answer leaves a row in the audit log.
"""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

import segno
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import Markup

from app.domain.audit import Operation
from app.domain.confirmation import LENGTH, Confirmed, code_of, id_of, length_of
from app.domain.errors import Malformed, Unavailable
from app.domain.policies import PolicyKind, asked_kind
from app.domain.verification import Basis
from app.routers.access import Limited
from app.routers.body import BadRequest, Busy, read_json_body
from app.routers.confirm_texts import CONFIRM
from app.routers.door import GuestDep
from app.routers.pages import Lang, language, rendered
from app.routers.problems import PROBLEM, RETRY_AFTER, problem
from app.routers.state import Node, NodeDep
from app.routers.times import ago, when
from app.schemas.confirmation import EXAMPLE, ConfirmationOut
from app.schemas.examples import VERIFICATION

router = APIRouter(tags=["verification"])

MAX_DAYS: Final = 366
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": ConfirmationOut, "content": {"application/json": {"example": EXAMPLE}}},
    404: PROBLEM,
    503: PROBLEM,
    "4XX": PROBLEM,
}
MAX_LONG: Final = 2 * LENGTH
"""Longer is no code with something too much, but something else."""
_TYPED: Final = re.compile(r"[^0-9A-Za-z -]")

Id = Annotated[
    str,
    Path(
        description="the id a verification was answered with",
        examples=[VERIFICATION["report"]["id"]],
    ),
]


@router.put(
    "/v1/verifications/{id}/confirmation",
    summary="Let others confirm a report 开放核验码",
    responses=_ANSWERS | {422: PROBLEM},
)
async def open_code(
    node: NodeDep,
    guest: GuestDep,
    id: Id,
    days: Annotated[
        int, Query(ge=1, le=MAX_DAYS, description="from now on; asked anew, anew", examples=[30])
    ] = 30,
) -> JSONResponse:
    """Whoever has the code may confirm this report of the caller's tenant from now on: digests,
    conclusion, time, issuer and policy. The report itself stays the tenant's alone.
    """
    until = (node.clock() + timedelta(days=days)).replace(microsecond=0)
    tenant = guest.asker.tenant
    if tenant is None or not await node.confirmations.open(id, tenant, until):
        return _unknown()
    await node.door.note(guest, Operation.OPEN_CODE, report=id)
    return _said(id, until)


@router.delete(
    "/v1/verifications/{id}/confirmation",
    summary="Revoke the code of a report 撤销核验码",
    responses=_ANSWERS,
)
async def close_code(node: NodeDep, guest: GuestDep, id: Id) -> JSONResponse:
    """From now on the code of this report of the caller's tenant opens nothing."""
    tenant = guest.asker.tenant
    if tenant is None or not await node.confirmations.close(id, tenant, node.clock()):
        return _unknown()
    await node.door.note(guest, Operation.CLOSE_CODE, report=id)
    return _said(id, None)


def _said(id: str, until: datetime | None) -> JSONResponse:
    when = f"{until:%Y-%m-%dT%H:%M:%SZ}" if until else None
    return JSONResponse({"code": code_of(id), "until": when})


def _unknown() -> JSONResponse:
    return problem(404, "unknown-report", "The caller's tenant has no report here", field="id")


# ---- the page


@router.get("/r", include_in_schema=False)
async def ask(request: Request, lang: Lang = None) -> HTMLResponse:
    """Where a code is typed."""
    return rendered(request, "confirm.html", language(request, lang), state="ask")


@router.post("/r", include_in_schema=False)
async def typed(
    request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None
) -> HTMLResponse:
    """A typed code: in the body, so that it stands in no address and no log of addresses."""
    shown = language(request, lang)
    try:
        with node.room.guest() as take:
            body = await read_json_body(request, node.limits, take)
        fields = parse_qs(body.decode(), max_num_fields=4, errors="strict")
        code = fields.get("code", [""])[0]
    except Busy:
        return _later(request, shown, 429, "limited")
    except (BadRequest, ValueError):
        code = ""
    return await _page(request, node, guest, shown, code)


@router.get("/r/{code}", include_in_schema=False)
async def confirm(
    request: Request, node: NodeDep, guest: GuestDep, code: str, lang: Lang = None
) -> HTMLResponse:
    """What a printed QR code leads to."""
    return await _page(request, node, guest, language(request, lang), code)


async def _page(
    request: Request, node: Node, guest: GuestDep, lang: str, code: str
) -> HTMLResponse:
    try:
        id = id_of(code)
    except Malformed:
        again = _TYPED.sub("", unicodedata.normalize("NFKC", code[:60]))[:40]
        told = {"state": "mistyped", "again": again, "advice": _advice(code, lang)}
        return rendered(request, "confirm.html", lang, status=404, **told)
    try:
        await node.door.reads(guest)
        now = node.clock()
        found = await node.confirmations.confirmed(id, now)
        if found is None:
            return rendered(request, "confirm.html", lang, status=404, state="unknown")
        await node.door.note(guest, Operation.CONFIRM, report=id)
    except Limited:
        return _later(request, lang, 429, "limited")
    except Unavailable:
        return _later(request, lang, 503, "outage")
    shown = code_of(id)
    here = f"{node.address}/r/{shown}" if node.address else ""
    return rendered(
        *(request, "confirm.html", lang),
        state="found",
        code=shown,
        r=_told(found, lang, now),
        here=here,
        qr=qr(here) if here else None,
        address=node.address,
    )


def _advice(code: str, lang: str) -> str | None:
    """What to mend in a mistyped code; None: it is as long as it has to be, or no code at all."""
    length = length_of(code)
    if not 0 < length <= MAX_LONG or length == LENGTH:
        return None
    text: str = CONFIRM[lang]["short_next" if length < LENGTH else "long_next"]
    return text.format(count=abs(LENGTH - length))


def _later(request: Request, lang: str, status: int, state: str) -> HTMLResponse:
    answer = rendered(request, "confirm.html", lang, status=status, state=state)
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer


def _told(found: Confirmed, lang: str, now: datetime) -> dict[str, Any]:
    """In the reader's language, times in Beijing's."""
    second = 1 if lang == "en" else 0
    return {
        "kind": "outage" if found.outage else found.conclusion,
        "headline": found.headline[second],
        "at": when(found.at),
        "age": ago(now - found.at, lang),
        "issuer": found.issuer and (found.issuer[1 + second], found.issuer[0]),
        "sealed": asked_kind(found.policy) is PolicyKind.SEALED_DOCUMENT,
        "policy": found.policy,
        "node": found.node,
        "file": found.basis == Basis.DOCUMENT and found.sha256 is not None,
        "unsent": found.basis == Basis.DIGESTS,
        "sha256": found.sha256,
        "sm3": found.sm3,
        "until": when(found.until) if found.until else None,
    }


def qr(text: str) -> Markup:
    """A QR code (GB/T 18284, ISO/IEC 18004) as SVG, scaled by whoever shows it."""
    made = segno.make(text, error="m", micro=False)
    return Markup(made.svg_inline(omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704 - digits and moves of segno's own
