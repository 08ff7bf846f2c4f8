"""Photos: how many are read and how soon, beside zxing-cpp alone in the same run."""

import io
from collections.abc import Callable
from functools import partial

import zxingcpp
from PIL import Image

from app.domain.errors import Malformed
from app.imaging.worker import Decoder
from bench.materials import world
from bench.measure import middle, ratio, rounds
from sandbox.photos import Shot, photograph
from tests.corpus import manifest

CALLS = 1
KINDS = zxingcpp.barcode_formats_from_str("QRCode,MicroQRCode,RMQRCode")
SHOTS = (
    Shot(),
    Shot(turn=(24, 7, 25)),
    Shot(turn=(20, 21, 29), blur=1),
    Shot(turn=(-4, 3, 5), blur=2),
    Shot(module=6, turn=(-15, -8, 17), blur=2, grain=12, shade=50),
    Shot(module=6, turn=(15, 8, 17), blur=3, grain=10),
)


def measure_photos() -> str:
    """Wall clock, for the decoding is another process's."""
    token = world().token(world().pick("traffic"))
    decoder = Decoder()
    try:
        rows = [_row("sandbox, a token in six shots", _shots(token), decoder)]
        real = [row.file.read_bytes() for row in manifest("qr_photo")]
        if real:
            rows.append(_row("corpus", real, decoder))
    finally:
        decoder.close()
    head = (
        "| photos | number | read | zxing-cpp alone | ms p50 | ms p95 | alone, ms p50 | "
        "whole : alone, sum |"
    )
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *rows])


def _shots(token: bytes) -> list[bytes]:
    return [photograph([token], shot) for shot in SHOTS]


def _row(name: str, photos: list[bytes], decoder: Decoder) -> str:
    work: dict[str, Callable[[], object]] = {}
    for i, photo in enumerate(photos):
        work[f"{i} here"] = partial(_here, decoder, photo)
        work[f"{i} alone"] = partial(_alone, photo)
    read = sum(bool(_here(decoder, photo)) for photo in photos)
    alone = sum(bool(_alone(photo)) for photo in photos)
    timings = rounds(work, CALLS)
    here, bare = (
        [
            [timing.p50 for timing in each]
            for each in zip(*(timings[f"{i} {who}"] for i in range(len(photos))), strict=True)
        ]
        for who in ("here", "alone")
    )
    cells = (
        name,
        str(len(photos)),
        str(read),
        str(alone),
        middle([sorted(times)[len(times) // 2] for times in here], 1e3),
        middle([sorted(times)[int(len(times) * 0.95)] for times in here], 1e3),
        middle([sorted(times)[len(times) // 2] for times in bare], 1e3),
        ratio([sum(times) for times in here], [sum(times) for times in bare]),
    )
    return f"| {' | '.join(cells)} |"


def _here(decoder: Decoder, photo: bytes) -> int:
    try:
        return len(decoder.read(photo))
    except Malformed:
        return 0


def _alone(photo: bytes) -> int:
    return len(zxingcpp.read_barcodes(Image.open(io.BytesIO(photo)), formats=KINDS))
