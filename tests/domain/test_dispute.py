"""Disputes: what may follow what, and what a code gives away."""

import re

import pytest

from app.domain.dispute import ANSWERS, NEXT, DisputeState, follow, new_code, reference_of
from app.domain.errors import Malformed, Refused

ENDED = {DisputeState.CORRECTED, DisputeState.REJECTED, DisputeState.WITHDRAWN}


def test_exactly_these_states_may_follow() -> None:
    may = {
        "open": {"with_issuer", "accepted", "corrected", "rejected", "withdrawn"},
        "with_issuer": {"accepted", "corrected", "rejected", "withdrawn"},
        "accepted": {"corrected", "withdrawn"},
    }
    for before in DisputeState:
        for after in DisputeState:
            if after in may.get(before, set()):
                assert follow(before, after) is after
            else:
                with pytest.raises(Refused) as told:
                    follow(before, after)
                assert told.value.field == "state"
    assert {state for state in DisputeState if state.ended} == ENDED
    assert set(NEXT) == set(DisputeState)
    assert ANSWERS.isdisjoint({DisputeState.OPEN, DisputeState.WITHDRAWN})


def test_a_code_leads_to_its_reference_and_not_back() -> None:
    codes = {new_code() for _ in range(100)}
    references = {reference_of(code) for code in codes}
    assert (len(codes), len(references)) == (100, 100)
    code = codes.pop()
    assert re.fullmatch("[0-9A-Z]{20}", reference_of(code))
    typed = code.replace("-", " ").lower()
    assert reference_of(typed) == reference_of(code)
    assert not any(part in reference_of(code) for part in code.split("-"))


@pytest.mark.parametrize("typed", ["", "x", "0" * 30, "é" * 30, "A" * 400])
def test_a_mistyped_code_is_told_as_such(typed: str) -> None:
    with pytest.raises(Malformed):
        reference_of(typed)
