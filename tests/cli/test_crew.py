"""Workers beside the service: followed by others when they end, and never left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli import crew as module
from app.cli.crew import COMMAND, Crew, crew
from app.cli.working import worker
from app.config import Settings

STAYS = (sys.executable, "-c", "import sys; sys.stdin.buffer.read()")
"""As a worker: it ends with its standard input, or by a signal."""
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
)


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_none_is_kept_unless_asked_for() -> None:
    with crew(0, ("/nowhere",)) as kept:
        assert kept is None
    assert Settings.model_fields["job_workers"].default == 0
    assert "tied" in worker.__annotations__
    assert COMMAND[-2:] == ("worker", "--tied")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_ends_is_followed_by_another_and_none_is_left(
    number: int, caplog: pytest.LogCaptureFixture
) -> None:
    with crew(2, STAYS, first=0.05) as kept:
        assert kept is not None
        until(lambda: len(kept.pids) == 2)
        first = kept.pids
        os.kill(min(first), number)
        until(lambda: len(kept.pids) == 2 and kept.pids != first)
        assert len(kept.pids & first) == 1, "the other one went on"
        last = kept.pids
    assert all(gone(pid) for pid in first | last)
    assert kept.pids == frozenset()
    (told,) = caplog.messages
    assert told.startswith(f"a worker for jobs ended (-{int(number)}); another begins in")


def test_one_that_never_lives_is_not_tried_without_a_pause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with crew(1, (sys.executable, "-c", "raise SystemExit(3)"), first=0.2):
        until(lambda: len(caplog.messages) == 2)
        begun = time.monotonic()
        until(lambda: len(caplog.messages) == 3)
    assert time.monotonic() - begun > 0.35, "twice as long as before"
    assert all("ended (3)" in told for told in caplog.messages)


def test_one_that_does_not_end_in_order_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENDING", 0.3)
    kept = Crew(1, STUBBORN, first=0.05)
    until(lambda: len(kept.pids) == 1)
    (pid,) = kept.pids
    time.sleep(0.3)
    kept.close()
    assert gone(pid)


def test_killed_itself_it_leaves_no_worker_behind() -> None:
    """With SIGKILL nobody can clean up: the pipe closes, and the worker ends by itself."""
    program = (
        "import importlib.util as util, sys, time\n"
        f"spec = util.spec_from_file_location('crew', {module.__file__!r})\n"
        "alone = util.module_from_spec(spec)\nspec.loader.exec_module(alone)\n"
        f"kept = alone.Crew(1, {STAYS!r}, first=0.05)\n"
        "while not kept.pids: time.sleep(0.01)\n"
        "print(*kept.pids, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        pid = int(keeper.stdout.readline())
        assert not gone(pid)
        keeper.kill()
        until(lambda: gone(pid) or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")
