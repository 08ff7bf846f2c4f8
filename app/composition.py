"""The parts put together, for HTTP and for a shell: over a database, or over a folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.config import Settings
from app.crypto.provider import FolderKeys
from app.domain.errors import Refused
from app.federation.gateway import HttpIssuers, OfflineIssuers
from app.registry.journal import PostgresJournal
from app.registry.sessions import Database
from app.registry.snapshot import ForgetfulJournal, SnapshotRegistry
from app.registry.trust import PostgresRegistry
from app.services.publish import ReportPublisher
from app.services.verify import Issuers, Journal, Registry, Verifier

VERSION = version("zhengyan")


def now() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


def publisher(settings: Settings, keys: FolderKeys) -> ReportPublisher:
    """Signs reports with this node's key."""
    return ReportPublisher(
        keys=keys, node=settings.node_id, version=VERSION, lifetime=settings.report_lifetime
    )


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The registry's database. Raises `Refused` where none is set."""
    if not settings.database_url:
        raise Refused(
            "DATABASE_URL",
            "no database is set. Set DATABASE_URL=postgresql+asyncpg://user@host/name, or give "
            "`--trust FOLDER` to verify without one",
        )
    opened = await Database.open(settings.database_url)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def verifier(
    settings: Settings, trust: Path | None, *, offline: bool
) -> AsyncIterator[Verifier]:
    """A verifier over the database, or over a folder of registrations that keeps nothing."""
    keys = FolderKeys(settings.key_folder)
    asking = (
        None if offline else HttpIssuers(signer=keys.signer, node_id=settings.node_id, clock=now)
    )
    issuers: Issuers = asking or OfflineIssuers()
    try:
        if trust is not None:
            registry: Registry = SnapshotRegistry.read(trust, clock=now)
            yield _verifier(settings, keys, registry, issuers, ForgetfulJournal())
        else:
            async with database(settings) as opened:
                registry, journal = PostgresRegistry(opened, now), PostgresJournal(opened, keys)
                yield _verifier(settings, keys, registry, issuers, journal)
    finally:
        if asking is not None:
            await asking.aclose()


def _verifier(
    settings: Settings, keys: FolderKeys, registry: Registry, issuers: Issuers, journal: Journal
) -> Verifier:
    return Verifier(
        registry=registry,
        issuers=issuers,
        publisher=publisher(settings, keys),
        journal=journal,
        clock=now,
    )
