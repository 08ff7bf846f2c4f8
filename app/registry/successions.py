"""颁发机构调整: which body took over from which, for which types, and from when on."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from app.domain.errors import Refused
from app.domain.identifier import IssuerCode, TypeCode
from app.models import IssuerRow, SuccessionRow
from app.registry.merge import Change, alone, merge, require
from app.registry.sessions import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class SuccessionEntry:
    """One type of one body, as registered."""

    issuer: IssuerCode
    type: TypeCode
    successor: IssuerCode
    since: datetime


async def put_successions(
    session: WriteSession,
    old: IssuerCode,
    new: IssuerCode,
    types: AbstractSet[TypeCode],
    *,
    since: datetime,
) -> list[Change]:
    """Register it for each type, or bring it up to date; a list that names one counts before.

    Raises `Refused`: one of the two is not registered, a type is not the old body's, or the old
    body took that type over from the new one.
    """
    await alone(session)
    await require(session, IssuerRow.code, {("old", old), ("new", new)}, "an issuer")
    if old == new:
        raise Refused("new", "is the body itself")
    row = await session.get_one(IssuerRow, old)
    if strange := types - set(row.types):
        raise Refused("type", f"{min(strange)} is none that {old} may issue")
    r = SuccessionRow
    back = select(r.type).where(r.issuer == new, r.successor == old, r.type.in_(types))
    if round := sorted(await session.scalars(back)):
        raise Refused("new", f"{new} was succeeded by {old} for {round[0]}: remove that first")
    wanted = [
        {"issuer": old, "type": type, "successor": new, "since": since} for type in sorted(types)
    ]
    return await merge(session, SuccessionRow, wanted)


async def drop_successions(
    session: WriteSession, old: IssuerCode, types: AbstractSet[TypeCode]
) -> Sequence[str]:
    """A mistake is taken back; the types for which there was one."""
    await alone(session)
    r = SuccessionRow
    gone = delete(r).where(r.issuer == old, r.type.in_(types)).returning(r.type)
    return sorted(await session.scalars(gone))


async def list_successions(session: ReadSession) -> list[SuccessionEntry]:
    """By old body and type."""
    r = SuccessionRow
    query = select(r.issuer, r.type, r.successor, r.since).order_by(r.issuer, r.type)
    return [
        SuccessionEntry(IssuerCode(issuer), TypeCode(type), IssuerCode(successor), since)
        for issuer, type, successor, since in await session.execute(query)
    ]
