"""Whoever watches a verification that is refused leaves the row that everybody else leaves."""

import json
import time

from tests.http.test_live import WATCHING, events
from tests.service import VERIFICATIONS, Service

ROWS = "SELECT body FROM audit"
STRANGE = {"file": b"a letter"}


def rows(service: Service) -> int:
    written = (json.loads(row["body"]) for row in service.sql(ROWS))
    return sum(each["result"] == "refused" for each in written)


def test_a_refusal_told_in_a_stream_has_its_row(service: Service) -> None:
    before = rows(service)
    plain = service.client.post(VERIFICATIONS, files=STRANGE)
    assert (plain.status_code, rows(service)) == (415, before + 1), "the twin without a stream"
    answer = service.client.post(VERIFICATIONS, headers=WATCHING, files=STRANGE)
    ((name, told),) = events(answer.text)
    assert (name, told["status"], told["type"]) == ("problem", 415, plain.json()["type"])
    assert rows(service) == before + 2


def test_it_has_its_row_though_nobody_stays_to_hear_it(service: Service) -> None:
    before = rows(service)
    with service.client.stream("POST", VERIFICATIONS, headers=WATCHING, files=STRANGE) as answer:
        assert answer.status_code == 200
    for _ in range(200):
        if rows(service) == before + 1:
            return
        time.sleep(0.05)
    raise AssertionError("no row")
