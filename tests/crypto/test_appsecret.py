"""Secrets of exchange platforms; vectors by OpenSSL 3 (`enc -aes-128-ecb`, `dgst -hmac`)."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.appsecret import MAX_SEALED, call_signature, open_secret, sealing_key
from app.domain.errors import Malformed
from sandbox.platform import sealed

APPKEY = "appkey-of-a-test"
VECTORS = {
    "s3cret-0123456789": "Duqw8oc/4Hw8bYowQQYtVxy2pcmeBG0+XxiCucrWgy8=",
    "sixteen-octets!!": "hoLE4HegVtmr4bnUs7ffPNJl8jhAQNzAKaS3ELrNNCA=",
    "x": "8K6Nbd8Pejs9JdNkYLxn6g==",
}


def test_the_key_is_the_appkey_hashed_twice():
    assert sealing_key(APPKEY).hex() == "1dc451b6bfed2c71474b319817404b09"


@pytest.mark.parametrize("secret", VECTORS)
def test_a_secret_opens(secret: str):
    assert open_secret(VECTORS[secret], APPKEY) == secret
    assert sealed(secret, APPKEY) == VECTORS[secret]


def test_a_call_is_signed():
    signature = call_signature(
        "s3cret-0123456789", service="sid-1", requester="rid-1", time_ms="1764061200000"
    )
    assert signature == "4W1e9Muuzq2Tf9L+Uch1XVsHNOWAa6+PPAdr9xBz1iE="


def raw(padded: bytes) -> str:
    writing = Cipher(algorithms.AES(sealing_key(APPKEY)), modes.ECB()).encryptor()
    return base64.b64encode(writing.update(padded) + writing.finalize()).decode()


REFUSED = {
    "nothing": ("", "whole blocks"),
    "not base64": ("%%%%", "base64"),
    "a line break in it": (VECTORS["x"][:8] + "\n" + VECTORS["x"][8:], "base64"),
    "half a block": (base64.b64encode(b"12345678").decode(), "whole blocks"),
    "too long": ("A" * (MAX_SEALED + 4), "longer"),
    "no padding": (raw(b"sixteen-octets!!"), "another key"),
    "padding of zeros": (raw(b"secret" + bytes(10)), "another key"),
    "padding too long": (raw(b"\x11" * 32), "another key"),
    "padding that differs": (raw(b"secret-secret" + b"\x01\x02\x03"), "another key"),
    "nothing inside": (raw(b"\x10" * 16), "not printable"),
    "a line break inside": (raw(b"a\r\nX-Other: b" + b"\x03" * 3), "not printable"),
    "not ASCII inside": (raw("密".encode() + b"\x0d" * 13), "another key"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_sealed_secret(name: str):
    text, words = REFUSED[name]
    with pytest.raises(Malformed, match=words):
        open_secret(text, APPKEY)
    assert open_secret(VECTORS["x"], APPKEY) == "x"


def test_another_appkey_opens_nothing():
    with pytest.raises(Malformed, match="another key"):
        open_secret(VECTORS["s3cret-0123456789"], "appkey-of-another")


@given(st.text(max_size=80) | st.binary(max_size=64).map(lambda b: base64.b64encode(b).decode()))
def test_whatever_the_text_it_opens_or_is_malformed(text: str):
    try:
        secret = open_secret(text, APPKEY)
    except Malformed:
        return
    assert secret.isascii()
    assert secret.isprintable()
