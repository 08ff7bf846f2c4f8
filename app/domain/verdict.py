"""The state drawn from evidence, the terms of judgement, and the verdict."""

from dataclasses import KW_ONLY, InitVar, dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import NoReturn

from app.domain.clocks import CLOCK_SKEW
from app.domain.license import Fact
from app.domain.reasons import Family, Reason

BEIJING = timezone(timedelta(hours=8))
DECIDED = object()
"""Only `app.policy` may name this; a test reads the sources to see that."""


def local_date(at: datetime) -> date:
    """A date on a license is a date in Beijing, and good to its end."""
    try:
        return at.astimezone(BEIJING).date()
    except OverflowError:  # in the last hours there are, by whoever claims them
        return at.date()


class Conclusion(StrEnum):
    """结论. Compatible with TOTAL-PASSED, TOTAL-FAILED, INDETERMINATE of ETSI EN 319 102-1."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"


class Subject(StrEnum):
    """What the conclusion is about."""

    DOCUMENT = "document"
    """This very file, and the license it shows."""
    RECORD = "record"
    """The record under this number; no file was shown."""
    SEAL = "seal"
    """Who sealed this very file, and that it is as it was sealed: of no license, and of nothing
    that the file says."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Authentic, entitled and bound: every required check passed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something unproven, nothing failed."""

    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a gap without a reason would be closed by nothing")


@dataclass(frozen=True, slots=True)
class Broken:
    """Something failed."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A file without any signature, of a type that need not be sealed; or a picture."""

    reason: Reason = Reason.UNSIGNED_COPY
    """Why nothing is proven; of a picture what stands in the way of asking first."""


@dataclass(frozen=True, slots=True)
class FactsOnly:
    """No file was sent."""


LocalState = Sound | Gap | Broken | Unsigned | FactsOnly


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What bounds the word of others: the clock, the ages, the document's own content."""

    now: datetime
    at: datetime | None = None
    subject: Subject
    type_age: timedelta = timedelta(0)
    policy_age: timedelta = timedelta(0)
    caller_age: timedelta | None = None
    signed_answers: bool = False
    own_from: date | None = None
    own_until: date | None = None
    covered: frozenset[Fact] = frozenset()

    @property
    def moment(self) -> datetime:
        """The time asked about, or now."""
        return self.at or self.now

    def fresh(self, as_of: datetime) -> bool:
        """No older than the strictest of the three ages, and not from the future."""
        limits = (self.type_age, self.policy_age, self.caller_age)
        age = self.now - as_of
        return -CLOCK_SKEW <= age <= min(limit for limit in limits if limit is not None)

    def live(self, as_of: datetime, next_update: datetime | None) -> bool:
        """Said just now, or still fresh and not replaced: good for live-only types too."""
        if abs(self.now - as_of) <= CLOCK_SKEW:
            return True
        return self.fresh(as_of) and (next_update is None or self.now <= next_update)

    @property
    def outside_own_dates(self) -> Reason | None:
        """What the document's own dates say of the asked time; the issuer's word beats it."""
        day = local_date(self.moment)
        if self.own_until is not None and day > self.own_until:
            return Reason.PAST_OWN_DATE
        if self.own_from is not None and day < self.own_from:
            return Reason.BEFORE_OWN_DATE
        return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One conclusion, its subject and the reason that decided. Has no truth value."""

    conclusion: Conclusion
    subject: Subject
    reason: Reason | None
    _: KW_ONLY
    conflict: bool = False
    """The issuer's own signed words, or they and the document, disagree."""
    proof: InitVar[object] = None

    def __post_init__(self, proof: object) -> None:
        valid = self.conclusion is Conclusion.VALID
        if valid != (self.reason is None):
            raise ValueError(f"{self.conclusion} and {self.reason} contradict")
        # A stored report is read back as data; it is judged again, never revived.
        if valid and proof is not DECIDED:
            raise ValueError("only decide() says valid")
        outage = self.reason is not None and self.reason.family is Family.DEPENDENCY
        if outage and self.conclusion is Conclusion.INVALID:
            raise ValueError("an outage is never shown as invalid")

    def __bool__(self) -> NoReturn:
        raise TypeError("compare verdict.conclusion explicitly")
