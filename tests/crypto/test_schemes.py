"""The closed table, its names, and what is refused by name."""

from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto import der, edwards, schemes, sm2, spki
from app.crypto.classic import ORDER
from app.crypto.schemes import Form, scheme_for_jose, scheme_for_oid
from app.crypto.sm2.backend import EXAMPLE
from app.crypto.spki import FIELD_SIZE, Curve, EcPoint
from app.crypto.weak import WEAK_JOSE, WEAK_OIDS, WeakAlgorithm
from app.domain.errors import InvalidSignature, UnknownAlgorithm
from app.domain.scheme import Digest, Scheme
from tests.crypto import vectors

MESSAGE = b"a message"
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()
CURVES: dict[Scheme, tuple[Curve, ec.EllipticCurve, hashes.HashAlgorithm]] = {
    Scheme.ECDSA_P256_SHA256: (Curve.P256, ec.SECP256R1(), hashes.SHA256()),
    Scheme.ECDSA_P384_SHA384: (Curve.P384, ec.SECP384R1(), hashes.SHA384()),
    Scheme.ECDSA_P521_SHA512: (Curve.P521, ec.SECP521R1(), hashes.SHA512()),
}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature in both forms with its key."""

    spki: bytes
    value: bytes
    jose: bytes


def spki_of(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def sign(scheme: Scheme) -> Signed:
    if scheme is Scheme.SM2_SM3:
        key = vectors.maker().Key(4711)
        r, s = key.sign(MESSAGE)
        point = spki.encode(EcPoint(Curve.SM2, key.encoded))
        return Signed(
            point, der.encode_signature(r, s), r.to_bytes(32, "big") + s.to_bytes(32, "big")
        )
    if scheme in CURVES:
        curve, named, hash_ = CURVES[scheme]
        private = ec.generate_private_key(named)
        value = private.sign(MESSAGE, ec.ECDSA(hash_))
        r, s = decode_dss_signature(value)
        size = FIELD_SIZE[curve]
        return Signed(spki_of(private), value, r.to_bytes(size, "big") + s.to_bytes(size, "big"))
    if scheme is Scheme.ED25519:
        value = ED.sign(MESSAGE)
        return Signed(spki_of(ED), value, value)
    hash_ = HASHES[scheme[-3:]]
    pad: padding.AsymmetricPadding = padding.PKCS1v15()
    if "pss" in scheme:
        pad = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
    value = RSA.sign(MESSAGE, pad, hash_)
    return Signed(spki_of(RSA), value, value)


SIGNED = {scheme: sign(scheme) for scheme in Scheme}


def test_every_scheme_has_a_row_and_a_name() -> None:
    assert set(schemes.PRIMITIVES) == set(Scheme)
    assert set(schemes.SCHEME_BY_JOSE.values()) == set(Scheme)
    assert set(schemes.JOSE_BY_SCHEME) == set(Scheme)
    without_oid = {Scheme.RSA_PSS_SHA256, Scheme.RSA_PSS_SHA384, Scheme.RSA_PSS_SHA512}
    assert set(schemes.SCHEME_BY_OID.values()) == set(Scheme) - without_oid


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_signature_and_what_is_none(scheme: Scheme) -> None:
    signed = SIGNED[scheme]
    schemes.verify(scheme, spki=signed.spki, message=MESSAGE, value=signed.value)
    schemes.verify_jose(scheme, spki=signed.spki, message=MESSAGE, value=signed.jose)
    flipped = bytes((signed.jose[0] ^ 1,)) + signed.jose[1:]
    for message, value in ((MESSAGE + b"!", signed.jose), (MESSAGE, flipped), (MESSAGE, b"")):
        with pytest.raises(InvalidSignature):
            schemes.verify_jose(scheme, spki=signed.spki, message=message, value=value)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_the_form_is_the_named_one(scheme: Scheme) -> None:
    signed, row = SIGNED[scheme], schemes.PRIMITIVES[scheme]
    two_forms = row.form is not row.jose_form
    assert two_forms is (signed.value != signed.jose)
    assert two_forms is (row.form is Form.DER_PARTS and row.jose_form is Form.RAW_PARTS)
    if two_forms:
        with pytest.raises(InvalidSignature):
            schemes.verify(scheme, spki=signed.spki, message=MESSAGE, value=signed.jose)
        with pytest.raises(InvalidSignature):
            schemes.verify_jose(scheme, spki=signed.spki, message=MESSAGE, value=signed.value)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_sig_03_only_the_diagonal_passes(scheme: Scheme) -> None:
    """A value of one scheme under a key of another: 11 × 11, in both forms."""
    signed = SIGNED[scheme]
    for other in Scheme:
        held = SIGNED[other]
        for check, value in (
            (schemes.verify, signed.value),
            (schemes.verify_jose, signed.jose),
        ):
            if other is scheme:
                check(other, spki=held.spki, message=MESSAGE, value=value)
            else:
                with pytest.raises(InvalidSignature):
                    check(other, spki=held.spki, message=MESSAGE, value=value)


@pytest.mark.parametrize("scheme", list(CURVES))
def test_sig_16_the_twin_of_an_ecdsa_signature_holds(scheme: Scheme) -> None:
    """(r, n - s) is valid too: signature octets identify nothing. Under SM2 there is no twin."""
    curve, signed = CURVES[scheme][0], SIGNED[scheme]
    r, s = der.signature_parts(signed.value)
    twin = der.encode_signature(r, ORDER[curve] - s)
    schemes.verify(scheme, spki=signed.spki, message=MESSAGE, value=twin)


@pytest.mark.parametrize("scheme", list(CURVES))
def test_the_orders_are_those_of_the_curves(scheme: Scheme) -> None:
    """[n - 1]G = -G holds for the order n and nothing else."""
    curve, named, _ = CURVES[scheme]
    g = ec.derive_private_key(1, named).public_key().public_numbers()
    last = ec.derive_private_key(ORDER[curve] - 1, named).public_key().public_numbers()
    assert last.x == g.x
    assert last.y != g.y


@pytest.mark.parametrize("scheme", list(CURVES))
def test_sig_17_ecdsa_out_of_range(scheme: Scheme) -> None:
    curve, signed = CURVES[scheme][0], SIGNED[scheme]
    r, s = der.signature_parts(signed.value)
    n = ORDER[curve]
    for bad in ((0, 0), (0, s), (r, 0), (n, s), (r, n), (r + n, s), (r, s + n), (n + 1, s)):
        with pytest.raises(InvalidSignature, match="out of range"):
            schemes.verify(
                scheme, spki=signed.spki, message=MESSAGE, value=der.encode_signature(*bad)
            )


def test_sig_20_ed25519_values() -> None:
    signed = SIGNED[Scheme.ED25519]
    r, s = signed.value[:32], int.from_bytes(signed.value[32:], "little")
    little = [
        number.to_bytes(32, "little") for number in (1, edwards.P, edwards.P - 1, 1 | 1 << 255)
    ]
    cases = {
        "S is not below L": r + (s + edwards.L).to_bytes(32, "little"),
        "R is a point of small order": little[0] + signed.value[32:],
        "R is not canonical .y": little[1] + signed.value[32:],
        "R is not canonical .sign": little[3] + signed.value[32:],
        "not of 64 octets": signed.value + b"\0",
        "does not verify": bytes((r[0] ^ 4,)) + signed.value[1:],
    }
    schemes.verify(Scheme.ED25519, spki=signed.spki, message=MESSAGE, value=signed.value)
    for why, value in cases.items():
        with pytest.raises(InvalidSignature, match=why):
            schemes.verify(Scheme.ED25519, spki=signed.spki, message=MESSAGE, value=value)


def test_sig_23_only_salts_as_long_as_the_digest() -> None:
    signed = SIGNED[Scheme.RSA_PSS_SHA256]
    for salt in (0, 20, 31, 33, 64):
        pad = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
        value = RSA.sign(MESSAGE, pad, hashes.SHA256())
        with pytest.raises(InvalidSignature):
            schemes.verify(Scheme.RSA_PSS_SHA256, spki=signed.spki, message=MESSAGE, value=value)
    mixed = padding.PSS(padding.MGF1(hashes.SHA1()), 32)
    value = RSA.sign(MESSAGE, mixed, hashes.SHA256())
    with pytest.raises(InvalidSignature):
        schemes.verify(Scheme.RSA_PSS_SHA256, spki=signed.spki, message=MESSAGE, value=value)


def test_sig_24_a_sha_1_digest_info_is_no_rs256() -> None:
    value = RSA.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA1())
    with pytest.raises(InvalidSignature):
        schemes.verify(
            Scheme.RSA_PKCS1_SHA256,
            spki=SIGNED[Scheme.RSA_PKCS1_SHA256].spki,
            message=MESSAGE,
            value=value,
        )


@pytest.mark.parametrize("oid", list(WEAK_OIDS))
def test_sig_24_weak_oids_are_refused_by_name(oid: str) -> None:
    with pytest.raises(WeakAlgorithm, match=f"^weak_algorithm: {WEAK_OIDS[oid]}$"):
        scheme_for_oid(oid)


@pytest.mark.parametrize("name", list(WEAK_JOSE))
def test_sig_24_weak_jose_names_are_refused_by_name(name: str) -> None:
    with pytest.raises(WeakAlgorithm, match=r"^weak_algorithm: "):
        scheme_for_jose(name)


@pytest.mark.parametrize(
    "name",
    ["none", "None", "nOnE", "", "HS256", "HS384", "HS512", "HSM3", "ES256K", "ES521", "es256",
     "SM2", "Ed448", "ECDH-ES", "RSA1_5", "ES256 ", "RS256\0"],
)  # fmt: skip
def test_sig_01_other_jose_names_are_absent(name: str) -> None:
    with pytest.raises(InvalidSignature, match="JOSE name not in the table") as refused:
        scheme_for_jose(name)
    assert not isinstance(refused.value, WeakAlgorithm)
    unheard_of = {"ES256K", "ES521", "es256", "SM2", "Ed448"}
    assert isinstance(refused.value, UnknownAlgorithm) == (name in unheard_of)


def test_oids_and_their_parameters() -> None:
    null, empty = der.encode(der.NULL), der.encode(der.SEQUENCE)
    for oid, scheme in schemes.SCHEME_BY_OID.items():
        assert scheme_for_oid(oid) is scheme
        if scheme is Scheme.SM2_SM3 or "rsa" in scheme:
            assert scheme_for_oid(oid, null) is scheme
        else:
            with pytest.raises(InvalidSignature, match="parameters"):
                scheme_for_oid(oid, null)
        with pytest.raises(InvalidSignature, match="parameters"):
            scheme_for_oid(oid, empty)
    for oid in (
        "1.2.840.113549.1.1.1",
        "1.2.156.10197.1.503",
        "1.2.156.10197.1.504",
        "2.5.4.3",
        "",
    ):
        with pytest.raises(InvalidSignature, match="OID not in the table"):
            scheme_for_oid(oid)


def test_pss_parameters() -> None:
    pss, null = spki.RSASSA_PSS, der.encode(der.NULL)
    for digest, scheme in (
        (Digest.SHA256, Scheme.RSA_PSS_SHA256),
        (Digest.SHA384, Scheme.RSA_PSS_SHA384),
        (Digest.SHA512, Scheme.RSA_PSS_SHA512),
    ):
        for encoding in spki._PSS_PARAMETERS[digest]:
            assert scheme_for_oid(pss, encoding) is scheme
            with pytest.raises(InvalidSignature):
                scheme_for_oid(pss, encoding[:-1] + bytes((encoding[-1] ^ 1,)))
    for default in (None, der.encode(der.SEQUENCE)):
        with pytest.raises(WeakAlgorithm, match="SHA-1"):
            scheme_for_oid(pss, default)
    with pytest.raises(InvalidSignature, match="algorithm unknown"):
        scheme_for_oid(pss, null)


def test_pss_parameters_as_the_library_writes_them() -> None:
    """A certificate signed with PSS by `cryptography` names our scheme."""
    from datetime import UTC, datetime

    from cryptography import x509

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pss")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.public_key(RSA.public_key()).not_valid_before(day).not_valid_after(day)
    pad = padding.PSS(padding.MGF1(hashes.SHA384()), padding.PSS.DIGEST_LENGTH)
    made = builder.sign(RSA, hashes.SHA384(), rsa_padding=pad)
    outer = der.sequence(made.public_bytes(serialization.Encoding.DER))
    signed = outer.whole(der.SEQUENCE)
    algorithm = der.Cursor(outer.next(der.SEQUENCE))
    scheme = scheme_for_oid(algorithm.oid(), algorithm.whole(der.SEQUENCE))
    assert scheme is Scheme.RSA_PSS_SHA384
    schemes.verify(scheme, spki=spki_of(RSA), message=signed, value=outer.octets_of_bits())


@settings(deadline=None)
@given(
    scheme=st.sampled_from(list(Scheme)), value=st.binary(max_size=150), key=st.binary(max_size=120)
)
def test_any_octets_are_no_signature(scheme: Scheme, value: bytes, key: bytes) -> None:
    for spki_ in (SIGNED[scheme].spki, key):
        for check in (schemes.verify, schemes.verify_jose):
            with pytest.raises(InvalidSignature):
                check(scheme, spki=spki_, message=MESSAGE, value=value)


def test_sm2_under_another_id_is_the_callers_choice() -> None:
    key = vectors.maker().Key(99)
    value = der.encode_signature(*key.sign(MESSAGE, b"another"))
    sm2.verify(key.encoded, MESSAGE, value, signer_id=b"another")
    with pytest.raises(InvalidSignature):
        sm2.verify(key.encoded, MESSAGE, value)
    with pytest.raises(InvalidSignature):
        schemes.verify(
            Scheme.SM2_SM3,
            spki=spki.encode(EcPoint(Curve.SM2, key.encoded)),
            message=MESSAGE,
            value=value,
        )


def test_the_example_of_the_standard_in_both_forms() -> None:
    key = spki.encode(EcPoint(Curve.SM2, EXAMPLE.point))
    value = der.encode_signature(EXAMPLE.r, EXAMPLE.s)
    raw = EXAMPLE.r.to_bytes(32, "big") + EXAMPLE.s.to_bytes(32, "big")
    schemes.verify(Scheme.SM2_SM3, spki=key, message=EXAMPLE.message, value=value)
    schemes.verify_jose(Scheme.SM2_SM3, spki=key, message=EXAMPLE.message, value=raw)
