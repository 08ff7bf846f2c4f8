"""The command line: files, a ready line, a clean end, and a plain word where it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import date
from pathlib import Path

import pytest

from sandbox import day
from sandbox.world import World
from tests.sandbox.conftest import DAY

PROJECT = Path(__file__).parents[2]
BEFORE = date(2026, 11, 20)


def start(*args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox", *map(str, args)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def free_ports(count: int) -> int:
    """The first of so many ports in a row that were free a moment ago."""
    for base in range(20_000, 30_000, count):
        try:
            for port in range(base, base + count):
                with socket.create_server(("127.0.0.1", port)):
                    pass
        except OSError:
            continue
        return base
    raise AssertionError("no ports")


def test_make_writes_the_same_world(pinned: World, tmp_path: Path) -> None:
    with start("make", "--out", tmp_path, "--today", DAY, "--port", 9000) as making:
        out, err = making.communicate(timeout=60)
    assert (making.returncode, err) == (0, "")
    assert "480 licenses" in out
    license = pinned.pick("housing")
    assert (tmp_path / "licenses" / f"{license.id}.jws").read_bytes() == pinned.token(license)
    told = json.loads((tmp_path / "registration.json").read_text(encoding="utf-8"))
    endpoints = [issuer["endpoint"] for issuer in told["issuers"]]
    assert endpoints[:2] == ["http://127.0.0.1:9000/ivp/v1", "http://127.0.0.1:9001/ivp/v1"]
    assert None in endpoints


def test_serve_says_ready_and_stops_cleanly(tmp_path: Path) -> None:
    base = free_ports(5)
    serve = ("serve", "--out", tmp_path, "--port", base, "--any-node", "--today", BEFORE)
    with start(*serve) as serving:
        assert serving.stdout is not None
        lines = []
        for line in serving.stdout:
            lines.append(line.rstrip())
            if lines[-1] == "sandbox ready":
                break
        assert f"http://127.0.0.1:{base}/ivp/v1" in lines[0]
        told = json.loads((tmp_path / "registration.json").read_text(encoding="utf-8"))
        for issuer in told["issuers"]:
            if issuer["endpoint"]:
                url = issuer["endpoint"].replace("/ivp/v1", "/_sandbox/calls")
                with urllib.request.urlopen(url, timeout=5) as answer:
                    assert json.load(answer)["issuer"] == issuer["code"]
        with start("make", "--out", tmp_path / "later", "--port", base) as making:
            making.communicate(timeout=60)
        later = json.loads((tmp_path / "later" / "registration.json").read_text(encoding="utf-8"))
        assert later["today"] == BEFORE.isoformat() != day.today().isoformat()
        assert day.day_of_running(1, base) == BEFORE
        assert day.day_of_running(2, base) is None, "another world"
        with start("serve", "--out", tmp_path, "--port", base) as second:
            _, err = second.communicate(timeout=60)
        assert second.returncode == 1
        assert str(base) in err
        assert "--port" in err
        assert "Traceback" not in err
        serving.send_signal(signal.SIGINT)
        out, err = serving.communicate(timeout=20)
    assert (serving.returncode, out, err) == (0, "sandbox stopped\n", "")


def test_help_teaches() -> None:
    with start("--help") as asked:
        out, _ = asked.communicate(timeout=30)
    assert asked.returncode == 0
    for word in ("registration.json", "samples.json", "/_sandbox/behaviour", "serve", "make"):
        assert word in out


def test_the_day_may_be_named_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    assert day.today({day.SETTING: "2026-02-28"}) == date(2026, 2, 28)
    assert day.today({day.SETTING: ""}) == day.today({})
    with pytest.raises(ValueError, match=r"ZHENGYAN_SANDBOX_TODAY is 'soon'; .* YYYY-MM-DD"):
        day.today({day.SETTING: "soon"})
    assert day.day_of_running(1, free_ports(1)) is None, "nobody serves there"
