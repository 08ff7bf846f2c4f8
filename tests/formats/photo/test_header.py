"""Kind and size before any decoder: bombs, lies and cut-off headers (QR-01, QR-07)."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.domain.errors import BeyondLimits, ImageNotRead
from app.formats.photo.header import MAX_BYTES, is_picture, within_limits
from app.formats.rasters import MAX_PIXELS, Size
from sandbox.photos import png_of_size

KINDS = ("PNG", "JPEG", "WEBP")


def picture(kind: str, size: tuple[int, int] = (37, 21), **how: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "white").save(made, kind, **how)
    return made.getvalue()


def head(width: int, height: int) -> bytes:
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + ihdr + bytes(4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_is_what_a_decoder_sees(kind: str) -> None:
    assert within_limits(picture(kind)) == Size(37, 21)


@pytest.mark.parametrize(
    "made",
    [
        picture("JPEG", progressive=True),
        picture("JPEG", exif=b"Exif\0\0" + bytes(60_000)),
        picture("JPEG", comment=b"\xff\xd8\xff\xc0" * 100),
        picture("WEBP", lossless=True),
        picture("WEBP", exif=b"Exif\0\0"),
    ],
)
def test_every_layout_of_a_header(made: bytes) -> None:
    assert within_limits(made) == Size(37, 21)


def test_qr01_81_million_pixels_in_ten_kilobytes_meet_no_decoder() -> None:
    bomb = png_of_size(9000, 9000)
    assert len(bomb) < 10_000
    with pytest.raises(BeyondLimits, match="pixels"):
        within_limits(bomb)


@pytest.mark.parametrize("size", [(2**32 - 1, 2**32 - 1), (MAX_PIXELS + 1, 1), (1, MAX_PIXELS + 1)])
def test_qr01_sizes_that_overflow(size: tuple[int, int]) -> None:
    assert within_limits(head(MAX_PIXELS, 1)) == Size(MAX_PIXELS, 1)
    with pytest.raises(BeyondLimits):
        within_limits(head(*size))


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_nothing_wide_is_no_picture(size: tuple[int, int]) -> None:
    with pytest.raises(ImageNotRead):
        within_limits(head(*size))


def test_more_octets_than_are_read() -> None:
    with pytest.raises(BeyondLimits, match="bytes"):
        within_limits(head(5, 5) + bytes(MAX_BYTES))


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_anywhere_in_its_header(kind: str) -> None:
    made = picture(kind)
    for length in range(12, 30 if kind != "JPEG" else 160):
        cut = made[:length]
        try:
            within_limits(cut)
        except ImageNotRead:
            continue
        assert within_limits(cut) == Size(37, 21)


@pytest.mark.parametrize(
    "made",
    [
        b"\xff\xd8\xff" + b"\xff" * 5000,
        b"\xff\xd8\xff\xe0" + b"\0\2\xff\xe0" * 5000,
        b"\xff\xd8\xff\xe0\0\0" * 5000,
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\0\2\xff\xc0\0\x11\x08\0\5\0\5\3",
        b"RIFF\0\0\0\0WEBPVP8Z" + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8 " + bytes(40),
        b"\x89PNG\r\n\x1a\n" + bytes(40),
    ],
)
def test_headers_that_lead_nowhere_end(made: bytes) -> None:
    with pytest.raises(ImageNotRead):
        within_limits(made)


@pytest.mark.parametrize(
    "other", [b"", b"GIF89a", b"BM", b"%PDF-1.7", b"PK\3\4", b"<svg", b"RIFF", b"eyJ"]
)
def test_qr07_other_kinds_are_no_pictures_here(other: bytes) -> None:
    assert is_picture(picture("PNG"))
    assert not is_picture(other + bytes(40) if other else other)


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]), st.binary())
def test_whatever_follows_the_first_bytes(lead: bytes, rest: bytes) -> None:
    try:
        size = within_limits(lead + rest)
    except (BeyondLimits, ImageNotRead):
        return
    assert 0 < size.width * size.height <= MAX_PIXELS
