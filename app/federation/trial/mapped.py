"""Trying a described endpoint with a sample, before anybody's verdict rests on it.

Its answers are unsigned, so the list is short: does it know the license, does it deny the one that
nobody has, does it notice another holder, and does a question stay what it was.
"""

import secrets
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from app.domain.identifier import TypeCode, nobodys
from app.domain.issuer import Answered, Code, Endpoint, Inquiry, IssuerAnswer, Match, NotAsked
from app.domain.license import Claims, Fact
from app.domain.sample import Sample
from app.federation.trial.items import Outcome
from app.federation.trial.saying import PURPOSE, SOMEBODY_ELSE, stated, type_of

NOBODYS_NUMBER: Final = "ZHENGYAN-TRIAL"


class Point(StrEnum):
    """One thing tried."""

    KNOWN = "known"
    NOBODYS = "nobodys"
    WRONG_HOLDER = "wrong_holder"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. No fact of anybody."""

    point: Point
    outcome: Outcome
    saw: str


class Asks(Protocol):
    """The gateway."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer: ...


async def try_mapped(issuers: Asks, endpoint: Endpoint, sample: Sample) -> list[Tried]:
    """All points, the most telling first."""
    known = await issuers.ask(_inquiry(endpoint, sample.claims, sample))
    found = [_known(known, sample)]
    nobody = _nobody(sample.claims, endpoint)
    found.append(_nobodys(await issuers.ask(_inquiry(endpoint, nobody, sample))))
    found.append(await _wrong_holder(issuers, endpoint, sample))
    return found


def _inquiry(endpoint: Endpoint, claims: Claims, sample: Sample) -> Inquiry:
    return Inquiry(
        endpoint=endpoint,
        identifier=claims.identifier,
        type=type_of(claims),
        claims=claims,
        compare=stated(claims),
        digests=sample.digests,
        purpose=PURPOSE,
        at=None,
    )


def _known(answer: IssuerAnswer, sample: Sample) -> Tried:
    if not isinstance(answer, Answered):
        return Tried(Point.KNOWN, Outcome.FAILED, _silent(answer))
    words = ", ".join(f"{f.value}: {m.value}" for f, m in sorted(answer.facts.items()))
    saw = f"outcome {answer.code.value}" + (f"; {words}" if words else "")
    wrong = answer.code is not sample.code or answer.contradicts
    return Tried(Point.KNOWN, Outcome.FAILED if wrong else Outcome.PASSED, saw)


def _nobody(claims: Claims, endpoint: Endpoint) -> Claims:
    """The same questions about a license there is not."""
    type, serial = type_of(claims) or TypeCode(""), f"ZHENGYAN{secrets.token_hex(6).upper()}"
    issuer = claims.identifier.issuer if claims.identifier else endpoint.issuer
    return replace(
        claims,
        identifier=nobodys(issuer, type, serial) if claims.identifier else None,
        number=f"{NOBODYS_NUMBER}-{secrets.token_hex(4).upper()}" if claims.number else None,
    )


def _nobodys(answer: IssuerAnswer) -> Tried:
    """Silence is no fault here: some answer an error for what they do not know."""
    if not isinstance(answer, Answered):
        return Tried(Point.NOBODYS, Outcome.UNCHECKED, _silent(answer))
    denied = answer.code in {Code.NO_RECORD, Code.DIFFERS, Code.INSUFFICIENT, Code.PARTIAL}
    saw = f"outcome {answer.code.value}"
    return Tried(Point.NOBODYS, Outcome.PASSED if denied else Outcome.FAILED, saw)


async def _wrong_holder(issuers: Asks, endpoint: Endpoint, sample: Sample) -> Tried:
    """In force for another holder, and no mismatch: then nothing it says binds a holder."""
    point, claims = Point.WRONG_HOLDER, sample.claims
    if claims.holder is None:
        return Tried(point, Outcome.UNCHECKED, "the sample has no holder")
    wrong = replace(claims, holder=claims.holder + SOMEBODY_ELSE)
    answer = await issuers.ask(_inquiry(endpoint, wrong, sample))
    if not isinstance(answer, Answered):
        return Tried(point, Outcome.UNCHECKED, _silent(answer))
    said = answer.facts.get(Fact.HOLDER, Match.UNKNOWN)
    saw = f"outcome {answer.code.value}, holder: {said.value}"
    if said is Match.MATCH:
        return Tried(point, Outcome.FAILED, saw)
    noticed = said is Match.DIFFERS or answer.code is not Code.IN_FORCE
    return Tried(point, Outcome.PASSED if noticed else Outcome.UNCHECKED, saw)


def _silent(answer: IssuerAnswer) -> str:
    match answer:
        case NotAsked(why):
            return f"not asked: {why.value}: the sample lacks something the description needs"
        case Answered():
            return ""
        case _:
            return f"no usable answer: {answer.why.value} {answer.detail}".rstrip()
