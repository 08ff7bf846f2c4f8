"""What was let in and then refused stands in the log; bounded, and never in the way of a refusal."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.crypto.provider import FolderKeys
from app.domain.caller import Scope, Tenant
from app.registry import callers
from app.registry.audit import PostgresAudit
from app.registry.sessions import Database
from app.routers.door import REFUSALS
from tests.service import VERIFICATIONS, Service

JSON = {"Content-Type": "application/json"}
JOSE = {"Content-Type": "application/jose"}
NOBODYS = f"{VERIFICATIONS}/{'A' * 22}"
CANARY = "CANARY-6a1"


@pytest.fixture(autouse=True)
def _fresh(service: Service) -> None:
    service.sql("DELETE FROM bucket")


@pytest.fixture
def token(service: Service) -> bytes:
    return service.world.token(service.world.pick("traffic"))


@pytest.fixture(scope="module")
def named(_service: Service) -> dict[str, str]:
    """A caller that may verify tokens and read reports."""
    scopes = frozenset({Scope.VERIFY_TOKEN, Scope.REPORT_READ})
    keys = FolderKeys(_service.settings.key_folder)
    now = datetime.now(UTC)

    async def work(session: Any) -> Any:
        await callers.add_tenant(session, Tenant("refused", "样例单位", None, "630000"))
        await callers.add_caller(
            session, "refused-app", "refused", scopes, frozenset({"loan-check"})
        )
        return await callers.new_api_key(session, keys, "refused-app", now=now)

    return {"Authorization": f"Bearer {_service.write(work)}"}


async def _rows(url: str) -> list[dict[str, Any]]:
    opened = await Database.open(url)
    try:
        log = PostgresAudit(opened)
        assert (await log.verify())[1] == []
        return [json.loads(link.body) for chain in range(8) async for link in log.links(chain)]
    finally:
        await opened.close()


def added_by(service: Service, work: Callable[[], object]) -> list[dict[str, Any]]:
    before = asyncio.run(_rows(service.database_url))
    work()
    return [row for row in asyncio.run(_rows(service.database_url)) if row not in before]


Ask = Callable[[httpx.Client, dict[str, str]], httpx.Response]
REFUSED: dict[str, tuple[Ask, int, str, str]] = {
    "a body that is no JSON": (
        lambda c, h: c.post(VERIFICATIONS, content=b"{" + CANARY.encode(), headers=h | JSON),
        400,
        "rejected",
        "bad_request",
    ),
    "a body of another type": (
        lambda c, h: c.post(VERIFICATIONS, content=b"x", headers=h | {"Content-Type": "text/x"}),
        415,
        "rejected",
        "bad_request",
    ),
    "a field that is not what it must be": (
        lambda c, h: c.post(VERIFICATIONS, json={"token": CANARY, "at": "yesterday"}, headers=h),
        422,
        "rejected",
        "refused",
    ),
    "bytes of no known kind": (
        lambda c, h: c.post(VERIFICATIONS, files={"file": b"\1\2\3"}, headers=h),
        415,
        "rejected",
        "unrecognised_format",
    ),
    "a report nobody has": (
        lambda c, h: c.get(NOBODYS, headers=h),
        404,
        "read_report",
        "unknown_report",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_let_in_and_refused_leaves_a_row(service: Service, token: bytes, case: str):
    ask, status, operation, reason = REFUSED[case]
    answers: list[httpx.Response] = []
    rows = added_by(service, lambda: answers.append(ask(service.client, {})))
    assert answers[0].status_code == status, answers[0].text
    assert [(r["operation"], r["result"], r["reason"], r["caller"]) for r in rows] == [
        (operation, "refused", reason, "anonymous")
    ]
    assert (rows[0]["report"] is not None) == (operation == "read_report")
    assert CANARY not in json.dumps(rows)
    rows = added_by(service, lambda: service.told(token))  # the twin
    assert [(row["operation"], row["result"]) for row in rows] == [("verify_token", "answered")]


def test_a_named_caller_is_named(service: Service, named: dict[str, str], token: bytes):
    """Also where its scope does not reach, once for each: no refusal is written twice."""
    client = service.client

    def work() -> None:
        assert client.get(NOBODYS, headers=named).status_code == 404
        body = {"identifier": service.world.pick("traffic").id, "purpose": "loan-check"}
        assert client.post(VERIFICATIONS, json=body, headers=named).status_code == 403
        no_purpose = {"token": token.decode()}
        assert client.post(VERIFICATIONS, json=no_purpose, headers=named).status_code == 422

    rows = added_by(service, work)
    told = sorted((row["operation"], row["reason"], row["caller"], row["tenant"]) for row in rows)
    assert told == [
        ("denied", "scope_missing", "refused-app", "refused"),
        ("read_report", "unknown_report", "refused-app", "refused"),
        ("rejected", "refused", "refused-app", "refused"),
    ]


def test_an_inquiry_that_cannot_be_read_is_written_once(service: Service):
    """This node answers nobody: it says so, and writes that it was asked."""
    rows = added_by(
        service,
        lambda: service.client.post("/federation/v1/inquiries", content=b"x", headers=JOSE),
    )
    assert [(r["operation"], r["result"], r["reason"]) for r in rows] == [
        ("answer_inquiry", "refused", "not_asked")
    ]


def test_what_is_open_to_anybody_leaves_none(service: Service):
    paths = ("/v1/policies/none", "/v1/trust-list/nobody", "/nothing/here", "/livez")
    rows = added_by(service, lambda: [service.client.get(path) for path in paths])
    assert not rows


def test_refusals_are_written_so_often_and_no_more(service: Service, token: bytes):
    """A log that a stranger can fill is no log; what is answered is written all the same."""

    def work() -> None:
        for _ in range(REFUSALS + 20):
            assert service.client.get(NOBODYS).status_code == 404
        service.told(token)

    rows = added_by(service, work)
    refused = [row for row in rows if row["result"] == "refused"]
    assert REFUSALS <= len(refused) < REFUSALS + 20
    assert len(rows) == len(refused) + 1


@contextmanager
def no_log(service: Service) -> Iterator[None]:
    """No row can be added to it."""
    service.sql("ALTER TABLE audit ADD CONSTRAINT full_disk CHECK (false) NOT VALID")
    try:
        yield
    finally:
        service.sql("ALTER TABLE audit DROP CONSTRAINT full_disk")


@pytest.mark.parametrize("case", REFUSED)
def test_without_a_log_a_refusal_stays_what_it_is(service: Service, token: bytes, case: str):
    """It tells nothing that had to be written down first; an answer does, and is not given."""
    ask, status, _, _ = REFUSED[case]
    with no_log(service):
        assert ask(service.client, {}).status_code == status
        denied = service.client.get(NOBODYS, headers={"Authorization": "Bearer zy_no_body"})
        assert denied.status_code == 401
        answer = service.client.post(VERIFICATIONS, files={"file": token})
        assert answer.status_code == 503
    assert service.told(token) == "valid"
