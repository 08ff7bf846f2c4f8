"""The tables are what the models say, up and down, on a server of its own database."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.models import PARTITIONS, PARTS, REVISION, Base

PROJECT = Path(__file__).parents[2]
PARTITIONED = {
    "license",
    "license_key",
    "license_status",
    "statement",
    "verification",
    "first_seen",
}


def alembic(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def empty(database_url: str) -> Iterator[str]:
    """A database without any table."""
    plain = database_url.replace("+asyncpg", "")
    name = re.sub(r".*/(\w+)\?.*", r"\1", plain) + "_empty"

    async def run(*statements: str) -> None:
        connection = await asyncpg.connect(plain)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    asyncio.run(run(drop, f"CREATE DATABASE {name} TEMPLATE template0"))
    yield re.sub(r"/\w+\?", f"/{name}?", database_url)
    asyncio.run(run(drop))


def ask(url: str, query: str) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            found: list[asyncpg.Record] = await connection.fetch(query)
            return found
        finally:
            await connection.close()

    return asyncio.run(run())


TABLES = (
    "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'parts')"
)


def test_up_and_down_and_up_again(empty):
    for step in ("upgrade head", "check", "downgrade base", "upgrade head", "check"):
        done = alembic(empty, *step.split())
        assert done.returncode == 0, f"{step}: {done.stdout}{done.stderr}"
        left = {row[0] for row in ask(empty, TABLES)}
        if step == "downgrade base":
            assert left == {"public.alembic_version"}
            assert not ask(empty, f"SELECT 1 FROM pg_namespace WHERE nspname = '{PARTS}'")
        else:
            assert len(left) == 1 + len(Base.metadata.tables) + len(PARTITIONED) * PARTITIONS


def test_check_sees_a_missing_column(empty):
    assert alembic(empty, "upgrade", "head").returncode == 0
    ask(empty, "ALTER TABLE issuer DROP COLUMN region")
    done = alembic(empty, "check")
    assert done.returncode != 0
    assert "region" in done.stdout + done.stderr


def test_a_table_in_use_is_not_waited_for(empty):
    """Whoever waits for a lock makes all that come later wait too."""
    assert alembic(empty, "upgrade", "head").returncode == 0

    async def run() -> subprocess.CompletedProcess[str]:
        connection = await asyncpg.connect(empty.replace("+asyncpg", ""))
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE issuer IN ACCESS SHARE MODE")
                return await asyncio.to_thread(alembic, empty, "downgrade", "base")
        finally:
            await connection.close()

    done = asyncio.run(run())
    assert done.returncode != 0
    assert "lock timeout" in done.stderr
    assert ask(empty, "SELECT 1 FROM pg_tables WHERE tablename = 'verification'")


def test_every_partitioned_table_is_whole(database_url):
    query = """
        SELECT p.relname AS parent, count(c.oid) AS parts
          FROM pg_class p JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid
         WHERE p.relkind = 'p' GROUP BY p.relname
    """
    found = {row["parent"]: row["parts"] for row in ask(database_url, query)}
    assert found == dict.fromkeys(PARTITIONED, PARTITIONS)


def test_constraints_in_the_tables_are_those_of_the_models(database_url, empty):
    """`alembic check` does not compare CHECK constraints: a new word would fail when it is stored."""

    async def create() -> None:
        engine = create_async_engine(empty)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
        finally:
            await engine.dispose()

    asyncio.run(create())
    query = """
        SELECT conrelid::regclass::text || ' ' || conname AS name, pg_get_constraintdef(oid) AS body
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
           AND conrelid::regclass::text <> 'alembic_version'
    """
    migrated, modelled = (
        {row["name"]: row["body"] for row in ask(url, query)} for url in (database_url, empty)
    )
    assert migrated == modelled
    checks = [c for t in Base.metadata.tables.values() for c in t.constraints
              if isinstance(c, CheckConstraint)]  # fmt: skip
    assert len(checks) > 20
    assert sum(" CHECK " in f" {body}" for body in migrated.values()) == len(checks)


async def test_closed_vocabularies_are_closed(database_url):
    engine = create_async_engine(database_url)
    row = (
        "INSERT INTO verification (id, at, conclusion, reason, subject, basis, policy, answer,"
        " evidence, report, jws) VALUES ('{id}', now(), '{conclusion}', {reason}, 'record', 'facts',"
        " 'p', '{{}}', '[]', '{{}}', '')"
    )
    good = {"id": "a", "conclusion": "valid", "reason": "NULL"}
    bad = [
        {"conclusion": "perhaps"},
        {"conclusion": "valid", "reason": "'malformed'"},
        {"conclusion": "invalid", "reason": "NULL"},
        {"conclusion": "invalid", "reason": "'Not A Code'"},
    ]
    try:
        async with engine.connect() as connection:
            await connection.execute(text(row.format(**good)))
            for number, change in enumerate(bad):
                savepoint = await connection.begin_nested()
                with pytest.raises(Exception, match="ck_verification_"):
                    await connection.execute(text(row.format(**{**good, "id": number, **change})))
                await savepoint.rollback()
            await connection.rollback()
    finally:
        await engine.dispose()


def test_the_models_name_the_newest_migration():
    """What readiness compares the database with: the package, and no file beside it, says it."""
    script = ScriptDirectory.from_config(Config(PROJECT / "alembic.ini"))
    assert script.get_current_head() == REVISION
