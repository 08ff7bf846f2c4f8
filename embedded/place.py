"""Where the data lives: beside the project if that works, else in the usual place of the system.

PostgreSQL runs as a plain user even when root starts it. Below a closed home that user reaches
nothing, so for root the project's own `.data` is tried first and `/var/lib/zhengyan` second.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from embedded.errors import LauncherError
from embedded.tied import Account, can_enter, current_account, server_account

SETTING = "ZHENGYAN_DATA"
SYSTEM = Path("/var/lib/zhengyan")
TEMPORARY = (Path(tempfile.gettempdir()), Path("/var/tmp"))  # noqa: S108 - made by mkdtemp
PASSABLE = 0o711  # others may pass through to a folder of their own, but see nothing
PRIVATE = 0o700


def data_folder(project: Path) -> Path:
    """The folder of whoever starts the product, made if need be.

    Each user has one, so that what root began is not in the way of a plain user in the same
    clone. Raises LauncherError where no candidate can be used.
    """
    account = server_account()
    tried = []
    for folder in _candidates(project.resolve()):
        reason = _unusable(folder, account)
        if reason is None:
            return folder
        tried.append(f"{folder}: {reason}")
    raise LauncherError(
        "no folder for the database could be used:\n  "
        + "\n  ".join(tried)
        + f"\nset {SETTING} to a folder that user {account.name} can reach"
    )


def temporary_folder(prefix: str) -> Path:
    """A new folder that the server's account can reach, for tests; the caller removes it."""
    account = server_account()
    for parent in TEMPORARY:
        if can_enter(account, parent):
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent)).resolve()
            folder.chmod(_mode())
            return folder
    raise LauncherError(
        f"user {account.name} can reach no temporary folder: set TMPDIR to one it can reach"
    )


def _candidates(project: Path) -> Iterator[Path]:
    named = os.environ.get(SETTING)
    if named:
        yield Path(named).absolute()
        return
    user = current_account().name
    yield project / ".data" / user
    own = f"{project.name}-{hashlib.sha256(os.fsencode(project)).hexdigest()[:8]}"
    if os.geteuid() == 0:
        yield SYSTEM / own
    else:
        share = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
        yield Path(share) / "zhengyan" / own


def _unusable(folder: Path, account: Account) -> str | None:
    """Why this folder will not do, or None after making it ready."""
    try:
        make_folder(folder)
    except OSError as exc:
        return exc.strerror or "cannot be made"
    if folder.stat().st_uid != os.geteuid():
        return "belongs to another user"
    if not os.access(folder, os.W_OK):
        return "cannot be written"
    if not can_enter(account, folder):
        return f"a folder above it is closed to user {account.name}, who runs the server"
    return None


def make_folder(folder: Path) -> None:
    """Make what is missing of a path, passable whatever the umask; leave what is there alone."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(_mode())


def _mode() -> int:
    return PASSABLE if os.geteuid() == 0 else PRIVATE
