"""SM2 through the system's libcrypto (OpenSSL ≥ 3) by ctypes.

Every foreign call releases the interpreter lock, so verifications in threads run in parallel.
Python's own `cryptography` has no SM2. Z is computed here, so libcrypto only sees the digest.
"""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ulong, c_void_p
from functools import lru_cache
from typing import Any, Final

from app.crypto.der import encode_signature, signature_parts
from app.crypto.sm2.backend import BackendFailed
from app.crypto.sm2.curve import SIZE, coordinates, in_range
from app.domain.errors import Malformed, Unavailable

LIBRARIES: Final = (
    "libcrypto.so.3",
    "libcrypto.so.4",
    "libcrypto.3.dylib",
    "libcrypto.4.dylib",
    "libcrypto-3-x64.dll",
    "libcrypto-3.dll",
)
"""Names tried through the system's loader; no path and no environment variable of ours."""

KEYS: Final = 1024
"""Parsed public keys kept, some 2 KiB each."""

MAX_SIGNATURE: Final = 80
"""Octets: more than any DER SEQUENCE of two 256-bit integers."""

SPKI_HEAD: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
"""SubjectPublicKeyInfo of an SM2 key up to its 65-octet point (GB/T 35276 §7.1)."""

_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "OpenSSL_version_num": (c_ulong, []),
    "OpenSSL_version": (c_char_p, [c_int]),
    "ERR_clear_error": (None, []),
    "ERR_peek_error": (c_ulong, []),
    "CRYPTO_free": (None, [c_void_p, c_char_p, c_int]),
    "d2i_PUBKEY": (c_void_p, [c_void_p, POINTER(c_char_p), c_long]),
    "i2d_PUBKEY": (c_int, [c_void_p, POINTER(c_void_p)]),
    "d2i_AutoPrivateKey": (c_void_p, [c_void_p, POINTER(c_char_p), c_long]),
    "EVP_PKEY2PKCS8": (c_void_p, [c_void_p]),
    "i2d_PKCS8_PRIV_KEY_INFO": (c_int, [c_void_p, POINTER(c_void_p)]),
    "PKCS8_PRIV_KEY_INFO_free": (None, [c_void_p]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_PKEY_is_a": (c_int, [c_void_p, c_char_p]),
    "EVP_PKEY_CTX_new": (c_void_p, [c_void_p, c_void_p]),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_pairwise_check": (c_int, [c_void_p]),
    "EVP_PKEY_keygen_init": (c_int, [c_void_p]),
    "EVP_PKEY_generate": (c_int, [c_void_p, POINTER(c_void_p)]),
    "EVP_PKEY_verify_init": (c_int, [c_void_p]),
    "EVP_PKEY_verify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "EVP_PKEY_sign_init": (c_int, [c_void_p]),
    "EVP_PKEY_sign": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
}
"""Result and argument types, as declared by openssl/evp.h, x509.h and err.h."""

_OLDEST = 0x3000_0000


class _Handle:
    """An EVP_PKEY owned by this object."""

    __slots__ = ("_crypto", "pointer")

    def __init__(self, crypto: "Libcrypto", pointer: int | None) -> None:
        self._crypto, self.pointer = crypto, pointer
        if not pointer:
            crypto.call("ERR_clear_error")
            raise BackendFailed("libcrypto does not read the key")
        if crypto.call("EVP_PKEY_is_a", pointer, b"SM2") != 1:
            raise BackendFailed("libcrypto does not take the key for an SM2 key")

    def __del__(self) -> None:
        if self.pointer:
            self._crypto.call("EVP_PKEY_free", self.pointer)


class Libcrypto:
    """One loaded libcrypto with typed calls.

    Raises:
        BackendFailed: none of the libraries is here, or it is too old or lacks a function.
    """

    def __init__(self) -> None:
        self._library = _load()
        self._calls: dict[str, Any] = {}
        for name, (result, arguments) in _SIGNATURES.items():
            try:
                function = getattr(self._library, name)
            except AttributeError as missing:
                raise BackendFailed(f"libcrypto lacks {name}") from missing
            function.restype, function.argtypes = result, arguments
            self._calls[name] = function
        if self.call("OpenSSL_version_num") < _OLDEST:
            raise BackendFailed("libcrypto is older than 3.0")

    def call(self, name: str, *arguments: object) -> Any:
        return self._calls[name](*arguments)

    def version(self) -> str:
        text: bytes = self.call("OpenSSL_version", 0)
        return text.decode("ascii", "replace")

    def public(self, point: bytes) -> _Handle:
        spki = SPKI_HEAD + point
        start = c_char_p(spki)
        return _Handle(self, self.call("d2i_PUBKEY", None, byref(start), len(spki)))

    def private(self, pkcs8: bytes) -> _Handle:
        start = c_char_p(pkcs8)
        return _Handle(self, self.call("d2i_AutoPrivateKey", None, byref(start), len(pkcs8)))

    def encoded(self, encoder: str, pointer: int) -> bytes:
        """The DER that an i2d function allocates and writes."""
        buffer = c_void_p()
        length = self.call(encoder, pointer, byref(buffer))
        if length <= 0 or not buffer.value:
            self.call("ERR_clear_error")
            raise BackendFailed(f"{encoder} fails")
        try:
            return ctypes.string_at(buffer.value, length)
        finally:
            self.call("CRYPTO_free", buffer, None, 0)

    def pkcs8(self, pointer: int) -> bytes:
        """A private key as PKCS#8 DER."""
        info = self.call("EVP_PKEY2PKCS8", pointer)
        if not info:
            raise BackendFailed("EVP_PKEY2PKCS8 fails")
        try:
            return self.encoded("i2d_PKCS8_PRIV_KEY_INFO", info)
        finally:
            self.call("PKCS8_PRIV_KEY_INFO_free", info)


def _load() -> ctypes.CDLL:
    for name in LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise BackendFailed("no libcrypto on this system")


class NativeBackend:
    """The fast back end.

    Raises:
        BackendFailed: on construction, no usable libcrypto.
    """

    def __init__(self) -> None:
        self._crypto = Libcrypto()
        self._key = lru_cache(KEYS)(self._crypto.public)
        self.name = f"libcrypto ({self._crypto.version()})"

    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        """Whether (r, s) signs the 32-octet digest e (GB/T 32918.2 §7.1).

        libcrypto says 0 both for a wrong signature and, with an entry in its error queue, for want
        of memory; the second is no answer.

        Raises:
            InvalidKey: the point is not a public key.
            BackendFailed: no answer.
        """
        coordinates(point)
        if not in_range(r, s):
            return False
        value = encode_signature(r, s)
        crypto = self._crypto
        # Held to the end: the cache may drop its handle, or never have taken this one, at any time.
        key = self._key(point)
        crypto.call("ERR_clear_error")
        context = crypto.call("EVP_PKEY_CTX_new", key.pointer, None)
        try:
            if not context or crypto.call("EVP_PKEY_verify_init", context) != 1:
                raise BackendFailed("this libcrypto has no SM2 verification")
            answer = crypto.call("EVP_PKEY_verify", context, value, len(value), digest, len(digest))
            if answer == 1:
                return True
            if answer == 0 and crypto.call("ERR_peek_error") == 0:
                return False
            raise BackendFailed("libcrypto reports an error of its own")
        finally:
            crypto.call("ERR_clear_error")
            crypto.call("EVP_PKEY_CTX_free", context)


class NativePrivateKey:
    """An SM2 private key held by libcrypto. Signs digests; never in pure Python."""

    def __init__(self, pkcs8: bytes) -> None:
        """Read a PKCS#8 key.

        Raises:
            Unavailable: no libcrypto, or it refuses the key.
        """
        try:
            self._crypto = Libcrypto()
            self._key = self._crypto.private(pkcs8)
            context = self._context()
            try:
                if self._crypto.call("EVP_PKEY_pairwise_check", context) != 1:
                    raise BackendFailed("private and public key do not belong together")
            finally:
                self._close(context)
            spki = self._crypto.encoded("i2d_PUBKEY", self._key.pointer or 0)
        except BackendFailed as failure:
            raise Unavailable(f"SM2 signing key: {failure}") from failure
        if spki[: len(SPKI_HEAD)] != SPKI_HEAD:
            raise Unavailable("SM2 signing key: not on the named curve")
        self.point = spki[len(SPKI_HEAD) :]

    def sign_digest(self, digest: bytes) -> tuple[int, int]:
        """(r, s) over a 32-octet digest e = SM3(Z ‖ M).

        Raises:
            Unavailable: libcrypto refuses.
        """
        if len(digest) != SIZE:
            raise Malformed("SM2 signs a digest of 32 octets")
        buffer = ctypes.create_string_buffer(MAX_SIGNATURE)
        length = c_size_t(MAX_SIGNATURE)
        context = self._context()
        try:
            if (
                not context
                or self._crypto.call("EVP_PKEY_sign_init", context) != 1
                or self._crypto.call(
                    "EVP_PKEY_sign", context, buffer, byref(length), digest, len(digest)
                )
                != 1
            ):
                raise Unavailable("SM2 signing key: libcrypto does not sign")
        finally:
            self._close(context)
        return signature_parts(buffer.raw[: length.value])

    def _context(self) -> Any:
        return self._crypto.call("EVP_PKEY_CTX_new", self._key.pointer, None)

    def _close(self, context: Any) -> None:
        self._crypto.call("ERR_clear_error")
        self._crypto.call("EVP_PKEY_CTX_free", context)


def generate_private_key() -> bytes:
    """A new SM2 private key as PKCS#8 DER.

    Raises:
        Unavailable: no libcrypto that can.
    """
    try:
        crypto = Libcrypto()
        context = crypto.call("EVP_PKEY_CTX_new_from_name", None, b"SM2", None)
        made = c_void_p()
        try:
            if (
                not context
                or crypto.call("EVP_PKEY_keygen_init", context) != 1
                or crypto.call("EVP_PKEY_generate", context, byref(made)) != 1
            ):
                raise BackendFailed("libcrypto makes no SM2 key")
        finally:
            crypto.call("ERR_clear_error")
            crypto.call("EVP_PKEY_CTX_free", context)
        key = _Handle(crypto, made.value)
        return crypto.pkcs8(key.pointer or 0)
    except BackendFailed as failure:
        raise Unavailable(f"SM2 signing key: {failure}") from failure
