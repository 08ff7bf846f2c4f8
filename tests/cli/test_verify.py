"""`zhengyan verify`: files in, verdicts out, and exit codes that a script can rely on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest

from app.cli.verifying import Exit
from app.composition import VERSION
from app.crypto.provider import FolderKeys
from app.domain.errors import Unavailable
from app.reports.terminal import WORDS
from sandbox.attacks import ATTACKS
from sandbox.forging import bend
from sandbox.photos import photograph
from sandbox.serve import Servers
from tests.cli.conftest import Run
from tests.service import LOOPBACK, NODE, Service

NETWORK = ("--network", LOOPBACK[0])


@pytest.fixture
def files(service: Service, tmp_path: Path) -> dict[str, str]:
    """Files of each kind, and a trust folder; name → path."""
    world = service.world
    victim = world.pick("traffic")
    contents = {
        "good": world.token(victim),
        "sm2": world.token(world.pick("market")),
        "ended": world.token(world.pick("market", "revoked")),
        "forged": ATTACKS["foreign_key"].make(world),
        "malformed": ATTACKS["alg_none"].make(world),
        "doubtful": ATTACKS["unknown_kid"].make(world),
        "pdf": b"%!PS-1.7",
        "empty": b"",
        "ended-by-an-editor": world.token(victim) + b"\n",
    }
    for name, content in contents.items():
        (tmp_path / f"{name}.jws").write_bytes(content)
    (tmp_path / "large.jws").write_bytes(b"eyJ9." + bytes(21 * 1024 * 1024))
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "registration.json").write_text(json.dumps(service.issuers.registration()))
    named = {name: str(tmp_path / f"{name}.jws") for name in (*contents, "large")}
    return {**named, "trust": str(trust), "missing": str(tmp_path / "nothing.jws")}


@pytest.fixture
def live(run: Run, files: dict[str, str], sandbox_issuers: Servers, tmp_path: Path) -> Any:
    """Verify over the trust folder with running issuers, who know this node."""
    keys = [key.public_jwk() for key in FolderKeys(tmp_path / "keys").public_keys()]
    sandbox_issuers.nodes.add({"node": "zhengyan-shell", "keys": keys})

    def call(*names: str, **more: Any) -> Any:
        arguments = [files.get(name, name) for name in names]
        trust = ("--trust", files["trust"], *NETWORK)
        return run("verify", *arguments, *trust, ZHENGYAN_NODE_ID="zhengyan-shell", **more)

    return call


# ---- the codes, over a folder and running issuers


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("good",), 0),
        (("good", "sm2"), 0),
        (("ended",), 10),
        (("forged",), 10),
        (("malformed",), 10),
        (("good", "forged"), 10),
        (("doubtful", "forged"), 10),
        (("doubtful",), 11),
        (("good", "doubtful"), 11),
        (("missing",), 1),
        (("pdf",), 1),
        (("empty",), 1),
        (("large",), 1),
        (("good", "missing"), 1),
        (("forged", "pdf"), 1),
        (("doubtful", "empty"), 1),
        (("ended-by-an-editor",), 0),
        ((), 1),
    ],
)
def test_exit_codes(live: Any, names: tuple[str, ...], code: int) -> None:
    ended = live(*names)
    assert ended.code == code, (ended.out, ended.err)
    assert live("good").code == 0, "the twin"


def test_a_folder_is_no_file(live: Any, files: dict[str, str]) -> None:
    ended = live("trust")
    assert (ended.code, ended.out) == (1, "")
    assert files["trust"] in ended.err


def test_without_its_issuer_nothing_is_valid_and_a_forgery_still_found(
    run: Run, files: dict[str, str], service: Service
) -> None:
    before = service.asked()
    trust = ("--trust", files["trust"], "--offline")
    alone = run("verify", files["good"], *trust, "--lang", "zh")
    assert alone.code == 11
    retry = WORDS["zh"]["retry"].partition("{}")
    assert retry[0] not in alone.out, "time alone changes nothing while nobody is asked"
    assert run("verify", files["forged"], *trust).code == 10
    assert run("verify", files["ended"], *trust).code == 11
    assert service.asked() == before


def test_endpoints_on_this_machine_are_not_asked_unless_it_was_opened(
    run: Run, files: dict[str, str], service: Service
) -> None:
    before = service.asked()
    assert run("verify", files["good"], "--trust", files["trust"]).code == 11
    assert service.asked() == before
    refused = run("verify", files["good"], *NETWORK)
    assert (refused.code, "network" in refused.err) == (1, True)
    wide = run("verify", files["good"], "--trust", files["trust"], "--network", "0.0.0.0/0")
    assert (wide.code, "networks[0]" in wide.err) == (1, True)


def test_an_issuer_that_is_down_is_no_verdict_against(live: Any, service: Service) -> None:
    assert live("good").code == 0
    service.issuers.set_behaviour("traffic", "close")
    assert live("good").code == 11
    service.issuers.set_behaviour("traffic", "lie_revoked")
    assert live("good").code == 10


# ---- what it prints


def test_one_line_of_json_a_file_whatever_became_of_it(live: Any, files: dict[str, str]) -> None:
    names = ("good", "missing", "forged", "pdf", "doubtful")
    ended = live(*names, "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["file"] for line in lines] == [files[name] for name in names]
    conclusions = [line.get("report", {}).get("conclusion") for line in lines]
    assert conclusions == ["valid", None, "invalid", None, "indeterminate"]
    for line, unread in zip(lines, (False, True, False, True, False), strict=True):
        assert ("error" in line) is unread
        if not unread:
            told = jwt.decode(line["jws"], options={"verify_signature": False})
            assert told["conclusion"] == line["report"]["conclusion"]
    assert ended.code == 1


def test_text_says_the_verdict_in_the_language_asked_for(live: Any, files: dict[str, str]) -> None:
    zh, en = live("ended"), live("ended", "--lang", "en")
    assert zh.code == en.code == 10
    for told in (zh, en):
        assert files["ended"] in told.out
        assert "ended" in told.out
        assert VERSION in told.out
    for told, own, others in ((zh, "zh", "en"), (en, "en", "zh")):
        for word in ("meaning", "next", "authority", "status"):
            assert f"{WORDS[own][word]}{WORDS[own]['colon']}" in told.out
            assert WORDS[others][word] not in told.out


def test_standard_input(live: Any, service: Service) -> None:
    token = service.world.token(service.world.pick("traffic"))
    assert live("-", stdin=token).code == 0
    assert live("-", stdin=token[:-9]).code == 10
    assert live("-", stdin=b"").code == 1
    assert json.loads(live("-", "--json", stdin=token).out)["file"] == "-"


def test_nothing_of_the_file_is_printed(live: Any, service: Service) -> None:
    world = service.world
    forged = bend(world, world.pick("traffic")).claims(number="CANARY7f3a").token()
    for arguments in (("--json",), ("--lang", "en"), ()):
        ended = live("-", *arguments, stdin=forged)
        assert ended.code in (10, 11)
        assert "CANARY7f3a" not in ended.out + ended.err


# ---- with the database


def test_with_a_database_it_is_recorded(run: Run, files: dict[str, str], service: Service) -> None:
    node = {"ZHENGYAN_NODE_ID": NODE, "ZHENGYAN_KEY_FOLDER": str(service.settings.key_folder)}
    ended = run("verify", files["good"], "--json", DATABASE_URL=service.database_url, **node)
    assert ended.code == 0, ended.err
    line = json.loads(ended.out)
    again = service.client.get(f"/v1/verifications/{line['report']['id']}")
    assert again.json() == {"report": line["report"], "jws": line["jws"]}


def test_without_database_and_folder_it_says_what_to_do(run: Run, files: dict[str, str]) -> None:
    ended = run("verify", files["good"])
    assert (ended.code, ended.out) == (1, "")
    assert "DATABASE_URL" in ended.err
    assert "--trust FOLDER" in ended.err


def test_a_database_that_does_not_answer_is_no_verdict(run: Run, files: dict[str, str]) -> None:
    dead = "postgresql+asyncpg://zhengyan@127.0.0.1:1/zhengyan"
    ended = run("verify", files["forged"], DATABASE_URL=dead)
    assert (ended.code, ended.out) == (1, "")
    assert "database" in ended.err


@pytest.mark.parametrize("url", ["mysql://x/y", "nothing", "sqlite:///x.db"])
def test_an_address_that_is_none(run: Run, files: dict[str, str], url: str) -> None:
    ended = run("verify", files["good"], DATABASE_URL=url)
    assert (ended.code, "DATABASE_URL" in ended.err) == (1, True)


# ---- a trust folder


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (None, "registration.json"),
        ("", "JSON"),
        ("[]", "not an object"),
        ("{}", ""),
        ('{"issuers": [{}]}', "issuers[0]"),
        ('{"surprise": 1}', "known are"),
        ('{"issuers": [], "issuers": []}', "duplicate"),
    ],
)
def test_a_trust_folder_that_cannot_be_read(
    run: Run, files: dict[str, str], tmp_path: Path, text: str | None, word: str
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    if text is not None:
        (folder / "registration.json").write_text(text)
    ended = run("verify", files["good"], "--trust", str(folder), "--offline")
    if text == "{}":  # whole, and says nothing of anybody
        assert ended.code == 11
        return
    assert (ended.code, ended.out) == (1, "")
    assert word in ended.err


# ---- faults


def test_a_fault_of_ours_has_no_code_of_a_verdict(
    run: Run, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = ("--trust", files["trust"], "--offline")
    assert run("verify", files["good"], *trust).code == 11
    for fault in (ZeroDivisionError("boom"), KeyError("x"), Unavailable("gone"), RecursionError()):
        with monkeypatch.context() as patch:

            def broken(*_: object, fault: Exception = fault) -> None:
                raise fault

            patch.setattr("app.services.verify.look", broken)
            assert run("verify", files["good"], *trust).code == 1


def test_mistyped(run: Run) -> None:
    for arguments in (("verify",), ("verify", "--nope"), ("nope",), (), ("issuer", "add"),
                      ("verify", "x", "--lang", "fr"), ("serve", "--port", "x")):  # fmt: skip
        assert run(*arguments).code == 1, arguments


def test_the_codes_are_those_of_the_documents() -> None:
    assert {each.name: each.value for each in Exit} == {
        "ALL_VALID": 0, "COULD_NOT_RUN": 1, "SOME_INVALID": 10, "SOME_INDETERMINATE": 11,
    }  # fmt: skip


def test_as_a_process(files: dict[str, str], tmp_path: Path) -> None:
    """The installed command; a traceback of Python's own ends with 1, too."""
    command = shutil.which("zhengyan", path=str(Path(sys.executable).parent))
    assert command is not None
    env = {
        **os.environ,
        "ZHENGYAN_KEY_FOLDER": str(tmp_path / "keys"),
        "PYTHONPATH": str(Path.cwd()),
    }
    trust = ["--trust", files["trust"], "--offline"]
    done = subprocess.run(
        [command, "verify", files["forged"], *trust], env=env, capture_output=True, check=False
    )
    assert done.returncode == 10, done.stderr
    broken = subprocess.run(
        [command, "verify", files["forged"], *trust],
        env={**env, "ZHENGYAN_KEY_FOLDER": files["forged"]}, capture_output=True, check=False,
    )  # fmt: skip
    assert broken.returncode == 1


# ---- photos


def test_a_photo_is_read_and_what_was_typed_is_compared(
    run: Run, live: Any, files: dict[str, str], service: Service, tmp_path: Path
) -> None:
    license = service.world.pick("traffic")
    photo = tmp_path / "photo.png"
    photo.write_bytes(photograph([service.world.token(license)]))
    given = ("--trust", files["trust"], *NETWORK)
    typed = ("--fact", f"number={license.number}", "--fact", f"holder={license.holder.name}")
    done = live(str(photo), *typed, "--json")
    assert done.code == Exit.SOME_INDETERMINATE, done.err
    report = json.loads(done.out)["report"]
    assert report["reason"]["code"] == "unsigned_copy"
    compared = {pair["fact"]: pair["match"] for pair in report["facts_compared"]}
    assert (compared["number"], compared["holder"]) == ("match", "match")
    for wrong in ("colour=red", "number", "number="):
        assert run("verify", str(photo), *given, "--fact", wrong).code == Exit.COULD_NOT_RUN
    token = run("verify", files["good"], *given, *typed)
    assert token.code == Exit.COULD_NOT_RUN
    assert "no photo" in token.err


# ---- SM algorithms alone (密评)


def test_sm_only_of_the_caller_and_of_the_node(live: Any) -> None:
    assert live("good", "sm2").code == Exit.ALL_VALID
    assert live("sm2", "--sm-only", "--lang", "en").code == Exit.ALL_VALID
    told = live("good", "--sm-only", "--lang", "en")
    assert told.code == Exit.SOME_INDETERMINATE
    assert "algorithm_not_sm" in told.out
    assert "? signature" in told.out
    assert live("good", ZHENGYAN_SM_ONLY="true").code == Exit.SOME_INDETERMINATE
    assert live("sm2", ZHENGYAN_SM_ONLY="true").code == Exit.ALL_VALID
