"""Own writers held against others' readers: deflate, ZIP, PNG, DER; and the own reader of DER."""

import hashlib
import io
import random
import struct
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import archive, der, pictures, qr
from sandbox.archive import DEFLATED, Entry
from sandbox.deflate import deflate
from sandbox.reading.der import Unreadable, read

TOKEN = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiIxMTYzOTkwMSJ9." + b"c2lnbmF0dXJl" * 30
DECODED_ONCE = "c27cd2c4effa0a982a909090277c21472cb73c1bf59366f61f0387f5c311eed3"
"""Of the matrix of TOKEN, which the library zxing-cpp 3.1 read back byte by byte."""


@given(st.binary(max_size=2_000) | st.text(alphabet="ab<>/", max_size=3_000).map(str.encode))
def test_inflate_undoes_deflate(data: bytes) -> None:
    assert zlib.decompress(deflate(data), -15) == data


def test_deflate_finds_repetitions_near_and_far() -> None:
    noise = random.Random(1).randbytes(20_000)
    for data in (bytes(300_000), b"<ofd:TextObject/>" * 3_000, noise + noise):
        assert zlib.decompress(deflate(data), -15) == data
        assert len(deflate(data)) < len(data) * 0.6


def test_another_reader_reads_the_archive() -> None:
    parts = {"OFD.xml": b"<OFD/>" * 50, "Doc_0/图.png": b"\x89PNG", "empty.xml": b""}
    data = archive.archive(archive.entries(parts, compress=True))
    with zipfile.ZipFile(io.BytesIO(data)) as read_back:
        assert read_back.testzip() is None
        assert {item.filename: read_back.read(item) for item in read_back.infolist()} == parts
        assert read_back.infolist()[0].compress_type == DEFLATED


def test_a_lie_is_told_in_one_place_only() -> None:
    honest = archive.archive([Entry(name=b"a", content=b"x")])
    lying = archive.archive([Entry(name=b"a", content=b"x", local={"crc": 7})])
    changed = [i for i, pair in enumerate(zip(honest, lying, strict=True)) if pair[0] != pair[1]]
    assert set(changed) <= set(range(14, 18))


def test_pictures_are_what_their_headers_say() -> None:
    rows = pictures.round_seal("63990012345678")
    png, bmp = pictures.png(rows, pictures.RED), pictures.bmp(rows, pictures.RED)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (pictures.SEAL_SIDE, pictures.SEAL_SIDE)
    at = png.index(b"IDAT")
    size = int.from_bytes(png[at - 4 : at], "big")
    lines = zlib.decompress(png[at + 4 : at + 4 + size])
    assert len(lines) == pictures.SEAL_SIDE * (1 + pictures.SEAL_SIDE // 8)
    assert int.from_bytes(bmp[2:6], "little") == len(bmp)
    assert pictures.round_seal("63990012345678") != pictures.round_seal("63990012345679")


def test_a_code_that_was_decoded_once_is_still_drawn_so() -> None:
    text = "\n".join("".join("#" if dark else "." for dark in row) for row in qr.matrix(TOKEN))
    assert hashlib.sha256(text.encode()).hexdigest() == DECODED_ONCE


def test_a_code_grows_with_its_content_and_ends() -> None:
    sizes = [len(qr.matrix(b"x" * n)) for n in (1, 17, 18, 500, 2953)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (21 + 8, 177 + 8)
    with pytest.raises(ValueError, match="more than"):
        qr.matrix(b"x" * 2954)


@given(st.integers(-(2**300), 2**300))
def test_numbers_are_read_as_written(value: int) -> None:
    assert read(der.integer(value)).number() == value


def test_values_are_read_as_written() -> None:
    at = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
    assert read(der.generalized_time(at)).time() == at
    assert read(der.time(at)).time() == at
    assert read(der.time(at.replace(year=2060))).tag == 0x18
    assert read(der.oid("1.2.156.10197.1.501")).oid() == "1.2.156.10197.1.501"
    assert read(der.oid("2.16.840.1")).oid() == "2.16.840.1"
    assert read(der.named_bits({0, 1})).raw == bytes.fromhex("030206c0")
    assert read(der.named_bits({5, 6})).raw == bytes.fromhex("03020106")
    assert read(der.named_bits(())).raw == bytes.fromhex("030100")
    assert read(der.enumerated(1)).raw == bytes.fromhex("0a0101")
    assert read(der.utf8("证")).text() == "证"
    members = (der.integer(2), der.integer(1))
    assert [m.number() for m in read(der.set_of(*members)).children()] == [1, 2]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30", b"\x30\x02\x02", b"\x30\x80\x00\x00", b"\x02\x81\x01\x00", b"\x02\x01\x00\x00",
     b"\x1f\x81\x00\x00", b"\x04\x82\x00\x81" + bytes(129)],
    ids=["empty", "tag", "cut", "indefinite", "long_length", "trailing", "long_tag", "padded"],
)  # fmt: skip
def test_what_is_no_der_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(data)
