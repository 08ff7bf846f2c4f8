"""An honest issuer: what it accepts, what it answers, what it counts."""

import asyncio
import hashlib
import json
import time
import urllib.request
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox import jws
from sandbox.bodies import moment
from sandbox.documents import Hands
from sandbox.jwe import derive
from sandbox.keys import EcPublic, b64, public_from_jwk
from sandbox.licenses import Outcome, State, status_at
from sandbox.lies import TYP
from sandbox.serve import Servers, serve, serve_in_thread
from sandbox.world import World
from tests.sandbox.asker import NODE, SECRET, ask, digest_of, nodes, post, question, seal

pytestmark = pytest.mark.anyio


@pytest.fixture
async def servers(world: World) -> AsyncIterator[Servers]:
    async with serve(world, nodes=nodes()) as running:
        yield running


@pytest.mark.parametrize("issuer", ["market", "traffic", "university", "housing"])
async def test_a_good_question_gets_a_signed_answer(
    world: World, servers: Servers, issuer: str
) -> None:
    license, server = world.pick(issuer), servers[issuer]
    exchange = await ask(server, question(license, documents=[digest_of(world.token(license))]))
    parts = jws.split(exchange.body)
    held = server.office.body.signing("answer", moment(world.today))
    assert exchange.field("content-type") == "application/jose"
    assert parts.header == {"typ": TYP, "alg": held.alg, "kid": held.kid}
    assert held.key.verify(parts.signed, parts.signature)
    answer = parts.payload
    assert answer["inquiry"] == digest_of(exchange.token)["value"]
    assert (answer["iss"], answer["aud"]) == (license.issuer, NODE)
    assert (answer["outcome"], answer["state"], answer["document"]) == (0, "issued", "match")
    assert set(answer["facts"].values()) == {"match"}
    assert abs(answer["as_of"] - time.time()) < 5
    assert answer["identifier"] == license.id


@pytest.mark.parametrize(
    ("party", "outcome", "days"),
    [("bank", 0, None), ("frozen", 2, -200), ("ended", 3, -7), ("stranger", 5, None)],
)
async def test_who_keeps_a_register_of_seals_answers_about_them(
    world: World, servers: Servers, party: str, outcome: int, days: int | None
) -> None:
    """By the number of the seal; who keeps none says that it cannot tell (docs/ivp.md, `seal`)."""
    asked = {"seal": Hands(world).holders[party].code, "compare": []}
    answer = (await ask(servers["data"], of_seal(servers, "data", asked))).answer
    since = None if days is None else (world.today + timedelta(days=days)).isoformat()
    assert (answer["outcome"], answer.get("since")) == (outcome, since)
    assert (answer["facts"], answer["document"]) == ({}, "unknown")
    assert "identifier" not in answer
    other = (await ask(servers["market"], of_seal(servers, "market", asked))).answer
    assert other["outcome"] == Outcome.INSUFFICIENT


async def test_a_seal_that_ended_later_was_in_use_before(world: World, servers: Servers) -> None:
    before = int(moment(world.today - timedelta(days=9)).timestamp())
    asked = {"seal": Hands(world).holders["ended"].code, "compare": [], "at": before}
    assert (await ask(servers["data"], of_seal(servers, "data", asked))).answer["outcome"] == 0


def of_seal(servers: Servers, issuer: str, asked: dict[str, Any]) -> dict[str, Any]:
    made = question(servers.world.pick("market"))
    named = {"identifier", "facts", "documents"}
    kept = {name: value for name, value in made.items() if name not in named}
    return {**kept, "aud": servers.world.body(issuer).code, **asked}


async def test_every_license_is_answered_by_its_state(world: World, servers: Servers) -> None:
    for license in world.licenses[::7]:
        answer = (await ask(servers[license.issuer], question(license))).answer
        status = status_at(license, moment(world.today))
        assert answer["outcome"] == int(status.outcome), license.scenario
        assert answer["state"] == status.state.value
        assert answer.get("successor") == status.successor


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("aud", {"aud": "11639921MB9907071W"}, "not_for_this_issuer"),
    ("iat", {"iat": None}, "members_malformed"),
    ("long", {"exp": int(time.time()) + 4000}, "life_too_long"),
    ("past", {"iat": int(time.time()) - 900, "exp": int(time.time()) - 880}, "out_of_time"),
    ("future", {"iat": int(time.time()) + 86_400, "exp": int(time.time()) + 86_430}, "out_of_time"),
    ("jti", {"jti": None}, "members_malformed"),
    ("nothing", {"identifier": None}, "members_malformed"),
    ("number only", {"identifier": None, "number": "1"}, "members_malformed"),
    ("compare", {"compare": None}, "members_malformed"),
    ("purpose", {"purpose": None}, "members_malformed"),
    ("via", {"via": None}, "members_malformed"),
    ("hops", {"via": ["a", "b", "c", "d"]}, "members_malformed"),
    ("node", {"iss": "somebody-else"}, "node_unknown"),
]


MALFORMED: list[dict[str, Any]] = [
    {"at": 1 << 70},
    {"at": -1},
    {"at": 1.5},
    {"iat": True},
    {"compare": "holder"},
    {"facts": []},
    {"documents": {}},
    {"identifier": 7},
    {"via": NODE},
]


@pytest.mark.parametrize("members", MALFORMED, ids=str)
async def test_members_of_the_wrong_kind_are_refused(
    world: World, servers: Servers, members: dict[str, Any]
) -> None:
    license = world.pick("market")
    assert (await ask(servers["market"], question(license))).status == 200
    exchange = await ask(servers["market"], question(license, **members))
    assert json.loads(exchange.body) == {"error": "members_malformed"}


@pytest.mark.parametrize(("name", "members", "word"), REFUSALS, ids=[r[0] for r in REFUSALS])
async def test_a_bad_question_is_refused_and_not_counted(
    world: World, servers: Servers, name: str, members: dict[str, Any], word: str
) -> None:
    license, server = world.pick("market"), servers["market"]
    assert (await ask(server, question(license))).status == 200
    exchange = await ask(server, question(license, **members))
    assert exchange.status in {400, 401, 403}
    assert json.loads(exchange.body) == {"error": word}
    assert server.seen.refused == {word: 1}
    assert servers.calls == {license.id: 1}
    assert servers.requests == 2


async def test_signature_of_the_question_is_checked(world: World, servers: Servers) -> None:
    server, license = servers["market"], world.pick("market")
    good = seal(question(license))
    assert (await post(server, good)).status == 200
    fresh = seal(question(license))
    bent = fresh[:-8] + (b"AAAAAAAA" if fresh[-8:] != b"AAAAAAAA" else b"BBBBBBBB")
    assert json.loads((await post(server, bent)).body) == {"error": "signature_invalid"}
    unknown = seal(question(license), kid="other")
    assert json.loads((await post(server, unknown)).body) == {"error": "node_unknown"}
    typed = seal(question(license), typ="JWT")
    assert json.loads((await post(server, typed)).body) == {"error": "header_malformed"}
    hs = jwt.PyJWS().encode(
        json.dumps(question(license)).encode(),
        SECRET.public_key().public_bytes_raw(),
        algorithm="HS256",
        headers={"typ": "ivp-inquiry+jwt", "kid": "node-key-1"},
    )
    refused = json.loads((await post(server, hs.encode())).body)
    assert refused == {"error": "algorithm_not_of_key"}
    for garbage in (b"", b"x", b"a.b.c", b"\xff" * 100, good + b"\n"):
        assert json.loads((await post(server, garbage)).body) == {"error": "inquiry_malformed"}


async def test_a_question_is_answered_once(world: World, servers: Servers) -> None:
    token = seal(question(world.pick("market")))
    assert (await post(servers["market"], token)).status == 200
    again = await post(servers["market"], token)
    assert (again.status, json.loads(again.body)) == (401, {"error": "jti_used_before"})


async def test_facts_are_compared_as_people_write_them(world: World, servers: Servers) -> None:
    licenses = (x for x in world.of("traffic", "in_force") if "·" in x.holder.name)
    license = next(licenses)
    name = license.holder.name
    for dot in "·•・．･":
        spelled = name.replace("·", f" {dot} ")
        asked = question(license, facts={"holder": spelled}, compare=["holder"])
        assert (await ask(servers["traffic"], asked)).answer["facts"] == {"holder": "match"}
    wide = license.number.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})
    asked = question(license, facts={"number": wide.lower()}, compare=["number"])
    assert (await ask(servers["traffic"], asked)).answer["facts"] == {"number": "match"}
    for other in (name[:-1], name + "某", name.replace("·", "")):
        asked = question(license, facts={"holder": other}, compare=["holder"])
        answer = (await ask(servers["traffic"], asked)).answer
        assert (answer["facts"], answer["outcome"]) == ({"holder": "mismatch"}, 6)
        assert "state" not in answer


async def test_what_was_not_sent_or_means_nothing_is_unknown(
    world: World, servers: Servers
) -> None:
    asked = question(world.pick("market"), facts={}, compare=["holder", "dates", "shoe_size"])
    facts = (await ask(servers["market"], asked)).answer["facts"]
    assert facts == {"holder": "unknown", "dates": "unknown", "shoe_size": "unknown"}


async def test_dates(world: World, servers: Servers) -> None:
    license = world.pick("market", "long_term")
    start = license.valid_from.isoformat()
    cases = [
        ({"from": start, "until": "长期"}, "match"),
        ({"from": start, "until": None}, "match"),
        ({"from": start, "until": "2030-01-01"}, "mismatch"),
        ({"from": "2001-01-01", "until": "长期"}, "mismatch"),
        ({"from": None, "until": None}, "unknown"),
        ("长期", "unknown"),
    ]
    for given, said in cases:
        asked = question(license, facts={"dates": given}, compare=["dates"])
        assert (await ask(servers["market"], asked)).answer["facts"] == {"dates": said}, given


async def test_number_and_type_need_the_holder(world: World, servers: Servers) -> None:
    license = world.pick("university")
    by_number = {"identifier": None, "number": license.number, "type": license.type}
    answer = (await ask(servers["university"], question(license, **by_number))).answer
    assert (answer["outcome"], answer["identifier"]) == (0, license.id)
    bare = question(license, **by_number, facts={}, compare=[])
    answer = (await ask(servers["university"], bare)).answer
    assert answer["outcome"] == int(Outcome.INSUFFICIENT)
    assert "identifier" not in answer
    assert "state" not in answer
    wrong = question(license, **by_number, facts={"holder": "别人"}, compare=["holder"])
    answer = (await ask(servers["university"], wrong)).answer
    assert answer["outcome"] == int(Outcome.DIFFERS)
    assert "identifier" not in answer


async def test_unknown_licenses_are_denied_over_a_signature(world: World, servers: Servers) -> None:
    license = world.pick("market")
    nobody = "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
    answer = (await ask(servers["market"], question(license, identifier=nobody))).answer
    assert (answer["outcome"], answer["document"]) == (5, "unknown")
    theirs = question(world.pick("traffic"), license.issuer)
    assert (await ask(servers["market"], theirs)).answer["outcome"] == 5


async def test_documents_are_known_by_their_digest(world: World, servers: Servers) -> None:
    license, other = world.of("market", "in_force")[:2]

    async def about(issuer: str, asked: dict[str, Any]) -> tuple[str, int]:
        answer = (await ask(servers[issuer], asked)).answer
        return answer["document"], answer["outcome"]

    own = [digest_of(world.token(license))]
    foreign = [digest_of(world.token(other))]
    assert await about("market", question(license, documents=own)) == ("match", 0)
    assert await about("market", question(license, documents=foreign)) == ("differs", 6)
    assert await about("market", question(license)) == ("unknown", 0)
    driving = world.pick("traffic")
    assert await about("traffic", question(driving, documents=foreign)) == ("unknown", 0)
    file = b"an OFD file made later"
    assert (await about("market", question(license, documents=[digest_of(file)])))[0] == "differs"
    servers.register_document(license.id, file)
    assert (await about("market", question(license, documents=[digest_of(file)])))[0] == "match"
    path = f"/_sandbox/documents?identifier={license.id}"
    assert (await post(servers["market"], b"yet another", path)).status == 200
    third = question(license, documents=[digest_of(b"yet another")])
    assert (await about("market", third))[0] == "match"


async def test_holder_facts_may_come_encrypted(world: World, servers: Servers) -> None:
    license = world.pick("traffic")
    (told,) = [i for i in servers.registration()["issuers"] if i["name"] == "traffic"]
    theirs = public_from_jwk(told["encryption_key"])
    assert isinstance(theirs, EcPublic)
    facts = {"holder": license.holder.name}

    def encrypted(facts: dict[str, str]) -> str:
        ours = ec.generate_private_key(ec.SECP256R1())
        numbers = ours.public_key().public_numbers()
        epk = {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(numbers.x.to_bytes(32, "big")),
            "y": b64(numbers.y.to_bytes(32, "big")),
        }
        header = {"alg": "ECDH-ES", "enc": "A256GCM", "epk": epk}
        protected = b64(json.dumps(header).encode())
        key = derive(ours.exchange(ec.ECDH(), theirs.key), b"", b"")
        sealed = AESGCM(key).encrypt(bytes(12), json.dumps(facts).encode(), protected.encode())
        return ".".join((protected, "", b64(bytes(12)), b64(sealed[:-16]), b64(sealed[-16:])))

    asked = question(license, facts=None, facts_jwe=encrypted(facts), compare=["holder"])
    assert (await ask(servers["traffic"], asked)).answer["facts"] == {"holder": "match"}
    bent = encrypted(facts)[:-4] + "AAAA"
    asked = question(license, facts=None, facts_jwe=bent, compare=["holder"])
    refused = await ask(servers["traffic"], asked)
    assert json.loads(refused.body) == {"error": "facts_do_not_open"}


def test_key_agreement_as_in_rfc_7518_appendix_c() -> None:
    # The derived key there is for A128GCM; the KDF's inputs are checked through the shared secret.
    z = bytes.fromhex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4")
    info = b"\0\0\0\7A128GCM\0\0\0\5Alice\0\0\0\3Bob" + (128).to_bytes(4, "big")
    published = jwt.utils.base64url_decode("VqqN6vgjbSBcIijNcacQGg")
    assert hashlib.sha256((1).to_bytes(4, "big") + z + info).digest()[:16] == published
    ours = hashlib.sha256(
        (1).to_bytes(4, "big")
        + z
        + b"\0\0\0\7A256GCM\0\0\0\5Alice\0\0\0\3Bob"
        + (256).to_bytes(4, "big")
    ).digest()
    assert derive(z, b"Alice", b"Bob") == ours


async def test_the_delegate_for_answers_speaks_for_its_types_only(
    world: World, servers: Servers
) -> None:
    driving, degree = world.pick("traffic"), world.pick("university")
    answer = (await ask(servers["data"], question(driving))).answer
    assert (answer["iss"], answer["outcome"]) == (world.body("data").code, 0)
    exchange = await ask(servers["data"], question(degree))
    assert json.loads(exchange.body) == {"error": "not_for_this_issuer"}
    own = question(degree, world.body("data").code)
    assert (await ask(servers["data"], own)).answer["outcome"] == 5


async def test_a_change_in_the_books_is_answered_at_once(world: World, servers: Servers) -> None:
    license = world.pick("traffic")
    assert (await ask(servers["traffic"], question(license))).answer["outcome"] == 0
    servers.set_state(license.id, State.REVOKED, world.today)
    for name in ("traffic", "data"):
        answer = (await ask(servers[name], question(license))).answer
        assert (answer["outcome"], answer["state"]) == (3, "revoked")
    before = int(moment(world.today - timedelta(days=30)).timestamp())
    past = question(license, at=before)
    assert (await ask(servers["traffic"], past)).answer["outcome"] == 0
    body = json.dumps({"identifier": license.id, "state": "issued"}).encode()
    assert (await post(servers["traffic"], body, "/_sandbox/licenses")).status == 200
    assert (await ask(servers["traffic"], question(license))).answer["outcome"] == 0


async def test_calls_are_counted_by_identifier(world: World, servers: Servers) -> None:
    first, second = world.of("market", "in_force")[:2]
    assert servers.calls == {}
    for license in (first, first, second):
        await ask(servers["market"], question(license))
    told = json.loads((await post(servers["market"], b"", "/_sandbox/calls", "GET")).body)
    assert told["calls"] == {first.id: 2, second.id: 1} == dict(servers.calls)
    assert told["requests"] == servers.requests == 3
    assert [p["identifier"] for p in servers["market"].seen.inquiries][-1] == second.id
    assert (await post(servers["market"], b"", "/_sandbox/reset")).status == 200
    assert servers.calls == {}


async def test_nodes_can_be_registered_while_it_runs(world: World) -> None:
    license = world.pick("market")
    async with serve(world) as servers:
        assert json.loads((await ask(servers["market"], question(license))).body) == {
            "error": "node_unknown"
        }
        x = b64(SECRET.public_key().public_bytes_raw())
        keys = [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "node-key-1"}]
        body = json.dumps({"node": NODE, "keys": keys}).encode()
        assert (await post(servers["market"], body, "/_sandbox/nodes")).status == 200
        assert (await ask(servers["market"], question(license))).status == 200
        assert (await post(servers["market"], b"{}", "/_sandbox/nodes")).status == 400


async def test_anyone_may_ask_where_that_was_chosen(world: World) -> None:
    async with serve(world, anyone=True) as servers:
        asked = question(world.pick("market"), iss="somebody-else", via=["somebody-else"])
        assert (await ask(servers["market"], asked)).answer["aud"] == "somebody-else"


async def test_a_wrong_media_type_is_refused(world: World, servers: Servers) -> None:
    body = seal(question(world.pick("market")))
    server = servers["market"]
    reader, writer = await asyncio.open_connection(server.host, server.port)
    head = f"POST /ivp/v1 HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}"
    writer.write(head.encode() + b"\r\nConnection: close\r\n\r\n" + body)
    assert (await reader.read(1 << 16)).startswith(b"HTTP/1.1 415")
    writer.close()


async def test_a_connection_serves_several_questions(world: World, servers: Servers) -> None:
    server = servers["market"]
    reader, writer = await asyncio.open_connection(server.host, server.port)
    for _ in range(3):
        body = seal(question(world.pick("market")))
        head = f"POST /ivp/v1 HTTP/1.1\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Content-Type: application/jose\r\n\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    assert server.seen.connections == 1
    writer.close()


def test_servers_can_run_beside_a_test_without_a_loop(world: World) -> None:
    with serve_in_thread(world, anyone=True) as servers:
        body = seal(question(world.pick("market")))
        request = urllib.request.Request(
            servers["market"].endpoint, body, {"Content-Type": "application/jose"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        assert servers.requests == 1
