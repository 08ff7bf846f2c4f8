"""Digests of files that stay with the caller, over HTTP: what is answered, kept and refused.

Nobody registered the authorities of seals here, so that no seal is sound: tests/sandbox tells of
lies and their twins.
"""

import json
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import httpx
import pytest
from pydantic import BaseModel

from app import schemas
from tests.sandbox.test_digests import Body, body_of, part
from tests.service import VERIFICATIONS, Service, line

UNPROVEN = "indeterminate seal_maker_unknown"


@pytest.fixture(scope="module")
def content(_service: Service) -> bytes:
    license = _service.world.of("market", "in_force")[0]
    _service.issuers.register_document(license.id, _service.world.ofd(license, "stamp-service"))
    return _service.world.ofd(license, "stamp-service")


def test_what_is_answered_and_kept(service: Service, content: bytes) -> None:
    body = body_of(content)
    report = service.verify(**body)["report"]
    assert (line(report), report["basis"], report["format"]) == (UNPROVEN, "digests", "ofd")
    assert report["digests"] == {"sm3": body["digests"]["file"]["value"], "sha256": None}
    assert report["answer"]["said"]["document"] == "match"
    asked = {c["name"]: c for b in report["blocks"].values() for c in b["checks"]}
    assert {name for name, c in asked.items() if c["reason"] == "structure_not_seen"} == {
        "signed", "one_document", "content_covered", "nothing_hidden", "content_agrees",
        "identifier_agrees", "copy_current", "references_hold", "seal_file_same",
    }  # fmt: skip
    assert asked["signature_holds"]["outcome"] == asked["seal_holds"]["outcome"] == "passed"
    assert ("file", "not_sent") in {(u["what"], u["why"]) for u in report["unchecked"]}
    (kept,) = service.sql("SELECT basis, sha256, sm3 FROM verification WHERE id = $1", report["id"])
    assert (kept["basis"], kept["sha256"]) == ("digests", None)
    assert kept["sm3"].hex() == body["digests"]["file"]["value"]
    rows = service.sql(
        "SELECT body FROM audit WHERE convert_from(body, 'UTF8') LIKE '%' || $1 || '%'",
        body["digests"]["file"]["value"],
    )
    assert "verify_digests" in {json.loads(row["body"])["operation"] for row in rows}


def test_no_file_is_ever_confirmed_by_it(service: Service, content: bytes) -> None:
    """The page of the code offers to compare a file only where a file was verified."""
    reports = service.verify(**body_of(content))["report"], service.verify(content)["report"]
    pages = [service.client.get(f"/r/{r['code']}", params={"lang": "en"}) for r in reports]
    assert [page.status_code for page in pages] == [200, 200]
    assert ['type="file"' in page.text for page in pages] == [False, True]
    assert ["The file stayed with the caller" in page.text for page in pages] == [True, False]
    assert "only a record was compared" not in pages[0].text


# ---- what is refused, with field and fix

REFUSED: tuple[tuple[Callable[[Body], object], str], ...] = (
    (lambda b: b.pop("identifier"), "identifier"),
    (lambda b: b.update(token="e30.e30.AA"), "token"),
    (lambda b: b.update(policy="license-1.token"), "policy"),
    (lambda b: b["digests"].pop("format"), "digests.format"),
    (lambda b: b["digests"].update(format="docx"), "digests.format"),
    (lambda b: b["digests"].update(signature_lists=[]), "digests.signature_lists"),
    (lambda b: b["digests"].update(signature_lists=["a", "A"]), "digests.signature_lists"),
    (lambda b: b["digests"].update(signature_lists=["OFD.xml"]), "digests.signature_lists"),
    (lambda b: b["digests"].update(sha256="ab" * 32), "digests.sha256"),
    (lambda b: b["digests"]["file"].update(sha256="ab" * 32), "digests.file.sha256"),
    (lambda b: b["digests"]["file"].update(algorithm="sha1"), "digests.file.algorithm"),
    (lambda b: b["digests"]["file"].update(value="AB" * 32), "digests.file.value"),
    (lambda b: b["digests"].update(parts="张三.xml"), "digests.parts"),
    (lambda b: b["digests"].update(parts=[]), "digests.parts"),
    (lambda b: b["digests"]["parts"].append({"name": "ofd.XML", "digests": {}}), "digests.parts"),
    (lambda b: b["digests"]["parts"][5].update(content="AA=="), "digests.parts[5]"),
    (lambda b: b["digests"]["parts"][5].update(digests={}), "digests.parts[5].digests"),
    (lambda b: b["digests"]["parts"][5].update(digests={"sm3": "a"}),
     "digests.parts[5].digests.sm3"),
    (lambda b: b["digests"]["parts"][5].update(digests={"md5": "ab" * 16}),
     "digests.parts[5].digests"),
    (lambda b: b["digests"]["parts"][0].update(content="*"), "digests.parts[0].content"),
    (lambda b: b["digests"]["parts"][0].update(content="A" * 700_004), "digests.parts[0].content"),
    (lambda b: part(b, "/SignedValue.dat").update(content=None, digests={"sm3": "ab" * 32}),
     "digests.parts"),
    (lambda b: b["digests"]["parts"].remove(part(b, "/Signature.xml")), "digests.parts"),
)  # fmt: skip


@pytest.mark.parametrize(("bend", "field"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_taken_names_field_and_fix(
    service: Service, content: bytes, bend: Callable[[Body], object], field: str
) -> None:
    body = body_of(content)
    bend(body)
    answer: httpx.Response = service.client.post(VERIFICATIONS, json=body)
    told = answer.json()
    assert (answer.status_code, told["field"]) == (422, field), told
    assert told["detail"]
    assert "张三" not in answer.text


def test_a_form_has_no_digests(service: Service, content: bytes) -> None:
    """Beside a file they would say nothing of it, and alone they are JSON."""
    digests = json.dumps(body_of(content)["digests"])
    file = ("license.ofd", content)
    assert service.client.post(VERIFICATIONS, files={"file": file}).status_code == 200
    for sent in ({"file": file, "digests": (None, digests)}, {"digests": (None, "{}")}):
        answer = service.client.post(VERIFICATIONS, files=sent)
        told = answer.json()
        assert (answer.status_code, told["field"]) == (422, "digests"), told
        assert "application/json" in told["detail"]


@pytest.mark.parametrize("name", ["digests", "sm_only", "policy", "purpose", "holder"])
def test_what_is_asked_stands_in_the_body(service: Service, content: bytes, name: str) -> None:
    """In the address it would be passed over: `?sm_only=true` would hold for nothing."""
    parameters = {name: "true"}
    for sent in ({"json": body_of(content)}, {"files": {"file": ("a.ofd", content)}}):
        answer = service.client.post(VERIFICATIONS, params=parameters, **sent)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["field"]) == (422, name)
        twin = service.client.post(VERIFICATIONS, params={"appkey": "x"}, **sent)  # type: ignore[arg-type]
        assert twin.status_code == 200


def test_no_other_question_takes_them() -> None:
    """Nothing that is sent elsewhere is passed over, digests least of all: one would believe that a
    file was looked at. Whatever has the member is refused (presentations), or tested here and in
    tests/batch, tests/jobs.
    """
    modules = [import_module(each.name) for each in iter_modules(schemas.__path__, "app.schemas.")]
    taken = {
        found
        for module in modules
        for name, found in vars(module).items()
        if name.endswith("In") and isinstance(found, type) and issubclass(found, BaseModel)
    }
    assert len(taken) > 15
    loose = {each.__module__ for each in taken if each.model_config.get("extra") != "forbid"}
    assert loose == {
        "app.schemas.share"
    }  # bodies as others wrote them down; none is of a file here
    having = {each.__name__ for each in taken if "digests" in each.model_fields}
    within = {"PartIn", "PdfSignedIn"}
    assert having - within == {"VerificationIn", "BatchItemIn", "PresentationIn"}


def test_no_other_body_may_be_as_large(service: Service, content: bytes) -> None:
    """One with digests may be larger than others: signed values hold pictures."""
    body = body_of(content)
    body["digests"]["parts"] += [
        {"name": f"Doc_0/Res/{n}.png", "digests": {"sm3": "ab" * 32}} for n in range(900)
    ]
    assert len(json.dumps(body)) > service.settings.max_json
    assert service.told(**body) == UNPROVEN
    for large in ({"identifier": "x" * 70_000}, {"token": '"digests"' * 9000}):
        answer = service.client.post(VERIFICATIONS, json=large)
        assert (answer.status_code, answer.json()["field"]) == (413, "body")
    answer = service.client.post(VERIFICATIONS, json=body | {"number": "x" * 1024 * 1024})
    assert (answer.status_code, answer.json()["field"]) == (413, "body")
