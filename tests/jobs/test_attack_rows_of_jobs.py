"""Rows that a job would choke on: each has a verdict or a problem, and no other row waits for it.

A row whose fault escaped would be tried again for ever, and its chunk with it.
"""

import json
from datetime import UTC, datetime

import pytest

from app.domain.errors import Malformed, ServiceError
from app.domain.job import JobKind, Order
from app.domain.verification import Asker, Submission
from app.formats.rows import MAX_LINE
from app.routers.job_items import items_of, submission_of, told

ORDER = Order(
    asker=Asker(caller="bank"),
    scopes=frozenset({"verify:number", "verify:file", "verify:token"}),
    terms={"purpose": "loan-check"},
)
HEAD = b"id,number,type,holder\n"
TYPE = b"11100000MB032716990X1"
GOOD = b"b,N-1,%b,Zhang\n" % TYPE
ROOM = MAX_LINE - 100

ROWS = {
    "control characters, six octets each in JSON": b"a,%b,%b,x\n" % (b"\x01" * ROOM, TYPE),
    "backslashes": b"a,%b,%b,x\n" % (b"\\" * ROOM, TYPE),
    "quotation marks": b'a,"%b",%b,x\n' % (b'""' * (ROOM // 2), TYPE),
    "a longest line": b"a,%b,%b,x\n" % (b"1" * ROOM, TYPE),
    "NUL": b"a,\x00,%b,x\n" % TYPE,
}


def answered(content: bytes, kind: JobKind = JobKind.CSV) -> list[Submission | str]:
    """As the worker does it: a submission, or the type of the problem."""
    found: list[Submission | str] = []
    for item in items_of(kind, content):
        try:
            found.append(submission_of(item, ORDER, datetime.now(UTC)))
        except ServiceError as exc:
            found.append(json.loads(told(exc))["type"])
    return found


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_row_of_odd_characters_is_refused_by_itself(row: bytes) -> None:
    type_of_it, twin = answered(HEAD + row + GOOD)
    assert type_of_it == "/problems/refused"
    assert isinstance(twin, Submission)


def test_what_nobody_turned_into_a_problem_is_a_fault_of_ours_and_told() -> None:
    assert json.loads(told(Malformed("nobody caught it")))["type"] == "/problems/internal"
