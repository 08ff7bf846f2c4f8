"""`zhengyan report revoke`: the operator's hand on a code."""

from typing import Any

import pytest

from tests.service import VERIFICATIONS, Service


@pytest.fixture
def shell(run: Any, service: Service) -> Any:
    def call(*arguments: str) -> Any:
        return run(
            *arguments,
            DATABASE_URL=service.database_url,
            ZHENGYAN_KEY_FOLDER=str(service.settings.key_folder),
        )

    return call


@pytest.mark.parametrize("by", ["code", "id"])
def test_a_revoked_code_opens_nothing_and_another_still_does(shell, service, by):
    token = service.world.token(service.world.pick("traffic"))
    report, other = (service.verify(token)["report"] for _ in range(2))
    assert service.client.get(f"/r/{report['code']}").status_code == 200
    ended = shell("report", "revoke", report[by])
    assert (ended.code, ended.out) == (0, "revoked\n")
    assert service.client.get(f"/r/{report['code']}").status_code == 404
    assert service.client.get(f"{VERIFICATIONS}/{report['id']}").status_code == 404
    assert service.client.get(f"/r/{other['code']}").status_code == 200
    assert "before" in shell("report", "revoke", report[by]).out
    bodies = [
        row["body"] for row in service.sql("SELECT body FROM audit WHERE operation = 'administer'")
    ]
    assert any(b"report revoke " in body for body in bodies)
    assert not any(
        report["code"].encode() in body or report["id"].encode() in body for body in bodies
    )


@pytest.mark.parametrize("code", ["", "x", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-AAAAB"])
def test_a_mistyped_code_is_refused(shell, code):
    refused = shell("report", "revoke", code)
    assert refused.code == 1
    assert "code" in refused.err
