"""Commands the demo runs, and what it says when one of them does not do."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.console import DemoError
from embedded import spawn
from embedded.tied import Tied

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
STOP_SECONDS = 10.0
PAUSE_SECONDS = 0.05
LOG_LINES = 8


@dataclass(slots=True)
class Background:
    """A server of ours: started, watched, and stopped; it also ends when we are killed."""

    name: str
    log: Path
    _tied: Tied

    @classmethod
    def start(
        cls, name: str, command: Sequence[str], *, folder: Path, env: Mapping[str, str]
    ) -> "Background":
        log = folder / f"{name}.log"
        with log.open("wb") as out:
            return cls(name, log, spawn(command, log=out, env=env, cwd=PROJECT))

    def check(self) -> None:
        """Raise DemoError with the end of its log where it has ended."""
        code = self._tied.process.poll()
        if code is not None:
            raise DemoError(
                f"the {self.name} ended (exit {code}); the end of {self.log}:\n{tail(self.log)}"
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for its sign of life. Raises DemoError when it ends or the time is over."""
        end = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > end:
                raise DemoError(
                    f"the {self.name} was not ready after {seconds:.0f} s; "
                    f"the end of {self.log}:\n{tail(self.log)}"
                )
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        process = self._tied.process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._tied.release()


def run(command: Sequence[str], *, what: str, env: Mapping[str, str]) -> str:
    """Run to the end and give what it printed. Raises DemoError with its last lines."""
    done = subprocess.run(  # noqa: S603 - our own commands, no shell
        command,
        check=False,
        cwd=PROJECT,
        env=env,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise DemoError(f"{what} failed (exit {done.returncode}):\n{_last_lines(done.stdout)}")
    return done.stdout


def refuse_taken_ports(ports: Mapping[int, str]) -> None:
    """`ports`: number → the setting that changes it. Raises DemoError naming both."""
    for port, setting in ports.items():
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
            try:
                trial.bind(("127.0.0.1", port))
            except OSError as exc:
                raise DemoError(
                    f"port {port} cannot be used ({exc.strerror}): stop what uses it (another "
                    f"`make run`?), or choose another: make run {setting}=…"
                ) from None


def read(log: Path) -> str:
    """Our commands write UTF-8, whatever the terminal speaks (PYTHONUTF8)."""
    return log.read_text("utf-8", errors="replace")


def tail(log: Path) -> str:
    return _last_lines(read(log))


def _last_lines(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-LOG_LINES:])
