"""The command in the test's own process: what it prints, and what it exits with."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import main
from app.config import settings


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`run("verify", "file", stdin=b"…", DATABASE_URL="…")`; a key folder of the test's own."""

    def call(*arguments: str, stdin: bytes = b"", **env: str) -> Ended:
        given = {"DATABASE_URL": "", "ZHENGYAN_KEY_FOLDER": str(tmp_path / "keys"), **env}
        with monkeypatch.context() as patch:
            for name, value in {**given, "COLUMNS": "200", "NO_COLOR": "1"}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["zhengyan", *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            settings.cache_clear()
            capsys.readouterr()
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
            except Exception:  # noqa: BLE001 - Python itself would print it and exit with 1
                code = 1
            finally:
                settings.cache_clear()
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    return call
