"""亮证: a phone's backend asks for a code, whoever scans it gets the verdict, once."""

import json
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.domain.audit import Operation
from app.domain.presentation import Offer, Presentation, Refusal
from app.domain.verification import Submission
from app.routers.access import allowed_purpose
from app.routers.asked import read_asked, taking
from app.routers.door import GuestDep
from app.routers.problems import PROBLEM, problem
from app.routers.state import NodeDep
from app.routers.verifications import stated, token_of
from app.schemas.examples import VERIFICATION
from app.schemas.presentation import ASKED, GIVEN, OFFERED, OfferIn, PresentationIn, PresentationOut
from app.schemas.report import VerificationOut
from app.schemas.verification import VerificationIn

router = APIRouter(tags=["presentation"])

REFUSALS: Final[Mapping[Refusal, tuple[int, str, str]]] = MappingProxyType(
    {
        Refusal.UNKNOWN: (
            404,
            "No such code 没有这个亮证码",
            "Scan again, or ask the holder to show a new code. 请重新扫描，或请持证人重新出示。",
        ),
        Refusal.USED: (
            409,
            "This code was used already 这个亮证码已经用过",
            "Perhaps a picture of a screen: ask for a new one. 可能是截图：请持证人当面重新出示。",
        ),
        Refusal.EXPIRED: (
            410,
            "This code has ended 这个亮证码已过有效时间",
            "Ask the holder to show a new code. 请持证人重新出示。",
        ),
        Refusal.FOR_OTHERS: (
            403,
            "This code is shown to somebody else 这个亮证码不是向你单位出示的",
            "Ask the holder to show the license to you. 请持证人选择向你单位出示。",
        ),
        Refusal.OTHER_PURPOSE: (
            422,
            "This code is shown for another purpose 这个亮证码是为其他用证事由出示的",
            "Ask the holder to show the license for your purpose. 请持证人按你的用证事由重新出示。",
        ),
    }
)
"""Refusal → status, title, what to do. Nothing of the license is told with any of them."""


@router.post(
    "/v1/presentations",
    summary="A code to show a license once 亮证码",
    openapi_extra=taking(PresentationIn, {"identifier": ASKED}),
    responses={
        200: {"model": PresentationOut, "content": {"application/json": {"example": GIVEN}}},
        **dict.fromkeys((400, 401, 403, 408, 413, 422, 429, 503), PROBLEM),
    },
)
async def give_out(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """For the backend of a mobile app: a license as for a verification, who may use the code, for
    which purpose, and for how long (30 to 60 seconds). The code holds 128 random bits.
    """
    asked = await read_asked(request, node, PresentationIn)
    asked.not_in_future(node.clock())
    if asked.token is not None:
        token_of(asked.token)
    now, tenant = node.clock(), guest.asker.tenant
    if tenant is None:  # a scope of this kind is nobody's without an account
        raise ValueError("a caller with a scope has a tenant")
    await node.door.note(guest, Operation.PRESENT)
    until = now + timedelta(seconds=asked.seconds)
    code = await node.presentations.give_out(
        Presentation(
            content=_kept(asked),
            caller=guest.caller.id,
            tenant=tenant,
            audience=asked.audience,
            purpose=asked.purpose,
            made_at=now,
            expires_at=until,
        )
    )
    given = PresentationOut(code=code, expires_at=until)
    return JSONResponse(given.model_dump(mode="json"), headers={"Cache-Control": "no-store"})


@router.post(
    "/v1/presentations:verify",
    summary="Verify what a phone shows 核验亮证码",
    openapi_extra=taking(OfferIn, {"scanned": OFFERED}),
    responses={
        200: {"model": VerificationOut, "content": {"application/json": {"example": VERIFICATION}}},
        **dict.fromkeys((400, 401, 403, 404, 408, 409, 410, 413, 422, 429, 503), PROBLEM),
    },
)
async def verify_shown(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """Whoever scans the code gets the verdict, signed, once. A second time, after its end, for
    another audience or purpose it is refused, each by its own name; the first two mean: ask the
    holder to show a new one.
    """
    offered = await read_asked(request, node, OfferIn)
    purpose = allowed_purpose(guest.caller, offered.purpose)
    offer = Offer(offered.code, guest.asker.tenant, purpose, node.clock())
    found = await node.presentations.use(offer)
    if isinstance(found, Refusal):
        status, title, fix = REFUSALS[found]
        field = "purpose" if found is Refusal.OTHER_PURPOSE else "code"
        return problem(status, found.replace("_", "-"), title, field=field, detail=fix)
    asked = VerificationIn.model_validate(json.loads(found))
    age = asked.max_status_age
    async with node.places.one(patient=True):  # it is used up: it is not turned away any more
        receipt = await node.verifier.verify(
            Submission(
                content=None if asked.token is None else token_of(asked.token),
                stated=None if asked.token is not None else stated(asked),
                purpose=purpose,
                asker=guest.asker,
                at=asked.at,
                max_status_age=None if age is None else timedelta(seconds=age),
                matter=asked.matter,
                sm_only=asked.sm_only is not None,
            )
        )
    answer = b'{"report":%b,"jws":"%b"}' % (receipt.content, receipt.jws.encode())
    return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store"})


def _kept(asked: PresentationIn) -> bytes:
    """What would have been sent without a code; the purpose is the verifier's own."""
    ground: dict[str, Any] = asked.model_dump(
        mode="json", exclude_none=True, exclude={"audience", "seconds", "purpose"}
    )
    return json.dumps(ground, ensure_ascii=False).encode()
