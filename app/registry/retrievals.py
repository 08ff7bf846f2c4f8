"""Bodies that give their documents (调阅), as the tables and the followed lists tell them.

As with endpoints, the first list that says one counts, and the tables after all lists. A list that
has run out says none: a retrieval has no verdict that could tell so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete

from app.domain.errors import Unavailable
from app.domain.identifier import IssuerCode
from app.domain.retrieval import Offer
from app.models import IssuerRow, RetrievalOfferRow
from app.registry import offers
from app.registry.lists.shelf import ListShelf, stamp_of
from app.registry.merge import Change, alone, merge, require
from app.registry.sessions import Connection, Database, WriteSession
from app.registry.urls import read_networks

OFFERS_SQL: Final = """
SELECT (SELECT array_agg(row(issuer, url, origins, networks)) FROM retrieval_offer
         WHERE issuer = $1 OR $1 IS NULL),
       (SELECT array_agg(row(publisher, held, networks) ORDER BY ordinal) FROM trust_source)
"""
"""$1 issuer; NULL: all. The tables' word, and which lists are held."""
ATTEMPTS: Final = 3
"""Looks begun anew because a followed list changed meanwhile."""


def offer_of(
    issuer: IssuerCode, url: str, origins: Sequence[str], *, networks: Sequence[str] = ()
) -> Offer:
    """Read as an operator wrote it. Raises `Refused`."""
    opened = read_networks("network", networks)
    said = [("origin", origin) for origin in origins]
    return offers.offer_of(issuer, ("url", url), "origin", said, opened)


async def put_offer(session: WriteSession, offer: Offer) -> Change:
    """Register it, or bring it up to date."""
    await alone(session)
    return (await put_offers(session, [offer]))[0]


async def put_offers(session: WriteSession, wanted: Sequence[Offer]) -> list[Change]:
    """Of one document, whose transaction is alone already."""
    bodies = {("code", offer.issuer) for offer in wanted}
    await require(session, IssuerRow.code, bodies, "an issuer")
    made = [
        {
            "issuer": offer.issuer,
            "url": offer.url,
            "origins": list(offer.origins),
            "networks": list(offer.networks),
        }
        for offer in wanted
    ]
    return await merge(session, RetrievalOfferRow, made)


async def drop_offer(session: WriteSession, issuer: IssuerCode) -> bool:
    """False: there was none."""
    await alone(session)
    r = RetrievalOfferRow
    gone = await session.execute(delete(r).where(r.issuer == issuer).returning(r.issuer))
    return gone.first() is not None


@dataclass(frozen=True, slots=True)
class PostgresOffers:
    """Fits `services.retrieving.Offers`."""

    database: Database
    clock: Callable[[], datetime]
    lists: ListShelf = field(default_factory=ListShelf, repr=False)
    """The same as of verifications, so that a list is read once."""

    async def of(self, issuer: IssuerCode) -> Offer | None:
        """Raises `Unavailable`."""
        rows = await self._look(issuer)
        listed = self.lists.today.offer(issuer, self.clock())
        return listed or next(map(_offer, rows), None)

    async def every(self) -> list[tuple[str, Offer]]:
        """Those that count today, by issuer, each with whose word it is. Raises `Unavailable`."""
        rows = await self._look(None)
        found = {(offer := _offer(row)).issuer: ("local", offer) for row in rows}
        found |= self.lists.today.offers(self.clock())
        return [found[issuer] for issuer in sorted(found)]

    async def _look(self, issuer: IssuerCode | None) -> Sequence[Any]:
        """The tables' word, with the lists read that were held at that moment."""

        async def look(connection: Connection) -> Any:
            return await connection.fetchrow(OFFERS_SQL, issuer)

        for _ in range(ATTEMPTS):
            rows, stamp = await self.database.run(look, repeatable=True)
            if self.lists.today.stamp == stamp_of(stamp):
                return rows or ()
            await self.lists.reload(self.database, stamp)
        raise Unavailable("trust: lists change faster than they are read")


def _offer(row: Any) -> Offer:
    return Offer(IssuerCode(row[0]), row[1], tuple(row[2]), tuple(row[3]))
