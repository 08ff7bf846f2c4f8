"""Kill workers and the database while a job runs: each item is answered once.

    python -m proof.jobs [ITEMS]

A job of ITEMS mixed lines (good, forged and ended tokens, numbers that match and that do not, lines
that are none) is worked off while a worker, the database, or both are killed with -9, many times.
At the end each item has one line, each verdict one row and one place in the audit log, and no
verdict is beside them.
"""

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from app.registry.audit import PostgresAudit
from app.registry.sessions import Database
from bench.materials import world
from bench.stage import PROJECT, ZHENGYAN, Service, Stage, stage
from embedded import spawn, start
from embedded.tied import Tied
from proof.parts import page
from sandbox.serve import serve_in_thread

ITEMS = 10_000
KILLS = 12
PATIENCE = 3600.0
"""Seconds a job may take."""
PURPOSE = "loan-check"
EXPECTED = {
    "good": "valid",
    "forged": "invalid signature_invalid",
    "number": "valid",
    "differs": "invalid record_mismatch",
    "none": "problem refused",
}
"""Kind of item → how it ends, every one of them."""


@dataclass(slots=True)
class Worker:
    """A worker process; may be killed and started again."""

    place: "Theatre"
    tied: Tied | None = field(default=None, repr=False)

    def start(self) -> None:
        log = self.place.stage.folder / "worker.log"
        with log.open("ab") as out:
            env = self.place.stage.env
            self.tied = spawn([ZHENGYAN, "worker"], log=out, env=env, cwd=PROJECT)

    def kill(self) -> None:
        if self.tied is not None:
            os.kill(self.tied.process.pid, signal.SIGKILL)
            self.tied.process.wait()
            self.tied.release()
            self.tied = None

    def stop(self) -> None:
        if self.tied is not None:
            self.tied.process.terminate()
            try:
                self.tied.process.wait(30)
            except subprocess.TimeoutExpired:
                self.tied.process.kill()
                self.tied.process.wait()
            self.tied.release()
            self.tied = None


@dataclass(slots=True)
class Theatre:
    """What can be killed, and how it comes back."""

    stage: Stage
    service: Service
    key: str
    killed: Counter[str] = field(default_factory=Counter)

    def ask(self, path: str, body: bytes | None = None, media: str = "", method: str = "") -> bytes:
        """Asked again while the database is away."""
        url = f"http://127.0.0.1:{self.service.port}{path}"
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": media or "text/plain"}
        end = time.monotonic() + 60
        while True:
            asked = urllib.request.Request(url, body, headers, method=method or None)
            try:
                with urllib.request.urlopen(asked, timeout=120) as answer:
                    return bytes(answer.read())
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)

    def job(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask(f"/v1/jobs/{id}"))
        return found

    def kill_database(self) -> None:
        os.kill(self.stage.server.pid, signal.SIGKILL)
        self.stage.server.stop()  # what is left of it: its lock
        again = start(self.stage.folder / "postgres")
        self.stage = Stage(self.stage.folder, again, self.stage.env)
        self.killed["PostgreSQL"] += 1


def account(place: Stage) -> str:
    """An API key of a caller that may send anything."""
    scopes = ("verify:batch", "verify:token", "verify:number", "verify:file")
    given = [part for scope in scopes for part in ("--scope", scope)]
    for arguments in (
        ("caller", "tenant", "bank", "--name", "样例银行", "--region", "630000"),
        ("caller", "add", "jobs", "--tenant", "bank", *given, "--purpose", PURPOSE),
        ("caller", "key", "jobs"),
    ):
        done = subprocess.run(
            [ZHENGYAN, *arguments], env=dict(place.env), check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"zhengyan {' '.join(arguments)}: {done.stderr}")
    found = re.search(r"zy_\w+", done.stdout)
    if found is None:
        raise SystemExit("no key")
    return found[0]


def lines(count: int) -> bytes:
    """Items of every kind in turn; the id says which."""
    made = world()
    licenses = [each for body in made.issuers for each in made.of(body.name, "in_force")]
    tokens = [made.token(license).decode() for license in licenses]
    out = io.StringIO()
    kinds = list(EXPECTED)
    for n in range(count):
        kind, at = kinds[n % len(kinds)], n // len(kinds) % len(licenses)
        license, token = licenses[at], tokens[at]
        head, body, value = token.split(".")
        facts = {"identifier": license.id, "number": license.number}
        grounds: dict[str, dict[str, str]] = {
            "good": {"token": token},
            "forged": {"token": f"{head}.{body}.{'B' if value[:1] == 'A' else 'A'}{value[1:]}"},
            "number": {**facts, "holder": license.holder.name},
            "differs": {**facts, "holder": "别人"},
            "none": {"number": license.number},
        }
        out.write(json.dumps({"id": f"{kind}-{n}", **grounds[kind]}, ensure_ascii=False) + "\n")
    return out.getvalue().encode()


def told(answered: dict[str, Any]) -> str:
    if "problem" in answered:
        return "problem " + str(answered["problem"]["type"]).rpartition("/")[2]
    report = answered["report"]
    reason = report["reason"]["code"] if report["reason"] else ""
    return f"{report['conclusion']} {reason}".strip()


def survive(theatre: Theatre, items: int) -> tuple[str, bool]:
    """One job, many kills."""
    before = theatre_count(theatre)
    body = lines(items)
    sent = theatre.ask(f"/v1/jobs?purpose={PURPOSE}", body, "application/x-ndjson")
    id, worker = json.loads(sent)["id"], Worker(theatre)
    begun = time.monotonic()
    worker.start()
    steps = [items * step // (KILLS + 1) for step in range(1, KILLS + 1)]
    try:
        while (job := theatre.job(id))["finished_at"] is None:
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"not over in time: {job}")
            done = job["answered"] + job["refused"]
            if steps and done >= steps[0]:
                steps.pop(0)
                victim = len(steps) % 3
                if victim in (0, 2):
                    worker.kill()
                    theatre.killed["worker"] += 1
                if victim in (1, 2):
                    theatre.kill_database()
                if victim in (0, 2):
                    worker.start()
                print(f"  killed at {done} of {items}", flush=True)
            time.sleep(0.2)
    finally:
        worker.stop()
    took = time.monotonic() - begun
    return asyncio.run(judged(theatre, id, items, before, took))


def theatre_count(theatre: Theatre) -> int:
    async def count() -> int:
        connection = await asyncpg.connect(
            theatre.stage.env["DATABASE_URL"].replace("+asyncpg", "")
        )
        try:
            return int(await connection.fetchval("SELECT count(*) FROM verification"))
        finally:
            await connection.close()

    return asyncio.run(count())


async def judged(
    theatre: Theatre, id: str, items: int, before: int, took: float
) -> tuple[str, bool]:
    """Everything that must be true at the end."""
    found = [json.loads(line) for line in theatre.ask(f"/v1/jobs/{id}/results").splitlines()]
    names = Counter(each["id"] for each in found)
    wrong = [e["id"] for e in found if told(e) != EXPECTED[e["id"].partition("-")[0]]]
    reports = [each["report"]["id"] for each in found if "report" in each]
    url = theatre.stage.env["DATABASE_URL"]
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        rows = int(await connection.fetchval("SELECT count(*) FROM verification")) - before
        kept = await connection.fetch("SELECT id FROM verification WHERE id = ANY ($1)", reports)
        logged = await connection.fetch(
            "SELECT convert_from(body, 'UTF8')::jsonb->>'report' AS report FROM audit"
        )
    finally:
        await connection.close()
    log = Counter(row["report"] for row in logged if row["report"] is not None)
    database = await Database.open(url)
    try:
        _, flaws = await PostgresAudit(database).verify()
    finally:
        await database.close()
    twice = [name for name, count in names.items() if count != 1]
    doubled = [name for name, count in log.items() if count != 1]
    held = (
        len(names) == items
        and not (twice or wrong or doubled or flaws)
        and rows == len(reports) == len(kept) == len(set(reports))
        and sum(theatre.killed.values()) > 0
    )
    if len(wrong) == len(found):
        raise SystemExit("no item ended as it should: nothing would be proven")
    killed = ", ".join(f"{name} {count} times" for name, count in sorted(theatre.killed.items()))
    body = (
        f"A job of {items} mixed items ({len(EXPECTED)} kinds in turn), one worker; killed with -9 "
        f"meanwhile: {killed}. Over after {took:.0f} s. **{len(names)} of {items} items answered, "
        f"{len(twice)} of them not exactly once**; {len(wrong)} with another end than their kind "
        f"has; {rows} verdicts kept for {len(reports)} told; {len(doubled)} reports with several "
        f"rows in the audit log, {len(flaws)} flaws in its chains."
    )
    return body, held


@contextmanager
def opened(place: Stage) -> Iterator[Theatre]:
    service = place.service([ZHENGYAN, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false")
    key = account(place)
    service.start("/livez")
    theatre = Theatre(place, service, key)
    try:
        yield theatre
    finally:
        service.stop()
        theatre.stage.server.stop()


def main(arguments: Sequence[str]) -> int:
    items = int(arguments[0]) if arguments else ITEMS
    with (
        serve_in_thread(world(), anyone=True) as servers,
        stage(servers.endpoints) as place,
        opened(place) as theatre,
    ):
        body, held = survive(theatre, items)
    print(body)
    page.write_section("jobs", "Jobs", f"{page.ran('python -m proof jobs')}\n\n{body}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
