"""What the followed trust lists say of seals, and how much a list that is out of date can say."""

from collections.abc import Iterator, Sequence

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import about as about_of
from app.checks.signature import PROVEN, SEEN, time_of
from app.domain.evidence import About, CheckName, Evidence, Outcome
from app.domain.facts import Facts
from app.domain.proven import SigningTime, TimeSource
from app.domain.reasons import Reason
from app.domain.trust import SealEnd, SealEnding

_REASONS = {SealEnding.FROZEN: Reason.SEAL_FROZEN, SealEnding.CANCELLED: Reason.SEAL_CANCELLED}

_BY_ABSENCE = frozenset(
    {
        CheckName.ROLES_FILLED,
        CheckName.ISSUER_ENTITLED,
        CheckName.KEY_FOR_TYPE,
        CheckName.SIGNED_IN_WINDOW,
    }
)
"""They fail for what no list names: a mandate, a type, a later end. The next list may name it."""


def _status(facts: Facts) -> Iterator[Evidence]:
    """冻结、注销: what was sealed before stays sealed, what was sealed during it never was.

    A seal that is frozen or cancelled today may be in hands that date back, so that it was used
    before must be proven: by a timestamp, or by this node having seen the file. A freeze that has
    ended leaves no such doubt: the keeper of the list lets the seal be used again.
    """
    name = CheckName.SEAL_STATUS
    for s in facts.document.signatures:
        about = about_of(s, facts)
        seal = s.sealed.seal if s.sealed else None
        if seal is None:
            yield silent(name, about)
        elif seal.ends:
            yield _at(time_of(s, facts), seal.ends, facts, about)
        elif seal.named:
            yield passed(name, about)
        else:  # what no list can name, no list can take away
            yield unsure(name, Reason.SEAL_UNIDENTIFIED, about)


def _at(time: SigningTime, ends: Sequence[SealEnd], facts: Facts, about: About) -> Evidence:
    name, seen = CheckName.SEAL_STATUS, facts.trust.first_seen
    if time.at is None:
        return unsure(name, Reason.SIGNING_TIME_MISSING, about)
    holding = {end.status for end in ends if end.holds_at(time.at)}
    for status in (SealEnding.CANCELLED, SealEnding.FROZEN):  # the graver first
        if status in holding:
            return failed(name, _REASONS[status], about)
    standing = [end.since for end in ends if end.holds_at(facts.now)]
    if not standing:
        return passed(name, about, "frozen or cancelled at another time")
    if time.source is TimeSource.TSA:
        return passed(name, about, PROVEN)
    if seen is not None and seen < min(standing):
        return passed(name, about, SEEN)
    return unsure(name, Reason.SEAL_ENDED_SINCE, about)


def no_harder_than_known(item: Evidence, facts: Facts) -> Evidence:
    """Where a followed list is missing or out of date, what is not found proves nothing.

    An outage of ours must not make a document invalid: the list that could not be fetched may name
    the very mandate that is missed. What was taken away stays taken away: a revoked key, a
    cancelled seal. Nothing is made better than in doubt.
    """
    if item.outcome is not Outcome.FAILED or not facts.trust.stale(facts.now):
        return item
    if item.check in _BY_ABSENCE or item.reason is Reason.SEAL_FROZEN:
        return unsure(item.check, Reason.TRUST_SOURCE_STALE, item.subject, item.detail)
    return item


SEAL_STATUS = Check(
    CheckName.SEAL_STATUS,
    "Was the seal neither frozen nor cancelled when it was used?",
    "签章时印章是否未被冻结、注销？",
    _status,
)
