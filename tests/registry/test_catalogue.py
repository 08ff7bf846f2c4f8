"""Administration on a real PostgreSQL: repeatable, exact in what it refuses, and never half done."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from app.crypto.keys import read_public_key
from app.domain.errors import Refused
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.trust import Gap, Issuer, Kind, LicenseType, Window
from app.models import Use
from app.registry import catalogue
from app.registry.catalogue import Change, Changes
from app.registry.entries import DelegationEntry, EndpointEntry, IssuerEntry
from app.registry.sessions import WriteSession
from tests.registry.conftest import DAY, LOOPBACK, NOW

OPEN = Window(NOW - 100 * DAY, NOW + 100 * DAY)


async def load(database, document):
    async with database.writing() as session:
        return await catalogue.import_registration(session, document, networks=LOOPBACK)


async def everything(database):
    async with database.reading() as session:
        return (
            await catalogue.list_license_types(session),
            await catalogue.list_issuers(session),
            await catalogue.list_keys(session),
            await catalogue.list_endpoints(session),
            await catalogue.list_delegations(session),
        )


async def test_an_import_twice_changes_nothing(database, document):
    first = await load(database, document)
    kept = await everything(database)
    assert first.added == sum(map(len, kept)) > 40
    assert (first.changed, first.unchanged) == (0, 0)
    assert await load(database, document) == Changes(0, 0, first.added)
    assert await everything(database) == kept


async def test_what_was_read_is_what_is_kept(database, document):
    said = catalogue.read_registration(document, networks=LOOPBACK)
    await load(database, document)
    types, issuers, keys, endpoints, delegations = await everything(database)
    assert set(types) == set(said.license_types)
    assert {i.issuer.code: i for i in issuers} == {i.issuer.code: i for i in said.issuers}
    assert {(k.owner, k.key_id): k for k in keys} == {(k.owner, k.key_id): k for k in said.keys}
    assert set(endpoints) == set(said.endpoints)
    assert set(delegations) == set(said.delegations)


async def test_a_later_document_brings_up_to_date(database, document):
    await load(database, document)
    issuer = document["issuers"][0]
    issuer["title"]["en"] = "Renamed"
    issuer["endpoint"] = "http://127.0.0.1:9999/moved"
    issuer["keys"][1]["not_after"] = "2031-01-01T00:00:00Z"
    issuer["organisation_codes"] = {}
    issuer["tolerated_gaps"] = ["attachment"]
    document["delegations"][0]["not_after"] = None
    changes = await load(database, document)
    assert (changes.added, changes.changed) == (0, 4)
    _, issuers, keys, endpoints, delegations = await everything(database)
    entry = next(i for i in issuers if i.issuer.code == issuer["code"])
    assert (entry.issuer.name_en, entry.organisation_codes) == ("Renamed", {})
    assert entry.issuer.tolerated_gaps == {Gap.ATTACHMENT}
    assert "http://127.0.0.1:9999/moved" in {e.url for e in endpoints}
    assert any(k.window.until and k.window.until.year == 2031 for k in keys)
    assert any(d.window.until is None for d in delegations)


async def test_a_refused_document_leaves_nothing(database, document):
    document["delegations"][-1]["types"] = [document["license_types"][2]["code"]]  # not the giver's
    before = await everything(database)
    with pytest.raises(Refused) as caught:
        await load(database, document)
    assert caught.value.field.endswith(".types")
    assert await everything(database) == before == ([], [], [], [], [])


async def test_two_imports_at_once_add_once(database, document):
    changes = await asyncio.gather(*(load(database, deepcopy(document)) for _ in range(2)))
    none, all = sorted(c.added for c in changes)
    assert none == 0 < all
    assert all == max(c.unchanged for c in changes)


def revoked(document, owner=0):
    return next(k for k in document["issuers"][owner]["keys"] if k["revoked_at"])


async def refused(database, document) -> str:
    with pytest.raises(Refused) as caught:
        await load(database, document)
    return caught.value.field


async def test_a_revocation_is_not_taken_back(database, document):
    await load(database, document)
    key = revoked(document)
    key["revoked_at"] = key["reason"] = None
    assert await refused(database, document) == f"keys[{key['kid']}].revoked_at"
    key["revoked_at"] = "2020-01-01T00:00:00Z"  # the twin: it may turn out to be earlier
    assert (await load(database, document)).changed == 1


async def test_a_key_is_not_replaced_under_its_name(database, document):
    await load(database, document)
    keys = document["issuers"][0]["keys"]
    keys[0]["jwk"], other = keys[1]["jwk"], keys[0]["jwk"]
    keys.pop(1)
    assert await refused(database, document) == f"keys[{keys[0]['kid']}]"  # it is taken elsewhere
    keys[0]["jwk"] = document["issuers"][4]["keys"][0]["jwk"]
    document["issuers"][4]["keys"] = []
    assert await refused(database, document) == f"keys[{keys[0]['kid']}]"
    keys[0]["jwk"] = other
    assert (await load(database, document)).changed == 0


async def test_a_fresh_key_under_an_old_name(database, document, world):
    await load(database, document)
    jwk = read_public_key(document["issuers"][1]["keys"][0]["jwk"]).public_jwk()
    new = {**jwk, **_other_p256()}
    document["issuers"][1]["keys"][0]["jwk"] = new
    kid = document["issuers"][1]["keys"][0]["kid"]
    assert await refused(database, document) == f"keys[{kid}].kid"


def _other_p256() -> dict[str, str]:
    """The base point of P-256: a key nobody would use."""
    return {
        "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
        "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
    }


async def test_one_key_cannot_have_two_owners(database, document):
    await load(database, document)
    taken = document["issuers"][1]["keys"][0]["jwk"]
    async with database.writing() as session:
        with pytest.raises(Refused) as caught:
            await catalogue.add_key(
                session,
                IssuerCode(document["issuers"][2]["code"]),
                KeyId("mine"),
                taken,
                uses=frozenset({Use.LICENSE}),
                window=OPEN,
            )
    assert caught.value.field == "keys[mine]"


Attempt = Callable[[WriteSession], Awaitable[object]]


async def attempt(database, work: Attempt) -> str:
    with pytest.raises(Refused) as caught:
        async with database.writing() as session:
            await work(session)
    return caught.value.field


NOBODY = IssuerCode("639999")
NO_TYPE = TypeCode("11639900MB99000137999")


async def test_what_is_not_registered_is_refused_by_name(database, document):
    await load(database, document)
    issuer, delegate = (IssuerCode(document["delegations"][0][side]) for side in ("from", "to"))
    type = TypeCode(document["delegations"][0]["types"][0])
    body = Issuer(NOBODY, "局", "Bureau", frozenset({NO_TYPE}))
    mandate = DelegationEntry(
        issuer=issuer, type=type, delegate=delegate, kind=Kind.COUNTERSIGN, window=OPEN
    )
    add = catalogue.add_delegation
    turned = replace(body, name="局\u202e学大海青")
    unseen = replace(LICENSE_TYPE, name_en="Busi\u200bness")
    attempts: dict[str, Attempt] = {
        "name": lambda s: catalogue.add_issuer(s, IssuerEntry(turned)),
        "name-en": lambda s: catalogue.add_license_type(s, unseen),
        f"issuers[{NOBODY}].types": lambda s: catalogue.add_issuer(s, IssuerEntry(body)),
        f"endpoints[{NOBODY}].issuer": lambda s: catalogue.add_endpoint(
            s, EndpointEntry(issuer=NOBODY, url="https://a.example/")
        ),
        f"delegations[{NOBODY}].from": lambda s: add(s, replace(mandate, issuer=NOBODY)),
        f"delegations[{issuer}].to": lambda s: add(s, replace(mandate, delegate=NOBODY)),
        f"delegations[{issuer}].types": lambda s: add(s, replace(mandate, type=NO_TYPE)),
        "kid": lambda s: catalogue.revoke_key(s, issuer, KeyId("none"), NOW),
        "delegation": lambda s: catalogue.revoke_delegation(
            s, issuer, type, delegate, Kind.COUNTERSIGN, at=NOW
        ),
        "keys[k].owner": lambda s: catalogue.add_key(
            s, NOBODY, KeyId("k"), KEY, uses=frozenset({Use.ANSWER}), window=OPEN
        ),
        "key": lambda s: catalogue.add_key(
            s, issuer, KeyId("k"), b"", uses=frozenset({Use.ANSWER}), window=OPEN
        ),
        "uses": lambda s: catalogue.add_key(
            s, issuer, KeyId("k"), KEY, uses=frozenset(), window=OPEN
        ),
        "not_after": lambda s: catalogue.add_key(
            s,
            issuer,
            KeyId("k"),
            KEY,
            uses=frozenset({Use.ANSWER}),
            window=Window(NOW, NOW),
        ),
    }
    for field, work in attempts.items():
        assert await attempt(database, work) == field
    async with database.writing() as session:  # the twins
        assert await add(session, mandate) is Change.ADDED
        known = replace(body, types=frozenset({type}))
        assert await catalogue.add_issuer(session, IssuerEntry(known)) is Change.ADDED


LICENSE_TYPE = LicenseType(
    code=NO_TYPE,
    name="样例",
    name_en="Sample",
    must_be_sealed=True,
    max_status_age=timedelta(hours=1),
    signed_answers=False,
)
KEY = {"kty": "EC", "crv": "P-256", **_other_p256()}


async def test_one_by_one(database):
    type = LicenseType(code=NO_TYPE, name="证", name_en="License", max_status_age=timedelta(0))
    body = IssuerEntry(Issuer(NOBODY, "局", "Bureau", frozenset({NO_TYPE})), "639900")
    delegate = IssuerEntry(Issuer(IssuerCode("639998"), "台", "Platform", frozenset()))
    endpoint = EndpointEntry(issuer=NOBODY, url="https://verify.example/")
    mandate = DelegationEntry(
        issuer=NOBODY, type=NO_TYPE, delegate=delegate.issuer.code, kind=Kind.COPY, window=OPEN
    )

    async def add_all(session: WriteSession) -> list[Change]:
        return [
            await catalogue.add_license_type(session, type),
            await catalogue.add_issuer(session, body),
            await catalogue.add_issuer(session, delegate),
            await catalogue.add_endpoint(session, endpoint),
            await catalogue.add_delegation(session, mandate),
            await catalogue.add_key(
                session, NOBODY, KeyId("k"), KEY, uses=frozenset({Use.LICENSE}), window=OPEN
            ),
        ]

    for expected in (Change.ADDED, Change.UNCHANGED):
        async with database.writing() as session:
            assert set(await add_all(session)) == {expected}
    types, issuers, keys, endpoints, delegations = await everything(database)
    assert (types, issuers, endpoints) == ([type], [delegate, body], [endpoint])
    assert (keys[0].scheme, keys[0].revoked_at) == (Scheme.ECDSA_P256_SHA256, None)
    assert delegations == [mandate]


async def test_revoking(database, document):
    await load(database, document)
    owner = IssuerCode(document["issuers"][1]["code"])
    kid = KeyId(document["issuers"][1]["keys"][1]["kid"])
    async with database.writing() as session:
        revoke = await catalogue.revoke_key(session, owner, kid, NOW, "key_compromise")
        again = await catalogue.revoke_key(session, owner, kid, NOW, "key_compromise")
    assert (revoke, again) == (Change.CHANGED, Change.UNCHANGED)
    async with database.reading() as session:
        entry = next(k for k in await catalogue.list_keys(session, owner) if k.key_id == kid)
        assert {k.owner for k in await catalogue.list_keys(session, owner)} == {owner}
    assert (entry.revoked_at, entry.revocation_reason) == (NOW, "key_compromise")
    assert entry.live(NOW - DAY)
    assert not entry.live(NOW)
    # Registering it again does not take that back, and neither does the old document.
    jwk = document["issuers"][1]["keys"][1]["jwk"]
    async with database.writing() as session:
        await catalogue.add_key(
            session, owner, kid, jwk, uses=frozenset({Use.LICENSE}), window=OPEN
        )
    async with database.reading() as session:
        entry = next(k for k in await catalogue.list_keys(session, owner) if k.key_id == kid)
    assert entry.revoked_at == NOW
    assert await refused(database, document) == f"keys[{kid}].revoked_at"


async def test_a_key_revoked_again_does_not_get_time_back(database, document):
    """Neither by a second `revoke`, which would say now, nor by a document with a later date."""
    await load(database, document)
    said = document["issuers"][1]
    owner, kid = IssuerCode(said["code"]), KeyId(said["keys"][1]["kid"])

    def revoke(at, **how):
        return lambda s: catalogue.revoke_key(s, owner, kid, at, **how)

    async with database.writing() as session:
        await revoke(NOW - DAY)(session)
    assert await attempt(database, revoke(NOW)) == f"keys[{kid}].revoked_at"
    said["keys"][1]["revoked_at"] = "2999-01-01T00:00:00Z"
    assert await refused(database, document) == f"keys[{kid}].revoked_at"
    async with database.writing() as session:  # the twins: earlier, and a wrong date put right
        assert await revoke(NOW - 2 * DAY)(session) is Change.CHANGED
        assert await revoke(NOW, correct=True)(session) is Change.CHANGED
    async with database.reading() as session:
        entry = next(k for k in await catalogue.list_keys(session, owner) if k.key_id == kid)
    assert entry.revoked_at == NOW


async def test_a_mandate_withdrawn_again_does_not_get_time_back(database, document):
    await load(database, document)
    async with database.reading() as session:
        mandate = (await catalogue.list_delegations(session))[0]
    named = (mandate.issuer, mandate.type, mandate.delegate, mandate.kind)

    def withdraw(at):
        return lambda s: catalogue.revoke_delegation(s, *named, at=at)

    field = f"delegations[{mandate.issuer}].revoked_at"
    async with database.writing() as session:
        await withdraw(NOW - DAY)(session)
    assert await attempt(database, withdraw(NOW)) == field
    later = replace(mandate, revoked_at=NOW + DAY)
    assert await attempt(database, lambda s: catalogue.add_delegation(s, later)) == field
    async with database.writing() as session:  # the twin
        assert await withdraw(NOW - 2 * DAY)(session) is Change.CHANGED


async def test_a_withdrawn_mandate_comes_back_only_later(database, document):
    await load(database, document)
    async with database.reading() as session:
        mandate = (await catalogue.list_delegations(session))[0]
    named = (mandate.issuer, mandate.type, mandate.delegate, mandate.kind)
    async with database.writing() as session:
        assert await catalogue.revoke_delegation(session, *named, at=NOW) is Change.CHANGED
    field = f"delegations[{mandate.issuer}].not_before"
    assert await refused(database, document) == field
    assert await attempt(database, lambda s: catalogue.add_delegation(s, mandate)) == field
    later = replace(mandate, window=Window(NOW + DAY, None))
    async with database.writing() as session:
        assert await catalogue.add_delegation(session, later) is Change.CHANGED
    async with database.reading() as session:
        kept = await catalogue.list_delegations(session, mandate.issuer)
    assert later in kept
