"""Photographs of codes: turned, out of focus, unevenly lit, with grain. PNG in shades of grey.

What a telephone makes of a license on a desk, without a telephone. Whole numbers and an own
deflate: the same bytes on every machine.
"""

import random
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.deflate import deflate
from sandbox.qr import matrix

Rows = list[bytearray]
"""Shades of grey, row by row; all rows are of one length."""

PAPER, INK, DESK = 235, 30, 140
STRAIGHT = (1, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """How the photograph is taken."""

    module: int = 5
    """Pixels of a module, before turning."""
    turn: tuple[int, int, int] = STRAIGHT
    """Cosine, sine and what both are divided by: whole numbers, as (4, 3, 5) for 37 degrees."""
    blur: int = 0
    """Radius in pixels of two passes of averaging."""
    grain: int = 0
    """Greatest change of a pixel."""
    shade: int = 0
    """How much darker the far side is, in hundredths."""


def photograph(payloads: Sequence[bytes], shot: Shot | None = None, seed: int = 1) -> bytes:
    """Codes side by side on one sheet, photographed; PNG."""
    shot = shot or Shot()
    rows = _sheet([matrix(payload) for payload in payloads], shot.module)
    if shot.turn != STRAIGHT:
        rows = _turned(rows, *shot.turn)
    for _ in range(2 if shot.blur else 0):
        rows = _transposed(_averaged(_transposed(_averaged(rows, shot.blur)), shot.blur))
    return png(_lit(rows, shot, random.Random(seed)))


def _sheet(codes: Sequence[list[list[bool]]], module: int) -> Rows:
    """One beside the other, with the room of a code's own quiet zone between them."""
    height = max(len(code) for code in codes)
    lines: Rows = []
    for y in range(height):
        line = bytearray()
        for code in codes:
            row = code[y] if y < len(code) else [False] * len(code)
            for dark in row:
                line += bytes([INK if dark else PAPER]) * module
        lines.extend(bytearray(line) for _ in range(module))
    return lines


def _turned(rows: Rows, cos: int, sin: int, by: int) -> Rows:
    """About its middle, on a desk large enough; each pixel is the nearest of the sheet."""
    height, width = len(rows), len(rows[0])
    new_width = (width * abs(cos) + height * abs(sin)) // by + 20
    new_height = (width * abs(sin) + height * abs(cos)) // by + 20
    turned: Rows = []
    for y in range(new_height):
        line = bytearray([DESK]) * new_width
        down = y - new_height // 2
        for x in range(new_width):
            right = x - new_width // 2
            at_x = (right * cos + down * sin) // by + width // 2
            at_y = (down * cos - right * sin) // by + height // 2
            if 0 <= at_x < width and 0 <= at_y < height:
                line[x] = rows[at_y][at_x]
        turned.append(line)
    return turned


def _averaged(rows: Rows, radius: int) -> Rows:
    """Each pixel the mean of its neighbours in the row."""
    found: Rows = []
    for row in rows:
        sums = [0]
        for value in row:
            sums.append(sums[-1] + value)
        last = len(row)
        line = bytearray(last)
        for x in range(last):
            left, right = max(0, x - radius), min(last, x + radius + 1)
            line[x] = (sums[right] - sums[left]) // (right - left)
        found.append(line)
    return found


def _transposed(rows: Rows) -> Rows:
    return [bytearray(column) for column in zip(*rows, strict=True)]


def _lit(rows: Rows, shot: Shot, chance: random.Random) -> Rows:
    if not (shot.shade or shot.grain):
        return rows
    width, grain = len(rows[0]), 2 * shot.grain + 1
    light = [100 - shot.shade * x // width for x in range(width)]
    lit: Rows = []
    for row in rows:
        grains = (chance.getrandbits(16) * grain // 65536 - shot.grain for _ in row)
        pixels = zip(row, light, grains, strict=True)
        lit.append(bytearray(min(255, max(0, v * at // 100 + g)) for v, at, g in pixels))
    return lit


def png(rows: Rows) -> bytes:
    """PNG (ISO/IEC 15948), eight bits of grey a pixel."""
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    return _png(len(rows[0]), len(rows), squeezed(raw))


def squeezed(raw: bytes) -> bytes:
    """RFC 1950."""
    return b"\x78\x01" + deflate(raw) + struct.pack(">I", zlib.adler32(raw))


def png_of_size(width: int, height: int) -> bytes:
    """A black picture of one bit a pixel by this machine's zlib: some bytes that ask for many."""
    squeeze, line = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    data = b"".join(squeeze.compress(line) for _ in range(height)) + squeeze.flush()
    return _png(width, height, data, depth=1)


def large_png(width: int, height: int) -> bytes:
    """The same by the own deflate: larger, slower, and the same on every machine."""
    return _png(width, height, squeezed(bytes((1 + (width + 7) // 8) * height)), depth=1)


def _png(width: int, height: int, data: bytes, depth: int = 8) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in chunks)


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check
