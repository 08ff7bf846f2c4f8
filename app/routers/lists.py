"""The public lists: who issues what and how it answers, the types, and how to verify."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.domain.errors import Unavailable
from app.registry.directory import Body, Directory, Kind, ListStanding
from app.routers.pages import Lang, language, rendered
from app.routers.problems import RETRY_AFTER
from app.routers.state import Node, NodeDep
from app.routers.times import ago, span, when

router = APIRouter(include_in_schema=False)

PER_PAGE: Final = 50
Item = TypeVar("Item")

Find = Annotated[str, Query(max_length=256)]
PageNumber = Annotated[int, Query(ge=1, le=10_000, alias="page")]


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Item]):
    """One page of a list."""

    items: Sequence[Item]
    page: int
    pages: int
    total: int
    find: str

    def query(self, page: int) -> str:
        """Of another page of the same list."""
        return urlencode({"find": self.find, "page": page} if self.find else {"page": page})


def sheet(items: Sequence[Item], page: int, find: str) -> Sheet[Item]:
    """The page asked for, or the last there is."""
    pages = max(1, -(-len(items) // PER_PAGE))
    page = min(page, pages)
    return Sheet(items[(page - 1) * PER_PAGE : page * PER_PAGE], page, pages, len(items), find)


def _plain(text: str) -> str:
    """What is compared when somebody looks for a name: width, case and spaces say nothing."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _found(items: Sequence[Any], find: str) -> list[Any]:
    wanted = _plain(find)
    return [
        each
        for each in items
        if wanted in _plain(f"{each.name}\0{each.name_en}\0{each.code}") or _issues(each, wanted)
    ]


def _issues(each: Body | Kind, wanted: str) -> bool:
    """Whether the whole code of a type was looked for, and this is who issues it."""
    return isinstance(each, Body) and any(wanted == code.casefold() for code in each.types)


def _shown(find: str) -> str:
    """As it is put back into its field: a line, nothing that turns it."""
    return "".join(c for c in find if unicodedata.category(c)[0] not in "CZ" or c == " ")


async def _directory(node: Node) -> Directory | None:
    try:
        return await node.lists.look()
    except Unavailable:
        return None


def _page(request: Request, name: str, lang: str, known: bool, **values: Any) -> HTMLResponse:  # noqa: FBT001
    answer = rendered(request, name, lang, status=200 if known else 503, known=known, **values)
    if not known:
        answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer


@router.get("/issuers")
async def issuers(
    request: Request, node: NodeDep, lang: Lang = None, find: Find = "", page: PageNumber = 1
) -> HTMLResponse:
    """颁发机构: registered names, types, and how they answer."""
    said, known = language(request, lang), await _directory(node)
    bodies: list[Body] = _found(known.bodies, find) if known else []
    kinds = {kind.code: _name(kind, said) for kind in known.kinds} if known else {}
    made = sheet(bodies, page, _shown(find))
    return _page(request, "issuers.html", said, known is not None, sheet=made, kinds=kinds)


@router.get("/types")
async def types(
    request: Request, node: NodeDep, lang: Lang = None, find: Find = "", page: PageNumber = 1
) -> HTMLResponse:
    """证照类型, and what verifying them takes."""
    said, known = language(request, lang), await _directory(node)
    kinds: list[Kind] = _found(known.kinds, find) if known else []
    made = sheet(kinds, page, _shown(find))
    ages = {kind.code: span(kind.status_age, said) for kind in made.items}
    by = {kind.code: _issuing(kind, known) for kind in made.items} if known else {}
    return _page(request, "types.html", said, known is not None, sheet=made, ages=ages, by=by)


def _issuing(kind: Kind, known: Directory) -> int:
    return sum(kind.code in body.types for body in known.bodies)


def _name(each: Body | Kind, lang: str) -> str:
    return each.name_en if lang == "en" else each.name


@router.get("/help")
async def help(request: Request, node: NodeDep, lang: Lang = None) -> HTMLResponse:
    """How to verify, what conclusions mean, the real site, and whose lists are followed."""
    said, known, now = language(request, lang), await _directory(node), node.clock()
    lists = [_list(each, now, said) for each in known.lists] if known else []
    return _page(
        *(request, "help.html", said, known is not None),
        lists=lists,
        last=_since(known.last, now, said) if known and known.last else "",
        address=node.address,
        node_id=node.id,
    )


def _since(at: datetime, now: datetime, lang: str) -> str:
    age = ago(now - at, lang)
    return f"{when(at)}（{age}）" if lang == "zh" else f"{when(at)} ({age})"


def _list(each: ListStanding, now: datetime, lang: str) -> dict[str, Any]:
    issued, until = each.issued_at, each.expires_at
    return {
        "publisher": each.publisher,
        "own": each.own,
        "number": each.number,
        "issued": when(issued) if issued else "",
        "age": ago(now - issued, lang) if issued else "",
        "until": when(until) if until else "",
        "late": each.late(now),
    }
