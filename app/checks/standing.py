"""What the followed trust lists say of seals, and how much a list that is out of date can say."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import about as about_of
from app.checks.signature import time_of
from app.domain.evidence import About, CheckName, Evidence, Outcome
from app.domain.facts import Facts
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
    """冻结、注销: what was sealed before stays sealed, what was sealed during it never was."""
    name = CheckName.SEAL_STATUS
    for s in facts.document.signatures:
        about = about_of(s, facts)
        seal = s.sealed.seal if s.sealed else None
        ends = facts.trust.seal_status.get(seal.id, ()) if seal is not None else ()
        at = time_of(s, facts).at
        if not ends:
            yield silent(name, about) if seal is None else passed(name, about)
        elif at is None:
            yield unsure(name, Reason.SIGNING_TIME_MISSING, about)
        else:
            yield _at(at, ends, about)


def _at(at: datetime, ends: Iterable[SealEnd], about: About) -> Evidence:
    name = CheckName.SEAL_STATUS
    holding = {end.status for end in ends if end.holds_at(at)}
    for status in (SealEnding.CANCELLED, SealEnding.FROZEN):  # the graver first
        if status in holding:
            return failed(name, _REASONS[status], about)
    return passed(name, about, "frozen or cancelled at another time")


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
    "签章时印章是否未被冻结、注销?",
    _status,
)
