"""Rows whatever the bytes: a record, or a fault that names a member; and the examples as shown."""

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.provider import FolderKeys, Purpose
from app.domain.batch import BatchId, Kind
from app.domain.elements import LicenseElement
from app.domain.errors import Refused
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.records import Terms, key_named, read_change, read_license
from app.formats.rows import MAX_LINE, CsvReader, LineCutter, RowFormat, read_header, read_ndjson
from app.registry.imports import index
from app.registry.imports.prepared import START, LicenseRow, Preparing, rekeyed, sealed_of
from app.registry.imports.sealing import unseal
from tests.service import described

TERMS = Terms(
    IssuerCode("11630000MB0000019J"),
    frozenset({TypeCode("11100000MB03271699001")}),
    datetime(2026, 11, 1, tzinfo=UTC),
)
SHOWN = described()


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
        for reader in (read_ndjson, CsvReader(("identifier", "holder"))):
            preparing = Preparing(
                kind=kind, read=reader, headers=0, terms=TERMS, keys=keys, key_version=1
            )
            chunk = preparing.chunk(1, lines, START)
            blank = sum(not line.strip() for line in lines)
            assert len(chunk.rows) + len(chunk.faults) + blank == len(lines)
            assert preparing.chained(lines, START) == chunk.chain


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
        read = CsvReader(read_header(lines[0])) if csv else read_ndjson
        preparing = Preparing(
            kind=kind, read=read, headers=int(csv), terms=TERMS, keys=keys, key_version=1
        )
        chunk = preparing.chunk(1, lines, START)
        assert not chunk.faults
        assert len(chunk.rows) == len(lines) - csv
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


@pytest.mark.parametrize("rotated", [(), (Purpose.FIELD,), (Purpose.INDEX,), tuple(Purpose)[1:]])
def test_what_was_sealed_too_early_is_sealed_again(tmp_path, rotated: tuple[Purpose, ...]) -> None:
    """Keys made while a chunk waits for the database: its rows come in under the newest."""
    keys = FolderKeys(tmp_path / "keys")
    prepare = Preparing(
        kind=Kind.LICENSES, read=read_ndjson, headers=0, terms=TERMS, keys=keys, key_version=1
    )
    named = {
        "identifier": "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
        "number": "N-1",
        "holder": "青海样例有限公司",
    }
    bare = {"type": named["identifier"].split(".")[5], "number": "N-2", "holder": "样例"}
    early = prepare.chunk(1, [json.dumps(each).encode() for each in (named, bare)], START)
    assert not early.faults
    for purpose in rotated:
        keys.rotate(purpose)
    with_name, without = rekeyed(early, keys).rows
    assert isinstance(with_name, LicenseRow)
    assert isinstance(without, LicenseRow)
    assert without.sealed is None, "only the database knows its name"
    assert with_name.sealed is not None
    assert (with_name is early.rows[0]) is not bool(rotated)
    assert keys.sealed_version(with_name.sealed.octets) == keys.field_version()
    assert unseal(keys, named["identifier"], with_name.sealed.octets).number == "N-1"
    again = sealed_of(with_name.record, named["identifier"], with_name.plain, keys)
    assert with_name.sealed.content == again.content
    assert with_name.sealed.content_before == again.content_before
    assert {with_name.version, without.version} == {keys.hmac_versions()[-1]}
