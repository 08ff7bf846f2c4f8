"""What the process that reads rows is asked, and what it says: both sides of its pipes.

What goes to it is pickled by this service and its own;
what comes back is read by a list of the classes it may name.
"""

import io
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from app.crypto.signing import KeyProvider
from app.domain.errors import Unavailable
from app.domain.identifier import Identifier
from app.domain.issuer import Code
from app.domain.lifecycle import Decision
from app.domain.scheme import Scheme
from app.formats.rows import Line
from app.registry.imports.prepared import BareRow, Chunk, Preparing, Reading, Versions, WantsKeys
from app.registry.imports.words import WordKeys

MAX_FRAME: Final = 64 * 1024 * 1024
"""Octets. The longest chunk is 1 MiB of lines, and as records, with what they are found by, some
times as much."""
READY: Final = b"rows"
"""The first frame of a process that can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLines:
    """→ `Chunk`, or None: a row has a signature, and no keys were told."""

    reading: Reading
    versions: Versions
    """Of the keys, as the service has them."""
    first: int
    lines: Sequence[Line] = field(repr=False)
    before: bytes = field(repr=False)
    word_keys: WordKeys | None = field(repr=False)
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLines:
    """→ the chain over lines that were acknowledged before."""

    reading: Reading
    lines: Sequence[Line] = field(repr=False)
    chain: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRows:
    """→ rows for COPY, under the keys their chunk was made with."""

    reading: Reading
    versions: Versions
    rows: Sequence[BareRow] = field(repr=False)
    names: Sequence[Identifier]


@dataclass(frozen=True, slots=True)
class KeysMissing:
    """The node's keys cannot be had."""

    message: str


Task: TypeAlias = ReadLines | ChainLines | NameRows
Outcome: TypeAlias = Chunk | bytes | KeysMissing | None


def outcome(task: Task, keys: KeyProvider) -> Outcome:
    """Do it."""
    try:
        return _done(task, keys)
    except WantsKeys:
        return None
    except Unavailable as exc:
        return KeysMissing(str(exc))


def _done(task: Task, keys: KeyProvider) -> Chunk | bytes:
    match task:
        case ChainLines():
            return Preparing(task.reading, keys).chained(task.lines, task.chain)
        case NameRows():
            made = Preparing(task.reading, keys, versions=task.versions)
            return made.named(task.rows, task.names)
        case ReadLines():
            if task.versions != Versions.of(keys):
                keys.reload()  # the service has read them again
            made = Preparing(task.reading, keys, word_keys=task.word_keys, now=task.now)
            return made.chunk(task.first, task.lines, task.before)


# ---- what is written, and what is believed


def written(value: Task | Outcome) -> bytes:
    made = io.BytesIO()
    _Written(made, pickle.HIGHEST_PROTOCOL).dump(value)
    return made.getvalue()


def _by_value(member: Enum) -> tuple[type[Enum], tuple[object]]:
    return type(member), (member.value,)


class _Written(pickle.Pickler):
    """Members of enumerations go by class and value: some Pythons (3.11.2) would have them fetched
    by a function, and none may be called by what is read.
    """

    dispatch_table = MappingProxyType(dict.fromkeys((Code, Decision, Scheme), _by_value))


def read_task(data: bytes) -> Task:
    """In the process that reads rows: from the service that started it, over its own pipe."""
    task: Task = pickle.loads(data)  # noqa: S301 - of our own making
    return task


def read_outcome(data: bytes) -> Outcome:
    """In the service. Raises `pickle.UnpicklingError` for what is none."""
    found = _Outcomes(io.BytesIO(data)).load()
    if not isinstance(found, Chunk | bytes | KeysMissing | None):
        raise pickle.UnpicklingError("none of the outcomes")
    return found


class _Outcomes(pickle.Unpickler):
    """Builds data of ours and nothing else: no function can be called by what is read."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _MAY_BE_NAMED:
            raise pickle.UnpicklingError("a class that no outcome has")
        return super().find_class(module, name)


_MAY_BE_NAMED: Final = frozenset(
    {
        ("app.crypto.jose", "Compact"),
        ("app.domain.batch", "LineFault"),
        ("app.domain.identifier", "Identifier"),
        ("app.domain.issuer", "Code"),
        ("app.domain.lifecycle", "Decision"),
        ("app.domain.lifecycle", "Event"),
        ("app.domain.records", "Holder"),
        ("app.domain.records", "LicenseRecord"),
        ("app.domain.records", "Naming"),
        ("app.domain.records", "StatusChange"),
        ("app.domain.scheme", "Scheme"),
        ("app.formats.statement", "SignedWord"),
        ("app.registry.imports.prepared", "BareRow"),
        ("app.registry.imports.prepared", "Chunk"),
        ("app.registry.imports.prepared", "StatusRow"),
        ("app.registry.imports.prepared", "Versions"),
        ("app.registry.imports.tasks", "KeysMissing"),
        *(("datetime", name) for name in ("date", "datetime", "timedelta", "timezone")),
    }
)
