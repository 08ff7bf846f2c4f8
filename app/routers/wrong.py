"""The page on which a wrong record is reported (数据质量异议) and followed by its code.

It uses what `/v1/disputes` uses. Codes travel in bodies, never in addresses; nothing that was typed
is shown again but in the fields of a form that was refused, to whoever sent it.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from app.domain.dispute import MAX_TEXT, Dispute, Element
from app.domain.errors import Malformed, Refused, ServiceError, Unavailable
from app.routers.access import Limited
from app.routers.body import BadRequest, Busy, read_json_body
from app.routers.door import Guest, GuestDep
from app.routers.entered import Slip, issuer_meant
from app.routers.pages import Lang, language, rendered
from app.routers.problems import RETRY_AFTER
from app.routers.state import Node, NodeDep
from app.routers.times import when
from app.routers.verifying import bodies_of, kinds_of
from app.schemas.dispute import DisputeIn

router = APIRouter(include_in_schema=False)

FIELDS: Final = frozenset(DisputeIn.model_fields)
ORDER: Final = (
    *("identifier", "number", "type", "issuer", "holder", "holder_code"),
    *("element", "text"),
)
"""Of the fields on the page."""
MAX_FIELDS: Final = 16
MAX_CODE: Final = 300
"""Characters of what was typed as a code that are put back into its field."""


@router.get("/wrong")
async def ask(request: Request, node: NodeDep, lang: Lang = None) -> HTMLResponse:
    """Where a wrong record is reported."""
    return await _page(request, node, language(request, lang), 200, "ask")


@router.post("/wrong")
async def report(
    request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None
) -> HTMLResponse:
    """Report it; the answer is the same whatever is known here."""
    shown = language(request, lang)
    typed: dict[str, str] = {}
    try:
        typed = await _form(request, node)
        filled = {k: v for k, v in typed.items() if k in FIELDS and v}
        if "issuer" in filled:
            filled["issuer"] = issuer_meant(filled["issuer"], dict(await bodies_of(node, shown)))
        asked = DisputeIn.model_validate(filled)
        wanted = asked.asked(node.clock())
        await node.door.disputes(guest, wanted.named)
        element = Element(asked.element)
        filed = await node.disputes.file(wanted, element, asked.text, guest.asker)
    except (ServiceError, ValidationError) as exc:
        more = {"typed": _typed(typed), "faults": _faults(exc, typed)}
        return await _failed(request, node, shown, exc, "refused", **more)
    return await _page(request, node, shown, 200, "filed", filed=filed)


def _faults(exc: Exception, typed: Mapping[str, str]) -> list[str]:
    """Names of the fields to be mended, in their order on the page; `missing_…`: left empty."""
    match exc:
        case ValidationError():
            wrong = {str(each["loc"][0]) for each in exc.errors() if each["loc"]} | _unnamed(typed)
        case Slip():
            wrong = {"issuer"} | _unnamed(typed)
        case Refused():
            wrong = _unnamed(typed)
        case _:
            wrong = set()
    return [_fault(name, typed) for name in ORDER if name in wrong]


def _unnamed(typed: Mapping[str, str]) -> set[str]:
    """What is missing to name a license."""
    if typed.get("identifier"):
        return set()
    missing = {name for name in ("number", "type") if not typed.get(name)}
    return missing if len(missing) == 1 else {"identifier"} if missing else set()


def _fault(name: str, typed: Mapping[str, str]) -> str:
    return name if typed.get(name) else f"missing_{name}"


@router.post("/wrong/about")
async def about(
    request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None
) -> HTMLResponse:
    """The form with what was just verified in it, sent in a body and not in the address."""
    shown = language(request, lang)
    try:
        await node.door.reads(guest)
        typed = await _form(request, node)
    except ServiceError as exc:
        return await _failed(request, node, shown, exc, "refused")
    return await _page(request, node, shown, 200, "ask", typed=_typed(typed))


def _typed(form: Mapping[str, str]) -> dict[str, str]:
    """What stands in the fields."""
    return {name: form.get(name, "")[:MAX_TEXT] for name in FIELDS}


@router.post("/wrong/follow")
async def follow(
    request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None
) -> HTMLResponse:
    """How far it is."""
    return await _by_code(request, node, guest, language(request, lang), withdrawing=False)


@router.post("/wrong/withdraw")
async def withdraw(
    request: Request, node: NodeDep, guest: GuestDep, lang: Lang = None
) -> HTMLResponse:
    """Take it back; only of whoever says that it is meant, for it cannot be undone."""
    return await _by_code(request, node, guest, language(request, lang), withdrawing=True)


async def _by_code(
    request: Request, node: Node, guest: Guest, lang: str, *, withdrawing: bool
) -> HTMLResponse:
    code, unsure = "", False
    try:
        await node.door.reads(guest)
        form = await _form(request, node)
        code = form.get("code", "")
        unsure = withdrawing and not form.get("sure")
        ends = withdrawing and not unsure
        how = node.disputes.withdraw if ends else node.disputes.follow
        found = await how(code, guest.asker)
    except (ServiceError, Malformed) as exc:
        return await _failed(request, node, lang, exc, "ended", code=code[:MAX_CODE])
    if found is None:
        return await _page(request, node, lang, 404, "unknown", code=code[:MAX_CODE])
    more = {"code": code, "d": _told(found), "unsure": unsure and not found.state.ended}
    return await _page(request, node, lang, 422 if more["unsure"] else 200, "found", **more)


def _told(found: Dispute) -> dict[str, Any]:
    """For whoever has the code: no word of what was filed."""
    steps = [(when(s.at), s.state.value, s.by.value, s.note or "") for s in found.steps]
    return {
        "state": found.state.value,
        "element": found.element.value,
        "ended": found.state.ended,
        "filed_at": when(found.filed_at),
        "steps": steps,
    }


async def _form(request: Request, node: Node) -> dict[str, str]:
    """Fields of a form as browsers send it. Raises `BadRequest`, `Busy`."""
    with node.room.guest() as take:
        body = await read_json_body(request, node.limits, take)
    try:
        fields = parse_qs(body.decode(), max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise BadRequest(400, "body", "not a form") from None
    return {name: values[0].replace("\r\n", "\n").strip() for name, values in fields.items()}


async def _failed(
    request: Request, node: Node, lang: str, exc: Exception, refused: str, **more: Any
) -> HTMLResponse:
    match exc:
        case Limited():
            return await _page(request, node, lang, 429, "limited", **more)
        case Busy() | Unavailable():
            return await _page(request, node, lang, 503, "outage", **more)
        case Malformed():
            return await _page(request, node, lang, 404, "mistyped", **more)
        case Refused() | ValidationError() | BadRequest() | Slip():
            return await _page(request, node, lang, 422, refused, **more)
        case _:
            raise exc


async def _page(
    request: Request, node: Node, lang: str, status: int, state: str, **values: Any
) -> HTMLResponse:
    kinds, bodies = await kinds_of(node, lang), await bodies_of(node, lang)
    more = {"kinds": kinds, "bodies": bodies, "most": MAX_TEXT, "typed": _typed({}), "faults": [],
            "code": "", "unsure": False, **values}  # fmt: skip
    answer = rendered(request, "wrong.html", lang, status=status, state=state, **more)
    if status in (429, 503):
        answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer
