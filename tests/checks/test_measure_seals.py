"""What is measured of a sealed file: one good sandbox file, spoilt in one place each."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from app.checks.measure import measure
from app.checks.measure_package import coverage_facts, package_facts
from app.checks.measure_seals import measure_sealing
from app.crypto.digests import digest
from app.domain.certificate import Chain, RevocationState
from app.domain.facts import SignatureFacts, Value
from app.domain.license import Fact, ParsedLicense, Sealing
from app.domain.ofd import Coverage, PartKind, Reference, Version
from app.domain.scheme import Digest, Scheme
from app.domain.seal import SealDeviation, ValueForm
from app.domain.sealed import Arithmetic, Clocks, Sameness
from app.domain.trust import NO_AUTHORITIES, Authorities
from app.formats.ofd.license import Ofd
from app.registry.authorities import read_authorities
from sandbox.trust import authorities as authorities_of
from sandbox.world import World
from tests.sandbox.conftest import DAY as TODAY
from tests.world import DAY, TRUST

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
RSA_SHA1 = "1.2.840.113549.1.1.5"
Change = Callable[[Sealing], Sealing]


@cache
def world() -> World:
    return World(1, TODAY)


@cache
def authorities() -> Authorities:
    return read_authorities(json.loads(json.dumps(authorities_of(world())))).authorities()


@cache
def license(shape: str = "desktop") -> ParsedLicense:
    return Ofd().parse(world().ofd(world().pick("market"), shape))


def good() -> Sealing:
    return license().sealings[0]


NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""Of the pinned day, as its revocation lists are."""


def measured(sealing: Sealing, known: Authorities | None = None) -> SignatureFacts:
    have = replace(TRUST, authorities=authorities() if known is None else known)
    return measure_sealing(sealing, have, NOW)


def entry(**changes: Any) -> Change:
    return lambda s: replace(s, entry=replace(s.entry, **changes))


def signature(**changes: Any) -> Change:
    def change(s: Sealing) -> Sealing:
        assert s.signature is not None
        return replace(s, signature=replace(s.signature, **changes))

    return change


def seal(**changes: Any) -> Change:
    def change(s: Sealing) -> Sealing:
        assert s.signature is not None
        return signature(seal=replace(s.signature.seal, **changes))(s)

    return change


def hashed(name: Digest, algorithm: str | None = None) -> Change:
    def change(s: Sealing) -> Sealing:
        assert s.signature is not None
        named = algorithm or s.signature.algorithm
        return signature(data_hash=digest(name, s.entry.content), algorithm=named)(s)

    return change


def test_untouched() -> None:
    found = measured(good())
    sealed = found.sealed
    assert sealed is not None
    assert sealed.signer is not None
    assert sealed.seal.maker is not None
    assert (found.label, found.scheme, found.value, found.detail) == (
        good().label, Scheme.SM2_SM3, Value.HOLDS, "",
    )  # fmt: skip
    assert found.covers == good().covers >= {Fact.IDENTIFIER, Fact.NUMBER, Fact.HOLDER}
    assert found.signed_at == world().pick("market").signed_at
    assert found.signer == sealed.signer.organisation_codes[0] == world().body("market").code
    assert found.key_id == sealed.signer.sha256
    assert (sealed.listed, sealed.data_hash, sealed.scope) == (
        True,
        Arithmetic.HOLDS,
        Sameness.SAME,
    )
    assert (sealed.seal_file, sealed.clocks) == (Sameness.SAME, Clocks.SAME)
    assert (sealed.mismatched_algorithms, sealed.deviations) == ((), frozenset())
    assert sealed.layout.value == "gb/t-38540-2020"
    assert sealed.version == sealed.seal.version > 0
    assert sealed.seal.value is Arithmetic.HOLDS
    assert sealed.seal.value_detail == ""
    assert sealed.seal.deviations == frozenset()
    assert sealed.seal.id
    for certificate in (sealed.signer, sealed.seal.maker):
        assert certificate.then.chain is certificate.today.chain is Chain.ANCHORED
        assert certificate.then.revocation.state is RevocationState.GOOD
        assert int(certificate.serial, 16) > 0
        assert len(certificate.sha256) == len(certificate.sm3) == 64
        assert certificate.sha256 != certificate.sm3
    assert sealed.signer.then.role.value == "signer"
    assert sealed.seal.maker.then.role.value == "maker"
    assert sealed.signer.then.purpose.value == "license-seal"


def test_a_certificate_is_judged_at_the_act_and_today() -> None:
    found = measured(good()).sealed
    assert found is not None
    assert found.signer is not None
    assert found.seal.maker is not None
    act = world().pick("market").signed_at
    assert (found.signer.then.moment, found.signer.then.fresh_at) == (act, NOW)
    assert (found.signer.today.moment, found.signer.today.fresh_at) == (NOW, NOW)
    assert found.seal.maker.then.moment == found.seal.created
    timeless = measured(signature(time=None)(good())).sealed
    assert timeless is not None
    assert timeless.signer is not None
    assert timeless.signer.then.moment == NOW
    future = measured(signature(time=NOW + DAY)(good())).sealed
    assert future is not None
    assert future.signer is not None
    assert future.signer.then.fresh_at == NOW + DAY


def test_without_authorities_nobody_is_known_and_the_mathematics_hold() -> None:
    found = measured(good(), NO_AUTHORITIES)
    assert found.value is Value.HOLDS
    assert found.sealed is not None
    assert found.sealed.signer is not None
    assert found.sealed.signer.then.chain is Chain.NO_ANCHOR
    odd = replace(authorities(), intermediates=(b"junk", *authorities().intermediates))
    found = measured(good(), odd)
    assert found.sealed is not None
    assert found.sealed.signer is not None
    assert found.sealed.signer.then.chain is Chain.ANCHORED
    unled = measured(good(), replace(authorities(), intermediates=()))
    assert unled.sealed is not None
    assert unled.sealed.signer is not None
    assert unled.sealed.signer.then.chain is Chain.NO_ANCHOR
    unlisted = measured(good(), replace(authorities(), lists=()))
    assert unlisted.sealed is not None
    assert unlisted.sealed.signer is not None
    assert unlisted.sealed.signer.then.revocation.state is RevocationState.UNKNOWN


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


def value_of(s: Sealing) -> bytes:
    assert s.signature is not None
    return s.signature.value


SPOILT: list[tuple[str, Change, str, object]] = [
    ("value", lambda s: signature(value=flipped(value_of(s)))(s), "value", Value.FAILS),
    ("weak", signature(algorithm=RSA_SHA1), "value", Value.WEAK),
    ("unreadable", signature(certificate=b"junk"), "value", Value.UNREADABLE),
    ("certificate", signature(certificate=b"junk"), "sealed.signer", None),
    ("stranger's name", signature(certificate=b"junk"), "signer", ""),
    ("stranger's key", signature(certificate=b"junk"), "key_id", "unread"),
    ("scheme where nothing held", signature(certificate=b"junk"), "scheme", Scheme.SM2_SM3),
    ("unlisted", seal(certificates=(b"x",)), "sealed.listed", False),
    ("seal value", seal(message=b"other"), "sealed.seal.value", Arithmetic.FAILS),
    ("seal weak", seal(maker_algorithm=RSA_SHA1), "sealed.seal.value", Arithmetic.WEAK),
    ("seal unreadable", seal(maker_certificate=b"junk"), "sealed.seal.value", Arithmetic.UNREADABLE),
    ("maker", seal(maker_certificate=b"junk"), "sealed.seal.maker", None),
    ("name in the seal", seal(id="张三 的章"), "sealed.seal.id", ""),
    ("trailing newline in the seal's name", seal(id="63\n"), "sealed.seal.id", ""),
    ("hash", signature(data_hash=b"\0" * 32), "sealed.data_hash", Arithmetic.FAILS),
    ("hash of no known length", signature(data_hash=b"\0" * 20), "sealed.data_hash", Arithmetic.FAILS),
    ("SM3 under SM2", hashed(Digest.SM3), "sealed.data_hash", Arithmetic.HOLDS),
    ("SHA-256 under SM2", hashed(Digest.SHA256), "sealed.data_hash", Arithmetic.FAILS),
    ("SHA-384 under SM2", hashed(Digest.SHA384), "sealed.data_hash", Arithmetic.FAILS),
    ("SM3 under RSA", hashed(Digest.SM3, "1.2.840.113549.1.1.11"), "sealed.data_hash", Arithmetic.HOLDS),
    ("SHA-256 under RSA", hashed(Digest.SHA256, "1.2.840.113549.1.1.11"), "sealed.data_hash", Arithmetic.HOLDS),
    ("SHA-384 under RSA", hashed(Digest.SHA384, "1.2.840.113549.1.1.11"), "sealed.data_hash", Arithmetic.HOLDS),
    ("SHA-512 under RSA", hashed(Digest.SHA512, "1.2.840.113549.1.1.11"), "sealed.data_hash", Arithmetic.HOLDS),
    ("SHA-1 under RSA", signature(data_hash=b"\0" * 20, algorithm="1.2.840.113549.1.1.11"), "sealed.data_hash", Arithmetic.WEAK),
    ("no scope", signature(property_info=" \n"), "sealed.scope", Sameness.ABSENT),
    ("scope without its slash", lambda s: signature(property_info=s.entry.part)(s), "sealed.scope", Sameness.SAME),
    ("scope with spaces", lambda s: signature(property_info=f" /{s.entry.part} ")(s), "sealed.scope", Sameness.SAME),
    ("another scope", signature(property_info="/Doc_0/Signs/Sign_9/Signature.xml"), "sealed.scope", Sameness.DIFFERS),
    ("scope in JSON", lambda s: signature(property_info=json.dumps({"a": 1, "b": f"/{s.entry.part}"}))(s), "sealed.scope", Sameness.SAME),
    ("another scope in JSON", signature(property_info='{"a": "/x"}'), "sealed.scope", Sameness.DIFFERS),
    ("JSON of no texts", signature(property_info='{"a": 1}'), "sealed.scope", Sameness.DIFFERS),
    ("broken JSON", lambda s: signature(property_info="{" + s.entry.part)(s), "sealed.scope", Sameness.DIFFERS),
    ("endless JSON", lambda s: signature(property_info=json.dumps({"a": "x" * 4096, "b": s.entry.part}))(s), "sealed.scope", Sameness.DIFFERS),
    ("JSON at the limit", lambda s: signature(property_info=at_limit(s))(s), "sealed.scope", Sameness.SAME),
    ("no seal file", entry(seal_declared=False, seal=None), "sealed.seal_file", Sameness.ABSENT),
    ("seal file not there", entry(seal=None), "sealed.seal_file", Sameness.DIFFERS),
    ("another seal file", entry(seal=b"x"), "sealed.seal_file", Sameness.DIFFERS),
    ("no method", entry(method=None), "sealed.mismatched_algorithms", ()),
    ("another method", entry(method=RSA_SHA1), "sealed.mismatched_algorithms", ("SignatureMethod",)),
    ("key for method", entry(method="1.2.156.10197.1.301.1"), "sealed.mismatched_algorithms", ("SignatureMethod",)),
    ("SM2 for another method", signature(algorithm="1.2.840.113549.1.1.11"), "sealed.mismatched_algorithms", ("SignatureMethod",)),
    ("no clock", entry(signed_at=None), "sealed.clocks", Clocks.ABSENT),
    ("unreadable clock", entry(signed_at="gestern"), "sealed.clocks", Clocks.ABSENT),
    ("no time under the signature", signature(time=None), "sealed.clocks", Clocks.ABSENT),
]  # fmt: skip


def at_limit(s: Sealing) -> str:
    """A JSON object of exactly 4096 bytes that names the scope."""
    text = json.dumps({"a": f"/{s.entry.part}", "b": ""})
    return text[:-2] + "x" * (4096 - len(text)) + text[-2:]


def read(found: SignatureFacts, name: str) -> object:
    value: Any = found
    for part in name.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize(
    ("change", "name", "expected"), [r[1:] for r in SPOILT], ids=[r[0] for r in SPOILT]
)
def test_spoilt(change: Change, name: str, expected: object) -> None:
    found = read(measured(change(good())), name)
    assert found == expected, (name, found)


def test_why_a_value_does_not_hold_is_told() -> None:
    for change in (SPOILT[0][1], SPOILT[1][1], SPOILT[2][1]):
        assert measured(change(good())).detail
    for change in (SPOILT[8][1], SPOILT[9][1], SPOILT[10][1]):
        found = measured(change(good())).sealed
        assert found is not None
        assert found.seal.value_detail


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        (timedelta(0), Clocks.SAME),
        (10 * MINUTE, Clocks.SAME),
        (-10 * MINUTE, Clocks.SAME),
        (10 * MINUTE + SECOND, Clocks.DIFFERS),
        (8 * 60 * MINUTE, Clocks.EIGHT_HOURS),
        (8 * 60 * MINUTE + 10 * MINUTE, Clocks.EIGHT_HOURS),
        (8 * 60 * MINUTE - 10 * MINUTE, Clocks.EIGHT_HOURS),
        (-(8 * 60 * MINUTE), Clocks.EIGHT_HOURS),
        (8 * 60 * MINUTE + 10 * MINUTE + SECOND, Clocks.DIFFERS),
        (8 * 60 * MINUTE - 10 * MINUTE - SECOND, Clocks.DIFFERS),
        (16 * 60 * MINUTE, Clocks.DIFFERS),
    ],
)
def test_clocks(apart: timedelta, expected: Clocks) -> None:
    base = good().signature
    assert base is not None
    assert base.time is not None
    outer = f"{base.time + apart:%Y%m%d%H%M%S}Z"
    found = measured(entry(signed_at=outer)(good())).sealed
    assert found is not None
    assert found.clocks is expected


@pytest.mark.parametrize("form", ValueForm)
def test_a_value_that_is_no_seal(form: ValueForm) -> None:
    found = measured(replace(good(), signature=None, form=form, problem="why"))
    bare = form is ValueForm.BARE
    assert found.value is (Value.UNSUPPORTED if bare else Value.UNREADABLE)
    assert (found.label, found.detail, found.sealed) == (good().label, "why", None)
    assert (found.signer, found.key_id, found.covers) == ("", "unread", frozenset())
    assert (found.signed_at, found.scheme) == (None, Scheme.SM2_SM3)


def test_misnomers_are_told_and_forgiven() -> None:
    """Some encoders name SM2's key, or a CMS type, where its signature algorithm belongs."""
    for oid, told in (
        ("1.2.156.10197.1.301.1", SealDeviation.KEY_ALGORITHM),
        ("1.2.156.10197.6.1.4.2.2", SealDeviation.CMS_ALGORITHM),
    ):
        found = measured(signature(algorithm=oid)(good()))
        assert found.value is Value.HOLDS
        assert found.sealed is not None
        assert told in found.sealed.deviations
        assert found.sealed.mismatched_algorithms == ()  # SignatureMethod says SM2 with SM3
        other = measured(entry(method=RSA_SHA1)(signature(algorithm=oid)(good()))).sealed
        assert other is not None
        assert other.mismatched_algorithms == ("SignatureMethod",)
        same = measured(entry(method=oid)(signature(algorithm=oid)(good()))).sealed
        assert same is not None
        assert same.mismatched_algorithms == ()
        in_seal = measured(seal(maker_algorithm=oid)(good())).sealed
        assert in_seal is not None
        assert told in in_seal.seal.deviations
    own = signature(deviations=frozenset({SealDeviation.TIME_OFFSET}))(good())
    found = measured(own)
    assert found.sealed is not None
    assert found.sealed.deviations == {SealDeviation.TIME_OFFSET}
    kept = seal(deviations=frozenset({SealDeviation.TIME_OFFSET}))(good())
    found = measured(kept)
    assert found.sealed is not None
    assert found.sealed.seal.deviations == {SealDeviation.TIME_OFFSET}
    broken = seal(deviations=frozenset({SealDeviation.TIME_OFFSET}), message=b"x")(good())
    found = measured(
        signature(deviations=frozenset({SealDeviation.TIME_OFFSET}), message=b"x")(broken)
    )
    assert found.sealed is not None
    assert found.sealed.deviations == found.sealed.seal.deviations == {SealDeviation.TIME_OFFSET}


# ---- coverage and package: names of parts may be a person's words

COVERAGE = Coverage(
    signature="1", body=0, digest=Digest.SM3, weak=False, covered=("a", "b"), changed=("身份证.jpg", "Doc_0/x.xml"),
    unchecked=("u.xml",), missing=(), own=(), uncovered={PartKind.PAGE: ("p 1.xml", "p.xml")}, unreferenced=("h",),
)  # fmt: skip


def test_coverage() -> None:
    found = coverage_facts(COVERAGE)
    assert (found.digest, found.weak, found.covered) == (Digest.SM3, False, 2)
    assert found.changed == ("#2", "Doc_0/x.xml")
    assert found.unchecked == ("u.xml",)
    assert found.uncovered == {PartKind.PAGE: ("#1", "p.xml")}
    assert found.unreferenced == ("h",)
    assert (found.missing, found.holds) == (0, False)
    lost = Reference(**dict.fromkeys(Reference.__dataclass_fields__, ""))  # type: ignore[arg-type]
    assert coverage_facts(replace(COVERAGE, missing=(lost, lost))).missing == 2
    long = "x" * 160
    named = coverage_facts(replace(COVERAGE, changed=(long, long + "x", "a\n", "")))
    assert named.changed == (long, "#4", "#2", "#1")


def test_package() -> None:
    package = license().package
    assert package is not None
    found = package_facts(package)
    assert (found.encrypted, found.bodies, found.ambiguous, found.hidden) == (False, 1, False, ())
    assert not package_facts(replace(package, bodies=(), encrypted=True)).ambiguous
    two = package_facts(replace(package, bodies=package.bodies * 2, encrypted=True))
    assert (two.bodies, two.ambiguous, two.encrypted) == (2, True, True)
    old = Version(**dict.fromkeys(Version.__dataclass_fields__, "") | {"current": False})  # type: ignore[arg-type]
    versioned = replace(package.bodies[0], versions=(old,))
    assert package_facts(replace(package, bodies=(versioned,))).ambiguous
    more = replace(package, members={**package.members, "我的": b""}, unreferenced=("我的",))
    assert package_facts(more).hidden == ("#1",)
    assert package_facts(package).deviations == {d.value for d in package.deviations}
    assert all(isinstance(name, str) for name in found.deviations)


def test_a_file_is_measured_whole() -> None:
    """And its authorities are not kept with its facts."""
    trust = replace(TRUST, authorities=authorities())
    facts = measure(license(), trust, now=NOW, matter="m", at=NOW - DAY, max_status_age=DAY)
    assert [s.value for s in facts.document.signatures] == [Value.HOLDS]
    sealed = facts.document.signatures[0].sealed
    assert sealed is not None
    assert sealed.signer is not None
    assert sealed.signer.then.chain is Chain.ANCHORED
    assert facts.trust.authorities == NO_AUTHORITIES
    assert facts.document.package is not None
    assert (facts.now, facts.at, facts.max_status_age, facts.matter) == (NOW, NOW - DAY, DAY, "m")
    claims = license().claims
    document = facts.document
    assert document.identifier == claims.identifier
    assert document.identifiers == claims.identifiers == {str(claims.identifier)}
    assert document.stated == set(claims.values())
    assert (document.valid_from, document.valid_until) == (claims.valid_from, claims.valid_until)
    assert document.misnamed == ()
