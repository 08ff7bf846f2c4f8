"""Two nodes, two databases, one publisher: publication, succession, key compromise, rotation.

Nothing is registered in the tables of either; every verdict rests on the list. The issuers are the
sandbox's, asked over HTTP.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.crypto.provider import FolderKeys
from app.domain.issuer import Code
from app.domain.license import KeyId
from app.federation.gateway import HttpIssuers
from app.registry import catalogue
from app.registry.imports.speakers import word_keys
from app.registry.lists import store
from app.registry.sessions import Database
from app.registry.standing import PostgresStanding
from app.registry.trust import PostgresRegistry
from sandbox import trustlist
from sandbox.keys import make_key
from sandbox.list_server import ListServer, serve_lists
from sandbox.registration import registration
from sandbox.serve import Servers, serve
from sandbox.trustlist import ATTACKS, Publisher, generation
from tests.registry.conftest import DAY, LOOPBACK, NOW, TABLES
from tests.registry.lists.nodes import Clock, Node
from tests.registry.test_trust import HOUR, question
from tests.registry.test_trust import keep as keep_word
from tests.registry.test_trust import said as word
from tests.service import new_database

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="session")
def second_url(database_url: str) -> str:
    return new_database(database_url, "lists")


@pytest.fixture
async def issuers(world) -> AsyncIterator[Servers]:
    async with serve(world, anyone=True, clock=lambda: NOW) as running:
        yield running


@pytest.fixture
async def server() -> AsyncIterator[ListServer]:
    async with serve_lists() as running:
        yield running


@pytest.fixture
def publisher(world, issuers, server) -> Publisher:
    made = Publisher(world, NOW, endpoints=issuers.endpoints)
    made.publish(at=NOW - 10 * DAY)
    made.publish(at=NOW - DAY)
    server.files = made.files()
    return made


@pytest.fixture
async def nodes(
    database, second_url, publisher, server, tmp_path
) -> AsyncIterator[tuple[Node, Node]]:
    keys = FolderKeys(tmp_path / "keys")
    asking = HttpIssuers(signer=keys.signer, node_id="zhengyan-test", clock=lambda: NOW)
    other = await Database.open(second_url)
    async with other.writing() as session:
        await session.execute(text(f"TRUNCATE {TABLES} CASCADE"))
    clock = Clock()
    both = Node(database, asking, clock), Node(other, asking, clock)
    for node in both:
        await node.follow(publisher, server)
        assert (await node.pull(publisher)).accepted == (2,)
    yield both
    await asking.aclose()
    await other.close()


async def everywhere(nodes, content: bytes, **terms) -> str:
    """What every node says; they must agree."""
    said = {await node.told(content, **terms) for node in nodes}
    assert len(said) == 1
    return said.pop()


def serve_next(publisher, server, *changes, **terms):
    made = publisher.publish(*changes, **terms)
    server.files = publisher.files()
    return made


async def pull(nodes, publisher):
    for node in nodes:
        done = await node.pull(publisher)
        assert done.refusal is None
        assert done.accepted


# ---- publication


async def test_what_the_list_names_is_valid_and_nothing_else(nodes, world, publisher, server):
    license = world.pick("traffic")
    token, ofd = world.token(license), world.ofd(license)
    assert await everywhere(nodes, token) == "valid"
    assert await everywhere(nodes, ofd) == "valid"
    trust = (await nodes[0].verify(ofd)).facts.trust
    address = publisher.latest.address
    assert trust.snapshot == f"yunhai.example#2@{address[:16]}+local"
    assert trust.snapshot_good_until == NOW + 29 * DAY
    (source,) = trust.sources
    assert (source.publisher, source.number, source.address) == ("yunhai.example", 2, address)
    serve_next(publisher, server, trustlist.emptied)
    assert await everywhere(nodes, token) == "valid"  # nobody has pulled it yet
    await pull(nodes, publisher)
    assert await everywhere(nodes, token) == "indeterminate issuer_unknown"
    assert (await everywhere(nodes, ofd)).startswith("indeterminate")


# ---- key compromise


async def test_a_compromised_key_is_out_with_the_next_list_and_for_ever(
    nodes, world, publisher, server
):
    license = world.pick("traffic")
    token = world.token(license)
    other = world.token(world.pick("market"))
    assert await everywhere(nodes, token) == "valid"
    serve_next(publisher, server, trustlist.key_revoked(license.kid, license.signed_at - DAY))
    await pull(nodes, publisher)
    assert await everywhere(nodes, token) == "invalid signed_after_revocation"
    assert await everywhere(nodes, other) == "valid"

    def forget(payload):
        for issuer in payload["issuers"]:
            for key in issuer["keys"]:
                if key["kid"] == license.kid:
                    key["revoked_at"] = key["reason"] = None

    serve_next(publisher, server, forget)
    await pull(nodes, publisher)
    assert await everywhere(nodes, token) == "invalid signed_after_revocation"


async def test_a_local_revocation_counts_against_the_list(nodes, world, publisher, issuers):
    license = world.pick("traffic")
    token = world.token(license)
    document = registration(world, issuers.endpoints)
    node, twin = nodes
    async with node.database.writing() as session:
        await catalogue.import_registration(session, document, networks=LOOPBACK)
        await catalogue.revoke_key(session, license.issuer, license.kid, license.signed_at - DAY)
    assert await node.told(token) == "invalid signed_after_revocation"
    assert await twin.told(token) == "valid"


async def revoke_under_another_name(node, world, owner: str, use: str, at) -> None:
    """The same octets, in the tables as a revoked key of somebody else."""
    document = registration(world, {})
    taken = {"license_types": [], "delegations": []}
    (said,) = (i for i in document["issuers"] if i["code"] == owner)
    stranger = dict(document["issuers"][-1], code="639999", types=[], organisation_codes={})
    revoked = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    stranger["keys"] = [
        {**key, "kid": f"other-{i}", "jwk": {**key["jwk"], "kid": f"other-{i}"}}
        | {"revoked_at": revoked}
        for i, key in enumerate(said["keys"])
        if use in key["uses"] and key["revoked_at"] is None
    ]
    async with node.database.writing() as session:
        await catalogue.import_registration(session, {**taken, "issuers": [stranger]})


@pytest.mark.parametrize(
    ("use", "said"),
    [("license", "invalid signed_after_revocation"), ("answer", "indeterminate answer_unusable")],
)
async def test_a_local_revocation_under_another_name_counts_against_the_list(
    nodes, world, use, said
):
    """What was given up is the key, whoever calls it what."""
    license = world.pick("traffic")
    token = world.token(license)
    node, twin = nodes
    assert await everywhere(nodes, token) == "valid"
    await revoke_under_another_name(node, world, license.issuer, use, license.signed_at - DAY)
    assert await node.told(token) == said
    assert await twin.told(token) == "valid"


async def test_a_local_revocation_reaches_a_listed_key_of_a_body_that_only_the_tables_ask(
    nodes, world, publisher, server
):
    """Who is asked is known from the tables alone, its key from the list, its end by the octets."""
    license = world.pick("market")
    asked = question(license)
    above = world.body("data")

    def closed(payload):
        payload["delegations"] = []
        for issuer in payload["issuers"]:
            issuer["endpoint"] = issuer["encryption_key"] = None

    serve_next(publisher, server, closed)
    await pull(nodes, publisher)
    document = registration(world, {})
    (body,) = (i for i in document["issuers"] if i["code"] == above.code)
    platform = {"kind": "upstream", "url": "https://above.example/ivp"}
    body |= {"keys": [], "types": [], "organisation_codes": {}, "platforms": [platform]}
    for node in nodes:
        async with node.database.writing() as session:
            await catalogue.import_registration(session, {"issuers": [body]})
    node, twin = nodes
    before = await node.registry.trust_for(asked)
    assert before.endpoint.url == "https://above.example/ivp"
    assert before.endpoint.answer_keys
    await revoke_under_another_name(node, world, above.code, "answer", NOW - DAY)
    assert (await node.registry.trust_for(asked)).endpoint.answer_keys == ()
    assert (await twin.registry.trust_for(asked)).endpoint.answer_keys


@pytest.mark.parametrize(("lost", "believed"), [(-DAY, False), (30 * DAY, True)])
async def test_attack_a_stored_in_force_by_a_key_that_only_the_list_revokes(  # noqa: PLR0917
    nodes, world, publisher, server, lost, believed
):
    """Pushed here under a key of the tables; the publisher knows that it was lost by then. What
    ended a license stays said.
    """
    license = world.pick("traffic")
    asked = question(license)
    document = registration(world, {})
    for node in nodes:
        async with node.database.writing() as session:
            await catalogue.import_registration(session, document, networks=LOOPBACK)
        await keep_word(node.database, asked.identifier, word(Code.IN_FORCE, NOW - HOUR), "a")
    node, twin = nodes
    serve_next(publisher, server, trustlist.key_revoked("traffic-answer", NOW + lost))
    await pull([node], publisher)
    for each, expected in ((node, believed), (twin, True)):
        wanted = word(Code.IN_FORCE, NOW - HOUR) if expected else None
        standing = await PostgresStanding(each.database).standing(asked.identifier, NOW)
        assert (await each.registry.trust_for(asked)).statement == wanted
        assert standing.statement == wanted
        async with each.database.writing() as session:
            raw = (await (await session.connection()).get_raw_connection()).driver_connection
            live = await word_keys(raw, license.issuer, NOW)
        found = live.of(license.issuer, KeyId("traffic-answer"), asked.type)
        assert (found is not None) == expected
    ended = word(Code.ENDED, NOW - 2 * HOUR)
    await keep_word(node.database, asked.identifier, ended, "b")
    trust = await node.registry.trust_for(asked)
    assert trust.statement == (word(Code.IN_FORCE, NOW - HOUR) if believed else ended)


# ---- list keys


async def test_list_keys_are_rotated_and_a_thief_of_the_old_ones_is_nobody(
    nodes, world, publisher, server
):
    token = world.token(world.pick("traffic"))
    stolen = publisher.keys
    serve_next(publisher, server, new_keys=generation(1, "second"))
    await pull(nodes, publisher)
    draft = publisher.draft(trustlist.emptied)
    server.files = {**publisher.files(), "latest.json": trustlist.make(draft, stolen).raw}
    for node in nodes:
        assert (await node.pull(publisher)).refusal == "unsigned_by_held"
    assert await everywhere(nodes, token) == "valid"
    serve_next(publisher, server)
    await pull(nodes, publisher)
    assert await everywhere(nodes, token) == "valid"


# ---- a merged bureau


async def test_a_merged_bureau_routes_to_its_successor_and_shows_both(
    nodes, world, publisher, server, issuers
):
    """The university is merged into the traffic police, whose office answers for its degrees."""
    license = world.pick("university")
    token, ofd = world.token(license), world.ofd(license)
    old, new = world.body("university"), world.body("data")
    assert await everywhere(nodes, token) == "valid"
    issuers["data"].office.take_over(old)
    asked = issuers["university"].seen.requests
    serve_next(publisher, server, trustlist.renamed(old.code, new.code, NOW - DAY))
    await pull(nodes, publisher)
    verification = await nodes[0].verify(token)
    trust = verification.facts.trust
    assert trust.issuer.code == old.code
    assert (trust.successor.code, trust.successor.name) == (new.code, new.title)
    assert trust.endpoint.issuer == new.code
    assert trust.endpoint.rule == "successor"
    assert issuers["university"].seen.requests == asked
    assert await everywhere(nodes, ofd) == await everywhere(nodes, token)


# ---- seals


async def test_a_frozen_seal(nodes, world, publisher, server):
    license = world.pick("traffic")
    ofd, token = world.ofd(license), world.token(license)
    seal = world.sealer(license).code
    before, after = license.signed_at - DAY, license.signed_at + DAY
    serve_next(publisher, server, trustlist.seal_ended(seal, "frozen", after))
    await pull(nodes, publisher)
    assert await everywhere(nodes, ofd) == "valid"
    serve_next(publisher, server, trustlist.seal_ended(seal, "frozen", before))
    await pull(nodes, publisher)
    assert await everywhere(nodes, ofd) == "invalid seal_frozen"
    assert await everywhere(nodes, token) == "valid"
    serve_next(publisher, server, lambda p: p.update(seals=[]))
    await pull(nodes, publisher)
    assert await everywhere(nodes, ofd) == "invalid seal_frozen"  # left out is not given back


# ---- attacks and outages


@pytest.mark.parametrize(
    "name",
    [
        "rollback",
        "mix_and_match",
        "equivocation",
        "half_signed",
        "emptied_by_a_thief",
        "not_canonical",
    ],
)
async def test_an_attack_on_the_list_changes_no_verdict(nodes, world, publisher, server, name):
    good, bad = world.token(world.pick("traffic")), world.token(world.pick("traffic", "revoked"))
    before = [await everywhere(nodes, each) for each in (good, bad)]
    assert before[0] == "valid"
    assert before[1].startswith("invalid")
    server.files = ATTACKS[name].files(publisher)
    for node in nodes:
        assert (await node.pull(publisher)).refusal is not None
    assert [await everywhere(nodes, each) for each in (good, bad)] == before


@pytest.mark.parametrize("act", ["endless", "broken", "drip", "not_modified"])
async def test_an_outage_makes_nothing_invalid(nodes, world, publisher, server, act):
    """Out of date, a valid license is in doubt, and whatever the file shows by itself stays."""
    good, ofd = world.token(world.pick("traffic")), world.ofd(world.pick("traffic"))
    broken = good[:-6] + (b"AAAAAA" if good[-6:] != b"AAAAAA" else b"BBBBBB")
    server.act = act
    for node in nodes:
        await node.pull(publisher)
    assert await everywhere(nodes, good) == "valid"
    nodes[0].clock.now = NOW + 29 * DAY + SECOND
    for node in nodes:
        await node.pull(publisher)
    assert await everywhere(nodes, good) == "indeterminate trust_source_stale"
    assert (await everywhere(nodes, ofd)).startswith("indeterminate")
    assert (await everywhere(nodes, broken)).startswith("invalid signature")


async def test_a_mandate_that_the_stale_list_does_not_name_is_no_fault(
    nodes, world, publisher, server
):
    """Signed by a delegate whom the missed list names: fresh it fails, stale it is in doubt."""
    token = world.token(world.pick("housing", "delegated"))
    assert await everywhere(nodes, token) == "valid"

    def unnamed(payload):
        for each in payload["delegations"]:
            if "original" in each["kinds"]:
                each["kinds"] = ["countersign"]

    serve_next(publisher, server, unnamed)
    await pull(nodes, publisher)
    fresh = await everywhere(nodes, token)
    nodes[0].clock.now = NOW + 31 * DAY
    stale = await everywhere(nodes, token)
    assert fresh == "invalid signer_not_issuer"
    assert stale == "indeterminate trust_source_stale"


async def test_a_source_that_never_answered_lets_nothing_fail_by_absence(
    nodes, world, publisher, server
):
    node, twin = nodes
    nation = Publisher(world, NOW, name="nation.example", keys=generation(1, "nation"))
    await node.follow(nation, server)
    token = world.token(world.pick("traffic"))
    assert await node.told(token) == await twin.told(token) == "valid"


# ---- past days


async def test_a_past_day_is_judged_by_its_list(nodes, world, publisher, server):
    license = world.pick("traffic")
    token = world.token(license)
    serve_next(publisher, server, trustlist.emptied, at=NOW)
    await pull(nodes, publisher)
    assert await everywhere(nodes, token) == "indeterminate issuer_unknown"
    question_day = NOW - timedelta(hours=12)
    verification = await nodes[0].verify(token, at=question_day)
    assert verification.facts.trust.issuer.code == license.issuer
    assert await everywhere(nodes, token, at=question_day) == "indeterminate issuer_not_asked"


async def test_what_was_taken_away_since_still_counts_on_a_past_day(
    nodes, world, publisher, server
):
    license = world.pick("traffic")
    token = world.token(license)
    serve_next(
        publisher, server, trustlist.key_revoked(license.kid, license.signed_at - DAY), at=NOW
    )
    await pull(nodes, publisher)
    day = NOW - timedelta(hours=12)
    assert await everywhere(nodes, token, at=day) == "invalid signed_after_revocation"


def rekeyed(code: str, use: str, new: str) -> trustlist.Change:
    """The body's keys for this use give way to a new one; nothing is said of the old."""

    def change(payload):
        for issuer in payload["issuers"]:
            if issuer["code"] == code:
                made = make_key("ES256", 1, new).jwk()
                fresh = {"kid": new, "alg": "ES256", "jwk": {**made, "kid": new, "alg": "ES256"}}
                issuer["keys"] = [key for key in issuer["keys"] if use not in key["uses"]]
                issuer["keys"].append(
                    {**fresh, "uses": [use], "not_before": "2020-01-01T00:00:00Z"}
                )

    return change


async def test_a_past_day_does_not_bring_back_a_stolen_answer_key(nodes, world, publisher, server):
    """The issuer's place answers with a key that its list no longer names: today as on any day."""
    license = world.pick("market")
    token, day = world.token(license), NOW - timedelta(hours=12)
    assert await everywhere(nodes, token, at=day) == "valid"
    serve_next(publisher, server, rekeyed(license.issuer, "answer", "market-answers-new"), at=NOW)
    await pull(nodes, publisher)
    today = await everywhere(nodes, token)
    assert today == "indeterminate answer_unusable"
    assert await everywhere(nodes, token, at=day) == today


async def test_a_past_day_does_not_bring_back_an_old_endpoint(nodes, world, publisher, server):
    license = world.pick("market")
    token, day = world.token(license), NOW - timedelta(hours=12)

    def moved(payload):
        for issuer in payload["issuers"]:
            if issuer["code"] == license.issuer:
                issuer["endpoint"] = "http://127.0.0.1:9/ivp"
                issuer["encryption_key"]["kid"] = "facts-new"

    assert await everywhere(nodes, token, at=day) == "valid"
    serve_next(publisher, server, moved, at=NOW)
    await pull(nodes, publisher)
    assert await everywhere(nodes, token, at=day) == "indeterminate issuer_unreachable"
    (endpoint,) = {(await node.verify(token, at=day)).facts.trust.endpoint for node in nodes}
    assert endpoint.url == "http://127.0.0.1:9/ivp"
    assert '"facts-new"' in endpoint.encryption_jwk


async def test_a_past_day_does_not_bring_back_a_mandate_to_answer(
    nodes, world, publisher, server, issuers
):
    """Its own place closed, the delegate answers by its mandate, until the list leaves it out."""
    license = world.pick("traffic")
    token, day = world.token(license), NOW - timedelta(hours=12)

    def closed(payload):
        for issuer in payload["issuers"]:
            if issuer["code"] == license.issuer:
                issuer["endpoint"] = issuer["encryption_key"] = None

    def unmandated(payload):
        payload["delegations"] = [d for d in payload["delegations"] if "answer" not in d["kinds"]]

    serve_next(publisher, server, closed, at=NOW - timedelta(hours=13))
    await pull(nodes, publisher)
    assert await everywhere(nodes, token, at=day) == "valid"
    serve_next(publisher, server, unmandated, at=NOW)
    await pull(nodes, publisher)
    today = await everywhere(nodes, token)
    assert today == "indeterminate issuer_not_asked"
    assert await everywhere(nodes, token, at=day) == today


async def test_a_past_day_keeps_the_keys_that_signed_then(nodes, world, publisher, server):
    """The twin of the three above: who might sign is of the day, and only revocations are not."""
    license = world.pick("market")
    token, day = world.token(license), NOW - timedelta(hours=12)
    serve_next(publisher, server, rekeyed(license.issuer, "license", "market-signs-new"), at=NOW)
    await pull(nodes, publisher)
    for node in nodes:
        assert not (await node.verify(token)).facts.trust.keys
        assert (await node.verify(token, at=day)).facts.trust.keys.keys() == {license.kid}
    assert await everywhere(nodes, token, at=day) == "valid"


async def test_what_answers_must_be_is_of_today_and_what_files_must_be_of_the_day(
    nodes, world, publisher, server
):
    license = world.pick("market")
    day = NOW - timedelta(hours=12)

    def stricter(payload):
        for type in payload["license_types"]:
            type.update(signed_answers=True, max_status_age=7, must_be_sealed=True)

    def before(payload):
        for type in payload["license_types"]:
            type.update(signed_answers=False, max_status_age=900, must_be_sealed=False)

    serve_next(publisher, server, before, at=NOW - timedelta(hours=13))
    serve_next(publisher, server, stricter, at=NOW)
    await pull(nodes, publisher)
    for node in nodes:
        type = (await node.registry.trust_for(replace(question(license), at=day))).type
        assert type.max_status_age == timedelta(seconds=7)
        assert type.signed_answers
        assert not type.must_be_sealed


# ---- several lists


async def test_the_first_source_defines_and_additions_add_up(database, world, server, tmp_path):
    """The nation names types only; the province all else; an order by which each list is whole."""
    pinned = []
    for name, keep in (
        ("nation.example", {"license_types"}),
        ("yunhai.example", {"issuers", "delegations", "authorities", "seals"}),
    ):
        made = Publisher(world, NOW, name=name, keys=generation(1, name))
        drop = {"license_types", "issuers", "delegations", "authorities", "seals"} - keep
        made.publish(lambda p, drop=drop: [p.pop(each) for each in drop], at=NOW - DAY)
        pinned.append(made)
    node = Node(database, None)
    for made in pinned:
        server.files = made.files()
        await node.follow(made, server)
        assert (await node.pull(made)).accepted == (1,)
    trust = await node.registry.trust_for(question(world.pick("traffic")))
    assert trust.issuer is not None
    assert trust.type is not None
    assert len(trust.keys) == 1
    assert [s.publisher for s in trust.sources] == ["nation.example", "yunhai.example"]
    assert trust.snapshot.startswith("nation.example#1@")
    again = await PostgresRegistry(database, node.clock).trust_for(question(world.pick("traffic")))
    assert again == trust  # another process reads the same


async def test_order_decides_who_defines(database, world, server):
    names = {}
    for name in ("first.example", "second.example"):
        made = Publisher(world, NOW, name=name, keys=generation(1, name))

        def rename(payload, name=name):
            for issuer in payload["issuers"]:
                issuer["title"] = {"zh": name, "en": name}

        made.publish(rename, at=NOW - DAY)
        names[name] = made
    node = Node(database, None)
    for made in names.values():
        server.files = made.files()
        await node.follow(made, server)
        await node.pull(made)
    asked = question(world.pick("traffic"))
    assert (await node.registry.trust_for(asked)).issuer.name == "first.example"
    async with database.writing() as session:
        await store.put_in_order(session, ["second.example", "first.example"])
    assert (await node.registry.trust_for(asked)).issuer.name == "second.example"
    assert len((await node.registry.trust_for(asked)).keys) == 1
