"""Processes that end with the one that started them, and the account a database runs under."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from embedded.errors import LauncherError

CHILD = Path(__file__).with_name("child.py")
USER_SETTING = "ZHENGYAN_PG_USER"
UNPRIVILEGED = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, by name and numbers."""

    name: str
    uid: int
    gid: int


def current_account() -> Account:
    """Who we are. PostgreSQL insists on a name, so a number without one is an error."""
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise LauncherError(
            f"user number {os.geteuid()} has no name on this machine, and PostgreSQL needs one: "
            "add it to /etc/passwd, or set DATABASE_URL to a server that already runs"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def server_account() -> Account:
    """Who runs the server: we do, or, since PostgreSQL refuses root, an existing plain user."""
    if os.geteuid() != 0:
        return current_account()
    name = os.environ.get(USER_SETTING, UNPRIVILEGED)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise LauncherError(
            f"PostgreSQL does not run as root, and there is no user {name!r} to run it: "
            f"set {USER_SETTING} to an existing plain user"
        ) from None
    if entry.pw_uid == 0:
        raise LauncherError(f"{USER_SETTING} names root, and PostgreSQL does not run as root")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_enter(account: Account, folder: Path) -> bool:
    """Whether this account may pass through to the folder: tried, not computed from modes."""
    return run_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]).returncode == 0


def run_as(
    account: Account,
    command: Sequence[str],
    *,
    text: str = "",
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run to the end as that account, output captured. Raises PermissionError from exec."""
    other = account.uid != os.geteuid()
    return subprocess.run(  # noqa: S603 - our own commands, no shell
        list(command),
        check=False,
        capture_output=True,
        text=True,
        input=text,
        env=env,
        cwd="/",
        user=account.uid if other else None,
        group=account.gid if other else None,
        extra_groups=[] if other else None,
    )


@dataclass(slots=True)
class Tied:
    """A running command and, where the kernel offers no better, the pipe that guards it."""

    process: subprocess.Popen[bytes]
    guard: int | None = None

    def release(self) -> None:
        """Close the guarding pipe; called once the process has ended."""
        if self.guard is not None:
            os.close(self.guard)
            self.guard = None


def spawn(
    command: Sequence[str],
    *,
    log: IO[bytes],
    last_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pipe: bool = sys.platform != "linux",
) -> Tied:
    """Start a command in its own session that gets `last_signal` when we end, however we end.

    On Linux the kernel sends it when the *thread* that called this ends, so call from the main
    one; elsewhere (or with `pipe`) a watcher sends it when our end of a pipe closes.
    """
    other = account is not None and account.uid != os.geteuid()
    reading, writing = os.pipe() if pipe else (None, None)
    wrapper = [
        *(sys.executable, "-I", "-S", str(CHILD), str(os.getpid())),
        f"{account.uid}:{account.gid}" if account is not None and other else "-",
        "-" if reading is None else str(reading),
        str(int(last_signal)),
    ]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            [*wrapper, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=env,
            cwd=cwd or "/",
            start_new_session=True,  # a Ctrl-C in the terminal is for us, who then stop in order
            pass_fds=() if reading is None else (reading,),
        )
    finally:
        if reading is not None:
            os.close(reading)
    return Tied(process, writing)
