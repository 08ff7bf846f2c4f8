"""Issuers' signed words as an import leaves them, by the writer it keeps them with."""

import asyncio
from datetime import UTC, datetime

import asyncpg

from app.crypto.jose import Compact
from app.domain.identifier import Identifier
from app.domain.issuer import Statement
from app.domain.license import KeyId
from app.formats.statement import SignedWord
from app.registry.statements import keep_words
from tests.service import Service

UNREAD = Compact(header={}, payload=b"", signing_input=b"", signature=b"")
"""What was verified, and is read by nobody any more."""


async def keep_word(
    connection: asyncpg.Connection,
    identifier: Identifier,
    said: Statement,
    key: str,
    token: str = "signed.by.issuer",
) -> str:
    """`added`, or `unchanged` where it was said before."""
    count = "SELECT count(*) FROM statement WHERE identifier = $1"
    before = await connection.fetchval(count, str(identifier))
    word = SignedWord(
        owner=identifier.issuer,
        key_id=KeyId(key),
        identifier=identifier,
        code=said.code,
        as_of=said.as_of,
        since=said.since,
        compact=UNREAD,
        token=token,
        scheme=said.scheme,
    )
    await keep_words(connection, [word], datetime.now(UTC))
    after = await connection.fetchval(count, str(identifier))
    return "unchanged" if after == before else "added"


def keep(service: Service, identifier: Identifier, said: Statement, key: str) -> None:
    """For a service that runs elsewhere."""

    async def run() -> None:
        connection = await asyncpg.connect(service.database_url.replace("+asyncpg", ""))
        try:
            await keep_word(connection, identifier, said, key)
        finally:
            await connection.close()

    asyncio.run(run())
