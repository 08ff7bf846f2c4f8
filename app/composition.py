"""The parts put together, for HTTP and for a shell: over a database, or over a folder."""

import logging
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.config import Settings
from app.crypto.provider import FolderKeys, FolderSecrets
from app.domain.audit import Operation, Result
from app.domain.errors import Refused
from app.domain.identifier import IssuerCode
from app.domain.trust import Authorities, TrustQuestion
from app.domain.verification import Asker
from app.federation.clients import FolderClients
from app.federation.gateway import HttpIssuers, OfflineIssuers
from app.federation.lines import Lines, public_authorities
from app.federation.lists import HttpLists
from app.federation.resilience import ResilientIssuers
from app.federation.retrieving import HttpRetrievals
from app.formats import FORMATS, Format
from app.formats.photo.reading import PhotoReader
from app.formats.photo.scans import Scans
from app.imaging.worker import Decoder
from app.registry.audit import PostgresAudit, append_within
from app.registry.auditing import event
from app.registry.disputes import PostgresDisputes
from app.registry.health import PostgresLedger
from app.registry.imports.apart import RowReader
from app.registry.imports.store import PostgresImports
from app.registry.jobs import PostgresJobs
from app.registry.journal import PostgresJournal
from app.registry.lists.signed import MAX_LIST
from app.registry.lookups import PostgresLookups
from app.registry.peers import PostgresPeers
from app.registry.platforms import PostgresSecrets
from app.registry.retrievals import PostgresOffers
from app.registry.sessions import Database, WriteSession
from app.registry.snapshot import ForgetfulJournal, SnapshotRegistry
from app.registry.standing import PostgresStanding
from app.registry.trust import PostgresRegistry
from app.routers.job_items import items_of, submission_of, told
from app.routers.state import Watched
from app.services.answering import Answering, InquiryLog
from app.services.disputing import Disputes
from app.services.following import Follower, Log
from app.services.holdings import Relating
from app.services.importing import Importer
from app.services.jobs import Works
from app.services.lookup import Lookups
from app.services.probing import Prober
from app.services.publish import ReportPublisher
from app.services.retrieving import Retrievals
from app.services.revoking import MAX_BYTES, RevocationFetcher
from app.services.verify import Issuers, Journal, Registry, Verifier
from app.services.watching import IssuerWatch, Metrics

if TYPE_CHECKING:
    from app.registry.queue import Queue

VERSION = version("zhengyan")


_ANY_SEAL = TrustQuestion(None, None, None, frozenset(), None, sealed=True)
"""Asks for the authorities, of whomever."""


def now() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


def publisher(settings: Settings, keys: FolderKeys) -> ReportPublisher:
    """Signs reports with this node's key."""
    return ReportPublisher(
        keys=keys, node=settings.node_id, version=VERSION, lifetime=settings.report_lifetime
    )


def follower(settings: Settings, database: Database, *, caller: str = "following") -> Follower:
    """Brings followed trust lists up to date. Raises `Refused` as `asking`.

    `caller`: who does it, for the audit log.
    """
    lists = HttpLists(most=MAX_LIST, trust=_authorities_of(settings.ca_bundle))
    return Follower(database=database, lists=lists, clock=now, log=_logged(settings, caller))


def _logged(settings: Settings, caller: str) -> Log:
    """Rows of the audit log about what is changed, by whoever does it."""
    keys = FolderKeys(settings.key_folder)

    async def log(session: WriteSession, what: str) -> None:
        row = event(
            Asker(caller=caller),
            keys,
            Operation.ADMINISTER,
            Result.ANSWERED,
            at=now(),
            version=VERSION,
            object=what,
        )
        await append_within(session, row)

    return log


def revocation_fetcher(
    settings: Settings, database: Database, *, caller: str = "fetching"
) -> RevocationFetcher:
    """Brings revocation lists up to date. Raises `Refused` as `asking`."""
    lists = HttpLists(
        most=MAX_BYTES,
        trust=_authorities_of(settings.ca_bundle),
        accept="application/pkix-crl, application/ocsp-response, application/octet-stream;q=0.5, "
        "*/*;q=0.1",
    )
    registry = PostgresRegistry(database, now)

    async def known() -> Authorities:
        return (await registry.trust_for(_ANY_SEAL)).authorities

    return RevocationFetcher(
        database=database, lists=lists, known=known, clock=now, log=_logged(settings, caller)
    )


def asking(
    settings: Settings, keys: FolderKeys, shelf: PostgresSecrets | None = None
) -> ResilientIssuers:
    """The way to the issuers; `shelf` as `gateway`. Raises `Refused` for a bundle of authorities
    that cannot be read.
    """
    return _around(gateway(settings, keys, shelf), settings)


@dataclass(frozen=True, slots=True)
class Watching:
    """The way to the issuers with somebody who looks on."""

    issuers: ResilientIssuers
    watch: IssuerWatch
    watched: Watched
    prober: Prober | None


def watching(
    settings: Settings, keys: FolderKeys, opened: Database, registry: Registry
) -> Watching:
    """As `asking`, counted; the prober is None where none is wanted."""
    way, ledger = gateway(settings, keys, PostgresSecrets(opened, keys)), PostgresLedger(opened)
    issuers = _around(way, settings)
    shown = clients(settings).ends
    metrics = Metrics(issuers.states, way.certificates, shown)
    watch = IssuerWatch(ledger, metrics, now)
    issuers.watch = watch
    prober = Prober(
        quiet=ledger,
        registry=registry,
        issuers=issuers,
        watch=watch,
        after=settings.probe_after,
        clock=now,
    )
    watched = Watched(ledger, metrics, issuers.states, way.certificates, shown)
    return Watching(issuers, watch, watched, prober if settings.probe_after else None)


def gateway(
    settings: Settings, keys: FolderKeys, shelf: PostgresSecrets | None = None
) -> HttpIssuers:
    """The way to issuers by itself; `shelf` where there are other workers. Raises `Refused` as
    `asking`.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines name every address asked
    return HttpIssuers(
        signer=keys.signer,
        node_id=settings.node_id,
        clock=now,
        secrets=FolderSecrets(settings.secrets_folder),
        trust=_authorities_of(settings.ca_bundle),
        clients=clients(settings),
        shelf=shelf,
    )


def clients(settings: Settings) -> FolderClients:
    """Certificates this node shows to issuers. Raises `Refused` as `asking`."""
    bundle = settings.ca_bundle
    _authorities_of(bundle)
    return FolderClients(
        settings.key_folder, now, lambda: _authorities_of(bundle) or public_authorities()
    )


def lines(settings: Settings) -> Lines:
    """Ways to endpoints for a command. Raises `Refused` as `asking`."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return Lines(trust=_authorities_of(settings.ca_bundle), clients=clients(settings))


def _around(inner: HttpIssuers, settings: Settings) -> ResilientIssuers:
    return ResilientIssuers(
        inner=inner,
        clock=now,
        monotonic=time.monotonic,
        max_answers=settings.answers_kept,
    )


def lookups(keys: FolderKeys, opened: Database) -> Lookups:
    """Answers look-ups."""
    return Lookups(
        records=PostgresLookups(opened, keys),
        append=PostgresAudit(opened).append,
        keys=keys,
        clock=now,
        version=VERSION,
    )


def relating(keys: FolderKeys, opened: Database) -> Relating:
    """Tells a body's other licenses, from its business license."""
    return Relating(
        records=PostgresLookups(opened, keys),
        append=PostgresAudit(opened).append,
        keys=keys,
        clock=now,
        version=VERSION,
    )


def disputes(keys: FolderKeys, opened: Database) -> Disputes:
    """Takes disputes about records, and answers to them."""
    return Disputes(
        records=PostgresLookups(opened, keys),
        store=PostgresDisputes(opened, keys),
        append=PostgresAudit(opened).append,
        keys=keys,
        clock=now,
        version=VERSION,
    )


def givers(settings: Settings, keys: FolderKeys) -> HttpRetrievals:
    """The way to documents, beside that of questions. Raises `Refused` as `asking`."""
    return HttpRetrievals(
        lines=lines(settings), node=settings.node_id, signer=keys.signer, clock=now
    )


def retrievals(
    keys: FolderKeys, opened: Database, registry: PostgresRegistry, giving: HttpRetrievals
) -> Retrievals:
    """Gets documents from their issuers."""
    return Retrievals(
        offers=PostgresOffers(opened, now, registry.lists),
        registry=registry,
        givers=giving,
        append=PostgresAudit(opened).append,
        keys=keys,
        clock=now,
        version=VERSION,
    )


def importer(keys: FolderKeys, opened: Database, reader: RowReader) -> Importer:
    """Takes in what issuers push."""
    return Importer(
        imports=PostgresImports(opened, keys), reader=reader, keys=keys, clock=now, version=VERSION
    )


def answering(
    settings: Settings,
    keys: FolderKeys,
    opened: Database,
    registry: Registry,
    issuers: Issuers,
) -> Answering | None:
    """This node asked by others; None where its body has no code to be asked under."""
    if not settings.body_code:
        return None
    return Answering(
        body=IssuerCode(settings.body_code),
        node=settings.node_id,
        peers=PostgresPeers(opened),
        registry=registry,
        records=PostgresStanding(opened),
        issuers=issuers,
        keys=keys,
        note=InquiryLog(append=PostgresAudit(opened).append, keys=keys, version=VERSION).answered,
        clock=now,
    )


def _authorities_of(bundle: Path | None) -> ssl.SSLContext | None:
    """Who may vouch for servers of issuers; None: the public authorities."""
    if bundle is None:
        return None
    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError):
        message = f"{bundle} is no PEM file with certificates of authorities"
        raise Refused("ZHENGYAN_CA_BUNDLE", message) from None


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
    settings: Settings, trust: Path | None, *, offline: bool, networks: Sequence[str] = ()
) -> AsyncIterator[Verifier]:
    """A verifier over the database, or over a folder of registrations that keeps nothing.

    `networks`: where endpoints named in the folder may lie, though it is not public.
    """
    keys, decoder = FolderKeys(settings.key_folder), Decoder()
    try:
        if trust is not None:
            snapshot = SnapshotRegistry.read(trust, clock=now, networks=networks)
            async with _asked(settings, keys, None, offline=offline) as issuers:
                yield _verifier(
                    settings, keys, snapshot, issuers, journal=ForgetfulJournal(), decoder=decoder
                )
        else:
            async with (
                database(settings) as opened,
                _asked(settings, keys, opened, offline=offline) as issuers,
            ):
                registry, journal = PostgresRegistry(opened, now), PostgresJournal(opened, keys)
                yield _verifier(settings, keys, registry, issuers, journal=journal, decoder=decoder)
    finally:
        decoder.close()


@asynccontextmanager
async def _asked(
    settings: Settings, keys: FolderKeys, opened: Database | None, *, offline: bool
) -> AsyncIterator[Issuers]:
    """The way to the issuers, as long as the block lasts; with the secrets of other workers where
    there is a database.
    """
    if offline:
        yield OfflineIssuers()
        return
    online = asking(settings, keys, PostgresSecrets(opened, keys) if opened else None)
    try:
        yield online
    finally:
        await online.aclose()


def formats_with(decoder: Decoder, address: str) -> tuple[Format, ...]:
    """What is read, pictures too. `address`: of this node's own page, for codes that lead to it."""
    own = urlsplit(address).hostname or ""
    files = (Scans(format, decoder.read, own) for format in FORMATS)
    return (*files, PhotoReader(decoder.read, own))


@asynccontextmanager
async def working(settings: Settings, at_once: int) -> AsyncIterator["Queue"]:
    """A worker for jobs. Raises `Refused` as `database`, `asking`."""
    from app.registry.queue import Queue  # a second driver, which nothing else loads

    keys = FolderKeys(settings.key_folder)
    decoder = Decoder()
    try:
        async with (
            database(settings) as opened,
            _asked(settings, keys, opened, offline=False) as issuers,
        ):
            registry, journal = PostgresRegistry(opened, now), PostgresJournal(opened, keys)
            jobs = PostgresJobs(opened, keys)
            works = Works(
                jobs=jobs,
                verifier=_verifier(
                    settings, keys, registry, issuers, journal=journal, decoder=decoder
                ),
                items=items_of,
                submit=lambda item, order: submission_of(item, order, now()),
                told=told,
                clock=now,
            )
            yield Queue(settings.database_url, jobs, works.read, works.answer, at_once)
    finally:
        decoder.close()


def _verifier(
    settings: Settings,
    keys: FolderKeys,
    registry: PostgresRegistry | SnapshotRegistry,
    issuers: Issuers,
    *,
    journal: Journal,
    decoder: Decoder,
) -> Verifier:
    return Verifier(
        formats=formats_with(decoder, settings.public_address),
        codes=registry,
        registry=registry,
        issuers=issuers,
        publisher=publisher(settings, keys),
        journal=journal,
        clock=now,
        sm_only=settings.sm_only,
    )
