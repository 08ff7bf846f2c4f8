"""`trust_for`: one statement, so one round trip and one snapshot, before a document is judged.

The statement goes through asyncpg itself: through SQLAlchemy the same text costs several times
the processor time, in every verification (docs/performance.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from app.domain.errors import Unavailable
from app.domain.identifier import IssuerCode
from app.domain.photo import OfficialUrl
from app.domain.trust import NO_AUTHORITIES, Authorities, Trust, TrustQuestion
from app.registry import rows
from app.registry.authorities import AuthorityShelf, stamp_in
from app.registry.disputes import DISPUTED
from app.registry.entries import Look
from app.registry.lists.merging import Merged, key_names, merge_look
from app.registry.lists.shelf import ListShelf, stamp_of
from app.registry.lists.view import View
from app.registry.mapping import NOTHING, trust_of
from app.registry.routing import region_told
from app.registry.rows import Row
from app.registry.sessions import Connection, Database
from app.registry.standing import BELIEVED

_ISSUER: Final = "code, name, name_en, types, tolerated_gaps"
_KEY: Final = (
    "owner, key_id, scheme, spki, uses, types, not_before, not_after, revoked_at, revocation_reason"
)

TRUST_SQL: Final = f"""
WITH given AS (
    SELECT issuer, type, delegate, kind, not_before, not_after, revoked_at
      FROM delegation WHERE issuer = $1 AND type = $2
), answering AS (
    SELECT $1::text AS body UNION ALL SELECT delegate FROM given WHERE kind = 'answer'
    UNION ALL SELECT unnest($8::text[])
), taken_over AS (
    SELECT successor, since FROM succession WHERE issuer = $1 AND type = $2
), sealing AS (
    SELECT issuer FROM issuer_organisation
     WHERE $1 IS NULL AND organisation_code = ANY ($6::text[])
    UNION SELECT code FROM issuer WHERE $1 IS NULL AND code = ANY ($6::text[])
), place AS (
    SELECT coalesce((SELECT region FROM issuer WHERE code = $1), $7::text) AS region
), way AS (
    SELECT e.* FROM issuer_endpoint e WHERE kind = 'issuer' AND e.issuer IN (
        SELECT body FROM answering UNION ALL SELECT successor FROM taken_over
        UNION ALL SELECT issuer FROM sealing)
    UNION ALL
    SELECT e.* FROM issuer_endpoint e
     WHERE kind = 'type_owner' AND prefixes && ARRAY[left($2, 18)]
    UNION ALL
    SELECT e.* FROM issuer_endpoint e, place p WHERE kind = 'region'
       AND prefixes && ARRAY[left(p.region, 2), left(p.region, 4), p.region]
    UNION ALL
    SELECT e.* FROM issuer_endpoint e WHERE kind = 'upstream'
), speaking AS (
    SELECT body FROM answering UNION SELECT successor FROM taken_over
    UNION SELECT issuer FROM way
)
SELECT
    (SELECT row({_ISSUER}) FROM issuer WHERE code = $1),
    (SELECT row(code, name, name_en, must_be_sealed, max_status_age, signed_answers, roles)
       FROM license_type WHERE code = $2),
    (SELECT array_agg(row(given.*)) FROM given),
    (SELECT array_agg(row({_KEY})) FROM issuer_key
      WHERE key_id = ANY ($3::text[]) AND uses && ARRAY['license', 'copy']
        AND owner IN (SELECT $1 UNION ALL SELECT delegate FROM delegation WHERE issuer = $1
                      UNION ALL SELECT unnest($8::text[]))),
    (SELECT array_agg(row(issuer, url, kind, prefixes, adapter, networks, deadline, max_answer,
                          max_in_flight, encryption_jwk, description)) FROM way),
    (SELECT array_agg(row({_KEY})) FROM issuer_key
      WHERE uses && ARRAY['answer'] AND owner IN (SELECT body FROM speaking)),
    (SELECT row(code, as_of, since, scheme) FROM statement
      WHERE identifier = $4 AND {BELIEVED} ORDER BY as_of DESC, code DESC LIMIT 1),
    (SELECT at FROM first_seen WHERE sha256 = $5),
    (SELECT array_agg(row(o.issuer, o.organisation_code, o.type = $2)) FROM issuer_organisation o
      WHERE o.organisation_code = ANY ($6::text[])
        AND o.issuer IN (SELECT $1 UNION ALL SELECT delegate FROM given
                         UNION ALL SELECT unnest($8::text[]))),
    (SELECT region FROM issuer WHERE code = $1),
    (SELECT row(successor, since) FROM taken_over),
    (SELECT array_agg(row(s.issuer,
            EXISTS (SELECT FROM issuer i WHERE i.code = s.issuer AND i.types <> '{{}}')
            OR EXISTS (SELECT FROM issuer_organisation o WHERE o.issuer = s.issuer)
            OR EXISTS (SELECT FROM delegation d
                        WHERE d.delegate = s.issuer AND d.kind <> 'answer'))) FROM sealing s),
    (SELECT max(t) FROM (
        SELECT greatest(as_of, recorded_at) AS t FROM statement WHERE identifier = $4
        UNION ALL SELECT greatest(recorded_at, replaced_at)
                    FROM license_status WHERE identifier = $4) told),
    (SELECT array_agg(row({_ISSUER})) FROM issuer
      WHERE code IN (SELECT successor FROM taken_over UNION ALL SELECT unnest($8::text[]))),
    (SELECT array_agg(row(encode(sha256, 'hex'), revoked_at)) FROM issuer_key
      WHERE sha256 = ANY ($9::bytea[]) AND revoked_at IS NOT NULL),
    {DISPUTED.format(record="$4")},
    (SELECT array_agg(row(publisher, held, networks) ORDER BY ordinal) FROM trust_source)
"""  # noqa: S608 - a constant list of columns
"""$1 issuer, $2 type, $3 key ids, $4 identifier, $5 SHA-256 of the file, $6 organisation codes of
signers, $7 region that code or seal tells, $8 bodies that followed lists tie to the issuer, $9
SHA-256 of keys that they list.
Partition keys: $4, $5."""

LISTS_SQL: Final = (
    "SELECT array_agg(row(publisher, held, networks) ORDER BY ordinal) FROM trust_source"
)
"""The last column of TRUST_SQL by itself."""

ATTEMPTS: Final = 3
"""Looks begun anew because a followed list, or an authority, changed meanwhile."""
MAX_HINTS: Final = 64
"""Key ids looked up for one document; a format reader admits fewer signatures than that."""


@dataclass(frozen=True, slots=True)
class _Changed:
    """Other lists are held by now, or other authorities registered."""

    stamp: object


@dataclass(frozen=True, slots=True)
class PostgresRegistry:
    """What this node has registered, and the lists it follows."""

    database: Database
    clock: Callable[[], datetime]
    shelf: AuthorityShelf = field(default_factory=AuthorityShelf, repr=False)
    lists: ListShelf = field(default_factory=ListShelf, repr=False)

    async def trust_for(self, question: TrustQuestion) -> Trust:
        """All that is registered about the question; absence is an answer.

        One round trip, unless a followed list has changed since the last one: then the tables are
        asked again, for what the new list ties together.

        Raises `Unavailable`.
        """
        for _ in range(ATTEMPTS):
            view = await self.lists.view(self.database, question.at)
            merged = await self._merged(question, view)
            if isinstance(merged, Merged):
                return trust_with(view, question, merged, self.clock())
            await self.lists.reload(self.database, merged.stamp)
        raise Unavailable("trust: lists and authorities change faster than they are read")

    async def official_urls(self, hosts: frozenset[str]) -> tuple[OfficialUrl, ...]:
        """Of these hosts, by the followed lists that may be relied on. Raises `Unavailable`."""

        async def look(connection: Connection) -> object:
            return await connection.fetchval(LISTS_SQL)

        for _ in range(ATTEMPTS):
            stamp = await self.database.run(look, repeatable=True)
            if self.lists.today.stamp == stamp_of(stamp):
                return self.lists.today.official_urls(hosts, self.clock())
            await self.lists.reload(self.database, stamp)
        raise Unavailable("trust: lists change faster than they are read")

    async def _merged(self, question: TrustQuestion, view: View) -> Merged | _Changed:
        """Asked a second time where the tables alone tell whose listed keys count."""
        asked = view.key_names(question)
        while True:
            row, mark = await self._look(question, view, asked)
            *columns, stamp = row
            if view.stamp != stamp_of(stamp):
                return _Changed(stamp)
            authorities: Authorities | None = NO_AUTHORITIES
            if mark is not None:
                authorities = await self.shelf.at(self.database, mark)
            if authorities is None:
                return _Changed(stamp)
            local = read_look(columns, authorities)
            merged = merge_look(view, question, local)
            more = key_names(merged.look) - key_names(local) - asked
            if not more:
                return merged
            asked |= more

    async def _look(
        self, question: TrustQuestion, view: View, asked: frozenset[str]
    ) -> tuple[Row, tuple[Any, ...] | None]:
        """The row, and for seals the stamp of the authorities as they were at that moment."""
        values = parameters(question, view.ties(question), asked)

        async def look(connection: Connection) -> tuple[Row, tuple[Any, ...] | None]:
            if not question.sealed:
                return await connection.fetchrow(TRUST_SQL, *values), None
            # Rows and authorities as they were at one moment.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                row: Row = await connection.fetchrow(TRUST_SQL, *values)
                return row, await stamp_in(connection)

        return await self.database.run(look, repeatable=True)


def trust_with(
    view: View,
    question: TrustQuestion,
    merged: Merged,
    now: datetime,
    *,
    local: str = NOTHING.snapshot,
) -> Trust:
    """The word of lists and tables together."""
    trust = trust_of(question, merged.look, now, snapshot=view.snapshot(local))
    successor = merged.successor
    if successor is None and merged.look.succession is not None:
        successor = merged.look.named.get(merged.look.succession[0])
    return replace(
        trust,
        successor=successor,
        successor_since=merged.look.succession[1] if merged.look.succession else None,
        seal_status=merged.seal_status,
        sources=view.sources,
        snapshot_good_until=merged.good_until,
    )


def parameters(
    question: TrustQuestion,
    ties: frozenset[IssuerCode] = frozenset(),
    names: frozenset[str] = frozenset(),
) -> tuple[object, ...]:
    """What a stranger wrote, made fit for a query: what cannot be stored cannot be registered."""
    hints = sorted({key_id for _, key_id in question.signers if _storable(key_id)})
    return (
        question.issuer if question.issuer and _storable(question.issuer) else None,
        question.type if question.type and _storable(question.type) else None,
        hints[:MAX_HINTS],
        str(question.identifier) if question.identifier else None,
        question.digest,
        sorted(code for code in question.organisations if _storable(code))[:MAX_HINTS],
        region_told(question),
        sorted(ties),
        sorted(map(bytes.fromhex, names)),
    )


def _storable(text: str) -> bool:
    """No NUL and no lone surrogate: PostgreSQL would refuse the whole query."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def read_look(row: Row, authorities: Authorities = NO_AUTHORITIES) -> Look:
    """The columns of TRUST_SQL."""
    issuer, type, delegations, keys, endpoints, answer_keys, statement, first_seen, *more = row
    owners, region, succession, sealers, told_at, named, revoked, disputed_since = more
    return Look(
        issuer=None if issuer is None else rows.issuer(issuer),
        type=None if type is None else rows.license_type(type),
        delegations=tuple(map(rows.delegation, delegations or ())),
        keys=tuple(map(rows.key, keys or ())),
        endpoints=tuple(map(rows.endpoint, endpoints or ())),
        answer_keys=tuple(map(rows.key, answer_keys or ())),
        statement=None if statement is None else rows.statement(statement),
        first_seen=first_seen,
        owners={code: IssuerCode(body) for body, code, of_type in owners or () if of_type},
        owners_otherwise={
            code: IssuerCode(body) for body, code, of_type in owners or () if not of_type
        },
        authorities=authorities,
        region=region,
        succession=None if succession is None else (IssuerCode(succession[0]), succession[1]),
        sealers=frozenset(IssuerCode(body) for body, _ in sealers or ()),
        licensers=frozenset(IssuerCode(body) for body, licenses in sealers or () if licenses),
        told_at=told_at,
        named={(body := rows.issuer(each)).code: body for each in named or ()},
        revoked=dict(revoked or ()),
        disputed_since=disputed_since,
    )
