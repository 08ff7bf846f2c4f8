"""Pictures on the pages of a PDF (ISO 32000-2 §8.9), taken out as they are stored and not decoded.

For scans: pages that are nothing but pictures. JPEG comes out as it is; deflated samples of grey
or RGB become PNG, whose prediction is the same. JBIG2, CCITT and JPEG 2000 are passed over.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Final

from app.domain.errors import Malformed
from app.formats.pdf.objects import Name, Ref, Stream, Value
from app.formats.pdf.reader import View
from app.formats.pdf.structure import Allowance, expanded
from app.formats.rasters import MAX_PIXELS

MAX_IMAGES: Final = 4
"""Of one file; a license has a page or two."""
MAX_NODES: Final = 64
"""Of the page tree that are looked at."""
MAX_OBJECTS: Final = 64
"""External objects (§8.8) that are looked at; the pages of a scan have one or two each."""
MAX_SIDE: Final = 1 << 15
"""Pixels of width or height: A4 at 1200 dpi has 14,000."""
_SAMPLES: Final = {"DeviceGray": 1, "CalGray": 1, "DeviceRGB": 3, "CalRGB": 3}
_PNG_COLOUR: Final = {1: 0, 3: 2}
_DEPTHS: Final = frozenset({1, 8})
_PREDICTED: Final = 10
"""Predictors from here on are those of PNG (§7.4.4.4)."""


def images(view: View) -> tuple[bytes, ...]:
    """At most `MAX_IMAGES` pictures, as JPEG or PNG, in the order of the pages."""
    found: dict[bytes, None] = {}
    allowance = Allowance()  # for all together: one stream may stand on many pages
    try:
        for stream in islice(_streams(view), MAX_OBJECTS):
            picture = None if stream is None else _picture(view, stream, allowance)
            if picture is not None:
                found[picture] = None
            if len(found) == MAX_IMAGES:
                break
    except Malformed:
        pass  # what is shown there is no picture that could be taken out; what was found stays
    return tuple(found)


def _streams(view: View) -> Iterator[Stream | None]:
    """Each picture once; None for what is none, or was met before."""
    seen = set[Ref]()
    for resources in _resources(view):
        for value in view.dictionary(resources.get("XObject")).values():
            known = isinstance(value, Ref) and value in seen
            drawn = None if known else view.resolve(value)
            if isinstance(value, Ref):
                seen.add(value)
            image = isinstance(drawn, Stream) and drawn.dictionary.get("Subtype") == Name("Image")
            yield drawn if isinstance(drawn, Stream) and image else None


def _resources(view: View) -> Iterator[dict[str, Value]]:
    """Of every page, its own or those of a node above it (§7.7.3.4)."""
    waiting: list[tuple[Value, Value]] = [(view.catalog.get("Pages"), None)]
    seen = set[Ref]()
    for _ in range(MAX_NODES):
        if not waiting:
            return
        value, inherited = waiting.pop(0)
        if isinstance(value, Ref):
            if value in seen:
                continue
            seen.add(value)
        node = view.dictionary(value)
        own = node.get("Resources", inherited)
        kids = view.array(node.get("Kids"))[: MAX_NODES - len(waiting)]
        waiting.extend((kid, own) for kid in kids)
        if "Kids" not in node:
            yield view.dictionary(own)


def _picture(view: View, stream: Stream, allowance: Allowance) -> bytes | None:
    filters = view.resolve(stream.dictionary.get("Filter"))
    one = filters[0] if isinstance(filters, tuple) and len(filters) == 1 else filters
    match one:
        case Name("DCTDecode"):
            return stream.data
        case Name("FlateDecode"):
            return _samples(view, stream, allowance)
        case _:
            return None


def _samples(view: View, stream: Stream, allowance: Allowance) -> bytes | None:
    """A PNG of the same samples; None for colours that PNG has not."""
    told = stream.dictionary
    width, height, depth = (
        view.resolve(told.get(name)) for name in ("Width", "Height", "BitsPerComponent")
    )
    count = _count(view, told.get("ColorSpace"))
    if told.get("ImageMask") is True:
        count, depth = 1, 1
    if type(width) is not int or type(height) is not int or not _sized(width, height):
        return None
    if count is None or type(depth) is not int or depth not in _DEPTHS:
        return None
    parameters = view.resolve(told.get("DecodeParms"))
    if isinstance(parameters, tuple):
        parameters = view.resolve(parameters[0]) if parameters else None
    row = (width * count * depth + 7) // 8
    predictor = parameters.get("Predictor", 1) if isinstance(parameters, dict) else 1
    if type(predictor) is int and predictor >= _PREDICTED:
        data = stream.data  # rows with their PNG filters, deflated: what IDAT holds
    else:
        raw = expanded(stream, allowance)
        if len(raw) < row * height:
            return None
        rows = (b"\0" + raw[at : at + row] for at in range(0, row * height, row))
        data = zlib.compress(b"".join(rows), 1)
    return _png(width, height, depth, _PNG_COLOUR[count], data)


def _sized(width: int, height: int) -> bool:
    """Of a size that is looked at; before anything is expanded, or cut into rows."""
    return 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS


def _count(view: View, space: Value) -> int | None:
    """Samples of a pixel."""
    found = view.resolve(space)
    if isinstance(found, Name):
        return _SAMPLES.get(found.value)
    if not isinstance(found, tuple) or len(found) < 2:  # noqa: PLR2004 - a family and its stream
        return None
    if found[0] == Name("ICCBased"):
        profile = view.resolve(found[1])
        number = profile.dictionary.get("N") if isinstance(profile, Stream) else None
        return number if type(number) is int and number in _PNG_COLOUR else None
    return _SAMPLES.get(found[0].value) if isinstance(found[0], Name) else None


def _png(width: int, height: int, depth: int, colour: int, data: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
