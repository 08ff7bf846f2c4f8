"""A circuit breaker: an endpoint that does not answer is left in peace, and tried by one question.

Pure: it is told the time, in seconds of a clock that never goes back.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Final

WINDOW: Final = 10.0
"""Seconds of calls that are looked at."""
ENOUGH: Final = 20
"""Calls before a share says anything."""
SHARE: Final = 0.5
"""Of them failed, and it opens."""
IN_A_ROW: Final = 5
"""Calls in a row to which nothing came back open it as well: at three seconds each they are a
quarter of a minute of somebody's waiting."""
REST: Final = (1.0, 30.0)
"""Seconds of rest: the first, and the most; doubled each time a probe fails, spread by a fifth."""
PROBE: Final = 60.0
"""Seconds after which a probe that never came back is given up: longer than any deadline."""
MAX_CALLS: Final = 1024
"""Calls remembered."""


class State(StrEnum):
    """Of a breaker."""

    CLOSED = "closed"
    """Questions go through."""
    OPEN = "open"
    """None does."""
    HALF_OPEN = "half_open"
    """One does, to try."""


class Verdict(Enum):
    """What a call says of the endpoint."""

    UP = auto()
    FAILED = auto()
    """It answers, and says it cannot."""
    DOWN = auto()
    """Nothing came back."""
    NEITHER = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """A call that was let through."""

    era: int
    probe: bool


@dataclass(slots=True)
class Breaker:
    """Of one endpoint."""

    jitter: Callable[[], float]
    """Evenly from 0 to 1."""
    _calls: deque[tuple[float, bool]] = field(default_factory=deque)
    _failed: int = 0
    """Of those: counted along, for at hundreds a second nobody has the time to count them anew."""
    _row: int = 0
    _rest: float = 0.0
    _open_until: float | None = None
    _probe_since: float | None = None
    _era: int = 0
    """Counts openings: what was sent before one says nothing about what came after."""

    def state(self, now: float) -> State:
        if self._open_until is None:
            return State.CLOSED
        return State.OPEN if now < self._open_until else State.HALF_OPEN

    def enter(self, now: float) -> Entry | None:
        """Let a call through, or not. Each entry has to leave."""
        match self.state(now):
            case State.CLOSED:
                return Entry(self._era, probe=False)
            case State.HALF_OPEN if self._probe_since is None or now - self._probe_since > PROBE:
                self._probe_since = now
                return Entry(self._era, probe=True)
        return None

    def leave(self, entry: Entry, verdict: Verdict, now: float) -> None:
        """A call that was let through is over."""
        if entry.era != self._era:
            return
        if entry.probe:
            self._probe_since = None
            match verdict:
                case Verdict.UP:
                    self._close()
                case Verdict.FAILED | Verdict.DOWN:
                    self._open(now)
                case Verdict.NEITHER:
                    pass  # nothing was learned: the next may try
            return
        if verdict is Verdict.NEITHER or self._open_until is not None:
            return
        bad = verdict is not Verdict.UP
        self._calls.append((now, bad))
        self._failed += bad
        self._row = self._row + 1 if verdict is Verdict.DOWN else 0
        if self._row >= IN_A_ROW or self._too_many(now):
            self._open(now)

    def _too_many(self, now: float) -> bool:
        while self._calls and (self._calls[0][0] < now - WINDOW or len(self._calls) > MAX_CALLS):
            self._failed -= self._calls.popleft()[1]
        return len(self._calls) >= ENOUGH and self._failed >= SHARE * len(self._calls)

    def _open(self, now: float) -> None:
        first, most = REST
        self._rest = min(most, self._rest * 2 or first)
        self._open_until = now + self._rest * (0.9 + 0.2 * self.jitter())
        self._probe_since = None
        self._calls.clear()
        self._failed = 0
        self._row = 0
        self._era += 1

    def _close(self) -> None:
        self._open_until = None
        self._rest = 0.0
