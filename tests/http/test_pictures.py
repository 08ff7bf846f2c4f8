"""Pages as pictures over HTTP: of one's own file, marked by one's own verification."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.picture import SealMark
from app.registry.authorities import put_authorities, read_authorities
from app.services.picturing import marks_of
from sandbox.document_attacks import invoice
from sandbox.ofd_attacks import OFD_ATTACKS
from sandbox.ofd_samples import make_ofd_samples
from sandbox.serve import Servers
from sandbox.trust import authorities
from tests.service import VERIFICATIONS, Service, new_database, serving

PICTURES = "/v1/pictures"


@pytest.fixture(scope="module")
def service(
    database_url: str, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A node that knows the authorities too: here seals are found sound."""
    url = new_database(database_url, "pictures")
    with serving(url, tmp_path_factory.mktemp("pictures"), sandbox_issuers) as made:
        made.register()
        document = json.loads(json.dumps(authorities(made.world)))
        made.write(lambda session: put_authorities(session, read_authorities(document)))
        yield made
    sandbox_issuers.reset()


def ask(service: Service, content: bytes, status: int = 200, **fields: str) -> dict[str, Any]:
    answer = service.client.post(PICTURES, files={"file": content}, data=fields)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


def verified(service: Service, content: bytes) -> dict[str, Any]:
    answer = service.client.post(VERIFICATIONS, files={"file": content})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()["report"]
    return report


def test_a_sealed_page_is_marked_by_its_verification(service: Service) -> None:
    (sample,) = (s for s in make_ofd_samples(service.world) if s.name == "sealed-stamp-service")
    content = sample.content
    unseen = ask(service, content)
    assert (unseen["judged"], unseen["page"], unseen["pages"]) == (False, 1, 1)
    assert "此章未核验" in unseen["svg"]
    report = verified(service, content)
    assert report["conclusion"] == "valid", report["reason"]
    found = ask(service, content, verification=report["id"])
    assert found["judged"]
    assert "此章" not in found["svg"]
    assert (found["uncovered"], found["left_out"]) == ([], {})
    assert (unseen["seals"], found["seals"]) == (["unjudged"], ["sound"])
    assert "✔ 已核验的印章 verified seal" in found["svg"]
    assert "✔ 已核验" not in unseen["svg"]


@pytest.mark.parametrize(
    ("name", "words"), [("chain_of_ones_own", "未证实"), ("value_one_bit", "无效")]
)
def test_a_seal_that_is_not_sound_looks_so(service: Service, name: str, words: str) -> None:
    content = OFD_ATTACKS[name].make(service.world)
    report = verified(service, content)
    assert report["conclusion"] != "valid"
    found = ask(service, content, verification=report["id"])
    assert f"此章{words}" in found["svg"]
    assert found["uncovered"], "nothing sound covers it"
    assert found["seals"] == ["doubted" if words == "未证实" else "broken"]
    assert ("本页盖有印章，但该印章尚未证实" in found["svg"]) is (words == "未证实")
    assert "已核验" not in found["svg"]


def test_a_painted_seal_is_none_and_a_document_that_is_no_license_has_a_verified_one(
    service: Service,
) -> None:
    """As a new user met them: sealed-forged-seal-painted.ofd and invoice.ofd."""
    painted = OFD_ATTACKS["seal_painted"].make(service.world)
    found = ask(service, painted, verification=verified(service, painted)["id"])
    assert found["seals"] == []
    assert "已核验" not in found["svg"]
    sealed = invoice(service.world)
    choice = {"policy": "sealed-document", "any_signer": "true"}
    report = service.verify(sealed, **choice)["report"]
    assert [each["outcome"] for each in report["signatures"]] == ["passed"], report["reason"]
    found = ask(service, sealed, verification=report["id"])
    assert (found["seals"], found["uncovered"]) == (["unsettled"], []), "nobody knows of its end"
    assert "已核验" not in found["svg"]


@pytest.mark.parametrize(
    ("used", "mark"),
    [("passed", SealMark.SOUND), ("failed", SealMark.BROKEN), ("indeterminate", SealMark.UNSETTLED),
     (None, SealMark.UNSETTLED)],
)  # fmt: skip
def test_a_seal_of_a_contract_that_ended_is_not_called_verified(
    used: str | None, mark: SealMark
) -> None:
    """Of one seal the check is the document's, of several each has its own."""
    signed = {"label": "0:1", "role": "signer", "outcome": "passed"}
    check = {"name": "seal_in_use", "subject": "0", "outcome": used}
    report = {"signatures": [signed], "blocks": {"status": {"checks": [check] if used else []}}}
    assert marks_of(report) == {"0:1": mark}
    good = {**check, "subject": "0:2", "outcome": "passed"}
    several = [{**check, "subject": "0:1"}, good] if used else [good, {**good, "subject": "0:3"}]
    two = {"signatures": [signed, {**signed, "label": "0:2"}],
           "blocks": {"status": {"checks": several}}}  # fmt: skip
    assert marks_of(two) == {"0:1": mark, "0:2": SealMark.SOUND}
    failed = {**report, "signatures": [{**signed, "outcome": "failed"}]}
    assert marks_of(failed) == {"0:1": SealMark.BROKEN}


def test_what_cannot_be_drawn_is_a_problem_that_names_the_field(service: Service) -> None:
    world = service.world
    good = world.ofd(world.pick("market"), "stamp-service")
    other = world.ofd(world.pick("traffic"), "stamp-service")
    report = verified(service, good)["id"]
    for content, fields, status, field in (
        (other, {"verification": report}, 422, "verification"),
        (good, {"verification": "A" * 22}, 404, "verification"),
        (good, {"page": "2"}, 422, "page"),
        (good, {"page": "0"}, 422, "page"),
        (good, {"page": "１"}, 422, "page"),
        (good, {"page": "9" * 4000}, 422, "page"),
        (good, {"pages": "1"}, 422, "body"),
        (good[:-30], {}, 422, "file"),
        (b"", {}, 422, "file"),
        (world.token(world.pick("market")), {}, 422, "file"),
        (b"PK\x03\x04 OFD.xml", {}, 422, "file"),
        (b"PK\x03\x04", {}, 415, "file"),
        (b"\x00\x01", {}, 415, "file"),
    ):
        told = ask(service, content, status, **fields)
        assert (told["field"], told["status"]) == (field, status), told
    assert ask(service, good, page="1", verification=report)["judged"]


def test_an_encrypted_file_has_no_page_to_be_seen(service: Service) -> None:
    told = ask(service, OFD_ATTACKS["encrypted"].make(service.world), 422)
    assert told["field"] == "file"
    assert "encrypted" in told["detail"]


def test_drawing_leaves_a_row_and_nothing_of_the_file(service: Service) -> None:
    content = service.world.ofd(service.world.pick("market"), "stamp-service")
    before = service.sql("SELECT count(*) FROM audit WHERE operation = 'draw'")[0][0]
    ask(service, content)
    assert service.sql("SELECT count(*) FROM audit WHERE operation = 'draw'")[0][0] == before + 1
