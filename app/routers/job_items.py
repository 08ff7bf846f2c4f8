"""The items of an upload, and what is asked by each: as single requests take them, and refused as
those are. Runs in the worker; pure.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.caller import Scope
from app.domain.errors import Malformed, Refused, ServiceError
from app.domain.job import ItemForm, JobItem, JobKind, Order
from app.domain.verification import Submission
from app.formats.archive import read_archive
from app.formats.rows import (
    MAX_LINE,
    CsvReader,
    LineCutter,
    Members,
    read_header,
    read_ndjson,
    without_mark,
)
from app.routers.access import Forbidden
from app.routers.body import BadRequest
from app.routers.problems import fault, problem_of
from app.routers.verifications import stated, token_of
from app.schemas.digested import digested_of
from app.schemas.verification import TermsIn, VerificationIn, plain, refused

MOST: Final = 20_000
"""Items of one job."""
MOST_LINES: Final = 4 * MOST
"""Lines of one upload, with those that hold nothing."""
LABEL: Final = 255
"""Characters of the caller's name for an item; a longer one is cut."""
COLUMNS: Final = frozenset({"id", *VerificationIn.model_fields}) - {"digests"}
"""Of a CSV, which holds texts; digests go in NDJSON."""
DIGESTED_LINE: Final = 64 * 1024
"""Bytes of a line with digests; any other has `MAX_LINE`."""
TOO_LONG: Final = (
    f"a line longer than {MAX_LINE} bytes, with digests {DIGESTED_LINE}; send that one by itself"
)
_WITH_DIGESTS: Final = JsonLimits(size=DIGESTED_LINE)
_LIMITS: Final = JsonLimits(size=8 * MAX_LINE)
"""Of a row as it is kept: JSON writes some characters of a CSV in six."""


def items_of(kind: JobKind, content: bytes) -> list[JobItem]:
    """The items of an upload. Raises `ServiceError` where it is not what it was sent as."""
    items = list(_documents(content) if kind is JobKind.ZIP else _rows(kind, content))
    if not items:
        raise BadRequest(422, "body", "no item: an empty file")
    return items


def submission_of(item: JobItem, order: Order, now: datetime) -> Submission:
    """What is asked by an item. Raises `ServiceError`."""
    common: dict[str, Any] = dict(order.terms)
    if item.form is ItemForm.FILE:
        _require(order, Scope.VERIFY_FILE)
        if not item.content:
            raise BadRequest(422, "file", "the file is empty; send the original")
        return Submission(content=item.content, **_terms(TermsIn.of_form(common), order))
    try:
        members = {**common, **read_json_object(item.content, _LIMITS)}
        age = members.get("max_status_age")
        if isinstance(age, str) and age.isascii() and age.isdigit():
            members["max_status_age"] = int(age[:9])
        # A row may ask for it, and never undo what its job asks for.
        if common.get("sm_only") is not None or members.get("sm_only") == "true":
            members["sm_only"] = True
        asked = VerificationIn.model_validate(members)
    except Malformed as exc:  # a CSV may hold what no JSON does
        raise Refused("row", str(exc)) from None
    except ValidationError as exc:
        raise refused(exc) from None
    asked.not_in_future(now)
    if asked.purpose != order.terms["purpose"]:
        raise BadRequest(422, "purpose", "is that of the job; leave it out")
    if asked.token is not None:
        _require(order, Scope.VERIFY_TOKEN)
        return Submission(content=token_of(asked.token), **_terms(asked, order))
    _require(order, Scope.VERIFY_NUMBER)
    digested = None
    if asked.digests is not None:
        _require(order, Scope.VERIFY_FILE)
        digested = digested_of(asked.digests)
    return Submission(stated=stated(asked), digested=digested, **_terms(asked, order))


def told(exc: ServiceError | None) -> str:
    """The problem document, as JSON. Never raises: what is no answer would be asked for ever."""
    try:
        answer = fault() if exc is None else problem_of(exc)
    except ServiceError:  # nobody turned it into a problem
        answer = fault()
    return bytes(answer.body).decode()


def _documents(content: bytes) -> Iterator[JobItem]:
    for no, (name, data) in enumerate(_archive(content).items(), 1):
        yield JobItem(_label(name, no), no, data, ItemForm.FILE)


def _archive(content: bytes) -> Any:
    try:
        return read_archive(content).members
    except Malformed as exc:
        raise BadRequest(422, "body", f"no plain ZIP archive within limits: {exc}") from None


def _rows(kind: JobKind, content: bytes) -> Iterator[JobItem]:
    if content.count(b"\n") > MOST_LINES:  # blank ones are lines too, and each is looked at
        raise BadRequest(422, "body", f"more than {MOST_LINES} lines; send several jobs")
    cutter = LineCutter(DIGESTED_LINE if kind is JobKind.NDJSON else MAX_LINE)
    count, read = 0, _read_line
    lines = [*cutter.feed(content), *cutter.finish()]
    if lines and lines[0] is not None:
        lines[0] = without_mark(lines[0])
    first = 1
    if kind is JobKind.CSV:
        names = read_header(lines[0] if lines else None)
        if "digests" in names:
            raise BadRequest(422, "header", "digests do not fit a table; send lines of NDJSON")
        if unknown := set(names) - COLUMNS:
            raise BadRequest(422, "header", f"{len(unknown)} columns that are none: known are {', '.join(sorted(COLUMNS))}")  # fmt: skip # noqa: E501
        read, lines, first = CsvReader(names), lines[1:], 2
    for number, line in enumerate(lines, first):
        if line is not None and not line.strip():
            continue
        count += 1
        if count > MOST:
            raise BadRequest(422, "body", f"more than {MOST} items; send several jobs")
        yield _row(line, number, read)


def _read_line(line: bytes) -> Members:
    """A line of NDJSON; one with digests is longer and deeper. Raises `ServiceError`."""
    if b'"digests"' in line:
        try:
            members = read_json_object(line, _WITH_DIGESTS)
        except Malformed as exc:
            raise Refused("row", f"no JSON object: {exc}") from None
        if "digests" in members:
            return members
    if len(line) > MAX_LINE:
        raise BadRequest(413, "row", TOO_LONG)
    return read_ndjson(line)


def _row(line: bytes | None, number: int, read: Any) -> JobItem:
    label = str(number)
    try:
        if line is None:
            raise BadRequest(413, "row", TOO_LONG)
        members: Members = read(line)
        label = _label(members.get("id"), number)
    except ServiceError as exc:
        return JobItem(label, number, told(exc).encode(), ItemForm.PROBLEM)
    ground = {name: value for name, value in members.items() if name != "id" and value != ""}
    content = json.dumps(ground, ensure_ascii=False).encode()
    return JobItem(label, number, content, ItemForm.FACTS)


def _label(name: object, number: int) -> str:
    if isinstance(name, str) and name:
        try:
            return plain(name)[:LABEL]
        except ValueError:
            pass
    return str(number)


def _require(order: Order, scope: Scope) -> None:
    if scope not in order.scopes:
        raise Forbidden(frozenset({scope}))


def _terms(terms: TermsIn, order: Order) -> dict[str, Any]:
    age = terms.max_status_age
    return {
        "purpose": order.terms["purpose"],
        "asker": order.asker,
        "at": terms.at,
        "max_status_age": None if age is None else timedelta(seconds=age),
        "matter": terms.matter,
        "policy": terms.policy,
        "signers": terms.signers,
        "sm_only": terms.sm_only is not None,
    }
