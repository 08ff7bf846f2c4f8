"""Named attacks on sealed OFD files, each with the word it must fail with and its genuine twin.

`OFD_ATTACKS["page_open"].make(world)` is the forgery, `.twin(world)` the file it was made from; run
both with the issuer answering as `.answer` says. Everything but the one thing is right: the forger
signs with his own keys where he would, an insider or a careless producer with the issuer's.
`TOLERATED` are files that look odd and must stay valid.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from sandbox import (
    ofd,
    ofd_attacks_archive,
    ofd_attacks_binding,
    ofd_attacks_brought,
    ofd_attacks_content,
    ofd_attacks_copies,
    ofd_attacks_joint,
    ofd_attacks_layouts,
    ofd_attacks_lists,
    ofd_attacks_maker,
    ofd_attacks_markup,
    ofd_attacks_plain,
    ofd_attacks_seal,
    ofd_attacks_signer,
    ofd_attacks_stamped,
    ofd_attacks_value,
    ofd_tolerated,
)
from sandbox.ofd import Bends, Job
from sandbox.ofd_forging import OfdAttack
from sandbox.seals import SealHolder
from sandbox.ses import SealPlan
from sandbox.shapes import SHAPES
from sandbox.world import World

_FAMILIES = (
    ofd_attacks_content,
    ofd_attacks_copies,
    ofd_attacks_lists,
    ofd_attacks_archive,
    ofd_attacks_markup,
    ofd_attacks_value,
    ofd_attacks_binding,
    ofd_attacks_brought,
    ofd_attacks_seal,
    ofd_attacks_maker,
    ofd_attacks_signer,
    ofd_attacks_layouts,
    ofd_attacks_stamped,
    ofd_attacks_plain,
    ofd_attacks_joint,
)
_ODD = (
    ofd_tolerated.files,
    ofd_attacks_layouts.tolerated,
    ofd_attacks_stamped.tolerated,
    ofd_attacks_plain.tolerated,
    ofd_attacks_joint.tolerated,
)


def _named(attacks: Iterator[OfdAttack]) -> Mapping[str, OfdAttack]:
    found: dict[str, OfdAttack] = {}
    for attack in attacks:
        if attack.name in found:
            raise ValueError(f"two attacks are called {attack.name}")
        found[attack.name] = attack
    return MappingProxyType(found)


OFD_ATTACKS = _named(attack for family in _FAMILIES for attack in family.attacks())
"""Name → attack."""
TOLERATED = _named(odd for family in _ODD for odd in family())
"""Name → a file that is odd and valid."""


@dataclass(frozen=True, slots=True)
class Transplant:
    """A genuine seal in the hand of somebody it does not list (OFD-14)."""

    seal: SealHolder
    signer: SealHolder
    content: bytes
    reason: str = "signer_not_in_seal"


TRANSPLANT_DAY = -715
"""Every certificate and every seal of a world is good on this day."""


def transplants(world: World, shape: str = "tax") -> Iterator[Transplant]:
    """Every seal with every signature but its own: 15 × 14."""
    holders = world.seals.holders.values()
    license = world.pick("traffic")
    at = world.authorities.day(TRANSPLANT_DAY)
    for owner in holders:
        plan = ofd.seal_plan(owner, SHAPES[shape])
        for signer in holders:
            if signer is not owner:
                job = Job(holder=signer, at=at, bends=Bends(seal=_instead(plan)))
                content = ofd.write(world.made(license), SHAPES[shape], job)
                yield Transplant(owner, signer, content)


class _instead:  # noqa: N801 - reads as a word where it is used
    """That seal, whatever the signer's own would have been."""

    def __init__(self, plan: SealPlan) -> None:
        self._plan = plan

    def __call__(self, own: SealPlan) -> SealPlan:
        return replace(self._plan, times=own.times)
