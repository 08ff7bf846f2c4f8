"""What is asked: whom, about what, and how old an answer may be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.checks import inquiry_for
from app.domain.issuer import Inquiry, NotAsked, Unasked
from app.domain.license import Claims
from app.domain.reasons import Reason
from app.domain.verdict import Gap, Sound
from tests.reports import scenes
from tests.world import HOUR, NOW, with_type

CLAIMS = Claims(identifier=scenes.FACTS.document.identifier)
GAP = Gap((Reason.NO_ANCHOR,))


def asked(facts, claims=CLAIMS, local=Sound(), **terms) -> Inquiry | NotAsked:  # noqa: B008
    return inquiry_for(facts, claims, {}, local, "public-check", **terms)


@pytest.mark.parametrize(
    ("type_age", "policy_age", "caller_age", "expected"),
    [
        (HOUR, 2 * HOUR, None, HOUR),
        (2 * HOUR, HOUR, None, HOUR),
        (2 * HOUR, 2 * HOUR, HOUR, HOUR),
        (HOUR, HOUR, 2 * HOUR, HOUR),
        (timedelta(0), HOUR, HOUR, timedelta(0)),
        (HOUR, HOUR, timedelta(0), timedelta(0)),
    ],
)
def test_the_strictest_age_counts(type_age, policy_age, caller_age, expected):
    trust = with_type(max_status_age=type_age)
    facts = replace(scenes.FACTS, trust=trust, max_status_age=caller_age)
    inquiry = asked(facts, policy_age=policy_age)
    assert isinstance(inquiry, Inquiry)
    assert inquiry.max_age == expected


def test_without_a_registered_type_only_a_live_answer_will_do():
    facts = replace(scenes.FACTS, trust=replace(scenes.FACTS.trust, type=None))
    inquiry = asked(facts, policy_age=HOUR)
    assert isinstance(inquiry, Inquiry)
    assert inquiry.max_age == timedelta(0)
    assert asked(scenes.FACTS).max_age == timedelta(0)  # nor without a policy's word


def test_a_push_goes_along():
    facts = replace(scenes.FACTS, trust=replace(scenes.FACTS.trust, told_at=NOW))
    assert asked(facts).told_at == NOW
    assert asked(scenes.FACTS).told_at is None


def nameless():
    """A sealed file in which no license is named."""
    facts = scenes.sealed()
    document = replace(
        facts.document, identifier=None, type=None, stated=frozenset(), identifiers=frozenset()
    )
    return replace(facts, document=document, trust=replace(facts.trust, issuer=None))


def test_a_seal_is_asked_about_where_nothing_else_is_named():
    facts = nameless()
    seal = facts.document.signatures[0].sealed
    inquiry = asked(facts, Claims(identifier=None), GAP)
    assert isinstance(inquiry, Inquiry)
    assert (inquiry.identifier, inquiry.seal) == (None, seal.seal.id)
    assert inquiry.certificate == seal.signer.serial
    named = asked(scenes.sealed(), local=GAP)
    assert isinstance(named, Inquiry)
    assert (named.seal, named.certificate) == (None, None)  # the license's own question


def test_a_seal_is_asked_about_with_the_file_and_for_the_day():
    past, digests = NOW - 30 * HOUR, {"sha256": b"1" * 32, "sm3": b"2" * 32}
    for at in (past, None):
        facts = replace(nameless(), at=at)
        inquiry = inquiry_for(facts, Claims(identifier=None), digests, GAP, "public-check")
        assert isinstance(inquiry, Inquiry)
        assert (inquiry.seal is not None, inquiry.at, inquiry.digests) == (True, at, digests)


def test_a_seal_without_an_owner_is_asked_about_nowhere():
    facts = nameless()
    nowhere = replace(facts, trust=replace(facts.trust, endpoint=None))
    assert asked(nowhere, Claims(identifier=None), GAP) == NotAsked(Unasked.NO_ENDPOINT)
    bare = replace(facts, document=replace(facts.document, signatures=()))
    assert asked(bare, Claims(identifier=None), GAP) == NotAsked(Unasked.NO_QUESTION)
