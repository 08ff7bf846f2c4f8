"""The console's figures as JSON, for operators' own systems: the same functions, the same scopes.

Verdicts and times are counts; lists come a page at a time. What tells single events, rows of the
audit log and verdicts that conflict, leaves a row itself.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.domain.audit import Operation
from app.registry.disputes import SHOWN as DISPUTES_SHOWN
from app.registry.overview import DAY, SHOWN, Span, Wanted
from app.routers.disputes import After, Ended
from app.routers.door import GuestDep
from app.routers.problems import PROBLEM
from app.routers.state import NodeDep
from app.routers.told import told
from app.schemas import operating as shown
from app.schemas import operating_asked as asked
from app.schemas import operating_examples as examples
from app.schemas.paging import next_of

router = APIRouter(tags=["operations"])


def _answers(model: type[BaseModel], example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """`responses` of an operation on what is always there."""
    content = {"application/json": {"example": example}}
    return {200: {"model": model, "content": content}, 503: PROBLEM, "4XX": PROBLEM}


@router.get(
    "/v1/statistics/verdicts",
    summary="Verdicts by conclusion and reason 核验结论统计",
    responses=_answers(shown.CountsOut, examples.COUNTS),
)
async def verdicts(node: NodeDep, query: Annotated[asked.SpanIn, Query()]) -> JSONResponse:
    """All that this node answered, whoever asked. A long span of a busy node may take longer than
    a statement is given: that is a 503, and a shorter one is answered.
    """
    span = query.span(node.clock())
    return told(shown.CountsOut.of(span, await node.overview.counts(span)))


@router.get(
    "/v1/statistics/answer-times",
    summary="How long issuers took to answer 颁发机构答复用时",
    responses=_answers(shown.TimesOut, examples.TIMES),
)
async def answer_times(node: NodeDep) -> JSONResponse:
    """Questions of one day, over all workers, by the time they took."""
    now = node.clock()
    return told(shown.TimesOut.of(Span(now - DAY, now), await node.overview.latency(now)))


@router.get(
    "/v1/trust/endings",
    summary="What of the trust ends soon 即将到期",
    responses=_answers(shown.EndingsOut, examples.ENDINGS),
)
async def endings(node: NodeDep, query: Annotated[asked.EndingsIn, Query()]) -> JSONResponse:
    """Keys, delegations, authorities, the newest revocation list of each, and trust lists. An
    authority ends where its certificate does, or earlier, where trust in it does.
    """
    span, place = query.span(node.clock()), query.place()
    found = await node.overview.ends(span, place)
    return told(shown.EndingsOut.of(span, found, next_of(found, asked.after_ending, SHOWN)))


@router.get(
    "/v1/issuers/health",
    summary="How all issuers fare 全部颁发机构接口运行状况",
    responses=_answers(shown.FaresOut, examples.FARES),
)
async def health(node: NodeDep, query: Annotated[asked.FaresIn, Query()]) -> JSONResponse:
    """Sums of one day, over all workers, of every body that has an endpoint or was asked."""
    now, place, worst_first = node.clock(), query.place(), query.worst_first
    found = await node.overview.health(now, worst_first=worst_first, after=place)
    more = next_of(found, lambda last: asked.after_fare(last, worst_first=worst_first), SHOWN)
    return told(shown.FaresOut.of(Span(now - DAY, now), found, more))


@router.get(
    "/v1/issuers/disputes",
    summary="Disputes about the records of all issuers 全部异议",
    responses=_answers(shown.StandingsOut, examples.STANDINGS),
)
async def disputes(
    node: NodeDep, guest: GuestDep, *, ended: Ended = False, after: After = None
) -> JSONResponse:
    """How far they are, and not what was written: that is the issuer's to read, by
    `GET /v1/disputes`.
    """
    found = await node.disputes.listed(None, guest.asker, ended=ended, after=after)
    more = next_of(found, lambda last: last.reference, DISPUTES_SHOWN)
    standings = [shown.StandingOut.of(each) for each in found]
    return told(shown.StandingsOut(disputes=standings, next=more))


@router.get(
    "/v1/conflicts",
    summary="Verdicts whose sources contradicted each other 相互矛盾的核验",
    responses=_answers(shown.ConflictsOut, examples.CONFLICTS),
)
async def conflicts(
    node: NodeDep, guest: GuestDep, query: Annotated[asked.ConflictsIn, Query()]
) -> JSONResponse:
    """Of all callers; each asker has the report itself."""
    span, place = query.span(node.clock()), query.place()
    found = await node.overview.conflicts(span, place)
    more = next_of(found, asked.after_conflict, SHOWN)
    await node.door.note(guest, Operation.READ_LOG, object=f"conflicts {_said(span)}")
    return told(shown.ConflictsOut.of(span, found, more))


@router.get(
    "/v1/audit",
    summary="Search the audit log 审计查询",
    responses=_answers(shown.AuditOut, examples.AUDIT),
)
async def audit(
    node: NodeDep, guest: GuestDep, query: Annotated[asked.AuditIn, Query()]
) -> JSONResponse:
    """Rows of all tenants, and of everybody without an account. What was searched for is a row of
    the log as well, written before anything is told.
    """
    wanted, place = query.wanted(node.clock()), query.place()
    found = await node.overview.audit(wanted, place)
    await node.door.note(guest, Operation.READ_LOG, object=f"audit {_searched(wanted)}")
    return told(shown.AuditOut.of(wanted.span, found, next_of(found, asked.after_logged, SHOWN)))


_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"


def _said(span: Span) -> str:
    return f"{span.since:{_FORM}}/{span.until:{_FORM}}"


def _searched(wanted: Wanted) -> str:
    """As its row says it: whoever reads the log later sees what was looked for."""
    filters = {"operation": wanted.operation, "tenant": wanted.tenant}
    named = [f"{name}={value}" for name, value in filters.items() if value]
    return " ".join([_said(wanted.span), *named])
