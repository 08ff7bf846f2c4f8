"""Sealed files of the sandbox: repeatable, and read alike by two readers that share no code."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from app.crypto.certificates import read_certificate, role_finding
from app.crypto.revocation import read_crl
from app.crypto.ses import lists_signer, verify_seal, verify_signature
from app.domain.certificate import Role, RoleFinding
from app.domain.license import Fact
from app.domain.ofd import PartKind
from app.formats.ofd.license import Ofd
from app.registry.authorities import read_authorities
from sandbox import ofd, pki
from sandbox.check_ofd import check
from sandbox.ofd_samples import make_ofd_samples
from sandbox.pages import OFD_XML
from sandbox.shapes import SHAPES
from sandbox.trust import authorities
from sandbox.world import World
from tests.sandbox.conftest import DAY
from tests.sandbox.core import Core

EVERY_SHAPE = "cfe40c41681dad4ba50fbc573b3c394a0edb4c704b14da685b38146d67f9a018"
PROVEN = {Fact.IDENTIFIER, Fact.NUMBER, Fact.TYPE, Fact.HOLDER, Fact.HOLDER_CODE, Fact.DATES}
ISSUERS = ("market", "traffic", "university", "housing")


def test_same_seed_same_bytes_on_every_machine(pinned: World) -> None:
    other = World(1, DAY)
    whole = hashlib.sha256()
    for shape in SHAPES:
        content = pinned.ofd(pinned.pick("traffic"), shape)
        assert content == other.ofd(other.pick("traffic"), shape)
        whole.update(content)
    assert whole.hexdigest() == EVERY_SHAPE
    assert authorities(pinned) == authorities(other)


def test_another_seed_or_day_is_another_file(pinned: World) -> None:
    mine = pinned.ofd(pinned.pick("traffic"))
    for other in (World(2, DAY), World(1, date(2026, 11, 26))):
        assert other.ofd(other.pick("traffic")) != mine


@pytest.mark.parametrize("issuer", ISSUERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_two_readers_agree_that_nothing_is_wrong(pinned: World, shape: str, issuer: str) -> None:
    content = pinned.ofd(pinned.pick(issuer), shape)
    checked = check(content)
    assert checked.words == frozenset()
    (report,) = checked.signatures

    (sealing,) = Ofd().parse(content).sealings
    signature, coverage = sealing.signature, sealing.coverage
    assert signature is not None
    verify_seal(signature.seal)
    verify_signature(signature)
    assert lists_signer(signature.seal, signature.certificate)
    assert not coverage.changed
    assert not coverage.missing
    assert not coverage.unreferenced
    assert set(coverage.uncovered) <= {PartKind.OFD, PartKind.SIGNATURE_LIST}
    assert (OFD_XML in coverage.covered) == SHAPES[shape].covers_ofd
    assert report.facts["covered"] == len(coverage.covered)
    assert report.facts["seal"] == signature.seal.id


@pytest.mark.parametrize("shape", SHAPES)
def test_everything_that_identifies_the_license_is_proven(pinned: World, shape: str) -> None:
    license = pinned.pick("traffic")
    parsed = Ofd().parse(pinned.ofd(license, shape))
    assert parsed.sealings[0].covers == PROVEN
    assert str(parsed.claims.identifier) == license.id
    assert parsed.claims.number == license.number
    assert parsed.claims.holder == license.holder.name
    assert parsed.claims.disagreements == ()


def test_shapes_differ_where_producers_differ() -> None:
    shapes = SHAPES.values()
    assert len(shapes) >= 5
    for field in ("check_method", "clock", "seal_file", "list_part", "picture", "layout", "naming"):
        assert len({str(getattr(shape, field)) for shape in shapes}) >= 2, field
    for field in ("covers_ofd", "covers_list", "raw_seal", "typed", "template", "attachment"):
        assert {getattr(shape, field) for shape in shapes} == {True, False}, field


def test_certificates_come_in_pairs_of_which_one_signs(pinned: World) -> None:
    for holder in pinned.seals.holders.values():
        signing = read_certificate(holder.unit.certificate)
        other = read_certificate(holder.encryption.certificate)
        assert role_finding(signing, Role.SIGNER) is RoleFinding.FITS
        assert role_finding(other, Role.SIGNER) is RoleFinding.ENCRYPTION_CERTIFICATE
        assert signing.organisation_codes == (holder.body.code,)
        assert signing.spki != other.spki
        assert not signing.deviations
        assert len(holder.code) == 14
        assert holder.code.startswith(holder.body.region)


def test_what_an_operator_registers_can_be_registered(pinned: World) -> None:
    entry = read_authorities(authorities(pinned))
    assert len(entry.anchors) == 7
    assert len(entry.lists) >= 10


def test_lists_in_der_and_pem_say_the_same(pinned: World) -> None:
    der = pinned.authorities.issuing_crl
    read = read_crl(der)
    assert read.entries == read_crl(pki.pem(der, "X509 CRL")).entries
    assert len(read.entries) >= 5
    makers = read_crl(pinned.authorities.making_crl)
    every = (*read.entries.values(), *makers.entries.values())
    assert len({entry.reason for entry in every}) >= 4
    assert read_crl(pinned.authorities.stale_crl).entries == {}


def test_seals_in_turn_cover_the_ones_before(pinned: World) -> None:
    license = pinned.pick("traffic")
    second = replace(pinned.job(license), holder=pinned.seals.holders["market-current"])
    content = ofd.write(pinned.made(license), SHAPES["tax"], pinned.job(license), second)
    first, later = Ofd().parse(content).sealings
    assert check(content).words == frozenset()
    assert set(later.coverage.covered) > set(first.coverage.covered)


def test_genuine_files_of_every_kind_are_valid(pinned: World, core: Core) -> None:
    for scenario in ("in_force", "long_term", "delegated"):
        content = pinned.ofd(pinned.pick("housing", scenario))
        told = core.judge(content)
        assert (told.conclusion, told.reason, told.calls) == ("valid", None, 1), scenario


def test_samples_are_one_of_each_shape_and_bad_ones(pinned: World) -> None:
    samples = make_ofd_samples(pinned)
    assert {f"sealed-{shape}" for shape in SHAPES} <= {sample.name for sample in samples}
    assert len({sample.name for sample in samples}) == len(samples)
    assert sum(sample.conclusion != "valid" for sample in samples) >= 15
    for sample in samples:
        if sample.conclusion == "valid":
            assert sample.identifier in pinned.by_identifier
