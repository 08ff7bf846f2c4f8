"""The operator's console: who gets in, what each may see, and what is never taken from elsewhere."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.crypto.passwords import STEP, code_at, hashed, holds, new_secret, step_of
from app.crypto.provider import FolderKeys
from app.domain.caller import Scope
from app.domain.errors import Refused
from app.registry import operators
from app.registry.operators import TRIES, Credentials, Operator
from app.routers import console_door as routes
from app.routers.charts import LEAST, bars
from app.routers.console_door import COOKIE
from app.routers.console_parts import SECTIONS
from app.routers.console_texts import CONSOLE
from sandbox.serve import Servers
from tests.service import Service, new_database, serving

PASSWORD = "correct horse battery"
OPEN = {"Sec-Fetch-Site": "same-origin"}
SCOPES = {
    "ops": {Scope.SYSTEM_OPS},
    "auditor": {Scope.AUDIT_READ},
    "security": {Scope.TRUST_PROPOSE, Scope.TRUST_APPROVE},
    "clerk": {Scope.ISSUER_READ},
}
MAY = {
    "ops": {"overview", "health", "conflicts"},
    "auditor": {"conflicts", "audit"},
    "security": {"proposals"},
    "clerk": {"health", "disputes"},
}


@pytest.fixture(scope="module")
def desk(
    database_url: str, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A node that serves the console."""
    url, folder = new_database(database_url, "console"), tmp_path_factory.mktemp("console")
    with serving(url, folder, sandbox_issuers, console=True) as made:
        made.register()
        yield made
    sandbox_issuers.reset()


def add(desk: Service, name: str, scopes: set[Scope]) -> bytes:
    """An operator; the secret of their codes."""
    keys, secret = FolderKeys(desk.settings.key_folder), new_secret()
    who, proof = Operator(name, frozenset(scopes)), Credentials(hashed(PASSWORD), secret)
    desk.write(lambda session: operators.add_operator(session, keys, who, proof))
    return secret


def code(secret: bytes, steps: int = 0) -> str:
    return code_at(secret, int(datetime.now(UTC).timestamp()) // STEP + steps)


def login(desk: Service, name: str, secret: bytes, **more: Any) -> httpx.Response:
    desk.sql("DELETE FROM bucket")  # all tests come from one address
    fields = {"name": name, "password": PASSWORD, "code": code(secret)} | more.pop("fields", {})
    return desk.client.post("/console/login", data=fields, headers=OPEN | more.pop("headers", {}))


def inside(desk: Service, name: str, scopes: set[Scope]) -> httpx.Client:
    """A browser of an operator who has logged in. Its cookie goes over plain http to this machine
    by hand, as browsers take 127.0.0.1 for secure and httpx does not."""
    secret = add(desk, name, scopes)
    answer = login(desk, name, secret)
    assert answer.status_code == 303, answer.text
    token = re.search(rf"{COOKIE}=([^;]+);", answer.headers["set-cookie"])
    assert token
    return httpx.Client(
        base_url=desk.url, trust_env=False, headers={"Cookie": f"{COOKIE}={token[1]}"}
    )


# ---- codes and passwords


def test_codes_are_those_of_rfc_6238() -> None:
    """RFC 6238 appendix B, SHA-1."""
    secret = b"12345678901234567890"
    for seconds, expected in ((59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
                              (1234567890, "89005924"), (2000000000, "69279037"),
                              (20000000000, "65353130")):  # fmt: skip
        assert code_at(secret, seconds // STEP, 8) == expected


def test_a_code_holds_for_its_step_and_those_beside_it() -> None:
    secret, now = new_secret(), 1_800_000_000
    for ahead, found in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        step = now // STEP + ahead
        assert (step_of(secret, code_at(secret, step), now) == step) is found
    for text in ("", "12345", "é" * 6, "1234567", "      "):
        assert step_of(secret, text, now) is None


def test_a_password_holds_and_no_other_does() -> None:
    kept = hashed(PASSWORD)
    assert kept != hashed(PASSWORD), "salted"
    assert PASSWORD not in kept
    assert holds(PASSWORD, kept)
    assert not holds(PASSWORD + " ", kept)


# ---- in and out


def test_the_cookie_goes_nowhere_else_and_the_table_holds_no_token(desk: Service) -> None:
    secret = add(desk, "cookie", SCOPES["ops"])
    answer = login(desk, "cookie", secret)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
    token = cookie.split("=")[1].split(";")[0]
    rows = desk.sql("SELECT digest, operator FROM operator_session WHERE operator = 'cookie'")
    assert len(rows) == 1
    assert token.encode() not in bytes(rows[0]["digest"])
    kept = desk.sql("SELECT password, totp FROM operator WHERE name = 'cookie'")[0]
    assert secret not in bytes(kept["totp"]), "encrypted"
    assert PASSWORD not in kept["password"]


def test_whatever_is_wrong_the_answer_is_the_same(desk: Service) -> None:
    secret = add(desk, "twin", SCOPES["ops"])
    wrong = [
        login(desk, "twin", secret, fields={"password": "wrong"}),
        login(desk, "twin", secret, fields={"code": "000000"}),
        login(desk, "nobody-here", secret),
        login(desk, "'; DROP TABLE operator; --", secret),
    ]
    assert {answer.status_code for answer in wrong} == {403}
    assert len({answer.text for answer in wrong}) == 1
    assert all("set-cookie" not in answer.headers for answer in wrong)
    assert login(desk, "twin", secret).status_code == 303, "its twin gets in"


def test_a_code_is_taken_once(desk: Service) -> None:
    secret = add(desk, "replay", SCOPES["ops"])
    now = code(secret)
    assert login(desk, "replay", secret, fields={"code": now}).status_code == 303
    assert login(desk, "replay", secret, fields={"code": now}).status_code == 403
    assert login(desk, "replay", secret, fields={"code": code(secret, 1)}).status_code == 303


@pytest.mark.parametrize("half", [{"code": "000000"}, {"password": "wrong"}])
def test_who_has_half_of_it_is_locked_out(desk: Service, half: dict[str, str]) -> None:
    """Somebody has the password, or the phone, and guesses the other."""
    name = f"locked-{next(iter(half))}"
    secret = add(desk, name, SCOPES["ops"])
    before = "UPDATE operator SET failures = $2, failed_at = now() - $3::interval WHERE name = $1"
    desk.sql(before, name, TRIES - 1, timedelta(minutes=16))  # no longer counts
    assert login(desk, name, secret, fields=half).status_code == 403
    assert desk.sql("SELECT failures FROM operator WHERE name = $1", name)[0]["failures"] == 1
    desk.sql(before, name, TRIES - 1, timedelta(minutes=14))
    assert login(desk, name, secret, fields=half).status_code == 403
    assert login(desk, name, secret).status_code == 403, "right, and too late"
    desk.sql("UPDATE operator SET locked_until = now() - interval '1 s' WHERE name = $1", name)
    assert login(desk, name, secret).status_code == 303


def test_attack_a_stranger_locks_nobody_out(desk: Service) -> None:
    secret = add(desk, "wanted", SCOPES["ops"])
    state = "SELECT failures, locked_until FROM operator WHERE name = 'wanted'"
    desk.sql("UPDATE operator SET failures = 4, failed_at = now() WHERE name = 'wanted'")
    before = desk.sql(state)
    wrong = {"password": "wrong", "code": "000000"}
    assert login(desk, "wanted", secret, fields=wrong).status_code == 403
    assert desk.sql(state) == before
    assert login(desk, "wanted", secret).status_code == 303


def test_attack_a_neighbour_who_guesses_keeps_nobody_out(desk: Service) -> None:
    """Behind one address: whoever brings the right code still gets in, as long as the neighbour
    does not go on under that very name; a wrong password with it does not.
    """
    secret = add(desk, "neighbour", SCOPES["ops"])
    desk.sql("DELETE FROM bucket")

    def tried(**fields: str) -> int:
        data = {"name": "neighbour", "password": PASSWORD, "code": code(secret)} | fields
        return desk.client.post("/console/login", data=data, headers=OPEN).status_code

    guesses = [
        tried(name="nobody-there", password="x", code="000000") for _ in range(routes.TRIES + 4)
    ]
    assert (guesses[: routes.TRIES], guesses[-1]) == ([403] * routes.TRIES, 429)
    rows = "SELECT count(*) AS n FROM audit WHERE operation = 'console_login'"
    (before,) = desk.sql(rows)
    assert tried(code="000000") == 429
    assert desk.sql(rows)[0]["n"] == before["n"], "no row of what is not looked at"
    assert tried(password="wrong") == 429
    assert tried() == 303
    for _ in range(routes.MORE_TRIES + 2):
        assert tried(code="000000") == 429
    assert tried(code=code(secret, 1)) == 429, "now it is too much"
    desk.sql("DELETE FROM bucket")
    assert tried(code=code(secret, 1)) == 303


def test_forms_are_taken_from_its_own_pages_only(desk: Service) -> None:
    secret = add(desk, "csrf", SCOPES["ops"])
    fields = {"name": "csrf", "password": PASSWORD, "code": code(secret)}
    host = desk.url.partition("://")[2]
    desk.sql("DELETE FROM bucket")
    for headers in (
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {},
        {"Sec-Fetch-Site": "none"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
    ):  # fmt: skip
        answer = desk.client.post("/console/login", data=fields, headers=headers)
        assert answer.status_code == 403, headers
    own = desk.client.post("/console/login", data=fields, headers={"Origin": f"http://{host}"})
    assert own.status_code == 303


def test_logging_out_ends_the_session_and_takes_its_token(desk: Service) -> None:
    with inside(desk, "leaver", SCOPES["ops"]) as browser:
        page = browser.get("/console/overview")
        assert page.status_code == 200
        (token,) = re.findall(r'name="csrf" value="([0-9a-f]{64})"', page.text)
        for given in ("", "0" * 64):
            answer = browser.post("/console/logout?lang=zh", data={"csrf": given}, headers=OPEN)
            assert answer.status_code == 403
            assert CONSOLE["zh"]["stale"] in answer.text
        assert browser.get("/console/overview").status_code == 200
        assert (
            browser.post("/console/logout", data={"csrf": token}, headers=OPEN).status_code == 303
        )
        assert browser.get("/console/overview").status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE operator_session SET used_at = now() - interval '16 minutes' WHERE operator = $1",
        "UPDATE operator_session SET ends_at = now() - interval '1 s' WHERE operator = $1",
        "UPDATE operator SET ended_at = now() WHERE name = $1",
        "DELETE FROM operator_session WHERE operator = $1",
    ],
)
def test_a_session_ends(desk: Service, change: str) -> None:
    name = f"ends-{abs(hash(change)) % 10_000}"
    with inside(desk, name, SCOPES["ops"]) as browser:
        assert browser.get("/console/overview").status_code == 200
        desk.sql(change, name)
        assert browser.get("/console/overview").status_code == 401


# ---- what each may see


@pytest.mark.parametrize("role", SCOPES)
def test_roles_are_apart(desk: Service, role: str) -> None:
    with inside(desk, f"role-{role}", SCOPES[role]) as browser:
        assert browser.get("/console").status_code == 200
        for section in SECTIONS:
            answer = browser.get(f"/console/{section}?lang=en")
            assert answer.status_code == (200 if section in MAY[role] else 403), section
        shown = set(re.findall(r'href="/console/(\w+)\?', browser.get("/console").text))
        assert shown == MAY[role]


def test_nobody_has_scopes_of_two_powers(desk: Service) -> None:
    with pytest.raises(Refused) as told:
        add(desk, "mighty", {Scope.SYSTEM_OPS, Scope.AUDIT_READ})
    assert told.value.field == "scope"
    with pytest.raises(Refused):
        add(desk, "pusher", {Scope.LICENSE_REVOKE})  # nothing of it is shown here


def test_without_a_session_there_is_a_login_and_nothing_else(desk: Service) -> None:
    assert desk.client.get("/console").status_code == 200
    for section in SECTIONS:
        answer = desk.client.get(f"/console/{section}")
        assert answer.status_code == 401
        assert "<table" not in answer.text
    assert desk.client.get("/console/nowhere").status_code == 404


def test_a_node_that_serves_none_has_nothing_there(service: Service) -> None:
    for path in ("/console", "/console/overview", "/console/login"):
        assert service.client.get(path).status_code == 404
    assert service.client.post("/console/login", headers=OPEN).status_code == 404


def test_it_shows_counts_health_and_audit_rows(desk: Service) -> None:
    token = desk.world.token(desk.world.pick("traffic"))
    assert desk.told(token) == "valid"
    with inside(desk, "seer", SCOPES["ops"]) as browser:
        page = browser.get("/console/overview?lang=en").text
        assert re.search(r'<th scope="row">valid</th><td><svg .*?</svg> \d+</td>', page)
        assert "style=" not in page
    look = CONSOLE["en"]["operations"]["console_read"]
    with inside(desk, "reader", SCOPES["auditor"]) as browser:
        page = browser.get("/console/audit?lang=en&operation=verify_file").text
        assert "verify_file" in page
        assert f"<bdi>{look}</bdi>" not in page
        assert f"<bdi>{look}</bdi>" in browser.get("/console/audit?lang=en").text
        none = browser.get("/console/audit?lang=en&since=2001-01-01&until=2001-01-02").text
        assert CONSOLE["en"]["empty"] in none
        odd = browser.get(
            "/console/audit", params={"since": "<b>", "operation": "<b>", "tenant": "<b>"}
        )
        assert odd.status_code == 200
        assert "<b>" not in odd.text


def test_charts_are_text_and_lengths() -> None:
    drawn = bars([("a", 3000), ("b", 1500), ("c", 1), ("d", 0)])
    assert [(bar.name, bar.share) for bar in drawn] == [
        *(("a", 100.0), ("b", 50.0), ("c", LEAST), ("d", 0.0))
    ]
    assert bars([]) == []
    assert [bar.share for bar in bars([("a", 0)])] == [0.0]


def test_both_languages_say_the_same() -> None:
    assert CONSOLE["zh"].keys() == CONSOLE["en"].keys()
    for lang in ("zh", "en"):
        assert set(CONSOLE[lang]["to"]) == set(SECTIONS)


def test_no_page_is_kept_by_anybody(desk: Service, tmp_path: Path) -> None:
    answer = desk.client.get("/console")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert timedelta(minutes=15) == operators.IDLE
