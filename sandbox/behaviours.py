"""Which behaviour an issuer shows to which call.

A rule names a behaviour, its arguments, and optionally the identifier it is for and how many calls
it lasts. The first rule that fits a call decides; without one the issuer is honest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.arguments import Arguments
from sandbox.lies import LIES
from sandbox.wire import ACTS

HONEST = "honest"
BEHAVIOURS: Mapping[str, str] = MappingProxyType(
    {
        HONEST: "answer truly and well",
        **{name: summary for name, (summary, _) in LIES.items()},
        **{name: summary for name, (summary, _) in ACTS.items()},
    }
)
"""Every name with what it does."""


@dataclass(slots=True)
class Rule:
    name: str
    args: Arguments
    identifier: str | None = None
    remaining: int | None = None
    """Calls it still applies to; None: all."""

    def fits(self, subject: str) -> bool:
        return self.remaining != 0 and self.identifier in (None, subject)


class Script:
    """The rules of one issuer, newest first."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(
        self,
        name: str,
        args: Mapping[str, object] | None = None,
        *,
        identifier: str | None = None,
        times: int | None = None,
    ) -> None:
        """Raises ValueError for a name nobody has written a behaviour for."""
        if name not in BEHAVIOURS:
            raise ValueError(f"no behaviour is called {name}; see GET /_sandbox/behaviours")
        if times is not None and times < 1:
            raise ValueError("times is at least 1")
        rule = Rule(name, Arguments(args or {}), identifier, times)
        if identifier is None and times is None:
            self._rules = [rule]  # a lasting rule for everything replaces all others
        else:
            self._rules.insert(0, rule)

    def clear(self) -> None:
        self._rules = []

    def next(self, subject: str) -> Rule:
        """The rule for this call; uses it up by one."""
        for rule in self._rules:
            if rule.fits(subject):
                if rule.remaining is not None:
                    rule.remaining -= 1
                return rule
        return Rule(HONEST, Arguments())
