"""Rows that a job would choke on: each has a verdict or a problem, and no other row waits for it.

A row whose fault escaped would be tried again for ever, and its chunk with it.
"""

import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.domain.errors import Malformed, ServiceError
from app.domain.job import ItemForm, JobItem, JobKind, Order
from app.domain.verification import Asker, Submission
from app.formats.rows import MAX_LINE
from app.routers.access import Forbidden
from app.routers.body import BadRequest
from app.routers.job_items import DIGESTED_LINE, items_of, submission_of, told
from app.schemas.digested import DigestsIn, digested_of
from sandbox.world import World
from tests.sandbox.test_digests import body_of

ORDER = Order(
    asker=Asker(caller="bank"),
    scopes=frozenset({"verify:number", "verify:file", "verify:token"}),
    terms={"purpose": "loan-check"},
)
HEAD = b"id,number,type,holder\n"
TYPE = b"11100000MB032716990X1"
GOOD = b"b,N-1,%b,Zhang\n" % TYPE
ROOM = MAX_LINE - 100
_READ = TypeAdapter[Any](DigestsIn)

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


# ---- digests of files that stay with the caller


@pytest.fixture(scope="module")
def digested() -> dict[str, object]:
    """What `zhengyan digest` prints of a file, with an id beside it."""
    world = World(1)
    body = body_of(world.ofd(world.of("market", "in_force")[0], "stamp-service"))
    return {"id": "file", **body}


def lines_of(*rows: dict[str, object]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def padded(body: dict[str, object], size: int) -> dict[str, object]:
    """The same of a file with more pictures in it: as long a line as that."""
    more = deepcopy(body)
    parts = more["digests"]["parts"]  # type: ignore[index]
    for number in range(size // 120):
        parts.append({"name": f"Doc_0/Res/{number:05}.png", "digests": {"sm3": "ab" * 32}})
    return more


def test_a_line_with_digests_is_asked_as_by_itself(digested: dict[str, object]) -> None:
    twin = {"id": "twin", **{k: v for k, v in digested.items() if k not in {"id", "digests"}}}
    named = {**twin, "id": "digests"}  # a word that only looks like it
    large = padded(digested, 50_000)
    assert MAX_LINE < len(lines_of(large)) < DIGESTED_LINE
    found = answered(lines_of(digested, twin, large, named), JobKind.NDJSON)
    asked = [each for each in found if isinstance(each, Submission)]
    assert len(asked) == 4
    assert [each.digested is not None for each in asked] == [True, False, True, False]
    assert asked[0].digested == digested_of(_READ.validate_python(digested["digests"]))


def test_lines_with_digests_that_are_refused_name_the_field(digested: dict[str, object]) -> None:
    """Each by itself; the twin before and behind it is asked."""
    deep: object = {}
    for _ in range(30):
        deep = {"a": deep}
    bad: list[tuple[dict[str, object], str]] = [
        (padded(digested, 80_000), "row"),
        ({**digested, "holder": "x" * MAX_LINE}, "holder"),
        ({**digested, "digests": {}}, "digests.format"),
        ({**digested, "digests": "x"}, "digests"),
        ({**digested, "digests": deep}, "row"),
        ({**digested, "token": "e30.e30.AA"}, "token"),
        ({k: v for k, v in digested.items() if k != "identifier"}, "identifier"),
        ({"id": "a", "number": {"digests": 1}}, "number"),
        ({"id": "a", "holder": ["digests", "x" * MAX_LINE]}, "row"),
        ({"id": "a", "holder": "x" * MAX_LINE}, "row"),
    ]
    for row, field in bad:
        items = items_of(JobKind.NDJSON, lines_of(digested, row, digested))
        first, wrong, last = (_fields(item) for item in items)
        assert (first, wrong, last) == ("", field, ""), (row.keys(), wrong)


def _fields(item: JobItem) -> str:
    """The field of its problem; empty where it is asked."""
    if item.form is ItemForm.PROBLEM:
        return str(json.loads(item.content)["field"])
    try:
        submission_of(item, ORDER, datetime.now(UTC))
    except ServiceError as exc:
        return str(json.loads(told(exc))["field"])
    return ""


def test_digests_need_the_scope_of_a_file(digested: dict[str, object]) -> None:
    narrow = replace(ORDER, scopes=frozenset({"verify:number", "verify:token"}))
    (item,) = items_of(JobKind.NDJSON, lines_of(digested))
    with pytest.raises(Forbidden):
        submission_of(item, narrow, datetime.now(UTC))
    assert submission_of(item, ORDER, datetime.now(UTC)).digested is not None


def test_a_table_has_no_column_of_digests() -> None:
    """Refused whole, with where they go."""
    assert items_of(JobKind.CSV, b"id,identifier\na,b\n")
    for header in (b"id,identifier,digests\na,b,{}\n", b"digests\nx\n"):
        with pytest.raises(BadRequest) as caught:
            items_of(JobKind.CSV, header)
        assert (caught.value.field, "NDJSON" in str(caught.value)) == ("header", True)


def test_what_nobody_turned_into_a_problem_is_a_fault_of_ours_and_told() -> None:
    assert json.loads(told(Malformed("nobody caught it")))["type"] == "/problems/internal"
