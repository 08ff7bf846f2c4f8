"""What a newcomer may set, all from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from demo.console import DemoError

PORT, SANDBOX_PORT = "ZHENGYAN_PORT", "ZHENGYAN_SANDBOX_PORT"
UNTIL, EXIT = "ZHENGYAN_DEMO_UNTIL", "ZHENGYAN_DEMO_EXIT"
SEED = "ZHENGYAN_SANDBOX_SEED"
STEPS = ("database", "tables", "sandbox", "issuers", "service", "samples")


@dataclass(frozen=True, slots=True)
class Options:
    """Ports, the sandbox's seed, the last step to take, and whether to stay afterwards."""

    port: int
    sandbox_port: int
    seed: int
    until: str
    stay: bool
    database_url: str | None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises DemoError naming the setting that is wrong."""
        until = environment.get(UNTIL) or STEPS[-1]
        if until not in STEPS:
            raise DemoError(f"{UNTIL} is {until!r}; it may be one of {', '.join(STEPS)}")
        return cls(
            port=_number(environment, PORT, 8000),
            sandbox_port=_number(environment, SANDBOX_PORT, 8100),
            seed=_number(environment, SEED, 1),
            until=until,
            stay=environment.get(EXIT, "") in {"", "0"},
            database_url=environment.get("DATABASE_URL") or None,
        )

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        """The first fictional issuer (営业執照)."""
        return f"http://127.0.0.1:{self.sandbox_port}"


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65000:  # noqa: PLR2004 - room for +1, +2, …
        raise DemoError(f"{name} is {text!r}; it has to be a number from 1 to 65000")
    return int(text)
