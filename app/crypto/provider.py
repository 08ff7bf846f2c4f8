"""Keys in a folder: the file-based `KeyProvider`, and the only file access in this layer.

Files are `<purpose>-<version>.<kind>`: `sign-0001.pem` (PKCS#8), `field-0001.key` and
`index-0001.key` (32 random octets). The highest version of a purpose is used for new work and all
others stay readable. Files are created with mode 0600, whole or not at all, and never overwritten;
a file that others may read is not used.
"""

import base64
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from app.crypto import der, sm2, spki
from app.crypto.keys import PublicKey, read_public_key
from app.crypto.signing import Signer
from app.crypto.sm2.native import SPKI_HEAD, NativePrivateKey, generate_private_key
from app.domain.errors import InvalidKey, Malformed, Unavailable
from app.domain.scheme import Scheme

Key = TypeVar("Key")

SECRET_SIZE: Final = 32
"""Octets of a secret: AES-256 and HMAC-SHA-256."""
NONCE_SIZE: Final = 12
"""Octets, random: rotate before 2³² fields under one key (NIST SP 800-38D §8.3)."""
MAX_FILE: Final = 16 * 1024
"""Octets of a key file."""
MAX_VERSION: Final = 9999

_SEALED_V1: Final = 1
_HEADER: Final = 3
"""Octets before the nonce: the format, then the key's version as two octets."""

_NAME: Final = re.compile(r"(sign|field|index)-([0-9]{4})\.(pem|key)")


class Purpose(StrEnum):
    """What a key is for; each purpose has its own keys."""

    SIGN = "sign"
    FIELD = "field"
    INDEX = "index"

    @property
    def suffix(self) -> str:
        return "pem" if self is Purpose.SIGN else "key"


@dataclass(frozen=True, slots=True)
class _Ed25519Signer:
    public: PublicKey
    key: ed25519.Ed25519PrivateKey

    def raw(self, message: bytes) -> bytes:
        return self.key.sign(message)


@dataclass(frozen=True, slots=True)
class _P256Signer:
    public: PublicKey
    key: ec.EllipticCurvePrivateKey

    def raw(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class _Sm2Signer:
    public: PublicKey
    key: NativePrivateKey

    def raw(self, message: bytes) -> bytes:
        e = sm2.message_digest(self.key.point, message, sm2.DEFAULT_ID)
        r, s = self.key.sign_digest(e)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class FileSigner:
    """A private key read from a file."""

    held: _Ed25519Signer | _P256Signer | _Sm2Signer

    @property
    def kid(self) -> str:
        return self.held.public.jwk_thumbprint

    @property
    def scheme(self) -> Scheme:
        return self.held.public.scheme

    @property
    def public_jwk(self) -> dict[str, str]:
        return self.held.public.public_jwk()

    def sign(self, message: bytes) -> bytes:
        """A value in its JOSE form; raises `Unavailable`."""
        return self.held.raw(message)


class FolderKeys:
    """A `KeyProvider` on one folder, which is made, with first keys, where it is missing.

    Keys that another process adds are seen by the next provider, or after `reload`.

    Raises:
        Unavailable: the folder or a file in it cannot be read, written, or trusted.
    """

    def __init__(self, folder: Path, *, new_keys: Scheme = Scheme.ED25519) -> None:
        """Open the folder.

        Args:
            folder: a directory of this node alone, mode 0700.
            new_keys: scheme of signing keys made from now on: Ed25519, P-256 or SM2.
        """
        self._folder, self._new_keys = folder, new_keys
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as broken:
            raise Unavailable(f"key folder: {broken.strerror}") from broken
        self.reload()
        for purpose in Purpose:
            if not self._of(purpose):
                self.rotate(purpose)

    def reload(self) -> None:
        """Read the folder again."""
        try:
            names = sorted(entry.name for entry in self._folder.iterdir())
            found = [match for name in names if (match := _NAME.fullmatch(name))]
            files = {
                (Purpose(match[1]), int(match[2])): _read(self._folder / match[0])
                for match in found
                if Purpose(match[1]).suffix == match[3]
            }
        except OSError as broken:
            raise Unavailable(f"key folder: {broken.strerror}") from broken
        self._secrets: dict[tuple[Purpose, int], bytes] = {
            (purpose, version): _secret(content)
            for (purpose, version), content in files.items()
            if purpose is not Purpose.SIGN
        }
        # Made ready once: setting a key up takes longer than what it is used for.
        self._macs = {
            version: HMAC(secret, SHA256())
            for (purpose, version), secret in self._secrets.items()
            if purpose is Purpose.INDEX
        }
        self._ciphers = {
            version: AESGCM(secret)
            for (purpose, version), secret in self._secrets.items()
            if purpose is Purpose.FIELD
        }
        self._versions = {
            purpose: tuple(sorted(v for owner, v in self._secrets if owner is purpose))
            for purpose in (Purpose.FIELD, Purpose.INDEX)
        }
        self._signers = {
            version: _signer(content)
            for (purpose, version), content in files.items()
            if purpose is Purpose.SIGN
        }

    def rotate(self, purpose: Purpose) -> int:
        """Add a key and use it from now on; returns its version.

        Where another process added that version at the same time, its key is used.
        """
        version = max(self._of(purpose), default=0) + 1
        if version > MAX_VERSION:
            raise Unavailable(f"key folder: more than {MAX_VERSION} versions")
        content = (
            _new_signing_key(self._new_keys)
            if purpose is Purpose.SIGN
            else secrets.token_bytes(SECRET_SIZE)
        )
        try:
            _create(self._folder / f"{purpose}-{version:04}.{purpose.suffix}", content)
        except OSError as broken:
            raise Unavailable(f"key folder: {broken.strerror}") from broken
        self.reload()
        return version

    def signer(self) -> Signer:
        return self._signers[max(self._signers)]

    def public_keys(self) -> tuple[PublicKey, ...]:
        newest_first = sorted(self._signers, reverse=True)
        return tuple(self._signers[version].held.public for version in newest_first)

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        version = self._versions[Purpose.FIELD][-1]
        header = bytes((_SEALED_V1,)) + version.to_bytes(2, "big")
        nonce = secrets.token_bytes(NONCE_SIZE)
        cipher = self._ciphers[version]
        return header + nonce + cipher.encrypt(nonce, plaintext, header + context)

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        header, nonce = sealed[:_HEADER], sealed[_HEADER : _HEADER + NONCE_SIZE]
        if len(nonce) != NONCE_SIZE or header[0] != _SEALED_V1:
            raise Malformed("sealed field: not of this format")
        version = int.from_bytes(header[1:], "big")
        if version not in self._versions[Purpose.FIELD]:
            self.reload()  # another process has rotated the key
        cipher = _held(self._ciphers, Purpose.FIELD, version)
        try:
            return cipher.decrypt(nonce, sealed[_HEADER + NONCE_SIZE :], header + context)
        except InvalidTag as altered:
            raise Malformed("sealed field: altered, or from another place") from altered

    def field_version(self) -> int:
        return self._versions[Purpose.FIELD][-1]

    def sealed_version(self, sealed: bytes) -> int:
        if len(sealed) < _HEADER or sealed[0] != _SEALED_V1:
            raise Malformed("sealed field: not of this format")
        return int.from_bytes(sealed[1:_HEADER], "big")

    def hmac(self, key_version: int, data: bytes) -> bytes:
        mac = _held(self._macs, Purpose.INDEX, key_version).copy()
        mac.update(data)
        return mac.finalize()

    def hmac_versions(self) -> tuple[int, ...]:
        return self._versions[Purpose.INDEX]

    def _of(self, purpose: Purpose) -> list[int]:
        if purpose is Purpose.SIGN:
            return list(self._signers)
        return list(self._versions[purpose])


def _held(keys: Mapping[int, Key], purpose: Purpose, version: int) -> Key:
    try:
        return keys[version]
    except KeyError as missing:
        raise Unavailable(f"key folder: no {purpose} key of version {version}") from missing


class FolderSecrets:
    """Secrets for endpoints of others, one file each: `FOLDER/OWNER/NAME`, mode 0600.

    A secret belongs to one body: what is described for another never gets it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def secret(self, owner: str, name: str) -> str:
        """Its text without the line break at its end. Raises `Unavailable`."""
        if not (_OWNER.fullmatch(owner) and _SECRET_NAME.fullmatch(name)):
            raise Unavailable("secrets folder: a name that can be none")
        try:
            content = _read(self._folder / owner / name)
            text = content.decode("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as broken:
            raise Unavailable(f"secrets folder: {owner}/{name} cannot be read") from broken
        if not text or len(content) > MAX_FILE:
            raise Unavailable(f"secrets folder: {owner}/{name} is empty or too long")
        return text


_OWNER: Final = re.compile(r"[0-9A-Z]{6,18}")
_SECRET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def new_key_file(path: Path, scheme: Scheme = Scheme.ED25519) -> FileSigner:
    """A new private key in a file of its own, mode 0600; for a person rather than a node.

    Raises:
        FileExistsError: something is there, and a key is never written over.
        Unavailable: the file cannot be written, or the scheme is none of the three.
    """
    content = _new_signing_key(scheme)
    try:
        _create(path, content)
        kept = _read(path)
    except OSError as broken:
        raise Unavailable(f"key file: {broken.strerror}") from broken
    if kept != content:  # `_create` leaves what is there alone
        raise FileExistsError(path)
    return _signer(content)


def new_agreement_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """A key on P-256 to which facts are sealed, in a file of its own, mode 0600.

    Raises as `new_key_file`.
    """
    new_key_file(path, Scheme.ECDSA_P256_SHA256)
    return read_agreement_key(path)


def read_agreement_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """As `new_agreement_key` made it. Raises `Unavailable`."""
    match read_key_file(path).held:
        case _P256Signer(key=key):
            return key
        case _:
            raise Unavailable("key file: not a key on P-256")


def passing_key(scheme: Scheme) -> FileSigner:
    """A new private key that is kept nowhere. Raises `Unavailable` for other schemes."""
    return _signer(_new_signing_key(scheme))


def read_key_file(path: Path) -> FileSigner:
    """The private key in a file that is its owner's alone, as `new_key_file` makes it.

    Raises:
        Unavailable: it cannot be read, or not trusted: others may read it too.
    """
    try:
        return _signer(_read(path))
    except OSError as broken:
        raise Unavailable(f"key file: {broken.strerror}") from broken


def private_file(path: Path) -> bytes:
    """What is in a file that is its owner's alone. Raises `Unavailable`."""
    try:
        content = _read(path)
    except OSError as broken:
        raise Unavailable(f"key file: {broken.strerror}") from broken
    if len(content) > MAX_FILE:
        raise Unavailable(f"key file: longer than {MAX_FILE} octets")
    return content


def new_private_file(folder: Path, content: bytes) -> Path:
    """A new file under a passing name, mode 0600, durable. Raises OSError."""
    path = folder / f".{secrets.token_hex(8)}.draft"
    _create(path, content)
    return path


def _read(path: Path) -> bytes:
    """The content of a regular file that is its owner's alone."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise Unavailable(f"key folder: {path.name} is not a file")
        if os.name == "posix" and facts.st_mode & 0o077:
            raise Unavailable(f"key folder: others may read {path.name}; chmod 600 it")
        return file.read(MAX_FILE + 1)


def _create(path: Path, content: bytes) -> None:
    """Write a new file whole; leave one that is there alone. Durable before it has its name."""
    draft = path.with_name(f".{secrets.token_hex(8)}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _secret(content: bytes) -> bytes:
    if len(content) != SECRET_SIZE:
        raise Unavailable(f"key folder: a secret that is not {SECRET_SIZE} octets")
    return content


_BEGIN: Final = b"-----BEGIN PRIVATE KEY-----\n"
_END: Final = b"-----END PRIVATE KEY-----\n"


def _signer(content: bytes) -> FileSigner:
    """The signer in a PEM file of one unencrypted PKCS#8 key (RFC 5958)."""
    if len(content) > MAX_FILE or not content.startswith(_BEGIN) or not content.endswith(_END):
        raise Unavailable("key folder: a signing key that is not one PEM block of PRIVATE KEY")
    try:
        pkcs8 = base64.b64decode(content[len(_BEGIN) : -len(_END)])
        if _is_sm2(pkcs8):
            key = NativePrivateKey(pkcs8)
            return FileSigner(_Sm2Signer(read_public_key(SPKI_HEAD + key.point), key))
        match serialization.load_der_private_key(pkcs8, None):
            case ed25519.Ed25519PrivateKey() as edwards:
                return FileSigner(_Ed25519Signer(_public(edwards), edwards))
            case ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()) as p256:
                return FileSigner(_P256Signer(_public(p256), p256))
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidKey, Malformed) as broken:
        raise Unavailable("key folder: a signing key that cannot be read") from broken
    raise Unavailable("key folder: a signing key that is not Ed25519, P-256 or SM2")


def _is_sm2(pkcs8: bytes) -> bool:
    """Whether PrivateKeyInfo names the SM2 curve; `cryptography` cannot read those."""
    info = der.sequence(pkcs8)
    info.natural()
    algorithm = der.Cursor(info.next(der.SEQUENCE))
    named_ec = algorithm.oid() == spki.EC_PUBLIC_KEY and algorithm.peek() == der.OID
    return named_ec and spki.CURVE_BY_OID.get(algorithm.oid()) is spki.Curve.SM2


def _public(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> PublicKey:
    return read_public_key(
        key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def _new_signing_key(scheme: Scheme) -> bytes:
    """A new private key as a PEM file."""
    match scheme:
        case Scheme.SM2_SM3:
            lines = base64.encodebytes(generate_private_key())
            return _BEGIN + lines + _END
        case Scheme.ED25519:
            key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey = (
                ed25519.Ed25519PrivateKey.generate()
            )
        case Scheme.ECDSA_P256_SHA256:
            key = ec.generate_private_key(ec.SECP256R1())
        case _:
            raise Unavailable("key folder: new signing keys are Ed25519, P-256 or SM2")
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
