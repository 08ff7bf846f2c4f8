"""`zhengyan issuer certificate`: kept once all is right with it, shown with its end, removed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.federation.hostile import ISSUER
from tests.federation.test_gateway import Authority
from tests.federation.test_mutual_tls import client_pem
from tests.service import Service, new_database, serving


@pytest.fixture
def node(database_url: str, sandbox_issuers: Any, tmp_path: Path) -> Iterator[Service]:
    with serving(new_database(database_url, tmp_path.name[:24]), tmp_path, sandbox_issuers) as node:
        yield node


def test_kept_shown_and_removed(run: Run, node: Service, tmp_path: Path):
    def shell(*arguments: str) -> Any:
        return run(
            *("issuer", "certificate", *arguments),
            DATABASE_URL=node.database_url,
            ZHENGYAN_KEY_FOLDER=str(node.settings.key_folder),
        )

    file = tmp_path / "client.pem"
    file.write_bytes(client_pem(Authority.new(), days=-1))
    refused = shell("set", ISSUER, str(file))
    assert refused.code == 1
    assert "ended" in refused.err
    assert ISSUER not in shell("list").out
    file.write_bytes(client_pem(Authority.new()))
    kept = shell("set", ISSUER, str(file))
    assert kept.code == 0, kept.err
    assert "PRIVATE" not in kept.out
    assert ISSUER in shell("list").out
    rows = node.sql("SELECT body FROM audit WHERE operation = 'administer'")
    assert [f"issuer certificate set {ISSUER}".encode() in row["body"] for row in rows] == [True]
    assert "removed" in shell("remove", ISSUER).out
    assert "there was none" in shell("remove", ISSUER).out


def test_who_offers_documents(run: Run, node: Service):
    def shell(*arguments: str) -> Any:
        return run(
            *("issuer", "retrieval", *arguments),
            DATABASE_URL=node.database_url,
            ZHENGYAN_KEY_FOLDER=str(node.settings.key_folder),
        )

    url, origin = "https://issuer.example/retrievals/v1", "https://files.issuer.example"
    code = node.world.body("university").code
    unknown = shell("set", "639998", url, "--origin", origin)
    assert unknown.code == 1
    assert "issuer" in unknown.err
    node.register()
    wrong = shell("set", code, url, "--origin", "http://files.issuer.example")
    assert wrong.code == 1
    assert node.sql("SELECT 1 FROM retrieval_offer") == []
    assert "added" in shell("set", code, url, "--origin", origin).out
    assert "unchanged" in shell("set", code, url, "--origin", origin).out
    assert code in shell("list").out
    assert "removed" in shell("remove", code).out
    assert "there was none" in shell("remove", code).out
