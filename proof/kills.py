"""Kill PostgreSQL, the service or both, while verifications run; nothing acknowledged may be lost.

    python -m proof.kills [CYCLES]

A client keeps a ledger of every report it was given whole. After each kill -9 and restart all of
them must read back, byte for byte the same JWS, and have its row in the audit log, whose chains
must hold: each time. Beside them look-ups are made, each for a matter (事项编码) of its own, by
which the row of every one that was answered must be found. Meanwhile an answer is 200, 503, or no
answer; never another status, and never a report that is not kept.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import random
import secrets
import signal
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from app.registry.audit import CHAINS, PostgresAudit
from app.registry.sessions import Database
from app.reports.canonical import canonical
from bench.load import connect, post
from bench.materials import world
from bench.stage import ZHENGYAN, Service, Stage, stage
from embedded import start
from proof.parts import page
from sandbox.serve import Servers, serve_in_thread

CYCLES = 50
LANES = 6
LOOKING = 12
"""Clients that look up beside them: more than one row waits for each commit."""
QUIET = (0.3, 1.5)
"""Seconds of work before the kill, between these."""
AFTER = 0.3
"""Seconds of work after the kill and before the restart: what is answered while it is down?"""
ALLOWED = frozenset({200, 503})
PAUSE = 0.02
NEVER_GIVEN = "A" * 22


@dataclass(slots=True)
class Ledger:
    """What the client was told."""

    reports: dict[str, str] = field(default_factory=dict)
    """Id → JWS, of every answer that came whole."""
    digests: set[str] = field(default_factory=set)
    """SHA-256 of each report, as its audit row must have it."""
    matters: set[str] = field(default_factory=set)
    """Of every look-up that was answered."""
    statuses: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)

    def note(self, status: int, body: bytes) -> None:
        self.statuses[str(status)] += 1
        if status == 200:
            answer = json.loads(body)
            self.reports[answer["report"]["id"]] = answer["jws"]
            self.digests.add(hashlib.sha256(canonical(answer["report"])).hexdigest())
        self._refuse(status, body)

    def note_look_up(self, status: int, body: bytes, matter: str) -> None:
        self.statuses[f"look-up {status}"] += 1
        if status == 200:
            self.matters.add(matter)
        self._refuse(status, body)

    def _refuse(self, status: int, body: bytes) -> None:
        if status not in ALLOWED:
            self.bad.append(f"{status} {body[:200]!r}")


async def work(port: int, bodies: Sequence[bytes], ledger: Ledger, stop: asyncio.Event) -> None:
    """One lane: ask, note, ask again; a lost connection is no answer."""
    chance = random.Random(port)
    while not stop.is_set():
        try:
            connection = await connect(port)
            while not stop.is_set():
                request = post("/v1/verifications", chance.choice(bodies))
                status, body = await asyncio.wait_for(connection.ask(request), 20)
                ledger.note(status, body)
            connection.close()
        except (OSError, TimeoutError):
            ledger.statuses["no answer"] += 1
            await asyncio.sleep(PAUSE)


async def look_up(port: int, ledger: Ledger, stop: asyncio.Event) -> None:
    """One lane of look-ups, of licenses that nobody pushed: told or not, each has its row."""
    while not stop.is_set():
        try:
            connection = await connect(port)
            while not stop.is_set():
                matter = f"M-{secrets.token_hex(8)}"
                asked = {"number": matter, "type": "1" * 21, "holder": "某某某", "matter": matter}
                request = post("/v1/lookups", json.dumps(asked).encode())
                status, body = await asyncio.wait_for(connection.ask(request), 20)
                ledger.note_look_up(status, body, matter)
            connection.close()
        except (OSError, TimeoutError):
            ledger.statuses["no answer"] += 1
            await asyncio.sleep(PAUSE)


@dataclass(slots=True)
class Theatre:
    """What can be killed, and how it comes back."""

    place: Stage
    service: Service
    killed: Counter[str] = field(default_factory=Counter)

    def kill_database(self) -> None:
        os.kill(self.place.server.pid, signal.SIGKILL)
        self.killed["PostgreSQL"] += 1

    def restart_database(self) -> None:
        self.place.server.stop()  # what is left of it: its lock
        self.place = Stage(self.place.folder, start(self.place.folder / "postgres"), self.place.env)

    def kill_service(self) -> None:
        os.kill(self.service.pid, signal.SIGKILL)
        self.killed["service"] += 1

    def restart_service(self) -> None:
        self.service.stop()
        self.service.start("/livez")

    def kill_both(self) -> None:
        self.kill_database()
        self.kill_service()

    def restart_both(self) -> None:
        self.restart_database()
        self.restart_service()


def victims(theatre: Theatre) -> Mapping[str, tuple[Callable[[], None], Callable[[], None]]]:
    """Whom a cycle kills: more kinds of work and of victims are added here."""
    return {
        "database": (theatre.kill_database, theatre.restart_database),
        "service": (theatre.kill_service, theatre.restart_service),
        "both": (theatre.kill_both, theatre.restart_both),
    }


async def cycle(
    theatre: Theatre,
    ledger: Ledger,
    bodies: Sequence[bytes],
    victim: tuple[Callable[[], None], Callable[[], None]],
    quiet: float,
) -> None:
    """Work, kill in the middle of it, work on, restart, and stop working."""
    kill, restart = victim
    stop = asyncio.Event()
    port = theatre.service.port
    lanes = [asyncio.create_task(work(port, bodies, ledger, stop)) for _ in range(LANES)]
    lanes += [asyncio.create_task(look_up(port, ledger, stop)) for _ in range(LOOKING)]
    try:
        await asyncio.sleep(quiet)
        kill()
        await asyncio.sleep(AFTER)
        restart()  # blocks the lanes too: they wait like any client
        await asyncio.sleep(AFTER)
    finally:
        stop.set()
        await asyncio.gather(*lanes)


def lost(port: int, reports: Mapping[str, str]) -> list[str]:
    """Ids that do not read back with the very JWS that was handed out."""
    return [id for id, jws in reports.items() if _kept(port, id) != jws]


def _kept(port: int, id: str) -> str | None:
    url = f"http://127.0.0.1:{port}/v1/verifications/{id}"
    for _ in range(5):  # the pool may still hold connections from before
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return str(json.load(answer)["jws"])
        except urllib.error.HTTPError as refused:
            if refused.code == 404:
                return None
        time.sleep(0.2)
    return None


async def audited(
    url: str, digests: AbstractSet[str], matters: AbstractSet[str]
) -> tuple[int, list[str]]:
    """Rows of the audit log; and its flaws, with every acknowledged report and look-up it knows
    nothing of.
    """
    database = await Database.open(url)
    try:
        log = PostgresAudit(database)
        rows, found = await log.verify()
        known, named = set[str](), set[str]()
        for chain in range(CHAINS):
            async for link in log.links(chain):
                row = json.loads(link.body)
                known.add(row["report_digest"] or "")
                named.add(row["matter"] or "")
    finally:
        await database.close()
    flaws = [f"chain {f.chain} row {f.seq}: {f.flaw}" for f in found]
    flaws += [f"no row for report {digest}" for digest in sorted(digests - known)]
    return rows, flaws + [f"no row for look-up {matter}" for matter in sorted(matters - named)]


def prove(place: Stage, servers: Servers, cycles: int) -> tuple[str, bool]:
    bodies = [
        json.dumps({"token": world().token(license).decode()}).encode()
        for body in world().issuers
        for license in world().of(body.name, "in_force")[:8]
    ]
    service = place.service([ZHENGYAN, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false")
    theatre, ledger, chance = Theatre(place, service), Ledger(), random.Random(3)
    missing: list[str] = []
    flaws = dict[str, None]()
    url = place.env["DATABASE_URL"]
    service.start("/livez")
    try:
        for number in range(cycles):
            name, victim = list(victims(theatre).items())[number % 3]
            known = set(ledger.reports)
            asyncio.run(cycle(theatre, ledger, bodies, victim, chance.uniform(*QUIET)))
            fresh = {i: jws for i, jws in ledger.reports.items() if i not in known}
            missing += lost(service.port, fresh)
            _, found = asyncio.run(audited(url, ledger.digests, ledger.matters))
            flaws |= dict.fromkeys(found)
            print(
                f"  cycle {number + 1} of {cycles}: {name}; {len(fresh)} acknowledged, "
                f"{len(missing)} lost, {len(flaws)} flaws in the audit log so far; "
                f"{len(ledger.matters)} look-ups",
                flush=True,
            )
        missing += lost(service.port, ledger.reports)  # and none of them later
        if not lost(service.port, {NEVER_GIVEN: ""}):
            raise SystemExit("a report that was never given reads back: nothing would be proven")
        rows, found = asyncio.run(audited(url, ledger.digests, ledger.matters))
        flaws |= dict.fromkeys(found)
        more = {*ledger.digests, NEVER_GIVEN}, {*ledger.matters, NEVER_GIVEN}
        if len(asyncio.run(audited(url, *more))[1]) != len(found) + 2:
            raise SystemExit("a report nobody gave has an audit row: nothing would be proven")
    finally:
        service.stop()
        with contextlib.suppress(Exception):
            theatre.place.server.stop()
    body, held = told(theatre, ledger, missing, cycles, sum(servers.calls.values()))
    body += (
        f"\n\nThe audit log holds {rows} rows. After each of the {cycles} restarts, and at the end,"
        " every chain was verified and searched for the row of every acknowledged report, and of "
        f"each of {len(ledger.matters)} look-ups answered to {LOOKING} more clients: "
        f"**{len(flaws)} flaws, or acknowledged answers without a row**."
    )
    if flaws:
        body += f"\n\nFirst of them: `{next(iter(flaws))}`"
    return body, held and not flaws


def told(
    theatre: Theatre, ledger: Ledger, missing: Sequence[str], cycles: int, calls: int
) -> tuple[str, bool]:
    statuses = ", ".join(f"{status}: {n}" for status, n in sorted(ledger.statuses.items()))
    killed = ", ".join(f"{name} {n} times" for name, n in sorted(theatre.killed.items()))
    held = not missing and not ledger.bad and len(ledger.reports) > cycles < len(ledger.matters)
    body = (
        f"{page.ran('python -m proof kills')}\n\n"
        f"{cycles} cycles under {LANES} clients at once; killed with -9: {killed}. "
        f"**{len(ledger.reports)} reports acknowledged, {len(missing)} of them not there, or not "
        f"the same, after the restart**; all were read back once more at the end. Answers: "
        f"{statuses}; {len(ledger.bad)} with another status. The issuers were asked {calls} times."
    )
    if ledger.bad:
        body += f"\n\nFirst of the others: `{ledger.bad[0]}`"
    return body, held


def main() -> int:
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES
    with serve_in_thread(world(), anyone=True) as servers, stage(servers.endpoints) as place:
        body, held = prove(place, servers, cycles)
    print(body)
    if cycles >= CYCLES:
        page.write_section("kills", "Kills", body)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
