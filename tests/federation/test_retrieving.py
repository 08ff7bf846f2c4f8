"""调阅 over sockets, against the sandbox's issuers: the document of the signed digest, or none.

Every negative stands beside the same retrieval done well by the same issuer.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from app.domain.errors import Refused
from app.domain.identifier import Identifier, IssuerCode, nobodys
from app.domain.issuer import Silence, Unreachable
from app.domain.retrieval import Deliver, Delivered, Giver, NotGiven, Offer, Wanted
from app.federation.lines import Lines
from app.federation.retrieving import HttpRetrievals, WrongWord, leads_to
from app.registry.retrievals import offer_of
from sandbox import giving
from sandbox.issuer import IssuerServer
from sandbox.serve import Servers
from tests.federation.asking import LOOPBACK, NODE, SIGNER, endpoint_of, now
from tests.federation.canary import connects
from tests.federation.hostile import ScriptedResolver
from tests.federation.test_egress import ADDRESSES, NOT_OPENED, URLS

pytestmark = pytest.mark.anyio
TRUST = httpx.create_ssl_context(trust_env=False)


@pytest.fixture
async def issuer(servers: Servers) -> AsyncIterator[IssuerServer]:
    server = servers["university"]
    server.giving.document(server.office.world.pick("university"))  # inside nobody's deadline
    yield server
    server.giving.clear()


def getter() -> HttpRetrievals:
    """With no connection open yet."""
    return HttpRetrievals(
        lines=Lines(trust=TRUST),
        node=NODE,
        signer=lambda: SIGNER,
        clock=now,
        file_deadline=timedelta(seconds=1),
    )


@pytest.fixture
async def getting() -> AsyncIterator[HttpRetrievals]:
    running = getter()
    yield running
    await running.aclose()


def giver_of(server: IssuerServer, **changes: object) -> Giver:
    offer = Offer(
        IssuerCode(server.office.body.code), server.url + giving.GIVING[0], (server.url,), LOOPBACK
    )
    return Giver(endpoint_of(server), replace(offer, **changes))  # type: ignore[arg-type]


def wanted_of(server: IssuerServer, **changes: object) -> Wanted:
    license = server.office.world.pick(server.name)
    made = Wanted(
        identifier=Identifier.read(license.id),
        purpose="loan-review",
        matter="11639900MB9902027X300",
        behalf="11630000MB0000019J",
        deliver=Deliver.FILE,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def get(
    getting: HttpRetrievals, server: IssuerServer, **changes: object
) -> bytes | NotGiven | Unreachable:
    giver = giver_of(server)
    said = await getting.ask(wanted_of(server, **changes), giver)
    return await getting.fetch(said, giver) if isinstance(said, Delivered) else said


async def assert_good(getting: HttpRetrievals, server: IssuerServer) -> None:
    got = await get(getting, server)
    assert got == server.office.world.ofd(server.office.world.pick(server.name))


async def test_the_document_comes_whole_and_the_issuer_hears_for_whom(
    getting: HttpRetrievals, issuer: IssuerServer
) -> None:
    await assert_good(getting, issuer)
    asked = issuer.giving.asked[-1]
    assert asked["behalf"] == "11630000MB0000019J"
    assert asked["purpose"] == "loan-review"
    assert asked["matter"] == "11639900MB9902027X300"
    assert asked.keys() == {
        *("iss", "aud", "iat", "exp", "jti", "identifier", "purpose", "behalf", "matter")
    }


async def test_a_link_is_good_once(getting: HttpRetrievals, issuer: IssuerServer) -> None:
    giver = giver_of(issuer)
    said = await getting.ask(wanted_of(issuer), giver)
    assert isinstance(said, Delivered)
    assert isinstance(await getting.fetch(said, giver), bytes)
    again = await getting.fetch(said, giver)
    assert again == Unreachable(Silence.STATUS, "410")
    await assert_good(getting, issuer)


async def test_what_the_issuer_does_not_give(getting: HttpRetrievals, issuer: IssuerServer) -> None:
    await assert_good(getting, issuer)
    fetched = issuer.giving.fetched
    assert await get(getting, issuer, purpose="curiosity") is NotGiven.REFUSED
    code, type = IssuerCode(issuer.office.body.code), wanted_of(issuer).identifier.type
    nobody = nobodys(code, type, "NOBODY1")
    assert await get(getting, issuer, identifier=nobody) is NotGiven.NO_RECORD
    assert issuer.giving.fetched == fetched


FORBIDDEN, MALFORMED, WRONG = (
    Silence.FORBIDDEN_ADDRESS, Silence.MALFORMED, Silence.WRONG_QUESTION,
)  # fmt: skip
EXPECTED: dict[str, Silence] = {
    **dict.fromkeys(giving.LIES, MALFORMED),
    **dict.fromkeys((n for n in giving.LIES if n.startswith("link ")), FORBIDDEN),
    **dict.fromkeys(("for another question", "of another license", "replay"), WRONG),
    **dict.fromkeys(("for another node", "by another issuer"), Silence.WRONG_PARTY),
    **dict.fromkeys(("link for an hour", "link that is over", "from long ago"), Silence.CLOCK),
    **dict.fromkeys(("a program", "a page", "unsigned"), Silence.MEDIA_TYPE),
    "announced too large": Silence.OVERSIZED,
    "digest of another document": WRONG,
    "wrong signature": Silence.SIGNATURE,
    "altered": Silence.SIGNATURE,
    "another type of token": MALFORMED,
    "fails": Silence.STATUS,
    "too long": Silence.OVERSIZED,
    "rubbish": MALFORMED,
    "compressed": Silence.ENCODING,
    "drip": Silence.TIMEOUT,
    "another document": WRONG,
    "longer": Silence.OVERSIZED,
    "shorter": MALFORMED,
    "endless": Silence.OVERSIZED,
    "a login page": Silence.MEDIA_TYPE,
    "moved": Silence.STATUS,
    "gone": Silence.STATUS,
}


def test_every_behaviour_has_its_reason() -> None:
    assert EXPECTED.keys() == set(giving.BEHAVIOURS) - {giving.HONEST}
    assert len(EXPECTED) >= 40


@pytest.mark.parametrize("name", EXPECTED)
async def test_whatever_it_does_nothing_else_is_handed_on(
    getting: HttpRetrievals, issuer: IssuerServer, name: str
) -> None:
    await assert_good(getting, issuer)
    issuer.giving.behaviour = name
    before = issuer.giving.fetched
    begun = asyncio.get_running_loop().time()
    got = await get(getting, issuer)
    assert (
        asyncio.get_running_loop().time() - begun < 6.5
    )  # the deadline of asking, and of fetching
    assert isinstance(got, Unreachable), got
    assert got.why is EXPECTED[name], got
    fetches = name in giving.FETCHED or name == "digest of another document"
    assert issuer.giving.fetched - before == fetches  # a bad word is not followed
    issuer.giving.behaviour = giving.HONEST
    await assert_good(getting, issuer)


async def test_a_request_is_answered_once(getting: HttpRetrievals, issuer: IssuerServer) -> None:
    """A copy of this node's own request gets nothing from an issuer that keeps to docs/ivp.md."""
    await assert_good(getting, issuer)
    from app.federation.retrieving import compose_retrieval

    offer = giver_of(issuer).offer
    token = compose_retrieval(wanted_of(issuer), offer, node=NODE, signer=SIGNER, now=now()).token
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Content-Type": "application/jose"}
        first = await client.post(offer.url, content=token, headers=headers)
        second = await client.post(offer.url, content=token, headers=headers)
    assert (first.status_code, second.status_code) == (200, 401)
    assert json.loads(second.content)["error"] == "jti_used_before"


LITERALS = [f"[{address}]" if ":" in address else address for address in ADDRESSES]
NOWHERE = [*URLS, *NOT_OPENED, *(f"https://{literal}/" for literal in LITERALS)]


async def test_180_forbidden_links_are_not_followed(
    getting: HttpRetrievals, issuer: IssuerServer
) -> None:
    assert len(set(NOWHERE)) >= 180
    said = await getting.ask(wanted_of(issuer), giver_of(issuer))
    assert isinstance(said, Delivered)
    offer = giver_of(issuer, networks=()).offer
    for link in NOWHERE:
        with pytest.raises(WrongWord):
            leads_to(link, offer)
        # Believed all the same, by whatever fault: the way there is closed too.
        with connects() as heard:
            got = await getting.fetch(replace(said, link=link), giver_of(issuer, networks=()))
        assert heard == []
        assert isinstance(got, Unreachable)
        assert got.why is FORBIDDEN
    for url in NOWHERE:  # and as where documents are asked for
        with connects() as heard:
            got = await getting.ask(wanted_of(issuer), giver_of(issuer, url=url, networks=()))  # type: ignore[assignment]
        assert heard == []
        assert isinstance(got, Unreachable)
        assert got.why is FORBIDDEN
    anew = getter()
    with connects() as heard:
        await assert_good(anew, issuer)
    await anew.aclose()
    assert ("127.0.0.1", issuer.port) in heard, "the twin: a way out is heard"


async def test_names_of_forbidden_addresses_are_not_connected_to(
    getting: HttpRetrievals, issuer: IssuerServer
) -> None:
    """As where documents are asked for, and as where a link leads; hidden beside a public one."""
    said = await getting.ask(wanted_of(issuer), giver_of(issuer))
    assert isinstance(said, Delivered)
    named = replace(said, link="https://files.example/once/1")
    giver = giver_of(
        issuer, url="https://issuer.example/r", origins=("https://files.example",), networks=()
    )
    for address in ADDRESSES:
        for answer in ((address,), ("9.9.9.9", address), (address, "9.9.9.9")):
            resolver = ScriptedResolver(answer)
            asking = HttpRetrievals(
                lines=Lines(trust=TRUST, resolver=lambda one=resolver: one),  # type: ignore[misc]
                node=NODE,
                signer=lambda: SIGNER,
                clock=now,
            )
            with connects() as heard:
                for got in (
                    await asking.ask(wanted_of(issuer), giver),
                    await asking.fetch(named, giver),
                ):
                    assert isinstance(got, Unreachable), got
                    assert got.why is FORBIDDEN, got
            assert heard == []
            assert resolver.lookups == 2
            await asking.aclose()
    await assert_good(getting, issuer)


@pytest.mark.parametrize(
    ("url", "origins", "words"),
    [
        ("https://a.example/x", [], "hosts"),
        ("https://a.example/x", [f"https://h{n}.example" for n in range(20)], "hosts"),
        ("https://a.example/x", ["https://f.example/path"], "without a path"),
        ("https://a.example/x", ["f.example"], "without a path"),
        ("https://a.example/x", ["https://u@f.example"], "without a path"),
        ("https://a.example/x", ["http://f.example"], "https"),
        ("https://a.example/x", ["https://F.example"], "origin"),
        ("http://a.example/x", ["https://f.example"], "https"),
        ("https://127.1/x", ["https://f.example"], "url"),
    ],
)
def test_offers_that_cannot_be_registered(url: str, origins: list[str], words: str) -> None:
    good = offer_of(IssuerCode("639900"), "https://a.example/x", ["https://f.example"])
    assert good.origins == ("https://f.example",)
    with pytest.raises(Refused) as caught:
        offer_of(IssuerCode("639900"), url, origins)
    assert words in f"{caught.value.field} {caught.value}"
