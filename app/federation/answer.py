"""An answer as it comes back: IVP/1 (docs/ivp.md), `typ: ivp-answer+jwt`, read to the last member.

Whatever the bytes, the result is a value: `Answered` for an answer to this very question from the
party that was asked, else `Unreachable` with the reason. Details name rules and places only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from app.crypto.jose import (
    CompactLimits,
    JsonLimits,
    read_json_object,
    read_time,
    split_compact,
)
from app.crypto.schemes import SCHEME_BY_JOSE, verify_jose
from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import InvalidSignature, Malformed
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import (
    Answered,
    AnswerKey,
    Code,
    Endpoint,
    HomeKeys,
    Match,
    Silence,
    Speaker,
    State,
    Unreachable,
)
from app.domain.license import Fact
from app.domain.scheme import Scheme
from app.federation.wire import Original, Question

TYP: Final = "ivp-answer+jwt"

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MATCHES: Final = MappingProxyType(
    {"match": Match.MATCH, "mismatch": Match.DIFFERS, "unknown": Match.UNKNOWN}
)
_DOCUMENTS: Final = MappingProxyType(
    {"match": Match.MATCH, "differs": Match.DIFFERS, "unknown": Match.UNKNOWN}
)


@dataclass(frozen=True, slots=True)
class _Unusable(Exception):
    why: Silence
    detail: str


def read_signed(
    body: bytes, question: Question, endpoint: Endpoint, *, now: datetime, authenticated: bool
) -> Answered | Unreachable:
    """An `application/jose` body: signature first, then everything it says.

    Args:
        body: as received.
        question: which was asked.
        endpoint: with the keys that count; the key decides its scheme.
        now: when the body had arrived.
        authenticated: the channel proved whose it is.
    """
    try:
        payload, scheme = _verified(body, endpoint.answer_keys, endpoint.max_answer)
        if _given(payload, "relayed"):
            said = _relayed(payload, question, endpoint, now)
            return replace(said, authenticated=authenticated, algorithms=(scheme, *said.algorithms))
        answered = _read(payload, question, _party(payload, question), now)
    except Malformed as broken:
        return Unreachable(Silence.MALFORMED, str(broken))
    except InvalidSignature as broken:
        return Unreachable(Silence.SIGNATURE, str(broken))
    except _Unusable as unusable:
        return Unreachable(unusable.why, unusable.detail)
    token = body.decode("ascii")
    if _unsigned_at_home(payload):  # repeated after somebody, whoever's endpoint this is
        return replace(answered, authenticated=authenticated)
    over_original = question.original is not None and payload["inquiry"] != question.digest
    return replace(
        answered,
        speaker=endpoint.speaker,
        signed=True,
        authenticated=authenticated,
        token=token,
        original=token if over_original else "",
        algorithms=(scheme,),
    )


def read_unsigned(
    body: bytes, question: Question, endpoint: Endpoint, *, now: datetime, authenticated: bool
) -> Answered | Unreachable:
    """An `application/json` body: the same members, nobody's word, and never kept as one."""
    try:
        payload = read_json_object(body, JsonLimits(size=endpoint.max_answer))
        answered = _read(payload, question, _Party(question.issuer, _own(question)), now)
        repeats = _given(payload, "relayed") or _unsigned_at_home(payload)
    except Malformed as broken:
        return Unreachable(Silence.MALFORMED, str(broken))
    except _Unusable as unusable:
        return Unreachable(unusable.why, unusable.detail)
    speaker = Speaker.UPSTREAM if repeats else endpoint.speaker
    return replace(answered, speaker=speaker, authenticated=authenticated)


@dataclass(frozen=True, slots=True)
class _Party:
    """Who has to have spoken, and over whose question."""

    issuer: IssuerCode
    over: Original


def _own(question: Question) -> Original:
    return Original(question.node, question.digest)


def _party(payload: Mapping[str, object], question: Question) -> _Party:
    """Whom this node asked; over its question, or over the one it hands on."""
    home = question.original
    over_original = home is not None and payload.get("inquiry") == home.digest
    return _Party(question.issuer, home if home and over_original else _own(question))


def _unsigned_at_home(payload: Mapping[str, object]) -> bool:
    """A relay says that what it repeats was nobody's signed word."""
    said = payload.get("unsigned", False)
    if not isinstance(said, bool):
        raise Malformed("unsigned: not a boolean")
    return said


def _relayed(
    payload: Mapping[str, object], question: Question, endpoint: Endpoint, now: datetime
) -> Answered:
    """A relay's answer with the issuer's own in it: where its keys are known, that one counts.

    Else it is a word at second hand, also from an endpoint of the issuer's. The relay's words are
    read all the same: an answer with a wrong frame is no answer.
    """
    outer = _read(payload, question, _party(payload, question), now)
    token = _text(payload, "relayed")
    if not endpoint.home_keys:  # an issuer nobody here knows: the relay's word, and no more
        return replace(outer, speaker=Speaker.UPSTREAM, signed=True, original=token)
    try:
        home, inner, scheme = _home(token.encode("ascii", "replace"), endpoint)
        said = _read(inner, question, _Party(home.body, question.home), now)
        nobodys, repeats = _unsigned_at_home(inner), _given(inner, "relayed")
    except Malformed as broken:
        raise Malformed(f"relayed: {broken}") from broken
    except InvalidSignature as broken:
        raise InvalidSignature(f"relayed: {broken}") from broken
    except _Unusable as unusable:
        raise _Unusable(unusable.why, f"relayed: {unusable.detail}") from unusable
    if nobodys:  # repeated after somebody, and so no more than it is at its own endpoint
        return said
    return replace(
        said,
        speaker=Speaker.UPSTREAM if repeats else home.speaker,
        signed=True,
        token="" if repeats else token,
        original="" if repeats else token,
        relayed_by=endpoint.issuer,
        algorithms=(scheme,),
    )


def _home(token: bytes, endpoint: Endpoint) -> tuple[HomeKeys, dict[str, object], Scheme]:
    """Whose word it claims to be, held to the keys of that body, and what it says."""
    most = endpoint.max_answer
    hint = split_compact(token, CompactLimits(token=most)).payload
    speaks = _text(read_json_object(hint, JsonLimits(size=most)), "iss")
    for home in endpoint.home_keys:
        if home.body == speaks:
            return home, *_verified(token, home.keys, most)
    raise InvalidSignature("iss is neither the issuer nor a delegate of its for answers")


def _verified(
    token: bytes, keys: Sequence[AnswerKey], most: int
) -> tuple[dict[str, object], Scheme]:
    """The payload, which a registered key signed as an answer. The key decides its scheme."""
    compact = split_compact(token, CompactLimits(token=most))
    if compact.typ != TYP:
        raise Malformed(f"header: typ is not {TYP}")
    key = _key(keys, compact.kid)
    if SCHEME_BY_JOSE.get(compact.alg) is not key.scheme:
        raise InvalidSignature("alg is not that of the registered key")
    verify_jose(key.scheme, spki=key.spki, message=compact.signing_input, value=compact.signature)
    return read_json_object(compact.payload, JsonLimits(size=most)), key.scheme


def _key(keys: Sequence[AnswerKey], kid: str) -> AnswerKey:
    for key in keys:
        if key.key_id == kid:
            return key
    raise InvalidSignature("kid is none of the answer keys registered for the endpoint")


def _read(
    payload: Mapping[str, object], question: Question, party: _Party, now: datetime
) -> Answered:
    """Speaker, signature and channel are for the caller to say."""
    _check_parties(payload, party)
    identifier = _check_subject(payload, question, party)
    as_of = _check_clock(payload, question, now)
    code = _code(payload)
    state = _state(payload, code)
    successor = _identifier(payload, "successor")
    if successor is not None and str(successor) == (question.identifier or identifier):
        raise Malformed("successor: the license itself")
    return Answered(
        code=code,
        document=_document(payload, question),
        facts=_facts(payload, question),
        speaker=Speaker.UPSTREAM,
        signed=False,
        authenticated=False,
        as_of=as_of,
        next_update=_time(payload, "next_update") if _given(payload, "next_update") else None,
        state=state,
        since=_date(payload, "since"),
        until=_date(payload, "until"),
        successor=successor,
    )


def _check_parties(payload: Mapping[str, object], party: _Party) -> None:
    if _text(payload, "iss") != party.issuer:
        raise _Unusable(Silence.WRONG_PARTY, "iss is not who was asked")
    if _text(payload, "aud") != party.over.node:
        raise _Unusable(Silence.WRONG_PARTY, "aud is not this node")


def _check_subject(payload: Mapping[str, object], question: Question, party: _Party) -> str | None:
    """The digest binds the answer to the question; what it echoes must not say otherwise."""
    if _text(payload, "inquiry") != party.over.digest:
        raise _Unusable(Silence.WRONG_QUESTION, "inquiry is not the digest of the question")
    found = _identifier(payload, "identifier")
    if question.identifier is not None and str(found) != question.identifier:
        raise _Unusable(Silence.WRONG_QUESTION, "identifier is not the one asked about")
    type = question.type
    if type is None and question.coded and found is not None:
        type = found.type  # the code is of one license, and the asker knew nothing of it
    if question.identifier is None and found is not None and found.type != type:
        raise _Unusable(Silence.WRONG_QUESTION, "identifier is of another type")
    if _given(payload, "type") and _text(payload, "type") != type:
        raise _Unusable(Silence.WRONG_QUESTION, "type is not the one asked about")
    if found is None:
        return None
    if _given(payload, "version") and _text(payload, "version") != found.version:
        raise _Unusable(Silence.WRONG_QUESTION, "version is not that of the identifier")
    return str(found)


def _check_clock(payload: Mapping[str, object], question: Question, now: datetime) -> datetime:
    made, as_of = _time(payload, "iat"), _time(payload, "as_of")
    if made < question.asked_at - CLOCK_SKEW:
        raise _Unusable(Silence.CLOCK, "iat is before the question")
    if made > now + CLOCK_SKEW:
        raise _Unusable(Silence.CLOCK, "iat is in the future")
    if as_of > now + CLOCK_SKEW:
        raise _Unusable(Silence.CLOCK, "as_of is in the future")
    return as_of


def _code(payload: Mapping[str, object]) -> Code:
    value = _integer(payload, "outcome")
    try:
        return Code(value)
    except ValueError:
        raise Malformed("outcome: not a code of GB/T 36906") from None


def _state(payload: Mapping[str, object], code: Code) -> State | None:
    if not _given(payload, "state"):
        return None
    try:
        state = State(_text(payload, "state"))
    except ValueError:
        raise Malformed("state: not one of IVP/1") from None
    if code is Code.IN_FORCE and state is not State.ISSUED:
        raise Malformed("state: contradicts outcome 0")
    return state


def _document(payload: Mapping[str, object], question: Question) -> Match:
    said = _DOCUMENTS.get(_text(payload, "document"))
    if said is None:
        raise Malformed("document: not match, differs or unknown")
    if said is not Match.UNKNOWN and not question.shown:
        raise _Unusable(Silence.WRONG_QUESTION, "document: speaks of a file that was not shown")
    return said


def _facts(payload: Mapping[str, object], question: Question) -> Mapping[Fact, Match]:
    """Of the names asked about only; a name left out is not compared."""
    facts = _required(payload, "facts")
    if not isinstance(facts, dict):
        raise Malformed("facts: not an object")
    said: dict[Fact, Match] = {}
    for fact in sorted(question.compare):
        word = facts.get(fact.value, "unknown")
        if not isinstance(word, str) or word not in _MATCHES:
            raise Malformed(f"facts: {fact.value} is not match, mismatch or unknown")
        said[fact] = _MATCHES[word]
    return said


def _given(payload: Mapping[str, object], name: str) -> bool:
    """Null is absent."""
    return payload.get(name) is not None


def _required(payload: Mapping[str, object], name: str) -> object:
    if not _given(payload, name):
        raise Malformed(f"{name}: missing")
    return payload[name]


def _text(payload: Mapping[str, object], name: str) -> str:
    value = _required(payload, name)
    if not isinstance(value, str):
        raise Malformed(f"{name}: not a string")
    return value


def _integer(payload: Mapping[str, object], name: str) -> int:
    value = _required(payload, name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{name}: not an integer")
    return value


def _time(payload: Mapping[str, object], name: str) -> datetime:
    return read_time(_required(payload, name), name)


def _date(payload: Mapping[str, object], name: str) -> date | None:
    if not _given(payload, name):
        return None
    text = _text(payload, name)
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Malformed(f"{name}: not a date")


def _identifier(payload: Mapping[str, object], name: str) -> Identifier | None:
    if not _given(payload, name):
        return None
    try:
        return Identifier.read(_text(payload, name))
    except ValueError:
        raise Malformed(f"{name}: not an identifier of GB/T 36904") from None
