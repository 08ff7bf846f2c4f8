"""Keys in a folder: made once, whole, private; rotated without losing what was before."""

import hashlib
import hmac
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import schemes
from app.crypto.keys import read_public_key
from app.crypto.provider import FolderKeys, Purpose
from app.crypto.signing import KeyProvider, Signer
from app.domain.errors import InvalidSignature, Malformed, Unavailable
from app.domain.scheme import Scheme

NEW = [Scheme.ED25519, Scheme.ECDSA_P256_SHA256, Scheme.SM2_SM3]


def opened(folder: Path, scheme: Scheme = Scheme.ED25519) -> FolderKeys:
    try:
        return FolderKeys(folder, new_keys=scheme)
    except Unavailable as missing:
        if "no libcrypto" in str(missing):
            pytest.skip(str(missing))
        raise


def holds(signer: Signer, message: bytes, value: bytes) -> None:
    key = read_public_key(signer.public_jwk)
    assert key.jwk_thumbprint == signer.kid
    assert key.scheme is signer.scheme
    schemes.verify_jose(key.scheme, spki=key.spki, message=message, value=value)


@pytest.mark.parametrize("scheme", NEW)
def test_a_signer_signs_what_the_table_verifies(tmp_path: Path, scheme: Scheme) -> None:
    provider: KeyProvider = opened(tmp_path / "keys", scheme)
    signer = provider.signer()
    value = signer.sign(b"report")
    assert signer.scheme is scheme
    holds(signer, b"report", value)
    with pytest.raises(InvalidSignature):
        holds(signer, b"Report", value)


@pytest.mark.parametrize("scheme", NEW)
def test_the_same_keys_are_there_the_next_time(tmp_path: Path, scheme: Scheme) -> None:
    first = opened(tmp_path, scheme)
    sealed, code = first.encrypt(b"holder", b"row 1"), first.hmac(1, b"x")
    again = opened(tmp_path)
    assert again.signer().kid == first.signer().kid
    assert again.decrypt(sealed, b"row 1") == b"holder"
    assert again.hmac(1, b"x") == code


def test_files_are_private_and_whole(tmp_path: Path) -> None:
    opened(tmp_path / "keys")
    files = sorted((tmp_path / "keys").iterdir())
    assert [f.name for f in files] == ["field-0001.key", "index-0001.key", "sign-0001.pem"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_rotation_keeps_the_old(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    old_signer, sealed, code = keys.signer(), keys.encrypt(b"f", b"c"), keys.hmac(1, b"x")
    value = old_signer.sign(b"m")
    assert [keys.rotate(purpose) for purpose in Purpose] == [2, 2, 2]
    assert keys.signer().kid != old_signer.kid
    assert [key.jwk_thumbprint for key in keys.public_keys()] == [keys.signer().kid, old_signer.kid]
    old = keys.public_keys()[1]
    schemes.verify_jose(old.scheme, spki=old.spki, message=b"m", value=value)
    assert keys.decrypt(sealed, b"c") == b"f"
    assert keys.encrypt(b"f", b"c")[:3] == b"\1\0\2"
    assert keys.hmac_versions() == (1, 2)
    assert keys.hmac(1, b"x") == code != keys.hmac(2, b"x")


def test_a_rotation_may_change_the_scheme(tmp_path: Path) -> None:
    opened(tmp_path)
    keys = opened(tmp_path, Scheme.ECDSA_P256_SHA256)
    assert keys.signer().scheme is Scheme.ED25519
    keys.rotate(Purpose.SIGN)
    assert keys.signer().scheme is Scheme.ECDSA_P256_SHA256


def test_hmac_is_hmac_sha_256(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    secret = (tmp_path / "index-0001.key").read_bytes()
    assert keys.hmac(1, b"x") == hmac.new(secret, b"x", hashlib.sha256).digest()


@given(
    plaintext=st.binary(max_size=60),
    context=st.binary(max_size=20),
    at=st.integers(0),
    bit=st.integers(0, 7),
)
def test_any_change_of_a_sealed_field_is_told(
    tmp_path_factory: pytest.TempPathFactory, plaintext: bytes, context: bytes, at: int, bit: int
) -> None:
    keys = opened(tmp_path_factory.getbasetemp() / "sealed")
    sealed = bytearray(keys.encrypt(plaintext, context))
    assert keys.decrypt(bytes(sealed), context) == plaintext
    with pytest.raises(Malformed, match="from another place"):
        keys.decrypt(bytes(sealed), context + b"!")
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises((Malformed, Unavailable)):
        keys.decrypt(bytes(sealed), context)


def test_a_cut_field_is_malformed_and_a_lost_key_an_outage(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    sealed = keys.encrypt(b"f", b"c")
    for size in range(len(sealed)):
        with pytest.raises(Malformed):
            keys.decrypt(sealed[:size], b"c")
    with pytest.raises(Unavailable, match="no field key of version 2"):
        keys.decrypt(sealed[:1] + b"\0\2" + sealed[3:], b"c")
    with pytest.raises(Unavailable, match="no index key of version 7"):
        keys.hmac(7, b"x")


def test_two_fields_alike_are_sealed_differently(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    assert len({keys.encrypt(b"same", b"c") for _ in range(50)}) == 50


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644])
def test_a_file_that_others_may_read_is_not_used(tmp_path: Path, mode: int) -> None:
    opened(tmp_path)
    (tmp_path / "sign-0001.pem").chmod(mode)
    with pytest.raises(Unavailable, match=r"others may read sign-0001\.pem"):
        opened(tmp_path)


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "field-0001.key").mkdir()
    with pytest.raises(Unavailable, match="key folder"):
        opened(tmp_path)


RSA_PEM = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


@pytest.mark.parametrize(
    "name, content, why",
    [
        ("sign-0002.pem", b"", "not one PEM block"),
        (
            "sign-0002.pem",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "cannot be read",
        ),
        ("sign-0002.pem", RSA_PEM, "not Ed25519, P-256 or SM2"),
        ("sign-0002.pem", RSA_PEM * 20, "not one PEM block"),
        ("field-0002.key", b"short", "not 32 octets"),
        ("index-0002.key", b"s" * 33, "not 32 octets"),
    ],
)
def test_a_damaged_file_stops_the_provider(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    opened(tmp_path)
    file = tmp_path / name
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(Unavailable, match=why) as refused:
        opened(tmp_path)
    assert "AAAA" not in str(refused.value)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("README", "sign-1.pem", "sign-0001.pem.bak", "field-0001.pem", ".x.new"):
        (tmp_path / name).write_text("not a key")
    assert len(opened(tmp_path).public_keys()) == 1


def test_many_starts_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        kids = list(pool.map(lambda _: opened(tmp_path / "keys").signer().kid, range(16)))
    assert len(set(kids)) == 1
    assert not [f for f in (tmp_path / "keys").iterdir() if f.name.startswith(".")]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="key folder"):
        opened(tmp_path / "file" / "keys")


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_rsa_keys_are_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="new signing keys are"):
        FolderKeys(tmp_path, new_keys=Scheme.RSA_PSS_SHA256)
