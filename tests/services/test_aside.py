"""Reading aside: results, faults and cancellation as of any thread; and nothing kept afterwards."""

import asyncio
import os
import subprocess
import sys
import threading
from contextvars import ContextVar
from pathlib import Path

import pytest

from app.services.aside import Aside

PROJECT = str(Path(__file__).parents[2])

GROWS = """
import asyncio, sys
from app.formats.markup import read_markup
from app.services.aside import Aside

def names(i):
    read_markup(("<a>" + "".join(f"<n{i}x{j}y{'z' * 40}/>" for j in range(9000)) + "</a>").encode(), "x")

def held():
    return int(open("/proc/self/statm").read().split()[1]) * 4 // 1024

async def main(run):
    for i in range(5):
        await run(names, i)
    before = held()
    for i in range(5, 65):
        await run(names, i)
    print(held() - before)

asyncio.run(main(Aside().run if sys.argv[1] == "aside" else asyncio.to_thread))
"""


def grown(how: str) -> int:
    """MiB that sixty files of other names each leave behind."""
    done = subprocess.run(
        [sys.executable, "-c", GROWS, how], cwd=PROJECT, env={**os.environ, "PYTHONPATH": PROJECT},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_names_of_strangers_are_forgotten() -> None:
    """In threads that live on they are not: the twin shows that the test can fail."""
    assert grown("aside") < 15
    assert grown("pool") > 25


async def test_results_faults_and_context_come_through() -> None:
    aside, told = Aside(), ContextVar("told", default="")
    told.set("outside")
    assert await aside.run(lambda: (told.get(), threading.current_thread().name)) == (
        "outside",
        "reading",
    )
    assert await aside.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await aside.run(divmod, 7, 0)
    assert await aside.run(int, "7", base=8) == 7


async def test_no_more_at_once_than_may_be() -> None:
    aside, running, most = Aside(2), 0, 0
    lock, go = threading.Lock(), threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(5)
        with lock:
            running -= 1

    tasks = [asyncio.create_task(aside.run(work)) for _ in range(6)]
    await asyncio.sleep(0.1)
    go.set()
    await asyncio.gather(*tasks)
    assert (running, most) == (0, 2)


async def test_whoever_is_cancelled_leaves_and_the_place_comes_back() -> None:
    aside, go = Aside(1), threading.Event()
    task = asyncio.create_task(aside.run(go.wait, 5))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    waiting = asyncio.create_task(aside.run(str, 1))
    await asyncio.sleep(0.05)
    assert not waiting.done(), "the work still runs, and holds its place"
    go.set()
    assert await waiting == "1"
