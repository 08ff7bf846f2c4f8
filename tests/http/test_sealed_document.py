"""Contracts, invoices and proofs over HTTP: one file or many, and by the page."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from app.domain.job import ItemForm, JobItem, Order
from app.domain.signers import ANY_SIGNER, Signers
from app.domain.verification import PUBLIC
from app.registry.authorities import put_authorities, read_authorities
from app.routers.job_items import submission_of
from sandbox.document_attacks import contract, forged_documents, invoice, proof
from sandbox.documents import PARTIES, make_documents
from sandbox.seal_register import KEEPER
from sandbox.serve import Servers
from sandbox.trust import authorities
from tests.service import VERIFICATIONS, Service, new_database, serving

BANK, CARRIER = PARTIES["bank"].code, PARTIES["carrier"].code
CHOICE = {"policy": "sealed-document", "any_signer": "true"}


@pytest.fixture(scope="module")
def service(
    database_url: str, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A node that knows the authorities too, those for sealed documents among them."""
    url = new_database(database_url, "documents")
    with serving(url, tmp_path_factory.mktemp("documents"), sandbox_issuers) as made:
        made.register()
        document = json.loads(json.dumps(authorities(made.world)))
        made.write(lambda session: put_authorities(session, read_authorities(document)))
        yield made
    sandbox_issuers.reset()


def refused(service: Service, content: bytes, **texts: str) -> dict[str, Any]:
    return service.verify(content, status=422, **texts)


def test_a_document_is_judged_by_the_policy_that_is_named(service: Service) -> None:
    """Nobody here keeps a list of seals: all else is proven, and that is said to be open."""
    report = service.verify(proof(service.world), **CHOICE)["report"]
    assert report["versions"]["policy"] == "sealed-document-1"
    assert (report["conclusion"], report["subject"]) == ("indeterminate", "seal")
    assert report["reason"]["code"] == "seal_status_unknown"
    assert report["sealed_document"] == {
        "any_signer": True,
        "expected": 0,
        "signers": [BANK],
        "seals": [],
        "invoice": None,
    }
    assert report["codes"]["info_code"] is None, "it is no word on a license"
    assert "未指定应由谁签章" in report["headline"]["zh"]
    passed = {c["name"] for b in report["blocks"].values() for c in b["checks"]
              if c["outcome"] == "passed"}  # fmt: skip
    assert passed >= {"signer_known", "signature_holds", "seal_holds", "signer_expected",
                      "content_covered", "roles_filled", "key_live"}  # fmt: skip
    assert {u["what"] for u in report["unchecked"]} >= {"content", "issuer_known", "bound"}


def test_another_signer_is_invalid(service: Service) -> None:
    content = proof(service.world)
    good = service.verify(content, policy="sealed-document", expected_signers=BANK)["report"]
    assert good["reason"]["code"] == "seal_status_unknown"
    bad = service.verify(content, policy="sealed-document", expected_signers=CARRIER)["report"]
    assert (bad["conclusion"], bad["reason"]["code"]) == ("invalid", "signer_not_expected")


@pytest.mark.parametrize("name", ["contract", "contract-pdf", "proof", "invoice"])
def test_its_kind_picks_the_policy_and_asks_whose_seal(service: Service, name: str) -> None:
    """With no word of a policy, too: the 422 names the field and both mends."""
    made = next(d for d in make_documents(service.world) if d.name == name)
    problem = refused(service, made.content)
    assert problem["field"] == "expected_signers"
    assert "any_signer=true" in problem["detail"]
    told = service.verify(made.content, any_signer="true")["report"]
    assert told["versions"]["policy"] == "sealed-document-1"
    assert told["sealed_document"]["signers"] == list(made.signers)
    seals = [(s["asked"], s["not_asked"]) for s in told["sealed_document"]["seals"]]
    assert seals == ([(False, "no_endpoint")] * 2 if len(made.signers) == 2 else [])


PLATFORM = """
INSERT INTO issuer_endpoint (issuer, kind, adapter, prefixes, url, networks, deadline, max_answer,
                             max_in_flight)
SELECT issuer, 'region', adapter, ARRAY['6399'], url, networks, deadline, max_answer, max_in_flight
  FROM issuer_endpoint WHERE issuer = $1 AND kind = 'issuer'
"""


@pytest.fixture
def platform(service: Service) -> Iterator[str]:
    """The province's platform keeps a register of seals, as `make run` has it."""
    keeper = service.world.body(KEEPER).code
    service.sql(PLATFORM, keeper)
    yield keeper
    service.sql("DELETE FROM issuer_endpoint WHERE kind = 'region'")


def test_a_platform_of_the_region_is_asked_about_each_seal(service: Service, platform: str) -> None:
    """Over IVP/1, with signed answers: the samples that people try, each with its verdict."""
    samples = (*make_documents(service.world), *forged_documents(service.world))
    found = {}
    for each in samples:
        asked = {"expected_signers": ",".join(each.signers)} if each.signers else CHOICE
        report = service.verify(each.content, **{**asked, "policy": "sealed-document"})["report"]
        found[each.name] = (report["conclusion"], report["reason"] and report["reason"]["code"])
        if each.name == "contract":
            seals = report["sealed_document"]["seals"]
            assert [(s["route"]["rule"], s["route"]["body"]) for s in seals] == [
                ("region", platform)
            ] * 2
            assert {s["said"]["outcome"] for s in seals} == {0}
            assert all(s["counts"] and s["said"]["signed"] for s in seals)
    assert found == {each.name: (each.conclusion, each.reason) for each in samples}
    assert {"seal_frozen", "seal_ended_since", None} <= {reason for _, reason in found.values()}


def test_an_invoice_tells_which_figures_agree_and_no_value(service: Service) -> None:
    report = service.verify(invoice(service.world), **CHOICE)["report"]
    figures = {f["figure"]: f for f in report["sealed_document"]["invoice"]["figures"]}
    assert figures["total"]["places"] == ["document_information", "data_index", "attachment"]
    assert all(f["agrees"] for f in figures.values())
    assert len(figures) == 11
    assert report["sealed_document"]["invoice"]["adds_up"] is True
    for value in ("1090", "063002600111", "00260117"):
        assert value not in str(report)


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"policy": "sealed-document"}, "expected_signers"),
        ({"policy": "sealed-document-1"}, "expected_signers"),
        ({"policy": "sealed-document", "any_signer": "false"}, "expected_signers"),
        ({"policy": "sealed-document", "any_signer": "yes"}, "any_signer"),
        ({"any_signer": "true", "expected_signers": BANK}, "any_signer"),
        ({"expected_signers": BANK[:-1] + ("0" if BANK[-1] != "0" else "1")}, "expected_signers"),
        ({"expected_signers": f"{BANK},{BANK}"}, "expected_signers"),
        ({"expected_signers": BANK.lower()}, "expected_signers"),
        ({"expected_signers": f"{BANK}, {CARRIER}"}, "expected_signers"),
        ({"policy": "license-1.token"}, "policy"),
        ({"policy": "record-1"}, "policy"),
        ({"policy": "contract"}, "policy"),
        ({"policy": "license", "expected_signers": BANK}, "expected_signers"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(
    service: Service, texts: dict[str, str], field: str
) -> None:
    assert refused(service, proof(service.world), **texts)["field"] == field


def test_a_license_refuses_to_be_a_document(service: Service) -> None:
    license = service.world.ofd(service.world.pick("traffic"))
    problem = refused(service, license, **CHOICE)
    assert problem["field"] == "policy"
    assert "leave policy out" in problem["detail"]
    assert refused(service, license, expected_signers=BANK)["field"] == "expected_signers"
    for policy in ("license", "license-1.sealed"):
        assert service.told(license, policy=policy).startswith("valid")
    assert service.told(license, any_signer="true").startswith("valid")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"policy": "sealed-document"}, "expected_signers"),
        ({"policy": "sealed-document", "any_signer": True}, "policy"),
        ({"any_signer": True}, "any_signer"),
        ({"expected_signers": BANK}, "expected_signers"),
    ],
)
def test_a_token_is_no_document(service: Service, more: dict[str, Any], field: str) -> None:
    token = service.world.token(service.world.pick("traffic")).decode()
    answer = service.client.post(VERIFICATIONS, json={"token": token, **more})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    answer = service.client.post(VERIFICATIONS, json={"token": token, "policy": "license"})
    assert answer.status_code == 200


def test_the_page_takes_any_signer_and_says_so(service: Service) -> None:
    files = {"file": ("contract.ofd", contract(service.world))}
    answer = service.client.post("/?lang=zh", files=files)
    assert answer.status_code == 200
    assert "未指定应由谁签章" in answer.text
    assert "seal_status_unknown" in answer.text


def test_the_page_does_not_say_that_it_was_the_right_one_who_sealed(
    service: Service, platform: str
) -> None:
    """Nobody on the page says whose seal it had to be; its platform answers, and no issuer."""
    made = proof(service.world)
    assert platform
    page = service.client.post("/?lang=zh", files={"file": ("proof.ofd", made)}).text
    page = page.partition("<main")[2].partition("</main")[0]
    assert f"✔ 印章真实、内容未改动；盖章单位未经核对（代码 {BANK}）" in page
    assert "– 没有指定应由谁签章，未核对 · 签章者是否都在预期的签章单位之内？" in page
    assert "✔ 印章平台的答复：印章在用" in page
    assert "颁发机构的答复：" not in page
    service.issuers.set_behaviour(KEEPER, "reset")
    page = service.client.post("/?lang=zh", files={"file": ("proof.ofd", made)}).text
    service.issuers.reset()
    assert '<p class="mark outage" id="mark">↻ 暂不能确定：印章平台暂时没有答复</p>' in page
    code = re.search(r'href="/r/([0-9A-Z-]+)', page)
    assert code
    shown = service.client.get(f"/r/{code[1]}").text
    assert "没有登记的颁发机构与之对应" not in shown
    cut = service.world.token(service.world.pick("traffic"))[:-30]
    page = service.client.post("/?lang=zh", files={"file": ("cut.jwt", cut)}).text
    code = re.search(r'href="/r/([0-9A-Z-]+)', page)
    assert code
    assert "没有登记的颁发机构与之对应" in service.client.get(f"/r/{code[1]}").text


def test_the_policy_stays_readable(service: Service) -> None:
    policy = service.client.get("/v1/policies/sealed-document-1").json()
    assert (policy["subject"], policy["roles"]) == ("seal", ["signer"])
    assert policy["extra_signers"]["signer_expected"] == "guard"
    assert policy["levels"]["issuer_known"] == "guard"


def test_items_of_a_job_are_asked_alike() -> None:
    item = JobItem("a.ofd", 1, b"PK\x03\x04 OFD.xml", ItemForm.FILE)
    terms = {"purpose": "public-check", "policy": "sealed-document"}

    def asked(**more: str) -> Any:
        order = Order(asker=PUBLIC, scopes=frozenset({"verify:file"}), terms={**terms, **more})
        return submission_of(item, order, datetime.now().astimezone())

    one = asked(expected_signers=f"{BANK},{CARRIER}")
    assert (one.policy, one.signers) == ("sealed-document", Signers(frozenset({BANK, CARRIER})))
    assert asked(any_signer="true").signers == ANY_SIGNER
