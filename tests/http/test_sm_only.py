"""`sm_only` (密评) over HTTP: in a form, in a JSON body, in items of jobs and batches; only `true`."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.errors import Refused
from app.domain.identifier import Identifier
from app.domain.issuer import Code, Statement
from app.domain.job import ItemForm, JobItem, Order
from app.domain.scheme import Scheme
from app.domain.verification import PUBLIC, PUBLIC_CHECK
from app.routers.job_items import submission_of
from tests.service import Service
from tests.statements import keep
from tests.world import NOW


def summary(report: dict[str, Any]) -> tuple[str, str | None]:
    return report["conclusion"], report["reason"] and report["reason"]["code"]


def test_one_license_by_sm_algorithms_and_one_by_others(service: Service) -> None:
    world = service.world
    sm, other = (world.token(world.pick(name)).decode() for name in ("market", "traffic"))
    for token in (sm, other):
        free = service.verify(token=token)["report"]
        assert (summary(free), free["algorithms"]) == (("valid", None), None)
        assert "algorithms_sm" not in str(free["blocks"])
    report = service.verify(token=sm, sm_only=True)["report"]
    assert summary(report) == ("valid", None)
    assert [(a["layer"], a["algorithm"], a["sm"]) for a in report["algorithms"]] == [
        ("signature", "sm2-sm3", True),
        ("issuer_answer", "sm2-sm3", True),
    ]
    report = service.verify(token=other, sm_only=True)["report"]
    assert summary(report) == ("indeterminate", "algorithm_not_sm")
    assert report["blocks"]["authenticity"]["outcome"] == "indeterminate"
    assert {(a["layer"], a["sm"]) for a in report["algorithms"]} >= {("signature", False)}


def test_of_a_file_each_layer_is_told(service: Service) -> None:
    """This node knows no authority: of the certificates it is not known, and the verdict stays."""
    content = service.world.ofd(service.world.pick("traffic"))
    free = service.verify(content)["report"]
    report = service.verify(content, sm_only="true")["report"]
    layers = {(a["layer"], a["algorithm"], a["sm"]) for a in report["algorithms"]}
    assert layers >= {("signature", "sm2-sm3", True), ("content", "sm3", True)}
    assert layers >= {("seal", "sm2-sm3", True), ("signer_path", None, None)}
    assert free["algorithms"] is None
    assert summary(report) == summary(free) == ("indeterminate", "seal_maker_unknown")


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (Scheme.SM2_SM3, ("valid", None)),
        (Scheme.ED25519, ("indeterminate", "algorithm_not_sm")),
        (None, ("indeterminate", "algorithm_not_sm")),
    ],
)
def test_a_kept_statement_counts_by_the_algorithm_it_was_verified_by(
    service: Service, scheme: Scheme | None, expected: tuple[str, str | None]
) -> None:
    """Of one kept before that was noted it is not known, and so it is not SM."""
    license = service.world.of("market", "in_force")[3]
    token = service.world.token(license).decode()
    said = Statement(Code.IN_FORCE, signed=True, as_of=datetime.now(UTC), scheme=scheme)
    service.issuers["market"].script.clear()
    service.issuers.set_behaviour("market", "wrong_signature")
    keep(service, Identifier.read(license.id), said, "market-answer")
    try:
        assert summary(service.verify(token=token)["report"]) == ("valid", None), "the twin"
        report = service.verify(token=token, sm_only=True)["report"]
    finally:
        service.issuers["market"].script.clear()
        service.sql("DELETE FROM statement")
    assert summary(report) == expected
    (told,) = (a for a in report["algorithms"] if a["layer"] == "issuer_statement")
    assert told["algorithm"] == scheme


def test_a_record_is_asked_about_its_answer(service: Service) -> None:
    license = service.world.pick("traffic")
    asked = {"identifier": str(license.id), "holder": license.holder.name, "number": license.number}
    assert summary(service.verify(**asked)["report"]) == ("valid", None)
    report = service.verify(**asked, sm_only=True)["report"]
    assert summary(report) == ("indeterminate", "algorithm_not_sm")
    assert report["blocks"]["authenticity"]["outcome"] == "indeterminate"


@pytest.mark.parametrize("said", ["false", "yes", "TRUE", "1", ""])
def test_it_is_true_or_left_out(service: Service, said: str) -> None:
    content = service.world.token(service.world.pick("market"))
    assert service.verify(content, status=422, sm_only=said)["field"] == "sm_only"
    body = {"token": content.decode(), "sm_only": said}
    assert service.verify(status=422, **body)["field"] == "sm_only"
    assert service.verify(status=422, **{**body, "sm_only": False})["field"] == "sm_only"


def order(**terms: str) -> Order:
    scopes = frozenset({"verify:file", "verify:token", "verify:number"})
    return Order(asker=PUBLIC, scopes=scopes, terms={"purpose": PUBLIC_CHECK, **terms})


def row(**members: object) -> JobItem:
    license = {"number": "N-1", "type": "11100000MB03271699001", "holder": "青海样例有限公司"}
    return JobItem("1", 1, json.dumps({**license, **members}).encode(), ItemForm.FACTS)


@pytest.mark.parametrize(
    ("members", "terms", "asked"),
    [
        ({}, {}, False),
        ({"sm_only": None}, {}, False),
        ({"sm_only": True}, {}, True),
        ({"sm_only": "true"}, {}, True),
        ({}, {"sm_only": "true"}, True),
        ({"sm_only": None}, {"sm_only": "true"}, True),
        ({"sm_only": False}, {"sm_only": "true"}, True),
    ],
)
def test_a_row_never_undoes_what_its_job_asks(
    members: dict[str, object], terms: dict[str, str], *, asked: bool
) -> None:
    assert submission_of(row(**members), order(**terms), NOW).sm_only is asked
    file = replace(row(), content=b"file", form=ItemForm.FILE)
    assert submission_of(file, order(**terms), NOW).sm_only is bool(terms)


@pytest.mark.parametrize("said", [False, "false", 1, 0, "yes"])
def test_a_row_says_true_or_nothing(said: object) -> None:
    with pytest.raises(Refused) as refused:
        submission_of(row(sm_only=said), order(), NOW)
    assert refused.value.field == "sm_only"
