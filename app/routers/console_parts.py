"""What each part of the console shows: by the functions its interface tells it by, in words."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from pydantic import ValidationError

from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.conduct import SLOTS
from app.domain.errors import Refused
from app.domain.reasons import Reason
from app.domain.verdict import BEIJING
from app.registry.disputes import SHOWN as DISPUTES_SHOWN
from app.registry.making.received import LAST_NUMBER
from app.registry.overview import SHOWN, SOON, WEEK, Count, Slot, Span, Wanted
from app.reports.catalogue import entry_of
from app.routers.charts import bars
from app.routers.console_door import plain_name
from app.routers.console_texts import CONSOLE
from app.routers.door import Guest
from app.routers.state import Desk, Node
from app.routers.times import when
from app.routers.wrong_texts import WRONG
from app.schemas.operating_asked import (
    AuditIn,
    ConflictsIn,
    EndingsIn,
    FaresIn,
    after_conflict,
    after_ending,
    after_fare,
    after_logged,
)
from app.schemas.paging import next_of
from app.services.making import PAGE

Where = TypeVar("Where")

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(9000, 1, 1)
"""What a search asks for is within the calendar of whatever reckons with it."""
FIRST_DAYS: Final = 7
"""Days the audit search looks back by itself."""
_REFERENCE: Final = re.compile("[0-9A-Z]{20}", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,10}", re.ASCII)


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


async def _overview(asked: Asked) -> dict[str, Any]:
    view, now, t = asked.node.overview, asked.now, CONSOLE[asked.lang]
    found = await view.counts(Span(now - WEEK, now))
    latency = await view.latency(now)
    span = Span(now, now + SOON)
    ends = await view.ends(span, _place(asked, lambda after: EndingsIn(after=after).place()))
    return {
        "counts": bars((_conclusion(each, asked.lang), each.count) for each in found),
        "latency": bars((_slot(each), each.count) for each in latency),
        "ends": [{"at": when(e.at), "kind": t["kinds"][e.kind.value], "name": e.name}
                 for e in ends],
        "more": _more(asked, next_of(ends, after_ending, SHOWN)),
    }  # fmt: skip


async def _health(asked: Asked) -> dict[str, Any]:
    place = _place(asked, lambda after: FaresIn(after=after).place())
    found = await asked.node.overview.health(asked.now, worst_first=True, after=place)
    rows = [
        {"code": each.issuer, "name": each.name_en if asked.lang == "en" else each.name,
         "asked": each.asked, "answered": each.answered, "rested": each.rested,
         "conflicts": each.conflicts, "mean": each.mean}
        for each in found
    ]  # fmt: skip
    more = next_of(found, lambda last: after_fare(last, worst_first=True), SHOWN)
    return {"rows": rows, "more": _more(asked, more)}


async def _conflicts(asked: Asked) -> dict[str, Any]:
    place = _place(asked, lambda after: ConflictsIn(after=after).place())
    span, t = Span(asked.now - WEEK, asked.now), CONSOLE[asked.lang]
    found = await asked.node.overview.conflicts(span, place)
    rows = [
        {"at": when(each.at), "conclusion": t["conclusions"][each.conclusion],
         "reason": each.reason, "issuer": each.issuer,
         "name": each.name_en if asked.lang == "en" else each.name, "type": each.type,
         "policy": each.policy}
        for each in found
    ]  # fmt: skip
    return {"rows": rows, "more": _more(asked, next_of(found, after_conflict, SHOWN))}


async def _disputes(asked: Asked) -> dict[str, Any]:
    """Without what was written: that is the issuer's to read."""
    after = asked.query.get("after")
    after = after if after and _REFERENCE.fullmatch(after) else None
    found = await asked.node.disputes.listed(None, asked.guest.asker, after=after)
    words = WRONG[asked.lang]
    rows = [
        {"reference": d.reference, "issuer": d.issuer, "type": d.type,
         "element": words["elements"][d.element.value], "state": words["states"][d.state.value],
         "at": when(d.filed_at)}
        for d in found
    ]  # fmt: skip
    more = next_of(found, lambda last: last.reference, DISPUTES_SHOWN)
    return {"rows": rows, "more": _more(asked, more)}


async def _proposals(asked: Asked) -> dict[str, Any]:
    """Each read under the keys of who signed it; where one cannot be, why, and none of them."""
    before = asked.query.get("before", "")
    number = int(before) if _NUMBER.fullmatch(before) else LAST_NUMBER
    try:
        publisher, found = await asked.node.making.newest(min(max(number, 1), LAST_NUMBER))
    except Refused as refused:
        publisher = await asked.desk.making.publisher()
        return {"rows": [], "list": publisher, "why": str(refused), "more": None}
    states = CONSOLE[asked.lang]["states"]
    rows = [
        {"number": p.number, "at": when(datetime.fromisoformat(p.at)), "person": p.person,
         "state": states[p.state.value], "published_in": p.published_in,
         "decisions": ", ".join(f"{d.verdict.value} {d.person}" for d in p.decisions)}
        for p in found
    ]  # fmt: skip
    more = str(found[-1].number) if len(found) == PAGE else None
    return {
        "rows": rows, "list": publisher, "why": None, "more": _more(asked, more, name="before")
    }  # fmt: skip


async def _audit(asked: Asked) -> dict[str, Any]:
    until = _day(asked.query.get("until"), asked.now) + timedelta(days=1)
    since = _day(asked.query.get("since"), until - timedelta(days=FIRST_DAYS))
    operation = asked.query.get("operation", "")
    operation = operation if operation in set(Operation) else ""
    tenant = plain_name(asked.query.get("tenant", ""))
    wanted = Wanted(Span(since, until), operation or None, tenant or None)
    place = _place(asked, lambda after: AuditIn(after=after).place())
    found = await asked.node.overview.audit(wanted, place)
    t = CONSOLE[asked.lang]
    chosen = {
        "since": f"{since.astimezone(BEIJING):%Y-%m-%d}",
        "until": f"{(until - timedelta(days=1)).astimezone(BEIJING):%Y-%m-%d}",
        "operation": operation,
        "tenant": tenant,
    }
    rows = [
        {"at": when(each.at), "operation": t["operations"].get(each.operation, each.operation),
         "caller": each.caller, "tenant": each.tenant, "address": each.address,
         "result": t["results"].get(each.result, each.result),
         "conclusion": t["conclusions"].get(each.conclusion), "reason": each.reason,
         "place": f"{each.chain} · {each.seq}"}
        for each in found
    ]  # fmt: skip
    return {
        "rows": rows,
        "operations": sorted((word, code) for code, word in t["operations"].items()),
        "chosen": chosen,
        "more": _more(asked, next_of(found, after_logged, SHOWN), **chosen),
    }


def _conclusion(each: Count, lang: str) -> str:
    """With its reason: the code, and what it means; of one no longer in the catalogue the code."""
    named = f"{CONSOLE[lang]['conclusions'][each.conclusion]} {each.reason or ''}".strip()
    known = next((reason for reason in Reason if reason == each.reason), None)
    if known is None:
        return named
    title = entry_of(known).texts.title
    return f"{named} ({title.en})" if lang == "en" else f"{named}（{title.zh}）"


def _slot(each: Slot) -> str:
    return f"> {SLOTS[-1]:g} s" if each.seconds is None else f"≤ {each.seconds:g} s"


def _place(asked: Asked, read: Callable[[str | None], Where]) -> Where:
    """Where the page before ended; the first page where that is told wrongly."""
    try:
        return read(asked.query.get("after"))
    except (Refused, ValidationError):
        return read(None)


def _more(asked: Asked, place: str | None, name: str = "after", **kept: str) -> str | None:
    """The query of the next page; None: there is none."""
    if place is None:
        return None
    kept = {"lang": asked.lang, "look": asked.query.get("look", ""), **kept}
    return urlencode({key: value for key, value in kept.items() if value} | {name: place})


def _day(text: str | None, default: datetime) -> datetime:
    """The beginning of a day in Beijing; another where the text is none."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        found = default.astimezone(BEIJING).date()
    found = min(max(found, FIRST_DAY), LAST_DAY)
    return datetime(found.year, found.month, found.day, tzinfo=BEIJING)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the console."""

    scopes: frozenset[Scope]
    """Of which one is enough."""
    content: Content
    interface: tuple[str, ...]
    """What tells a system the same, by GET."""


SECTIONS: Final[Mapping[str, Section]] = MappingProxyType(
    {
        "overview": Section(
            frozenset({Scope.SYSTEM_OPS}),
            _overview,
            ("/v1/statistics/verdicts", "/v1/statistics/answer-times", "/v1/trust/endings"),
        ),
        "health": Section(
            frozenset({Scope.SYSTEM_OPS, Scope.ISSUER_READ}), _health, ("/v1/issuers/health",)
        ),
        "conflicts": Section(
            frozenset({Scope.SYSTEM_OPS, Scope.AUDIT_READ}), _conflicts, ("/v1/conflicts",)
        ),
        "disputes": Section(frozenset({Scope.ISSUER_READ}), _disputes, ("/v1/issuers/disputes",)),
        "proposals": Section(
            frozenset({Scope.TRUST_PROPOSE, Scope.TRUST_APPROVE}),
            _proposals,
            ("/v1/trust/proposals",),
        ),
        "audit": Section(frozenset({Scope.AUDIT_READ}), _audit, ("/v1/audit",)),
    }
)
