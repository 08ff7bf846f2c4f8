"""Records of licenses and their history, and what issuers signed unasked. Each write is repeatable.

Every statement here names identifiers, the partition key.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import Refused
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import State, Statement
from app.domain.license import KeyId
from app.models import IssuerRow, LicenseRow, LicenseStatusRow, LicenseTypeRow, StatementRow
from app.registry.merge import Change, merge, require
from app.registry.sessions import ReadSession, WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseEntry:
    """证照元数据, the part that is no personal data. Type and issuer are the identifier's."""

    identifier: Identifier
    valid_from: date | None = None
    valid_until: date | None = None
    """Last day in force, Beijing time."""
    long_term: bool = False
    """长期."""


async def keep_license(session: WriteSession, entry: LicenseEntry) -> Change:
    """Keep a record, or bring it up to date.

    Raises `Refused` for a mistyped identifier, an unregistered issuer or type, and dates that
    contradict each other.
    """
    identifier = entry.identifier
    if not identifier.root_ok or not identifier.check_ok:
        raise Refused("identifier", "the identifier is mistyped: root or check character is wrong")
    if entry.valid_until is not None:
        if entry.long_term:
            raise Refused("long_term", "a license has an end or is 长期, not both")
        if entry.valid_from is not None and entry.valid_until < entry.valid_from:
            raise Refused("valid_until", "the license ends before it begins")
    await require(session, IssuerRow.code, [("identifier", identifier.issuer)], "an issuer")
    await require(session, LicenseTypeRow.code, [("identifier", identifier.type)], "a license type")
    wanted = {
        "identifier": str(identifier),
        "type": identifier.type,
        "issuer": identifier.issuer,
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
        "long_term": entry.long_term,
    }
    return (await merge(session, LicenseRow, [wanted]))[0]


async def keep_status(
    session: WriteSession,
    identifier: Identifier,
    state: State,
    *,
    since: datetime,
    until: datetime | None = None,
    known: datetime,
) -> Change:
    """Add a state to the history: it holds from `since` to `until`, and we know it from `known` on.

    A state with the same `since` is replaced, not overwritten: what we thought before stays.
    Raises `Refused` for an interval without an inside, and for knowledge older than what it
    would replace.
    """
    if until is not None and until <= since:
        raise Refused("until", "the state ends before it begins")
    r = LicenseStatusRow
    current = (r.identifier == str(identifier), r.since == since, r.replaced_at.is_(None))
    old = (await session.execute(select(r).where(*current).with_for_update())).scalar_one_or_none()
    if old is not None:
        if (old.state, old.until) == (state.value, until):
            return Change.UNCHANGED
        if known <= old.recorded_at:
            raise Refused("known", "what is known of this state is newer")
        await session.execute(update(r).where(*current).values(replaced_at=known))
    row = LicenseStatusRow(
        identifier=str(identifier),
        since=since,
        until=until,
        state=state.value,
        recorded_at=known,
    )
    session.add(row)
    await session.flush()
    return Change.ADDED if old is None else Change.CHANGED


async def state_at(
    session: ReadSession, identifier: Identifier, at: datetime, *, known: datetime
) -> State | None:
    """The state at a time, as it was known at another; None: nothing was known of that time.

    Of several states that hold, the one that began last speaks.
    """
    r = LicenseStatusRow
    query = (
        select(r.state)
        .where(
            r.identifier == str(identifier),
            r.since <= at,
            or_(r.until.is_(None), r.until > at),
            r.recorded_at <= known,
            or_(r.replaced_at.is_(None), r.replaced_at > known),
        )
        .order_by(r.since.desc())
        .limit(1)
    )
    found = await session.scalar(query)
    return None if found is None else State(found)


async def keep_statement(
    session: WriteSession,
    identifier: Identifier,
    statement: Statement,
    *,
    owner: IssuerCode,
    key_id: KeyId,
    token: str,
    now: datetime,
) -> Change:
    """Keep an issuer's own word on a status. The caller has verified its signature.

    Raises `Refused` for a statement that is not signed, or speaks from the future: it would outrank
    every true one until then.
    """
    if not statement.signed or not token:
        raise Refused("statement", "only a signed statement is kept, together with its signature")
    if statement.as_of > now + CLOCK_SKEW:
        raise Refused("as_of", "the statement is from the future")
    await require(session, IssuerRow.code, [("owner", owner)], "an issuer")
    row = {
        "identifier": str(identifier),
        "as_of": statement.as_of,
        "sha256": hashlib.sha256(token.encode()).digest(),
        "code": int(statement.code),
        "since": statement.since,
        "owner": owner,
        "key_id": key_id,
        "token": token,
        "scheme": statement.scheme,
    }
    added = (
        insert(StatementRow).values(**row).on_conflict_do_nothing().returning(StatementRow.as_of)
    )
    return Change.UNCHANGED if await session.scalar(added) is None else Change.ADDED
