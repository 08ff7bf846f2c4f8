"""The page that verifies: a file, a token or a number, with scripts or without them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from app.domain.audit import Operation
from app.domain.caller import Scope
from app.domain.errors import Refused, ServiceError, Unavailable
from app.domain.signers import ANY_SIGNER
from app.domain.verification import Submission
from app.registry.directory import Body, Kind
from app.routers.body import BadRequest, Form, read_form
from app.routers.door import Guest, GuestDep
from app.routers.entered import Slip, issuer_meant, look_at, pasted
from app.routers.page_texts import VERIFY
from app.routers.pages import Lang, language, names, rendered
from app.routers.problems import RETRY_AFTER, problem_of
from app.routers.result import NONE_YET, Result, foreign, result_of
from app.routers.state import Node, NodeDep
from app.routers.telling import Asked
from app.routers.verifications import submission_of
from app.schemas.verification import VerificationIn, refused

router = APIRouter(include_in_schema=False)

MAX_OPTIONS: Final = 400
"""Types of license, or issuers, in a list to choose from; beyond it their codes are typed."""
FIELDS: Final = ("text", "number", "type", "holder", "holder_code", "issuer")
NO_FORM: Final = Form(None, None, {})
"""Nothing was sent, or none of it could be read."""
_OUTAGE: Final = 500
"""Statuses from here on are ours, and nothing against the license."""


@router.get("/")
async def page(request: Request, node: NodeDep, lang: Lang = None) -> HTMLResponse:
    """Where a license is verified."""
    return await _shown(request, node, language(request, lang))


@router.post("/")
async def verified(
    request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None
) -> HTMLResponse:
    """The page with its result, for browsers that run no scripts."""
    said, form = language(request, lang), NO_FORM
    try:
        await node.door.allow(guest, Scope.VERIFY_FILE, Scope.VERIFY_TOKEN, Scope.VERIFY_NUMBER)
        with node.room.guest() as take:
            form = await read_form(request, node.limits, take, FIELDS)
            found = await _verified(form, node, guest, said)
    except (ServiceError, ValidationError) as exc:
        status, result = await _refused(node, guest, exc, said)
        return await _shown(request, node, said, status=status, found=result, form=form)
    return await _shown(request, node, said, found=found, form=form)


async def _verified(form: Form, node: Node, guest: Guest, lang: str) -> Result:
    said, bodies = VERIFY[lang]["said"], dict(await bodies_of(node, lang))
    about, submission = await _submission(form, node, guest, bodies)
    async with node.places.one():
        receipt = await node.verifier.verify(submission)
    asked = Asked(
        unnamed=about == "aboutnumber" and not form.texts.get("issuer", "").strip(),
        pasted=about == "abouttext",
    )
    found = result_of(receipt.report, names(lang), bodies, asked)
    name = form.name if about == "aboutfile" else ""
    return replace(found, about=said["about"] + (foreign(name) if name else said[about]))


async def _submission(
    form: Form, node: Node, guest: Guest, bodies: Mapping[str, str]
) -> tuple[str, Submission]:
    """What it is about, by the name of the words for it: a chosen file before pasted text.

    An empty field is one that was not filled in. Raises `Slip`, and as `submission_of`.
    """
    if form.file is not None and (form.file or form.name):
        look_at(form.file)
        await node.door.require(guest, Scope.VERIFY_FILE)
        return "aboutfile", Submission(
            content=form.file,
            media_type=form.media_type,
            asker=guest.asker,
            signers=ANY_SIGNER,  # and the headline says so
        )
    filled = {name: text.strip() for name, text in form.texts.items() if text.strip()}
    if token := pasted(filled.pop("text", "")):
        return "abouttext", await _of_text(token, node, guest)
    if not filled:
        raise Slip("nothing")
    if "issuer" in filled:
        filled["issuer"] = issuer_meant(filled["issuer"], bodies)
    return "aboutnumber", await submission_of(VerificationIn.model_validate(filled), node, guest)


async def _of_text(token: Mapping[str, str], node: Node, guest: Guest) -> Submission:
    """Raises `Slip` where it is neither token nor identifier."""
    try:
        return await submission_of(VerificationIn.model_validate(token), node, guest)
    except (ValidationError, BadRequest, Refused):
        raise Slip("unread") from None


async def _refused(
    node: Node, guest: Guest, exc: ServiceError | ValidationError, lang: str
) -> tuple[int, Result]:
    """In the reader's words. A row is left, as the interface does."""
    said = VERIFY[lang]["said"]
    if isinstance(exc, Slip):
        return await _slipped(node, guest, exc, said)
    answer = problem_of(refused(exc) if isinstance(exc, ValidationError) else exc)
    code = answer.code
    told = VERIFY[lang]["problems"].get(code, said["other"])
    if answer.status_code >= _OUTAGE:
        return answer.status_code, Result(kind="outage", words=said["unable"], meaning=told)
    if code != "limited":  # the door has written that one
        await node.door.turned_away(guest, Operation.REJECTED, code.replace("-", "_"))
    detail = str(exc) if lang == "en" and isinstance(exc, Refused) else ""
    return answer.status_code, Result(
        kind="refused", words=said["refused"], meaning=_limited(told, node), retry=detail
    )


async def _slipped(
    node: Node, guest: Guest, exc: Slip, said: Mapping[str, str]
) -> tuple[int, Result]:
    """What is no question yet. Sent empty it leaves no row."""
    if exc.name == "nothing":
        return 422, Result(kind="refused", words=said["nothing"], meaning="")
    await node.door.turned_away(guest, Operation.REJECTED, "refused")
    return 422, Result(kind="refused", words=said["refused"], meaning=said[exc.name])


def _limited(words: str, node: Node) -> str:
    """With the size that a file may have."""
    return words.replace("{most}", _size(node.limits.upload))


def _size(octets: int) -> str:
    """As browsers and file managers count."""
    whole, unit = (octets // 2**20, "MB") if octets >= 2**20 else (octets // 2**10, "kB")
    return f"{whole} {unit}"


async def _shown(
    request: Request,
    node: Node,
    lang: str,
    *,
    status: int = 200,
    found: Result | None = None,
    form: Form = NO_FORM,
) -> HTMLResponse:
    """What was typed stays in its fields, where it can be compared, and stands nowhere else."""
    checks = [(name, *told) for name, told in names(lang).checks.items()]
    more: dict[str, Any] = {
        "kinds": await kinds_of(node, lang),
        "bodies": await bodies_of(node, lang),
        "by_number": "number" in form.texts,
        "typed": {name: form.texts.get(name, "") for name in FIELDS},
        "most": _size(node.limits.upload),
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
