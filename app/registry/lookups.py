"""Records looked up: by identifier, or by type and number; at one time, as known at another.

One statement, which touches one partition of each table, whether there is such a record or not; for
several look-ups at once it is one statement as well, and one partition for each (docs/adr/0034).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Self, TypeAlias

from app.crypto.signing import KeyProvider
from app.domain.holdings import Others, Page
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import State
from app.domain.lookup import Asked, Found, HeldState, Level, told_of
from app.registry import rows
from app.registry.disputes import DISPUTED
from app.registry.gathering import Gathering
from app.registry.imports import index
from app.registry.imports.records import INTERNAL_ROOT
from app.registry.imports.sealing import Held, seal, unseal
from app.registry.rotation import require_version
from app.registry.sessions import Connection, Database
from app.registry.standing import BELIEVED

MOST: Final = 8
"""Records under one number that are looked at: its versions."""

PAGE: Final = 100
"""Licenses of one holder that are looked at together."""


def _of_record(identifier: str) -> str:
    """What is read of a record, by the column that names it."""
    return f"""
SELECT q.n, l.identifier, l.type, l.issuer, t.level, l.issued_on, l.valid_from, l.valid_until,
       l.long_term, l.sealed, l.as_of, l.known_since, l.recorded_at, t.identity_source,
    (SELECT row(state, since, until, successor, recorded_at) FROM license_status s
      WHERE s.identifier = {identifier} AND since <= q.at AND (until IS NULL OR until > q.at)
        AND recorded_at <= q.known_at AND (replaced_at IS NULL OR replaced_at > q.known_at)
      ORDER BY since DESC LIMIT 1) AS held,
    (SELECT row(code, as_of, since, scheme) FROM statement
      WHERE statement.identifier = {identifier} AND statement.recorded_at <= q.known_at
        AND {BELIEVED}
      ORDER BY as_of DESC, code DESC LIMIT 1) AS word,
    {DISPUTED.format(record=identifier)} AS disputed_since
"""  # noqa: S608 - constants put together


@dataclass(frozen=True, slots=True)
class Wording:
    """A statement in two forms."""

    one: str
    """$1 what is looked up, $2 at which time, $3 as known at which. The planner sees that there is
    one key, and begins no partition but its own: half the time."""
    many: str
    """Three lists of the same; `n` of a row counts from 1."""

    @classmethod
    def of(cls, sql: str, key: str) -> Self:
        """`{asked}` in the statement is where the questions stand; `key` is the type of $1."""
        one = f"(VALUES (1::bigint, $1::{key}, $2::timestamptz, $3::timestamptz))"
        many = f"unnest($1::{key}[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY"
        return cls(
            sql.format(asked=f"{one} AS q (n, key, at, known_at)"),
            sql.format(asked=f"{many} AS q (key, at, known_at, n)"),
        )


BY_IDENTIFIER: Final = Wording.of(
    f"""{_of_record("q.key")}
  FROM {{asked}}
  LEFT JOIN LATERAL (SELECT * FROM license WHERE identifier = q.key OFFSET 0) l ON true
  LEFT JOIN license_type t ON t.code = l.type
""",  # noqa: S608 - constants put together
    "text",
)
"""What belongs to a record is looked for also where there is none, here and below: both take the
same way."""
BY_NUMBER: Final = Wording.of(
    f"""{_of_record("coalesce(k.identifier, '')")}, v.newest
  FROM {{asked}}
  JOIN key_version v ON v.purpose = 'index'
  LEFT JOIN LATERAL (
      SELECT identifier FROM license_key WHERE hmac = q.key LIMIT {MOST}) k ON true
  LEFT JOIN LATERAL (
      SELECT * FROM license WHERE identifier = coalesce(k.identifier, '') OFFSET 0) l ON true
  LEFT JOIN license_type t ON t.code = l.type
""",  # noqa: S608 - constants put together
    "bytea",
)
HELD_SQL: Final = f"""{_of_record("l.identifier")}, k.identifier AS key, v.newest
  FROM key_version v
  JOIN (VALUES (1, $2::timestamptz, $3::timestamptz)) AS q (n, at, known_at) ON true
  LEFT JOIN LATERAL (
       SELECT DISTINCT identifier FROM license_key JOIN license_type t
           ON t.code = split_part(identifier, '.', 6) AND t.level <> '{Level.RESTRICTED.value}'
        WHERE hmac IN ($1, $4) AND identifier > $5 AND ($6::text[] IS NULL OR t.code = ANY ($6))
        ORDER BY identifier LIMIT {PAGE}) k ON true
  LEFT JOIN LATERAL (SELECT * FROM license WHERE identifier = k.identifier OFFSET 0) l ON true
  LEFT JOIN license_type t ON t.code = l.type
 WHERE v.purpose = 'index' ORDER BY k.identifier
"""  # noqa: S608 - constants put together
"""Of restricted types none is listed: who knows one asks for it by its number."""
_ABSENT: Final = "absent"
_PLAIN: Final = '{"number":"无","name":"无","holders":[["无","无"]]}'.encode()
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DECOY: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "identifier": "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
        "type": "11100000000013338W011",
        "issuer": "11430000006122244L",
        "level": Level.RESTRICTED.value,
        "long_term": False,
        "held": (State.ISSUED.value, _LONG_AGO, None, None, _LONG_AGO),
        "word": None,
        "identity_source": False,
        **dict.fromkeys(("issued_on", "valid_from", "valid_until", "disputed_since")),
        **dict.fromkeys(("as_of", "known_since", "recorded_at"), _LONG_AGO),
    }
)
"""Read where there is no record, so that reading one takes no time that tells; shown to nobody."""


Question: TypeAlias = tuple[str | bytes, datetime, datetime]
"""An identifier, or the hash of a number; at a time; as known at a time."""


@dataclass(slots=True)
class PostgresLookups:
    """Fits `services.lookup.Records` and `services.holdings.Records`."""

    database: Database = field(repr=False)
    keys: KeyProvider = field(repr=False)
    _decoy: bytes = field(default=b"", repr=False)
    _by_identifier: Gathering[Question, list[Any]] = field(init=False, repr=False)
    _by_number: Gathering[Question, list[Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._by_identifier = Gathering(partial(self._ask, BY_IDENTIFIER))
        self._by_number = Gathering(partial(self._ask, BY_NUMBER))

    async def find(self, asked: Asked) -> list[Found]:
        """Every record that may be meant. What is not there takes as long as what is.

        Raises `Unavailable`, and `Malformed` for a record that was tampered with.
        """
        if asked.identifier is not None:
            question = (str(asked.identifier), asked.at, asked.known_at)
            rows = await self._by_identifier.one(question)
            opened = [_found(row, self._held(row)) for row in rows if row["identifier"] is not None]
        else:
            opened = [_found(row, self._held(row)) for row in await self._numbered(asked)]
        if not opened:
            self._in_vain(asked)
        return opened

    def _in_vain(self, asked: Asked) -> None:
        """What is done with a record, with one that nobody has: time does not tell."""
        held = unseal(self.keys, _ABSENT, self._sealed_decoy())
        named = {"type": asked.type or _DECOY["type"], "issuer": asked.issuer or _DECOY["issuer"]}
        told_of(asked, _found({**_DECOY, **named}, held))

    async def _numbered(self, asked: Asked) -> list[Any]:
        """While a new key is put over the old, rows stand under either; both are always asked, the
        old first, since rows go that way. Where there is a newer key than this worker knows, it
        reads its keys again and asks again.
        """
        data = index.number_key(asked.type or TypeCode(""), asked.number or "")
        while True:
            found: dict[str, Any] = {}
            told = 0
            for hmac in index.levels(self.keys, data)[-2:]:
                rows = await self._by_number.one((hmac, asked.at, asked.known_at))
                told = max([told, *(row["newest"] for row in rows)])
                found |= {row["identifier"]: row for row in rows if row["identifier"] is not None}
            if not await require_version(self.keys, told):
                return list(found.values())

    async def _ask(self, wording: Wording, questions: Sequence[Question]) -> list[list[Any]]:
        """The rows of each question."""
        alone = len(questions) == 1
        sql = wording.one if alone else wording.many
        values = questions[0] if alone else [list(each) for each in zip(*questions, strict=True)]

        async def look(connection: Connection) -> list[Any]:
            rows: list[Any] = await connection.fetch(sql, *values)
            return rows

        found: list[list[Any]] = [[] for _ in questions]
        for row in await self.database.run(look, repeatable=True):
            found[row["n"] - 1].append(row)
        return found

    async def held(self, wanted: Others) -> Page:
        """Licenses of a body by its code, as far as they may be listed at all. They still have to
        be compared: a record that no longer has the holder is found here too.

        Raises `Unavailable`, and `Malformed` for a record that was tampered with.
        """
        data = index.body_key(wanted.code)
        types = None if wanted.types is None else sorted(wanted.types)

        async def look(connection: Connection) -> list[Any]:
            while True:
                # While a new key is put over the old, rows stand under either.
                before, newest = (2 * index.levels(self.keys, data)[-2:])[-2:]
                named = (newest, wanted.at, wanted.known_at, before, wanted.after, types)
                kept = list(await connection.fetch(HELD_SQL, *named))
                if not await require_version(self.keys, kept[0]["newest"]):
                    return kept

        kept = await self.database.run(look, repeatable=True)
        found = [_found(row, self._held(row)) for row in kept if row["identifier"] is not None]
        return Page(found, kept[-1]["key"] if len(kept) == PAGE else None)

    def _held(self, row: Any) -> Held:
        if row["sealed"] is None:
            return Held(None, None, ())
        return unseal(self.keys, row["identifier"], row["sealed"])

    def _sealed_decoy(self) -> bytes:
        if not self._decoy:
            self._decoy = seal(self.keys, _ABSENT, _PLAIN)
        return self._decoy


def _found(row: Any, held: Held) -> Found:
    state, statement = row["held"], row["word"]
    identifier = Identifier.read(row["identifier"])
    return Found(
        identifier=identifier,
        internal=identifier.root == INTERNAL_ROOT,
        type=TypeCode(row["type"]),
        issuer=IssuerCode(row["issuer"]),
        level=Level(row["level"]),
        number=held.number,
        name=held.name,
        holders=held.holders,
        issued_on=row["issued_on"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        long_term=row["long_term"],
        as_of=row["as_of"],
        known_since=row["known_since"],
        recorded_at=row["recorded_at"],
        held=None
        if state is None
        else HeldState(
            state=State(state[0]),
            since=state[1],
            until=state[2],
            successor=state[3],
            recorded_at=state[4],
        ),
        statement=None if statement is None else rows.statement(statement),
        disputed_since=row["disputed_since"],
        identity_source=row["identity_source"],
    )
