"""Sealing facts: RFC 7518 appendix C for the key derivation, and two openers that are not ours.

The openers are the sandbox's and one written here from the RFCs; ours, of the issuer kit, has tests of its own.
"""

import base64
import json

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidKey
from app.federation.jwe import concat_kdf, read_recipient, seal
from sandbox.jwe import open_facts
from sandbox.keys import EcKey

# RFC 7518 appendix C: Alice's ephemeral key and Bob's, with the agreement and the key derived.
ALICE = {
    "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
    "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
}
BOB = {
    "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
    "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
}
DERIVED = "VqqN6vgjbSBcIijNcacQGg"


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str) -> int:
    return int.from_bytes(unb64(text), "big")


def private(jwk: dict[str, str]) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number(jwk["d"]), ec.SECP256R1())


def public(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = number(jwk["x"]), number(jwk["y"])
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


JWK = {"kty": "EC", "crv": "P-256", "x": BOB["x"], "y": BOB["y"], "kid": "bob-1"}


def test_rfc7518_appendix_c():
    for mine, theirs in ((ALICE, BOB), (BOB, ALICE)):
        secret = private(mine).exchange(ec.ECDH(), public(theirs))
        key = concat_kdf(secret, "A128GCM", 128, b"Alice", b"Bob")
        assert key == unb64(DERIVED)
        assert concat_kdf(secret, "A128GCM", 128, b"Alice", b"Eve") != key
        assert concat_kdf(secret, "A256GCM", 256, b"Alice", b"Bob")[:16] != key


def open_by_hand(token: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """RFC 7516 §5.2, RFC 7518 §4.6, from the text alone."""
    import hashlib

    protected, encrypted_key, nonce, sealed, tag = token.split(".")
    header = json.loads(unb64(protected))
    assert header.keys() == {"alg", "enc", "kid", "epk"}
    assert (header["alg"], header["enc"], encrypted_key) == ("ECDH-ES", "A256GCM", "")
    secret = key.exchange(ec.ECDH(), public(header["epk"]))
    other_info = b"\0\0\0\x07A256GCM" + b"\0\0\0\0" + b"\0\0\0\0" + b"\0\0\x01\0"
    content_key = hashlib.sha256(b"\0\0\0\x01" + secret + other_info).digest()
    assert (len(unb64(nonce)), len(unb64(tag))) == (12, 16)
    return AESGCM(content_key).decrypt(unb64(nonce), unb64(sealed) + unb64(tag), protected.encode())


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_for_the_issuer_only(plaintext: bytes):
    token = seal(plaintext, read_recipient(json.dumps(JWK)))
    assert open_by_hand(token, private(BOB)) == plaintext
    with pytest.raises(InvalidTag):
        open_by_hand(token, private(ALICE))


def test_the_sandbox_opens_it():
    bob = EcKey(number(BOB["d"]))
    facts = {"holder": "张三", "dates": {"from": "2024-01-01", "until": None}}
    token = seal(json.dumps(facts).encode(), read_recipient(json.dumps(JWK)))
    assert open_facts(token, bob) == facts
    for place in (0, 2, 3, 4):
        parts = token.split(".")
        parts[place] = ("B" if parts[place][0] != "B" else "C") + parts[place][1:]
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it does not open
            open_facts(".".join(parts), bob)


def test_nothing_repeats():
    recipient = read_recipient(json.dumps(JWK))
    first, second = (seal(bytes(32), recipient).split(".") for _ in range(2))
    assert all(a != b for a, b in zip(first, second, strict=True) if a)


BAD_KEYS = {
    "empty": ("", "syntax"),
    "not JSON": ("{", "syntax"),
    "array": ("[]", "not an object"),
    "too long": (json.dumps({**JWK, "kid": "k" * 5000}), "over"),
    "duplicate": (json.dumps(JWK)[:-1] + ',"kty":"EC"}', "duplicate"),
    "lone surrogate": ('{"kty":"\ud800"}', "UTF-8"),
    "symmetric": (json.dumps({"kty": "oct", "k": "AAAA", "kid": "1"}), "kty"),
    "RSA": (json.dumps({**JWK, "kty": "RSA"}), "kty"),
    "no kty": (json.dumps({k: v for k, v in JWK.items() if k != "kty"}), "kty"),
    "P-384": (json.dumps({**JWK, "crv": "P-384"}), "crv"),
    "SM2": (json.dumps({**JWK, "crv": "SM2"}), "crv"),
    "curve list": (json.dumps({**JWK, "crv": ["P-256"]}), "crv"),
    "for signing": (json.dumps({**JWK, "use": "sig"}), "use"),
    "ES256": (json.dumps({**JWK, "alg": "ES256"}), "alg"),
    "key wrapping": (json.dumps({**JWK, "alg": "ECDH-ES+A128KW"}), "alg"),
    "private": (json.dumps({**JWK, "d": BOB["d"]}), "d "),
    "off the curve": (json.dumps({**JWK, "y": BOB["x"]}), "curve"),
    "zero": (json.dumps({**JWK, "x": "A" * 43, "y": "A" * 43}), "curve"),
    "over the field": (json.dumps({**JWK, "x": "_" * 42 + "8"}), "curve"),
    "short coordinate": (json.dumps({**JWK, "x": "AAAA"}), "32 octets"),
    "padded": (json.dumps({**JWK, "x": BOB["x"] + "="}), "padded"),
    "number": (json.dumps({**JWK, "x": 1}), "no x"),
    "no y": (json.dumps({k: v for k, v in JWK.items() if k != "y"}), "no y"),
    "no kid": (json.dumps({k: v for k, v in JWK.items() if k != "kid"}), "kid"),
    "kid number": (json.dumps({**JWK, "kid": 1}), "kid"),
    "kid long": (json.dumps({**JWK, "kid": "k" * 129}), "kid"),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_encryption_key_refused(name: str):
    text, rule = BAD_KEYS[name]
    with pytest.raises(InvalidKey, match=rule):
        read_recipient(text)


@pytest.mark.parametrize("more", [{}, {"alg": "ECDH-ES"}, {"use": "enc"}, {"x5t": "ignored"}])
def test_encryption_key_read(more: dict[str, str]):
    recipient = read_recipient(json.dumps({**JWK, **more}))
    assert recipient.kid == "bob-1"
    assert recipient.key.public_numbers() == public(BOB).public_numbers()
