"""The fuzzer finds what it is for, and every reader stands a moment of it."""

import time

import pytest

from app.domain.errors import Malformed
from proof.fuzz import SLOW, TARGETS, Target, fuzz


def careless(data: bytes) -> int:
    """Takes a length from the input and believes it."""
    if not data.startswith(b"len"):
        raise Malformed("begins otherwise")
    return data[3 + data[3]]


def slow(data: bytes) -> int:
    """Takes its time over one byte."""
    if b"\xff" in data:
        time.sleep(SLOW * 1.01)
    return len(data)


def test_an_exception_that_is_not_malformed_is_found() -> None:
    found = fuzz("careless", Target(careless, lambda: (b"len\x01\x00\x00",)), 5.0, 1)
    assert any("IndexError at careless" in fault for fault in found.faults)
    assert set(found.said) == {"Malformed: begins otherwise"}


def test_a_reader_that_takes_too_long_is_found() -> None:
    found = fuzz("slow", Target(slow, lambda: (b"seed",)), 5.0, 1)
    assert any(fault.startswith("2.0 s: ") for fault in found.faults)


def test_a_seed_that_is_not_read_is_no_seed() -> None:
    with pytest.raises(Malformed):
        fuzz("careless", Target(careless, lambda: (b"other",)), 0.1, 1)


@pytest.mark.parametrize("named", TARGETS)
def test_every_reader_stands_a_moment_of_it(named: str) -> None:
    found = fuzz(named, TARGETS[named], 0.3, 1)
    assert not found.faults
    assert found.inputs > 20
    assert len(found.said) > 3
