"""Disputes as people and issuers make them: filed, flagged, routed, answered, taken back."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import jsonschema
import pytest

from app.crypto.provider import FolderKeys
from app.domain.caller import Scope, Tenant
from app.domain.dispute import MAX_TEXT, reference_of
from app.domain.identifier import Identifier
from app.registry import callers
from app.registry.lookups import BY_IDENTIFIER
from app.routers.door import DISPUTES, DISPUTES_OF_LICENSE
from app.schemas.dispute import DisputesOut, FiledOut, FollowedOut
from sandbox.codes import uscc
from tests.http.test_description import SHOWN, assert_fits, examples
from tests.imports.conftest import Office, fresh, office  # noqa: F401
from tests.imports.test_imports import CODE, HOLDER, ndjson, row
from tests.imports.test_statuses import decision

PATH = "/v1/disputes"
TEXT = "有效期登记有误，应为长期。"
WHO = "imports-own"


@pytest.fixture(scope="module")
def disputing(office: Office) -> Office:  # noqa: F811
    return office


@pytest.fixture(autouse=True)
def _buckets(disputing: Office) -> Iterator[None]:
    disputing.service.sql("DELETE FROM bucket")
    yield
    disputing.service.sql("DELETE FROM bucket")


def pushed(office: Office) -> Identifier:  # noqa: F811
    id = fresh(office.service)
    answer = office.push(ndjson(row(id, number=f"异{id.serial}")), f"dispute-{id.serial}")
    assert answer.json()["added"] == 1, answer.text
    return id


def file(office: Office, **members: Any) -> httpx.Response:  # noqa: F811
    body = {"element": "valid_until", "text": TEXT, **members}
    return office.service.client.post(PATH, json=body)


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return FiledOut.model_validate_json(answer.content).code


def follow(office: Office, code: str) -> dict[str, Any]:  # noqa: F811
    answer = office.service.client.get(f"{PATH}/{code}")
    assert answer.status_code == 200, answer.text
    FollowedOut.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def listed(office: Office, who: str = "own", **query: Any) -> list[dict[str, Any]]:  # noqa: F811
    found: list[dict[str, Any]] = []
    while True:
        answer = office.service.client.get(PATH, params=query, headers=office.headers(who))
        assert answer.status_code == 200, answer.text
        page = DisputesOut.model_validate_json(answer.content)
        found += answer.json()["disputes"]
        if page.next is None:
            return found
        query["after"] = page.next


def say(
    office: Office,  # noqa: F811
    reference: str,
    state: str,
    note: str | None = None,
    who: str = "own",
) -> httpx.Response:
    body = {"state": state} | ({} if note is None else {"note": note})
    return office.service.client.post(
        f"{PATH}/{reference}/answer", json=body, headers=office.headers(who)
    )


def looked_up(office: Office, id: Identifier) -> Any:  # noqa: F811
    answer = office.service.client.post(
        "/v1/lookups", json={"identifier": str(id), "holder": HOLDER}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["record"]


# ---- the way of a dispute


def test_filed_flagged_answered_and_corrected(disputing: Office) -> None:
    id = pushed(disputing)
    assert looked_up(disputing, id)["disputed_since"] is None
    code = code_of(file(disputing, identifier=str(id), holder=HOLDER))
    assert looked_up(disputing, id)["disputed_since"] is not None, "at once: the holder was named"
    (mine,) = [each for each in listed(disputing) if each["identifier"] == str(id)]
    assert (mine["text"], mine["holder"], mine["filed_by"]) == (TEXT, HOLDER, None)
    assert mine["reference"] == reference_of(code)
    assert code not in json.dumps(mine)
    assert say(disputing, mine["reference"], "with_issuer").status_code == 200
    early = say(disputing, mine["reference"], "corrected")
    assert (early.status_code, early.json()["field"]) == (422, "state")
    assert "push its correction" in early.json()["detail"]
    again = disputing.push(
        ndjson(row(id, valid_until="2031-01-01", number=f"异{id.serial}")), f"mend-{id.serial}"
    )
    assert again.json()["changed"] == 1, again.text
    assert looked_up(disputing, id)["disputed_since"] is not None
    ended = say(disputing, mine["reference"], "corrected", "已更正为2031年。")
    assert ended.json()["ended"] is True
    assert looked_up(disputing, id)["disputed_since"] is None
    told = follow(disputing, code)
    assert [(step["state"], step["by"], step["note"]) for step in told["steps"]] == [
        ("open", "filer", None),
        ("with_issuer", "issuer", None),
        ("corrected", "issuer", "已更正为2031年。"),
    ]
    assert str(id) not in json.dumps(told)
    assert HOLDER not in json.dumps(told, ensure_ascii=False)
    assert mine["reference"] not in {each["reference"] for each in listed(disputing)}
    assert mine["reference"] in {each["reference"] for each in listed(disputing, ended=True)}
    late = say(disputing, mine["reference"], "rejected")
    assert (late.status_code, late.json()["detail"]) == (422, "the dispute has ended: corrected")


def test_a_decision_corrects_a_state_too(disputing: Office) -> None:
    id = pushed(disputing)
    code = code_of(file(disputing, identifier=str(id), holder_code=CODE, element="state"))
    reference = reference_of(code)
    disputing.decide(ndjson(decision(id, "注销", "2026-03-01")), f"end-{id.serial}")
    assert say(disputing, reference, "corrected").status_code == 200


def test_a_rejected_dispute_takes_its_flag_away(disputing: Office) -> None:
    id = pushed(disputing)
    code = code_of(file(disputing, identifier=str(id), holder=HOLDER))
    assert looked_up(disputing, id)["disputed_since"] is not None
    assert say(disputing, reference_of(code), "rejected", "登记无误。").status_code == 200
    assert looked_up(disputing, id)["disputed_since"] is None
    assert follow(disputing, code)["steps"][-1]["note"] == "登记无误。"


def test_taken_back_by_its_code_and_what_was_said_is_forgotten(disputing: Office) -> None:
    id = pushed(disputing)
    code = code_of(file(disputing, identifier=str(id), holder=HOLDER))
    reference = reference_of(code)
    kept = "SELECT sealed IS NULL AS gone FROM dispute WHERE reference = $1"
    assert disputing.rows(kept, reference)[0]["gone"] is False
    by_reference = disputing.service.client.post(f"{PATH}/{reference}/withdrawal")
    assert by_reference.status_code == 422, "the issuer's name of it opens nothing"
    answer = disputing.service.client.post(f"{PATH}/{code}/withdrawal")
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert disputing.rows(kept, reference)[0]["gone"] is True
    assert looked_up(disputing, id)["disputed_since"] is None
    again = disputing.service.client.post(f"{PATH}/{code}/withdrawal")
    assert again.status_code == 422
    (mine,) = [d for d in listed(disputing, ended=True) if d["reference"] == reference]
    assert (mine["text"], mine["holder"]) == (None, None)


def test_the_report_says_so_and_the_verdict_stays(disputing: Office) -> None:
    service = disputing.service
    license = next(iter(service.world.of("traffic")))
    before = service.verify(identifier=str(license.identifier), holder=license.holder.name)
    assert before["report"]["license"]["dispute"] is None
    sent = disputing.push(ndjson({**row(license.identifier), "holder": license.holder.name}), "dr")
    assert sent.json()["bad"] == 0, sent.text
    filed = {"identifier": str(license.identifier), "holder": license.holder.name}
    code = code_of(file(disputing, **filed))
    after = service.verify(identifier=str(license.identifier), holder=license.holder.name)
    told = after["report"]["license"]["dispute"]
    assert "异议" in told["text"]["zh"]
    assert "disputed" in told["text"]["en"]
    same = ("conclusion", "reason", "decided_by", "conflict")
    assert [after["report"][n] for n in same] == [before["report"][n] for n in same]
    service.client.post(f"{PATH}/{code}/withdrawal")
    ended = service.verify(identifier=str(license.identifier), holder=license.holder.name)
    assert ended["report"]["license"]["dispute"] is None


# ---- who answers


def test_only_whoever_may_push_its_records_sees_and_answers(disputing: Office) -> None:
    id = pushed(disputing)
    reference = reference_of(code_of(file(disputing, identifier=str(id), holder=HOLDER)))
    for who in ("own", "own-decides", "granted"):
        assert reference in {each["reference"] for each in listed(disputing, who)}
    assert reference not in {each["reference"] for each in listed(disputing, "stranger")}
    assert say(disputing, reference, "rejected", who="stranger").status_code == 404
    assert say(disputing, "0" * 20, "rejected").status_code == 404
    client = disputing.service.client
    assert client.get(PATH, headers=disputing.headers("verifier")).status_code == 403
    assert client.get(PATH).status_code == 403, "the public"
    assert say(disputing, reference, "rejected", who="verifier").status_code == 403
    assert say(disputing, reference, "rejected", who="granted").status_code == 200


def test_who_took_over_from_the_issuer_answers(disputing: Office) -> None:
    """颁发机构调整: handed on twice, the last of the bodies answers, and only it."""
    service, id = disputing.service, pushed(disputing)
    keys = FolderKeys(service.settings.key_folder)
    heirs = [uscc("11", "630000", n) for n in ("MB000099", "MB000098")]
    for n, code in enumerate(heirs):
        service.sql(
            "INSERT INTO issuer (code, name, name_en, types) VALUES ($1, '承继', 'Heir', '{}')",
            code,
        )
        tenant, caller = f"heir-{n}", f"heir-{n}-system"
        named = Tenant(tenant, "承继", code, "630000")
        service.write(lambda s, t=named: callers.add_tenant(s, t))
        service.write(
            lambda s, c=caller, t=tenant: callers.add_caller(
                s, c, t, frozenset({Scope.LICENSE_INGEST}), frozenset({"registry"}), per_minute=9999
            )
        )
        disputing.keys[tenant] = service.write(
            lambda s, c=caller: callers.new_api_key(s, keys, c, now=datetime.now(UTC))
        )
    reference = reference_of(code_of(file(disputing, identifier=str(id), holder=HOLDER)))

    def seen() -> list[str]:
        who = ("own", "heir-0", "heir-1")
        return [w for w in who if reference in {d["reference"] for d in listed(disputing, w)}]

    add = "INSERT INTO succession (issuer, type, successor, since) VALUES ($1, $2, $3, $4)"
    ago = datetime.now(UTC) - timedelta(days=1)
    try:
        assert seen() == ["own"]
        service.sql(add, id.issuer, id.type, heirs[0], ago + timedelta(days=9))
        assert seen() == ["own"], "not before its day"
        service.sql("UPDATE succession SET since = $1 WHERE successor = $2", ago, heirs[0])
        assert seen() == ["heir-0"]
        service.sql(add, heirs[0], id.type, heirs[1], ago)
        assert seen() == ["heir-1"]
        assert say(disputing, reference, "rejected", who="own").status_code == 404
        assert say(disputing, reference, "rejected", who="heir-0").status_code == 404
        assert say(disputing, reference, "rejected", who="heir-1").status_code == 200
    finally:
        service.sql("DELETE FROM succession WHERE successor = ANY ($1)", heirs)


# ---- what it gives away: nothing


def test_whoever_files_learns_nothing(disputing: Office) -> None:
    id, absent = pushed(disputing), fresh(disputing.service)
    right = file(disputing, identifier=str(id), holder=HOLDER)
    wrong = file(disputing, identifier=str(id), holder="李四")
    nobody = file(disputing, identifier=str(absent), holder=HOLDER)
    number = file(disputing, number="没有", type=id.type, holder=HOLDER, element="missing")
    answers = (right, wrong, nobody, number)
    assert {each.status_code for each in answers} == {200}
    assert len({len(each.content) for each in answers}) == 1
    assert len({tuple(each.json()) for each in answers}) == 1
    followed = [follow(disputing, code_of(each)) for each in answers]
    assert {json.dumps(sorted(each)) for each in followed} == {json.dumps(sorted(followed[0]))}
    assert {each["state"] for each in followed} == {"open"}


def test_a_record_is_flagged_by_who_knows_its_holder_or_by_its_issuer(disputing: Office) -> None:
    id = pushed(disputing)
    stranger = file(disputing, identifier=str(id), holder="李四", element="holder")
    assert looked_up(disputing, id)["disputed_since"] is None
    assert say(disputing, reference_of(code_of(stranger)), "with_issuer").status_code == 200
    assert looked_up(disputing, id)["disputed_since"] is not None


def test_a_missing_record_goes_to_the_issuer_that_is_named(disputing: Office) -> None:
    absent = fresh(disputing.service)
    named = {"number": f"缺{absent.serial}", "type": absent.type, "issuer": disputing.code}
    code = code_of(file(disputing, **named, holder=HOLDER, element="missing"))
    (mine,) = [d for d in listed(disputing) if d["reference"] == reference_of(code)]
    assert (mine["record"], mine["number"], mine["flagged_at"]) == (None, named["number"], None)
    assert say(disputing, mine["reference"], "accepted").status_code == 200
    assert say(disputing, mine["reference"], "corrected").status_code == 422, "still missing"
    come = ndjson(row(absent, number=named["number"]))
    assert disputing.push(come, f"late-{absent.serial}").json()["added"] == 1
    assert say(disputing, mine["reference"], "corrected").status_code == 200


def test_what_names_nobody_registered_is_seen_by_no_issuer(disputing: Office) -> None:
    strange = "1.2.156.3005.2.11100000MB03271699001.11990000MB0000019J.2024000001.001.B"
    code = code_of(file(disputing, identifier=strange))
    for who in ("own", "granted", "stranger"):
        assert reference_of(code) not in {d["reference"] for d in listed(disputing, who)}
    assert (
        disputing.rows("SELECT issuer FROM dispute WHERE reference = $1", reference_of(code))[0][
            "issuer"
        ]
        is None
    )


def test_nothing_said_is_readable_in_the_tables_or_the_log(disputing: Office) -> None:
    id = pushed(disputing)
    secret = "王五之异议文字"
    answer = file(disputing, identifier=str(id), holder=HOLDER, text=secret)
    code = code_of(answer)
    say(disputing, reference_of(code), "rejected", "答复之文字")
    everything = ""
    for table in ("dispute", "dispute_step", "audit"):
        for found in disputing.rows(f"SELECT t::text, to_jsonb(t)::text AS j FROM {table} t"):
            everything += found["t"] + found["j"]
    octets = b"".join(
        bytes(r["body"]) for r in disputing.rows("SELECT body FROM audit")
    ) + b"".join(bytes(r["sealed"] or b"") for r in disputing.rows("SELECT sealed FROM dispute"))
    for value in (secret, HOLDER, "答复之文字", code, code.replace("-", "")):
        assert value not in everything
        assert value.encode() not in octets
        assert value.encode().hex() not in everything


def test_every_act_leaves_its_row(disputing: Office) -> None:
    id = pushed(disputing)
    before = disputing.rows("SELECT coalesce(max(at), now()) AS at FROM audit")[0]["at"]
    code = code_of(file(disputing, identifier=str(id), holder=HOLDER))
    follow(disputing, code)
    listed(disputing)
    say(disputing, reference_of(code), "with_issuer")
    disputing.service.client.post(f"{PATH}/{code}/withdrawal")
    rows = disputing.rows(
        "SELECT operation, body FROM audit WHERE at > $1 AND operation LIKE '%dispute%'"
        " ORDER BY at",
        before,
    )
    assert [each["operation"] for each in rows] == [
        "file_dispute", "follow_dispute", "read_disputes", "answer_dispute", "withdraw_dispute",
    ]  # fmt: skip
    first = json.loads(rows[0]["body"])
    assert (first["object"], first["issuer"]) == (reference_of(code), id.issuer)


def test_the_trace_cannot_be_rewritten(disputing: Office) -> None:
    for change in ("UPDATE dispute_step SET state = 'rejected'", "DELETE FROM dispute_step"):
        with pytest.raises(asyncpg.PostgresError, match="never changed"):
            disputing.rows(change)


# ---- what is refused


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"identifier": None}, "identifier"),
        ({"element": "colour"}, "element"),
        ({"text": ""}, "text"),
        ({"text": "  "}, "text"),
        ({"text": "a\x01b"}, "text"),
        ({"text": "长" * (MAX_TEXT + 1)}, "text"),
        ({"issuer": "x"}, "issuer"),
        ({"note": "x"}, "note"),
    ],
)
def test_what_cannot_be_taken_is_named_and_not_repeated(
    disputing: Office, members: dict[str, Any], field: str
) -> None:
    id = fresh(disputing.service)
    body = {"identifier": str(id), "element": "other", "text": TEXT} | members
    wrong = {name: value for name, value in body.items() if value is not None}
    answer = disputing.service.client.post(PATH, json=wrong)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert TEXT not in answer.text
    assert file(disputing, identifier=str(id)).status_code == 200, "its twin"


@pytest.mark.parametrize("code", ["x", "0" * 30, "%00", "00000-00000-00000-00000-00000-00000"])
def test_a_mistyped_code_is_told_from_an_unknown_one(disputing: Office, code: str) -> None:
    for path in (f"{PATH}/{code}", f"{PATH}/{code}/withdrawal"):
        method = "POST" if path.endswith("withdrawal") else "GET"
        assert disputing.service.client.request(method, path).status_code == 422
    unknown = "000G4-0R40M-30E20-9185G-R38E1-W65M7"
    assert disputing.service.client.get(f"{PATH}/{unknown}").status_code == 404


def test_nobody_buries_a_license_or_an_issuer(disputing: Office) -> None:
    id = pushed(disputing)
    told = [file(disputing, identifier=str(id)).status_code for _ in range(DISPUTES_OF_LICENSE + 1)]
    assert told == [200] * DISPUTES_OF_LICENSE + [429]
    disputing.service.sql("DELETE FROM bucket")
    many = [
        file(disputing, identifier=str(fresh(disputing.service))).status_code
        for _ in range(DISPUTES + 1)
    ]
    assert many == [200] * DISPUTES + [429]


def test_of_two_who_answer_at_once_one_is_told(disputing: Office) -> None:
    id = pushed(disputing)
    reference = reference_of(code_of(file(disputing, identifier=str(id), holder=HOLDER)))

    async def both() -> list[int]:
        headers = disputing.headers("own")
        async with httpx.AsyncClient(base_url=disputing.service.url, trust_env=False) as client:
            path = f"{PATH}/{reference}/answer"
            sent = [
                client.post(path, json={"state": state}, headers=headers)
                for state in ("rejected", "rejected", "rejected")
            ]
            return [each.status_code for each in await asyncio.gather(*sent)]

    assert sorted(asyncio.run(both())) == [200, 422, 422]
    steps = disputing.rows("SELECT seq FROM dispute_step WHERE reference = $1", reference)
    assert len(steps) == 2


# ---- the description, and what it costs


def test_every_example_is_what_the_description_says(disputing: Office) -> None:
    content = SHOWN["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]
    for example in examples(content):
        jsonschema.validate(example, content["schema"])
        filed = disputing.service.client.post(PATH, json=example)
        code = code_of(filed)
        described = SHOWN["paths"][f"{PATH}/{{code}}"]["get"]["responses"]["200"]
        assert_fits(follow(disputing, code), described["content"]["application/json"]["schema"])


def test_a_flag_is_one_probe_of_the_open_ones(disputing: Office) -> None:
    async def plan() -> str:
        plain = disputing.service.database_url.replace("+asyncpg", "")
        connection = await asyncpg.connect(plain)
        try:
            await connection.execute("SET enable_seqscan = off")
            rows = await connection.fetch(
                f"EXPLAIN {BY_IDENTIFIER.many}", ["x"], [now := datetime.now(UTC)], [now]
            )
        finally:
            await connection.close()
        return "\n".join(each[0] for each in rows)

    assert "ix_dispute_flagged" in asyncio.run(plan())
