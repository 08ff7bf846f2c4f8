"""The main job over HTTP: read, call, return."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.errors import UnrecognisedFormat
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.license import Claims, LicenseFormat
from app.domain.verification import Submission
from app.formats import detect
from app.formats.photo.header import is_picture
from app.routers.access import allowed_purpose
from app.routers.asked import asked_of, media_of, no_terms_in_address
from app.routers.body import (
    BESIDE_A_FILE,
    BadRequest,
    Longer,
    Take,
    read_form,
    read_json_body,
    too_large,
)
from app.routers.door import Guest, GuestDep, admit
from app.routers.live import EVENTS, live, wants_events
from app.routers.problems import PROBLEM, problem
from app.routers.state import Node, NodeDep
from app.schemas.digested import MAX_BODY, MAX_PARTS, digested_of
from app.schemas.examples import VERIFICATION
from app.schemas.report import VerificationOut
from app.schemas.verification import LONG_TERM, TermsIn, TypedIn, VerificationIn, refused

router = APIRouter(tags=["verification"])

_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"model": VerificationOut, "content": {"application/json": {"example": VERIFICATION}}},
}
_WATCHED: dict[int | str, dict[str, Any]] = {
    200: {
        "model": VerificationOut,
        "content": {
            "application/json": {"example": VERIFICATION},
            "text/event-stream": {"schema": {"type": "string"}, "example": EVENTS},
        },
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "证照文件"},
                        **TypedIn.model_json_schema()["properties"],
                    },
                    "additionalProperties": False,
                }
            },
            "application/json": {
                "schema": VerificationIn.model_json_schema(),
                "examples": {
                    name: {"value": value}
                    for name, value in zip(
                        ("token", "identifier", "number", "digests"),
                        VerificationIn.model_json_schema()["examples"],
                        strict=True,
                    )
                },
            },
        },
    }
}


@router.post(
    "/v1/verifications",
    summary="Verify a license 核验证照",
    openapi_extra=_BODY,
    responses=_WATCHED | dict.fromkeys((400, 401, 403, 408, 413, 415, 422, 429, 503), PROBLEM),
)
async def verify(request: Request, node: NodeDep, guest: GuestDep) -> Response:
    """A file, a token, or an identifier with facts of its holder; one explained, signed verdict.

    A wrong license is a 200 whose report says `invalid`. Problems are for requests that cannot be
    answered: they name the field and the mend. `Accept: text/event-stream` watches it: an event
    `stage` for each part as it is finished, then one `report`, or one `problem`.
    """
    with ExitStack() as held:
        take = held.enter_context(node.room.guest())
        submission = await _submission(request, node, guest, take)
        if wants_events(request):
            return live(node, submission, held.pop_all(), request.state.let_in)
        async with node.places.one():
            receipt = await node.verifier.verify(submission)
    # Octet for octet what was signed, and not made a second time; a JWS needs no escaping.
    answer = b'{"report":%b,"jws":"%b"}' % (receipt.content, receipt.jws.encode())
    return Response(answer, media_type="application/json")


async def verify_at_once(request: Request, _: bytes | None) -> Response:
    """The same, through the door by itself."""
    node: Node = request.scope["state"]["node"]
    await admit(request)
    return await verify(request, node, request.state.guest)


@router.get(
    "/v1/verifications/{id}",
    summary="Read a report again",
    responses=_ANSWER | {404: PROBLEM, 503: PROBLEM, "4XX": PROBLEM},
)
async def report(
    node: NodeDep,
    guest: GuestDep,
    id: Annotated[
        str,
        Path(
            description="the id a verification was answered with",
            examples=[VERIFICATION["report"]["id"]],
        ),
    ],
) -> JSONResponse:
    """Whoever has the id may read a report that was asked for anonymously, for 24 hours; that of a
    named caller is its tenant's alone.
    """
    found = await node.reports.report(id, node.clock(), guest.asker.tenant)
    if found is None:
        return problem(404, "unknown-report", "No report under this id, or no longer", field="id")
    await node.door.note(guest, Operation.READ_REPORT, report=id)
    return JSONResponse({"report": found[0], "jws": found[1]})


async def _submission(request: Request, node: Node, guest: Guest, take: Take) -> Submission:
    no_terms_in_address(request)
    try:
        match media_of(request):
            case "multipart/form-data":
                return await _of_form(request, node, guest, take)
            case "application/json":
                return await _of_json(request, node, guest, take)
            case _:
                raise BadRequest(
                    415, "content-type", "send multipart/form-data with a file, or application/json"
                )
    except ValidationError as exc:
        raise refused(exc) from None


async def _of_form(request: Request, node: Node, guest: Guest, take: Take) -> Submission:
    await node.door.require(guest, Scope.VERIFY_FILE)
    form = await read_form(request, node.limits, take, BESIDE_A_FILE)
    terms = TypedIn.of_form(form.texts)
    terms.not_in_future(node.clock())
    if form.file is None:
        raise BadRequest(422, "file", "the part named file is missing; send one")
    if not form.file:
        raise BadRequest(422, "file", "the file is empty; send the original")
    return Submission(
        content=form.file,
        typed=await _typed(form.file, terms, node, guest),
        media_type=form.media_type,
        **terms_of(terms, guest),
    )


async def _typed(file: bytes, terms: TypedIn, node: Node, guest: Guest) -> Claims | None:
    """What the caller reads off a picture; of other files it is read from the file itself."""
    if not terms.typed:
        return None
    if not is_picture(file):
        raise BadRequest(422, terms.typed[0], "goes with a photo or scan only; leave it out")
    await node.door.require(guest, Scope.VERIFY_NUMBER)
    if terms.identifier or terms.number:
        await node.door.asked_about(guest, terms.identifier or f"{terms.type}/{terms.number}")
    return stated(terms)


async def _of_json(request: Request, node: Node, guest: Guest, take: Take) -> Submission:
    usual = node.limits.json
    limits = replace(node.limits, json=max(usual, MAX_BODY))
    longer = Longer(b'"digests"', limits.json)
    body = await read_json_body(request, node.limits, take, longer)
    asked = asked_of(body, limits, VerificationIn, items=MAX_PARTS)
    if len(body) > usual and asked.digests is None:
        raise too_large("body", usual)
    return await submission_of(asked, node, guest)


async def submission_of(asked: VerificationIn, node: Node, guest: Guest) -> Submission:
    """What is asked in JSON, where the caller may ask it. Raises as the door, and `Refused`."""
    asked.not_in_future(node.clock())
    if asked.token is not None:
        await node.door.require(guest, Scope.VERIFY_TOKEN)
        return Submission(content=token_of(asked.token), **terms_of(asked, guest))
    await node.door.require(guest, Scope.VERIFY_NUMBER)
    digested = None
    if asked.digests is not None:
        await node.door.require(guest, Scope.VERIFY_FILE)
        digested = digested_of(asked.digests)
    await node.door.asked_about(guest, asked.identifier or f"{asked.type}/{asked.number}")
    return Submission(stated=stated(asked), digested=digested, **terms_of(asked, guest))


def token_of(text: str) -> bytes:
    """Raises `BadRequest` for text of which no token can be made."""
    content, meant = text.encode(), None
    with suppress(UnrecognisedFormat):
        meant = detect(content).name
    if meant is not LicenseFormat.JWS:
        raise BadRequest(
            422, "token", "no license token: a JWS in compact form; send it as it was given out"
        )
    return content


def terms_of(terms: TermsIn, guest: Guest) -> Mapping[str, Any]:
    """Of a `Submission`. Raises `Refused` for a purpose that is not the caller's."""
    age = terms.max_status_age
    return {
        "purpose": allowed_purpose(guest.caller, terms.purpose),
        "asker": guest.asker,
        "at": terms.at,
        "max_status_age": None if age is None else timedelta(seconds=age),
        "matter": terms.matter,
        "policy": terms.policy,
        "signers": terms.signers,
        "sm_only": terms.sm_only is not None,
    }


def stated(asked: TypedIn) -> Claims:
    """As the domain has them."""
    identifier = None if asked.identifier is None else Identifier.read(asked.identifier)
    long_term = asked.valid_until == LONG_TERM
    return Claims(
        identifier=identifier,
        identifiers=frozenset({asked.identifier} if asked.identifier else ()),
        type=None if asked.type is None else TypeCode(asked.type),
        issuer=None if asked.issuer is None else IssuerCode(asked.issuer),
        number=asked.number,
        holder=asked.holder,
        holder_code=asked.holder_code,
        valid_from=asked.valid_from,
        valid_until=asked.valid_until if not isinstance(asked.valid_until, str) else None,
        long_term=long_term,
    )
