"""The ready descriptions in docs/examples/mapped, against stand-ins of the systems' shapes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter, Answered, Code, Endpoint, IssuerAnswer, Match, Speaker
from app.domain.license import Claims, Fact
from app.registry.described import mapped_endpoint
from sandbox.licenses import License
from sandbox.standins import TOKEN, StandIns, standins_in_thread
from sandbox.world import World
from tests.federation.asking import LOOPBACK, claims_of
from tests.federation.mapped.server import Kept, gateway, question

FOLDER = Path(__file__).parents[3] / "docs" / "examples" / "mapped"
pytestmark = pytest.mark.anyio

ISSUERS = {
    "driving-license": "traffic",
    "degree": "university",
    "transport": "housing",
    "accounting": "market",
    "tobacco": "market",
    "single-window": "market",
}
NAMELESS = {"tobacco"}
"""Knows no holder: its word binds none, and a wrong one is not noticed."""
DENIES = {"accounting": Code.DIFFERS, "single-window": Code.DIFFERS}
"""By a code of its own where the holder is another."""


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def there() -> Iterator[StandIns]:
    with standins_in_thread(World(1)) as running:
        yield running


def endpoint(name: str, there: StandIns) -> Endpoint:
    """The example as it stands, but for where the stand-in is."""
    described = example(name)
    base = "{0.scheme}://{0.netloc}".format(urlsplit(described["url"]))
    described["url"] = described["url"].replace(base, there.url)
    owner = IssuerCode(there.world.body(ISSUERS[name]).code)
    entry = mapped_endpoint(owner, described, networks=LOOPBACK)
    return Endpoint(
        issuer=owner,
        speaker=Speaker.ISSUER,
        url=entry.url,
        answer_keys=(),
        networks=entry.networks,
        adapter=Adapter.MAPPED,
        description=entry.description,
    )


async def ask(name: str, there: StandIns, claims: Claims) -> IssuerAnswer:
    where = endpoint(name, there)
    asking = gateway(Kept(owner=where.issuer, values=(("token", TOKEN),)))
    compare = frozenset({Fact.NUMBER, Fact.HOLDER})
    try:
        return await asking.ask(
            question(
                where,
                claims=claims,
                identifier=claims.identifier,
                type=claims.type,
                compare=compare,
            )
        )
    finally:
        await asking.aclose()


def pick(there: StandIns, name: str, scenario: str = "in_force") -> License:
    return there.world.pick(ISSUERS[name], scenario)


def test_there_is_one_for_each_system_the_plan_names():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ISSUERS)
    for name in ISSUERS:
        entry = mapped_endpoint(IssuerCode("639900"), example(name))
        assert entry.url.startswith("https://")
        assert example(name)["comment"]


@pytest.mark.parametrize("name", ISSUERS)
async def test_a_license_in_force(there: StandIns, name: str):
    answer = await ask(name, there, claims_of(pick(there, name)))
    assert isinstance(answer, Answered), answer
    assert answer.code is Code.IN_FORCE
    assert answer.facts[Fact.NUMBER] is Match.MATCH
    expected = Match.UNKNOWN if name in NAMELESS else Match.MATCH
    assert answer.facts[Fact.HOLDER] is expected
    assert not answer.signed


@pytest.mark.parametrize("name", ISSUERS)
async def test_a_license_that_has_ended(there: StandIns, name: str):
    answer = await ask(name, there, claims_of(pick(there, name, "revoked")))
    assert isinstance(answer, Answered), answer
    assert answer.code is Code.ENDED


@pytest.mark.parametrize("name", ISSUERS)
async def test_a_license_nobody_has(there: StandIns, name: str):
    claims = replace(claims_of(pick(there, name)), number="ZHENGYAN-NOBODY")
    answer = await ask(name, there, claims)
    assert isinstance(answer, Answered), answer
    assert answer.code is Code.NO_RECORD
    assert not answer.matching  # of what there is not, nothing matches


@pytest.mark.parametrize("name", ISSUERS)
async def test_another_holder(there: StandIns, name: str):
    claims = replace(claims_of(pick(there, name)), holder="另一人")
    answer = await ask(name, there, claims)
    assert isinstance(answer, Answered), answer
    assert answer.code is DENIES.get(name, Code.IN_FORCE)
    expected = Match.UNKNOWN if name in NAMELESS else Match.DIFFERS
    assert answer.facts[Fact.HOLDER] is expected
    assert answer.contradicts is (name not in NAMELESS)  # counts as `differs`, whatever its code


@pytest.mark.parametrize("name", ["transport", "accounting"])
async def test_without_the_right_secret_there_is_no_answer(there: StandIns, name: str):
    where = endpoint(name, there)
    asking = gateway(Kept(owner=where.issuer, values=(("token", "wrong"),)))
    claims = claims_of(pick(there, name))
    answer = await asking.ask(question(where, claims=claims, identifier=claims.identifier))
    await asking.aclose()
    assert not isinstance(answer, Answered)
