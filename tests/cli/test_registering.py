"""`zhengyan issuer|key|delegation …` on a database: what is registered counts, and what is ended ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.bodies import TYPES
from sandbox.forging import bend
from sandbox.serve import Servers
from tests.cli.conftest import Ended, Run
from tests.http.test_two_keys import known
from tests.service import LOOPBACK, NODE, Service, new_database, serving

ISSUER = "traffic"


@pytest.fixture(scope="session")
def shell_database(database_url: str) -> str:
    return new_database(database_url, "shell")


@pytest.fixture
def node(shell_database: str, sandbox_issuers: Servers, tmp_path: Path) -> Any:
    """A node that knows nobody yet."""
    with serving(shell_database, tmp_path, sandbox_issuers) as node:
        node.sql("TRUNCATE license_type, issuer CASCADE")
        yield node
    sandbox_issuers.reset()


@pytest.fixture
def shell(run: Run, node: Service) -> Any:
    def call(*arguments: str) -> Ended:
        return run(
            *arguments,
            DATABASE_URL=node.database_url,
            ZHENGYAN_NODE_ID=NODE,
            ZHENGYAN_KEY_FOLDER=str(node.settings.key_folder),
        )

    return call


@pytest.fixture
def registered(shell: Any, node: Service, tmp_path: Path) -> dict[str, str]:
    """The traffic police, by hand: type, issuer with its endpoint, one key each for two uses."""
    body = node.world.body(ISSUER)
    type = TYPES[body.types[0]]
    done(shell("issuer", "type", type.code, "--name", type.name, "--max-status-age", "600"))
    endpoint = node.issuers[ISSUER].endpoint
    entry = next(
        each for each in node.issuers.registration()["issuers"] if each["code"] == body.code
    )
    sealed = tmp_path / "facts.jwk"
    sealed.write_text(json.dumps(entry["encryption_key"]))
    done(
        shell(
            *("issuer", "add", body.code, "--name", body.title, "--type", type.code),
            *("--endpoint", endpoint, "--network", LOOPBACK[0]),
            *("--encryption-key", str(sealed)),
        )
    )
    for role, use in (("current", "license"), ("answer", "answer")):
        held = body.held(role)
        file = tmp_path / f"{held.kid}.jwk"
        file.write_text(json.dumps(held.key.jwk()))
        since = held.not_before.isoformat()
        done(
            shell(
                *("key", "add", body.code, held.kid, str(file), "--use", use),
                *("--since", since, "--until", held.not_after.isoformat()),
            )
        )
    return {"code": body.code, "type": type.code, "kid": body.held("current").kid}


def done(ended: Ended) -> str:
    assert ended.code == 0, ended.err
    return ended.out


def refused(ended: Ended, field: str, *words: str) -> None:
    assert (ended.code, ended.out) == (1, ""), ended
    assert f"zhengyan: {field}" in ended.err, ended.err
    for word in words:
        assert word in ended.err, ended.err


def test_an_issuer_by_hand_and_its_license_is_valid(
    shell: Any, node: Service, registered: dict[str, str]
) -> None:
    token = node.world.token(node.world.pick(ISSUER))
    assert node.told(token) == "valid"
    listed = done(shell("issuer", "list"))
    assert registered["code"] in listed.replace("\n", "")
    assert node.issuers[ISSUER].endpoint in listed
    assert registered["kid"] in done(shell("key", "list"))
    assert registered["kid"] in done(shell("key", "list", registered["code"]))
    assert registered["kid"] not in done(shell("key", "list", node.world.body("market").code))


def test_adding_again_changes_nothing(
    shell: Any, node: Service, registered: dict[str, str]
) -> None:
    name = node.world.body(ISSUER).title
    again = ("issuer", "add", registered["code"], "--name", name, "--type", registered["type"])
    assert "unchanged" in done(shell(*again))
    renamed = ("issuer", "add", registered["code"], "--name", "别名", "--type", registered["type"])
    assert "changed" in done(shell(*renamed))


def test_a_revoked_key_signs_nothing_from_then_on(
    shell: Any, node: Service, registered: dict[str, str]
) -> None:
    victim = node.world.pick(ISSUER)
    copy = known(node.world, victim)
    node.issuers.set_behaviour(ISSUER, "facts_unknown")
    assert node.told(copy) == "valid"
    at = "2020-01-01T00:00:00+08:00"
    done(shell("key", "revoke", registered["code"], registered["kid"], "--at", at))
    assert node.told(copy) == "invalid signed_after_revocation"
    later = "2999-01-01T00:00:00+08:00"
    again = shell("key", "revoke", registered["code"], registered["kid"], "--at", later)
    refused(again, f"keys[{registered['kid']}].revoked_at", "--correct")
    done(shell("key", "revoke", registered["code"], registered["kid"], "--at", later, "--correct"))
    assert node.told(copy) == "valid", "a wrong date can be put right"
    done(shell("key", "revoke", registered["code"], registered["kid"], "--reason", "lost"))  # now
    assert node.told(copy) == "valid", "proven to be older: this node saw it before"
    unseen = bend(node.world, victim).claims(jti="never-shown-before").token()
    assert node.told(unseen) == "indeterminate key_revoked_since"


def test_a_revoked_issuer_has_no_key_left(
    shell: Any, node: Service, registered: dict[str, str]
) -> None:
    token = node.world.token(node.world.pick(ISSUER))
    assert node.told(token) == "valid"
    assert "2 keys revoked" in done(shell("issuer", "revoke", registered["code"], "--reason", "x"))
    assert node.told(token).startswith("indeterminate")
    refused(shell("issuer", "revoke", registered["code"]), "code", "key list")


def test_a_mandate_makes_a_delegates_originals_count_and_its_end_ends_that(
    shell: Any, node: Service, tmp_path: Path
) -> None:
    """The city signs for the province, as registered by a document; then by hand."""
    document = tmp_path / "registration.json"
    document.write_text(json.dumps({**node.issuers.registration(), "delegations": []}))
    imported = ("issuer", "import", str(document), "--network", LOOPBACK[0])
    assert "added" in done(shell(*imported))
    assert "0 added, 0 changed" in done(shell(*imported))
    housing, city = node.world.body("housing").code, node.world.body("city-housing").code
    original = node.world.token(node.world.pick("housing", "delegated"))
    node.issuers.set_behaviour("housing", "document_unknown")  # else it vouches for the file
    assert node.told(original) == "indeterminate key_unknown"
    mandate = (housing, city, "--type", TYPES[node.world.body("housing").types[0]].code)
    kind = ("--kind", "original")
    done(shell("delegation", "add", *mandate, *kind, "--since", "2020-01-01T00:00:00+08:00"))
    assert node.told(original) == "valid"
    assert city in done(shell("delegation", "list")).replace("\n", "")
    assert city in done(shell("delegation", "list", housing)).replace("\n", "")
    done(shell("delegation", "revoke", *mandate, *kind))
    assert node.told(original) == "valid", "what was done under it stays done"
    refused(shell("delegation", "revoke", *mandate, "--kind", "copy"), "delegation", "no such")


# ---- refusals name the field


def test_who_took_over_is_asked_from_the_day_on(
    shell: Any, node: Service, registered: dict[str, str]
) -> None:
    """By hand, for one type: before that day and after a mistake is taken back the old body is."""
    old, type = registered["code"], registered["type"]
    new = node.world.body("market").code
    url = node.issuers["market"].endpoint
    done(
        shell(
            *("issuer", "add", new, "--name", "承继机构", "--type", type),
            *("--endpoint", url, "--network", LOOPBACK[0]),
        )
    )
    license = node.world.pick(ISSUER).id

    def asked() -> str:
        return new if new in done(shell("route", license)) else old

    taken_over = ("issuer", "succession", "set", old, new, "--type", type)
    assert asked() == old
    done(shell(*taken_over, "--from", "2999-01-01T00:00:00+08:00"))
    assert asked() == old
    done(shell(*taken_over, "--from", "2020-01-01T00:00:00+08:00"))
    assert asked() == new
    assert new in done(shell("issuer", "succession", "list")).replace("\n", "")
    back = ("issuer", "succession", "set", new, old, "--type", type)
    refused(shell(*back), "new", "remove that first")
    assert "removed" in done(shell("issuer", "succession", "remove", old, "--type", type))
    assert "there was none" in done(shell("issuer", "succession", "remove", old, "--type", type))
    assert asked() == old
    refused(shell(*taken_over[:4], old, "--type", type), "new", "itself")
    strange = next(each for each in TYPES.values() if each.code != type).code
    refused(shell(*taken_over[:-1], strange), "type", "may issue")
    refused(shell(*taken_over[:4], "630199", "--type", type), "new", "register it first")


def test_refusals_of_issuers(shell: Any, registered: dict[str, str], node: Service) -> None:
    code, type = registered["code"], registered["type"]
    add = ("issuer", "add")
    refused(
        shell(*add, "12345", "--name", "x", "--type", type), "code", "六" if False else "digits"
    )
    refused(shell(*add, code[:-1] + "0", "--name", "x", "--type", type), "code", "check character")
    refused(shell(*add, code, "--name", "x", "--type", "5"), "type", "three digits")
    unknown = type[:-3] + "999"
    refused(shell(*add, code, "--name", "x", "--type", unknown), "issuers", "type")
    good = (*add, code, "--name", "x", "--type", type)
    for url in ("http://example.org/x", "ftp://x", "https://u:p@example.org/", "https://1.2.3/"):
        refused(shell(*good, "--endpoint", url), "endpoint")
    refused(shell(*good, "--endpoint", "https://a.example/", "--network", "0.0.0.0/0"), "network")
    missing = "/nothing/at/all"
    refused(shell(*good, "--encryption-key", missing), "encryption_key", "--endpoint")
    sealed = (*good, "--endpoint", "https://a.example/", "--encryption-key")
    refused(shell(*sealed, missing), "file", "No such file")
    refused(shell("issuer", "import", missing), "registration", "cannot be read")
    refused(shell("issuer", "revoke", node.world.body("market").code), "code")
    refused(shell("issuer", "type", "12", "--name", "x"), "code")


def test_refusals_of_keys(
    shell: Any, registered: dict[str, str], node: Service, tmp_path: Path
) -> None:
    code = registered["code"]
    held = node.world.body(ISSUER).held("retired")
    good = tmp_path / "good.jwk"
    good.write_text(json.dumps(held.key.jwk()))

    def add(
        content: bytes | None = None, *, kid: str = "k-9", owner: str = code, **more: str
    ) -> Ended:
        file = good
        if content is not None:
            file = tmp_path / "bad.key"
            file.write_bytes(content)
        options = {"use": "license", **more}
        named = [text for name, value in options.items() for text in (f"--{name}", value)]
        return shell("key", "add", owner, kid, str(file), *named)

    for content in (b"", b"{", b'{"kty":"EC"}', b'{"kty":"oct","k":"AA"}', b'{"kty":"EC","kty":"EC"}',
                    b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", bytes(200)):  # fmt: skip
        ended = add(content)
        assert (ended.code, ended.out) == (1, ""), content
        assert "zhengyan: key" in ended.err or "zhengyan: file" in ended.err, ended.err
    refused(add(kid="a b"), "kid")
    refused(add(kid="k" * 129), "kid")
    refused(add(owner="1"), "owner")
    refused(add(owner=node.world.body("stranger").code), "keys", "issuer")
    refused(add(since="2026-11-01T00:00:00"), "since", "offset")
    refused(add(since="2026-11-01"), "since", "offset")
    refused(add(until="soon"), "until", "offset")
    ends = {"since": "2026-11-02T00:00:00+08:00", "until": "2026-11-01T00:00:00+08:00"}
    refused(add(**ends), "not_after")
    refused(add(kid=registered["kid"]), "keys", "never replaced")
    assert add(use="nothing").code == 1
    (tmp_path / "large").write_bytes(bytes(17 * 1024 * 1024))
    refused(
        shell("key", "add", code, "k", str(tmp_path / "large"), "--use", "license"), "file", "over"
    )
    refused(shell("key", "revoke", code, "nobody"), "kid", "key list")
    done(add())
    current = node.world.body(ISSUER).held("current")
    same = json.dumps(current.key.jwk()).encode()
    refused(add(same, kid="k-8"), "keys", "this very key")


def test_refusals_of_mandates(shell: Any, registered: dict[str, str], node: Service) -> None:
    code, type = registered["code"], registered["type"]
    data = node.world.body("data").code
    kind = ("--type", type, "--kind", "copy")
    refused(shell("delegation", "add", "1", data, *kind), "issuer")
    refused(shell("delegation", "add", code, "1", *kind), "delegate")
    refused(shell("delegation", "add", code, data, *kind), "delegations", "issuer")
    assert shell("delegation", "add", code, data, "--type", type, "--kind", "all").code == 1
    refused(shell("delegation", "revoke", code, data, *kind), "delegation", "delegation list")


def test_nothing_is_registered_where_one_part_is_refused(
    shell: Any, node: Service, tmp_path: Path
) -> None:
    whole = node.issuers.registration()
    spoiled = json.loads(json.dumps(whole))
    spoiled["issuers"][-1]["keys"][0]["jwk"]["x"] = "AAAA"
    file = tmp_path / "spoiled.json"
    file.write_text(json.dumps(spoiled))
    refused(shell("issuer", "import", str(file), "--network", LOOPBACK[0]), "issuers[")
    assert node.sql("SELECT count(*) AS n FROM issuer")[0]["n"] == 0


def test_without_a_database_it_says_so(run: Run) -> None:
    for command in (("issuer", "list"), ("key", "list"), ("delegation", "list")):
        ended = run(*command)
        assert ended.code == 1
        assert "DATABASE_URL" in ended.err
    dead = run("issuer", "list", DATABASE_URL="postgresql+asyncpg://u@127.0.0.1:1/x")
    assert (dead.code, "database" in dead.err) == (1, True)
