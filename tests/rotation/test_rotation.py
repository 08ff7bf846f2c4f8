"""A new index key put over the old under load: no look-up is lost, whatever is killed."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import asyncpg
import httpx
import pytest

from app.composition import now
from app.crypto.provider import FolderKeys, Purpose
from app.domain.caller import Scope
from app.domain.errors import Malformed, Refused, Unavailable
from app.domain.identifier import Identifier
from app.registry import rotation as module
from app.registry.operators import (
    Credentials,
    Operator,
    PostgresOperators,
    add_operator,
    end_operator,
)
from app.registry.rotation import Rotation
from app.registry.sessions import Database
from tests.imports.conftest import Office, fresh, office  # noqa: F401
from tests.imports.test_imports import HOLDER, ndjson, row
from tests.imports.test_statuses import decision

COUNT = 700
"""More than one step of each stage."""


@pytest.fixture(autouse=True)
def _buckets(office: Office) -> Iterator[None]:  # noqa: F811
    office.service.sql("DELETE FROM bucket")
    yield
    office.service.sql("DELETE FROM bucket")


@pytest.fixture(scope="module")
def kept(office: Office) -> list[Identifier]:  # noqa: F811
    return push(office, COUNT, "rotated")


def push(office: Office, count: int, batch: str) -> list[Identifier]:  # noqa: F811
    ids = [fresh(office.service) for _ in range(count)]
    body = ndjson(*(row(id, number=f"转{id.serial}") for id in ids))
    answer = office.push(body, batch)
    assert answer.json()["bad"] == 0, answer.text
    assert answer.json()["added"] == count, answer.text
    return ids


def keys_of(office: Office) -> FolderKeys:  # noqa: F811
    return FolderKeys(office.service.settings.key_folder)


def run(office: Office, work: Any) -> Any:  # noqa: F811
    async def inside() -> Any:
        opened = await Database.open(office.service.database_url)
        try:
            return await work(opened)
        finally:
            await opened.close()

    return asyncio.run(inside())


def asked(id: Identifier) -> dict[str, Any]:
    return {"number": f"转{id.serial}", "type": id.type, "holder": HOLDER}


def finds(office: Office, id: Identifier) -> bool:  # noqa: F811
    answer = office.service.client.post("/v1/lookups", json=asked(id))
    assert answer.status_code == 200, answer.text
    return answer.json()["record"] is not None


def under(office: Office) -> dict[int, int]:  # noqa: F811
    rows = office.rows("SELECT version, count(*) AS n FROM license_key GROUP BY version")
    return {each["version"]: each["n"] for each in rows}


async def finish(rotation: Rotation) -> None:
    while (found := await rotation.progress()) and found.finished_at is None:
        await rotation.step()


class Asking:
    """Somebody who looks up number after number, and must find every one."""

    def __init__(self, office: Office, ids: list[Identifier]) -> None:  # noqa: F811
        self.office, self.ids = office, ids
        self.asked, self.lost = 0, list[str]()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with httpx.Client(base_url=self.office.service.url, trust_env=False, timeout=30) as client:
            while not self._stop.is_set():
                id = self.ids[self.asked * 37 % len(self.ids)]
                answer = client.post("/v1/lookups", json=asked(id))
                self.asked += 1
                if answer.status_code != 200 or answer.json()["record"] is None:
                    self.lost.append(f"{answer.status_code} {id.serial}")

    async def more(self, looks: int) -> None:
        """Waits until it has asked so many times more, however slow the machine is."""
        until = self.asked + looks
        while self.asked < until:
            assert self._thread.is_alive(), "whoever asks has broken off"
            await asyncio.sleep(0.01)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)


# ---- under load


def test_a_rotation_under_load_loses_no_look_up(office: Office, kept: list[Identifier]) -> None:  # noqa: F811
    """The service holds the old keys only: it is told of the new ones by what it reads."""
    before, folder = under(office), keys_of(office)
    versions = folder.hmac_versions()
    sealed = {r["identifier"]: bytes(r["sealed"]) for r in records(office)}
    with Asking(office, kept) as first, Asking(office, kept[::-1]) as second:
        newest, field = folder.rotate(Purpose.INDEX), folder.rotate(Purpose.FIELD)

        async def rotate(opened: Database) -> None:
            rotation = Rotation(opened, folder, now)
            await rotation.begin()
            while (found := await rotation.progress()) and found.finished_at is None:
                await rotation.step()
                await asyncio.gather(first.more(5), second.more(5))

        run(office, rotate)
        late = push(office, 20, "while-rotated")
        assert all(finds(office, id) for id in late)
    assert (first.lost, second.lost) == ([], [])
    assert first.asked + second.asked > 50
    assert versions == tuple(v for v in folder.hmac_versions() if v < newest)
    assert set(under(office)) == {newest}
    assert sum(under(office).values()) == sum(before.values()) + len(late)
    again = {r["identifier"]: bytes(r["sealed"]) for r in records(office)}
    assert {folder.sealed_version(octets) for octets in again.values()} == {field}
    assert all(again[name] != octets for name, octets in sealed.items())
    assert all(finds(office, id) for id in kept[::50])


def records(office: Office) -> list[Any]:  # noqa: F811
    return office.rows("SELECT identifier, sealed FROM license WHERE sealed IS NOT NULL")


def test_what_comes_again_unchanged_stays_so_during_and_after(office: Office) -> None:  # noqa: F811
    ids, folder = push(office, 5, "before-again"), keys_of(office)
    body = ndjson(*(row(id, number=f"转{id.serial}") for id in ids))
    folder.rotate(Purpose.INDEX)
    run(office, lambda opened: Rotation(opened, folder, now).begin())
    assert office.push(body, "during").json()["unchanged"] == 5
    run(office, lambda opened: finish(Rotation(opened, folder, now)))
    assert office.push(body, "after").json()["unchanged"] == 5
    assert all(finds(office, id) for id in ids)


def test_a_decision_by_number_finds_its_license_during_a_rotation(office: Office) -> None:  # noqa: F811
    (id,), folder = push(office, 1, "decided-later"), keys_of(office)
    folder.rotate(Purpose.INDEX)
    run(office, lambda opened: Rotation(opened, folder, now).begin())
    named = {"type": id.type, "number": f"转{id.serial}"}
    change = {**decision(id, "吊销", "2026-03-01"), **named}
    del change["identifier"]
    assert office.decide(ndjson(change), "by-number-rotating").json()["changed"] == 1
    run(office, lambda opened: finish(Rotation(opened, folder, now)))


# ---- broken off


def test_killed_at_any_step_it_goes_on(office: Office, kept: list[Identifier]) -> None:  # noqa: F811
    """kill -9 of the command, again and again; what is found in between is all there is."""
    settings = office.service.settings
    environment = {
        **os.environ,
        "DATABASE_URL": office.service.database_url,
        "ZHENGYAN_KEY_FOLDER": str(settings.key_folder),
    }
    command = [sys.executable, "-c", "from app.cli import main; main()", "pepper", "rotate"]
    total, kills = sum(under(office).values()), 0
    for wait in (1.5, 2.0, 2.5):
        started = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            started.wait(wait)
        except subprocess.TimeoutExpired:
            started.send_signal(signal.SIGKILL)
            started.wait()
            kills += 1
        assert all(finds(office, id) for id in kept[::100])
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert re.search(r"to index \d+, field \d+: done", ended.stdout), ended.stdout
    assert kills > 0
    assert sum(under(office).values()) == total
    assert set(under(office)) == {keys_of(office).hmac_versions()[-1]}
    assert all(finds(office, id) for id in kept[::50])


def test_a_step_that_breaks_leaves_nothing_behind(
    office: Office,  # noqa: F811
    kept: list[Identifier],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, before = keys_of(office), under(office)
    assert sum(before.values()) >= len(kept) > 0, "something to move"
    folder.rotate(Purpose.INDEX)

    async def broken(opened: Database) -> None:
        rotation = Rotation(opened, folder, now)
        await rotation.begin()
        monkeypatch.setattr(module, "COME_SQL", "SELECT $1::bytea[], $2::text[], $3 / 0")
        with pytest.raises(Unavailable):
            await rotation.step()
        monkeypatch.undo()
        found = await rotation.progress()
        assert found is not None
        assert (found.seen, found.moved) == (0, 0)
        assert under_of(await opened.run(counted)) == before
        await finish(rotation)

    run(office, broken)
    assert set(under(office)) == {folder.hmac_versions()[-1]}


async def counted(connection: Any) -> list[Any]:
    rows: list[Any] = await connection.fetch(
        "SELECT version, count(*) AS n FROM license_key GROUP BY version"
    )
    return rows


def under_of(rows: list[Any]) -> dict[int, int]:
    return {each["version"]: each["n"] for each in rows}


# ---- operators


def test_the_secrets_of_operators_codes_are_sealed_anew(office: Office) -> None:  # noqa: F811
    """Of those who are let in, and of those who no longer are; an altered one stays what it is."""
    folder = keys_of(office)
    names = ("rotated-anna", "rotated-bert", "rotated-spoilt")
    for name in names:
        operator = Operator(name, frozenset({Scope.SYSTEM_OPS}))
        given = Credentials("password-hash", f"secret of {name}".encode())
        office.service.write(lambda s, o=operator, g=given: add_operator(s, folder, o, g))
    office.service.write(lambda s: end_operator(s, "rotated-bert", now()))
    spoilt = "UPDATE operator SET totp = set_byte(totp, 20, get_byte(totp, 20) # 1) WHERE name = $1"
    office.service.sql(spoilt, "rotated-spoilt")
    before = secrets_of(office)
    folder.rotate(Purpose.FIELD)

    async def rotate(opened: Database) -> bytes:
        rotation = Rotation(opened, folder, now)
        await rotation.begin()
        await finish(rotation)
        found = await PostgresOperators(opened, folder).found("rotated-anna", now())
        assert found is not None
        return found.secret

    assert run(office, rotate) == b"secret of rotated-anna"
    after, newest = secrets_of(office), folder.field_version()
    for name in names[:2]:
        assert folder.sealed_version(after[name]) == newest
        assert folder.sealed_version(before[name]) < newest
        opened = folder.decrypt(after[name], f"operator\0{name}".encode())
        assert opened == f"secret of {name}".encode()
    assert after["rotated-spoilt"] == before["rotated-spoilt"]
    with pytest.raises(Malformed):
        folder.decrypt(after["rotated-spoilt"], b"operator\0rotated-spoilt")


def secrets_of(office: Office) -> dict[str, bytes]:  # noqa: F811
    found = office.rows("SELECT name, totp FROM operator WHERE name LIKE 'rotated-%'")
    return {each["name"]: bytes(each["totp"]) for each in found}


# ---- refused


def test_a_second_rotation_waits_for_the_first(office: Office) -> None:  # noqa: F811
    """Look-ups ask under two versions: a third would hide what stands under the first."""
    folder = keys_of(office)

    async def twice(opened: Database) -> None:
        rotation = Rotation(opened, folder, now)
        folder.rotate(Purpose.INDEX)
        await rotation.begin()
        await rotation.begin()  # the same again is no second
        folder.rotate(Purpose.INDEX)
        with pytest.raises(Refused, match="under way"):
            await rotation.begin()
        await finish(rotation)
        await rotation.begin()
        await finish(rotation)

    run(office, twice)
    assert set(under(office)) == {folder.hmac_versions()[-1]}


def test_a_node_without_the_new_key_says_so_and_never_not_found(
    office: Office,  # noqa: F811
    kept: list[Identifier],
    tmp_path: Path,
) -> None:
    """Its answer is an outage: 503, never a record that is not there."""
    newest = keys_of(office).hmac_versions()[-1]
    assert finds(office, kept[0])
    office.service.sql("UPDATE key_version SET newest = $1 WHERE purpose = 'index'", newest + 1)
    try:
        answer = office.service.client.post("/v1/lookups", json=asked(kept[0]))
        assert answer.status_code == 503, answer.text
        pushed = office.push(ndjson(row(kept[0], number="转x")), "without-key")
        assert pushed.status_code == 503, pushed.text
    finally:
        office.service.sql("UPDATE key_version SET newest = $1 WHERE purpose = 'index'", newest)
    assert finds(office, kept[0])


def test_the_old_key_alone_finds_nothing_afterwards(office: Office) -> None:  # noqa: F811
    """The twin of all above: the rows did move."""
    folder = keys_of(office)
    newest = folder.hmac_versions()[-1]
    with pytest.raises(asyncpg.PostgresError):
        office.rows("INSERT INTO key_version VALUES ('other', 1)")
    assert not office.rows("SELECT FROM license_key WHERE version < $1 LIMIT 1", newest)
