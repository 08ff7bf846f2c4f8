"""数据质量异议: anybody says that a record is wrong; its issuer answers; a code follows it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from app.domain.dispute import Dispute, DisputeState, Element
from app.domain.errors import Malformed, NotYours, Refused
from app.registry.disputes import SHOWN
from app.routers.asked import read_asked, taking
from app.routers.door import Guest, GuestDep
from app.routers.problems import problem
from app.routers.state import NodeDep
from app.routers.told import answers, told
from app.schemas import dispute as shown
from app.schemas.paging import next_of

router = APIRouter(tags=["registry"])


Code = Annotated[
    str, Path(description="as it was told when the dispute was filed", examples=[shown.CODE])
]
Reference = Annotated[
    str,
    Path(
        description="as the issuer's list of disputes names it",
        examples=[shown.FILED["reference"]],
    ),
]

Ended = Annotated[bool, Query(description="those that have ended", examples=[False, True])]
After = Annotated[
    str | None,
    Query(
        pattern="^[0-9A-Z]{20}$",
        description="the `next` of the page before",
        examples=[shown.FILED["reference"]],
    ),
]


@router.post(
    "/v1/disputes",
    summary="Say that a record is wrong 提出数据质量异议",
    openapi_extra=taking(
        shown.DisputeIn, dict(zip(("identifier", "number"), shown.ASKED, strict=True))
    ),
    responses=answers(shown.FiledOut, shown.FILED),
)
async def file(request: Request, node: NodeDep, guest: GuestDep) -> JSONResponse:
    """Goes to the issuer of the record. The answer is the same whatever is known here; the code
    is told this once. No verdict changes by it: a record is flagged, and never called invalid.
    """
    asked = await read_asked(request, node, shown.DisputeIn)
    wanted = asked.asked(node.clock())
    await node.door.disputes(guest, wanted.named)
    filed = await node.disputes.file(wanted, Element(asked.element), asked.text, guest.asker)
    return told(shown.FiledOut(code=filed.code, reference=filed.reference, filed_at=filed.at))


@router.get(
    "/v1/disputes",
    summary="Disputes about your records 待处理的异议",
    responses=answers(shown.DisputesOut, shown.LISTED),
)
async def listed(
    node: NodeDep, guest: GuestDep, *, ended: Ended = False, after: After = None
) -> JSONResponse:
    """Of issuers in whose name the caller may push records, and of those they took over from."""
    found = await node.disputes.listed(_tenant(guest), guest.asker, ended=ended, after=after)
    more = next_of(found, lambda last: last.reference, SHOWN)
    return told(shown.DisputesOut(disputes=[shown.DisputeOut.of(d) for d in found], next=more))


@router.get(
    "/v1/disputes/{code}",
    summary="How far a dispute is 异议进度",
    responses=answers(shown.FollowedOut, shown.FOLLOWED),
)
async def follow(node: NodeDep, guest: GuestDep, code: Code) -> JSONResponse:
    """For whoever has the code: state and trace, with the issuer's notes."""
    try:
        return _followed(await node.disputes.follow(code, guest.asker))
    except Malformed as exc:
        raise _mistyped(exc) from None


@router.post(
    "/v1/disputes/{code}/withdrawal",
    summary="Take a dispute back 撤回异议",
    responses=answers(shown.FollowedOut, {**shown.FOLLOWED, "state": "withdrawn", "steps": []}),
)
async def withdraw(node: NodeDep, guest: GuestDep, code: Code) -> JSONResponse:
    """By whoever has the code. What was said in it is forgotten; its trace stays."""
    try:
        return _followed(await node.disputes.withdraw(code, guest.asker))
    except Malformed as exc:
        raise _mistyped(exc) from None


@router.post(
    "/v1/disputes/{reference}/answer",
    summary="Answer a dispute 答复异议",
    openapi_extra=taking(
        shown.AnswerIn, {"corrected": {"state": "corrected", "note": "已按延续决定更正。"}}
    ),
    responses=answers(shown.FollowedOut, shown.FOLLOWED),
)
async def answer(
    request: Request, node: NodeDep, guest: GuestDep, reference: Reference
) -> JSONResponse:
    """By the issuer of the record, or the body that took over from it (承继机构)."""
    said = await read_asked(request, node, shown.AnswerIn)
    found = await node.disputes.answer(
        reference if reference.isascii() and reference.isalnum() else "",
        DisputeState(said.state),
        said.note,
        tenant=_tenant(guest),
        asker=guest.asker,
    )
    return _followed(found)


def _tenant(guest: Guest) -> str:
    """Never nobody: that would be the operator, who sees all. Raises `NotYours`."""
    if guest.asker.tenant is None:
        raise NotYours("only issuers answer disputes, and are told of them")
    return guest.asker.tenant


def _followed(found: Dispute | None) -> JSONResponse:
    if found is None:
        return problem(404, "unknown-dispute", "There is no such dispute for you", field="code")
    return told(shown.FollowedOut.of(found))


def _mistyped(exc: Malformed) -> Refused:
    return Refused("code", str(exc))
