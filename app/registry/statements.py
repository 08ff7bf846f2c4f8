"""Issuers' signed words on licenses, kept as they came, many at once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.formats.statement import SignedWord
from app.registry.sessions import Connection

KEEP_SQL: Final = """
INSERT INTO statement (identifier, as_of, sha256, code, since, owner, key_id, token, scheme,
                       recorded_at)
SELECT *, $10::timestamptz FROM unnest($1::text[], $2::timestamptz[], $3::bytea[], $4::int[],
    $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[])
ON CONFLICT DO NOTHING
"""


async def keep_words(connection: Connection, words: Sequence[SignedWord], now: datetime) -> None:
    """Keep what was verified; said twice is kept once. Raises what asyncpg does."""
    if not words:
        return
    rows = [
        (
            str(word.identifier),
            word.as_of,
            hashlib.sha256(word.token.encode()).digest(),
            int(word.code),
            word.since,
            word.owner,
            word.key_id,
            word.token,
            word.scheme,
        )
        for word in words
    ]
    await connection.execute(KEEP_SQL, *(list(c) for c in zip(*rows, strict=True)), now)
