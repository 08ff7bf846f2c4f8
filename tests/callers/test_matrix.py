"""Scope × route × tenant: no cell answers more than it may, and no check can be taken out unseen.

What each scope opens stands here once more, apart from the service's own table of routes: whoever
widens one of the two turns this red. Then each check is taken out of the running service, one at a
time, and the same cells are looked at again: some must answer that must not.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from app.domain.caller import Caller, Scope
from app.registry import confirmations, journal
from app.registry.imports import store
from app.routers import access, door, holdings, lookups, verifications
from tests.callers.test_access_over_http import (  # noqa: F401 - a fixture
    PURPOSE,
    PUSHED,
    bearer,
    caller_with,
    two_tenants,
)
from tests.service import Service

Route = tuple[str, str]
V, I = "/v1/verifications", "/v1/imports"  # noqa: E741
OPENS: dict[str, set[Route]] = {
    "verify:file": {("POST", V), ("POST", "/v1/pictures")},
    "verify:token": {
        ("POST", V),
        ("POST", "/v1/presentations:verify"),
        ("POST", "/v1/signatures:verify"),
    },
    "verify:number": {
        *(("POST", V), ("POST", "/v1/lookups"), ("POST", "/v1/disputes")),
        ("POST", "/v1/presentations:verify"),
    },
    "verify:batch": {
        *(("POST", f"{V}:batch"), ("POST", "/v1/jobs"), ("GET", "/v1/jobs/{id}")),
        *(("DELETE", "/v1/jobs/{id}"), ("GET", "/v1/jobs/{id}/events")),
        ("GET", "/v1/jobs/{id}/results"),
    },
    "report:read": {
        ("GET", f"{V}/{{id}}"),
        ("PUT", f"{V}/{{id}}/confirmation"),
        ("DELETE", f"{V}/{{id}}/confirmation"),
    },
    "status:detail": {("POST", "/v1/lookups"), ("POST", "/v1/disputes")},
    "license:ingest": {
        *(("POST", I), ("GET", f"{I}/{{id}}"), ("GET", "/v1/disputes")),
        ("POST", "/v1/disputes/{reference}/answer"),
    },
    "license:revoke": {
        *(("POST", "/v1/status-changes"), ("GET", f"{I}/{{id}}"), ("GET", "/v1/disputes")),
        ("POST", "/v1/disputes/{reference}/answer"),
    },
    "license:relate": {("POST", "/v1/holdings")},
    "license:retrieve": {("POST", "/v1/retrievals")},
    "license:present": {("POST", "/v1/presentations")},
    "issuer:read": {
        *(("GET", "/v1/issuers/{code}/health"), ("GET", "/v1/issuers/health")),
        ("GET", "/v1/issuers/disputes"),
    },
    "trust:propose": set(),
    "trust:approve": set(),
    "trust:make": {
        *(("GET", "/v1/trust/proposals"), ("POST", "/v1/trust/proposals")),
        ("GET", "/v1/trust/proposals/{number}"),
        ("POST", "/v1/trust/proposals/{number}/decisions"),
    },
    "caller:admin": set(),
    "audit:read": {("GET", "/v1/audit"), ("GET", "/v1/conflicts")},
    "system:ops": {
        *(("GET", "/metrics"), ("GET", "/v1/issuers/{code}/health")),
        *(("GET", "/v1/issuers/health"), ("GET", "/v1/conflicts")),
        *(("GET", "/v1/statistics/verdicts"), ("GET", "/v1/statistics/answer-times")),
        ("GET", "/v1/trust/endings"),
    },
}
CLOSED = sorted(set().union(*OPENS.values()))
"""Routes that take a scope."""
PUBLIC = {"verify:file", "verify:token", "verify:number", "report:read"}
"""Scopes of callers without an account."""


def ask(service: Service, route: Route, headers: dict[str, str], **more: Any) -> int:
    """The status of the barest request: whether it was let in is told before it is looked at."""
    method, path = route
    for name, value in {
        "{id}": "A" * 22, "{code}": "630000", "{reference}": "A" * 20, "{number}": "1", **more,
    }.items():  # fmt: skip
        path = path.replace(name, value)
    return service.client.request(method, path, headers=headers).status_code


@pytest.fixture(scope="module")
def callers(two_tenants: Service) -> dict[tuple[str, str], dict[str, str]]:  # noqa: F811
    """Scope and tenant → the credential of a caller that holds that scope alone."""
    return {
        (scope.value, tenant): bearer(caller_with(two_tenants, {scope}, tenant))
        for scope in Scope
        for tenant in ("bank", "court")
    }


def too_open(
    service: Service, route: Route, callers: dict[tuple[str, str], dict[str, str]]
) -> list[str]:
    """Cells that let in whom they must not."""
    found = [
        f"{scope} of {tenant}"
        for (scope, tenant), headers in callers.items()
        if route not in OPENS[scope] and ask(service, route, headers) != 403
    ]
    if not any(route in OPENS[scope] for scope in PUBLIC) and ask(service, route, {}) != 403:
        found.append("anybody")
    return found


def test_every_scope_and_every_route_that_takes_one_is_in_the_table() -> None:
    assert set(OPENS) == {scope.value for scope in Scope}
    assert sorted(route for route, wanted in access.ROUTES.items() if wanted) == CLOSED
    assert {scope.value for scope in access.Scope if door.ANONYMOUS.may(scope)} == PUBLIC


@pytest.mark.parametrize("route", CLOSED, ids=" ".join)
def test_no_cell_answers_more_than_it_may(
    two_tenants: Service,  # noqa: F811
    callers: dict[tuple[str, str], dict[str, str]],
    route: Route,
) -> None:
    assert too_open(two_tenants, route, callers) == []
    for scope in sorted(s for s in OPENS if route in OPENS[s]):  # and what it may, it does
        assert ask(two_tenants, route, callers[scope, "bank"]) not in {401, 403}


@pytest.mark.parametrize("route", CLOSED, ids=" ".join)
def test_a_route_whose_scopes_are_taken_out_turns_the_matrix_red(
    two_tenants: Service,  # noqa: F811
    callers: dict[tuple[str, str], dict[str, str]],
    route: Route,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = MappingProxyType({**access.ROUTES, route: access.OPEN})
    for module in (access, door):
        monkeypatch.setattr(module, "ROUTES", opened)
    one = {key: headers for key, headers in callers.items() if key[1] == "court"}
    assert too_open(two_tenants, route, one)


def test_a_route_that_is_in_no_table_is_closed(
    two_tenants: Service,  # noqa: F811
    callers: dict[tuple[str, str], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "ROUTES", MappingProxyType({}))
    assert {ask(two_tenants, ("GET", "/livez"), h) for h in (*callers.values(), {})} == {403}


# ---- what is asked beyond the table of routes


@pytest.fixture(scope="module")
def probes(
    two_tenants: Service,  # noqa: F811
    callers: dict[tuple[str, str], dict[str, str]],
) -> dict[str, tuple[Callable[[], int], int]]:
    """Requests that must be turned away, and how."""
    service, client = two_tenants, two_tenants.client
    license = service.world.pick("traffic")
    token = service.world.token(license).decode()
    both = {Scope.VERIFY_TOKEN, Scope.REPORT_READ}
    mine, other = (bearer(caller_with(service, both, tenant)) for tenant in ("bank", "court"))
    done = client.post(V, json={"token": token, "purpose": PURPOSE}, headers=mine).json()
    report = f"{V}/{done['report']['id']}"
    media = {"Content-Type": "application/x-ndjson"}
    push = {"issuer": PUSHED, "batch": "matrix"}

    def ingest(tenant: str, batch: str) -> int:
        headers = {**callers["license:ingest", tenant], **media}
        return client.post(I, params={**push, "batch": batch}, headers=headers).status_code

    assert ingest("bank", "matrix") == 200
    terms = {"purpose": PURPOSE}
    by = {scope: callers[scope, "bank"] for scope in OPENS}
    held = {"identifier": license.id, "holder_code": "91350100M000100Y43", **terms}
    look = {"identifier": license.id, "holder": "x", "show": "full", **terms}

    def status(method: str, url: str, headers: dict[str, str], **body: Any) -> Callable[[], int]:
        return lambda: client.request(method, url, headers=headers, **body).status_code

    file = {"files": {"file": token.encode()}, "data": terms}
    return {
        "a file by the scope of tokens": (status("POST", V, by["verify:token"], **file), 403),
        "a token by the scope of files": (
            status("POST", V, by["verify:file"], json={"token": token, **terms}), 403),
        "a number by the scope of tokens": (
            status("POST", V, by["verify:token"], json={"identifier": license.id, **terms}), 403),
        "another purpose": (
            status("POST", V, by["verify:token"], json={"token": token, "purpose": "no"}), 422),
        "another purpose of a look-up": (
            status("POST", "/v1/lookups", by["verify:number"],
                   json={"identifier": license.id, "holder": "x", "purpose": "no"}), 422),
        "another purpose of holdings": (
            status("POST", "/v1/holdings", by["license:relate"], json={**held, "purpose": "no"}),
            422),
        "all fields of holdings by the scope of relating": (
            status("POST", "/v1/holdings", by["license:relate"], json={**held, "show": "full"}),
            403),
        "all fields by the scope of comparing": (
            status("POST", "/v1/lookups", by["verify:number"], json=look), 403),
        "another tenant's report": (status("GET", report, other), 404),
        "another tenant's report, to be opened": (
            status("PUT", f"{report}/confirmation", other), 404),
        "another tenant's batch": (
            status("GET", f"{I}/{PUSHED}.matrix", callers["license:ingest", "court"]), 404),
        "rows in another's name": (lambda: ingest("court", "foreign"), 403),
    }  # fmt: skip


def test_what_must_be_turned_away_is(probes: dict[str, tuple[Callable[[], int], int]]) -> None:
    assert {name: call() for name, (call, _) in probes.items()} == {
        name: status for name, (_, status) in probes.items()
    }


async def _nothing(*_: object) -> None:
    return None


def _any_purpose(caller: Caller, purpose: str | None) -> str:
    del caller
    return purpose or "public-check"


def _sql(module: Any, name: str, old: str, new: str) -> tuple[Any, str, str]:
    text = getattr(module, name)
    assert old in text
    return module, name, text.replace(old, new)


TAKEN_OUT: dict[str, tuple[list[tuple[Any, str, Any]], set[str]]] = {
    "the scope of what is submitted": (
        [(door.Door, "require", _nothing)],
        {
            *("a file by the scope of tokens", "a token by the scope of files"),
            *("a number by the scope of tokens", "all fields by the scope of comparing"),
            "all fields of holdings by the scope of relating",
        },
    ),
    "the purpose of a verification": (
        [(verifications, "allowed_purpose", _any_purpose)], {"another purpose"}),
    "the purpose of a look-up": (
        [(lookups, "allowed_purpose", _any_purpose)], {"another purpose of a look-up"}),
    "the purpose of holdings": (
        [(holdings, "allowed_purpose", _any_purpose)], {"another purpose of holdings"}),
    "the tenant of a report": (
        [_sql(journal, "REPORT_SQL", "tenant = $3 OR", "$3::text IS NOT NULL OR")],
        {"another tenant's report"},
    ),
    "the tenant of a report to be opened": (
        [_sql(confirmations, "OPEN_SQL", "tenant = $2", "$2::text IS NOT NULL")],
        {"another tenant's report, to be opened"},
    ),
    "the issuers of a tenant": (
        [_sql(store, "RIGHT_SQL", "$2::text IS NULL OR", "true OR $2::text IS NULL OR")],
        {"rows in another's name"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("check", TAKEN_OUT)
def test_a_check_that_is_taken_out_is_seen(
    probes: dict[str, tuple[Callable[[], int], int]],
    check: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patches, seen = TAKEN_OUT[check]
    for module, name, changed in patches:
        monkeypatch.setattr(module, name, changed)
    answers = {name: call() for name, (call, _) in probes.items()}
    assert {name for name, (_, status) in probes.items() if answers[name] != status} >= seen
    for name in seen:
        assert answers[name] < 300, name


def test_the_tenant_of_a_batch_taken_out_is_seen(
    probes: dict[str, tuple[Callable[[], int], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (kept,) = (c for c in vars(store).values() if hasattr(c, "progress") and hasattr(c, "right"))
    whole = kept.progress

    async def everybodys(self: Any, id: Any, tenant: str | None, *, after: int = 0) -> Any:
        del tenant
        return await whole(self, id, None, after=after)

    monkeypatch.setattr(kept, "progress", everybodys)
    assert probes["another tenant's batch"][0]() == 200
