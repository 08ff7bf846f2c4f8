"""Composition root for HTTP: `uvicorn --factory app.main:create_app`."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from fastapi import Depends, FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from app.composition import (
    VERSION,
    answering,
    disputes,
    follower,
    formats_with,
    givers,
    importer,
    lookups,
    now,
    publisher,
    relating,
    retrievals,
    revocation_fetcher,
    watching,
)
from app.config import Settings, settings
from app.crypto import sm2
from app.crypto.provider import FolderKeys
from app.domain.errors import Unavailable
from app.imaging.worker import Decoder
from app.models import REVISION
from app.registry.audit import PostgresAudit
from app.registry.callers import PostgresCallers
from app.registry.catalogue import knows_license_types
from app.registry.confirmations import PostgresConfirmations
from app.registry.directory import PostgresDirectory
from app.registry.imports.apart import RowReader
from app.registry.jobs import PostgresJobs
from app.registry.journal import PostgresJournal
from app.registry.limits import Limits as Buckets
from app.registry.lists.published import PublishedLists
from app.registry.lists.store import standing
from app.registry.operators import PostgresOperators
from app.registry.overview import PostgresOverview
from app.registry.peers import PostgresPeers
from app.registry.presentations import PostgresPresentations
from app.registry.rotation import Rotation
from app.registry.sessions import Database
from app.registry.trust import PostgresRegistry
from app.routers import ROUTERS
from app.routers.access import Quotas
from app.routers.batches import BATCHES
from app.routers.body import Limits, Room
from app.routers.description import describe
from app.routers.door import Door, admit
from app.routers.headers import SafeHeaders
from app.routers.hot import HOT
from app.routers.imports import STREAMS
from app.routers.pages import WEB, interface
from app.routers.problems import register
from app.routers.state import Desk, Node, State
from app.services.access import Gate
from app.services.console import Console
from app.services.making import Making
from app.services.places import PatientIssuers, Places
from app.services.supervision import Glance, Supervisor
from app.services.upkeep import Upkeep
from app.services.verify import Verifier
from app.services.watching import WatchedJournal

TURN: Final = 0.000_2
"""Seconds after which what runs beside the event loop, as rows being read, gives way to it."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[State]]


class NodeHealth:
    """What /readyz looks at."""

    def __init__(
        self, database: Database, keys: FolderKeys, background: Supervisor | None = None
    ) -> None:
        self._database = database
        self._keys = keys
        self._background = background
        self._sm2 = sm2.chosen()  # tests itself on the standard's vectors, before the first caller

    async def look(self) -> dict[str, str]:
        """Each part → `ok`, or what is wrong."""
        parts = {"database": "ok", "migrations": "ok", "signing_key": "ok", "sm2": _sm2(self._sm2)}
        try:
            if await self._database.check() == REVISION:
                parts["trust"] = await self._trust()
            else:
                parts["migrations"] = "not up to date: run `make migrate`"
        except Unavailable as exc:
            parts |= {"database": str(exc), "migrations": "unknown"}
        try:
            await asyncio.to_thread(lambda: self._keys.signer().sign(b"ready?"))
        except Unavailable as exc:
            parts["signing_key"] = str(exc)
        if self._background is not None:
            parts["background"] = _background(self._background.troubles())
        return parts

    async def _trust(self) -> str:
        async with self._database.reading() as session:
            known = await knows_license_types(session)
            followed = await standing(session)
        if late := [each for each in followed if each.late(now())]:
            return f"degraded: stale: {', '.join(map(str, late))}; `zhengyan trust show`"
        if known or followed:
            return "ok"
        return (
            "degraded: empty: nobody is registered and no list followed; `zhengyan issuer import "
            "FILE` or `zhengyan trust follow add`"
        )


def _background(troubles: Mapping[str, str]) -> str:
    """By name: what a node does beside answering, and does not at the moment."""
    if not troubles:
        return "ok"
    named = ", ".join(f"{name} ({why})" for name, why in sorted(troubles.items()))
    return f"degraded: ended and begun anew: {named}"


def _sm2(chosen: sm2.Chosen) -> str:
    """The back end in use; the portable one is right, and many times slower."""
    name = chosen.backend.name
    return f"degraded: {name} ({'; '.join(chosen.left_out)})" if chosen.left_out else name


def production(config: Settings) -> Lifespan:
    """The lifespan that opens database, keys and connections, and closes them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        sys.setswitchinterval(TURN)
        keys = FolderKeys(config.key_folder)
        database = await Database.open(config.database_url)
        registry = PostgresRegistry(database, now)
        way = watching(config, keys, database, registry)
        places = Places(config.max_concurrent)
        issuers = PatientIssuers(way.issuers, places)
        journal = PostgresJournal(database, keys)
        door = _door(config, keys, database)
        decoder, reader = Decoder(), RowReader(config.key_folder)
        follow, background = follower(config, database), Supervisor()
        background.start("upkeep", _upkeep(keys, database).forever)
        background.start("rotation", Rotation(database, keys, now).forever)
        background.start("following", lambda: follow.keep_pulling(config.trust_pull))
        background.start("revocation", revocation_fetcher(config, database).keep_fetching)
        background.start("watching", way.watch.forever)
        if way.prober is not None:
            background.start("probing", way.prober.forever)
        giving = givers(config, keys)
        making = Making(database=database, keys=keys, clock=now, version=VERSION)
        getting = retrievals(keys, database, registry, giving)
        keep_for_good()
        try:
            yield {
                "node": Node(
                    verifier=Verifier(
                        registry=registry,
                        issuers=issuers,
                        publisher=publisher(config, keys),
                        journal=WatchedJournal(journal, way.watch),
                        clock=now,
                        formats=formats_with(decoder, config.public_address),
                        codes=registry,
                        sm_only=config.sm_only,
                    ),
                    door=door,
                    reports=journal,
                    presentations=PostgresPresentations(database, keys),
                    confirmations=PostgresConfirmations(database),
                    health=Glance(NodeHealth(database, keys, background)),
                    trust_lists=PublishedLists(database),
                    keys=tuple(key.public_jwk() for key in keys.public_keys()),
                    id=config.node_id,
                    address=config.public_address,
                    limits=Limits(config.max_upload, config.max_json, config.body_deadline),
                    clock=now,
                    places=places,
                    room=Room(config.max_buffered),
                    lookups=lookups(keys, database),
                    relating=relating(keys, database),
                    retrievals=getting,
                    disputes=disputes(keys, database),
                    importer=importer(keys, database, reader),
                    lists=PostgresDirectory(database, now),
                    overview=PostgresOverview(database),
                    making=making,
                    desk=_desk(keys, database, config.node_id, making) if config.console else None,
                    streams=asyncio.Semaphore(STREAMS),
                    jobs=PostgresJobs(database, keys),
                    job_lifetime=config.job_lifetime,
                    batches=asyncio.Semaphore(BATCHES),
                    watched=way.watched,
                    answering=answering(config, keys, database, registry, issuers),
                )
            }
        finally:
            await background.stop()
            decoder.close()
            reader.close()
            await way.issuers.aclose()
            await giving.aclose()
            await database.close()
            gc.unfreeze()

    return lifespan


def keep_for_good() -> None:
    """Modules, routes and models live as long as the process: the collector of cycles, which would
    look all of them through again and again while callers wait, looks only at what came later.
    """
    gc.collect()
    gc.freeze()


def _door(config: Settings, keys: FolderKeys, database: Database) -> Door:
    return Door(
        gate=Gate(callers=PostgresCallers(database, keys), node_id=config.node_id, clock=now),
        buckets=Buckets(database, keys, now),
        append=PostgresAudit(database).append,
        keys=keys,
        quotas=Quotas(
            anonymous=config.anonymous_per_minute,
            anonymous_per_day=config.anonymous_per_day,
            license=config.document_per_minute,
            trusted_proxies=tuple(config.trusted_proxies.split()),
        ),
        clock=now,
        version=VERSION,
    )


def _desk(keys: FolderKeys, database: Database, node: str, making: Making) -> Desk:
    console = Console(
        operators=PostgresOperators(database, keys),
        node=node,
        append=PostgresAudit(database).append,
        keys=keys,
        clock=now,
        version=VERSION,
    )
    return Desk(console, making)


def _upkeep(keys: FolderKeys, database: Database) -> Upkeep:
    return Upkeep(
        audit=PostgresAudit(database),
        buckets=Buckets(database, keys, now),
        used=(
            PostgresCallers(database, keys),
            PostgresPeers(database),
            PostgresPresentations(database, keys),
            PostgresJobs(database, keys),
        ),
        signer=keys.signer,
        clock=now,
    )


def create_app(lifespan: Lifespan | None = None, *, docs: bool | None = None) -> FastAPI:
    """The application; tests pass another lifespan and get the very same routes."""
    shown = settings().docs if docs is None else docs
    app = FastAPI(
        title="Zhengyan 证验",
        summary="Public verification service for electronic licenses 电子证照公共验证服务",
        version=VERSION,
        lifespan=lifespan or production(settings()),
        docs_url=None,  # its page fetches programs from elsewhere; ours is below
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat whatever Host a caller names
        openapi_url="/openapi.json" if shown else None,
        # Whatever else is installed on the node, it is told no address and no error of a request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        routes=[Mount("/static", StaticFiles(directory=WEB / "static"), name="static")],
    )
    app.add_middleware(SafeHeaders)
    register(app)
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(admit)])
    app.router.routes[:0] = HOT
    if shown:
        app.add_route("/docs", interface, include_in_schema=False)
    describe(app, ROUTERS)
    return app
