"""The watch over HTTP: what was counted is what was asked, for those who may see it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.config import Settings
from app.domain.caller import Scope, Tenant
from app.domain.identifier import nobodys
from app.domain.issuer import Silence
from app.main import create_app, production
from app.registry import callers
from app.registry.health import PostgresLedger
from app.registry.sessions import Database
from app.services.probing import SERIAL
from app.services.watching import EVERY
from tests.callers.test_access_over_http import bearer, keys_of
from tests.service import Service

SECONDS = 30


@pytest.fixture(scope="module")
def operator(_service: Service) -> str:
    tenant = Tenant("operators", "运维", None, "630000")
    _service.write(lambda s: callers.add_tenant(s, tenant))
    _service.write(
        lambda s: callers.add_caller(
            s, "watcher", "operators", frozenset({Scope.SYSTEM_OPS}), frozenset({"operations"})
        )
    )
    now = datetime.now(UTC)
    key: str = _service.write(
        lambda s: callers.new_api_key(s, keys_of(_service), "watcher", now=now)
    )
    return key


@pytest.fixture
def fresh(service: Service) -> Service:
    service.sql("DELETE FROM issuer_health")
    return service


def metric(text: str, name: str, **labels: str) -> float:
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    lines = [line for line in text.splitlines() if line.startswith(name)]
    return sum(
        float(line.rsplit(" ", 1)[1]) for line in lines if all(each in line for each in wanted)
    )


def test_numbers_for_prometheus(fresh, operator):
    def read() -> str:
        answer = fresh.client.get("/metrics", headers=bearer(operator))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return answer.text

    world = fresh.world
    license, code = world.pick("market"), world.body("market").code
    before = read()
    assert fresh.told(world.token(license)) == "valid"
    fresh.issuers.set_behaviour("market", "wrong_key")
    assert fresh.told(world.token(license)) == "indeterminate answer_unusable"
    after = read()

    def more(name: str, **labels: str) -> float:
        return metric(after, name, **labels) - metric(before, name, **labels)

    assert more("zhengyan_issuer_calls_total", issuer=code, via="asked", outcome="0") == 1
    assert more("zhengyan_issuer_calls_total", issuer=code, outcome="signature") == 1
    assert more("zhengyan_issuer_seconds_count", issuer=code) == 2
    assert more("zhengyan_conclusions_total", conclusion="valid", reason="") == 1
    assert more("zhengyan_conclusions_total", reason="answer_unusable") == 1
    assert metric(after, "zhengyan_issuer_breaker", issuer=code, state="closed") == 1
    assert license.id not in after
    assert license.number not in after


@pytest.mark.parametrize("path", ["/metrics", "/v1/issuers/11630000MB0000019J/health"])
def test_the_public_sees_none_of_it(fresh, path):
    assert fresh.client.get(path).status_code == 403


def test_how_an_issuer_fares(fresh, operator):
    world = fresh.world
    license, code = world.pick("housing"), world.body("housing").code
    fresh.told(world.token(license))
    fresh.issuers.set_behaviour("housing", "html_login", times=1)
    fresh.told(world.token(license))
    found = _wait(lambda: fresh.sql("SELECT 1 FROM issuer_health WHERE issuer = $1", code))
    assert found, "not written in time"
    answer = fresh.client.get(f"/v1/issuers/{code}/health", headers=bearer(operator))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    hour = told["last_hour"]
    assert (hour["asked"], hour["answered"], hour["availability_percent"]) == (2, 1, 50)
    assert hour["silences"] == {"media_type": 1}
    assert told["last_day"] == hour
    assert told["breaker"] == "closed"
    assert told["certificate_ends"] is None  # no TLS on this machine's loopback
    assert told["keys_end"], "the sandbox's keys end"
    unknown = fresh.client.get("/v1/issuers/999999/health", headers=bearer(operator))
    assert unknown.status_code == 404


def _wait(found: Any) -> Any:
    import time

    until = time.monotonic() + EVERY + SECONDS
    while time.monotonic() < until:
        if rows := found():
            return rows
        time.sleep(0.2)
    return None


def test_sums_of_two_workers_add_up(fresh):
    from app.domain.conduct import Conduct, slots_of

    at = datetime.now(UTC).replace(second=0, microsecond=0)
    one = Conduct(asked=2, answered=1, seconds=1.5, slots=slots_of(0.3), silences={Silence.BUSY: 1})
    code = fresh.world.body("market").code

    async def work() -> Any:
        opened = await Database.open(fresh.database_url)
        try:
            ledger = PostgresLedger(opened)
            await asyncio.gather(*(ledger.add({(code, at): one}) for _ in range(8)))
            await ledger.add({(code, at - timedelta(days=40)): one})
            await ledger.sweep(at)
            return await ledger.health(code, at), await ledger.quiet(at - timedelta(minutes=5))
        finally:
            await opened.close()

    health, quiet = asyncio.run(work())
    assert health is not None
    assert (health.hour.asked, health.hour.answered, health.hour.seconds) == (16, 8, 12.0)
    assert health.hour.silences == {Silence.BUSY: 8}
    assert health.hour.slots == tuple(8 * n for n in slots_of(0.3))
    assert health.hour.within(0.5) == 0.5
    assert code not in {issuer for issuer, _ in quiet}
    assert fresh.world.body("traffic").code in {issuer for issuer, _ in quiet}
    assert len(fresh.sql("SELECT 1 FROM issuer_health")) == 1


def test_a_body_is_probed_by_a_type_that_nobody_took_over(fresh):
    body, new = fresh.world.body("traffic").code, fresh.world.body("market").code
    (types,) = fresh.sql("SELECT types FROM issuer WHERE code = $1", body)[0]
    assert types

    async def work() -> Any:
        opened = await Database.open(fresh.database_url)
        try:
            found = await PostgresLedger(opened).quiet(datetime.now(UTC) - timedelta(minutes=5))
            return dict(found).get(body)
        finally:
            await opened.close()

    def succeeded(type: str, since: str) -> None:
        fresh.sql(
            "INSERT INTO succession (issuer, type, successor, since) VALUES ($1, $2, $3, "
            "now() + $4::text::interval) ON CONFLICT (issuer, type) DO UPDATE SET since = "
            "excluded.since",
            *(body, type, new, since),
        )

    try:
        assert asyncio.run(work()) == types[0]
        succeeded(types[0], "1 day")
        assert asyncio.run(work()) == types[0]
        for type, rest in zip(types, [*types[1:], None], strict=True):
            succeeded(type, "-1 day")
            assert asyncio.run(work()) == rest
    finally:
        fresh.sql("DELETE FROM succession")


def test_an_issuer_nobody_asks_is_probed(fresh):
    """By a node of its own, in one round: an answer of whatever kind shows that it is there."""
    from app.composition import watching
    from app.registry.trust import PostgresRegistry

    settings = Settings(
        DATABASE_URL=fresh.database_url,
        key_folder=fresh.settings.key_folder,
        node_id=fresh.settings.node_id,
    )

    async def work() -> tuple[int, str]:
        opened = await Database.open(fresh.database_url)
        try:
            registry = PostgresRegistry(opened, lambda: datetime.now(UTC))
            way = watching(settings, keys_of(fresh), opened, registry)
            assert way.prober is not None
            probed = await way.prober.once()
            await way.watch.write()
            again = await way.prober.once()
            await way.issuers.aclose()
            assert again == 0
            return probed, way.watched.metrics.text().decode()
        finally:
            await opened.close()

    before = fresh.asked()
    probed, text = asyncio.run(work())
    assert probed == fresh.asked() - before > 3
    assert metric(text, "zhengyan_issuer_calls_total", outcome="5") == probed
    rows = fresh.sql("SELECT issuer, asked, answered, probes FROM issuer_health")
    assert [tuple(row)[1:] for row in rows] == [(1, 1, 1)] * probed


def test_nobodys_identifier_is_in_its_right_form(fresh):
    license = fresh.world.pick("market")
    made = nobodys(license.issuer, license.type, SERIAL)
    assert made.check_ok
    assert made.root_ok
    assert str(made) not in fresh.world.by_identifier


def test_the_application_opens_with_everything(tmp_path):
    assert create_app(production(Settings(DATABASE_URL="", key_folder=tmp_path)), docs=True)
