"""The ingest gate: threats SIG-19, 20, 21 and 28, each refusal by its rule, each with its twin."""

import base64
import contextlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import gcd, prod

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import der, edwards, rsa_rules, schemes, spki
from app.crypto.keys import PublicKey, read_public_key
from app.crypto.sm2.backend import EXAMPLE
from app.crypto.spki import Curve, EcPoint, EdPoint, RsaNumbers
from app.crypto.weak import WeakKey
from app.domain.errors import InvalidKey, InvalidSignature
from app.domain.scheme import Digest, Scheme
from tests.corpus import corpus_file

DICE = random.Random(20260101)
RSA = rsa.generate_private_key(65537, 2048)
N2048 = RSA.public_key().public_numbers().n
P256 = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
SM2_SPKI = spki.encode(EcPoint(Curve.SM2, EXAMPLE.point))


def spki_of(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def jwk_of(data: bytes, scheme: Scheme | None = None) -> dict[str, object]:
    jwk: dict[str, object] = dict(read_public_key(data, scheme).public_jwk())
    del jwk["kid"]
    return jwk


# --- what is admitted -------------------------------------------------------------------------


ADMITTED: list[tuple[bytes, Scheme]] = [
    (SM2_SPKI, Scheme.SM2_SM3),
    (spki_of(P256), Scheme.ECDSA_P256_SHA256),
    (spki_of(ec.generate_private_key(ec.SECP384R1())), Scheme.ECDSA_P384_SHA384),
    (spki_of(ec.generate_private_key(ec.SECP521R1())), Scheme.ECDSA_P521_SHA512),
    (spki_of(ED), Scheme.ED25519),
    (spki_of(RSA), Scheme.RSA_PSS_SHA256),
    (spki_of(RSA), Scheme.RSA_PKCS1_SHA512),
]


@pytest.mark.parametrize("data, scheme", ADMITTED, ids=[str(s) for _, s in ADMITTED])
def test_one_key_in_every_form_is_one_key(data: bytes, scheme: Scheme) -> None:
    key = read_public_key(data, scheme)
    pem = "-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(data).decode()
    pem += "-----END PUBLIC KEY-----\n"
    assert key == read_public_key(pem, scheme) == read_public_key(pem.encode(), scheme)
    assert key == read_public_key(key.public_jwk())
    assert key.spki == data
    assert key.scheme is scheme


def test_the_thumbprint_of_rfc_7638() -> None:
    key = read_public_key({"kty": "RSA", "n": RFC_7638_N, "e": "AQAB", "alg": "RS256"})
    assert key.jwk_thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


RFC_7638_N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPeb"
    "WKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQ"
    "MicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcR"
    "wr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)


def test_an_rsa_key_needs_a_scheme() -> None:
    read_public_key(spki_of(RSA), Scheme.RSA_PSS_SHA256)
    with pytest.raises(InvalidKey, match="scheme must be given"):
        read_public_key(spki_of(RSA))


@pytest.mark.parametrize("data, own", ADMITTED[:5], ids=[str(s) for _, s in ADMITTED[:5]])
def test_sig_03_a_key_takes_no_other_scheme(data: bytes, own: Scheme) -> None:
    for scheme in Scheme:
        if scheme is not own:
            with pytest.raises(InvalidKey, match="does not fit"):
                read_public_key(data, scheme)


# --- SIG-19: curves ---------------------------------------------------------------------------


def ec_spki(parameters: bytes, point: bytes) -> bytes:
    algorithm = der.encode(der.SEQUENCE, der.encode_oid(spki.EC_PUBLIC_KEY), parameters)
    return der.encode(der.SEQUENCE, algorithm, der.encode(der.BIT_STRING, b"\0", point))


P256_OID = der.encode_oid("1.2.840.10045.3.1.7")
P256_POINT = P256.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
)
P256_COMPRESSED = P256.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
)
SM2_OID = der.encode_oid("1.2.156.10197.1.301")


def flipped(point: bytes) -> bytes:
    return point[:-1] + bytes((point[-1] ^ 1,))


SIG_19 = {
    "off_curve_p256": (P256_OID, flipped(P256_POINT), "not on the curve"),
    "off_curve_sm2": (SM2_OID, flipped(EXAMPLE.point), "not on the curve"),
    "sm2_point_called_p256": (P256_OID, EXAMPLE.point, "not on the curve"),
    "p256_point_called_sm2": (SM2_OID, P256_POINT, "not on the curve"),
    "zero_point": (P256_OID, b"\4" + bytes(64), "not on the curve"),
    "infinity": (P256_OID, b"\0", "point at infinity"),
    "infinity_sm2": (SM2_OID, b"\0", "point at infinity"),
    "compressed": (P256_OID, P256_COMPRESSED, "compressed"),
    "hybrid": (P256_OID, bytes((6 + (P256_POINT[-1] & 1),)) + P256_POINT[1:], "uncompressed"),
    "no_leading_04": (P256_OID, P256_POINT[1:], "uncompressed"),
    "one_octet_more": (P256_OID, P256_POINT + b"\0", "uncompressed"),
    "empty_point": (P256_OID, b"", "uncompressed"),
    "coordinate_not_below_p": (SM2_OID, b"\4" + b"\xff" * 64, "not below p"),
    "explicit_parameters": (der.encode(der.SEQUENCE), P256_POINT, "explicit curve parameters"),
    "implicit_curve": (der.encode(der.NULL), P256_POINT, "no named curve"),
    "no_parameters": (b"", P256_POINT, "no named curve"),
    "secp256k1": (der.encode_oid("1.3.132.0.10"), P256_POINT, "curve not in the table"),
    "parameters_and_more": (P256_OID + der.encode(der.NULL), P256_POINT, "after the last value"),
}


@pytest.mark.parametrize("name", list(SIG_19))
def test_sig_19_curves(name: str) -> None:
    parameters, point, rule = SIG_19[name]
    read_public_key(ec_spki(P256_OID, P256_POINT))
    read_public_key(ec_spki(SM2_OID, EXAMPLE.point))
    with pytest.raises(InvalidKey, match=rule):
        read_public_key(ec_spki(parameters, point))


# --- SIG-20: Ed25519 --------------------------------------------------------------------------


def small_order_points() -> list[bytes]:
    """The eight points of small order, found by multiplying a point by the prime order."""
    order, found = edwards.L, set[bytes]()
    y = 2
    while len(found) < 8:
        for sign in (0, 1):
            x = edwards._root((y * y - 1) * pow(edwards.D * y * y + 1, -1, edwards.P))
            if x is None:
                continue
            x = x if x & 1 == sign else edwards.P - x
            x1, y1, z1, _ = edwards._times(order, (x, y, 1, x * y % edwards.P))
            inverse = pow(z1, -1, edwards.P)
            x1, y1 = x1 * inverse % edwards.P, y1 * inverse % edwards.P
            found.add((y1 | (x1 & 1) << 255).to_bytes(32, "little"))
        y += 1
    return sorted(found)


SMALL = small_order_points()


def test_the_eight_points_are_those_of_the_threat_study() -> None:
    assert (1).to_bytes(32, "little") in SMALL
    assert bytes(32) in SMALL
    assert bytes.fromhex("ec" + "ff" * 30 + "7f") in SMALL
    ys = {int.from_bytes(p, "little") & (1 << 255) - 1 for p in SMALL}
    assert ys == edwards.SMALL_ORDER_YS


def ed_spki(point: bytes) -> bytes:
    return spki.encode(EdPoint(point))


def little(number: int) -> bytes:
    return number.to_bytes(32, "little")


SIG_20 = {
    **{f"small_order_{i}": (point, "small order") for i, point in enumerate(SMALL)},
    "y_is_p": (little(edwards.P), "not canonical"),
    "y_is_p_plus_1": (little(edwards.P + 1), "not canonical"),
    "y_is_2_255_minus_1": (little(2**255 - 1), "not canonical"),
    "y_is_p_with_sign": (little(edwards.P | 1 << 255), "not canonical"),
    "x_zero_with_sign": (little(1 | 1 << 255), "not canonical"),
    "x_zero_with_sign_at_minus_1": (little((edwards.P - 1) | 1 << 255), "not canonical"),
    "not_on_the_curve": (little(2), "not a point of the curve"),
    "31_octets": (b"\x58" * 31, "not 32 octets"),
    "33_octets": (b"\x58" * 33, "not 32 octets"),
}


@pytest.mark.parametrize("name", list(SIG_20))
def test_sig_20_ed25519_keys(name: str) -> None:
    point, rule = SIG_20[name]
    read_public_key(spki_of(ED))
    with pytest.raises(InvalidKey, match=rule):
        read_public_key(ed_spki(point))
    with pytest.raises(InvalidSignature, match="key refused"):
        schemes.verify(Scheme.ED25519, spki=ed_spki(point), message=b"", value=bytes(64))


def decode(point: bytes) -> edwards.Extended:
    number = int.from_bytes(point, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = edwards._root((y * y - 1) * pow(edwards.D * y * y + 1, -1, edwards.P))
    assert x is not None
    x = x if x & 1 == sign else edwards.P - x
    return x, y, 1, x * y % edwards.P


@pytest.mark.parametrize("small", [p for p in SMALL if p != little(1)])
def test_sig_20_a_key_with_a_part_of_small_order(small: bytes) -> None:
    public = ED.public_key().public_bytes_raw()
    x, y, z, _ = edwards._add(decode(public), decode(small))
    inverse = pow(z, -1, edwards.P)
    mixed = little(y * inverse % edwards.P | (x * inverse % edwards.P & 1) << 255)
    read_public_key(ed_spki(public))
    with pytest.raises(InvalidKey, match="a part of small order"):
        read_public_key(ed_spki(mixed))


def test_sig_20_a_forgery_under_a_small_order_key_is_refused_although_the_library_takes_it() -> (
    None
):
    identity, value = little(1), little(1) + bytes(32)
    ed25519.Ed25519PublicKey.from_public_bytes(identity).verify(value, b"anything")
    with pytest.raises(InvalidSignature, match="small order"):
        schemes.verify(Scheme.ED25519, spki=ed_spki(identity), message=b"anything", value=value)


# --- SIG-21: RSA ------------------------------------------------------------------------------


def prime(bits: int) -> int:
    return next_prime(DICE.getrandbits(bits) | 1 | 3 << (bits - 2))


def next_prime(start: int) -> int:
    start += 2
    while gcd(start, rsa_rules._SMALL_PRODUCT) != 1 or not rsa_rules.is_probably_prime(start):
        start += 2
    return start


def roca_prime(bits: int) -> int:
    """k·M + (65537^a mod M), the form of the broken generator (M: the first 126 primes)."""
    m = prod(p for p in range(2, 702) if all(p % d for d in range(2, int(p**0.5) + 1)))
    while True:
        k = DICE.getrandbits(bits - m.bit_length()) | 3 << (bits - m.bit_length() - 2)
        candidate = k * m + pow(65537, DICE.getrandbits(64), m)
        if candidate.bit_length() == bits and rsa_rules.is_probably_prime(candidate):
            return candidate


def numbers(n: int, e: int = 65537) -> bytes:
    return spki.encode(RsaNumbers(n, e))


P1024 = RSA.private_numbers().p
SIG_21: dict[str, tuple[Callable[[], bytes], str]] = {
    "e_is_1": (lambda: numbers(N2048, 1), "exponent below"),
    "e_is_3": (lambda: numbers(N2048, 3), "exponent below"),
    "e_is_17": (lambda: numbers(N2048, 17), "exponent below"),
    "e_is_even": (lambda: numbers(N2048, 65538), "even exponent"),
    "e_is_0": (lambda: numbers(N2048, 0), "even exponent"),
    "e_of_65_bits": (lambda: numbers(N2048, 2**64 + 1), "exponent longer"),
    "n_of_1024_bits": (lambda: numbers(prime(512) * prime(512)), "^weak_algorithm: RSA modulus of"),
    "n_of_2047_bits": (lambda: numbers(N2048 >> 1 | 1), "^weak_algorithm: RSA modulus of 2047"),
    "n_of_8193_bits": (lambda: numbers(1 << 8192 | 1), "modulus longer"),
    "n_even": (lambda: numbers(N2048 & ~1), "even modulus"),
    "n_prime": (
        lambda: numbers(rsa.generate_private_key(65537, 4096).private_numbers().p),
        "prime modulus",
    ),
    "n_square": (lambda: numbers(P1024 * P1024), "a square or has factors next"),
    "n_of_close_primes": (lambda: numbers(P1024 * next_prime(P1024)), "factors next to each other"),
    "n_with_small_factor": (
        lambda: numbers(751 * (DICE.getrandbits(2039) | 1 << 2039 | 1)),
        "small factor",
    ),
    "roca": (lambda: numbers(roca_prime(1024) * roca_prime(1024)), "ROCA"),
    "no_null_parameters": (
        lambda: (
            numbers(N2048)
            .replace(der.encode(der.NULL), b"", 1)
            .replace(b"\x30\x0d", b"\x30\x0b", 1)
        ),
        "DER",
    ),
}


@pytest.mark.parametrize("name", list(SIG_21))
def test_sig_21_rsa_keys(name: str) -> None:
    make, rule = SIG_21[name]
    read_public_key(numbers(N2048), Scheme.RSA_PKCS1_SHA256)
    with pytest.raises(InvalidKey, match=rule):
        read_public_key(make(), Scheme.RSA_PKCS1_SHA256)


def test_sig_21_a_short_key_is_weak_at_verification_too() -> None:
    short = numbers(prime(512) * prime(512))
    with pytest.raises(WeakKey):
        read_public_key(short, Scheme.RSA_PKCS1_SHA256)
    with pytest.raises(InvalidSignature, match=r"^weak_algorithm: RSA modulus of"):
        schemes.verify(Scheme.RSA_PKCS1_SHA256, spki=short, message=b"", value=bytes(128))


def test_sig_21_healthy_moduli_have_no_roca_fingerprint() -> None:
    assert not any(rsa_rules.has_roca_fingerprint(prime(256) * prime(256)) for _ in range(200))
    assert len(rsa_rules.ROCA_PRIMES) == 39
    assert rsa_rules.ROCA_PRIMES[-1] == 167


def test_a_key_bound_to_pss_takes_pss_only() -> None:
    parameters = spki._PSS_PARAMETERS[Digest.SHA256][0]
    inner = der.encode(der.SEQUENCE, der.encode_natural(N2048), der.encode_natural(65537))
    for given_parameters in (parameters, b""):
        algorithm = der.encode(der.SEQUENCE, der.encode_oid(spki.RSASSA_PSS), given_parameters)
        bound = der.encode(der.SEQUENCE, algorithm, der.encode(der.BIT_STRING, b"\0", inner))
        key = read_public_key(bound, Scheme.RSA_PSS_SHA256)
        assert key.spki == numbers(N2048)
        with pytest.raises(InvalidKey, match="bound to RSASSA-PSS"):
            read_public_key(bound, Scheme.RSA_PKCS1_SHA256)
        if given_parameters:
            with pytest.raises(InvalidKey, match="bound to another digest"):
                read_public_key(bound, Scheme.RSA_PSS_SHA512)


# --- SIG-28: use ------------------------------------------------------------------------------


SIG_28: dict[str, tuple[dict[str, object], str]] = {
    "use_enc": ({"use": "enc"}, "use is not sig"),
    "use_empty": ({"use": ""}, "use is not sig"),
    "use_list": ({"use": ["sig"]}, "use is not sig"),
    "key_ops_encrypt": ({"key_ops": ["encrypt"]}, "key_ops is not exactly verify"),
    "key_ops_sign": ({"key_ops": ["sign"]}, "key_ops is not exactly verify"),
    "key_ops_empty": ({"key_ops": []}, "key_ops is not exactly verify"),
    "key_ops_text": ({"key_ops": "verify"}, "key_ops is not exactly verify"),
    "key_ops_twice": ({"key_ops": ["verify", "verify"]}, "key_ops is not exactly verify"),
    "key_ops_and_more": ({"key_ops": ["verify", "wrapKey"]}, "key_ops is not exactly verify"),
    "alg_of_another_key": ({"alg": "ES384"}, "does not fit"),
    "alg_none": ({"alg": "none"}, "algorithm unknown"),
    "alg_hs256": ({"alg": "HS256"}, "algorithm unknown"),
    "alg_rs1": ({"alg": "RS1"}, "weak_algorithm"),
    "alg_number": ({"alg": 256}, "alg is missing, not text"),
    "private_d": ({"d": "AA"}, "private members"),
    "private_oth": ({"oth": []}, "private members"),
    "symmetric_k": ({"k": "AA"}, "private members"),
    "kty_oct": ({"kty": "oct"}, "kty not in the table"),
    "kty_lower": ({"kty": "ec"}, "kty not in the table"),
    "kty_missing": ({"kty": None}, "kty is missing"),
    "crv_unknown": ({"crv": "secp256k1"}, "curve not in the table"),
    "crv_other": ({"crv": "P-384"}, "not of the curve's size"),
    "crv_sm2": ({"crv": "SM2", "alg": "SM2SM3"}, "not on the curve"),
    "x_padded": ({"x": b64(P256_POINT[1:33]) + "="}, "x is not"),
    "x_short": ({"x": b64(P256_POINT[2:33])}, "not of the curve's size"),
    "x_with_zero": ({"x": b64(b"\0" + P256_POINT[1:33])}, "not of the curve's size"),
    "x_number": ({"x": 1}, "x is missing, not text"),
    "x_long": ({"x": "A" * 4096}, "too long"),
    "x_other_alphabet": ({"x": "+" * 43}, "not in the one base64url form"),
    "x_stray_bits": ({"x": "A" * 42 + "B"}, "not in the one base64url form"),
    "x_not_ascii": ({"x": "Ａ" * 43}, "x is not base64url"),
    "y_off_curve": ({"y": b64(flipped(P256_POINT)[33:])}, "not on the curve"),
}


@pytest.mark.parametrize("name", list(SIG_28))
def test_sig_28_jwk(name: str) -> None:
    change, rule = SIG_28[name]
    good = jwk_of(spki_of(P256))
    read_public_key({**good, "key_ops": ["verify"]})
    with pytest.raises(InvalidKey, match=rule):
        read_public_key({**good, **change})


def test_jwk_rsa_with_leading_zero_is_refused() -> None:
    good = jwk_of(spki_of(RSA), Scheme.RSA_PSS_SHA256)
    octets = N2048.to_bytes(256, "big")
    assert good["n"] == b64(octets)
    read_public_key(good)
    with pytest.raises(InvalidKey, match="n has leading zeros"):
        read_public_key({**good, "n": b64(b"\0" + octets)})
    with pytest.raises(InvalidKey, match="another scheme"):
        read_public_key(good, Scheme.RSA_PKCS1_SHA256)


def certificate(*usages: str, extra: x509.UnrecognizedExtension | None = None) -> bytes:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gate")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(P256.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=1))
    )
    if usages:
        usage = x509.KeyUsage(**{name: name in usages for name in names})
        builder = builder.add_extension(usage, critical=True)
    if extra:
        builder = builder.add_extension(extra, critical=False)
    signed = builder.sign(P256, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    "usages",
    [(), ("digital_signature",), ("content_commitment",), ("digital_signature", "key_agreement")],
)
def test_a_certificate_gives_its_key(usages: tuple[str, ...]) -> None:
    data = certificate(*usages)
    pem = "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(data).decode()
    key = read_public_key(data)
    assert key == read_public_key(pem + "-----END CERTIFICATE-----\n")
    assert key.spki == spki_of(P256)


@pytest.mark.parametrize(
    "usages", [("key_encipherment",), ("key_cert_sign", "crl_sign"), ("key_agreement",)]
)
def test_sig_28_a_certificate_that_may_not_sign(usages: tuple[str, ...]) -> None:
    read_public_key(certificate("digital_signature"))
    with pytest.raises(InvalidKey, match="keyUsage allows no signatures"):
        read_public_key(certificate(*usages))


def test_an_sm2_certificate_gives_its_key() -> None:
    p7b = corpus_file("sm2/emmansun_gmsm/cfca_sadkSignedDataDetach.p7b").read_bytes()
    at = p7b.index(bytes.fromhex("30820189"))
    assert read_public_key(p7b[at : at + 0x18D]).scheme is Scheme.SM2_SM3


# --- forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, rule",
    [
        (lambda pem: pem.replace("PUBLIC", "EC PUBLIC"), "not one block"),
        (lambda pem: pem.replace("PUBLIC", "PRIVATE"), "not one block"),
        (lambda pem: pem.replace("END PUBLIC", "END EC PUBLIC"), "not one block"),
        (lambda pem: "text\n" + pem, "DER"),
        (lambda pem: pem + "text", "not one block"),
        (lambda pem: pem + pem, "not base64"),
        (lambda pem: pem.replace("A", "*", 1), "not base64"),
        (lambda pem: pem[: len(pem) // 2], "not one block"),
        (lambda _: "", "DER"),
        (lambda _: "A" * 70000, "longer than 65536"),
    ],
)
def test_pem_is_one_block(change: Callable[[str], str], rule: str) -> None:
    pem = "-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki_of(P256)).decode()
    pem += "-----END PUBLIC KEY-----\n"
    read_public_key(pem)
    read_public_key(pem.replace("\n", "\r\n"))
    with pytest.raises(InvalidKey, match=rule):
        read_public_key(change(pem))


@given(st.data())
def test_a_changed_octet_is_another_key_or_none(data: st.DataObject) -> None:
    original = data.draw(st.sampled_from([SM2_SPKI, spki_of(ED)]))
    at = data.draw(st.integers(0, len(original) - 1))
    octet = data.draw(st.integers(0, 255).filter(lambda o: o != original[at]))
    changed = original[:at] + bytes((octet,)) + original[at + 1 :]
    try:
        key = read_public_key(changed)
    except InvalidKey:
        return
    assert key.spki == changed != original


@given(st.binary(max_size=200) | st.text(max_size=100))
def test_any_input_is_a_key_or_invalid(data: bytes | str) -> None:
    with pytest.raises(InvalidKey):
        read_public_key(data)


@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "d"]),
        st.none() | st.integers() | st.text(max_size=50) | st.lists(st.text(max_size=5), max_size=2)
        | st.sampled_from(["EC", "OKP", "RSA", "P-256", "SM2", "Ed25519", "ES256", "sig", "AQAB"]),
    )
)  # fmt: skip
def test_any_jwk_is_a_key_or_invalid(jwk: dict[str, object]) -> None:
    with contextlib.suppress(InvalidKey):
        assert isinstance(read_public_key(jwk), PublicKey)


def wycheproof_jwks() -> list[tuple[str, dict[str, object], bool]]:
    """(comment, key, whether all of its group's tests are valid), asymmetric public keys only."""
    found = []
    for name in ("json_web_key_test.json", "json_web_crypto_test.json"):
        file = corpus_file("jws/C2SP_wycheproof/testvectors_v1", name)
        for group in json.loads(file.read_text(encoding="utf-8"))["testGroups"]:
            public = group.get("public")
            keys = public.get("keys", [public]) if isinstance(public, dict) else []
            found += [
                (group["comment"], key, group["tests"][0]["result"] == "valid") for key in keys
            ]
    return found


def test_wycheproof_jwks() -> None:
    """Its bad keys are refused, each by the rule it was made for."""
    rules = {
        "jws_rsa_roca_key": "ROCA",
        "keysize_too_small": "weak_algorithm",
        "exponentOne": "exponent below",
        "wrong_algorithm": "algorithm unknown",
        "invalid_algorithm": "algorithm unknown",
        "invalid_use": "use is not sig",
        "invalid_point": "not on the curve",
        "wrong_curve": "not of the curve's size",
        "wrong_kty": "n is missing",
    }
    met, admitted = set(), 0
    for comment, key, valid in wycheproof_jwks():
        if comment in rules:
            with pytest.raises(InvalidKey, match=rules[comment]):
                read_public_key(key)
            met.add(comment)
        elif valid and key.get("use") == "sig" and "k" not in key:
            read_public_key(key)
            admitted += 1
    assert met == set(rules)
    assert admitted >= 2
