"""Rows as issuers push them (归集): a license's metadata, or a decision about it. Pure.

Members may have any of the names in use (standards §1.3: pinyin, camelCase, the share table's, the
Chinese ones) or those of this service. What is none of them is refused: a mistyped column would
otherwise silently be a license without an end. What is known and not needed is not kept
(信息采集最小化). Messages name members and ways to mend them, never what stood there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NoReturn

from app.domain import codes
from app.domain.batch import Kind
from app.domain.clocks import CLOCK_SKEW
from app.domain.dates import BEIJING, LicenseDate, read_date
from app.domain.elements import COPY_ELEMENTS, LicenseElement, element_named
from app.domain.errors import Refused
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.lifecycle import CHINESE, Decision, Event
from app.domain.names import folded_code

MAX_TEXT: Final = 512
"""Characters of one value: the widest column of the national share table."""
MAX_STATEMENT: Final = 4096
"""Characters of an issuer's signature over one row."""
MAX_HOLDERS: Final = 50
APART: Final = "^"
"""Between several holders, and between their codes."""
FARTHEST: Final = timedelta(days=3653)
"""How far ahead a decision may have effect."""

_E = LicenseElement
_OWN: Final = MappingProxyType(
    {
        "identifier": _E.IDENTIFIER,
        "type": _E.TYPE_CODE,
        "number": _E.NUMBER,
        "issuer": _E.ISSUER_CODE,
        "name": _E.NAME,
        "holder": _E.HOLDER_NAME,
        "holder_code": _E.HOLDER_CODE,
        "holder_code_type": _E.HOLDER_TYPE_CODE,
        "issued_on": _E.ISSUED_ON,
        "valid_from": _E.VALID_FROM,
        "valid_until": _E.VALID_UNTIL,
    }
)
"""This service's names."""
AS_OF: Final = "as_of"
STATEMENT: Final = "statement"
DECISION, SINCE, UNTIL, SUCCESSOR = "decision", "since", "until", "successor"
_OF_LICENSES: Final = frozenset({AS_OF, STATEMENT})
_OF_STATUSES: Final = frozenset({DECISION, SINCE, UNTIL, SUCCESSOR, STATEMENT})
_NAMING: Final = frozenset({_E.IDENTIFIER, _E.TYPE_CODE, _E.NUMBER, _E.ISSUER_CODE})
"""What names the license a decision is about."""

Key = LicenseElement | str
Members = Mapping[str, object]

_read_date = lru_cache(maxsize=1024)(read_date)
"""The same few days stand in row after row."""

_CITIZEN, _USCC = "111", "001"
"""持证主体代码类型 whose codes have a check character (standards §1.4)."""


def key_named(name: str, kind: Kind) -> Key | None:
    """The element, or the member of ours, that a name stands for in a row of this kind."""
    own = _NAMED[kind].get(name)
    if own is not None:
        return own
    element = element_named(name)
    return None if kind is Kind.STATUSES and element not in _NAMING else element


_NAMED: Final[Mapping[Kind, Mapping[str, Key]]] = MappingProxyType(
    {
        Kind.LICENSES: {**{name: name for name in _OF_LICENSES}, **_OWN},
        Kind.STATUSES: {
            **{name: name for name in _OF_STATUSES},
            **{name: element for name, element in _OWN.items() if element in _NAMING},
        },
    }
)
"""Names as they stand in the description: found without folding them."""


@dataclass(frozen=True, slots=True)
class Holder:
    """持证主体: by name, by code, or both."""

    name: str | None = field(repr=False)
    code: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What names a license: its identifier, or type and number."""

    identifier: Identifier | None
    type: TypeCode
    number: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseRecord:
    """证照元数据, as much of it as is kept."""

    naming: Naming
    name: str | None
    holders: tuple[Holder, ...] = field(repr=False)
    issued_on: date | None
    valid_from: date | None
    valid_until: date | None
    """Last day in force, Beijing time."""
    long_term: bool
    as_of: datetime | None
    """When the issuer's system said so; None: it does not say."""
    statement: str | None = field(repr=False)
    """The issuer's signature over what it says of the license, not yet verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A decision, and about which license."""

    naming: Naming
    event: Event
    statement: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """Of whom and when the rows of a batch are."""

    issuer: IssuerCode
    types: frozenset[TypeCode]
    """It is registered for."""
    now: datetime


def read_license(members: Members, terms: Terms) -> LicenseRecord:
    """Raises `Refused`: the member, under the name it was sent, and how to mend it."""
    row = Row.of(members, Kind.LICENSES)
    for element in COPY_ELEMENTS:
        if row.given(element):
            row.refuse(element, "an annotated copy (加注件) is no license: send the original's row")
    until = row.day(_E.VALID_UNTIL)
    since = row.day(_E.VALID_FROM)
    record = LicenseRecord(
        naming=_naming(row, terms),
        name=row.text(_E.NAME),
        holders=tuple(_holders(row)),
        issued_on=row.plain_day(_E.ISSUED_ON),
        valid_from=since.day if since else None,
        valid_until=until.day if until else None,
        long_term=until is not None and until.long_term,
        as_of=row.moment(AS_OF),
        statement=row.text(STATEMENT, MAX_STATEMENT),
    )
    if since is not None and since.long_term:
        row.refuse(_E.VALID_FROM, "a first day is a day")
    if record.valid_from and record.valid_until and record.valid_until < record.valid_from:
        row.refuse(_E.VALID_UNTIL, "ends before it begins")
    if record.as_of is not None and record.as_of > terms.now + CLOCK_SKEW:
        row.refuse(AS_OF, "in the future: it would outrank everything true until then")
    return record


def read_change(members: Members, terms: Terms) -> StatusChange:
    """Raises `Refused`: the member, under the name it was sent, and how to mend it."""
    row = Row.of(members, Kind.STATUSES)
    naming = _naming(row, terms)
    successor = row.text(SUCCESSOR)
    if successor is not None:
        _sound_identifier(row, SUCCESSOR, successor)
        if naming.identifier is not None and successor == str(naming.identifier):
            row.refuse(SUCCESSOR, "is the license itself: name the one that follows")
    event = Event(
        decision=_decision(row),
        at=row.start(SINCE),
        until=row.end(UNTIL),
        successor=successor,
    )
    if event.since > terms.now + FARTHEST:
        row.refuse(SINCE, "more than ten years ahead: a typing error?")
    return StatusChange(naming=naming, event=event, statement=row.text(STATEMENT, MAX_STATEMENT))


@dataclass(frozen=True, slots=True)
class Row:
    """Members by what they mean, with the name each was sent under."""

    values: Mapping[Key, tuple[str, object]] = field(repr=False)

    @classmethod
    def of(cls, members: Members, kind: Kind) -> "Row":
        found: dict[Key, tuple[str, object]] = {}
        for place, (name, value) in enumerate(members.items(), start=1):
            key = key_named(name, kind)
            if key is None:  # a stranger wrote this name: it is not repeated
                raise Refused("row", f"member {place} has a name that {kind} do not have")
            if value is None or value == "":
                continue
            if key in found and found[key][1] != value:
                raise Refused(name, "stated twice, under two names, and not the same")
            found[key] = (name, value)
        return cls(found)

    def given(self, key: Key) -> bool:
        return key in self.values

    def refuse(self, key: Key, message: str) -> NoReturn:
        """Raises `Refused` under the name that was sent."""
        name = self.values[key][0] if key in self.values else str(key)
        raise Refused(name, message)

    def text(self, key: Key, most: int = MAX_TEXT) -> str | None:
        told = self.values.get(key)
        if told is None:
            return None
        name, value = told
        if not isinstance(value, str):
            raise Refused(name, "is not text: put it in quotation marks")
        return _plain(name, value, most)

    def texts(self, key: Key) -> list[str]:
        """A list, or one text whose parts `^` holds apart."""
        if key not in self.values:
            return []
        name, value = self.values[key]
        parts = value.split(APART) if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise Refused(name, f"is not text, nor a list of texts; several are joined by {APART}")
        if len(parts) > MAX_HOLDERS:
            raise Refused(name, f"more than {MAX_HOLDERS}")
        return [_plain(name, part, MAX_TEXT) or "" for part in parts]

    def day(self, key: Key) -> LicenseDate | None:
        text = self.text(key)
        if text is None:
            return None
        found = _read_date(text)
        if found is None:
            self.refuse(key, "no day: write 2026-11-01, 20261101 or 2026年11月1日, or 长期")
        return found

    def plain_day(self, key: Key) -> date | None:
        found = self.day(key)
        if found is not None and found.long_term:
            self.refuse(key, "a day, and not 长期")
        return found.day if found else None

    def moment(self, key: Key) -> datetime | None:
        """RFC 3339 with its offset."""
        text = self.text(key)
        if text is None:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.refuse(key, "no time with its offset: write 2026-11-01T08:00:00+08:00")
        return at

    def start(self, key: Key) -> datetime | None:
        """A time; a day means its first moment, Beijing time."""
        day = self._maybe_day(key)
        return self.moment(key) if day is None else datetime.combine(day, time(), BEIJING)

    def end(self, key: Key) -> datetime | None:
        """A time, excluded; a day is included, so it means the first moment of the next."""
        day = self._maybe_day(key)
        if day is None:
            return self.moment(key)
        return datetime.combine(day, time(), BEIJING) + timedelta(days=1)

    def _maybe_day(self, key: Key) -> date | None:
        text = self.text(key)
        found = _read_date(text) if text is not None else None
        return found.day if found else None


def _plain(name: str, value: str, most: int) -> str | None:
    text = value.strip()
    if len(text) > most:
        raise Refused(name, f"longer than {most} characters")
    if not text.isprintable():
        raise Refused(name, "holds a control character: send plain text")
    return text or None


def _naming(row: Row, terms: Terms) -> Naming:
    text, type, number = row.text(_E.IDENTIFIER), row.text(_E.TYPE_CODE), row.text(_E.NUMBER)
    issuer = row.text(_E.ISSUER_CODE)
    identifier = _sound_identifier(row, _E.IDENTIFIER, text) if text is not None else None
    if issuer is not None and issuer != terms.issuer:
        row.refuse(_E.ISSUER_CODE, "not the issuer of this batch: send its rows in one of its own")
    if identifier is None:
        if type is None or number is None:
            raise Refused("identifier", "names no license: send identifier, or type and number")
    else:
        if identifier.issuer != terms.issuer:
            row.refuse(_E.IDENTIFIER, "names another issuer than that of this batch")
        if type not in (None, identifier.type):
            row.refuse(_E.TYPE_CODE, "not the type that the identifier names")
        type = identifier.type
    code = TypeCode(type or "")
    if code not in terms.types:
        key = _E.TYPE_CODE if identifier is None else _E.IDENTIFIER
        row.refuse(key, "a type the issuer is not registered for: `zhengyan issuer add`")
    return Naming(identifier=identifier, type=code, number=number)


def _sound_identifier(row: Row, key: Key, text: str) -> Identifier:
    try:
        found = Identifier.read(text)
    except ValueError:
        row.refuse(key, "has not the six parts of GB/T 36904")
    if not found.root_ok or not found.check_ok:
        row.refuse(key, "mistyped: root or check character is wrong; copy it again")
    return found


def _holders(row: Row) -> Iterator[Holder]:
    """Names and codes are parallel lists."""
    names, held = row.texts(_E.HOLDER_NAME), row.texts(_E.HOLDER_CODE)
    kind = row.text(_E.HOLDER_TYPE_CODE)
    if not names and not held:
        raise Refused("holder", "names no holder: send name, code, or both")
    if names and held and len(names) != len(held):
        row.refuse(_E.HOLDER_CODE, "as many codes as names, in their order")
    for n in range(max(len(names), len(held))):
        name, code = (names[n] if names else ""), folded_code(held[n] if held else "")
        if not name and not code:
            row.refuse(_E.HOLDER_NAME, "one holder has neither name nor code")
        wrong = (kind == _USCC and code and not codes.uscc_check_ok(code)) or (
            kind == _CITIZEN and code and not codes.citizen_number_ok(code)
        )
        if wrong:
            row.refuse(_E.HOLDER_CODE, "mistyped: not a code of the stated kind, by its check")
        yield Holder(name or None, code or None)


def _decision(row: Row) -> Decision:
    word = row.text(DECISION) or ""
    if word in CHINESE:
        return CHINESE[word]
    try:
        return Decision(word)
    except ValueError:
        known = ", ".join(f"{d} {zh}" for d in Decision for zh in CHINESE if CHINESE[zh] is d)
        raise Refused(DECISION, f"none of: {known}") from None
