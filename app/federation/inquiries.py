"""The other side of IVP/1 (docs/ivp.md): inquiries that come in, and the answers given to them.

An inquiry is read to the last member or refused by name. Pure but for the signer; who is registered
and what was used before is looked up by whoever calls.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from app.crypto.jose import (
    ANSWER_TOKEN,
    Compact,
    JsonLimits,
    base64url,
    read_json_object,
    read_time,
    split_compact,
)
from app.crypto.schemes import SCHEME_BY_JOSE, verify_jose
from app.crypto.signing import Signer
from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import InvalidSignature, Malformed
from app.domain.identifier import Identifier, TypeCode
from app.domain.issuer import Answered, AnswerKey, Code, Match, Speaker
from app.domain.license import OWN_CODE, Fact
from app.federation.answer import TYP as ANSWER_TYP
from app.federation.wire import LIFETIME, TYP, digest_of, sign_token

MAX_HOPS: Final = 3
"""Nodes a question passes, the first asker counted."""
MAX_DOCUMENTS: Final = 8
MAX_COMPARE: Final = 16
MAX_TEXT: Final = 256
"""Characters of a number, a purpose, a seal's id."""
MIN_JTI: Final = 16
"""Octets: 128 random bits."""

_NODE: Final = re.compile(r"[a-z0-9][a-z0-9.-]{2,62}")
_TYPE: Final = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_JTI: Final = re.compile(r"[A-Za-z0-9_-]{22,86}")
_HEX: Final = re.compile(r"[0-9a-f]{1,64}")
_DIGESTS: Final = {"sm3": 32, "sha256": 32}
"""Name → octets."""


class InquiryRefused(Exception):
    """Not answered. The status and the word are docs/ivp.md's; neither says anything of a license.

    A `Malformed` detail names a place, never a content.
    """

    def __init__(self, status: int, word: str, detail: str = "") -> None:
        super().__init__(word)
        self.status = status
        self.word = word
        self.detail = detail
        self.node: str | None = None
        """Who asked, once it has proved that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An inquiry as received; its signature is checked by `verify_inquiry`."""

    token: bytes = field(repr=False)
    node: str
    """Who signed it, by its own word."""
    audience: str
    issued: datetime
    expires: datetime
    jti: str
    identifier: Identifier | None
    number: str | None = field(repr=False)
    type: TypeCode | None
    code: str | None = field(repr=False)
    """The body's own, out of an official address."""
    seal: str | None
    certificate: str | None
    documents: Mapping[str, bytes]
    compare: frozenset[Fact]
    purpose: str
    at: datetime | None
    via: tuple[str, ...]
    enclosed: "Asked | None" = None
    """The first asker's, where a relay hands it on."""

    @property
    def digest(self) -> str:
        return digest_of(self.token)

    @property
    def first(self) -> "Asked":
        """The question that is answered: the first asker's own."""
        return self.enclosed or self

    def same_question(self, other: "Asked") -> bool:
        """A relay hands on the question as it was: it may add nothing and leave out nothing."""
        return all(getattr(self, name) == getattr(other, name) for name in _QUESTION)


_QUESTION: Final = (
    *("identifier", "number", "type", "code", "seal", "certificate", "documents", "compare"),
    *("purpose", "at"),
)


def read_inquiry(token: bytes) -> tuple[Compact, Asked]:
    """Take an inquiry apart, and the one enclosed in it.

    Raises `InquiryRefused` (400, 413, 508).
    """
    compact, asked, inner = _read(token)
    if inner is None:
        _check_via(asked, asked)
        return compact, asked
    _, enclosed, more = _read(inner)
    if more is not None:
        raise InquiryRefused(400, "asked_nested")
    _check_via(enclosed, enclosed)
    _check_via(asked, enclosed)
    if not asked.same_question(enclosed):
        raise InquiryRefused(400, "asked_differs")
    if asked.expires > enclosed.expires:
        raise InquiryRefused(400, "asked_outlived")
    return compact, replace(asked, enclosed=enclosed)


def verify_inquiry(compact: Compact, key: AnswerKey | None) -> None:
    """Hold it to the registered key of its node. Raises `InquiryRefused` (401)."""
    if key is None:
        raise InquiryRefused(401, "node_unknown")
    if SCHEME_BY_JOSE.get(compact.alg) is not key.scheme:
        raise InquiryRefused(401, "algorithm_not_of_key")
    try:
        verify_jose(
            key.scheme, spki=key.spki, message=compact.signing_input, value=compact.signature
        )
    except InvalidSignature:
        raise InquiryRefused(401, "signature_invalid") from None


def check_inquiry(asked: Asked, *, body: str, node: str, now: datetime) -> None:
    """For us, alive, about a time that has come, and not on its way round.

    Raises `InquiryRefused` (400, 401, 403, 508).
    """
    if asked.audience != body:
        raise InquiryRefused(403, "not_for_this_body")
    for each in {asked.digest: asked, asked.first.digest: asked.first}.values():
        if each.issued > now + CLOCK_SKEW or each.expires <= now - CLOCK_SKEW:
            raise InquiryRefused(401, "out_of_time")
    if asked.at is not None and asked.at > now + CLOCK_SKEW:
        raise InquiryRefused(400, "at_in_future", "at: nobody can vouch for a day to come")
    if node in asked.via:
        raise InquiryRefused(508, "loop")


def may_go_on(asked: Asked) -> bool:
    """Whether one more node may hand it on."""
    return len(asked.via) < MAX_HOPS


def compose_answer(
    asked: Asked,
    said: Answered,
    *,
    body: str,
    signer: Signer,
    now: datetime,
    found: Identifier | None = None,
    relays: bool = False,
) -> bytes:
    """Write and sign an answer.

    Args:
        asked: what came in. Where this body speaks for the issuer itself it is the first asker's
            question that is answered, whoever brought it.
        said: what is answered.
        body: this node's body.
        signer: the node's key.
        now: becomes `iat`.
        found: the identifier, where it was asked by number.
        relays: this is another's answer handed on: addressed to who brought the question, with the
            issuer's own words in it as they came.

    Raises `Unavailable`.
    """
    over = asked if relays else asked.first
    names = sorted(over.compare)
    payload: dict[str, object] = {
        "iss": body,
        "aud": over.node,
        "iat": int(now.timestamp()),
        "inquiry": over.digest,
        "outcome": int(said.code),
        "document": _DOCUMENT[said.document],
        "facts": {name.value: _FACT[said.facts.get(name, Match.UNKNOWN)] for name in names},
        "as_of": int(said.as_of.timestamp()),
    }
    identifier = asked.identifier or found
    optional: dict[str, object | None] = {
        "identifier": str(identifier) if identifier else None,
        "state": said.state.value if said.state else None,
        "since": said.since.isoformat() if said.since else None,
        "until": said.until.isoformat() if said.until else None,
        "successor": str(said.successor) if said.successor else None,
        "next_update": int(said.next_update.timestamp()) if said.next_update else None,
    }
    if relays:
        optional["relayed"] = said.original or None
        optional["unsigned"] = None if said.signed else True
    payload |= {name: value for name, value in optional.items() if value is not None}
    return sign_token(ANSWER_TYP, payload, signer)


_DOCUMENT: Final = {Match.MATCH: "match", Match.DIFFERS: "differs", Match.UNKNOWN: "unknown"}
_FACT: Final = {Match.MATCH: "match", Match.DIFFERS: "mismatch", Match.UNKNOWN: "unknown"}


def said_here(code: Code, as_of: datetime, **more: object) -> Answered:
    """This body's own word, to be signed by its own key."""
    return Answered(
        code=code,
        document=Match.UNKNOWN,
        facts={},
        speaker=Speaker.DELEGATE,
        signed=True,
        authenticated=True,
        as_of=as_of,
        **more,  # type: ignore[arg-type]
    )


def _read(token: bytes) -> tuple[Compact, Asked, bytes | None]:
    if len(token) > ANSWER_TOKEN.token:
        raise InquiryRefused(413, "inquiry_too_long")
    try:
        compact = split_compact(token, ANSWER_TOKEN)
        payload = read_json_object(compact.payload, JsonLimits(size=ANSWER_TOKEN.token))
        return compact, *_members(token, compact.typ, payload)
    except Malformed as broken:
        raise InquiryRefused(400, "malformed", str(broken)) from None


def _members(token: bytes, typ: str, payload: Mapping[str, object]) -> tuple[Asked, bytes | None]:
    if typ != TYP:
        raise Malformed(f"header: typ is not {TYP}")
    issued, expires = _time(payload, "iat"), _time(payload, "exp")
    if not issued < expires <= issued + LIFETIME:
        raise Malformed("exp: not within 60 s after iat")
    jti = _text(payload, "jti")
    if not _JTI.fullmatch(jti) or len(base64url(jti, "jti")) < MIN_JTI:
        raise Malformed("jti: not 128 random bits in base64url")
    asked = Asked(
        token=token,
        node=_matching(payload, "iss", _NODE),
        audience=_text(payload, "aud"),
        issued=issued,
        expires=expires,
        jti=jti,
        **_subject(payload),  # type: ignore[arg-type]
        documents=_documents(payload),
        compare=_compare(payload),
        purpose=_text(payload, "purpose"),
        at=_time(payload, "at") if payload.get("at") is not None else None,
        via=_via(payload),
    )
    inner = payload.get("asked")
    if inner is None:
        return asked, None
    if not isinstance(inner, str) or not inner.isascii():
        raise Malformed("asked: not a token")
    return asked, inner.encode("ascii")


def _subject(payload: Mapping[str, object]) -> dict[str, object]:
    """One of four: an identifier, a number with its type, a code, a seal."""
    subjects = ("identifier", "number", "code", "seal")
    given = [name for name in subjects if payload.get(name) is not None]
    if len(given) != 1:
        raise Malformed("identifier, number, code, seal: not one of the four")
    subject: dict[str, object] = dict.fromkeys((*subjects, "type", "certificate"))
    match given[0]:
        case "identifier":
            try:
                subject["identifier"] = Identifier.read(_text(payload, "identifier"))
            except ValueError:
                raise Malformed("identifier: not one of GB/T 36904") from None
        case "number":
            subject["number"] = _text(payload, "number")
            subject["type"] = TypeCode(_matching(payload, "type", _TYPE))
        case "code":
            subject["code"] = _matching(payload, "code", OWN_CODE)
        case _:
            subject["seal"] = _text(payload, "seal")
            if payload.get("certificate") is not None:
                subject["certificate"] = _matching(payload, "certificate", _HEX)
    return subject


def _documents(payload: Mapping[str, object]) -> Mapping[str, bytes]:
    given = payload.get("documents", [])
    if not isinstance(given, list) or len(given) > MAX_DOCUMENTS:
        raise Malformed(f"documents: not a list of at most {MAX_DOCUMENTS}")
    found: dict[str, bytes] = {}
    for each in given:
        if not isinstance(each, dict):
            raise Malformed("documents: not objects")
        name = _text(each, "alg")
        value = base64url(_text(each, "value"), "documents: value")
        if _DIGESTS.get(name) != len(value) or name in found:
            raise Malformed("documents: not one sm3 and one sha256 digest at most")
        found[name] = value
    return found


def _compare(payload: Mapping[str, object]) -> frozenset[Fact]:
    """Names nobody knows yet are passed over: they are compared by nobody."""
    given = _texts(payload, "compare", MAX_COMPARE)
    known = {fact.value: fact for fact in Fact}
    return frozenset(known[name] for name in given if name in known)


def _via(payload: Mapping[str, object]) -> tuple[str, ...]:
    given = tuple(_texts(payload, "via", MAX_HOPS + 1))
    if not given or any(not _NODE.fullmatch(name) for name in given):
        raise Malformed("via: not names of nodes, the first asker first")
    return given


def _check_via(asked: Asked, first: Asked) -> None:
    """It begins with the first asker and ends with who signed; nobody stands in it twice."""
    if (asked.via[0], asked.via[-1]) != (first.node, asked.node):
        raise InquiryRefused(400, "via_false")
    if (asked is first) != (len(asked.via) == 1):
        raise InquiryRefused(400, "via_false")
    if len(set(asked.via)) != len(asked.via):
        raise InquiryRefused(508, "loop")
    if len(asked.via) > MAX_HOPS:
        raise InquiryRefused(508, "hops")


def _text(payload: Mapping[str, object], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise Malformed(f"{name}: not a text of 1 to {MAX_TEXT} characters")
    return value


def _texts(payload: Mapping[str, object], name: str, most: int) -> list[str]:
    value = payload.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise Malformed(f"{name}: not a list of at most {most}")
    if not all(isinstance(item, str) for item in value):
        raise Malformed(f"{name}: not a list of texts")
    return value


def _matching(payload: Mapping[str, object], name: str, form: re.Pattern[str]) -> str:
    value = _text(payload, name)
    if not form.fullmatch(value):
        raise Malformed(f"{name}: not in its form")
    return value


def _time(payload: Mapping[str, object], name: str) -> datetime:
    return read_time(payload.get(name), name)
