"""Platforms that followed lists name: where questions go when no issuer's own endpoint is known."""

from app.domain.identifier import IssuerCode
from app.domain.issuer import EndpointKind
from app.domain.trust import TrustQuestion
from app.registry.entries import EndpointEntry, Look
from app.registry.lists.merging import merge_look
from app.registry.routing import route_of
from tests.registry.conftest import NOW
from tests.registry.lists.test_merging import body, content, view
from tests.world import IDENTIFIER, ISSUER, TYPE

QUESTION = TrustQuestion(
    identifier=IDENTIFIER, type=TYPE, issuer=ISSUER, signers=frozenset(), digest=None
)
PROVINCE, NATION = IssuerCode("630000"), IssuerCode("100000")


def entry(body: IssuerCode, kind: EndpointKind, *prefixes: str, host: str = "a") -> EndpointEntry:
    url = f"https://{host}.{body.lower()}.example/"
    return EndpointEntry(issuer=body, url=url, kind=kind, prefixes=prefixes)


OWN = entry(ISSUER, EndpointKind.ISSUER)
REGION = entry(PROVINCE, EndpointKind.REGION, "63")
ELSEWHERE = entry(NATION, EndpointKind.REGION, "64")
UPSTREAM = entry(NATION, EndpointKind.UPSTREAM)


def told(*lists: tuple[EndpointEntry, ...], local: Look = Look()) -> str:  # noqa: B008
    contents = (content(issuers=(body(),), endpoints=endpoints) for endpoints in lists)
    route = route_of(QUESTION, merge_look(view(*contents), QUESTION, local).look, NOW)
    return "nowhere" if route is None else f"{route.rule} {route.entry.url}"


def test_a_list_names_the_platforms_of_regions_and_of_everybody():
    assert told((UPSTREAM,)) == f"upstream {UPSTREAM.url}"
    assert told((UPSTREAM, REGION)) == f"region {REGION.url}"
    assert told((ELSEWHERE,)) == "nowhere"
    assert told((OWN, REGION)) == f"issuer {OWN.url}"


def test_a_platform_of_the_issuers_own_hides_no_endpoint():
    """One body, an endpoint for itself and one for its region: in whatever order they stand."""
    platform = entry(ISSUER, EndpointKind.REGION, "63", host="platform")
    for both in ((OWN, platform), (platform, OWN)):
        assert told(both) == f"issuer {OWN.url}"
    assert told((platform,)) == f"region {platform.url}"


def test_the_first_list_and_then_the_tables():
    second = entry(PROVINCE, EndpointKind.REGION, "63", host="b")
    assert told((REGION,), (second,)) == f"region {REGION.url}"
    assert told((second,), (REGION,)) == f"region {second.url}"
    assert told((REGION,), local=Look(endpoints=(second,))) == f"region {REGION.url}"
    assert told((), local=Look(endpoints=(second,))) == f"region {second.url}"
