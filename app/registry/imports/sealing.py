"""The fields of a record that are somebody's: encrypted where they stand, and read again."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

from app.crypto.signing import KeyProvider
from app.domain.errors import Malformed
from app.domain.records import Holder, LicenseRecord

_PLACE: Final = "license"


@dataclass(frozen=True, slots=True)
class Held:
    """What of a record is sealed."""

    number: str | None = field(repr=False)
    name: str | None
    holders: tuple[Holder, ...] = field(repr=False)


def plain_of(record: LicenseRecord) -> bytes:
    """The sealed fields before they are sealed; the same for the same."""
    told = ",".join(f"[{_text(holder.name)},{_text(holder.code)}]" for holder in record.holders)
    number, name = _text(record.naming.number), _text(record.name)
    return f'{{"number":{number},"name":{name},"holders":[{told}]}}'.encode()


def _text(value: str | None) -> str:
    """As JSON; other characters than its own stand as they are."""
    return "null" if value is None else encode_basestring(value)


def seal(keys: KeyProvider, identifier: str, plain: bytes) -> bytes:
    """Bound to its record: put beside another it cannot be read. Raises `Unavailable`."""
    return keys.encrypt(plain, _context(identifier))


def unseal(keys: KeyProvider, identifier: str, sealed: bytes) -> Held:
    """Raises `Malformed` for what was altered or moved, and `Unavailable`."""
    return opened(keys.decrypt(sealed, _context(identifier)))


def opened(plain: bytes) -> Held:
    """What `plain_of` made. Raises `Malformed`."""
    found = json.loads(plain)
    try:
        holders = tuple(Holder(name, code) for name, code in found["holders"])
        return Held(found["number"], found["name"], holders)
    except (KeyError, TypeError, ValueError):
        raise Malformed("sealed record: not of this format") from None


def content_of(
    keys: KeyProvider, version: int, name: str, dates: tuple[object, ...], plain: bytes
) -> bytes:
    """Keyed hash of all that was told of a license. Raises `Unavailable`.

    dates: first day, last day, whether 长期, day of issue.
    """
    told = b"record\0%b\0%b\0%b" % (name.encode(), _dates(tuple(dates)), plain)
    return keys.hmac(version, told)


@lru_cache(maxsize=4096)
def _dates(dates: tuple[object, ...]) -> bytes:
    """The same few stand in row after row."""
    return repr(dates).encode()


def reseal(keys: KeyProvider, identifier: str, sealed: bytes) -> tuple[bytes, bytes]:
    """What was sealed, and it under the newest key; the same octets where it is under that.

    Raises as `unseal`.
    """
    plain = keys.decrypt(sealed, _context(identifier))
    if keys.sealed_version(sealed) == keys.field_version():
        return plain, sealed
    return plain, seal(keys, identifier, plain)


def _context(identifier: str) -> bytes:
    return f"{_PLACE}\0{identifier}".encode()
