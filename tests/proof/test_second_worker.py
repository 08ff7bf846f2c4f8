"""The shares of the cores add up, and a ratio is never said to hold that nothing shows."""

from pathlib import Path

import pytest

from proof.parts.cores import TICKS, Look, Shares, between, look
from proof.second_worker import NOISE, Run, allowed, told


def process(folder: Path, pid: int, parent: int, ticks: tuple[int, int, int, int]) -> None:
    """As the kernel writes it; a program may be called as it likes."""
    (folder / str(pid)).mkdir(parents=True)
    fields = ["S", str(parent), *["0"] * 9, *map(str, ticks), *["0"] * 20]
    (folder / str(pid) / "stat").write_text(f"{pid} (a ) (b) {' '.join(fields)}\n")


def machine(folder: Path, user: int, idle: int, disk: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "stat").write_text(f"cpu  {user} 0 0 {idle} {disk} 0 0 0 7 7\ncpu0 1 1\n")


def test_a_program_is_its_first_processes_and_all_that_came_of_them(tmp_path: Path) -> None:
    machine(tmp_path, 100, 50, 10)
    process(tmp_path, 10, 1, (1, 2, 4, 8))
    process(tmp_path, 11, 10, (16, 0, 0, 0))
    process(tmp_path, 12, 11, (32, 0, 0, 0))
    process(tmp_path, 20, 1, (64, 0, 0, 0))
    (tmp_path / "99").mkdir()  # it ended meanwhile
    found = look({"a": frozenset({10}), "b": frozenset({20, 21}), "c": frozenset()}, tmp_path)
    assert found.spent == {"a": 63 / TICKS, "b": 64 / TICKS, "c": 0.0}
    seconds = (found.total, found.idle, found.waiting)
    assert seconds == (160 / TICKS, 60 / TICKS, 10 / TICKS)


def test_shares_add_up_to_the_cores() -> None:
    before = Look(
        at=100.0, total=0.0, idle=0.0, waiting=0.0, spent={"workers": 5.0, "database": 1.0}
    )
    after = Look(
        at=110.0, total=20.0, idle=6.0, waiting=1.0, spent={"workers": 14.5, "database": 3.0}
    )
    shares = between(before, after)
    assert (shares.cores, shares.idle, shares.waiting) == (2.0, 0.6, 0.1)
    assert shares.used == {"workers": 0.95, "database": 0.2}
    assert shares.busy + shares.others + shares.idle == pytest.approx(shares.cores)
    assert shares.told() == "workers 0.95, database 0.20, others 0.25, idle 0.60"
    with pytest.raises(ValueError, match="one time"):
        between(before, before)


def shares(worker: float, database: float, idle: float, others: float = 0.0) -> Shares:
    used = {"workers": worker, "database": database, "service": 0.05}
    return Shares(2.0, idle, 0.0, used, others)


@pytest.mark.parametrize(
    ("rates", "one", "two", "words", "held"),
    [
        ((30, 54), shares(0.9, 0.05, 1.0), shares(1.8, 0.1, 0.05), "It is reached", True),
        ((30, 42), shares(0.95, 0.4, 0.6), shares(1.3, 0.6, 0.05), "for want of cores", True),
        ((30, 36), shares(0.95, 0.05, 0.95), shares(1.1, 0.1, 0.75), "not for want", False),
        ((30, 54), shares(0.9, 0.05, 1.0, NOISE + 0.01), shares(1.8, 0.1, 0.05), "Others", False),
        ((30, 31), shares(0.2, 0.1, 0.0, 1.65), shares(0.2, 0.1, 0.0, 1.65), "Others", False),
    ],
)  # fmt: skip
def test_what_is_said_follows_from_the_shares(
    rates: tuple[float, float], one: Shares, two: Shares, words: str, held: bool
) -> None:
    body, holds = told([Run(1, rates[0], one), Run(2, rates[1], two)], 2000)
    assert (words in body, holds) == (True, held)
    assert f"**A second worker: {rates[1] / rates[0]:.2f} ×**" in body
    assert f"| 1 | {rates[0]:.1f} | {one.used['workers']:.2f} |" in body


def test_what_the_cores_allow() -> None:
    assert allowed(shares(0.95, 0.0, 1.0)) == 2.0
    assert allowed(shares(0.95, 0.4, 0.6)) == pytest.approx(2.0 / 1.4, abs=0.001)
    assert allowed(shares(0.5, 0.5, 0.0, 0.95)) == 1.0


def test_the_middle_of_the_rounds_counts() -> None:
    one, two = shares(0.95, 0.05, 0.95), shares(1.8, 0.1, 0.05)
    runs = [Run(1, 10, one), Run(2, 18, two), Run(2, 19, two), Run(1, 10, one)]
    body, holds = told(runs, 2000)
    assert holds
    assert "**A second worker: 1.85 × (1.80–1.90)**" in body
