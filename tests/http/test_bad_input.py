"""Whatever a stranger sends: a clear problem that names field and fix, or an explained verdict.

Never a 500, never a hang, and never an echo: what was sent stands in no answer, no log, no table.
"""

import json
import logging
import random
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.domain.policies import POLICIES
from app.schemas.verification import MAX_TOKEN
from sandbox.forging import bend
from sandbox.samples import asked
from tests.service import VERIFICATIONS, Service

CANARY = "CANARY7f3a"
MIB = 1024 * 1024
RANDOM = random.Random(1).randbytes(4096)
JSON = {"Content-Type": "application/json"}
BOUNDARY = "0a1b2c3d"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture(autouse=True)
def _nothing_is_repeated(service: Service, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Every canary of every test is looked for in logs and tables."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "hypothesis"):  # these are ours, the caller's
        caplog.set_level(logging.CRITICAL, logger=name)
    yield
    assert CANARY not in caplog.text
    found = service.sql(
        "SELECT 1 FROM verification WHERE verification::text LIKE '%' || $1 || '%'", CANARY
    )
    assert not found


@pytest.fixture
def token(service: Service) -> bytes:
    return service.world.token(service.world.pick("traffic"))


@pytest.fixture(autouse=True)
def _twin(service: Service, token: bytes) -> None:
    """The same node, in the same test, answers what is in order."""
    assert service.told(token) == "valid"
    assert service.told(token=token.decode()) == "valid"


def problem(answer: httpx.Response, status: int, field: str, *words: str) -> None:
    """A problem of its own, about this field, whose detail says what to do."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["type"].startswith("/problems/")
    assert told["field"] == field, told
    assert told["title"]
    for word in words:
        assert word in told["detail"], told
    assert CANARY not in answer.text
    assert CANARY not in str(answer.headers)


def part(name: str, content: bytes, *, filename: str = "", head: str = "") -> bytes:
    named = f'; filename="{filename}"' if filename else ""
    lead = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{head}\r\n'
    return lead.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


# ---- files


def test_an_empty_file(service: Service) -> None:
    answer = service.client.post(VERIFICATIONS, files={"file": b""})
    problem(answer, 422, "file", "empty", "send the original")


@pytest.mark.parametrize(
    "content",
    [b"\0", b"e", b"%!PS\n" + CANARY.encode(), RANDOM, b"{}", b"\xef\xbb\xbfeyJ.e.e", b"PK"],
)
def test_bytes_of_no_known_kind(service: Service, content: bytes) -> None:
    before = service.asked()
    answer = service.client.post(VERIFICATIONS, files={"file": content})
    problem(answer, 415, "file", "Send the original")
    assert service.asked() == before


def test_many_files_of_random_bytes(service: Service) -> None:
    dice = random.Random(2)
    for _ in range(60):
        content = dice.randbytes(dice.randint(1, 300))
        answer = service.client.post(VERIFICATIONS, files={"file": content})
        assert answer.status_code == 415 or answer.json()["report"]["conclusion"] == "invalid"


def test_a_token_cut_off_anywhere(service: Service, token: bytes) -> None:
    before = service.asked()
    for length in range(2, len(token), 29):
        answer = service.client.post(VERIFICATIONS, files={"file": token[:length]})
        if b"." not in token[:length]:
            problem(answer, 415, "file")
            continue
        report = answer.json()["report"]
        assert report["conclusion"] == "invalid", length
        assert report["reason"]["code"] in ("malformed", "signature_invalid"), length
    assert service.asked() == before


def broken_tokens(service: Service, token: bytes) -> dict[str, tuple[bytes, str]]:
    world = service.world
    bent = bend(world, world.pick("traffic"))
    head, payload, _value = token.split(b".")
    return {
        "five parts": (token + b".e30.e30", "JWE"),
        "four parts": (token + b".e30", "parts"),
        "two parts": (head + b"." + payload, "parts"),
        "alg none": (bent.headed(alg="none").token(), "alg"),
        "duplicate keys": (
            bent.raw_header(b'{"alg":"ES256",' + b'"alg":"ES256","typ":"license+jwt"}'),
            "duplicate",
        ),
        "unknown member": (bent.claims(**{CANARY: 1}).token(), "member"),
        "unknown header": (bent.headed(**{CANARY: "x"}).token(), "header"),
        "wrong type": (bent.claims(number=5).token(), "number"),
        "no value": (head + b"." + payload + b".", ""),
        "too long": (b"eyJ9." + b"A" * 20_000, "16384"),
        "nul": (token + b"\0", ""),
        "line break": (token + b"\n", ""),
        "value of zeros": (head + b"." + payload + b"." + b"A" * 86, ""),
    }


def test_broken_tokens_are_explained_verdicts(service: Service, token: bytes) -> None:
    before = service.asked()
    for name, (content, word) in broken_tokens(service, token).items():
        answer = service.client.post(VERIFICATIONS, files={"file": content})
        assert answer.status_code == 200, name
        report = answer.json()["report"]
        reason = "signature_invalid" if name == "value of zeros" else "malformed"
        assert (report["conclusion"], report["reason"]["code"]) == ("invalid", reason), name
        (failed,) = [
            check
            for block in report["blocks"].values()
            for check in block["checks"]
            if check["outcome"] == "failed"
        ]
        assert word in failed["detail"], (name, failed)
        assert report["explanation"]["clerk"]["zh"], name
        assert CANARY not in answer.text
    assert service.asked() == before


# ---- sizes


NO_TIMES = (10**400, -(10**400), -1, -(2**53), 253402300799, 253402300800, 2**53 - 1, True, 1e308)
"""Numbers that overflow a calendar, or whoever calculates with them; and what is no number."""


@pytest.mark.parametrize("value", NO_TIMES, ids=lambda value: str(value)[:14])
@pytest.mark.parametrize("member", ["iat", "exp"])
def test_numbers_that_are_no_time_are_explained_verdicts(
    service: Service, member: str, value: object
) -> None:
    """Signed by the genuine key: the token is broken, and nothing calculates with it."""
    license = service.world.pick("traffic")
    bent = bend(service.world, license)
    assert service.told(bent.claims(**{member: value}).token()) == "invalid malformed"
    usual = {"iat": bent.payload["iat"], "exp": int(time.time()) + 600}
    assert service.told(bent.claims(**{member: usual[member]}).token()) == "valid"  # the twin


def test_a_file_of_21_mib(service: Service) -> None:
    for content in (bytes(21 * MIB), b"eyJ9." + b"A" * (21 * MIB), b"PK\3\4" + bytes(21 * MIB)):
        answer = service.client.post(VERIFICATIONS, files={"file": content})
        problem(answer, 413, "file", "20971520 bytes")


def test_a_file_of_20_mib_is_read(service: Service) -> None:
    """Not one byte too strict: the limit is that of the file, not of the form around it."""
    answer = service.client.post(VERIFICATIONS, files={"file": bytes(20 * MIB)})
    problem(answer, 415, "file")
    answer = service.client.post(VERIFICATIONS, files={"file": bytes(20 * MIB + 1)})
    problem(answer, 413, "file")


def test_a_json_body_of_64_kib_and_one_byte(service: Service, token: bytes) -> None:
    body = json.dumps({"token": token.decode()}).encode()
    for size, status in ((65536, 200), (65537, 413)):
        padded = body + b" " * (size - len(body))
        answer = service.client.post(VERIFICATIONS, content=padded, headers=JSON)
        assert answer.status_code == status
    problem(answer, 413, "body", "65536 bytes")


def test_a_token_too_long(service: Service) -> None:
    long = "eyJ9." + "A" * MAX_TOKEN
    problem(service.client.post(VERIFICATIONS, json={"token": long}), 422, "token", str(MAX_TOKEN))


# ---- kinds of bodies


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "", "json",
     "application/jsonx", "multipart/mixed; boundary=x", "text/plain; application/json"],
)  # fmt: skip
def test_a_wrong_content_type(service: Service, kind: str) -> None:
    answer = service.client.post(
        VERIFICATIONS, content=f"token={CANARY}".encode(), headers={"Content-Type": kind}
    )
    problem(answer, 415, "content-type", "multipart/form-data", "application/json")


def test_no_content_type_and_no_body(service: Service) -> None:
    problem(service.client.post(VERIFICATIONS), 415, "content-type")
    problem(service.client.post(VERIFICATIONS, content=b"", headers=JSON), 400, "body", "JSON")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "syntax"),
        (b"", "syntax"),
        (b"nul", "syntax"),
        (b"[]", "object"),
        (b'"eyJ.e.e"', "object"),
        (b"\xff\xfe{\0}\0", "UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"token":"a","token":"b"}', "duplicate"),
        (b'{"token":"' + CANARY.encode() + b'","token":"b"}', "duplicate"),
        (b'{"max_status_age":1.5,"token":"eyJ.e.e"}', "number"),
        (b'{"max_status_age":NaN,"token":"eyJ.e.e"}', ""),
        (b'{"max_status_age":1e999,"token":"eyJ.e.e"}', "number"),
        (b'{"max_status_age":' + b"9" * 5000 + b',"token":"eyJ.e.e"}', ""),
        (b'{"a":' * 30 + b"1" + b"}" * 30, "deep"),
        (b"[" * 60_000, "deep"),
        (b'{"holder":"\\ud800"}', "surrogate"),
        (b'{"holder":"\\u0000"}', "NUL"),
        (b'{"token":"' + CANARY.encode(), "syntax"),
    ],
)
def test_json_that_is_none(service: Service, body: bytes, word: str) -> None:
    answer = service.client.post(VERIFICATIONS, content=body, headers=JSON)
    problem(answer, 400, "body", word)


def test_every_field_of_every_wrong_type(service: Service) -> None:
    fields = ("token", "identifier", "number", "type", "issuer", "holder", "holder_code",
              "valid_from", "valid_until", "policy", "purpose", "at", "max_status_age", "matter")  # fmt: skip
    victim = service.world.pick("university")
    good = asked(victim)
    assert service.told(**good) == "valid"
    for field in fields:
        for value in (1, True, [], {}, [CANARY], {"a": CANARY}, -1, ""):
            if field == "max_status_age" and value == 1 and value is not True:
                continue
            answer = service.client.post(VERIFICATIONS, json={**good, field: value})
            problem(answer, 422, field)


BAD_TERMS = [
    ("at", "2026-11-01", "offset"),
    ("at", "2026-11-01T08:00:00", "offset"),
    ("at", "yesterday", "offset"),
    ("at", CANARY, "offset"),
    ("at", "2026-02-30T08:00:00+08:00", "offset"),
    ("at", "2999-01-01T00:00:00Z", "future"),
    ("at", "9999-12-31T23:59:59-14:00", "future"),
    ("at", "0001-01-01T00:00:00+14:00", "1970"),
    ("at", "1969-12-31T00:00:00Z", "1970"),
    ("at", "0000-01-01T00:00:00Z", "offset"),
    ("at", "２０２６-11-01T08:00:00Z", "offset"),
    ("max_status_age", "-1", "whole seconds"),
    ("max_status_age", "1.5", "whole seconds"),
    ("max_status_age", "9" * 40, "whole seconds"),
    ("max_status_age", "٣", "whole seconds"),
    ("max_status_age", CANARY, "whole seconds"),
    ("policy", "license-0", POLICIES and next(iter(POLICIES))),
    ("policy", CANARY, next(iter(POLICIES))),
    ("purpose", "Public Check", "code"),
    ("purpose", CANARY, "code"),
    ("purpose", "x" * 65, "code"),
    ("purpose", "bank-account", "public-check"),
    ("matter", "事项", "事项编码"),
    ("matter", f"{CANARY};--", "事项编码"),
    ("matter", "x" * 65, "事项编码"),
]


@pytest.mark.parametrize(("field", "value", "word"), BAD_TERMS)
def test_terms_that_cannot_be_met(
    service: Service, token: bytes, field: str, value: str, word: str
) -> None:
    as_form = service.client.post(VERIFICATIONS, files={"file": token}, data={field: value})
    problem(as_form, 422, field, word)
    typed: object = int(value) if value.lstrip("-").isascii() and value.isdigit() else value
    if isinstance(typed, int) and typed > 2**53:
        return
    as_json = service.client.post(VERIFICATIONS, json={"token": token.decode(), field: typed})
    problem(as_json, 422, field, word)


def test_an_unknown_field(service: Service, token: bytes) -> None:
    text = token.decode()
    answer = service.client.post(VERIFICATIONS, json={"token": text, "callback": CANARY})
    problem(answer, 422, "callback", "unknown", "leave it out")
    answer = service.client.post(VERIFICATIONS, json={"token": text, f"<b>{CANARY}": 1})
    problem(answer, 422, "body", "unknown", "leave it out")
    answer = service.client.post(VERIFICATIONS, files={"file": token}, data={CANARY: "1"})
    problem(answer, 422, "body", "unknown", "known are file, policy")


def test_text_that_is_no_token(service: Service) -> None:
    for text in ("x", CANARY, "eyJ", f"PK\x03\x04{CANARY}", "证照", "http://169.254.169.254/"):
        answer = service.client.post(VERIFICATIONS, json={"token": text})
        problem(answer, 422, "token", "JWS", "send it")


def test_an_identifier_that_is_none(service: Service) -> None:
    for text in ("1", CANARY, "1.2.156.3005.2." + CANARY, "证" * 20, "1" * 161):
        answer = service.client.post(VERIFICATIONS, json={"identifier": text, "holder": "x"})
        problem(answer, 422, "identifier")


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u200b", "\ufeff", "\U0010ffff"])
def test_marks_that_turn_text_around_are_compared_and_never_shown(
    service: Service, mark: str
) -> None:
    good = asked(service.world.pick("university"))
    answer = service.client.post(VERIFICATIONS, json={**good, "holder": f"{mark}{CANARY}"})
    report = answer.json()["report"]
    assert (report["conclusion"], report["reason"]["code"]) == ("invalid", "record_mismatch")
    assert CANARY not in answer.text
    assert mark not in answer.text


def test_control_characters(service: Service) -> None:
    good = asked(service.world.pick("university"))
    for field in ("holder", "holder_code", "number"):
        for mark in ("\x01", "\x1b[2J", "\r\n", "\x7f", "\x85"):
            answer = service.client.post(VERIFICATIONS, json={**good, field: mark + CANARY})
            problem(answer, 422, field, "control characters")


def test_facts_that_name_no_license_or_two(service: Service, token: bytes) -> None:
    post = service.client.post
    problem(post(VERIFICATIONS, json={}), 422, "body", "nothing to verify")
    problem(post(VERIFICATIONS, json={"holder": CANARY}), 422, "identifier", "names no license")
    problem(post(VERIFICATIONS, json={"number": CANARY}), 422, "type", "21 characters")
    both = {"token": token.decode(), "holder": CANARY}
    problem(post(VERIFICATIONS, json=both), 422, "token", "leave out holder")


def test_facts_full_of_odd_characters_are_asked_about(service: Service) -> None:
    """Hostile to SQL, JSON, HTML and shells, and to nobody here."""
    good = asked(service.world.pick("university"))
    for text in ("'; DROP TABLE issuer; --", '"}', "<script>alert(1)</script>", "$(id)", "%00",
                 "../../etc/passwd", "{{7*7}}", "\U0001f4a9" * 256, "ß" * 256, "=cmd|'/c calc'!A1"):  # fmt: skip
        answer = service.client.post(VERIFICATIONS, json={**good, "holder": text})
        assert answer.status_code == 200
        assert answer.json()["report"]["reason"]["code"] == "record_mismatch"
        assert text not in answer.json()["jws"]
        assert json.dumps(text)[1:-1] not in answer.text


# ---- multipart


def test_a_form_without_a_file(service: Service) -> None:
    body = part("at", b"2026-01-01T00:00:00Z") + END
    problem(service.client.post(VERIFICATIONS, content=body, headers=FORM), 422, "file", "missing")


def test_two_files(service: Service, token: bytes) -> None:
    body = part("file", token, filename="a") + part("file", token, filename="b") + END
    answer = service.client.post(VERIFICATIONS, content=body, headers=FORM)
    problem(answer, 422, "file", "one file a request")


def test_a_field_twice(service: Service, token: bytes) -> None:
    body = part("file", token) + part("matter", b"A1") + part("matter", b"A2") + END
    answer = service.client.post(VERIFICATIONS, content=body, headers=FORM)
    problem(answer, 422, "matter", "twice", "once")


def test_a_field_too_long_or_not_text(service: Service, token: bytes) -> None:
    for value, word in ((b"A" * 4097, "4096"), (b"\xff\xfe", "UTF-8")):
        body = part("file", token) + part("matter", value) + END
        answer = service.client.post(VERIFICATIONS, content=body, headers=FORM)
        problem(answer, 422, "matter", word)


def test_more_parts_than_there_are_fields(service: Service, token: bytes) -> None:
    body = part("file", token) + part("matter", b"A1") * 5000 + END
    answer = service.client.post(VERIFICATIONS, content=body, headers=FORM)
    problem(answer, 400, "body", "more than 16 parts")


def test_part_headers_without_end(service: Service, token: bytes) -> None:
    for head in (f"X-{CANARY}: " + "x" * 9000 + "\r\n", f"X-{CANARY}: y\r\n" * 900):
        body = part("file", token, head=head) + END
        answer = service.client.post(VERIFICATIONS, content=body, headers=FORM)
        problem(answer, 400, "body")


def test_a_part_that_says_twice_what_it_is(service: Service, token: bytes) -> None:
    head = 'Content-Disposition: form-data; name="matter"\r\n'
    answer = service.client.post(
        VERIFICATIONS, content=part("file", token, head=head) + END, headers=FORM
    )
    problem(answer, 400, "body", "twice")


@pytest.mark.parametrize(
    "disposition", ["form-data", "attachment; name=file", "", "form-data; filename=x", "\xff"]
)
def test_a_part_without_a_name(service: Service, token: bytes, disposition: str) -> None:
    lead = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode("latin-1")
    answer = service.client.post(VERIFICATIONS, content=lead + token + b"\r\n" + END, headers=FORM)
    problem(answer, 400, "body")


def test_a_file_name_cannot_name_the_part(service: Service, token: bytes) -> None:
    """`; name=file` inside a quoted file name is part of that name."""
    lead = f'--{BOUNDARY}\r\nContent-Disposition: form-data; filename="a; name=file"; name="matter"'
    body = lead.encode() + b"\r\n\r\n" + token + b"\r\n" + END
    answer = service.client.post(VERIFICATIONS, content=body, headers=FORM)
    problem(answer, 422, "matter")


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'b' * 71}",
     'multipart/form-data; boundary=""', "multipart/form-data; bound=x"],
)  # fmt: skip
def test_a_boundary_missing_or_too_long(service: Service, token: bytes, kind: str) -> None:
    body = part("file", token) + END
    answer = service.client.post(VERIFICATIONS, content=body, headers={"Content-Type": kind})
    problem(answer, 400, "content-type", "boundary of 1 to 70")


def test_the_longest_boundary_is_read(service: Service, token: bytes) -> None:
    longest = "b" * 70
    body = (part("file", token) + END).replace(BOUNDARY.encode(), longest.encode())
    for spelled in (longest, f'"{longest}"'):
        kind = f"multipart/form-data; boundary={spelled}"
        answer = service.client.post(VERIFICATIONS, content=body, headers={"Content-Type": kind})
        assert answer.json()["report"]["conclusion"] == "valid"


def test_a_form_cut_off_anywhere(service: Service, token: bytes) -> None:
    whole = part("file", token) + END
    for length in range(0, len(whole) - 4, 61):
        answer = service.client.post(VERIFICATIONS, content=whole[:length], headers=FORM)
        problem(answer, 400, "body")


def test_a_body_under_another_boundary(service: Service, token: bytes) -> None:
    body = (part("file", token) + END).replace(BOUNDARY.encode(), b"other")
    problem(service.client.post(VERIFICATIONS, content=body, headers=FORM), 400, "body")


def test_a_thousand_almost_boundaries_cost_nothing(service: Service) -> None:
    content = f"\r\n--{BOUNDARY[:-1]}".encode() * 200_000
    started = time.process_time()
    answer = service.client.post(VERIFICATIONS, content=part("file", content) + END, headers=FORM)
    problem(answer, 415, "file")
    assert time.process_time() - started < 10  # a hundred times what it takes


# ---- below HTTP's own words


def raw(service: Service, request: bytes, *, patience: float = 10, close: bool = False) -> bytes:
    """Send bytes and read until the server has said all it wants to."""
    host, _, port = service.url.removeprefix("http://").partition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=patience) as line:
        line.sendall(request)
        if close:
            line.shutdown(socket.SHUT_WR)
        try:
            while chunk := line.recv(65536):
                received += chunk
                head, _, body = received.partition(b"\r\n\r\n")
                told = [h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length")]
                if told and len(body) >= int(told[0].split(b":")[1]):
                    break
        except (TimeoutError, ConnectionError):
            pass
    return received


def head(*lines: str) -> bytes:
    always = (f"POST {VERIFICATIONS} HTTP/1.1", "Host: node", *lines)
    return "\r\n".join(always).encode() + b"\r\n\r\n"


def read(answer: bytes) -> tuple[int, dict[str, Any]]:
    top, _, body = answer.partition(b"\r\n\r\n")
    return int(top.split(b" ")[1]), json.loads(body)


def test_a_body_that_stops_coming(service: Service) -> None:
    """One deadline for the whole; the setting of this node is 2 s."""
    started = time.monotonic()
    stuck = head("Content-Type: application/json", "Content-Length: 500") + b'{"token":"'
    status, told = read(raw(service, stuck))
    assert (status, told["field"], told["type"]) == (408, "body", "/problems/timeout")
    assert "send it again" in told["detail"]
    assert 1.5 < time.monotonic() - started < 8


def test_slow_senders_keep_nobody_waiting(service: Service, token: bytes) -> None:
    host, _, port = service.url.removeprefix("http://").partition(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    try:
        for line in slow:
            line.sendall(head("Content-Type: application/json", "Content-Length: 500") + b"{")
        assert service.told(token) == "valid"
    finally:
        for line in slow:
            line.close()


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (("Content-Length: -1",), b""),
        (("Content-Length: 5", "Content-Length: 6"), b"{}   "),
        (("Content-Length: 2", "Transfer-Encoding: chunked"), b"2\r\n{}\r\n0\r\n\r\n"),
        (("Content-Length: 0x10",), b"{}"),
        (("Transfer-Encoding: chunked",), b"zz\r\n{}\r\n0\r\n\r\n"),
        (("Content-Length: " + "9" * 30,), b"{}"),
    ],
)
def test_a_length_that_lies(service: Service, lines: tuple[str, ...], body: bytes) -> None:
    """A 4xx or a closed line, and never an answer to what followed."""
    request = head("Content-Type: application/json", *lines) + body
    answer = raw(service, request, patience=4)
    assert not answer or answer.split(b" ")[1].startswith(b"4"), answer
    assert answer.count(b"HTTP/1.1 ") <= 1


def test_an_announced_size_is_believed_when_it_is_too_large(service: Service) -> None:
    """Refused before a byte of it came."""
    announced = head("Content-Type: application/json", "Content-Length: 99999999999")
    status, told = read(raw(service, announced))
    assert (status, told["field"]) == (413, "body")
    form = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"
    status, told = read(raw(service, head(form, "Content-Length: 30000000")))
    assert (status, told["field"]) == (413, "file")


def test_chunks_without_end(service: Service) -> None:
    chunk = b"8000\r\n" + bytes(0x8000) + b"\r\n"
    request = head("Content-Type: application/json", "Transfer-Encoding: chunked") + chunk * 3
    status, told = read(raw(service, request))
    assert (status, told["field"]) == (413, "body")


def test_a_caller_who_leaves_in_the_middle(service: Service, token: bytes) -> None:
    half = head("Content-Type: application/json", "Content-Length: 500") + b'{"token":'
    raw(service, half, close=True)
    assert service.told(token) == "valid"


# ---- paths, methods and ids


def test_paths_and_methods_that_are_none(service: Service) -> None:
    for path in (f"/{CANARY}", "/v1", "/v1/verifications/", "//v1/verifications", "/static/../app"):
        answer = service.client.get(path)
        assert answer.status_code in (404, 405), path
        assert CANARY not in answer.text
    answer = service.client.get(VERIFICATIONS)
    assert (answer.status_code, answer.json()["type"]) == (405, "/problems/http-405")


@pytest.mark.parametrize(
    "id",
    ["x", CANARY, "a" * 22, "a" * 5000, "%00", "..%2f", "%ff", "证" * 22, "' OR 1=1", "%F0%9F"],
)
def test_an_id_that_opens_nothing(service: Service, id: str) -> None:
    answer = service.client.get(f"{VERIFICATIONS}/{id}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert CANARY not in answer.text
