"""Revocation lists: DER, PEM, limits, and whatever the bytes."""

from base64 import encodebytes
from datetime import datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import revocation
from app.crypto.revocation import freshness_gap, read_crl
from app.domain.certificate import (
    Chain,
    PathFact,
    Purpose,
    Revocation,
    RevocationGap,
    RevocationReason,
    RevocationState,
    Role,
    RoleFinding,
)
from app.domain.clocks import AUTHORITY_SKEW
from app.domain.errors import Malformed
from sandbox import der
from tests import pki
from tests.pki import NOW, crl, extension, revoked_entry, sm2_key


@cache
def issuer() -> pki.Authority:
    return pki.root("测试根", sm2_key(1))


def pem(data: bytes, label: bytes = b"X509 CRL") -> bytes:
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label, encodebytes(data), label)


def test_a_list_is_read() -> None:
    day = timedelta(days=1)
    more = [extension("2.5.29.24", pki.generalized(NOW - 3 * day))]
    data = crl(
        issuer(),
        revoked_entry(5, NOW - 2 * day),
        revoked_entry(6, NOW - day, 1),
        revoked_entry(7, NOW - day, 4, more),
        revoked_entry(1 << 150, NOW - day, 9),
    )
    read = read_crl(data)
    assert read.issuer_raw == issuer().name
    assert (read.this_update, read.next_update) == (NOW - day, NOW + 6 * day)
    assert read.number == 5
    assert {serial: (e.at, e.reason) for serial, e in read.entries.items()} == {
        5: (NOW - 2 * day, RevocationReason.ABSENT),
        6: (NOW - day, RevocationReason.KEY_COMPROMISE),
        7: (NOW - day, RevocationReason.SUPERSEDED),
        1 << 150: (NOW - day, RevocationReason.PRIVILEGE_WITHDRAWN),
    }
    flags = (read.delta, read.indirect, read.partial, read.unknown_critical)
    assert flags == (False, False, False, False)
    assert read_crl(pem(data)) == read_crl(b"\n" + pem(data)) == read


def test_of_two_entries_of_one_serial_the_earlier_counts() -> None:
    early = revoked_entry(5, NOW - timedelta(days=9), 1)
    late = revoked_entry(5, NOW - timedelta(days=1), 4)
    for entries in ((early, late), (late, early)):
        entry = read_crl(crl(issuer(), *entries)).entries[5]
        assert entry.reason is RevocationReason.KEY_COMPROMISE


def test_an_entry_of_another_issuer_makes_the_list_indirect() -> None:
    more = [extension("2.5.29.29", der.sequence(), critical=True)]
    assert read_crl(crl(issuer(), revoked_entry(5, NOW, more=more))).indirect


def test_an_unknown_critical_entry_extension_is_told() -> None:
    more = [extension("1.2.3", b"", critical=True)]
    read = read_crl(crl(issuer(), revoked_entry(5, NOW, 1, more=more)))
    assert read.unknown_critical
    assert read.entries[5].reason is RevocationReason.KEY_COMPROMISE


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (pem(b"x", b"CERTIFICATE"), "not one PEM block"),
        (pem(b"x") + pem(b"x"), "not one PEM block"),
        (b"-----BEGIN X509 CRL-----\nA\n-----END X509 CRL-----", "not base64"),
        (pem(b"x"), "cut short"),
        (b"", "cut short"),
    ],
)
def test_what_is_no_list(data: bytes, why: str) -> None:
    assert read_crl(pem(crl(issuer())))
    with pytest.raises(Malformed, match=why):
        read_crl(data)


def tbs(*, version: int = 1, inner: str = pki.SM2_OID, at: bytes = b"") -> bytes:
    body = der.sequence(
        der.integer(version),
        der.sequence(der.oid(inner)),
        issuer().name,
        at or pki.utc(NOW),
        pki.utc(NOW + timedelta(days=1)),
    )
    return pki.signed(body, issuer().key)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (tbs(version=0), "not v2"),
        (tbs(version=2), "not v2"),
        (tbs(inner=pki.ECDSA_OID), "two signature algorithms"),
        (tbs(at=der.tlv(0x17, b"2606011200Z")), "time not as DER"),
        (tbs(at=der.tlv(0x18, b"20260601200000+0800")), "time not as DER"),
        (crl(issuer()) + b"\0", "bytes after"),
        (crl(issuer(), der.sequence(der.integer(1))), "absent"),
        (crl(issuer(), more=[extension("2.5.29.28", b"no")]), "cut short|longer"),
    ],
)
def test_a_broken_list_is_malformed(data: bytes, why: str) -> None:
    assert read_crl(tbs())
    with pytest.raises(Malformed, match=why):
        read_crl(data)


def test_limits_are_named() -> None:
    with pytest.raises(Malformed, match=f"larger than {revocation.LIMITS.octets} bytes"):
        read_crl(b"\x30" + bytes(revocation.LIMITS.octets))


@pytest.mark.parametrize(
    ("at", "gap"),
    [
        (NOW, None),
        (NOW + timedelta(days=6), None),
        (NOW + timedelta(days=6, seconds=1), RevocationGap.STALE),
        (NOW - timedelta(days=1) - AUTHORITY_SKEW, None),
        (
            NOW - timedelta(days=1) - AUTHORITY_SKEW - timedelta(seconds=1),
            RevocationGap.FROM_FUTURE,
        ),
    ],
)
def test_freshness(at: datetime, gap: RevocationGap | None) -> None:
    assert freshness_gap(read_crl(crl(issuer())), at) is gap


@given(st.binary(max_size=200))
def test_any_bytes_are_a_list_or_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_crl(data)


@cache
def _sample() -> bytes:
    scope = der.sequence(der.tlv(0xA0, der.tlv(0xA0, der.tlv(0x86, b"http://ca.example/1"))))
    more = [extension("2.5.29.28", scope, critical=True)]
    return crl(issuer(), *(revoked_entry(i, NOW, i % 11 or None) for i in range(20)), more=more)


@given(st.data())
def test_any_mutation_is_read_or_malformed(data: st.DataObject) -> None:
    octets = bytearray(_sample())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(octets) - 1))
        if data.draw(st.booleans()):
            octets[place] = data.draw(st.integers(0, 255))
        else:
            octets[place:place] = data.draw(st.binary(min_size=1, max_size=4))
    try:
        read_crl(bytes(octets))
    except Malformed:
        return


# ---- values that cannot be ----


def test_a_revocation_says_neither_more_nor_less_than_its_state() -> None:
    good, unknown = RevocationState.GOOD, RevocationState.UNKNOWN
    for wrong in (
        {"state": RevocationState.REVOKED},
        {"state": RevocationState.REVOKED, "at": NOW},
        {"state": unknown},
        {"state": good, "why": RevocationGap.STALE},
        {"state": good, "at": NOW, "reason": RevocationReason.UNSPECIFIED},
    ):
        with pytest.raises(ValueError, match="nothing else"):
            Revocation(**wrong)


def test_a_path_fact_cannot_be_good_without_a_path() -> None:
    rest = {
        "purpose": Purpose.TSA,
        "role": Role.TSA,
        "moment": NOW,
        "fresh_at": NOW,
        "certificate": "00",
        "role_finding": RoleFinding.FITS,
    }
    good = Revocation(state=RevocationState.GOOD)
    gap = Revocation(state=RevocationState.UNKNOWN, why=RevocationGap.NO_PATH)
    assert PathFact(chain=Chain.ANCHORED, path=("00", "11"), anchor="11", revocation=good, **rest)
    assert PathFact(chain=Chain.NO_ANCHOR, revocation=gap, **rest)
    for wrong in (
        {"chain": Chain.ANCHORED, "revocation": good},
        {"chain": Chain.NO_ANCHOR, "anchor": "11", "path": ("11",), "revocation": gap},
        {"chain": Chain.EXPIRED, "revocation": good},
    ):
        with pytest.raises(ValueError, match="path"):
            PathFact(**wrong, **rest)
