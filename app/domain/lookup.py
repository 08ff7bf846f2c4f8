"""分级分类: how much of a record a look-up shows, by level of its type and scope of the caller."""

from enum import StrEnum


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
