"""The worker: pictures in, codes out. Started as a file of its own, and never by import.

    python -I program.py LIMITS

Decoders of pictures are large, written in C, and fed by strangers. They run here, behind limits
which this program sets itself before it reads a byte: memory, no new file, no socket, no child. It
holds no key, knows no address and keeps nothing of a picture. Whoever started it ends it when it is
late (`app.imaging.worker`).

Wire: a frame is a length (four bytes, big-endian) and that many bytes. Out: `{"state": "ready"}`.
Then, in: a picture; out: `{"state": "read", "codes": [[symbology, payload in base64], …]}`, or
another state alone.
LIMITS is `app.imaging.limits.Limits` as a JSON object.
"""

import base64
import io
import json
import resource
import sys
import time
import warnings
from collections.abc import Iterator
from typing import IO, Any, Final

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

FORMATS: Final = ("JPEG", "PNG", "WEBP")
KINDS: Final = zxingcpp.barcode_formats_from_str("QRCode,MicroQRCode,RMQRCode")
LOCAL, WHOLE = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram
SHARPER: Final = ImageFilter.UnsharpMask(radius=3, percent=200, threshold=0)
MUCH_SHARPER: Final = ImageFilter.UnsharpMask(radius=6, percent=300, threshold=0)
SMALLER: Final = (2 / 3, 1 / 2, 1 / 4)

Found = dict[tuple[str, bytes], None]
"""Symbology and payload, each pair once, in the order found."""
Limits = dict[str, Any]


class Refused(Exception):
    """The picture is of a kind that is not read; the state says which."""


def main(limits: Limits) -> None:
    """Until standard input ends."""
    Image.MAX_IMAGE_PIXELS = limits["pixels"]
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    load_all(limits)
    confine(limits["memory"])
    say({"state": "ready"})
    while (picture := frame(sys.stdin.buffer, limits["octets"])) is not None:
        say(answer(picture, limits))


def say(what: dict[str, object]) -> None:
    """One frame out."""
    said = json.dumps(what).encode()
    sys.stdout.buffer.write(len(said).to_bytes(4, "big") + said)
    sys.stdout.buffer.flush()


def load_all(limits: Limits) -> None:
    """What the decoders load late is loaded now, while files can be opened."""
    for kind in FORMATS:
        blank = io.BytesIO()
        Image.new("RGB", (64, 64), "white").save(blank, kind)
        look(blank.getvalue(), limits)


def confine(memory: int) -> None:
    """For the rest of this process's life, and it cannot take it back."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would keep the picture
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # no other file, and no socket


def frame(source: IO[bytes], most: int) -> bytes | None:
    """The next picture; None where there is none, or more than was agreed."""
    head = source.read(4)
    length = int.from_bytes(head, "big")
    if len(head) < 4 or length > most:  # noqa: PLR2004
        return None
    data = source.read(length)
    return data if len(data) == length else None


def answer(picture: bytes, limits: Limits) -> dict[str, object]:
    """What is sent back."""
    try:
        found = look(picture, limits)
    except Refused as refused:
        return {"state": str(refused)}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return {"state": "too_large"}
    except Exception:  # noqa: BLE001 - whatever a decoder raises at bytes of a stranger
        return {"state": "unreadable"}
    most, longest = limits["codes"] + 1, limits["payload"]
    codes = [[kind, base64.b64encode(payload[:longest]).decode()] for kind, payload in found]
    return {"state": "read", "codes": codes[:most]}


def look(data: bytes, limits: Limits) -> Found:
    """Every code that can be read; other ways of looking only where the plain ones see nothing."""
    picture, until = opened(data, limits["pixels"]), time.monotonic() + limits["search"]
    # Both always: what one way of telling dark from light overlooks must not stay unseen.
    found = codes(picture, LOCAL) | codes(picture, WHOLE)
    for other, binarizer in ways(picture, limits["upscaled"]):
        if found or time.monotonic() > until:
            break
        found = codes(other, binarizer)
    return found


def codes(picture: Image.Image, binarizer: zxingcpp.Binarizer) -> Found:
    found = zxingcpp.read_barcodes(picture, formats=KINDS, binarizer=binarizer)
    return {(code.format.name, bytes(code.bytes)): None for code in found if code.valid}


def opened(data: bytes, most: int) -> Image.Image:
    """In shades of grey, the right way up, as it looks on white paper."""
    source = Image.open(io.BytesIO(data), formats=FORMATS)
    if source.width * source.height > most:
        raise Refused("too_large")
    if getattr(source, "n_frames", 1) > 1:
        raise Refused("animated")
    source.load()
    picture: Image.Image = source
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture)
        picture = paper
    return ImageOps.exif_transpose(picture).convert("L")


def ways(picture: Image.Image, upscaled: int) -> Iterator[tuple[Image.Image, zxingcpp.Binarizer]]:
    """Other ways of looking, the cheapest first; blur wants size and sharpness."""
    width, height = picture.size
    yield picture.filter(SHARPER), LOCAL
    if width * height <= upscaled:
        larger = picture.resize((width * 2, height * 2), Image.Resampling.BICUBIC)
        yield larger.filter(SHARPER), LOCAL
        yield larger.filter(MUCH_SHARPER), WHOLE
    for share in SMALLER:
        size = (max(1, int(width * share)), max(1, int(height * share)))
        yield picture.resize(size, Image.Resampling.LANCZOS), LOCAL
    yield ImageOps.autocontrast(picture.filter(ImageFilter.MedianFilter(3)), cutoff=2), LOCAL
    yield ImageOps.expand(picture, border=max(width, height) // 8 + 8, fill=255), LOCAL


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
