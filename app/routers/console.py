"""The operator's console: seen by whoever logs in, each page by the scopes its interface takes.

It changes nothing. Its two forms (login, logout) are taken from its own pages only: by the site a
browser says they come from, a cookie that is sent along from nowhere else, and, to log out, a token
of the session.
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.errors import ServiceError, Unavailable
from app.domain.verdict import BEIJING
from app.registry.limits import Limit
from app.registry.operators import LONGEST, Operator
from app.routers.access import Limited
from app.routers.body import BadRequest, Busy, read_json_body
from app.routers.charts import bars
from app.routers.door import Guest, GuestDep
from app.routers.pages import Lang, language, rendered
from app.routers.problems import problem
from app.routers.state import Desk, Node, NodeDep
from app.routers.times import when

router = APIRouter(include_in_schema=False)

COOKIE: Final = "__Host-console"
"""Only over https, to this host, from the whole of it (RFC 6265bis §4.1.3.2)."""
TRIES: Final = 10
"""Logins a minute from one address."""
MAX_NAME: Final = 64
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(9000, 1, 1)
"""What a search asks for is within the calendar of whatever reckons with it."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_NOBODY: Final = "-"
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
        return _nothing()
    try:
        operator = await _who(request, node.desk)
    except Unavailable:
        return _page(request, "console_login.html", said, 503, state="outage")
    if operator is None:
        return _page(request, "console_login.html", said, 200, state="ask")
    first = next(name for name, (scopes, _) in SECTIONS.items() if scopes & operator.scopes)
    return await _section(request, node, guest, operator, said, first)


@router.post("/console/login")
async def login(request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None) -> Response:
    """In, with a new session; or one answer for whatever was wrong."""
    said, desk = language(request, lang), node.desk
    if desk is None:
        return _nothing()
    if not _own(request):
        return _page(request, "console_login.html", said, 403, state="refused")
    try:
        await node.door.within(
            guest, [Limit("console", guest.asker.address or "unknown", TRIES, TRIES / 60)]
        )
        fields = await _form(request, node)
        token = await desk.console.login(
            _name(fields.get("name", "")),
            fields.get("password", ""),
            fields.get("code", "").replace(" ", ""),
            guest.asker,
        )
    except Limited:
        return _page(request, "console_login.html", said, 429, state="refused")
    except BadRequest:
        token = None
    except (Busy, Unavailable):
        return _page(request, "console_login.html", said, 503, state="outage")
    if token is None:
        return _page(request, "console_login.html", said, 403, state="refused")
    answer = RedirectResponse(f"/console?lang={said}", status_code=303)
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
        return _nothing()
    token = request.cookies.get(COOKIE, "")
    try:
        given = (await _form(request, node)).get("csrf", "")
        if not _own(request) or not hmac.compare_digest(given.encode(), _csrf(token).encode()):
            return _page(request, "console_login.html", said, 403, state="refused")
        await desk.console.logout(token)
    except ServiceError:
        return _page(request, "console_login.html", said, 503, state="outage")
    answer = RedirectResponse(f"/console?lang={said}", status_code=303)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return answer


@router.get("/console/{section}")
async def section(
    request: Request, node: NodeDep, guest: GuestDep, section: str, lang: Lang = None
) -> Response:
    """One part of it."""
    said = language(request, lang)
    if node.desk is not None and section in ("login", "logout"):  # from a link of their answers
        return RedirectResponse(f"/console?lang={said}", status_code=303)
    if node.desk is None or section not in SECTIONS:
        return _nothing()
    try:
        operator = await _who(request, node.desk)
    except Unavailable:
        return _page(request, "console_login.html", said, 503, state="outage")
    if operator is None:
        return _page(request, "console_login.html", said, 401, state="ask")
    return await _section(request, node, guest, operator, said, section)


async def _section(  # noqa: PLR0917 - private
    request: Request, node: Node, guest: Guest, operator: Operator, lang: str, name: str
) -> HTMLResponse:
    scopes, content = SECTIONS[name]
    may = [each for each, (wanted, _) in SECTIONS.items() if wanted & operator.scopes]
    shown = {
        "section": name,
        "may": may,
        "operator": operator.name,
        "csrf": _csrf(request.cookies.get(COOKIE, "")),
    }
    if not scopes & operator.scopes:
        return _page(request, "console.html", lang, 403, state="forbidden", **shown)
    if node.desk is None:
        raise ValueError("a section is of a desk")
    asked = Asked(node, node.desk, guest, node.clock(), lang, dict(request.query_params))
    try:
        await node.desk.console.note(Operation.CONSOLE_READ, operator, guest.asker, name)
        values = await content(asked)
    except Unavailable:
        return _page(request, "console.html", lang, 503, state="outage", **shown)
    return _page(request, "console.html", lang, 200, state="shown", **shown, **values)


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
    return {"rows": [{**row, "at": when(row["recorded_at"])} for row in rows]}


async def _audit(asked: Asked) -> dict[str, Any]:
    until = _day(asked.query.get("until"), asked.now) + timedelta(days=1)
    since = _day(asked.query.get("since"), until - timedelta(days=FIRST_DAYS))
    operation = asked.query.get("operation", "")
    operation = operation if operation in set(Operation) else ""
    tenant = _name(asked.query.get("tenant", ""))
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


def _name(text: str) -> str:
    """As names of operators and tenants are written; of another spelling there is nobody, and some
    characters no database would even look for.
    """
    return text if len(text) <= MAX_NAME and _PLAIN.fullmatch(text) else _NOBODY if text else ""


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


def _nothing() -> Response:
    return problem(404, "http-404", "There is nothing here")


def _page(request: Request, name: str, lang: str, status: int, **values: Any) -> HTMLResponse:
    return rendered(request, name, lang, status=status, **values)


async def _who(request: Request, desk: Desk) -> Operator | None:
    token = request.cookies.get(COOKIE, "")
    found = await desk.console.who(token) if token else None
    return found if found is not None and found.scopes & ENTERING else None


def _csrf(token: str) -> str:
    """Of this session; tells nothing of its token."""
    return hashlib.sha256(f"csrf\0{token}".encode()).hexdigest()


def _own(request: Request) -> bool:
    """Whether a form was sent from a page of this host."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    return origin.partition("://")[2] == request.headers.get("host", "") != ""


async def _form(request: Request, node: Node) -> dict[str, str]:
    with node.room.guest() as take:
        body = await read_json_body(request, node.limits, take)
    try:
        fields = parse_qs(body.decode(), max_num_fields=8, errors="strict")
    except ValueError:
        raise BadRequest(400, "body", "not a form") from None
    return {name: values[0] for name, values in fields.items()}
