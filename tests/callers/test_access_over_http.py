"""Who may ask what: every route against every scope and tenant, and every wrong credential."""

import asyncio
import base64
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.requests import Request

from app.config import Settings
from app.crypto.provider import FolderKeys
from app.domain.caller import ANONYMOUS, Caller, Power, Scope, Tenant, powers_of
from app.domain.errors import Refused
from app.domain.identifier import IssuerCode
from app.domain.trust import Issuer
from app.main import create_app
from app.registry import callers, catalogue
from app.registry.audit import PostgresAudit
from app.registry.entries import IssuerEntry
from app.registry.sessions import Database
from app.routers.access import ROUTES, allowed_purpose, client_address
from app.routers.door import REFUSALS
from tests.service import NODE, Service

BUSINESS = sorted(scope for scope in Scope if scope.power is Power.BUSINESS)
PURPOSE = "loan-check"
PUSHED = "630000"
"""The issuer in whose name "bank" may push; registered for no type."""


@pytest.fixture(scope="module")
def two_tenants(_service: Service) -> Service:
    for tenant in ("bank", "court"):
        _service.write(
            lambda s, t=tenant: callers.add_tenant(s, Tenant(t, f"样例{t}", None, "630000"))
        )
    body = Issuer(IssuerCode(PUSHED), "样例省", "Sample", frozenset())
    _service.write(lambda s: catalogue.add_issuer(s, IssuerEntry(body)))
    _service.write(lambda s: callers.grant_issuer(s, "bank", PUSHED))
    return _service


def keys_of(service: Service) -> FolderKeys:
    return FolderKeys(service.settings.key_folder)


def caller_with(service: Service, scopes: set[Scope], tenant: str = "bank") -> str:
    """An API key of a caller with exactly these scopes."""
    name = "-".join(sorted(scope.replace(":", "-") for scope in scopes)) + f"-{tenant}"
    id = name[:60].strip("-")
    service.write(
        lambda s: callers.add_caller(s, id, tenant, frozenset(scopes), frozenset({PURPOSE}))
    )
    now = datetime.now(UTC)
    key: str = service.write(lambda s: callers.new_api_key(s, keys_of(service), id, now=now))
    return key


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


# ---- the table of routes


def all_routes() -> list[tuple[str, str]]:
    app = create_app(lambda _: None, docs=False)  # type: ignore[arg-type, return-value]
    found = []

    def walk(routes: Any) -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                found.extend((method, route.path) for method in route.methods)
            elif hasattr(route, "original_router"):
                walk(route.original_router.routes)

    walk(app.routes)
    return sorted(found)


def test_every_route_is_declared_and_nothing_else_is():
    assert set(all_routes()) == set(ROUTES)


def test_every_route_goes_through_the_door(two_tenants: Service):
    """A credential that does not do is turned away everywhere, open routes among them."""
    for method, path in all_routes():
        url = path.replace("{id}", "A" * 22).replace("{name}", "x").replace("{code}", "630000")
        answer = two_tenants.client.request(method, url, headers=bearer("zy_no_body"))
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"


def calls(service: Service) -> dict[str, tuple[frozenset[Scope], Any]]:
    """Each thing there is to do, with the scopes of which one is enough."""
    token = service.issuers.world.token(service.issuers.world.pick("traffic")).decode()
    sealed = service.issuers.world.ofd(service.issuers.world.pick("traffic"))
    client = service.client
    facts = {"identifier": service.issuers.world.pick("traffic").id, "purpose": PURPOSE}

    def post(headers: dict[str, str], **body: Any) -> httpx.Response:
        return client.post("/v1/verifications", headers=headers, **body)

    def push(path: str, headers: dict[str, str]) -> httpx.Response:
        media = {"Content-Type": "application/x-ndjson"}
        query = {"issuer": PUSHED, "batch": path.rpartition("/")[2]}
        return client.post(path, params=query, headers={**headers, **media}, content=b"")

    return {
        "file": (
            frozenset({Scope.VERIFY_FILE}),
            lambda h: post(h, files={"file": token.encode()}, data={"purpose": PURPOSE}),
        ),
        "token": (
            frozenset({Scope.VERIFY_TOKEN}),
            lambda h: post(h, json={"token": token, "purpose": PURPOSE}),
        ),
        "number": (frozenset({Scope.VERIFY_NUMBER}), lambda h: post(h, json=facts)),
        "draw": (
            frozenset({Scope.VERIFY_FILE}),
            lambda h: client.post("/v1/pictures", headers=h, files={"file": sealed}),
        ),
        "batch": (
            frozenset({Scope.VERIFY_BATCH}),
            lambda h: client.post(
                "/v1/verifications:batch",
                headers={**h, "Content-Type": "application/x-ndjson"},
                content=json.dumps({"id": "a", "token": token, "purpose": PURPOSE}),
            ),
        ),
        "look up": (
            frozenset({Scope.VERIFY_NUMBER, Scope.STATUS_DETAIL}),
            lambda h: client.post("/v1/lookups", headers=h, json={**facts, "holder": "x"}),
        ),
        "import": (
            frozenset({Scope.LICENSE_INGEST}),
            lambda h: push("/v1/imports", h),
        ),
        "decide": (
            frozenset({Scope.LICENSE_REVOKE}),
            lambda h: push("/v1/status-changes", h),
        ),
        "progress": (
            frozenset({Scope.LICENSE_INGEST, Scope.LICENSE_REVOKE}),
            lambda h: client.get("/v1/imports/630000.never", headers=h),
        ),
        "report": (
            frozenset({Scope.REPORT_READ}),
            lambda h: client.get(f"/v1/verifications/{'A' * 22}", headers=h),
        ),
    }


@pytest.mark.parametrize("scope", sorted(Scope))
def test_a_scope_opens_what_it_is_for_and_nothing_else(two_tenants: Service, scope: Scope):
    headers = bearer(caller_with(two_tenants, {scope}))
    for name, (wanted, call) in calls(two_tenants).items():
        status = call(headers).status_code
        if scope in wanted:
            assert status in (200, 404), (name, status)
        else:
            assert status == 403, (name, status)


def test_a_report_is_its_tenants_alone(two_tenants: Service):
    scopes = {Scope.VERIFY_TOKEN, Scope.REPORT_READ}
    owner, other = (bearer(caller_with(two_tenants, scopes, t)) for t in ("bank", "court"))
    _, call = calls(two_tenants)["token"]
    done = call(owner).json()
    path = f"/v1/verifications/{done['report']['id']}"
    assert two_tenants.client.get(path, headers=owner).json() == done
    missing = two_tenants.client.get(f"/v1/verifications/{'A' * 22}")
    for headers in (other, {}):
        refused = two_tenants.client.get(path, headers=headers)
        assert (refused.status_code, refused.content) == (404, missing.content)


def test_a_named_caller_states_one_of_its_purposes(two_tenants: Service):
    headers = bearer(caller_with(two_tenants, {Scope.VERIFY_TOKEN}))
    token = two_tenants.issuers.world.token(two_tenants.issuers.world.pick("traffic")).decode()
    for purpose, status in ((PURPOSE, 200), ("other", 422), (None, 422), ("public-check", 422)):
        body = {"token": token} | ({"purpose": purpose} if purpose else {})
        answer = two_tenants.client.post("/v1/verifications", json=body, headers=headers)
        assert answer.status_code == status, purpose
        if status == 422:
            assert answer.json()["field"] == "purpose"
            assert PURPOSE in answer.json()["detail"]


def test_the_public_has_one_purpose():
    assert allowed_purpose(ANONYMOUS, None) == "public-check"
    with pytest.raises(Refused, match="public-check only"):
        allowed_purpose(ANONYMOUS, PURPOSE)


# ---- powers


@pytest.mark.parametrize("pair", [(a, b) for a, b in product(Scope, Scope) if a.power < b.power])
def test_no_caller_holds_two_powers(pair: tuple[Scope, Scope]):
    tenant = Tenant("t", "样例", None, None)
    with pytest.raises(ValueError, match="one power"):
        Caller(id="x", tenant=tenant, scopes=frozenset(pair), purposes=frozenset({"p"}))
    assert len(powers_of(frozenset(pair[:1]))) == 1


def test_two_powers_are_refused_at_the_grant(two_tenants: Service):
    both = frozenset({Scope.AUDIT_READ, Scope.SYSTEM_OPS})
    with pytest.raises(Refused, match="三权分立"):
        two_tenants.write(lambda s: callers.add_caller(s, "both", "bank", both, frozenset({"p"})))


# ---- API keys


def test_an_api_key_that_is_not_quite_right_is_nobodys(two_tenants: Service):
    good = caller_with(two_tenants, {Scope.VERIFY_TOKEN})
    _, call = calls(two_tenants)["token"]
    assert call(bearer(good)).status_code == 200
    prefix, id, secret = good.split("_")
    wrong = [
        f"{prefix}_{id}_{secret[:-1]}",
        f"{prefix}_{id}_{secret[::-1]}",
        f"{prefix}_{id[::-1]}_{secret}",
        f"{prefix}_{id}",
        f"{prefix}__",
        "zy_",
        f"{good}x",
        good.upper(),
    ]
    for credential in wrong:
        answer = call(bearer(credential))
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorised")
    for header in ("Basic dXNlcjpwdw==", "Bearer", good, "Bearer " + "a" * 5000):
        assert call({"Authorization": header}).status_code == 401


def test_a_revoked_key_and_a_revoked_caller_end_at_once(two_tenants: Service):
    _, call = calls(two_tenants)["token"]
    key = caller_with(two_tenants, {Scope.VERIFY_TOKEN, Scope.VERIFY_FILE})
    assert call(bearer(key)).status_code == 200
    now = datetime.now(UTC)
    two_tenants.write(lambda s: callers.revoke_credential(s, key.split("_")[1], now))
    assert call(bearer(key)).status_code == 401
    scopes = frozenset({Scope.VERIFY_TOKEN})
    two_tenants.write(
        lambda s: callers.add_caller(s, "leaver", "bank", scopes, frozenset({PURPOSE}))
    )
    second: str = two_tenants.write(
        lambda s: callers.new_api_key(s, keys_of(two_tenants), "leaver", now=now)
    )
    assert call(bearer(second)).status_code == 200
    two_tenants.write(lambda s: callers.revoke_caller(s, "leaver", now))
    assert call(bearer(second)).status_code == 401


def test_an_expired_key_is_nobodys(two_tenants: Service):
    _, call = calls(two_tenants)["token"]
    caller_with(two_tenants, {Scope.VERIFY_TOKEN})
    past = datetime.now(UTC) - timedelta(days=2)
    for lifetime, status in ((timedelta(days=1), 401), (timedelta(days=3), 200)):
        key: str = two_tenants.write(
            lambda s, life=lifetime: callers.new_api_key(
                s, keys_of(two_tenants), "verify-token-bank", now=past, lifetime=life
            )
        )
        assert call(bearer(key)).status_code == status


def test_the_secret_is_kept_nowhere(two_tenants: Service):
    key = caller_with(two_tenants, {Scope.VERIFY_TOKEN})
    secret = key.split("_")[2]
    rows = two_tenants.sql("SELECT encode(hash, 'hex') AS hash, id, caller FROM api_key")
    assert rows
    assert all(secret not in str(dict(row)) for row in rows)


# ---- assertions


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signing:
    """A caller that signs its own assertions."""

    def __init__(self, service: Service, name: str) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.name = name
        scopes = frozenset({Scope.VERIFY_TOKEN})
        service.write(lambda s: callers.add_caller(s, name, "bank", scopes, frozenset({PURPOSE})))
        spki = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        added = service.write(lambda s: callers.add_caller_key(s, name, spki, None))
        self.kid = added.jwk_thumbprint
        self.count = 0

    def assertion(self, *, typ="client-assertion+jwt", alg="EdDSA", kid=None, **claims: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        self.count += 1
        stated = {
            "iss": self.name,
            "aud": NODE,
            "iat": now,
            "exp": now + 300,
            "jti": b64(self.count.to_bytes(16, "big")),
            **claims,
        }
        stated = {name: value for name, value in stated.items() if value is not None}
        header = {"typ": typ, "alg": alg, "kid": kid or self.kid}
        signed = ".".join(b64(json.dumps(part).encode()) for part in (header, stated))
        return f"{signed}.{b64(self.key.sign(signed.encode()))}"


@pytest.fixture(scope="module")
def signing(two_tenants: Service) -> Signing:
    return Signing(two_tenants, "signing-system")


def soon(seconds: int) -> int:
    return int(datetime.now(UTC).timestamp()) + seconds


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("another's name", {"iss": "verify-token-bank"}),
    ("no name", {"iss": None}),
    ("another node", {"aud": "other-node"}),
    ("a list of nodes", {"aud": [NODE]}),
    ("no node", {"aud": None}),
    ("expired", {"iat": soon(-900), "exp": soon(-600)}),
    ("too long", {"exp": soon(3600)}),
    ("from the future", {"iat": soon(600), "exp": soon(900)}),
    ("no moment a calendar has", {"iat": 10**400, "exp": 10**400 + 60}),
    ("before all time", {"iat": -(10**400), "exp": soon(60)}),
    ("the last moment of the calendar", {"iat": 253402300799 - 60, "exp": 253402300799}),
    ("ends before it begins", {"exp": soon(-30), "iat": soon(0)}),
    ("no end", {"exp": None}),
    ("end as text", {"exp": str(soon(300))}),
    ("end as true", {"exp": True}),
    ("no jti", {"jti": None}),
    ("a short jti", {"jti": "abc"}),
    ("jti as a number", {"jti": 5}),
    ("another claim", {"scope": "system:ops"}),
    ("a license token", {"typ": "license+jwt"}),
    ("none", {"alg": "none"}),
    ("a MAC", {"alg": "HS256"}),
    ("another algorithm", {"alg": "ES256"}),
    ("an unknown key", {"kid": "A" * 43}),
]


@pytest.mark.parametrize(("name", "changes"), WRONG, ids=[name for name, _ in WRONG])
def test_an_assertion_that_is_not_quite_right_is_nobodys(
    two_tenants: Service, signing: Signing, name: str, changes: dict[str, Any]
):
    _, call = calls(two_tenants)["token"]
    assert call(bearer(signing.assertion())).status_code == 200, name
    refused = call(bearer(signing.assertion(**changes)))
    assert refused.status_code == 401, name


def test_an_altered_assertion_is_nobodys(two_tenants: Service, signing: Signing):
    _, call = calls(two_tenants)["token"]
    good = signing.assertion()
    assert (
        call(bearer(good[:-6] + ("AAAAAA" if good[-6:] != "AAAAAA" else "BBBBBB"))).status_code
        == 401
    )
    assert call(bearer(good)).status_code == 200


def test_an_assertion_offered_many_times_at_once_is_taken_once(
    two_tenants: Service, signing: Signing
):
    _, call = calls(two_tenants)["token"]
    headers, gate = bearer(signing.assertion()), threading.Barrier(8)

    def offer(_: int) -> int:
        gate.wait()
        return call(headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(offer, range(8))) == {200: 1, 401: 7}


# ---- addresses and limits


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("198.51.100.7", "", "", "198.51.100.7/32"),
        ("198.51.100.7", "203.0.113.9", "", "198.51.100.7/32"),
        ("10.0.0.1", "203.0.113.9", "10.0.0.0/8", "203.0.113.9/32"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "10.0.0.0/8", "203.0.113.9/32"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "10.0.0.0/8", "203.0.113.9/32"),
        ("10.0.0.1", "", "10.0.0.0/8", "10.0.0.1/32"),
        ("10.0.0.1", "junk", "10.0.0.0/8", None),
        ("2001:db8:1:2:3:4:5:6", "", "", "2001:db8:1:2::/64"),
    ],
)
def test_a_forwarded_address_is_believed_from_trusted_proxies_only(
    peer, forwarded, trusted, address
):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    request = Request({"type": "http", "headers": headers, "client": (peer, 1)})
    assert client_address(request, trusted.split()) == address


def test_a_proxy_may_add_a_line_of_its_own():
    lines = [(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"203.0.113.9")]
    request = Request({"type": "http", "headers": lines, "client": ("10.0.0.1", 1)})
    assert client_address(request, ["10.0.0.0/8"]) == "203.0.113.9/32"


def test_what_is_open_and_costs_the_database_something_has_a_measure(
    two_tenants: Service, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.routers.door.OPEN_READS", 3)
    two_tenants.sql("DELETE FROM bucket")
    try:
        told = [two_tenants.client.get("/readyz").status_code for _ in range(5)]
        assert told == [200, 200, 200, 429, 429]
        assert two_tenants.client.get("/livez").status_code == 200
    finally:
        two_tenants.sql("DELETE FROM bucket")


# ---- audit


async def _rows(url: str) -> list[dict[str, Any]]:
    opened = await Database.open(url)
    try:
        log = PostgresAudit(opened)
        assert (await log.verify())[1] == []
        return [json.loads(link.body) for chain in range(8) async for link in log.links(chain)]
    finally:
        await opened.close()


def test_whatever_was_answered_or_denied_stands_in_the_log(two_tenants: Service):
    headers = bearer(caller_with(two_tenants, {Scope.VERIFY_TOKEN}, "court"))
    before = asyncio.run(_rows(two_tenants.database_url))
    routes = calls(two_tenants)
    for name in ("token", "number", "file"):
        routes[name][1](headers)
    routes["token"][1](bearer("zy_no_body"))
    after = asyncio.run(_rows(two_tenants.database_url))
    added = [row for row in after if row not in before]
    told = Counter((row["operation"], row["result"], row["reason"]) for row in added)
    assert told[("denied", "refused", "scope_missing")] == 2
    assert told[("denied", "refused", "unauthorised")] == 1
    answered = [row for row in added if row["operation"] == "verify_token"]
    assert len(answered) == 1
    (row,) = answered
    assert (row["caller"], row["tenant"], row["purpose"]) == (
        "verify-token-court",
        "court",
        PURPOSE,
    )
    assert row["conclusion"] is not None
    license = two_tenants.issuers.world.pick("traffic")
    kept = json.dumps(row, ensure_ascii=False)
    assert license.id not in kept
    assert license.holder.name not in kept
    assert license.number not in kept


def added_by(service: Service, act: Any) -> list[dict[str, Any]]:
    before = asyncio.run(_rows(service.database_url))
    act()
    return [row for row in asyncio.run(_rows(service.database_url)) if row not in before]


def test_a_report_that_is_read_again_leaves_a_row(two_tenants: Service):
    license = two_tenants.issuers.world.pick("traffic")
    token = two_tenants.issuers.world.token(license).decode()
    answer = two_tenants.client.post("/v1/verifications", json={"token": token})
    id = answer.json()["report"]["id"]
    rows = added_by(two_tenants, lambda: two_tenants.client.get(f"/v1/verifications/{id}"))
    assert [(row["operation"], row["result"], row["caller"]) for row in rows] == [
        ("read_report", "answered", "anonymous")
    ]
    assert rows[0]["report"] is not None
    assert id not in json.dumps(rows)
    missing = added_by(two_tenants, lambda: two_tenants.client.get(f"/v1/verifications/{'A' * 22}"))
    assert [(row["operation"], row["result"], row["reason"]) for row in missing] == [
        ("read_report", "refused", "unknown_report")
    ]


def test_refusals_cannot_fill_the_log(two_tenants: Service):
    """Each is still refused; of one address only so many a minute are written down."""

    def flood() -> None:
        for _ in range(REFUSALS + 40):
            answer = two_tenants.client.get("/livez", headers=bearer("zy_no_body"))
            assert answer.status_code == 401

    rows = added_by(two_tenants, flood)
    assert {row["reason"] for row in rows} == {"unauthorised"}
    assert 0 < len(rows) < REFUSALS + 40


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "10.0.0.1/8", "proxy", "10.0.0.0/8 x"])
def test_networks_that_are_none_are_refused_when_it_starts(networks: str):
    assert Settings(trusted_proxies="10.0.0.0/8 2001:db8::/32").trusted_proxies
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(trusted_proxies=networks)
