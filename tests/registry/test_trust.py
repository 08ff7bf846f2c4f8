"""`trust_for` on a real PostgreSQL, and the same questions to the same registration in a file."""

import asyncio
import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import text

from app.domain.errors import Refused, Unavailable
from app.domain.evidence import Role
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import Code, Speaker, State, Statement
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.trust import Gap, Kind, TrustQuestion, Window
from app.models import LicenseStatusRow, Use
from app.registry import catalogue
from app.registry.entries import FOREVER, EndpointEntry
from app.registry.registration import read_registration
from app.registry.sessions import Database
from app.registry.snapshot import ForgetfulJournal, SnapshotRegistry, read_document
from app.registry.standing import PostgresStanding
from app.registry.trust import TRUST_SQL, PostgresRegistry, parameters
from sandbox.codes import uscc
from tests.registry.conftest import DAY, LOOPBACK, NOW
from tests.statements import keep_word

HOUR = timedelta(hours=1)
DIGEST = bytes(range(32))


def question(license, *kids: str, signer: str | None = None, digest: bytes | None = DIGEST):
    identifier = Identifier.read(license.id)
    owner = IssuerCode(signer or identifier.issuer)
    return TrustQuestion(
        identifier=identifier,
        type=identifier.type,
        issuer=identifier.issuer,
        signers=frozenset((owner, KeyId(kid)) for kid in kids or (license.kid,)),
        digest=digest,
    )


@pytest.fixture
async def loaded(database, document) -> Database:
    async with database.writing() as session:
        await catalogue.import_registration(session, document, networks=LOOPBACK)
    return database


@pytest.fixture
def registry(loaded) -> PostgresRegistry:
    return PostgresRegistry(loaded, lambda: NOW)


async def test_one_look_tells_all(registry, world):
    license = world.pick("traffic")
    trust = await registry.trust_for(question(license))
    body = world.body("traffic")
    assert trust.issuer is not None
    assert (trust.issuer.code, trust.issuer.name) == (body.code, body.title)
    assert trust.type is not None
    assert (trust.type.code, trust.type.roles) == (license.type, {Role.ISSUER})
    assert trust.type.max_status_age == timedelta(minutes=10)
    assert set(trust.keys) == {license.kid}
    key = trust.keys[KeyId(license.kid)]
    assert (key.owner, key.types) == (body.code, {license.type})
    assert key.status_good_until == FOREVER
    assert {(m.delegate, m.kind) for m in trust.mandates} == {
        (world.body("data").code, Kind.COPY),
        (world.body("data").code, Kind.ANSWER),
    }
    assert trust.endpoint is not None
    assert (trust.endpoint.issuer, trust.endpoint.speaker) == (body.code, Speaker.ISSUER)
    assert trust.endpoint.networks == LOOPBACK
    assert trust.endpoint.encryption_jwk is not None
    assert json.loads(trust.endpoint.encryption_jwk)["crv"] == "P-256"
    assert [k.key_id for k in trust.endpoint.answer_keys] == ["traffic-answer"]  # not the retired
    assert (trust.statement, trust.first_seen, trust.snapshot) == (None, None, "local")


async def test_file_and_database_say_the_same(registry, world, document, tmp_path):
    (tmp_path / "registration.json").write_text(json.dumps(document))
    snapshot = SnapshotRegistry.read(tmp_path, lambda: NOW, networks=LOOPBACK)
    kids = sorted(k.kid for body in world.bodies for k in body.keys)
    asked = 0
    for body in world.bodies:
        for type in (*(t["code"] for t in document["license_types"]), None):
            for issuer in (IssuerCode(body.code), None):
                some = TrustQuestion(
                    identifier=None,
                    type=None if type is None else TypeCode(type),
                    issuer=issuer,
                    signers=frozenset((IssuerCode(body.code), KeyId(kid)) for kid in kids),
                    digest=None,
                )
                theirs = await snapshot.trust_for(some)
                assert theirs.snapshot.startswith("sha256:")
                assert replace(theirs, snapshot="local") == await registry.trust_for(some)
                asked += theirs.issuer is not None and theirs.endpoint is not None
    assert asked > 20


async def test_an_organisation_code_of_another_type_is_told_as_such(
    database, world, document, tmp_path
):
    """What a body seals one type under is not what it seals another type under."""
    made = copy.deepcopy(document)
    here, there = (world.pick(name).type for name in ("market", "traffic"))
    (issuer,) = [e for e in made["issuers"] if e["code"] == world.body("market").code]
    issuer["types"] = [here, there]
    mine, elsewhere, nobodys = (uscc("11", "639900", f"MB99090{n}") for n in range(3))
    issuer["organisation_codes"] = {here: [mine], there: [elsewhere]}
    issuer["tolerated_gaps"] = ["attachment"]
    async with database.writing() as session:
        await catalogue.import_registration(session, made, networks=LOOPBACK)
    (tmp_path / "registration.json").write_text(json.dumps(made))
    bearing = frozenset({mine, elsewhere, nobodys})
    some = replace(question(world.pick("market")), organisations=bearing)
    for registry in (
        PostgresRegistry(database, lambda: NOW),
        SnapshotRegistry.read(tmp_path, lambda: NOW, networks=LOOPBACK),
    ):
        trust = await registry.trust_for(some)
        assert trust.issuer
        assert trust.issuer.tolerated_gaps == {Gap.ATTACHMENT}
        assert trust.owners == {mine: issuer["code"]}
        assert trust.owners_otherwise == {elsewhere: issuer["code"]}


async def test_expired_revoked_and_future_keys_are_for_the_checks(registry, world):
    kids = ("market-retired", "market-revoked", "market-future", "market-current")
    trust = await registry.trust_for(question(world.pick("market"), *kids))
    assert set(trust.keys) == set(kids)
    assert trust.keys[KeyId("market-revoked")].revoked_at is not None
    assert trust.keys[KeyId("market-future")].window.since > NOW
    assert trust.keys[KeyId("market-retired")].window.until < NOW


async def test_keys_of_others_do_not_exist_for_this_issuer(registry, world):
    """A key of another issuer, of a stranger, for answers, or under no name: unknown."""
    kids = ("traffic-current", "stranger-current", "market-answer", "none", "market-current")
    trust = await registry.trust_for(question(world.pick("market"), *kids))
    assert set(trust.keys) == {"market-current"}


async def test_a_delegate_for_originals(registry, world):
    license = world.pick("housing")
    trust = await registry.trust_for(question(license, "city-housing-current"))
    key = trust.keys[KeyId("city-housing-current")]
    assert (key.owner, key.types) == (world.body("city-housing").code, {license.type})
    assert [m.kind for m in trust.mandates] == [Kind.ORIGINAL]


async def test_a_key_for_copies_is_none_for_originals(loaded, registry, world):
    """Its owner may do both, and role follows the mandate: the key must have been meant for it."""
    license = world.pick("market")
    copies = question(license, "data-copy")
    assert set((await registry.trust_for(copies)).keys) == {"data-copy"}  # the twin
    async with loaded.writing() as session:
        given = (await catalogue.list_delegations(session, copies.issuer))[0]
        await catalogue.add_delegation(session, replace(given, kind=Kind.ORIGINAL))
    assert (await registry.trust_for(copies)).keys == {}


async def test_an_issuers_own_copy_key_is_none_for_licenses(loaded, registry, world):
    license = world.pick("market")
    asked = question(license, "market-current")
    assert set((await registry.trust_for(asked)).keys) == {"market-current"}
    async with loaded.writing() as session:
        entry = next(
            k
            for k in await catalogue.list_keys(session, asked.issuer)
            if k.key_id == "market-current"
        )
        await catalogue.add_key(
            session,
            entry.owner,
            entry.key_id,
            entry.spki,
            uses=frozenset({Use.COPY}),
            window=entry.window,
        )
    assert (await registry.trust_for(asked)).keys == {}


async def test_the_issuers_own_key_wins_its_name(loaded, registry, world, document):
    license = world.pick("housing")
    asked = question(license, "housing-current", signer=world.body("city-housing").code)
    own = (await registry.trust_for(asked)).keys[KeyId("housing-current")]
    delegate = IssuerCode(world.body("city-housing").code)
    jwk = {**document["issuers"][2]["keys"][0]["jwk"]}
    jwk["x"] = "1zEHOnr0vEWLbzxhBhQHdmbbNGTwxwmYAZ_2VYl4jxo"  # RFC 8032 §7.1, test 1
    jwk["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    async with loaded.writing() as session:
        await catalogue.add_key(
            session,
            delegate,
            KeyId("housing-current"),
            jwk,
            uses=frozenset({Use.LICENSE}),
            window=Window(NOW - DAY, None),
        )
    assert (await registry.trust_for(asked)).keys[KeyId("housing-current")] == own
    assert own.owner == asked.issuer


async def test_a_withdrawn_mandate_ends_but_is_still_told(loaded, registry, world):
    asked = question(world.pick("housing"), "city-housing-current")
    async with loaded.writing() as session:
        given = (await catalogue.list_delegations(session, asked.issuer))[0]
        await catalogue.revoke_delegation(
            session, given.issuer, given.type, given.delegate, given.kind, at=NOW - HOUR
        )
    trust = await registry.trust_for(asked)
    assert trust.mandates[0].window == Window(given.window.since, NOW - HOUR)
    assert set(trust.keys) == {"city-housing-current"}


async def forget_endpoint(database: Database, issuer: str) -> None:
    async with database.pool.acquire() as connection:
        await connection.execute("DELETE FROM issuer_endpoint WHERE issuer = $1", issuer)


async def test_without_its_own_endpoint_its_delegate_answers(loaded, registry, world):
    asked = question(world.pick("traffic"))
    data = world.body("data").code
    await forget_endpoint(loaded, asked.issuer)
    trust = await registry.trust_for(asked)
    assert trust.endpoint is not None
    assert (trust.endpoint.issuer, trust.endpoint.speaker) == (data, Speaker.DELEGATE)
    assert [k.key_id for k in trust.endpoint.answer_keys] == ["data-answer"]
    async with loaded.writing() as session:
        for given in await catalogue.list_delegations(session, asked.issuer):
            await catalogue.revoke_delegation(
                session, given.issuer, given.type, given.delegate, given.kind, at=NOW - HOUR
            )
    assert (await registry.trust_for(asked)).endpoint is None


async def test_a_mandate_for_copies_is_none_for_answers(loaded, registry, world):
    asked = question(world.pick("market"))  # data may make its copies, and has an endpoint
    await forget_endpoint(loaded, asked.issuer)
    assert (await registry.trust_for(asked)).endpoint is None


@pytest.mark.parametrize("when", [NOW - 10 * 366 * DAY, NOW + 10 * 366 * DAY])
async def test_answer_keys_are_those_of_the_day(loaded, world, when: datetime):
    registry = PostgresRegistry(loaded, lambda: when)
    trust = await registry.trust_for(question(world.pick("traffic")))
    assert trust.endpoint is not None
    assert trust.endpoint.answer_keys == ()


async def test_a_revoked_answer_key_counts_no_more(loaded, registry, world):
    asked = question(world.pick("traffic"))
    async with loaded.writing() as session:
        await catalogue.revoke_key(session, asked.issuer, KeyId("traffic-answer"), NOW)
    trust = await registry.trust_for(asked)
    assert trust.endpoint is not None
    assert trust.endpoint.answer_keys == ()


async def test_nobody_asked_about(registry):
    trust = await registry.trust_for(TrustQuestion(None, None, None, frozenset(), None))
    assert (trust.issuer, trust.type, trust.endpoint, trust.statement) == (None,) * 4
    assert (trust.keys, trust.mandates) == ({}, ())


async def test_an_unregistered_issuer_has_no_keys(registry, world):
    license = world.pick("market")
    stranger = IssuerCode(world.body("stranger").code)
    asked = replace(question(license, "stranger-current", "market-current"), issuer=stranger)
    trust = await registry.trust_for(asked)
    assert trust.issuer is None
    assert (trust.keys, trust.endpoint) == ({}, None)
    assert trust.type is not None


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "'", "%", "x" * 100_000, "证"])
async def test_hostile_hints_find_nothing_and_break_nothing(registry, world, text):
    asked = TrustQuestion(
        identifier=None,
        type=TypeCode(text),
        issuer=IssuerCode(text),
        signers=frozenset({(IssuerCode(text), KeyId(text))}),
        digest=b"",
    )
    trust = await registry.trust_for(asked)
    assert (trust.issuer, trust.type, trust.keys) == (None, None, {})
    hints = frozenset({(IssuerCode(text), KeyId(text))})
    good = question(world.pick("market"))
    mixed = await registry.trust_for(replace(good, signers=good.signers | hints))
    assert set(mixed.keys) == {"market-current"}


def said(code: Code, as_of: datetime) -> Statement:
    return Statement(code, signed=True, as_of=as_of)


async def keep(database, identifier, statement, token):
    async with database.pool.acquire() as connection:
        return await keep_word(connection, identifier, statement, "traffic-answer", token)


async def test_the_latest_signed_statement_speaks(loaded, registry, world):
    asked = question(world.pick("traffic"))
    other = question(world.of("traffic", "in_force")[1])
    assert asked.identifier is not None
    in_force, suspended = said(Code.IN_FORCE, NOW - HOUR), said(Code.SUSPENDED, NOW - 2 * HOUR)
    assert await keep(loaded, asked.identifier, suspended, "a") == "added"
    assert (await registry.trust_for(asked)).statement == suspended
    assert await keep(loaded, asked.identifier, in_force, "b") == "added"
    assert await keep(loaded, asked.identifier, in_force, "b") == "unchanged"
    assert (await registry.trust_for(asked)).statement == in_force
    # At the same moment, the worse one; and by which algorithm it was signed.
    ended = replace(said(Code.ENDED, NOW - HOUR), scheme=Scheme.SM2_SM3)
    await keep(loaded, asked.identifier, ended, "c")
    assert (await registry.trust_for(asked)).statement == ended
    assert (await registry.trust_for(other)).statement is None


@pytest.mark.parametrize(("lost", "believed"), [("1 hour", False), ("-1 hour", True)])
async def test_attack_in_force_signed_by_a_key_that_was_lost_by_then(
    loaded, registry, world, lost, believed
):
    """Known before or found out later: nobody's word. What ended a license stays said."""
    asked = question(world.pick("traffic"))
    in_force, ended = said(Code.IN_FORCE, NOW - HOUR), said(Code.ENDED, NOW - 2 * HOUR)
    await keep(loaded, asked.identifier, in_force, "a")
    assert (await registry.trust_for(asked)).statement == in_force, "the twin"
    standing = PostgresStanding(loaded)
    async with loaded.writing() as session:
        await session.execute(
            text(
                f"UPDATE issuer_key SET revoked_at = now() - interval '{lost}', "
                "revocation_reason = 'compromised' WHERE key_id = 'traffic-answer'"
            )
        )
    expected = in_force if believed else None
    assert (await registry.trust_for(asked)).statement == expected
    assert (await standing.standing(asked.identifier, NOW)).statement == expected
    await keep(loaded, asked.identifier, ended, "b")
    assert (await registry.trust_for(asked)).statement == (in_force if believed else ended)


async def test_a_push_is_told_to_every_worker_at_its_next_look(loaded, registry, world):
    """Whatever was pushed, signed or not: in the same transaction as everything else."""
    asked, other = question(world.pick("traffic")), question(world.pick("market"))
    second = PostgresRegistry(loaded, lambda: NOW)
    assert (await registry.trust_for(asked)).told_at is None
    async with loaded.writing() as session:
        session.add(
            LicenseStatusRow(
                identifier=str(asked.identifier),
                state=State.SUSPENDED.value,
                since=NOW - DAY,
                recorded_at=NOW - HOUR,
            )
        )
    for each in (registry, second):
        assert (await each.trust_for(asked)).told_at == NOW - HOUR
        assert (await each.trust_for(other)).told_at is None
    before = datetime.now(UTC)
    await keep(loaded, asked.identifier, said(Code.ENDED, NOW - DAY), "a")
    for each in (registry, second):  # a statement of yesterday that came in a moment ago
        trust = await each.trust_for(asked)
        assert trust.told_at is not None
        assert trust.told_at >= before - timedelta(seconds=5)
        assert trust.statement is not None


PLATFORMS = {
    "type_owner": lambda license: [license.type[:18]],
    "region": lambda license: [Identifier.read(license.id).issuer[2:4]],
    "upstream": lambda _: [],
}


@pytest.mark.parametrize("kind", PLATFORMS)
async def test_platforms_are_asked_where_the_issuer_has_no_endpoint(
    database, world, document, tmp_path, kind
):
    """The same way from the tables and from a file; the issuer's keys count, whoever hands on."""
    license = world.pick("market")
    body = next(each for each in document["issuers"] if each["code"] == world.body("data").code)
    prefixes = PLATFORMS[kind](license)
    platform = {"kind": kind, "url": "http://127.0.0.1:9999/platform", "prefixes": prefixes}
    if not prefixes:
        del platform["prefixes"]
    body["platforms"] = [platform]
    market = next(each for each in document["issuers"] if each["code"] == license.issuer)
    for member in ("endpoint", "encryption_key"):
        market.pop(member)
    (tmp_path / "registration.json").write_text(json.dumps(document))
    async with database.writing() as session:
        await catalogue.import_registration(session, document, networks=LOOPBACK)
    asked = question(license)
    trust = await PostgresRegistry(database, lambda: NOW).trust_for(asked)
    snapshot = SnapshotRegistry.read(tmp_path, lambda: NOW, networks=LOOPBACK)
    assert replace(await snapshot.trust_for(asked), snapshot="local") == trust
    where = trust.endpoint
    assert where is not None
    assert (where.issuer, where.rule, where.speaker) == (body["code"], kind, Speaker.UPSTREAM)
    assert where.matched == (prefixes or [""])[0]
    assert where.answer_keys
    assert [(home.body, home.speaker) for home in where.home_keys] == [
        (license.issuer, Speaker.ISSUER)
    ]


@pytest.mark.parametrize(
    ("platform", "field"),
    [
        ({"kind": "region", "prefixes": ["630"]}, "prefixes[0]"),
        ({"kind": "region", "prefixes": []}, "prefixes"),
        ({"kind": "region"}, "prefixes"),
        ({"kind": "upstream", "prefixes": ["63"]}, "prefixes[0]"),
        ({"kind": "type_owner", "prefixes": ["11"]}, "prefixes[0]"),
        ({"kind": "issuer"}, "kind"),
        ({"kind": "upstream", "url": "http://example.com/"}, "url"),
        ({"kind": "upstream", "more": 1}, ""),
    ],
)
async def test_a_platform_that_is_refused(document, platform, field):
    body = document["issuers"][0]
    body["platforms"] = [{"kind": "upstream", "url": "https://platform.example/ivp"}]
    read_registration(document)  # the twin
    body["platforms"][0].update(platform)
    with pytest.raises(Refused) as caught:
        read_registration(document)
    assert caught.value.field.endswith(f"platforms[0].{field}".rstrip("."))


async def test_a_hot_read_touches_one_partition_of_each_table(loaded, world):
    """With the plan made once for all parameters, as the service runs it."""
    found = parameters(question(world.pick("traffic")))
    issuer, type, hints, identifier, digest, _, region, ties, names = found
    assert ties == names == []
    call = f"'{issuer}', '{type}', ARRAY['{hints[0]}'], '{identifier}', '\\x{digest.hex()}'"
    call += f", ARRAY['{issuer}'], '{region}', ARRAY[]::text[], ARRAY[]::bytea[]"
    async with loaded.pool.acquire() as connection:
        assert await connection.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
        await connection.execute(f"PREPARE look AS {TRUST_SQL}")
        (plan,) = await connection.fetchrow(f"EXPLAIN (FORMAT JSON, ANALYZE) EXECUTE look ({call})")
        await connection.execute("DEALLOCATE look")
    relations = sorted(scanned(json.loads(plan)[0]["Plan"]))
    parts = [name for name in relations if name[-3:-2] == "_"]
    assert [name[:-3] for name in parts] == ["first_seen", "license_status", *["statement"] * 2]
    assert set(relations) - set(parts) <= {
        *("delegation", "issuer", "issuer_endpoint", "issuer_key", "issuer_organisation"),
        *("dispute", "license_type", "succession", "trust_list", "trust_source"),
    }


def scanned(node) -> list[str]:
    """Relations in the plan, once for each time they stand there."""
    own = [node["Relation Name"]] if "Relation Name" in node else []
    return own + [name for each in node.get("Plans", ()) for name in scanned(each)]


async def test_a_read_survives_a_restart_behind_an_idle_connection(loaded, registry, world):
    asked = question(world.pick("traffic"))
    before = await registry.trust_for(asked)
    await end_others(loaded)
    assert await registry.trust_for(asked) == before


async def end_others(database: Database) -> None:
    """Terminate every other connection of this database, as a restart would."""
    async with database.writing() as session:
        connection = await (await session.connection()).get_raw_connection()
        driver = connection.driver_connection
        assert driver is not None
        await driver.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )


async def test_no_database_is_unavailable_and_says_no_address(world):
    nowhere = await Database.open("postgresql+asyncpg://someone:secret@127.0.0.1:1/none")
    try:
        registry = PostgresRegistry(nowhere, lambda: NOW)
        with pytest.raises(Unavailable) as caught:
            await registry.trust_for(question(world.pick("traffic")))
        assert "secret" not in str(caught.value)
    finally:
        await nowhere.close()


async def test_without_tables_it_is_unavailable(loaded, registry, world):
    async with loaded.pool.acquire() as connection:
        await connection.execute("ALTER TABLE first_seen RENAME TO gone")
    try:
        with pytest.raises(Unavailable, match="42P01"):
            await registry.trust_for(question(world.pick("traffic")))
    finally:
        async with loaded.pool.acquire() as connection:
            await connection.execute("ALTER TABLE gone RENAME TO first_seen")


async def test_a_blocked_table_is_unavailable_in_time(loaded, registry, world):
    asked = question(world.pick("traffic"))
    holder = await asyncpg.connect(**options(loaded))
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE issuer IN ACCESS EXCLUSIVE MODE")
            async with asyncio.timeout(3):
                with pytest.raises(Unavailable, match="55P03"):
                    await registry.trust_for(asked)
        assert (await registry.trust_for(asked)).issuer is not None
    finally:
        await holder.close()


def options(database: Database) -> dict[str, object]:
    _, found = database.engine.dialect.create_connect_args(database.engine.url)
    return found


async def test_the_pool_ends_and_says_so(loaded, registry, world, monkeypatch):
    """Eleventh of ten: waits for its share of time, then it is the caller's turn to come back."""
    monkeypatch.setattr("app.registry.sessions.POOL_WAIT", 0.05)
    held = [await loaded.pool.acquire() for _ in range(10)]
    try:
        with pytest.raises(Unavailable):
            await registry.trust_for(question(world.pick("traffic")))
    finally:
        for connection in held:
            await loaded.pool.release(connection)
    assert (await registry.trust_for(question(world.pick("traffic")))).issuer is not None


async def test_reads_given_up_leave_no_connection_behind(loaded, registry, world):
    asked = question(world.pick("traffic"))

    async def read_on() -> None:
        while True:
            await registry.trust_for(asked)

    async def give_up(after: float) -> bool:
        try:
            await asyncio.wait_for(read_on(), after)
        except TimeoutError:
            return True
        return False

    assert all(await asyncio.gather(*(give_up(0.002 * n) for n in range(1, 40))))
    assert loaded.pool.get_size() - loaded.pool.get_idle_size() == 0
    assert (await registry.trust_for(asked)).issuer is not None


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (None, "registration"),
        ("", "registration"),
        ("[]", "registration"),
        ('{"issuers": [], "issuers": []}', "registration"),
        ('{"issuers": 1}', "issuers"),
        ('{"isuers": []}', "document"),
    ],
)
def test_a_folder_that_cannot_be_trusted(tmp_path, content, place):
    if content is not None:
        (tmp_path / "registration.json").write_text(content)
    with pytest.raises(Refused) as caught:
        SnapshotRegistry.read(tmp_path, lambda: NOW)
    assert caught.value.field == place


def test_a_file_must_be_whole(tmp_path, document):
    """What the tables would refuse is refused here: every code that is named is registered."""
    file = tmp_path / "registration.json"

    def read() -> SnapshotRegistry:
        file.write_text(json.dumps(document))
        return SnapshotRegistry.read(file, lambda: NOW)

    read()
    assert read_document(tmp_path) == document
    delegations = document.pop("delegations")
    document["delegations"] = [{**delegations[0], "to": "639998"}]
    with pytest.raises(Refused, match=r"delegations\[.*\]\.to"):
        read()
    document["delegations"] = [{**delegations[0], "types": delegations[1]["types"]}]
    with pytest.raises(Refused, match="cannot hand on"):
        read()
    document["delegations"] = []
    document["license_types"].pop()
    with pytest.raises(Refused) as caught:
        read()
    assert caught.value.field.endswith(".types")


async def test_a_forgetful_journal_takes_everything_and_has_nothing():
    assert not hasattr(ForgetfulJournal(), "report")


async def test_an_endpoint_of_a_body_nobody_delegated_to_is_not_used(loaded, registry, world):
    asked = question(world.pick("university"))
    async with loaded.writing() as session:
        await catalogue.add_endpoint(
            session,
            EndpointEntry(
                issuer=IssuerCode(world.body("city-housing").code), url="https://else.example/"
            ),
        )
    await forget_endpoint(loaded, asked.issuer)
    assert (await registry.trust_for(asked)).endpoint is None
