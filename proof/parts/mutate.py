"""Bytes made wrong in the ways that parsers fall for: a generator for `proof.fuzz`."""

import random
from collections.abc import Callable, Sequence
from typing import Final

LARGEST: Final = 256 * 1024
"""Bytes of an input; readers are linear, so more only costs time."""
NUMBERS: Final = (
    *(b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\x00\x00", b"\x05\x00", b"\x30\x80"),
    *(b"\x82\xff\xff", b"\x84\xff\xff\xff\xff", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"),
    *(b"PK\x01\x02", b"PK\x05\x06", b"9" * 400, b"-1", b"1e308", b"true", b"null"),
    *(b"&#0;", b"<!DOCTYPE", b"]]>", b"%00", b"../", b"//", b"[" * 200, b"{" * 200),
    *("\u202e".encode(), "\u0130".encode(), "\ud800".encode("utf-8", "surrogatepass")),
)
"""Lengths, tags, signatures and words with a meaning somewhere."""

Change = Callable[[random.Random, bytearray, Sequence[bytes]], None]


def mutated(chance: random.Random, pool: Sequence[bytes]) -> bytes:
    """One of the pool, changed in one to six places."""
    made = bytearray(chance.choice(pool))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        chance.choice(CHANGES)(chance, made, pool)
    return bytes(made[:LARGEST])


def _at(chance: random.Random, data: bytearray) -> int:
    return chance.randrange(len(data) + 1)


def _span(chance: random.Random, data: bytearray) -> slice:
    start = _at(chance, data)
    return slice(start, start + chance.choice((1, 2, 4, 8, 32, 256)))


def _flip(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, 0x30, 0x3C))


def _number(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at, value = _at(chance, data), chance.choice(NUMBERS)
    data[at : at + (len(value) if chance.random() < 0.5 else 0)] = value


def _drop(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    del data[_span(chance, data)]


def _twice(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    span = _span(chance, data)
    data[span.start : span.start] = data[span] * chance.choice((1, 1, 2, 50))


def _cut(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    del data[_at(chance, data) :]


def _swap(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    first, last = sorted((_at(chance, data), _at(chance, data)))
    middle = chance.randint(first, last)
    data[first:last] = data[middle:last] + data[first:middle]


def _splice(chance: random.Random, data: bytearray, pool: Sequence[bytes]) -> None:
    other = bytearray(chance.choice(pool))
    data[_at(chance, data) :] = other[_at(chance, other) :]


def _graft(chance: random.Random, data: bytearray, pool: Sequence[bytes]) -> None:
    other = bytearray(chance.choice(pool))
    data[_span(chance, data)] = other[_span(chance, other)]


CHANGES: Final[Sequence[Change]] = (
    _flip, _flip, _set, _number, _number, _drop, _twice, _cut, _swap, _splice, _graft,
)  # fmt: skip
