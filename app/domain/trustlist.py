"""The trust list (信任清单): who signs it, what a follower holds, and what it accepts.

The decision is pure: bytes were read and signatures verified before (`app.registry.lists`), and
the clock is an argument. Rules and their numbers: docs/trust-list.md, "What a follower accepts".
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.clocks import CLOCK_SKEW
from app.domain.scheme import Scheme


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A key that signs lists. The same octets under another scheme are another key."""

    kid: str
    """RFC 7638 thumbprint."""
    scheme: Scheme
    spki: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures count, and how many different ones there must be."""

    threshold: int
    keys: frozenset[SignerKey]

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= len(self.keys):
            raise ValueError("a threshold that is nothing, or more than there are keys")

    def satisfied_by(self, signed: frozenset[SignerKey]) -> bool:
        """Enough different keys; nobody counts twice, and strangers do not count."""
        return len(self.keys & signed) >= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a list says of itself."""

    publisher: str
    number: int
    issued_at: datetime
    expires_at: datetime
    previous: str | None
    """Address of the list before it; None for the first."""
    signers: Signers
    """Of this list and the next."""
    demonstration: bool
    address: str
    """SHA-256 of the payload, hexadecimal."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A list somebody served, read exactly."""

    head: Head
    signed_by: frozenset[SignerKey]
    """Keys, of those held and of its own, whose signature over these very bytes holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a follower goes by: the last good list, or at first the keys its operator pinned."""

    publisher: str
    signers: Signers
    demonstration: bool = False
    number: int = 0
    """0: no list yet."""
    address: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None

    def fresh(self, now: datetime) -> bool:
        """There is a list, and it may still be relied on."""
        return self.expires_at is not None and now <= self.expires_at


class Refusal(StrEnum):
    """Why what was offered, or that nothing was, changes nothing."""

    # ---- of the decision
    WRONG_PUBLISHER = "wrong_publisher"
    DEMONSTRATION = "demonstration"
    """One of the two is for demonstration, and the other is not."""
    UNSIGNED_BY_HELD = "unsigned_by_held"
    """Fewer than the threshold of the keys this follower goes by."""
    UNSIGNED_BY_OWN = "unsigned_by_own"
    """Fewer than the threshold of the keys the list itself names."""
    EQUIVOCATION = "equivocation"
    """The same number with other content, well signed: an alarm."""
    OLDER = "older"
    GAP = "gap"
    """Not the next one: the lists between come first."""
    WRONG_PREVIOUS = "wrong_previous"
    """The next number, but of another history."""
    FROM_FUTURE = "from_future"
    ISSUED_EARLIER = "issued_earlier"
    """A higher number with an earlier date."""
    EXPIRED = "expired"
    # ---- before there was anything to decide
    UNREADABLE = "unreadable"
    OVERSIZED = "oversized"
    UNREACHABLE = "unreachable"
    """No answer in time, or none that is a list's file."""
    FORBIDDEN_ADDRESS = "forbidden_address"
    """The egress rules do not let this node ask there."""
    TOO_FAR = "too_far"
    """More lists between than one pull walks; the next pull goes on."""


ALARMS = frozenset({Refusal.EQUIVOCATION, Refusal.WRONG_PREVIOUS})
"""Two histories signed by the publisher's own keys: somebody has to be called."""


def accept(held: Held, new: Offered, now: datetime, *, on_the_way: bool = False) -> Held | Refusal:
    """What a follower goes by after it was offered this list.

    Args:
        held: what it goes by now; returned as it is where it is offered once more.
        new: what was offered.
        now: the follower's time.
        on_the_way: a later list is announced and this is a step towards it. Its expiry is then no
            ground for refusal: a follower that slept would never reach a rotated key. Whatever
            has expired vouches for nothing, a held list as any other.
    """
    head = new.head
    if head.publisher != held.publisher:
        return Refusal.WRONG_PUBLISHER
    if head.demonstration is not held.demonstration:
        return Refusal.DEMONSTRATION
    if (head.number, head.address) == (held.number, held.address):
        return held
    refusal = _unsigned(held, new) or _out_of_order(held, head)
    refusal = refusal or _out_of_time(held, head, now, on_the_way=on_the_way)
    return refusal or held_from(head)


def held_from(head: Head) -> Held:
    """What whoever accepted this list goes by from then on."""
    return Held(
        publisher=head.publisher,
        signers=head.signers,
        demonstration=head.demonstration,
        number=head.number,
        address=head.address,
        issued_at=head.issued_at,
        expires_at=head.expires_at,
    )


def _unsigned(held: Held, new: Offered) -> Refusal | None:
    """Rule 3: those who were to sign this list did, and so did those it names itself."""
    if not held.signers.satisfied_by(new.signed_by):
        return Refusal.UNSIGNED_BY_HELD
    if not new.head.signers.satisfied_by(new.signed_by):
        return Refusal.UNSIGNED_BY_OWN
    return None


def _out_of_order(held: Held, head: Head) -> Refusal | None:
    """Rule 4. Pinned keys alone let any number be the first; from there on every one counts."""
    if held.number == 0:
        return None
    if head.number == held.number:
        return Refusal.EQUIVOCATION
    if head.number < held.number:
        return Refusal.OLDER
    if head.number > held.number + 1:
        return Refusal.GAP
    return None if head.previous == held.address else Refusal.WRONG_PREVIOUS


def _out_of_time(held: Held, head: Head, now: datetime, *, on_the_way: bool) -> Refusal | None:
    """Rule 5."""
    if head.issued_at > now + CLOCK_SKEW:
        return Refusal.FROM_FUTURE
    if held.issued_at is not None and head.issued_at < held.issued_at:
        return Refusal.ISSUED_EARLIER
    if head.expires_at < now and not on_the_way:
        return Refusal.EXPIRED
    return None
