"""Alembic's entry: one connection, one migrator at a time, one transaction per migration."""

import asyncio
import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import models

ONE_MIGRATOR = 0x7A68656E  # advisory lock number ("zhen"): two deployments may start at once


def database_url() -> str:
    """The caller's attribute, `-x url=…`, or DATABASE_URL; never a guess."""
    url = (
        context.config.attributes.get("url")
        or context.get_x_argument(as_dictionary=True).get("url")
        or os.environ.get("DATABASE_URL")
    )
    if not url:
        message = "no database named: set DATABASE_URL, or use `make migrate`, or `-x url=…`"
        raise SystemExit(message)
    return str(url)


def target_metadata() -> MetaData | None:
    """What the tables should be; None (before there are models) makes `alembic check` refuse."""
    base = getattr(models, "Base", None)
    return None if base is None else base.metadata


def migrate(connection: Connection) -> None:
    """Run what is pending, alone."""
    connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": ONE_MIGRATOR})
    connection.commit()  # the lock belongs to the session, not to this transaction
    context.configure(
        connection=connection,
        target_metadata=target_metadata(),
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    engine = create_async_engine(database_url(), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def offline() -> None:
    """Print the SQL (`alembic upgrade head --sql`), for those who apply it themselves."""
    context.configure(
        dialect_name="postgresql", target_metadata=target_metadata(), literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)
if context.is_offline_mode():
    offline()
else:
    asyncio.run(online())
