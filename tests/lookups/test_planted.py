"""Two hundred planted personal values: in no log, error, address, report, nor dump of the tables."""

import asyncio
import base64
import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest

from app.models import Base
from tests.imports.conftest import Office, fresh, office  # noqa: F401
from tests.imports.test_imports import ndjson, row

PLANTED = 50
"""Persons, of four values each."""


def person(n: int) -> dict[str, str]:
    """A number, a name, a code and words of a dispute that nobody else has."""
    return {
        "number": f"植入号{n:03}甲",
        "holder": f"植{chr(0x4E00 + 7 * n)}入{chr(0x5E00 + 11 * n)}",
        "holder_code": f"PLANTED{n:04}XQ{n * 7919 % 10000:04}",
        "text": f"植入之言{n:03}：出生地与所载不符。",
    }


PEOPLE = [person(n) for n in range(PLANTED)]
VALUES = [value for each in PEOPLE for value in each.values()]


@pytest.fixture(autouse=True)
def _buckets(office: Office) -> Iterator[None]:  # noqa: F811
    office.service.sql("DELETE FROM bucket")
    yield
    office.service.sql("DELETE FROM bucket")


def spellings(value: str) -> list[bytes]:
    """As it may stand somewhere: plain, escaped, hexadecimal, base64, or as a bare digest."""
    octets = value.encode()
    return [
        octets,
        json.dumps(value)[1:-1].encode(),
        octets.hex().encode(),
        base64.b64encode(octets).rstrip(b"=")[:-2],
        *(hashlib.new(name, octets).digest() for name in ("sha256", "sha1", "md5")),
        *(hashlib.new(name, octets).hexdigest().encode() for name in ("sha256", "sha1", "md5")),
    ]


def dumped(office: Office, since: int, *tables: str) -> bytes:  # noqa: F811
    """Rows of these tables, or of all, as text and, where it is octets, as octets too.

    Args:
        office: whose database.
        since: only what this transaction or a later one wrote; other tests share the database.
        tables: none named: every one there is.
    """

    async def dump() -> bytes:
        plain = office.service.database_url.replace("+asyncpg", "")
        connection = await asyncpg.connect(plain)
        found = list[bytes]()
        try:
            for table in tables or sorted(Base.metadata.tables):
                written = f"SELECT * FROM {table} WHERE xmin::text::bigint >= $1"
                for record in await connection.fetch(written, since):
                    found += (
                        value if isinstance(value, bytes) else str(value).encode()
                        for value in record.values()
                    )
        finally:
            await connection.close()
        return b"\n".join(found)

    return asyncio.run(dump())


def test_planted_values_appear_nowhere(
    office: Office,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    said, asked = list[httpx.Response](), office.service.client
    ((since,),) = office.rows("SELECT pg_current_xact_id()::text::bigint")
    ids = [fresh(office.service) for _ in PEOPLE]
    good = [
        row(id, number=p["number"], holder=p["holder"], holder_code=p["holder_code"])
        for id, p in zip(ids, PEOPLE, strict=True)
    ]
    said.append(office.push(ndjson(*good), "planted"))
    assert said[0].json()["added"] == PLANTED, said[0].text
    # The same values where they do not belong: every one of these rows is refused.
    bad = [
        {**each, name: p["holder_code"]}
        for each, p in zip(good, PEOPLE, strict=True)
        for name in ("valid_until", "identifier")
    ]
    said.append(office.push(ndjson(*bad), "planted-bad"))
    assert said[1].json()["bad"] == 2 * PLANTED
    for id, p in zip(ids[::2], PEOPLE[::2], strict=True):
        named = {"number": p["number"], "type": id.type}
        for body in (
            {**named, "holder": p["holder"], "holder_code": p["holder_code"]},
            {**named, "holder": p["text"]},
            {"identifier": p["holder_code"], "holder": p["holder"]},
            {**named, p["holder"]: p["number"]},
        ):
            said.append(asked.post("/v1/lookups", json=body))
        said.append(asked.post("/v1/verifications", json={**named, "holder": p["holder"]}))
    for id, p in zip(ids, PEOPLE, strict=True):
        office.service.sql("DELETE FROM bucket")
        dispute: dict[str, Any] = {"identifier": str(id), "element": "other", **p}
        said.append(asked.post("/v1/disputes", json=dispute))
        said.append(asked.post("/v1/disputes", json={**dispute, p["holder"]: 1}))
    assert {each.status_code for each in said} == {200, 422}

    places = {
        "a log": caplog.text.encode(),
        "the output": "".join(capfd.readouterr()).encode(),
        "an address": b"\n".join(str(each.url).encode() for each in said),
        "an answer": b"\n".join(each.content + str(each.headers).encode() for each in said),
        "a table": dumped(office, since),
    }
    assert ids[0].serial.encode() in places["a table"], "the rows of this test are searched"
    assert len(VALUES) == 4 * PLANTED == len(set(VALUES)) == 200
    for place, octets in places.items():
        for value in VALUES:
            for spelt in spellings(value):
                assert spelt not in octets, f"{place} tells a planted value"


def test_what_is_searched_does_find_a_value(office: Office) -> None:  # noqa: F811
    """The twin: the name of an issuer, which is nobody's, stands in the tables and is found."""
    (name,) = office.rows("SELECT name FROM issuer WHERE code = $1", office.code)[0]
    assert spellings(name)[0] in dumped(office, 0, "issuer")
    assert b"".join(spellings("植入")).count("植入".encode()) == 1
