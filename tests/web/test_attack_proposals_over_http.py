"""Changes of trust over HTTP: what the console takes, and nothing that it does not.

Each refusal has its twin: the same step, untouched, at the end of the same test.
"""

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.crypto.provider import new_key_file
from app.crypto.signing import Signer
from app.domain.caller import Scope, Tenant
from app.registry import callers
from app.registry.making import persons
from app.registry.making.proposals import FORMAT, moment
from app.registry.making.received import AHEAD, CARRIED
from app.registry.making.statements import DECISION, PROPOSAL, digest_of, sign_statement
from app.routers.console_texts import CONSOLE
from app.services import making as service
from tests.callers.test_access_over_http import bearer, caller_with
from tests.service import described
from tests.web.test_attack_console_keys import (
    LIST,
    People,
    cli,
    csrf_of,
    desk,
    draft,
    hand_in,
    people,
    propose,
)

__all__ = ["desk", "people"]

PATH = "/v1/trust/proposals"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def carrier(people: People) -> Iterator[httpx.Client]:
    """A system that may carry what people signed; zhao may propose and no more."""
    people.keys["zhao"] = new_key_file(people.file("zhao"))
    only = frozenset({Scope.TRUST_PROPOSE})

    async def work(session: Any) -> None:
        now = datetime.now(UTC)
        await persons.add_person(session, "zhao", people.keys["zhao"].public_jwk, only, now)
        await callers.add_tenant(session, Tenant("bank", "样例", None, "630000"))

    people.desk.write(work)
    headers = bearer(caller_with(people.desk, {Scope.TRUST_MAKE}))
    with httpx.Client(base_url=people.desk.url, trust_env=False, headers=headers) as client:
        yield client


def proposal(people: People, host: str, by: str = "chen", key: str = "", **members: Any) -> str:
    entry = {"type": None, "host": host, "path": "/"}
    content = {
        "format": FORMAT,
        "publisher": LIST,
        "person": by,
        "at": moment(datetime.now(UTC)),
        "note": "",
        "changes": [{"action": "add", "kind": "official_url", "entry": entry}],
    }
    return sign_statement(PROPOSAL, content | members, people.keys[key or by])


def decision(
    people: People,
    kept: dict[str, Any],
    by: str = "li",
    *,
    key: Signer | None = None,
    typ: str = DECISION,
    **members: Any,
) -> str:
    content = {
        "proposal": kept["digest"],
        "number": kept["number"],
        "verdict": "approved",
        "person": by,
        "at": moment(datetime.now(UTC)),
        "why": "",
    }
    return sign_statement(typ, content | members, key or people.keys[by])


def taken(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def put(carrier: httpx.Client, signed: object, path: str = PATH) -> httpx.Response:
    return carrier.post(path, json={"signed": signed})


def to(kept: dict[str, Any]) -> str:
    return f"{PATH}/{kept['number']}/decisions"


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, field and detail of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    return answer.status_code, told.get("field", ""), told.get("detail", "")


def rows(people: People, **wanted: str) -> list[dict[str, Any]]:
    """Audit rows of the carrier, oldest first."""
    found = people.desk.sql(
        "SELECT convert_from(body, 'UTF8')::json AS body FROM audit ORDER BY at"
    )
    events = [json.loads(row["body"]) for row in found]
    of_carrier = [each for each in events if each["caller"] == "trust-make-bank"]
    return [each for each in of_carrier if wanted.items() <= each.items()]


def test_two_people_decide_and_it_is_what_the_console_takes(
    people: People,
    carrier: httpx.Client,
) -> None:
    with people.browser("chen") as chen, people.browser("li") as li:
        before = people.desk.sql("SELECT count(*) AS n FROM trust_proposal")[0]["n"]
        words = ("--publisher", LIST, "--as", "chen", "--key", people.file("chen"))
        signed = cli("trust", "sign-proposal", draft(people.folder, "http.example.cn"), *words)
        kept = taken(put(carrier, f"{signed}\n"))
        assert (kept["number"], kept["state"], kept["decisions"]) == (before + 1, "proposed", [])
        assert (kept["person"], kept["digest"]) == ("chen", digest_of(signed))

        # the console shows the very same, and this interface what came in by the console
        twin = int(propose(people, chen, "twin.example.cn").rpartition("/")[2])
        for number in (kept["number"], twin):
            address = f"/console/proposals/{number}"
            shown = taken(carrier.get(f"{PATH}/{number}"))
            assert li.get(f"{address}/signed").text == f"{shown['signed']}\n"
            page = html.unescape(li.get(f"{address}?lang=en").text)
            assert all(line in page for line in shown["words"])
            assert shown["digest"] in page
        listed = taken(carrier.get(PATH))
        assert [each["number"] for each in listed["proposals"][:2]] == [twin, kept["number"]]
        assert listed["publisher"] == LIST
        same = {"number", "digest", "at"}
        first, second = (
            {name: value for name, value in each.items() if name not in same}
            for each in listed["proposals"][:2]
        )
        assert first == second

        # decided over HTTP on the one, at the console on the other, by what the command prints
        file = people.folder / "http.jws"
        for number, by_console in ((kept["number"], False), (twin, True)):
            file.write_text(taken(carrier.get(f"{PATH}/{number}"))["signed"])
            words = ("--number", number, "--verdict", "approved", "--as", "li")
            token = cli("trust", "sign-decision", file, *words, "--key", people.file("li"))
            if by_console:
                assert hand_in(li, f"/console/proposals/{number}", token).status_code == 303
            else:
                done = taken(put(carrier, token, f"{PATH}/{number}/decisions"))
                assert done["state"] == "approved"
                assert [(d["verdict"], d["person"]) for d in done["decisions"]] == [
                    ("approved", "li")
                ]
            assert "approved by li" in li.get(f"/console/proposals/{number}?lang=en").text
            assert taken(carrier.get(f"{PATH}/{number}"))["state"] == "approved"
    about = f"trust proposal {kept['number']}"
    assert [each["object"] for each in rows(people, operation="administer", result="answered")] == [
        f"{about} proposed {kept['digest']}",
        f"{about} approved {kept['digest']}",
    ]
    read = {each["object"] for each in rows(people, operation="read_proposals")}
    assert read == {"proposals", f"proposals/{kept['number']}", f"proposals/{twin}"}


def test_what_is_no_proposal_of_a_live_key_is_refused_as_at_the_console(
    people: People,
    carrier: httpx.Client,
) -> None:
    good, now = proposal(people, "good.example.cn"), datetime.now(UTC)
    none = "this is no trust-proposal+jwt that chen signed"
    stale = "is not of the last day: sign it anew"
    wrong: list[tuple[str, str, str]] = [
        (proposal(people, "a.example.cn", person="li"), "signed.person",
         "signed.person is not chen, whose key signed it"),
        (proposal(people, "a.example.cn", publisher="other.example"), "signed",
         f"signed is no proposal (zhengyan-trust-proposal/1) for the list {LIST}"),
        (proposal(people, "a.example.cn", at=moment(now - CARRIED - MINUTE)), "signed.at", stale),
        (proposal(people, "a.example.cn", at=moment(now + AHEAD + MINUTE)), "signed.at", stale),
        (proposal(people, "a.example.cn", more="1"), "signed", "has a member that is not known"),
        (proposal(people, "a.example.cn", note="n" * 501), "signed.note", "at most 500"),
        (proposal(people, "a.example.cn", changes=[]), "changes", "are not 1 to"),
        (proposal(people, "no host"), "official_urls[0].host", "is not a plain host name"),
        (f"{good[:-4]}AAAA", "signed", none),
        (sign_statement(DECISION, {"person": "chen"}, people.keys["chen"]), "signed", none),
    ]  # fmt: skip
    with people.browser("chen") as chen:
        token = csrf_of(chen, "/console/proposals")
        for signed, field, why in wrong:
            status, named, detail = refused(put(carrier, signed))
            assert (status, named) == (422, field), detail
            assert why in detail
            page = hand_in(chen, "/console/proposals", signed, token)
            assert page.status_code == 422
            assert detail in html.unescape(page.text), "the console's very reason"
    for signed, field, why in (
        (proposal(people, "a.example.cn", key="mallory"), "key", "the registered key of nobody"),
        (proposal(people, "a.example.cn", "li", key="mallory"), "key", "key of nobody"),
        ("x.y.z", "signed", "this is no trust-proposal+jwt or trust-decision+jwt"),
        ("<script>alert(1)</script>", "signed", "this is no trust-proposal+jwt or"),
        (" ", "signed", "this is no trust-proposal+jwt or"),
    ):
        status, named, detail = refused(put(carrier, signed))
        assert (status, named) == (422, field)
        assert why in detail
        assert "script" not in detail
    refusals = rows(people, operation="administer", result="refused")
    assert {each["reason"] for each in refusals} == {"refused"}
    assert len(refusals) >= len(wrong)
    assert taken(put(carrier, good))["state"] == "proposed"


def test_a_body_that_is_none_says_its_member_and_how_to_mend_it(
    people: People,
    carrier: httpx.Client,
) -> None:
    good = proposal(people, "body.example.cn")
    for body, status, field in (
        ({}, 422, "signed"),
        ({"signed": None}, 422, "signed"),
        ({"signed": 1}, 422, "signed"),
        ({"signed": [good]}, 422, "signed"),
        ({"signed": ""}, 422, "signed"),
        ({"signed": "\x00"}, 400, "body"),
        ({"signed": good, "person": "li"}, 422, "person"),
        ({"signed": "e" * people.desk.settings.max_json}, 413, "body"),
    ):
        answer = carrier.post(PATH, json=body)
        assert refused(answer)[:2] == (status, field), answer.text
        assert refused(answer)[2]
    json_ = {"Content-Type": "application/json"}
    for content, headers, status, field in (
        (good.encode(), json_, 400, "body"),
        (b'["' + good.encode() + b'"]', json_, 400, "body"),
        (b'{"signed":"a","signed":"b"}', json_, 400, "body"),
        (good.encode(), {"Content-Type": "application/jose"}, 415, "content-type"),
    ):
        answer = carrier.post(PATH, content=content, headers=headers)
        assert refused(answer)[:2] == (status, field), answer.text
    assert taken(put(carrier, good))["state"] == "proposed"


def test_a_proposal_that_is_here_already_is_not_taken_again(
    people: People,
    carrier: httpx.Client,
) -> None:
    signed = proposal(people, "replay.example.cn")
    kept = taken(put(carrier, signed))
    status, field, detail = refused(put(carrier, signed))
    assert (status, field) == (422, "signed")
    assert detail.startswith(f"is proposal {kept['number']} already")
    with people.browser("chen") as chen:
        page = hand_in(chen, "/console/proposals", signed, csrf_of(chen, "/console/proposals"))
        assert detail in html.unescape(page.text)
    other = taken(put(carrier, proposal(people, "replay-2.example.cn")))
    assert other["number"] == kept["number"] + 1


def test_nobody_approves_their_own_nor_without_the_scope(
    people: People,
    carrier: httpx.Client,
) -> None:
    number = taken(put(carrier, proposal(people, "own.example.cn", "zhao")))
    kept = taken(put(carrier, proposal(people, "own-2.example.cn")))
    assert refused(put(carrier, decision(people, kept, "chen"), to(kept))) == (
        *(422, "as"), f"proposal {kept['number']} is chen's own: another person decides on it"
    )  # fmt: skip
    assert refused(put(carrier, decision(people, kept, "zhao"), to(kept))) == (
        *(422, "as"), "zhao may not: the scope trust:approve is missing"
    )  # fmt: skip
    assert refused(put(carrier, decision(people, number, "zhao"), to(number)))[0] == 422
    forged = decision(people, kept, "li", key=people.keys["chen"])
    assert refused(put(carrier, forged, to(kept)))[1] == "signed.person"
    assert taken(carrier.get(f"{PATH}/{kept['number']}"))["decisions"] == []
    for each in (number, kept):
        assert taken(put(carrier, decision(people, each), to(each)))["state"] == "approved"


def test_a_decision_is_about_this_content_under_this_number_and_taken_once(
    people: People,
    carrier: httpx.Client,
) -> None:
    kept = taken(put(carrier, proposal(people, "about.example.cn")))
    other = taken(put(carrier, proposal(people, "about-2.example.cn")))
    good, now = decision(people, kept), datetime.now(UTC)
    about = f"signed is not about proposal {kept['number']} as it stands here"
    stale = "is not of the last day: sign it anew"
    for token, field, why in (
        (decision(people, kept, proposal=other["digest"]), "signed", about),
        (decision(people, kept, proposal="0" * 64), "signed", about),
        (decision(people, kept, number=other["number"]), "signed", about),
        (decision(people, other), "signed", about),
        (decision(people, kept, number=True), "signed.number", "is not an integer"),
        (decision(people, kept, verdict="published"), "verdict", "is none of"),
        (decision(people, kept, at=moment(now - CARRIED - MINUTE)), "signed.at", stale),
        (decision(people, kept, at=moment(now + AHEAD + MINUTE)), "signed.at", stale),
        (decision(people, kept, key=people.keys["mallory"]), "key", "key of nobody"),
        (decision(people, kept, typ=PROPOSAL), "signed", "no trust-decision+jwt that li signed"),
        (f"{good[:-4]}AAAA", "signed", "no trust-decision+jwt that li signed"),
    ):
        status, named, detail = refused(put(carrier, token, to(kept)))
        assert (status, named) == (422, field), detail
        assert why in detail
    assert taken(carrier.get(f"{PATH}/{kept['number']}"))["decisions"] == []
    assert taken(put(carrier, good, to(kept)))["state"] == "approved"
    again = (422, "number", f"proposal {kept['number']} is approved already")
    assert refused(put(carrier, good, to(kept))) == again
    assert refused(put(carrier, decision(people, kept), to(kept))) == again
    no = decision(people, kept, verdict="rejected")
    assert taken(put(carrier, no, to(kept)))["state"] == "rejected"
    for token in (good, no):
        assert refused(put(carrier, token, to(kept)))[2].endswith("is rejected already")
    assert taken(put(carrier, decision(people, other), to(other)))["state"] == "approved"


def test_who_left_decides_nothing(people: People, carrier: httpx.Client) -> None:
    key = new_key_file(people.file("sun"))
    kept = taken(put(carrier, proposal(people, "left.example.cn")))
    only = frozenset({Scope.TRUST_APPROVE})
    now = datetime.now(UTC)
    people.desk.write(lambda s: persons.add_person(s, "sun", key.public_jwk, only, now))
    token = decision(people, kept, "sun", key=key)
    people.desk.write(lambda s: persons.end_person(s, "sun", datetime.now(UTC)))
    assert refused(put(carrier, token, to(kept)))[:2] == (422, "key")
    assert taken(carrier.get(f"{PATH}/{kept['number']}"))["state"] == "proposed"
    assert taken(put(carrier, decision(people, kept), to(kept)))["state"] == "approved"


def test_what_is_not_there_looks_alike_to_all_who_ask(
    people: People,
    carrier: httpx.Client,
) -> None:
    kept = taken(put(carrier, proposal(people, "there.example.cn")))
    missing = kept | {"number": 99999}
    shown, decided = (
        carrier.get(f"{PATH}/99999"),
        put(carrier, decision(people, missing), to(missing)),
    )
    assert shown.status_code == decided.status_code == 404
    assert shown.content == decided.content
    assert shown.json()["type"] == "/problems/unknown-proposal"
    for number in ("0", "x", str(2**40), "-1"):
        assert refused(carrier.get(f"{PATH}/{number}"))[:2] == (422, "path.number")
    assert taken(carrier.get(f"{PATH}/{kept['number']}"))["number"] == kept["number"]


def test_only_the_scope_of_carrying_lets_in(people: People, carrier: httpx.Client) -> None:
    """Neither the scopes that people have, nor an operator's session."""
    signed = proposal(people, "scope.example.cn")
    client = people.desk.client
    near = {Scope.TRUST_PROPOSE, Scope.TRUST_APPROVE, Scope.CALLER_ADMIN}
    kept = taken(put(carrier, proposal(people, "scope-2.example.cn")))
    token = decision(people, kept)
    with people.browser("li") as li:
        session = dict(li.headers)
    for headers in ({}, bearer(caller_with(people.desk, near)), {"Cookie": session["cookie"]}):
        for method, path, body in (
            ("GET", PATH, None), ("GET", f"{PATH}/{kept['number']}", None),
            ("POST", PATH, {"signed": signed}), ("POST", to(kept), {"signed": token}),
        ):  # fmt: skip
            answer = client.request(method, path, json=body, headers=headers)
            assert refused(answer) == (403, "authorization", "needs one of: trust:make")
    assert client.get(PATH, headers=bearer("zy_none")).status_code == 401
    assert taken(put(carrier, signed))["state"] == "proposed"
    assert taken(put(carrier, token, to(kept)))["state"] == "approved"


def shown_pages(browser: httpx.Client) -> list[list[str]]:
    """Number, state, person and decisions of every proposal, by the console's own links."""
    found: list[list[str]] = []
    address = "/console/proposals?lang=en"
    while address:
        page = browser.get(address).text
        for row in re.findall("<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL):
            cells = [html.unescape(re.sub("<[^>]*>", "", cell)) for cell in row.split("</td>")]
            found.append([cells[0].strip(), cells[3], cells[2], cells[4]])
        link = re.search(r'href="(/console/proposals\?[^"]*before=\d+)"', page)
        address = html.unescape(link[1]) if link else ""
    return found


def test_pages_of_the_list_leave_nothing_out(
    people: People,
    carrier: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for n in range(3):
        taken(put(carrier, proposal(people, f"page-{n}.example.cn")))
    kept = people.desk.sql("SELECT number FROM trust_proposal ORDER BY number DESC")
    for module in (service, "app.routers.proposals", "app.routers.console_parts"):
        name = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{name}.PAGE", 2)
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": None}
    while True:
        before = {} if page["next"] is None else {"before": page["next"]}
        page = taken(carrier.get(PATH, params=before))
        found += page["proposals"]
        if page["next"] is None:
            break
    assert [each["number"] for each in found] == [row["number"] for row in kept]
    states = CONSOLE["en"]["states"]
    with people.browser("li") as li:
        assert shown_pages(li) == [
            [
                *(str(each["number"]), states[each["state"]], each["person"]),
                ", ".join(f"{d['verdict']} {d['person']}" for d in each["decisions"]),
            ]
            for each in found
        ]
    for before in ("0", "x", str(2**40)):
        assert refused(carrier.get(PATH, params={"before": before}))[:2] == (422, "before")


def test_what_is_not_what_its_proposer_signed_is_not_shown(
    people: People,
    carrier: httpx.Client,
) -> None:
    """Somebody who writes to the database puts another of their proposals in its place."""
    looked_at = taken(put(carrier, proposal(people, "changed.example.cn")))
    token, number = decision(people, looked_at), looked_at["number"]
    jws = people.desk.sql("SELECT jws FROM trust_proposal WHERE number = $1", number)[0]["jws"]
    replace = "UPDATE trust_proposal SET jws = $2 WHERE number = $1"
    switch = "ALTER TABLE trust_proposal {} TRIGGER ALL"
    people.desk.sql(switch.format("DISABLE"))
    people.desk.sql(replace, number, proposal(people, "evil.example.cn"))
    status, _, detail = refused(put(carrier, token, to(looked_at)))
    assert (status, f"not about proposal {number}" in detail) == (422, True)
    people.desk.sql(replace, number, proposal(people, "evil.example.cn", key="mallory"))
    assert refused(carrier.get(f"{PATH}/{number}"))[::2] == (
        422, f"proposal {number} is not what chen signed"
    )  # fmt: skip
    assert refused(carrier.get(PATH))[0] == 422
    with people.browser("li") as li:
        page = li.get("/console/proposals?lang=en").text
        assert f"proposal {number} is not what chen signed" in html.unescape(page)
        assert "<tbody>" not in page, "nor any other"
    people.desk.sql(replace, number, jws)
    people.desk.sql(switch.format("ENABLE"))
    assert taken(carrier.get(f"{PATH}/{number}"))["signed"] == jws
    assert taken(put(carrier, token, to(looked_at)))["state"] == "approved"


def test_the_description_says_what_comes(people: People, carrier: httpx.Client) -> None:
    kept = taken(put(carrier, proposal(people, "shown.example.cn")))
    paths = described()["paths"]
    for path, method, got in (
        (PATH, "get", taken(carrier.get(PATH))),
        (PATH, "post", kept),
        (f"{PATH}/{{number}}", "get", taken(carrier.get(f"{PATH}/{kept['number']}"))),
        (f"{PATH}/{{number}}/decisions", "post",
         taken(put(carrier, decision(people, kept), to(kept)))),
    ):  # fmt: skip
        content = paths[path][method]["responses"]["200"]["content"]["application/json"]
        assert content["example"].keys() == got.keys()
    assert re.fullmatch(r"[0-9a-f]{64}", kept["digest"])
