"""What is told of a body that gives its documents (调阅): where they are asked for, and where its
links may lead. Pure.

Told by the operator, by a registration document or by a followed list. Whose keys sign a delivery
is no part of it: an offer names addresses only.
"""

import re
from collections.abc import Iterable
from typing import Final

from app.domain.identifier import IssuerCode
from app.domain.reader import Reader, refuse
from app.domain.retrieval import Offer
from app.registry.urls import read_url

MAX_ORIGINS: Final = 16
_ORIGIN: Final = re.compile(r"https?://[^/?#@]+")

Said = tuple[str, str]
"""A place, as a refusal names it, and the text there."""


def offer_of(
    issuer: IssuerCode,
    url: Said,
    place: str,
    origins: Iterable[Said],
    networks: tuple[str, ...] = (),
) -> Offer:
    """`place`: of all the origins. `networks`: opened by the operator, and read.

    Raises `Refused`: an address that could not be asked, or links to nowhere or to anywhere.
    """
    given = list(origins)
    if not 0 < len({text for _, text in given}) <= MAX_ORIGINS:
        refuse(place, f"is not 1 to {MAX_ORIGINS} hosts to which links may lead")
    for where, origin in given:
        if not _ORIGIN.fullmatch(origin):
            refuse(where, "is not https://host or https://host:port, without a path")
        read_url(where, origin + "/", networks)
    return Offer(issuer, read_url(*url, networks), tuple(sorted({o for _, o in given})), networks)


def read_offer(each: Reader, issuer: IssuerCode, networks: tuple[str, ...]) -> Offer:
    """The member `retrieval` of an issuer, in a registration document or a list."""
    each.close(required={"url", "origins"}, optional=())
    url = (each.at("url"), each.text("url"))
    return offer_of(issuer, url, each.at("origins"), each.texts("origins"), networks)
