"""Processes of our own beside a worker: what is the same of each, whatever it is asked.

One is ended, and never waited for without end: reading and writing its pipes have no limit of their
own. Nothing it says goes to a log, for it reads what strangers sent.
"""

import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from struct import Struct
from typing import IO, Final

LENGTH: Final = Struct("!I")
"""Before each frame: of how many octets it is."""
Child = subprocess.Popen[bytes]


def begin(command: Sequence[str], env: Mapping[str, str]) -> Child:
    """Start one with its pipes open. Raises OSError where it cannot be started."""
    return subprocess.Popen(  # noqa: S603 - no shell, nothing of a stranger's
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a trace could hold what it was given
        env=dict(env),
        cwd="/",
        start_new_session=True,  # a Ctrl-C at the terminal is for the service to handle
    )


def end(process: Child) -> None:
    """Kill it, close its pipes, and leave no trace of it in the table of processes."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was not sent yet goes nowhere now
                pipe.close()
    process.wait()


@contextmanager
def ended_after(process: Child, seconds: float) -> Iterator[None]:
    """Killed from beside, if the block takes longer: what waits for it there ends with EOF."""
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def write_frame(pipe: IO[bytes] | None, data: bytes) -> None:
    """Raises OSError, and EOFError where there is no pipe."""
    if pipe is None:
        raise EOFError
    pipe.write(LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def read_frame(pipe: IO[bytes] | None, most: int) -> bytes:
    """Raises OSError, and EOFError where the other side has ended, or says more than `most`."""
    if pipe is None:
        raise EOFError
    (length,) = LENGTH.unpack(_exactly(pipe, LENGTH.size))
    if length > most:
        raise EOFError
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) != length:
        raise EOFError
    return data
