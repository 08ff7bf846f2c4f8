"""A registered relay hands on what an issuer's body signed, and hopes it is taken for its own word."""

from typing import Any

import pytest

from app.domain.issuer import Answered, Speaker
from tests import ivp_vectors as vectors
from tests.federation.test_ivp_vectors import asked, endpoint, read

HOMES = {"the issuer": vectors.ISSUER, "its delegate": vectors.RELAY}


def handed_on(home: str, **more: Any) -> Answered:
    """What node-a makes of a platform's answer that encloses one signed by that body."""
    enclosed = vectors.answer(vectors.said(vectors.FIRST, iss=home, **more))
    token = vectors.answer(vectors.said(vectors.FIRST, iss=vectors.UPPER, relayed=enclosed))
    where = endpoint(vectors.UPPER, Speaker.UPSTREAM, *HOMES.values())
    answer = read(token, asked(vectors.FIRST, vectors.UPPER), where)
    assert isinstance(answer, Answered)
    return answer


@pytest.mark.parametrize("home", HOMES.values(), ids=HOMES)
def test_twin_its_own_word_counts_whoever_brings_it(home: str) -> None:
    assert handed_on(home).authoritative


@pytest.mark.parametrize("home", HOMES.values(), ids=HOMES)
def test_attack_what_it_repeated_after_nobody_is_handed_on_as_its_word(home: str) -> None:
    answer = handed_on(home, unsigned=True)
    assert (answer.speaker, answer.signed) == (Speaker.UPSTREAM, False)
    assert not answer.authoritative


@pytest.mark.parametrize("home", HOMES.values(), ids=HOMES)
def test_attack_what_it_repeated_after_another_is_handed_on_as_its_word(home: str) -> None:
    answer = handed_on(home, relayed="AA.AA.AA")
    assert (answer.speaker, answer.authoritative) == (Speaker.UPSTREAM, False)
