"""印章登记: what the platform of the fictional province knows of the seals of companies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from sandbox.documents import STRANGER, Hands
from sandbox.licenses import Outcome
from sandbox.world import World

KEEPER = "data"
"""The body that keeps it, for seals whose number begins with one of the province's regions."""
PREFIX = "6399"
ENDED: Mapping[str, tuple[Outcome, int]] = {
    "frozen": (Outcome.SUSPENDED, -200),
    "ended": (Outcome.ENDED, -7),
}
"""Party → how its seal ended, and in days from today since when; all others are in use."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One seal, by its number (印章编码)."""

    outcome: Outcome
    since: date | None


@cache
def registered_seals(world: World) -> Mapping[str, Registered]:
    """Of every party; a seal made elsewhere under a party's name is not among them."""
    found = {}
    for name, holder in Hands(world).holders.items():
        if name != STRANGER:
            outcome, days = ENDED.get(name, (Outcome.IN_FORCE, None))
            since = None if days is None else world.today + timedelta(days=days)
            found[holder.code] = Registered(outcome, since)
    return found


def platform(url: str) -> dict[str, object]:
    """How the keeper is registered for it (`platforms` of a registration document)."""
    return {"kind": "region", "prefixes": [PREFIX], "url": url}
