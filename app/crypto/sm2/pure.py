"""SM2 verification in Python integers, for where no libcrypto has it. Faster with gmpy2.

Verification handles public values only, so it need not be constant time. It never signs.
Jacobian coordinates with a = -3; formulas dbl-2001-b and madd of the Explicit-Formulas Database.
"""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib import import_module
from itertools import chain
from typing import Final

from app.crypto.sm2.curve import GX, GY, N, P, coordinates, in_range


def _numbers() -> tuple[str, Callable[[int], int]]:
    """The integers to count with: gmpy2's where installed, else Python's."""
    try:
        return "python+gmpy2", import_module("gmpy2").mpz
    except ImportError:
        return "python", int


NAME, _number = _numbers()

Affine = tuple[int, int]
Jacobian = tuple[int, int, int]
"""(X, Y, Z) for x = X/Z², y = Y/Z³; Z = 0 is the point at infinity."""

INFINITY: Final[Jacobian] = (1, 1, 0)
WINDOW_G: Final = 8
"""Bits a step of the fixed-base table: 32 rows of 255 points, built once in some 0.1 s."""
WINDOW: Final = 5
"""Width of the signed windows of the other point: 8 odd multiples, kept for recent keys."""
KEYS: Final = 1024
"""Public keys whose multiples are kept, some 3 KiB each."""

_P = _number(P)


def _double(point: Jacobian) -> Jacobian:
    x, y, z = point
    if not z:
        return INFINITY
    delta, gamma = z * z % _P, y * y % _P
    beta = x * gamma % _P
    alpha = 3 * (x - delta) * (x + delta) % _P
    x3 = (alpha * alpha - 8 * beta) % _P
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % _P, 2 * y * z % _P


def _add(point: Jacobian, other: Affine) -> Jacobian:
    """The sum, whichever points they are: equal, opposite or infinity included."""
    x1, y1, z1 = point
    x2, y2 = other
    if not z1:
        return x2, y2, 1
    zz = z1 * z1 % _P
    h = (x2 * zz - x1) % _P
    r = (y2 * z1 * zz - y1) % _P
    if not h:
        return INFINITY if r else _double(point)
    hh = h * h % _P
    hhh, v = h * hh % _P, x1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return x3, (r * (v - x3) - y1 * hhh) % _P, z1 * h % _P


def _affine(points: Iterable[Jacobian]) -> list[Affine]:
    """All points in affine form for one inversion (Montgomery's trick); none is infinity."""
    points = list(points)
    products = [_number(1)]
    for *_, z in points:
        products.append(products[-1] * z % _P)
    inverse = pow(products.pop(), -1, _P)
    result: list[Affine] = []
    for (x, y, z), before in zip(reversed(points), reversed(products), strict=True):
        z_inverse = inverse * before % _P
        inverse = inverse * z % _P
        square = z_inverse * z_inverse % _P
        result.append((x * square % _P, y * square * z_inverse % _P))
    result.reverse()
    return result


def _multiples(start: Affine, step: Affine, count: int) -> list[Jacobian]:
    """Start, start + step, …: `count` points."""
    points: list[Jacobian] = [(*start, _number(1))]
    while len(points) < count:
        points.append(_add(points[-1], step))
    return points


@cache
def _table_g() -> tuple[list[Affine], ...]:
    """Row i holds d·2^(8i)·G for d from 1 to 255."""
    bases: list[Jacobian] = [(_number(GX), _number(GY), _number(1))]
    for _ in range(256 // WINDOW_G - 1):
        base = bases[-1]
        for _ in range(WINDOW_G):
            base = _double(base)
        bases.append(base)
    width = (1 << WINDOW_G) - 1
    rows = (_multiples(base, base, width) for base in _affine(bases))
    flat = _affine(chain.from_iterable(rows))
    return tuple(flat[at : at + width] for at in range(0, len(flat), width))


@lru_cache(KEYS)
def _odd_multiples(point: bytes) -> list[Affine]:
    """P, 3P, 5P, … 15P."""
    x, y = coordinates(point)
    base = (_number(x), _number(y))
    (twice,) = _affine([_double((*base, _number(1)))])
    return _affine(_multiples(base, twice, 1 << (WINDOW - 2)))


def _signed_windows(scalar: int) -> list[int]:
    """Width-5 non-adjacent form, least significant digit first."""
    digits: list[int] = []
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (1 << WINDOW) - 1
            if digit >> (WINDOW - 1):
                digit -= 1 << WINDOW
            scalar -= digit
        digits.append(digit)
        scalar >>= 1
    return digits


def _combine(s: int, t: int, point: bytes) -> Jacobian:
    """[s]G + [t]P."""
    table = _odd_multiples(point)
    total = INFINITY
    for digit in reversed(_signed_windows(t)):
        total = _double(total)
        if digit > 0:
            total = _add(total, table[digit >> 1])
        elif digit < 0:
            x, y = table[-digit >> 1]
            total = _add(total, (x, _P - y))
    for row, octet in zip(_table_g(), s.to_bytes(32, "little"), strict=True):
        if octet:
            total = _add(total, row[octet - 1])
    return total


class PureBackend:
    """The portable back end."""

    name = NAME

    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        """Whether (r, s) signs the 32-octet digest e (GB/T 32918.2 §7.1).

        Raises:
            InvalidKey: the point is not a public key.
        """
        coordinates(point)
        if not in_range(r, s):
            return False
        x, _, z = _combine(s, (r + s) % N, point)
        if not z:
            return False
        x1 = int(x * pow(z * z, -1, _P) % _P)
        return (int.from_bytes(digest, "big") + x1 - r) % N == 0
