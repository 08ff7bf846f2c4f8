"""Algorithms and keys recognised only to be refused by name (threats SIG-21, SIG-24, SM-08)."""

from types import MappingProxyType

from app.domain.errors import InvalidKey, InvalidSignature

PREFIX = "weak_algorithm"
"""How the message of every such refusal begins, of a signature, a digest or a key."""


class WeakAlgorithm(InvalidSignature):
    """An algorithm that is known, and known to be broken or too short."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{PREFIX}: {what}")


class WeakKey(InvalidKey):
    """A key too short to mean anything."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{PREFIX}: {what}")


WEAK_OIDS = MappingProxyType(
    {
        "1.2.840.113549.1.1.2": "RSA with MD2",
        "1.2.840.113549.1.1.3": "RSA with MD4",
        "1.2.840.113549.1.1.4": "RSA with MD5",
        "1.2.840.113549.1.1.5": "RSA with SHA-1",
        "1.3.14.3.2.3": "RSA with MD5",
        "1.3.14.3.2.15": "RSA with SHA",
        "1.3.14.3.2.29": "RSA with SHA-1",
        "1.3.14.3.2.27": "DSA with SHA-1",
        "1.2.840.10040.4.3": "DSA with SHA-1",
        "1.2.840.10045.4.1": "ECDSA with SHA-1",
        "1.2.156.10197.1.502": "SM2 with SHA-1",
        "1.3.14.3.2.26": "SHA-1",
        "1.2.840.113549.2.2": "MD2",
        "1.2.840.113549.2.4": "MD4",
        "1.2.840.113549.2.5": "MD5",
    }
)
"""Signature and digest OIDs (RFC 3279 §2.2, RFC 3370 §2, OIW; GM/T 0006)."""

WEAK_JOSE = MappingProxyType({"RS1": "RSA with SHA-1"})
"""JOSE names registered as prohibited (RFC 8812 §2)."""
