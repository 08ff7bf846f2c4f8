"""Deflate (RFC 1951) with fixed codes: own, so that a world's bytes do not depend on a zlib."""

from bisect import bisect_right
from functools import lru_cache

_LENGTHS = (
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
    131, 163, 195, 227, 258,
)  # fmt: skip
_LENGTH_BITS = (*(0,) * 8, *(n for n in range(1, 6) for _ in range(4)), 0)
_DISTANCES = (
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
)  # fmt: skip
_DISTANCE_BITS = (0, 0, *(n for n in range(14) for _ in range(2)))
_WINDOW, _LONGEST, _SHORTEST = 32_768, 258, 3


def _reversed(value: int, count: int) -> int:
    return int(f"{value:0{count}b}"[::-1], 2)


def _code(symbol: int) -> tuple[int, int]:
    """The fixed code of a symbol, lowest bit first, and its length (RFC 1951 §3.2.6)."""
    if symbol < 144:
        value, count = 0x30 + symbol, 8
    elif symbol < 256:
        value, count = 0x190 + symbol - 144, 9
    elif symbol < 280:
        value, count = symbol - 256, 7
    else:
        value, count = 0xC0 + symbol - 280, 8
    return _reversed(value, count), count


_CODES = tuple(_code(symbol) for symbol in range(288))
_BY_LENGTH = tuple(bisect_right(_LENGTHS, size) - 1 for size in range(_LONGEST + 1))


class _Bits:
    """Bits in the order of RFC 1951 §3.1.1."""

    def __init__(self) -> None:
        self.out = bytearray()
        self._held = 0
        self._count = 0

    def add(self, value: int, count: int) -> None:
        """Lowest bit first."""
        self._held |= value << self._count
        self._count += count
        while self._count >= 8:
            self.out.append(self._held & 0xFF)
            self._held >>= 8
            self._count -= 8

    def finish(self) -> bytes:
        if self._count:
            self.out.append(self._held & 0xFF)
        return bytes(self.out)


@lru_cache(maxsize=1024)  # the members of files that differ in one are mostly the same
def deflate(data: bytes) -> bytes:
    """One block with fixed codes; greedy matches, the last place a triple was seen."""
    bits = _Bits()
    bits.add(0b011, 3)
    seen: dict[bytes, int] = {}
    at = 0
    while at < len(data):
        key = data[at : at + _SHORTEST]
        before = seen.get(key, -1) if len(key) == _SHORTEST else -1
        seen[key] = at
        if before >= 0 and at - before <= _WINDOW:
            size = _match(data, before, at)
            _reference(bits, size, at - before)
            step = max(1, size // 8)
            for place in range(at + 1, at + size, step):
                seen[data[place : place + _SHORTEST]] = place
            at += size
        else:
            bits.add(*_CODES[data[at]])
            at += 1
    bits.add(*_CODES[256])
    return bits.finish()


def _match(data: bytes, before: int, at: int) -> int:
    size = _SHORTEST
    most = min(_LONGEST, len(data) - at)
    if data[before : before + most] == data[at : at + most]:
        return most  # as in most of a picture: no need to look byte by byte
    while size < most and data[before + size] == data[at + size]:
        size += 1
    return size


def _reference(bits: _Bits, size: int, distance: int) -> None:
    index = _BY_LENGTH[size]
    bits.add(*_CODES[257 + index])
    bits.add(size - _LENGTHS[index], _LENGTH_BITS[index])
    index = bisect_right(_DISTANCES, distance) - 1
    bits.add(_reversed(index, 5), 5)
    bits.add(distance - _DISTANCES[index], _DISTANCE_BITS[index])
