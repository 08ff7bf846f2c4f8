"""Nodes that ask each other, each a whole service with a database of its own.

    province A ──▶ nation ──▶ province B ──▶ the issuer

The issuer is registered with a key everywhere, and with an endpoint in province B only.
"""

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.config import Settings
from app.crypto.jose import ANSWER_TOKEN, JsonLimits, read_json_object, split_compact
from app.crypto.provider import FolderKeys
from app.domain.issuer import PeerScope
from app.federation.wire import sign_token
from app.main import create_app, production
from app.registry.audit import CHAINS, PostgresAudit
from app.registry.catalogue import import_registration
from app.registry.peers import add_peer, revoke_peer
from app.registry.sessions import Database, WriteSession
from sandbox.licenses import State
from sandbox.serve import Servers
from tests.service import LOOPBACK, new_database, run_sql, running

A, B, NATION = "639801", "639802", "639803"
NODES = {A: "province-a", B: "province-b", NATION: "nation"}
INQUIRIES = "/federation/v1/inquiries"


@dataclass
class Member:
    """One running node."""

    code: str
    id: str
    url: str
    client: httpx.Client
    database_url: str
    keys: FolderKeys

    @property
    def jwks(self) -> list[dict[str, Any]]:
        return list(self.client.get("/.well-known/jwks.json").json()["keys"])

    def write(self, work: Any) -> Any:
        async def run() -> Any:
            opened = await Database.open(self.database_url)
            try:
                async with opened.writing() as session:
                    return await work(session)
            finally:
                await opened.close()

        return asyncio.run(run())

    def know(self, other: "Member", *scopes: PeerScope) -> None:
        since = datetime(2020, 1, 1, tzinfo=UTC)

        async def work(session: WriteSession) -> Any:
            return await add_peer(
                session, other.id, other.jwks, scopes=frozenset(scopes), since=since
            )

        self.write(work)

    def verify(self, content: bytes) -> dict[str, Any]:
        answer = self.client.post("/v1/verifications", files={"file": content})
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()["report"]
        return report

    def ask(self, token: bytes, media_type: str = "application/jose") -> httpx.Response:
        return self.client.post(INQUIRIES, content=token, headers={"Content-Type": media_type})

    def inquiry(self, aud: str, identifier: str, **changes: Any) -> bytes:
        """A question this node could ask."""
        now = int(datetime.now(UTC).timestamp())
        payload = {
            "iss": self.id,
            "aud": aud,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(16),
            "identifier": identifier,
            "compare": [],
            "purpose": "public-check",
            "via": [self.id],
        }
        return sign_token("ivp-inquiry+jwt", payload | changes, self.keys.signer())


def answer_keys(member: Member) -> list[dict[str, Any]]:
    """A node's keys, as the others register them."""
    return [
        {
            "kid": jwk["kid"],
            "alg": jwk["alg"],
            "uses": ["answer"],
            "jwk": {n: v for n, v in jwk.items() if n in {"kty", "crv", "x", "y"}},
            "not_before": "2020-01-01T00:00:00Z",
        }
        for jwk in member.jwks
    ]


def platform(member: Member, kind: str | None, *prefixes: str) -> dict[str, Any]:
    """A node's body, as the others register it."""
    title = {"zh": member.id, "en": member.id}
    body = {"code": member.code, "title": title, "types": [], "keys": answer_keys(member)}
    if kind is not None:
        way: dict[str, Any] = {"kind": kind, "url": member.url + INQUIRIES}
        body["platforms"] = [way | ({"prefixes": list(prefixes)} if prefixes else {})]
    return body


def started(stack: ExitStack, database_url: str, folder: Path, code: str, name: str) -> Member:
    """A node with an empty registry and a database of its own."""
    url = new_database(database_url, name.replace("-", "_"))
    values: dict[str, Any] = {
        "DATABASE_URL": url,
        "key_folder": folder / "keys",
        "node_id": name,
        "body_code": code,
        "anonymous_per_minute": 100_000,
        "anonymous_per_day": 1_000_000,
        "document_per_minute": 100_000,
    }
    settings = Settings(**values)
    address = stack.enter_context(running(create_app(production(settings), docs=False)))
    client = stack.enter_context(httpx.Client(base_url=address, trust_env=False, timeout=30))
    return Member(code, name, address, client, url, FolderKeys(settings.key_folder))


@pytest.fixture(scope="module")
def members(
    database_url: str, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Member]]:
    with ExitStack() as stack:
        made = {
            code: started(stack, database_url, tmp_path_factory.mktemp(name), code, name)
            for code, name in NODES.items()
        }
        whole = sandbox_issuers.registration()
        without = deepcopy(whole)
        for body in without["issuers"]:
            body.pop("endpoint", None)
            body.pop("encryption_key", None)
        region = whole["issuers"][0].get("region") or whole["issuers"][0]["code"][2:8]
        for code, document, above in (
            (A, without, platform(made[NATION], "upstream")),
            (NATION, without, platform(made[B], "region", region[:2])),
            (B, whole, None),
        ):
            said = {**document, "issuers": document["issuers"] + ([above] if above else [])}
            made[code].write(
                lambda session, d=said: import_registration(session, d, networks=LOOPBACK)
            )
        made[NATION].know(made[A], PeerScope.ASK)
        made[B].know(made[NATION], PeerScope.ASK, PeerScope.RELAY)
        sandbox_issuers.nodes.add({"node": NODES[B], "keys": made[B].jwks})
        yield made


@pytest.fixture(autouse=True)
def _reset(sandbox_issuers: Servers) -> Iterator[None]:
    yield
    sandbox_issuers.reset()


def test_province_to_nation_to_province(members, sandbox_issuers):
    """Three hops; the verdict rests on the issuer's own signature, which nobody replaced."""
    world = sandbox_issuers.world
    license = world.pick("market")
    before = sandbox_issuers.requests
    report = members[A].verify(world.token(license))
    assert report["conclusion"] == "valid", report["reason"]
    said, route = report["answer"]["said"], report["answer"]["route"]
    assert (said["speaker"], said["signed"], said["relayed_by"]) == ("issuer", True, NATION)
    assert said["document"] == "match"
    assert (route["rule"], route["body"], route["speaker"]) == ("upstream", NATION, "upstream")
    assert sandbox_issuers.requests == before + 1
    asked = sandbox_issuers["market"].seen.inquiries[-1]
    assert asked["iss"] == NODES[A]  # the first asker's own words reached it


def test_nation_to_province(members, sandbox_issuers):
    world = sandbox_issuers.world
    report = members[NATION].verify(world.token(world.pick("traffic")))
    assert report["conclusion"] == "valid", report["reason"]
    assert report["answer"]["route"]["rule"] == "region"
    assert report["answer"]["said"]["relayed_by"] == B


@pytest.mark.parametrize("state", ["revoked", "suspended"])
def test_a_withdrawal_comes_through_all(members, sandbox_issuers, state):
    world = sandbox_issuers.world
    license = world.of("market", "in_force")[7 + len(state)]
    assert members[A].verify(world.token(license))["conclusion"] == "valid"
    sandbox_issuers.set_state(license.id, State(state), datetime.now(UTC).date())
    for code in (B, NATION, A):
        # Within its age an answer of a moment ago is repeated; asked strictly, nothing is.
        strict = (
            members[code]
            .client.post(
                "/v1/verifications",
                files={"file": world.token(license)},
                data={"max_status_age": "0"},
            )
            .json()["report"]
        )
        assert strict["conclusion"] == "invalid", code
        assert strict["reason"]["code"] == {"revoked": "ended", "suspended": "suspended"}[state]
        assert strict["answer"]["said"]["speaker"] == "issuer"


LIES = (
    *("wrong_key", "unknown_kid", "wrong_typ", "retired_key", "alg_none", "wrong_nonce"),
    *("wrong_aud", "wrong_iss", "wrong_identifier", "future_as_of", "stale_iat"),
    *("no_outcome", "duplicate_members", "unsigned", "html_login", "not_a_jws", "hang"),
)


@pytest.mark.parametrize("lie", LIES)
def test_what_an_issuer_does_wrong_is_mended_by_no_relay(members, sandbox_issuers, lie):
    """An unusable answer is silence at every node: neither valid nor invalid."""
    world = sandbox_issuers.world
    license = world.of("university", "in_force")[LIES.index(lie) % 4]
    sandbox_issuers.set_behaviour("university", lie, identifier=license.id)
    strict = {"max_status_age": "0"}
    answer = members[A].client.post(
        "/v1/verifications", files={"file": world.token(license)}, data=strict
    )
    report = answer.json()["report"]
    assert report["conclusion"] == "indeterminate"
    assert report["reason"]["family"] == "dependency"
    sandbox_issuers.reset()  # the twin
    answer = members[A].client.post(
        "/v1/verifications", files={"file": world.token(license)}, data=strict
    )
    assert answer.json()["report"]["conclusion"] == "valid"


def status_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/inquiry-")


def test_who_may_ask_and_who_may_not(members, sandbox_issuers):
    a, b, nation = members[A], members[B], members[NATION]
    identifier = sandbox_issuers.world.pick("market").id
    assert nation.ask(a.inquiry(NATION, identifier)).status_code == 200
    assert status_of(b.ask(a.inquiry(B, identifier))) == (401, "node-unknown")
    assert status_of(nation.ask(a.inquiry(B, identifier))) == (403, "not-for-this-body")
    assert nation.ask(a.inquiry(NATION, identifier), "application/json").status_code == 415
    assert status_of(nation.ask(b"x" * 70_000))[0] == 413
    assert status_of(nation.ask(b"not a token")) == (400, "malformed")


@pytest.mark.parametrize(
    ("iat", "exp"),
    [
        (253402300790, 253402300795),
        (10**400, 10**400 + 60),
        (-62135596801, -62135596790),
        (2**53 - 61, 2**53 - 1),
        (True, 60),
        (1e308, 1e308),
    ],
    ids=lambda value: str(value)[:14],
)
def test_a_question_at_no_time_there_is(members, sandbox_issuers, iat, exp):
    """Numbers nobody can calculate with are a malformed question, never a fault of this node."""
    a, nation = members[A], members[NATION]
    identifier = sandbox_issuers.world.pick("market").id
    asked = a.inquiry(NATION, identifier, iat=iat, exp=exp)
    assert status_of(nation.ask(asked)) == (400, "malformed")
    assert nation.ask(a.inquiry(NATION, identifier)).status_code == 200  # the twin


def logged(member: Member) -> list[dict[str, Any]]:
    async def run() -> list[dict[str, Any]]:
        opened = await Database.open(member.database_url)
        try:
            log = PostgresAudit(opened)
            return [json.loads(link.body) for c in range(CHAINS) async for link in log.links(c)]
        finally:
            await opened.close()

    return asyncio.run(run())


def test_what_another_node_asked_stands_in_the_log(members, sandbox_issuers):
    a, b, nation = members[A], members[B], members[NATION]
    license = sandbox_issuers.world.pick("market")
    before = logged(nation)
    assert nation.ask(a.inquiry(NATION, license.id)).status_code == 200
    assert nation.ask(b.inquiry(NATION, license.id)).status_code == 401
    rows = [row for row in logged(nation) if row not in before]
    seen = {(row["operation"], row["result"], row["caller"], row["reason"]) for row in rows}
    assert seen == {
        ("answer_inquiry", "answered", f"node:{a.id}", None),
        ("denied", "refused", "anonymous", "inquiry_node_unknown"),
    }
    (answered,) = [row for row in rows if row["result"] == "answered"]
    assert (answered["purpose"], answered["issuer"]) == ("public-check", license.identifier.issuer)
    assert answered["object"] is not None
    assert answered["conclusion"] == "outcome_0"
    assert answered["first_asker"] == f"node:{a.id}"
    assert len(answered["issuer_answer"]) == 64  # the digest of the issuer's own token
    assert answered["answer_as_of"] is not None
    assert license.id not in json.dumps(rows)


def test_a_node_that_was_refused_stands_in_the_log_by_its_name(members, sandbox_issuers):
    """It proved who it is before it was refused; and whose question it brought is told, too."""
    a, b, nation = members[A], members[B], members[NATION]
    license = sandbox_issuers.world.pick("market")
    before = logged(nation)
    asked = a.inquiry(NATION, license.id)
    assert nation.ask(asked).status_code == 200
    assert status_of(nation.ask(asked)) == (401, "replayed")
    assert status_of(nation.ask(a.inquiry(B, license.id))) == (403, "not-for-this-body")
    rows = [row for row in logged(nation) if row not in before]
    refused = {(row["caller"], row["reason"]) for row in rows if row["result"] == "refused"}
    assert refused == {
        (f"node:{a.id}", "inquiry_replayed"),
        (f"node:{a.id}", "inquiry_not_for_this_body"),
    }
    first = a.inquiry("639899", license.id)
    brought = nation.inquiry(
        B, license.id, via=[a.id, nation.id], asked=first.decode(), exp=_exp(first)
    )
    before = logged(b)
    assert b.ask(brought).status_code == 200
    (row,) = [row for row in logged(b) if row not in before]
    assert (row["caller"], row["first_asker"]) == (f"node:{nation.id}", f"node:{a.id}")


def test_a_question_is_taken_once(members, sandbox_issuers):
    a, nation = members[A], members[NATION]
    asked = a.inquiry(NATION, sandbox_issuers.world.pick("market").id)
    assert nation.ask(asked).status_code == 200
    before = sandbox_issuers.requests
    assert status_of(nation.ask(asked)) == (401, "replayed")
    assert sandbox_issuers.requests == before


def test_a_node_may_ask_for_itself_and_not_for_others(members, sandbox_issuers):
    """Province A has the scope to ask; what it hands on for somebody is refused."""
    a, b, nation = members[A], members[B], members[NATION]
    identifier = sandbox_issuers.world.pick("market").id
    first = b.inquiry(A, identifier)
    handed_on = a.inquiry(
        NATION, identifier, via=[b.id, a.id], asked=first.decode(), exp=_exp(first)
    )
    assert status_of(nation.ask(handed_on)) == (403, "scope-missing")


def test_a_loop_ends_where_it_closes(members, sandbox_issuers):
    """B asks the nation, which would ask B: it finds itself in the question, and nobody is asked."""
    b, nation = members[B], members[NATION]
    identifier = sandbox_issuers.world.pick("market").id
    first = b.inquiry(NATION, identifier)
    b.know(nation, PeerScope.ASK, PeerScope.RELAY)
    nation.know(b, PeerScope.ASK)
    before = sandbox_issuers.requests
    assert status_of(nation.ask(first)) == (504, "issuer-silent")  # B refused it: 508
    assert sandbox_issuers.requests == before


def test_a_fourth_hop_is_refused(members, sandbox_issuers):
    a, nation, b = members[A], members[NATION], members[B]
    identifier = sandbox_issuers.world.pick("market").id
    first = a.inquiry("639899", identifier)
    three = nation.inquiry(
        B, identifier, via=[a.id, "somebody", nation.id], asked=first.decode(), exp=_exp(first)
    )
    assert status_of(b.ask(three)) == (508, "hops")
    first = a.inquiry("639899", identifier)
    two = nation.inquiry(
        B, identifier, via=[a.id, nation.id], asked=first.decode(), exp=_exp(first)
    )
    assert b.ask(two).status_code == 200


def test_the_delegate_answers_from_what_was_pushed(members, sandbox_issuers):
    """A node whose body is the issuer's delegate for answers says what it was told; and not more."""
    a, nation = members[A], members[NATION]
    world = sandbox_issuers.world
    license, other = world.of("housing", "in_force")[:2]
    document = {"issuers": [platform(nation, None)]}
    nation.write(lambda s: import_registration(s, document, networks=LOOPBACK))
    run_sql(
        nation.database_url,
        "INSERT INTO delegation (issuer, type, delegate, kind, not_before) VALUES ($1, $2, $3, "
        "'answer', now() - interval '1 day')",
        *(license.issuer, license.type, NATION),
    )
    run_sql(
        nation.database_url,
        "INSERT INTO license (identifier, type, issuer) VALUES ($1, $2, $3)",
        *(license.id, license.type, license.issuer),
    )
    run_sql(
        nation.database_url,
        "INSERT INTO license_status (identifier, since, state, recorded_at) VALUES ($1, "
        "now() - interval '1 hour', 'revoked', now())",
        license.id,
    )
    before = sandbox_issuers.requests
    told = _payload(nation.ask(a.inquiry(NATION, license.id)).content)
    assert (told["outcome"], told["state"], told["iss"]) == (3, "revoked", NATION)
    assert sandbox_issuers.requests == before
    handed_on = _payload(nation.ask(a.inquiry(NATION, other.id)).content)
    assert (handed_on["outcome"], "relayed" in handed_on) == (0, True)
    run_sql(nation.database_url, "DELETE FROM delegation WHERE delegate = $1", NATION)


def told(member: Member, identifier: str, state: str) -> None:
    """The node has been told that this became of the license an hour ago."""
    run_sql(
        member.database_url,
        "INSERT INTO license_status (identifier, since, state, recorded_at) VALUES ($1, "
        "now() - interval '1 hour', $2, now())",
        *(identifier, state),
    )


def test_the_successor_answers_for_the_body_it_took_over(members, sandbox_issuers):
    """From its day on, for its types; before, and for others, it is a node that asks on."""
    a, nation = members[A], members[NATION]
    world = sandbox_issuers.world
    license, other = world.of("university", "in_force")[5:7]
    nation.write(lambda s: import_registration(s, {"issuers": [platform(nation, None)]}))
    for each in (license, other):
        run_sql(
            nation.database_url,
            "INSERT INTO license (identifier, type, issuer) VALUES ($1, $2, $3)",
            *(each.id, each.type, each.issuer),
        )
        told(nation, each.id, "revoked")

    def succeeded(type: str, since: str) -> None:
        run_sql(nation.database_url, "DELETE FROM succession")
        run_sql(
            nation.database_url,
            "INSERT INTO succession (issuer, type, successor, since) VALUES ($1, $2, $3, "
            "now() + $4::text::interval)",
            *(license.issuer, type, NATION, since),
        )

    def asked() -> tuple[Any, ...]:
        payload = _payload(nation.ask(a.inquiry(NATION, license.id)).content)
        return payload["outcome"], payload.get("state"), "relayed" in payload

    try:
        handed_on = (0, "issued", True)
        assert asked() == handed_on
        succeeded(license.type, "-1 day")
        assert asked() == (3, "revoked", False)
        succeeded(license.type, "1 day")
        assert asked() == handed_on
        succeeded(world.pick("market").type, "-1 day")
        assert asked() == handed_on
    finally:
        run_sql(nation.database_url, "DELETE FROM succession")


def test_a_revoked_node_is_a_stranger(members, sandbox_issuers):
    """Last: it cannot be undone."""
    a, nation = members[A], members[NATION]
    identifier = sandbox_issuers.world.pick("market").id
    assert nation.ask(a.inquiry(NATION, identifier)).status_code == 200
    at = datetime.now(UTC) - timedelta(seconds=1)
    nation.write(lambda session: revoke_peer(session, a.id, at=at))
    assert status_of(nation.ask(a.inquiry(NATION, identifier))) == (401, "node-unknown")
    report = a.verify(
        sandbox_issuers.world.token(sandbox_issuers.world.of("market", "in_force")[20])
    )
    assert report["conclusion"] == "indeterminate"
    assert report["answer"]["silence"] == "status"


def _payload(token: bytes) -> dict[str, Any]:
    payload = split_compact(token, ANSWER_TOKEN).payload
    return read_json_object(payload, JsonLimits(size=ANSWER_TOKEN.token))


def _exp(token: bytes) -> int:
    return int(_payload(token)["exp"])
