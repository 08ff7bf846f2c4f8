"""What a license is found by, as it is kept: HMACs nested under every version of the index key.

Version n is the HMAC, under key n, of version n - 1; so a new key is put over what is kept without
knowing what was hashed, and nothing that was kept is readable with the new key alone.
"""

from collections.abc import Iterable
from typing import Final

from app.crypto.signing import KeyProvider
from app.domain.codes import uscc_check_ok
from app.domain.identifier import TypeCode
from app.domain.names import folded_code, folded_name
from app.domain.records import Holder

_NUMBER: Final = b"license-key\0number\0"
_HOLDER: Final = b"license-key\0holder\0"
_NESTED: Final = b"license-key\0nested\0"


def number_key(type: TypeCode, number: str) -> bytes:
    """What is hashed for type and 证照编号."""
    return b"%b%b\0%b" % (_NUMBER, type.encode(), folded_name(number).encode())


def holder_keys(holders: Iterable[Holder]) -> list[bytes]:
    """What is hashed for those who hold a license: bodies with a 统一社会信用代码, and nobody else.

    No index of persons is kept.
    """
    codes = {folded_code(holder.code) for holder in holders if holder.code}
    return [body_key(code) for code in sorted(codes) if uscc_check_ok(code)]


def body_key(code: str) -> bytes:
    """What is hashed for a 统一社会信用代码."""
    return _HOLDER + folded_code(code).encode()


def newest(keys: KeyProvider, data: bytes) -> tuple[bytes, int]:
    """The hash to keep, and its version. Raises `Unavailable`."""
    versions = keys.hmac_versions()
    return under(keys, data, versions)[-1], versions[-1]


def levels(keys: KeyProvider, data: bytes) -> list[bytes]:
    """The hash under each version, oldest first: rows are at one of them. Raises `Unavailable`."""
    return under(keys, data, keys.hmac_versions())


def under(keys: KeyProvider, data: bytes, versions: tuple[int, ...]) -> list[bytes]:
    """The hash under each of these versions, oldest first. Raises `Unavailable`."""
    first, *later = versions
    found = [keys.hmac(first, data)]
    for version in later:
        found.append(nested(keys, version, found[-1]))
    return found


def nested(keys: KeyProvider, version: int, before: bytes) -> bytes:
    """The hash under a version, from that under the version before. Raises `Unavailable`."""
    return keys.hmac(version, _NESTED + before)
