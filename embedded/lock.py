"""One starter at a time for a data folder, for as long as its server runs."""

import fcntl
import os
import time
from pathlib import Path
from typing import Self

from embedded.errors import AlreadyRunning

PAUSE_SECONDS = 0.05


class Lock:
    """An advisory lock on a file that names its holder; the kernel lets go when we end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, patience: float) -> Self:
        """Wait up to `patience` seconds, since a holder may be just stopping.

        Raises AlreadyRunning, with the holder's process id and what it wrote with `tell`.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < end:
                    time.sleep(PAUSE_SECONDS)
                    continue
                holder = os.read(descriptor, 4096).decode(errors="replace").strip()
                os.close(descriptor)
                raise AlreadyRunning(
                    f"the database in {self._path.parent} is already running ({holder}): "
                    "stop that process, or set DATABASE_URL to use its server"
                ) from None
            self._descriptor = descriptor
            self.tell("starting")
            return self

    def tell(self, note: str) -> None:
        """Leave a line for those who find the lock taken."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"process {os.getpid()}, {note}\n".encode(), 0)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
