"""The sandbox's own arithmetic against the standards' vectors and against other people's code."""

import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto import schemes
from app.domain.errors import InvalidSignature
from app.domain.scheme import Scheme
from sandbox import der, rsa, sm2
from sandbox.keys import Key, make_key, public_from_jwk, unb64
from sandbox.stream import Stream

# GB/T 32918.5-2017, annex A.2; the same figures as in GM/T 0003.5.
D = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
Z = "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
DIGEST = "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
MESSAGE = b"message digest"

SCHEMES = {
    "SM2SM3": Scheme.SM2_SM3,
    "ES256": Scheme.ECDSA_P256_SHA256,
    "EdDSA": Scheme.ED25519,
    "PS256": Scheme.RSA_PSS_SHA256,
}


def test_sm3_of_the_standard() -> None:
    # GB/T 32905-2016, annex A.1
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm2.sm3(b"abc").hex() == expected


def test_sm2_vector_of_the_standard() -> None:
    private = sm2.PrivateKey(D)
    public = private.public()
    assert public.encode().hex().upper().startswith("0409F9DF31")
    assert sm2.identity_hash(public, sm2.DEFAULT_ID).hex().upper() == Z
    assert public.digest(MESSAGE).hex().upper() == DIGEST
    assert private.sign_digest(public.digest(MESSAGE), K) == (R, S)
    assert public.verify(MESSAGE, (R, S))
    assert not public.verify(MESSAGE, (S, R))


@pytest.mark.parametrize("r", [0, sm2.N, sm2.N + R, -1])
def test_sm2_refuses_values_out_of_range(r: int) -> None:
    public = sm2.PrivateKey(D).public()
    assert public.verify(MESSAGE, (R, S))
    assert not public.verify(MESSAGE, (r, S))
    assert not public.verify(MESSAGE, (R, r))


def test_sm2_refuses_r_plus_s_of_n_and_another_id() -> None:
    public = sm2.PrivateKey(D).public()
    assert not public.verify(MESSAGE, (R, sm2.N - R))
    assert not public.verify(MESSAGE, (R, S), b"ALICE123@YAHOO.COM")
    assert not public.verify(MESSAGE, (R, S), b"")


def test_sm2_points_off_the_curve_are_no_keys() -> None:
    x, y = sm2.PrivateKey(D).public().point
    for point in ((x, y + 1), (0, 0), (x + sm2.P, y), (x, -y)):
        with pytest.raises(ValueError, match="not on the curve"):
            sm2.PublicKey(point)


def test_sm2_nonce_depends_on_key_and_message_only() -> None:
    first, second = sm2.PrivateKey(D), sm2.PrivateKey(D + 1)
    assert first.sign(MESSAGE) == first.sign(MESSAGE)
    assert first.sign(MESSAGE)[0] != first.sign(MESSAGE + b".")[0]
    assert first.sign(MESSAGE)[0] != second.sign(MESSAGE)[0]


@given(st.integers(1, sm2.N - 2), st.binary(max_size=200))
@settings(max_examples=25, deadline=None)
def test_sm2_agrees_with_the_services_other_implementation(d: int, message: bytes) -> None:
    private = sm2.PrivateKey(d)
    spki, value = private.public().spki(), sm2.encode_raw(private.sign(message))
    schemes.verify_jose(Scheme.SM2_SM3, spki=spki, message=message, value=value)
    der_value = sm2.encode_der(private.sign(message))
    schemes.verify(Scheme.SM2_SM3, spki=spki, message=message, value=der_value)


@pytest.mark.parametrize("alg", SCHEMES)
def test_keys_of_every_scheme_verify_elsewhere(alg: str) -> None:
    key: Key = make_key(alg, 7, "somebody")
    for value in (key.sign(MESSAGE), key.answer(MESSAGE)):
        schemes.verify_jose(SCHEMES[alg], spki=key.spki(), message=MESSAGE, value=value)
        assert public_from_jwk(dict(key.jwk())).verify(MESSAGE, value)
        with pytest.raises(InvalidSignature):
            schemes.verify_jose(SCHEMES[alg], spki=key.spki(), message=b"other", value=value)
        assert not key.verify(b"other", value)


@pytest.mark.parametrize("alg", SCHEMES)
def test_keys_and_signatures_repeat(alg: str) -> None:
    one, again = make_key(alg, 7, "somebody"), make_key(alg, 7, "somebody")
    assert one.jwk() == again.jwk()
    assert one.sign(MESSAGE) == again.sign(MESSAGE)
    assert one.jwk() != make_key(alg, 8, "somebody").jwk()
    assert one.jwk() != make_key(alg, 7, "somebody else").jwk()


def test_rsa_keys_have_the_right_shape() -> None:
    numbers = rsa.generate(Stream(3, "shape"))
    assert numbers.n.bit_length() == 2048
    assert numbers.p > numbers.q
    assert pow(pow(12345, rsa.EXPONENT, numbers.n), numbers.d, numbers.n) == 12345
    assert numbers.power(12345) == pow(12345, numbers.d, numbers.n)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "020100"), (127, "02017f"), (128, "02020080"), (256, "02020100"), (-1, "0201ff")],
)
def test_der_integers_are_shortest(value: int, encoded: str) -> None:
    assert der.integer(value).hex() == encoded


def test_der_lengths_and_identifiers() -> None:
    assert der.octet_string(bytes(127))[:2].hex() == "047f"
    assert der.octet_string(bytes(128))[:3].hex() == "048180"
    assert der.octet_string(bytes(300))[:4].hex() == "0482012c"
    assert der.oid("1.2.156.10197.1.301").hex() == "06082a811ccf5501822d"


def test_spki_of_p256_is_what_the_library_reads() -> None:
    key = make_key("ES256", 1, "x")
    assert load_der_public_key(key.spki()) is not None


def test_the_stream_is_its_definition() -> None:
    root = hashlib.sha256(b"sandbox/5/label").digest()
    first = hashlib.sha256(root + bytes(8)).digest()
    stream = Stream(5, "label")
    assert stream.take(10) + stream.take(22) == first
    assert all(0 <= stream.below(7) < 7 for _ in range(100))


@pytest.mark.parametrize("text", ["AA==", "A", "AB", "A A", "+A", "AA\n"])
def test_base64url_is_strict(text: str) -> None:
    assert unb64("AA") == b"\x00"
    with pytest.raises(ValueError, match=r".+"):
        unb64(text)
