"""Both bodies, made up: whatever comes, it is answered with 200 or a problem, and never a 5xx."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.schemas.verification import VerificationIn
from sandbox.samples import asked
from tests.service import VERIFICATIONS, Service

FIELDS = tuple(VerificationIn.model_fields)
SOME = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ALLOWED = {200, 400, 408, 413, 415, 422}

text = st.text(st.characters(codec="utf-8"), max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
moments = st.datetimes().map(lambda at: at.isoformat() + "+08:00") | st.dates().map(str)
likely = st.sampled_from(
    ["public-check", "license-1.token", "record-1", "长期", "63", "11100000MB03271699001", "eyJ9.e30.AA",
     "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B", 0, 60, "0", None]
)  # fmt: skip
bodies = st.dictionaries(st.sampled_from(FIELDS) | text, json_values | likely | moments, max_size=8)


def check(service: Service, answer: Any) -> None:
    assert answer.status_code in ALLOWED, (answer.status_code, answer.text)
    if answer.status_code == 200:
        assert answer.json()["report"]["conclusion"] in ("valid", "invalid", "indeterminate")
    else:
        told = answer.json()
        assert told["type"].startswith("/problems/")
        assert told["field"]
        assert told["detail"]


@SOME
@given(bodies)
def test_json_made_up(service: Service, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    content = json.dumps(body, ensure_ascii=False).encode()
    check(service, service.client.post(VERIFICATIONS, content=content, headers=headers))


@SOME
@given(st.sampled_from(FIELDS), json_values | likely | moments | text)
def test_one_field_of_a_good_request_made_up(service: Service, field: str, value: Any) -> None:
    good = asked(service.world.pick("university"))
    content = json.dumps({**good, field: value}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    check(service, service.client.post(VERIFICATIONS, content=content, headers=headers))


names = st.sampled_from(["file", "at", "policy", "purpose", "max_status_age", "matter"]) | text
parts = st.lists(st.tuples(names, st.binary(max_size=60) | text.map(str.encode)), max_size=4)


@SOME
@given(parts, st.booleans())
def test_forms_made_up(service: Service, parts: list[tuple[str, bytes]], with_token: bool) -> None:
    token = service.world.token(service.world.pick("traffic"))
    told = [("file", token), *parts] if with_token else parts
    body = b"".join(
        b'--xYz\r\nContent-Disposition: form-data; name="'
        + name.encode().replace(b'"', b"%22").replace(b"\r", b"").replace(b"\n", b"")
        + b'"\r\n\r\n' + content + b"\r\n"
        for name, content in told
    )  # fmt: skip
    headers = {"Content-Type": "multipart/form-data; boundary=xYz"}
    answer = service.client.post(VERIFICATIONS, content=body + b"--xYz--\r\n", headers=headers)
    check(service, answer)


@SOME
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            "application/json",
            "multipart/form-data; boundary=b",
            'multipart/form-data; boundary="--"',
        ]
    ),
)
def test_bodies_of_any_bytes(service: Service, content: bytes, kind: str) -> None:
    headers = {"Content-Type": kind}
    check(service, service.client.post(VERIFICATIONS, content=content, headers=headers))


@SOME
@given(st.data())
def test_a_good_form_with_some_bytes_changed(service: Service, data: st.DataObject) -> None:
    token = service.world.token(service.world.pick("traffic"))
    body = bytearray(
        b'--xYz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
        b"Content-Type: application/jose\r\n\r\n" + token + b"\r\n--xYz--\r\n"
    )
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    headers = {"Content-Type": "multipart/form-data; boundary=xYz"}
    answer = service.client.post(VERIFICATIONS, content=bytes(body), headers=headers)
    check(service, answer)
