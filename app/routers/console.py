"""The operator's console: seen by whoever logs in, each page by the scopes its interface takes.

What is shown here changes nothing; what is handed in, `console_making` takes.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.errors import Unavailable
from app.domain.verdict import BEIJING
from app.registry.operators import Operator
from app.routers.charts import bars
from app.routers.console_door import COOKIE, csrf, nothing, page, plain_name, who
from app.routers.door import Guest, GuestDep
from app.routers.pages import Lang, language
from app.routers.state import Desk, Node, NodeDep
from app.routers.times import when

router = APIRouter(include_in_schema=False)

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(9000, 1, 1)
"""What a search asks for is within the calendar of whatever reckons with it."""
FIRST_DAYS: Final = 7
"""Days the audit search looks back by itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked for."""

    node: Node
    desk: Desk
    guest: Guest
    now: datetime
    lang: str
    query: Mapping[str, str]


Content = Callable[[Asked], Awaitable[dict[str, Any]]]


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
    first = next(name for name, (scopes, _) in SECTIONS.items() if scopes & operator.scopes)
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
    scopes, content = SECTIONS[name]
    shown = frame_of(request, operator, name)
    if not scopes & operator.scopes:
        return page(request, "console.html", lang, 403, state="forbidden", **shown)
    if node.desk is None:
        raise ValueError("a section is of a desk")
    asked = Asked(node, node.desk, guest, node.clock(), lang, dict(request.query_params))
    try:
        await node.desk.console.note(Operation.CONSOLE_READ, operator, guest.asker, name)
        values = await content(asked)
    except Unavailable:
        return page(request, "console.html", lang, 503, state="outage", **shown)
    return page(request, "console.html", lang, 200, state="shown", **shown, **values)


def frame_of(request: Request, operator: Operator, name: str) -> dict[str, Any]:
    """What every page inside is given: its part, the parts there are, who it is shown to."""
    may = [each for each, (wanted, _) in SECTIONS.items() if wanted & operator.scopes]
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


async def _overview(asked: Asked) -> dict[str, Any]:
    view, now = asked.desk.overview, asked.now
    counts = [(f"{row['conclusion']} {row['reason']}".strip(), row["n"])
              for row in await view.counts(now)]  # fmt: skip
    latency = await view.latency(now)
    ends = [{**row, "at": when(row["at"])} for row in await view.ends(now)]
    return {"counts": counts, "counts_chart": bars(counts), "latency": latency,
            "latency_chart": bars(latency), "ends": ends}  # fmt: skip


async def _health(asked: Asked) -> dict[str, Any]:
    rows = await asked.desk.overview.health(asked.now)
    for row in rows:
        row["mean"] = round(row["seconds"] * 1000 / row["asked"]) if row["asked"] else ""
    return {"rows": rows}


async def _conflicts(asked: Asked) -> dict[str, Any]:
    rows = await asked.desk.overview.conflicts(asked.now)
    return {"rows": [{**row, "at": when(row["at"])} for row in rows]}


async def _disputes(asked: Asked) -> dict[str, Any]:
    """Without what was written: that is the issuer's to read."""
    found = await asked.node.disputes.listed(None, asked.guest.asker)
    return {
        "rows": [
            {"reference": d.reference, "issuer": d.issuer, "type": d.type,
             "element": d.element.value, "state": d.state.value, "at": when(d.filed_at)}
            for d in found
        ]
    }  # fmt: skip


async def _proposals(asked: Asked) -> dict[str, Any]:
    rows = await asked.desk.overview.proposals()
    return {
        "rows": [{**row, "at": when(row["recorded_at"])} for row in rows],
        "list": await asked.desk.making.publisher(),
    }


async def _audit(asked: Asked) -> dict[str, Any]:
    until = _day(asked.query.get("until"), asked.now) + timedelta(days=1)
    since = _day(asked.query.get("since"), until - timedelta(days=FIRST_DAYS))
    operation = asked.query.get("operation", "")
    operation = operation if operation in set(Operation) else ""
    tenant = plain_name(asked.query.get("tenant", ""))
    rows = await asked.desk.overview.audit(since, until, operation or None, tenant or None)
    return {
        "rows": [{**row, "at": when(row["at"])} for row in rows],
        "operations": sorted(each.value for each in Operation),
        "chosen": {
            "since": f"{since.astimezone(BEIJING):%Y-%m-%d}",
            "until": f"{(until - timedelta(days=1)).astimezone(BEIJING):%Y-%m-%d}",
            "operation": operation,
            "tenant": tenant,
        },
    }


def _day(text: str | None, default: datetime) -> datetime:
    """The beginning of a day in Beijing; another where the text is none."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        found = default.astimezone(BEIJING).date()
    found = min(max(found, FIRST_DAY), LAST_DAY)
    return datetime(found.year, found.month, found.day, tzinfo=BEIJING)


SECTIONS: Final[Mapping[str, tuple[frozenset[Scope], Content]]] = MappingProxyType(
    {
        "overview": (frozenset({Scope.SYSTEM_OPS}), _overview),
        "health": (frozenset({Scope.SYSTEM_OPS, Scope.ISSUER_READ}), _health),
        "conflicts": (frozenset({Scope.SYSTEM_OPS, Scope.AUDIT_READ}), _conflicts),
        "disputes": (frozenset({Scope.ISSUER_READ}), _disputes),
        "proposals": (frozenset({Scope.TRUST_PROPOSE, Scope.TRUST_APPROVE}), _proposals),
        "audit": (frozenset({Scope.AUDIT_READ}), _audit),
    }
)
"""Part → scopes of which one is enough, and what it shows."""
ENTERING: Final = frozenset().union(*(scopes for scopes, _ in SECTIONS.values()))
"""Whoever has none of these has nothing to see here."""
