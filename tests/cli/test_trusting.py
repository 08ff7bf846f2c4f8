"""`zhengyan trust follow|pull|show|diff|history`, as an operator types it, over a real database."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.config import settings
from app.domain.errors import Refused
from app.registry.lists.signed import read_list
from sandbox.list_server import serve_lists_in_thread
from sandbox.trustlist import ATTACKS, Publisher, key_revoked
from sandbox.world import World
from tests.service import new_database, run_sql

NAME = "yunhai.example"


@pytest.fixture(scope="module")
def database(database_url):
    return new_database(database_url, "trusting")


@pytest.fixture
def environment(database, tmp_path, monkeypatch):
    run_sql(database, "TRUNCATE trust_source CASCADE")
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("ZHENGYAN_KEY_FOLDER", str(tmp_path / "keys"))
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture(scope="module")
def publisher():
    now = datetime.now(UTC).replace(microsecond=0)
    made = Publisher(World(1), now)
    made.publish(at=now - timedelta(days=2))
    made.publish(at=now - timedelta(days=1))
    return made


@pytest.fixture
def pinned(environment, publisher):
    path = environment / "signers.json"
    path.write_text(json.dumps(publisher.pinned()))
    return path


def run(*words, code=0):
    result = CliRunner().invoke(app, ["trust", *map(str, words)])
    if isinstance(result.exception, Refused):
        raise result.exception
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def test_from_signers_to_history(pinned, publisher):
    kid = publisher.world.pick("traffic").kid
    with serve_lists_in_thread() as server:
        server.files = publisher.files()
        added = run("follow", "add", pinned, "--url", server.url + "/", "--network", "127.0.0.0/8")
        assert f"{NAME}: number 1 in order" in added
        assert all(key.kid in added for key in publisher.keys)
        assert "none yet" in run("follow", "list")
        assert run("pull", NAME) == f"{NAME}: holds #2, accepted #2\n"
        assert run("pull") == f"{NAME}: holds #2, nothing new\n"
        server.files = ATTACKS["equivocation"].files(publisher)
        alarm = run("pull", code=1)
        assert "holds #2; ALARM: refused: equivocation" in alarm
        mine = Publisher(publisher.world, publisher.now, lists=list(publisher.lists))
        mine.publish(key_revoked(kid, mine.now))
        server.files = mine.files()
        assert "accepted #3" in run("pull", NAME)
    assert f"{NAME}" in run("follow", "list")
    shown = run("show", NAME)
    assert json.loads(shown[shown.index("{\n") :])["number"] == 3
    assert mine.latest.address in shown
    changed = run("diff", NAME)
    assert f"{NAME}#2 → #3" in changed
    assert re.search(rf"\+ issuers\[.*keys\[{kid}\]\.revoked_at ", changed)
    assert "expires_at" in changed
    assert changed.count("\n+ issuers") == 2  # the date and the reason, and nothing else
    past = run("history", NAME)
    assert "#3" in past
    assert "#2" in past
    assert "equivocation" in past


def test_following_again_keeps_what_is_not_said(pinned):
    run("follow", "add", pinned, "--url", "https://127.0.0.1:1/t", "--network", "127.0.0.0/8")
    again = run("follow", "add", pinned)
    assert "from https://127.0.0.1:1/t\n" in again
    assert "networks opened for it: 127.0.0.0/8\n" in again
    with pytest.raises(Refused, match="--network"):
        run("follow", "add", pinned, "--close-networks")
    closed = run("follow", "add", pinned, "--url", "https://a.example/t", "--close-networks")
    assert "networks opened for it: none\n" in closed
    assert "from `trust pull --file`\n" in run("follow", "add", pinned, "--by-file")
    for words in (["--close-networks", "--network", "127.0.0.0/8"], ["--by-file", "--url", "x"]):
        with pytest.raises(Refused, match="different things"):
            run("follow", "add", pinned, *words)


def test_one_that_cannot_be_pulled_keeps_none_of_the_others(pinned, publisher, database):
    bad = json.dumps(publisher.pinned() | {"publisher": "bad.example"})
    other = pinned.with_name("bad.json")
    other.write_text(bad)
    with serve_lists_in_thread() as server:
        server.files = publisher.files()
        for each in (other, pinned):
            run("follow", "add", each, "--url", server.url, "--network", "127.0.0.0/8")
        stored = "'bad.example', 1, repeat('0', 64), 'junk', now(), now() + interval '1 day', now()"
        run_sql(database, f"INSERT INTO trust_list VALUES ({stored}, '{{}}')")
        run_sql(
            database,
            "UPDATE trust_source SET held = 1, address = repeat('0', 64)"
            " WHERE publisher = 'bad.example'",
        )
        said = run("pull", code=1)
    assert f"{NAME}: holds #2, accepted #2\n" in said
    assert "bad.example: not pulled" in said


def test_a_file_is_handed_in(pinned, publisher, environment):
    run("follow", "add", pinned)
    path = environment / "list.json"
    path.write_bytes(publisher.latest.raw)
    assert "accepted #2" in run("pull", NAME, "--file", path)
    path.write_bytes(b"{}")
    assert "refused: unreadable" in run("pull", NAME, "--file", path, code=1)


@pytest.mark.parametrize(
    "words, message",
    [
        (["pull"], "none is followed"),
        (["pull", "nobody.example"], "is not followed"),
        (["show", "nobody.example"], "is not followed"),
        (["history", "nobody.example"], "is not followed"),
        (["follow", "order", "nobody.example"], "names not exactly"),
        (["follow", "remove", "nobody.example"], "is not followed"),
    ],
)
def test_what_is_not_followed(environment, words, message):
    with pytest.raises(Refused, match=message):
        run(*words)


def test_a_private_address_must_be_opened(pinned):
    with pytest.raises(Refused, match="--network"):
        run("follow", "add", pinned, "--url", "http://127.0.0.1:9/trust")
    with pytest.raises(Refused):
        run("follow", "add", pinned, "--url", "ftp://example.org/trust")


def test_broken_signers_are_not_pinned(pinned, publisher):
    good = publisher.pinned()
    for bad in (
        b"{",
        json.dumps({**good, "publisher": "X"}).encode(),
        json.dumps({**good, "signers": {**good["signers"], "threshold": 1}}).encode(),
        json.dumps({"signers": good["signers"]}).encode(),
    ):
        pinned.write_bytes(bad)
        with pytest.raises(Refused):
            run("follow", "add", pinned)
    pinned.write_text(json.dumps(good))
    run("follow", "add", pinned)


def test_order_and_removal(environment, pinned, publisher):
    run("follow", "add", pinned)
    other = {**publisher.pinned(), "publisher": "nation.example"}
    pinned.write_text(json.dumps(other))
    run("follow", "add", pinned)
    assert "nation.example → yunhai.example → local" in run(
        "follow", "order", "nation.example", "yunhai.example"
    )
    run("follow", "remove", "nation.example")
    assert "nation.example" not in run("follow", "list")


def test_the_folder_of_a_shell_may_hold_a_list(publisher, tmp_path, monkeypatch):
    """`zhengyan verify --trust FOLDER`: without the right keys beside it the list is nothing."""
    token = tmp_path / "license.jws"
    token.write_bytes(publisher.world.token(publisher.world.pick("traffic")))
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "trust-list.json").write_bytes(publisher.latest.raw)
    (folder / "signers.json").write_text(json.dumps(publisher.pinned()))
    monkeypatch.setenv("ZHENGYAN_KEY_FOLDER", str(tmp_path / "keys"))
    settings.cache_clear()
    words = ["verify", str(token), "--trust", str(folder), "--offline", "--json"]
    result = CliRunner().invoke(app, words)
    report = json.loads(result.output)["report"]
    assert report["versions"]["trust"] == f"{NAME}#2@{publisher.latest.address[:16]}"
    assert report["license"]["issuer"]["code"] == publisher.world.body("traffic").code
    assert report["reason"]["code"] == "issuer_not_asked"
    thief = Publisher(publisher.world, publisher.now, keys=publisher.keys[::-1])
    pinned = thief.pinned()
    pinned["signers"]["keys"] = [*pinned["signers"]["keys"][:1], publisher.keys[1].jwk()]
    (folder / "signers.json").write_text(json.dumps(pinned))
    refused = CliRunner().invoke(app, words)
    assert "unsigned_by_held" in str(refused.exception)
    (folder / "signers.json").unlink()
    assert "signers.json" in str(CliRunner().invoke(app, words).exception)
    assert read_list(publisher.latest.raw).head.number == 2
    settings.cache_clear()
