"""分级分类: how much of a record a look-up shows, by level of its type and scope of the caller."""

import hmac
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import Match, State, Statement
from app.domain.names import folded_code, folded_name
from app.domain.records import APART, Holder


class Level(StrEnum):
    """How closely the records of a license type are kept."""

    OPEN = "open"
    """公开: anybody could read it on the wall, as a 营业执照."""
    SHARED = "shared"
    """共享: whole for those who know whose license they ask about."""
    RESTRICTED = "restricted"
    """受限: never whole."""


class Shown(StrEnum):
    """What of a record is told."""

    COMPARED = "compared"
    """Which of the caller's facts match, state and dates' match; no value of the record."""
    MASKED = "masked"
    FULL = "full"


def most_shown(level: Level, *, detail: bool, holder_known: bool) -> Shown | None:
    """The most that may be shown; None: not even that there is such a record.

    Args:
        level: of the license type.
        detail: the caller has the scope for unmasked fields (status:detail).
        holder_known: the caller named the holder, by name or code, and named it right.
    """
    if not holder_known and (not detail or level is not Level.OPEN):
        return None
    if not detail:
        return Shown.COMPARED
    return Shown.MASKED if level is Level.RESTRICTED else Shown.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A look-up: which license, what is known of it, as of when, and how much is to be shown."""

    identifier: Identifier | None
    type: TypeCode | None
    number: str | None = field(repr=False)
    issuer: IssuerCode | None
    holder: str | None = field(repr=False)
    holder_code: str | None = field(repr=False)
    valid_from: date | None = None
    valid_until: date | None = None
    long_term: bool = False
    at: datetime
    known_at: datetime
    """As it was known then."""
    show: Shown = Shown.COMPARED
    detail: bool = False
    """The caller has the scope for fields."""

    @property
    def named(self) -> str:
        """What it is found by, for limits and the audit log, which keep its keyed hash."""
        return str(self.identifier) if self.identifier else f"{self.type}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldState:
    """A state, and since when this node knows it."""

    state: State
    since: datetime
    until: datetime | None
    successor: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record as it is kept, opened."""

    identifier: Identifier
    internal: bool
    """The identifier is this node's own: the license has none."""
    type: TypeCode
    issuer: IssuerCode
    level: Level
    number: str | None = field(repr=False)
    name: str | None
    holders: tuple[Holder, ...] = field(repr=False)
    issued_on: date | None
    valid_from: date | None
    valid_until: date | None
    long_term: bool
    as_of: datetime | None
    known_since: datetime
    recorded_at: datetime
    held: HeldState | None
    """None: nothing was decided about it."""
    statement: Statement | None
    """The issuer's newest signed word."""
    identity_source: bool = False
    """身份信任源点: from a license of its type the holder's others may be asked for."""
    disputed_since: datetime | None = None
    """Somebody who knows the holder says it is wrong, and it is not settled; today, whatever time
    is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a look-up tells. Facts of a record with their age; never a conclusion."""

    found: Found
    shown: Shown
    compared: dict[str, Match]


def told_of(asked: Asked, found: Found) -> Told | None:
    """What this caller may know of this record; None: nothing, not even that there is one."""
    if found.known_since > asked.known_at:
        return None
    if asked.issuer not in (None, found.issuer) or asked.type not in (None, found.type):
        return None
    compared = compared_with(asked, found)
    if asked.identifier is None and compared.get("number") is not Match.MATCH:
        return None  # it had this number once
    holder = [compared[name] for name in ("holder", "holder_code") if name in compared]
    known = Match.MATCH in holder and Match.DIFFERS not in holder
    most = most_shown(found.level, detail=asked.detail, holder_known=known)
    if most is None:
        return None
    return Told(found=found, shown=min(asked.show, most, key=_MORE.index), compared=compared)


_MORE: Final = (Shown.COMPARED, Shown.MASKED, Shown.FULL)


def compared_with(asked: Asked, found: Found) -> dict[str, Match]:
    """Each fact the caller stated beside the record's own. All are compared, whatever came out."""
    made: dict[str, Match] = {}
    if asked.number is not None:
        made["number"] = _same(folded_name(asked.number), [folded_name(found.number or "")])
    if asked.holder is not None:
        names = [folded_name(holder.name or "") for holder in found.holders]
        made["holder"] = _same(folded_name(asked.holder), [*names, APART.join(names)])
    if asked.holder_code is not None:
        held = [folded_code(holder.code or "") for holder in found.holders]
        made["holder_code"] = _same(folded_code(asked.holder_code), [*held, APART.join(held)])
    both = asked.holder is not None and asked.holder_code is not None
    if both and len(found.holders) > 1 and not _one_of_them(asked, found):
        made["holder_code"] = Match.DIFFERS  # the name of one and the code of another
    if asked.valid_from is not None:
        made["valid_from"] = _equal(asked.valid_from, found.valid_from)
    if asked.valid_until is not None or asked.long_term:
        ends = "long" if found.long_term else found.valid_until
        made["valid_until"] = _equal("long" if asked.long_term else asked.valid_until, ends)
    return made


def _one_of_them(asked: Asked, found: Found) -> bool:
    name, code = folded_name(asked.holder or ""), folded_code(asked.holder_code or "")
    if APART in name:
        return True  # all of them, compared whole
    return any(
        folded_name(holder.name or name) == name and folded_code(holder.code or code) == code
        for holder in found.holders
    )


def _same(stated: str, own: list[str]) -> Match:
    """Against every one of them, so that the time does not tell which."""
    if not any(own):
        return Match.UNKNOWN
    octets = stated.encode()
    found = [hmac.compare_digest(octets, each.encode()) for each in own if each]
    return Match.MATCH if any(found) else Match.DIFFERS


def _equal(stated: object, own: object) -> Match:
    if own is None:
        return Match.UNKNOWN
    return Match.MATCH if stated == own else Match.DIFFERS


# ---- masks

_TWO: Final = frozenset(
    {
        *("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容"),
        *("令狐", "长孙", "宇文", "司徒", "夏侯", "端木", "独孤", "南宫"),
    }
)
"""复姓."""
_PERSON: Final = 4
"""Characters of a name at most that is masked as a person's."""
_LAST: Final = 4


def masked_name(name: str) -> str:
    """张*, 欧阳**; of a long name its first two and last two characters."""
    if len(name) <= _PERSON:
        shown = min(2 if name[:2] in _TWO else 1, len(name) - 1)
        return name[:shown] + "*" * (len(name) - shown)
    return name[:2] + "*" * (len(name) - 4) + name[-2:]


def masked_code(code: str) -> str:
    """The last four characters; of a short one less than half."""
    shown = min(_LAST, len(code) // 3)
    return "*" * (len(code) - shown) + code[len(code) - shown :]
