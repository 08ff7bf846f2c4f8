"""`zhengyan verify` of documents that are no licenses: whose seals are expected, or whoever's."""

from pathlib import Path

import pytest

from sandbox.document_attacks import proof
from sandbox.documents import PARTIES
from sandbox.serve import Servers
from tests.cli.conftest import Run
from tests.sandbox.core import write_trust

BANK, CARRIER = PARTIES["bank"].code, PARTIES["carrier"].code
DOCUMENT = ("--policy", "sealed-document")


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        ((), 11, "未指定应由谁签章"),
        ((*DOCUMENT,), 11, "未指定应由谁签章"),
        ((*DOCUMENT, "--any-signer"), 11, "未指定应由谁签章"),
        ((*DOCUMENT, "--expected-signer", BANK), 11, "seal_status_unknown"),
        ((*DOCUMENT, "--expected-signer", CARRIER), 10, "signer_not_expected"),
        (("--policy", "license"), 11, "license-1.sealed"),
        (("--policy", "license-1.token"), 1, "does not go with what was sent"),
        ((*DOCUMENT, "--expected-signer", "nobody"), 1, "one is mistyped"),
        ((*DOCUMENT, "--any-signer", "--expected-signer", BANK), 1, "one of the two"),
    ],
)
def test_whose_seal_is_asked_for_and_said(  # noqa: PLR0917 - the columns of a table
    run: Run, sandbox_issuers: Servers, tmp_path: Path, more: tuple[str, ...], code: int, told: str
) -> None:
    world = sandbox_issuers.world
    (tmp_path / "proof.ofd").write_bytes(proof(world))
    write_trust(world, tmp_path)
    place = ("--trust", str(tmp_path), "--offline", "--network", "127.0.0.0/8")
    answer = run("verify", str(tmp_path / "proof.ofd"), *place, *more)
    assert answer.code == code, answer.err
    assert told in answer.out + answer.err
