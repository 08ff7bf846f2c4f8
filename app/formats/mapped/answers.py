"""What an answer in another's form says, in our words. Nothing here is anybody's signed word."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed
from app.domain.identifier import Identifier
from app.domain.issuer import Code, Match, State
from app.domain.license import Fact
from app.domain.spelling import fold
from app.formats.mapped.description import AnswerRules, FactRule, Moment
from app.formats.mapped.expressions import Expression

BEIJING: Final = timezone(timedelta(hours=8))
LONG_TERM: Final = "长期"
_ECHOED: Final = {"identifier": Fact.IDENTIFIER, "number": Fact.NUMBER, "type": Fact.TYPE}
_DATE: Final = re.compile(r"(\d{4})[-/年]?(\d{2})[-/月]?(\d{2})日?", re.ASCII)
_SPEAKS_OF_ONE: Final = frozenset({Code.IN_FORCE, Code.NOT_YET, Code.SUSPENDED, Code.ENDED})


class NotOk(Exception):
    """It says itself that it is no answer: an error of its own, not a word about a license."""


class Another(Exception):
    """It speaks of something else than was asked; says which member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer as read."""

    code: Code
    facts: Mapping[Fact, Match]
    document: Match
    state: State | None
    since: date | None
    until: date | None
    as_of: datetime | None


def read_answer(
    content: bytes,
    rules: AnswerRules,
    *,
    most: int,
    asked: Mapping[str, str],
    stated: Mapping[Fact, object],
    shown: bool,
) -> Said:
    """Every member that the rules name.

    Args:
        content: as received.
        rules: of the description.
        most: bytes.
        asked: name → value of what the license is asked by; to be echoed.
        stated: what is to be compared.
        shown: digests of a file went with the question.

    Raises:
        Malformed: not JSON, or not as the rules have it; names the member.
        NotOk, Another: see there.
    """
    data = read_json_object(content, JsonLimits(size=most, foreign=True))
    if rules.ok is not None and rules.ok.of(data) is not True:
        raise NotOk
    word = _word(rules.outcome.of(data))
    code = None if word is None else rules.outcomes.get(word)
    if code is None:
        raise Malformed("outcome: a word that is not among outcomes")
    speaks = code in _SPEAKS_OF_ONE
    _check_echo(data, rules.echo, asked, needed=speaks)
    facts = {fact: _fact(rules.facts.get(fact), data, fact, v) for fact, v in stated.items()}
    document = _same(rules.document, data) if shown else Match.UNKNOWN
    return Said(
        code=code,
        facts={fact: _of_one(match, speaks=speaks) for fact, match in facts.items()},
        document=_of_one(document, speaks=speaks),
        state=_state(rules, data, code),
        since=_date(rules.since, data),
        until=_date(rules.until, data),
        as_of=_moment(rules.as_of, data, rules.moment),
    )


def _of_one(match: Match, *, speaks: bool) -> Match:
    """Of a license there is not, nothing matches, whatever a flag says."""
    return Match.UNKNOWN if match is Match.MATCH and not speaks else match


def _word(value: object) -> str | None:
    """As it would be written in JSON, without quotes."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return value.strip()
        case _:
            return None


def _check_echo(
    data: object, echo: Mapping[str, Expression], asked: Mapping[str, str], *, needed: bool
) -> None:
    """What speaks of a license has to say of which."""
    for name, expression in echo.items():
        if name not in asked:
            continue
        said = _word(expression.of(data))
        if not said:
            if needed:
                raise Another(f"{name} is not echoed")
        elif fold(_ECHOED[name], said) != fold(_ECHOED[name], asked[name]):
            raise Another(f"{name} is not the one asked about")


def _fact(rule: FactRule | None, data: object, fact: Fact, ours: object) -> Match:
    if rule is None:
        return Match.UNKNOWN
    if rule.same is not None:
        return _same(rule.same, data)
    if rule.value is None:
        return Match.UNKNOWN
    theirs = rule.value.of(data)
    if fact is Fact.DATES:
        return _dates(theirs, ours)
    word = _word(theirs)
    if not word or not isinstance(ours, str):
        return Match.UNKNOWN
    return Match.MATCH if fold(fact, word) == fold(fact, ours) else Match.DIFFERS


def _same(expression: Expression | None, data: object) -> Match:
    """True and false; everything else is not said."""
    said = None if expression is None else expression.of(data)
    if said is True:
        return Match.MATCH
    return Match.DIFFERS if said is False else Match.UNKNOWN


def _dates(theirs: object, ours: object) -> Match:
    """`{from, until}` on both sides; what one side does not state is not compared."""
    if not isinstance(theirs, Mapping) or not isinstance(ours, Mapping):
        return Match.UNKNOWN
    pairs = []
    for end in ("from", "until"):
        word, known = _word(theirs.get(end)), ours.get(end)
        if word and known:
            pairs.append((LONG_TERM if word == LONG_TERM else _day(word, end), known))
    if not pairs:
        return Match.UNKNOWN
    return Match.MATCH if all(said == known for said, known in pairs) else Match.DIFFERS


def _state(rules: AnswerRules, data: object, code: Code) -> State | None:
    if rules.state is None:
        return None
    word = _word(rules.state.of(data))
    if not word:
        return None
    state = rules.states.get(word)
    if state is None:
        raise Malformed("state: a word that is not among states")
    if code is Code.IN_FORCE and state is not State.ISSUED:
        raise Malformed("state: contradicts outcome 0")
    return state


def _date(expression: Expression | None, data: object) -> date | None:
    if expression is None:
        return None
    word = _word(expression.of(data))
    return None if not word or word == LONG_TERM else _day(word, expression.text)


def _day(word: str, place: str) -> date:
    found = _DATE.match(word)
    try:
        if found is not None:
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    raise Malformed(f"{place}: not a date")


def _moment(expression: Expression | None, data: object, form: Moment) -> datetime | None:
    if expression is None:
        return None
    value = expression.of(data)
    if value is None:
        return None
    try:
        if form is Moment.BEIJING:
            at = datetime.fromisoformat(str(value))
            return at.replace(tzinfo=at.tzinfo or BEIJING).astimezone(UTC)
        seconds = int(str(value)) if form is Moment.SECONDS else int(str(value)) / 1000
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Malformed(f"{expression.text}: not a time") from None


def subject_of(
    identifier: Identifier | None, number: str | None, type: str | None
) -> dict[str, str]:
    """By what a license is asked about."""
    named = {
        "identifier": str(identifier) if identifier else None,
        "number": number,
        "type": identifier.type if identifier else type,
    }
    return {name: value for name, value in named.items() if value}
