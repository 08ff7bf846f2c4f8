"""A chunk of lines, read and made ready for the database; nothing here waits for anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from app.crypto.signing import KeyProvider
from app.domain.batch import Kind, LineFault
from app.domain.errors import Refused
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
from app.formats.rows import MAX_LINE, Line, Read
from app.formats.statement import SignedWord
from app.registry.imports import index
from app.registry.imports.sealing import content_of, plain_of, seal
from app.registry.imports.words import WordKeys, verified

START: Final = bytes(32)
"""The chain before the first line."""
_OVERLONG: Final = LineFault(0, "row", f"longer than {MAX_LINE} bytes: send only the members named")
_OVER: Final = b"\0overlong"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is kept of a record that nobody can read without the node's keys."""

    octets: bytes = field(repr=False)
    content: bytes = field(repr=False)
    content_before: bytes | None = field(repr=False)
    """The same under the key before the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseRow:
    """A record for COPY, but for what depends on its identifier where that is an internal one."""

    line: int
    record: LicenseRecord
    plain: bytes = field(repr=False)
    hmac: bytes | None
    """What it is found by; None: it has no number."""
    holders: Sequence[bytes]
    """What it is found by as one of a body's licenses."""
    version: int
    """Of the key under which these are."""
    sealed: Sealed | None = field(default=None, repr=False)
    """None: it can be sealed only when the database has told its identifier."""
    word: SignedWord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """A decision."""

    line: int
    change: StatusChange
    hmacs: Sequence[bytes]
    """Where the row names its license by number: where that may stand."""
    word: SignedWord | None = None


Row: TypeAlias = LicenseRow | StatusRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Lines `first` to `last`, without a gap."""

    first: int
    last: int
    rows: Sequence[Row] = field(repr=False)
    faults: Sequence[LineFault]
    before: bytes = field(repr=False)
    """The chain up to its first line."""
    chain: bytes = field(repr=False)
    """And up to its last."""

    @property
    def signed(self) -> bool:
        """Whether keys are needed to go on."""
        return any(_statement(row) is not None for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparing:
    """What lines are read with. Raises `Unavailable` where the node's keys cannot be had."""

    kind: Kind
    read: Read
    headers: int
    """Lines at the beginning that count, and are no rows."""
    terms: Terms
    keys: KeyProvider = field(repr=False)
    key_version: int
    """For the chain."""

    def chunk(self, first: int, lines: Sequence[Line], before: bytes) -> Chunk:
        """Read lines; what is wrong with one says nothing of the next."""
        rows, faults, chain = list[Row](), list[LineFault](), before
        for number, line in enumerate(lines, start=first):
            chain = self.linked(chain, line)
            if line is None:
                faults.append(replace(_OVERLONG, line=number))
            elif number > self.headers and line.strip():
                try:
                    rows.append(self._row(number, line))
                except Refused as exc:
                    faults.append(LineFault(number, exc.field, str(exc)))
        return Chunk(
            first=first,
            last=first + len(lines) - 1,
            rows=rows,
            faults=faults,
            before=before,
            chain=chain,
        )

    def linked(self, chain: bytes, line: Line) -> bytes:
        """The chain with one line more."""
        return self.keys.hmac(self.key_version, b"import\0%b%b" % (chain, line or _OVER))

    def chained(self, lines: Sequence[Line], chain: bytes) -> bytes:
        """The chain with lines that are not read again."""
        for line in lines:
            chain = self.linked(chain, line)
        return chain

    def _row(self, number: int, line: bytes) -> Row:
        members = self.read(line)
        if self.kind is Kind.STATUSES:
            change = read_change(members, self.terms)
            naming = change.naming
            hmacs = [] if naming.identifier else index.levels(self.keys, _key(naming))
            return StatusRow(line=number, change=change, hmacs=hmacs)
        record = read_license(members, self.terms)
        plain = plain_of(record)
        return LicenseRow(
            line=number, record=record, plain=plain, **_kept_of(record, plain, self.keys)
        )


def rekeyed(chunk: Chunk, keys: KeyProvider) -> Chunk:
    """The chunk as if it had been read with the keys there are now. Raises `Unavailable`."""
    newest, count = keys.hmac_versions()[-1], len(keys.hmac_versions())

    def current(row: Row) -> Row:
        if isinstance(row, StatusRow):
            if not row.hmacs or len(row.hmacs) == count:
                return row
            return replace(row, hmacs=index.levels(keys, _key(row.change.naming)))
        if row.version == newest and (
            row.sealed is None or keys.sealed_version(row.sealed.octets) == keys.field_version()
        ):
            return row
        return replace(row, **_kept_of(row.record, row.plain, keys))

    return replace(chunk, rows=[current(row) for row in chunk.rows])


def with_words(chunk: Chunk, keys: WordKeys, now: datetime) -> Chunk:
    """The chunk with its signatures verified; rows whose signature does not do are bad."""
    rows, faults = list[Row](), list(chunk.faults)
    for row in chunk.rows:
        token = _statement(row)
        try:
            word = (
                None
                if token is None
                else verified(token, keys, _naming(row).identifier, _expected(row), now)
            )
            rows.append(replace(row, word=word))
        except Refused as exc:
            faults.append(LineFault(row.line, exc.field, str(exc)))
    return replace(chunk, rows=rows, faults=sorted(faults, key=lambda fault: fault.line))


def _kept_of(record: LicenseRecord, plain: bytes, keys: KeyProvider) -> dict[str, Any]:
    """Of a `LicenseRow`, under the newest keys there are. Raises `Unavailable`."""
    versions = keys.hmac_versions()  # once: another thread may read them again meanwhile

    def kept(data: bytes) -> bytes:
        return index.under(keys, data, versions)[-1]

    naming = record.naming
    name = None if naming.identifier is None else str(naming.identifier)
    return {
        "hmac": None if naming.number is None else kept(_key(naming)),
        "holders": [kept(each) for each in index.holder_keys(record.holders)],
        "version": versions[-1],
        "sealed": None if name is None else sealed_of(record, name, plain, keys, versions),
    }


def sealed_of(
    record: LicenseRecord,
    name: str,
    plain: bytes,
    keys: KeyProvider,
    versions: tuple[int, ...] | None = None,
) -> Sealed:
    """`name`: its identifier; `versions`: of the index key. Raises `Unavailable`."""
    *before, newest = versions or keys.hmac_versions()
    dates = (record.valid_from, record.valid_until, record.long_term, record.issued_on)
    return Sealed(
        seal(keys, name, plain),
        content_of(keys, newest, name, dates, plain),
        content_of(keys, before[-1], name, dates, plain) if before else None,
    )


def _key(naming: Naming) -> bytes:
    return index.number_key(naming.type, naming.number or "")


def _naming(row: Row) -> Naming:
    return row.record.naming if isinstance(row, LicenseRow) else row.change.naming


def _statement(row: Row) -> str | None:
    return row.record.statement if isinstance(row, LicenseRow) else row.change.statement


def _expected(row: Row) -> Code | None:
    """What a signature over a decision must say."""
    if isinstance(row, LicenseRow):
        return None
    match row.change.event.decision:
        case Decision.SUSPEND:
            return Code.SUSPENDED
        case Decision.REINSTATE:
            return Code.IN_FORCE
        case Decision.CORRECT:
            return None  # whatever was before the mistake
        case decision:
            ended = decision in ENDS or decision is Decision.ANNUL
            return Code.ENDED if ended else None


def words_of(rows: Sequence[Row]) -> Iterator[SignedWord]:
    """Those that came with the rows."""
    return (row.word for row in rows if row.word is not None)
