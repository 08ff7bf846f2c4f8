"""Start and stop one PostgreSQL server in a folder of ours.

It listens on a Unix socket in a closed folder (0700) and on nothing else; inside, the kernel
tells the server who is calling (`peer`), so there is no password to keep. It ends when we end,
however we end, and starts again on what it has committed. Linux is tried; macOS should work
(pipe watcher instead of the kernel's mark); Windows is not supported.
"""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from embedded.binaries import Binaries, find_binaries, made_runnable
from embedded.errors import LauncherError, WrongVersion
from embedded.lock import Lock
from embedded.occupants import clear_leftovers
from embedded.place import make_folder
from embedded.tied import Account, Tied, can_enter, current_account, run_as, server_account, spawn

ROLE = DATABASE = "zhengyan"
SERVICE = "zhengyan_node"  # whoever serves, once a migrator has made the account
PORT = 5432  # nothing listens there; it is part of the socket's name
SOCKET_NAME = f"/.s.PGSQL.{PORT}"
LONGEST_SOCKET = 107  # bytes in sockaddr_un.sun_path without its closing zero, unix(7)
PAUSE_SECONDS = 0.01
STOP_SECONDS = 20.0  # a fast shutdown writes a checkpoint; then it is told to stop at once
START_SECONDS = 60.0  # until it is ready, on a slow or busy machine, or after a kill
ABANDON_SECONDS = 5.0  # until one that did not become ready has gone; then it is killed
PRIVATE = 0o700
READY_LINE = 7  # of postmaster.pid, counted from 0
LOG_LINES = 8  # of the server's log, in error messages
BUSY = ("is still in use", "another postmaster", "another server")  # a predecessor is ending


@dataclass(slots=True)
class Server:
    """A running server; a context manager that stops it."""

    base: Path
    binaries: Binaries
    account: Account
    socket: Path
    _tied: Tied
    _lock: Lock

    @property
    def pid(self) -> int:
        return self._tied.process.pid

    @property
    def url(self) -> str:
        """For SQLAlchemy with asyncpg, as in DATABASE_URL."""
        return self.url_of(DATABASE)

    @property
    def service_url(self) -> str:
        """As `url`, for the service: an account that owns nothing."""
        return self.url_of(DATABASE, SERVICE)

    def url_of(self, database: str, role: str = ROLE) -> str:
        return f"postgresql+asyncpg://{role}@/{database}?host={quote(str(self.socket))}&port={PORT}"

    def running(self) -> bool:
        return self._tied.process.poll() is None

    def stop(self) -> None:
        """Fast shutdown: clients are cut off, what was committed is on disk. Safe to repeat."""
        process = self._tied.process
        for number, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, STOP_SECONDS)):
            if process.poll() is not None:
                break
            process.send_signal(number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        self._tied.release()
        self._lock.release()
        if process.poll() is None:
            raise LauncherError(
                f"PostgreSQL (process {process.pid}) does not stop; log: {_log(self.base)}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(base: Path, *, durable: bool = True, patience: float = 20.0) -> Server:
    """Start the server of a folder, after making its data at the first time.

    `durable=False` gives up safety against power loss for speed: for tests only. `patience` is
    how many seconds a starting or ending predecessor is waited for; our own server has a minute
    to become ready. Raises LauncherError.
    Call from the main thread: the server ends with the thread that started it.
    """
    if os.name != "posix":
        raise LauncherError("the launcher knows no Windows: set DATABASE_URL to a running server")
    account, binaries = server_account(), find_binaries()
    make_folder(base)
    if not can_enter(account, base):
        raise LauncherError(f"user {account.name}, who runs the server, cannot reach {base}")
    end = time.monotonic() + patience
    lock = Lock(base / "lock").acquire(patience)
    try:
        data = base / "data"
        _refuse_other_version(data, binaries)
        binaries = made_runnable(binaries, account, base)
        clear_leftovers(data, until=end)
        if not data.exists():
            _initialise(data, binaries, account, durable=durable)
        _write_access_rules(data, account)
        socket = _socket_folder(base, account)
        tied = _launch(base, binaries, account, socket, durable=durable, until=end)
    except BaseException:
        lock.release()
        raise
    server = Server(base, binaries, account, socket, tied, lock)
    lock.tell(f"DATABASE_URL={server.url}")
    return server


def _refuse_other_version(data: Path, binaries: Binaries) -> None:
    stamp = data / "PG_VERSION"
    if not data.exists():
        return
    try:
        made_by = stamp.read_text().strip()
    except OSError as exc:
        raise LauncherError(
            f"{data} cannot be read ({exc.strerror}): another user began it, "
            "or it is no data folder of PostgreSQL; move it away, or set ZHENGYAN_DATA"
        ) from exc
    if made_by != str(binaries.major):
        raise WrongVersion(
            f"{data} was made by PostgreSQL {made_by}, but the programs in {binaries.folder} are "
            f"{binaries.version}. Set ZHENGYAN_PG_BIN to the programs of PostgreSQL {made_by}, "
            "or dump the data with those and load it anew, or move the folder away to begin empty"
        )


def _initialise(data: Path, binaries: Binaries, account: Account, *, durable: bool) -> None:
    """Make a cluster under another name and rename it: a half-made one is never taken for real."""
    growing = data.with_name("data.growing")
    shutil.rmtree(growing, ignore_errors=True)
    _own_folder(growing, account)
    _checked(
        account,
        [
            *(binaries.program("initdb"), "-D", str(growing), "-U", ROLE, "-E", "UTF8"),
            *("--locale=C.UTF-8", "--auth-local=peer", "--auth-host=reject", "--data-checksums"),
            *(() if durable else ("--no-sync",)),
        ],
    )
    # Single-user mode: the first database exists before anybody can connect.
    _checked(
        account,
        [
            *(binaries.program("postgres"), "--single", *(() if durable else ("-F",))),
            *("-D", str(growing), "postgres"),
        ],
        text=f"CREATE DATABASE {DATABASE};\n",
    )
    growing.rename(data)


def _checked(account: Account, command: list[str], *, text: str = "") -> None:
    done = run_as(account, command, text=text, env=_environment())
    if done.returncode != 0:
        raise LauncherError(f"{Path(command[0]).name} failed:\n{_tail(done.stderr)}")


def _write_access_rules(data: Path, account: Account) -> None:
    """Only the user who starts the server may connect, as our roles; the kernel vouches for it."""
    caller = current_account().name.replace('"', '""')
    rules = {
        "pg_hba.conf": f"local all {ROLE},{SERVICE} peer map=starter\n",
        "pg_ident.conf": f'starter "{caller}" {ROLE}\nstarter "{caller}" {SERVICE}\n',
    }
    for name, text in rules.items():
        path = data / name
        path.write_text(text)
        path.chmod(0o600)
        os.chown(path, account.uid, account.gid)


def _socket_folder(base: Path, account: Account) -> Path:
    """A closed folder whose socket's path fits the kernel's limit.

    Where the data lies too deep, a short folder is made once and remembered beside the data.
    """
    folder = base / "run"
    if len(os.fsencode(folder)) + len(SOCKET_NAME) <= LONGEST_SOCKET:
        _own_folder(folder, account)
        return folder
    note = base / "socket-folder"
    if note.exists():
        remembered = Path(note.read_text().strip())
        if _is_closed_and_owned(remembered, account):
            return remembered
    made = Path(tempfile.mkdtemp(prefix="zhengyan-", dir="/tmp"))
    os.chown(made, account.uid, account.gid)
    note.write_text(f"{made}\n")
    return made


def _is_closed_and_owned(folder: Path, account: Account) -> bool:
    """Somebody else may have made a folder of that name since: never take it on trust."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    closed = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == PRIVATE
    return closed and found.st_uid == account.uid


def _own_folder(folder: Path, account: Account) -> None:
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    folder.chmod(PRIVATE)
    os.chown(folder, account.uid, account.gid)


def _launch(
    base: Path, binaries: Binaries, account: Account, socket: Path, *, durable: bool, until: float
) -> Tied:
    """Start until it is ready, again and again while a predecessor's memory is in use."""
    command = [
        *(binaries.program("postgres"), "-D", str(base / "data"), "-k", str(socket)),
        *("-p", str(PORT)),
        *_set(listen_addresses="", unix_socket_permissions="0700", timezone="UTC"),
        *_set(log_timezone="UTC", logging_collector="off"),
        # Without fsync synchronous_commit costs nothing, and the service refuses to run without it.
        *(() if durable else _set(fsync="off", full_page_writes="off")),
    ]
    while True:
        log = _log(base)
        if log.exists():
            log.replace(log.with_suffix(".log.before"))
        with log.open("wb") as out:
            tied = spawn(
                command,
                log=out,
                last_signal=signal.SIGINT,
                account=account,
                env=_environment(),
            )
        try:
            complaint = _wait_ready(tied.process, base / "data" / "postmaster.pid")
        except BaseException:  # a Ctrl-C while it starts
            _abandon(tied)
            raise
        if complaint is None:
            return tied
        _abandon(tied)
        said = log.read_text(errors="replace")
        if time.monotonic() < until and any(phrase in said for phrase in BUSY):
            time.sleep(10 * PAUSE_SECONDS)
            continue
        raise LauncherError(f"PostgreSQL {complaint}; the end of {log}:\n{_tail(said)}")


def _wait_ready(process: subprocess.Popen[bytes], pid_file: Path) -> str | None:
    """Wait for *this* process to say "ready" (lines 1 and 8 of postmaster.pid), or say why not.

    Without the comparison of process ids, the file of a killed predecessor would do.
    """
    until = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None:
            return f"ended at once (exit {process.returncode})"
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            lines = []
        ours = len(lines) > READY_LINE and lines[0] == str(process.pid)
        if ours and lines[READY_LINE].strip() == "ready":
            return None
        if time.monotonic() > until:
            return "did not become ready in time"
        time.sleep(PAUSE_SECONDS)


def _abandon(tied: Tied) -> None:
    """End it at once. A signal that comes before the server listens for it may be lost."""
    if tied.process.poll() is None:
        tied.process.send_signal(signal.SIGQUIT)
        try:
            tied.process.wait(ABANDON_SECONDS)
        except subprocess.TimeoutExpired:
            tied.process.kill()
            tied.process.wait()
    tied.release()


def _set(**settings: str) -> tuple[str, ...]:
    return tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))


def _environment() -> Mapping[str, str]:
    """Nothing of ours reaches the server but where programs are; no PG* variable misleads it."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _log(base: Path) -> Path:
    return base / "postgres.log"


def _tail(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-LOG_LINES:])
