"""Issuers' signatures over rows: which keys count today, and whether they signed this.

A row that comes with one is kept as the issuer's word; a row without is this node's record of what
was pushed to it, and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import InvalidSignature, Malformed, Refused
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import AnswerKey, Code
from app.domain.license import KeyId
from app.domain.records import STATEMENT
from app.formats.statement import SignedWord, read_statement, verify_statement


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
        word = verify_statement(word, key)
    except InvalidSignature as exc:
        raise Refused(STATEMENT, f"the signature does not hold: {exc}") from None
    # A plain mapping, which can go from one process to another.
    return replace(word, compact=replace(word.compact, header=dict(word.compact.header)))
