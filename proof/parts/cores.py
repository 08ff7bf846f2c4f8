"""Who used the cores between two looks: by what the kernel counts (Linux, /proc)."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
IDLE, WAITING = 3, 4
"""Columns of the first line of /proc/stat: nothing to do, and waiting for the disk meanwhile."""
USED = slice(0, 8)
"""Columns that add up to all there is; guests are within the first two."""
PARENT, SPENT = 1, slice(11, 15)
"""Fields of /proc/PID/stat after the name: its parent; ticks of it and of children it buried."""


@dataclass(frozen=True, slots=True)
class Look:
    """Seconds of CPU since the machine began, and since each of the programs did."""

    at: float
    total: float
    idle: float
    waiting: float
    spent: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Shares:
    """Cores, as a fraction of time each was in use; they add up to `cores`."""

    cores: float
    idle: float
    """Nothing to do, whether or not the disk is waited for."""
    waiting: float
    """Of `idle`: while something waited for the disk."""
    used: Mapping[str, float]
    others: float
    """Whatever else runs on the machine."""

    @property
    def busy(self) -> float:
        """By the programs that were looked at."""
        return sum(self.used.values())

    def told(self) -> str:
        """`worker 0.97, database 0.31, others 0.05, idle 0.67`."""
        shares = {**self.used, "others": self.others, "idle": self.idle}
        return ", ".join(f"{name} {share:.2f}" for name, share in shares.items())


def look(programs: Mapping[str, frozenset[int]], proc: Path = PROC) -> Look:
    """At the machine, and at each program: its first processes, and all that came of them."""
    first = (proc / "stat").read_text().splitlines()[0].split()[1:]
    ticks = [int(each) for each in first[USED]]
    family = dict(_processes(proc))
    return Look(
        at=time.monotonic(),
        total=sum(ticks) / TICKS,
        idle=(ticks[IDLE] + ticks[WAITING]) / TICKS,
        waiting=ticks[WAITING] / TICKS,
        spent={
            name: sum(family[pid][1] for pid in _tree(roots, family))
            for name, roots in programs.items()
        },
    )


def between(before: Look, after: Look) -> Shares:
    """Raises ValueError where nothing was counted meanwhile."""
    seconds, total = after.at - before.at, after.total - before.total
    if seconds <= 0 or total <= 0:
        raise ValueError("two looks at one time")
    used = {n: (after.spent[n] - spent) / seconds for n, spent in before.spent.items()}
    cores, idle = total / seconds, (after.idle - before.idle) / seconds
    return Shares(
        cores=cores,
        idle=idle,
        waiting=(after.waiting - before.waiting) / seconds,
        used=used,
        others=max(0.0, cores - idle - sum(used.values())),
    )


def _processes(proc: Path) -> Iterator[tuple[int, tuple[int, float]]]:
    """Process → its parent, and its seconds of CPU; those that end meanwhile are left out."""
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(errors="replace")
            except OSError:
                continue
            fields = text.rpartition(")")[2].split()
            yield int(folder.name), (int(fields[PARENT]), sum(map(int, fields[SPENT])) / TICKS)


def _tree(roots: frozenset[int], family: Mapping[int, tuple[int, float]]) -> set[int]:
    found = {pid for pid in roots if pid in family}
    while more := {pid for pid, (parent, _) in family.items() if parent in found} - found:
        found |= more
    return found
