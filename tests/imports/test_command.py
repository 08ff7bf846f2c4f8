"""`zhengyan import`: a bar, a summary, bad lines by name; repeated it goes on."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ended, run  # noqa: F401 - the fixture
from tests.imports.conftest import Office, fresh
from tests.imports.test_imports import ndjson, row
from tests.imports.test_statuses import decision, state


@pytest.fixture
def shell(run: Any, office: Office) -> Any:  # noqa: F811
    def call(*arguments: object) -> Ended:
        folder = str(office.service.settings.key_folder)
        return run(
            *map(str, arguments),
            DATABASE_URL=office.service.database_url,
            ZHENGYAN_KEY_FOLDER=folder,
        )

    return call


def test_a_file_is_imported_once_however_often_it_is_repeated(
    office: Office, shell: Any, tmp_path: Path
) -> None:
    file = tmp_path / "records 1.ndjson"
    file.write_text(ndjson(*(row(fresh(office.service)) for _ in range(3))), "utf-8")
    for _ in range(2):
        done = shell("import", file, "--issuer", office.code)
        assert (done.code, done.out) == (
            0,
            f"{office.code}.records-1: 3 lines; added 3, changed 0, unchanged 0; bad 0\n",
        ), done.err


def test_bad_lines_are_named_and_written_to_a_file(
    office: Office, shell: Any, tmp_path: Path
) -> None:
    file, faults = tmp_path / "cli-bad.csv", tmp_path / "faults.ndjson"
    bad = "".join("1.2.3,张样例\n" for _ in range(120))
    file.write_text(f"identifier,holder\n{bad}{fresh(office.service)},张样例\n", "utf-8")
    tried = shell("import", file, "--issuer", office.code, "--dry-run")
    assert tried.code == 1
    assert "would be added 1" in tried.out
    done = shell("import", file, "--issuer", office.code, "--faults", faults)
    assert done.code == 1
    assert "added 1" in done.out
    assert "six parts" in done.out
    told = [json.loads(line) for line in faults.read_text("utf-8").splitlines()]
    assert [each["line"] for each in told] == list(range(2, 122))
    assert "张样例" not in done.out + done.err + faults.read_text("utf-8")


def test_decisions_from_a_file(office: Office, shell: Any, tmp_path: Path) -> None:
    id, file = fresh(office.service), tmp_path / "decisions.ndjson"
    file.write_text(ndjson(decision(id, "吊销", "2026-03-01")), "utf-8")
    done = shell("import", file, "--issuer", office.code, "--statuses")
    assert (done.code, "changed 1" in done.out) == (0, True), done.err
    assert state(office.service, id, "2026-04-01T00:00:00Z") == "revoked"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nothing-here.csv", "--issuer", "630000"), "nothing-here.csv"),
        (("FILE", "--issuer", "630199"), "no registered issuer"),
        (("FILE", "--issuer", "x"), "issuer"),
        (("FILE", "--issuer", "630199", "--batch", "。"), "--batch"),
    ],
)
def test_what_cannot_be_done_is_said(
    shell: Any, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    file = tmp_path / "one.ndjson"
    file.write_text("{}\n")
    done = shell("import", *(str(file) if a == "FILE" else a for a in arguments))
    assert done.code == 1
    assert told in done.err


def test_a_tenant_is_granted_an_issuer_by_command(office: Office, shell: Any) -> None:
    other = office.service.world.body("university").code
    text = ndjson(row(office.service.world.pick("university").id))
    assert office.push(text, "by-command", who="stranger", issuer=other).status_code == 403
    assert shell("caller", "issuer", "bank-office", other).code == 0
    answer = office.push(text, "by-command", who="stranger", issuer=other)
    assert answer.status_code == 200, answer.text
    assert shell("caller", "issuer", "bank-office", other, "--revoke").code == 0
    assert office.push(text, "by-command-2", who="stranger", issuer=other).status_code == 403
    assert shell("caller", "issuer", "nobody-here", other).code == 1
    assert shell("caller", "issuer", "bank-office", "630199").code == 1
    assert shell("caller", "issuer", "platform", other, "--revoke").code == 1
