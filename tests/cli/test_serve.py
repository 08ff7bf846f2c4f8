"""`zhengyan serve`, as a process; and what every `--help` says."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import httpx
import pytest
import typer

from app.cli import app
from app.config import Settings, variable
from tests.cli.conftest import Run
from tests.service import Service

COMMAND = [sys.executable, "-c", "from app.cli import main; main()", "serve"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(
    service: Service, folder: Path, port: int, **env: str
) -> Iterator[subprocess.Popen[bytes]]:
    values = {
        "DATABASE_URL": service.database_url,
        "ZHENGYAN_KEY_FOLDER": str(folder / "keys"),
        **env,
    }
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [*COMMAND, "--port", str(port)], env={**os.environ, **values}, stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        log.close()


def workers_of(pid: int) -> list[Path]:
    """Workers for jobs that this process keeps beside itself."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            mine = f"PPid:\t{pid}\n" in (folder / "status").read_text()
            if mine and b"--tied" in (folder / "cmdline").read_bytes():
                found.append(folder)
    return found


def test_it_serves_and_ends_in_order_and_logs_no_request(service: Service, tmp_path: Path) -> None:
    port = free_port()
    beside = {"ZHENGYAN_DOCS": "false", "ZHENGYAN_JOB_WORKERS": "1"}
    with served(service, tmp_path, port, **beside) as process:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20
        ) as client:
            for _ in range(600):
                try:
                    if client.get("/livez").status_code == 200:
                        break
                except httpx.TransportError:
                    assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.05)
            assert client.get("/readyz").json()["status"] == "ready"
            assert client.get("/docs").status_code == 404
            assert client.get("/openapi.json").status_code == 404
            assert client.get("/v1/verifications/CANARY7f3aCANARY7f3aCA").status_code == 404
            assert "server" not in client.get("/livez").headers
        workers = workers_of(process.pid)
        assert len(workers) == Path("/proc/self").exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not any(worker.exists() for worker in workers), "they end with the service"
    log = (tmp_path / "log").read_text()
    assert "CANARY7f3a" not in log, "an id is a capability; it does not stand in a log"
    assert "Traceback" not in log
    assert "shutdown complete" in log


def test_a_port_in_use_is_named_with_the_setting(run: Run, service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for told in (
            run("serve", "--port", port, DATABASE_URL=service.database_url),
            run("serve", DATABASE_URL=service.database_url, ZHENGYAN_PORT=port),
        ):
            assert told.code == 1
            for word in (port, "is in use", "ZHENGYAN_PORT", "--port"):
                assert word in told.err


def test_an_address_that_is_not_ours_is_named(run: Run, service: Service) -> None:
    told = run("serve", "--host", "192.0.2.1", "--port", "9", DATABASE_URL=service.database_url)
    assert (told.code, "192.0.2.1:9" in told.err) == (1, True)


def test_without_a_database_it_does_not_start(run: Run) -> None:
    told = run("serve")
    assert (told.code, "DATABASE_URL" in told.err) == (1, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ZHENGYAN_PORT", "CANARY"), ("ZHENGYAN_PORT", "0"), ("ZHENGYAN_MAX_JSON", "1"),
     ("ZHENGYAN_NODE_ID", "CANARY UPPER"), ("ZHENGYAN_BODY_DEADLINE", "CANARY"), ("ZHENGYAN_DOCS", "CANARY")],
)  # fmt: skip
def test_a_setting_that_cannot_be_read_is_named_and_not_repeated(
    run: Run, service: Service, name: str, value: str
) -> None:
    told = run("serve", DATABASE_URL=service.database_url, **{name: value})
    assert (told.code, told.out) == (1, "")
    assert told.err.startswith(f"zhengyan: {name}: ")
    assert "CANARY" not in told.err


# ---- help


def commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []

    def walk(group: click.Command, path: tuple[str, ...]) -> None:
        found.append(path)
        for name, inner in getattr(group, "commands", {}).items():
            walk(inner, (*path, name))

    walk(WHOLE, ())
    return found


WHOLE = typer.main.get_command(app)
ALL = commands()


def test_the_commands_of_the_first_release_are_there() -> None:
    named = {("verify",), ("serve",), ("issuer", "import"), ("issuer", "type")}
    named |= {(noun, verb) for noun in ("issuer", "key", "delegation") for verb in ("add", "list", "revoke")}  # fmt: skip
    assert named <= set(ALL)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_teaches(run: Run, path: tuple[str, ...]) -> None:
    told = run(*path, "--help")
    assert (told.code, told.err) == (0, "")
    group: click.Command = WHOLE
    for name in path:
        group = group.commands[name]  # type: ignore[attr-defined]
    text = " ".join(told.out.split())
    assert group.help, path
    first = re.sub(r"[`*]", "", " ".join(group.help.split()))[:25]
    assert first in re.sub(r"[│•]", "", text), (path, first)
    for parameter in group.params:
        if parameter.name not in ("help", None):
            assert getattr(parameter, "help", ""), (path, parameter.name)


def test_serve_help_names_every_setting(run: Run) -> None:
    told = run("serve", "--help").out
    for name, field in Settings.model_fields.items():
        assert variable(name) in told, name
        assert field.description, name


def test_the_first_help_says_what_to_do_first(run: Run) -> None:
    told = " ".join(run("--help").out.split())
    assert "zhengyan verify FILE --trust FOLDER" in told
    assert "make run" in told
    assert json.dumps(told, ensure_ascii=True)
