"""Changes of trust over HTTP: shown, and taken as their people signed them at home.

The interface of what the console's page does. The caller is a system that carries texts: who
proposes or decides, and may, their signature tells and their own scopes.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from app.domain.audit import Operation
from app.registry.making.proposals import NoProposal
from app.registry.making.received import LAST_NUMBER
from app.routers.asked import read_asked, taking
from app.routers.door import GuestDep
from app.routers.problems import problem
from app.routers.state import NodeDep
from app.routers.told import answers, told
from app.schemas import making as shown
from app.services.making import PAGE

router = APIRouter(tags=["trust"])


Number = Annotated[int, Path(ge=1, le=LAST_NUMBER, description="of the proposal", examples=[3])]


@router.get(
    "/v1/trust/proposals",
    summary="Changes of trust 信任变更",
    responses=answers(shown.ProposalsOut, shown.LISTED),
)
async def listed(
    node: NodeDep,
    guest: GuestDep,
    before: Annotated[
        int,
        Query(ge=1, le=LAST_NUMBER, description="the `next` of the page before", examples=[21]),
    ] = LAST_NUMBER,
) -> JSONResponse:
    """Of the list this node makes, newest first, each read under the keys of who signed it."""
    publisher, found = await node.making.newest(before)
    await node.door.note(guest, Operation.READ_PROPOSALS, object="proposals")
    more = found[-1].number if len(found) == PAGE else None
    proposals = [shown.ProposalOut.of(each) for each in found]
    return told(shown.ProposalsOut(publisher=publisher, proposals=proposals, next=more))


@router.get(
    "/v1/trust/proposals/{number}",
    summary="One change of trust, in words and as it was signed 信任变更的内容",
    responses=answers(shown.ShownOut, shown.SHOWN),
)
async def one(node: NodeDep, guest: GuestDep, number: Number) -> JSONResponse:
    """Whoever decides reads `signed` on their own machine: `zhengyan trust sign-decision` shows
    what it would change, and signs its digest.
    """
    try:
        found = await node.making.shown(number)
    except NoProposal:
        return _unknown()
    await node.door.note(guest, Operation.READ_PROPOSALS, object=f"proposals/{number}")
    return told(shown.ShownOut.shown(found.proposal, found.words, found.signed))


@router.post(
    "/v1/trust/proposals",
    summary="Hand in a signed proposal 提交签名后的变更",
    openapi_extra=taking(shown.ProposingIn, {"signed": shown.PROPOSING}),
    responses=answers(shown.ProposalOut, shown.PROPOSED),
)
async def propose(request: Request, node: NodeDep, guest: GuestDep) -> JSONResponse:
    """Signed within a day by a person who may propose, for this node's list, and never here
    before. Trusts nothing yet: another person decides.
    """
    asked = await read_asked(request, node, shown.ProposingIn)
    kept = await node.making.propose(asked.signed.strip(), None, guest.asker)
    return told(shown.ProposalOut.of(kept))


@router.post(
    "/v1/trust/proposals/{number}/decisions",
    summary="Hand in a signed decision 提交签名后的决定",
    openapi_extra=taking(shown.DecidingIn, {"signed": shown.DECIDING}),
    responses=answers(shown.ProposalOut, shown.APPROVED),
)
async def decide(request: Request, node: NodeDep, guest: GuestDep, number: Number) -> JSONResponse:
    """Signed within a day by another person than proposed it, who may approve, about this very
    content of this proposal.
    """
    asked = await read_asked(request, node, shown.DecidingIn)
    try:
        kept = await node.making.decide(number, asked.signed.strip(), None, guest.asker)
    except NoProposal:
        return _unknown()
    return told(shown.ProposalOut.of(kept))


def _unknown() -> JSONResponse:
    return problem(404, "unknown-proposal", "There is no such proposal here", field="number")
