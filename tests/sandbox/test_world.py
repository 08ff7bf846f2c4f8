"""The world is repeatable, complete, and consistent with itself."""

import hashlib
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.crypto import schemes
from app.domain.errors import InvalidSignature
from app.domain.scheme import Scheme
from sandbox import jws, tokens
from sandbox.bodies import BUSINESS, TYPES, moment
from sandbox.codes import citizen_holds, identifier_holds, uscc_holds
from sandbox.licenses import Event, Outcome, State, status_at
from sandbox.output import write_world
from sandbox.registration import registration
from sandbox.samples import make_samples
from sandbox.world import World
from tests.sandbox.conftest import DAY

EVERY_TOKEN = "2e857add95fb10c1edec56b19bd3e108e9ae28af4053b3de0da192c0f76bfc1f"


def digest_of(world: World) -> str:
    whole = hashlib.sha256()
    for license in world.licenses:
        whole.update(world.token(license))
    for copy in world.copies:
        whole.update(world.copy_token(copy))
    return whole.hexdigest()


def test_same_seed_same_bytes_on_every_machine(pinned: World) -> None:
    assert digest_of(pinned) == digest_of(World(1, DAY)) == EVERY_TOKEN


def test_another_seed_or_day_is_another_world(pinned: World) -> None:
    mine = {name: pinned.token(pinned.pick(name)) for name in ("market", "traffic", "university")}
    for other in (World(2, DAY), World(1, DAY + timedelta(days=1))):
        for name, token in mine.items():
            assert other.token(other.pick(name)) != token


def test_every_state_and_every_issuer(pinned: World) -> None:
    assert len(pinned.licenses) >= 400
    assert {body.keys[0].alg for body in pinned.issuers} == {"SM2SM3", "ES256", "EdDSA", "PS256"}
    now = moment(DAY)
    for body in pinned.issuers:
        states = Counter(status_at(license, now).state for license in pinned.of(body.code))
        assert set(states) == set(State), body.name
        outcomes = {status_at(license, now).outcome for license in pinned.of(body.code)}
        assert outcomes == {
            Outcome.IN_FORCE,
            Outcome.NOT_YET,
            Outcome.SUSPENDED,
            Outcome.ENDED,
        }


def test_every_code_holds_and_none_can_be_real(pinned: World) -> None:
    for license in pinned.licenses:
        assert identifier_holds(license.id)
        code = license.holder.code
        personal = license.holder.code_type == "111"
        assert citizen_holds(code) if personal else uscc_holds(code)
        assert code.removeprefix("91").startswith("6399")
    assert len({license.id for license in pinned.licenses}) == len(pinned.licenses)
    for body in pinned.bodies:
        assert uscc_holds(body.code)
        assert body.code[2:].startswith("6399")
        assert "虚构" in body.title
    assert all(uscc_holds(type[:18]) for type in TYPES)


def test_every_token_was_signed_by_a_key_in_use(pinned: World) -> None:
    for license in pinned.licenses:
        held = pinned.held(license.kid)
        assert held.usable(license.signed_at)
        assert held in pinned.body(license.signer).keys
        assert "license" in held.uses
    assert {pinned.held(x.kid).revoked_at is None for x in pinned.licenses} == {True, False}


def test_delegates_sign_for_their_issuer_only(pinned: World) -> None:
    given = {(d.issuer, d.delegate) for d in pinned.delegations if "original" in d.kinds}
    signed = {(x.issuer, x.signer) for x in pinned.licenses if x.issuer != x.signer}
    assert signed == given != set()


CLASSIC = {"ES256": "ES256", "EdDSA": "EdDSA", "PS256": "PS256"}


def test_every_classic_token_is_good_to_pyjwt(pinned: World) -> None:
    checked: Counter[str] = Counter()
    for license in pinned.licenses:
        held = pinned.held(license.kid)
        if held.alg not in CLASSIC:
            continue
        key = load_der_public_key(held.key.spki())
        token = pinned.token(license).decode()
        said = jwt.PyJWS().decode_complete(token, key, algorithms=[held.alg])
        assert said["header"] == {"typ": "license+jwt", "alg": held.alg, "kid": held.kid}
        assert json.loads(said["payload"])["identifier"] == license.id
        checked[held.alg] += 1
    assert set(checked) == set(CLASSIC)
    assert min(checked.values()) >= 100


def test_every_sm2_token_is_good_to_the_services_implementation(pinned: World) -> None:
    tokens_seen = 0
    for license in pinned.licenses:
        held = pinned.held(license.kid)
        if held.alg != "SM2SM3":
            continue
        parts, spki = jws.split(pinned.token(license)), held.key.spki()
        schemes.verify_jose(Scheme.SM2_SM3, spki=spki, message=parts.signed, value=parts.signature)
        with pytest.raises(InvalidSignature):
            schemes.verify_jose(
                Scheme.SM2_SM3, spki=spki, message=parts.signed + b".", value=parts.signature
            )
        tokens_seen += 1
    assert tokens_seen >= 100


def test_tokens_have_the_members_of_the_specification_and_no_other(pinned: World) -> None:
    allowed = {
        *("iss", "iat", "exp", "jti", "identifier", "type", "number", "name", "holder"),
        *("issued_on", "valid_from", "valid_until", "copy", "details"),
    }
    made = [pinned.token(license) for license in pinned.licenses]
    made += [pinned.copy_token(copy) for copy in pinned.copies]
    for token in made:
        parts = jws.split(token)
        assert len(token) <= 16 * 1024
        assert list(parts.header) == ["typ", "alg", "kid"]
        assert set(parts.payload) <= allowed
        assert parts.payload["iss"] in parts.payload["identifier"]
        assert parts.payload["identifier"].startswith("1.2.156.3005.2." + parts.payload["type"])


def test_copies_are_signed_by_the_delegate_and_one_ran_out(pinned: World) -> None:
    for copy in pinned.copies:
        held = pinned.body(copy.maker).held("copy")
        parts = jws.split(pinned.copy_token(copy))
        assert held.key.verify(parts.signed, parts.signature)
        assert parts.payload["copy"]["purpose"] == copy.purpose
        assert parts.payload["iat"] == tokens.seconds(copy.made_at)
    assert Counter(copy.expired(moment(DAY)) for copy in pinned.copies) == {False: 10, True: 2}


def test_superseded_licenses_name_a_successor_in_force(pinned: World) -> None:
    now = moment(DAY)
    for old in (x for x in pinned.licenses if x.scenario == "superseded"):
        status = status_at(old, now)
        new = pinned.by_identifier[status.successor or ""]
        assert (new.number, new.type, new.holder) == (old.number, old.type, old.holder)
        assert new.identifier.version == old.identifier.version + 1
        assert status_at(new, now).outcome is Outcome.IN_FORCE
        assert pinned.find(old.number, old.type) == new


def test_a_superseded_license_was_in_force_before(pinned: World) -> None:
    old = pinned.pick("market", "superseded")
    before = moment(old.issued_on + timedelta(days=30))
    assert status_at(old, before).outcome is Outcome.IN_FORCE
    assert status_at(old, moment(DAY)).state is State.SUPERSEDED


def test_an_annulment_counts_for_all_time(pinned: World) -> None:
    annulled, revoked = pinned.pick("market", "annulled"), pinned.pick("market", "revoked")
    long_ago = moment(annulled.issued_on + timedelta(days=1))
    assert status_at(annulled, long_ago).state is State.ANNULLED
    assert status_at(revoked, long_ago).state is State.ISSUED


def test_the_last_day_counts_whole_in_beijing(pinned: World) -> None:
    license = pinned.pick("housing", "expired")
    last = license.valid_until
    assert isinstance(last, date)
    end = datetime(last.year, last.month, last.day, 15, 59, 59, tzinfo=UTC)
    assert status_at(license, end).outcome is Outcome.IN_FORCE
    assert status_at(license, end + timedelta(seconds=1)).state is State.EXPIRED


def test_a_renewed_license_outlives_its_own_date(pinned: World) -> None:
    license = pinned.pick("traffic", "renewed")
    assert isinstance(license.valid_until, date)
    assert license.valid_until < DAY
    assert status_at(license, moment(DAY)).outcome is Outcome.IN_FORCE


def test_a_suspension_ends_by_itself_and_later_events_prevail(pinned: World) -> None:
    license = pinned.pick("traffic", "suspended")
    until = license.events[0].until
    assert until is not None
    assert status_at(license, moment(DAY)).outcome is Outcome.SUSPENDED
    assert status_at(license, moment(until)).outcome is Outcome.IN_FORCE
    lifted = (Event(State.ISSUED, DAY),)
    assert status_at(license, moment(DAY), lifted).outcome is Outcome.IN_FORCE


def test_registration_tells_every_key_with_its_uses(pinned: World) -> None:
    told = registration(pinned, {})
    assert {t["code"] for t in told["license_types"]} == set(TYPES)
    assert "stranger" not in {issuer["name"] for issuer in told["issuers"]}
    market = next(issuer for issuer in told["issuers"] if issuer["name"] == "market")
    assert market["types"] == [BUSINESS]
    assert {key["kid"]: key["uses"] for key in market["keys"]} == {
        "market-retired": ["license"],
        "market-current": ["license"],
        "market-future": ["license"],
        "market-revoked": ["license"],
        "market-answer": ["answer"],
        "market-answer-retired": ["answer"],
    }
    revoked = next(key for key in market["keys"] if key["kid"] == "market-revoked")
    assert revoked["revoked_at"].endswith("Z")
    assert revoked["reason"] == "key_compromise"
    assert all("d" not in key["jwk"] for issuer in told["issuers"] for key in issuer["keys"])


def test_files_on_disk_are_those_of_the_world(pinned: World, tmp_path: Path) -> None:
    count = write_world(pinned, tmp_path, {})
    assert len(list((tmp_path / "licenses").iterdir())) == count == len(pinned.licenses)
    assert len(list((tmp_path / "copies").iterdir())) == 2 * len(pinned.copies)
    index = json.loads((tmp_path / "licenses.json").read_text())
    for row in index[::40]:
        license = pinned.by_identifier[row["identifier"]]
        assert (tmp_path / row["file"]).read_bytes() == pinned.token(license)
    samples = json.loads((tmp_path / "samples.json").read_text())
    for sample in samples:
        assert (sample["file"] is None) != (sample["facts"] is None)
        assert sample["file"] is None or (tmp_path / sample["file"]).read_bytes()
        assert sample["zh"]
        assert sample["en"]
    assert {s["expect"]["conclusion"] for s in samples} == {"valid", "invalid", "indeterminate"}
    assert len({s.name for s in make_samples(pinned)}) == len(samples)
