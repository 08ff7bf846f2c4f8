"""When something was signed, and who says so (design §4, threats OFD-21).

A verified timestamp (时间戳) of a registered TSA proves a time; without one the time is what the
signer claims, and all that this node knows is when it first saw the file. A token that is there and
wrong is a fault; one whose authority nobody registered proves nothing and is none.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.certificate import ORDERLY, Chain, RevocationState, RoleFinding
from app.domain.clocks import CLOCK_SKEW
from app.domain.sealed import Arithmetic, CertificateFacts, TimestampFacts

_BROKEN_PATHS = frozenset(
    {Chain.WRONG_ROLE, Chain.EXPIRED, Chain.NOT_YET_VALID, Chain.CONSTRAINTS, Chain.MALFORMED}
)


class TimeSource(StrEnum):
    """Who says when it was signed."""

    TSA = "tsa"
    CLAIMED = "claimed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SigningTime:
    """The time a signature is judged at."""

    at: datetime | None
    source: TimeSource


def fault_of(
    stamp: TimestampFacts,
    claimed: datetime | None,
    now: datetime,
    *,
    tolerance: timedelta = CLOCK_SKEW,
) -> str | None:
    """What is wrong with a token that is there; None: nothing.

    Args:
        stamp: as measured.
        claimed: the time of the act by its own word; the token cannot be older, but for
            `tolerance` and the accuracy it states.
        now: of this verification.
        tolerance: between the clocks of signer and TSA.
    """
    if stamp.value is Arithmetic.UNSUPPORTED:  # our limit, no fault: it proves nothing
        return None
    if stamp.value is not Arithmetic.HOLDS or stamp.at is None:
        return stamp.detail or stamp.value.value
    if stamp.tsa is None:
        return "certificate of the TSA unreadable"
    if why := _unfit(stamp.tsa, stamp.at):
        return why
    if stamp.at > now + stamp.accuracy + CLOCK_SKEW:
        return "genTime in the future"
    if stamp.inside or claimed is None:
        return None
    if stamp.at + stamp.accuracy + tolerance < claimed:
        return "genTime before the time of the act"
    return None


def _unfit(tsa: CertificateFacts, at: datetime) -> str | None:
    """What the certificate itself says against it, whoever vouches for it."""
    if tsa.then.role_finding is not RoleFinding.FITS:
        return f"certificate of the TSA: {tsa.then.role_finding.value}"
    if not tsa.valid_at(at):
        return "certificate of the TSA outside its dates at genTime"
    if tsa.then.chain in _BROKEN_PATHS:
        return f"certificate of the TSA: {tsa.then.chain.value}"
    for revocation in (tsa.then.revocation, tsa.today.revocation):
        if revocation.at is not None and revocation.at <= at:
            return "certificate of the TSA revoked"
    return None


def proven_at(
    stamp: TimestampFacts | None, claimed: datetime | None, now: datetime
) -> datetime | None:
    """The time a registered TSA proves; else None.

    Its certificate is known not to be revoked, or was revoked later, for a reason that leaves
    earlier tokens good: 0, 3, 4 and 5 (RFC 3161 §4 item 1). Without a reason "all the tokens ...
    SHALL be considered as invalid" there; a hold, a withdrawn privilege and what is unknown stand
    in no clause, and prove nothing either; of a compromised key no token counts, however old it
    says it is (item 2). The time is then a claim like any other: who lost the key of the service,
    or keeps its list without reasons, has not forged the document.
    """
    if stamp is None or stamp.inside or stamp.tsa is None:
        return None
    if stamp.value is not Arithmetic.HOLDS:
        return None
    if fault_of(stamp, claimed, now) is not None or stamp.tsa.then.chain is not Chain.ANCHORED:
        return None
    words = (stamp.tsa.then.revocation, stamp.tsa.today.revocation)
    if any(each.reason is not None and each.reason not in ORDERLY for each in words):
        return None
    known = words[0].state is not RevocationState.UNKNOWN
    return stamp.at if known else None


def signing_time(
    stamp: TimestampFacts | None, claimed: datetime | None, now: datetime
) -> SigningTime:
    """Proven before claimed; the first time this node saw the file is for the checks to weigh."""
    proven = proven_at(stamp, claimed, now)
    if proven is not None:
        return SigningTime(proven, TimeSource.TSA)
    return SigningTime(claimed, TimeSource.NONE if claimed is None else TimeSource.CLAIMED)
