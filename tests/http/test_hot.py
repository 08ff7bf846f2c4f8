"""A body that has come with its head is taken at once; any other is read as ever."""

import asyncio
from collections.abc import Sequence

import pytest
from fastapi.routing import APIRoute
from starlette.types import Message

from app.routers import ROUTERS
from app.routers.access import ROUTES
from app.routers.hot import HOT, arrived

HEAD = (b"content-length", b"2")
WHOLE: Message = {"type": "http.request", "body": b"{}", "more_body": False}
PART: Message = {"type": "http.request", "body": b"{", "more_body": True}
REST: Message = {"type": "http.request", "body": b"}", "more_body": False}
GONE: Message = {"type": "http.disconnect"}


async def step(
    messages: Sequence[Message], *headers: tuple[bytes, bytes], late: bool = False
) -> tuple[bytes | None, list[Message]]:
    """What is taken to have arrived, and what whoever reads gets in any case."""
    left, there = list(messages), asyncio.Event()

    async def receive() -> Message:
        if late:
            await there.wait()
        return left.pop(0)

    body, again = arrived({"type": "http", "headers": list(headers)}, receive)
    there.set()
    return body, [await again() for _ in messages]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("messages", "headers", "late", "body"),
    [
        ([WHOLE], [HEAD], False, b"{}"),
        ([WHOLE], [HEAD], True, None),
        ([WHOLE], [], False, None),
        ([WHOLE], [HEAD, (b"expect", b"100-continue")], False, None),
        ([PART, REST], [HEAD], False, None),
        ([GONE], [HEAD], False, None),
    ],
)
async def test_nothing_is_waited_for_and_nothing_is_lost(
    messages: list[Message], headers: list[tuple[bytes, bytes]], body: bytes | None, *, late: bool
) -> None:
    assert await step(messages, *headers, late=late) == (body, messages)


def test_what_goes_the_short_way_is_described_and_takes_what_the_described_route_takes() -> None:
    described = {
        (method, route.path) for router in ROUTERS for route in router.routes
        if isinstance(route, APIRoute) for method in route.methods
    }  # fmt: skip
    for route in HOT:
        for method in route.methods or ():
            assert (method, route.path) in described
            assert ROUTES[method, route.path]
