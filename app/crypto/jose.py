"""Strict JSON objects and JWS compact tokens, taken apart. Pure; knows no keys and no algorithms.

Shared by license tokens, inquiries and answers, so that all are read by one set of rules:
RFC 7515 §3.1, §5.2 and §7.1 with the header closed to `typ`, `alg` and `kid`, RFC 4648 §5 without
padding and in canonical form only (§3.5), RFC 8259, and of RFC 7493 (I-JSON) §2: no duplicate
members, no lone surrogates, integers that every reader holds exactly.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from app.domain.errors import Malformed

EXACT_INTEGER: Final = 2**53 - 1
"""The largest integer that a double, and so every JSON reader, holds exactly (RFC 7493 §2.2)."""
LAST_SECOND: Final = 253_370_764_799
"""The end of the year 9998: a time told in any zone, or with a span added, is still one."""

_BOM: Final = b"\xef\xbb\xbf"
_MAX_DIGITS: Final = len(str(EXACT_INTEGER)) + 1
"""Characters of a number worth converting at all, its sign included."""

_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""Strings, finished or not, and the brackets between them; linear for any input."""

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_HEADER_MEMBERS: Final = ("typ", "alg", "kid")
_JWS_PARTS: Final = 3
_JWE_PARTS: Final = 5

_REFUSED_BY_NAME: Final = frozenset(
    {
        *("crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"),
        *("zip", "enc", "cty", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"),
        *("iss", "sub", "aud", "nonce", "url", "trust_chain"),
    }
)
"""Registered header parameters: safe to name in a stored message, unlike what strangers make up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLimits:
    """What one JSON object may cost."""

    size: int = 16 * 1024
    """Bytes of the whole text: the most a QR code or a form field carries, several times over."""
    depth: int = 20
    """Arrays and objects inside one another; ours need four."""
    members: int = 1000
    """Of one object."""
    items: int = 1000
    """Of one array."""
    foreign: bool = False
    """Numbers that are no exact integers are kept as they are written, as text: for answers in
    forms of others, of which only some members are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactLimits:
    """What one compact token may cost."""

    token: int = 16 * 1024
    """Characters of the whole token."""
    header: int = 2 * 1024
    """Bytes of the header, decoded: three short members."""


LICENSE_TOKEN: Final = CompactLimits()
ANSWER_TOKEN: Final = CompactLimits(token=64 * 1024)
"""A body of IVP/1, in either direction: an inquiry may enclose another."""


@dataclass(frozen=True, slots=True)
class Compact:
    """A JWS taken apart; nothing about it is verified."""

    header: Mapping[str, str]
    """Exactly `typ`, `alg` and `kid`."""
    payload: bytes = field(repr=False)
    signing_input: bytes = field(repr=False)
    """The first two parts with their dot, as received: what is signed."""
    signature: bytes = field(repr=False)

    @property
    def typ(self) -> str:
        return self.header["typ"]

    @property
    def alg(self) -> str:
        """A hint; the registered key decides."""
        return self.header["alg"]

    @property
    def kid(self) -> str:
        return self.header["kid"]


def read_json_object(data: bytes, limits: JsonLimits) -> dict[str, object]:
    """The object a strict JSON text holds: `str`, `int`, `bool`, `None`, `list`, `dict` within.

    Raises:
        Malformed: over a limit, not UTF-8, a byte order mark, not JSON, not an object, duplicate
            members, a number that is no integer or not exact, a lone surrogate, a NUL character.
    """
    if len(data) > limits.size:
        raise Malformed(f"JSON: over {limits.size} bytes")
    if data.startswith(_BOM):
        raise Malformed("JSON: byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Malformed(f"JSON: not UTF-8 at byte {exc.start}") from None
    _check_depth(data, limits)

    try:
        value: object = _decode(limits.members, limits.foreign)(text)
    except json.JSONDecodeError as exc:
        raise Malformed(f"JSON: syntax at character {exc.pos}") from None
    if not isinstance(value, dict):
        raise Malformed("JSON: not an object")
    _check_items(value, data, limits)
    return value


@lru_cache(maxsize=64)
def _decode(most: int, foreign: bool) -> Callable[[str], object]:  # noqa: FBT001 - a key of the cache
    """Of objects with so many members; made once, since the making takes as long as the reading."""

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(pairs) > most:
            raise Malformed(f"JSON: an object of more than {most} members")
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Malformed("JSON: duplicate member")
        return found

    return json.JSONDecoder(
        object_pairs_hook=members,
        parse_int=_any_integer if foreign else _integer,
        parse_float=str if foreign else _no_float,
        parse_constant=_no_constant,
    ).decode


def read_time(value: object, place: str) -> datetime:
    """A NumericDate (RFC 7519 §2): whole seconds since 1970, before the last year there is.

    Nobody who calculates with it, or tells it in another time zone, falls off the calendar.

    Raises:
        Malformed: no integer, or no such time.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{place}: not an integer")
    if not 0 <= value <= LAST_SECOND:
        raise Malformed(f"{place}: not a time of 1970 to 9998")
    return datetime.fromtimestamp(value, UTC)


def split_compact(token: bytes, limits: CompactLimits = LICENSE_TOKEN) -> Compact:
    """Take a JWS compact token apart.

    Raises:
        Malformed: over a limit, not ASCII, not three parts, a part that is empty or not canonical
            unpadded base64url, a header with other members than `typ`, `alg` and `kid`.
    """
    if len(token) > limits.token:
        raise Malformed(f"token: over {limits.token} characters")
    try:
        text = token.decode("ascii")
    except UnicodeDecodeError as exc:
        raise Malformed(f"token: not ASCII at byte {exc.start}") from None
    if text.lstrip().startswith("{"):
        raise Malformed("token: JSON serialisation; only the compact one is read")
    parts = text.split(".")
    if len(parts) == _JWE_PARTS:
        raise Malformed("token: five parts: an encrypted token (JWE)")
    if len(parts) != _JWS_PARTS:
        raise Malformed("token: not three parts")
    header, payload, signature = (
        base64url(part, name)
        for name, part in zip(("header", "payload", "signature"), parts, strict=True)
    )
    return Compact(
        _header(header, limits), payload, text.rpartition(".")[0].encode("ascii"), signature
    )


def protected_header(part: str, limits: CompactLimits = LICENSE_TOKEN) -> Mapping[str, str]:
    """The header of one signature of a JWS in its JSON form (RFC 7515 §7.2.1), decoded.

    Raises:
        Malformed: as `split_compact` for the header of a compact token.
    """
    return _header(base64url(part, "header"), limits)


def base64url(text: str, name: str) -> bytes:
    """Decode canonical, unpadded base64url (RFC 4648 §5); `name` is the place, for the message.

    Raises:
        Malformed: empty, padded, other characters, or bits that another encoder would not set.
    """
    if not text:
        raise Malformed(f"{name}: empty")
    if text.endswith("="):
        raise Malformed(f"{name}: padded base64url")
    if not _BASE64URL.fullmatch(text):
        raise Malformed(f"{name}: not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Malformed(f"{name}: base64url of an impossible length") from None
    if to_base64url(data) != text:
        raise Malformed(f"{name}: base64url not canonical")
    return data


def to_base64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _header(data: bytes, limits: CompactLimits) -> Mapping[str, str]:
    if len(data) > limits.header:
        raise Malformed(f"header: over {limits.header} bytes")
    header = read_json_object(data, JsonLimits(size=limits.header))
    for name in header:
        if name in _REFUSED_BY_NAME:
            raise Malformed(f"header: member {name}")
        if name not in _HEADER_MEMBERS:
            raise Malformed("header: a member other than typ, alg and kid")
    read: dict[str, str] = {}
    for name in _HEADER_MEMBERS:
        value = header.get(name)
        if name not in header:
            raise Malformed(f"header: no {name}")
        if not isinstance(value, str):
            raise Malformed(f"header: {name} is not a string")
        read[name] = value
    if not _KEY_ID.fullmatch(read["kid"]):
        raise Malformed("header: kid is not 1 to 128 of A-Z a-z 0-9 . _ ~ -")
    return MappingProxyType(read)


def _check_depth(data: bytes, limits: JsonLimits) -> None:
    """Before the reader recurses: whatever the bytes, it never goes deeper than this counts."""
    if data.count(b"[") + data.count(b"{") <= limits.depth:
        return  # too few to nest deeper, wherever they stand
    depth = 0
    for match in _BRACKETS.finditer(data):
        match match[0]:
            case b"[" | b"{":
                depth += 1
                if depth > limits.depth:
                    raise Malformed(f"JSON: deeper than {limits.depth}")
            case b"]" | b"}":
                depth -= 1


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS or abs(value := int(digits)) > EXACT_INTEGER:
        raise Malformed("JSON: a number not exact in every reader")
    return value


def _any_integer(digits: str) -> int | str:
    exact = len(digits) <= _MAX_DIGITS and abs(int(digits)) <= EXACT_INTEGER
    return int(digits) if exact else digits


def _no_float(_digits: str) -> float:
    raise Malformed("JSON: a number that is not an integer")


def _no_constant(_name: str) -> float:
    raise Malformed("JSON: NaN or Infinity")


def _walk(value: object) -> Iterator[object]:
    """Every value and every member name, the value itself first. The depth is known to be small."""
    yield value
    match value:
        case dict():
            for name, inner in value.items():
                yield name
                yield from _walk(inner)
        case list():
            for inner in value:
                yield from _walk(inner)


def _check_items(value: object, data: bytes, limits: JsonLimits) -> None:
    """A NUL or a surrogate gets in by an escape alone, and a long array has many commas: where the
    text has neither, there is nothing to look for.
    """
    if b"\\u" in data or data.count(b",") >= limits.items:
        for item in _walk(value):
            _check_item(item, limits)


def _check_item(item: object, limits: JsonLimits) -> None:
    match item:
        case list() if len(item) > limits.items:
            raise Malformed(f"JSON: an array of more than {limits.items} items")
        case str() if "\x00" in item:
            raise Malformed("JSON: a NUL character")
        case str() if not _encodes(item):
            raise Malformed("JSON: a lone surrogate")


def _encodes(text: str) -> bool:
    """Whether the text is made of characters: only surrogates have no UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
