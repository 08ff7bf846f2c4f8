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
        return Silent(Reason.ANSWER_UNSIGNED)
    match answer.code:
        case Code.IN_FORCE:
            return _in_force(answer, statement, terms)
        case Code.NOT_YET | Code.SUSPENDED | Code.ENDED:
            return Against(STATUS[answer.code])
        case Code.NO_RECORD if answer.authoritative:
            return Against(Reason.ISSUER_DENIES)
        case Code.NO_RECORD if answer.speaker is Speaker.UPSTREAM:
            # Replication lag must not brand a fresh license as forged.
            return Silent(Reason.NOT_FOUND_UPSTREAM)
        case Code.NO_RECORD:
            return Silent(Reason.NOT_FOUND_UNSIGNED)
        case Code.DIFFERS:
            return Against(Reason.RECORD_MISMATCH)
        case Code.INSUFFICIENT:
            return Silent(Reason.INSUFFICIENT_FACTS)
        case Code.PARTIAL:
            return Silent(Reason.PARTIAL_ANSWER)
        case _:
            assert_never(answer.code)


def _in_force(answer: Answered, statement: Statement | None, terms: Terms) -> Word:
    """Good words are looked at twice; bad ones need no second look."""
    if answer.contradicts:  # "in force", but not this document or not these facts
        return Against(Reason.RECORD_MISMATCH)
    if not terms.live(answer.as_of, answer.next_update):
        return Silent(Reason.STATUS_STALE)
    if statement is not None and statement.withdraws(answer, terms.at):
        return Silent(Reason.STATUS_CONFLICT, conflict=True)
    return InForce(answer)
