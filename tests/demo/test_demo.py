"""`make run` as far as it does not need the service: its manners as a program."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.console import DemoError
from demo.options import STEPS, Options
from demo.processes import Background, refuse_taken_ports
from embedded import data_folder, temporary_folder
from embedded.occupants import occupants

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def place(monkeypatch):
    folder = temporary_folder("zhengyan-test-")
    monkeypatch.setenv("ZHENGYAN_DATA", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ports():
    """A free port for the service, and five in a row for the sandbox; below those that systems give
    to whoever asks for any, so that no other test is given one meanwhile.
    """
    for first in random.sample(range(20_000, 32_000, 8), 50):
        if all(free(port) for port in range(first, first + 6)):
            return first, first + 1
    raise AssertionError("no six free ports in a row")


def free(port):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.fixture(autouse=True, scope="module")
def _ctrl_c():
    """Whoever runs the tests in the background has them ignore Ctrl-C, and what they start too."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def bystander():
    with subprocess.Popen(["/bin/sleep", "600"]) as process:
        yield process
        process.kill()


def demo(ports, until, **more):
    environment = {
        **os.environ,
        "ZHENGYAN_PORT": str(ports[0]),
        "ZHENGYAN_SANDBOX_PORT": str(ports[1]),
        "ZHENGYAN_DEMO_UNTIL": until,
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(process, text):
    seen = ""
    while text not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    return seen


def test_twice_in_a_row_in_the_same_folder(place, ports):
    for _ in range(2):
        process = demo(ports, "tables", ZHENGYAN_DEMO_EXIT="1")
        printed = process.communicate(timeout=120)[0]
        assert process.returncode == 0, printed
        assert "PostgreSQL 18" in printed
        assert str(place / "postgres") in printed, "the place is said"
        assert not occupants(place / "postgres" / "data")


def test_a_machine_without_utf8_is_no_hindrance(place, ports):
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    process = demo(ports, "issuers", ZHENGYAN_DEMO_EXIT="1", **plain)
    printed = process.communicate(timeout=120)[0]
    assert process.returncode == 0, printed
    assert "+ issuers " in printed
    assert printed.isascii()
    assert (PROJECT / "alembic.ini").read_bytes().isascii(), "it is read in the locale's encoding"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_stops_what_it_started_and_nothing_else(place, ports, number, bystander):
    process = demo(ports, "sandbox")
    wait_for(process, "Ctrl-C")
    with socket.create_connection(("127.0.0.1", ports[1])):
        pass
    process.send_signal(number)
    printed = process.communicate(timeout=60)[0]
    assert process.returncode == 0, printed
    assert "stopping" in printed
    assert not occupants(place / "postgres" / "data")
    refuse_taken_ports({ports[1]: "the sandbox's"})
    assert bystander.poll() is None


def test_kill_9_leaves_nothing_running(place, ports):
    process = demo(ports, "sandbox")
    wait_for(process, "Ctrl-C")
    assert occupants(place / "postgres" / "data")
    process.kill()
    process.communicate()
    end = time.monotonic() + 10
    while occupants(place / "postgres" / "data"):
        assert time.monotonic() < end
        time.sleep(0.05)
    while True:
        try:
            refuse_taken_ports({ports[1]: "the sandbox's"})
        except DemoError:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            break


def test_an_interrupt_while_it_starts_is_said_and_stops_the_database(place, ports):
    process = demo(ports, "sandbox")
    wait_for(process, "tables")
    process.send_signal(signal.SIGINT)
    printed = process.communicate(timeout=60)[0]
    assert process.returncode in {0, 130}, printed
    assert not occupants(place / "postgres" / "data")


@pytest.mark.parametrize(("which", "setting"), [(0, "ZHENGYAN_PORT"), (1, "ZHENGYAN_SANDBOX_PORT")])
def test_a_port_in_use_is_named_with_the_setting_that_changes_it(place, ports, which, setting):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", ports[which]))
        taken.listen()
        process = demo(ports, "database", ZHENGYAN_DEMO_EXIT="1")
        printed = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert f"port {ports[which]}" in printed
    assert f"{setting}=" in printed
    assert not (place / "postgres").exists(), "refused before anything was started"


def test_a_server_that_ends_is_reported_with_the_end_of_its_log(tmp_path):
    command = ["/bin/sh", "-c", "echo the reason; exit 3"]
    ended = Background.start("service", command, folder=tmp_path, env=dict(os.environ))
    with pytest.raises(DemoError, match=r"service ended \(exit 3\)[\s\S]*the reason"):
        ended.wait_until(lambda: False, 10)
    ended.stop()


def test_a_database_url_is_used_and_no_server_started(place, ports, database_url):
    process = demo(ports, "tables", ZHENGYAN_DEMO_EXIT="1", DATABASE_URL=database_url)
    printed = process.communicate(timeout=60)[0]
    assert process.returncode == 0, printed
    assert "named by DATABASE_URL" in printed
    assert not (place / "postgres").exists()


def test_options_are_read_and_wrong_ones_named():
    assert Options.read({}).port == 8000
    assert Options.read({}).until == STEPS[-1]
    assert Options.read({}).stay
    assert not Options.read({"ZHENGYAN_DEMO_EXIT": "1"}).stay
    for name, value in (
        ("ZHENGYAN_PORT", "http"),
        ("ZHENGYAN_PORT", "0"),
        ("ZHENGYAN_PORT", "70000"),
        ("ZHENGYAN_SANDBOX_PORT", "-1"),
        ("ZHENGYAN_SANDBOX_SEED", "1.5"),
        ("ZHENGYAN_DEMO_UNTIL", "dawn"),
    ):
        with pytest.raises(DemoError, match=re.escape(f"{name} is {value!r}")):
            Options.read({name: value})


def test_the_named_place_is_the_one_used(place):
    assert data_folder(PROJECT) == place
