"""Look-ups as callers make them: what is told, what looks alike, what is kept of it."""

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import jsonschema
import pytest

from app.crypto.provider import FolderKeys
from app.domain.caller import Scope, Tenant
from app.domain.identifier import Identifier
from app.domain.lookup import Level
from app.registry import callers, catalogue
from app.registry.imports import index
from app.registry.lookups import BY_IDENTIFIER, BY_NUMBER
from app.routers.door import MISSED
from app.schemas.lookup import LookupOut
from tests.http.test_description import SHOWN, examples
from tests.imports.conftest import Office, fresh, license_type, office  # noqa: F401
from tests.imports.test_imports import CODE, HOLDER, ndjson, row
from tests.imports.test_statuses import decision
from tests.service import Service, serving

PURPOSE = "window"
PATH = "/v1/lookups"


@pytest.fixture(scope="module")
def looking(office: Office) -> Office:  # noqa: F811
    service, folder = office.service, FolderKeys(office.service.settings.key_folder)
    service.write(lambda s: callers.add_tenant(s, Tenant("window", "样例", None, "630000")))
    for who, scope in (("compares", Scope.VERIFY_NUMBER), ("sees", Scope.STATUS_DETAIL)):
        service.write(
            lambda s, i=f"window-{who}", c=scope: callers.add_caller(
                s, i, "window", frozenset({c}), frozenset({PURPOSE}), per_minute=1_000_000
            )
        )
        office.keys[who] = service.write(
            lambda s, i=f"window-{who}": callers.new_api_key(s, folder, i, now=datetime.now(UTC))
        )
    return office


@pytest.fixture(autouse=True)
def _buckets(looking: Office) -> Iterator[None]:
    yield
    looking.service.sql("DELETE FROM bucket")
    looking.service.write(
        lambda s: catalogue.set_level(s, license_type(looking.service), Level.SHARED)
    )


def ask(office: Office, who: str | None, **members: Any) -> httpx.Response:  # noqa: F811
    headers = {} if who is None else office.headers(who)
    purpose = {} if who is None else {"purpose": PURPOSE}
    return office.service.client.post(PATH, json={**purpose, **members}, headers=headers)


def record(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    LookupOut.model_validate_json(answer.content)
    return answer.json()["record"]


def pushed(office: Office, **more: Any) -> Identifier:  # noqa: F811
    id = fresh(office.service)
    answer = office.push(ndjson(row(id, number=f"号{id.serial}", **more)), f"look-{id.serial}")
    assert answer.json()["added"] == 1, answer.text
    return id


def by_number(id: Identifier) -> dict[str, str]:
    return {"number": f"号{id.serial}", "type": id.type}


# ---- what is told


@pytest.mark.parametrize("who", [None, "compares", "sees"])
def test_facts_are_compared_and_no_value_comes_back(looking: Office, who: str | None) -> None:
    id = pushed(looking)
    for named in ({"identifier": str(id)}, by_number(id)):
        answer = ask(
            looking, who, **named, holder=HOLDER, holder_code=CODE, valid_from="2024-01-02"
        )
        told = record(answer)
        numbered = {"number": "match"} if "number" in named else {}
        assert told["compared"] == {
            **numbered, "holder": "match", "holder_code": "match", "valid_from": "differs",
        }  # fmt: skip
        assert (told["state"], told["fields"], told["shown"]) == ("issued", None, "compared")
        assert told["source"]["kind"] == "pushed"
        for value in (HOLDER, CODE, "2024-01-01", "2024-01-02", f"号{id.serial}"):
            assert value not in answer.text
        assert "conclusion" not in answer.text
        assert "valid" not in re.sub("valid_(from|until)", "", answer.text)


def test_fields_by_scope_and_level(looking: Office) -> None:
    id = pushed(looking)
    named = {"identifier": str(id), "holder": HOLDER}
    refused = ask(looking, "compares", **named, show="masked")
    assert (refused.status_code, "status:detail" in refused.text) == (403, True)
    assert ask(looking, None, **named, show="full").status_code == 403
    whole = record(ask(looking, "sees", **named, show="full"))
    assert whole["fields"]["holders"] == [{"name": HOLDER, "code": CODE}]
    assert whole["fields"]["valid_until"] == "长期"
    masked = record(ask(looking, "sees", **named, show="masked"))
    assert masked["fields"]["holders"] == [{"name": "张**", "code": "**************002X"}]
    looking.service.write(lambda s: catalogue.set_level(s, id.type, Level.RESTRICTED))
    least = record(ask(looking, "sees", **named, show="full"))
    assert (least["shown"], least["fields"]) == ("masked", masked["fields"])
    assert record(ask(looking, "sees", identifier=str(id), show="full")) is None
    looking.service.write(lambda s: catalogue.set_level(s, id.type, Level.OPEN))
    assert record(ask(looking, "sees", identifier=str(id), show="full"))["shown"] == "full"


def test_the_state_at_one_time_as_known_at_another(looking: Office) -> None:
    id = pushed(looking)
    named = {"identifier": str(id), "holder": HOLDER}
    before = datetime.now(UTC).isoformat()
    looking.decide(ndjson(decision(id, "吊销", "2026-03-01")), f"revoke-{id.serial}")
    told = record(ask(looking, "compares", **named))
    assert (told["state"], told["state_since"]) == ("revoked", "2026-02-28T16:00:00Z")
    then = record(ask(looking, "compares", **named, at="2026-02-01T00:00:00Z"))
    assert (then["state"], then["state_since"]) == ("issued", None)
    assert record(ask(looking, "compares", **named, known_at=before))["state"] == "issued"
    assert record(ask(looking, "compares", **named, known_at="2020-01-01T00:00:00Z")) is None


def test_of_several_versions_under_one_number_that_in_force(looking: Office) -> None:
    one = fresh(looking.service)
    other = Identifier.read(str(fresh(looking.service, "002")))
    number = f"版{one.serial}"
    looking.push(ndjson(row(one, number=number), row(other, number=number)), f"v-{one.serial}")
    named = {"number": number, "type": one.type, "holder": HOLDER}
    assert record(ask(looking, "compares", **named))["identifier"] == str(other)
    looking.decide(ndjson(decision(other, "注销", "2026-03-01")), f"w-{one.serial}")
    assert record(ask(looking, "compares", **named))["identifier"] == str(one)


def test_a_license_without_an_identifier_is_found_by_its_number(looking: Office) -> None:
    bare = {"type": license_type(looking.service), "number": "老证 0042", "holder": HOLDER}
    looking.push(ndjson(bare), "look-bare")
    told = record(ask(looking, "compares", **{**bare, "number": "老证0042"}))
    assert told["identifier"] is None
    assert "0.0.0.0.0" not in json.dumps(told)


def test_a_number_a_record_no_longer_has_finds_nothing(looking: Office) -> None:
    id = pushed(looking)
    named = {**by_number(id), "holder": HOLDER}
    assert record(ask(looking, "compares", **named)) is not None, "the twin"
    looking.push(ndjson(row(id, number=f"新{id.serial}")), f"renumbered-{id.serial}")
    assert record(ask(looking, "compares", **named)) is None
    now = {**named, "number": f"新{id.serial}"}
    assert record(ask(looking, "compares", **now)) is not None


# ---- what looks alike


def test_not_there_and_not_yours_are_the_same_bytes(looking: Office) -> None:
    there, missing = pushed(looking), fresh(looking.service)
    at = {"at": "2026-10-01T00:00:00Z", "known_at": datetime.now(UTC).isoformat()}
    asked = [
        {"identifier": str(there), "holder": "别人"},
        {"identifier": str(missing), "holder": HOLDER},
        {**by_number(there), "holder": "别人"},
        {**by_number(there), "holder": HOLDER, "holder_code": "别人"},
        {**by_number(missing), "holder": HOLDER},
        {**by_number(there), "holder": HOLDER, "issuer": "630199"},
        {**by_number(there), "holder": HOLDER, "type": "11100000MB03271699999"},
    ]
    answers = [ask(looking, "compares", **each, **at) for each in asked]
    assert record(ask(looking, "compares", identifier=str(there), holder=HOLDER, **at)) is not None
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    names = [sorted(n for n in answer.headers if n != "date") for answer in answers]
    assert all(each == names[0] for each in names)


def test_there_or_not_the_same_statements_run(looking: Office, monkeypatch: Any) -> None:
    """Counted, not timed: statements, decryptions and rows of the log."""
    there, missing = pushed(looking), fresh(looking.service)
    done: list[str] = []
    for module, name in (
        ("app.registry.lookups", "unseal"),
        ("app.registry.lookups.index", "number_key"),
    ):
        real = __import__("pydoc").locate(f"{module}.{name}")
        monkeypatch.setattr(
            f"{module}.{name}",
            lambda *a, r=real, n=name: (done.append(n), r(*a))[1],
        )
    counted = []
    for id, holder in ((there, "别人"), (missing, HOLDER)):
        ask(looking, "compares", **by_number(id), holder=holder)  # the decoy is made once
        done.clear()
        ask(looking, "compares", **by_number(id), holder=holder)
        counted.append(list(done))
    assert counted[0] == counted[1] == ["number_key", "unseal"]


@pytest.mark.parametrize("gathered", [False, True])
@pytest.mark.parametrize("by", ["identifier", "number"])
def test_one_partition_of_each_table_is_touched(
    looking: Office, by: str, *, gathered: bool
) -> None:
    id = pushed(looking)
    keys = FolderKeys(looking.service.settings.key_folder)
    hmac = index.newest(keys, index.number_key(id.type, f"号{id.serial}"))[0]
    wording, key = (BY_IDENTIFIER, str(id)) if by == "identifier" else (BY_NUMBER, hmac)
    now = datetime.now(UTC)
    sql, values = wording.one, [key, now, now]
    if gathered:
        sql, values = wording.many, [[value] for value in values]

    async def plan() -> str:
        connection = await asyncpg.connect(looking.service.database_url.replace("+asyncpg", ""))
        try:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            rows = await connection.fetch("EXPLAIN (ANALYZE, COSTS OFF) " + sql, *values)
            return "\n".join(each[0] for each in rows)
        finally:
            await connection.close()

    text = asyncio.run(plan())
    ran = [line for line in text.splitlines() if "never executed" not in line and " on " in line]
    for table in ("license", "license_status", "statement") + (("license_key",) if by == "number" else ()):  # fmt: skip
        touched = {m[1] for line in ran if (m := re.search(rf" on ({table}_\d\d)\b", line))}
        assert len(touched) <= 1, (table, text)
    assert any(re.search(r" on license_\d\d\b", line) for line in ran), text


# ---- what is refused, limited and kept


REFUSED = [
    ({}, "identifier"),
    ({"number": "N-1"}, "identifier"),
    ({"identifier": "1.2.3"}, "identifier"),
    ({"identifier": "X"}, "identifier"),
    ({"type": "x"}, "type"),
    ({"holder": ""}, "holder"),
    ({"holder": "a\u0000"}, "holder"),
    ({"show": "everything"}, "show"),
    ({"at": "2099-01-01T00:00:00Z"}, "at"),
    ({"known_at": "2099-01-01T00:00:00Z"}, "known_at"),
    ({"valid_until": "soon"}, "valid_until"),
    ({"unheard_of": 1}, "unheard_of"),
]


@pytest.mark.parametrize(("change", "field"), REFUSED)
def test_what_cannot_be_asked(looking: Office, change: dict[str, Any], field: str) -> None:
    good = {"identifier": str(fresh(looking.service)), "holder": HOLDER}
    assert ask(looking, "compares", **good).status_code == 200
    members = {**good, **change} if change and "number" not in change else change
    answer = ask(looking, "compares", **members)
    assert (answer.status_code, answer.json()["field"]) in ((422, field), (400, "body"))


def test_the_holder_must_be_named_unless_fields_may_be_seen(looking: Office) -> None:
    id = pushed(looking)
    for who in (None, "compares"):
        for named in ({"identifier": str(id)}, {"identifier": str(fresh(looking.service))}):
            answer = ask(looking, who, **named)
            assert (answer.status_code, answer.json()["field"]) == (422, "holder")


def test_a_caller_states_a_purpose_it_has(looking: Office) -> None:
    id = str(fresh(looking.service))
    answer = ask(looking, "compares", identifier=id, holder=HOLDER, purpose="other")
    assert (answer.status_code, answer.json()["field"]) == (422, "purpose")


@contextmanager
def strict(looking: Office, **quotas: int) -> Iterator[Office]:
    """The same node with limits that can be reached."""
    service = looking.service
    folder = service.settings.key_folder.parent
    with serving(service.database_url, folder, service.issuers, **quotas) as node:
        service.sql("DELETE FROM bucket")
        yield Office(node, looking.keys)


def test_one_license_is_looked_up_only_so_often_by_one_caller(looking: Office) -> None:
    one, other = str(pushed(looking)), str(pushed(looking))
    with strict(looking, document_per_minute=2) as node:
        told = [ask(node, "compares", identifier=one, holder=HOLDER) for _ in range(4)]
        assert [answer.status_code for answer in told[:2]] == [200, 200]
        assert told[3].status_code == 429
        assert told[3].json()["field"] == "document"
        assert ask(node, "compares", identifier=other, holder=HOLDER).status_code == 200
        assert ask(node, "sees", identifier=one, holder=HOLDER).status_code == 200


def test_a_miss_costs_more_than_a_hit(looking: Office) -> None:
    id = str(pushed(looking))
    with strict(looking, anonymous_per_minute=50) as node:

        def drawn(holder: str) -> float:
            looking.service.sql("DELETE FROM bucket")
            assert ask(node, None, identifier=id, holder=holder).status_code == 200
            rows = looking.service.sql("SELECT 50 - tokens AS drawn FROM bucket WHERE tokens <= 50")
            return max(float(each["drawn"]) for each in rows)

        assert drawn(HOLDER) == 1
        assert MISSED - 1 < drawn("别人") <= MISSED


def test_every_look_up_leaves_its_row_and_no_value(looking: Office) -> None:
    id = pushed(looking)
    named = {"identifier": str(id), "holder": HOLDER, "holder_code": CODE, "matter": "M-1"}
    before = len(looking.rows("SELECT 1 FROM audit WHERE operation = 'look_up'"))
    ask(looking, "sees", **named, show="masked")
    ask(looking, "sees", **{**named, "holder": "别人"})
    rows = looking.rows("SELECT body FROM audit WHERE operation = 'look_up' ORDER BY at")[before:]
    told = [json.loads(each["body"]) for each in rows]
    assert [each["reason"] for each in told] == [None, "nothing_told"]
    assert told[0]["fields_asked"] == ["masked", "holder", "holder_code"]
    assert told[0]["fields_answered"] == ["holder", "holder_code", "state", "masked_fields"]
    assert told[1]["fields_answered"] == []
    assert (told[0]["purpose"], told[0]["matter"], told[0]["tenant"]) == (PURPOSE, "M-1", "window")
    assert told[0]["object"] == told[1]["object"]
    text = json.dumps(told, ensure_ascii=False)
    for value in (str(id), HOLDER, CODE, "别人"):
        assert value not in text


def test_another_method_finds_the_described_route(looking: Office) -> None:
    refused = looking.service.client.get(PATH)
    assert (refused.status_code, refused.json()["type"]) == (405, "/problems/http-405")
    assert looking.service.client.post(f"{PATH}/").status_code == 404


def test_many_at_once_are_each_told_their_own(looking: Office) -> None:
    """Gathered, and dealt out again: what is there, what is not, and at times at the edges."""
    ids = [pushed(looking) for _ in range(3)]
    missing = fresh(looking.service)
    asked: list[dict[str, Any]] = [
        {"identifier": str(ids[0])},
        by_number(ids[1]),
        {"identifier": str(missing)},
        by_number(missing),
        {"identifier": str(ids[2]), "at": "1970-01-01T00:00:00Z"},
        {"identifier": str(ids[2]), "known_at": "1970-01-01T00:00:00Z"},
        {"identifier": str(ids[2])},
    ] * 5
    headers = looking.headers("compares")

    async def run() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=looking.service.url) as client:
            return await asyncio.gather(
                *(
                    client.post(
                        PATH, json={**each, "holder": HOLDER, "purpose": PURPOSE}, headers=headers
                    )
                    for each in asked
                )
            )

    told = [record(answer) for answer in asyncio.run(run())]
    named = [None if each is None else each["identifier"] for each in told]
    expected = [str(ids[0]), str(ids[1]), None, None, str(ids[2]), None, str(ids[2])]
    assert named == expected * 5


# ---- what is done at once is told as if it were done one after another


def sent(node: Office, *pieces: bytes) -> tuple[int, Any]:
    """A request in pieces, each after a while; status and answer."""
    host, port = node.service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        for piece in pieces:
            line.sendall(piece)
            line.settimeout(0.15)
            try:
                early = line.recv(1 << 16)
            except TimeoutError:
                early = b""
            line.settimeout(20)
        answer = early
        while b"\r\n\r\n" not in answer or not answer.rstrip().endswith(b"}"):
            answer += line.recv(1 << 16)
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12]), json.loads(body)


def head(length: int, *more: str) -> bytes:
    lines = (f"POST {PATH} HTTP/1.1", "host: node", "content-type: application/json", *more)
    return "\r\n".join((*lines, f"content-length: {length}", "", "")).encode()


def test_a_body_that_comes_late_or_in_pieces_is_told_the_same(looking: Office) -> None:
    times = {"at": "2026-10-01T00:00:00Z", "known_at": "2026-11-25T00:00:00Z"}
    named = {"identifier": str(pushed(looking)), "holder": HOLDER}
    body = json.dumps({**named, "at": times["at"]}).encode()
    whole, late, pieces = (
        sent(looking, *each)
        for each in (
            (head(len(body)) + body,),
            (head(len(body)), body),
            (head(len(body)) + body[:40], body[40:]),
        )
    )
    for status, told in (whole, late, pieces):
        assert status == 200
        assert told.pop("known_at") > times["known_at"]
    assert whole == late == pieces
    assert whole[1]["record"]["compared"] == {"holder": "match"}


def test_who_is_over_its_limits_is_told_so_first_and_takes_nothing_of_others(
    looking: Office,
) -> None:
    """Whether the body can be read, and is there, changes nothing; nor does it matter that records
    are read and buckets of licenses drawn on while the caller's own are.
    """
    good = json.dumps({"identifier": str(fresh(looking.service)), "holder": HOLDER}).encode()
    bad = b'{"identifier": 1}'
    with strict(looking, anonymous_per_minute=10, document_per_minute=10) as node:
        client = node.service.client
        headers = {"content-type": "application/json"}
        first = [client.post(PATH, content=each, headers=headers) for each in (bad, good)]
        assert [each.status_code for each in first] == [422, 200]
        # 1 for what could not be read, 5 for the miss: four are left.
        told = [client.post(PATH, content=bad, headers=headers).status_code for _ in range(5)]
        assert told == [422] * 4 + [429]
        kept = "SELECT count(*), sum(tokens) FILTER (WHERE tokens BETWEEN 8 AND 10) FROM bucket"
        before = node.service.sql(kept)
        for each in (good, bad, b"{", good):
            refused = client.post(PATH, content=each, headers=headers)
            assert (refused.status_code, refused.json()["field"]) == (429, "address")
        assert node.service.sql(kept) == before, "no bucket of a license was begun or drawn on"


def test_the_examples_are_taken(looking: Office) -> None:
    content = SHOWN["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]
    sent = examples(content)
    assert len(sent) >= 2
    for example in sent:
        jsonschema.validate(example, content["schema"])
        assert record(ask(looking, None, **example)) is None, "nobody pushed it"


def test_a_service_without_records_answers_as_well(service: Service) -> None:
    answer = service.client.post(PATH, json={"number": "x", "type": "1" * 21, "holder": "x"})
    assert answer.json()["record"] is None
