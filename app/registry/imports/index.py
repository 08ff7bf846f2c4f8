"""What a license is found by, as it is kept: HMACs nested under every version of the index key.

Version n is the HMAC, under key n, of version n - 1; so a new key is put over what is kept without
knowing what was hashed, and nothing that was kept is readable with the new key alone.
"""

from typing import Final

from app.crypto.signing import KeyProvider
from app.domain.identifier import TypeCode
from app.domain.names import folded_name

_NUMBER: Final = b"license-key\0number\0"
_NESTED: Final = b"license-key\0nested\0"


def number_key(type: TypeCode, number: str) -> bytes:
    """What is hashed for type and 证照编号."""
    return b"%b%b\0%b" % (_NUMBER, type.encode(), folded_name(number).encode())


def newest(keys: KeyProvider, data: bytes) -> tuple[bytes, int]:
    """The hash to keep, and its version. Raises `Unavailable`."""
    versions = keys.hmac_versions()
    return levels(keys, data)[-1], versions[-1]


def levels(keys: KeyProvider, data: bytes) -> list[bytes]:
    """The hash under each version, oldest first: rows are at one of them. Raises `Unavailable`."""
    first, *later = keys.hmac_versions()
    found = [keys.hmac(first, data)]
    for version in later:
        found.append(nested(keys, version, found[-1]))
    return found


def nested(keys: KeyProvider, version: int, before: bytes) -> bytes:
    """The hash under a version, from that under the version before. Raises `Unavailable`."""
    return keys.hmac(version, _NESTED + before)
