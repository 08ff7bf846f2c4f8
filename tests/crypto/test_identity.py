"""Whom an authority vouches for: by which code, and where."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.certificates import read_certificate
from app.crypto.identity import named_by
from app.domain.certificate import Anchor, Chain, Named, NameGap, Purpose
from app.domain.codes import region_within, uscc_region
from tests import pki
from tests.checks.scene import path
from tests.pki import certificate, extension, name, sm2_key, utf8

CODE, OTHER = "11630000000000000A", "91350200260063198M"
OID = "1.2.156.10260.4.1.4"
TOP = pki.root("根", sm2_key(1))
ANCHOR = Anchor(
    fingerprint="",
    der=b"",
    purposes=frozenset({Purpose.LICENSE_SEAL}),
    since=datetime(2020, 1, 1, tzinfo=UTC),
)
VERIFYING = replace(ANCHOR, organisation_verified=True)


def named(subject: bytes, *codes: str, anchor: Anchor = ANCHOR) -> Named:
    more = [extension(OID, b"".join(map(utf8, codes)))] if codes else []
    return named_by(read_certificate(certificate(subject, sm2_key(2), TOP, more=more)), anchor)


@pytest.mark.parametrize(
    ("subject", "codes", "anchor", "expected"),
    [
        (name("x"), (CODE,), ANCHOR, Named(CODE, None)),
        (name("x"), (CODE, CODE), ANCHOR, Named(CODE, None)),
        (name("x"), (CODE, OTHER), ANCHOR, Named(gap=NameGap.SEVERAL)),
        (name("x"), (), VERIFYING, Named(gap=NameGap.NO_CODE)),
        (name(CODE), (), VERIFYING, Named(gap=NameGap.NO_CODE)),
        (name("x", ("2.5.4.10", utf8(CODE))), (), ANCHOR, Named(gap=NameGap.NOT_VERIFIED)),
        (name("x", ("2.5.4.10", utf8(CODE))), (), VERIFYING, Named(CODE, None)),
        (name("x", ("2.5.4.97", utf8("NTRCN-" + CODE))), (), VERIFYING, Named(CODE, None)),
        (name("x", ("2.5.4.11", utf8(CODE))), (), VERIFYING, Named(gap=NameGap.NOT_VERIFIED)),
        (name("x", ("2.5.4.10", utf8(CODE + OTHER))), (), VERIFYING, Named(gap=NameGap.NO_CODE)),
        (name("x", ("2.5.4.10", utf8(f"{CODE} {OTHER}"))), (), VERIFYING, Named(gap=NameGap.SEVERAL)),
        (name("x", ("2.5.4.10", utf8(CODE))), (OTHER,), VERIFYING, Named(OTHER, None)),
        (name("x"), (CODE,), replace(ANCHOR, region="630000"), Named(CODE, None)),
        (name("x"), (CODE,), replace(ANCHOR, region="630100"), Named(gap=NameGap.OUTSIDE_REGION)),
        (name("x"), (OTHER,), replace(ANCHOR, region="350200"), Named(OTHER, None)),
        (name("x"), (OTHER,), replace(ANCHOR, region="350201"), Named(gap=NameGap.OUTSIDE_REGION)),
        (name("x"), (OTHER,), replace(ANCHOR, region="630000"), Named(gap=NameGap.OUTSIDE_REGION)),
    ],
)  # fmt: skip
def test_named_by(subject: bytes, codes: tuple[str, ...], anchor: Anchor, expected: Named) -> None:
    assert named(subject, *codes, anchor=anchor) == expected


def test_regions_lie_in_each_other_by_pairs_of_digits() -> None:
    assert uscc_region(OTHER) == "350200"
    assert region_within("630102", "630000")
    assert region_within("630102", "630100")
    assert region_within("630102", "630102")
    assert not region_within("630000", "630100")
    assert not region_within("630102", "630103")
    assert not region_within("630102", "100000")
    assert region_within("100000", "100000")


REGIONS = st.from_regex(r"\A[1-9][0-9]{5}\Z")


@given(REGIONS, REGIONS)
def test_a_region_within_another_has_its_province(inner: str, outer: str) -> None:
    assert region_within(inner, inner)
    if region_within(inner, outer):
        assert inner[:2] == outer[:2]
    if region_within(inner, outer) and region_within(outer, inner):
        assert inner.rstrip("0") == outer.rstrip("0")


def test_nobody_is_named_without_an_anchor() -> None:
    with pytest.raises(ValueError, match="nobody is named"):
        replace(path(chain=Chain.NO_ANCHOR), named=Named(CODE, None))
    with pytest.raises(ValueError, match="a gap is said"):
        Named(CODE, NameGap.NO_CODE)
    with pytest.raises(ValueError, match="a gap is said"):
        Named(None, None)
