"""The trust lists this node publishes or follows, for whoever follows it (docs/trust-list.md)."""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path
from fastapi.responses import Response

from app.registry.lists.published import ServedList
from app.registry.lists.signed import MAX_NUMBER, MEDIA_TYPE
from app.routers.problems import PROBLEM, problem
from app.routers.state import NodeDep
from app.schemas.trust import EXAMPLE

router = APIRouter(tags=["trust"])

LATEST: Final = "public, max-age=60"
_TAG: Final = re.compile(r'"[0-9a-f]{64}"')
FOR_EVER: Final = "public, max-age=31536000, immutable"

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {MEDIA_TYPE: {"example": EXAMPLE}},
        "description": "JWS in its general JSON form; docs/trust-list.schema.json is the payload's",
        "headers": {"ETag": {"description": "The list's address", "schema": {"type": "string"}}},
    },
    304: {"description": "The list with this address is still the one"},
    404: PROBLEM,
    503: PROBLEM,
    "4XX": PROBLEM,
}

Publisher = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="the node whose list it is",
        examples=["zhengyan-province"],
    ),
]
Name = Annotated[
    str,
    Path(
        pattern=r"^(latest|[1-9][0-9]{0,9})(\.json)?$",
        description="`latest.json`, or the number of a list",
        examples=["latest.json", "12"],
    ),
]
Known = Annotated[str | None, Header(alias="If-None-Match")]


@router.get("/v1/trust-list", summary="The node's own list, else the first it follows",
            responses=_RESPONSES, response_class=Response)  # fmt: skip
async def first(node: NodeDep, known: Known = None) -> Response:
    """What this node would have others follow: its own list, or whose it follows first."""
    return _served(await node.trust_lists.latest(None, _addresses(known)), LATEST)


@router.get("/v1/trust-list/{publisher}", summary="The newest list of a publisher",
            responses=_RESPONSES, response_class=Response)  # fmt: skip
async def latest(node: NodeDep, publisher: Publisher, known: Known = None) -> Response:
    """As this node holds it: accepted under its publisher's keys, expired or not."""
    return _served(await node.trust_lists.latest(publisher, _addresses(known)), LATEST)


@router.get("/v1/trust-list/{publisher}/{name}", summary="One list of a publisher, by number",
            responses=_RESPONSES, response_class=Response)  # fmt: skip
async def numbered(
    node: NodeDep, publisher: Publisher, name: Name, known: Known = None
) -> Response:
    """A past list stays, for replay and for whoever walks a gap; `latest.json` is the newest."""
    word = name.removesuffix(".json")
    if word == "latest":
        return _served(await node.trust_lists.latest(publisher, _addresses(known)), LATEST)
    number = int(word)
    if number > MAX_NUMBER:
        return _served(None, FOR_EVER)
    found = await node.trust_lists.numbered(publisher, number, _addresses(known))
    return _served(found, FOR_EVER)


def _addresses(known: str | None) -> frozenset[str]:
    """The entity tags of If-None-Match (RFC 9110 §13.1.2) that could be a list's."""
    tags = (each.strip().removeprefix("W/") for each in (known or "").split(","))
    return frozenset(tag[1:-1] for tag in tags if _TAG.fullmatch(tag))


def _served(found: ServedList | None, age: str) -> Response:
    if found is None:
        return problem(404, "unknown-trust-list", "No such trust list is held here")
    headers = {"ETag": f'"{found.address}"', "Cache-Control": age}
    if found.raw is None:
        return Response(status_code=304, headers=headers)
    return Response(found.raw, media_type=MEDIA_TYPE, headers=headers)
