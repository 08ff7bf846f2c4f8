"""Confirming a report: what a code tells, to whom, and until when."""

import hashlib
import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.crypto.provider import FolderKeys
from app.domain.caller import Scope, Tenant
from app.domain.confirmation import ALPHABET, code_of
from app.registry import callers
from app.routers import door
from app.routers.confirm_texts import CONFIRM
from sandbox.samples import asked
from tests.service import VERIFICATIONS, Service, serving

PURPOSE = "loan-check"
UNKNOWN = code_of("AAAAAAAAAAAAAAAAAAAAAA")


def page(service: Service, code: str, lang: str = "zh", **more: Any) -> httpx.Response:
    return service.client.get(f"/r/{code}", params={"lang": lang}, **more)


def account(service: Service, tenant: str) -> dict[str, str]:
    """Credentials of a system of this organisation."""
    id = f"desk-{tenant}"
    scopes = frozenset({Scope.VERIFY_TOKEN, Scope.REPORT_READ})

    async def work(session: Any) -> str:
        await callers.add_tenant(session, Tenant(tenant, f"样例{tenant}", None, "630000"))
        await callers.add_caller(session, id, tenant, scopes, frozenset({PURPOSE}))
        keys = FolderKeys(service.settings.key_folder)
        return await callers.new_api_key(session, keys, id, now=datetime.now(UTC))

    return {"Authorization": f"Bearer {service.write(work)}"}


@pytest.fixture(scope="module")
def hospital(_service: Service) -> dict[str, str]:
    return account(_service, "hospital-r")


@pytest.fixture(scope="module")
def library(_service: Service) -> dict[str, str]:
    return account(_service, "library-r")


def of_tenant(service: Service, credentials: dict[str, str]) -> dict[str, Any]:
    token = service.world.token(service.world.pick("traffic")).decode()
    body = {"token": token, "purpose": PURPOSE}
    answer = service.client.post(VERIFICATIONS, json=body, headers=credentials)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()["report"]
    return report


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_code_tells_digest_conclusion_time_issuer_and_policy(service: Service, lang: str) -> None:
    victim = service.world.pick("traffic")
    token = service.world.token(victim)
    report = service.verify(token)["report"]
    assert report["code"] == code_of(report["id"])
    told = page(service, report["code"], lang)
    assert told.status_code == 200
    assert told.headers["cache-control"] == "no-store"
    assert told.headers["x-robots-tag"] == "noindex"
    for words in (
        report["headline"][lang], report["digests"]["sha256"], report["digests"]["sm3"],
        report["license"]["issuer"]["name"][lang], report["license"]["issuer"]["code"],
        report["versions"]["policy"], report["versions"]["node"], report["code"],
    ):  # fmt: skip
        assert words in told.text, words
    at = datetime.fromisoformat(report["at"]).astimezone(tz=datetime.now().astimezone().tzinfo)
    assert f"{at.astimezone(UTC) + timedelta(hours=8):%Y-%m-%d %H:%M:%S}" in told.text
    assert hashlib.sha256(token).hexdigest() == report["digests"]["sha256"]
    assert CONFIRM[lang]["compare"] in told.text
    # Without scripts nothing can be compared: no box for a file, and it is said where to go.
    assert '<div id="choosing" hidden>' in told.text
    assert f"<noscript><p>{CONFIRM[lang]['noscript']}</p></noscript>" in told.text
    assert f'id="uncompared" hidden>{CONFIRM[lang]["uncompared"]}</p>' in told.text


def test_nothing_personal_is_told(service: Service) -> None:
    victim = service.world.pick("university")
    for report in (
        service.verify(service.world.token(victim))["report"],
        service.verify(**asked(victim))["report"],
    ):
        told = page(service, report["code"]).text
        assert report["headline"]["zh"] in told
        for value in (victim.holder.name, victim.holder.code, victim.id, asked(victim)["number"]):
            assert str(value) not in told
        assert report["id"] not in told, "the page does not open the whole report"


def test_a_report_without_a_file_is_compared_with_none(service: Service) -> None:
    report = service.verify(**asked(service.world.pick("university")))["report"]
    assert (report["conclusion"], report["basis"]) == ("valid", "facts")
    for lang in ("zh", "en"):
        told = page(service, report["code"], lang).text
        assert CONFIRM[lang]["no_file"] in told
        assert CONFIRM[lang]["compare"] not in told
        assert 'type="file"' not in told


def test_a_wrong_license_and_an_outage_are_confirmed_as_what_they_are(service: Service) -> None:
    revoked = service.verify(service.world.token(service.world.pick("market", "revoked")))["report"]
    told = page(service, revoked["code"]).text
    assert '<p class="mark invalid" id="conclusion">' in told
    assert CONFIRM["zh"]["claimed"] in told, "what it calls its issuer is no fact"
    assert CONFIRM["zh"]["then_other"] in told
    assert revoked["headline"]["zh"] in told
    service.issuers.set_behaviour("traffic", "reset")
    silent = service.verify(service.world.token(service.world.pick("traffic")))["report"]
    assert silent["reason"]["family"] == "dependency"
    told = page(service, silent["code"]).text
    assert '<p class="mark outage" id="conclusion">' in told
    assert "mark invalid" not in told


def test_expired_revoked_closed_and_unknown_look_alike(
    service: Service, hospital: dict[str, str]
) -> None:
    token = service.world.token(service.world.pick("traffic"))
    expired, live = (service.verify(token)["report"] for _ in range(2))
    past = "UPDATE verification SET expires_at = now() - interval '1 second' WHERE id = $1"
    service.sql(past, expired["id"])
    revoked, closed = (of_tenant(service, hospital) for _ in range(2))
    for method in ("PUT", "DELETE"):
        url = f"{VERIFICATIONS}/{revoked['id']}/confirmation"
        assert service.client.request(method, url, headers=hospital).status_code == 200
    answers = [page(service, code) for code in (
        UNKNOWN, expired["code"], revoked["code"], closed["code"],
    )]  # fmt: skip
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert CONFIRM["zh"]["unknown"] in answers[0].text
    assert page(service, live["code"]).status_code == 200


def test_a_mistyped_code_is_told_from_an_unknown_one(service: Service) -> None:
    report = service.verify(service.world.token(service.world.pick("traffic")))["report"]
    code = report["code"]
    wrong = code[:7] + ALPHABET[(ALPHABET.index(code[7]) + 1) % 32] + code[8:]
    for lang in ("zh", "en"):
        told = page(service, wrong, lang)
        assert told.status_code == 404
        assert CONFIRM[lang]["mistyped"] in told.text
        assert CONFIRM[lang]["unknown"] not in told.text
    assert page(service, code).status_code == 200
    for typed, said in (
        (code[:-3], "还少 3 位"),
        (code + "-A2", "多出 2 位"),
        ("A" * 90, "校验字符"),
    ):
        assert said in service.client.post("/r", data={"code": typed}).text


def test_a_code_is_typed_into_a_form_and_stands_in_no_address(service: Service) -> None:
    report = service.verify(service.world.token(service.world.pick("traffic")))["report"]
    code = report["code"]
    for typed in (
        code,
        code.lower().replace("-", " "),
        f"核验码：{code}",
        f"https://a:1/r/{code}?lang=en",
    ):
        told = service.client.post("/r?lang=en", data={"code": typed})
        assert (told.status_code, told.url.path) == (200, "/r")
        assert report["headline"]["en"] in told.text
    wrong = service.client.post("/r", data={"code": report["code"][:-1] + "U"})
    assert wrong.status_code == 404
    assert f'value="{report["code"][:-1]}U"' in wrong.text, "to be mended, not typed anew"


@pytest.mark.parametrize(
    "body",
    [b"", b"code=", b"code=%ff", b"\xff\xfe", b"a=1&b=2&c=3&d=4&e=5", b"code=" + b"x" * 5000],
)
def test_whatever_is_sent_is_a_page(service: Service, body: bytes) -> None:
    media = {"Content-Type": "application/x-www-form-urlencoded"}
    told = service.client.post("/r", content=body, headers=media)
    assert told.status_code == 404
    assert CONFIRM["zh"]["mistyped"] in told.text


@pytest.mark.parametrize(
    "code", ["<script>alert(1)", "请拨打热线010-1", "\u202egnp.exe", "%00", '"><img src=x>']
)
def test_nothing_of_a_strange_code_is_shown(service: Service, code: str) -> None:
    told = service.client.get("/r/" + "".join(f"%{b:02x}" for b in code.encode()))
    assert told.status_code == 404
    shown = re.search(r'value="([^"]*)"', told.text)
    assert shown is not None
    assert re.fullmatch(r"[0-9A-Za-z -]{0,40}", shown[1])
    for words in ("<script>alert", "请拨打热线", "\u202e", "<img"):
        assert words not in told.text


def test_without_a_database_a_page_says_so_and_a_mistyped_code_is_told_all_the_same(
    service: Service, tmp_path: Path
) -> None:
    code = service.verify(service.world.token(service.world.pick("traffic")))["report"]["code"]
    assert page(service, code).status_code == 200
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dead = f"postgresql+asyncpg://zhengyan@127.0.0.1:{port}/zhengyan"
    with serving(dead, tmp_path, service.issuers) as node:
        for lang in ("zh", "en"):
            silent = page(node, code, lang)
            assert silent.status_code == 503
            assert int(silent.headers["retry-after"]) > 0
            assert CONFIRM[lang]["outage_next"] in silent.text
            assert CONFIRM[lang]["unknown"] not in silent.text
            mistyped = page(node, code[:-1] + ("0" if code[-1] != "0" else "1"), lang)
            assert mistyped.status_code == 404
            assert CONFIRM[lang]["mistyped"] in mistyped.text, "no look-up was needed"


# ---- reports of tenants


def test_a_tenants_report_is_confirmed_by_nobody_until_the_tenant_opens_it(
    service: Service, hospital: dict[str, str], library: dict[str, str]
) -> None:
    report = of_tenant(service, hospital)
    url = f"{VERIFICATIONS}/{report['id']}/confirmation"
    assert page(service, report["code"]).status_code == 404
    assert service.client.put(url).status_code == 404, "the public cannot open it"
    assert service.client.put(url, headers=library).status_code == 404, "nor another tenant"
    assert page(service, report["code"]).status_code == 404
    opened = service.client.put(url, params={"days": 3}, headers=hospital)
    assert opened.status_code == 200
    assert opened.json()["code"] == report["code"]
    until = datetime.fromisoformat(opened.json()["until"]) - datetime.now(UTC)
    assert timedelta(days=3) - timedelta(minutes=1) < until <= timedelta(days=3)
    assert report["headline"]["zh"] in page(service, report["code"]).text
    # The report itself stays the tenant's alone.
    whole = f"{VERIFICATIONS}/{report['id']}"
    assert service.client.get(whole).status_code == 404
    assert service.client.get(whole, headers=library).status_code == 404
    assert service.client.get(whole, headers=hospital).status_code == 200
    assert service.client.delete(url, headers=library).status_code == 404
    assert page(service, report["code"]).status_code == 200
    closed = service.client.delete(url, headers=hospital)
    assert closed.json() == {"code": report["code"], "until": None}
    assert page(service, report["code"]).status_code == 404
    assert service.client.get(whole, headers=hospital).status_code == 200, "its own, still"


def test_nobody_of_the_public_closes_what_another_may_be_shown(service: Service) -> None:
    report = service.verify(service.world.token(service.world.pick("traffic")))["report"]
    url = f"{VERIFICATIONS}/{report['id']}/confirmation"
    assert service.client.delete(url).status_code == 404
    assert page(service, report["code"]).status_code == 200


@pytest.mark.parametrize("days", ["0", "367", "-1", "x", "1.5"])
def test_a_code_is_open_for_a_year_at_most(
    service: Service, hospital: dict[str, str], days: str
) -> None:
    report = of_tenant(service, hospital)
    url = f"{VERIFICATIONS}/{report['id']}/confirmation"
    refused = service.client.put(url, params={"days": days}, headers=hospital)
    assert (refused.status_code, refused.json()["field"]) == (422, "days")
    assert page(service, report["code"]).status_code == 404


def test_confirming_opening_and_closing_leave_rows(
    service: Service, hospital: dict[str, str]
) -> None:
    def rows() -> dict[str, int]:
        found = service.sql("SELECT operation, count(*) AS n FROM audit GROUP BY operation")
        return {row["operation"]: row["n"] for row in found}

    report = of_tenant(service, hospital)
    url = f"{VERIFICATIONS}/{report['id']}/confirmation"
    before = rows()
    service.client.put(url, headers=hospital)
    page(service, report["code"])
    page(service, UNKNOWN)
    service.client.delete(url, headers=hospital)
    after = rows()
    for operation in ("open_code", "confirm", "close_code"):
        assert after[operation] == before.get(operation, 0) + 1
    bodies = service.sql(
        "SELECT body FROM audit WHERE operation = 'confirm' ORDER BY at DESC LIMIT 1"
    )
    assert report["id"].encode() not in bodies[0]["body"]
    assert json.loads(bodies[0]["body"])["report"]


# ---- the printed page


@pytest.fixture(scope="module")
def public(_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A node that knows where the public finds it."""
    folder = tmp_path_factory.mktemp("public")
    with serving(
        *(_service.database_url, folder, _service.issuers),
        public_address="https://verify.example",
        trusted_proxies="127.0.0.0/8",
    ) as found:
        yield found


def test_a_code_to_scan_leads_to_the_real_site_whatever_host_was_named(public: Service) -> None:
    report = public.verify(public.world.token(public.world.pick("traffic")))["report"]
    told = page(public, report["code"], headers={"Host": "verify-example.test"}).text
    assert f"https://verify.example/r/{report['code']}" in told
    assert '<svg viewBox="0 0 ' in told
    assert "verify-example.test" not in told


def test_without_an_address_no_code_to_scan_is_made_up(service: Service) -> None:
    report = service.verify(service.world.token(service.world.pick("traffic")))["report"]
    assert "<svg" not in page(service, report["code"]).text


def test_who_asks_too_much_is_told_so_on_a_page_and_another_is_not(
    public: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = public.verify(public.world.token(public.world.pick("traffic")))["report"]["code"]
    monkeypatch.setattr(door, "OPEN_READS", 3)
    one, other = ({"X-Forwarded-For": f"203.0.113.{n}"} for n in (1, 2))
    assert [page(public, code, headers=one).status_code for _ in range(4)] == [200] * 3 + [429]
    refused = public.client.post("/r", data={"code": code}, headers=one)
    assert refused.status_code == 429
    assert CONFIRM["zh"]["limited"] in refused.text
    assert page(public, code, headers=other).status_code == 200
