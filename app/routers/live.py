"""A verification watched, its checks as they are finished: server-sent events (HTML Standard 9.2).

What can be refused is refused before the stream begins, with its own status. The verification runs
by itself: whoever stops watching keeps it from nothing, and it is recorded like any other.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack
from typing import Final

from fastapi import Request
from fastapi.responses import StreamingResponse

from app.domain.errors import ServiceError
from app.domain.evidence import Evidence, Outcome
from app.domain.verification import Submission
from app.routers.door import LetIn
from app.routers.problems import problem_of
from app.routers.state import Node
from app.services.verify import Stage

MEDIA_TYPE: Final = "text/event-stream"
EVENTS: Final = (
    'event: stage\ndata: {"stage":"read","checks":[]}\n\n'
    'event: stage\ndata: {"stage":"checked","checks":[{"name":"integrity","outcome":"passed"}]}\n\n'
    'event: stage\ndata: {"stage":"asking","checks":[]}\n\n'
    'event: report\ndata: {"report":{},"jws":"…"}\n\n'
)
"""An example; the report is the one of `application/json`."""
_WORST_FIRST: Final = (
    Outcome.FAILED,
    Outcome.INDETERMINATE,
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
)

Event = tuple[str, bytes]


def wants_events(request: Request) -> bool:
    """Only who names it gets it; `*/*` is no such wish."""
    accepted = request.headers.get("accept", "").split(",")
    return any(each.partition(";")[0].strip().lower() == MEDIA_TYPE for each in accepted)


def live(node: Node, submission: Submission, held: ExitStack, let_in: LetIn) -> StreamingResponse:
    """Begin the verification, and tell of it. `held` is given back when it has ended."""
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    task = asyncio.create_task(_run(node, submission, held, let_in, events))
    node.under_way.add(task)
    task.add_done_callback(node.under_way.discard)
    headers = {"X-Accel-Buffering": "no"}  # a proxy that gathers the stream would undo it
    return StreamingResponse(_stream(events), media_type=MEDIA_TYPE, headers=headers)


async def _run(
    node: Node,
    submission: Submission,
    held: ExitStack,
    let_in: LetIn,
    events: asyncio.Queue[Event | None],
) -> None:
    def told(stage: Stage, checks: tuple[Evidence, ...]) -> None:
        events.put_nowait(("stage", _stage(stage, checks)))

    try:
        with held:
            async with node.places.one():
                receipt = await node.verifier.verify(submission, told)
        events.put_nowait(
            ("report", b'{"report":%b,"jws":"%b"}' % (receipt.content, receipt.jws.encode()))
        )
    except ServiceError as exc:
        refused = problem_of(exc)
        await let_in.refused(refused.status_code, refused.code)  # its row, as every refusal has one
        events.put_nowait(("problem", bytes(refused.body)))
    finally:
        events.put_nowait(None)


def _stage(stage: Stage, checks: tuple[Evidence, ...]) -> bytes:
    told = [{"name": name, "outcome": outcome} for name, outcome in _by_name(checks)]
    return json.dumps({"stage": stage, "checks": told}, separators=(",", ":")).encode()


def _by_name(checks: Iterable[Evidence]) -> list[tuple[str, str]]:
    """Each check once, with its worst outcome; no word of a document."""
    found: dict[str, Outcome] = {}
    for each in checks:
        so_far = found.get(each.check.value, Outcome.NOT_APPLICABLE)
        found[each.check.value] = min(so_far, each.outcome, key=_WORST_FIRST.index)
    return [(name, outcome.value) for name, outcome in found.items()]


async def _stream(events: asyncio.Queue[Event | None]) -> AsyncIterator[bytes]:
    """A report in canonical form has no line break in it, and so is one `data` line."""
    while (event := await events.get()) is not None:
        name, data = event
        yield b"event: %b\ndata: %b\n\n" % (name.encode(), data)
