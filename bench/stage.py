"""A place to measure in: a real PostgreSQL, migrated, with the sandbox registered, and a service.

Shared with the proofs. Everything is started by this process and ends with it.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.materials import NETWORKS, STUB, world
from embedded import Server, spawn, start, temporary_folder
from embedded.tied import Tied
from sandbox.registration import registration
from sandbox.trust import authorities

PROJECT = Path(__file__).parents[1]
PYTHON = sys.executable
ZHENGYAN = str(Path(PYTHON).parent / "zhengyan")
QUOTAS = (
    "ZHENGYAN_ANONYMOUS_PER_MINUTE",
    "ZHENGYAN_ANONYMOUS_PER_DAY",
    "ZHENGYAN_DOCUMENT_PER_MINUTE",
)
"""Counted as always, and never reached: the bench is one address that asks for all."""
READY_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(slots=True)
class Service:
    """One service process; may be killed and started again."""

    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    port: int
    tied: Tied | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        if self.tied is None:
            raise RuntimeError("not started")
        return self.tied.process.pid

    def start(self, probe: str) -> None:
        """Returns when `probe` is answered."""
        with self.log.open("ab") as out:
            self.tied = spawn(self.command, log=out, env=self.env, cwd=PROJECT)
        url, end = f"http://127.0.0.1:{self.port}{probe}", time.monotonic() + READY_SECONDS
        while not answers(url):
            if self.tied.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the service did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.tied is None:
            return
        if self.tied.process.poll() is None:
            self.tied.process.terminate()
            try:
                self.tied.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.tied.process.kill()
                self.tied.process.wait()
        self.tied.release()
        self.tied = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Folder, database and environment for a service."""

    folder: Path
    server: Server
    env: Mapping[str, str]

    def service(self, command: Sequence[str], **extra: str) -> Service:
        """`{port}` in the command is a free port."""
        port = free_port()
        filled = [part.replace("{port}", str(port)) for part in command]
        return Service(filled, {**self.env, **extra}, self.folder / "service.log", port)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, server: Server) -> dict[str, str]:
    """Of our own making: nothing of the caller's settings leaks in."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ZHENGYAN_")}
    return {
        **kept,
        "DATABASE_URL": server.url,
        "ZHENGYAN_KEY_FOLDER": str(folder / "keys"),
        "ZHENGYAN_NODE_ID": "zhengyan-bench",
        # The load comes from one address.
        "ZHENGYAN_ANONYMOUS_PER_MINUTE": "1000000000",
        "ZHENGYAN_ANONYMOUS_PER_DAY": "1000000000",
        "ZHENGYAN_DOCUMENT_PER_MINUTE": "1000000000",
        "PYTHONPATH": str(PROJECT),
        **dict.fromkeys(QUOTAS, "1000000000"),
    }


@contextmanager
def stage(urls: Mapping[str, str] | None = None) -> Iterator[Stage]:
    """Durable, as in production: what is acknowledged is on disk.

    Args:
        urls: code of an issuing body → its endpoint; left out, nobody is there.
    """
    folder = temporary_folder("zhengyan-bench-")
    try:
        with start(folder / "postgres") as server:
            env = environment(folder, server)
            _run([PYTHON, "-m", "alembic", "upgrade", "head"], env)
            register(folder, env, urls)
            yield Stage(folder, server, env)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def register(folder: Path, env: Mapping[str, str], urls: Mapping[str, str] | None = None) -> None:
    """The sandbox's issuers, by the product's own command."""
    places = urls or {body.code: STUB for body in world().answering}
    file = folder / "registration.json"
    file.write_text(json.dumps(registration(world(), places)))
    (folder / "authorities.json").write_text(json.dumps(authorities(world())))
    _run([ZHENGYAN, "issuer", "import", str(file), "--network", NETWORKS[0]], env)


def _run(command: Sequence[str], env: Mapping[str, str]) -> None:
    done = subprocess.run(
        list(command), env=dict(env), cwd=PROJECT, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:4])}: exit {done.returncode}\n{done.stderr[-2000:]}")
