"""Pictures drawn here: a round seal and a module matrix, as PNG or BMP of one bit a pixel.

PNG data are stored, not compressed, so that the bytes do not depend on the machine's zlib.
"""

import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache

Rows = Sequence[Sequence[bool]]
"""True is ink."""

RED, BLACK, WHITE = (200, 20, 20), (0, 0, 0), (255, 255, 255)
SEAL_SIDE = 96
"""Pixels; printed at 38 mm."""
_STORED_BLOCK = 0xFFFF
_ARC = 12
"""Steps of the ring for one digit: a tick as long as the digit, and a gap."""


def png(rows: Rows, ink: tuple[int, int, int] = BLACK) -> bytes:
    """One bit a pixel, two colours."""
    width = len(rows[0])
    header = struct.pack(">IIBBBBB", width, len(rows), 1, 3, 0, 0, 0)
    lines = b"".join(b"\x00" + _packed(row) for row in rows)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes((*WHITE, *ink))),
            _chunk(b"IDAT", _zlib_stored(lines)),
            _chunk(b"IEND", b""),
        )
    )


def bmp(rows: Rows, ink: tuple[int, int, int] = BLACK) -> bytes:
    """The same as a Windows bitmap: rows from the bottom, padded to four bytes."""
    width, height = len(rows[0]), len(rows)
    lines = [_packed(row) for row in reversed(rows)]
    body = b"".join(line + bytes(-len(line) % 4) for line in lines)
    palette = b"".join(bytes((*reversed(colour), 0)) for colour in (WHITE, ink))
    start = 14 + 40 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 1, 0, len(body), 3780, 3780, 2, 2)
    head = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start)
    return head + info + palette + body


@lru_cache(maxsize=64)
def round_seal(code: str, side: int = SEAL_SIDE) -> Rows:
    """A ring, a five-pointed star, and the seal code as a pattern of ticks along the ring."""
    digits = [int(c) for c in code if c.isdigit()]
    return [
        [cell % _ARC <= digits[cell // _ARC] if cell >= 0 else cell == _INK for cell in row]
        for row in _face(side, len(digits) * _ARC)
    ]


_STAR = ((0, -100), (-59, 81), (95, -31), (-95, -31), (59, 81))
"""Corners of a pentagram of radius 100, in the order of its one line."""
_INK, _PAPER = -1, -2


@lru_cache(maxsize=16)
def _face(side: int, steps: int) -> Sequence[Sequence[int]]:
    """What seals of this size have in common: ink, paper, or which step of the ring it is."""
    middle = (side - 1) / 2
    return [
        [_cell(x - middle, y - middle, side / 2, steps) for x in range(side)] for y in range(side)
    ]


def _cell(x: float, y: float, radius: float, steps: int) -> int:
    square = x * x + y * y  # exact: halves of whole numbers
    if (radius - 4) ** 2 < square < (radius - 1) ** 2:
        return _INK
    if (radius - 16) ** 2 < square < (radius - 8) ** 2:
        return _place(x, y, steps)
    return _INK if _in_star(x, y, radius * 0.42) else _PAPER


def _place(x: float, y: float, steps: int) -> int:
    """Which of `steps` equal arcs of the circle, by a measure of the angle without libm.

    The trigonometric functions are not promised to the last bit everywhere; this is rational.
    """
    turn = y / (abs(x) + abs(y)) if x or y else 0.0
    around = 1 - turn if x < 0 else 3 + turn  # 0 … 4 once round
    return min(int(around / 4 * steps), steps - 1)


def _in_star(x: float, y: float, radius: float) -> bool:
    """Inside at least four of the five half planes whose borders are the star's line."""
    if x * x + y * y > radius * radius * 1.1:  # the corner furthest out is at 1.005
        return False
    scale = radius / 100
    corners = [(a * scale, b * scale) for a, b in _STAR]
    inside = 0
    for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True):
        side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        middle = (bx - ax) * (0 - ay) - (by - ay) * (0 - ax)
        inside += side * middle > 0
    return inside >= 4


def _packed(row: Sequence[bool]) -> bytes:
    bits = "".join("1" if ink else "0" for ink in row)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def _zlib_stored(data: bytes) -> bytes:
    blocks = [data[at : at + _STORED_BLOCK] for at in range(0, len(data), _STORED_BLOCK)] or [b""]
    body = b"".join(
        struct.pack("<BHH", block is blocks[-1], len(block), len(block) ^ 0xFFFF) + block
        for block in blocks
    )
    return b"\x78\x01" + body + struct.pack(">I", zlib.adler32(data))
