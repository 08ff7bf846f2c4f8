"""Adapter `mapped` over sockets: what is sent, what is made of the answer, and what never is."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx
import pytest

from app.domain.identifier import IssuerCode
from app.domain.issuer import (
    Answered,
    Code,
    Match,
    NotAsked,
    Relaying,
    Silence,
    State,
    Unasked,
    Unreachable,
)
from app.domain.license import Claims, Fact
from app.federation.gateway import HttpIssuers
from tests.federation.hostile import IDENTIFIER, ScriptedResolver
from tests.federation.mapped.server import (
    CLAIMS,
    GOOD,
    JsonServer,
    Kept,
    gateway,
    ok,
    question,
    saying,
)
from tests.federation.test_gateway import Authority

pytestmark = pytest.mark.anyio
TRUST = httpx.create_ssl_context(trust_env=False)


@pytest.fixture
async def server() -> AsyncIterator[JsonServer]:
    async with JsonServer(lambda sent: ok(GOOD)) as running:
        yield running


@pytest.fixture
async def issuers() -> AsyncIterator[HttpIssuers]:
    asking = gateway(trust=TRUST)
    yield asking
    await asking.aclose()


def assert_good(answer: object) -> None:
    assert isinstance(answer, Answered), answer
    assert (answer.code, answer.document, answer.state) == (
        Code.IN_FORCE, Match.MATCH, State.ISSUED,
    )  # fmt: skip
    assert answer.matching == {Fact.NUMBER, Fact.HOLDER}


async def test_a_good_answer_is_read_whole_and_is_nobodys_word(
    server: JsonServer, issuers: HttpIssuers
):
    answer = await issuers.ask(question(server.endpoint()))
    assert_good(answer)
    assert isinstance(answer, Answered)
    assert (answer.since, answer.until) == (date(2024, 1, 1), date(2030, 12, 31))
    assert not answer.signed
    assert not answer.authoritative
    assert answer.token == answer.original == ""
    assert not answer.authenticated  # plain http on loopback: the channel proves nothing
    assert abs((datetime.now(UTC) - answer.as_of).total_seconds()) < 5


async def test_what_is_sent(server: JsonServer, issuers: HttpIssuers):
    assert_good(await issuers.ask(question(server.endpoint())))
    (sent,) = server.sent
    assert (sent.method, sent.target) == ("POST", "/api/check")
    assert sent.json == {"certNo": "N-1", "name": "马·某", "digest": "ab" * 32}
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["accept"] == "application/json"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.headers["host"] == f"127.0.0.1:{server.port}"
    assert not {"cookie", "authorization"} & sent.headers.keys()


async def test_variables_in_path_query_headers_and_form(server: JsonServer, issuers: HttpIssuers):
    described = server.described(
        url=f"http://127.0.0.1:{server.port}/api/{{type}}/{{number}}/check",
        method="POST",
        query={"no": "{number}", "v": "{version}", "at": "{now_ms}", "file": "{sha256?}"},
        headers={"X-Token": "Bearer {secret:token}", "X-Nonce": "{nonce}"},
        body=None,
        form={"xm": "{holder}", "zh": "{number}&{{x}}", "key": "{secret:pass}"},
        answer={"outcome": "code", "outcomes": {"200": 0}},
    )
    hostile = "../N 1+2?a=b&c=d;e/%2e%2e#马{number}"
    asked = question(
        server.endpoint(described),
        claims=replace(CLAIMS, number=hostile, holder="马&=某 x"),
    )
    answer = await issuers.ask(asked)
    assert isinstance(answer, Answered), answer
    (sent,) = server.sent
    path, _, query = sent.target.partition("?")
    assert [unquote(segment) for segment in path.split("/")[1:]] == [
        *("api", IDENTIFIER.type, hostile, "check"),
    ]
    found = parse_qs(query, strict_parsing=True)
    assert (found["no"], found["v"], found.keys()) == ([hostile], ["001"], {"at", "no", "v"})
    assert sent.headers["x-token"] == "Bearer s3cret-value"
    assert len(sent.headers["x-nonce"]) == 32
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(sent.body.decode(), strict_parsing=True) == {
        "xm": ["马&=某 x"],
        "zh": [hostile + "&{x}"],
        "key": ["geheim"],
    }


@pytest.mark.parametrize(
    "number", [".", "..", "/", "\\", "%2e%2e", "a/../b", "@evil.example", ":80"]
)
async def test_a_value_never_leaves_its_segment(
    server: JsonServer, issuers: HttpIssuers, number: str
):
    described = server.described(
        url=f"http://127.0.0.1:{server.port}/api/{{number}}/check", body=None, method="GET",
        answer={"outcome": "code", "outcomes": {"200": 0}},
    )  # fmt: skip
    asked = question(server.endpoint(described), claims=replace(CLAIMS, number=number))
    answer = await issuers.ask(asked)
    if number in {".", ".."}:
        assert answer == NotAsked(Unasked.NO_QUESTION)
        assert server.sent == []
        return
    assert isinstance(answer, Answered), answer
    (sent,) = server.sent
    assert sent.target.startswith("/api/")
    assert sent.target.endswith("/check")
    assert sent.target.count("/") == 3


async def test_what_is_not_known_is_left_out_or_not_asked(server: JsonServer, issuers: HttpIssuers):
    alone = question(
        server.endpoint(), claims=Claims(identifier=IDENTIFIER, number="N-1"), digests={}
    )
    answer = await issuers.ask(replace(alone, compare=frozenset({Fact.NUMBER})))
    assert isinstance(answer, Answered)
    assert server.sent[0].json == {"certNo": "N-1"}
    assert answer.document is Match.UNKNOWN  # no file was shown: what it says of one is nothing
    nothing = await issuers.ask(replace(alone, claims=Claims(identifier=IDENTIFIER)))
    assert nothing == NotAsked(Unasked.NO_QUESTION)
    assert len(server.sent) == 1


async def test_only_what_is_compared_is_sent(server: JsonServer, issuers: HttpIssuers):
    asked = question(server.endpoint(), compare=frozenset({Fact.NUMBER}))
    await issuers.ask(asked)
    assert "马" not in server.sent[0].body.decode()
    assert "name" not in server.sent[0].json


async def test_facts_go_over_no_open_line():
    """http beyond this machine, in an opened network: nothing is sent at all."""
    async with JsonServer(lambda sent: ok(GOOD)) as server:
        issuers = gateway(trust=TRUST)
        described = server.described(url=f"http://localhost:{server.port}/api/check")
        where = server.endpoint(described)
        answer = await issuers.ask(question(where))
        assert isinstance(answer, Unreachable)
        assert answer.why is Silence.PRIVATE_FACTS
        assert server.connections == 0
        without = await issuers.ask(question(where, compare=frozenset({Fact.NUMBER})))
        assert isinstance(without, Answered), without
        await issuers.aclose()


async def test_a_relay_sends_no_facts(server: JsonServer, issuers: HttpIssuers):
    relaying = Relaying(
        asked=b"x", asker="node-a", via=("node-a",), until=datetime.now(UTC) + timedelta(seconds=9)
    )
    await issuers.ask(question(server.endpoint(), relaying=relaying))
    assert server.sent[0].json == {"certNo": "N-1", "digest": "ab" * 32}


# ---- secrets


async def test_a_secret_that_is_not_there_stops_the_question(
    server: JsonServer, caplog: pytest.LogCaptureFixture
):
    described = server.described(headers={"X-Token": "{secret:token}"})
    caplog.set_level(logging.DEBUG)
    missing = gateway(Kept(values=()), trust=TRUST)
    answer = await missing.ask(question(server.endpoint(described)))
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.CONNECTION
    assert server.connections == 0
    await missing.aclose()
    there = gateway(trust=TRUST)
    assert_good(await there.ask(question(server.endpoint(described))))
    await there.aclose()
    assert "s3cret-value" not in caplog.text
    assert "马·某" not in caplog.text


async def test_another_bodys_secret_is_not_had(server: JsonServer):
    """A description for one body names a secret of another: it has none of that name."""
    described = server.described(headers={"X-Token": "{secret:token}"})
    asking = gateway(Kept(owner="639900"), trust=TRUST)
    where = server.endpoint(described)
    assert isinstance(await asking.ask(question(where)), Unreachable)
    own = replace(where, issuer=IssuerCode("639900"))
    assert_good(await asking.ask(question(own)))
    await asking.aclose()
    assert server.connections == 1


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "\x00", "密", " a", "a "])
async def test_a_secret_that_would_be_another_header(server: JsonServer, value: str):
    described = server.described(headers={"X-Token": "{secret:token}"})
    asking = gateway(Kept(values=(("token", value),)), trust=TRUST)
    answer = await asking.ask(question(server.endpoint(described)))
    await asking.aclose()
    assert isinstance(answer, Unreachable)
    assert server.connections == 0


def test_nothing_of_a_secret_shows_when_printed(server_description: dict[str, Any]):
    from app.formats.mapped.description import read_description

    shown = repr(read_description(server_description))
    assert "Bearer" not in shown


@pytest.fixture
def server_description() -> dict[str, Any]:
    described = JsonServer(port=1).described(headers={"Authorization": "Bearer {secret:token}"})
    return json.loads(json.dumps(described))  # type: ignore[no-any-return]


# ---- answers


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (saying(status=2, state="暂扣"), Code.SUSPENDED),
        (saying(status=3, state="吊销"), Code.ENDED),
        (saying(status=-1, certNo=None), Code.NO_RECORD),
        (saying(status="-1", certNo=""), Code.NO_RECORD),
        (saying(status=9), Code.DIFFERS),
        (saying(status=" 1 "), Code.IN_FORCE),
    ],
)
async def test_codes_are_ours(
    server: JsonServer, issuers: HttpIssuers, body: dict[str, Any], code: Code
):
    server.respond = lambda sent: ok(body)
    answer = await issuers.ask(question(server.endpoint()))
    assert isinstance(answer, Answered), answer
    assert answer.code is code
    assert not answer.signed


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        ({"name": "另一人"}, {Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.DIFFERS}),
        ({"name": None}, {Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.UNKNOWN}),
        ({"name": ""}, {Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.UNKNOWN}),
        ({"name": ["马·某"]}, {Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.UNKNOWN}),
        ({"name": "马 • 某"}, {Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.MATCH}),
        ({"name": True}, {Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.DIFFERS}),
    ],
)
async def test_facts_are_compared_here(
    server: JsonServer, issuers: HttpIssuers, data: dict[str, Any], facts: dict[Fact, Match]
):
    server.respond = lambda sent: ok(saying(**data))
    answer = await issuers.ask(question(server.endpoint()))
    assert isinstance(answer, Answered)
    assert answer.facts == facts
    assert answer.contradicts is (Match.DIFFERS in facts.values())


@pytest.mark.parametrize("said", [1, "true", "match", None, [], {}, 0, "false"])
async def test_only_true_is_a_match_and_only_false_differs(
    server: JsonServer, issuers: HttpIssuers, said: object
):
    rules = {**server.described()["answer"], "facts": {"holder": {"same": "data.same"}}}
    where = server.endpoint(server.described(answer=rules))
    for value, match in ((True, Match.MATCH), (False, Match.DIFFERS), (said, Match.UNKNOWN)):
        server.respond = lambda sent, value=value: ok(saying(same=value, fileOk=value))
        answer = await issuers.ask(question(where, compare=frozenset({Fact.HOLDER})))
        assert isinstance(answer, Answered)
        assert (answer.facts[Fact.HOLDER], answer.document) == (match, match)


BAD: dict[str, tuple[object, Silence, str]] = {
    "not ok": ({**GOOD, "code": "500"}, Silence.STATUS, "not ok"),
    "ok is absent": ({"data": GOOD["data"]}, Silence.STATUS, "not ok"),
    "ok is a number": ({**GOOD, "code": 200}, Silence.STATUS, "not ok"),
    "an unknown word": (saying(status=77), Silence.MALFORMED, "outcome"),
    "no word": (saying(status=None), Silence.MALFORMED, "outcome"),
    "a word that is true": (saying(status=True), Silence.MALFORMED, "outcome"),
    "a word with a fraction": (saying(status=1.0), Silence.MALFORMED, "outcome"),
    "a list of words": (saying(status=[1]), Silence.MALFORMED, "outcome"),
    "no data": ({"code": "200"}, Silence.MALFORMED, "outcome"),
    "another license": (saying(certNo="N-2"), Silence.WRONG_QUESTION, "number"),
    "of no license": (saying(certNo=None), Silence.WRONG_QUESTION, "not echoed"),
    "denied for another": (saying(status=-1, certNo="N-2"), Silence.WRONG_QUESTION, "number"),
    "in force and revoked": (saying(state="吊销"), Silence.MALFORMED, "contradicts"),
    "an unknown state": (saying(state="大概"), Silence.MALFORMED, "state"),
    "no date": (saying(since="soon"), Silence.MALFORMED, "not a date"),
    "an impossible date": (saying(until="2024-13-01"), Silence.MALFORMED, "not a date"),
    "no time": (saying(at="soon"), Silence.MALFORMED, "not a time"),
    "tomorrow's data": (saying(at="2999-01-01 00:00:00"), Silence.CLOCK, "future"),
    "a list": ([GOOD], Silence.MALFORMED, "not an object"),
    "no JSON": (b"<html>", Silence.MALFORMED, "JSON"),
    "two words": (b'{"code":"200","data":{"status":1,"status":3}}', Silence.MALFORMED, "duplicate"),
    "not a number": (b'{"code":"200","x":NaN}', Silence.MALFORMED, "NaN"),
    "deep": (b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}", Silence.MALFORMED, "deeper"),
    "empty": (b"", Silence.MALFORMED, "JSON"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_answer_is_none(server: JsonServer, issuers: HttpIssuers, name: str):
    where, (body, why, detail) = server.endpoint(), BAD[name]
    assert_good(await issuers.ask(question(where)))
    server.respond = lambda sent: ok(body)
    answer = await issuers.ask(question(where))
    assert isinstance(answer, Unreachable), answer
    assert answer.why is why, answer
    assert detail in answer.detail, answer
    server.respond = lambda sent: ok(GOOD)
    assert_good(await issuers.ask(question(where)))
    assert server.connections == 2  # after an anomaly never the same connection


def raw(head: str, body: bytes = b"") -> bytes:
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


WIRE: dict[str, tuple[bytes, Silence]] = {
    "404": (raw("HTTP/1.1 404 X\nContent-Length: 2\nContent-Type: application/json", b"{}"), Silence.STATUS),
    "500": (raw("HTTP/1.1 500 X\nContent-Length: 2\nContent-Type: application/json", b"{}"), Silence.STATUS),
    "302": (raw("HTTP/1.1 302 X\nLocation: http://169.254.169.254/\nContent-Length: 0"), Silence.STATUS),
    "307": (raw("HTTP/1.1 307 X\nLocation: /api/check\nContent-Length: 0"), Silence.STATUS),
    "login page": (ok(b"<html>", "text/html"), Silence.MEDIA_TYPE),
    "a token": (ok(b"a.b.c", "application/jose"), Silence.MEDIA_TYPE),
    "another charset": (ok(GOOD, "application/json;charset=gbk"), Silence.MEDIA_TYPE),
    "compressed": (
        raw("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip\nContent-Length: 2", b"{}"),
        Silence.ENCODING,
    ),
    "announced large": (
        raw("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 99999999", b"{}"),
        Silence.OVERSIZED,
    ),
    "large": (ok(b'{"x":"' + b"a" * 70_000 + b'"}'), Silence.OVERSIZED),
    "two lengths": (
        raw("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 2\nContent-Length: 3", b"{}"),
        Silence.MALFORMED,
    ),
    "cut off": (raw("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 50", b"{}"), Silence.TIMEOUT),
    "silence": (b"", Silence.TIMEOUT),
}  # fmt: skip


@pytest.mark.parametrize("name", WIRE)
async def test_the_rules_of_the_wire_are_those_of_ivp(
    server: JsonServer, issuers: HttpIssuers, name: str
):
    where, (response, why) = server.endpoint(), WIRE[name]
    assert_good(await issuers.ask(question(where)))
    server.respond = lambda sent: response
    short = replace(where, deadline=timedelta(seconds=0.3)) if why is Silence.TIMEOUT else where
    begun = asyncio.get_running_loop().time()
    answer = await issuers.ask(question(short))
    assert asyncio.get_running_loop().time() - begun < 1.5
    assert isinstance(answer, Unreachable), answer
    assert answer.why is why, answer
    server.respond = lambda sent: ok(GOOD)
    assert_good(await issuers.ask(question(where)))


async def test_a_description_that_no_longer_reads_is_an_outage_of_ours(
    server: JsonServer, issuers: HttpIssuers
):
    where = server.endpoint()
    for text in ("{}", "[]", '{"url": "https://a.example/", "answer": {}}'):
        answer = await issuers.ask(question(replace(where, description=text)))
        assert isinstance(answer, Unreachable)
        assert "description" in answer.detail
    assert server.connections == 0
    assert_good(await issuers.ask(question(where)))


async def test_the_memory_tells_endpoints_apart_by_what_they_are_told(server: JsonServer):
    from app.federation.resilience import key_of

    one = server.endpoint()
    other = server.endpoint(server.described(query={"x": "1"}))
    assert one.url == other.url
    assert key_of(question(one), b"k") != key_of(question(other), b"k")
    assert key_of(question(one), b"k") == key_of(question(server.endpoint()), b"k")


async def test_over_tls_the_channel_counts_and_the_word_stays_unsigned(tmp_path: Path):
    """Only then an unsigned `in force` may count at all (ADR 0008); a wrong server is none."""
    authority, other = Authority.new(), Authority.new()
    for server_side, good in ((authority, True), (other, False)):
        context = server_side.server(tmp_path, "issuer.example")
        async with JsonServer(lambda sent: ok(GOOD), tls=context) as server:
            described = server.described(url=f"https://issuer.example:{server.port}/api/check")
            asking = gateway(
                trust=authority.trusted, resolver=lambda: ScriptedResolver(("127.0.0.1",))
            )
            answer = await asking.ask(question(server.endpoint(described)))
            await asking.aclose()
            if good:
                assert_good(answer)
                assert isinstance(answer, Answered)
                assert (answer.authenticated, answer.signed) == (True, False)
                assert server.sent[0].json["name"] == "马·某"  # inside TLS
            else:
                assert isinstance(answer, Unreachable)
                assert answer.why is Silence.CONNECTION
                assert server.sent == []


async def test_attack_a_word_about_today_is_none_about_a_day_gone_by(
    server: JsonServer, issuers: HttpIssuers
):
    """No description can say which day is asked about, so what comes back is about today."""
    for at in (datetime(1999, 1, 1, tzinfo=UTC), datetime.now(UTC) - timedelta(days=1)):
        answer = await issuers.ask(question(server.endpoint(), at=at))
        assert answer == NotAsked(Unasked.NO_QUESTION)
    assert server.sent == []
    assert_good(await issuers.ask(question(server.endpoint())))
