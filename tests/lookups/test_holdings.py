"""一照关联 over HTTP: who may ask, from what, what comes, what looks alike, and what is kept of it."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import jsonschema
import pytest

from app.crypto.provider import FolderKeys, Purpose
from app.domain.caller import Scope, Tenant
from app.domain.codes import mod_37_36
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.lookup import Level
from app.domain.trust import Issuer, LicenseType
from app.registry import callers, catalogue, lookups
from app.registry.entries import IssuerEntry
from app.registry.imports import index
from app.registry.lookups import HELD_SQL
from app.registry.rotation import Rotation
from app.registry.sessions import Database
from app.routers.door import MISSED
from app.schemas.holdings import HoldingsOut
from tests.cli.conftest import Run, run  # noqa: F401
from tests.http.test_description import SHOWN, examples
from tests.imports.conftest import Office, fresh, office  # noqa: F401
from tests.imports.test_imports import ndjson, row
from tests.imports.test_statuses import decision
from tests.lookups.test_over_http import strict

PATH = "/v1/holdings"
PURPOSE = "window"
SHOP, BODY, OTHER = (TypeCode(f"11100000MB0327169{n}") for n in ("9901", "9902", "9903"))
"""A 营业执照, and two kinds of permits."""
COMPANY = "青海样例有限公司"
CODE, FOREIGN = "91630000M000100Y4R", "91350100M000100Y43"
MANY = {"relates": {Scope.LICENSE_RELATE}, "sees": {Scope.LICENSE_RELATE, Scope.STATUS_DETAIL},
        "compares": {Scope.VERIFY_NUMBER}}  # fmt: skip


@pytest.fixture(scope="module")
def relating(office: Office) -> Office:  # noqa: F811
    """Three types more, and callers who may and may not ask."""
    service, folder = office.service, FolderKeys(office.service.settings.key_folder)
    body = service.world.body("traffic")
    for code, name in ((SHOP, "营业执照"), (BODY, "取水许可证"), (OTHER, "烟草专卖零售许可证")):
        type = LicenseType(code=code, name=name, name_en=name, max_status_age=timedelta())
        service.write(lambda s, t=type: catalogue.add_license_type(s, t))
    types = frozenset({*map(TypeCode, body.types), SHOP, BODY, OTHER})
    entry = IssuerEntry(Issuer(IssuerCode(office.code), body.title, body.title, types))
    service.write(lambda s: catalogue.add_issuer(s, entry))
    service.write(lambda s: catalogue.set_identity_source(s, SHOP, on=True))
    service.write(lambda s: callers.add_tenant(s, Tenant("market", "样例", None, "630000")))
    for who, scopes in MANY.items():
        service.write(
            lambda s, i=f"market-{who}", c=scopes: callers.add_caller(
                s, i, "market", frozenset(c), frozenset({PURPOSE}), per_minute=1_000_000
            )
        )
        office.keys[who] = service.write(
            lambda s, i=f"market-{who}": callers.new_api_key(s, folder, i, now=datetime.now(UTC))
        )
    yield office
    service.register()


@pytest.fixture(autouse=True)
def _buckets(relating: Office) -> Iterator[None]:
    yield
    relating.service.sql("DELETE FROM bucket")
    for type in (SHOP, BODY, OTHER):
        relating.service.write(lambda s, t=type: catalogue.set_level(s, t, Level.SHARED))


def named(office: Office, type: TypeCode, version: str = "001") -> Identifier:  # noqa: F811
    """An identifier of that type that nobody has used."""
    serial = fresh(office.service).serial
    check = mod_37_36(type + office.code + serial + version)
    return Identifier("1.2.156.3005.2", type, IssuerCode(office.code), serial, version, check)


def company(n: int) -> str:
    """A code of a body nobody else in these tests has."""
    weights = [pow(3, i, 31) for i in range(17)]
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    head = f"91630000MA{n:07}"
    total = sum(alphabet.index(c) * w for c, w in zip(head, weights, strict=True))
    return head + alphabet[-total % 31]


_next = iter(range(1, 1000))


class Firm:
    """A body with a business license and permits, all on record."""

    def __init__(self, office: Office, *permits: TypeCode, **more: Any) -> None:  # noqa: F811
        self.code = company(next(_next))
        self.shop = named(office, SHOP)
        self.permits = [named(office, type) for type in permits]
        rows = [
            row(id, number=f"企{id.serial}", holder=COMPANY, holder_code=self.code, **more)
            for id in (self.shop, *self.permits)
        ]
        answer = office.push(ndjson(*rows), f"firm-{self.shop.serial}")
        assert answer.json()["added"] == len(rows), answer.text

    @property
    def asks(self) -> dict[str, str]:
        return {"identifier": str(self.shop), "holder_code": self.code}


def ask(office: Office, who: str | None, **members: Any) -> httpx.Response:  # noqa: F811
    headers = {} if who is None else office.headers(who)
    return office.service.client.post(PATH, json={"purpose": PURPOSE, **members}, headers=headers)


def told(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    HoldingsOut.model_validate_json(answer.content)
    return answer.json()


def listed(answer: httpx.Response) -> set[str | None]:
    return {each["identifier"] for each in told(answer)["licenses"]}


# ---- what is told


def test_a_bodys_other_licenses_come_from_its_business_license(relating: Office) -> None:
    firm, another = Firm(relating, BODY, OTHER), Firm(relating, BODY)
    by_number = {"number": f"企{firm.shop.serial}", "type": SHOP, "holder_code": firm.code}
    for asked in (firm.asks, by_number):
        found = told(answer := ask(relating, "relates", **asked))
        assert found["source"]["identifier"] == str(firm.shop)
        assert {each["identifier"] for each in found["licenses"]} == set(map(str, firm.permits))
        assert all(each["compared"] == {"holder_code": "match"} for each in found["licenses"])
        assert {each["shown"] for each in found["licenses"]} == {"compared"}
        assert found["next"] is None
        assert answer.headers["cache-control"] == "no-store"
        for value in (COMPANY, firm.code, f"企{firm.permits[0].serial}", str(another.permits[0])):
            assert value not in answer.text
        assert "conclusion" not in answer.text
    only = ask(relating, "relates", **firm.asks, types=[OTHER])
    assert listed(only) == {str(firm.permits[1])}


def test_fields_by_scope_and_level_and_none_of_a_restricted_type(relating: Office) -> None:
    firm = Firm(relating, BODY, OTHER)
    for show in ("masked", "full"):
        refused = ask(relating, "relates", **firm.asks, show=show)
        assert (refused.status_code, "status:detail" in refused.text) == (403, True)
    whole = told(ask(relating, "sees", **firm.asks, show="full"))
    for each in (whole["source"], *whole["licenses"]):
        assert each["fields"]["holders"] == [{"name": COMPANY, "code": firm.code}]
    masked = told(ask(relating, "sees", **firm.asks, show="masked"))
    assert {each["fields"]["holders"][0]["name"] for each in masked["licenses"]} == {"青海****公司"}
    relating.service.write(lambda s: catalogue.set_level(s, OTHER, Level.RESTRICTED))
    for who in ("relates", "sees"):
        assert listed(ask(relating, who, **firm.asks)) == {str(firm.permits[0])}
    relating.service.write(lambda s: catalogue.set_level(s, SHOP, Level.RESTRICTED))
    least = told(ask(relating, "sees", **firm.asks, show="full"))
    assert least["source"]["shown"] == "masked"
    assert [each["shown"] for each in least["licenses"]] == ["full"]


def test_states_at_one_time_as_known_at_another(relating: Office) -> None:
    firm = Firm(relating, BODY)
    (permit,) = firm.permits
    before = datetime.now(UTC).isoformat()
    relating.decide(ndjson(decision(permit, "吊销", "2026-03-01")), f"end-{permit.serial}")
    state = [
        told(ask(relating, "relates", **firm.asks, **at))["licenses"][0]["state"]
        for at in ({}, {"at": "2026-02-01T00:00:00Z"}, {"known_at": before})
    ]
    assert state == ["revoked", "issued", "issued"]


def test_one_of_several_holders_and_one_no_more(relating: Office) -> None:
    firm = Firm(relating)
    joint, left = named(relating, BODY), named(relating, BODY)
    both = {"holder": ["某某厂", COMPANY], "holder_code": [FOREIGN, firm.code]}
    relating.push(ndjson(row(joint, **both), row(left, **both)), f"joint-{joint.serial}")
    assert listed(ask(relating, "relates", **firm.asks)) == {str(joint), str(left)}
    alone = row(left, holder="某某厂", holder_code=FOREIGN)
    relating.push(ndjson(alone), f"left-{joint.serial}")
    assert listed(ask(relating, "relates", **firm.asks)) == {str(joint)}


def test_a_license_without_an_identifier_keeps_its_internal_name_to_itself(
    relating: Office,
) -> None:
    firm = Firm(relating)
    bare = {"type": OTHER, "number": f"老{firm.shop.serial}", "holder": COMPANY}
    relating.push(ndjson({**bare, "holder_code": firm.code}), f"bare-{firm.shop.serial}")
    answer = ask(relating, "relates", **firm.asks)
    assert listed(answer) == {None}
    assert "0.0.0.0.0" not in answer.text


def test_page_after_page_all_come_once(relating: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    firm = Firm(relating, *[BODY] * 4, OTHER)
    by_twos = HELD_SQL.replace(f"LIMIT {lookups.PAGE}", "LIMIT 2")
    assert by_twos != HELD_SQL
    monkeypatch.setattr(lookups, "HELD_SQL", by_twos)
    monkeypatch.setattr(lookups, "PAGE", 2)
    found, after = list[str](), {}
    for _ in range(9):
        page = told(answer := ask(relating, "relates", **firm.asks, **after))
        found += [each["identifier"] for each in page["licenses"]]
        assert "0.0.0.0.0" not in answer.text
        if page["next"] is None:
            break
        assert str(firm.shop.serial) not in page["next"]
        after = {"after": page["next"]}
    assert sorted(found) == sorted(map(str, firm.permits))
    another = Firm(relating, BODY)
    for forged in (after, {"after": "AAAA"}, {"after": "A" * 100}):
        answer = ask(relating, "relates", **another.asks, **forged)
        assert (answer.status_code, answer.json()["field"]) == (422, "after")


# ---- what looks alike, and who may not


def test_not_there_no_business_license_and_anothers_are_the_same_bytes(relating: Office) -> None:
    firm, another = Firm(relating, BODY), Firm(relating)
    at = {"at": "2026-10-01T00:00:00Z", "known_at": datetime.now(UTC).isoformat()}
    asked = [
        {**firm.asks, "holder_code": another.code},
        {**firm.asks, "identifier": str(named(relating, SHOP))},
        {**firm.asks, "identifier": str(firm.permits[0])},  # his own, and no business license
        {**firm.asks, "holder": "别人"},
        {**firm.asks, "issuer": "630199"},
        {**firm.asks, "type": OTHER},
        {"number": "没有", "type": SHOP, "holder_code": firm.code},
        {"number": f"企{firm.shop.serial}", "type": OTHER, "holder_code": firm.code},
    ]
    for who in ("relates", "sees"):
        assert listed(ask(relating, who, **firm.asks, **at)), "the twin"
        answers = [ask(relating, who, **each, **at) for each in asked]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert told(answers[0])["source"] is None
        names = [sorted(n for n in answer.headers if n != "date") for answer in answers]
        assert all(each == names[0] for each in names)


def test_there_or_not_the_same_statements_run(
    relating: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: decryptions and statements of what is not told."""
    firm, another = Firm(relating, BODY), Firm(relating)
    done: list[str] = []
    unseal, held = lookups.unseal, lookups.PostgresLookups.held
    monkeypatch.setattr(lookups, "unseal", lambda *a: (done.append("unseal"), unseal(*a))[1])
    monkeypatch.setattr(
        lookups.PostgresLookups, "held", lambda *a: (done.append("held"), held(*a))[1]
    )
    counted = []
    for wrong in (
        {"identifier": str(named(relating, SHOP))},
        {"holder_code": another.code},
        {"identifier": str(firm.permits[0])},
    ):
        ask(relating, "relates", **{**firm.asks, **wrong})  # the decoy is made once
        done.clear()
        ask(relating, "relates", **{**firm.asks, **wrong})
        counted.append(list(done))
    assert counted == [["unseal"]] * 3
    done.clear()
    ask(relating, "relates", **firm.asks)
    assert done == ["unseal", "held", "unseal", "unseal"], "the twin"


def test_a_type_that_is_an_identity_source_no_more(relating: Office) -> None:
    firm = Firm(relating, BODY)
    set = catalogue.set_identity_source
    relating.service.write(lambda s: set(s, SHOP, on=False))
    try:
        assert told(ask(relating, "sees", **firm.asks))["source"] is None
    finally:
        relating.service.write(lambda s: set(s, SHOP, on=True))
    assert listed(ask(relating, "sees", **firm.asks)) == {str(firm.permits[0])}


@pytest.mark.parametrize("who", [None, "compares"])
def test_without_the_scope_nothing(relating: Office, who: str | None) -> None:
    answer = ask(relating, who, **Firm(relating, BODY).asks)
    assert (answer.status_code, "license:relate" in answer.text) == (403, True)


# ---- how it is found


def test_the_index_holds_bodies_and_no_person_and_no_code_in_the_plain(relating: Office) -> None:
    firm, person = Firm(relating, BODY), fresh(relating.service)
    relating.push(ndjson(row(person)), f"person-{person.serial}")
    count = "SELECT count(*) AS n FROM license_key WHERE identifier = $1"
    assert relating.rows(count, str(firm.permits[0]))[0]["n"] == 2, "its number, and its holder"
    assert relating.rows(count, str(person))[0]["n"] == 1, "its number alone"
    for table in ("license_key", "license", "audit", "import_batch"):
        dump = "\n".join(each[0] for each in relating.rows(f"SELECT t::text FROM {table} t"))
        assert dump
        assert firm.code not in dump
        assert firm.code.encode().hex() not in dump


@pytest.mark.parametrize("code", [CODE, f" {CODE.lower()} ", "９１６３００００M000100Y4R"])
def test_a_code_is_found_however_it_was_typed(code: str) -> None:
    assert index.body_key(code) == index.body_key(CODE) != index.body_key(FOREIGN)


def test_one_partition_of_the_index_is_touched(relating: Office) -> None:
    firm = Firm(relating, BODY, OTHER)
    keys = FolderKeys(relating.service.settings.key_folder)
    hmac = index.newest(keys, index.body_key(firm.code))[0]
    now = datetime.now(UTC)

    async def plan() -> str:
        connection = await asyncpg.connect(relating.service.database_url.replace("+asyncpg", ""))
        try:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            explain = "EXPLAIN (ANALYZE, COSTS OFF) " + HELD_SQL
            rows = await connection.fetch(explain, hmac, now, now, hmac, "", None)
            return "\n".join(each[0] for each in rows)
        finally:
            await connection.close()

    text = asyncio.run(plan())
    ran = [line for line in text.splitlines() if "never executed" not in line and " on " in line]
    for table, most in (
        ("license_key", 1),
        ("license", 3),
        ("license_status", 3),
        ("statement", 3),
    ):
        touched = {m[1] for line in ran if (m := re.search(rf" on ({table}_\d\d)\b", line))}
        assert len(touched) <= most, (table, text)
        assert touched or table not in ("license", "license_key"), text


def test_records_from_before_are_linked_by_the_next_rotation(relating: Office) -> None:
    """And none is lost while it goes on, nor under the new key."""
    firm, folder = Firm(relating, BODY), FolderKeys(relating.service.settings.key_folder)
    old = index.newest(folder, index.body_key(firm.code))[0]
    relating.service.sql("DELETE FROM license_key WHERE hmac = $1", old)
    assert listed(ask(relating, "relates", **firm.asks)) == set(), "from before there were any"
    kept = Firm(relating, OTHER)

    async def rotate() -> None:
        opened = await Database.open(relating.service.database_url)
        try:
            rotation = Rotation(opened, folder, lambda: datetime.now(UTC))
            folder.rotate(Purpose.INDEX)
            await rotation.begin()
            while (found := await rotation.progress()) and found.finished_at is None:
                answer = await asyncio.to_thread(ask, relating, "relates", **kept.asks)
                assert listed(answer) == {str(kept.permits[0])}
                await rotation.step()
        finally:
            await opened.close()

    asyncio.run(rotate())
    assert listed(ask(relating, "relates", **kept.asks)) == {str(kept.permits[0])}
    assert listed(ask(relating, "relates", **firm.asks)) == {str(firm.permits[0])}
    assert not relating.rows("SELECT FROM license_key WHERE hmac = $1", old)


# ---- what is refused, limited and kept


REFUSED = [
    ({"holder_code": None}, "holder_code"),
    ({"holder_code": "91630000M000100Y44"}, "holder_code"),  # mistyped
    ({"holder_code": "11010519491231002X"}, "holder_code"),  # a person's
    ({"holder_code": ""}, "holder_code"),
    ({"identifier": None}, "identifier"),
    ({"identifier": "1.2.3"}, "identifier"),
    ({"types": []}, "types"),
    ({"types": ["x"]}, "types"),
    ({"types": [SHOP] * 21}, "types"),
    ({"after": "!"}, "after"),
    ({"show": "everything"}, "show"),
    ({"known_at": "2099-01-01T00:00:00Z"}, "known_at"),
    ({"purpose": "other"}, "purpose"),
    ({"purpose": None}, "purpose"),
    ({"valid_from": "2024-01-01"}, "valid_from"),
]


@pytest.mark.parametrize(("change", "field"), REFUSED)
def test_what_cannot_be_asked(relating: Office, change: dict[str, Any], field: str) -> None:
    good = {"identifier": str(named(relating, SHOP)), "holder_code": CODE}
    assert ask(relating, "relates", **good).status_code == 200
    answer = ask(relating, "relates", **{**good, **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert "91630000M000100Y44" not in answer.text
    assert "11010519491231002X" not in answer.text


def test_limits_per_license_and_a_miss_costs_more(relating: Office) -> None:
    firm, another = Firm(relating, BODY), Firm(relating, BODY)
    with strict(relating, document_per_minute=2) as node:
        asked = [ask(node, "relates", **firm.asks) for _ in range(4)]
        assert [answer.status_code for answer in asked[:2]] == [200, 200]
        assert (asked[3].status_code, asked[3].json()["field"]) == (429, "document")
        assert ask(node, "relates", **another.asks).status_code == 200
    most = "SELECT max(1000000 - tokens) AS drawn FROM bucket WHERE tokens > 900000"
    drawn = []
    for members in (firm.asks, {**firm.asks, "holder_code": another.code}):
        relating.service.sql("DELETE FROM bucket")
        ask(relating, "relates", **members)
        drawn.append(float(relating.rows(most)[0]["drawn"]))
    assert drawn[0] == 1
    assert MISSED - 1 <= drawn[1] <= MISSED


def test_every_question_leaves_its_row_and_no_value(relating: Office) -> None:
    firm, another = Firm(relating, BODY, OTHER), Firm(relating)
    counted = "SELECT body FROM audit WHERE operation = 'relate' ORDER BY at"
    before = len(relating.rows(counted))
    ask(relating, "sees", **firm.asks, show="masked", matter="M-1")
    ask(relating, "sees", **{**firm.asks, "holder_code": another.code})
    rows = [json.loads(each["body"]) for each in relating.rows(counted)[before:]]
    assert [each["reason"] for each in rows] == [None, "nothing_told"]
    assert rows[0]["fields_asked"] == ["masked", "holder_code", "licenses"]
    assert rows[0]["fields_answered"] == ["holder_code", "state", "licenses:2", "masked_fields"]
    assert rows[1]["fields_answered"] == []
    assert (rows[0]["purpose"], rows[0]["matter"], rows[0]["tenant"]) == (PURPOSE, "M-1", "market")
    assert rows[0]["object"] == rows[1]["object"]
    text = json.dumps(rows, ensure_ascii=False)
    for value in (str(firm.shop), firm.code, COMPANY, str(firm.permits[0])):
        assert value not in text


def test_the_examples_are_taken(relating: Office) -> None:
    content = SHOWN["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]
    sent = examples(content)
    assert len(sent) >= 2
    for example in sent:
        jsonschema.validate(example, content["schema"])
        assert told(ask(relating, "relates", **example))["source"] is None, "nobody pushed it"


# ---- the command


def test_the_command_shows_states_and_no_fields(
    relating: Office,
    run: Run,  # noqa: F811
    tmp_path: Path,
) -> None:
    firm = Firm(relating, BODY)
    file, settings = tmp_path / "asked.json", relating.service.settings
    where = {
        "DATABASE_URL": relating.service.database_url,
        "ZHENGYAN_KEY_FOLDER": str(settings.key_folder),
    }

    def call(**members: Any) -> Any:
        file.write_text(json.dumps({"purpose": "desk", **firm.asks, **members}))
        return run("holdings", str(file), **where)

    done = call()
    assert (done.code, done.err) == (0, "")
    for id in (firm.shop, firm.permits[0]):
        assert id.serial in done.out
    assert "issued" in done.out
    for value in (firm.code, COMPANY, f"企{firm.permits[0].serial}"):
        assert value not in done.out
    for members, field in (({"show": "full"}, "show"), ({"purpose": None}, "purpose")):
        refused = call(**members)
        assert (refused.code, refused.err.split(":")[1].strip()) == (1, field)
    missed = call(holder_code=FOREIGN)
    assert (missed.code, firm.permits[0].serial in missed.out) == (1, False)
    off = run("issuer", "identity-source", SHOP, "--off", **where)
    assert (off.code, call().code) == (0, 1)
    assert run("issuer", "identity-source", SHOP, **where).code == 0
    assert call().code == 0, "the twin"
