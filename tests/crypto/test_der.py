"""DER is read in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import der
from app.domain.errors import Malformed


@given(st.binary(max_size=80))
def test_any_octets_give_parts_that_encode_to_them_or_malformed(value: bytes) -> None:
    try:
        r, s = der.signature_parts(value)
    except Malformed:
        return
    assert der.encode_signature(r, s) == value


@given(st.integers(0, 2**530), st.integers(0, 2**530))
def test_what_is_encoded_is_read(r: int, s: int) -> None:
    assert der.signature_parts(der.encode_signature(r, s)) == (r, s)


@given(
    st.tuples(st.integers(0, 1), st.integers(0, 39)) | st.tuples(st.just(2), st.integers(0, 2**40)),
    st.lists(st.integers(0, 2**40), max_size=8),
)
def test_oids_survive(first: tuple[int, int], rest: list[int]) -> None:
    dotted = ".".join(map(str, (*first, *rest)))
    assert der.Cursor(der.encode_oid(dotted)).oid() == dotted


@given(st.binary(max_size=300), st.integers(0, 12))
def test_any_octets_are_read_or_malformed(data: bytes, steps: int) -> None:
    cursor = der.Cursor(data)
    readers = (cursor.oid, cursor.natural, cursor.octets_of_bits, lambda: cursor.whole(0x30))
    for step in range(steps):
        try:
            readers[step % len(readers)]()
        except Malformed:
            continue
    assert 0 <= cursor.at <= len(data)


@pytest.mark.parametrize(
    "bad, why",
    [
        ("", "tag 0x30 expected"),
        ("30", "no length"),
        ("3003020101", "tag 0x02 expected at byte 3"),
        ("3006020101", "content shorter"),
        ("3080020101020101", "indefinite"),
        ("3081", "truncated"),
        ("308106020101020101", "shortest form"),
        ("30820006020101020101", "shortest form"),
        ("308400000006020101020101", "over-long"),
        ("3006020101020101ff", "after the last value"),
        ("3009020101020101020101", "after the last value"),
        ("3006020181020101", "negative"),
        ("300702020001020101", "leading zeros"),
        ("30050200020101", "without content"),
        ("3006030101020101", "tag 0x02 expected at byte 0"),
    ],
)
def test_what_is_refused_and_why(bad: str, why: str) -> None:
    assert der.signature_parts(bytes.fromhex("3006020101020101")) == (1, 1)
    with pytest.raises(Malformed, match=why):
        der.signature_parts(bytes.fromhex(bad))


@pytest.mark.parametrize("bad", ["0600", "060180", "06028001", "06022a80", "0603550481"])
def test_an_oid_in_another_encoding_is_refused(bad: str) -> None:
    with pytest.raises(Malformed, match="OBJECT IDENTIFIER"):
        der.Cursor(bytes.fromhex(bad)).oid()


@pytest.mark.parametrize("bad", ["0300", "030101", "030207ff"])
def test_a_bit_string_of_odd_bits_is_refused(bad: str) -> None:
    with pytest.raises(Malformed, match="unused bits"):
        der.Cursor(bytes.fromhex(bad)).octets_of_bits()
