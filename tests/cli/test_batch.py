"""`zhengyan batch`: lines in, lines out, and exit codes that a script can rely on."""

import json
from pathlib import Path

import pytest

from sandbox.attacks import ATTACKS
from tests.cli.conftest import Ended, Run
from tests.service import LOOPBACK, Service


@pytest.fixture
def trust(service: Service, tmp_path: Path) -> str:
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "registration.json").write_text(json.dumps(service.issuers.registration()))
    return str(folder)


@pytest.fixture
def over_database(service: Service, run: Run, tmp_path: Path):
    """The node's own keys: its issuers know them."""

    def call(lines: list[object], *more: str) -> Ended:
        file = tmp_path / "items.ndjson"
        file.write_bytes(
            b"".join(
                each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n"
                for each in lines
            )
        )
        return run(
            "batch",
            str(file),
            *more,
            DATABASE_URL=service.database_url,
            ZHENGYAN_KEY_FOLDER=str(service.settings.key_folder),
            ZHENGYAN_NODE_ID=service.settings.node_id,
        )

    return call


def told(ended: Ended) -> dict[str, str]:
    found = [json.loads(line) for line in ended.out.splitlines()]
    return {
        str(each["id"]): each["report"]["conclusion"]
        if "report" in each
        else each["problem"]["type"]
        for each in found
    }


def test_each_line_gets_its_line_and_the_code_tells_of_all(service: Service, over_database) -> None:
    world = service.world
    good = {"id": "good", "token": world.token(world.pick("traffic")).decode()}
    forged = {"id": "forged", "token": ATTACKS["foreign_key"].make(world).decode()}
    number = {"id": "number", "identifier": world.pick("traffic").id}
    ended = over_database([good])
    assert (ended.code, told(ended)) == (0, {"good": "valid"})
    assert "1 items: valid 1, invalid 0, indeterminate 0; not read 0" in ended.err
    kept = json.loads(ended.out)["report"]["id"]
    assert service.sql("SELECT 1 FROM verification WHERE id = $1", kept)
    ended = over_database([good, forged, number])
    assert ended.code == 10
    assert told(ended) == {"good": "valid", "forged": "invalid", "number": "indeterminate"}
    assert over_database([good, number]).code == 11
    ended = over_database([good, b"{\n", b'{"id":"' + b"x" * 200_000 + b'"}\n', forged])
    assert ended.code == 1
    assert ended.out.count("\n") == 4, "and the others have their verdict"
    assert over_database([]).code == 1


def test_to_a_file_without_a_database(run: Run, service: Service, trust: str, tmp_path: Path):
    items, out = tmp_path / "many.ndjson", tmp_path / "out.ndjson"
    token = service.world.token(service.world.pick("traffic")).decode()
    items.write_text("".join(json.dumps({"id": f"n{n}", "token": token}) + "\n" for n in range(60)))
    ended = run("batch", str(items), "--trust", trust, "--offline", "-o", str(out))
    assert ended.code == 11, "no issuer was asked"
    assert ended.out == ""
    answered = [json.loads(line) for line in out.read_text().splitlines()]
    assert {each["id"] for each in answered} == {f"n{n}" for n in range(60)}
    assert {each["report"]["conclusion"] for each in answered} == {"indeterminate"}


def test_what_cannot_be_opened_is_told(run: Run, trust: str, tmp_path: Path) -> None:
    ended = run("batch", str(tmp_path / "nothing"), "--trust", trust)
    assert (ended.code, "nothing" in ended.err) == (1, True)
    ended = run("batch", str(tmp_path / "nothing"), "--network", LOOPBACK[0])
    assert ended.code == 1
    assert "--trust" in ended.err
