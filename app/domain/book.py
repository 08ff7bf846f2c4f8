"""One line of an issuer's own register (证照台账), as a small issuer keeps it in a table."""

from dataclasses import dataclass, field
from datetime import date

from app.domain.identifier import Identifier, TypeCode
from app.domain.issuer import State


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEntry:
    """A license as its issuer has it."""

    identifier: Identifier | None
    type: TypeCode
    number: str | None = field(default=None, repr=False)
    holder: str | None = field(default=None, repr=False)
    holder_code: str | None = field(default=None, repr=False)
    valid_from: date | None = None
    valid_until: date | None = None
    """Last day in force, Beijing time."""
    long_term: bool = False
    """长期: no end is stated on purpose."""
    state: State = State.ISSUED
    since: date | None = None
    """From when the state holds; None: from the beginning."""
    successor: Identifier | None = None
    code: str | None = field(default=None, repr=False)
    """查验码: what stands in its official address, and only its issuer can read."""
    files: frozenset[tuple[str, bytes]] = frozenset()
    """Digest name and digest of each file given out for it."""

    @property
    def key(self) -> str | None:
        return str(self.identifier) if self.identifier else None
