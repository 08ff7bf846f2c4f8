"""`zhengyan issuer-kit`: from nothing to an endpoint that passes its trial and is asked."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.federation.trial.items import Item
from sandbox.bodies import TYPES
from tests.cli.conftest import Run
from tests.kit.conftest import CODE, TYPE, Shell, served
from tests.service import LOOPBACK, Service

ROOT = Path(__file__).parents[2]


def described(run: Run, **env: str) -> str:
    return str(run("peer", "self", **env).out)


def made(shell: Shell, url: str = "http://127.0.0.1:8300/ivp/v1") -> None:
    """A kit that lets this shell's node ask."""
    ended = shell.new("--url", url)
    assert ended.code == 0, ended.err
    node = shell.folder / "node.json"
    node.write_text(described(shell.run))
    allowed = shell("allow", str(shell.folder), str(node))
    assert allowed.code == 0, allowed.err
    assert "may ask, by keys" in allowed.out


def moved(folder: Path, url: str) -> None:
    settings = json.loads((folder / "kit.json").read_text())
    (folder / "kit.json").write_text(json.dumps({**settings, "url": url}))


def tried(shell: Shell, *more: str) -> dict[str, Any]:
    registration = str(shell.folder / "registration.json")
    ended = shell.run(
        *("issuer", "test", "--registration", registration, "--network", LOOPBACK[0], "--json"),
        *more,
    )
    assert ended.out, ended.err
    told: dict[str, Any] = json.loads(ended.out)
    return told


def failed(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(i["item"], i["saw"]) for i in told["items"] if i["outcome"] == "failed"]


@pytest.mark.parametrize("scheme", ["ed25519", "ecdsa-p256-sha256", "sm2-sm3"])
def test_a_new_kit_passes_its_trial_whole(shell: Shell, scheme: str):
    assert shell.new("--scheme", scheme).code == 0
    node = shell.folder / "node.json"
    node.write_text(described(shell.run))
    assert shell("allow", str(shell.folder), str(node)).code == 0
    with served(shell.folder) as url:
        moved(shell.folder, url)
        assert shell("registration", str(shell.folder)).code == 0
        told = tried(shell)
    assert [i for i in told["items"] if i["outcome"] != "passed"] == []
    assert told["summary"]["passed"] == len(Item)


def test_a_kit_with_codes_answers_them_and_passes_its_trial_whole(shell: Shell):
    assert shell.new("--codes").code == 0
    node = shell.folder / "node.json"
    node.write_text(described(shell.run))
    assert shell("allow", str(shell.folder), str(node)).code == 0
    assert "2 licenses, 2 codes" in shell("check", str(shell.folder)).out
    register = shell.folder / "licenses.csv"
    with served(shell.folder) as url:
        moved(shell.folder, url)
        assert shell("registration", str(shell.folder)).code == 0
        (code,) = shell("code").out.split()
        sample = json.loads((shell.folder / "registration.json").read_text())["issuers"][0][
            "sample"
        ]
        told = tried(shell)
        assert [i for i in told["items"] if i["outcome"] != "passed"] == []
        saw = {i["item"]: i["saw"] for i in told["items"]}
        assert (saw["by_code"], saw["unknown_code"]) == ("outcome 0", "outcome 5")
        register.write_text(register.read_text().replace(sample["code"], code))
        assert failed(tried(shell)) == [("by_code", "outcome 5")]  # the card in hand is forgotten
    assert shell("code", "--count", "0").code != 0
    assert len(set(shell("code", "--count", "50").out.split())) == 50


def test_a_kit_without_codes_denies_none(shell: Shell):
    made(shell)
    assert "code" not in (shell.folder / "licenses.csv").read_text().splitlines()[0].split(",")
    assert "2 licenses, no column of codes" in shell("check", str(shell.folder)).out
    with served(shell.folder) as url:
        moved(shell.folder, url)
        assert shell("registration", str(shell.folder)).code == 0
        saw = {i["item"]: i["saw"] for i in tried(shell)["items"]}
    assert (saw["by_code"], saw["unknown_code"]) == (
        "outcome 4: it gives out no codes",
        "outcome 4",
    )


def test_served_as_typed_it_answers_a_verification(
    shell: Shell, service: Service, tmp_path: Path, sandbox_issuers: object
):
    """new, allow, serve, test, import; then a node asks it about a number and a holder."""
    env = {
        "ZHENGYAN_NODE_ID": service.settings.node_id,
        "ZHENGYAN_KEY_FOLDER": str(service.settings.key_folder),
        "DATABASE_URL": service.database_url,
    }
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert shell.new("--url", f"http://127.0.0.1:{port}/ivp/v1").code == 0
    node = tmp_path / "node.json"
    node.write_text(described(shell.run, **env))
    assert shell("allow", str(shell.folder), str(node), **env).code == 0
    command = [sys.executable, "-c", "from app.cli import main; main()", "issuer-kit", "serve"]
    server = subprocess.Popen(
        [*command, str(shell.folder), "--port", str(port)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/livez")
        told = json.loads(
            shell.run(
                *("issuer", "test", "--registration", str(shell.folder / "registration.json")),
                *("--network", LOOPBACK[0], "--json"),
                **env,
            ).out
        )
        assert failed(told) == []
        new_type = TYPES[next(iter(TYPES))]
        types = ("--name", new_type.name, "--unsealed")
        assert shell.run("issuer", "type", TYPE, *types, **env).code == 0
        registration = str(shell.folder / "registration.json")
        imported = shell.run("issuer", "import", registration, "--network", LOOPBACK[0], **env)
        assert imported.code == 0, imported.err
        sample = json.loads(Path(registration).read_text())["issuers"][0]["sample"]
        asked = {
            "identifier": sample["identifier"],
            "number": sample["number"],
            "holder": sample["holder"],
        }
        report = service.verify(**asked)["report"]
        assert (report["conclusion"], report["subject"]) == ("valid", "record"), report["reason"]
        wrong = service.verify(**{**asked, "holder": "另一人"})["report"]
        assert (wrong["conclusion"], wrong["reason"]["code"]) == ("invalid", "record_mismatch")
    finally:
        server.terminate()
        log, _ = server.communicate(timeout=20)
    assert "outcome 0" in log
    for secret in (sample["holder"], sample["number"], "Traceback"):
        assert secret not in log


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("not in time")


def test_what_changes_in_the_register_counts_at_once(shell: Shell):
    made(shell)
    register = shell.folder / "licenses.csv"
    with served(shell.folder) as url:
        moved(shell.folder, url)
        assert shell("registration", str(shell.folder)).code == 0
        assert failed(tried(shell)) == []
        good = register.read_text()
        register.write_text(good.replace(",有效,", ",吊销,"))
        assert ("known", "outcome 3, the sample has 0") in failed(tried(shell))
        register.write_text(good)
        assert failed(tried(shell)) == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda text: text.replace("SAMPLE0002", "sample:0002"), "identifier"),
        (lambda text: text.replace("吊销", "大概有效"), "state"),
        (lambda text: text.replace("2025-06-01", "June"), "since"),
        (lambda text: text.replace("sm3:", "md5:"), "files"),
        (lambda text: text + '"unfinished', "row"),
        (lambda text: text + text.splitlines()[1] + "\n", "twice"),
        (lambda text: text.replace("identifier", "id", 1).replace("number", "no", 1), "column"),
        (lambda text: "", "column"),
    ],
    ids=["identifier", "state", "day", "digest", "quote", "twice", "columns", "empty"],
)
def test_a_register_that_cannot_be_read_answers_nobody(shell: Shell, spoil: Any, why: str):
    """Not from what it held before either: it may be the revocation that cannot be read."""
    made(shell)
    register = shell.folder / "licenses.csv"
    with served(shell.folder) as url:
        moved(shell.folder, url)
        assert shell("registration", str(shell.folder)).code == 0
        assert failed(tried(shell)) == []
        good = register.read_text()
        register.write_text(spoil(good))
        assert failed(tried(shell)) == [("status", "HTTP 503")]
        ended = shell("check", str(shell.folder))
        assert ended.code == 1
        assert why in ended.err
        for secret in ("样例·甲", "SAMPLE-HOLDER-1"):
            assert secret not in ended.err
        register.write_text(good)
        assert failed(tried(shell)) == []


def test_a_node_that_was_not_let_in_is_refused(shell: Shell):
    assert shell.new().code == 0
    with served(shell.folder) as url:
        moved(shell.folder, url)
        assert shell("registration", str(shell.folder)).code == 0
        assert failed(tried(shell)) == [("admitted", "HTTP 401")]
        node = shell.folder / "node.json"
        node.write_text(described(shell.run))
        assert shell("allow", str(shell.folder), str(node), "--scope", "relay").code == 0
        assert failed(tried(shell)) == [("admitted", "HTTP 403")]  # not for itself
        assert shell("allow", str(shell.folder), str(node)).code == 0
        assert failed(tried(shell)) == []


def test_check_and_digest(shell: Shell, tmp_path: Path):
    made(shell)
    ended = shell("check", str(shell.folder))
    assert ended.code == 0
    assert "2 licenses" in ended.out
    assert "revoked" in ended.out
    file = tmp_path / "sample.ofd"
    file.write_bytes(b"sample")
    line = shell("digest", str(file)).out.strip()
    assert line.startswith("sm3:")
    assert line.split()[0] in (shell.folder / "licenses.csv").read_text()


def test_a_kit_is_never_written_over(shell: Shell):
    made(shell)
    before = (shell.folder / "registration.json").read_text()
    again = shell.new()
    assert (again.code, "holds a kit already" in again.err) == (1, True)
    assert (shell.folder / "registration.json").read_text() == before
    for private in [shell.folder / "facts.pem", *(shell.folder / "keys").iterdir()]:
        assert private.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--code", "123", "--type", TYPE), "six digits"),
        (("--code", CODE, "--type", "1"), "three digits"),
        (("--code", CODE, "--type", TYPE, "--url", "http://a.example/x y"), "url"),
        (("--code", CODE, "--type", TYPE, "--scheme", "rsa-pss-sha256"), "scheme"),
    ],
)
def test_what_cannot_be_made_is_said(shell: Shell, arguments: tuple[str, ...], words: str):
    ended = shell("new", str(shell.folder), "--name", "样例", *arguments)
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert not shell.folder.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "1"}, "code"),
        ({"name": "样例"}, "name"),
        ({"types": [{"code": "1"}]}, "types[0].code"),
        ({"url": 5}, "url"),
        ({"columns": {"holder": "who"}}, "who"),
        ({"columns": {"colour": "c"}}, "columns"),
        ({"database": "postgresql://u:secret@host/db"}, "PGPASSFILE"),
        ({"database": "postgresql://u@host/db?password=secret"}, "PGPASSFILE"),
        ({"database": "mysql://host/db"}, "neither"),
        ({"database": "sqlite:none.db"}, "table"),
        ({"exported": "yes"}, "exported"),
        ({"password": "x"}, "not known"),
        ({"table": "other.csv"}, "cannot be read"),
    ],
)
def test_settings_that_are_wrong_name_the_member(shell: Shell, changes: Any, words: str):
    made(shell)
    assert shell("check", str(shell.folder)).code == 0
    settings = json.loads((shell.folder / "kit.json").read_text())
    (shell.folder / "kit.json").write_text(json.dumps({**settings, **changes}))
    ended = shell("check", str(shell.folder))
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert "secret" not in ended.err


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ("[]", "not an object"),
        ("{}", "node"),
        ('{"node": "a-node", "keys": []}', ""),
        ('{"node": "a-node", "keys": [{"kty": "oct", "k": "AA", "kid": "k"}]}', "refused"),
        ('{"node": "a-node", "keys": [{"kty": "OKP"}]}', "kid"),
    ],
)
def test_a_node_that_is_none_is_not_let_in(shell: Shell, described: str, words: str):
    made(shell)
    before = (shell.folder / "askers.json").read_text()
    file = shell.folder / "bad.json"
    file.write_text(described)
    ended = shell("allow", str(shell.folder), str(file))
    assert words in ended.err
    if words:
        assert ended.code == 1
        assert (shell.folder / "askers.json").read_text() == before


def test_the_sample_has_to_be_in_the_register(shell: Shell):
    made(shell)
    for change in ({"sample": "1.2.3"}, {"sample": None}):
        settings = json.loads((shell.folder / "kit.json").read_text())
        (shell.folder / "kit.json").write_text(json.dumps({**settings, **change}))
        ended = shell("registration", str(shell.folder))
        assert ended.code == (0 if change["sample"] is None else 1)
    document = json.loads((shell.folder / "registration.json").read_text())
    assert document["issuers"][0]["sample"] is None
    revoked = (shell.folder / "licenses.csv").read_text().splitlines()[2].split(",")[0]
    settings = json.loads((shell.folder / "kit.json").read_text())
    (shell.folder / "kit.json").write_text(json.dumps({**settings, "sample": revoked}))
    ended = shell("registration", str(shell.folder))
    assert (ended.code, "no license in force" in ended.err) == (1, True)


def test_a_type_with_a_name_is_registered_along(shell: Shell):
    made(shell)
    settings = json.loads((shell.folder / "kit.json").read_text())
    named = {"code": TYPE, "name": {"zh": "样例证", "en": "Sample license"}}
    (shell.folder / "kit.json").write_text(json.dumps({**settings, "types": [named]}))
    assert shell("registration", str(shell.folder)).code == 0
    document = json.loads((shell.folder / "registration.json").read_text())
    assert [each["code"] for each in document["license_types"]] == [TYPE]


def test_only_the_endpoint_is_open(shell: Shell):
    made(shell)
    with served(shell.folder) as url, httpx.Client(trust_env=False) as client:
        base = url.removesuffix("/ivp/v1")
        assert client.get(f"{base}/livez").text == "ok"
        for path in ("/", "/docs", "/openapi.json", "/ivp/v2", "/registration.json"):
            assert client.get(base + path).status_code == 404
        assert client.get(url).status_code == 405
        jose = {"content-type": "application/jose"}
        assert client.post(url, content=b"x").status_code == 415
        assert client.post(url, content=b"x", headers=jose).status_code == 400
        assert client.post(url, content=b"x" * 70_000, headers=jose).status_code == 413
