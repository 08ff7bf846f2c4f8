"""Digests against published values, and the weak ones refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.digests import DIGEST_BY_OID, digest, same
from app.crypto.weak import WeakAlgorithm
from app.domain.scheme import WEAK_DIGESTS, Digest
from tests.crypto import vectors

ABC = {
    # GB/T 32905-2016 A.1; FIPS 180-4 examples
    Digest.SM3: "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    Digest.SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    Digest.SHA384: (
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
        "8086072ba1e7cc2358baeca134c825a7"
    ),
    Digest.SHA512: (
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    ),
}


@pytest.mark.parametrize("name", list(Digest))
def test_abc(name: Digest) -> None:
    if name in WEAK_DIGESTS:
        with pytest.raises(WeakAlgorithm, match=f"^weak_algorithm: {name}$"):
            digest(name, b"abc")
    else:
        assert digest(name, b"abc").hex() == ABC[name]


def test_sm3_of_the_standards_second_example() -> None:
    # GB/T 32905-2016 A.2: 64 octets
    expected = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    assert digest(Digest.SM3, b"abcd" * 16).hex() == expected


@given(st.binary(max_size=300))
def test_sm3_like_the_vector_maker(data: bytes) -> None:
    assert digest(Digest.SM3, data) == vectors.maker().sm3(data)


def test_every_digest_has_an_oid() -> None:
    assert set(DIGEST_BY_OID.values()) == set(Digest)


def test_same() -> None:
    assert same(b"ab", b"ab")
    assert not same(b"ab", b"ac")
    assert not same(b"ab", b"abc")
