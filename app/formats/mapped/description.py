"""A description read to the last member, and refused by the member that is wrong.

{"url": "https://host/api/{type}/check", "method": "POST",
 "headers": {"X-Token": "{secret:token}"}, "query": {"no": "{number}"},
 "body": {"certNo": "{number}", "name": "{holder?}"}, "clear_facts": true,
 "answer": {"ok": "code == '200'", "outcome": "data.status", "outcomes": {"1": 0},
            "echo": {"number": "data.certNo"}, "facts": {"holder": {"value": "data.name"}}}}
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from app.domain.issuer import Code, State
from app.domain.license import Fact
from app.domain.reader import Reader, refuse
from app.formats.mapped.expressions import Expression, read_expression
from app.formats.mapped.templates import CALL, HOLDER, SUBJECT, Template, read_template

MAX_DESCRIPTION: Final = 32 * 1024
"""Characters of the whole."""
MAX_FIELDS: Final = 32
"""Headers, query values, members of one object, items of one list."""
MAX_DEPTH: Final = 6
MAX_CODES: Final = 64
ECHOES: Final = ("identifier", "number", "type")

_URL: Final = re.compile(
    r"(?P<base>https?://[^/{}?#\s]+)(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@/%{}?-]*)?"
)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_OURS: Final = frozenset(
    {
        *("host", "content-length", "content-type", "transfer-encoding", "connection", "te"),
        *("accept-encoding", "accept", "trailer", "upgrade", "expect", "keep-alive", "cookie"),
        *("proxy-authorization", "proxy-connection", "content-encoding", "range", "user-agent"),
    }
)
"""Headers that are this node's own, or make another protocol of it."""
_DOTS: Final = re.compile(r"(?:\.|%2[eE]){1,2}")


class Method(StrEnum):
    GET = "GET"
    POST = "POST"


class Moment(StrEnum):
    """How a time is written."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    BEIJING = "beijing"
    """2026-01-31 12:00:00, or RFC 3339."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted."""

    shape: object
    """Templates, in objects and lists."""
    form: bool
    """As a form (application/x-www-form-urlencoded), else as JSON."""


@dataclass(frozen=True, slots=True)
class FactRule:
    """How the answer tells of one fact: its own value, or whether ours is right."""

    value: Expression | None = None
    same: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRules:
    """How an answer is read."""

    ok: Expression | None
    outcome: Expression
    outcomes: Mapping[str, Code]
    echo: Mapping[str, Expression]
    facts: Mapping[Fact, FactRule]
    document: Expression | None
    state: Expression | None
    states: Mapping[str, State]
    since: Expression | None
    until: Expression | None
    as_of: Expression | None
    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """An endpoint as data."""

    base: str
    """Scheme, host and port: fixed."""
    fixed: str
    """The path as far as no variable stands in it: what names the endpoint."""
    path: tuple[Template, ...]
    """Segments after the first slash."""
    method: Method
    query: Mapping[str, Template]
    headers: Mapping[str, Template] = field(repr=False)
    body: Body | None
    clear_facts: bool
    """Facts of the holder may be sent in clear inside TLS."""
    answer: AnswerRules

    @property
    def url(self) -> str:
        """The part of the URL that never changes."""
        return self.base + self.fixed


@lru_cache(512)
def stored(text: str) -> Description:
    """A description as it was saved. Raises `Refused`."""
    return read_description(json.loads(text))


def read_description(document: object) -> Description:
    """Raises `Refused`: it names the member and how to mend it."""
    top = Reader.of(document, "")
    top.close(
        required={"url", "answer"},
        optional={"method", "query", "headers", "body", "form", "clear_facts", "comment"},
    )
    if len(json.dumps(document, ensure_ascii=False)) > MAX_DESCRIPTION:
        refuse("description", f"is longer than {MAX_DESCRIPTION} characters")
    base, fixed, path = _url(top)
    method = _method(top)
    clear = top.boolean("clear_facts") if top.given("clear_facts") else False
    body = _body(top, method)
    if body is not None and not clear and _holder_in(body.shape):
        refuse(
            "clear_facts",
            "is not true, and the body carries facts of the holder: they would go in clear inside "
            "TLS. Say so by clear_facts: true, or leave them out",
        )
    return Description(
        base=base,
        fixed=fixed,
        path=path,
        method=method,
        query=_templates(top, "query", SUBJECT | CALL),
        headers=_headers(top),
        body=body,
        clear_facts=clear,
        answer=_answer(top.inner("answer")),
    )


# ---- the request


def _method(top: Reader) -> Method:
    text = top.text("method") if top.given("method") else Method.POST.value
    try:
        return Method(text)
    except ValueError:
        refuse("method", f"is none of {', '.join(Method)}")


def _url(top: Reader) -> tuple[str, str, tuple[Template, ...]]:
    text = top.text("url")
    found = _URL.fullmatch(text)
    if found is None:
        refuse(
            "url",
            "is not https://host:port/path: variables stand in the path only, never in scheme, "
            "host or port, and a query has a member of its own",
        )
    segments = (found["path"] or "/").removeprefix("/").split("/")
    templates = tuple(
        read_template(f"url, segment {index}", segment, SUBJECT | CALL, secrets=False)
        for index, segment in enumerate(segments, start=1)
    )
    for segment, template in zip(segments, templates, strict=True):
        if _DOTS.fullmatch(segment):
            refuse("url", "has a path with dot segments")
        if any(variable.optional for variable in template.variables()):
            refuse("url", "has a variable that may be missing: in a path all are needed")
        if "?" in "".join(piece for piece in template.pieces if isinstance(piece, str)):
            refuse("url", "has a query; put it into the member query")
    fixed = [""]
    for segment, template in zip(segments, templates, strict=True):
        if any(template.variables()):
            fixed.append("")
            break
        fixed.append(segment)
    return found["base"], "/".join(fixed), templates


def _templates(
    top: Reader, name: str, allowed: frozenset[str], *, secrets: bool = False
) -> Mapping[str, Template]:
    if not top.given(name):
        return MappingProxyType({})
    each = top.inner(name)
    _few(each.place, each.members)
    return MappingProxyType(
        {
            key: read_template(each.at(key), each.text(key), allowed, secrets=secrets)
            for key in each.members
        }
    )


def _headers(top: Reader) -> Mapping[str, Template]:
    """Static but for secrets and what makes each call its own: no question ever steers one."""
    found = _templates(top, "headers", frozenset({"nonce", "now", "now_ms", "now_s"}), secrets=True)
    for name, template in found.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OURS:
            refuse(f"headers.{name}" if _HEADER.fullmatch(name) else "headers", "may not be set")
        plain = "".join(piece for piece in template.pieces if isinstance(piece, str))
        if not plain.isascii():
            refuse(f"headers.{name}", "is not ASCII")
    if len({name.lower() for name in found}) != len(found):
        refuse("headers", "names one header twice")
    return found


def _body(top: Reader, method: Method) -> Body | None:
    if top.given("body") and top.given("form"):
        refuse("form", "stands beside body: give one of them")
    name = "form" if top.given("form") else "body"
    if not top.given(name):
        return None
    if method is Method.GET:
        refuse(name, "goes with POST only")
    shape = _shape(name, top.members[name], 0)
    if name == "form" and not (
        isinstance(shape, Mapping) and all(isinstance(v, Template) for v in shape.values())
    ):
        refuse(name, "is not an object of texts")
    return Body(shape, form=name == "form")


def _shape(place: str, value: object, depth: int) -> object:
    if depth > MAX_DEPTH:
        refuse(place, f"is deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        return read_template(place, value, SUBJECT | CALL | HOLDER, secrets=True)
    if isinstance(value, dict):
        _few(place, value)
        return {key: _shape(f"{place}.{key}", inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        _few(place, value)
        return tuple(_shape(f"{place}[{i}]", v, depth + 1) for i, v in enumerate(value))
    if value is not None and not isinstance(value, int):
        refuse(place, "is neither text, integer, true, false, null, object nor list")
    return value


def _few(place: str, values: object) -> None:
    if isinstance(values, (Mapping, list)) and len(values) > MAX_FIELDS:
        refuse(place, f"has more than {MAX_FIELDS} members")


def templates_in(shape: object) -> Iterator[Template]:
    """Every template of a body."""
    match shape:
        case Template():
            yield shape
        case Mapping():
            for inner in shape.values():
                yield from templates_in(inner)
        case tuple():
            for inner in shape:
                yield from templates_in(inner)


def _holder_in(shape: object) -> bool:
    return any(v.name in HOLDER for template in templates_in(shape) for v in template.variables())


# ---- the answer


def _answer(each: Reader) -> AnswerRules:
    each.close(
        required={"outcome", "outcomes"},
        optional={
            *("ok", "echo", "facts", "document", "state", "states", "since", "until"),
            *("as_of", "time"),
        },
    )
    if each.given("state") != each.given("states"):
        refuse(each.at("states"), "goes with state: an expression, and what its words mean")
    return AnswerRules(
        ok=_optional(each, "ok"),
        outcome=read_expression(each.at("outcome"), each.text("outcome")),
        outcomes=_outcomes(each.inner("outcomes")),
        echo=_echo(each),
        facts=_facts(each),
        document=_optional(each, "document"),
        state=_optional(each, "state"),
        states=_states(each.inner("states")) if each.given("states") else MappingProxyType({}),
        since=_optional(each, "since"),
        until=_optional(each, "until"),
        as_of=_optional(each, "as_of"),
        moment=_moment(each),
    )


def _optional(each: Reader, name: str) -> Expression | None:
    return read_expression(each.at(name), each.text(name)) if each.given(name) else None


def _outcomes(each: Reader) -> Mapping[str, Code]:
    if not 0 < len(each.members) <= MAX_CODES:
        refuse(each.place, f"is empty, or has more than {MAX_CODES} words")
    found = {word: Code(each.integer(word, 0, 7)) for word in each.members}
    if Code.IN_FORCE not in found.values():
        refuse(each.place, "has no word for 0 (in force)")
    return MappingProxyType(found)


def _states(each: Reader) -> Mapping[str, State]:
    if not 0 < len(each.members) <= MAX_CODES:
        refuse(each.place, f"is empty, or has more than {MAX_CODES} words")
    known = {state.value: state for state in State}
    for word in each.members:
        if each.text(word) not in known:
            refuse(each.at(word), f"is none of {', '.join(known)}")
    return MappingProxyType({word: known[each.text(word)] for word in each.members})


def _echo(each: Reader) -> Mapping[str, Expression]:
    if not each.given("echo"):
        return MappingProxyType({})
    inner = each.inner("echo")
    inner.close(required=(), optional=ECHOES)
    return MappingProxyType(
        {name: read_expression(inner.at(name), inner.text(name)) for name in inner.members}
    )


def _facts(each: Reader) -> Mapping[Fact, FactRule]:
    if not each.given("facts"):
        return MappingProxyType({})
    inner = each.inner("facts")
    inner.close(required=(), optional=[fact.value for fact in Fact])
    return MappingProxyType({Fact(name): _fact(inner.inner(name)) for name in inner.members})


def _fact(each: Reader) -> FactRule:
    each.close(required=(), optional={"value", "same"})
    if each.given("value") == each.given("same"):
        refuse(each.place, "is not one of value (its own) and same (whether ours is right)")
    return FactRule(_optional(each, "value"), _optional(each, "same"))


def _moment(each: Reader) -> Moment:
    text = each.text("time") if each.given("time") else Moment.BEIJING.value
    try:
        return Moment(text)
    except ValueError:
        refuse(each.at("time"), f"is none of {', '.join(Moment)}")
