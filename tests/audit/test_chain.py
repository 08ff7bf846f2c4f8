"""Whatever is done to the log afterwards is found, and named by its place."""

import asyncio
import json
import random
from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.crypto.digests import digest
from app.crypto.jose import CompactLimits, split_compact
from app.crypto.schemes import verify_jose
from app.domain.audit import Finding, Flaw, Head, Link, Operation, Result
from app.domain.errors import Unavailable
from app.domain.scheme import Digest
from app.domain.verification import Asker
from app.registry.audit import (
    APPEND_SQL,
    CHAINS,
    HEAD_TYP,
    START,
    ChainCheck,
    PostgresAudit,
    link_hash,
    link_values,
)
from app.registry.auditing import event
from tests.audit.conftest import LOOSE

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROWS = 10_000


def happening(keys, number=0):
    at = NOW + timedelta(seconds=number)
    asker = Asker(caller=f"caller-{number}", tenant="t1", operator="张三", address="192.0.2.0/32")
    return event(asker, keys, Operation.VERIFY_FILE, Result.ANSWERED, at=at, version="0.1.0")


async def fill(log: PostgresAudit, keys, rows=ROWS) -> None:
    """As `append` does it, in one transaction: the same statement, without a disk for each."""
    async with log.database.pool.acquire() as connection, connection.transaction():
        await connection.executemany(
            APPEND_SQL, [link_values(happening(keys, number)) for number in range(rows)]
        )


async def tamper(log: PostgresAudit, *statements: str) -> None:
    async with log.database.writing() as session:
        for statement in (LOOSE, *statements):
            await session.execute(text(statement))


async def test_an_untouched_log_has_no_flaw(log, keys):
    for number in range(20):
        await log.append(happening(keys, number))
    assert await log.verify() == (20, [])


async def test_rows_wanted_at_once_share_a_chain_and_every_link_holds(log, keys):
    """Three workers, each with batches of its own, on the same eight chains."""
    workers = [log, PostgresAudit(log.database), PostgresAudit(log.database)]
    await asyncio.gather(
        *(workers[n % 3].append(happening(keys, n)) for n in range(300)),
    )
    assert await log.verify() == (300, [])
    async with log.database.pool.acquire() as connection:
        rows = await connection.fetch("SELECT body, at, tenant, operation, digest FROM audit")
    expected = {link_values(happening(keys, n))[4]: happening(keys, n) for n in range(300)}
    assert len({row["body"] for row in rows}) == 300
    for row in rows:
        event = expected[row["body"]]
        assert (row["at"], row["tenant"]) == (event.at, event.tenant)
        assert (row["operation"], row["digest"]) == (event.operation, digest(Digest.SM3, row[0]))


async def test_a_chain_somebody_is_at_work_on_keeps_nobody_waiting(log, keys):
    async with log.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM audit_chain WHERE chain < 7 FOR UPDATE")
        for number in range(4):
            await asyncio.wait_for(log.append(happening(keys, number)), 0.4)
        assert (await log.heads())[7].seq == 4
        await connection.execute("SELECT FROM audit_chain FOR UPDATE")
        with pytest.raises(Unavailable):  # after as long as the server lets wait for a lock
            await log.append(happening(keys, 5))
    await log.append(happening(keys, 6))
    assert await log.verify() == (5, [])


async def test_every_kind_of_tampering_among_ten_thousand_rows_is_named(log, keys):
    await fill(log, keys)
    assert await log.verify() == (ROWS, [])
    rng, heads = random.Random(63), await log.heads()
    expected = set[Finding]()
    middle = {chain: rng.randrange(10, head.seq - 10) for chain, head in heads.items()}
    await tamper(
        log, f"UPDATE audit SET body = body || ' '::bytea WHERE chain = 0 AND seq = {middle[0]}"
    )
    expected.add(Finding(0, middle[0], Flaw.CHANGED))
    await tamper(log, f"DELETE FROM audit WHERE chain = 1 AND seq = {middle[1]}")
    expected.add(Finding(1, middle[1], Flaw.MISSING))
    a, b = middle[2], middle[2] + 1
    await tamper(
        log,
        f"UPDATE audit SET seq = -1 * seq + 1000000 WHERE chain = 2 AND seq = {a}",
        f"UPDATE audit SET seq = {a} WHERE chain = 2 AND seq = {b}",
        f"UPDATE audit SET seq = {b} WHERE chain = 2 AND seq = {1_000_000 - a}",
    )
    expected |= {Finding(2, seq, Flaw.BROKEN) for seq in (a, b, b + 1)}
    last = heads[3].seq
    await tamper(
        log,
        f"INSERT INTO audit SELECT chain, {last + 1}, at, tenant, operation, body, digest, hash "
        f"FROM audit WHERE chain = 3 AND seq = {last}",
    )
    expected.add(Finding(3, last + 1, Flaw.BROKEN))
    await tamper(log, f"DELETE FROM audit WHERE chain = 4 AND seq > {heads[4].seq - 3}")
    expected |= {Finding(4, heads[4].seq - n, Flaw.MISSING) for n in range(3)}
    rows, flaws = await log.verify()
    assert rows == ROWS - 3
    assert set(flaws) == expected


async def test_a_chain_rewritten_from_a_place_on_is_found_by_a_signed_head(log, keys):
    """Whoever can write everything can link everything anew; what was signed stays signed."""
    await fill(log, keys, 200)
    signed = await log.heads()
    await log.append(happening(keys, 201))
    assert (await log.verify([signed]))[1] == []
    chain = next(c for c, head in signed.items() if head.seq > 2)
    await tamper(
        log,
        f"DELETE FROM audit WHERE chain = {chain} AND seq > 1",
        f"UPDATE audit_chain c SET seq = 1, hash = a.hash FROM audit a "
        f"WHERE c.chain = {chain} AND a.chain = c.chain AND a.seq = 1",
    )
    assert (await log.verify())[1] == []  # by itself the shorter chain is in order
    flaws = (await log.verify([signed]))[1]
    assert [(f.chain, f.flaw) for f in flaws] == [(chain, Flaw.TRUNCATED)]


async def test_a_forked_chain_is_found_by_a_signed_head(log, keys):
    await fill(log, keys, 100)
    signed = await log.heads()
    chain = next(c for c, head in signed.items() if head.seq > 2)
    forged = {**signed, chain: replace(signed[chain], hash=bytes(32))}
    assert (await log.verify([forged]))[1] == [Finding(chain, signed[chain].seq, Flaw.FORKED)]


async def test_heads_are_signed_by_the_node(log, keys):
    await fill(log, keys, 10)
    token = await log.sign_heads(keys.signer())
    assert await log.signed_heads() == [token]
    compact = split_compact(token.encode(), CompactLimits())
    assert compact.typ == HEAD_TYP
    (public,) = keys.public_keys()
    verify_jose(
        public.scheme, spki=public.spki, message=compact.signing_input, value=compact.signature
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET tenant = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "UPDATE audit_head SET jws = ''",
        "DELETE FROM audit_head",
    ],
)
async def test_the_log_refuses_every_change(log, keys, statement):
    await log.append(happening(keys))
    await log.sign_heads(keys.signer())
    with pytest.raises((DBAPIError, Unavailable)):
        async with log.database.writing() as session:
            await session.execute(text(statement))
    assert await log.verify() == (1, [])


async def test_sixty_four_writers_leave_no_gap_and_no_fork(log, keys):
    async def writer(number: int) -> None:
        for turn in range(5):
            await log.append(happening(keys, number * 10 + turn))

    await asyncio.gather(*(writer(number) for number in range(64)))
    rows, flaws = await log.verify()
    assert (rows, flaws) == (320, [])
    heads = await log.heads()
    assert sum(head.seq for head in heads.values()) == 320
    assert len(heads) == CHAINS


async def test_nobody_stands_in_a_row_by_name(log, keys):
    row = happening(keys)
    assert "张三".encode() not in row.canonical()
    assert row.operator is not None
    assert row.operator == happening(keys, 7).operator  # the same person can be found again


def test_equal_events_have_equal_bytes_whatever_their_zone(keys):
    row = happening(keys)
    beijing = replace(row, at=row.at.astimezone(datetime.now(UTC).astimezone().tzinfo))
    assert row.canonical() == beijing.canonical()
    assert replace(row, purpose="other").canonical() != row.canonical()


@pytest.mark.parametrize(
    "text", ["", "a", 'a"b\\c', "\n\t\x00\x1f\x7f", "证照 é", "%s%%", "\u2028"]
)
def test_the_bytes_are_those_of_sorted_json(keys, text):
    row = replace(
        happening(keys),
        purpose=text,
        matter=text or None,
        annotated_copy=bool(text),
        fields_asked=(text, "b", "a"),
        answer_as_of=NOW if text else None,
    )
    members = {each.name: getattr(row, each.name) for each in fields(row)}
    for name, value in members.items():
        if isinstance(value, datetime):
            members[name] = value.isoformat(timespec="microseconds")
    plain = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert row.canonical() == plain.encode()


def test_a_flaw_does_not_hide_those_behind_it():
    links, before = [], START
    for seq in range(1, 9):
        body = f"row {seq}".encode()
        digested = digest(Digest.SM3, body)
        before = link_hash(before, seq, digested)
        links.append(Link(0, seq, body, digested, before))
    links[2] = replace(links[2], body=b"other")
    del links[5]
    check = ChainCheck(0, ())
    for link in links:
        check.take(link)
    flaws = check.finish(Head(0, 8, before))
    assert Counter(f.flaw for f in flaws) == {Flaw.CHANGED: 1, Flaw.MISSING: 1}
