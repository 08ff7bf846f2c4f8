"""What `make` says on a machine that lacks something, tried with a Python that pretends."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PRETENDER = """#!/bin/sh
case "$*" in
  *version_info*3,\\ 11*) exit {old} ;;
  *platform.python_version*) echo "3.11.2 /usr" ;;
  *import\\ venv*) exit {venv} ;;
  *import\\ ensurepip*) exit {ensurepip} ;;
  *-m\\ pip*) exit {pip} ;;
  *-venv*) echo python3.11-venv ;;
  *-m\\ venv*) echo "no room on the disk" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "deploy").mkdir()
    for name in ("deploy/environment.sh", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def make(project, *, old=0, venv=0, ensurepip=0, pip=0):
    python = project / "python"
    python.write_text(PRETENDER.format(old=old, venv=venv, ensurepip=ensurepip, pip=pip))
    python.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(project / "deploy" / "environment.sh")],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(python)},
    )


def test_no_recent_python_is_said_with_what_to_install(project):
    done = make(project, old=1)
    assert done.returncode == 1
    assert "no Python 3.11 or later" in done.stderr
    assert "apt-get install python3" in done.stderr


@pytest.mark.parametrize("lacking", [{"venv": 1}, {"ensurepip": 1, "pip": 1}])
def test_without_ensurepip_the_exact_command_is_said(project, lacking):
    done = make(project, **lacking)
    assert done.returncode == 1
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert f"    {sudo}apt-get update && {sudo}apt-get install python3.11-venv\n" in done.stderr
    assert not (project / ".venv").exists()


def test_without_ensurepip_the_machines_own_pip_is_used(project):
    done = make(project, ensurepip=1)
    assert "using the pip that is installed beside it" in done.stdout
    assert "making .venv" in done.stdout


def test_a_failure_of_venv_is_shown(project):
    done = make(project)
    assert done.returncode == 1
    assert "no room on the disk" in done.stderr


def test_nothing_is_done_where_all_is_up_to_date_and_all_is_where_it_moved(project):
    stamp = project / ".venv" / ".project-stamp"
    stamp.parent.mkdir()
    sums = [
        subprocess.run(
            ["/bin/sh", "-c", 'cksum < "$1"', "sh", str(project / name)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for name in ("requirements-dev.lock", "pyproject.toml")
    ]
    stamp.write_text(f"3.11.2 /usr {project} {sums[0]} {sums[1]}\n")
    done = make(project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    stamp.write_text(f"3.11.2 /usr /elsewhere {sums[0]} {sums[1]}\n")
    assert "making .venv" in make(project).stdout
