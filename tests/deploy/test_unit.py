"""The unit of systemd: what it starts exists, ends in time, and has a worker for jobs beside it."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from app.cli import app
from app.cli.crew import ENDING
from app.cli.serving import SERVER
from app.config import Settings, variable
from deploy.dockerfile import Image, stages

PROJECT = Path(__file__).parents[2]
UNIT = (PROJECT / "deploy/zhengyan.service").read_text(encoding="utf-8")


def values(name: str) -> list[str]:
    lines = [line for line in UNIT.splitlines() if line.startswith(f"{name}=")]
    return [line.partition("=")[2] for line in lines]


def test_it_starts_a_command_there_is_with_settings_there_are():
    program, *command = shlex.split(values("ExecStart")[0])
    assert program == "/opt/zhengyan/bin/zhengyan"
    assert command[0] in typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {variable(name) for name in Settings.model_fields}
    given = dict(each.split("=", 1) for each in values("Environment"))
    assert given.keys() <= known
    assert int(given["ZHENGYAN_JOB_WORKERS"]) >= 1, "jobs would wait for ever"


def test_it_has_time_to_end_in_order():
    """The service first, then its workers; only then whatever is left is killed."""
    (seconds,), (mode,) = values("TimeoutStopSec"), values("KillMode")
    assert int(seconds) > SERVER["timeout_graceful_shutdown"] + ENDING
    assert mode == "mixed"


def test_the_image_has_a_worker_too():
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    image = Image()
    for step in stages(text, {})[-1].steps:
        if step.word not in {"RUN", "COPY", "WORKDIR"}:
            image.note(step)
    assert image.command[0] == "serve"
    assert int(image.env["ZHENGYAN_JOB_WORKERS"]) >= 1
    assert f"--stop-timeout {values('TimeoutStopSec')[0]}" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path):
    """And would: the twin has a word it does not know."""
    found = []
    for name, text in (("good", UNIT), ("bad", UNIT.replace("KillMode=mixed", "KillMode=gently"))):
        unit = tmp_path / f"{name}.service"
        unit.write_text(text.replace("/opt/zhengyan/bin/zhengyan", "/bin/true"), encoding="utf-8")
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
        )
        found.append(f"{name}.service" in done.stderr)
    assert found == [False, True]
