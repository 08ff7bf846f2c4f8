"""一照关联: a body's other licenses, from its business license as 身份信任源点 (the plan, task 23).

Whoever asks names the business license and the code of its holder, and both must agree with the
record. Of each other license no more is told than a look-up of it would tell the same caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.domain.identifier import TypeCode
from app.domain.issuer import Match
from app.domain.lookup import Asked, Found, Level, Told, told_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Which licenses of a body are wanted."""

    code: str = field(repr=False)
    """统一社会信用代码."""
    types: frozenset[TypeCode] | None
    """None: of every type."""
    after: str
    """Name of the last one of the page before; empty: from the beginning."""
    at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Records as they are kept, in the order of their names."""

    found: Sequence[Found]
    last: str | None
    """Name of the last one that was looked at, where there may be more."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is told: the license it was asked from, and a page of the others."""

    source: Told
    others: tuple[Told, ...]
    last: str | None


def source_of(asked: Asked, found: Found) -> Told | None:
    """The record as the license to ask from; None: it is none, or not of that holder."""
    told = told_of(asked, found)
    if told is None or not found.identity_source:
        return None
    return told if told.compared.get("holder_code") is Match.MATCH else None


def other_of(asked: Asked, source: Found, found: Found) -> Told | None:
    """What may be told of another license of the holder; None: nothing, not even that it is."""
    if found.identifier == source.identifier or found.level is Level.RESTRICTED:
        return None
    told = told_of(
        replace(
            asked, identifier=found.identifier, type=None, number=None, issuer=None, holder=None
        ),
        found,
    )
    return told if told is not None and told.compared["holder_code"] is Match.MATCH else None
