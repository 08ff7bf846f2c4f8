"""`trust_for`: one statement, so one round trip and one snapshot, before a document is judged.

The statement goes through asyncpg itself: through SQLAlchemy the same text costs several times
the processor time, in every verification. It is the only one here that does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.evidence import Role
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import Code, Statement
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.trust import Issuer, Kind, LicenseType, Trust, TrustQuestion, Window
from app.models import Use
from app.registry.entries import DelegationEntry, EndpointEntry, KeyEntry, Look
from app.registry.mapping import trust_of
from app.registry.sessions import LOST, OUTAGES, POOL_WAIT, Database, unavailable

TRUST_SQL: Final = """
WITH answering AS (
    SELECT $1::text AS body
    UNION ALL
    SELECT delegate FROM delegation WHERE issuer = $1 AND type = $2 AND kind = 'answer'
)
SELECT
    (SELECT row(code, name, name_en, types) FROM issuer WHERE code = $1),
    (SELECT row(code, name, name_en, must_be_sealed, max_status_age, signed_answers, roles)
       FROM license_type WHERE code = $2),
    (SELECT array_agg(row(delegate, kind, not_before, not_after, revoked_at))
       FROM delegation WHERE issuer = $1 AND type = $2),
    (SELECT array_agg(row(owner, key_id, scheme, spki, uses, types,
                          not_before, not_after, revoked_at))
       FROM issuer_key
      WHERE key_id = ANY ($3::text[]) AND uses && ARRAY['license', 'copy']
        AND owner IN (SELECT $1 UNION ALL SELECT delegate FROM delegation WHERE issuer = $1)),
    (SELECT array_agg(row(issuer, url, networks, deadline, max_answer, max_in_flight,
                          encryption_jwk))
       FROM issuer_endpoint WHERE adapter = 'ivp' AND issuer IN (SELECT body FROM answering)),
    (SELECT array_agg(row(owner, key_id, scheme, spki, uses, types,
                          not_before, not_after, revoked_at))
       FROM issuer_key
      WHERE uses && ARRAY['answer'] AND owner IN (SELECT body FROM answering)),
    (SELECT row(code, as_of, since) FROM statement
      WHERE identifier = $4 ORDER BY as_of DESC, code DESC LIMIT 1),
    (SELECT at FROM first_seen WHERE sha256 = $5)
"""
"""$1 issuer, $2 type, $3 key ids, $4 identifier, $5 SHA-256 of the file. Partition keys: $4, $5."""

MAX_HINTS: Final = 64
"""Key ids looked up for one document; a format reader admits fewer signatures than that."""


@dataclass(frozen=True, slots=True)
class PostgresRegistry:
    """What this node has registered."""

    database: Database
    clock: Callable[[], datetime]

    async def trust_for(self, question: TrustQuestion) -> Trust:
        """All that is registered about the question; absence is an answer.

        Raises `Unavailable`.
        """
        row = await self._fetch(parameters(question))
        return trust_of(question, read_look(row, question), self.clock())

    async def _fetch(self, values: Sequence[object]) -> Sequence[Any]:
        pool = self.database.pool
        try:
            try:
                async with pool.acquire(timeout=POOL_WAIT) as connection:
                    return await connection.fetchrow(TRUST_SQL, *values)  # type: ignore[no-any-return]
            except LOST:  # the server was restarted behind an idle connection; a read is repeatable
                async with pool.acquire(timeout=POOL_WAIT) as connection:
                    return await connection.fetchrow(TRUST_SQL, *values)  # type: ignore[no-any-return]
        except OUTAGES as exc:
            raise unavailable(exc) from None


def parameters(question: TrustQuestion) -> tuple[object, ...]:
    """What a stranger wrote, made fit for a query: what cannot be stored cannot be registered."""
    hints = sorted({key_id for _, key_id in question.signers if _storable(key_id)})
    return (
        question.issuer if question.issuer and _storable(question.issuer) else None,
        question.type if question.type and _storable(question.type) else None,
        hints[:MAX_HINTS],
        str(question.identifier) if question.identifier else None,
        question.digest,
    )


def _storable(text: str) -> bool:
    """No NUL and no lone surrogate: PostgreSQL would refuse the whole query."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def read_look(row: Sequence[Any], question: TrustQuestion) -> Look:
    """The eight columns of TRUST_SQL."""
    issuer, type, delegations, keys, endpoints, answer_keys, statement, first_seen = row
    return Look(
        issuer=None if issuer is None else _issuer(issuer),
        type=None if type is None else _type(type),
        delegations=tuple(_delegation(item, question) for item in delegations or ()),
        keys=tuple(map(_key, keys or ())),
        endpoints=tuple(map(_endpoint, endpoints or ())),
        answer_keys=tuple(map(_key, answer_keys or ())),
        statement=None if statement is None else _statement(statement),
        first_seen=first_seen,
    )


def _issuer(row: Sequence[Any]) -> Issuer:
    code, name, name_en, types = row
    return Issuer(IssuerCode(code), name, name_en, _types(types))


def _type(row: Sequence[Any]) -> LicenseType:
    code, name, name_en, must_be_sealed, max_status_age, signed_answers, roles = row
    return LicenseType(
        code=TypeCode(code),
        name=name,
        name_en=name_en,
        must_be_sealed=must_be_sealed,
        max_status_age=max_status_age,
        signed_answers=signed_answers,
        roles=frozenset(map(Role, roles)),
    )


def _delegation(row: Sequence[Any], question: TrustQuestion) -> DelegationEntry:
    delegate, kind, not_before, not_after, revoked_at = row
    if question.issuer is None or question.type is None:
        raise ValueError("a delegation was asked for by issuer and type")
    return DelegationEntry(
        issuer=question.issuer,
        type=question.type,
        delegate=IssuerCode(delegate),
        kind=Kind(kind),
        window=Window(not_before, not_after),
        revoked_at=revoked_at,
    )


def _key(row: Sequence[Any]) -> KeyEntry:
    owner, key_id, scheme, spki, uses, types, not_before, not_after, revoked_at = row
    return KeyEntry(
        owner=IssuerCode(owner),
        key_id=KeyId(key_id),
        scheme=Scheme(scheme),
        spki=spki,
        uses=frozenset(map(Use, uses)),
        types=None if types is None else _types(types),
        window=Window(not_before, not_after),
        revoked_at=revoked_at,
    )


def _endpoint(row: Sequence[Any]) -> EndpointEntry:
    issuer, url, networks, deadline, max_answer, max_in_flight, encryption_jwk = row
    return EndpointEntry(
        issuer=IssuerCode(issuer),
        url=url,
        networks=tuple(networks),
        deadline=deadline,
        max_answer=max_answer,
        max_in_flight=max_in_flight,
        encryption_jwk=encryption_jwk,
    )


def _statement(row: Sequence[Any]) -> Statement:
    code, as_of, since = row
    return Statement(Code(code), signed=True, as_of=as_of, since=since)


def _types(codes: Sequence[str]) -> frozenset[TypeCode]:
    return frozenset(map(TypeCode, codes))
