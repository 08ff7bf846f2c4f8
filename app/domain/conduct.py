"""How an endpoint fares: sums of calls, without a word of what was asked."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.domain.issuer import Silence

SLOTS: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0)
"""Seconds: upper ends of the slots; one more for what took longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """Sums over some time, of one body's endpoint."""

    asked: int = 0
    answered: int = 0
    repeated: int = 0
    """Answers given again from memory, or to several who asked at once."""
    rested: int = 0
    """Questions not sent because the breaker was open."""
    retried: int = 0
    probes: int = 0
    """Of `asked`, those nobody asked for."""
    conflicts: int = 0
    seconds: float = 0.0
    """Sum over `asked`."""
    slots: tuple[int, ...] = (0,) * (len(SLOTS) + 1)
    silences: Mapping[Silence, int] = field(default_factory=dict)

    def __add__(self, other: "Conduct") -> "Conduct":
        silences = dict(self.silences)
        for why, count in other.silences.items():
            silences[why] = silences.get(why, 0) + count
        return Conduct(
            asked=self.asked + other.asked,
            answered=self.answered + other.answered,
            repeated=self.repeated + other.repeated,
            rested=self.rested + other.rested,
            retried=self.retried + other.retried,
            probes=self.probes + other.probes,
            conflicts=self.conflicts + other.conflicts,
            seconds=self.seconds + other.seconds,
            slots=tuple(a + b for a, b in zip(self.slots, other.slots, strict=True)),
            silences=silences,
        )

    @property
    def availability(self) -> float | None:
        """Answers that could be used, of all questions that were sent; None: none was."""
        return self.answered / self.asked if self.asked else None

    def within(self, share: float) -> float | None:
        """Upper end of the slot in which that share of calls had ended: None past the last."""
        wanted, seen = share * sum(self.slots), 0
        for end, count in zip(SLOTS, self.slots, strict=False):
            seen += count
            if wanted and seen >= wanted:
                return end
        return None


NOTHING: Final = Conduct()


def slots_of(seconds: float) -> tuple[int, ...]:
    """One call in its slot."""
    at = bisect_left(SLOTS, seconds)
    return tuple(int(i == at) for i in range(len(SLOTS) + 1))


def together(parts: Iterable[Conduct]) -> Conduct:
    """The sum."""
    total = NOTHING
    for part in parts:
        total += part
    return total
