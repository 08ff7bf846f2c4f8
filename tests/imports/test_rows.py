"""Rows whatever the bytes: a record, or a fault that names a member; and the examples as shown."""

import json
import struct
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.crypto.provider import FolderKeys, Purpose
from app.domain.batch import BatchId, Kind
from app.domain.elements import LicenseElement
from app.domain.errors import Refused
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.records import (
    Holder,
    LicenseRecord,
    Naming,
    Terms,
    key_named,
    read_change,
    read_license,
)
from app.formats.rows import MAX_LINE, LineCutter, RowFormat, read_header
from app.registry.imports import index
from app.registry.imports.prepared import START, Chunk, Preparing, Reading, Versions
from app.registry.imports.sealing import content_of, opened, plain_of, unseal
from tests.service import described

TERMS = Terms(
    IssuerCode("11630000MB0000019J"),
    frozenset({TypeCode("11100000MB03271699001")}),
    datetime(2026, 11, 1, tzinfo=UTC),
)
SHOWN = described()


def preparing(keys: FolderKeys, kind: Kind, columns: tuple[str, ...] | None = None) -> Preparing:
    reading = Reading(kind=kind, columns=columns, terms=TERMS, as_of=TERMS.now, key_version=1)
    return Preparing(reading, keys)


def rows_of(chunk: Chunk) -> int:
    return chunk.records + len(chunk.bare) + len(chunk.statuses)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> FolderKeys:
    return FolderKeys(tmp_path_factory.mktemp("keys"))


def cut(*pieces: bytes) -> list[bytes | None]:
    cutter = LineCutter()
    return [line for piece in pieces for line in cutter.feed(piece)] + list(cutter.finish())


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_lines_do_not_depend_on_how_the_stream_comes(data: bytes, places: list[int]) -> None:
    ends = sorted({0, len(data), *(min(place, len(data)) for place in places)})
    pieces = [data[a:b] for a, b in pairwise(ends)]
    assert cut(*pieces) == cut(data)
    lines = data.split(b"\n")
    assert cut(data) == [each.removesuffix(b"\r") for each in lines[:-1]] + (
        [lines[-1].removesuffix(b"\r")] if lines[-1] else []
    )


@pytest.mark.parametrize("most", [4, 5, MAX_LINE])
def test_the_limit_is_the_cutters_own_wherever_a_line_stands(most: int) -> None:
    data = b"\n".join((b"x" * (most + 1), b"y" * most, b"z" * (most + 1), b"", b"w" * most, b""))
    expected = [None, b"y" * most, None, b"", b"w" * most]
    for place in {*range(min(len(data), 40)), most + 1, 2 * most, len(data) - 1}:
        cutter = LineCutter(most)
        found = [*cutter.feed(data[:place]), *cutter.feed(data[place:]), *cutter.finish()]
        assert found == expected, place


def test_an_overlong_line_costs_no_memory_and_only_itself() -> None:
    cutter = LineCutter()
    for _ in range(100):
        assert list(cutter.feed(b"x" * MAX_LINE)) == []
        assert len(cutter._rest) <= MAX_LINE
    assert list(cutter.feed(b"\nnext\n")) == [None, b"next"]


OURS = {"row", "identifier", "holder", "decision", "since", "successor", "until"}
NAMES = st.sampled_from(
    [
        *("identifier", "type", "number", "holder", "valid_until", "since", "decision", "until"),
        *("statement", "as_of", "ZZBS", "证照编号", "CZZTDM", "unheard"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=20),
    st.none(),
    st.integers(),
    st.lists(st.text(max_size=3), max_size=3),
    st.sampled_from(["2026-01-01", "长期", "吊销", "暂扣", "11100000MB03271699001", "N-1"]),
)


@pytest.mark.parametrize("read", [read_license, read_change])
@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_any_members_are_a_row_or_a_named_fault(read: Any, members: dict[str, object]) -> None:
    field = None
    try:
        read(members, TERMS)
    except Refused as exc:
        field = exc.field
    assert field is None or field in {*members, *OURS}


@given(st.lists(st.binary(max_size=120), max_size=6))
def test_any_bytes_are_rows_or_faults(keys: FolderKeys, lines: list[bytes]) -> None:
    for kind in Kind:
        for columns in (None, ("identifier", "holder")):
            reads = preparing(keys, kind, columns)
            chunk = reads.chunk(2, lines, START)
            blank = sum(not line.strip() for line in lines)
            assert rows_of(chunk) + len(chunk.faults) + blank == len(lines)
            assert reads.chained(lines, START) == chunk.chain


def examples(path: str) -> list[tuple[str, str]]:
    content = SHOWN["paths"][path]["post"]["requestBody"]["content"]
    return [(media, each["example"]) for media, each in content.items()]


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/imports", Kind.LICENSES), ("/v1/status-changes", Kind.STATUSES)]
)
def test_the_examples_in_the_description_are_good_rows(
    keys: FolderKeys, path: str, kind: Kind
) -> None:
    seen = set()
    for media, text in examples(path):
        lines = cut(text.encode())
        csv = media == "text/csv"
        seen.add(RowFormat.CSV if csv else RowFormat.NDJSON)
        columns = read_header(lines[0]) if csv else None
        chunk = preparing(keys, kind, columns).chunk(1, lines, START)
        assert not chunk.faults
        assert rows_of(chunk) == len(lines) - csv
    assert seen == set(RowFormat)


def test_every_element_that_is_kept_has_a_name_of_ours_and_all_others() -> None:
    for name in (
        "identifier",
        "ZZBS",
        "certificateIdentifier",
        "certificate_identifier",
        "证照标识",
    ):
        assert key_named(name, Kind.LICENSES) is LicenseElement.IDENTIFIER
    assert key_named("as_of", Kind.LICENSES) == "as_of"
    assert key_named("as_of", Kind.STATUSES) is None
    assert key_named("holder", Kind.STATUSES) is None
    assert key_named("holder", Kind.LICENSES) is LicenseElement.HOLDER_NAME
    assert key_named("valid_until", Kind.STATUSES) is None
    assert key_named("decision", Kind.LICENSES) is None
    assert key_named("decision", Kind.STATUSES) == "decision"
    for name in ("identifier", "type", "number", "issuer"):
        assert key_named(name, Kind.STATUSES) is key_named(name, Kind.LICENSES)


def test_a_record_is_read_whole() -> None:
    (_, text), _ = examples("/v1/imports")
    first = read_license(json.loads(text.splitlines()[0]), TERMS)
    second = read_license(json.loads(text.splitlines()[1]), TERMS)
    assert (first.valid_from, first.valid_until, first.long_term) == (date(2024, 1, 1), None, True)
    assert second.valid_until == date(2029, 12, 31)
    assert second.holders[0].code == "11010519491231002X"


def test_names_of_batches_are_read_back() -> None:
    id = BatchId(IssuerCode("630000"), "2026-11_a")
    assert BatchId.read(str(id)) == id
    for text in ("630000", "630000.", "630000.a.b", "630000.a b", "63000.a", "630000.张", ""):
        assert BatchId.read(text) is None


def test_keys_are_nested_and_the_newest_alone_gives_nothing(
    keys: FolderKeys, tmp_path: Any
) -> None:
    own = FolderKeys(tmp_path / "own")
    data = index.number_key(TypeCode("11100000MB03271699001"), "青运 1号")
    assert data == index.number_key(TypeCode("11100000MB03271699001"), "青运1号")
    before, version = index.newest(own, data)
    assert own.rotate(Purpose.INDEX) == version + 1
    after, _ = index.newest(own, data)
    assert index.nested(own, version + 1, before) == after, "made without knowing the number"
    assert index.levels(own, data) == [before, after]
    assert index.newest(keys, data)[0] not in (before, after)


def fields(row: bytes) -> list[bytes | None]:
    """Of one row as COPY takes it."""
    (count,), at, found = struct.unpack_from("!h", row), 2, list[bytes | None]()
    for _ in range(count):
        (length,) = struct.unpack_from("!i", row, at)
        found.append(None if length < 0 else row[at + 4 : at + 4 + length])
        at += 4 + max(length, 0)
    assert at == len(row), "one row and no more"
    return found


@given(
    st.none() | st.text(max_size=20),
    st.none() | st.text(max_size=20),
    st.lists(st.tuples(st.none() | st.text(max_size=9), st.none() | st.text(max_size=9))),
)
@example('"\\/\x7f\u2028\x1f', "张·😀", [("", None)])
def test_what_is_sealed_is_written_as_json_always_wrote_it(
    number: str | None, name: str | None, holders: list[tuple[str | None, str | None]]
) -> None:
    """Else what comes again unchanged would not be known again."""
    record = LicenseRecord(
        naming=Naming(identifier=None, type=TypeCode("T"), number=number),
        name=name,
        holders=tuple(Holder(*holder) for holder in holders),
        issued_on=None,
        valid_from=None,
        valid_until=None,
        long_term=False,
        as_of=None,
        statement=None,
    )
    told = {"number": number, "name": name, "holders": [list(holder) for holder in holders]}
    wanted = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    assert plain_of(record) == wanted.encode()
    assert opened(plain_of(record)).holders == record.holders


@pytest.mark.parametrize("rotated", [(), (Purpose.FIELD,), (Purpose.INDEX,), tuple(Purpose)[1:]])
def test_what_was_made_too_early_is_told_apart_and_made_again(
    tmp_path: Any, rotated: tuple[Purpose, ...]
) -> None:
    """Keys made while a chunk waits for the database: its rows come in under the newest."""
    keys = FolderKeys(tmp_path / "keys")
    name = "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
    held = {"number": "N-1", "holder": "青海样例有限公司", "holder_code": "91350100M000100Y43"}
    bare = {**held, "type": name.split(".")[5], "number": "N-2"}
    lines = [json.dumps(each).encode() for each in ({**held, "identifier": name}, bare)]
    early = preparing(keys, Kind.LICENSES).chunk(1, lines, START)
    assert not early.faults
    for purpose in rotated:
        keys.rotate(purpose)
    assert (early.versions == Versions.of(keys)) is not bool(rotated)
    made = preparing(keys, Kind.LICENSES)
    again = made.chunk(1, lines, START)
    assert again.versions == Versions.of(keys)
    identifier = Identifier.read(name)
    for number, row in (("N-1", again.ready), ("N-2", made.named(again.bare, [identifier]))):
        found = fields(row)
        sealed, content, before, found_by, version = *found[8:11], found[12], found[13]
        assert sealed is not None
        assert keys.sealed_version(sealed) == keys.field_version()
        assert unseal(keys, name, sealed).number == number
        plain = keys.decrypt(sealed, f"license\0{name}".encode())
        *older, newest = keys.hmac_versions()
        dates = (None, None, False, None)
        assert content == content_of(keys, newest, name, dates, plain)
        assert before == (content_of(keys, older[-1], name, dates, plain) if older else None)
        for data in (
            index.number_key(identifier.type, number),
            index.body_key(held["holder_code"]),
        ):
            assert index.newest(keys, data)[0] in (found_by or b"")
        assert version == struct.pack("!i", newest)
