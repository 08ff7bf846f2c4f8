"""What a share service answers through its platform, in our words. Nobody's signed word.

Three layers, each of which may be where it ends: the platform's own `{code, message, data}`, the
service's `{head, data}` in it, and the result code of 证照信息验证 (GB/T 36906; tables in
standards.md §1.7 and §4.3). Only the last is about a license. Words for people are never read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed
from app.domain.issuer import Code, Match, State
from app.domain.license import Fact
from app.domain.spelling import fold
from app.formats.share.description import Codes, Platform

Told = tuple[Code, State | None]

_PROVINCE: Final[Mapping[str, Told]] = MappingProxyType(
    {
        "10": (Code.NO_RECORD, None),
        "21": (Code.ENDED, None),  # 已废止或已注销: which of the two is not said
        "22": (Code.ENDED, State.EXPIRED),
        "23": (Code.INSUFFICIENT, None),  # 已受限使用: of use or of the license is not said
    }
)
_BASE: Final[Mapping[str, Told]] = MappingProxyType(
    {"3": (Code.NO_RECORD, None), "11": (Code.ENDED, State.CANCELLED)}
)
HEADS: Final[Mapping[Codes, Mapping[str, Told]]] = MappingProxyType(
    {Codes.PROVINCE: _PROVINCE, Codes.BASE: _BASE}
)
"""`head.status` that says something of the license itself. Every other is the service's trouble,
or ours: not authorised, a parameter missing, no such interface, busy. None counts against anybody.
"""
RESULTS: Final[Mapping[str, Code]] = MappingProxyType({str(code.value): code for code in Code})
"""证照信息验证结果: 0–6 agreed by two implementations, 7 by one."""
_ECHOED: Final = {
    "certIdentifier": Fact.IDENTIFIER,
    "certNo": Fact.NUMBER,
    "certTypeCode": Fact.TYPE,
}
_CORRECT: Final = frozenset({Code.IN_FORCE, Code.NOT_YET, Code.SUSPENDED, Code.ENDED})
"""信息正确且…: the facts that were sent are those of the license."""
_MAX_SHOWN: Final = 8
"""Characters of a foreign code that are shown to an operator."""


class Trouble(Enum):
    """Why the platform itself gave nothing."""

    SECRET_EXPIRED = auto()
    CLOCK = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class NotPassedOn(Exception):
    """The platform's own word, or the service's: no answer about a license."""

    trouble: Trouble
    where: str
    """`code 300` or `head 12`, for operators; never a message."""


class Another(Exception):
    """It speaks of something else than was asked; says which member."""


@dataclass(frozen=True, slots=True)
class Shared:
    """An answer as read."""

    code: Code
    state: State | None
    facts: Mapping[Fact, Match]


def read_shared(
    content: bytes,
    platform: Platform,
    *,
    most: int,
    sent: Mapping[Fact, str],
) -> Shared:
    """Through all three layers.

    Args:
        content: as received.
        platform: the description.
        most: bytes.
        sent: what was sent, by which `0` to `3` say that it is right, and which may be echoed.

    Raises:
        Malformed: not JSON, or not of these layers; names the member.
        NotPassedOn: nothing was said about a license.
        Another: see there.
    """
    head, data = _service(_platform(content, platform, most), most)
    if head != "0":
        told = HEADS[platform.codes].get(head)
        if told is None:
            raise NotPassedOn(Trouble.REFUSED, f"head {shown(head)}")
        return Shared(told[0], told[1], {})
    _check_echo(data, sent)
    code = RESULTS.get(_word(data.get(platform.result)) or "")
    if code is None:
        raise Malformed(f"data.{platform.result}: not a result code from 0 to 7")
    facts = {fact: Match.MATCH for fact in sent if code in _CORRECT}
    return Shared(code, None, facts)


def shown(code: str) -> str:
    """A code of others for an operator's eyes: letters and digits, few of them."""
    plain = "".join(char for char in code if char.isascii() and char.isalnum())
    return plain[:_MAX_SHOWN] or "without a name"


def platform_code(document: Mapping[str, object], platform: Platform) -> None:
    """Raise `NotPassedOn` unless the platform's code is one of its good ones, or `Malformed`."""
    code = _word(document.get("code"))
    if code is None:
        raise Malformed("code: neither a text nor an integer")
    if code in platform.good:
        return
    trouble = Trouble.REFUSED
    if code in platform.secret_expired:
        trouble = Trouble.SECRET_EXPIRED
    elif code in platform.clock_wrong:
        trouble = Trouble.CLOCK
    raise NotPassedOn(trouble, f"code {shown(code)}")


def _platform(content: bytes, platform: Platform, most: int) -> Mapping[str, object]:
    """The service's envelope: in `data` of the platform's, as an object or as JSON in a text."""
    document = read_json_object(content, JsonLimits(size=most, foreign=True))
    if "head" in document:
        return document
    platform_code(document, platform)
    inner = document.get("data")
    if isinstance(inner, str):
        octets = inner.encode("utf-8", "surrogatepass")
        return read_json_object(octets, JsonLimits(size=most, foreign=True))
    if not isinstance(inner, dict):
        raise Malformed("data: neither an object nor JSON in a text")
    return inner


def _service(envelope: Mapping[str, object], most: int) -> tuple[str, Mapping[str, object]]:
    """`head.status` and `data`."""
    head = envelope.get("head")
    status = _word(head.get("status")) if isinstance(head, dict) else None
    if status is None:
        raise Malformed("head.status: neither a text nor an integer")
    if status != "0":
        return status, {}
    data = envelope.get("data")
    if isinstance(data, str):
        octets = data.encode("utf-8", "surrogatepass")
        return status, read_json_object(octets, JsonLimits(size=most, foreign=True))
    if not isinstance(data, dict):
        raise Malformed("data: not an object")
    return status, data


def _check_echo(data: Mapping[str, object], sent: Mapping[Fact, str]) -> None:
    """What it names of the license has to be what was asked about."""
    for name, fact in _ECHOED.items():
        said = _word(data.get(name))
        if said and fact in sent and fold(fact, said) != fold(fact, sent[fact]):
            raise Another(f"{name} is not the one asked about")


def _word(value: object) -> str | None:
    """A code, written as text or as an integer."""
    match value:
        case bool():
            return None
        case int():
            return str(value)
        case str():
            return value.strip() or None
        case _:
            return None
