"""Look-ups among ten thousand, a million and ten million records: `python -m proof.lookups`.

    python -m proof.lookups [RECORDS…]

Records are made in SQL, in a database each on one server; sizes take turns every fifty look-ups, so
that a busy machine slows all of them. Measured are the statements of a look-up as the service sends
them for one by itself: prepared, one plan for all, over one connection. Ten million take some 10 GB
of disk and, to make, tens of minutes; what is free is looked at first.
"""

import asyncio
import json
import random
import secrets
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from app.registry.lookups import BY_IDENTIFIER, BY_NUMBER
from app.registry.sessions import SERVER_SETTINGS
from bench.materials import world
from bench.measure import ROUNDS, middle, percentile, ratio
from bench.stage import Stage, stage
from proof.parts import page

SIZES: Final = (10_000, 1_000_000, 10_000_000)
AIM: Final = 1.25
"""p50 at the largest size to that at the smallest."""
EACH: Final = 2_000
"""Look-ups of one kind, at one size, in one round."""
WARM: Final = 200
TURN: Final = 50
PLANS: Final = 50
STEP: Final = 100_000
"""Records made in one transaction."""
BYTES: Final = 1_100
"""Of disk for one record: its rows, their indexes, and the log of their making."""

MAKE_SQL: Final = (
    """
INSERT INTO license (identifier, type, issuer, valid_from, valid_until, issued_on, sealed, content)
SELECT '1.2.156.3005.2.' || $3 || '.' || $4 || '.' || lpad(n::text, 10, '0') || '.001.0', $3, $4,
       date '2024-01-01', date '2029-12-31', date '2024-01-01',
       decode(repeat(md5(n::text), 9), 'hex'), sha256(int8send(n))
  FROM generate_series($1::bigint, $2::bigint) n
""",
    """
INSERT INTO license_key (hmac, identifier, version)
SELECT sha256(convert_to('number ' || n, 'UTF8')),
       '1.2.156.3005.2.' || $3 || '.' || $4 || '.' || lpad(n::text, 10, '0') || '.001.0', 1
  FROM generate_series($1::bigint, $2::bigint) n
""",
    """
INSERT INTO license_status (identifier, since, recorded_at, state)
SELECT '1.2.156.3005.2.' || $3 || '.' || $4 || '.' || lpad(n::text, 10, '0') || '.001.0',
       timestamptz '2025-01-01', timestamptz '2025-01-02', 'revoked'
  FROM generate_series($1::bigint, $2::bigint) n WHERE n % 10 = 0
""",
)
"""$1 first, $2 last, $3 type, $4 issuer. One in ten was decided about."""
HMAC_SQL: Final = "SELECT sha256(convert_to('number ' || $1::bigint, 'UTF8'))"


@dataclass(slots=True)
class Measured:
    """One kind of look-up at one size: seconds of each round."""

    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    blocks: float = 0.0
    """Touched by one look-up, on average, in memory or not."""


async def connect(url: str, **settings: str) -> Any:
    kept = {**SERVER_SETTINGS, "statement_timeout": "0", "lock_timeout": "0", **settings}
    return await asyncpg.connect(url.replace("+asyncpg", ""), server_settings=kept)


async def make(place: Stage, size: int) -> str:
    """A database with so many records; its address."""
    name = f"looked_{size}"
    admin = await connect(place.server.url_of("postgres"))
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE zhengyan")
    await admin.close()
    url = place.server.url_of(name)
    # The makers' own checks of foreign keys would look up the same two rows ten million times.
    connection = await connect(
        url, session_replication_role="replica", synchronous_commit="off", work_mem="64MB"
    )
    issuer = world().issuers[0]
    for first in range(0, size, STEP):
        last = min(first + STEP, size) - 1
        async with connection.transaction():
            for sql in MAKE_SQL:
                await connection.execute(sql, first, last, issuer.types[0], issuer.code)
        if first // STEP % 10 == 0:
            print(f"  making {size}: {last + 1}", flush=True)
    await connection.execute("VACUUM ANALYZE license, license_key, license_status")
    await connection.execute("CHECKPOINT")
    await connection.close()
    return url


def named(n: int) -> str:
    issuer = world().issuers[0]
    return f"1.2.156.3005.2.{issuer.types[0]}.{issuer.code}.{n:010}.001.0"


async def asked(connection: Any, size: int, chance: random.Random) -> dict[str, list[Any]]:
    """What is looked up, spread over all records: by identifier, by number, and in vain."""
    picked = [chance.randrange(size) for _ in range(EACH)]
    return {
        "identifier": [named(n) for n in picked],
        "number": [await connection.fetchval(HMAC_SQL, n) for n in picked],
        "absent": [secrets.token_bytes(32) for _ in range(EACH)],
    }


STATEMENTS: Final[Mapping[str, str]] = {
    "identifier": BY_IDENTIFIER.one,
    "number": BY_NUMBER.one,
    "absent": BY_NUMBER.one,
}


async def measure(connection: Any, sql: str, values: Sequence[Any], *, there: bool) -> list[float]:
    took, now = list[float](), datetime.now(UTC)
    for value in values:
        begun = time.perf_counter()
        rows = await connection.fetch(sql, value, now, now)
        took.append(time.perf_counter() - begun)
        if bool([row for row in rows if row["identifier"] is not None]) is not there:
            raise SystemExit("a look-up found what is not there, or not what is")
    return took


async def blocks(connection: Any, sql: str, values: Sequence[Any]) -> float:
    """Blocks that one look-up touches; the plan is that of the service, made once for all."""
    await connection.execute(f"PREPARE look AS {sql}")
    total = 0
    for value in values[:PLANS]:
        given = f"'\\x{value.hex()}'" if isinstance(value, bytes) else f"'{value}'"
        plan = await connection.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE look ({given}, now(), now())"
        )
        top = json.loads(plan)[0]["Plan"]
        total += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    await connection.execute("DEALLOCATE look")
    return total / PLANS


async def prove(urls: Mapping[int, str]) -> dict[tuple[str, int], Measured]:
    """`urls`: of the database of each size."""
    found = {(kind, size): Measured() for kind in STATEMENTS for size in urls}
    chance = random.Random(7)
    connections = {
        size: await connect(url, plan_cache_mode="force_generic_plan") for size, url in urls.items()
    }
    for number in range(ROUNDS):
        for kind, sql in STATEMENTS.items():
            took = await one_round(connections, kind, chance)
            for size, connection in connections.items():
                found[kind, size].p50.append(percentile(took[size], 50))
                found[kind, size].p99.append(percentile(took[size], 99))
                if number == 0:
                    values = (await asked(connection, size, chance))[kind]
                    found[kind, size].blocks = await blocks(connection, sql, values)
        print(f"  round {number + 1} of {ROUNDS}", flush=True)
    for connection in connections.values():
        await connection.close()
    return found


async def one_round(
    connections: Mapping[int, Any], kind: str, chance: random.Random
) -> dict[int, list[float]]:
    """Seconds of each look-up by size. The sizes take turns every few of them."""
    sql, there = STATEMENTS[kind], kind != "absent"
    values = {
        size: (await asked(connection, size, chance))[kind]
        for size, connection in connections.items()
    }
    for size, connection in connections.items():  # plans, and caches
        await measure(connection, sql, values[size][:WARM], there=there)
    took: dict[int, list[float]] = {size: [] for size in connections}
    for first in range(0, EACH, TURN):
        for size, connection in connections.items():
            some = values[size][first : first + TURN]
            took[size] += await measure(connection, sql, some, there=there)
    return took


def told(found: Mapping[tuple[str, int], Measured], sizes: Sequence[int]) -> tuple[str, bool]:
    lines = ["| look-up | records | p50, ms | p99, ms | blocks | p50 to the smallest |"]
    lines.append("|---|---|---|---|---|---|")
    held = True
    for kind in STATEMENTS:
        first = found[kind, sizes[0]]
        for size in sizes:
            one = found[kind, size]
            lines.append(
                f"| {kind} | {size:,} | {middle(one.p50, 1000, 3)} | {middle(one.p99, 1000, 3)} "
                f"| {one.blocks:.1f} | {ratio(one.p50, first.p50)} |"
            )
        pairs = sorted(a / b for a, b in zip(found[kind, sizes[-1]].p50, first.p50, strict=True))
        held &= pairs[len(pairs) // 2] <= AIM
    verdict = "held" if held else "**missed**"
    body = (
        f"{page.ran('python -m proof lookups')}\n\n"
        f"{ROUNDS} rounds of {EACH} look-ups of each kind at each size, {TURN} in turn; medians "
        "over the rounds, with the spread. `absent`: a number nobody has. `blocks`: of 8 KiB, by "
        f"EXPLAIN (ANALYZE, BUFFERS).\n\n" + "\n".join(lines) + "\n\n"
        f"Aim: p50 at {sizes[-1]:,} at most {AIM} times that at {sizes[0]:,}: {verdict}."
    )
    return body, held


def main(arguments: Sequence[str]) -> int:
    sizes = sorted(int(each.replace("_", "")) for each in arguments) or list(SIZES)
    if len(sizes) < 2:
        print(__doc__)
        return 1
    with stage() as place:
        free, needed = shutil.disk_usage(place.folder).free, sum(sizes) * BYTES
        if free < 1.5 * needed:
            text = f"needs {1.5 * needed / 1e9:.0f} GB of disk, and {free / 1e9:.0f} are free"
            print(text)
            return 1
        urls = {size: asyncio.run(make(place, size)) for size in sizes}
        body, held = told(asyncio.run(prove(urls)), sizes)
    print(body)
    if tuple(sizes) == SIZES:
        page.write_section("lookups", "Look-ups by number of records", body)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
