"""What a reply to a good question says of the endpoint: which item it fails, if any."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from app.crypto.jose import CompactLimits, split_compact
from app.domain.errors import Malformed
from app.domain.issuer import Answered, Silence, Unreachable
from app.federation.answer import TYP
from app.federation.lines import SIGNED
from app.federation.trial.asking import Reply
from app.federation.trial.items import READABLE, Finding, Item, failed, passed, unchecked

_WAY: Final[Mapping[Silence, Item]] = MappingProxyType(
    {
        Silence.FORBIDDEN_ADDRESS: Item.ADDRESS,
        Silence.CONNECTION: Item.CONNECTION,
        Silence.TIMEOUT: Item.DEADLINE,
        Silence.BUSY: Item.DEADLINE,
        Silence.STATUS: Item.STATUS,
        Silence.ENCODING: Item.ENCODING,
        Silence.OVERSIZED: Item.SIZE,
        Silence.MEDIA_TYPE: Item.CONTENT_TYPE,
        Silence.MALFORMED: Item.HTTP,
    }
)
_NAMED: Final[Mapping[str, Item]] = MappingProxyType(
    {
        "iss": Item.ISSUER,
        "aud": Item.AUDIENCE,
        **dict.fromkeys(("inquiry", "identifier", "type", "version"), Item.ECHO),
        **dict.fromkeys(("iat", "as_of"), Item.CLOCK),
    }
)
"""By the member a message begins with."""
_NOT_LET_IN: Final = frozenset({"401", "403"})


def judge(reply: Reply) -> Iterator[Finding]:
    """Everything that makes an answer readable, up to what does not."""
    fault = _fault(reply)
    for item in READABLE:
        if fault is not None and item is fault[0]:
            yield failed(*fault)
            return
        yield passed(item, _seen(item, reply))


def trouble(item: Item, reply: Reply) -> Finding:
    """Why a later question has no usable answer.

    A status is about that question; anything else is the fault it would be at any question.
    """
    fault = _fault(reply)
    match reply.came:
        case Unreachable(Silence.STATUS, "429" | "503" as status):
            return unchecked(item, f"HTTP {status}: too much at once, try again later")
        case Unreachable(Silence.STATUS, status):
            return failed(item, f"HTTP {status} instead of an answer")
        case _ if fault is not None:
            return failed(fault[0], f"{fault[1]} (at {item})")
    return failed(item, "no usable answer")


def _fault(reply: Reply) -> tuple[Item, str] | None:
    match reply.came:
        case Unreachable(Silence.STATUS, status) if status in _NOT_LET_IN:
            return Item.ADMITTED, f"HTTP {status}"
        case Unreachable(Silence.STATUS, status):
            return Item.STATUS, f"HTTP {status}"
        case Unreachable(why, detail):
            return _WAY.get(why, Item.CONNECTION), detail or why.value
        case came if came.media_type != SIGNED:
            return Item.CONTENT_TYPE, f"{came.media_type}: an answer without a signature"
        case came:
            misshapen = _shape(came.content)
    if misshapen:
        return Item.TOKEN, misshapen
    if isinstance(reply.said, Unreachable):
        return _of_token(reply.said), reply.said.detail
    return None


def _shape(content: bytes) -> str:
    """What is wrong with it as a token, before anything in it is believed."""
    try:
        compact = split_compact(content, CompactLimits(token=len(content)))
    except Malformed as broken:
        return str(broken)
    return "" if compact.typ == TYP else f"header: typ is not {TYP}"


def _of_token(said: Unreachable) -> Item:
    named = _NAMED.get(said.detail.replace(":", " ").partition(" ")[0])
    match said.why:
        case Silence.SIGNATURE:
            return Item.SIGNATURE
        case Silence.CLOCK:
            return Item.CLOCK
        case _:
            return named or Item.MEMBERS


def _seen(item: Item, reply: Reply) -> str:
    if item is Item.DEADLINE:
        return f"{reply.seconds * 1000:.0f} ms"
    if item is Item.CLOCK and isinstance(reply.said, Answered):
        made = reply.members.get("iat")
        asked = int(reply.question.asked_at.timestamp())
        return f"{made - asked:+} s" if isinstance(made, int) else ""
    return ""
