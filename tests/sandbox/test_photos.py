"""Photographs of the sandbox's licenses: the same bytes each time, and read by a decoder of others."""

import io
import json
from pathlib import Path

import zxingcpp
from PIL import Image

from sandbox.output import write_photos
from sandbox.photos import Shot, photograph
from sandbox.world import World

KINDS = zxingcpp.barcode_formats_from_str("QRCode,MicroQRCode,RMQRCode")


def test_photographs_are_written_with_the_verdict_each_must_get(
    pinned: World, tmp_path: Path
) -> None:
    (tmp_path / "samples").mkdir()
    write_photos(pinned, tmp_path)
    told = json.loads((tmp_path / "samples-photo.json").read_text(encoding="utf-8"))
    assert len(told) >= 10
    for sample in told:
        assert (tmp_path / sample["file"]).read_bytes().startswith(b"\x89PNG")
        assert sample["expect"]["conclusion"] != "valid"
        assert sample["expect"]["reason"]
        assert sample["zh"]
        assert sample["en"]


def test_a_decoder_of_others_reads_what_was_photographed(pinned: World) -> None:
    token = pinned.token(pinned.pick("traffic"))
    for shot in (Shot(), Shot(turn=(4, 3, 5)), Shot(turn=(-20, 21, 29), blur=1, grain=8, shade=40)):
        made = photograph([token], shot)
        assert made == photograph([token], shot)
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(made)), formats=KINDS)
        assert code.bytes == token
