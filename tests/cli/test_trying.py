"""`zhengyan issuer test` as it is typed: against a file, flags, or the registered endpoint."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.federation.trial.items import Item
from tests.cli.conftest import Ended
from tests.service import LOOPBACK, NODE, Service

ISSUER = "university"


@pytest.fixture
def shell(run: Any, service: Service) -> Any:
    def call(*arguments: str, **env: str) -> Ended:
        own = {"ZHENGYAN_NODE_ID": NODE, "ZHENGYAN_KEY_FOLDER": str(service.settings.key_folder)}
        return run(*arguments, **{"DATABASE_URL": service.database_url, **own, **env})

    return call


@pytest.fixture
def document(service: Service, tmp_path: Path) -> Path:
    file = tmp_path / "registration.json"
    file.write_text(json.dumps(service.issuers.registration()))
    return file


def entry(service: Service, issuer: str = ISSUER) -> dict[str, Any]:
    code = service.world.body(issuer).code
    bodies = service.issuers.registration()["issuers"]
    return next(each for each in bodies if each["code"] == code)


def outcomes(ended: Ended) -> dict[str, str]:
    told = json.loads(ended.out)
    return {each["item"]: each["outcome"] for each in told["items"]}


def test_before_registration_everything_is_in_the_file(shell, service, document):
    code = service.world.body(ISSUER).code
    way = ("--registration", str(document), "--network", LOOPBACK[0])
    ended = shell("issuer", "test", code, *way, DATABASE_URL="")
    assert ended.code == 0, ended.out + ended.err
    assert "✓" in ended.out
    assert "查无此证时答 5" in ended.out
    assert f"{len(Item)} 项通过，0 项未通过，0 项未检查" in ended.out
    assert "→" not in ended.out
    english = shell("issuer", "test", code, *way, "--lang", "en")
    assert "about a license nobody has it says 5" in english.out
    assert f"{len(Item)} passed, 0 failed, 0 not checked" in english.out


def test_a_document_of_one_body_needs_no_code(shell, service, tmp_path):
    alone = {**service.issuers.registration(), "issuers": [entry(service)], "delegations": []}
    file = tmp_path / "alone.json"
    file.write_text(json.dumps(alone))
    ended = shell("issuer", "test", "--registration", str(file), "--network", LOOPBACK[0], "--json")
    assert ended.code == 0, ended.out + ended.err
    assert json.loads(ended.out)["issuer"] == entry(service)["code"]


def test_a_registered_endpoint_is_tried_on_demand(shell, service, document):
    code = service.world.body(ISSUER).code
    alone = shell("issuer", "test", code, "--json")
    assert alone.code == 11, alone.out + alone.err
    found = outcomes(alone)
    assert found["known"] == "unchecked"
    assert found["unknown_license"] == found["replay"] == "passed"
    whole = shell("issuer", "test", code, "--sample", str(document), "--json")
    assert whole.code == 0, whole.out
    assert set(outcomes(whole).values()) == {"passed"}
    assert outcomes(whole).keys() == {item.value for item in Item}


def test_by_url_and_key(shell, service, tmp_path):
    body = entry(service)
    answering = next(k for k in body["keys"] if k["kid"].endswith("-answer"))
    for name, content in (
        ("key", answering["jwk"]),
        ("sealed", body["encryption_key"]),
        ("sample", body["sample"]),
    ):
        (tmp_path / name).write_text(json.dumps(content))
    ended = shell(
        *("issuer", "test", body["code"], "--url", body["endpoint"], "--json"),
        *("--key", str(tmp_path / "key"), "--encryption-key", str(tmp_path / "sealed")),
        *("--sample", str(tmp_path / "sample"), "--network", LOOPBACK[0]),
        DATABASE_URL="",
    )
    assert ended.code == 0, ended.out + ended.err
    other = next(k for k in body["keys"] if k["kid"].endswith("-current"))
    (tmp_path / "key").write_text(json.dumps(other["jwk"]))
    wrong = shell(
        *("issuer", "test", body["code"], "--url", body["endpoint"], "--json"),
        *("--key", str(tmp_path / "key"), "--sample", str(tmp_path / "sample")),
        *("--network", LOOPBACK[0]),
    )
    assert wrong.code == 10
    assert [i for i, o in outcomes(wrong).items() if o == "failed"] == ["signature"]


def test_what_fails_says_how_to_mend_it(shell, service, document):
    code = service.world.body(ISSUER).code
    service.issuers.set_behaviour(ISSUER, "wrong_nonce")
    way = ("--registration", str(document), "--network", LOOPBACK[0])
    ended = shell("issuer", "test", code, *way)
    assert ended.code == 10
    assert "✗ echo: inquiry is not the digest of the question" in ended.out
    assert "→ inquiry 为收到的询问 JWS" in ended.out
    told = json.loads(shell("issuer", "test", code, *way, "--json").out)
    assert told["summary"]["failed"] == 1
    (failed,) = (each for each in told["items"] if each["outcome"] == "failed")
    assert failed["item"] == "echo"
    assert failed["mend"]["en"].startswith("inquiry is the base64url SHA-256")


def test_a_node_the_issuer_does_not_know_is_told_what_to_send(shell, service, document, tmp_path):
    code = service.world.body(ISSUER).code
    unknown = shell(
        *("issuer", "test", code, "--registration", str(document), "--network", LOOPBACK[0]),
        ZHENGYAN_KEY_FOLDER=str(tmp_path / "other-keys"),
    )
    assert unknown.code == 10
    assert "zhengyan peer self" in unknown.out
    own = shell("peer", "self")
    assert json.loads(own.out) == {
        "node": NODE,
        "keys": service.client.get("/.well-known/jwks.json").json()["keys"],
    }


def test_nothing_of_a_sample_is_shown_or_kept(shell, service, document):
    """A sample's facts go to the issuer sealed, and nowhere else."""
    sample = entry(service)["sample"]
    code = service.world.body(ISSUER).code
    way = ("--registration", str(document), "--network", LOOPBACK[0])
    outputs = [shell("issuer", "test", code, *way), shell("issuer", "test", code, *way, "--json")]
    for ended in outputs:
        for secret in (sample["holder"], sample["number"], sample["holder_code"]):
            assert secret not in ended.out + ended.err


@pytest.mark.parametrize(
    ("arguments", "field", "words"),
    [
        ((), "code", "name the issuer"),
        (("12345",), "code", "digits"),
        (("639900", "--sample", "/nothing"), "registration", "cannot be read"),
        (("639900", "--key", "/x"), "url", "--url"),
        (("639900", "--url", "https://a.example/x"), "key", "public key"),
        (("639900", "--url", "http://a.example/x"), "url", "not https"),
        (("639900", "--network", "0.0.0.0/0"), "network", "private"),
        (("639900",), "code", "not registered"),
    ],
)
def test_what_cannot_be_tried_is_said(shell, arguments, field, words):
    ended = shell("issuer", "test", *arguments)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"zhengyan: {field}")
    assert words in ended.err


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"identifier": "1.2.3"}, "sample.identifier"),
        ({"identifier": None}, "names no license"),
        ({"outcome": 5}, "sample.outcome"),
        ({"outcome": True}, "sample.outcome"),
        ({"dates": {"from": "20260101x"}}, "sample.dates.from"),
        ({"dates": {"until": "long"}}, "sample.dates.until"),
        ({"documents": [{"alg": "md5", "value": "AA"}]}, "sample.documents[0].alg"),
        ({"documents": [{"alg": "sm3", "value": "AA"}]}, "sample.documents[0].value"),
        ({"documents": [{"alg": "sm3", "value": "="}]}, "sample.documents[0].value"),
        ({"documents": "x"}, "sample.documents"),
        ({"holder": ""}, "sample.holder"),
        ({"password": "x"}, "not known"),
    ],
)
def test_a_sample_that_is_none_is_refused_by_its_member(shell, service, tmp_path, changed, words):
    body = entry(service)
    code = body["code"]
    good = shell("issuer", "test", code, "--sample", _file(tmp_path, body["sample"]), "--json")
    assert good.code == 0, good.err
    bad = shell("issuer", "test", code, "--sample", _file(tmp_path, {**body["sample"], **changed}))
    assert (bad.code, bad.out) == (1, "")
    assert words in bad.err


def _file(folder: Path, content: object) -> str:
    file = folder / "sample.json"
    file.write_text(json.dumps(content))
    return str(file)


def test_an_import_refuses_a_broken_sample_and_keeps_none(shell, service, tmp_path):
    document = service.issuers.registration()
    file = tmp_path / "registration.json"
    file.write_text(json.dumps(document))
    kept = shell("issuer", "import", str(file), "--network", LOOPBACK[0])
    assert kept.code == 0, kept.err
    sampled = next(i for i, each in enumerate(document["issuers"]) if each["sample"])
    document["issuers"][sampled]["sample"]["identifier"] = "x"
    file.write_text(json.dumps(document))
    refused = shell("issuer", "import", str(file), "--network", LOOPBACK[0])
    assert refused.code == 1
    assert f"issuers[{sampled}].sample.identifier" in refused.err
