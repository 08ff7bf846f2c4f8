"""Repeatable randomness: SHA-256 in counter mode over a seed and a label.

`random.Random` is not used: its sequences are promised for one Python only, and a world must be
the same on every machine.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Stream:
    """Bytes that depend on seed and label only. Two labels never share a byte."""

    def __init__(self, seed: int, label: str) -> None:
        self._root = hashlib.sha256(f"sandbox/{seed}/{label}".encode()).digest()
        self._counter = 0
        self._rest = b""

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        parts = [self._rest]
        size = len(self._rest)
        while size < count:
            block = hashlib.sha256(self._root + self._counter.to_bytes(8, "big")).digest()
            self._counter += 1
            parts.append(block)
            size += len(block)
        joined = b"".join(parts)
        self._rest = joined[count:]
        return joined[:count]

    def below(self, bound: int) -> int:
        """0 ≤ value < bound; 64 bits beyond the bound make the bias immaterial."""
        return int.from_bytes(self.take(bound.bit_length() // 8 + 9), "big") % bound

    def between(self, low: int, high: int) -> int:
        """Both ends included."""
        return low + self.below(high - low + 1)

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]
