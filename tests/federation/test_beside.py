"""Questions written and answers read beside the event loop, all that wait in one go."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from app.federation.beside import PIECES, Beside


class Counting(asyncio.SelectorEventLoop):
    """Counts what is handed to threads."""

    goes = 0

    def run_in_executor(  # type: ignore[override]  # passed on as it came
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        self.goes += 1
        return super().run_in_executor(executor, func, *args)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """How often a thread was asked for."""
    loop = Counting()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(work())
    return loop.goes


async def started(*works: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.sleep(0)
    return tasks


def test_a_lone_piece_is_done_at_once_in_another_thread() -> None:
    async def work() -> None:
        beside = Beside()
        assert await beside.run(threading.get_ident) != threading.get_ident()
        assert await beside.run(lambda: 2) == 2

    assert run(work) == 2


def test_what_waits_is_done_in_one_go_in_turn() -> None:
    order: list[int] = []

    async def work() -> None:
        beside, gate = Beside(), threading.Event()
        first = await started(beside.run(gate.wait))
        rest = await started(*(beside.run(partial(order.append, n)) for n in range(2 * PIECES)))
        gate.set()
        await asyncio.gather(*first, *rest)

    assert run(work) == 1 + 2
    assert order == list(range(2 * PIECES))


def test_what_one_raises_is_its_own() -> None:
    def broken() -> int:
        raise ValueError("this one")

    async def work() -> None:
        beside, gate = Beside(), threading.Event()
        tasks = await started(*map(beside.run, (gate.wait, lambda: 1, broken, lambda: 3)))
        gate.set()
        _, one, other, three = await asyncio.gather(*tasks, return_exceptions=True)
        assert (one, three) == (1, 3)
        assert isinstance(other, ValueError)
        assert str(other) == "this one"
        assert await beside.run(lambda: 4) == 4

    run(work)


def test_who_has_left_is_not_worked_for() -> None:
    done: list[str] = []

    async def work() -> None:
        beside, gate = Beside(), threading.Event()
        waiting = partial(beside.run, partial(done.append, "left"))
        tasks = await started(
            beside.run(gate.wait), waiting(), beside.run(partial(done.append, "stayed"))
        )
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        gate.set()
        await asyncio.gather(tasks[0], tasks[2])

    run(work)
    assert done == ["stayed"]


def test_who_leaves_while_it_is_done_leaves_the_others_alone() -> None:
    async def work() -> None:
        beside, gate = Beside(), threading.Event()
        tasks = await started(beside.run(gate.wait), beside.run(lambda: 2))
        tasks[0].cancel()
        await asyncio.sleep(0)
        gate.set()
        assert await tasks[1] == 2

    run(work)


def test_one_endpoints_work_does_not_hold_anothers() -> None:
    async def work() -> None:
        gate = threading.Event()
        (held,) = await started(Beside().run(gate.wait))
        assert await Beside().run(lambda: 2) == 2
        assert not held.done()
        gate.set()
        await held

    run(work)
