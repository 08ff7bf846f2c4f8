"""Whoever can write to the database can make a shorter or another log that is in order by itself,
its own signed heads with it. A head that was kept elsewhere finds it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result as Ran
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli import app
from app.config import settings
from app.crypto.provider import FolderKeys
from app.domain.errors import Refused
from app.registry.audit import APPEND_SQL, PostgresAudit, link_values
from app.registry.sessions import Database
from tests.audit.conftest import LOOSE
from tests.audit.test_chain import happening

ROWS = 120
REWOUND = "UPDATE audit_chain SET seq = 0, hash = decode(repeat('00', 32), 'hex')"


@pytest.fixture
def node(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Node"]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ZHENGYAN_KEY_FOLDER", str(tmp_path / "keys"))
    settings.cache_clear()
    made = Node(database_url, FolderKeys(tmp_path / "keys"), tmp_path / "elsewhere.txt")
    made.tamper("DELETE FROM audit", "DELETE FROM audit_head", REWOUND)
    made.fill(ROWS)
    yield made
    made.tamper("DELETE FROM audit", "DELETE FROM audit_head", REWOUND)
    settings.cache_clear()


class Node:
    def __init__(self, url: str, keys: FolderKeys, elsewhere: Path) -> None:
        self.url, self.keys, self.elsewhere = url, keys, elsewhere

    def do(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            opened = await Database.open(self.url)
            try:
                return await work(opened)
            finally:
                await opened.close()

        return asyncio.run(run())

    def tamper(self, *statements: str) -> None:
        async def work(opened: Database) -> None:
            async with opened.writing() as session:
                for statement in (LOOSE, *statements):
                    await session.execute(text(statement))

        self.do(work)

    def fill(self, rows: int, first: int = 0) -> None:
        values = [link_values(happening(self.keys, first + number)) for number in range(rows)]

        async def work(opened: Database) -> None:
            async with opened.pool.acquire() as connection, connection.transaction():
                await connection.executemany(APPEND_SQL, values)

        self.do(work)

    def sign(self) -> str:
        token: str = self.do(lambda opened: PostgresAudit(opened).sign_heads(self.keys.signer()))
        return token

    def run(self, *words: str) -> Ran:
        return CliRunner().invoke(app, ["audit", *words])

    def verify(self, *heads: Path) -> Ran:
        return self.run("verify", *(word for head in heads for word in ("--head", str(head))))


def test_the_commands_of_the_guide(node: Node):
    """`audit sign` or `audit heads` here, its line kept there, `audit verify --head` with it."""
    signed = node.run("sign")
    node.fill(10, ROWS)
    node.run("sign")
    assert (signed.exit_code, signed.output.count("\n")) == (0, 1)
    assert node.run("heads", "--last", "5").output.splitlines()[0] == signed.output.strip()
    assert len(node.run("heads").output.splitlines()) == 1
    node.elsewhere.write_text(signed.output + "\n" + node.run("heads").output)
    sound = node.verify(node.elsewhere)
    assert (sound.exit_code, sound.output.splitlines()) == (
        0,
        [
            f"{ROWS + 10} rows, 0 flaws",
            "held against 2 heads kept here and 2 kept elsewhere",
        ],
    )


def test_a_log_cut_off_with_its_own_heads_is_found_by_one_kept_elsewhere(node: Node):
    node.elsewhere.write_text(node.sign())
    assert node.verify(node.elsewhere).exit_code == 0  # the twin
    node.tamper(
        "DELETE FROM audit WHERE seq > 5",
        "DELETE FROM audit_head",
        "UPDATE audit_chain c SET seq = a.seq, hash = a.hash FROM audit a "
        "WHERE a.chain = c.chain AND a.seq = 5",
    )
    node.sign()
    assert node.verify().exit_code == 0  # by itself it is in order
    found = node.verify(node.elsewhere)
    assert found.exit_code == 10
    lines = [line for line in found.output.splitlines() if line.startswith("chain ")]
    assert lines
    assert all(line.endswith(": truncated") for line in lines)


def test_a_log_written_anew_with_the_nodes_key_is_found_by_one_kept_elsewhere(node: Node):
    """Longer than the true one, linked, and signed by the node's own key."""
    node.elsewhere.write_text(node.sign())
    node.tamper("DELETE FROM audit", "DELETE FROM audit_head", REWOUND)
    node.fill(4 * ROWS, 1_000)
    node.sign()
    assert node.verify().exit_code == 0
    found = node.verify(node.elsewhere)
    assert found.exit_code == 10
    assert ": forked" in found.output
    assert f"{4 * ROWS} rows, 8 flaws" in found.output  # each of the eight chains


def test_two_heads_that_disagree_are_two_histories(node: Node):
    """Whichever is read last does not win."""
    first = node.sign()
    node.elsewhere.write_text(first)
    node.tamper("DELETE FROM audit", "DELETE FROM audit_head", REWOUND)
    node.fill(ROWS, 1_000)
    for turn in (node.sign(), first):
        node.elsewhere.write_text(f"{first}\n{turn}\n")
        assert node.verify(node.elsewhere).exit_code == 10


@pytest.mark.parametrize("content", ["", "\n\n", "€", "junk", "a.b.c"])
def test_a_file_without_a_head_is_no_comparison(node: Node, content: str):
    node.elsewhere.write_text(content, "utf-8")
    refused = node.verify(node.elsewhere)
    assert isinstance(refused.exception, Refused)
    node.elsewhere.write_text(node.sign())
    assert node.verify(node.elsewhere).exit_code == 0  # the twin


def test_a_head_by_another_key_is_refused(node: Node, tmp_path: Path):
    other = FolderKeys(tmp_path / "other")
    token = node.do(lambda opened: PostgresAudit(opened).sign_heads(other.signer()))
    node.tamper("DELETE FROM audit_head")
    node.elsewhere.write_text(token)
    refused = node.verify(node.elsewhere)
    assert isinstance(refused.exception, Refused)
    assert "not by a key of this node" in str(refused.exception)
