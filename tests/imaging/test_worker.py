"""The process that reads pictures: its limits, its deaths, and that nobody else dies of them."""

import io
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image

from app.children import LENGTH
from app.domain.errors import BeyondLimits, ImageNotRead, Unavailable
from app.imaging import program
from app.imaging.limits import Limits
from app.imaging.worker import WAITING, Decoder
from sandbox.photos import Shot, chunk, photograph, png_of_size

TEXT = b"https://zheng.example.cn/c/N-1"
GOOD = photograph([TEXT])


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    made = Decoder()
    yield made
    made.close()


def payloads(decoder: Decoder, picture: bytes) -> list[bytes]:
    return [code.payload for code in decoder.read(picture)]


def jpeg(picture: bytes, kind: str = "JPEG", **how: object) -> bytes:
    made = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").save(made, kind, **how)
    return made.getvalue()


# ---- what is seen


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_codes_are_read_off_every_kind(decoder: Decoder, kind: str) -> None:
    assert payloads(decoder, jpeg(GOOD, kind)) == [TEXT]


@pytest.mark.parametrize(
    "shot",
    [
        Shot(turn=(0, 1, 1)),
        Shot(turn=(24, 7, 25)),
        Shot(turn=(20, 21, 29), blur=1),
        Shot(turn=(-4, 3, 5), blur=2),
        Shot(turn=(-15, -8, 17), blur=1, grain=12, shade=50),
    ],
)
def test_at_any_angle_and_out_of_focus(decoder: Decoder, shot: Shot) -> None:
    assert payloads(decoder, photograph([TEXT], shot)) == [TEXT]


def test_blur_that_plain_looking_cannot_read_is_looked_at_again(decoder: Decoder) -> None:
    blurred = photograph([TEXT * 5], Shot(module=4, blur=2))
    picture = program.opened(blurred, Limits().pixels)
    assert not program.codes(picture, program.LOCAL)
    assert payloads(decoder, blurred) == [TEXT * 5]


def test_every_code_is_told_and_none_twice(decoder: Decoder) -> None:
    found = payloads(decoder, photograph([b"one", b"two", b"one", b"three"]))
    assert sorted(found) == [b"one", b"three", b"two"]


def test_the_picture_is_turned_as_its_camera_says(decoder: Decoder) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert payloads(decoder, jpeg(GOOD, exif=exif)) == [TEXT]


def test_ink_on_nothing_is_ink_on_paper(decoder: Decoder) -> None:
    grey = Image.open(io.BytesIO(GOOD))
    ink = Image.merge("LA", (Image.new("L", grey.size, 0), grey.point(lambda v: 255 - v)))
    made = io.BytesIO()
    ink.save(made, "PNG")
    assert payloads(decoder, made.getvalue()) == [TEXT]


# ---- what is not, with the untouched twin read by the same process


def animated() -> bytes:
    first = Image.open(io.BytesIO(GOOD))
    second = first.rotate(90)
    made = io.BytesIO()
    first.convert("RGB").save(made, "WEBP", save_all=True, append_images=[second.convert("RGB")])
    return made.getvalue()


def many() -> bytes:
    return photograph([b"%d" % i for i in range(40)], Shot(module=3))


def lying() -> bytes:
    """Says it is small, and holds far more."""
    bomb = png_of_size(6000, 6000)
    small = struct.pack(">IIBBBBB", 60, 60, 1, 0, 0, 0, 0)
    return bomb[:8] + chunk(b"IHDR", small) + bomb[8 + 25 :]


def texts() -> bytes:
    """A text that is 64 MiB long once it is unpacked."""
    import zlib

    packed = b"k\0\0" + zlib.compress(bytes(64 * 1024 * 1024), 9)
    return GOOD[:33] + chunk(b"zTXt", packed) * 8 + GOOD[33:]


HOSTILE: dict[str, tuple[Callable[[], bytes], type[Exception]]] = {
    "81_mpx": (lambda: png_of_size(9000, 9000), BeyondLimits),
    "169_mpx": (lambda: png_of_size(13000, 13000), BeyondLimits),
    "animated": (animated, BeyondLimits),
    "forty_codes": (many, BeyondLimits),
    "truncated": (lambda: GOOD[: len(GOOD) // 2], ImageNotRead),
    "text_bomb": (texts, ImageNotRead),
    "head_alone": (lambda: GOOD[:40], ImageNotRead),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", ImageNotRead),
    "gif": (lambda: jpeg(GOOD, "GIF"), ImageNotRead),
    "nothing": (lambda: b"", ImageNotRead),
    "zip_with_a_png_name": (lambda: b"PK\3\4" + GOOD, ImageNotRead),
}
"""Made where they are read, not wherever tests are collected."""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_have_their_verdict_and_the_next_is_read(
    decoder: Decoder, name: str
) -> None:
    made, why = HOSTILE[name]
    with pytest.raises(why):
        decoder.read(made())
    assert payloads(decoder, GOOD) == [TEXT]


@pytest.mark.parametrize(
    "tail", [b"<html><script>alert(1)</script>", b"PK\3\4" + bytes(200), b"%PDF-1.7"]
)
def test_polyglots_are_the_picture_they_begin_as(decoder: Decoder, tail: bytes) -> None:
    assert payloads(decoder, GOOD + tail) == [TEXT]
    assert payloads(decoder, jpeg(GOOD) + tail) == [TEXT]


def test_a_picture_that_says_it_is_small_gives_no_more_than_that(decoder: Decoder) -> None:
    assert payloads(decoder, lying()) == []


# ---- its limits


def limits_of(pid: int) -> str:
    return Path(f"/proc/{pid}/limits").read_text()


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="no /proc here")
def test_it_may_open_nothing_start_nothing_and_hold_half_a_gibibyte(decoder: Decoder) -> None:
    decoder.read(GOOD)
    assert decoder.pid is not None
    told = {
        line[:26].strip(): line[26:].split()[:2] for line in limits_of(decoder.pid).splitlines()
    }
    assert told["Max open files"] == ["3", "3"]
    assert told["Max processes"] == ["0", "0"]
    assert told["Max file size"] == ["0", "0"]
    assert told["Max core file size"] == ["0", "0"]
    assert told["Max address space"] == [str(Limits().memory)] * 2
    environment = Path(f"/proc/{decoder.pid}/environ").read_bytes()
    assert environment == b""


def test_a_process_without_memory_says_so_and_the_service_goes_on() -> None:
    """A real limit really reached: no picture this large fits into so little."""
    small = Decoder(Limits(memory=48 * 1024 * 1024))
    try:
        large = io.BytesIO()
        Image.new("RGB", (6000, 6000), "white").save(large, "PNG")
        with pytest.raises(BeyondLimits):
            small.read(large.getvalue())
        assert payloads(small, GOOD) == [TEXT]
    finally:
        small.close()


# ---- its death


def test_killed_while_it_reads_is_a_verdict_and_another_begins() -> None:
    decoder = Decoder()
    try:
        assert payloads(decoder, GOOD) == [TEXT]
        first = decoder.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)  # so that the kill comes while a picture is under way
        killing = threading.Timer(0.3, os.kill, (first, signal.SIGKILL))
        killing.start()
        with pytest.raises(ImageNotRead, match="died"):
            decoder.read(GOOD)
        killing.join()
        assert payloads(decoder, GOOD) == [TEXT]
        assert decoder.pid != first
    finally:
        decoder.close()


def test_killed_while_it_waits_is_noticed_by_nobody() -> None:
    decoder = Decoder()
    try:
        decoder.read(GOOD)
        assert decoder.pid is not None
        os.kill(decoder.pid, signal.SIGKILL)
        time.sleep(0.3)
        assert payloads(decoder, GOOD) == [TEXT]
    finally:
        decoder.close()


def test_late_is_ended() -> None:
    decoder = Decoder()
    try:
        assert payloads(decoder, GOOD) == [TEXT]
        assert decoder.pid is not None
        decoder.deadline = 0.5
        os.kill(decoder.pid, signal.SIGSTOP)
        with pytest.raises(ImageNotRead, match="died"):
            decoder.read(GOOD)
        assert decoder.pid is None
    finally:
        decoder.close()


def test_more_at_once_than_wait_are_sent_away() -> None:
    decoder = Decoder(deadline=3)
    refused: list[BaseException] = []
    read: list[object] = []
    decoder.read(GOOD)
    assert decoder.pid is not None
    os.kill(decoder.pid, signal.SIGSTOP)

    def one() -> None:
        try:
            read.append(decoder.read(GOOD))
        except (Unavailable, ImageNotRead) as exc:
            refused.append(exc)

    threads = [threading.Thread(target=one) for _ in range(WAITING + 3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    os.kill(decoder.pid, signal.SIGCONT)
    for thread in threads:
        thread.join(30)
    decoder.close()
    assert [type(exc) for exc in refused] == [Unavailable] * 3
    assert len(read) == WAITING


def test_it_ends_with_the_service_that_started_it() -> None:
    """Standard input that ends ends it, however its service went."""
    file = Path(program.__file__)
    process = subprocess.Popen(
        [sys.executable, "-I", str(file), json.dumps(asdict(Limits()))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    out, _ = process.communicate(LENGTH.pack(len(GOOD)) + GOOD, timeout=30)
    assert process.returncode == 0
    first = LENGTH.unpack(out[:4])[0] + 4
    assert json.loads(out[4:first])["state"] == "ready"
    assert json.loads(out[first + 4 :])["state"] == "read"
