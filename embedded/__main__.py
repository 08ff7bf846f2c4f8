"""`python -m embedded [--temporary] [COMMAND…]`: a database for as long as a command runs.

The command gets its address as DATABASE_URL; where that is set already, the server it names is
used and none is started. Without a command the address is printed and the server stays until
Ctrl-C. `--temporary` starts an empty server that is gone afterwards.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from embedded.errors import LauncherError
from embedded.place import data_folder, temporary_folder
from embedded.postgres import Server, start

PROJECT = Path(__file__).parents[1]


def main(arguments: Sequence[str]) -> int:
    """The command's own exit code; 1 where the database could not be started."""
    parser = argparse.ArgumentParser("python -m embedded", description=__doc__)
    parser.add_argument("--temporary", action="store_true", help="empty, and gone afterwards")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    asked = parser.parse_args(arguments)
    command = [part for part in asked.command if part != "--"]
    if command and os.environ.get("DATABASE_URL") and not asked.temporary:
        return _run(command, os.environ)
    try:
        with (
            _temporary() if asked.temporary else start(data_folder(PROJECT) / "postgres") as server
        ):
            if command:
                return _run(command, {**os.environ, "DATABASE_URL": server.url})
            sys.stdout.write(f"export DATABASE_URL='{server.url}'\n")
            sys.stdout.flush()
            _wait_for_interrupt()
            return 0
    except LauncherError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1


@contextmanager
def _temporary() -> Iterator[Server]:
    folder = temporary_folder("zhengyan-db-")
    try:
        with start(folder, durable=False) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run in the foreground; we outlive the command to stop the server.

    A Ctrl-C in the terminal reaches the command by itself; a request to end is passed on.
    """
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - the user's own command
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def _wait_for_interrupt() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
