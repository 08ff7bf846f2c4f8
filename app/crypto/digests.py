"""Digests by name, incrementally and compared in constant time.

SM3 is 密码杂凑算法 (GB/T 32905-2016); MD5 and SHA-1 are refused by name (threats SM-08).
"""

import hmac
from types import MappingProxyType

from cryptography.hazmat.primitives import hashes

from app.crypto.weak import WeakAlgorithm
from app.domain.scheme import WEAK_DIGESTS, Digest

_HASHES = MappingProxyType(
    {
        Digest.SM3: hashes.SM3(),
        Digest.SHA256: hashes.SHA256(),
        Digest.SHA384: hashes.SHA384(),
        Digest.SHA512: hashes.SHA512(),
    }
)

DIGEST_BY_OID = MappingProxyType(
    {
        "1.2.156.10197.1.401": Digest.SM3,
        "2.16.840.1.101.3.4.2.1": Digest.SHA256,
        "2.16.840.1.101.3.4.2.2": Digest.SHA384,
        "2.16.840.1.101.3.4.2.3": Digest.SHA512,
        "1.3.14.3.2.26": Digest.SHA1,
        "1.2.840.113549.2.5": Digest.MD5,
    }
)
"""Digest OIDs; the weak ones are named here and refused by `digest`."""


def algorithm(name: Digest) -> hashes.HashAlgorithm:
    """The hash function called `name`.

    Raises:
        WeakAlgorithm: MD5 or SHA-1.
    """
    if name in WEAK_DIGESTS:
        raise WeakAlgorithm(name)
    return _HASHES[name]


def digest(name: Digest, data: bytes) -> bytes:
    """The digest of `data`.

    Raises:
        WeakAlgorithm: MD5 or SHA-1.
    """
    hasher = hashes.Hash(algorithm(name))
    hasher.update(data)
    return hasher.finalize()


def same(left: bytes, right: bytes) -> bool:
    """Whether two digests are equal, in time that does not tell where they differ."""
    return hmac.compare_digest(left, right)
