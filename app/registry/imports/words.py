"""Issuers' signatures over rows: which keys count today, and whether they signed this.

A row that comes with one is kept as the issuer's word; a row without is this node's record of what
was pushed to it, and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import InvalidSignature, Malformed, Refused
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import AnswerKey, Code
from app.domain.license import KeyId
from app.domain.records import STATEMENT
from app.domain.scheme import Scheme
from app.formats.statement import SignedWord, read_statement, verify_statement
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


@dataclass(frozen=True, slots=True)
class WordKeys:
    """Keys that speak for one issuer today: owner, name and type → key."""

    found: Mapping[tuple[str, str, str | None], tuple[AnswerKey, frozenset[str] | None]] = field(
        default_factory=dict, repr=False
    )
    """Type None: the issuer's own, for every type."""

    def of(self, owner: IssuerCode, kid: KeyId, type: TypeCode) -> AnswerKey | None:
        for about in (None, type):
            key, types = self.found.get((owner, kid, about), (None, None))
            if key is not None and (types is None or type in types):
                return key
        return None


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


def verified(
    token: str, keys: WordKeys, identifier: Identifier | None, expected: Code | None, now: datetime
) -> SignedWord:
    """The word of a row's signature, if it is one about this very license.

    Args:
        token: as sent.
        keys: of the batch's issuer.
        identifier: the row's; without one nothing can be signed about it.
        expected: what the row itself says; None: it says nothing of the state.
        now: for words from the future, which would outrank every true one until then.

    Raises `Refused`.
    """
    try:
        word = read_statement(token)
    except Malformed as exc:
        raise Refused(STATEMENT, str(exc)) from None
    if identifier is None or word.identifier != identifier:
        raise Refused(STATEMENT, "speaks of another license than the row")
    if expected is not None and word.code is not expected:
        raise Refused(STATEMENT, "says another state than the row: sign what is decided")
    if word.as_of > now + CLOCK_SKEW:
        raise Refused(STATEMENT, "is from the future")
    key = keys.of(word.owner, word.key_id, identifier.type)
    if key is None:
        raise Refused(STATEMENT, "by no live key registered for answers of this issuer and type")
    try:
        return verify_statement(word, key)
    except InvalidSignature as exc:
        raise Refused(STATEMENT, f"the signature does not hold: {exc}") from None
