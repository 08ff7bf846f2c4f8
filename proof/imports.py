"""Kill PostgreSQL, the service, or its process that reads rows, with -9 while records are pushed;
nothing acknowledged is lost.

    python -m proof.imports [CYCLES] [--lose]

CYCLES for each of the three (50). A client keeps a ledger: the last line it was told of, by the
answer to a request or by `GET /v1/imports/{id}`. After each kill and restart, the database must
hold exactly the lines of whole chunks, at least as many as the ledger has, each record once. Then
the batch goes on where it stands, and at its end every record is there once.

`--lose` pushes to a server whose acknowledgements come before the disk (synchronous_commit = off
for the whole server): the service must refuse it, and with that guard out of the way the ledger
must find losses, or this proof would prove nothing.
"""

import asyncio
import contextlib
import http.client
import json
import os
import random
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import asyncpg

from app.domain.codes import uscc_check_ok
from app.services.importing import CHUNK_LINES
from bench.imports import Pusher, pusher, rows, started_by
from bench.stage import PYTHON, ZHENGYAN, Service, Stage, stage
from proof.kills import Theatre
from proof.parts import page

CYCLES: Final = 50
VICTIMS: Final = ("database", "service", "reader")
CHUNKS: Final = 30
"""Of each batch: more than are merged before the kill, also where nobody else wants the cores."""
QUIET: Final = (0.2, 1.5)
"""Seconds of pushing before the kill, between these."""
LOOKS: Final = 0.05
"""Seconds between two looks at how far the batch is."""
TRIES: Final = 60


@dataclass(slots=True)
class Ledger:
    """What the client was told, and what was found against it."""

    acknowledged: int = 0
    """Lines of all batches."""
    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    halved: list[str] = field(default_factory=list)
    cut: int = 0
    """Batches that a kill broke off."""
    other: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.missing or self.doubled or self.halved or self.other)


class Batch:
    """One batch on its way: what is told of it while it is pushed."""

    def __init__(self, service: Service, who: Pusher, name: str) -> None:
        self.name, self.who, self.port = name, who, service.port
        self.lines = rows(who, name, CHUNKS * CHUNK_LINES)
        self.told = 0
        self.finished = False

    def keys(self, count: int) -> int:
        """By which so many records from the first on are found: each by its number, and those of
        bodies by their code as well.
        """
        codes = (json.loads(line)["holder_code"] for line in self.lines[:count])
        return count + sum(map(uscc_check_ok, codes))

    def push(self, after: int) -> None:
        """The body from there on; what is answered is told."""
        headers = {
            "Authorization": f"Bearer {self.who.key}",
            "Content-Type": "application/x-ndjson",
        }
        path = f"/v1/imports?issuer={self.who.issuer}&batch={self.name}&after={after}"
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("POST", path, b"\n".join(self.lines[after:]), headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            if answer.status == 200:
                self.told = max(self.told, body["lines"])
                self.finished = body["finished"]

    def look(self) -> int | None:
        """How far it is said to be; None: nothing came."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/imports/{self.who.issuer}.{self.name}",
            headers={"Authorization": f"Bearer {self.who.key}"},
        )
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            with urllib.request.urlopen(request, timeout=5) as answer:
                said = int(json.load(answer)["lines"])
            self.told = max(self.told, said)
            return said
        return None


async def kept(url: str, batch: Batch) -> dict[str, int]:
    """What is on disk of it: lines by the batch's own count, records, and what finds them."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    pattern = f"%.{batch.name}________.001.%"
    try:
        row = await connection.fetchrow(
            "SELECT coalesce((SELECT lines FROM import_batch WHERE issuer = $1 AND batch = $2), 0)"
            " AS lines, (SELECT count(*) FROM license WHERE identifier LIKE $3) AS records,"
            " (SELECT count(DISTINCT identifier) FROM license_key WHERE identifier LIKE $3)"
            " AS named, (SELECT count(*) FROM license_key WHERE identifier LIKE $3) AS keys",
            batch.who.issuer,
            batch.name,
            pattern,
        )
    finally:
        await connection.close()
    return dict(row)


def judge(ledger: Ledger, batch: Batch, found: dict[str, int], *, ended: bool) -> None:
    """Hold what is on disk against what was told."""
    lines, records = found["lines"], found["records"]
    where = f"{batch.name}: told {batch.told}, {found}"
    if lines < batch.told or records < batch.told:
        ledger.missing.append(where)
    if records > lines or found["keys"] != batch.keys(records):
        ledger.doubled.append(where)
    if records < lines or found["named"] != records or (lines % CHUNK_LINES and not ended):
        ledger.halved.append(where)


def kill_reader(theatre: Theatre) -> None:
    """The process that reads rows; the service itself goes on."""
    for pid in started_by(theatre.service.pid):
        with contextlib.suppress(ProcessLookupError):  # it had ended by itself
            os.kill(pid, signal.SIGKILL)
            theatre.killed["process that reads rows"] += 1


def _ways(theatre: Theatre) -> dict[str, tuple[Callable[[], None], Callable[[], None]]]:
    """How each is killed, and how it comes back."""
    return {
        "database": (theatre.kill_database, theatre.restart_database),
        "service": (theatre.kill_service, theatre.restart_service),
        "reader": (partial(kill_reader, theatre), lambda: None),  # the service starts another
    }


def cycle(theatre: Theatre, ledger: Ledger, who: Pusher, victim: str, name: str) -> None:
    """Push, kill in the middle of it, restart, look, go on, and look again."""
    chance = random.Random(name)
    batch = Batch(theatre.service, who, name)
    pushing = threading.Thread(target=batch.push, args=(0,))
    pushing.start()
    until = time.monotonic() + chance.uniform(*QUIET)
    while time.monotonic() < until:
        batch.look()
        time.sleep(LOOKS)
    kill, restart = _ways(theatre)[victim]
    kill()
    pushing.join(90)
    ledger.cut += not batch.finished
    restart()
    url = theatre.place.env["DATABASE_URL"]
    judge(ledger, batch, asyncio.run(kept(url, batch)), ended=batch.finished)
    for _ in range(TRIES):
        if batch.finished:
            break
        batch.push(batch.look() or 0)
        time.sleep(LOOKS)
    if not batch.finished:
        ledger.other.append(f"{name}: does not come to its end")
    found = asyncio.run(kept(url, batch))
    judge(ledger, batch, found, ended=True)
    if found["records"] != len(batch.lines):
        ledger.missing.append(f"{name}: {found} of {len(batch.lines)} at the end")
    ledger.acknowledged += batch.told


def prove(place: Stage, cycles: int) -> tuple[Ledger, Theatre]:
    who, ledger = pusher(place), Ledger()
    service = place.service([ZHENGYAN, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false")
    theatre = Theatre(place, service)
    service.start("/livez")
    try:
        count = len(VICTIMS) * cycles
        for number in range(count):
            victim = VICTIMS[number % len(VICTIMS)]
            cycle(theatre, ledger, who, victim, f"K{number:03}")
            print(
                f"  {number + 1} of {count}: {victim}; {ledger.acknowledged} lines, "
                f"{len(ledger.missing)} missing, {len(ledger.doubled)} doubled, "
                f"{len(ledger.halved)} half",
                flush=True,
            )
    finally:
        service.stop()
        with contextlib.suppress(Exception):
            theatre.place.server.stop()
    return ledger, theatre


# ---- the twin: a server that acknowledges what it can lose


LOSING: Final = (
    "import app.registry.sessions as s; s.DURABLE = frozenset({'off'}); "
    "from app.cli import main; main()"
)
"""The service with its guard taken out of the way."""


def lose(place: Stage) -> bool:
    """True: the guard refuses such a server, and without it the ledger finds what was lost."""
    who = pusher(place)
    asyncio.run(_set_lossy(place))
    guarded = place.service([ZHENGYAN, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false")
    guarded.start("/livez")
    try:
        refused = _readiness(guarded.port) == 503
    finally:
        guarded.stop()
    print(f"  the service refuses synchronous_commit = off: {refused}", flush=True)
    service = place.service(
        [PYTHON, "-c", LOSING, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false"
    )
    theatre, ledger = Theatre(place, service), Ledger()
    service.start("/livez")
    try:
        for number in range(20):
            batch = Batch(service, who, f"L{number:03}")
            pushing = threading.Thread(target=batch.push, args=(0,))
            pushing.start()
            while batch.told < (CHUNKS // 3) * CHUNK_LINES and pushing.is_alive():
                batch.look()
            theatre.kill_database()
            pushing.join(90)
            theatre.restart_database()
            url = theatre.place.env["DATABASE_URL"]
            judge(ledger, batch, asyncio.run(kept(url, batch)), ended=batch.finished)
            print(f"  lossy {number + 1}: {len(ledger.missing)} missing", flush=True)
            if ledger.missing:
                break
    finally:
        service.stop()
        with contextlib.suppress(Exception):
            theatre.place.server.stop()
    return refused and bool(ledger.missing)


async def _set_lossy(place: Stage) -> None:
    connection = await asyncpg.connect(place.env["DATABASE_URL"].replace("+asyncpg", ""))
    try:
        await connection.execute("ALTER SYSTEM SET synchronous_commit = off")
        await connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


def _readiness(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def told(ledger: Ledger, theatre: Theatre, *, lost: bool) -> str:
    killed = ", ".join(f"{name} {n} times" for name, n in sorted(theatre.killed.items()))
    body = (
        f"{page.ran('python -m proof imports')}\n\n"
        f"Batches of {CHUNKS * CHUNK_LINES} records, one at a time; killed with -9 while they were "
        f"pushed: {killed}; {ledger.cut} batches broke off and went on after their last "
        f"acknowledged line. **{ledger.acknowledged} lines acknowledged; missing "
        f"{len(ledger.missing)}, doubled {len(ledger.doubled)}, half chunks {len(ledger.halved)}**."
        "\n\nOn a server with `synchronous_commit = off` the service is not ready; with that guard "
        f"taken out of the way the same ledger finds a loss: {'yes' if lost else 'NO'}."
    )
    first: Any = next(iter((*ledger.missing, *ledger.doubled, *ledger.halved, *ledger.other)), None)
    return body if first is None else f"{body}\n\nFirst of what is wrong: `{first}`"


def main(arguments: list[str]) -> int:
    only = "--lose" in arguments
    counts = [int(each) for each in arguments if each.isdigit()]
    cycles = counts[0] if counts else CYCLES
    with stage() as place:
        lost = lose(place)
    if only:
        return 0 if lost else 1
    with stage() as place:
        ledger, theatre = prove(place, cycles)
    body = told(ledger, theatre, lost=lost)
    print(body)
    if cycles >= CYCLES:
        page.write_section("imports", "Kills while records are pushed", body)
    return 0 if ledger.holds and lost and ledger.cut else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
