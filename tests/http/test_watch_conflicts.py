"""Signed words that disagree: kept with the verification, counted, shown to issuer and operator."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.caller import Scope, Tenant
from app.domain.identifier import IssuerCode
from app.registry import callers
from app.services.watching import EVERY, Metrics
from tests.callers.test_access_over_http import bearer, keys_of
from tests.http.test_watch import metric
from tests.service import Service


@pytest.fixture(scope="module")
def keys(_service: Service) -> dict[str, str]:
    """Of the operator, and of the issuer's own system."""
    made: dict[str, str] = {}
    for id, scope in (("ops-watch", Scope.SYSTEM_OPS), ("issuer-watch", Scope.ISSUER_READ)):
        _service.write(lambda s, i=id: callers.add_tenant(s, Tenant(i, i, None, "630000")))
        _service.write(
            lambda s, i=id, c=scope: callers.add_caller(
                s, i, i, frozenset({c}), frozenset({"watching"})
            )
        )
        made[id] = _service.write(
            lambda s, i=id: callers.new_api_key(s, keys_of(_service), i, now=datetime.now(UTC))
        )
    return made


def spoilt(token: bytes) -> bytes:
    """The same license under a signature that does not hold."""
    head, payload, value = token.decode().split(".")
    return f"{head}.{payload}.{'B' if value[0] != 'B' else 'C'}{value[1:]}".encode()


def test_a_conflict_is_kept_counted_and_shown_to_both(service: Service, keys: dict[str, str]):
    license = service.world.pick("housing", "in_force")
    code = service.world.body("housing").code
    key_id = next(k.kid for k in service.world.body("housing").keys if "answer" in k.uses)
    forged = spoilt(service.world.token(license))
    before = service.client.get("/metrics", headers=bearer(keys["ops-watch"])).text
    without = service.verify(forged)["report"]
    assert (without["conclusion"], without["conflict"]) == ("invalid", False)
    service.sql("DELETE FROM issuer_health")
    service.sql(
        "INSERT INTO statement (identifier, as_of, sha256, code, since, owner, key_id, token) "
        "VALUES ($1, $2, $3, 0, NULL, $4, $5, 'signed')",
        license.id,
        datetime.now(UTC) - timedelta(hours=1),
        b"\x01" * 32,
        code,
        key_id,
    )
    try:
        told = service.verify(forged)
    finally:
        service.sql("DELETE FROM statement WHERE identifier = $1", license.id)
    assert (told["report"]["conclusion"], told["report"]["conflict"]) == ("invalid", True)
    kept = service.sql("SELECT conflict FROM verification WHERE conflict")
    assert kept, "not kept with the verification"
    after = service.client.get("/metrics", headers=bearer(keys["ops-watch"])).text
    name = "zhengyan_conflicts_total"
    assert metric(after, name) - metric(before, name) == 1
    assert _until(lambda: service.sql("SELECT 1 FROM issuer_health WHERE conflicts > 0"))
    for who in ("ops-watch", "issuer-watch"):
        health = service.client.get(f"/v1/issuers/{code}/health", headers=bearer(keys[who]))
        assert health.status_code == 200, health.text
        assert health.json()["last_hour"]["conflicts"] == 1
        assert license.id not in health.text


def _until(found: Any) -> Any:
    until = time.monotonic() + EVERY + 30
    while time.monotonic() < until:
        if rows := found():
            return rows
        time.sleep(0.2)
    return None


def test_the_end_of_a_certificate_shown_to_an_issuer_is_a_number():
    ends = datetime(2027, 1, 1, tzinfo=UTC)
    shown: dict[IssuerCode, datetime] = {IssuerCode("639900"): ends}
    metrics = Metrics(dict, dict, lambda: shown)
    name = "zhengyan_client_certificate_ends"
    assert metric(metrics.text().decode(), name, issuer="639900") == ends.timestamp()
    shown.clear()
    assert metric(metrics.text().decode(), name, issuer="639900") == 0
