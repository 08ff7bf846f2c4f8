"""Anchors, intermediates and lists: registered, read back, and seen by the next verification."""

import base64
import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.certificate import Purpose
from app.domain.errors import Refused
from app.domain.trust import NO_AUTHORITIES, TrustQuestion
from app.registry import authorities
from app.registry.authorities import AuthoritiesEntry, read_authorities
from app.registry.snapshot import SnapshotRegistry
from app.registry.trust import PostgresRegistry
from sandbox.registration import registration
from sandbox.trust import authorities as sandbox_authorities
from sandbox.world import World

pytestmark = pytest.mark.anyio
QUESTION = TrustQuestion(None, None, None, frozenset(), None, sealed=True)


@pytest.fixture(scope="module")
def document():
    return sandbox_authorities(World(1))


@pytest.fixture
async def registered(database, document):
    async with database.writing() as session:
        await authorities.put_authorities(session, read_authorities(document))
    return database


def now() -> datetime:
    return datetime.now(UTC)


async def test_what_is_registered_is_what_certificates_are_judged_against(registered, document):
    entry = read_authorities(document)
    found = (await PostgresRegistry(registered, now).trust_for(QUESTION)).authorities
    assert {a.fingerprint: a for a in found.anchors} == {a.fingerprint: a for a in entry.anchors}
    assert set(found.intermediates) == set(entry.intermediates)
    assert found.lists
    assert {c.sha256 for c in found.lists} <= {c.sha256 for c in entry.lists}
    unsealed = await PostgresRegistry(registered, now).trust_for(replace(QUESTION, sealed=False))
    assert unsealed.authorities == NO_AUTHORITIES


async def test_a_second_import_changes_nothing(registered, document):
    async with registered.writing() as session:
        changes = await authorities.put_authorities(session, read_authorities(document))
    assert (changes.added, changes.changed) == (0, 0)
    assert changes.unchanged > 0


async def test_an_ended_anchor_is_seen_by_the_very_next_look(registered):
    registry = PostgresRegistry(registered, now)
    before = (await registry.trust_for(QUESTION)).authorities
    anchor = next(a for a in before.anchors if a.until is None)
    at = now() - timedelta(days=1)
    async with registered.writing() as session:
        await authorities.end_anchor(session, anchor.fingerprint, at)
    after = (await registry.trust_for(QUESTION)).authorities
    assert next(a.until for a in after.anchors if a.fingerprint == anchor.fingerprint) == at
    assert (await registry.trust_for(QUESTION)).authorities is after  # parsed once


async def until_of(database, fingerprint):
    async with database.reading() as session:
        found = await authorities.list_anchors(session)
    return next(a.until for a in found if a.fingerprint == fingerprint)


async def test_a_distrusted_anchor_does_not_come_back_with_the_old_document(registered, document):
    """Only `anchor restore` brings it back; what else the document says is registered as before."""
    entry = read_authorities(document)
    anchor = next(a for a in entry.anchors if a.until is None)
    ended = now() - timedelta(days=30)
    async with registered.writing() as session:
        await authorities.end_anchor(session, anchor.fingerprint, ended)
    later = replace(anchor, until=ended + timedelta(seconds=1))
    for again in (entry, AuthoritiesEntry(anchors=(later,))):
        with pytest.raises(Refused, match="anchor restore") as caught:
            async with registered.writing() as session:
                await authorities.put_authorities(session, again)
        assert caught.value.field == f"anchors[{anchor.fingerprint[:16]}].until"
    assert await until_of(registered, anchor.fingerprint) == ended
    same = replace(anchor, until=ended)  # the twins: the same end, and an earlier one
    earlier = replace(anchor, until=ended - timedelta(seconds=1))
    for wanted, changed in ((same, 0), (earlier, 1)):
        async with registered.writing() as session:
            held = AuthoritiesEntry(anchors=(wanted,))
            assert (await authorities.put_authorities(session, held)).changed == changed


async def test_ending_an_anchor_again_does_not_give_it_time_back(registered, document):
    anchor = next(a for a in read_authorities(document).anchors if a.until is None)
    ended = now() - timedelta(days=30)
    async with registered.writing() as session:
        await authorities.end_anchor(session, anchor.fingerprint, ended)
    with pytest.raises(Refused, match="anchor restore"):
        async with registered.writing() as session:
            await authorities.end_anchor(session, anchor.fingerprint, now())
    assert await until_of(registered, anchor.fingerprint) == ended


async def test_an_anchor_is_restored_by_name_alone(registered, document):
    anchor = next(a for a in read_authorities(document).anchors if a.until is None)
    ended = now() - timedelta(days=30)
    async with registered.writing() as session:
        with pytest.raises(Refused, match="is trusted without an end"):
            await authorities.restore_anchor(session, anchor.fingerprint, None)
        with pytest.raises(Refused, match="anchor list"):
            await authorities.restore_anchor(session, "0" * 64, None)
        await authorities.end_anchor(session, anchor.fingerprint, ended)
        with pytest.raises(Refused, match="anchor revoke"):
            await authorities.restore_anchor(session, anchor.fingerprint, ended - timedelta(days=1))
        for until in (now() + timedelta(days=1), None):
            await authorities.restore_anchor(session, anchor.fingerprint, until)
    assert await until_of(registered, anchor.fingerprint) is None
    async with registered.writing() as session:
        again = await authorities.put_authorities(session, read_authorities(document))
    assert (again.added, again.changed) == (0, 0)


async def test_an_anchor_nobody_registered_cannot_be_ended(registered):
    async with registered.writing() as session:
        with pytest.raises(Refused, match="anchor list"):
            await authorities.end_anchor(session, "0" * 64, now())


async def test_listed_as_they_were_registered(registered, document):
    entry = read_authorities(document)
    async with registered.reading() as session:
        assert len(await authorities.list_anchors(session)) == len(entry.anchors)
        times = [c.this_update for c in await authorities.list_crls(session)]
    assert times == sorted(times, reverse=True)


async def test_a_folder_means_the_same_as_the_tables(tmp_path, document):
    world = World(1)
    (tmp_path / "registration.json").write_text(json.dumps(registration(world, {})))
    alone = SnapshotRegistry.read(tmp_path, now)
    assert (await alone.trust_for(QUESTION)).authorities == NO_AUTHORITIES
    (tmp_path / "authorities.json").write_text(json.dumps(document))
    both = SnapshotRegistry.read(tmp_path, now)
    assert (await both.trust_for(QUESTION)).authorities.anchors
    assert both.name != alone.name


def _leaf(document) -> str:
    world = World(1)
    holder = world.sealer(world.pick("market"))
    return base64.b64encode(holder.unit.certificate).decode()


def spoiled(name, document):
    made = copy.deepcopy(document)
    inner = made["authorities"]
    anchor = inner["anchors"][0]
    match name:
        case "no_member":
            del made["authorities"]
        case "unknown_member":
            inner["crl"] = []
        case "unknown_anchor_member":
            anchor["purpose"] = "tsa"
        case "no_purpose":
            anchor["purposes"] = []
        case "unknown_purpose":
            anchor["purposes"] = ["everything"]
        case "local_time":
            anchor["since"] = "2026-01-01 00:00:00"
        case "not_base64":
            anchor["certificate"] = "***"
        case "not_a_certificate":
            anchor["certificate"] = "AAAA"
        case "an_end_entity":
            anchor["certificate"] = _leaf(document)
        case "a_number":
            inner["intermediates"] = [5]
        case "no_list":
            inner["crls"] = "AAAA"
        case "not_a_crl":
            inner["crls"] = ["AAAA"]
        case "too_long":
            inner["intermediates"] = ["A" * (authorities.MAX_CERTIFICATE + 1)]
        case "egov_text":
            anchor["egov_ca"] = "yes"
        case "no_egov_for_licenses":
            anchor["egov_ca"] = False
        case "verified_text":
            anchor["organisation_verified"] = "O"
        case "region_of_five":
            anchor["region"] = "63000"
        case "region_of_words":
            anchor["region"] = "青海省"
        case "signers_and_makers":
            anchor["purposes"] = ["license-seal", "seal-maker"]
        case "purpose_of_no_use":
            anchor["purposes"] = ["license-seal", "issuer-answer"]
        case "an_end_entity_for_seals_too":
            anchor |= {"certificate": _leaf(document), "purposes": ["seal-maker", "tsa"]}
    return made


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("no_member", "authorities"),
        ("unknown_member", "authorities"),
        ("unknown_anchor_member", "authorities.anchors[0]"),
        ("no_purpose", "authorities.anchors[0].purposes"),
        ("unknown_purpose", "authorities.anchors[0].purposes[0]"),
        ("local_time", "authorities.anchors[0].since"),
        ("not_base64", "authorities.anchors[0].certificate"),
        ("not_a_certificate", "authorities.anchors[0].certificate"),
        ("an_end_entity", "authorities.anchors[0].certificate"),
        ("a_number", "authorities.intermediates[0]"),
        ("no_list", "authorities.crls"),
        ("not_a_crl", "authorities.crls[0]"),
        ("too_long", "authorities.intermediates[0]"),
        ("egov_text", "authorities.anchors[0].egov_ca"),
        ("no_egov_for_licenses", "authorities.anchors[0].egov_ca"),
        ("verified_text", "authorities.anchors[0].organisation_verified"),
        ("region_of_five", "authorities.anchors[0].region"),
        ("region_of_words", "authorities.anchors[0].region"),
        ("signers_and_makers", "authorities.anchors[0].purposes"),
        ("purpose_of_no_use", "authorities.anchors[0].purposes[1]"),
        ("an_end_entity_for_seals_too", "authorities.anchors[0].certificate"),
    ],
)
def test_a_spoiled_document_is_refused_by_place(name, field, document):
    assert read_authorities(document).anchors[0].purposes == {Purpose.LICENSE_SEAL}
    with pytest.raises(Refused) as caught:
        read_authorities(spoiled(name, document))
    assert caught.value.field == field


async def test_a_seal_makers_own_certificate_is_registered_and_read_back(database, document):
    made = copy.deepcopy(document)
    pin = {"certificate": _leaf(document), "purposes": ["seal-maker"], "region": "639900"}
    made["authorities"]["anchors"] = [
        {**made["authorities"]["anchors"][0], **pin, "egov_ca": False}
    ]
    entry = read_authorities(made)
    async with database.writing() as session:
        await authorities.put_authorities(session, entry)
    found = (await PostgresRegistry(database, now).trust_for(QUESTION)).authorities
    assert found.anchors == entry.anchors
    (anchor,) = found.anchors
    assert anchor.serves(Purpose.SEAL_MAKER)
    assert not anchor.serves(Purpose.LICENSE_SEAL)
    assert (anchor.region, anchor.organisation_verified) == ("639900", True)
