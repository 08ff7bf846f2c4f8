"""What was answered once: signed, kept, read again by its id, judged again on its facts."""

import hashlib
import json
from typing import Any

import jwt
import pytest

from app.schemas.report import ReportOut, VerificationOut
from sandbox.attacks import ATTACKS
from sandbox.samples import asked
from tests.service import VERIFICATIONS, Service


def signed(service: Service, token: str) -> dict[str, Any]:
    """The report inside a JWS, checked by somebody who knows the key set and no code of ours."""
    keys = jwt.PyJWKSet.from_dict(service.client.get("/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(token)
    key = next(key for key in keys.keys if key.key_id == header["kid"])
    found: dict[str, Any] = jwt.decode(
        token, key=key, algorithms=["EdDSA"], options={"verify_aud": False}
    )
    return found


def answers(service: Service) -> list[dict[str, Any]]:
    """One of each kind."""
    world = service.world
    victim = world.pick("traffic")
    return [
        service.verify(world.token(victim)),
        service.verify(world.token(world.pick("market", "revoked"))),
        service.verify(ATTACKS["foreign_key"].make(world)),
        service.verify(ATTACKS["alg_none"].make(world)),
        service.verify(world.ofd(victim)),
        service.verify(**asked(world.pick("university"))),
        service.verify(**{**asked(victim), "number": "0"}),
    ]


def test_the_jws_says_what_the_report_says(service: Service) -> None:
    for answer in answers(service):
        VerificationOut.model_validate_json(json.dumps(answer))
        payload = signed(service, answer["jws"])
        told = payload.get("report", payload)
        assert {name: told[name] for name in answer["report"]} == answer["report"]


def test_an_altered_jws_is_refused_and_the_untouched_one_is_not(service: Service) -> None:
    answer = service.verify(service.world.token(service.world.pick("traffic")))
    head, payload, value = answer["jws"].split(".")
    signed(service, answer["jws"])
    forged = jwt.utils.base64url_encode(
        jwt.utils.base64url_decode(payload).replace(b'"valid"', b'"wrong"')
    ).decode()
    for altered in (f"{head}.{forged}.{value}", f"{head}.{payload}.{'A' * len(value)}"):
        with pytest.raises(jwt.InvalidSignatureError):
            signed(service, altered)


def test_a_report_is_read_again_as_it_was_given(service: Service) -> None:
    for answer in answers(service):
        again = service.client.get(f"{VERIFICATIONS}/{answer['report']['id']}")
        assert again.status_code == 200
        assert again.json() == answer


def test_an_expired_id_and_an_unknown_one_look_the_same(service: Service) -> None:
    answer = service.verify(service.world.token(service.world.pick("traffic")))
    id = answer["report"]["id"]
    assert service.client.get(f"{VERIFICATIONS}/{id}").status_code == 200
    service.sql(
        "UPDATE verification SET expires_at = now() - interval '1 second' WHERE id = $1", id
    )
    expired = service.client.get(f"{VERIFICATIONS}/{id}")
    unknown = service.client.get(f"{VERIFICATIONS}/{'A' * len(id)}")
    assert expired.status_code == unknown.status_code == 404
    assert expired.content == unknown.content
    assert dict(expired.headers) == {**unknown.headers, "date": expired.headers["date"]}


def test_ids_are_128_bits_and_each_its_own(service: Service) -> None:
    token = service.world.token(service.world.pick("traffic"))
    ids = {service.verify(token)["report"]["id"] for _ in range(20)}
    assert len(ids) == 20
    assert all(len(id) == 22 for id in ids)


def test_a_report_names_the_file_and_holds_nothing_of_it(service: Service) -> None:
    world = service.world
    for victim in (world.pick("traffic"), world.pick("university")):
        token = world.token(victim)
        answer = service.verify(token)
        text = json.dumps(answer, ensure_ascii=False)
        assert hashlib.sha256(token).hexdigest() in text
        for value in (victim.holder.name, victim.holder.code, token.decode().split(".")[1]):
            assert value not in text
        kept = service.sql(
            "SELECT verification::text AS row FROM verification WHERE id = $1",
            answer["report"]["id"],
        )
        assert victim.holder.name not in kept[0]["row"]
        assert victim.holder.code not in kept[0]["row"]


def test_facts_a_caller_sent_come_back_as_names(service: Service) -> None:
    given = asked(service.world.pick("university"))
    report = service.verify(**given)["report"]
    ReportOut.model_validate_json(json.dumps(report))
    text = json.dumps(report, ensure_ascii=False)
    for name in ("holder", "holder_code", "number"):
        assert str(given[name]) not in text, name
        assert name in text


def test_the_policy_a_report_names_can_be_read(service: Service) -> None:
    for answer in answers(service):
        name = answer["report"]["versions"]["policy"]
        found = service.client.get(f"/v1/policies/{name}")
        assert found.status_code == 200, name
        assert found.json()["name"] == name
    unknown = service.client.get("/v1/policies/license-0")
    assert (unknown.status_code, unknown.json()["field"]) == (404, "name")
