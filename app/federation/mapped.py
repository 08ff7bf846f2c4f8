"""Adapter `mapped`: an endpoint of others, spoken to as its description says (docs/mapped.md).

Its answers are nobody's signed word: they have the standing of unsigned answers (ADR 0008), and
count only where the server proved its name. Everything about sending is `app.federation.lines`.
"""

import json
import re
import secrets as random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Final, Protocol
from urllib.parse import quote, urlencode

from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import Malformed, Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import Answered, Endpoint, Inquiry, Match, Silence, Unreachable
from app.domain.license import Fact
from app.federation.egress import Destination
from app.federation.lines import UNSIGNED, Incoming, Outgoing
from app.federation.wire import FactsNotPrivate, NothingToAsk, plain_facts
from app.formats.mapped.answers import Another, NotOk, Said, read_answer, subject_of
from app.formats.mapped.description import Description, templates_in
from app.formats.mapped.templates import HOLDER, SECRET, Missing, Template

FORM: Final = "application/x-www-form-urlencoded"
BEIJING: Final = timezone(timedelta(hours=8))
NONCE_BYTES: Final = 16
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_DOTS: Final = frozenset({".", ".."})


class Secrets(Protocol):
    """What an operator keeps for the endpoints of one body, outside of the database."""

    def secret(self, owner: IssuerCode, name: str) -> str:
        """Raises `Unavailable` where it cannot be had."""


class NoSecrets:
    """There are none."""

    def secret(self, owner: IssuerCode, name: str) -> str:
        raise Unavailable(f"no secret {name} of {owner}")


def compose_mapped(
    inquiry: Inquiry,
    description: Description,
    where: Destination,
    *,
    secrets: Secrets,
    now: datetime,
) -> Outgoing:
    """Fill in the description for this question.

    Raises:
        NothingToAsk: the question lacks something that the description needs, or is about a past
            day: nothing in a description can say so, and the answer would be about today.
        FactsNotPrivate: facts of the holder would go in clear over an open line.
        Unavailable: a secret cannot be had.
    """
    if inquiry.at is not None:
        raise NothingToAsk("a time of its own: what would be answered is about today")
    values = _values(inquiry, now) | _facts(inquiry, description, where)
    for name in _secrets_of(description):
        values[SECRET + name] = secrets.secret(inquiry.endpoint.issuer, name)
    try:
        path = "/".join(_segment(template, values) for template in description.path)
        query = dict(_filled(description.query, values))
        headers = {name: _header(v) for name, v in _filled(description.headers, values)}
        content, media_type = _body(description, values)
    except Missing as exc:
        raise NothingToAsk(f"the question has no {exc}") from None
    url = f"{description.base}/{path}"
    if query:
        url += "?" + urlencode(query, quote_via=quote, safe="")
    if media_type:
        headers["Content-Type"] = media_type
    headers["Accept"] = UNSIGNED
    return Outgoing(url, content, headers, description.method.value, (UNSIGNED,))


def read_mapped(
    incoming: Incoming,
    description: Description,
    inquiry: Inquiry,
    endpoint: Endpoint,
    *,
    now: datetime,
    authenticated: bool,
) -> Answered | Unreachable:
    """What the answer says, by the rules of the description."""
    stated = {Fact(name): value for name, value in plain_facts(inquiry).items()}
    try:
        said = read_answer(
            incoming.content,
            description.answer,
            most=endpoint.max_answer,
            asked=subject_of(inquiry.identifier, inquiry.claims.number, inquiry.type),
            stated=stated,
            shown=bool(inquiry.digests),
        )
    except NotOk:
        return Unreachable(Silence.STATUS, "not ok, by its own word")
    except Another as other:
        return Unreachable(Silence.WRONG_QUESTION, str(other))
    except Malformed as broken:
        return Unreachable(Silence.MALFORMED, str(broken))
    if said.as_of is not None and said.as_of > now + CLOCK_SKEW:
        return Unreachable(Silence.CLOCK, "as_of is in the future")
    return _answered(said, inquiry, endpoint, now=now, authenticated=authenticated)


def _answered(
    said: Said, inquiry: Inquiry, endpoint: Endpoint, *, now: datetime, authenticated: bool
) -> Answered:
    return Answered(
        code=said.code,
        document=said.document,
        facts={fact: said.facts.get(fact, Match.UNKNOWN) for fact in inquiry.compare},
        speaker=endpoint.speaker,
        signed=False,
        authenticated=authenticated,
        as_of=said.as_of or now,
        state=said.state,
        since=said.since,
        until=said.until,
    )


def _values(inquiry: Inquiry, now: datetime) -> dict[str, str]:
    """Everything but facts of the holder and secrets; what is not known is not there."""
    identifier, local = inquiry.identifier, now.astimezone(BEIJING)
    digests = {name: value.hex() for name, value in inquiry.digests.items()}
    known: dict[str, str | None] = {
        "identifier": str(identifier) if identifier else None,
        "issuer": identifier.issuer if identifier else None,
        "serial": identifier.serial if identifier else None,
        "version": identifier.version if identifier else None,
        "type": identifier.type if identifier else inquiry.type,
        "number": inquiry.claims.number,
        "purpose": inquiry.purpose,
        "sm3": digests.get("sm3"),
        "sha256": digests.get("sha256"),
        "nonce": random.token_hex(NONCE_BYTES),
        "now": local.strftime("%Y-%m-%d %H:%M:%S"),
        "now_s": str(int(now.timestamp())),
        "now_ms": str(int(now.timestamp() * 1000)),
    }
    return {name: value for name, value in known.items() if value}


def _facts(inquiry: Inquiry, description: Description, where: Destination) -> dict[str, str]:
    """What is said about the holder, where the description sends it. Raises `FactsNotPrivate`."""
    shape = description.body.shape if description.body else None
    wanted = {v.name for template in templates_in(shape) for v in template.variables()} & HOLDER
    if not wanted or inquiry.relaying is not None:  # a relay has none: they are sealed for others
        return {}
    claims, compare = inquiry.claims, inquiry.compare
    dates = Fact.DATES in compare
    known = {
        "holder": claims.holder if Fact.HOLDER in compare else None,
        "holder_code": claims.holder_code if Fact.HOLDER_CODE in compare else None,
        "valid_from": claims.valid_from.isoformat() if dates and claims.valid_from else None,
        "valid_until": claims.valid_until.isoformat() if dates and claims.valid_until else None,
    }
    found = {name: value for name, value in known.items() if value and name in wanted}
    if found and not (where.secure or where.loopback):
        raise FactsNotPrivate("the line is open: facts of the holder go over TLS only")
    return found


def _secrets_of(description: Description) -> Iterator[str]:
    shape = description.body.shape if description.body else None
    for template in (*description.headers.values(), *templates_in(shape)):
        yield from template.secrets()


def _segment(template: Template, values: Mapping[str, str]) -> str:
    filled = template.fill(values, lambda value: quote(value, safe="")) or ""
    if filled in _DOTS:
        raise NothingToAsk("a value that would be a step in the path")
    return filled


def _filled(
    templates: Mapping[str, Template], values: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Without what is optional and not known."""
    for name, template in templates.items():
        value = template.fill(values)
        if value is not None:
            yield name, value


def _header(value: str) -> str:
    if not _HEADER_VALUE.fullmatch(value):
        raise Unavailable("a secret of this endpoint cannot stand in a header")
    return value


def _body(description: Description, values: Mapping[str, str]) -> tuple[bytes, str]:
    body = description.body
    if body is None:
        return b"", ""
    shape = _shaped(body.shape, values)
    if body.form and isinstance(shape, Mapping):
        return urlencode(shape, quote_via=quote, safe="").encode(), FORM
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode(), UNSIGNED


def _shaped(shape: object, values: Mapping[str, str]) -> object:
    """Members and items that are optional and not known are left out."""
    match shape:
        case Template():
            return shape.fill(values)
        case Mapping():
            filled = {name: (inner, _shaped(inner, values)) for name, inner in shape.items()}
            return {n: value for n, (inner, value) in filled.items() if not _absent(inner, value)}
        case tuple():
            pairs = [(inner, _shaped(inner, values)) for inner in shape]
            return [value for inner, value in pairs if not _absent(inner, value)]
        case _:
            return shape


def _absent(shape: object, value: object) -> bool:
    return value is None and isinstance(shape, Template)
