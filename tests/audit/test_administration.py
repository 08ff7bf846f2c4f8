"""Every change by a command stands in the audit log, in the transaction that made it."""

import asyncio
import json

import asyncpg
import pytest
from typer.testing import CliRunner

from app.cli import app
from app.config import settings
from app.registry.sessions import read_address


@pytest.fixture
def told(database_url, tmp_path, monkeypatch):
    """Runs a command; gives its exit code and what the log then holds of administration."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ZHENGYAN_KEY_FOLDER", str(tmp_path / "keys"))
    settings.cache_clear()

    def run(*words: str) -> tuple[int, list[str]]:
        result = CliRunner().invoke(app, list(words))
        return result.exit_code, asyncio.run(administered(database_url))

    yield run
    settings.cache_clear()


async def administered(url: str) -> list[str]:
    options = read_address(url).translate_connect_args(username="user")
    options |= read_address(url).query
    connection = await asyncpg.connect(**options)
    try:
        rows = await connection.fetch("SELECT body FROM audit WHERE operation = 'administer'")
    finally:
        await connection.close()
    return [json.loads(row["body"])["object"] for row in rows]


def test_a_change_has_its_row_and_what_failed_has_none(told):
    code, rows = told("caller", "tenant", "hospital-1", "--name", "第一医院")
    assert (code, rows.count("caller tenant hospital-1")) == (0, 1)
    code, rows = told("caller", "add", "desk", "--tenant", "hospital-1", "--scope", "verify:file",
                      "--purpose", "admission")  # fmt: skip
    assert (code, rows.count("caller add desk")) == (0, 1)
    code, rows = told("caller", "add", "desk-2", "--tenant", "nobody", "--scope", "verify:file",
                      "--purpose", "admission")  # fmt: skip
    assert code != 0
    assert "caller add desk-2" not in rows


def test_reading_leaves_none(told):
    _, before = told("caller", "list")
    code, after = told("issuer", "list")
    assert (code, after) == (0, before)


def test_an_unknown_option_changes_nothing(told):
    _, before = told("caller", "list")
    code, after = told("caller", "tenant", "hospital-2", "--nom", "x")
    assert (code, after) == (2, before)
