"""Who makes seals (制章者): nobody who only signs, never the signer, and not after the fact (OFD-17).

One good file, its seal made anew by a maker under an authority registered for makers; every attack
has another make it.
"""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import pytest

from app.checks.measure import measure
from app.domain.certificate import Anchor, Purpose
from app.domain.evidence import CheckName
from app.domain.facts import Facts
from app.domain.reasons import Reason
from app.domain.trust import Trust
from app.domain.verdict import Broken, Gap, LocalState, Sound
from app.registry.serial import dump_facts, load_facts
from tests.checks.test_layouts import (
    KEY,
    MAKER_KEY,
    MAKER_ROOT,
    TSA_KEY,
    TSA_LEAF,
    WINDOW,
    created,
    document,
    layout,
    said,
    sealed,
    stamped_seal,
    trust,
)
from tests.checks.test_measure_seals import NOW
from tests.checks.test_signed_data import DAY, MINUTE, ROOT, YEAR, clock, known, leaf, state
from tests.cms_maker import Tsa
from tests.pki import (
    Key,
    SealMaker,
    certificate,
    crl,
    generalized,
    name,
    organisation_extension,
    revoked_entry,
    sm2_key,
    subordinate,
)

LAYOUTS = pytest.mark.parametrize("version", [1, 4, 5])
BODY_KEY = sm2_key(140)
BODY = certificate(
    name("另一单位"), BODY_KEY, ROOT, serial=9, more=[organisation_extension("12630000000000001A")],
    **WINDOW,
)  # fmt: skip
BY_SIGNERS_AUTHORITY = certificate(name("制章者"), MAKER_KEY, ROOT, serial=34, **WINDOW)


def facts_of(made: SealMaker, have: Trust | None = None) -> Facts:
    return measure(sealed(made.signature()), have or trust(), now=NOW)


def made_by(version: int, key: Key, der: bytes) -> SealMaker:
    return replace(layout(version), maker=key, maker_certificate=der)


def gap(facts: Facts, reason: Reason) -> bool:
    found: LocalState = state(facts)
    return isinstance(found, Gap) and reason in found.reasons


def is_unknown(facts: Facts) -> bool:
    return gap(facts, Reason.SEAL_MAKER_UNKNOWN)


@LAYOUTS
def test_attack_the_signer_makes_its_own_seal(version: int) -> None:
    assert state(facts_of(layout(version))) == Sound()
    facts = facts_of(made_by(version, KEY, leaf()))
    assert is_unknown(facts)  # real files of small systems are made so: a doubt, no forgery


@LAYOUTS
def test_attack_a_makers_certificate_over_the_signers_key(version: int) -> None:
    der = certificate(name("制章者"), KEY, MAKER_ROOT, serial=35, **WINDOW)
    facts = facts_of(made_by(version, KEY, der))
    assert is_unknown(facts)
    assert said(facts, CheckName.SEAL_MAKER_TRUSTED)[2] == "the signer's own key"


@LAYOUTS
def test_attack_a_body_that_only_signs_makes_the_seal(version: int) -> None:
    assert is_unknown(facts_of(made_by(version, BODY_KEY, BODY)))


@LAYOUTS
def test_attack_a_maker_by_the_signers_authority(version: int) -> None:
    assert is_unknown(facts_of(made_by(version, MAKER_KEY, BY_SIGNERS_AUTHORITY)))


def test_attack_an_anchor_for_makers_vouches_for_no_signer() -> None:
    assert state(facts_of(layout(4))) == Sound()
    signer = certificate(name("签章者"), KEY, MAKER_ROOT, serial=36, **WINDOW)
    facts = facts_of(replace(layout(4), signer_certificate=signer))
    assert gap(facts, Reason.NO_ANCHOR)


def test_attack_one_authority_for_signers_here_and_for_makers_there() -> None:
    """Two lists, or the tables and a list: each entry is in order, and together they are not."""
    have = trust()
    there = Anchor(
        fingerprint=sha256(ROOT.der).hexdigest(),
        der=ROOT.der,
        purposes=frozenset({Purpose.SEAL_MAKER}),
        since=NOW - 20 * YEAR,
        until=None,
    )
    anchors = (*have.authorities.anchors, there)
    both = replace(have, authorities=replace(have.authorities, anchors=anchors))
    assert state(facts_of(layout(4), both)) == Sound()
    assert is_unknown(facts_of(made_by(4, MAKER_KEY, BY_SIGNERS_AUTHORITY), both))


# ---- a maker registered itself


def pinned(der: bytes, **changes: Any) -> Trust:
    """Nobody is registered for makers but this one, by its own certificate."""
    have = trust()
    pin = Anchor(
        fingerprint=sha256(der).hexdigest(),
        der=der,
        purposes=frozenset({Purpose.SEAL_MAKER}),
        since=NOW - 9 * YEAR,
    )
    others = (a for a in have.authorities.anchors if Purpose.SEAL_MAKER not in a.purposes)
    anchors = (*others, replace(pin, **changes))
    return replace(have, authorities=replace(have.authorities, anchors=anchors))


@LAYOUTS
def test_twin_a_registered_maker_under_the_signers_authority(version: int) -> None:
    made = made_by(version, MAKER_KEY, BY_SIGNERS_AUTHORITY)
    assert state(facts_of(made, pinned(BY_SIGNERS_AUTHORITY))) == Sound()


def test_attack_another_certificate_of_the_same_maker_is_not_registered() -> None:
    again = certificate(name("制章者"), MAKER_KEY, ROOT, serial=37, **WINDOW)
    facts = facts_of(made_by(4, MAKER_KEY, again), pinned(BY_SIGNERS_AUTHORITY))
    assert is_unknown(facts)


def test_attack_a_registered_maker_certifies_nobody() -> None:
    """Its certificate is no authority's: what it signed is no maker's certificate."""
    below = subordinate("制章者", MAKER_KEY, ROOT, serial=34, **WINDOW)
    der = certificate(name("徒弟"), sm2_key(141), below, serial=38, **WINDOW)
    facts = facts_of(made_by(4, sm2_key(141), der), pinned(BY_SIGNERS_AUTHORITY))
    assert is_unknown(facts)


def test_a_registered_maker_is_bound_to_its_window() -> None:
    made = made_by(4, MAKER_KEY, BY_SIGNERS_AUTHORITY)
    late = pinned(BY_SIGNERS_AUTHORITY, since=created() + DAY)
    assert is_unknown(facts_of(made, late))
    ended = facts_of(made, pinned(BY_SIGNERS_AUTHORITY, until=NOW - DAY))
    assert gap(ended, Reason.SEAL_MAKER_ENDED_SINCE)
    late = replace(pinned(BY_SIGNERS_AUTHORITY, until=NOW - DAY), first_seen=NOW - DAY)
    assert gap(facts_of(made, late), Reason.SEAL_MAKER_ENDED_SINCE)
    seen = replace(late, first_seen=NOW - 2 * DAY)
    assert state(facts_of(made, seen)) == Sound()


def test_attack_asking_twice_about_a_maker_that_is_trusted_no_more() -> None:
    """That this node has seen the file counts only if it saw it while the anchor stood."""
    have = trust()
    ended = tuple(
        replace(a, until=NOW - DAY) if Purpose.SEAL_MAKER in a.purposes else a
        for a in have.authorities.anchors
    )
    over = replace(have, authorities=replace(have.authorities, anchors=ended))
    for first_seen in (None, NOW - MINUTE):
        facts = facts_of(layout(4), replace(over, first_seen=first_seen))
        assert gap(facts, Reason.SEAL_MAKER_ENDED_SINCE)
    assert state(facts_of(layout(4), replace(over, first_seen=NOW - 2 * DAY))) == Sound()


def test_attack_asking_twice_about_a_signer_whose_authority_is_trusted_no_more() -> None:
    have = trust()
    ended = tuple(
        replace(a, until=NOW - DAY) if Purpose.LICENSE_SEAL in a.purposes else a
        for a in have.authorities.anchors
    )
    over = replace(have, authorities=replace(have.authorities, anchors=ended))
    for first_seen in (None, NOW - MINUTE):
        facts = facts_of(layout(4), replace(over, first_seen=first_seen))
        assert gap(facts, Reason.KEY_EXPIRED_SINCE)
    assert state(facts_of(layout(4), replace(over, first_seen=NOW - 2 * DAY))) == Sound()


# ---- revoked after createDate, which is the maker's own word


def revoked(at: datetime) -> Trust:
    return trust(revoked_entry(31, at))


@LAYOUTS
def test_attack_a_stolen_makers_key_dates_the_seal_back(version: int) -> None:
    facts = facts_of(layout(version), revoked(NOW - DAY))
    assert gap(facts, Reason.SEAL_MAKER_ENDED_SINCE)
    assert load_facts(dump_facts(facts) or "") == facts
    early = facts_of(layout(version), revoked(created() - DAY))
    assert state(early) == Broken(Reason.SEAL_MAKER_INVALID)


@pytest.mark.parametrize("version", [4, 5])
def test_twin_a_timestamp_over_the_signature_proves_that_the_seal_was_there(version: int) -> None:
    plain = layout(version).signature()
    (one,) = sealed(plain).sealings
    assert one.signature is not None
    at = clock() + MINUTE
    token = Tsa(TSA_KEY, TSA_LEAF, time=generalized(at)).token(one.signature.value)
    stamped = replace(one, signature=replace(one.signature, timestamp=token))
    license_ = replace(document(), sealings=(stamped,))
    assert state(measure(license_, revoked(at + DAY), now=NOW)) == Sound()
    assert gap(measure(license_, revoked(at), now=NOW), Reason.SEAL_MAKER_ENDED_SINCE)


def test_twin_the_timestamp_of_the_seal_proves_when_it_was_made() -> None:
    made = layout(5)
    license_ = sealed(made.signature(stamped_seal(made, created() + DAY)))
    assert state(measure(license_, revoked(created() + 2 * DAY), now=NOW)) == Sound()
    late = measure(license_, revoked(created() + DAY), now=NOW)
    assert gap(late, Reason.SEAL_MAKER_ENDED_SINCE)


def test_twin_this_node_saw_the_file_before() -> None:
    have = revoked(NOW - DAY)
    assert state(facts_of(layout(4), replace(have, first_seen=NOW - 2 * DAY))) == Sound()
    late = facts_of(layout(4), replace(have, first_seen=NOW - DAY))
    assert gap(late, Reason.SEAL_MAKER_ENDED_SINCE)


def test_a_maker_that_expired_since_made_what_it_made() -> None:
    until = NOW - DAY
    der = certificate(
        name("制章者"), MAKER_KEY, MAKER_ROOT, serial=31, since=NOW - 3 * YEAR, until=until
    )
    have = trust()
    kept = crl(
        MAKER_ROOT, this_update=NOW - 2 * DAY, next_update=NOW + DAY
    )  # older than its end: still says all
    lists = (*(c for c in have.authorities.lists if c.issuer_raw != MAKER_ROOT.name), known(kept))
    facts = facts_of(
        made_by(4, MAKER_KEY, der),
        replace(have, authorities=replace(have.authorities, lists=lists)),
    )
    assert state(facts) == Sound()
