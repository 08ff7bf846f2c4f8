"""Registers in tables: what is read, and that nothing else ever comes out of a line."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.book import BookEntry
from app.domain.errors import Refused, Unavailable
from app.domain.identifier import Identifier, TypeCode
from app.domain.issuer import State
from app.registry.books import lines as lines_module
from app.registry.books.lines import COLUMNS, columns_of, read_entry
from app.registry.books.sql import open_postgres, open_sqlite, quoted
from app.registry.books.table import CsvBook, read_csv
from tests.service import run_sql

pytestmark = pytest.mark.anyio
IDENTIFIER = "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
TYPE = TypeCode("11100000MB03271699001")
ROW = {
    "identifier": IDENTIFIER, "type": TYPE, "number": "N-1", "holder": "马·某", "holder_code": "X1",
    "valid_from": "2024-01-01", "valid_until": "长期", "state": "有效", "since": "", "successor": "",
    "files": f"sm3:{'ab' * 32} sha256:{'CD' * 32}", "code": "q3vJ0x_6TqWcV0dQ8Yh1Zg",
}  # fmt: skip


def entry(**changes: str) -> BookEntry:
    row = {**ROW, **changes}
    return read_entry(lambda name: row.get(name, ""), "line 1")


def test_a_line_is_read_whole():
    read = entry()
    assert str(read.identifier) == IDENTIFIER
    assert (read.type, read.number, read.holder, read.holder_code) == (TYPE, "N-1", "马·某", "X1")
    assert (read.valid_from, read.valid_until, read.long_term) == (date(2024, 1, 1), None, True)
    assert (read.state, read.since, read.successor) == (State.ISSUED, None, None)
    assert read.files == {("sm3", b"\xab" * 32), ("sha256", b"\xcd" * 32)}
    assert read.code == ROW["code"]
    for kept in ("", "A" * 14, "A" * 160, "0" * 25, "a1b2c3d4-e5f6-4711-8e2a-0123456789ab"):
        assert entry(code=kept).code == (kept or None)


@pytest.mark.parametrize("text", ["2024-01-31", "2024/01/31", "20240131", " 2024-01-31 "])
def test_days_as_they_are_written(text: str):
    assert entry(valid_until=text).valid_until == date(2024, 1, 31)


@pytest.mark.parametrize(
    ("word", "state"),
    [("", State.ISSUED), ("正常", State.ISSUED), ("暂扣", State.SUSPENDED), ("撤销", State.ANNULLED),
     ("吊销", State.REVOKED), ("注销", State.CANCELLED), ("换发", State.SUPERSEDED),
     *((state.value, state) for state in State)],
)  # fmt: skip
def test_states_in_both_languages(word: str, state: State):
    assert entry(state=word).state is state


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"identifier": "1.2.3"}, "identifier"),
        ({"type": "1"}, "type"),
        ({"type": TYPE[:-1] + "2"}, "type"),
        ({"identifier": "", "type": ""}, "type"),
        ({"valid_from": "2024-02-30"}, "valid_from"),
        ({"valid_until": "long"}, "valid_until"),
        ({"since": "昨天"}, "since"),
        ({"state": "有点问题"}, "state"),
        ({"successor": "x"}, "successor"),
        ({"files": "sm3:abc"}, "files"),
        ({"files": f"md5:{'ab' * 32}"}, "files"),
        ({"files": f"sm3:{'ab' * 32} " * 65}, "files"),
        ({"holder": "马" * 513}, "holder"),
        ({"code": "A" * 13}, "code"),
        ({"code": "0" * 24}, "code"),
        ({"code": "A" * 161}, "code"),
        ({"code": "https://a.example/v/q3vJ0x_6TqWcV0dQ8Yh1Zg"}, "code"),
        ({"code": "1.23457E+21 24 2"}, "code"),
    ],
)
def test_a_line_that_is_wrong_is_refused_by_its_column(changes: dict[str, str], place: str):
    entry()
    with pytest.raises(Refused) as caught:
        entry(**changes)
    assert caught.value.field == f"line 1, {place}"
    for value in changes.values():
        assert len(value) < 3 or value not in str(caught.value)


@given(st.dictionaries(st.sampled_from(sorted(COLUMNS)), st.text(max_size=40)))
def test_whatever_stands_there_is_an_entry_or_refused(cells: dict[str, str]):
    try:
        read = entry(**cells)
    except Refused:
        return
    assert isinstance(read, BookEntry)
    assert read.state is not State.ISSUED or cells.get("state", "有效").strip() in {
        "", "有效", "正常", "在用", "issued",
    }  # fmt: skip


def test_columns_by_our_names_chinese_ones_and_given_ones():
    chinese = columns_of(["证照标识", "持证主体", "颜色"], {}, "head")
    assert chinese == {"identifier": 0, "holder": 1}
    renamed = columns_of(["zzbs", "holder"], {"identifier": "zzbs"}, "head")
    assert renamed == {"identifier": 0, "holder": 1}
    for header, given_names in ((["a", "a"], {}), (["holder"], {}), (["number"], {}),
                                (["identifier"], {"holder": "who"})):  # fmt: skip
        with pytest.raises(Refused):
            columns_of(header, given_names, "head")


# ---- CSV


def csv_file(folder: Path, content: bytes | str) -> Path:
    file = folder / "licenses.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def text_of(*rows: dict[str, str]) -> str:
    head = ",".join(COLUMNS)
    return "\n".join([head, *(",".join(row.get(name, "") for name in COLUMNS) for row in rows), ""])


def book_of(file: Path, **changes: object) -> CsvBook:
    settings: dict[str, object] = {"renamed": {}, "exported": False, "settled": 0.0, **changes}
    return CsvBook(file, **settings)  # type: ignore[arg-type]


async def test_found_by_identifier_and_by_number_however_spelled(tmp_path: Path):
    book = book_of(csv_file(tmp_path, text_of(ROW)))
    assert len(await book.by_identifier(Identifier.read(IDENTIFIER))) == 1
    for spelled in ("N-1", "n-1", " n - 1", "Ｎ－１"):
        assert len(await book.by_number(spelled, TYPE)) == 1, spelled
    assert await book.by_number("N-2", TYPE) == ()
    assert await book.by_number("N-1", TypeCode(TYPE[:-1] + "9")) == ()


async def test_a_code_is_found_letter_by_letter_or_not_kept_at_all(tmp_path: Path):
    code = ROW["code"]
    book = book_of(csv_file(tmp_path, text_of(ROW)))
    (found,) = await book.by_code(code) or ()
    assert str(found.identifier) == IDENTIFIER
    for other in (code.upper(), code.lower(), code[:-1], code + "A", f" {code}", "", IDENTIFIER):
        assert await book.by_code(other) == (), other
    bare = text_of(ROW).replace(",code", ",note")
    kept = book_of(csv_file(tmp_path, bare))
    assert await kept.by_code(code) is None
    assert len(await kept.by_identifier(Identifier.read(IDENTIFIER))) == 1
    chinese = book_of(csv_file(tmp_path, text_of(ROW).replace(",code", ",查验码")))
    assert len(await chinese.by_code(code) or ()) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_as_spreadsheets_write_it(tmp_path: Path, encoding: str):
    text = text_of(ROW).replace("\n", "\r\n")
    book = book_of(csv_file(tmp_path, text.encode(encoding)))
    (found,) = await book.by_identifier(Identifier.read(IDENTIFIER))
    assert found.holder == "马·某"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xff\x00", "neither UTF-8"),
        (text_of(ROW) + "a,b\n", "row 3 has 2 cells"),
        (text_of(ROW, ROW), "entry 2, identifier stands there twice"),
        (text_of(ROW, {**ROW, "identifier": "", "number": "N-2"}), "entry 2, code stands there"),
        (text_of(ROW) + '"', "is no CSV"),
        ("", "column"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_its_place(tmp_path: Path, content: str, words: str):
    assert read_csv(csv_file(tmp_path, text_of(ROW)), {}).rows == 1
    with pytest.raises(Refused) as caught:
        read_csv(csv_file(tmp_path, content), {})
    assert words in str(caught.value)


def test_limits_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from app.registry.books import table

    file = csv_file(tmp_path, text_of(ROW, {**ROW, "identifier": "", "code": ""}))
    assert read_csv(file, {}).rows == 2
    monkeypatch.setattr(table, "MAX_ROWS", 2)
    with pytest.raises(Refused, match="more than 2 rows"):
        read_csv(file, {})
    monkeypatch.setattr(table, "MAX_SIZE", 10)
    with pytest.raises(Refused, match="over 10 bytes"):
        read_csv(file, {})
    assert lines_module.MAX_TEXT == 512


async def test_an_export_is_true_for_when_it_was_written(tmp_path: Path):
    file, now = csv_file(tmp_path, text_of(ROW)), datetime.now(UTC)
    hour_ago = time.time() - 3600
    os.utime(file, (hour_ago, hour_ago))
    assert await book_of(file).as_of(now) == now
    assert abs((now - await book_of(file, exported=True).as_of(now)).total_seconds() - 3600) < 5
    tomorrow = time.time() + 86400
    os.utime(file, (tomorrow, tomorrow))
    assert await book_of(file, exported=True, settled=-2e5).as_of(now) == now  # never the future


async def test_a_file_that_is_being_written_is_not_read(tmp_path: Path):
    """Half a register would deny what stands in its other half."""
    file = csv_file(tmp_path, text_of(ROW))
    book = book_of(file, settled=1.0)
    begun = time.monotonic()
    assert len(await book.by_identifier(Identifier.read(IDENTIFIER))) == 1
    assert time.monotonic() - begun > 0.3  # it waited until nothing was written any more

    async def writing() -> None:
        for _ in range(40):
            file.write_text(text_of(ROW)[:200])
            await asyncio.sleep(0.1)

    task = asyncio.create_task(writing())
    await asyncio.sleep(0.05)
    with pytest.raises(Unavailable, match="being written"):
        await book.by_identifier(Identifier.read(IDENTIFIER))
    task.cancel()


async def test_a_file_that_has_gone_answers_nobody(tmp_path: Path):
    book = book_of(csv_file(tmp_path, text_of(ROW)))
    assert len(await book.by_identifier(Identifier.read(IDENTIFIER))) == 1
    book.path.unlink()
    with pytest.raises(Unavailable):
        await book.by_identifier(Identifier.read(IDENTIFIER))


# ---- SQL

CREATE = (
    'CREATE TABLE "licenses" ("zzbs" TEXT, "type" TEXT, "number" TEXT, "持证主体" TEXT, '
    '"valid_from" DATE, "state" TEXT)'
)
RENAMED = {"identifier": "zzbs"}


async def assert_asked(book: object, **injected: str) -> None:
    found = await book.by_identifier(Identifier.read(IDENTIFIER))  # type: ignore[attr-defined]
    assert [(e.number, e.holder, e.valid_from, e.state) for e in found] == [
        ("N-1", "马·某", date(2024, 1, 1), State.REVOKED)
    ]
    by_number = await book.by_number("n-1", TYPE)  # type: ignore[attr-defined]
    assert [str(e.identifier) for e in by_number] == [IDENTIFIER]
    for number in ("' OR 1=1 --", "N-1' --", '"', "%", "$1"):
        assert list(await book.by_number(number, TYPE)) == []  # type: ignore[attr-defined]
    await book.aclose()  # type: ignore[attr-defined]


async def test_sqlite(tmp_path: Path):
    file = tmp_path / "register.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(CREATE)
        values = (IDENTIFIER, TYPE, "N-1", "马·某", "2024-01-01", "吊销")
        database.execute("INSERT INTO licenses VALUES (?, ?, ?, ?, ?, ?)", values)
        database.commit()
    before = file.read_bytes()
    await assert_asked(await open_sqlite(file, "licenses", RENAMED))
    assert file.read_bytes() == before
    with pytest.raises(Refused):
        await open_sqlite(file, "nothing", {})
    with pytest.raises(Refused):
        await open_sqlite(tmp_path / "none.db", "licenses", {})
    with pytest.raises(Refused):
        await open_sqlite(file, "licenses", {"holder": "who"})
    book = await open_sqlite(file, "licenses", RENAMED)
    file.unlink()
    with pytest.raises(Unavailable):
        await book.by_identifier(Identifier.read(IDENTIFIER))


async def test_sqlite_by_code(tmp_path: Path):
    """Where the column does not tell capital letters apart, the kit does."""
    file, code = tmp_path / "register.db", ROW["code"]
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE licenses (identifier TEXT, code TEXT COLLATE NOCASE)")
        rows = [(IDENTIFIER, code), (None, "short"), (None, None)]
        database.executemany("INSERT INTO licenses VALUES (?, ?)", rows[:1])
        database.commit()
        book = await open_sqlite(file, "licenses", {})
        assert [str(e.identifier) for e in await book.by_code(code) or ()] == [IDENTIFIER]
        for other in (code.upper(), code[:-1], "' OR 1=1 --' OR 1=1", "%" * 22, ""):
            assert list(await book.by_code(other) or ()) == [], other
        # A code that can be guessed is in no line of a register that is read, and none is told.
        database.executemany("INSERT INTO licenses VALUES (?, ?)", rows[1:])
        database.commit()
        assert list(await book.by_code("short") or ()) == []
        assert await (await open_sqlite(file, "licenses", {})).by_code(code)
        database.execute("INSERT INTO licenses VALUES (?, ?)", (IDENTIFIER[:-1] + "C", code))
        database.commit()
        assert len(await book.by_code(code) or ()) == 2  # and so no answer
        database.execute("CREATE VIEW bare AS SELECT identifier FROM licenses")
        assert await (await open_sqlite(file, "bare", {})).by_code(code) is None


async def test_postgresql(database_url: str):
    plain = database_url.replace("+asyncpg", "")
    await asyncio.to_thread(run_sql, database_url, CREATE.replace('"licenses"', '"kit licenses"'))
    await asyncio.to_thread(
        run_sql,
        database_url,
        'INSERT INTO "kit licenses" VALUES ($1, $2, $3, $4, $5, $6)',
        *(IDENTIFIER, TYPE, "N-1", "马·某", date(2024, 1, 1), "吊销"),
    )
    try:
        await assert_asked(await open_postgres(plain, "kit licenses", RENAMED))
        book = await open_postgres(plain, "public.kit licenses", RENAMED)
        with pytest.raises(Unavailable) as caught:
            await book.select('DELETE FROM "kit licenses" RETURNING 1', ())
        assert "read-only" in str(caught.value.__cause__)
        await book.aclose()
        with pytest.raises(Refused):
            await open_postgres(plain, "nothing", {})
    finally:
        await asyncio.to_thread(run_sql, database_url, 'DROP TABLE "kit licenses"')
    with pytest.raises(Refused):
        await open_postgres("postgresql://nobody@127.0.0.1:1/x", "licenses", {})


async def test_a_row_that_cannot_be_read_answers_nobody(tmp_path: Path):
    file = tmp_path / "register.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(CREATE)
        values = (IDENTIFIER, TYPE, "N-1", None, "2024-01-01", "大概有效")
        database.execute("INSERT INTO licenses VALUES (?, ?, ?, ?, ?, ?)", values)
        database.commit()
    book = await open_sqlite(file, "licenses", RENAMED)
    with pytest.raises(Unavailable):
        await book.by_identifier(Identifier.read(IDENTIFIER))


def test_names_are_quoted():
    assert quoted("licenses") == '"licenses"'
    assert quoted("public.zz") == '"public"."zz"'
    assert quoted('a" ; DROP TABLE x; --') == '"a"" ; DROP TABLE x; --"'
    assert timedelta(seconds=3) > timedelta(seconds=2.0)
