"""Bodies that give their documents (调阅): registered by whoever runs this node.

A trust list says none: what a caller may be sent to is for each node's operator to decide.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select

from app.domain.errors import Refused
from app.domain.identifier import IssuerCode
from app.domain.retrieval import Offer
from app.models import IssuerRow, RetrievalOfferRow
from app.registry.merge import Change, alone, merge, require
from app.registry.sessions import Connection, Database, ReadSession, WriteSession
from app.registry.urls import read_networks, read_url

MAX_ORIGINS: Final = 16
OFFER_SQL: Final = "SELECT url, origins, networks FROM retrieval_offer WHERE issuer = $1"
_ORIGIN: Final = re.compile(r"https?://[^/?#@]+")


def offer_of(
    issuer: IssuerCode, url: str, origins: Sequence[str], *, networks: Sequence[str] = ()
) -> Offer:
    """Read as an operator wrote it.

    Raises `Refused`: an address that could not be asked, or links to nowhere or to anywhere.
    """
    opened = read_networks("network", networks)
    if not 0 < len(set(origins)) <= MAX_ORIGINS:
        raise Refused("origin", f"give 1 to {MAX_ORIGINS} hosts to which links may lead")
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise Refused("origin", "is not https://host or https://host:port, without a path")
        read_url("origin", origin + "/", opened)
    return Offer(issuer, read_url("url", url, opened), tuple(sorted(set(origins))), opened)


async def put_offer(session: WriteSession, offer: Offer) -> Change:
    """Register it, or bring it up to date."""
    await alone(session)
    await require(session, IssuerRow.code, {("code", offer.issuer)}, "an issuer")
    row = {
        "issuer": offer.issuer,
        "url": offer.url,
        "origins": list(offer.origins),
        "networks": list(offer.networks),
    }
    return (await merge(session, RetrievalOfferRow, [row]))[0]


async def drop_offer(session: WriteSession, issuer: IssuerCode) -> bool:
    """False: there was none."""
    await alone(session)
    r = RetrievalOfferRow
    gone = await session.execute(delete(r).where(r.issuer == issuer).returning(r.issuer))
    return gone.first() is not None


async def list_offers(session: ReadSession) -> list[Offer]:
    r = RetrievalOfferRow
    query = select(r.issuer, r.url, r.origins, r.networks).order_by(r.issuer)
    rows = await session.execute(query)
    return [Offer(IssuerCode(i), url, tuple(o), tuple(n)) for i, url, o, n in rows]


@dataclass(frozen=True, slots=True)
class PostgresOffers:
    """Fits `services.retrieving.Offers`."""

    database: Database

    async def of(self, issuer: IssuerCode) -> Offer | None:
        """Raises `Unavailable`."""

        async def read(connection: Connection) -> Offer | None:
            row = await connection.fetchrow(OFFER_SQL, issuer)
            return None if row is None else Offer(issuer, row[0], tuple(row[1]), tuple(row[2]))

        return await self.database.run(read)
