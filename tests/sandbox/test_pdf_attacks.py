"""Every attack on signed PDFs beside its twin: through the service's core, and independently."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox import check_pdf, pdf, pdf_signing
from sandbox.pdf_attacks import PDF_ATTACKS, PDF_TOLERATED
from sandbox.pdf_forging import PdfAttack
from sandbox.pdf_signing import KINDS, Hand
from sandbox.world import World
from tests.sandbox.core import Core, Told

SEEN: dict[tuple[bytes, str], Told] = {}
"""Verdicts of twins: many attacks share one."""
THREATS = {f"PDF-{n:02}" for n in range(1, 13)}


def known(attack: PdfAttack, core: Core, world: World) -> Told:
    twin = attack.twin(world), attack.trust
    if twin not in SEEN:
        SEEN[twin] = core.judge(twin[0])
    return SEEN[twin]


@pytest.mark.parametrize("attack", PDF_ATTACKS.values(), ids=PDF_ATTACKS)
def test_an_attack_fails_for_its_reason_and_its_twin_is_valid(
    pinned: World, cores: Mapping[str, Core], attack: PdfAttack
) -> None:
    core = cores[attack.trust]
    twin = known(attack, core, pinned)
    assert (twin.conclusion, twin.calls) == ("valid", 1), "the twin must be valid"
    forged = attack.make(pinned)
    assert forged != attack.twin(pinned)
    told = core.judge(forged)
    assert (told.conclusion, told.reason) == (attack.conclusion, attack.reason)
    assert told.conclusion != "invalid" or told.calls == 0, "what failed costs nobody a call"


@pytest.mark.parametrize("odd", PDF_TOLERATED.values(), ids=PDF_TOLERATED)
def test_an_odd_file_stays_valid(pinned: World, cores: Mapping[str, Core], odd: PdfAttack) -> None:
    content = odd.make(pinned)
    assert content != odd.twin(pinned) or odd.genuine
    told = cores[odd.trust].judge(content)
    assert (told.conclusion, told.reason, told.calls) == ("valid", None, 1)


def test_every_threat_of_the_catalogue_has_attacks() -> None:
    assert {threat for attack in PDF_ATTACKS.values() for threat in attack.threats} == THREATS


@pytest.mark.parametrize("octets", [*range(-16, 0), *range(1, 17)])
@pytest.mark.parametrize("side", [0, 1])
def test_a_gap_off_by_any_number_of_octets_is_refused(
    pinned: World, core: Core, octets: int, side: int
) -> None:
    license = pinned.pick("traffic")
    hand = Hand(pinned, pinned.sealer(license), license.signed_at)
    signing = KINDS["seal"](hand)

    def bent(ranges: pdf.Ranges) -> pdf.Ranges:
        _, length, second, rest = ranges
        if side:
            return 0, length, second + octets, rest - octets
        return 0, length + octets, second, rest

    made = pdf.sign(
        pdf.write(pinned.made(license)),
        pdf.Signing(value=signing.value, at=hand.at, ranges=bent),
    )
    told = core.judge(made.content)
    assert (told.conclusion, told.reason) == ("invalid", "byte_range_inexact")


INDEPENDENT = {
    "byte_range_inexact", "data_hash_differs", "signature_invalid", "signature_unreadable",
    "seal_invalid", "signer_not_in_seal",
}  # fmt: skip
"""What the independent checker asks; structure, roles, names and what came later it does not."""
STRUCTURAL = {"seal_seal_as_cms", "shadow_to_come", "shadow_stream_to_come"}


@pytest.mark.parametrize(
    "attack",
    [a for a in PDF_ATTACKS.values() if a.reason in INDEPENDENT and a.name not in STRUCTURAL],
    ids=lambda attack: attack.name,
)
def test_the_independent_checker_says_the_same(pinned: World, attack: PdfAttack) -> None:
    assert check_pdf.words(attack.twin(pinned)) == frozenset()
    found = check_pdf.words(attack.make(pinned))
    assert found & {attack.reason, *attack.also}


@pytest.mark.parametrize("kind", ["seal", "sm2"])
def test_the_independent_checker_confirms_sm2(pinned: World, kind: str) -> None:
    license = pinned.pick("traffic")
    hand = Hand(pinned, pinned.sealer(license), license.signed_at)
    made = pdf.sign(pdf.write(pinned.made(license)), KINDS[kind](hand))
    more = pdf.sign(
        pdf_signing.validation_data(made, pinned.authorities), pdf_signing.stamped(hand)
    )
    (report,) = check_pdf.check(made.content)
    assert report.findings == {}
    assert "judged" not in report.facts
    first, stamp = check_pdf.check(more.content)
    assert (first.findings, stamp.facts["sub_filter"]) == ({}, "ETSI.RFC3161")


def test_the_same_world_makes_the_same_octets(pinned: World) -> None:
    attack = PDF_TOLERATED["tolerated_long_term"]
    assert attack.make(pinned) == attack.make(World(pinned.seed, pinned.today))


def test_the_checker_says_what_it_finds_on_the_command_line(
    pinned: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    attack = PDF_ATTACKS["content_altered"]
    good.write_bytes(attack.twin(pinned))
    bad.write_bytes(attack.make(pinned))
    monkeypatch.setattr("sys.argv", ["check_pdf", str(good)])
    assert check_pdf.main() == 0
    monkeypatch.setattr("sys.argv", ["check_pdf", "--json", str(good), str(bad)])
    assert check_pdf.main() == 1
    assert "data_hash_differs" in capsys.readouterr().out
