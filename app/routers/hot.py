"""Routes that are asked so often that finding them, and putting their arguments together, counts.

A route here answers a call that its router describes, with the very function of that router and
through the same door. It is found before all others, and knows its two arguments by itself, where
FastAPI tries every route before it and solves dependencies anew for each request: some 200 µs, as
much as all that a look-up does beside (docs/adr/0034).
"""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from app.routers.door import Guest, admit
from app.routers.lookups import look_up
from app.routers.state import Node

Answer = Callable[[Request, Node, Guest], Awaitable[Response]]


class HotRoute(Route):
    """Takes its one method, and leaves everything else to the routes after it."""

    def __init__(self, method: str, path: str, answer: Answer) -> None:
        async def endpoint(request: Request) -> Response:
            await admit(request)
            return await answer(request, request.state.node, request.state.guest)

        super().__init__(path, endpoint, methods=[method], include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["path"] != self.path:
            return Match.NONE, {}
        match, found = super().matches(scope)
        if match is not Match.FULL:
            return Match.NONE, {}
        return match, {**found, "route": self}  # by which the door knows what it takes


HOT: Final = (HotRoute("POST", "/v1/lookups", look_up),)
