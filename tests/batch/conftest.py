"""An account that may send batches, and one that may not send everything in them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.crypto.provider import FolderKeys
from app.domain.caller import Scope, Tenant
from app.registry import callers
from tests.service import Service

BATCH = "/v1/verifications:batch"
NDJSON = "application/x-ndjson"
PURPOSE = "loan-check"

ALL = (Scope.VERIFY_BATCH, Scope.VERIFY_FILE, Scope.VERIFY_TOKEN, Scope.VERIFY_NUMBER)
CALLERS: dict[str, tuple[tuple[Scope, ...], int]] = {
    "batch-all": ((*ALL, Scope.REPORT_READ), 1_000_000),
    "batch-tokens": ((Scope.VERIFY_BATCH, Scope.VERIFY_TOKEN), 1_000_000),
    "batch-few": (ALL, 4),
    "single": ((Scope.VERIFY_TOKEN, Scope.VERIFY_FILE, Scope.VERIFY_NUMBER), 1_000_000),
}


@dataclass(frozen=True, slots=True)
class Bank:
    """The service, as a bank that sends batches sees it."""

    service: Service
    keys: dict[str, str]

    def headers(self, who: str = "batch-all") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"}

    def post(
        self, items: Iterable[dict[str, Any]] | bytes, who: str = "batch-all", **more: Any
    ) -> httpx.Response:
        body = items if isinstance(items, bytes) else ndjson(items)
        headers = {**self.headers(who), "Content-Type": more.pop("media", NDJSON)}
        return self.service.client.post(BATCH, content=body, headers=headers, **more)

    def files(self, files: list[tuple[str, bytes]], **texts: str) -> httpx.Response:
        parts = [("file", (name, content)) for name, content in files]
        return self.service.client.post(BATCH, files=parts, data=texts, headers=self.headers())

    def token(self, issuer: str = "traffic", state: str = "in_force") -> str:
        world = self.service.world
        license = world.pick(issuer) if state == "in_force" else world.pick(issuer, state)
        return world.token(license).decode()


def ndjson(items: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == NDJSON
    return [json.loads(line) for line in answer.text.splitlines()]


def by_id(answer: httpx.Response) -> dict[str | None, dict[str, Any]]:
    """Answered lines by id; the last line counts them."""
    *told, last = lines(answer)
    problems = sum("problem" in each for each in told)
    assert last == {"items": len(told), "answered": len(told) - problems, "refused": problems}
    return {each["id"]: each for each in told}


def register(service: Service, callers_: dict[str, tuple[tuple[Scope, ...], int]]) -> Bank:
    service.write(lambda s: callers.add_tenant(s, Tenant("batch-bank", "样例银行", None, "630000")))
    folder, keys = FolderKeys(service.settings.key_folder), dict[str, str]()
    for id, (scopes, per_minute) in callers_.items():
        granted = frozenset(scopes)
        service.write(
            lambda s, i=id, g=granted, n=per_minute: callers.add_caller(
                s, i, "batch-bank", g, frozenset({PURPOSE}), per_minute=n
            )
        )
        keys[id] = service.write(
            lambda s, i=id: callers.new_api_key(s, folder, i, now=datetime.now(UTC))
        )
    return Bank(service, keys)


@pytest.fixture(scope="module")
def _bank(_service: Service) -> Bank:
    return register(_service, CALLERS)


@pytest.fixture
def bank(_bank: Bank, service: Service) -> Bank:
    """With honest issuers."""
    return _bank
