"""Facts that were proven once and stay proven: a signature that holds, a path that keeps the rules.

Only what succeeded is remembered, by a digest of everything it depends on, so a fact can be
forgotten at any time and never be wrong. The same authorities stand above most documents;
remembering them spares most of the signatures of a verification.
"""

from hashlib import sha256
from threading import Lock
from typing import Final

FACTS: Final = 8192
"""Facts kept of one kind: 32 octets each, with their overhead about 1 MiB."""


class Remembered:
    """A bounded set of facts; the oldest is forgotten first."""

    def __init__(self, limit: int = FACTS) -> None:
        self._limit = limit
        self._facts: dict[bytes, None] = {}
        self._lock = Lock()

    def __contains__(self, fact: bytes) -> bool:
        return fact in self._facts

    def add(self, fact: bytes) -> None:
        with self._lock:
            if len(self._facts) >= self._limit:
                del self._facts[next(iter(self._facts))]
            self._facts[fact] = None

    def clear(self) -> None:
        """Forget all; for measuring."""
        with self._lock:
            self._facts.clear()


def fact(*parts: bytes) -> bytes:
    """The digest of parts, each by its own digest so that none runs into the next."""
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()
