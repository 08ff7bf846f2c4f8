"""Records and their history: valid at one time, as known at another."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql

from app.domain.errors import Refused
from app.domain.identifier import Identifier
from app.domain.issuer import Code, State
from app.domain.standing import say
from app.models import LicenseStatusRow
from app.registry import catalogue
from app.registry.licenses import LicenseEntry, keep_license, keep_status, state_at
from app.registry.standing import PostgresStanding
from tests.registry.conftest import DAY, LOOPBACK, NOW, TODAY
from tests.registry.test_trust import scanned


@pytest.fixture
async def loaded(database, document):
    async with database.writing() as session:
        await catalogue.import_registration(session, document, networks=LOOPBACK)
    return database


@pytest.fixture
def identifier(world) -> Identifier:
    return Identifier.read(world.pick("market").id)


async def test_a_record_is_kept_once_and_brought_up_to_date(loaded, identifier):
    entry = LicenseEntry(identifier=identifier, valid_from=TODAY, valid_until=TODAY + 9 * DAY)
    longer = replace(entry, valid_until=None, long_term=True)
    for each, change in ((entry, "added"), (entry, "unchanged"), (longer, "changed")):
        async with loaded.writing() as session:
            assert await keep_license(session, each) == change


async def test_a_record_that_is_not_kept(loaded, identifier, world):
    entry = LicenseEntry(identifier=identifier, valid_from=TODAY)
    stranger = Identifier.read(
        "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
    )
    wrong = "0" if identifier.check != "0" else "1"
    for bad, field in (
        (replace(entry, identifier=replace(identifier, check=wrong)), "identifier"),
        (replace(entry, identifier=replace(identifier, root="1.2.3.4.5")), "identifier"),
        (replace(entry, identifier=stranger), "identifier"),
        (replace(entry, valid_until=TODAY, long_term=True), "long_term"),
        (replace(entry, valid_until=TODAY - DAY), "valid_until"),
    ):
        with pytest.raises(Refused) as caught:
            async with loaded.writing() as session:
                await keep_license(session, bad)
        assert caught.value.field == field
    async with loaded.writing() as session:
        assert await keep_license(session, entry) == "added"


async def keep(database, identifier, state, **times):
    async with database.writing() as session:
        return await keep_status(session, identifier, state, **times)


async def at(database, identifier, when, known=NOW + 99 * DAY):
    async with database.reading() as session:
        return await state_at(session, identifier, when, known=known)


async def test_valid_at_one_time_as_known_at_another(loaded, identifier):
    issued, suspended, back = NOW - 100 * DAY, NOW - 50 * DAY, NOW - 40 * DAY
    assert await keep(loaded, identifier, State.ISSUED, since=issued, known=issued) == "added"
    assert (
        await keep(
            loaded,
            identifier,
            State.SUSPENDED,
            since=suspended,
            until=back,
            known=suspended + DAY,
        )
        == "added"
    )
    assert await at(loaded, identifier, issued - DAY) is None
    assert await at(loaded, identifier, issued) is State.ISSUED
    assert await at(loaded, identifier, suspended) is State.SUSPENDED
    assert await at(loaded, identifier, back) is State.ISSUED  # until is excluded
    # As known on the day before anybody had told us:
    assert await at(loaded, identifier, suspended, known=suspended) is State.ISSUED
    # 撤销, found out today, holds from the beginning; what we answered before stays explicable.
    assert await keep(loaded, identifier, State.ANNULLED, since=issued, known=NOW) == "changed"
    assert await at(loaded, identifier, issued + DAY, known=NOW) is State.ANNULLED
    assert (
        await at(loaded, identifier, issued + DAY, known=NOW - timedelta(seconds=1)) is State.ISSUED
    )


async def test_told_twice_and_told_late(loaded, identifier):
    times = {"since": NOW - DAY, "known": NOW}
    assert await keep(loaded, identifier, State.ISSUED, **times) == "added"
    assert await keep(loaded, identifier, State.ISSUED, **times) == "unchanged"
    with pytest.raises(Refused) as caught:
        await keep(loaded, identifier, State.REVOKED, since=NOW - DAY, known=NOW - DAY)
    assert caught.value.field == "known"
    with pytest.raises(Refused) as caught:
        await keep(loaded, identifier, State.REVOKED, since=NOW, until=NOW, known=NOW)
    assert caught.value.field == "until"


async def test_history_is_found_in_one_partition(loaded, identifier):
    query = select(LicenseStatusRow.state).where(LicenseStatusRow.identifier == str(identifier))
    sql = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    async with loaded.pool.acquire() as connection:
        (plan,) = await connection.fetchrow(f"EXPLAIN (FORMAT JSON) {sql}")
    (relation,) = scanned(json.loads(plan)[0]["Plan"])
    assert relation.startswith("license_status_")


async def test_a_license_is_not_in_force_before_it_was_issued(loaded, identifier):
    """Without a first day of its own the day of issue is it, whatever day is asked about."""
    begun = LicenseEntry(identifier=identifier)
    async with loaded.writing() as session:
        await keep_license(session, begun)
        await session.execute(
            text("UPDATE license SET issued_on = '2024-05-01' WHERE identifier = :identifier"),
            {"identifier": str(begun.identifier)},
        )
    standing = PostgresStanding(loaded)
    for day, code in (("2024-05-01", Code.IN_FORCE), ("2020-05-01", Code.NOT_YET)):
        at = datetime.fromisoformat(f"{day}T12:00:00+08:00")
        told = say(await standing.standing(begun.identifier, at), at)
        assert told is not None
        assert told.code is code
