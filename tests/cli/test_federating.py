"""`zhengyan route` and `zhengyan peer` on a folder and on a database."""

import json
from typing import Any

import pytest

from sandbox.serve import Servers
from tests.service import Service

UNKNOWN = "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"


@pytest.fixture
def shell(run: Any, service: Service) -> Any:
    def call(*arguments: str) -> Any:
        return run(
            *arguments,
            DATABASE_URL=service.database_url,
            ZHENGYAN_KEY_FOLDER=str(service.settings.key_folder),
        )

    return call


def test_where_a_question_goes(shell, service):
    license = service.world.pick("market")
    before = service.asked()
    told = json.loads(shell("route", license.id, "--json").out)
    assert {name: told[name] for name in ("route", "body", "speaker", "endpoint")} == {
        "route": "issuer",
        "body": license.issuer,
        "speaker": "issuer",
        "endpoint": service.issuers["market"].endpoint,
    }
    assert told["matched"] == license.issuer
    assert service.asked() == before  # nothing was sent
    lines = shell("route", license.id).out
    assert "标识中的颁发机构" in lines
    assert service.issuers["market"].endpoint in lines


def test_a_folder_says_the_same(run, shell, service, tmp_path):
    document = service.issuers.registration()
    for body in document["issuers"]:  # a folder opens no network by itself
        if "endpoint" in body:
            body["endpoint"] = f"https://{body['code'].lower()}.example/ivp"
    (tmp_path / "registration.json").write_text(json.dumps(document))
    license = service.world.pick("traffic")
    told = json.loads(run("route", license.id, "--trust", str(tmp_path), "--json").out)
    there = json.loads(shell("route", license.id, "--json").out)
    assert {**told, "endpoint": ""} == {**there, "endpoint": ""}


def test_a_seal_goes_to_its_owner(shell, service):
    code = service.world.body("housing").code
    told = json.loads(
        shell("route", "--seal", "63010000012345", "--organisation", code, "--json").out
    )
    assert (told["route"], told["body"]) == ("seal_owner", code)
    nowhere = json.loads(shell("route", "--seal", "63010000012345", "--json").out)
    assert nowhere["route"] is None
    assert "platforms" in nowhere["why"]


def test_an_unregistered_issuer_is_asked_about_nowhere(shell):
    told = json.loads(shell("route", UNKNOWN, "--json").out)
    assert told["route"] is None
    assert "11630000MB0000019J is not registered" in told["why"]


@pytest.mark.parametrize(
    "arguments",
    [(), ("1.2.3",), (UNKNOWN, "--seal", "63010000012345")],
    ids=["none", "bad", "both"],
)
def test_what_cannot_be_asked_is_said(shell, arguments):
    ended = shell("route", *arguments)
    assert ended.code == 1
    assert ended.err.startswith("zhengyan: identifier: ")


def test_nodes_are_let_in_and_turned_out(
    shell, service: Service, sandbox_issuers: Servers, tmp_path
):
    file = tmp_path / "jwks.json"
    file.write_text(service.client.get("/.well-known/jwks.json").text)
    added = shell("peer", "add", "node-x", str(file), "--scope", "ask")
    assert added.code == 0, added.err
    assert added.out.startswith("node-x: added; keys ")
    assert shell("peer", "add", "node-x", str(file), "--scope", "ask", "--scope", "relay").code == 0
    assert "ask relay" in shell("peer", "list").out
    assert shell("peer", "revoke", "node-x").code == 0
    again = shell("peer", "add", "node-x", str(file), "--scope", "ask")
    assert again.code == 1
    assert "was revoked" in again.err
    assert shell("peer", "revoke", "nobody").code == 1
    file.write_text("[]")
    assert shell("peer", "add", "node-y", str(file), "--scope", "ask").code == 1
