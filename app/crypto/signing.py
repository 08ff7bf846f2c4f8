"""What this node's own keys can do, whoever holds them: a folder now, an HSM later.

The node signs its reports, answers, inquiries and lists; it never signs a license.
"""

from typing import Protocol

from app.crypto.keys import PublicKey
from app.domain.scheme import Scheme


class Signer(Protocol):
    """One private key."""

    @property
    def kid(self) -> str:
        """The RFC 7638 thumbprint of the public key."""

    @property
    def scheme(self) -> Scheme: ...

    @property
    def public_jwk(self) -> dict[str, str]: ...

    def sign(self, message: bytes) -> bytes:
        """A signature value in its JOSE form, as `schemes.verify_jose` takes it.

        Raises:
            Unavailable: the key's holder does not sign.
        """


class KeyProvider(Protocol):
    """The node's keys: to sign, to protect fields at rest, and to index them."""

    def signer(self) -> Signer:
        """The newest signing key.

        Raises:
            Unavailable: it cannot be had.
        """

    def public_keys(self) -> tuple[PublicKey, ...]:
        """All signing keys, newest first: what was signed before a rotation stays verifiable.

        Raises:
            Unavailable: they cannot be had.
        """

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Protect a field under the newest key; `context` names its place and is not stored.

        Raises:
            Unavailable: the key cannot be had.
        """

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        """What `encrypt` protected, under whichever key it was.

        Raises:
            Malformed: altered, cut, or from another context.
            Unavailable: its key cannot be had.
        """

    def hmac(self, key_version: int, data: bytes) -> bytes:
        """HMAC-SHA-256 of `data` under one version of the index key, 32 octets.

        Raises:
            Unavailable: that version cannot be had.
        """

    def reload(self) -> None:
        """Look again which keys there are: another process may have made some.

        Raises:
            Unavailable: they cannot be had.
        """

    def field_version(self) -> int:
        """The version of the key `encrypt` uses.

        Raises:
            Unavailable: it cannot be had.
        """

    def sealed_version(self, sealed: bytes) -> int:
        """The version of the key a field was protected under.

        Raises:
            Malformed: it is none.
        """

    def hmac_versions(self) -> tuple[int, ...]:
        """The versions of the index key, oldest first.

        Raises:
            Unavailable: they cannot be had.
        """
