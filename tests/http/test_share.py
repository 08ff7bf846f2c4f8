"""The façade for existing callers: their envelopes, the codes of GB/T 36906, and no code at all for
what cannot be told.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from app.crypto.provider import FolderKeys
from app.domain.caller import Scope, Tenant
from app.registry import callers
from app.schemas.share import ShareOut
from sandbox.licenses import License
from tests.federation.asking import now
from tests.service import Service, described

INFO, FILE = "/share/v1/verifyCertInfo", "/share/v1/verifyFile"
PURPOSE = "loan-check"
ISSUER = "traffic"


@pytest.fixture(scope="module")
def keys(_service: Service) -> dict[str, str]:
    """API keys of callers: of both scopes, of one, of two purposes."""
    _service.write(lambda s: callers.add_tenant(s, Tenant("share", "样例行", None, "630000")))
    both = frozenset({Scope.VERIFY_NUMBER, Scope.VERIFY_FILE})
    made = {}
    for id, scopes, purposes in (
        ("share-both", both, {PURPOSE}),
        ("share-none", frozenset({Scope.REPORT_READ}), {PURPOSE}),
        ("share-two", both, {PURPOSE, "rent-check"}),
    ):
        _service.write(
            lambda s, i=id, c=scopes, p=purposes: callers.add_caller(s, i, "share", c, frozenset(p))
        )
        folder = FolderKeys(_service.settings.key_folder)
        made[id] = _service.write(lambda s, i=id, f=folder: callers.new_api_key(s, f, i, now=now()))
    return made


@pytest.fixture
def head(keys: dict[str, str]) -> dict[str, str]:
    return {"accessId": "share-both", "accessToken": keys["share-both"]}


def send(service: Service, path: str, head: Any, data: Any, **more: Any) -> dict[str, Any]:
    answer = service.client.post(path, json={"head": head, "data": data}, **more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    ShareOut.model_validate(told)
    assert answer.headers["cache-control"] == "no-store"
    return told


def facts(license: License, **changes: Any) -> dict[str, Any]:
    return {
        "certIdentifier": license.id,
        "certNo": license.number,
        "certTypeCode": license.type,
        "holder": license.holder.name,
        "holderCode": license.holder.code,
        **changes,
    }


def file(content: bytes, **changes: Any) -> dict[str, Any]:
    return {"contentType": "base64", "content": base64.b64encode(content).decode(), **changes}


def line(told: dict[str, Any]) -> str:
    return f"{told['head']['status']} {told['data'].get('result')}"


# ---- results


@pytest.mark.parametrize(
    ("scenario", "result"),
    [("in_force", "0"), ("suspended", "2"), ("revoked", "3"), ("annulled", "3"), ("not_yet", "1")],
)
def test_facts_get_the_code_of_the_standard(
    service: Service, head: Any, scenario: str, result: str
):
    license = service.world.pick(ISSUER, scenario)
    told = send(service, INFO, head, facts(license))
    assert line(told) == f"0 {result}", told
    assert told["data"]["message"]
    assert ("reason" in told["data"]) is (result != "0")


def test_what_is_wrong_and_what_is_not_there(service: Service, head: Any):
    license = service.world.pick(ISSUER)
    assert line(send(service, INFO, head, facts(license))) == "0 0"
    assert line(send(service, INFO, head, facts(license, holder="另一人"))) == "0 6"
    service.issuers.set_behaviour(ISSUER, "lie_not_found")
    assert line(send(service, INFO, head, facts(license))) == "0 5"


@pytest.mark.parametrize(
    "behaviour",
    ["close", "status", "wrong_signature", "unsigned", "unsigned_not_found", "html_login",
     "wrong_nonce", "facts_unknown", "partial_facts", "stale_as_of"],
)  # fmt: skip
def test_what_cannot_be_told_is_no_result(service: Service, head: Any, behaviour: str):
    """An outage, a forged answer, half an answer: never `not genuine`, and never `valid`."""
    license = service.world.pick(ISSUER)
    content = service.world.token(license)
    assert line(send(service, INFO, head, facts(license))) == "0 0"
    assert line(send(service, FILE, head, file(content))) == "0 0"
    service.issuers.set_behaviour(ISSUER, behaviour)
    told = send(service, INFO, head, facts(license))
    assert told["head"]["status"] == "2", told
    assert "result" not in told["data"]
    assert told["head"]["message"]
    assert told["data"]["reason"]
    by_file = send(service, FILE, head, file(content))
    if by_file["head"]["status"] != "0":  # a file carries its own facts and digest
        assert (by_file["head"]["status"], "result" in by_file["data"]) == ("2", False)
    else:
        assert by_file["data"]["result"] == "0"
        assert behaviour == "facts_unknown"


def test_files(service: Service, head: Any):
    world = service.world
    good = world.token(world.pick(ISSUER))
    assert line(send(service, FILE, head, file(good))) == "0 0"
    parts = good.split(b".")
    altered = b".".join([*parts[:2], parts[2][:-2] + (b"AA" if parts[2][-2:] != b"AA" else b"BB")])
    told = send(service, FILE, head, file(altered))
    assert (told["head"]["status"], told["data"]["result"] in {"1", "2"}) == ("0", True), told
    ended = world.token(world.pick(ISSUER, "revoked"))
    assert send(service, FILE, head, file(ended))["data"]["result"] == "2"
    assert send(service, FILE, head, file(b"\x00" * 100))["head"]["status"] == "4"


def test_the_report_says_the_same_and_is_the_tenants(
    service: Service, head: Any, keys: dict[str, str]
):
    told = send(service, INFO, head, facts(service.world.pick(ISSUER, "revoked")))
    bearer = {"Authorization": f"Bearer {keys['share-none']}"}
    path = f"/v1/verifications/{told['data']['reportId']}"
    report = service.client.get(path, headers=bearer).json()["report"]
    assert (report["conclusion"], report["codes"]["info_code"]) == ("invalid", 3)
    assert report["purpose"] == PURPOSE
    assert service.client.get(path).status_code == 404


def test_it_is_written_down_like_any_other(service: Service, head: Any):
    before = service.sql("SELECT count(*) AS n FROM audit")[0]["n"]
    cause = json.dumps({"certificateEventCode": "11639900MB9902027X300"})
    send(service, INFO, head, facts(service.world.pick(ISSUER), useCause=cause))
    rows = service.sql("SELECT * FROM audit ORDER BY at DESC, seq DESC LIMIT 1")
    assert service.sql("SELECT count(*) AS n FROM audit")[0]["n"] == before + 1
    row = rows[0]["body"].decode()
    assert "share-both" in row
    assert PURPOSE in row
    for secret in (head["accessToken"], service.world.pick(ISSUER).holder.name):
        assert secret not in row


# ---- who may


def test_who_may_and_who_may_not(service: Service, head: Any, keys: dict[str, str]):
    data = facts(service.world.pick(ISSUER))
    assert line(send(service, INFO, head, data)) == "0 0"
    before = service.asked()
    for wrong in (
        {},
        {"accessId": "share-both"},
        {"accessToken": "zy_no_body"},
        {"accessToken": ""},
        {"accessToken": "a b"},
        {"accessId": "another", "accessToken": keys["share-both"]},
        {"accessId": "share-none", "accessToken": keys["share-none"]},
    ):
        told = send(service, INFO, wrong, data)
        assert told == {"head": {"status": "1", "message": "未获得授权"}, "data": {}}, wrong
    assert service.asked() == before
    assert line(send(service, INFO, {"token": keys["share-both"]}, data)) == "0 0"
    bearer = {"Authorization": f"Bearer {keys['share-both']}"}
    assert line(send(service, INFO, {}, data, headers=bearer)) == "0 0"
    none = {"Authorization": f"Bearer {keys['share-none']}"}
    assert send(service, INFO, head, data, headers=none)["head"]["status"] == "1"


def test_a_purpose_is_the_callers_own(service: Service, keys: dict[str, str]):
    head, data = {"accessToken": keys["share-two"]}, facts(service.world.pick(ISSUER))
    assert send(service, INFO, head, data)["head"]["status"] == "4"
    assert line(send(service, INFO, head, {**data, "purpose": "rent-check"})) == "0 0"
    assert send(service, INFO, head, {**data, "purpose": "other"})["head"]["status"] == "4"


# ---- what cannot be taken


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"holder": None, "holderCode": None}, "holder"),
        ({"certIdentifier": None, "certNo": None}, "certIdentifier"),
        ({"certIdentifier": None, "certTypeCode": None}, "certTypeCode"),
        ({"certIdentifier": "1.2.3"}, "certIdentifier"),
        ({"certTypeCode": "x"}, "certTypeCode"),
        ({"certNo": 5}, "data.certNo"),
        ({"holder": "x" * 5000}, "holder"),
        ({"useCause": "{"}, "useCause"),
        ({"useCause": '{"certificateEventCode": 5}'}, "useCause"),
        ({"useCause": '{"certificateEventCode": "a b"}'}, "useCause"),
        ({"useCause": "x" * 201}, "data.useCause"),
    ],
)
def test_parameters_that_are_wrong_are_named(service: Service, head: Any, changes: Any, words: str):
    license = service.world.pick(ISSUER)
    assert line(send(service, INFO, head, facts(license, weather="fine"))) == "0 0"
    before = service.asked()
    told = send(service, INFO, head, facts(license, **changes))
    assert told["head"]["status"] == "4", told
    assert told["head"]["message"].startswith(words), told
    assert told["data"] == {}
    assert license.holder.name not in told["head"]["message"]
    assert service.asked() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contentType": "http", "content": "http://169.254.169.254/"}, "contentType"),
        ({"contentType": None}, "data.contentType"),
        ({"content": ""}, "data.content"),
        ({"content": "====", "contentType": "base64"}, "content"),
        ({"content": "%%%"}, "content"),
        ({"content": ["eA=="]}, "data.content"),
    ],
)
def test_files_that_are_none_are_named(service: Service, head: Any, changes: Any, words: str):
    good = file(service.world.token(service.world.pick(ISSUER)))
    told = send(service, FILE, head, {**good, **changes})
    assert told["head"]["status"] == "4", told
    assert told["head"]["message"].startswith(words), told


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"head":{}}', b'{"head":1,"data":2}',
                                  b'{"data":{},"data":{}}', b"\xff", b"<xml/>"])  # fmt: skip
@pytest.mark.parametrize("path", [INFO, FILE])
def test_whatever_the_bytes_it_is_an_envelope(service: Service, path: str, body: bytes):
    answer = service.client.post(path, content=body)
    assert answer.status_code == 200
    ShareOut.model_validate(answer.json())
    assert answer.json()["head"]["status"] == "4"


def test_bodies_are_bounded(service: Service, head: Any):
    large = {"head": head, "data": {"certNo": "x" * 200_000}}
    assert service.client.post(INFO, json=large).json()["head"]["status"] == "4"
    huge = b"x" * (service.settings.max_upload + 1)
    assert send(service, FILE, head, file(huge))["head"]["status"] == "4"


# ---- the description


def shown() -> Iterator[tuple[str, Any]]:
    paths = described()["paths"]
    for path in (INFO, FILE):
        yield path, paths[path]["post"]["requestBody"]["content"]["application/json"]


@pytest.mark.parametrize(("path", "content"), list(shown()), ids=[INFO, FILE])
def test_the_examples_are_taken_as_they_stand(service: Service, head: Any, path: str, content: Any):
    """But for who sends them: read whole, and answered with a result or without one."""
    for example in content["examples"].values():
        value = example["value"]
        jsonschema.validate(value, content["schema"])
        assert send(service, path, value["head"], value["data"])["head"]["status"] == "1"
        told = send(service, path, head, value["data"])
        assert told["head"]["status"] in {"0", "2", "4"}
        if path == INFO:
            assert told["head"]["status"] == "2"  # nobody here knows it: no result
