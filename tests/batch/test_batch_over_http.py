"""批量核验: each item its own line, verdict, limits and refusal; nothing of one touches another."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.routers.batches import AT_ONCE, MOST
from app.schemas.batch import ITEMS, LINES, BatchLineOut
from sandbox.attacks import ATTACKS
from sandbox.document_attacks import proof
from sandbox.serve import Servers
from tests.batch.conftest import ALL, BATCH, PURPOSE, Bank, by_id, lines, ndjson, register
from tests.sandbox.test_digests import body_of
from tests.service import VERIFICATIONS, line, new_database, serving


def item(id: str, token: str, **more: object) -> dict[str, object]:
    return {"id": id, "token": token, "purpose": PURPOSE, **more}


def told(answered: dict[str, object]) -> str:
    """Verdict of a line, or the problem and its field."""
    problem = answered.get("problem")
    if isinstance(problem, dict):
        return f"{problem['type']} {problem.get('field', '')}".strip()
    report = answered["report"]
    assert isinstance(report, dict)
    return line(report)


def test_every_item_gets_its_own_verdict_signed_and_kept(bank: Bank) -> None:
    world = bank.service.world
    good, ended = bank.token(), bank.token("market", "revoked")
    forged = ATTACKS["foreign_key"].make(world).decode()
    single = [bank.service.told(token=each) for each in (good, ended, forged)]
    answer = bank.post([item("good", good), item("ended", ended), item("forged", forged)])
    found = by_id(answer)
    assert [told(found[id]) for id in ("good", "ended", "forged")] == single
    assert single[0] == "valid"
    assert all(one.startswith("invalid") for one in single[1:])
    assert {each["line"] for each in found.values()} == {1, 2, 3}
    for each in found.values():
        path = f"{VERIFICATIONS}/{each['report']['id']}"
        again = bank.service.client.get(path, headers=bank.headers()).json()
        assert again == {"report": each["report"], "jws": each["jws"]}


def test_a_line_leaves_after_its_verdict_is_kept_and_logged(bank: Bank) -> None:
    """Asked at the very moment the line is there, over another connection."""
    body = ndjson(item(f"n{n}", bank.token()) for n in range(6))
    headers = {**bank.headers(), "Content-Type": "application/x-ndjson"}
    before = bank.service.sql("SELECT count(*) FROM audit WHERE operation = 'verify_token'")[0][0]
    seen = 0
    with bank.service.client.stream("POST", BATCH, content=body, headers=headers) as stream:
        for text in stream.iter_lines():
            each = json.loads(text)
            if "report" in each:
                seen += 1
                kept = "SELECT jws FROM verification WHERE id = $1"
                assert bank.service.sql(kept, each["report"]["id"])[0]["jws"] == each["jws"]
                rows = "SELECT count(*) FROM audit WHERE operation = 'verify_token'"
                assert bank.service.sql(rows)[0][0] - before >= seen
    assert seen == 6


def test_digests_of_a_file_have_their_line_and_no_field_of_a_form(bank: Bank) -> None:
    """As a single verification would answer them; a bent one is a problem of its own line."""
    world = bank.service.world
    license = world.of("market", "in_force")[0]
    content = world.ofd(license, "stamp-service")
    bank.service.issuers.register_document(license.id, content)
    good, bad, without = (body_of(content) for _ in range(3))
    bad["digests"]["file"]["algorithm"] = "sha1"
    del without["identifier"]
    named = {"good": good, "bad": bad, "without": without}
    found = by_id(bank.post([{"id": id, "purpose": PURPOSE, **each} for id, each in named.items()]))
    assert {id: told(each) for id, each in found.items()} == {
        "good": bank.service.told(**good),
        "bad": "/problems/refused digests.file.algorithm",
        "without": "/problems/refused identifier",
    }
    assert found["good"]["report"]["basis"] == "digests"
    assert found["good"]["report"]["answer"]["said"]["document"] == "match"
    answer = bank.files([("a.ofd", content)], digests=json.dumps(good["digests"]), purpose=PURPOSE)
    assert (answer.status_code, answer.json()["field"]) == (422, "digests")
    assert "application/json" in answer.json()["detail"]
    for name in ("digests", "sm_only", "purpose"):  # it would hold for no item, and nobody see it
        answer = bank.post([{"id": "good", **good}], params={name: "true"})
        assert (answer.status_code, answer.json()["field"]) == (422, name)


BAD: list[tuple[str, str, str]] = [
    ("no JSON", "{", "/problems/bad-request body"),
    ("a list", "[]", "/problems/bad-request body"),
    ("the same member twice", '{"id":"x","id":"y"}', "/problems/bad-request body"),
    ("nothing to verify", '{"id":"x","purpose":"loan-check"}', "/problems/refused body"),
    ("no type", '{"id":"x","number":"1","purpose":"loan-check"}', "/problems/refused type"),
    ("no purpose", '{"id":"x","token":"eyJh.e30.AA"}', "/problems/refused purpose"),
    ("no token", '{"id":"x","token":"?","purpose":"loan-check"}', "/problems/bad-request token"),
    ("unknown field", '{"id":"x","url":"http://a"}', "/problems/refused url"),
    ("the future", '{"id":"x","token":"a","at":"2999-01-01T00:00:00Z"}', "/problems/refused at"),
    ("no id", '{"token":"eyJh.e30.AA","purpose":"loan-check"}', "/problems/refused id"),
    ("an id that is no text", '{"id":7,"token":"a"}', "/problems/refused id"),
    ("a control character", '{"id":"a\\u0007","token":"a"}', "/problems/refused id"),
    ("an id too long", json.dumps({"id": "a" * 256, "token": "a"}), "/problems/refused id"),
    ("a name used twice", '{"id":"before","token":"a"}', "/problems/refused id"),
    ("not UTF-8", "\udcff", "/problems/bad-request body"),
    ("a long line", '{"id":"' + "x" * 70_000 + '"}', "/problems/too-large body"),
]


@pytest.mark.parametrize(("name", "text", "problem"), BAD, ids=[name for name, _, _ in BAD])
def test_what_is_wrong_with_one_stands_in_its_line_and_stops_no_other(
    bank: Bank, name: str, text: str, problem: str
) -> None:
    good = bank.token()
    wrong = text.encode("utf-8", "surrogateescape")
    body = ndjson([item("before", good)]) + wrong + b"\n\n" + ndjson([item("after", good)])
    *answered, last = lines(bank.post(body))
    assert last == {"items": 3, "answered": 2, "refused": 1}, name
    assert {told(each) for each in answered if each["line"] != 2} == {"valid"}
    (refused,) = (each for each in answered if each["line"] == 2)
    assert told(refused) == problem
    assert refused["problem"]["detail"]


def test_files_with_their_names_under_terms_for_all(bank: Bank) -> None:
    good, bad = bank.token().encode(), ATTACKS["foreign_key"].make(bank.service.world)
    sent = [("一.jws", good), ("b.jws", bad), ("c.bin", b"%!PS"), ("empty", b""), ("一.jws", good)]
    *answered, last = lines(bank.files(sent, purpose=PURPOSE))
    assert last == {"items": 5, "answered": 2, "refused": 3}
    assert {(each["line"], each["id"], told(each)) for each in answered} == {
        (1, "一.jws", "valid"),
        (2, "b.jws", bank.service.told(bad)),
        (3, "c.bin", "/problems/unrecognised-format file"),
        (4, "empty", "/problems/bad-request file"),
        (5, "一.jws", "/problems/refused id"),
    }
    found = by_id(bank.files([("a", good)], purpose="else"))
    assert told(found["a"]) == "/problems/refused purpose"
    late = bank.files([("a", good)], purpose=PURPOSE, at="2999-01-01T00:00:00Z")
    assert (late.status_code, late.json()["field"]) == (422, "at")


def test_scopes_are_those_of_single_verifications(bank: Bank) -> None:
    good, license = bank.token(), bank.service.world.pick("traffic")
    asked = [
        item("token", good),
        {"id": "number", "identifier": license.id, "holder": "x", "purpose": PURPOSE},
    ]
    found = by_id(bank.post(asked, who="batch-tokens"))
    assert told(found["token"]) == "valid"
    assert told(found["number"]) == "/problems/forbidden authorization"
    refused = bank.post(asked, who="single")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    anonymous = bank.service.client.post(
        BATCH, content=ndjson(asked), headers={"Content-Type": "application/x-ndjson"}
    )
    assert anonymous.status_code == 403


def test_every_item_draws_on_the_contract(bank: Bank) -> None:
    """Four a minute: the request draws one, so three items are answered, the others told why."""
    found = by_id(bank.post([item(f"n{n}", bank.token()) for n in range(8)], who="batch-few"))
    answered = [id for id, each in found.items() if told(each) == "valid"]
    limited = [id for id, each in found.items() if told(each) == "/problems/limited caller"]
    assert len(answered) + len(limited) == 8
    assert 3 <= len(answered) <= 4


def test_a_batch_has_bounds(bank: Bank) -> None:
    good = bank.token()
    most = [item(f"n{n}", good) for n in range(MOST)]
    assert all(told(each) == "valid" for each in by_id(bank.post(most)).values())
    for body, status, field in (
        (ndjson([*most, item("more", good)]), 422, "body"),
        (b"", 422, "body"),
        (b"\n\n", 422, "body"),
        (b"x" * (MOST * bank.service.settings.max_json + 1), 413, "body"),
    ):
        answer = bank.post(body)
        assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert bank.post(b"{}", media="text/csv").status_code == 415
    many = bank.files([(f"{n}", good.encode()) for n in range(MOST + 1)], purpose=PURPOSE)
    assert many.status_code == 422
    assert bank.post(most[:1]).status_code == 200, "and nothing is left taken"


def test_a_client_that_goes_ends_the_work(bank: Bank) -> None:
    """One slow issuer, fifty items: those under way end, the rest is never asked."""
    service = bank.service
    assert told(by_id(bank.post([item("a", bank.token("university"))]))["a"]) == "valid"
    service.issuers.set_behaviour("university", "hang", times=MOST)
    before = service.asked()
    quick = [item("quick", bank.token())]
    slow = [item(f"n{n}", bank.token("university"), at=None) for n in range(MOST - 1)]
    headers = {**bank.headers(), "Content-Type": "application/x-ndjson"}
    body = ndjson(quick + slow)
    with service.client.stream("POST", BATCH, content=body, headers=headers) as stream:
        first = json.loads(next(stream.iter_lines()))
        assert told(first) == "valid"
    service.issuers.reset()
    time.sleep(0.5)
    asked = service.asked() - before
    assert asked <= 1 + AT_ONCE, "no more than were under way"
    for _ in range(6):  # every place for a batch is free again
        assert told(by_id(bank.post([item("b", bank.token())]))["b"]) == "valid"
    assert service.asked() - before - 6 <= 1 + AT_ONCE


@pytest.fixture
def breakable(database_url: str, sandbox_issuers: Servers, tmp_path: Path) -> Iterator[Bank]:
    with serving(new_database(database_url, "batches"), tmp_path, sandbox_issuers) as node:
        node.register()
        yield register(node, {"batch-all": (ALL, 1000)})


def test_without_a_journal_a_line_says_so_and_nothing_of_the_license(breakable: Bank) -> None:
    good = [item("a", breakable.token()), item("b", breakable.token())]
    breakable.service.sql("ALTER TABLE verification RENAME TO elsewhere")
    found = by_id(breakable.post(good))
    assert {told(each) for each in found.values()} == {"/problems/unavailable"}
    breakable.service.sql("ALTER TABLE elsewhere RENAME TO verification")
    assert {told(each) for each in by_id(breakable.post(good)).values()} == {"valid"}


def test_the_examples_are_taken_and_answered_as_shown(bank: Bank) -> None:
    found = by_id(bank.post(ITEMS.encode()))
    assert found.keys() == {"a", "b", "c"}
    assert found["c"] == LINES[1]
    for each in (*LINES, *found.values()):
        BatchLineOut.model_validate_json(json.dumps(each))


def test_an_answer_that_was_cut_off_is_known_by_its_end(bank: Bank) -> None:
    answer: httpx.Response = bank.post([item("a", bank.token())])
    assert answer.text.endswith('{"items":1,"answered":1,"refused":0}\n')


def test_documents_of_a_batch_are_judged_by_the_policy_that_is_named(bank: Bank) -> None:
    """For all alike; a license among them is refused in its own line, and never let pass as one."""
    world = bank.service.world
    files = [("proof.ofd", proof(world)), ("license.ofd", world.ofd(world.pick("market")))]
    terms = {"purpose": PURPOSE, "policy": "sealed-document"}
    answer = bank.files(files, **terms, any_signer="true")
    found = by_id(answer)
    assert found["proof.ofd"]["report"]["subject"] == "seal"
    assert found["license.ofd"]["problem"]["field"] == "policy"
    refused = bank.files(files, **terms)
    assert (refused.status_code, refused.json()["field"]) == (422, "expected_signers")
