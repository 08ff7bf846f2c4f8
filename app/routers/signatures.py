"""验签: a message with a detached signature, by a registered key."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.domain.audit import Operation
from app.reports.detached import told
from app.routers.access import allowed_purpose
from app.routers.asked import read_asked, taking
from app.routers.door import GuestDep
from app.routers.problems import PROBLEM
from app.routers.state import NodeDep
from app.schemas.detached import (
    ASKED,
    DIGESTED,
    EXAMPLE,
    SignatureIn,
    SignatureVerificationOut,
)
from app.services.detached import SignatureVerifier
from app.services.publish import QUESTIONS

router = APIRouter(tags=["verification"])


@router.post(
    "/v1/signatures:verify",
    summary="Verify a detached signature 验签",
    openapi_extra=taking(SignatureIn, {"message": ASKED, "digest": DIGESTED}),
    responses={
        200: {
            "model": SignatureVerificationOut,
            "content": {"application/json": {"example": EXAMPLE}},
        },
        **dict.fromkeys((400, 401, 403, 408, 413, 415, 422, 429, 503), PROBLEM),
    },
)
async def verify_signature(request: Request, node: NodeDep, guest: GuestDep) -> JSONResponse:
    """A message or its digest, a signature over it (alone, or in a container of GB/T 35275 or RFC
    5652), and the registered key that is to have made it; no other is tried. Says whether it
    holds, and whether the key was good; nothing about any license. Nothing of it is kept.
    """
    asked = await read_asked(request, node, SignatureIn)
    purpose = allowed_purpose(guest.caller, asked.purpose)
    verifier = SignatureVerifier(node.verifier.registry, node.clock)
    async with node.places.one():
        finding = await verifier.verify(asked.asked(node.clock()))
    await node.door.note(
        guest,
        Operation.VERIFY_SIGNATURE,
        purpose=purpose,
        issuer=finding.issuer.code if finding.issuer else None,
        type=asked.type,
        conclusion=finding.outcome.value,
        reason=finding.reason.value if finding.reason else None,
    )
    answer = told(finding, node.id, QUESTIONS)
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})
