"""Every attack is what its name says, and stands beside a twin that is genuine."""

import pytest

from sandbox import jws
from sandbox.attacks import ATTACKS, INVALID, OPEN, REFUSED, VALID, Attack
from sandbox.forging import bend
from sandbox.world import World

STILL_SIGNED = frozenset({"signed_outside_window", "signed_after_revocation", "signed_in_future"})
"""Reasons that mean something only where the signature itself holds."""


def signer_of(world: World, token: bytes) -> bool:
    """Some key of the world made this signature under its own name and algorithm."""
    try:
        parts = jws.split(token)
    except (ValueError, RecursionError):
        return False
    held = next((k for b in world.bodies for k in b.keys if k.kid == parts.header.get("kid")), None)
    if held is None or held.alg != parts.header.get("alg"):
        return False
    return held.key.verify(parts.signed, parts.signature)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_differs_from_its_genuine_twin(pinned: World, attack: Attack) -> None:
    forged, twin = attack.make(pinned), attack.twin(pinned)
    assert signer_of(pinned, twin)
    assert forged != twin
    assert attack.make(World(1, pinned.today)) == forged


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_expectation_is_one_that_can_be(attack: Attack) -> None:
    assert attack.conclusion in {INVALID, OPEN, VALID, REFUSED}
    assert (attack.reason is None) == (attack.conclusion == VALID)
    if attack.conclusion == VALID:
        assert attack.asks


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_reasons_about_the_value_are_true(pinned: World, attack: Attack) -> None:
    holds = signer_of(pinned, attack.make(pinned))
    if attack.reason == "signature_invalid":
        assert not holds
    if attack.reason in STILL_SIGNED or attack.conclusion == VALID:
        assert holds


def test_there_are_many_and_none_twice(pinned: World) -> None:
    made = [attack.make(pinned) for attack in ATTACKS.values()]
    assert len(set(made)) == len(made) >= 100


def test_an_unbent_token_is_the_genuine_one(pinned: World) -> None:
    for issuer in ("market", "traffic", "university", "housing"):
        license = pinned.pick(issuer)
        assert bend(pinned, license).token() == pinned.token(license)


def test_attacks_can_be_made_on_licenses_of_every_scheme(pinned: World) -> None:
    for issuer in ("market", "university", "housing"):
        victim = pinned.pick(issuer)
        for name in ("altered_payload", "signature_bit", "signature_of_another"):
            assert not signer_of(pinned, ATTACKS[name].forge(pinned, victim))
