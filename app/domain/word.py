"""What an issuer's answer amounts to: the column of the two-key table."""

from dataclasses import dataclass
from typing import assert_never

from app.domain.issuer import (
    Answered,
    Code,
    IssuerAnswer,
    NotAsked,
    Silence,
    Speaker,
    Statement,
    Unreachable,
)
from app.domain.reasons import Reason
from app.domain.verdict import Terms

STATUS = {
    Code.NOT_YET: Reason.NOT_YET_IN_FORCE,
    Code.SUSPENDED: Reason.SUSPENDED,
    Code.ENDED: Reason.ENDED,
}

_NO_ANSWER_YET = frozenset(
    {Silence.TIMEOUT, Silence.CONNECTION, Silence.STATUS, Silence.BUSY, Silence.RESTING}
)
"""Silences that time may mend; any other needs somebody's hand."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A usable `in force`."""

    said: Answered


@dataclass(frozen=True, slots=True)
class Against:
    """The issuer's word is against it."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Silent:
    """No usable answer."""

    reason: Reason
    conflict: bool = False
    doubted: bool = False
    """It said no, in a form that does not count: no stored yes of the issuer's outvotes it."""


Word = InForce | Against | Silent


def hear(answer: IssuerAnswer, statement: Statement | None, terms: Terms) -> Word:
    """The column of the table."""
    match answer:
        case Unreachable(why):
            waiting = why in _NO_ANSWER_YET
            return Silent(Reason.ISSUER_UNREACHABLE if waiting else Reason.ANSWER_UNUSABLE)
        case NotAsked():
            return Silent(Reason.ISSUER_NOT_ASKED)
        case Answered():
            return _listen(answer, statement, terms)
        case _:
            assert_never(answer)


def _listen(answer: Answered, statement: Statement | None, terms: Terms) -> Word:
    # Nobody's word: unsigned, or on a line where anybody could have spoken.
    if not answer.signed and (terms.signed_answers or not answer.authenticated):
        return Silent(Reason.ANSWER_UNSIGNED, doubted=answer.authenticated and answer.says_no)
    match answer.code:
        case Code.NOT_YET | Code.SUSPENDED | Code.ENDED:
            return Against(STATUS[answer.code])
        case Code.NO_RECORD if answer.authoritative:
            return Against(Reason.ISSUER_DENIES)
        case Code.DIFFERS:
            return Against(Reason.RECORD_MISMATCH)
        case Code.IN_FORCE | Code.NO_RECORD | Code.INSUFFICIENT | Code.PARTIAL:
            # Whatever it says or leaves open of the license: not this file, or not these facts.
            if answer.contradicts:
                return Against(Reason.RECORD_MISMATCH)
            if answer.code is Code.IN_FORCE:
                return _in_force(answer, statement, terms)
            return Silent(_left_open(answer))
        case _:
            assert_never(answer.code)


def _left_open(answer: Answered) -> Reason:
    """Why an answer that is neither yes nor no is none."""
    if answer.code is Code.NO_RECORD:
        # Replication lag must not brand a fresh license as forged.
        upstream = answer.speaker is Speaker.UPSTREAM
        return Reason.NOT_FOUND_UPSTREAM if upstream else Reason.NOT_FOUND_UNSIGNED
    partly = answer.code is Code.PARTIAL
    return Reason.PARTIAL_ANSWER if partly else Reason.INSUFFICIENT_FACTS


def _in_force(answer: Answered, statement: Statement | None, terms: Terms) -> Word:
    """Good words are looked at twice."""
    if not terms.live(answer.as_of, answer.next_update):
        return Silent(Reason.STATUS_STALE)
    if statement is not None and statement.withdraws(answer, terms.moment):
        return Silent(Reason.STATUS_CONFLICT, conflict=True)
    return InForce(answer)
