"""Every attack on sealed files beside its twin: through the service's core, and independently."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.check_ofd import check
from sandbox.ofd_attacks import OFD_ATTACKS, TOLERATED, transplants
from sandbox.ofd_forging import OfdAttack, once
from sandbox.world import World
from tests.sandbox.core import Core, Told

SEEN: dict[tuple[bytes, str | None, str], Told] = {}
"""Verdicts of twins: many attacks share one."""
TRUST = {
    "no_anchor", "signer_unidentified", "seal_maker_unknown", "seal_maker_invalid",
    "key_revoked_since", "key_expired_since", "seal_ended_since", "seal_maker_ended_since",
    "revocation_unavailable", "identifier_unproven",
    "identifier_disagrees", "content_disagrees", "signer_not_issuer", "signed_in_future",
    "signed_after_revocation", "copy_expiry_missing", "copy_expired", "copy_matter_unproven",
    "copy_purpose_differs", "signature_dropped", "role_missing",
}  # fmt: skip
"""What the independent checker does not ask: who is trusted, and what the metadata say."""


UNASKED = {
    "stamp_from_the_future", "v1_token_from_the_future", "v5_made_tomorrow",
    "stamp_by_a_revoked_service", "stamp_ended_before_its_stamp",
}  # fmt: skip
"""Nor what time it is, who was revoked, and when a token proves that somebody signed."""


def known(attack: OfdAttack, core: Core, world: World) -> Told:
    twin = attack.twin(world), attack.matter, attack.trust
    if twin not in SEEN:
        SEEN[twin] = core.judge(twin[0], matter=attack.matter)
    return SEEN[twin]


@pytest.mark.parametrize("attack", OFD_ATTACKS.values(), ids=OFD_ATTACKS)
def test_an_attack_fails_for_its_reason_and_its_twin_is_valid(
    pinned: World, cores: Mapping[str, Core], attack: OfdAttack
) -> None:
    core = cores[attack.trust]
    twin = known(attack, core, pinned)
    assert (twin.conclusion, twin.calls) == ("valid", 1), "the twin must be valid"
    forged = attack.make(pinned)
    assert forged != attack.twin(pinned)
    told = core.judge(forged, matter=attack.matter)
    assert told.conclusion != "valid"
    assert told.reason in {attack.reason, *attack.also}
    assert told.reason != attack.reason or told.conclusion == attack.conclusion
    assert told.conclusion != "invalid" or told.calls == 0, "what failed costs nobody a call"


@pytest.mark.parametrize("odd", TOLERATED.values(), ids=TOLERATED)
def test_an_odd_file_stays_valid(pinned: World, cores: Mapping[str, Core], odd: OfdAttack) -> None:
    content = odd.make(pinned)
    assert content != odd.twin(pinned) or odd.genuine
    told = cores[odd.trust].judge(content)
    assert (told.conclusion, told.reason, told.calls) == ("valid", None, 1)


def _asked(attack: OfdAttack) -> bool:
    by_certificate = all(t.startswith("CRT") for t in attack.threats)
    no_seal = attack.name.startswith("driving_signed")  # what a type asks for
    return not (attack.reason in TRUST or by_certificate or no_seal or attack.name in UNASKED)


@pytest.mark.parametrize(
    "attack", [a for a in OFD_ATTACKS.values() if _asked(a)], ids=lambda attack: attack.name
)
def test_the_independent_checker_says_the_same(pinned: World, attack: OfdAttack) -> None:
    assert check(attack.twin(pinned)).words == frozenset()
    words = check(attack.make(pinned)).words
    if attack.reason in ("malformed", "beyond_limits") or attack.name.startswith("zip_"):
        assert words & {"malformed", "archive", *attack.also}
    else:
        assert words & {attack.reason, *attack.also}


def test_the_independent_checker_is_asked_most() -> None:
    assert sum(map(_asked, OFD_ATTACKS.values())) >= 340


@pytest.mark.parametrize("odd", TOLERATED.values(), ids=TOLERATED)
def test_the_independent_checker_finds_nothing_in_what_is_only_odd(
    pinned: World, odd: OfdAttack
) -> None:
    assert check(odd.make(pinned)).words == frozenset()


def test_every_seal_with_every_other_signature(pinned: World, core: Core) -> None:
    """210 transplants (OFD-14): none sound, each for a reason that is true of it."""
    reasons = Counter[str | None]()
    for each in transplants(pinned):
        told = core.judge(each.content)
        assert told.conclusion != "valid"
        assert each.reason in told.reasons, (each.seal.name, each.signer.name)
        reasons[told.reason] += 1
    assert sum(reasons.values()) == 210
    assert set(reasons) <= {"signer_not_in_seal", "signer_not_issuer", "no_anchor",
                            "seal_maker_unknown", "copy_expiry_missing"}  # fmt: skip


def test_the_table_covers_the_threats() -> None:
    named = {threat for attack in OFD_ATTACKS.values() for threat in attack.threats}
    wanted = {f"ZIP-{n:02}" for n in range(1, 9)} | {f"XML-{n:02}" for n in range(1, 8)}
    wanted |= {f"CRT-{n:02}" for n in (1, 2, 3, 4, 6, 7, 9, 10, 11, 13, 14)}
    wanted |= {f"OFD-{n:02}" for n in (*range(1, 25), 25, 27, 28, 30, 31, 32)}
    wanted |= {f"SM-{n:02}" for n in (1, 2, 3, 4, 5, 6, 7, 8)}
    assert wanted <= named
    assert all(re.fullmatch(r"(OFD|ZIP|XML|CRT|SM|SIG)-\d\d", threat) for threat in named)
    assert len(OFD_ATTACKS) >= 100


def test_every_attack_is_explained_once_in_two_languages() -> None:
    text = Path("sandbox/ofd_why.tsv").read_text(encoding="utf-8")
    names = [line.split("\t")[0] for line in text.splitlines()]
    assert sorted(names) == sorted([*OFD_ATTACKS, *TOLERATED])
    assert all(attack.zh and attack.en for attack in OFD_ATTACKS.values())


def test_a_forgery_that_changes_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to change"):
        once("absent", "x")(b"content")
