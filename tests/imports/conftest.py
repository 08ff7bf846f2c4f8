"""Whoever pushes: a tenant with the issuer's own code, one with a grant, and one with neither."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest

from app.crypto.provider import FolderKeys
from app.domain.caller import Scope, Tenant
from app.domain.codes import mod_37_36
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.registry import callers
from sandbox.licenses import License
from tests.service import Service

ISSUER = "traffic"
NDJSON = "application/x-ndjson"
PURPOSE = "registry"
_serial = count(1)


@dataclass(frozen=True, slots=True)
class Office:
    """The service, as issuers' systems use it."""

    service: Service
    keys: dict[str, str]
    """Caller → API key."""

    @property
    def code(self) -> str:
        return self.service.world.body(ISSUER).code

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"}

    def push(
        self,
        body: str | bytes | Iterable[bytes],
        batch: str,
        *,
        who: str = "own",
        path: str = "/v1/imports",
        media: str = NDJSON,
        issuer: str | None = None,
        **query: Any,
    ) -> httpx.Response:
        content = body.encode() if isinstance(body, str) else body
        return self.service.client.post(
            path,
            content=content,
            params={"issuer": issuer or self.code, "batch": batch, **query},
            headers={**self.headers(who), "Content-Type": media},
        )

    def decide(self, body: str, batch: str, *, who: str = "own-decides", **more: Any):
        return self.push(body, batch, who=who, path="/v1/status-changes", **more)

    def progress(self, batch: str, *, who: str = "own", **query: Any) -> httpx.Response:
        path = f"/v1/imports/{self.code}.{batch}"
        return self.service.client.get(path, params=query, headers=self.headers(who))

    def rows(self, text: str, *values: object) -> list[Any]:
        return self.service.sql(text, *values)


CALLERS = {
    "own": ("traffic-office", Scope.LICENSE_INGEST),
    "own-decides": ("traffic-office", Scope.LICENSE_REVOKE),
    "granted": ("platform", Scope.LICENSE_INGEST),
    "granted-decides": ("platform", Scope.LICENSE_REVOKE),
    "stranger": ("bank-office", Scope.LICENSE_INGEST),
    "stranger-decides": ("bank-office", Scope.LICENSE_REVOKE),
    "verifier": ("traffic-office", Scope.VERIFY_FILE),
}


@pytest.fixture(scope="module")
def office(_service: Service) -> Office:
    code = _service.world.body(ISSUER).code
    tenants = {"traffic-office": code, "platform": None, "bank-office": "91350100M000100Y43"}
    for id, own in tenants.items():
        tenant = Tenant(id, "样例", own, "630000")
        _service.write(lambda s, t=tenant: callers.add_tenant(s, t))
    _service.write(lambda s: callers.grant_issuer(s, "platform", code))
    folder = FolderKeys(_service.settings.key_folder)
    keys: dict[str, str] = {}
    for who, (tenant, scope) in CALLERS.items():
        id = f"imports-{who}"
        scopes = frozenset({scope})
        _service.write(
            lambda s, i=id, t=tenant, c=scopes: callers.add_caller(
                s, i, t, c, frozenset({PURPOSE}), per_minute=1_000_000
            )
        )
        keys[who] = _service.write(
            lambda s, i=id: callers.new_api_key(s, folder, i, now=datetime.now(UTC))
        )
    return Office(_service, keys)


def license_type(service: Service) -> TypeCode:
    return TypeCode(next(iter(service.world.of(ISSUER))).identifier.type)


def fresh(service: Service, version: str = "001") -> Identifier:
    """An identifier nobody has used."""
    type, issuer = license_type(service), IssuerCode(service.world.body(ISSUER).code)
    serial = f"T{next(_serial):07}"
    check = mod_37_36(type + issuer + serial + version)
    return Identifier("1.2.156.3005.2", type, issuer, serial, version, check)


def licenses(service: Service) -> tuple[License, ...]:
    return service.world.of(ISSUER)
