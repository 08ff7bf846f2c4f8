"""Façade for existing callers: the share interface's envelopes over the same verification.

A wrong license is a result; whatever cannot be told is the transport code (`head.status` 2), and
never a result: nobody's outage makes a license not genuine. Always HTTP 200.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.errors import (
    Malformed,
    Refused,
    ServiceError,
    Unavailable,
    UnrecognisedFormat,
)
from app.domain.verdict import Conclusion
from app.domain.verification import Receipt, Submission
from app.reports.catalogue import CATALOGUE
from app.routers.access import Forbidden, Limited, allowed_purpose
from app.routers.body import BadRequest, Busy, Take, read_json_body
from app.routers.door import Guest, GuestDep
from app.routers.state import Node, NodeDep
from app.routers.verifications import stated
from app.schemas.share import (
    CauseIn,
    HeadIn,
    ShareOut,
    VerifyCertInfoIn,
    VerifyFileIn,
    described,
)
from app.schemas.verification import TermsIn, VerificationIn, refused
from app.services.access import Unauthorised
from app.services.places import NoPlace

router = APIRouter(tags=["share"])
logger = logging.getLogger(__name__)

OK, NOT_AUTHORISED, NO_RESULT, WRONG_PARAMETER, BUSY, LIMITED = "0", "1", "2", "4", "16", "17"
TRANSPORT: Final = "transport"
MARGIN: Final = 64 * 1024
"""Bytes of an envelope around its file."""
_THEIRS: Final = {
    "identifier": "certIdentifier",
    "number": "certNo",
    "type": "certTypeCode",
    "holder_code": "holderCode",
    "matter": "useCause",
}
"""Our field → theirs, for complaints."""
Envelope = TypeVar("Envelope", VerifyCertInfoIn, VerifyFileIn)
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {200: {"model": ShareOut}}


def _body(model: type[BaseModel]) -> dict[str, object]:
    return {"requestBody": {"required": True, "content": {"application/json": described(model)}}}


@router.post(
    "/share/v1/verifyCertInfo",
    summary="Verify a license's facts for existing callers 证照信息验证",
    responses=_RESPONSES,
    openapi_extra=_body(VerifyCertInfoIn),
)
async def verify_cert_info(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """Number with type, or identifier, and the holder; results 0 to 7 of GB/T 36906."""

    def submission(asked: VerifyCertInfoIn, caller: Guest) -> Submission:
        data = asked.data
        if data.holder is None and data.holderCode is None:
            raise Refused("holder", "or holderCode is needed: a number alone is a guess")
        taken = VerificationIn.model_validate(
            {
                "identifier": data.certIdentifier,
                "number": data.certNo,
                "type": data.certTypeCode,
                "holder": data.holder,
                "holder_code": data.holderCode,
                "matter": _matter(data),
            }
        )
        return Submission(
            stated=stated(taken),
            purpose=_purpose(caller, data),
            asker=caller.asker,
            matter=taken.matter,
        )

    return await _answered(
        request, node, guest, VerifyCertInfoIn, Scope.VERIFY_NUMBER, submission, "info_code"
    )


@router.post(
    "/share/v1/verifyFile",
    summary="Verify a license file for existing callers 证照文件验证",
    responses=_RESPONSES,
    openapi_extra=_body(VerifyFileIn),
)
async def verify_file(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """The file in base64; results 0 to 2 of GB/T 36906. A URL is not fetched."""

    def submission(asked: VerifyFileIn, caller: Guest) -> Submission:
        data = asked.data
        if data.contentType != "base64":
            raise Refused("contentType", "is not base64; a URL is never fetched: send the file")
        taken = TermsIn.model_validate({"matter": _matter(data)})
        return Submission(
            content=_content(data.content, node.limits.upload),
            purpose=_purpose(caller, data),
            asker=caller.asker,
            matter=taken.matter,
        )

    return await _answered(
        request, node, guest, VerifyFileIn, Scope.VERIFY_FILE, submission, "file_code"
    )


async def _answered(  # noqa: PLR0917 - private, and called in two places
    request: Request,
    node: Node,
    guest: Guest,
    model: type[Envelope],
    scope: Scope,
    submission: Callable[[Envelope, Guest], Submission],
    code: str,
) -> Response:
    """One envelope for another, whatever happens on the way."""
    try:
        await node.door.asks_as_node(guest)  # until its envelope is read, a caller is an address
        with node.room.guest() as take:
            asked = await _read(request, node, take, model)
            caller = await _caller(node, guest, asked.head, scope)
            submitted = await asyncio.to_thread(submission, asked, caller)
            async with node.places.one():
                receipt = await node.verifier.verify(submitted)
    except ValidationError as exc:
        complaint = refused(exc)
        return _told(WRONG_PARAMETER, f"{_named(complaint.field)}: {complaint}")
    except ServiceError as exc:
        return await _failed(node, guest, exc)
    return _result(receipt, code)


async def _read(request: Request, node: Node, take: Take, model: type[Envelope]) -> Envelope:
    """Raises `BadRequest`, `Busy`, `Refused`."""
    most = node.limits.upload * 4 // 3 + MARGIN if model is VerifyFileIn else node.limits.json
    body = await read_json_body(request, replace(node.limits, json=most), take)
    try:
        document = await asyncio.to_thread(read_json_object, body, JsonLimits(size=most))
    except Malformed as exc:
        raise BadRequest(400, "body", str(exc)) from None
    try:
        return model.model_validate(document)
    except ValidationError as exc:
        place = ".".join(map(str, exc.errors(include_input=False, include_url=False)[0]["loc"]))
        raise Refused(place, "is missing, or not as documented") from None


async def _caller(node: Node, guest: Guest, head: HeadIn, scope: Scope) -> Guest:
    """By the header, or by the envelope; the public has no envelope. Raises as the door does."""
    if not guest.caller.anonymous:
        await node.door.allow(guest, scope)
        return guest
    if head.credential is None:
        await node.door.turned_away(guest, Operation.DENIED, "unauthorised")
        raise Unauthorised("no accessToken")
    caller = await node.door.admit_by(guest, head.credential, scope)
    if head.accessId is not None and head.accessId != caller.caller.id:
        await node.door.turned_away(guest, Operation.DENIED, "unauthorised")
        raise Unauthorised("accessId is another")
    return caller


def _purpose(caller: Guest, cause: CauseIn) -> str:
    """The stated one, or the only one there is. Raises `Refused`."""
    purposes = caller.caller.purposes
    only = next(iter(purposes)) if cause.purpose is None and len(purposes) == 1 else cause.purpose
    return allowed_purpose(caller.caller, only)


def _matter(cause: CauseIn) -> str | None:
    """事项编码 in useCause. Raises `Refused`."""
    if cause.useCause is None:
        return None
    try:
        said = read_json_object(cause.useCause.encode(), JsonLimits(size=2048, depth=4)).get(
            "certificateEventCode"
        )
    except Malformed:
        raise Refused("useCause", "is no JSON object") from None
    if said is not None and not isinstance(said, str):
        raise Refused("useCause", "certificateEventCode is no text")
    return said or None


def _content(text: str, most: int) -> bytes:
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("content", "is no base64") from None
    if not 0 < len(content) <= most:
        raise Refused("content", f"is empty, or over {most} bytes")
    return content


def _result(receipt: Receipt, code: str) -> Response:
    """Valid is 0, and nothing else is; indeterminate is no result."""
    verdict, codes = receipt.verification.verdict, receipt.report["codes"]
    said = codes[code] if isinstance(codes, dict) else TRANSPORT
    reason = verdict.reason
    about = "" if reason is None else CATALOGUE[reason].texts.title.zh
    data: dict[str, str] = {"reportId": receipt.verification.id}
    if reason is not None:
        data["reason"] = reason.value
    if verdict.conclusion is Conclusion.INDETERMINATE or not isinstance(said, int):
        return _told(NO_RESULT, about or "暂时无法核验", **data)
    if (said == 0) is not (verdict.conclusion is Conclusion.VALID):
        logger.error("a result that contradicts its verdict: %s", verdict.conclusion)
        return _told(NO_RESULT, "暂时无法核验", **data)
    return _told(OK, "成功", result=str(said), message=about or "信息正确且有效", **data)


async def _failed(node: Node, guest: Guest, exc: ServiceError) -> Response:
    """Every failure of a whole request in an envelope; the door has written what it refused."""
    match exc:
        case Unauthorised() | Forbidden():
            return _told(NOT_AUTHORISED, "未获得授权")
        case Limited():
            return _told(LIMITED, "访问限制")
        case Busy() | NoPlace():
            return _told(BUSY, "访问峰值")
        case Unavailable():
            return _told(NO_RESULT, "服务超时")
        case UnrecognisedFormat():
            complaint = "content: 不是可识别的证照文件"
        case BadRequest() | Refused():
            complaint = f"{_named(exc.field)}: {exc}"
        case _:
            complaint = "参数错误"
    await node.door.turned_away(guest, Operation.REJECTED, "share_parameter")
    return _told(WRONG_PARAMETER, complaint)


def _named(field: str) -> str:
    return _THEIRS.get(field, field)


def _told(status: str, head_message: str, **data: str) -> Response:
    body = {"head": {"status": status, "message": head_message}, "data": data}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})
