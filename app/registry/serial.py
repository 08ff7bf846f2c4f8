"""Facts, answers and evidence as JSON and back: what the journal keeps, and a replay judges.

Driven by the types of the domain, which know nothing of it. Bytes are base64, times RFC 3339. What
does not fit the types exactly is refused: a stored fact is judged as it was, or not at all.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar, assert_never

from pydantic import ConfigDict, TypeAdapter, ValidationError

from app.domain.errors import Malformed
from app.domain.evidence import Evidence
from app.domain.facts import Facts
from app.domain.issuer import Answered, IssuerAnswer, NotAsked, Unreachable

Value = TypeVar("Value")

_CONFIG: Final = ConfigDict(
    ser_json_bytes="base64",
    val_json_bytes="base64",
    ser_json_timedelta="iso8601",
    extra="forbid",
    strict=True,
)

# In a union with None, because Pydantic takes a configuration for dataclasses of others only so.
_FACTS: Final = TypeAdapter[Facts | None](Facts | None, config=_CONFIG)
_EVIDENCE: Final = TypeAdapter[tuple[Evidence, ...]](tuple[Evidence, ...], config=_CONFIG)
_REPORT: Final = TypeAdapter[dict[str, Any]](dict[str, Any])
_ANSWERS: Final[Mapping[str, TypeAdapter[Any]]] = MappingProxyType(
    {
        "answered": TypeAdapter[Any](Answered | None, config=_CONFIG),
        "unreachable": TypeAdapter[Any](Unreachable | None, config=_CONFIG),
        "not_asked": TypeAdapter[Any](NotAsked | None, config=_CONFIG),
    }
)
"""What an answer is stands beside it, so that it never depends on which of its words are known."""

_TAGGED: Final = re.compile(r'\{\s*"([a-z_]+)"\s*:\s*(.*)\}\s*\Z', re.DOTALL)


def dump_facts(facts: Facts | None) -> str | None:
    """JSON; None stays None, so that SQL sees it too."""
    return None if facts is None else _dump(_FACTS, facts)


def load_facts(text: str) -> Facts:
    """Raises `Malformed` for anything but dumped facts."""
    facts = _load(_FACTS, text)
    if facts is None:
        raise Malformed("stored facts: none")
    return facts


def dump_answer(answer: IssuerAnswer) -> str:
    """JSON of one member, named after what the answer is."""
    match answer:
        case Answered():
            kind = "answered"
        case Unreachable():
            kind = "unreachable"
        case NotAsked():
            kind = "not_asked"
        case _:
            assert_never(answer)
    return f'{{"{kind}": {_dump(_ANSWERS[kind], answer)}}}'


def load_answer(text: str) -> IssuerAnswer:
    """Raises `Malformed` for anything but a dumped answer."""
    tagged = _TAGGED.match(text)
    if tagged is None or tagged[1] not in _ANSWERS:
        raise Malformed("stored answer: of no known kind")
    answer: IssuerAnswer | None = _load(_ANSWERS[tagged[1]], tagged[2])
    if answer is None:
        raise Malformed("stored answer: none")
    return answer


def dump_evidence(evidence: tuple[Evidence, ...]) -> str:
    """JSON, in the order of judgement."""
    return _dump(_EVIDENCE, evidence)


def load_evidence(text: str) -> tuple[Evidence, ...]:
    """Raises `Malformed` for anything but dumped evidence."""
    return _load(_EVIDENCE, text)


def dump_report(content: bytes) -> str:
    """A report in canonical form, as JSONB takes it."""
    return _out(content)


def load_report(text: str) -> dict[str, Any]:
    """Raises `Malformed` for anything but a JSON object."""
    return _load(_REPORT, text)


def _dump(adapter: TypeAdapter[Any], value: object) -> str:
    # Read-only mappings are no surprise to warn of, but unknown to the serializer.
    return _out(adapter.dump_json(value, fallback=_writable, warnings=False))


def _writable(value: object) -> dict[Any, Any]:
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no stored form")


def _load(adapter: TypeAdapter[Value], text: str) -> Value:
    try:
        return adapter.validate_json(_in(text))
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Malformed(f"stored JSON: {first['type']} at {place}") from None


# A caller may type U+0000, which JSONB cannot hold. It is written as two characters that begin with
# a noncharacter (U+10FFFF), and so is that noncharacter: nothing is lost and nothing collides.
_ESCAPED: Final = {
    b"\\u0000": "\U0010ffff0".encode(),
    "\U0010ffff".encode(): "\U0010ffff1".encode(),
}
_TO_ESCAPE: Final = re.compile(rb"\\\\|\\u0000|" + "\U0010ffff".encode())
_UNESCAPED: Final = {"\U0010ffff0": "\\u0000", "\U0010ffff1": "\U0010ffff"}
_TO_UNESCAPE: Final = re.compile("\U0010ffff[01]")


def _out(raw: bytes) -> str:
    text = raw.decode()
    if "\\u0000" not in text and "\U0010ffff" not in text:
        return text
    return _TO_ESCAPE.sub(lambda m: _ESCAPED.get(m[0], m[0]), raw).decode()


def _in(text: str) -> str:
    return _TO_UNESCAPE.sub(lambda m: _UNESCAPED[m[0]], text)
