"""验签 over HTTP: what is answered and written down, and what is refused with field and fix."""

import base64
import json
from typing import Any

import pytest

from tests.cli.conftest import Run, run  # noqa: F401 - a fixture
from tests.service import Service

VERIFY = "/v1/signatures:verify"
MESSAGE = "同意。".encode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def signed(service: Service, issuer: str = "traffic") -> dict[str, Any]:
    """By the key that signs the licenses of this issuer."""
    license = service.world.pick(issuer)
    held = service.world.held(license.kid)
    return {
        "form": "plain", "issuer": license.issuer, "key": license.kid,
        "message": b64(MESSAGE), "signature": b64(held.key.sign(MESSAGE)),
    }  # fmt: skip


def ask(service: Service, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = service.client.post(VERIFY, json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def line(told: dict[str, Any]) -> str:
    return f"{told['result']} {told['reason']['code'] if told['reason'] else ''}".strip()


@pytest.mark.parametrize("issuer", ["traffic", "market", "university", "housing"])
def test_by_every_kind_of_key_the_issuers_have(service: Service, issuer: str) -> None:
    body = signed(service, issuer)
    told = ask(service, body)
    assert line(told) == "passed", told
    assert told["key"]["kid"] == body["key"]
    assert told["issuer"]["code"] == body["issuer"]
    other = ask(service, body | {"message": b64(b"other")})
    assert line(other) == "failed signature_invalid"
    assert other["reason"]["clerk"]["zh"]


def test_what_is_not_the_issuers(service: Service) -> None:
    body, other = signed(service), signed(service, "market")
    assert line(ask(service, body)) == "passed"
    theirs = body | {"signature": other["signature"]}
    assert line(ask(service, theirs)) == "failed signature_invalid"
    assert line(ask(service, body | {"key": other["key"]})) == "indeterminate key_unknown"
    stranger = body | {"issuer": "11630000MB0000019X"}
    assert line(ask(service, stranger)) == "indeterminate issuer_unknown"
    license = service.world.pick("market")
    assert line(ask(service, body | {"type": license.type})) == "failed key_not_for_type"


def test_a_row_is_left_and_neither_message_nor_signature(service: Service) -> None:
    body = signed(service)
    ask(service, body)
    rows = service.sql(
        "SELECT body FROM audit WHERE convert_from(body, 'UTF8') LIKE '%verify_signature%'"
    )
    told = json.loads(rows[-1]["body"])
    assert (told["issuer"], told["conclusion"]) == (body["issuer"], "passed")
    written = "".join(row["body"].decode() for row in rows)
    assert body["signature"] not in written
    assert body["message"] not in written


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({"message": None}, "message"),
    "both": ({"digest": {"algorithm": "sha256", "value": "ab" * 32}}, "message"),
    "form": ({"form": "xml"}, "form"),
    "issuer": ({"issuer": "张三"}, "issuer"),
    "key": ({"key": ""}, "key"),
    "base64": ({"signature": "*"}, "signature"),
    "message in base64": ({"message": "*"}, "message"),
    "type": ({"type": "x"}, "type"),
    "future": ({"signed_at": "2999-01-01T00:00:00Z"}, "signed_at"),
    "local time": ({"signed_at": "2026-01-01T00:00:00"}, "signed_at"),
    "short digest": (
        {"message": None, "digest": {"algorithm": "sha512", "value": "ab" * 32}}, "digest.value"),
    "weak digest": (
        {"message": None, "digest": {"algorithm": "sha1", "value": "ab" * 32}}, "digest"),
    "another digest": (
        {"message": None, "digest": {"algorithm": "sm3", "value": "ab" * 32}}, "digest.algorithm"),
    "unknown": ({"certificate": "x"}, "certificate"),
    "purpose": ({"purpose": "loan-check"}, "purpose"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_names_field_and_fix(service: Service, case: str) -> None:
    change, field = REFUSED[case]
    body = {name: value for name, value in (signed(service) | change).items() if value is not None}
    answer = service.client.post(VERIFY, json=body)
    told = answer.json()
    assert (answer.status_code in (403, 422), told["field"]) == (True, field), told
    assert told["detail"]
    assert "张三" not in answer.text


def test_the_command(service: Service, run: Run, tmp_path: Any) -> None:  # noqa: F811
    body = signed(service)
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "registration.json").write_text(json.dumps(service.issuers.registration()))
    (tmp_path / "text").write_bytes(MESSAGE)
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "value").write_bytes(base64.b64decode(body["signature"]))
    named = ("--issuer", body["issuer"], "--key", body["key"], "--form", "plain")

    def ended(file: str, *more: str) -> tuple[int, str]:
        words = ("signature", str(tmp_path / file), str(tmp_path / "value"), *named)
        done = run(*words, "--trust", str(trust), *more, ZHENGYAN_NETWORKS="127.0.0.0/8")
        return done.code, done.out + done.err

    assert ended("text")[0] == 0, ended("text")
    code, told = ended("other", "--lang", "en")
    assert code == 10
    assert "signature_invalid" in told
    assert json.loads(ended("text", "--json")[1])["result"] == "passed"
