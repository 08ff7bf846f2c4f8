"""Where revocation lists (证书撤销列表) come from: followed, claimed by one worker, noted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, or_, select, update

from app.domain.errors import Refused
from app.models import RevocationListRow, RevocationSourceRow
from app.registry.merge import Change, alone, merge
from app.registry.sessions import ReadSession, WriteSession

MAX_SOURCES: Final = 256
MAX_FAILURE: Final = 300
"""Characters of a failure."""


@dataclass(frozen=True, slots=True)
class RevocationSource:
    """One source, and how it went last."""

    url: str
    networks: tuple[str, ...]
    checked_at: datetime | None = None
    good_at: datetime | None = None
    failure: str | None = None


async def follow(session: WriteSession, url: str, networks: tuple[str, ...]) -> Change:
    """Fetch lists from there from now on. Raises `Refused` for one too many, `Unavailable`."""
    await alone(session)
    r = RevocationSourceRow
    others = select(func.count()).select_from(r).where(r.url != url)
    if await session.scalar(others) == MAX_SOURCES:
        raise Refused("url", f"over {MAX_SOURCES} sources: see `zhengyan crl unfollow`")
    return (await merge(session, r, [{"url": url, "networks": list(networks)}]))[0]


async def unfollow(session: WriteSession, url: str) -> None:
    """Fetch no more from there; what was fetched stays. Raises `Refused` where it is unknown."""
    r = RevocationSourceRow
    found = await session.execute(delete(r).where(r.url == url).returning(r.url))
    if found.first() is None:
        raise Refused("url", "is not followed: see `zhengyan crl sources`")


async def sources(session: ReadSession) -> list[RevocationSource]:
    """By URL."""
    r = RevocationSourceRow
    query = select(r.url, r.networks, r.checked_at, r.good_at, r.failure).order_by(r.url)
    return [
        RevocationSource(url, tuple(networks), checked, good, failure)
        for url, networks, checked, good, failure in await session.execute(query)
    ]


async def claim(session: WriteSession, url: str, now: datetime, interval: timedelta) -> bool:
    """Whether this worker is the one to fetch now: due, and nobody else has begun."""
    r = RevocationSourceRow
    due = or_(r.checked_at.is_(None), r.checked_at <= now - interval)
    query = update(r).where(r.url == url, due).values(checked_at=now).returning(r.url)
    return (await session.execute(query)).first() is not None


async def good(session: WriteSession, url: str, now: datetime) -> None:
    """A list that counts was there."""
    r = RevocationSourceRow
    await session.execute(update(r).where(r.url == url).values(good_at=now, failure=None))


async def failed(session: WriteSession, url: str, why: str) -> None:
    """None was; what is held stays, and ages."""
    r = RevocationSourceRow
    await session.execute(update(r).where(r.url == url).values(failure=why[:MAX_FAILURE]))


async def youngest(session: ReadSession, issuer: str) -> tuple[str, datetime] | None:
    """(SHA-256, thisUpdate) of the youngest list held of an authority.

    `issuer`: SHA-256 of its encoded name, hexadecimal.
    """
    r = RevocationListRow
    query = select(r.sha256, r.this_update).where(r.issuer == issuer)
    found = (await session.execute(query.order_by(r.this_update.desc()).limit(1))).first()
    return None if found is None else (found[0], found[1])
