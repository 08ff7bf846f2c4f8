"""The journal on a real PostgreSQL: all of a verification or nothing, and the same verdict again."""

import asyncio
import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from app.crypto.provider import FolderKeys
from app.domain.errors import Malformed, Unavailable
from app.domain.issuer import Code, NotAsked, Silence, Statement, Unasked, Unreachable
from app.domain.license import Claims
from app.domain.trust import Kind
from app.domain.verdict import Conclusion
from app.domain.verification import Receipt, Submission
from app.registry.audit import link_values
from app.registry.auditing import event_of
from app.registry.journal import RECORD_SQL, REPORT_SQL, PostgresJournal, row_of
from app.registry.trust import PostgresRegistry
from app.reports.canonical import canonical
from app.services.judgement import replay
from tests import world as w
from tests.registry.test_trust import end_others, options, question, scanned
from tests.world import DAY, HOUR, NOW, World, altered, token

LATER = NOW + timedelta(minutes=1)


class Recorded(World):
    """A world whose receipts hold something to read again."""

    def publish(self, verification):
        said = verification.verdict.conclusion.value
        report = {"id": verification.id, "conclusion": said, "odd": "\0 \U0010ffff", "zh": "证"}
        jws = f"head.{verification.id}.tail"
        return Receipt(verification, report, canonical(report), jws, NOW + HOUR)


async def receipt(content: bytes | None = None, **terms) -> Receipt:
    world = Recorded()
    submission = Submission(content=token() if content is None else content, **terms)
    return await world.verifier().verify(submission)


async def kept(journal: PostgresJournal):
    return [item async for item in journal.replayable(since=NOW - DAY, until=NOW + DAY)]


@pytest.fixture
def journal(database, tmp_path) -> PostgresJournal:
    return PostgresJournal(database, FolderKeys(tmp_path / "keys"))


async def count(journal: PostgresJournal, table: str = "verification") -> int:
    async with journal.database.pool.acquire() as connection:
        return await connection.fetchval(f"SELECT count(*) FROM {table}")


async def test_what_was_answered_can_be_read_again(journal):
    done = await receipt()
    await journal.record(done)
    assert await journal.report(done.verification.id, LATER) == (done.report, done.jws)


async def test_a_report_expires_and_an_unknown_one_looks_the_same(journal):
    done, forever = await receipt(), replace(await receipt(), expires_at=None)
    await journal.record(done)
    await journal.record(forever)
    id = done.verification.id
    assert await journal.report(id, NOW + HOUR) is None
    assert await journal.report(id, NOW + HOUR - timedelta(microseconds=1)) is not None
    assert await journal.report(forever.verification.id, NOW + 9999 * DAY) is not None


@pytest.mark.parametrize(
    "change", [str.lower, str.upper, lambda i: i[:-1], lambda i: i + "A", lambda i: "\0" + i[1:],
               lambda i: "", lambda i: "%" * 22, lambda i: "证" * 22, lambda i: i[:-1] + "\ud800"]
)  # fmt: skip
async def test_nothing_but_the_id_opens_a_report(journal, change):
    done = replace(await receipt(), expires_at=None)
    fixed = replace(done, verification=replace(done.verification, id="aB" * 11))
    await journal.record(fixed)
    assert await journal.report("aB" * 11, LATER) is not None
    assert await journal.report(change("aB" * 11), LATER) is None


async def test_searchable_columns(journal):
    good = await receipt()
    facts_claims = Claims(identifier=w.IDENTIFIER, number="N-1", holder="青海样例有限公司")
    stated = await Recorded().verifier().verify(Submission(stated=facts_claims))
    unread = await receipt(b"eyJ.eyJ.")
    for each in (good, stated, unread):
        await journal.record(each)
    async with journal.database.pool.acquire() as connection:
        rows = {row["id"]: row for row in await connection.fetch("SELECT * FROM verification")}
    row = rows[good.verification.id]
    assert (row["issuer"], row["type"], row["policy"]) == (
        w.ISSUER,
        w.TYPE,
        good.verification.policy,
    )
    assert (row["basis"], row["subject"], row["conflict"]) == ("document", "document", False)
    assert (row["conclusion"], row["reason"]) == ("valid", None)
    assert good.verification.digests is not None
    assert row["sha256"] == good.verification.digests.sha256
    assert row["sm3"] == good.verification.digests.sm3
    row = rows[stated.verification.id]
    assert (row["basis"], row["sha256"], row["sm3"]) == ("facts", None, None)
    row = rows[unread.verification.id]
    assert (row["conclusion"], row["reason"], row["facts"]) == ("invalid", "malformed", None)
    assert "青海样例有限公司" not in str(rows)  # no holder, by whatever way it came


async def test_an_unregistered_issuer_is_no_search_word(journal):
    world = Recorded(trust=replace(w.TRUST, issuer=None, type=None))
    done = await world.verifier().verify(Submission(content=token()))
    await journal.record(done)
    async with journal.database.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT issuer, type FROM verification")
    assert tuple(row) == (None, None)


async def test_a_callers_nul_is_kept_not_stumbled_over(journal):
    done = await receipt(matter="a\0b")
    await journal.record(done)
    (item,) = await kept(journal)
    assert item.facts.matter == "a\0b"


async def test_first_seen_is_the_first_time(journal, world):
    first = await receipt()
    assert first.verification.digests is not None
    again = replace(first, verification=replace(first.verification, id="b" * 22, at=NOW + DAY))
    digest = first.verification.digests.sha256
    registry = PostgresRegistry(journal.database, lambda: NOW)
    asked = question(world.pick("traffic"), digest=digest)
    assert (await registry.trust_for(asked)).first_seen is None
    await journal.record(first)
    await journal.record(again)
    assert (await registry.trust_for(asked)).first_seen == NOW
    assert (await registry.trust_for(replace(asked, digest=digest[::-1]))).first_seen is None
    assert (await registry.trust_for(replace(asked, digest=None))).first_seen is None
    async with journal.database.pool.acquire() as connection:
        await connection.execute("DELETE FROM verification")  # as a retention rule would
    assert (await registry.trust_for(asked)).first_seen == NOW


async def test_many_at_once(journal):
    """Of one file, by more callers than there are connections."""
    done = await receipt()
    ids = [f"{n:022}" for n in range(60)]
    several = [replace(done, verification=replace(done.verification, id=id)) for id in ids]
    await asyncio.gather(*(journal.record(each) for each in several))
    assert await count(journal) == 60
    assert await count(journal, "first_seen") == 1
    for each in several:
        assert await journal.report(each.verification.id, LATER) is not None


async def test_nothing_is_overwritten(journal):
    done = await receipt()
    await journal.record(done)
    forged = replace(done, report={"conclusion": "another"})
    with pytest.raises(Unavailable, match="23505"):
        await journal.record(forged)
    assert await journal.report(done.verification.id, LATER) == (done.report, done.jws)


async def test_both_rows_or_neither(journal):
    """The file is not "seen before" because of a verification that was never recorded."""
    done = await receipt()
    wrong = [*row_of(done), *link_values(event_of(done, journal.keys))]
    wrong[2] = "perhaps"
    async with journal.database.pool.acquire() as connection:
        with pytest.raises(Exception, match="ck_verification_conclusion"):
            await connection.execute(RECORD_SQL, *wrong)
    before = await count(journal, "audit")
    assert (await count(journal), await count(journal, "first_seen")) == (0, 0)
    await journal.record(done)
    assert (await count(journal), await count(journal, "first_seen")) == (1, 1)
    assert await count(journal, "audit") == before + 1


async def test_killed_midway_is_unavailable_and_leaves_nothing(journal):
    done = await receipt()
    holder = await asyncpg.connect(**options(journal.database))
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE first_seen IN SHARE MODE")
            recording = asyncio.create_task(journal.record(done))
            await _end_who_waits(journal)
            with pytest.raises(Unavailable) as caught:
                await recording
            assert "55P03" not in str(caught.value)  # ended, not tired of waiting for the lock
    finally:
        await holder.close()
    assert (await count(journal), await count(journal, "first_seen")) == (0, 0)
    await journal.record(done)
    assert await count(journal) == 1


async def _end_who_waits(journal: PostgresJournal) -> None:
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with journal.database.pool.acquire() as connection, asyncio.timeout(5):
        while not await connection.fetch(query):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # another process is waited for


async def test_a_full_stop_in_between(journal):
    """All connections gone at once: the next record may fail, and the one after it does not."""
    done = await receipt()
    await journal.record(done)
    await end_others(journal.database)
    for id in ("c" * 22, "d" * 22):
        again = replace(done, verification=replace(done.verification, id=id))
        try:
            await journal.record(again)
        except Unavailable:
            continue
    assert await journal.report("d" * 22, LATER) is not None


async def test_a_report_is_found_in_one_partition(journal):
    done = await receipt()
    await journal.record(done)
    async with journal.database.pool.acquire() as connection:
        await connection.execute(f"PREPARE open AS {REPORT_SQL}")
        call = f"'{done.verification.id}', '{LATER.isoformat()}', NULL"
        (plan,) = await connection.fetchrow(f"EXPLAIN (FORMAT JSON, ANALYZE) EXECUTE open ({call})")
        await connection.execute("DEALLOCATE open")
    (relation,) = scanned(json.loads(plan)[0]["Plan"])
    assert relation.startswith("verification_")


SIGNED = Statement(Code.IN_FORCE, signed=True, as_of=NOW - timedelta(minutes=5))
CONTENTS = (
    token(),
    altered(token()),
    token("delegate"),
    token("platform", copy={"purpose": "x", "expires": int((NOW + DAY).timestamp())}),
    token("stranger"),
    token(without="iat"),
    token(iat=int((NOW + DAY).timestamp())),
    token(identifier=str(w.IDENTIFIER)[:-1] + "0"),
    token(valid_until="2026-01-01"),
    token(alg="ES256"),
)
TRUSTS = (
    w.TRUST,
    w.with_key(revoked_at=NOW - DAY),
    w.with_key(revoked_at=NOW - 20 * DAY),
    w.with_key(window=w.PAST),
    w.with_type(roles=w.COSIGNED.type.roles),
    replace(w.TRUST, issuer=None),
    replace(w.TRUST, statement=SIGNED),
    replace(w.TRUST, statement=replace(SIGNED, code=Code.ENDED), first_seen=NOW - 2 * DAY),
    replace(w.TRUST, snapshot_good_until=NOW - HOUR),
    w.with_mandate(Kind.COPY),
)
ANSWERS = (
    w.IN_FORCE,
    w.CONFIRMED,
    w.COMPARED,
    replace(w.IN_FORCE, code=Code.ENDED),
    replace(w.IN_FORCE, code=Code.NO_RECORD),
    replace(w.IN_FORCE, code=Code.DIFFERS),
    replace(w.IN_FORCE, signed=False),
    replace(w.IN_FORCE, as_of=NOW - 9 * DAY),
    Unreachable(Silence.TIMEOUT, "3 s"),
    NotAsked(Unasked.OFFLINE),
)


async def test_a_thousand_verifications_judged_again(journal):
    """Stored facts and answer give the stored evidence and verdict, whatever they were."""
    for content, trust, answer in itertools.product(CONTENTS, TRUSTS, ANSWERS):
        done = await Recorded(trust, answer).verifier().verify(Submission(content=content))
        await journal.record(done)
    told = Counter[Conclusion]()
    async for item in journal.replayable(since=NOW, until=LATER):
        evidence, verdict = replay(item.facts, item.answer, item.policy)
        assert evidence == item.evidence
        assert (verdict.conclusion, verdict.reason) == (item.conclusion, item.reason)
        assert (verdict.subject, verdict.conflict) == (item.subject, item.conflict)
        told[verdict.conclusion] += 1
    assert told.total() == 1000
    assert min(told[c] for c in Conclusion) > 20


async def test_a_replay_sees_a_changed_fact(journal):
    """The twin of the above: it would notice."""
    await journal.record(await receipt())
    async with journal.database.pool.acquire() as connection:
        await connection.execute(
            "UPDATE verification SET facts ="
            " jsonb_set(facts, '{document,signatures,0,value}', '\"fails\"')"
        )
    (item,) = await kept(journal)
    evidence, verdict = replay(item.facts, item.answer, item.policy)
    assert evidence != item.evidence
    assert verdict.conclusion is Conclusion.INVALID
    assert item.conclusion is Conclusion.VALID


async def test_facts_of_another_make_are_refused(journal):
    await journal.record(await receipt())
    async with journal.database.pool.acquire() as connection:
        await connection.execute("UPDATE verification SET facts = facts - 'now'")
    with pytest.raises(Malformed, match="missing at now"):
        await kept(journal)


async def test_replay_has_bounds_and_passes_over_the_unread(journal):
    await journal.record(await receipt())
    await journal.record(await receipt(b"eyJ.eyJ."))
    assert len(await kept(journal)) == 1
    assert [i async for i in journal.replayable(since=NOW - DAY, until=NOW)] == []
    assert [i async for i in journal.replayable(since=LATER, until=NOW + DAY)] == []
