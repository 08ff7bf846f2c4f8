"""This node's own certificates for mutual TLS (双向认证), one file for each body it shows one to.

`KEY_FOLDER/clients/CODE.pem`, mode 0600: a private key (PKCS#8) and the certificate made for it,
with those between it and its authority after it. A body's file is shown at that body's endpoints
and nowhere else. A file that is there and cannot be used stops the question: it is never asked
without, for who demands a certificate may tell more to those who bring one.
"""

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.crypto.provider import new_private_file, private_file
from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import Refused, Unavailable
from app.domain.identifier import IssuerCode

FOLDER: Final = "clients"
MIN_RSA: Final = 2048
"""Bits of a modulus."""
_FILE: Final = re.compile(r"([0-9A-Z]{18}|[0-9]{6})\.pem")


@dataclass(frozen=True, slots=True)
class Client:
    """One certificate of ours, ready to be shown."""

    version: str
    """SHA-256 of the certificate, hexadecimal: a new file makes new connections."""
    ends: datetime
    context: ssl.SSLContext = field(repr=False)


class Clients(Protocol):
    """Which certificate is shown to whom."""

    def client(self, owner: IssuerCode) -> Client | None:
        """None: none is. Raises `Unavailable` where there is one that cannot be used."""


class NoClients:
    """None is shown to anybody."""

    def client(self, owner: IssuerCode) -> Client | None:
        del owner
        return None


class FolderClients:
    """Out of the key folder; a changed file is noticed at the next question."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """Nothing is read before the first question.

        Args:
            folder: the node's key folder.
            clock: aware.
            context: makes one that checks servers against the authorities this node goes by.
        """
        self._folder, self._clock, self._context = folder / FOLDER, clock, context
        self._held: dict[IssuerCode, tuple[tuple[int, int, int], Client]] = {}

    def client(self, owner: IssuerCode) -> Client | None:
        """Raises `Unavailable`: it names the file, never what is in it."""
        path = self._folder / f"{owner}.pem"
        try:
            facts = path.stat()
        except FileNotFoundError:
            return None
        except OSError as broken:
            raise Unavailable(f"client certificate {path.name}: {broken.strerror}") from broken
        seen = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        held = self._held.get(owner)
        if held is None or held[0] != seen:
            held = seen, self._read(path)
            self._held[owner] = held
        if held[1].ends <= self._clock():
            raise Unavailable(f"client certificate {path.name}: it has ended")
        return held[1]

    def ends(self) -> Mapping[IssuerCode, datetime]:
        """Body → end of the certificate it is shown; what cannot be read is left out."""
        found: dict[IssuerCode, datetime] = {}
        for owner, path in self._files():
            try:
                found[owner] = read_client(private_file(path))[1]
            except (Refused, Unavailable):
                continue
        return found

    def broken(self) -> Mapping[IssuerCode, str]:
        """Body → why its file cannot be used; an end that is past is not one of these."""
        found: dict[IssuerCode, str] = {}
        for owner, path in self._files():
            try:
                read_client(private_file(path))
            except (Refused, Unavailable) as exc:
                found[owner] = str(exc)
        return found

    def save(self, owner: IssuerCode, content: bytes) -> Client:
        """Keep it for that body, in place of the one before, once all is right with it.

        Raises:
            Refused: key and certificate do not belong together, it is not in date, not for clients,
                or of an algorithm that no longer counts.
            Unavailable: the folder cannot be written.
        """
        certificate, ends = read_client(content)
        now = self._clock()
        if ends <= now:
            raise Refused("file", f"file has a certificate that ended on {ends:%Y-%m-%d}")
        if certificate.not_valid_before_utc > now + CLOCK_SKEW:
            raise Refused("file", "file has a certificate that does not hold yet")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = new_private_file(self._folder, content)
        except OSError as broken:
            raise Unavailable(f"client certificate: {broken.strerror}") from broken
        try:
            made = self._read(draft)  # as OpenSSL reads it, before it takes anybody's place
            draft.replace(self._folder / f"{owner}.pem")
        except Unavailable:
            draft.unlink(missing_ok=True)
            raise Refused("file", "file is not one that OpenSSL can use") from None
        return made

    def remove(self, owner: IssuerCode) -> bool:
        """False: there was none."""
        try:
            (self._folder / f"{owner}.pem").unlink()
        except FileNotFoundError:
            return False
        return True

    def _files(self) -> Iterator[tuple[IssuerCode, Path]]:
        for path in sorted(self._folder.glob("*.pem")) if self._folder.is_dir() else ():
            found = _FILE.fullmatch(path.name)
            if found is not None:
                yield IssuerCode(found[1]), path

    def _read(self, path: Path) -> Client:
        try:
            certificate, ends = read_client(private_file(path))
            context = self._context()
            context.load_cert_chain(path)
        except Refused as refused:
            raise Unavailable(f"client certificate {path.name}: {refused}") from refused
        except (OSError, ssl.SSLError) as broken:
            raise Unavailable(f"client certificate {path.name}: cannot be used") from broken
        return Client(certificate.fingerprint(hashes.SHA256()).hex(), ends, context)


def read_client(content: bytes) -> tuple[x509.Certificate, datetime]:
    """The certificate that is shown, and the earliest end of it and those beside it.

    Raises `Refused`: no unencrypted key, no certificate, or the two do not belong together.
    """
    try:
        key = serialization.load_pem_private_key(content, None)
        certificates = x509.load_pem_x509_certificates(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused("file", _NOT_ONE) from None
    certificate = certificates[0]
    if not isinstance(key, _KEYS):
        raise Refused("file", "file has a key that is not EC, Ed25519 or RSA")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < MIN_RSA:
        raise Refused("file", f"file has an RSA key of fewer than {MIN_RSA} bits")
    try:
        same = _spki(certificate.public_key()) == _spki(key.public_key())
        purposes = _purposes(certificate)
    except (ValueError, UnsupportedAlgorithm):
        raise Refused("file", _NOT_ONE) from None
    if not same:
        raise Refused("file", "file has a key that is not the certificate's")
    if purposes is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        raise Refused("file", "file has a certificate that is not for clients (clientAuth)")
    return certificate, min(each.not_valid_after_utc for each in certificates)


_KEYS: Final = (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, rsa.RSAPrivateKey)
_NOT_ONE: Final = (
    "file is not a PEM file with an unencrypted private key and its certificate, that one first"
)


def _spki(key: object) -> bytes:
    if not isinstance(key, _PUBLIC):
        return b""
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


_PUBLIC: Final = (ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, rsa.RSAPublicKey)


def _purposes(certificate: x509.Certificate) -> x509.ExtendedKeyUsage | None:
    """None: for anything."""
    try:
        return certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
