"""Servers left over in a data folder: waiting for them, and clearing what they left behind.

Every process of a PostgreSQL server works inside its data folder, so on Linux the kernel can
say who is there. Elsewhere PostgreSQL's own interlock is all there is.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from embedded.errors import LauncherError

PROC = Path("/proc")
PAUSE_SECONDS = 0.02
GRACE_SECONDS = 5.0  # for an orphan that was told to stop when its parent ended


def clear_leftovers(data: Path, *, until: float) -> None:
    """Wait until nobody works in the folder, then drop a stale postmaster.pid.

    `until` is a time of the monotonic clock. After a reboot the number in a stale file may
    belong to a stranger; PostgreSQL would refuse to start for as long as that one lives.
    Called under the lock, so whoever is found is an orphan: after a grace it is told to stop.
    """
    if sys.platform != "linux" or not data.is_dir():
        return
    told_after = time.monotonic() + GRACE_SECONDS
    while found := occupants(data):
        if time.monotonic() > until:
            raise LauncherError(
                f"a server without a starter still works in {data} "
                f"(processes {', '.join(map(str, sorted(found)))}) and does not stop"
            )
        if time.monotonic() > told_after:
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
        time.sleep(PAUSE_SECONDS)
    (data / "postmaster.pid").unlink(missing_ok=True)


def occupants(data: Path) -> set[int]:
    """The processes of a server whose working directory is the folder (not a shell left there)."""
    here = data.resolve()
    found = set()
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # ended meanwhile, or not ours to look at
                is_server = (entry / "comm").read_text().strip() == "postgres"
                if is_server and (entry / "cwd").readlink() == here:
                    found.add(int(entry.name))
    return found
