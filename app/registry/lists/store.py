"""Followed lists in the database: sources in order, every accepted list, every refusal.

Deciding and keeping are one transaction under an advisory lock, so that of several workers who
fetched the same list one keeps it, and the others find it held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.domain.errors import Malformed, Refused
from app.domain.trustlist import Held, Offered, Refusal, Signers, accept, held_from
from app.models import TrustListRow, TrustRefusalRow, TrustSourceRow
from app.registry.lists import withdrawals
from app.registry.lists.signed import (
    SignedList,
    read_list,
    read_publisher,
    read_signers,
    signers_payload,
)
from app.registry.lists.withdrawals import Withdrawals, together, withdrawals_of
from app.registry.merge import alone
from app.registry.reader import Reader, refuse
from app.registry.sessions import ReadSession, WriteSession

KEEPING: Final = 0x74727573
"""Advisory lock ("trus") of whoever changes what is held, with the publisher's hash beside it."""
_LOCK: Final = text("SELECT pg_advisory_xact_lock(CAST(:kind AS int), hashtext(:publisher))")
MAX_SOURCES: Final = 32
MAX_DETAIL: Final = 300
"""Characters of a refusal's detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """Whom an operator follows, and whose signatures it begins with."""

    publisher: str
    signers: Signers
    demonstration: bool = False

    def held(self) -> Held:
        return Held(
            publisher=self.publisher, signers=self.signers, demonstration=self.demonstration
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A followed publisher."""

    pinned: Pinned = field(repr=False)
    ordinal: int
    url: str | None
    networks: tuple[str, ...] = ()
    own: bool = False
    held: int = 0
    """Number; 0: no list yet."""
    address: str | None = None
    checked_at: datetime | None = None
    good_at: datetime | None = None

    @property
    def publisher(self) -> str:
        return self.pinned.publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An accepted list."""

    publisher: str
    number: int
    address: str
    issued_at: datetime
    expires_at: datetime
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRecord:
    """What was refused, and how often."""

    publisher: str
    refusal: Refusal
    address: str
    number: int | None
    detail: str
    first_at: datetime
    last_at: datetime
    times: int


def read_pinned(document: object) -> Pinned:
    """signers.json: `{"publisher", "signers": {"threshold", "keys"}, "demonstration"?}`.

    Raises `Refused`: it names the member and what it should be.
    """
    top = Reader.of(document, "")
    top.close(required={"publisher", "signers"}, optional={"demonstration", "comment"})
    demonstration = top.boolean("demonstration") if "demonstration" in top.members else False
    return Pinned(
        publisher=read_publisher("publisher", top.text("publisher")),
        signers=read_signers(top.members["signers"], "signers", demonstration=demonstration),
        demonstration=demonstration,
    )


# ---- sources


async def follow(
    session: WriteSession,
    pinned: Pinned,
    *,
    url: str | None = None,
    networks: Sequence[str] | None = None,
    own: bool = False,
    by_file: bool = False,
) -> Source:
    """Follow a publisher, after those followed already; or change where it is fetched.

    Pinned keys are for the first list only: once a list is held its own succession counts, and
    they are left as they are.

    Args:
        session: of one transaction.
        pinned: whom, and from which keys on.
        url: base of its lists; None: as it is, and none for a new one.
        networks: opened for it; None: as they are, and none for a new one.
        own: this node publishes it.
        by_file: it has no URL any more.

    Raises `Refused` for other keys where a list is held, and for too many sources.
    """
    await alone(session)
    present = {source.publisher: source for source in await sources(session)}
    known = present.get(pinned.publisher)
    if known is not None:
        url = known.url if url is None else url
        networks = known.networks if networks is None else networks
        own = own or known.own
    values: dict[str, Any] = {
        "url": None if by_file else url,
        "networks": list(networks or ()),
        "own": own,
    }
    r = TrustSourceRow
    if known is not None:
        if known.pinned != pinned and known.held:
            refuse("signers", "differ from the pinned ones, and a list is held: see docs/trust.md")
        values |= {
            "pinned": signers_payload(pinned.signers),
            "demonstration": pinned.demonstration,
        }
        await session.execute(update(r).where(r.publisher == pinned.publisher).values(**values))
    elif len(present) >= MAX_SOURCES:
        refuse("publisher", f"would be more than {MAX_SOURCES} followed")
    else:
        last = max((source.ordinal for source in present.values()), default=0)
        await session.execute(
            insert(r).values(
                publisher=pinned.publisher,
                ordinal=last + 1,
                pinned=signers_payload(pinned.signers),
                demonstration=pinned.demonstration,
                **values,
            )
        )
    return await source_of(session, pinned.publisher)


async def put_in_order(session: WriteSession, publishers: Sequence[str]) -> None:
    """Ask them in this order. Raises `Refused` unless each followed one is named once."""
    await alone(session)
    if sorted(publishers) != sorted(source.publisher for source in await sources(session)):
        refuse("order", "names not exactly those that are followed, each once")
    r = TrustSourceRow
    for ordinal, publisher in enumerate(publishers, 1):  # out of the way of the unique index
        await session.execute(update(r).where(r.publisher == publisher).values(ordinal=-ordinal))
    await session.execute(update(r).values(ordinal=-r.ordinal))


async def unfollow(session: WriteSession, publisher: str) -> None:
    """Stop following, where no list was ever accepted: what was accepted stays explained.

    Raises `Refused`: a source with accepted lists is kept, and put aside by an empty URL.
    """
    await alone(session)
    if (await source_of(session, publisher)).held:
        refuse("publisher", "has accepted lists, which explain past verdicts: it stays")
    await session.execute(delete(TrustRefusalRow).where(TrustRefusalRow.publisher == publisher))
    await session.execute(delete(TrustSourceRow).where(TrustSourceRow.publisher == publisher))


async def sources(session: ReadSession) -> list[Source]:
    """In the operator's order."""
    found = await session.scalars(select(TrustSourceRow).order_by(TrustSourceRow.ordinal))
    return [_source(row) for row in found]


async def source_of(session: ReadSession, publisher: str) -> Source:
    """Raises `Refused` where it is not followed."""
    query = select(TrustSourceRow).where(TrustSourceRow.publisher == publisher)
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise Refused("publisher", "is not followed: see `zhengyan trust follow list`")
    return _source(row)


def _source(row: TrustSourceRow) -> Source:
    signers = read_signers(row.pinned, "pinned", demonstration=row.demonstration)
    return Source(
        pinned=Pinned(publisher=row.publisher, signers=signers, demonstration=row.demonstration),
        ordinal=row.ordinal,
        url=row.url,
        networks=tuple(row.networks),
        own=row.own,
        held=row.held,
        address=row.address,
        checked_at=row.checked_at,
        good_at=row.good_at,
    )


async def fetched(session: ReadSession) -> list[str]:
    """Publishers with a URL, in the operator's order. Nothing else of them is read."""
    r = TrustSourceRow
    query = select(r.publisher).where(r.url.is_not(None)).order_by(r.ordinal)
    return list(await session.scalars(query))


async def claim(session: WriteSession, publisher: str, now: datetime, interval: timedelta) -> bool:
    """Whether this worker is the one to pull now: due, and nobody else has begun."""
    r = TrustSourceRow
    due = or_(r.checked_at.is_(None), r.checked_at <= now - interval)
    query = update(r).where(r.publisher == publisher, r.url.is_not(None), due)
    found = await session.execute(query.values(checked_at=now).returning(r.publisher))
    return found.first() is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a source has come, for whoever watches over the node."""

    publisher: str
    number: int
    expires_at: datetime | None

    def late(self, now: datetime) -> bool:
        """No list yet, or one out of date: nothing passes on its word."""
        return self.expires_at is None or self.expires_at < now

    def __str__(self) -> str:
        if self.expires_at is None:
            return f"{self.publisher} (no list yet)"
        return f"{self.publisher}#{self.number} (until {self.expires_at:%Y-%m-%d %H:%M} UTC)"


async def standing(session: ReadSession) -> list[Standing]:
    """Of every source, in the operator's order."""
    s, kept = TrustSourceRow, TrustListRow
    here = (kept.publisher == s.publisher) & (kept.number == s.held)
    query = select(s.publisher, s.held, kept.expires_at).outerjoin(kept, here)
    return [Standing(*row) for row in await session.execute(query.order_by(s.ordinal))]


# ---- lists


@dataclass(frozen=True, slots=True)
class HeldRaw:
    """A followed publisher, and the signed form of what is held of it; nothing of it is read."""

    source: Source
    raw: bytes | None = field(repr=False)
    """None: no list yet."""


async def held_raw(session: ReadSession, publisher: str) -> HeldRaw:
    """Raises `Refused` where the publisher is not followed."""
    source = await source_of(session, publisher)
    raw = await raw_of(session, publisher, source.held) if source.held else None
    return HeldRaw(source, raw)


def held_in(found: HeldRaw) -> Held:
    """What this node goes by. It takes seconds for a long list: in a thread, without a session.

    Raises `Malformed` where the list that is held is missing or cannot be read.
    """
    source = found.source
    if not source.held:
        return source.pinned.held()
    if found.raw is None:
        raise Malformed("stored trust list: the held one is missing")
    return held_from(read_list(found.raw, networks=source.networks).head)


async def held_of(session: ReadSession, publisher: str) -> Held:
    """Both in one, for a command that does nothing else meanwhile. Raises as they do."""
    return held_in(await held_raw(session, publisher))


class Moved:
    """Another worker changed what is held: decide anew."""


async def offer(
    session: WriteSession,
    new: SignedList,
    offered: Offered,
    held: Held,
    now: datetime,
    *,
    on_the_way: bool = False,
) -> Held | Refusal | Moved:
    """Decide, and keep what was accepted or note what was refused. Repeatable.

    Args:
        session: of one transaction.
        new: what was read.
        offered: with the signatures that were verified under the keys of `held`.
        held: what the caller takes to be held.
        now: the node's time.
        on_the_way: as in `accept`.

    Raises:
        Refused: the publisher is not followed.
        Unavailable: nothing is known of what was kept; repeat it.
    """
    publisher = held.publisher
    await session.execute(_LOCK, {"kind": KEEPING, "publisher": publisher})
    source = await source_of(session, publisher)
    if (source.held, source.address) != (held.number, held.address):
        return Moved()
    result = accept(held, offered, now, on_the_way=on_the_way)
    if isinstance(result, Refusal):
        await note(session, publisher, result, now, address=new.address, number=new.head.number)
        return result
    values: dict[str, Any] = {"good_at": now}
    if result is not held:
        await _keep(session, new, held, now)
        values |= {"held": result.number, "address": result.address}
    r = TrustSourceRow
    await session.execute(update(r).where(r.publisher == publisher).values(**values))
    return result


async def _keep(session: WriteSession, new: SignedList, held: Held, now: datetime) -> None:
    before = await withdrawals_until(session, held.publisher, held.number)
    head = new.head
    await session.execute(
        insert(TrustListRow).values(
            publisher=head.publisher,
            number=head.number,
            address=head.address,
            raw=new.raw,
            issued_at=head.issued_at,
            expires_at=head.expires_at,
            accepted_at=now,
            withdrawals=withdrawals.dump(together(before, withdrawals_of(new.content))),
        )
    )


async def withdrawals_until(session: ReadSession, publisher: str, number: int) -> Withdrawals:
    """What the publisher had taken away with that list."""
    r = TrustListRow
    query = select(r.withdrawals).where(r.publisher == publisher, r.number == number)
    return withdrawals.load(await session.scalar(query))


async def good(session: WriteSession, publisher: str, now: datetime) -> None:
    """The publisher serves what is held."""
    r = TrustSourceRow
    await session.execute(update(r).where(r.publisher == publisher).values(good_at=now))


async def raw_of(session: ReadSession, publisher: str, number: int) -> bytes | None:
    """The signed form of an accepted list."""
    r = TrustListRow
    found: bytes | None = await session.scalar(
        select(r.raw).where(r.publisher == publisher, r.number == number)
    )
    return found


async def history(session: ReadSession, publisher: str) -> list[Kept]:
    """Newest first."""
    r = TrustListRow
    columns = (r.publisher, r.number, r.address, r.issued_at, r.expires_at, r.accepted_at)
    query = select(*columns).where(r.publisher == publisher).order_by(r.number.desc())
    return [
        Kept(
            publisher=row.publisher,
            number=row.number,
            address=row.address,
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            accepted_at=row.accepted_at,
        )
        for row in await session.execute(query)
    ]


# ---- refusals


async def note(
    session: WriteSession,
    publisher: str,
    refusal: Refusal,
    now: datetime,
    *,
    detail: str = "",
    address: str = "",
    number: int | None = None,
) -> None:
    """Record a refusal; the same thing again is counted."""
    r = TrustRefusalRow
    row = upsert(r).values(
        publisher=publisher,
        refusal=refusal,
        address=address,
        number=number,
        detail=detail[:MAX_DETAIL],
        first_at=now,
        last_at=now,
        times=1,
    )
    again = {"last_at": now, "times": r.times + 1, "detail": detail[:MAX_DETAIL]}
    keys = ["publisher", "refusal", "address"]
    await session.execute(row.on_conflict_do_update(index_elements=keys, set_=again))


async def refusals(session: ReadSession, publisher: str) -> list[RefusalRecord]:
    """The latest first."""
    r = TrustRefusalRow
    query = select(r).where(r.publisher == publisher).order_by(r.last_at.desc())
    return [
        RefusalRecord(
            publisher=row.publisher,
            refusal=Refusal(row.refusal),
            address=row.address,
            number=row.number,
            detail=row.detail,
            first_at=row.first_at,
            last_at=row.last_at,
            times=row.times,
        )
        for row in await session.scalars(query)
    ]
