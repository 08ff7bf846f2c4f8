"""OpenSSL as the second implementation: its own message path, with its own Z and DER.

`app` hands libcrypto digests only; here libcrypto is given the message and the id.
"""

import ctypes
import shutil
import subprocess
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_void_p
from pathlib import Path
from typing import Any

import pytest

from app.crypto.sm2.native import LIBRARIES

_TYPES: dict[str, tuple[Any, list[Any]]] = {
    "d2i_PUBKEY": (c_void_p, [c_void_p, POINTER(c_char_p), c_long]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_new": (c_void_p, [c_void_p, c_void_p]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_set1_id": (c_int, [c_void_p, c_char_p, c_int]),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_MD_CTX_set_pkey_ctx": (None, [c_void_p, c_void_p]),
    "EVP_sm3": (c_void_p, []),
    "EVP_DigestVerifyInit": (c_int, [c_void_p] * 5),
    "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "ERR_clear_error": (None, []),
}


class DigestVerify:
    """EVP_DigestVerify of the system's libcrypto."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        for name, (result, arguments) in _TYPES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments

    def accepts(self, spki: bytes, message: bytes, value: bytes, signer_id: bytes) -> bool:
        lib = self._library
        start = c_char_p(spki)
        key = lib.d2i_PUBKEY(None, byref(start), len(spki))
        if not key:
            lib.ERR_clear_error()
            return False
        context, digest = lib.EVP_PKEY_CTX_new(key, None), lib.EVP_MD_CTX_new()
        try:
            if lib.EVP_PKEY_CTX_set1_id(context, signer_id, len(signer_id)) != 1:
                raise AssertionError("the id cannot be set")
            lib.EVP_MD_CTX_set_pkey_ctx(digest, context)
            if lib.EVP_DigestVerifyInit(digest, None, lib.EVP_sm3(), None, key) != 1:
                raise AssertionError("no SM2 in this libcrypto")
            answer = lib.EVP_DigestVerify(digest, value, len(value), message, len(message))
            return bool(answer == 1)
        finally:
            lib.ERR_clear_error()
            lib.EVP_MD_CTX_free(digest)
            lib.EVP_PKEY_CTX_free(context)
            lib.EVP_PKEY_free(key)


def digest_verify() -> DigestVerify:
    for name in LIBRARIES:
        try:
            return DigestVerify(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    pytest.skip("no libcrypto with SM2 on this system")


def command_accepts(folder: Path, pem: str, message: bytes, value: bytes, signer_id: bytes) -> bool:
    """What the openssl command says."""
    command = shutil.which("openssl")
    if command is None:
        pytest.skip("no openssl command on this system")
    (folder / "key").write_text(pem)
    (folder / "message").write_bytes(message)
    (folder / "value").write_bytes(value)
    done = subprocess.run(
        [command, "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-digest", "sm3",
         "-pkeyopt", f"hexdistid:{signer_id.hex()}", "-in", "message", "-sigfile", "value"],
        cwd=folder, capture_output=True, check=False, timeout=30,
    )  # fmt: skip
    return done.returncode == 0
