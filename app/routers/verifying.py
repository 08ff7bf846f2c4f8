"""The page that verifies: a file, a token or a number, with scripts or without them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.errors import Refused, ServiceError, Unavailable
from app.domain.reasons import Reason
from app.domain.signers import ANY_SIGNER
from app.domain.verification import Submission
from app.registry.directory import Body, Kind
from app.routers.body import Form, read_form
from app.routers.door import Guest, GuestDep
from app.routers.page_texts import VERIFY
from app.routers.pages import Lang, language, names, rendered
from app.routers.problems import RETRY_AFTER, problem_of
from app.routers.result import NONE_YET, Result, result_of
from app.routers.state import Node, NodeDep
from app.routers.verifications import submission_of
from app.schemas.verification import VerificationIn, refused

router = APIRouter(include_in_schema=False)

MAX_OPTIONS: Final = 400
"""Types of license, or issuers, in a list to choose from; beyond it their codes are typed."""
FIELDS: Final = ("text", "number", "type", "holder", "holder_code", "issuer")
_TOKEN: Final = re.compile(r"e[A-Za-z0-9_=-]*(\.[A-Za-z0-9_=-]*)+")
_OUTAGE: Final = 500
"""Statuses from here on are ours, and nothing against the license."""


class NothingSent(ServiceError):
    """A form sent empty."""


@router.get("/")
async def page(request: Request, node: NodeDep, lang: Lang = None) -> HTMLResponse:
    """Where a license is verified."""
    return await _shown(request, node, language(request, lang))


@router.post("/")
async def verified(
    request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None
) -> HTMLResponse:
    """The page with its result, for browsers that run no scripts."""
    said = language(request, lang)
    try:
        await node.door.allow(guest, Scope.VERIFY_FILE, Scope.VERIFY_TOKEN, Scope.VERIFY_NUMBER)
        found, numbered = await _verified(request, node, guest, said)
    except (ServiceError, ValidationError) as exc:
        status, result = await _refused(node, guest, exc, said)
        return await _shown(request, node, said, status=status, found=result)
    return await _shown(request, node, said, found=found, by_number=numbered)


async def _verified(request: Request, node: Node, guest: Guest, lang: str) -> tuple[Result, bool]:
    with node.room.guest() as take:
        form = await read_form(request, node.limits, take, FIELDS)
        submission = await _submission(form, node, guest)
        async with node.places.one():
            receipt = await node.verifier.verify(submission)
    found, numbered = result_of(receipt.report, names(lang)), "number" in form.texts
    named = bool(form.texts.get("issuer", "").strip())
    if numbered and not named and found.reason == Reason.ISSUER_UNKNOWN:
        found = replace(found, retry=VERIFY[lang]["said"]["unnamed"])
    return found, numbered


async def _submission(form: Form, node: Node, guest: Guest) -> Submission:
    """A chosen file before pasted text. An empty field is one that was not filled in."""
    if form.file:
        await node.door.require(guest, Scope.VERIFY_FILE)
        return Submission(
            content=form.file,
            media_type=form.media_type,
            asker=guest.asker,
            signers=ANY_SIGNER,  # and the headline says so
        )
    filled = {name: text.strip() for name, text in form.texts.items() if text.strip()}
    pasted = filled.pop("text", "")
    if pasted:
        filled = {"token" if _TOKEN.fullmatch(pasted) else "identifier": pasted}
    if not filled:
        raise NothingSent
    return await submission_of(VerificationIn.model_validate(filled), node, guest)


async def _refused(
    node: Node, guest: Guest, exc: ServiceError | ValidationError, lang: str
) -> tuple[int, Result]:
    """In the reader's words, repeating nothing typed. A row is left, as the interface does."""
    said = VERIFY[lang]["said"]
    if isinstance(exc, NothingSent):
        return 422, Result(kind="refused", words=said["nothing"], meaning="")
    answer = problem_of(refused(exc) if isinstance(exc, ValidationError) else exc)
    code = answer.code
    told = VERIFY[lang]["problems"].get(code, said["other"])
    if answer.status_code >= _OUTAGE:
        return answer.status_code, Result(kind="outage", words=said["unable"], meaning=told)
    if code != "limited":  # the door has written that one
        await node.door.turned_away(guest, Operation.REJECTED, code.replace("-", "_"))
    detail = str(exc) if lang == "en" and isinstance(exc, Refused) else ""
    return answer.status_code, Result(
        kind="refused", words=said["refused"], meaning=told, retry=detail
    )


async def _shown(
    request: Request,
    node: Node,
    lang: str,
    *,
    status: int = 200,
    found: Result | None = None,
    by_number: bool = False,
) -> HTMLResponse:
    checks = [(name, *told) for name, told in names(lang).checks.items()]
    more: dict[str, Any] = {
        "kinds": await kinds_of(node, lang),
        "bodies": await bodies_of(node, lang),
        "by_number": by_number,
    }
    answer = rendered(
        request, "page.html", lang, status=status, checks=checks, r=found or NONE_YET, **more
    )
    if found is not None:
        answer.headers["X-Robots-Tag"] = "noindex"
    if status in (429, 503):
        answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer


async def kinds_of(node: Node, lang: str) -> list[tuple[str, str]]:
    """To choose from; none where the register cannot be read just now, and the code is typed."""
    try:
        return _choices((await node.lists.look()).kinds, lang)
    except Unavailable:
        return []


async def bodies_of(node: Node, lang: str) -> list[tuple[str, str]]:
    """Issuers to choose from by their names, whose codes nobody knows by heart; likewise."""
    try:
        return _choices((await node.lists.look()).bodies, lang)
    except Unavailable:
        return []


def _choices(found: Sequence[Body | Kind], lang: str) -> list[tuple[str, str]]:
    """Code and name, by name; none of too many."""
    if len(found) > MAX_OPTIONS:
        return []
    named = [(each.code, each.name_en if lang == "en" else each.name) for each in found]
    return sorted(named, key=lambda each: each[1])
