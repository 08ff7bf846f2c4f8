"""When it was signed, by whose word, and what became of the certificate since: 3 × 3 × 2.

Three sources of time (a timestamp, this node having seen the file, the signer's claim), three ends of
the certificate (none, expired, revoked), and the signing on either side. Real bytes in each layout
that can carry a timestamp; every cell on the wrong side has its twin on the right one.
"""

from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Literal

import pytest

from app.checks.measure import measure
from app.crypto.ses import read_seal_signature
from app.domain.certificate import Crl, Purpose
from app.domain.proven import TimeSource, signing_time
from app.domain.reasons import Reason
from app.domain.trust import Authorities, Trust
from app.domain.verdict import Broken, Gap, LocalState, Sound
from tests.checks import test_layouts as seals
from tests.checks.test_layouts import MAKER_ROOT, TSA_KEY, TSA_LEAF, TSA_ROOT
from tests.checks.test_measure_seals import NOW
from tests.checks.test_signed_data import (
    DAY,
    MINUTE,
    ROOT,
    SERIAL,
    YEAR,
    clock,
    document,
    known,
    leaf,
    state,
    trusted,
)
from tests.cms_maker import Tsa
from tests.pki import crl, extension, generalized, revoked_entry

Source = Literal["proven", "seen", "claimed"]
End = Literal["live", "expired", "revoked"]

SOURCES: tuple[Source, ...] = ("proven", "seen", "claimed")
ENDS: tuple[End, ...] = ("live", "expired", "revoked")
FOREVER = extension("2.5.29.60", generalized(NOW - 9 * YEAR))
"""ExpiredCertsOnCRL: the list forgets nobody (X.509 §9.5.2.8)."""
SUPERSEDED = 4

IN_TIME: dict[tuple[Source, End], LocalState] = {
    ("proven", "live"): Sound(),
    ("proven", "expired"): Sound(),
    ("proven", "revoked"): Sound(),
    ("seen", "live"): Sound(),
    ("seen", "expired"): Sound(),
    ("seen", "revoked"): Sound(),
    ("claimed", "live"): Sound(),
    ("claimed", "expired"): Gap((Reason.KEY_EXPIRED_SINCE,)),
    ("claimed", "revoked"): Gap((Reason.KEY_REVOKED_SINCE,)),
}
TOO_LATE: dict[End, LocalState] = {
    "live": Broken(Reason.SIGNED_OUTSIDE_WINDOW),  # too early: before the certificate's begin
    "expired": Broken(Reason.SIGNED_OUTSIDE_WINDOW),
    "revoked": Broken(Reason.SIGNED_AFTER_REVOCATION),
}
"""Whoever says so, and however well it is proven."""


def listed(*entries: bytes) -> Crl:
    day = {"this_update": NOW - DAY, "next_update": NOW + DAY}
    return known(crl(ROOT, *entries, more=[FOREVER], **day))


def trust(end: End, at: datetime, seen: datetime | None) -> Trust:
    entries = (revoked_entry(SERIAL, at, SUPERSEDED),) if end == "revoked" else ()
    have = trusted()
    stamps, makers = (
        known(crl(by, this_update=NOW - DAY, next_update=NOW + DAY))
        for by in (TSA_ROOT, MAKER_ROOT)
    )
    anchors = (
        *have.authorities.anchors,
        MAKER_ROOT.anchor(Purpose.SEAL_MAKER, since=NOW - 9 * YEAR),
        TSA_ROOT.anchor(Purpose.TSA, since=NOW - 9 * YEAR),
    )
    authorities = Authorities(anchors=anchors, lists=(listed(*entries), stamps, makers))
    return replace(have, authorities=authorities, first_seen=seen)


def certificate_of(end: End, at: datetime, *, in_time: bool) -> bytes:
    if end == "expired":
        return leaf(until=at)
    return leaf(since=at) if end == "live" and not in_time else leaf()


def judged(version: int, source: Source, end: End, *, in_time: bool) -> tuple[LocalState, str]:
    """The state, and the source that the time was taken from."""
    before = end == "live"  # the only side of a live certificate is its begin
    at = clock() + DAY if in_time is not before else clock() - DAY
    made = replace(
        seals.layout(version), signer_certificate=certificate_of(end, at, in_time=in_time)
    )
    signature = read_seal_signature(made.signature())
    if source == "proven":
        stamp = Tsa(TSA_KEY, TSA_LEAF, time=generalized(clock() + MINUTE))
        signature = replace(signature, timestamp=stamp.token(signature.value))
    (one,) = seals.sealed(made.signature()).sealings
    file = replace(document(), sealings=(replace(one, signature=signature),))
    seen = clock() + MINUTE if source == "seen" else None
    facts = measure(file, trust(end, at, seen), now=NOW)
    (s,) = facts.document.signatures
    assert s.sealed is not None
    return state(facts), signing_time(s.sealed.timestamp, s.signed_at, NOW).source


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize(("source", "end"), list(product(SOURCES, ENDS)))
def test_time_matrix(version: int, source: Source, end: End) -> None:
    taken = TimeSource.TSA if source == "proven" else TimeSource.CLAIMED
    assert judged(version, source, end, in_time=True) == (IN_TIME[source, end], taken)
    assert judged(version, source, end, in_time=False) == (TOO_LATE[end], taken)


def test_the_matrix_is_whole() -> None:
    assert set(IN_TIME) == set(product(SOURCES, ENDS))
    assert len(IN_TIME) + len(SOURCES) * len(TOO_LATE) == 3 * 3 * 2
