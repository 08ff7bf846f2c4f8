"""`POST /v1/retrievals` (调阅): who may, for what, what is handed on, and what is left behind."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.crypto.jose import base64url
from app.domain.caller import Scope, Tenant
from app.domain.identifier import IssuerCode
from app.registry import callers, retrievals
from sandbox import giving
from sandbox.issuer import IssuerServer
from tests.callers.test_access_over_http import PURPOSE, bearer, caller_with
from tests.service import LOOPBACK, Service

PATH = "/v1/retrievals"
OFFICE = "11630000MB0000019J"


@pytest.fixture(scope="module")
def tenants(_service: Service) -> Service:
    for id, code in (("registry-office", OFFICE), ("court", None), ("bank", None)):
        _service.write(
            lambda s, i=id, c=code: callers.add_tenant(s, Tenant(i, f"样例{i}", c, "630000"))
        )
    return _service


@pytest.fixture(scope="module")
def key(tenants: Service) -> str:
    return caller_with(tenants, {Scope.LICENSE_RETRIEVE}, "registry-office")


@pytest.fixture
def issuer(service: Service) -> Iterator[IssuerServer]:
    """The university, which offers its documents."""
    server = service.issuers["university"]
    server.giving.document(service.world.pick("university"))  # not inside anybody's deadline
    code = IssuerCode(server.office.body.code)
    offer = retrievals.offer_of(
        code, server.url + giving.GIVING[0], [server.url], networks=LOOPBACK
    )
    service.write(lambda s: retrievals.put_offer(s, offer))
    yield server
    server.giving.clear()
    service.write(lambda s: retrievals.drop_offer(s, code))


def ask(service: Service, key: str | None, issuer: str = "university", **members: Any) -> Any:
    body = {"identifier": service.world.pick(issuer).id, "purpose": PURPOSE, **members}
    body = {name: value for name, value in body.items() if value is not None}
    headers = bearer(key) if key else {}
    return service.client.post(PATH, json=body, headers=headers, timeout=30)


def document(service: Service) -> bytes:
    return service.world.ofd(service.world.pick("university"))


def rows(service: Service) -> list[dict[str, Any]]:
    found = service.sql("SELECT body FROM audit WHERE operation = 'retrieve' ORDER BY at")
    return [json.loads(row["body"]) for row in found]


def assert_given(service: Service, key: str) -> None:
    answer = ask(service, key, deliver="file")
    assert answer.status_code == 200, answer.text
    assert answer.content == document(service)


def test_the_link_is_the_issuers_own_and_good_once(
    service: Service, key: str, issuer: IssuerServer
):
    answer = ask(service, key)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["issuer"] == issuer.office.body.code
    assert told["link"].startswith(issuer.url)
    assert answer.headers["cache-control"] == "no-store"
    assert issuer.giving.asked[-1]["behalf"] == OFFICE
    fetched = issuer.giving.fetched
    content = httpx.get(told["link"], trust_env=False)
    assert content.content == document(service)
    assert len(content.content) == told["size"]
    assert base64url(told["document"]["value"], "value") == hashlib.sha256(content.content).digest()
    assert issuer.giving.fetched == fetched + 1  # by the caller alone
    assert httpx.get(told["link"], trust_env=False).status_code == 410


def test_the_bytes_are_handed_on_and_left_nowhere(service: Service, key: str, issuer: IssuerServer):
    tables = [
        row[0]
        for row in service.sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename NOT LIKE 'audit%' AND tablename NOT IN ('bucket')"
        )
    ]

    def counts() -> list[int]:
        return [service.sql(f'SELECT count(*) FROM "{name}"')[0][0] for name in tables]

    before, audited = counts(), len(rows(service))
    answer = ask(service, key, deliver="file", matter="11639900MB9902027X300")
    assert answer.status_code == 200, answer.text
    assert answer.content == document(service)
    assert answer.headers["content-type"] == "application/ofd"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["zhengyan-issuer"] == issuer.office.body.code
    assert counts() == before
    (row,) = rows(service)[audited:]
    license = service.world.pick("university")
    assert (row["purpose"], row["matter"]) == (PURPOSE, "11639900MB9902027X300")
    assert (row["tenant"], row["organisation"]) == ("registry-office", OFFICE)
    assert row["fields_answered"] == ["file"]
    assert license.id not in json.dumps(row)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"purpose": None}, "purpose"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "another"}, "purpose"),
        ({"purpose": "public-check"}, "purpose"),
        ({"identifier": None}, "identifier"),
        ({"identifier": "N-1"}, "identifier"),
        ({"deliver": "mail"}, "deliver"),
        ({"url": "https://elsewhere.example/x"}, "url"),
    ],
)
def test_what_cannot_be_asked(
    service: Service, key: str, issuer: IssuerServer, members: Any, field: str
):
    assert_given(service, key)
    asked = len(issuer.giving.asked)
    answer = ask(service, key, **members)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field
    assert len(issuer.giving.asked) == asked


def test_the_public_and_whoever_lacks_the_scope_get_nothing(
    service: Service, key: str, issuer: IssuerServer
):
    assert_given(service, key)
    asked = len(issuer.giving.asked)
    assert ask(service, None).status_code == 403
    every = set(Scope) - {Scope.LICENSE_RETRIEVE}
    business = {scope for scope in every if scope.power is Scope.LICENSE_RETRIEVE.power}
    other = caller_with(service, business, "court")
    answer = ask(service, other)
    assert answer.status_code == 403
    assert len(issuer.giving.asked) == asked


def test_another_tenant_needs_an_organisation_of_its_own(
    service: Service, key: str, issuer: IssuerServer
):
    assert_given(service, key)
    asked = len(issuer.giving.asked)
    nobodys = caller_with(service, {Scope.LICENSE_RETRIEVE}, "bank")
    answer = ask(service, nobodys)
    assert answer.status_code == 422
    assert answer.json()["field"] == "caller"
    assert len(issuer.giving.asked) == asked  # nothing goes out under the name of the other


def test_who_does_not_offer_it_is_not_asked(service: Service, key: str, issuer: IssuerServer):
    assert_given(service, key)
    before = service.asked()
    answer = ask(service, key, issuer="market")
    assert answer.status_code == 409, answer.text
    assert answer.json()["type"].endswith("not-offered")
    assert service.asked() == before
    assert rows(service)[-1]["reason"] == "not_offered"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("wrong signature", "signature"),
        ("for another question", "wrong_question"),
        ("replay", "wrong_question"),
        ("another document", "wrong_question"),
        ("digest of another document", "wrong_question"),
        ("link elsewhere", "forbidden_address"),
        ("announced too large", "oversized"),
        ("endless", "oversized"),
        ("a login page", "media_type"),
        ("fails", "status"),
    ],
)
def test_an_issuer_that_lies_is_an_outage_and_no_document(
    service: Service, key: str, issuer: IssuerServer, behaviour: str, reason: str
):
    assert_given(service, key)
    issuer.giving.behaviour = behaviour
    answer = ask(service, key, deliver="file")
    assert answer.status_code == 504, answer.text
    assert answer.headers["retry-after"]
    assert answer.json()["type"].endswith("issuer-no-answer")
    assert rows(service)[-1]["reason"] == reason
    issuer.giving.behaviour = giving.HONEST
    assert_given(service, key)


def test_what_the_issuer_refuses(service: Service, tenants: Service, issuer: IssuerServer):
    service.write(
        lambda s: callers.add_caller(
            s,
            "curious",
            "registry-office",
            frozenset({Scope.LICENSE_RETRIEVE}),
            frozenset({"curiosity", PURPOSE}),
        )
    )
    from datetime import UTC, datetime

    from tests.callers.test_access_over_http import keys_of

    at = datetime.now(UTC)
    made = service.write(lambda s: callers.new_api_key(s, keys_of(service), "curious", now=at))
    assert_given(service, made)
    answer = ask(service, made, purpose="curiosity")
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("issuer-refuses")
