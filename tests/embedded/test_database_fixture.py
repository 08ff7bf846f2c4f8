"""The fixture other tests stand on."""

import asyncpg
import pytest


@pytest.mark.anyio
async def test_each_worker_has_a_database_of_its_own(database_url, worker_id):
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        name = await connection.fetchval("SELECT current_database()")
        fsync = await connection.fetchval("SHOW fsync")
    finally:
        await connection.close()
    assert name == ("test_main" if worker_id == "master" else f"test_{worker_id}")
    assert fsync == "off"
