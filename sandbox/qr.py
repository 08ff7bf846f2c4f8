"""QR codes (GB/T 18284, ISO/IEC 18004): byte mode, error correction L, versions 1 to 40.

What a license prints so that a scanner gets the whole token. Nothing here reads codes.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

# Level L: error correction codewords of a block, and blocks, by version 1 … 40 (table 9).
_CHECK_WORDS = (
    7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
    28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
)  # fmt: skip
_BLOCKS = (
    1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
    8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
)  # fmt: skip
_FORMAT_LEVEL_L = 0b01
QUIET = 4
"""Modules of the quiet zone on each side."""

Grid = list[list[bool]]


def matrix(data: bytes) -> Grid:
    """The smallest code that holds `data`, with its quiet zone; True is dark.

    Raises:
        ValueError: more than 2,953 bytes.
    """
    version = next((v for v in range(1, 41) if _capacity(v) >= len(data)), None)
    if version is None:
        raise ValueError("more than a QR code holds")
    code = _Code(version)
    code.place(_codewords(data, version))
    best = min(range(8), key=lambda mask: _penalty(code.masked(mask)))
    inner = code.masked(best)
    blank = [False] * (len(inner) + 2 * QUIET)
    sides = [False] * QUIET
    rows = [[*sides, *row, *sides] for row in inner]
    return [blank] * QUIET + rows + [blank] * QUIET


def _raw_modules(version: int) -> int:
    """Modules left for data and error correction."""
    count = (16 * version + 128) * version + 64
    if version >= 2:
        marks = version // 7 + 2
        count -= (25 * marks - 10) * marks - 55
        if version >= 7:
            count -= 36
    return count


def _data_words(version: int) -> int:
    total = _raw_modules(version) // 8
    return total - _CHECK_WORDS[version - 1] * _BLOCKS[version - 1]


def _capacity(version: int) -> int:
    """Bytes in byte mode."""
    return (_data_words(version) * 8 - 4 - (8 if version < 10 else 16)) // 8


def _codewords(data: bytes, version: int) -> bytes:
    size = 8 if version < 10 else 16
    bits = f"0100{len(data):0{size}b}" + "".join(f"{octet:08b}" for octet in data)
    room = _data_words(version) * 8
    bits += "0" * min(4, room - len(bits))
    bits += "0" * (-len(bits) % 8)
    words = bytearray(int(bits, 2).to_bytes(len(bits) // 8, "big"))
    for pad in _pads(_data_words(version) - len(words)):
        words.append(pad)
    return _interleaved(bytes(words), version)


def _pads(count: int) -> Iterator[int]:
    for index in range(count):
        yield (0xEC, 0x11)[index % 2]


def _interleaved(words: bytes, version: int) -> bytes:
    blocks, checks = _BLOCKS[version - 1], _CHECK_WORDS[version - 1]
    total = _raw_modules(version) // 8
    short, longer = total // blocks - checks, total % blocks
    parts: list[bytes] = []
    at = 0
    for index in range(blocks):
        size = short + (index >= blocks - longer)
        parts.append(words[at : at + size])
        at += size
    divisor = _divisor(checks)
    remainders = [_remainder(part, divisor) for part in parts]
    out = bytearray()
    for index in range(short + 1):
        out.extend(part[index] for part in parts if index < len(part))
    for index in range(checks):
        out.extend(remainder[index] for remainder in remainders)
    return bytes(out)


def _powers() -> tuple[int, ...]:
    """Of 2 in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1, twice round."""
    found, x = [], 1
    for _ in range(255):
        found.append(x)
        x = x << 1 ^ (x >> 7) * 0x11D
    return (*found, *found)


_POWERS = _powers()
_LOGARITHMS = {power: exponent for exponent, power in enumerate(_POWERS[:255])}


def _times(x: int, y: int) -> int:
    """In that field."""
    return _POWERS[_LOGARITHMS[x] + _LOGARITHMS[y]] if x and y else 0


@lru_cache(maxsize=40)
def _divisor(degree: int) -> bytes:
    result = bytearray(degree - 1) + b"\x01"
    root = 1
    for _ in range(degree):
        for index in range(degree):
            result[index] = _times(result[index], root)
            if index + 1 < degree:
                result[index] ^= result[index + 1]
        root = _times(root, 2)
    return bytes(result)


@lru_cache(maxsize=40)
def _multiples(divisor: bytes) -> tuple[int, ...]:
    """Of the divisor by each of the 256 factors: its octets as one number."""
    return tuple(
        int.from_bytes(bytes(_times(coefficient, factor) for coefficient in divisor), "big")
        for factor in range(256)
    )


def _remainder(data: bytes, divisor: bytes) -> bytes:
    multiples = _multiples(divisor)
    size = len(divisor)
    above, whole = 8 * (size - 1), (1 << 8 * size) - 1
    rest = 0
    for octet in data:
        factor = octet ^ rest >> above
        rest = rest << 8 & whole ^ multiples[factor]
    return rest.to_bytes(size, "big")


class _Code:
    """The symbol without mask: fixed patterns, and data where they leave room."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.size = version * 4 + 17
        self._ones = int.from_bytes(b"\x01" * self.size, "big")
        self._dark = [[False] * self.size for _ in range(self.size)]
        self._fixed = [[False] * self.size for _ in range(self.size)]
        for index in range(self.size):
            self._set(6, index, dark=index % 2 == 0)
            self._set(index, 6, dark=index % 2 == 0)
        for x, y in ((3, 3), (self.size - 4, 3), (3, self.size - 4)):
            self._finder(x, y)
        for x in self._marks():
            for y in self._marks():
                if not self._is_corner(x, y):
                    self._alignment(x, y)
        self._format(self._dark, 0)
        self._version_words()

    def _set(self, x: int, y: int, *, dark: bool) -> None:
        self._dark[y][x], self._fixed[y][x] = dark, True

    def _finder(self, x: int, y: int) -> None:
        for dy in range(-4, 5):
            for dx in range(-4, 5):
                if 0 <= x + dx < self.size and 0 <= y + dy < self.size:
                    self._set(x + dx, y + dy, dark=max(abs(dx), abs(dy)) not in {2, 4})

    def _alignment(self, x: int, y: int) -> None:
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                self._set(x + dx, y + dy, dark=max(abs(dx), abs(dy)) != 1)

    def _marks(self) -> list[int]:
        if self.version == 1:
            return []
        count = self.version // 7 + 2
        step = (self.version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
        later = [self.size - 7 - step * index for index in range(count - 1)]
        return [6, *reversed(later)]

    def _is_corner(self, x: int, y: int) -> bool:
        marks = self._marks()
        first, last = marks[0], marks[-1]
        return (x, y) in {(first, first), (first, last), (last, first)}

    def _format(self, grid: Grid, mask: int) -> None:
        data = _FORMAT_LEVEL_L << 3 | mask
        rest = data
        for _ in range(10):
            rest = (rest << 1) ^ ((rest >> 9) * 0x537)
        bits = (data << 10 | rest) ^ 0x5412
        on = [bool(bits >> index & 1) for index in range(15)]
        n = self.size
        first = [(8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8), (7, 8)]
        first += [(14 - index, 8) for index in range(9, 15)]
        second = [(n - 1 - index, 8) for index in range(8)]
        second += [(8, n - 15 + index) for index in range(8, 15)]
        for places in (first, second):
            for (x, y), dark in zip(places, on, strict=True):
                grid[y][x], self._fixed[y][x] = dark, True
        grid[n - 8][8], self._fixed[n - 8][8] = True, True

    def _version_words(self) -> None:
        if self.version < 7:
            return
        rest = self.version
        for _ in range(12):
            rest = (rest << 1) ^ ((rest >> 11) * 0x1F25)
        bits = self.version << 12 | rest
        for index in range(18):
            a, b = self.size - 11 + index % 3, index // 3
            dark = bool(bits >> index & 1)
            self._set(a, b, dark=dark)
            self._set(b, a, dark=dark)

    def place(self, words: bytes) -> None:
        """Two columns at a time, upwards and downwards in turn, from the right."""
        bits = iter("".join(f"{word:08b}" for word in words))
        for right in (*range(self.size - 1, 6, -2), 5, 3, 1):
            upward = (right + 1) & 2 == 0
            for step in range(self.size):
                y = self.size - 1 - step if upward else step
                for x in (right, right - 1):
                    if not self._fixed[y][x]:
                        self._dark[y][x] = next(bits, "0") == "1"

    def masked(self, mask: int) -> Grid:
        grid = []
        for dark, fixed, pattern in zip(
            self._dark, self._fixed, _patterns(mask, self.size), strict=True
        ):
            free = int.from_bytes(bytes(fixed), "big") ^ self._ones
            row = int.from_bytes(bytes(dark), "big") ^ free & pattern
            grid.append([module == 1 for module in row.to_bytes(self.size, "big")])
        self._format(grid, mask)
        return grid


_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda x, y: (x + y) % 2 == 0,
    lambda _, y: y % 2 == 0,
    lambda x, _: x % 3 == 0,
    lambda x, y: (x + y) % 3 == 0,
    lambda x, y: (x // 3 + y // 2) % 2 == 0,
    lambda x, y: x * y % 2 + x * y % 3 == 0,
    lambda x, y: (x * y % 2 + x * y % 3) % 2 == 0,
    lambda x, y: ((x + y) % 2 + x * y % 3) % 2 == 0,
)


@lru_cache(maxsize=64)
def _patterns(mask: int, size: int) -> tuple[int, ...]:
    """A row's octets, 1 where the mask turns a module over, as one number."""
    rule = _MASKS[mask]
    return tuple(int.from_bytes(bytes(rule(x, y) for x in range(size)), "big") for y in range(size))


_RUN = re.compile(rb"\x00{5,}|\x01{5,}")


def _penalty(grid: Grid) -> int:
    """Runs and balance: enough to choose a mask; any of the eight is a right code."""
    total = 0
    for lines in (grid, zip(*grid, strict=True)):
        for line in lines:
            total += sum(len(run) - 2 for run in _RUN.findall(bytes(line)))
    dark = sum(map(sum, grid))
    cells = len(grid) ** 2
    return total + abs(dark * 20 - cells * 10) // cells * 10
