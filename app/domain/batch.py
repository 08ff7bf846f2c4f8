"""A batch of rows from an issuer: its name, how far it is, what was wrong with which line."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from app.domain.identifier import IssuerCode

_ID: Final = re.compile(r"([0-9A-Z]{18}|[0-9]{6})\.([A-Za-z0-9_-]{1,64})", re.ASCII)


class Kind(StrEnum):
    """What the rows of a batch are."""

    LICENSES = "licenses"
    """证照元数据."""
    STATUSES = "statuses"
    """Decisions about licenses."""


@dataclass(frozen=True, slots=True)
class BatchId:
    """The issuer, and the sender's own name for the batch: who sends it again names it again."""

    issuer: IssuerCode
    name: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for anything that names no batch."""
        found = _ID.fullmatch(text)
        return None if found is None else cls(IssuerCode(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.issuer}.{self.name}"


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line that was not taken: which member, and how to mend it; never its content."""

    line: int
    field: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a batch is. Every count is of lines that are on disk."""

    id: BatchId
    kind: Kind
    as_of: datetime
    lines: int = 0
    """Acknowledged: send on from the next."""
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0
    finished: bool = False
    faults: tuple[LineFault, ...] = ()
