"""Records over HTTP, beside the same rows, prepared, copied and merged by the same statements.

The floor opens, seals and hashes nothing: it has the octets for COPY in memory, a thousand rows in
each transaction, over one connection to the same database. Rounds alternate.
"""

import asyncio
import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Self

import asyncpg

from app.crypto.provider import FolderKeys
from app.domain.batch import Kind
from app.domain.codes import mod_37_36
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.records import Terms
from app.registry.imports.prepared import START, Chunk, Preparing, Reading
from app.registry.imports.records import MERGE_SQL, copy_rows
from app.services.importing import CHUNK_LINES
from bench.load import load, post
from bench.materials import world
from bench.measure import ROUNDS, middle, percentile, ratio
from bench.stage import PROJECT, ZHENGYAN, Service, Stage, stage

ROWS = int(os.environ.get("ZHENGYAN_BENCH_ROWS", "100000"))
"""Of one batch; `python -m bench imports --rows N`."""
MILLION: Final = 1_000_000
"""Rows of a batch that shows whether anything grows with its length."""
LOOKED: Final = 200_000
"""Rows at most that go in while look-ups are measured, which takes seconds."""
LOOK_SECONDS: Final = 5.0
ROOT: Final = "1.2.156.3005.2"


@dataclass(frozen=True, slots=True)
class Pusher:
    """A caller that may push, and in whose name."""

    issuer: IssuerCode
    type: TypeCode
    key: str


def pusher(place: Stage) -> Pusher:
    body = world().issuers[0]
    code = IssuerCode(body.code)

    def run(*command: str) -> str:
        done = subprocess.run(
            [ZHENGYAN, *command], env=dict(place.env), cwd=PROJECT, check=True, capture_output=True,
            text=True,
        )  # fmt: skip
        return done.stdout.strip()

    run("caller", "tenant", "bench", "--name", "样例", "--code", code)
    run("caller", "add", "bench-pushes", "--tenant", "bench", "--scope", "license:ingest",
        "--purpose", "bench", "--per-minute", "100000000")  # fmt: skip
    return Pusher(code, TypeCode(body.types[0]), run("caller", "key", "bench-pushes"))


def rows(who: Pusher, batch: str, count: int) -> list[bytes]:
    """Lines as an issuer's system writes them; identifiers nobody has had."""
    made = []
    for n in range(count):
        body = f"{who.type}{who.issuer}{batch}{n:08}001"
        id = f"{ROOT}.{who.type}.{who.issuer}.{batch}{n:08}.001.{mod_37_36(body)}"
        made.append(
            json.dumps(
                {
                    "identifier": id,
                    "number": f"{batch}青{n}号",
                    "name": "道路运输经营许可证",
                    "holder": f"样例{n}有限公司",
                    "holder_code": f"91630000{n:010}",
                    "issued_on": "2024-01-01",
                    "valid_from": "2024-01-01",
                    "valid_until": "2029-12-31",
                },
                ensure_ascii=False,
            ).encode()
        )
    return made


def over_http(service: Service, who: Pusher, batch: str, lines: Sequence[bytes]) -> float:
    """Seconds for all of them, from a file, as one request."""
    with tempfile.TemporaryFile() as file:
        file.write(b"\n".join(lines))
        size = file.tell()
        file.seek(0)
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=600)
        begun = time.perf_counter()
        connection.request(
            "POST",
            f"/v1/imports?issuer={who.issuer}&batch={batch}",
            body=file,
            headers={
                "Authorization": f"Bearer {who.key}",
                "Content-Type": "application/x-ndjson",
                "Content-Length": str(size),
            },
        )
        answer = connection.getresponse()
        told = json.loads(answer.read())
        took = time.perf_counter() - begun
    if answer.status != 200 or told["added"] != len(lines):
        raise SystemExit(f"{answer.status}: {str(told)[:300]}")
    return took


def prepared(place: Stage, who: Pusher, lines: Sequence[bytes]) -> list[Chunk]:
    """What is copied for these lines, a chunk at a time; not measured."""
    keys = FolderKeys(Path(place.env["ZHENGYAN_KEY_FOLDER"]))
    now = datetime.now(UTC)
    reading = Reading(
        kind=Kind.LICENSES,
        terms=Terms(who.issuer, frozenset({who.type}), now),
        as_of=now,
        key_version=keys.hmac_versions()[-1],
    )
    preparing, made = Preparing(reading, keys), []
    for first in range(0, len(lines), CHUNK_LINES):
        chunk = preparing.chunk(first + 1, lines[first : first + CHUNK_LINES], START)
        if chunk.faults:
            raise SystemExit(f"a bad row in the bench: {chunk.faults[0]}")
        made.append(chunk)
    return made


async def copied(place: Stage, chunks: Sequence[Chunk]) -> float:
    """Seconds to copy and merge them."""
    connection = await asyncpg.connect(place.env["DATABASE_URL"].replace("+asyncpg", ""))
    added = 0
    try:
        begun = time.perf_counter()
        for chunk in chunks:
            async with connection.transaction():
                await copy_rows(connection, [chunk.ready])
                counts = await connection.fetchrow(MERGE_SQL, datetime.now(UTC))
                added += counts[0]
        took = time.perf_counter() - begun
    finally:
        await connection.close()
    if added != sum(chunk.records for chunk in chunks):
        raise SystemExit("the floor did not add what it was given")
    return took


def started_by(pid: int) -> list[int]:
    """The processes that a process has started and that are there now."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            told = stat.read_text().rpartition(")")[2].split()
            if int(told[1]) == pid:
                found.append(int(stat.parent.name))
    return found


class Watch:
    """The most that a process and those it has started hold while they are watched."""

    def __init__(self, pid: int) -> None:
        self._pids = [pid, *started_by(pid)]
        self.before = self.most = self._memory()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _memory(self) -> int:
        """Resident bytes."""
        pages = (Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in self._pids)
        return sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE")

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, self._memory())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def looked_up(who: Pusher, lines: Sequence[bytes]) -> list[bytes]:
    """Look-ups of records that are there."""
    asked = []
    for line in lines[:200]:
        told = json.loads(line)
        body = {"identifier": told["identifier"], "holder": told["holder"]}
        asked.append(post("/v1/lookups", json.dumps(body).encode()))
    del who
    return asked


def p99(port: int, asked: Sequence[bytes], seconds: float = LOOK_SECONDS) -> float:
    tally = asyncio.run(load(port, asked, 1, seconds))
    if tally.refused:
        raise SystemExit(f"look-ups refused: {tally.sample[:200]!r}")
    return percentile(tally.took, 99)


@dataclass(slots=True)
class Found:
    """One figure a round."""

    rows: int
    """Of one batch."""
    pushed: list[float] = field(default_factory=list)
    """Rows a second over HTTP; and `floor`, by COPY and merge alone."""
    floor: list[float] = field(default_factory=list)
    memories: list[tuple[int, int]] = field(default_factory=list)
    """Before a batch, and at most."""
    quiet: list[float] = field(default_factory=list)
    """p99 of look-ups, seconds; and `during` an import, `beside` COPY and merge alone."""
    during: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    outlasted: int = 0
    """Times that the rows came to their end before the look-ups did."""

    def looked(self, port: int, asked: Sequence[bytes], work: Callable[[], object]) -> float:
        """p99 of look-ups while some work is done."""
        working = threading.Thread(target=work)
        working.start()
        took = p99(port, asked)
        self.outlasted += not working.is_alive()
        working.join()
        return took


def one_round(place: Stage, service: Service, who: Pusher, name: str, found: Found) -> None:
    count, looked = found.rows, min(found.rows, LOOKED)
    warm = rows(who, f"{name}W", 200)
    over_http(service, who, f"{name}W", warm)
    asked = looked_up(who, warm)
    lines = rows(who, f"{name}H", count)
    with Watch(service.pid) as watch:
        found.pushed.append(count / over_http(service, who, f"{name}H", lines))
    found.memories.append((watch.before, watch.most))
    chunks = prepared(place, who, rows(who, f"{name}F", count))
    found.floor.append(count / asyncio.run(copied(place, chunks)))
    found.quiet.append(p99(service.port, asked))
    lines = rows(who, f"{name}L", looked)
    push = partial(over_http, service, who, f"{name}L", lines)
    found.during.append(found.looked(service.port, asked, push))
    chunks = prepared(place, who, rows(who, f"{name}B", looked))
    copy = partial(copied, place, chunks)
    found.beside.append(found.looked(service.port, asked, lambda: asyncio.run(copy())))


def measure_imports() -> str:
    """The table, as Markdown."""
    return measured(Found(ROWS), ROUNDS)


def measure_million() -> str:
    """The same of one long batch, once."""
    return measured(Found(MILLION), 1)


def measured(found: Found, rounds: int) -> str:
    with stage() as place:
        who = pusher(place)
        service = place.service([ZHENGYAN, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false")
        service.start("/livez")
        try:
            over_http(service, who, "W", rows(who, "W", 5 * CHUNK_LINES))
            for number in range(rounds):
                print(f"  import: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
                one_round(place, service, who, f"R{number}", found)
        finally:
            service.stop()
    return table(found)


def table(found: Found) -> str:
    memories = found.memories
    grown = middle([(most - before) / 2**20 for before, most in memories], digits=1)
    first, last = memories[0][1] / 2**20, memories[-1][1] / 2**20
    held = (
        f"Memory of the worker and of its process that reads rows, during a batch: {grown} MiB "
        f"more than before it; at most {first:.0f} MiB in the first round, {last:.0f} MiB in the "
        "last."
    )
    looked = (
        f"Look-ups one after another, p99: quiet {middle(found.quiet, 1000, 1)} ms; during a batch "
        f"{middle(found.during, 1000, 1)} ms, **{ratio(found.during, found.quiet)} times** as "
        f"long; during COPY and merge alone {middle(found.beside, 1000, 1)} ms, "
        f"{ratio(found.beside, found.quiet)} times. So during a batch "
        f"{ratio(found.during, found.beside)} times as long as beside the database's own work."
    )
    if found.outlasted:
        looked += f" In {found.outlasted} of {2 * len(found.quiet)} the rows ended first."
    share = ratio(found.pushed, found.floor)
    return "\n".join(
        [
            f"{found.rows:,} rows a batch.",
            "",
            "| | rows a second | to COPY and merge |",
            "|---|---|---|",
            f"| `POST /v1/imports` | {middle(found.pushed, digits=0)} | **{share}** |",
            f"| COPY and merge of prepared rows | {middle(found.floor, digits=0)} | 1 |",
            "",
            held,
            "",
            looked,
        ]
    )
