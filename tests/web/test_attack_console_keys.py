"""Logging in by one's own key, and deciding on a change of trust, with everything that is not taken.

Each refusal has its twin: the same step, untouched, by the same person.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from app.cli import app
from app.config import settings
from app.crypto.keys import read_public_key
from app.crypto.provider import FileSigner, FolderKeys, new_key_file
from app.domain.caller import Scope
from app.domain.errors import Refused
from app.registry import operators
from app.registry.making import persons, publishing
from app.registry.making.record import Recorder
from app.registry.making.statements import DECISION, sign_statement
from app.registry.operators import Operator
from app.routers.console_door import ASKING, COOKIE
from app.routers.console_texts import CONSOLE
from app.services import challenges
from app.services.challenges import LOGIN, new_challenge, said_of
from tests.service import NODE, Service
from tests.web.browser import axe, chromium
from tests.web.test_console import OPEN, PASSWORD, add, desk, inside, login

__all__ = ["axe", "chromium", "desk"]

BOTH = frozenset({Scope.TRUST_PROPOSE, Scope.TRUST_APPROVE})
LIST = "city.example"


@dataclass(frozen=True)
class People:
    """Operators with keys, of whom two make a list; and how they go about it."""

    desk: Service
    folder: Path
    keys: dict[str, FileSigner]

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def ask(self) -> tuple[str, str]:
        """A challenge, and the cookie of the browser it is for."""
        answer = self.desk.client.get("/console/key")
        assert answer.status_code == 200
        self.desk.client.cookies.clear()
        found = re.search(rf"{ASKING}=([^;]+);", answer.headers["set-cookie"])
        text = re.search(r"[\w-]{60,}\.[\w-]{43}", answer.text)
        assert found
        assert text
        return text[0], found[1]

    def signed(self, name: str, challenge: str, **members: object) -> str:
        said = said_of(challenge, name, datetime.now(UTC))
        return sign_statement(LOGIN, {**said, **members}, self.keys[name])

    def enter(self, signed: str, cookie: str, **headers: str) -> httpx.Response:
        answer = self.desk.client.post(
            "/console/key",
            data={"signed": signed},
            headers=OPEN | {"Cookie": f"{ASKING}={cookie}"} | headers,
        )
        self.desk.client.cookies.clear()
        return answer

    def browser(self, name: str) -> httpx.Client:
        """Of somebody who logged in by key."""
        challenge, cookie = self.ask()
        answer = self.enter(self.signed(name, challenge), cookie)
        assert answer.status_code == 303, answer.text
        token = re.search(rf"{COOKIE}=([^;]+);", ";".join(answer.headers.get_list("set-cookie")))
        assert token
        cookie = f"{COOKIE}={token[1]}"
        return httpx.Client(base_url=self.desk.url, trust_env=False, headers={"Cookie": cookie})


@pytest.fixture(scope="module")
def people(desk: Service, tmp_path_factory: pytest.TempPathFactory) -> People:
    """chen and li make the list; wang looks after the node, and mallory has a key nobody knows."""
    folder = tmp_path_factory.mktemp("people")
    keys = {
        each: new_key_file(folder / f"{each}.key") for each in ("chen", "li", "wang", "mallory")
    }
    node = FolderKeys(desk.settings.key_folder)

    async def work(session: Any) -> None:
        for name in ("chen", "li"):
            jwk = keys[name].public_jwk
            await persons.add_person(session, name, jwk, BOTH, datetime.now(UTC))
        record, both = Recorder(node, "test"), ("chen", "li")
        await publishing.begin(session, LIST, both, 2, datetime.now(UTC), record=record)
        for name, scopes in (("chen", BOTH), ("li", BOTH), ("wang", {Scope.SYSTEM_OPS})):
            key = read_public_key(keys[name].public_jwk)
            who = Operator(name, frozenset(scopes))
            await operators.add_operator(session, node, who, None, key=key)

    desk.write(work)
    return People(desk, folder, keys)


def cli(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, Refused):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


# ---- logging in


def test_by_the_command_and_the_page_one_is_let_in(people: People) -> None:
    challenge, cookie = people.ask()
    words = ("--as", "wang", "--key", people.file("wang"), "--console", NODE, challenge)
    answer = people.enter(f"\n {cli('operator', 'login', *words)} \r\n", cookie)
    assert answer.status_code == 303
    for line in answer.headers.get_list("set-cookie"):
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(line.split("; "))
    rows = people.desk.sql(
        "SELECT convert_from(body, 'UTF8')::json->>'caller' AS caller FROM audit "
        "WHERE operation = 'console_login' ORDER BY at DESC LIMIT 1"
    )
    assert rows[0]["caller"] == "console:wang"


def test_a_challenge_is_answered_once(people: People) -> None:
    challenge, cookie = people.ask()
    token = people.signed("wang", challenge)
    assert people.enter(token, cookie).status_code == 303
    assert people.enter(token, cookie).status_code == 403
    assert people.enter(people.signed("chen", challenge), cookie).status_code == 403, "by nobody"


def test_an_answer_opens_no_other_browser(people: People) -> None:
    """Whoever sees it, on a screen or in a message, cannot go in with it."""
    challenge, cookie = people.ask()
    _, other = people.ask()
    token = people.signed("wang", challenge)
    for stolen in (other, "", "x" * 43, cookie[:-1]):
        assert people.enter(token, stolen).status_code == 403
    assert people.enter(token, cookie).status_code == 303


def test_an_answer_for_another_console_is_none_here(people: People) -> None:
    keys, now = FolderKeys(people.desk.settings.key_folder), datetime.now(UTC)
    secret = challenges.new_secret()
    other = new_challenge(keys, "zhengyan-other", secret, now)
    challenge = new_challenge(keys, NODE, secret, now)
    assert people.enter(people.signed("wang", other), secret).status_code == 403
    assert people.enter(people.signed("wang", other, console=NODE), secret).status_code == 403
    renamed = people.signed("wang", challenge, console="zhengyan-other")
    assert people.enter(renamed, secret).status_code == 403
    assert people.enter(people.signed("wang", challenge), secret).status_code == 303


def test_an_old_a_later_and_a_made_up_challenge_are_none(people: People, tmp_path: Path) -> None:
    keys, now = FolderKeys(people.desk.settings.key_folder), datetime.now(UTC)
    secret = challenges.new_secret()
    made_up = FolderKeys(tmp_path / "others")
    for challenge in (
        new_challenge(keys, NODE, secret, now - challenges.LIFE),
        new_challenge(keys, NODE, secret, now + timedelta(minutes=1)),
        new_challenge(made_up, NODE, secret, now),
    ):
        assert people.enter(people.signed("wang", challenge), secret).status_code == 403
    good = new_challenge(keys, NODE, secret, now)
    payload, _, mac = good.partition(".")
    for spoilt in (f"{payload[:-2]}.{mac}", f"{payload}.{mac[:-1]}A", payload, f"{good}.", ""):
        said = said_of(good, "wang", now) | {"challenge": spoilt}
        token = sign_statement(LOGIN, said, people.keys["wang"])
        assert people.enter(token, secret).status_code == 403
    assert people.enter(people.signed("wang", good), secret).status_code == 303


def test_only_a_registered_key_signs_and_only_a_login(people: People) -> None:
    challenge, cookie = people.ask()
    said = dict(said_of(challenge, "wang", datetime.now(UTC)))
    key = people.keys["wang"]
    for token in (
        sign_statement(LOGIN, said, people.keys["mallory"]),
        sign_statement(LOGIN, said, people.keys["chen"]),  # another's name
        sign_statement(DECISION, said, key),  # signed for another end
        sign_statement(LOGIN, said | {"more": "1"}, key),
        sign_statement(LOGIN, said | {"challenge": 1}, key),
        people.signed("wang", challenge)[:-4],
        challenge, "", "x", "a.b.c", "\x00", "é",
    ):  # fmt: skip
        answer = people.enter(token, cookie)
        assert answer.status_code == 403
        assert COOKIE + "=" not in answer.headers["set-cookie"]
    assert people.enter(people.signed("wang", challenge), cookie).status_code == 303


def test_no_form_of_another_site_logs_in(people: People) -> None:
    challenge, cookie = people.ask()
    token = people.signed("wang", challenge)
    for site in ("cross-site", "same-site", "none"):
        assert people.enter(token, cookie, **{"Sec-Fetch-Site": site}).status_code == 403
    assert people.enter(token, cookie).status_code == 303


def test_who_ended_is_not_let_in_and_has_no_password_either(people: People) -> None:
    challenge, cookie = people.ask()
    token = people.signed("wang", challenge)
    end = "UPDATE operator SET ended_at = {} WHERE name = 'wang'"
    people.desk.sql(end.format("now()"))
    assert people.enter(token, cookie).status_code == 403
    people.desk.sql(end.format("NULL"))
    people.desk.sql("DELETE FROM bucket")
    for password in ("", "None", PASSWORD):
        assert login(people.desk, "wang", b"", fields={"password": password}).status_code == 403
    assert people.enter(token, cookie).status_code == 303


def test_one_key_is_one_operators(people: People) -> None:
    keys = FolderKeys(people.desk.settings.key_folder)

    def give(name: str, of: str) -> None:
        key = read_public_key(people.keys[of].public_jwk)
        who = Operator(name, frozenset({Scope.SYSTEM_OPS}))
        people.desk.write(lambda s: operators.add_operator(s, keys, who, None, key=key))

    for of in ("wang", "li"):
        with pytest.raises(Refused, match="one key, one person"):
            give("second", of)
    give("second", "mallory")
    people.desk.sql("DELETE FROM operator WHERE name = 'second'")


def test_the_command_signs_for_the_console_that_is_meant(people: People) -> None:
    challenge, _ = people.ask()
    words = ("operator", "login", "--as", "wang", "--key", people.file("wang"))
    with pytest.raises(Refused, match="another console"):
        cli(*words, "--console", "zhengyan-other", challenge)
    with pytest.raises(Refused, match="no challenge"):
        cli(*words, "--console", NODE, "eyJ9.AAAA")
    assert cli(*words, "--console", NODE, challenge).count(".") == 2


@pytest.fixture
def here(people: People, monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    """Commands go to this node."""
    monkeypatch.setenv("DATABASE_URL", people.desk.database_url)
    monkeypatch.setenv("ZHENGYAN_KEY_FOLDER", str(people.desk.settings.key_folder))
    settings.cache_clear()
    yield people
    settings.cache_clear()


def test_operators_are_added_listed_and_ended_by_command(here: People) -> None:
    key = here.folder / "zhao.key"
    cli("person", "key", "zhao", "--out", key)
    add_it = ("operator", "add", "zhao", "--scope", "system:ops")
    with pytest.raises(Refused, match="a private key"):
        cli(*add_it, "--key", key)
    with pytest.raises(Refused, match="shorter than"):
        cli(*add_it, "--password", "short")
    with pytest.raises(Refused, match="one power"):
        cli(*add_it, "--scope", "audit:read", "--key", f"{key}.pub")
    assert "otpauth" not in cli(*add_it, "--key", f"{key}.pub"), "no password, no codes"
    assert "zhao: system:ops" in cli("operator", "list").splitlines()
    challenge, cookie = here.ask()
    words = ("--as", "zhao", "--key", key, "--console", NODE, challenge)
    assert here.enter(cli("operator", "login", *words), cookie).status_code == 303
    asked = CliRunner().invoke(app, [*add_it], input=f"{PASSWORD}\n{PASSWORD}\n")
    assert asked.exit_code == 0
    assert "otpauth://totp/" in asked.output, "asked for, and the key is a way in no more"
    challenge, cookie = here.ask()
    words = (*words[:-1], challenge)
    assert here.enter(cli("operator", "login", *words), cookie).status_code == 403
    cli("operator", "end", "zhao")
    with pytest.raises(Refused, match="no longer"):
        cli("operator", "end", "zhao")


# ---- deciding


def draft(folder: Path, host: str) -> Path:
    entry = {"type": None, "host": host, "path": "/"}
    changes = [{"action": "add", "kind": "official_url", "entry": entry}]
    file = folder / f"{host}.json"
    file.write_text(json.dumps({"format": "zhengyan-trust-draft/1", "changes": changes}))
    return file


def hand_in(
    browser: httpx.Client, path: str, signed: str, token: str | None = None, **headers: str
) -> httpx.Response:
    if token is None:
        page = browser.get(path).text
        token = re.findall(r'name="csrf" value="([0-9a-f]{64})"', page)[0]
    data = {"csrf": token, "signed": signed}
    return browser.post(path, data=data, headers=OPEN | headers)


def propose(people: People, browser: httpx.Client, host: str, by: str = "chen") -> str:
    """Address of the new proposal."""
    words = ("--publisher", LIST, "--as", by, "--key", people.file(by))
    signed = cli("trust", "sign-proposal", draft(people.folder, host), *words)
    answer = hand_in(browser, "/console/proposals", signed)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def decide(people: People, browser: httpx.Client, address: str, by: str, verdict: str) -> str:
    """A signed decision about what the console gives."""
    number = address.rpartition("/")[2]
    given = browser.get(f"{address}/signed")
    assert given.headers["content-disposition"] == f'attachment; filename="proposal-{number}.jws"'
    file = people.folder / f"proposal-{number}.jws"
    file.write_bytes(given.content)
    words = ("--number", number, "--verdict", verdict, "--as", by, "--key", people.file(by))
    return cli("trust", "sign-decision", file, *words)


def state(people: People, address: str) -> list[str]:
    number = int(address.rpartition("/")[2])
    rows = people.desk.sql("SELECT verdict FROM trust_decision WHERE proposal = $1", number)
    return sorted(row["verdict"] for row in rows)


def test_two_people_decide_and_the_page_shows_what_is_signed(people: People) -> None:
    with people.browser("chen") as chen, people.browser("li") as li:
        address = propose(people, chen, "one.example.cn")
        page = li.get(f"{address}?lang=en").text
        assert "+ add 新增 official_url: one.example.cn" in page
        number = int(address.rpartition("/")[2])
        shown = chen.get(f"{address}?lang=en").text
        assert "You proposed it yourself" in shown
        assert "sign-decision" not in shown
        token = decide(people, li, address, "li", "approved")
        answer = hand_in(li, address, token)
        assert answer.status_code == 303, answer.text
        assert state(people, address) == ["approved"]
        assert "approved by li" in li.get(f"{address}?lang=en").text
        assert f'href="/console/proposals/{number}?' in li.get("/console/proposals").text
    rows = people.desk.sql(
        "SELECT convert_from(body, 'UTF8')::json->>'caller' AS caller FROM audit "
        "WHERE operation = 'administer' ORDER BY at DESC LIMIT 2"
    )
    assert [row["caller"] for row in rows] == ["console:li", "console:chen"]


def test_the_proposer_does_not_approve_their_own(people: People) -> None:
    with people.browser("chen") as chen, people.browser("li") as li:
        address = propose(people, chen, "two.example.cn")
        with pytest.raises(Refused, match="chen's own"):
            decide(people, chen, address, "chen", "approved")
        forced = decide(people, li, address, "li", "approved").split(".")[1]
        said = challenges.read_json_object(
            challenges.base64url(forced, "x"), challenges.JsonLimits()
        )
        own = sign_statement(DECISION, said | {"person": "chen"}, people.keys["chen"])
        token = re.findall(r'csrf" value="(\w{64})"', chen.get(address).text)[0]
        answer = hand_in(chen, address, own, token)
        assert answer.status_code == 422
        assert "own: another person decides" in answer.text
        assert state(people, address) == []
        good = decide(people, li, address, "li", "approved")
        assert hand_in(li, address, good).status_code == 303


def test_nobody_hands_in_what_another_signed_or_for_another_proposal(people: People) -> None:
    with people.browser("chen") as chen, people.browser("li") as li:
        first = propose(people, chen, "three.example.cn")
        second = propose(people, chen, "four.example.cn")
        others = propose(people, li, "five.example.cn", "li")
        token = decide(people, li, first, "li", "approved")
        csrf = re.findall(r'csrf" value="(\w{64})"', chen.get(others).text)[0]
        assert hand_in(chen, first, token, csrf).status_code == 422, "chen brings li's"
        assert hand_in(li, second, token).status_code == 422
        for nothing in ("", "x.y.z", token[:-3], "\x00", "<script>alert(1)</script>"):
            answer = hand_in(li, first, nothing)
            assert answer.status_code == 422
            assert "<script>" not in answer.text
        assert hand_in(li, "/console/proposals", token).status_code == 422
        assert state(people, first) == state(people, second) == []
        assert hand_in(li, first, token).status_code == 303
        assert hand_in(li, first, token, csrf_of(li, first)).status_code == 422, "once"


def csrf_of(browser: httpx.Client, path: str) -> str:
    return re.findall(r'name="csrf" value="([0-9a-f]{64})"', browser.get(path).text)[0]


def test_no_other_site_and_no_other_session_hands_anything_in(people: People) -> None:
    with people.browser("chen") as chen, people.browser("li") as li:
        address = propose(people, chen, "six.example.cn")
        token = decide(people, li, address, "li", "approved")
        for given in ("", "0" * 64, csrf_of(chen, address)):
            answer = hand_in(li, address, token, given)
            assert answer.status_code == 403
            assert any(CONSOLE[lang]["stale"] in answer.text for lang in CONSOLE)
        right = csrf_of(li, address)
        for site in ("cross-site", "same-site", "none"):
            answer = hand_in(li, address, token, right, **{"Sec-Fetch-Site": site})
            assert answer.status_code == 403
        assert people.desk.client.post(address, data={"signed": token}).status_code == 401
        assert people.desk.client.get(address).status_code == 401
        assert people.desk.client.get(f"{address}/signed").status_code == 401
        assert state(people, address) == []
        assert hand_in(li, address, token, right).status_code == 303


def test_without_the_scope_nothing_is_shown_or_taken(people: People) -> None:
    add(people.desk, "viewer", {Scope.AUDIT_READ})
    with people.browser("chen") as chen, people.browser("li") as li:
        address = propose(people, chen, "seven.example.cn")
        token = decide(people, li, address, "li", "approved")
        with inside(people.desk, "auditor-x", {Scope.AUDIT_READ}) as other:
            csrf = csrf_of(other, "/console/audit")
            for path in (address, f"{address}/signed"):
                assert other.get(path).status_code == 403
            assert hand_in(other, address, token, csrf).status_code == 403
            assert hand_in(other, "/console/proposals", token, csrf).status_code == 403
        with inside(people.desk, "proposer-x", {Scope.TRUST_PROPOSE}) as other:
            assert hand_in(other, address, token, csrf_of(other, address)).status_code == 403
        assert hand_in(li, address, token).status_code == 303


def test_a_proposal_that_is_not_there_is_none(people: People) -> None:
    with people.browser("li") as li:
        for path in ("/console/proposals/9999", "/console/proposals/9999/signed"):
            assert li.get(path).status_code == 404
        for path in ("/console/proposals/0", "/console/proposals/x", f"/console/proposals/{2**40}"):
            assert li.get(path).status_code == 422
        with people.browser("chen") as chen:
            assert li.get(propose(people, chen, "eight.example.cn")).status_code == 200


# ---- in a browser


def test_in_a_browser_it_works_without_scripts_and_has_no_barriers(
    chromium: Any, people: People, axe: str
) -> None:
    with people.browser("chen") as chen:
        address = propose(people, chen, "nine.example.cn")
        token = decide(people, chen, propose(people, chen, "ten.example.cn"), "li", "approved")
    for scripts, lang in ((True, "zh"), (False, "en")):
        context = chromium.new_context(
            viewport={"width": 320, "height": 700}, java_script_enabled=scripts
        )
        tab = context.new_page()
        if scripts:
            tab.add_init_script(axe)

        def looked_at() -> None:
            if scripts:  # noqa: B023
                found = tab.evaluate("() => axe.run()")["violations"]  # noqa: B023
                assert [each["id"] for each in found] == []
                wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
                assert not tab.evaluate(wide)  # noqa: B023

        tab.goto(f"{people.desk.url}/console?lang={lang}")
        tab.click("a[href^='/console/key']")
        looked_at()
        challenge = tab.inner_text("pre").split()[-1]
        tab.fill("#signed", people.signed("li", challenge))
        tab.click("main form button")
        tab.wait_for_selector("main nav")
        looked_at()
        tab.goto(f"{people.desk.url}{address}?lang={lang}")
        looked_at()
        tab.fill("#signed", token)
        tab.click("main form[action^='/console/proposals'] button")
        tab.wait_for_selector("[role=alert]")
        assert "not about proposal" in tab.inner_text("[role=alert]")
        looked_at()
        context.close()
    assert state(people, address) == []
