"""Routes that are asked so often that finding them, and putting their arguments together, counts.

A route here answers a call that its router describes, and as it says, through the same door. It is
found before all others, and goes through the door by itself, where FastAPI tries every route before
it and solves dependencies anew for each request: some 200 µs, as much as all that a look-up does
beside (docs/adr/0034).
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope, Send

from app.routers.lookups import look_up_at_once
from app.routers.verifications import verify_at_once

Answer = Callable[[Request, bytes | None], Awaitable[Response]]
"""`None`: the body has not arrived yet; what reads it gets it whole, either way."""


class HotRoute(Route):
    """Takes its one method, and leaves everything else to the routes after it."""

    def __init__(self, method: str, path: str, answer: Answer) -> None:
        super().__init__(path, Direct(answer), methods=[method], include_in_schema=False)
        self._method = method

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        taken = scope["type"] == "http" and scope["path"] == self.path
        if not taken or scope["method"] != self._method:
            return Match.NONE, {}
        # The route is that by which the door knows what it takes.
        return Match.FULL, {"endpoint": self.endpoint, "path_params": {}, "route": self}


@dataclass(frozen=True, slots=True)
class Direct:
    """An answer as an application of its own."""

    answer: Answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, receive = arrived(scope, receive)
        response = await self.answer(Request(scope, receive, send), body)
        await response(scope, receive, send)


def arrived(scope: Scope, receive: Receive) -> tuple[bytes | None, Receive]:
    """The body, if all of it has come with the head; and what gives it to whoever reads it.

    Nothing is waited for: a step of `receive` that would wait is taken back.
    """
    headers = dict(scope["headers"])
    if b"content-length" not in headers or b"expect" in headers:
        return None, receive
    waiting = receive()
    if not isinstance(waiting, Coroutine):
        return None, receive
    try:
        waiting.send(None)
    except StopIteration as come:
        message: Message = come.value
    else:
        waiting.close()
        return None, receive
    messages = [message]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    whole = message["type"] == "http.request" and not message.get("more_body", False)
    return (message.get("body", b"") if whole else None), again


HOT: Final = (
    HotRoute("POST", "/v1/lookups", look_up_at_once),
    HotRoute("POST", "/v1/verifications", verify_at_once),
)
