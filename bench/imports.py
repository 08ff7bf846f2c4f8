"""Records over HTTP, beside the same rows, prepared, copied and merged by the same statements.

The floor opens, seals and hashes nothing: it has tuples for COPY in memory, a thousand in each
transaction, over one connection to the same database. Rounds alternate.
"""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import asyncpg

from app.crypto.provider import FolderKeys
from app.domain.batch import Kind
from app.domain.codes import mod_37_36
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.records import Terms
from app.formats.rows import read_ndjson
from app.registry.imports.prepared import START, LicenseRow, Preparing
from app.registry.imports.records import MERGE_SQL, STAGE_SQL, columns, prepared_values
from app.services.importing import CHUNK_LINES
from bench.load import load, post
from bench.materials import world
from bench.measure import ROUNDS, middle, percentile, ratio
from bench.stage import PROJECT, ZHENGYAN, Service, Stage, stage

ROWS = int(os.environ.get("ZHENGYAN_BENCH_ROWS", "100000"))
"""Of one batch; `python -m bench imports --rows N`."""
LARGE: Final = 500_000
"""Rows of a batch from which one round is enough: it lasts minutes."""
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


def tuples(place: Stage, who: Pusher, lines: Sequence[bytes]) -> list[list[tuple[Any, ...]]]:
    """What is copied for these lines, a chunk at a time; not measured."""
    keys = FolderKeys(Path(place.env["ZHENGYAN_KEY_FOLDER"]))
    now = datetime.now(UTC)
    preparing = Preparing(
        kind=Kind.LICENSES,
        read=read_ndjson,
        headers=0,
        terms=Terms(who.issuer, frozenset({who.type}), now),
        keys=keys,
        key_version=keys.hmac_versions()[-1],
    )
    made = []
    for first in range(0, len(lines), CHUNK_LINES):
        chunk = preparing.chunk(first + 1, lines[first : first + CHUNK_LINES], START)
        if chunk.faults:
            raise SystemExit(f"a bad row in the bench: {chunk.faults[0]}")
        made.append(
            [prepared_values(row, keys, now) for row in chunk.rows if isinstance(row, LicenseRow)]
        )
    return made


async def copied(place: Stage, chunks: list[list[tuple[Any, ...]]]) -> float:
    """Seconds to copy and merge them."""
    connection = await asyncpg.connect(place.env["DATABASE_URL"].replace("+asyncpg", ""))
    added = 0
    try:
        begun = time.perf_counter()
        for chunk in chunks:
            async with connection.transaction():
                await connection.execute(STAGE_SQL)
                await connection.copy_records_to_table(
                    "license_stage", columns=columns(), records=chunk
                )
                counts = await connection.fetchrow(MERGE_SQL, datetime.now(UTC))
                added += counts[0]
        took = time.perf_counter() - begun
    finally:
        await connection.close()
    if added != sum(map(len, chunks)):
        raise SystemExit("the floor did not add what it was given")
    return took


def memory(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Watch:
    """The most that a process holds while it is watched."""

    def __init__(self, pid: int) -> None:
        self.before = self.most = memory(pid)
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, memory(self._pid))

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


def p99(port: int, asked: Sequence[bytes], seconds: float) -> float:
    tally = asyncio.run(load(port, asked, 1, seconds))
    if tally.refused:
        raise SystemExit(f"look-ups refused: {tally.sample[:200]!r}")
    return percentile(tally.took, 99)


def measure_imports() -> str:
    """The table, as Markdown."""
    http_rate, floor_rate, memories = list[float](), list[float](), list[tuple[int, int]]()
    quiet, busy = list[float](), list[float]()
    with stage() as place:
        who = pusher(place)
        service = place.service([ZHENGYAN, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false")
        service.start("/livez")
        try:
            warm = rows(who, "W", 5 * CHUNK_LINES)
            over_http(service, who, "W", warm)
            asked = looked_up(who, warm)
            count = 1 if ROWS >= LARGE else ROUNDS
            for number in range(count):
                print(f"  import: round {number + 1} of {count}", file=sys.stderr, flush=True)
                lines = rows(who, f"H{number}", ROWS)
                with Watch(service.pid) as watch:
                    http_rate.append(ROWS / over_http(service, who, f"H{number}", lines))
                memories.append((watch.before, watch.most))
                chunks = tuples(place, who, rows(who, f"F{number}", ROWS))
                floor_rate.append(ROWS / asyncio.run(copied(place, chunks)))
                quiet.append(p99(service.port, asked, LOOK_SECONDS))
                lines = rows(who, f"L{number}", ROWS)
                pushing = threading.Thread(
                    target=over_http, args=(service, who, f"L{number}", lines)
                )
                pushing.start()
                busy.append(p99(service.port, asked, LOOK_SECONDS))
                pushing.join()
        finally:
            service.stop()
    return table(http_rate, floor_rate, memories, quiet, busy)


def table(
    http_rate: list[float],
    floor_rate: list[float],
    memories: list[tuple[int, int]],
    quiet: list[float],
    busy: list[float],
) -> str:
    grown = middle([(most - before) / 2**20 for before, most in memories], digits=1)
    first, last = memories[0][1] / 2**20, memories[-1][1] / 2**20
    held = (
        f"Memory of the worker during a batch: {grown} MiB more than before it; at most "
        f"{first:.0f} MiB in the first round, {last:.0f} MiB in the last."
    )
    looked = (
        f"Look-ups one after another, p99: quiet {middle(quiet, 1000, 1)} ms, during a batch "
        f"{middle(busy, 1000, 1)} ms, **{ratio(busy, quiet)} times** as long."
    )
    share = ratio(http_rate, floor_rate)
    return "\n".join(
        [
            f"{ROWS} rows a batch.",
            "",
            "| | rows a second | to COPY and merge |",
            "|---|---|---|",
            f"| `POST /v1/imports` | {middle(http_rate, digits=0)} | **{share}** |",
            f"| COPY and merge of prepared rows | {middle(floor_rate, digits=0)} | 1 |",
            "",
            held,
            "",
            looked,
        ]
    )
