"""任务: uploads answered by a worker beside the service; each item once, whatever dies meanwhile."""

import asyncio
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.composition import working
from app.crypto.provider import FolderKeys
from app.domain.caller import Scope, Tenant
from app.domain.errors import Unavailable
from app.domain.job import ItemForm, JobKind
from app.domain.verification import Receipt, Submission
from app.registry.jobs import CHUNK, AnsweredBefore, ItemJournal, PostgresJobs
from app.registry.sessions import Database
from app.routers import jobs as http
from app.routers.job_items import MOST, items_of
from app.schemas.batch import BatchLineOut
from app.schemas.job import CSV_ROWS
from app.services.jobs import TRIES, Works
from sandbox.attacks import ATTACKS
from sandbox.serve import Servers
from tests.batch.conftest import ALL, PURPOSE, Bank, register
from tests.jobs.dying import DEADLY
from tests.sandbox.test_digests import body_of
from tests.service import Service, line, new_database, serving
from tests.zipmaker import plain as zip_of

PROJECT = Path(__file__).parents[2]
JOBS = "/v1/jobs"
SOON = 60.0
CANARY = "CANARY7f3a"
CALLERS: dict[str, tuple[tuple[Scope, ...], int]] = {
    "jobs-all": (ALL, 1_000_000),
    "jobs-tokens": ((Scope.VERIFY_BATCH, Scope.VERIFY_TOKEN), 1_000_000),
    "jobs-none": ((Scope.VERIFY_FILE,), 1_000_000),
}
ZIP, CSV, NDJSON = "application/zip", "text/csv", "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Room:
    """A service with a bank that sends jobs, and workers that can be killed."""

    bank: Bank
    service: Service

    def send(self, body: bytes, media: str, who: str = "jobs-all", **terms: Any) -> httpx.Response:
        headers = {**self.bank.headers(who), "Content-Type": media}
        params = {"purpose": PURPOSE, **terms}
        return self.service.client.post(JOBS, content=body, headers=headers, params=params)

    def taken(self, body: bytes, media: str, **more: str) -> str:
        answer = self.send(body, media, **more)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def get(self, path: str, who: str = "jobs-all", **params: str) -> httpx.Response:
        url = f"{JOBS}/{path}"
        return self.service.client.get(url, headers=self.bank.headers(who), params=params)

    def job(self, id: str) -> dict[str, Any]:
        answer = self.get(id)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def over(self, id: str) -> dict[str, Any]:
        """The job, once it is."""
        end = time.monotonic() + SOON
        while (job := self.job(id))["finished_at"] is None:
            assert time.monotonic() < end, job
            time.sleep(0.1)
        return job

    def lines(self, id: str) -> list[dict[str, Any]]:
        answer = self.get(f"{id}/results")
        assert answer.status_code == 200
        return [json.loads(text) for text in answer.text.splitlines()]

    def environment(self) -> dict[str, str]:
        """Of a worker."""
        settings = self.service.settings
        return {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "DATABASE_URL": self.service.database_url,
            "ZHENGYAN_KEY_FOLDER": str(settings.key_folder),
            "ZHENGYAN_NODE_ID": settings.node_id,
        }

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from app.cli import main; main()", "worker"],
            cwd=PROJECT,
            env=self.environment(),
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:  # by itself, by the test, or before it had begun
                assert process.wait(20) in (0, -signal.SIGKILL, -signal.SIGTERM)
            finally:
                process.kill()
                process.wait()


@contextmanager
def _room(url: str, folder: Path, issuers: Servers) -> Iterator[Room]:
    with serving(url, folder, issuers) as node:
        node.register()
        bank = register(node, CALLERS)
        node.write(_other_tenant)
        yield Room(bank, node)


@pytest.fixture(scope="module")
def room(
    database_url: str, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """Without a worker, until a test starts one."""
    url = new_database(database_url, "jobs_quiet")
    with _room(url, tmp_path_factory.mktemp("quiet"), sandbox_issuers) as made:
        yield made


async def _other_tenant(session: Any) -> None:
    from app.registry import callers

    await callers.add_tenant(session, Tenant("other-bank", "样例", None, "630000"))


@pytest.fixture(scope="module")
def working_room(
    database_url: str, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """Another one, with a worker."""
    url = new_database(database_url, "jobs_working")
    with _room(url, tmp_path_factory.mktemp("working"), sandbox_issuers) as made, made.worker():
        yield made


def told(answered: dict[str, Any]) -> str:
    if "problem" in answered:
        return f"{answered['problem']['type'].rpartition('/')[2]} {answered['problem'].get('field', '')}".strip()
    return line(answered["report"])


def rows(items: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()


# ---- what is uploaded


def test_lines_of_every_kind_are_answered_as_single_ones_are(working_room: Room) -> None:
    room, world = working_room, working_room.service.world
    license = world.pick("traffic")
    good, forged = world.token(license).decode(), ATTACKS["foreign_key"].make(world).decode()
    id = room.taken(
        rows(
            [
                {"id": "good", "token": good},
                {"id": "forged", "token": forged},
                {
                    "id": "number",
                    "identifier": license.id,
                    "holder": license.holder.name,
                    "number": license.number,
                },
                {"id": "no type", "number": "N-1"},
                {"id": "other purpose", "token": good, "purpose": "else"},
                {"id": "the future", "token": good, "at": "2999-01-01T00:00:00Z"},
            ]
        )
        + b"{\n\n",
        NDJSON,
    )
    job = room.over(id)
    counts = (job["state"], job["items"], job["answered"], job["refused"])
    assert counts == ("done", 7, 3, 4)
    found = {each["id"]: each for each in room.lines(id)}
    assert {name: told(each) for name, each in found.items()} == {
        "good": "valid",
        "forged": room.service.told(token=forged),
        "number": "valid",
        "no type": "refused type",
        "other purpose": "bad-request purpose",
        "the future": "refused at",
        "7": "refused row",
    }
    for each in found.values():
        BatchLineOut.model_validate_json(json.dumps(each))
        if "report" in each:
            kept = "SELECT jws, tenant FROM verification WHERE id = $1"
            (row,) = room.service.sql(kept, each["report"]["id"])
            assert (row["jws"], row["tenant"]) == (each["jws"], "batch-bank")


def test_digests_of_files_that_stay_with_the_caller(working_room: Room) -> None:
    """Beside one altered digest, and where they are not offered: the address of a job."""
    room, world = working_room, working_room.service.world
    license = world.of("market", "in_force")[0]
    content = world.ofd(license, "stamp-service")
    room.service.issuers.register_document(license.id, content)
    good, bad = body_of(content), body_of(content)
    bad["digests"]["file"]["value"] = "ab" * 32
    id = room.taken(rows([{"id": "good", **good}, {"id": "bad", **bad}]), NDJSON)
    assert room.over(id)["state"] == "done"
    found = {each["id"]: each for each in room.lines(id)}
    assert {name: told(each) for name, each in found.items()} == {
        "good": room.service.told(**good),
        "bad": room.service.told(**bad),
    }
    assert {each["report"]["basis"] for each in found.values()} == {"digests"}
    assert found["good"]["report"]["answer"]["said"]["document"] == "match"
    assert told(found["bad"]) == "invalid record_mismatch"
    for media, body in ((ZIP, zip_of({"a": b"b"})), (NDJSON, rows([good]))):
        answer = room.send(body, media, digests="{}")
        assert (answer.status_code, answer.json()["field"]) == (422, "digests")


def test_documents_of_an_archive(working_room: Room) -> None:
    room, world = working_room, working_room.service.world
    good, bad = world.token(world.pick("traffic")), ATTACKS["foreign_key"].make(world)
    archive = zip_of({"一/good.jws": good, "bad.jws": bad, "text.txt": b"nothing", "empty": b""})
    id = room.taken(archive, ZIP)
    assert room.over(id)["state"] == "done"
    assert {each["id"]: told(each) for each in room.lines(id)} == {
        "一/good.jws": "valid",
        "bad.jws": room.service.told(bad),
        "text.txt": "unrecognised-format file",
        "empty": "bad-request file",
    }


def test_rows_of_a_table_and_results_as_a_table(working_room: Room) -> None:
    room, license = working_room, working_room.service.world.pick("traffic")
    table = "\ufeffid,identifier,number,holder\n"
    table += f"=1+1,{license.id},{license.number},{license.holder.name}\n"
    table += f",{license.id},{license.number},别人\n"
    table += "three,,N-1,\n"
    id = room.taken(table.encode(), CSV)
    assert room.over(id)["state"] == "done"
    answer = room.get(f"{id}/results", format="csv")
    assert answer.headers["content-type"].startswith("text/csv")
    read = list(csv.reader(io.StringIO(answer.text)))
    assert read[0] == ["id", "line", "conclusion", "reason", "report", "problem", "field"]
    assert [row[:4] + row[5:] for row in read[1:]] == [
        ["'=1+1", "2", "valid", "", "", ""],
        ["3", "3", "invalid", "record_mismatch", "", ""],
        ["three", "4", "", "", "refused", "type"],
    ]


WRONG: list[tuple[str, bytes, str]] = [
    ("no archive", b"PK\x03\x04 nothing", ZIP),
    ("an archive with a stranger behind it", zip_of({"a": b"b"}) + b"x", ZIP),
    ("an empty archive", zip_of({}), ZIP),
    ("a bomb", zip_of({"a": bytes(40 << 20)}), ZIP),
    ("an unknown column", b"id,url\na,b\n", CSV),
    ("no header", b'"\n', CSV),
    ("a header alone", b"id,number\n", CSV),
    ("too many", b"{}\n" * (MOST + 1), NDJSON),
    ("twenty million lines that hold nothing", b"\n" * 20_000_000, NDJSON),
]


@pytest.mark.parametrize(("name", "body", "media"), WRONG, ids=[name for name, _, _ in WRONG])
def test_what_cannot_be_read_is_refused_whole_with_its_problem(
    working_room: Room, name: str, body: bytes, media: str
) -> None:
    id = working_room.taken(body, media)
    job = working_room.over(id)
    assert (job["state"], job["items"]) == ("refused", None), name
    assert job["problem"]["detail"]
    assert working_room.lines(id) == []
    assert not working_room.service.sql("SELECT 1 FROM job_piece WHERE job = $1", id)


def test_what_is_refused_at_the_door(room: Room) -> None:
    for body, media, terms, status, field in (
        (b"x", "text/plain", {}, 415, "content-type"),
        (b"", NDJSON, {}, 422, "body"),
        (b"{}", NDJSON, {"purpose": "else"}, 422, "purpose"),
        (b"{}", NDJSON, {"sm-only": "true"}, 422, "sm-only"),
        (b"{}", NDJSON, {"digests": "{}"}, 422, "digests"),
        (b"{}", NDJSON, {"policies": "license"}, 422, "policies"),
        (b"{}", NDJSON, {"张三": "x"}, 422, "query"),
        (b"{}", NDJSON, {"sm_only": ["true", "false"]}, 422, "sm_only"),
        (b"{}", NDJSON, {"at": "2999-01-01T00:00:00Z"}, 422, "at"),
        (b"x" * (room.service.settings.max_upload + 1), ZIP, {}, 413, "body"),
    ):
        answer = room.send(body, media, **terms)
        assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert room.send(b"{}", NDJSON, who="jobs-none").status_code == 403
    assert room.service.client.post(JOBS, content=b"{}").status_code == 403


def test_scopes_are_those_of_the_caller_that_sent_it(working_room: Room) -> None:
    license = working_room.service.world.pick("traffic")
    token = working_room.service.world.token(license).decode()
    id = working_room.taken(
        rows([{"id": "t", "token": token}, {"id": "n", "identifier": license.id}]),
        NDJSON,
        who="jobs-tokens",
    )
    working_room.over(id)
    found = {each["id"]: told(each) for each in working_room.lines(id)}
    assert found == {"t": "valid", "n": "forbidden authorization"}


# ---- what is kept, for whom, and how long


def test_a_job_is_its_tenants_alone(room: Room) -> None:
    id = room.taken(CSV_ROWS.encode(), CSV)
    missing = room.get("A" * 22)
    assert missing.status_code == 404
    room.service.sql("UPDATE job SET tenant = 'other-bank' WHERE id = $1", id)
    for path in (id, f"{id}/results", f"{id}/events"):
        answer = room.get(path)
        assert (answer.status_code, answer.content) == (404, missing.content)
    url = f"{JOBS}/{id}"
    assert room.service.client.delete(url, headers=room.bank.headers("jobs-all")).status_code == 404
    room.service.sql("DELETE FROM job WHERE id = $1", id)


def test_uploads_are_unreadable_where_they_lie_and_deleted_as_they_are_answered(room: Room) -> None:
    id = room.taken(f"id,number,holder\n{CANARY},{CANARY},{CANARY}\n".encode(), CSV)

    def kept() -> bytes:
        found = b""
        for table in ("job", "job_piece", "job_item"):
            for row in room.service.sql(f"SELECT * FROM {table}"):
                found += b"".join(
                    each if isinstance(each, bytes) else str(each).encode() for each in row.values()
                )
        return found

    assert room.service.sql("SELECT 1 FROM job_piece WHERE job = $1", id)
    assert CANARY.encode() not in kept()
    with room.worker():
        room.over(id)
    assert CANARY.encode() not in kept()
    assert not room.service.sql("SELECT 1 FROM job_piece WHERE job = $1", id)
    assert not room.service.sql("SELECT 1 FROM job_item WHERE job = $1 AND content IS NOT NULL", id)
    assert not room.service.sql(
        "SELECT 1 FROM queue.procrastinate_jobs WHERE args->>'job' = $1", id
    )
    rows_of = room.service.sql("SELECT convert_from(body, 'UTF8') AS body FROM audit")
    assert not any(CANARY in row["body"] for row in rows_of)


def test_a_job_ends_before_its_end(room: Room) -> None:
    world = room.service.world
    token = world.token(world.pick("traffic")).decode()
    id = room.taken(rows([{"id": f"{n}", "token": token} for n in range(30)]), NDJSON)
    url, headers = f"{JOBS}/{id}", room.bank.headers("jobs-all")
    ended = room.service.client.delete(url, headers=headers)
    assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
    before = room.service.asked()
    with room.worker():
        later = room.taken(rows([{"id": "a", "token": token}]), NDJSON)
        assert room.over(later)["answered"] == 1
    assert room.service.asked() == before + 1, "nothing of the one that was ended is asked"
    assert room.job(id)["answered"] == 0
    assert room.lines(id) == []
    again = room.service.client.delete(f"{JOBS}/{later}", headers=headers)
    assert again.json()["state"] == "done", "one that is over stays as it is"


def test_no_more_jobs_at_once_than_a_tenant_has(room: Room) -> None:
    taken = [room.taken(b"{}", NDJSON) for _ in range(http.OPEN)]
    assert room.send(b"{}", NDJSON).status_code == 429
    room.service.client.delete(f"{JOBS}/{taken[0]}", headers=room.bank.headers("jobs-all"))
    taken.append(room.taken(b"{}", NDJSON))
    for id in taken:
        room.service.client.delete(f"{JOBS}/{id}", headers=room.bank.headers("jobs-all"))


def test_what_has_expired_is_gone_with_everything_of_it(room: Room) -> None:
    id = room.taken(CSV_ROWS.encode(), CSV)
    room.service.sql("UPDATE job SET expires_at = $2 WHERE id = $1", id, datetime.now(UTC))
    assert room.get(id).status_code == 404

    async def forget() -> None:
        opened = await Database.open(room.service.database_url)
        try:
            jobs = PostgresJobs(opened, FolderKeys(room.service.settings.key_folder))
            await jobs.forget_used(datetime.now(UTC) + timedelta(seconds=1))
        finally:
            await opened.close()

    asyncio.run(forget())
    for table in ("job_piece", "job_item"):
        assert not room.service.sql(f"SELECT 1 FROM {table} WHERE job = $1", id)


def test_news_as_it_goes_on(working_room: Room) -> None:
    token = working_room.service.world.token(working_room.service.world.pick("traffic")).decode()
    id = working_room.taken(rows([{"id": f"{n}", "token": token} for n in range(60)]), NDJSON)
    headers = working_room.bank.headers("jobs-all")
    seen = []
    client = working_room.service.client
    with client.stream("GET", f"{JOBS}/{id}/events", headers=headers, timeout=SOON) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for text in stream.iter_lines():
            if text.startswith("data: "):
                seen.append(json.loads(text[6:]))
            else:
                assert text in ("", "event: progress")
    assert seen[-1] == working_room.job(id)
    assert seen[-1]["state"] == "done"
    answered = [each["answered"] for each in seen]
    assert answered == sorted(answered)
    assert answered[-1] == 60


# ---- exactly once


def once(room: Room, id: str, items: int) -> Counter[str]:
    """Every item has one line, and every verdict one row and one entry in the log."""
    found = room.lines(id)
    assert sorted(int(each["id"]) for each in found) == list(range(items))
    reports = [each["report"]["id"] for each in found]
    assert len(set(reports)) == items
    kept = room.service.sql("SELECT id FROM verification WHERE id = ANY ($1)", reports)
    assert len(kept) == items
    return Counter(told(each) for each in found)


def test_a_killed_worker_costs_nothing_and_doubles_nothing(room: Room) -> None:
    token = room.service.world.token(room.service.world.pick("traffic")).decode()
    items = 400
    before = room.service.sql("SELECT count(*) FROM verification")[0][0]
    id = room.taken(rows([{"id": f"{n}", "token": token} for n in range(items)]), NDJSON)
    with room.worker() as first:
        end = time.monotonic() + SOON
        while room.job(id)["answered"] < 20:
            assert time.monotonic() < end
            time.sleep(0.02)
        first.kill()
        first.wait()
    partly = room.job(id)
    assert partly["finished_at"] is None, "killed too late to show anything"
    assert len(room.lines(id)) >= partly["answered"], "partial results"
    with room.worker():
        room.over(id)
    assert once(room, id, items) == {"valid": items}
    after = room.service.sql("SELECT count(*) FROM verification")[0][0]
    assert after - before == items, "no verdict beside those that are told"


async def test_two_at_the_same_items_end_with_one_verdict_each(room: Room) -> None:
    """As when a worker that was taken for lost goes on."""
    token = room.service.world.token(room.service.world.pick("traffic")).decode()
    body = rows([{"id": f"{n}", "token": token} for n in range(CHUNK)])
    id = await asyncio.to_thread(room.taken, body, NDJSON)
    before = await asyncio.to_thread(_count, room)
    async with working(room.service.settings, 1) as one, working(room.service.settings, 1) as two:
        await asyncio.gather(one.read(id), two.read(id))
        await asyncio.gather(one.answer(id, 0), two.answer(id, 0))
        await one.answer(id, 0)
    assert await asyncio.to_thread(once, room, id, CHUNK) == {"valid": CHUNK}
    assert await asyncio.to_thread(_count, room) - before == CHUNK


def died(room: Room, id: str) -> int:
    """How many workers were killed before one came to an end of it."""
    nest = subprocess.run(
        [sys.executable, "-m", "tests.jobs.dying", id],
        cwd=PROJECT,
        env=room.environment(),
        capture_output=True,
        text=True,
        timeout=SOON,
        check=True,
    )
    count, ended = map(int, nest.stdout.split())
    assert ended == 0
    return count


def test_an_upload_that_kills_whoever_reads_it_is_refused_in_the_end(room: Room) -> None:
    id = room.taken(DEADLY, NDJSON)
    assert died(room, id) == TRIES
    job = room.job(id)
    assert (job["state"], job["items"], job["problem"]["field"]) == ("refused", None, "body")
    assert "workers ended" in job["problem"]["detail"]
    assert not room.service.sql("SELECT 1 FROM job_piece WHERE job = $1", id)


def test_an_item_that_kills_its_worker_is_not_tried_for_ever(room: Room) -> None:
    """Killed with SIGKILL while it is under way, worker after worker; its neighbours lose nothing."""
    token = room.service.world.token(room.service.world.pick("traffic")).decode()
    names = [*(f"{n}" for n in range(12)), "poison", *(f"{n}" for n in range(12, CHUNK - 1))]
    id = room.taken(rows([{"id": name, "token": token} for name in names]), NDJSON)
    before = _count(room)
    assert died(room, id) == TRIES
    job = room.job(id)
    assert (job["state"], job["answered"], job["refused"]) == ("done", CHUNK, 0)
    found = {each["id"]: each for each in room.lines(id)}
    assert told(found.pop("poison")) == "indeterminate not_finished"
    assert Counter(map(told, found.values())) == {"valid": CHUNK - 1}, "the twins"
    assert _count(room) - before == CHUNK


async def test_a_worker_that_lives_lets_its_items_go(room: Room) -> None:
    """An outage, and a worker that is told to end, are no fault of the items under way."""
    body = rows([{"id": f"{n}", "number": f"N-{n}", "type": "1" * 21} for n in range(3)])
    id = await asyncio.to_thread(room.taken, body, NDJSON)

    def away(*_: object) -> Any:
        raise Unavailable("the database is away")

    def tries() -> set[tuple[int, Any]]:
        kept = room.service.sql("SELECT tries, tried_by FROM job_item WHERE job = $1", id)
        return {tuple(row) for row in kept}

    async with working(room.service.settings, 1) as queue:
        await queue.read(id)
        works: Works = queue.answer.__self__  # type: ignore[attr-defined]
        for _ in range(TRIES + 1):
            with pytest.raises(Unavailable):
                await replace(works, submit=away).answer(id, 0)
            assert await asyncio.to_thread(tries) == {(0, None)}
        await queue.answer(id, 0)
    assert (await asyncio.to_thread(room.job, id))["state"] == "done"


async def test_nothing_is_asked_for_a_caller_that_was_revoked_meanwhile(room: Room) -> None:
    world, service = room.service.world, room.service
    token = world.token(world.pick("traffic")).decode()
    body = rows([{"id": f"{n}", "token": token} for n in range(2 * CHUNK)])
    ids = [await asyncio.to_thread(room.taken, body, NDJSON) for _ in range(2)]
    async with working(service.settings, 1) as queue:
        await queue.read(ids[0])
        await queue.answer(ids[0], 0)
        asked = service.asked()
        revoke = "UPDATE caller SET revoked_at = $1 WHERE id = 'jobs-all'"
        await asyncio.to_thread(service.sql, revoke, datetime.now(UTC))
        try:
            await queue.answer(ids[0], 1)
            await queue.read(ids[1])
        finally:
            await asyncio.to_thread(service.sql, revoke, None)
    assert service.asked() == asked
    half, none = [await asyncio.to_thread(room.job, id) for id in ids]
    assert (half["state"], half["answered"], half["items"]) == ("cancelled", CHUNK, 2 * CHUNK)
    assert (none["state"], none["answered"]) == ("cancelled", 0)
    left = "SELECT 1 FROM job_item WHERE content IS NOT NULL AND job = ANY ($1)"
    assert not await asyncio.to_thread(service.sql, left, ids), "nothing of it is kept"


async def test_a_verdict_that_comes_after_the_revocation_is_not_kept(room: Room) -> None:
    service, world = room.service, room.service.world
    token = world.token(world.pick("traffic")).decode()
    id = await asyncio.to_thread(room.taken, rows([{"id": "a", "token": token}]), NDJSON)
    before = await asyncio.to_thread(_count, room)
    revoke = "UPDATE caller SET revoked_at = $1 WHERE id = 'jobs-all'"
    async with working(service.settings, 1) as queue:
        await queue.read(id)
        works: Works = queue.answer.__self__  # type: ignore[attr-defined]

        async def late(receipt: Receipt) -> None:
            await asyncio.to_thread(service.sql, revoke, datetime.now(UTC))
            with pytest.raises(AnsweredBefore):
                await ItemJournal(works.jobs.database, works.jobs.keys, id, 1).record(receipt)

        journal = type("Late", (), {"record": staticmethod(late)})()
        try:
            await replace(works.verifier, journal=journal).verify(
                Submission(content=token.encode())
            )
            assert await asyncio.to_thread(_count, room) == before
        finally:
            await asyncio.to_thread(service.sql, revoke, None)
        await queue.answer(id, 0)
    assert await asyncio.to_thread(_count, room) == before + 1, "the twin"


def _count(room: Room) -> int:
    return int(room.service.sql("SELECT count(*) FROM verification")[0][0])


def test_items_of_rows_keep_their_line() -> None:
    items = items_of(JobKind.CSV, b"id,number\n\na,1\n,2\n")
    assert [(item.label, item.line, item.form) for item in items] == [
        ("a", 3, ItemForm.FACTS),
        ("4", 4, ItemForm.FACTS),
    ]
