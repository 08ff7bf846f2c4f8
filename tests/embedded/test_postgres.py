"""The launcher against the real server: reuse, kills, races, the closed socket."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import asyncpg
import pytest

from embedded import (
    AlreadyRunning,
    LauncherError,
    Server,
    WrongVersion,
    postgres,
    start,
    temporary_folder,
)
from embedded.binaries import find_binaries
from embedded.occupants import occupants
from embedded.postgres import _abandon
from embedded.tied import spawn

PROJECT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="uses /proc")


@pytest.fixture
def base():
    folder = temporary_folder("zhengyan-test-")
    yield folder
    shutil.rmtree(folder)


def ask(server: Server | str, question: str) -> object:
    url = server if isinstance(server, str) else server.url

    async def fetch() -> object:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def run_python(code: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def gone_within(seconds: float, data: Path) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not occupants(data):
            return True
        time.sleep(0.02)
    return False


def test_starts_with_checksums_utf8_and_no_network_port(base):
    with start(base, durable=False) as server:
        assert ask(server, "SHOW data_checksums") == "on"
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert (
            ask(server, "SELECT datcollate FROM pg_database WHERE datname = 'zhengyan'")
            == "C.UTF-8"
        )
        assert ask(server, "SHOW listen_addresses") == ""
        assert (
            ask(server, "SELECT current_database() || ' ' || current_user") == "zhengyan zhengyan"
        )
    assert not server.running()


def test_is_durable_unless_told_otherwise(base):
    with start(base) as server:
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SHOW synchronous_commit") == "on"


def test_the_socket_is_closed_to_other_users(base):
    with start(base, durable=False) as server:
        found = server.socket.stat()
        assert stat.S_IMODE(found.st_mode) == 0o700
        assert found.st_uid == server.account.uid


def test_the_kernel_names_the_caller_and_strangers_are_refused(base):
    """Even inside the closed folder only the starter's own user is let in, and only as our two roles."""
    with start(base, durable=False) as server:
        assert ask(server, "SELECT 1") == 1
        with pytest.raises(asyncpg.PostgresError, match=r"no pg_hba\.conf entry"):
            ask(server.url.replace("zhengyan@", "postgres@"), "SELECT 1")


def test_data_is_kept_when_stopped_and_started_again(base):
    with start(base, durable=False) as server:
        ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    with start(base, durable=False) as server:
        assert ask(server, "SELECT n FROM kept") == 7


def test_stop_may_be_repeated(base):
    server = start(base, durable=False)
    server.stop()
    server.stop()


@LINUX
def test_committed_rows_survive_kill_9_of_the_server(base):
    server = start(base)
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    for expected in range(1, 4):
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        server = start(base)
        ask(server, "INSERT INTO kept VALUES (7)")
        assert ask(server, "SELECT count(*) FROM kept") == expected + 1
    server.stop()


OWNER = """
import sys, time
from pathlib import Path
from embedded import start
server = start(Path(sys.argv[1]), durable=False)
print(server.url, flush=True)
time.sleep(60)
"""


@LINUX
@pytest.mark.parametrize("pipe", [False, True], ids=["kernel", "pipe"])
def test_the_server_ends_when_its_starter_is_killed_9(base, pipe):
    code = OWNER
    if pipe:  # the way of systems without prctl, tried here as well
        code = (
            "import functools, embedded.postgres as p\n"
            "p.spawn = functools.partial(p.spawn, pipe=True)\n" + OWNER
        )
    owner = run_python(code, str(base))
    url = owner.stdout.readline().strip()
    ask(url, "CREATE TABLE kept AS SELECT 7 AS n")
    assert occupants(base / "data")  # the twin: it runs as long as its starter does
    owner.kill()
    owner.communicate()
    assert gone_within(10, base / "data")
    with start(base, durable=False) as server:
        assert ask(server, "SELECT n FROM kept") == 7


@LINUX
def test_a_start_right_after_the_starter_was_killed_waits_for_the_old_server(base):
    owner = run_python(OWNER, str(base))
    ask(owner.stdout.readline().strip(), "CREATE TABLE kept AS SELECT 7 AS n")
    owner.kill()
    owner.communicate()
    with start(base, durable=False) as server:  # no pause on purpose
        assert ask(server, "SELECT n FROM kept") == 7


@LINUX
def test_a_stale_pid_file_with_a_strangers_number_does_not_matter(base):
    """After a reboot the number may belong to anybody; PostgreSQL alone would refuse to start."""
    server = start(base, durable=False)
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    assert gone_within(10, base / "data")
    stranger = subprocess.Popen(
        ["/bin/sleep", "60"], user=server.account.uid if os.geteuid() == 0 else None
    )
    try:
        stale = base / "data" / "postmaster.pid"
        lines = stale.read_text().splitlines()
        stale.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        with start(base, durable=False, patience=10) as again:
            assert ask(again, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_made_cluster_is_made_anew(base):
    (base / "data.growing").mkdir()
    (base / "data.growing" / "PG_VERSION").write_text("18\n")
    with start(base, durable=False) as server:
        assert ask(server, "SELECT 1") == 1


RACER = """
import sys
from pathlib import Path
from embedded import AlreadyRunning, start
try:
    server = start(Path(sys.argv[1]), durable=False, patience=12)
except AlreadyRunning as exc:
    print("refused", exc, flush=True)
else:
    print("won", flush=True)
    sys.stdin.read()
    server.stop()
"""


def test_of_two_starters_on_an_empty_folder_one_wins_and_one_is_told_who(base):
    racers = [run_python(RACER, str(base)) for _ in range(2)]
    while all(racer.poll() is None for racer in racers):
        time.sleep(0.05)
    lines = sorted(racer.communicate("")[0] for racer in racers)
    assert lines[1] == "won\n"
    assert lines[0].startswith("refused ")
    assert "DATABASE_URL=postgresql+asyncpg://" in lines[0]
    assert any(f"process {racer.pid}," in lines[0] for racer in racers)


def test_patience_is_for_others_and_not_for_our_own_server(base):
    with start(base, durable=False, patience=0.0) as server:
        assert ask(server, "SELECT 1") == 1


HEARING = """
import signal, sys, time
signal.signal(signal.SIGQUIT, getattr(signal, sys.argv[1]))  # whatever our own shell ignores
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("hears", "ended_by"), [("SIG_IGN", signal.SIGKILL), ("SIG_DFL", signal.SIGQUIT)]
)
def test_one_that_does_not_hear_that_it_should_end_is_killed(base, monkeypatch, hears, ended_by):
    if hears == "SIG_IGN":
        monkeypatch.setattr(postgres, "ABANDON_SECONDS", 0.3)
    log = base / "log"
    with log.open("wb") as out:
        tied = spawn([sys.executable, "-c", HEARING, hears], log=out)
    while "ready" not in log.read_text():
        time.sleep(0.01)
    _abandon(tied)
    assert tied.process.returncode == -ended_by


def test_a_second_start_waits_for_one_that_stops_meanwhile(base):
    first = start(base, durable=False)
    timer = threading.Timer(0.5, first.stop)
    timer.start()
    with start(base, durable=False, patience=20) as second:
        assert ask(second, "SELECT 1") == 1
    timer.join()
    with start(base, durable=False), pytest.raises(AlreadyRunning):
        start(base, durable=False, patience=0.2)


def test_a_folder_of_another_major_version_is_refused_with_both_versions(base):
    start(base, durable=False).stop()
    stamp = base / "data" / "PG_VERSION"
    ours = stamp.read_text().strip()
    stamp.write_text("14\n")
    with pytest.raises(WrongVersion) as refused:
        start(base, durable=False)
    assert "PostgreSQL 14" in str(refused.value)
    assert find_binaries().version in str(refused.value)
    assert "ZHENGYAN_PG_BIN" in str(refused.value)
    stamp.write_text(f"{ours}\n")  # the twin: nothing else was wrong, and the lock was let go
    with start(base, durable=False) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_gets_a_short_folder_and_keeps_it(base):
    deep = base / ("d" * 60) / ("e" * 60)
    with start(deep, durable=False) as server:
        assert ask(server, "SELECT 1") == 1
        short = server.socket
        assert len(os.fsencode(short)) < 60
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
    with start(deep, durable=False) as server:
        assert server.socket == short
    short.chmod(0o755)  # somebody else's by now
    with start(deep, durable=False) as server:
        assert server.socket != short
        shutil.rmtree(server.socket, ignore_errors=True)
    shutil.rmtree(short)


def test_what_the_server_says_is_in_the_error(base):
    start(base, durable=False).stop()
    (base / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(LauncherError, match="no_such_setting"):
        start(base, durable=False)


def test_variables_of_other_clusters_do_not_mislead(base, monkeypatch):
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGPORT", "1")
    with start(base, durable=False) as server:
        assert ask(server, "SHOW port") == "5432"
