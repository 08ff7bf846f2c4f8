"""Connections to PostgreSQL: bounded in number, in time, and in what they say when they fail.

Two kinds: short sessions of SQLAlchemy for administration and the journal, and a pool of bare
asyncpg connections for the one read of every verification (`app.registry.trust`).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NewType, Self, TypeAlias, TypeVar

import asyncpg
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.domain.errors import Refused, Unavailable

ReadSession = NewType("ReadSession", AsyncSession)
"""A session in which nothing is written."""
WriteSession = NewType("WriteSession", ReadSession)
"""A session that commits at its end. It can read as well."""

Connection: TypeAlias = Any
"""Of asyncpg, as its pool lends it: untyped there."""
Result = TypeVar("Result")

POOL_SIZE = 10
"""Connections of each kind and worker; more only move the queue into the database."""
POOL_WAIT = 2.0
"""Seconds to wait for a free connection."""
CONNECT_WAIT = 2.0
"""Seconds to wait for a new one."""
COMMAND_WAIT = 3.0
"""Seconds after which we stop listening: longer than the server's own limits, which act first."""

SERVER_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "application_name": "zhengyan",
        "statement_timeout": "2s",
        "lock_timeout": "500ms",
        "idle_in_transaction_session_timeout": "5s",
        "timezone": "UTC",
        "jit": "off",  # our statements touch few rows; compiling them costs more than they do
    }
)

DURABLE = frozenset({"on", "remote_apply"})
"""Values of synchronous_commit under which what was acknowledged is on disk."""

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the end of the connection came in while it was idle
    ConnectionError,
)
"""The connection is of no more use; nothing is known of what was sent over it."""

OUTAGES = (*LOST, SQLAlchemyError, asyncpg.PostgresError, OSError, TimeoutError)
"""What a database does to us. `IntegrityError` among them: constraints repeat our own checks."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where everything is kept. Open it once, in a composition root, and close it."""

    engine: AsyncEngine
    pool: asyncpg.Pool

    @classmethod
    async def open(cls, url: str) -> Self:
        """Prepare the connections; none is made before it is needed.

        Raises `Refused` for an address that is not one of PostgreSQL.
        """
        address = read_address(url)
        engine = _engine(address)
        _, options = engine.dialect.create_connect_args(address)
        # Our few statements are planned once for each connection. A plan made for every call, which
        # PostgreSQL prefers among partitions, takes three times as long as running it.
        settings = {**SERVER_SETTINGS, "plan_cache_mode": "force_generic_plan"}
        pool = await asyncpg.create_pool(
            min_size=0,
            max_size=POOL_SIZE,
            command_timeout=COMMAND_WAIT,
            timeout=CONNECT_WAIT,
            server_settings=settings,
            init=_require_durable,
            reset=_keep,
            **options,
        )
        return cls(engine, pool)

    async def close(self) -> None:
        """Close every connection; what is under way is given the time of one command."""
        self.pool.terminate()
        await self.engine.dispose()

    async def check(self) -> str | None:
        """The revision of the tables; None: nothing was migrated yet. Raises `Unavailable`."""

        async def look(connection: Connection) -> str | None:
            if not await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
                return None
            found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
            return found

        return await self.run(look, repeatable=True)

    async def run(
        self, work: Callable[[Connection], Awaitable[Result]], *, repeatable: bool = False
    ) -> Result:
        """Do the work of one statement over a connection of the pool.

        A server that restarted leaves dead connections behind; `repeatable` work is then done once
        more. Raises `Unavailable`; after it nothing is known of what was written.
        """
        try:
            try:
                return await self._once(work)
            except LOST:
                if not repeatable:
                    raise
                return await self._once(work)
        except OUTAGES as exc:
            raise unavailable(exc) from None

    async def _once(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        async with self.pool.acquire(timeout=POOL_WAIT) as connection:
            try:
                return await work(connection)
            except LOST:
                with suppress(asyncpg.InterfaceError):  # the pool has noticed by itself
                    connection.terminate()  # else it would lend the connection again
                raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """One read-only transaction. Raises `Unavailable`."""
        async with self._session(postgresql_readonly=True) as session:
            yield ReadSession(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteSession]:
        """One transaction, committed at the end, rolled back by any exception.

        Raises `Unavailable`; after it nothing is known of the commit, so writers are repeatable.
        """
        async with self._session() as session:
            yield WriteSession(ReadSession(session))

    @asynccontextmanager
    async def _session(self, **options: Any) -> AsyncIterator[AsyncSession]:
        session = AsyncSession(self.engine, expire_on_commit=False)
        try:
            async with session.begin():
                if options:
                    await session.connection(execution_options=options)
                yield session
        except OUTAGES as exc:
            raise unavailable(exc) from None
        finally:
            await session.close()


def read_address(url: str) -> URL:
    """The address of a PostgreSQL, however its driver is named in it.

    Raises `Refused`; the message never repeats the address, which may hold a password.
    """
    try:
        address = make_url(url)
    except SQLAlchemyError:
        raise Refused(
            "DATABASE_URL", "not an address: postgresql+asyncpg://user@host/name"
        ) from None
    if address.drivername not in {"postgresql+asyncpg", "postgresql", "postgres"}:
        message = (
            f"{address.drivername} is not spoken here: use postgresql+asyncpg://user@host/name"
        )
        raise Refused("DATABASE_URL", message)
    query = dict(address.query)
    if "sslmode" in query:  # libpq's word for what asyncpg calls ssl
        query["ssl"] = query.pop("sslmode")
    return address.set(drivername="postgresql+asyncpg", query=query)


def unavailable(exc: BaseException) -> Unavailable:
    """An outage, named by class and SQLSTATE; never by its text, which may quote a row."""
    cause = exc
    for _ in range(3):  # SQLAlchemy's error holds its driver's, which holds asyncpg's
        cause = getattr(cause, "orig", None) or cause.__cause__ or cause
    state = getattr(cause, "sqlstate", None)
    if isinstance(cause, NotDurableError):
        return Unavailable(str(cause))
    return Unavailable(f"database: {type(cause).__name__}" + (f" ({state})" if state else ""))


class NotDurableError(asyncpg.InterfaceError):  # type: ignore[misc]
    """The server would acknowledge what it can still lose."""


async def _require_durable(connection: Any) -> None:
    """Asked of each new connection: roles and databases have settings of their own."""
    setting = await connection.fetchval("SHOW synchronous_commit")
    if setting not in DURABLE:
        raise NotDurableError(
            f"database: synchronous_commit is {setting}, so answers could be lost after they were "
            "given; set it to on"
        )


async def _keep(_connection: Connection) -> None:
    """In place of RESET ALL, which would double the round trips: nobody here changes a setting.

    asyncpg itself rolls back a transaction that was left open.
    """


def _engine(address: URL) -> AsyncEngine:
    engine = create_async_engine(
        address,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_WAIT,
            "command_timeout": COMMAND_WAIT,
            "server_settings": dict(SERVER_SETTINGS),
        },
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.run_async(_require_durable)

    return engine
