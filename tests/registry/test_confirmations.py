"""When a code opens: time by time, for reports of anybody and for those of tenants."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.crypto.provider import FolderKeys
from app.domain.verification import Asker, Submission
from app.registry.confirmations import PostgresConfirmations, revoke_code
from app.registry.journal import PostgresJournal
from app.services.publish import ReportPublisher
from tests.examples import ExampleKeys
from tests.world import DAY, HOUR, NOW, World, token

TICK = timedelta(microseconds=1)
PUBLISHER = ReportPublisher(keys=ExampleKeys(), node="zhengyan-test", version="0")


class Published(World):
    """A world whose receipts hold real reports."""

    def publish(self, verification):
        return PUBLISHER.publish(verification)


@pytest.fixture
def codes(database) -> PostgresConfirmations:
    return PostgresConfirmations(database)


@pytest.fixture
def recorded(database, tmp_path):
    journal = PostgresJournal(database, FolderKeys(tmp_path / "keys"))

    async def record(tenant: str | None, lasts: timedelta | None) -> str:
        done = await Published().verifier().verify(Submission(content=token()))
        asker = Asker(caller="desk", tenant=tenant)
        done = replace(
            done,
            expires_at=NOW + lasts if lasts else None,
            verification=replace(done.verification, asker=asker),
        )
        await journal.record(done)
        return done.verification.id

    return record


async def opens(codes, id, at) -> bool:
    found = await codes.confirmed(id, at)
    assert found is None or found.id == id
    return found is not None


async def test_anonymous_reports_are_confirmed_as_long_as_they_are_read(codes, recorded):
    brief, lasting = await recorded(None, HOUR), await recorded(None, None)
    assert await opens(codes, brief, NOW + HOUR - TICK)
    assert not await opens(codes, brief, NOW + HOUR)
    assert await opens(codes, lasting, NOW + 9999 * DAY)
    assert not await codes.open(brief, "bank", NOW + DAY), "it is no tenant's"
    assert not await opens(codes, brief, NOW + HOUR)


async def test_a_tenants_is_confirmed_from_opening_to_its_end(codes, recorded):
    id = await recorded("bank", None)
    assert not await opens(codes, id, NOW)
    assert not await codes.open(id, "court", NOW + DAY)
    assert not await opens(codes, id, NOW)
    assert await codes.open(id, "bank", NOW + DAY)
    assert await opens(codes, id, NOW + DAY - TICK)
    assert not await opens(codes, id, NOW + DAY)
    assert await codes.open(id, "bank", NOW + 2 * DAY), "opened anew"
    assert await opens(codes, id, NOW + DAY)


async def test_what_is_closed_stays_closed_and_closing_lengthens_nothing(codes, recorded):
    id = await recorded("bank", None)
    assert await codes.close(id, "bank", NOW), "closed before it was ever opened"
    assert not await opens(codes, id, NOW)
    await codes.open(id, "bank", NOW + HOUR)
    assert not await codes.close(id, "court", NOW)
    assert await opens(codes, id, NOW)
    assert await codes.close(id, "bank", NOW + DAY), "too late: it ended before"
    assert not await opens(codes, id, NOW + HOUR)
    await codes.close(id, "bank", NOW)
    assert not await opens(codes, id, NOW)


async def test_the_operators_hand_ends_any(codes, recorded, database):
    async def revoked(id) -> bool:
        async with database.writing() as session:
            return await revoke_code(session, id, NOW)

    for tenant, lasts in (("bank", HOUR), (None, HOUR), (None, None)):
        id = await recorded(tenant, lasts)
        assert await opens(codes, id, NOW)
        assert await revoked(id)
        assert not await opens(codes, id, NOW)
        assert not await revoked(id), "nothing was left to revoke"
    unopened = await recorded("bank", None)
    assert not await revoked(unopened)
    assert not await revoked("A" * 22)


@pytest.mark.parametrize("id", ["", "A" * 22, "x" * 500, "%", "' OR 1=1 --"])
async def test_what_is_no_report_is_none(codes, recorded, id):
    assert await opens(codes, await recorded(None, HOUR), NOW)
    assert not await opens(codes, id, NOW)
    assert not await codes.open(id, "bank", NOW + DAY)
    assert not await codes.close(id, "bank", NOW)
