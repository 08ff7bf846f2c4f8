"""Workers for jobs beside the service (`ZHENGYAN_JOB_WORKERS`), kept by the process that serves.

Whoever deploys one thing has both. A worker that ends, killed or not, is followed by another; none
outlives the process that keeps it, however that one ends: each reads from a pipe that closes then.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

logger = logging.getLogger(__name__)

_PROGRAM: Final = "from app.cli import main; main()"
COMMAND: Final = (sys.executable, "-P", "-c", _PROGRAM, "worker", "--tied")
FIRST: Final = 1.0
"""Seconds before the next worker begins; twice as long each time, while none lives long."""
MOST: Final = 30.0
"""Seconds of the longest such pause."""
LONG: Final = 60.0
"""Seconds after which one has lived long."""
ENDING: Final = 12.0
"""Seconds a worker has to end in: it takes ten at most."""


@contextmanager
def crew(
    count: int, command: Sequence[str] = COMMAND, *, first: float = FIRST
) -> Iterator["Crew | None"]:
    """So many workers for the time of the block; none where `count` is 0."""
    if count == 0:
        yield None
        return
    kept = Crew(count, command, first=first)
    try:
        yield kept
    finally:
        kept.close()


class Crew:
    """Keeps workers; one thread waits for each."""

    def __init__(self, count: int, command: Sequence[str] = COMMAND, *, first: float) -> None:
        self._command = tuple(command)
        self._first = first
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._threads = [threading.Thread(target=self._keep, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def pids(self) -> frozenset[int]:
        """Of the workers there are now."""
        with self._lock:
            return frozenset(process.pid for process in self._alive)

    def close(self) -> None:
        """Ends them: in order, and after `ENDING` in any case."""
        self._over.set()
        with self._lock:
            alive = tuple(self._alive)
        for process in alive:
            process.terminate()
        end = time.monotonic() + ENDING
        for process in alive:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            thread.join()

    def _keep(self) -> None:
        pause = self._first
        while (process := self._begin()) is not None:
            begun = time.monotonic()
            with process:  # closes the pipe
                code = process.wait()
            with self._lock:
                self._alive.discard(process)
            if self._over.is_set():
                return
            pause = self._first if time.monotonic() - begun > LONG else pause
            logger.warning("a worker for jobs ended (%d); another begins in %.0f s", code, pause)
            if self._over.wait(pause):
                return
            pause = min(2 * pause, MOST)

    def _begin(self) -> subprocess.Popen[bytes] | None:
        """The next one; None once all is over."""
        with self._lock:
            if self._over.is_set():
                return None
            process = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603 - ours
            self._alive.add(process)
            return process
