"""Every change by a command stands in the audit log, in the transaction that made it."""

import asyncio
import json
import shlex
from itertools import chain
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from app.cli import app
from app.config import settings
from app.domain.errors import Refused
from app.registry.sessions import read_address

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def told(database_url, tmp_path, monkeypatch):
    """Runs a command; gives its exit code and what the log then holds of administration."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ZHENGYAN_KEY_FOLDER", str(tmp_path / "keys"))
    settings.cache_clear()

    def run(*words: str, strict: bool = False) -> tuple[int, list[str]]:
        result = CliRunner().invoke(app, list(words), catch_exceptions=not strict)
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


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("--code", "12630100MB0000027E", "code"),  # one character mistyped
        ("--code", "12630100MB0000000X", "code"),
        ("--code", "12630100mb0000027f", "code"),
        ("--code", "12630100MB000027F", "code"),
        ("--code", "630100", "code"),
        ("--region", "63010", "region"),
        ("--region", "西宁", "region"),
    ],
)
def test_a_tenant_with_a_mistyped_code_is_refused_by_field(told, option, value, field):
    good = {"--code": "12630100MB0000027F", "--region": "630100"}
    command = ("caller", "tenant", "hospital-2", "--name", "第二医院")
    _, before = told("caller", "list")
    with pytest.raises(Refused) as refused:
        told(*command, *chain.from_iterable((good | {option: value}).items()), strict=True)
    assert refused.value.field == field
    assert f"{field} is no " in str(refused.value)
    assert value not in str(refused.value)
    code, rows = told(*command, *chain.from_iterable(good.items()))  # the twin
    assert (code, len(rows) - len(before)) == (0, 1)


def test_reading_leaves_none(told):
    _, before = told("caller", "list")
    code, after = told("issuer", "list")
    assert (code, after) == (0, before)


def test_an_unknown_option_changes_nothing(told):
    _, before = told("caller", "list")
    code, after = told("caller", "tenant", "hospital-2", "--nom", "x")
    assert (code, after) == (2, before)


def test_the_documented_commands_run(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    public = Ed25519PrivateKey.generate().public_key()
    Path("desk.pem").write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    lines = [
        shlex.split(line, comments=True)[1:]
        for document in ("callers.md", "audit.md")
        for line in (DOCS / document).read_text(encoding="utf-8").splitlines()
        if line.startswith("zhengyan ")
    ]
    assert len(lines) >= 8
    for words in lines:
        if ">>" in words:
            output = CliRunner().invoke(app, words[: words.index(">>")]).output
            Path(words[-1]).write_text(output, "utf-8")
            continue
        code, _ = told(*words)
        assert code == 0, words


def test_no_caller_holds_scopes_of_two_powers(told):
    told("caller", "tenant", "office", "--name", "办公室")
    both = ("--scope", "audit:read", "--scope", "caller:admin")
    code, rows = told("caller", "add", "clerk", "--tenant", "office", *both, "--purpose", "x")
    assert code != 0
    assert "caller add clerk" not in rows
