"""Records and their history as the service reads them; tests/imports writes them."""

import json
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from app.domain.identifier import Identifier
from app.domain.issuer import Code
from app.domain.standing import say
from app.models import LicenseRow, LicenseStatusRow
from app.registry import catalogue
from app.registry.standing import PostgresStanding
from tests.registry.conftest import LOOPBACK
from tests.registry.test_trust import scanned


@pytest.fixture
async def loaded(database, document):
    async with database.writing() as session:
        await catalogue.import_registration(session, document, networks=LOOPBACK)
    return database


@pytest.fixture
def identifier(world) -> Identifier:
    return Identifier.read(world.pick("market").id)


async def test_history_is_found_in_one_partition(loaded, identifier):
    query = select(LicenseStatusRow.state).where(LicenseStatusRow.identifier == str(identifier))
    sql = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    async with loaded.pool.acquire() as connection:
        (plan,) = await connection.fetchrow(f"EXPLAIN (FORMAT JSON) {sql}")
    (relation,) = scanned(json.loads(plan)[0]["Plan"])
    assert relation.startswith("license_status_")


async def test_a_license_is_not_in_force_before_it_was_issued(loaded, identifier):
    """Without a first day of its own the day of issue is it, whatever day is asked about."""
    async with loaded.writing() as session:
        session.add(
            LicenseRow(
                identifier=str(identifier),
                type=identifier.type,
                issuer=identifier.issuer,
                issued_on=date(2024, 5, 1),
            )
        )
    standing = PostgresStanding(loaded)
    for day, code in (("2024-05-01", Code.IN_FORCE), ("2020-05-01", Code.NOT_YET)):
        at = datetime.fromisoformat(f"{day}T12:00:00+08:00")
        told = say(await standing.standing(identifier, at), at)
        assert told is not None
        assert told.code is code
