"""Arguments of a behaviour: a JSON object read by name, with a default and a bound."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_SECONDS = 120.0
"""No behaviour goes on for longer, so that a forgotten one ends."""


@dataclass(frozen=True, slots=True)
class Arguments:
    values: Mapping[str, object] = field(default_factory=dict)

    def seconds(self, name: str, default: float) -> float:
        """A time to wait."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} is a number of seconds")  # noqa: TRY004 - as below
        if not 0 <= value <= MAX_SECONDS:
            raise ValueError(f"{name} is between 0 and {MAX_SECONDS:g} seconds")
        return float(value)

    def count(self, name: str, default: int) -> int:
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{name} is a whole number, not negative")
        return value

    def text(self, name: str, default: str) -> str:
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise ValueError(f"{name} is text")  # noqa: TRY004 - one error for all bad arguments
        return value
