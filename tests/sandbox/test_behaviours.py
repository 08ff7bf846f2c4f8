"""Every scripted behaviour does on the socket what its name says, and nothing else."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sandbox import jws
from sandbox.behaviours import BEHAVIOURS
from sandbox.bodies import moment
from sandbox.lies import LIES, TYP
from sandbox.serve import Servers, serve
from sandbox.wire import ACTS
from sandbox.world import World
from tests.sandbox.asker import NODE, Exchange, ask, digest_of, nodes, post, question, seal

pytestmark = pytest.mark.anyio


class Slept:
    """Virtual time: remembers how long was waited for and waits for nothing."""

    def __init__(self) -> None:
        self.times: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.times.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def slept() -> Slept:
    return Slept()


@pytest.fixture
async def servers(world: World, slept: Slept) -> AsyncIterator[Servers]:
    async with serve(world, nodes=nodes(), sleep=slept) as running:
        yield running


# ---- lies: an asker that checks everything names the first thing wrong

COMPARE = ["number", "holder", "holder_code", "dates"]


def defect(exchange: Exchange, world: World, issuer: str) -> str:
    """What a strict reader of docs/ivp.md would refuse the answer for; `none` if nothing."""
    if exchange.status != 200 or exchange.field("content-type") != "application/jose":
        return "media_type"
    try:
        parts = jws.split(exchange.body)
    except ValueError:
        return "malformed"
    now, body = time.time(), world.body(issuer)
    if parts.header.keys() != {"typ", "alg", "kid"} or parts.header["typ"] != TYP:
        return "header"
    held = next((k for k in body.keys if k.kid == parts.header["kid"]), None)
    if held is None or "answer" not in held.uses or not held.usable(moment(world.today)):
        return "key"
    if held.alg != parts.header["alg"]:
        return "scheme"
    if not held.key.verify(parts.signed, parts.signature):
        return "signature"
    said = parts.payload
    if (said.get("iss"), said.get("aud")) != (body.code, NODE):
        return "party"
    if said.get("inquiry") != digest_of(exchange.token)["value"]:
        return "question"
    return members(said, exchange) or when(said, now) or what(said) or "none"


def members(said: dict[str, Any], exchange: Exchange) -> str | None:
    asked = jws.split(exchange.token).payload
    sound = (
        type(said.get("outcome")) is int
        and said["outcome"] in range(8)
        and said.get("document") in {"match", "differs", "unknown"}
        and isinstance(said.get("facts"), dict)
        and all(type(said.get(name)) is int for name in ("iat", "as_of"))
    )
    if not sound:
        return "members"
    return None if said.get("identifier") == asked["identifier"] else "identifier"


def when(said: dict[str, Any], now: float) -> str | None:
    if abs(said["iat"] - now) > 60 or said["as_of"] - now > 60:
        return "clock"
    if now - said["as_of"] > 60 or said.get("next_update", now) < now:
        return "stale"
    return None


def what(said: dict[str, Any]) -> str | None:
    bad = said["document"] == "differs" or "mismatch" in said["facts"].values()
    if said["outcome"] == 0 and bad:
        return "contradiction"
    return None if said["outcome"] == 0 else f"outcome {said['outcome']}"


DEFECTS = {
    "wrong_key": "signature",
    "unknown_kid": "key",
    "wrong_typ": "header",
    "extra_header": "header",
    "scheme_swapped": "scheme",
    "license_key": "key",
    "retired_key": "key",
    "wrong_signature": "signature",
    "alg_none": "scheme",
    "alg_hs256": "scheme",
    "wrong_nonce": "question",
    "no_nonce": "question",
    "wrong_aud": "party",
    "wrong_iss": "party",
    "wrong_identifier": "identifier",
    "replayed": "question",
    "lie_in_force": "none",
    "lie_revoked": "outcome 3",
    "lie_not_found": "outcome 5",
    "contradicts_document": "contradiction",
    "contradicts_facts": "contradiction",
    "confirms_document": "none",
    "document_unknown": "none",
    "partial_facts": "outcome 7",
    "facts_unknown": "none",
    "outcome": "outcome 4",
    "extra_member": "none",
    "stale_as_of": "stale",
    "future_as_of": "clock",
    "stale_iat": "clock",
    "future_iat": "clock",
    "next_update": "none",
    "next_update_past": "stale",
    "outcome_text": "members",
    "outcome_true": "members",
    "outcome_nine": "members",
    "no_outcome": "members",
    "no_document": "members",
    "no_facts": "members",
    "document_word": "members",
    "times_float": "members",
    "identifier_list": "identifier",
    "duplicate_members": "malformed",
    "deep": "malformed",
    "not_a_number": "malformed",
    "malformed_payload": "malformed",
    "five_parts": "malformed",
    "trailing_newline": "malformed",
    "unsigned": "media_type",
    "unsigned_not_found": "media_type",
    "not_a_jws": "malformed",
    "malformed_json": "media_type",
    "wrong_content_type": "media_type",
    "html_login": "media_type",
}


def test_every_behaviour_is_known_here() -> None:
    assert set(DEFECTS) == set(LIES)
    assert {name for name, _, _ in ON_THE_WIRE} == set(ACTS)
    assert len(BEHAVIOURS) == 1 + len(LIES) + len(ACTS) > 80


@pytest.mark.parametrize("issuer", ["market", "traffic", "university", "housing", "data"])
@pytest.mark.parametrize("name", DEFECTS)
async def test_a_lie_is_wrong_in_the_one_way_it_is_named_for(
    world: World, servers: Servers, name: str, issuer: str
) -> None:
    subject = "traffic" if issuer == "data" else issuer
    license, server = world.pick(subject), servers[issuer]
    honest = await ask(server, question(license))
    assert defect(honest, world, issuer) == "none", "the twin must be sound"
    servers.set_behaviour(issuer, name)
    assert defect(await ask(server, question(license)), world, issuer) == DEFECTS[name]
    assert server.seen.behaviours == {"honest": 1, name: 1}


async def test_what_lies_say_is_what_they_are_named_for(world: World, servers: Servers) -> None:
    revoked, server = world.pick("market", "revoked"), servers["market"]
    own = [digest_of(world.token(revoked))]

    async def said(name: str, **args: object) -> dict[str, Any]:
        servers.set_behaviour("market", name, **args)
        exchange = await ask(server, question(revoked, documents=own))
        return json.loads(exchange.body) if exchange.body[:1] == b"{" else exchange.answer

    assert (await said("honest"))["outcome"] == 3
    assert (await said("lie_in_force"))["outcome"] == 0
    assert (await said("lie_not_found"))["outcome"] == 5
    assert (await said("outcome", code=2))["outcome"] == 2
    assert (await said("document_unknown"))["document"] == "unknown"
    assert (await said("contradicts_document"))["document"] == "differs"
    assert set((await said("contradicts_facts"))["facts"].values()) == {"mismatch"}
    assert set((await said("facts_unknown"))["facts"].values()) == {"unknown"}
    assert set((await said("partial_facts"))["facts"].values()) == {"match", "unknown"}
    assert (await said("unsigned"))["outcome"] == 3
    assert (await said("unsigned_not_found"))["outcome"] == 5
    assert (await said("next_update", seconds=5))["next_update"] <= time.time() + 6
    assert (await said("stale_as_of", seconds=300))["as_of"] <= time.time() - 299
    other = question(revoked, documents=[digest_of(b"any file")])
    servers.set_behaviour("market", "confirms_document")
    assert (await ask(server, other)).answer["document"] == "match"


async def test_a_replayed_answer_is_a_genuine_one(world: World, servers: Servers) -> None:
    license, server = world.pick("market"), servers["market"]
    first = await ask(server, question(license))
    servers.set_behaviour("market", "replayed")
    again = await ask(server, question(license))
    assert again.body == first.body
    assert again.token != first.token


# ---- acts: what comes over the wire

Shown = Callable[[Exchange, Slept], bool]
ZEROS = 1 << 20


def is_good(body: bytes) -> bool:
    try:
        return jws.split(body).header["typ"] == TYP
    except ValueError:
        return False


def ungzip(exchange: Exchange) -> bytes:
    """Nothing where no gzip was announced."""
    announced = exchange.field("content-encoding") == "gzip"
    return gzip.decompress(exchange.body) if announced else b""


def unchunk(exchange: Exchange) -> bytes:
    """Nothing where no chunks were announced."""
    body = exchange.body if exchange.field("transfer-encoding") == "chunked" else b""
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return whole


def after(exchange: Exchange, status: int) -> bytes:
    """What follows that many informational responses."""
    return exchange.raw.rpartition(f"HTTP/1.1 {status} ".encode())[2]


ON_THE_WIRE: list[tuple[str, dict[str, object], Shown]] = [
    ("delay", {"seconds": 7}, lambda x, s: is_good(x.body) and s.times == [7]),
    (
        "drip",
        {"size": 50, "interval": 2},
        lambda x, s: is_good(x.body) and len(s.times) == -(-len(x.body) // 50) and s.times[0] == 2,
    ),
    (
        "slow_headers",
        {"size": 100},
        lambda x, s: is_good(x.body) and len(s.times) == -(-len(x.raw) // 100),
    ),
    ("hang", {"seconds": 9}, lambda x, s: x.raw == b"" and s.times == [9]),
    ("reset", {"bytes": 12}, lambda x, _: x.was_reset and x.raw in {b"", b"HTTP/1.1 200"}),
    ("close", {}, lambda x, _: x.raw == b"" and not x.was_reset),
    (
        "truncate",
        {},
        lambda x, _: 0 < len(x.body) == int(x.field("content-length")) // 2 and not x.was_reset,
    ),
    ("no_length", {}, lambda x, _: is_good(x.body) and x.field("content-length") == ""),
    ("status", {"code": 502}, lambda x, _: x.status == 502),
    ("retry_later", {}, lambda x, _: x.status == 503 and x.field("retry-after") == "30"),
    ("not_found", {}, lambda x, _: x.status == 404),
    (
        "redirect",
        {"code": 307},
        lambda x, _: x.status == 307 and x.field("location").startswith("http://169.254.169.254/"),
    ),
    ("status_with_answer", {}, lambda x, _: x.status == 500 and is_good(x.body)),
    ("no_content", {}, lambda x, _: x.status == 204 and x.body == b""),
    ("empty", {}, lambda x, _: x.status == 200 and x.field("content-length") == "0"),
    ("oversized", {"bytes": ZEROS}, lambda x, _: x.body == bytes(ZEROS)),
    (
        "huge_length",
        {},
        lambda x, _: x.field("content-length") == str(1 << 60) and is_good(x.body),
    ),
    (
        "endless_chunks",
        {"bytes": ZEROS},
        lambda x, _: len(x.body) > ZEROS and not x.body.endswith(b"0\r\n\r\n"),
    ),
    (
        "header_flood",
        {"count": 300},
        lambda x, _: x.head.count("X-Filler") == 300 and is_good(x.body),
    ),
    (
        "early_hints",
        {"count": 20},
        lambda x, _: x.raw.count(b"HTTP/1.1 103 ") == 20 and b"HTTP/1.1 200 OK" in after(x, 103),
    ),
    (
        "continue_flood",
        {"count": 20},
        lambda x, _: x.raw.count(b"HTTP/1.1 100 ") == 20 and b"HTTP/1.1 200 OK" in after(x, 100),
    ),
    (
        "gzip_bomb",
        {"bytes": ZEROS},
        lambda x, _: len(x.body) < ZEROS // 100 and ungzip(x) == bytes(ZEROS),
    ),
    (
        "gzip",
        {},
        lambda x, _: is_good(ungzip(x)),
    ),
    (
        "encoding_unknown",
        {},
        lambda x, _: x.field("content-encoding") == "rot13" and is_good(x.body),
    ),
    (
        "length_and_chunked",
        {},
        lambda x, _: (
            x.field("content-length") != ""
            and x.field("transfer-encoding") == "chunked"
            and is_good(unchunk(x))
        ),
    ),
    (
        "two_lengths",
        {},
        lambda x, _: x.head.lower().count("content-length:") == 2 and is_good(x.body),
    ),
    ("bad_chunk", {}, lambda x, _: x.body.startswith(b"zz\r\n")),
    (
        "trailing_bytes",
        {},
        lambda x, _: (
            is_good(x.body[: int(x.field("content-length"))]) and x.body.endswith(b"e30.e30.AA")
        ),
    ),
    ("chunked", {}, lambda x, _: is_good(unchunk(x))),
    ("no_status_line", {}, lambda x, _: is_good(x.raw.removesuffix(b"\r\n\r\n"))),
    ("garbage", {}, lambda x, _: x.raw.startswith(b"\x16\x03") and not is_good(x.raw)),
]


@pytest.mark.parametrize("act", ON_THE_WIRE, ids=[name for name, _, _ in ON_THE_WIRE])
async def test_an_act_shows_on_the_wire(
    world: World, servers: Servers, slept: Slept, act: tuple[str, dict[str, object], Shown]
) -> None:
    name, args, shown = act
    license, server = world.pick("market"), servers["market"]
    honest = await ask(server, question(license))
    assert is_good(honest.body)
    assert not shown(honest, slept), "the honest answer must not show it"
    servers.set_behaviour("market", name, **args)
    assert shown(await ask(server, question(license)), slept)
    assert server.seen.behaviours == {"honest": 1, name: 1}


async def until(happened: Callable[[], bool]) -> None:
    """Let the loop run until it has; five seconds are a failure."""
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110 - counters have no event
            await asyncio.sleep(0.01)


async def test_the_peer_that_leaves_ends_an_endless_answer(world: World, servers: Servers) -> None:
    server = servers["market"]
    servers.set_behaviour("market", "endless_chunks")
    body = seal(question(world.pick("market")))
    reader, writer = await asyncio.open_connection(server.host, server.port)
    head = f"POST /ivp/v1 HTTP/1.1\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"Content-Type: application/jose\r\n\r\n" + body)
    await reader.readexactly(1 << 17)
    writer.transport.abort()
    await until(lambda: server.seen.bytes_sent > 0)
    assert 1 << 17 <= server.seen.bytes_sent < 1 << 26


# ---- choosing


async def test_a_rule_may_last_for_some_calls_or_one_license(
    world: World, servers: Servers
) -> None:
    first, second = world.of("market", "in_force")[:2]
    server = servers["market"]
    servers.set_behaviour("market", "lie_revoked", times=2)
    servers.set_behaviour("market", "lie_not_found", identifier=second.id)

    async def said(license: Any) -> int:
        return (await ask(server, question(license))).answer["outcome"]

    assert [await said(first), await said(second), await said(first), await said(first)] == [
        *(3, 5, 3, 0)
    ]
    server.script.clear()
    assert await said(second) == 0


async def test_a_lasting_rule_replaces_the_others(world: World, servers: Servers) -> None:
    license = world.pick("market")
    servers.set_behaviour("market", "lie_revoked", times=5)
    servers.set_behaviour("market", "honest")
    assert (await ask(servers["market"], question(license))).answer["outcome"] == 0


async def test_behaviours_are_set_over_http(world: World, servers: Servers) -> None:
    license, server = world.pick("market"), servers["market"]

    async def control(body: bytes, method: str = "POST") -> int:
        return (await post(server, body, "/_sandbox/behaviour", method)).status

    assert await control(b'{"name": "outcome", "args": {"code": 2}}') == 200
    assert (await ask(server, question(license))).answer["outcome"] == 2
    assert (await ask(servers["traffic"], question(world.pick("traffic")))).answer["outcome"] == 0
    assert await control(b"", "DELETE") == 200
    assert (await ask(server, question(license))).answer["outcome"] == 0
    for bad in (b"", b"{}", b"[]", b'{"name": "dance"}', b'{"name": "drip", "times": 0}'):
        assert await control(bad) == 400
    told = json.loads((await post(server, b"", "/_sandbox/behaviours", "GET")).body)
    assert told == dict(BEHAVIOURS)
    assert (await post(server, b"", "/_sandbox/nowhere", "GET")).status == 404


async def test_a_bad_argument_is_told_and_not_acted_on(world: World, servers: Servers) -> None:
    servers.set_behaviour("market", "delay", seconds=100_000)
    exchange = await ask(servers["market"], question(world.pick("market")))
    assert exchange.status == 500
    assert "between 0 and 120" in json.loads(exchange.body)["error"]


async def test_with_real_time_a_delay_is_a_delay_and_stopping_ends_it(world: World) -> None:
    async with serve(world, nodes=nodes()) as servers:
        servers.set_behaviour("market", "hang", seconds=100)
        asking = asyncio.create_task(ask(servers["market"], question(world.pick("market"))))
        await until(lambda: bool(servers.calls))
        assert not asking.done()
    async with asyncio.timeout(5):
        assert (await asking).raw == b""
