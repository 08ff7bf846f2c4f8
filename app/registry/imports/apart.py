"""The process that reads rows, as the service sees it: started, asked, waited for, ended.

Reading, hashing and sealing a row takes the interpreter longer than everything else that is done
with it. In a thread it would hold up whoever is answered meanwhile: docs/adr/0039.
"""

import asyncio
import logging
import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.children import Child, begin, end, ended_after, read_frame, write_frame
from app.domain.errors import Unavailable
from app.registry.imports.prepared import Chunk
from app.registry.imports.tasks import (
    MAX_FRAME,
    READY,
    ChainLines,
    KeysMissing,
    NameRows,
    Outcome,
    ReadLines,
    Task,
    read_outcome,
    written,
)

logger = logging.getLogger(__name__)

STARTING: Final = 30.0
"""Seconds a process may take until it can be asked; half of one on a machine at rest."""
DEADLINE: Final = 60.0
"""Seconds for one task; a thousand rows that are all signed take one."""
ENDED: Final = "rows: the process that reads them ended; ask how far the batch is, and go on"


@dataclass(slots=True)
class RowReader:
    """One process and one task at a time; started at the first."""

    folder: Path
    """Of the node's keys."""
    deadline: float = DEADLINE
    _process: Child | None = field(default=None, init=False, repr=False)
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "rows"), init=False, repr=False
    )
    """Its only one: whoever gives up waiting does not let another in between."""

    async def chunk(self, task: ReadLines) -> Chunk | None:
        """None: keys for signatures are wanted. Raises `Unavailable`."""
        found = await self._ask(task)
        if found is None or isinstance(found, Chunk):
            return found
        raise TypeError("no chunk")

    async def chained(self, task: ChainLines) -> bytes:
        """Raises `Unavailable`."""
        return await self._octets(task)

    async def named(self, task: NameRows) -> bytes:
        """Raises `Unavailable`."""
        return await self._octets(task)

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    def close(self) -> None:
        """End it; nothing can be asked afterwards."""
        if (process := self._process) is not None:
            process.kill()
        self._thread.shutdown()
        self._end()

    async def _octets(self, task: Task) -> bytes:
        found = await self._ask(task)
        if isinstance(found, bytes):
            return found
        raise TypeError("no octets")

    async def _ask(self, task: Task) -> Outcome:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, self._exchanged, task)
        if isinstance(found, KeysMissing):
            raise Unavailable(found.message)
        return found

    def _exchanged(self, task: Task) -> Outcome:
        try:
            process = self._running()
            with ended_after(process, self.deadline):
                return _exchange(process, task)
        except (OSError, EOFError, pickle.UnpicklingError) as exc:
            self._end()
            logger.warning("rows: the process that reads them ended (%s)", type(exc).__name__)
            raise Unavailable(ENDED) from None
        except BaseException:  # half an outcome must not be taken for the next task's
            self._end()
            raise

    def _running(self) -> Child:
        """One that can be asked. Raises OSError or EOFError where none can be started."""
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            program = (sys.executable, "-P", "-X", "utf8", "-m", "app.registry.imports.program")
            self._process = begin(
                (*program, str(self.folder.absolute())),
                env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            with ended_after(self._process, STARTING):
                _first(self._process)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process)


def _first(process: Child) -> None:
    if read_frame(process.stdout, MAX_FRAME) != READY:
        raise EOFError


def _exchange(process: Child, task: Task) -> Outcome:
    write_frame(process.stdin, written(task))
    return read_outcome(read_frame(process.stdout, MAX_FRAME))
