"""Which keys speak for an issuer today, out of the database."""

from datetime import datetime
from typing import Final

from app.domain.identifier import IssuerCode
from app.domain.issuer import AnswerKey
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.registry.imports.words import WordKeys
from app.registry.sessions import Connection

KEYS_SQL: Final = """
SELECT k.owner, k.key_id, k.scheme, k.spki, k.types, d.type
  FROM issuer_key k
  LEFT JOIN delegation d ON d.delegate = k.owner AND d.issuer = $1 AND d.kind = 'answer'
       AND d.not_before <= $2 AND coalesce(d.not_after > $2, true)
       AND coalesce(d.revoked_at > $2, true)
 WHERE (k.owner = $1 OR d.delegate IS NOT NULL) AND k.uses && ARRAY['answer']
   AND k.not_before <= $2 AND coalesce(k.not_after > $2, true)
   AND coalesce(k.revoked_at > $2, true)
   AND NOT EXISTS (
       SELECT FROM trust_source s
         JOIN trust_list l ON l.publisher = s.publisher AND l.number = s.held
        WHERE (l.withdrawals #>> ARRAY['keys', encode(k.sha256, 'hex')])::timestamptz <= $2)
"""


async def word_keys(connection: Connection, issuer: IssuerCode, now: datetime) -> WordKeys:
    """Registered for answers, live, of the issuer or of those it lets answer; and not revoked by a
    list that is followed either.
    """
    rows = await connection.fetch(KEYS_SQL, issuer, now)
    found: dict[tuple[str, str, str | None], tuple[AnswerKey, frozenset[str] | None]] = {}
    for row in rows:
        about = None if row["owner"] == issuer else row["type"]
        types = None if row["types"] is None else frozenset(row["types"])
        key = AnswerKey(KeyId(row["key_id"]), Scheme(row["scheme"]), row["spki"])
        found[row["owner"], row["key_id"], about] = (key, types)
    return WordKeys(found)
