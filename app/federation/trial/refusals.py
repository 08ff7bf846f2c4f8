"""Questions that have to be refused, each wrong in one respect (docs/ivp.md, Refusing a question).

An answer to one of them is a fault that no asker would ever notice: whoever wants to know who is
being checked, or to collect licenses, asks like this.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from app.domain.issuer import Inquiry, Silence, Unreachable
from app.federation.answer import TYP as ANSWER_TYP
from app.federation.gateway import MAX_QUESTION
from app.federation.trial.asking import (
    Asking,
    Payload,
    Pretending,
    Reply,
    altered,
    payload_of,
    without_signature,
)
from app.federation.trial.items import Finding, Item, failed, passed, unchecked
from app.federation.wire import TYP, Question, sign_token

HOUR: Final = 3600
TOO_LONG_AGO: Final = timedelta(minutes=5)
LIFE: Final = 60
NOBODY: Final = "999999"
"""A code of a region there is not."""
UNKNOWN_NODE: Final = "zhengyan-nobody"

_REFUSES: Final = frozenset({"400", "401", "403", "409", "413", "415", "422", "508"})
"""Any of these is a refusal; docs/ivp.md has one for each case."""

Bend = Callable[[Asking, Question], bytes]


def _changed(change: Callable[[Payload], Payload]) -> Bend:
    return lambda asking, question: asking.bend(question, change).token


def _at(shift: timedelta) -> Bend:
    def moved(payload: Payload, now: datetime) -> Payload:
        issued = int((now + shift).timestamp())
        return {**payload, "iat": issued, "exp": issued + LIFE}

    return lambda asking, question: (
        asking.bend(question, lambda payload: moved(payload, question.asked_at)).token
    )


def _iat(payload: Payload) -> int:
    issued = payload["iat"]
    return issued if isinstance(issued, int) else 0


def _forged(asking: Asking, question: Question) -> bytes:
    pretending = Pretending(asking.stranger, asking.signer.kid)
    return sign_token(TYP, payload_of(question), pretending)


def _stranger(asking: Asking, question: Question) -> bytes:
    payload = {**payload_of(question), "iss": UNKNOWN_NODE, "via": [UNKNOWN_NODE]}
    return sign_token(TYP, payload, asking.stranger)


def _oversized(asking: Asking, question: Question) -> bytes:
    padded = {**payload_of(question), "padding": "x" * MAX_QUESTION}
    return sign_token(TYP, padded, asking.signer)


BENT: Final[Mapping[Item, tuple[str, Bend]]] = MappingProxyType(
    {
        Item.EXPIRED: ("401", _at(-TOO_LONG_AGO)),
        Item.FUTURE: ("401", _at(TOO_LONG_AGO)),
        Item.LONG_LIFE: ("400", _changed(lambda p: {**p, "exp": _iat(p) + HOUR})),
        Item.STRANGER: ("401", _stranger),
        Item.FORGED: ("401", _forged),
        Item.ALTERED: ("401", lambda _, question: altered(question)),
        Item.UNSIGNED: (
            "401",
            lambda asking, question: without_signature(question, asking.signer.kid),
        ),
        Item.OTHER_BODY: ("403", _changed(lambda p: {**p, "aud": NOBODY})),
        Item.OTHER_TOKEN: (
            "400",
            lambda asking, question: sign_token(ANSWER_TYP, payload_of(question), asking.signer),
        ),
        Item.INCOMPLETE: ("400", _changed(lambda p: {k: v for k, v in p.items() if k != "jti"})),
        Item.AMBIGUOUS: ("400", _changed(lambda p: {**p, "seal": "00000000000001"})),
        Item.FALSE_VIA: ("400", _changed(lambda p: {**p, "via": [p["iss"], p["iss"]]})),
        Item.OVERSIZED: ("413", _oversized),
    }
)
"""Item → the status docs/ivp.md has for it, and how a good question is bent."""


async def refusals(asking: Asking, good: Inquiry) -> AsyncIterator[Finding]:
    """Every one of them, and the same question twice."""
    for item, (status, bend) in BENT.items():
        question = asking.write(good)
        reply = await asking.send(replace(question, token=bend(asking, question)))
        yield _judged(item, status, reply)
    question = asking.write(good)
    first = await asking.send(question)
    if isinstance(first.came, Unreachable):
        yield unchecked(Item.REPLAY, f"the first of two got no answer: {first.came.detail}")
    else:
        yield _judged(Item.REPLAY, "401", await asking.send(question))


def _judged(item: Item, status: str, reply: Reply) -> Finding:
    match reply.came:
        case Unreachable(Silence.STATUS, said) if said in _REFUSES:
            note = "" if said == status else f"; docs/ivp.md has {status}"
            return passed(item, f"HTTP {said}{note}")
        case Unreachable(Silence.STATUS, "429" | "503" as said):
            return unchecked(item, f"HTTP {said}: too much at once, try again later")
        case Unreachable(Silence.CONNECTION) if item is Item.OVERSIZED:
            return passed(item, "the connection was ended")
        case Unreachable(Silence.STATUS, said):
            return failed(item, f"HTTP {said}, which is no refusal")
        case Unreachable(why, detail):
            return failed(item, f"no refusal: {why.value} {detail}".rstrip())
        case _:
            return failed(item, "it was answered")
