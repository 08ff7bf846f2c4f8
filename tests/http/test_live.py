"""A verification watched: stages as they end, one verdict at the end, recorded whoever watches."""

import json
import time
from typing import Any

import httpx

from sandbox.attacks import ATTACKS
from tests.service import VERIFICATIONS, Service

WATCHING = {"Accept": "text/event-stream"}


def events(text: str) -> list[tuple[str, Any]]:
    """Names and data; each is two lines."""
    blocks = [block.split("\n") for block in text.split("\n\n") if block]
    assert all(len(b) == 2 and b[0].startswith("event: ") for b in blocks), text
    return [(b[0].removeprefix("event: "), json.loads(b[1].removeprefix("data: "))) for b in blocks]


def watched(service: Service, **sent: Any) -> list[tuple[str, Any]]:
    answer = service.client.post(VERIFICATIONS, headers=WATCHING, **sent)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    return events(answer.text)


def stages(told: list[tuple[str, Any]]) -> list[str]:
    return [data["stage"] for name, data in told if name == "stage"]


def test_checks_come_before_the_issuer_and_the_verdict_last(service: Service) -> None:
    token = service.world.token(service.world.pick("traffic"))
    told = watched(service, files={"file": token})
    assert stages(told) == ["read", "checked", "asking", "answered"]
    (checks,) = [d["checks"] for n, d in told if n == "stage" and d["stage"] == "checked"]
    assert {"name": "signature_holds", "outcome": "passed"} in checks
    assert len({each["name"] for each in checks}) == len(checks), "each check once"
    assert all(set(each) == {"name", "outcome"} for each in checks), "no word of a document"
    name, last = told[-1]
    assert (name, last["report"]["conclusion"]) == ("report", "valid")
    kept = service.client.get(f"{VERIFICATIONS}/{last['report']['id']}").json()
    assert (kept["report"], kept["jws"]) == (last["report"], last["jws"])


def test_a_forgery_is_told_without_asking_its_issuer(service: Service) -> None:
    asked = service.asked()
    told = watched(service, files={"file": ATTACKS["foreign_key"].make(service.world)})
    assert stages(told) == ["read", "checked"]
    assert told[-1][1]["report"]["conclusion"] == "invalid"
    assert service.asked() == asked


def test_a_broken_document_has_its_verdict_too(service: Service) -> None:
    told = watched(service, json={"token": "eyJhbGciOiJFUzI1NiJ9.e30.AA"})
    assert stages(told) == []
    assert told[-1][1]["report"]["reason"]["code"] == "malformed"


def test_what_is_refused_is_no_stream(service: Service) -> None:
    answer = service.client.post(VERIFICATIONS, headers=WATCHING, files={"file": b"a letter"})
    if answer.status_code == 200:  # found out only while it is read
        (last,) = events(answer.text)
        assert (last[0], last[1]["status"]) == ("problem", 415)
    empty = service.client.post(VERIFICATIONS, headers=WATCHING, json={})
    assert (empty.status_code, empty.json()["type"]) == (422, "/problems/refused")


def test_only_who_names_it_gets_a_stream(service: Service) -> None:
    token = service.world.token(service.world.pick("traffic")).decode()
    for accept in ("*/*", "application/json", "text/*"):
        answer = service.client.post(
            VERIFICATIONS, headers={"Accept": accept}, json={"token": token}
        )
        assert answer.headers["content-type"] == "application/json"


def test_whoever_stops_watching_keeps_nothing_from_the_record(service: Service) -> None:
    token = service.world.token(service.world.pick("university"))
    count = "SELECT count(*) AS n FROM verification"
    before = service.sql(count)[0]["n"]
    service.issuers.set_behaviour("university", "delay", seconds=1)
    with (
        httpx.Client(base_url=service.url, trust_env=False, timeout=30) as client,
        client.stream("POST", VERIFICATIONS, headers=WATCHING, files={"file": token}) as answer,
    ):
        assert "read" in next(answer.iter_text())
    for _ in range(200):
        if service.sql(count)[0]["n"] > before:
            return
        time.sleep(0.05)
    raise AssertionError("not recorded")
