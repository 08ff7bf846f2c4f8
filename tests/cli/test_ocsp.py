"""`zhengyan ocsp add|list|remove|follow`, as an operator types it, over a real database."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.test_revocation_sources import served
from tests.crypto.test_ocsp import LEAF, ROOT, Response
from tests.service import new_database, run_sql

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def database(database_url):
    return new_database(database_url, "responding")


@pytest.fixture
def command(run, database, tmp_path):
    run_sql(database, "TRUNCATE revocation_source, ocsp_response, anchor")
    root = tmp_path / "root.cer"
    root.write_bytes(ROOT.der)

    def asked(*words: str):
        return run(*words, DATABASE_URL=database)

    asked(
        "anchor", "add", str(root), "--purpose", "license-seal", "--since", "2020-01-01T00:00:00Z"
    )
    return asked


def good(**changes: object) -> bytes:
    now = datetime.now(UTC)
    fresh = {"this_update": now - HOUR, "produced": now - HOUR, "next_update": now + 24 * HOUR}
    return Response(**{**fresh, **changes}).make()


def test_imported_shown_and_removed(command, tmp_path):
    file, stale = tmp_path / "good.ors", tmp_path / "stale.ors"
    file.write_bytes(good())
    stale.write_bytes(good(next_update=datetime.now(UTC) - HOUR / 2))
    told = command("ocsp", "add", str(file))
    assert (told.code, "added" in told.out) == (0, True)
    assert "already there" in command("ocsp", "add", str(file)).out
    told = command("ocsp", "add", str(stale))
    assert (told.code, "stale" in told.err) == (1, True)
    shown = command("ocsp", "list").out
    (sha256,) = {w for w in shown.replace("│", " ").split() if len(w) == 64}
    assert command("ocsp", "remove", sha256).code == 0
    assert command("ocsp", "remove", sha256).code == 1


def test_followed_and_fetched(command, tmp_path):
    leaf = tmp_path / "leaf.cer"
    leaf.write_bytes(LEAF)
    with served(good()) as url:
        assert command("ocsp", "follow", url, str(leaf)).code == 1, "a private network, not opened"
        told = command("ocsp", "follow", url, str(leaf), "--network", "127.0.0.0/8")
        assert (told.code, "added" in told.out) == (0, True)
        told = command("crl", "fetch")
        assert (told.code, ": new" in told.out) == (0, True)
    assert "good" in command("ocsp", "list").out


def test_the_doctor_tells_of_stale_and_absent_responses(command, database, tmp_path):
    leaf, file = tmp_path / "leaf.cer", tmp_path / "good.ors"
    leaf.write_bytes(LEAF)
    file.write_bytes(good())
    assert command("ocsp", "add", str(file)).code == 0
    twin = command("trust", "doctor", "--lang", "en").out
    assert "but OCSP of 1 certificates" in " ".join(twin.split())
    assert "ocsp_stale" not in twin
    assert "revocation_source_silent" not in twin
    run_sql(database, "UPDATE ocsp_response SET next_update = now() - interval '1 hour'")
    assert command("ocsp", "follow", "https://ocsp.example.cn", str(leaf)).code == 0
    told = command("trust", "doctor", "--lang", "en").out
    assert told.count("ocsp_stale") == 1
    assert told.count("revocation_source_silent") == 1
    assert "but OCSP of" not in told


def test_a_certificate_of_nobody_registered_is_not_asked_about(command, tmp_path):
    stranger = tmp_path / "stranger.cer"
    stranger.write_bytes(b"no certificate")
    assert command("ocsp", "follow", "https://ocsp.example.cn", str(stranger)).code == 1
    stranger.write_bytes(LEAF)
    assert command("ocsp", "follow", "https://ocsp.example.cn", str(stranger)).code == 0
    assert command("ocsp", "follow", "ldap://ocsp.example.cn", str(stranger)).code == 1
