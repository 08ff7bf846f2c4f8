"""Odd names, days and bytes at the console: refused or shown, never a fault and never an outage."""

import pytest

from tests.service import Service
from tests.web.test_console import OPEN, SCOPES, add, code, desk, inside, login

__all__ = ["desk"]


@pytest.mark.parametrize("name", ["ops\0", "\0", "\ud7ff\uffff", "a" * 300, "' OR 1=1--", "\u202e"])
def test_nobody_of_an_odd_name_is_let_in(desk: Service, name: str) -> None:
    right = f"named-{name.encode().hex()[:40]}"
    secret = add(desk, right, SCOPES["ops"])
    answer = login(desk, right, secret, fields={"name": name})
    assert answer.status_code == 403
    assert login(desk, right, secret).status_code == 303, "the twin"


@pytest.mark.parametrize(
    "body", [b"name=%ff&password=a", b"\xff", b"&" * 50, b"name", b"code=%00%00%00&name=named"]
)
def test_no_form_of_odd_bytes_lets_anybody_in(desk: Service, body: bytes) -> None:
    desk.sql("DELETE FROM bucket")
    headers = OPEN | {"Content-Type": "application/x-www-form-urlencoded"}
    assert desk.client.post("/console/login", content=body, headers=headers).status_code == 403


QUERIES = (
    "since=0001-01-01",
    "until=9999-12-31",
    "since=9999-12-31&until=0001-01-01",
    "until=0001-01-01",
    "tenant=%00",
    "tenant=%F0%9F%92%A9",
    "since=2024-W01-1&operation=%00",
    "since=%00",
)


def test_no_search_ends_in_a_fault(desk: Service) -> None:
    with inside(desk, "searcher", SCOPES["auditor"]) as browser:
        for query in QUERIES:
            assert browser.get(f"/console/audit?{query}").status_code == 200, query
        assert browser.get("/console/audit").status_code == 200, "the twin"


def test_a_code_is_taken_once(desk: Service) -> None:
    secret = add(desk, "once", SCOPES["ops"])
    given = code(secret)
    assert login(desk, "once", secret, fields={"code": given}).status_code == 303
    assert login(desk, "once", secret, fields={"code": given}).status_code == 403
