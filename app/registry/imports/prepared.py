"""A chunk of lines, read and made ready for the database; nothing here waits for anything.

All of it happens in the process of `program`: the service gets octets for COPY, and passes them on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self

from app.crypto.signing import KeyProvider
from app.domain.batch import Kind, LineFault
from app.domain.errors import Refused
from app.domain.identifier import Identifier
from app.domain.issuer import Code
from app.domain.lifecycle import ENDS, Decision
from app.domain.records import (
    LicenseRecord,
    Naming,
    StatusChange,
    Terms,
    read_change,
    read_license,
)
from app.formats.rows import MAX_LINE, CsvReader, Line, Read, read_ndjson
from app.formats.statement import SignedWord
from app.registry.imports import index
from app.registry.imports.copying import Values, copy_row
from app.registry.imports.sealing import content_of, plain_of, seal
from app.registry.imports.words import WordKeys, verified

START: Final = bytes(32)
"""The chain before the first line."""
_OVERLONG: Final = LineFault(0, "row", f"longer than {MAX_LINE} bytes: send only the members named")
_OVER: Final = b"\0overlong"


@dataclass(frozen=True, slots=True)
class Versions:
    """Of the node's keys, as somebody sees them."""

    index: tuple[int, ...]
    """Oldest first."""
    field: int

    @classmethod
    def of(cls, keys: KeyProvider) -> Self:
        """Raises `Unavailable`."""
        return cls(keys.hmac_versions(), keys.field_version())


@dataclass(frozen=True, slots=True, kw_only=True)
class BareRow:
    """A record without an identifier: what it is called only the database knows."""

    line: int
    record: LicenseRecord
    plain: bytes = field(repr=False)
    hmacs: Sequence[bytes]
    """What it is found by, under each version of the index key, oldest first."""
    holders: Sequence[bytes]
    """What it is found by as one of a body's licenses, under the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """A decision."""

    line: int
    change: StatusChange
    hmacs: Sequence[bytes]
    """Where the row names its license by number: where that may stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Lines `first` to `last`, without a gap."""

    first: int
    last: int
    ready: bytes = field(default=b"", repr=False)
    """Records that have an identifier, row after row as COPY takes them."""
    records: int = 0
    """How many these are."""
    bare: Sequence[BareRow] = field(default=(), repr=False)
    statuses: Sequence[StatusRow] = field(default=(), repr=False)
    words: Sequence[tuple[int, SignedWord]] = field(default=(), repr=False)
    """By line: the issuer's signatures that came with the rows, and hold."""
    faults: Sequence[LineFault] = ()
    before: bytes = field(repr=False)
    """The chain up to its first line."""
    chain: bytes = field(repr=False)
    """And up to its last."""
    versions: Versions
    """Of the keys under which all of it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the lines of a batch are, told to whoever reads them."""

    kind: Kind
    columns: Sequence[str] | None = None
    """Of CSV, whose header counts as a line and is no row; None: NDJSON."""
    terms: Terms
    as_of: datetime
    """Of records that do not say their own."""
    key_version: int
    """For the chain."""

    @property
    def headers(self) -> int:
        """Lines at the beginning that count, and are no rows."""
        return int(self.columns is not None)


class WantsKeys(Exception):
    """A row has a signature, and it was not told by which keys those are judged."""


@dataclass(slots=True)
class Preparing:
    """Reads lines. Raises `Unavailable` where the node's keys cannot be had."""

    reading: Reading
    keys: KeyProvider = field(repr=False)
    word_keys: WordKeys | None = field(default=None, repr=False)
    """By which signatures are judged."""
    now: datetime | None = None
    """For signatures; that of the terms, if absent."""
    versions: Versions | None = None
    """Of the keys to use; the newest there are, if absent."""
    _versions: Versions = field(init=False)
    _read: Read = field(init=False, repr=False)

    def __post_init__(self) -> None:
        columns = self.reading.columns
        self._read = read_ndjson if columns is None else CsvReader(columns)
        self._versions = self.versions or Versions.of(self.keys)

    def chunk(self, first: int, lines: Sequence[Line], before: bytes) -> Chunk:
        """Read lines; what is wrong with one says nothing of the next. Raises `WantsKeys`."""
        made, faults, chain = _Made(), list[LineFault](), before
        headers = self.reading.headers
        for number, line in enumerate(lines, start=first):
            chain = self.linked(chain, line)
            if line is None:
                faults.append(replace(_OVERLONG, line=number))
            elif number > headers and line.strip():
                try:
                    self._row(number, line, made)
                except Refused as exc:
                    faults.append(LineFault(number, exc.field, str(exc)))
        return Chunk(
            first=first,
            last=first + len(lines) - 1,
            ready=b"".join(made.ready),
            records=len(made.ready),
            bare=made.bare,
            statuses=made.statuses,
            words=made.words,
            faults=faults,
            before=before,
            chain=chain,
            versions=self._versions,
        )

    def linked(self, chain: bytes, line: Line) -> bytes:
        """The chain with one line more."""
        told = b"import\0%b%b" % (chain, line or _OVER)
        return self.keys.hmac(self.reading.key_version, told)

    def chained(self, lines: Sequence[Line], chain: bytes) -> bytes:
        """The chain with lines that are not read again."""
        for line in lines:
            chain = self.linked(chain, line)
        return chain

    def named(self, rows: Sequence[BareRow], names: Sequence[Identifier]) -> bytes:
        """Rows whose identifier the database has told, as COPY takes them."""
        return b"".join(map(self._bare, rows, names))

    def _row(self, number: int, line: bytes, made: "_Made") -> None:
        """Read one and put it where it belongs. Raises `Refused` and `WantsKeys`."""
        members, terms = self._read(line), self.reading.terms
        if self.reading.kind is Kind.STATUSES:
            change = read_change(members, terms)
            self._judge(number, change.naming, change.statement, _expected(change), made)
            made.statuses.append(
                StatusRow(line=number, change=change, hmacs=self._status_hmacs(change.naming))
            )
            return
        record = read_license(members, terms)
        self._judge(number, record.naming, record.statement, None, made)
        plain, holders = plain_of(record), [*self._holders(record)]
        identifier = record.naming.identifier
        if identifier is None:
            hmacs = index.under(self.keys, _key(record.naming), self._versions.index)
            made.bare.append(
                BareRow(line=number, record=record, plain=plain, hmacs=hmacs, holders=holders)
            )
            return
        found_by = holders
        if record.naming.number is not None:
            found_by = [self._newest(_key(record.naming)), *holders]
        made.ready.append(self._copied(number, record, plain, identifier, found_by))

    def _judge(
        self,
        number: int,
        naming: Naming,
        statement: str | None,
        expected: Code | None,
        made: "_Made",
    ) -> None:
        if statement is None:
            return
        if self.word_keys is None:
            raise WantsKeys
        now = self.now or self.reading.terms.now
        word = verified(statement, self.word_keys, naming.identifier, expected, now)
        made.words.append((number, word))

    def _bare(self, row: BareRow, name: Identifier) -> bytes:
        found_by = [row.hmacs[-1], *row.holders]
        return self._copied(row.line, row.record, row.plain, name, found_by)

    def _copied(
        self,
        number: int,
        record: LicenseRecord,
        plain: bytes,
        identifier: Identifier,
        found_by: Sequence[bytes],
    ) -> bytes:
        name = str(identifier)
        dates = (record.valid_from, record.valid_until, record.long_term, record.issued_on)
        *before, newest = self._versions.index
        return copy_row(
            Values(
                line=number,
                identifier=name,
                type=identifier.type,
                issuer=identifier.issuer,
                valid_from=record.valid_from,
                valid_until=record.valid_until,
                long_term=record.long_term,
                issued_on=record.issued_on,
                sealed=seal(self.keys, name, plain),
                content=content_of(self.keys, newest, name, dates, plain),
                content_before=(
                    content_of(self.keys, before[-1], name, dates, plain) if before else None
                ),
                as_of=record.as_of or self.reading.as_of,
                found_by=found_by,
                version=newest,
            )
        )

    def _holders(self, record: LicenseRecord) -> Iterator[bytes]:
        return map(self._newest, index.holder_keys(record.holders))

    def _newest(self, data: bytes) -> bytes:
        return index.under(self.keys, data, self._versions.index)[-1]

    def _status_hmacs(self, naming: Naming) -> Sequence[bytes]:
        if naming.identifier is not None:
            return ()
        return index.under(self.keys, _key(naming), self._versions.index)


@dataclass(slots=True)
class _Made:
    """What came of the lines so far."""

    ready: list[bytes] = field(default_factory=list)
    bare: list[BareRow] = field(default_factory=list)
    statuses: list[StatusRow] = field(default_factory=list)
    words: list[tuple[int, SignedWord]] = field(default_factory=list)


def _key(naming: Naming) -> bytes:
    return index.number_key(naming.type, naming.number or "")


def _expected(change: StatusChange) -> Code | None:
    """What a signature over a decision must say."""
    match change.event.decision:
        case Decision.SUSPEND:
            return Code.SUSPENDED
        case Decision.REINSTATE:
            return Code.IN_FORCE
        case Decision.CORRECT:
            return None  # whatever was before the mistake
        case decision:
            ended = decision in ENDS or decision is Decision.ANNUL
            return Code.ENDED if ended else None
