"""Paired rounds: each runs every candidate, in turn; medians over the rounds, with the spread."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """One candidate in one round: seconds of wall clock by call, and CPU seconds a call."""

    calls: Sequence[float]
    cpu: float

    @property
    def p50(self) -> float:
        return percentile(self.calls, 50)

    @property
    def p95(self) -> float:
        return percentile(self.calls, 95)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def timed(work: Callable[[], object], calls: int) -> Timing:
    """Call it so many times on this thread; CPU of the whole process."""
    took = []
    before = time.process_time()
    for _ in range(calls):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return Timing(took, (time.process_time() - before) / calls)


def rounds(
    candidates: Mapping[str, Callable[[], object]], calls: int, count: int = ROUNDS
) -> dict[str, list[Timing]]:
    """Each round runs all candidates, so that a busy machine slows all of them."""
    for work in candidates.values():
        work()  # what is made once is not measured
    gc.collect()
    gc.freeze()  # nor are walks through the bench's own material, which no service holds
    found: dict[str, list[Timing]] = {name: [] for name in candidates}
    for _ in range(count):
        for name, work in candidates.items():
            found[name].append(timed(work, calls))
    return found


def middle(values: Sequence[float], scale: float = 1.0, digits: int = 2) -> str:
    """The median, and the spread over the rounds."""
    shown = sorted(value * scale for value in values)
    return f"{statistics.median(shown):.{digits}f} ({shown[0]:.{digits}f}–{shown[-1]:.{digits}f})"


def ratio(of: Sequence[float], to: Sequence[float], digits: int = 2) -> str:
    """The median of the paired ratios, and their spread."""
    return middle([a / b for a, b in zip(of, to, strict=True)], digits=digits)
