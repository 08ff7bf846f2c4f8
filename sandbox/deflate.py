"""Deflate (RFC 1951) with fixed codes: own, so that a world's bytes do not depend on a zlib."""

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

    def code(self, value: int, count: int) -> None:
        """A Huffman code: highest bit first."""
        self.add(int(f"{value:0{count}b}"[::-1], 2), count)

    def finish(self) -> bytes:
        if self._count:
            self.out.append(self._held & 0xFF)
        return bytes(self.out)


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
            _symbol(bits, data[at])
            at += 1
    _symbol(bits, 256)
    return bits.finish()


def _match(data: bytes, before: int, at: int) -> int:
    size = _SHORTEST
    most = min(_LONGEST, len(data) - at)
    while size < most and data[before + size] == data[at + size]:
        size += 1
    return size


def _reference(bits: _Bits, size: int, distance: int) -> None:
    index = max(i for i, base in enumerate(_LENGTHS) if base <= size)
    _symbol(bits, 257 + index)
    bits.add(size - _LENGTHS[index], _LENGTH_BITS[index])
    index = max(i for i, base in enumerate(_DISTANCES) if base <= distance)
    bits.code(index, 5)
    bits.add(distance - _DISTANCES[index], _DISTANCE_BITS[index])


def _symbol(bits: _Bits, symbol: int) -> None:
    """RFC 1951 §3.2.6."""
    if symbol < 144:
        bits.code(0x30 + symbol, 8)
    elif symbol < 256:
        bits.code(0x190 + symbol - 144, 9)
    elif symbol < 280:
        bits.code(symbol - 256, 7)
    else:
        bits.code(0xC0 + symbol - 280, 8)
