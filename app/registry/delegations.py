"""Mandates (授权): who may act for an issuer, as what, for which type, and for how long."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.domain.errors import Refused
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.trust import Kind
from app.models import DelegationRow, IssuerRow
from app.registry import rows
from app.registry.entries import DelegationEntry
from app.registry.merge import Change, Values, alone, merge, require
from app.registry.sessions import ReadSession, WriteSession


async def add_delegation(session: WriteSession, entry: DelegationEntry) -> Change:
    """Let one body do one kind of thing for one type of another.

    Raises `Refused` where one of the two is not registered, or the type is not the giver's.
    """
    await alone(session)
    return (await put_delegations(session, [entry]))[0]


async def revoke_delegation(
    session: WriteSession,
    issuer: IssuerCode,
    type: TypeCode,
    delegate: IssuerCode,
    kind: Kind,
    *,
    at: datetime,
) -> Change:
    """End a mandate; what was done under it stays done.

    Raises `Refused` where there is none, and for a later end than it has.
    """
    await alone(session)
    named = {"issuer": issuer, "type": type, "delegate": delegate, "kind": kind}
    if await session.get(DelegationRow, tuple(named.values())) is None:
        raise Refused("delegation", "there is no such mandate: see `zhengyan delegation list`")
    return (await merge(session, DelegationRow, [{**named, "revoked_at": at}], _guard))[0]


async def list_delegations(
    session: ReadSession, issuer: IssuerCode | None = None
) -> list[DelegationEntry]:
    """By giver, type, delegate and kind; of one giver, or all."""
    r = DelegationRow
    columns = (r.issuer, r.type, r.delegate, r.kind, r.not_before, r.not_after, r.revoked_at)
    query = select(*columns).order_by(r.issuer, r.type, r.delegate, r.kind)
    if issuer is not None:
        query = query.where(r.issuer == issuer)
    return [rows.delegation(row) for row in await session.execute(query)]


async def put_delegations(
    session: WriteSession, entries: Sequence[DelegationEntry]
) -> list[Change]:
    """As `add_delegation`, for many."""
    for side in ("from", "to"):
        codes = {(f"delegations[{e.issuer}].{side}", _side(e, side)) for e in entries}
        await require(session, IssuerRow.code, codes, "an issuer")
    query = select(IssuerRow.code, IssuerRow.types)
    givers = query.where(IssuerRow.code.in_({e.issuer for e in entries}))
    own = {row.code: row.types for row in await session.execute(givers)}
    for entry in entries:
        if entry.type not in own[entry.issuer]:
            message = "a type the issuer itself may not issue cannot be handed on"
            raise Refused(f"delegations[{entry.issuer}].types", message)
    wanted = [
        {
            "issuer": entry.issuer,
            "type": entry.type,
            "delegate": entry.delegate,
            "kind": entry.kind,
            "not_before": entry.window.since,
            "not_after": entry.window.until,
            "revoked_at": entry.revoked_at,
        }
        for entry in entries
    ]
    return await merge(session, DelegationRow, wanted, _guard)


def _side(entry: DelegationEntry, side: str) -> IssuerCode:
    return entry.issuer if side == "from" else entry.delegate


def _guard(old: Values, new: Values) -> None:
    withdrawn, since = old["revoked_at"], new.get("not_before", old["not_before"])
    if withdrawn is None or since >= withdrawn:
        return
    place, at = f"delegations[{old['issuer']}]", new.get("revoked_at", withdrawn)
    if at is None:
        message = "this mandate was withdrawn: a new one begins when the old one ended, or later"
        raise Refused(f"{place}.not_before", message)
    if at > withdrawn:
        message = f"this mandate was withdrawn from {withdrawn.isoformat()} on: that stays"
        raise Refused(f"{place}.revoked_at", message)
