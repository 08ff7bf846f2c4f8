"""Rows are read in a process of their own: what it may say, and what becomes of its death."""

import asyncio
import os
import pickle
import pickletools
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.crypto.provider import FolderKeys, Purpose
from app.domain.batch import BatchId, Kind, Progress
from app.domain.errors import Unavailable
from app.domain.issuer import Code
from app.domain.lifecycle import Decision
from app.domain.scheme import Scheme
from app.domain.verification import Asker
from app.formats.rows import RowFormat
from app.registry.imports.apart import RowReader
from app.registry.imports.copying import COLUMNS, Values, copy_row
from app.registry.imports.records import STAGE_SQL, copy_rows
from app.registry.imports.store import PostgresImports
from app.registry.imports.tasks import KeysMissing, read_outcome, written
from app.registry.sessions import Database
from app.services.importing import CHUNK_LINES, Importer, Sending
from tests.imports.conftest import Office, fresh
from tests.imports.test_imports import ndjson, row

ROWS = [
    Values(1, "甲", "T", "I", None, None, False, None, b"s", b"c", None,
           datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), [], 1),
    Values(2**40, "b", "T", "I", date(1900, 1, 1), date(9998, 12, 31), True, date(2000, 1, 1),
           bytes(range(256)), b"", b"before", datetime(1999, 12, 31, 23, 59, 59, 999999, UTC),
           [b"\0" * 32], 9999),
    Values(3, "c" * 500, "T", "I", date(1, 1, 1), date(2024, 2, 29), False, None, b"", b"c", b"",
           datetime(2026, 1, 2, tzinfo=UTC) - timedelta(microseconds=1), [b"", b"x", b"y" * 40], 0),
]  # fmt: skip


def test_rows_stand_as_the_drivers_own_way_to_copy_them_writes_them(office: Office) -> None:
    async def both() -> tuple[list[Any], list[Any]]:
        raw = await asyncpg.connect(office.service.database_url.replace("+asyncpg", ""))
        try:
            found = list[list[Any]]()
            for driver in (True, False):
                async with raw.transaction():
                    if driver:
                        await raw.execute(STAGE_SQL)
                        await raw.copy_records_to_table(
                            "license_stage", columns=COLUMNS, records=ROWS
                        )
                    else:
                        await copy_rows(raw, list(map(copy_row, ROWS)))
                    found.append(await raw.fetch("SELECT * FROM license_stage ORDER BY line"))
            return found[0], found[1]
        finally:
            await raw.close()

    theirs, ours = asyncio.run(both())
    assert len(ours) == len(ROWS)
    assert [tuple(each) for each in ours] == [tuple(each) for each in theirs]


def test_what_it_says_can_call_nothing() -> None:
    assert read_outcome(written(KeysMissing("x"))) == KeysMissing("x"), "the twin"
    for strange in (print, os.system, Path, 5, [b""], datetime(2026, 1, 1, tzinfo=UTC)):
        with pytest.raises(pickle.UnpicklingError):
            read_outcome(pickle.dumps(strange))


@pytest.mark.parametrize("member", [Decision.REVOKE, Code.IN_FORCE, Scheme.SM2_SM3])
def test_a_member_goes_by_its_class_and_value_in_every_python(member: Any) -> None:
    told = written(member)
    assert pickle.loads(told) is member
    named = [arg for op, arg, _ in pickletools.genops(told) if "UNICODE" in op.name]
    assert named[:2] == [type(member).__module__, type(member).__name__]
    assert "getattr" not in named
    by_function = b"cbuiltins\ngetattr\n(capp.domain.issuer\nCode\nVIN_FORCE\ntR."
    with pytest.raises(pickle.UnpicklingError):
        read_outcome(by_function)


# ---- its death


@dataclass(slots=True)
class Pushing:
    """An importer of the test's own, with its own process and keys."""

    office: Office
    importer: Importer
    reader: RowReader
    keys: FolderKeys
    told: list[int] = field(default_factory=list)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, progress: Progress) -> None:
        self.told.append(progress.lines)
        self.acknowledged.set()

    async def push(self, name: str, pieces: AsyncIterator[bytes], after: int = 0) -> Progress:
        id = BatchId.read(f"{self.office.code}.{name}")
        assert id is not None
        sending = Sending(
            id=id,
            kind=Kind.LICENSES,
            format=RowFormat.NDJSON,
            after=after,
            asker=Asker(caller="x", tenant="traffic-office"),
        )
        return await self.importer.take(sending, pieces, self.tell)


@asynccontextmanager
async def pushing(office: Office, folder: Path) -> AsyncIterator[Pushing]:
    shutil.copytree(office.service.settings.key_folder, folder)
    database, reader, keys = (
        await Database.open(office.service.database_url),
        RowReader(folder),
        FolderKeys(folder),
    )
    importer = Importer(
        imports=PostgresImports(database, keys),
        reader=reader,
        keys=keys,
        clock=lambda: datetime.now(UTC),
        version="0",
    )
    try:
        yield Pushing(office, importer, reader, keys)
    finally:
        reader.close()
        await database.close()


def made(office: Office, name: str) -> list[dict[str, Any]]:
    """Three chunks and some."""
    number = 2 * CHUNK_LINES + 10
    return [row(fresh(office.service), number=f"{name}{n}") for n in range(number)]


def kept(office: Office, rows: list[dict[str, Any]]) -> tuple[int, int]:
    ids = [each["identifier"] for each in rows]
    text = "SELECT count(*) FROM license WHERE identifier = ANY ($1)"
    keys = "SELECT count(*) FROM license_key WHERE identifier = ANY ($1)"
    return office.rows(text, ids)[0][0], office.rows(keys, ids)[0][0]


def test_killed_while_it_reads_is_an_error_of_that_chunk_and_the_batch_goes_on(
    office: Office, tmp_path: Path
) -> None:
    rows = made(office, "K")
    lines = ndjson(*rows).encode().splitlines(keepends=True)

    async def run() -> None:
        async with pushing(office, tmp_path / "keys") as own:

            async def killed_in_the_second_chunk() -> AsyncIterator[bytes]:
                yield b"".join(lines[:CHUNK_LINES])
                await own.acknowledged.wait()
                pid = own.reader.pid
                assert pid is not None
                os.kill(pid, signal.SIGSTOP)  # so that it is at work when it dies
                asyncio.get_running_loop().call_later(0.2, os.kill, pid, signal.SIGKILL)
                yield b"".join(lines[CHUNK_LINES:])

            with pytest.raises(Unavailable, match="go on"):
                await own.push("killed", killed_in_the_second_chunk())
            assert own.told == [CHUNK_LINES]
            there = await asyncio.to_thread(kept, office, rows)
            assert there == (CHUNK_LINES, CHUNK_LINES), "what was acknowledged, and no half"

            async def rest() -> AsyncIterator[bytes]:
                yield b"".join(lines[CHUNK_LINES:])

            done = await own.push("killed", rest(), after=CHUNK_LINES)
            assert (done.lines, done.added, done.finished) == (len(rows), len(rows), True)
            there = await asyncio.to_thread(kept, office, rows)
            assert there == (len(rows), len(rows)), "each once, and found by one key"

    asyncio.run(run())


def test_killed_while_nothing_is_read_it_is_begun_anew_and_nobody_notices(
    office: Office, tmp_path: Path
) -> None:
    rows = made(office, "I")[:20]

    async def run() -> None:
        async with pushing(office, tmp_path / "keys") as own:

            async def one(start: int, end: int) -> AsyncIterator[bytes]:
                yield ndjson(*rows[start:end]).encode()

            await own.push("idle-1", one(0, 10))
            first = own.reader.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await asyncio.to_thread(os.waitid, os.P_PID, first, os.WEXITED | os.WNOWAIT)
            done = await own.push("idle-2", one(10, 20))
            assert (done.added, own.reader.pid != first) == (10, True)

    asyncio.run(run())


def test_late_is_ended(office: Office, tmp_path: Path) -> None:
    async def run() -> None:
        async with pushing(office, tmp_path / "keys") as own:

            async def one() -> AsyncIterator[bytes]:
                yield ndjson(row(fresh(office.service))).encode()

            await own.push("late-1", one())
            pid = own.reader.pid
            assert pid is not None
            own.reader.deadline = 0.2
            os.kill(pid, signal.SIGSTOP)
            with pytest.raises(Unavailable):
                await own.push("late-2", one())
            assert own.reader.pid is None
            own.reader.deadline = 60
            assert (await own.push("late-2", one())).finished

    asyncio.run(run())


# ---- keys made meanwhile


@dataclass(slots=True)
class Rotating:
    """The real store, before whose first merge the node's field key is rotated."""

    inner: PostgresImports
    keys: FolderKeys
    merges: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def merge(self, *told: Any, **named: Any) -> Any:
        self.merges += 1
        if self.merges == 1:
            self.keys.rotate(Purpose.FIELD)
        return await self.inner.merge(*told, **named)


def test_keys_made_while_a_chunk_waits_are_those_it_comes_in_under(
    office: Office, tmp_path: Path
) -> None:
    rows = [row(fresh(office.service)), {**row(""), "identifier": None, "number": "R 1"}]
    rows[1]["type"] = rows[0]["identifier"].split(".")[5]

    async def run() -> None:
        async with pushing(office, tmp_path / "keys") as own:
            before, inner = own.keys.field_version(), own.importer.imports
            assert isinstance(inner, PostgresImports)
            store = Rotating(inner, own.keys)
            own.importer = Importer(
                imports=store, reader=own.reader, keys=own.keys, clock=own.importer.clock,
                version="0",
            )  # fmt: skip

            async def both() -> AsyncIterator[bytes]:
                yield ndjson(*rows).encode()

            done = await own.push("new-keys", both())
            assert (done.added, store.merges) == (2, 2), "refused once, made again, and merged"
            sealed = await asyncio.to_thread(
                office.rows,
                "SELECT identifier, sealed FROM license ORDER BY recorded_at DESC, identifier LIMIT 2",
            )
            found = {own.keys.sealed_version(each["sealed"]) for each in sealed}
            # The service has not this test's new key: a rotation of its own would meet the rows.
            for table in ("license_key", "license"):
                await asyncio.to_thread(
                    office.service.sql,
                    f"DELETE FROM {table} WHERE identifier = ANY($1)",
                    [each["identifier"] for each in sealed],
                )
            assert found == {before + 1}

    asyncio.run(run())
