"""The process that reads rows: `python -m app.registry.imports.program FOLDER`.

It has the node's keys, out of the same folder as the service, and gives them to nobody: it opens no
socket, no file but those, starts no other program, writes no core, and ends when its service does.
"""

import os
import resource
import sys
from pathlib import Path
from typing import IO, Final

from app.children import read_frame, write_frame
from app.crypto.provider import FolderKeys
from app.registry.imports.tasks import MAX_FRAME, READY, outcome, read_task, written

NICE: Final = 5
"""Whoever looks something up goes before it; a core that nobody wants is its own."""
MEMORY: Final = 1024 * 1024 * 1024
"""Octets of address space."""
FILES: Final = 16


def confine() -> None:
    """For the rest of this process's life."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would keep keys and rows
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


def serve(keys: FolderKeys, source: IO[bytes], sink: IO[bytes]) -> None:
    """One task after another, until there is none."""
    write_frame(sink, READY)
    while True:
        try:
            task = read_task(read_frame(source, MAX_FRAME))
        except EOFError:
            return
        write_frame(sink, written(outcome(task, keys)))


if __name__ == "__main__":
    own = FolderKeys(Path(sys.argv[1]))
    confine()
    try:
        serve(own, sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(1)  # the service has ended: nobody is there to be told
