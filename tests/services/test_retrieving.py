"""The order of a retrieval: its audit row comes first, or nothing leaves."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.crypto.provider import FolderKeys
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.errors import Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter, Endpoint, Rule, Silence, Speaker, Unreachable
from app.domain.retrieval import Deliver, Delivered, Giver, MediaType, NotGiven, Offer, Wanted
from app.domain.trust import Trust, TrustQuestion
from app.domain.verification import Asker
from app.registry.mapping import NOTHING
from app.services.retrieving import Given, NotOffered, Outcome, Retrievals
from tests.federation.hostile import ANSWER_KEY, IDENTIFIER, ISSUER

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 1, tzinfo=UTC)
OFFER = Offer(ISSUER, "https://issuer.example/r", ("https://files.example",))
DELIVERED = Delivered(
    "https://files.example/once/1",
    NOW + timedelta(minutes=5),
    MediaType.OFD,
    3,
    "sha256",
    b"d" * 32,
)
ENDPOINT = Endpoint(
    issuer=ISSUER,
    speaker=Speaker.ISSUER,
    url="https://issuer.example/ivp",
    answer_keys=(ANSWER_KEY,),
)


@dataclass
class World:
    """Everything around it, and what happened in which order."""

    keys: FolderKeys
    offer: Offer | None = OFFER
    endpoint: Endpoint | None = ENDPOINT
    said: Delivered | NotGiven | Unreachable = DELIVERED
    content: bytes | Unreachable = b"abc"
    full: bool = False
    done: list[str] = field(default_factory=list)
    rows: list[AuditEvent] = field(default_factory=list)

    async def of(self, issuer: IssuerCode) -> Offer | None:
        return self.offer if self.offer and self.offer.issuer == issuer else None

    async def trust_for(self, question: TrustQuestion) -> Trust:
        del question
        return replace(NOTHING, endpoint=self.endpoint)

    async def ask(self, wanted: Wanted, giver: Giver) -> Any:
        assert giver.offer == self.offer
        self.done.append("ask")
        return self.said

    async def fetch(self, delivered: Delivered, giver: Giver) -> Any:
        self.done.append("fetch")
        return self.content

    async def append(self, row: AuditEvent) -> None:
        if self.full:
            raise Unavailable("audit")
        self.done.append("row")
        self.rows.append(row)

    async def retrieve(self, deliver: Deliver = Deliver.FILE) -> Outcome:
        wanted = Wanted(
            identifier=IDENTIFIER, purpose="p", matter=None, behalf="x", deliver=deliver
        )
        getting = Retrievals(
            offers=self,
            registry=self,  # type: ignore[arg-type]
            givers=self,
            append=self.append,
            keys=self.keys,
            clock=lambda: NOW,
            version="1",
        )
        return await getting.retrieve(wanted, Asker(caller="c", tenant="t"))


@pytest.fixture
def world(tmp_path: Any) -> World:
    return World(FolderKeys(tmp_path / "keys"))


async def test_asked_fetched_noted_and_then_handed_on(world: World):
    assert await world.retrieve() == Given(ISSUER, DELIVERED, b"abc")
    assert world.done == ["ask", "fetch", "row"]
    row = world.rows[0]
    assert (row.operation, row.result, row.purpose) == (Operation.RETRIEVE, Result.ANSWERED, "p")
    world.done.clear()
    assert await world.retrieve(Deliver.LINK) == Given(ISSUER, DELIVERED, None)
    assert world.done == ["ask", "row"]


async def test_who_took_over_gives_by_its_own_offer(world: World):
    """And not by the old body's, whose keys are not the endpoint's."""
    successor = IssuerCode("630901")
    world.endpoint = replace(ENDPOINT, issuer=successor, rule=Rule.SUCCESSOR)
    assert isinstance(await world.retrieve(), NotOffered)
    world.offer = replace(OFFER, issuer=successor)
    assert await world.retrieve() == Given(successor, DELIVERED, b"abc")


@pytest.mark.parametrize("deliver", Deliver)
async def test_without_its_row_nothing_leaves(world: World, deliver: Deliver):
    assert isinstance(await world.retrieve(deliver), Given)
    world.full = True
    with pytest.raises(Unavailable):
        await world.retrieve(deliver)


@pytest.mark.parametrize(
    ("change", "outcome", "reason", "done"),
    [
        ({"offer": None}, NotOffered(), "not_offered", ["row"]),
        ({"endpoint": None}, NotOffered(), "not_offered", ["row"]),
        ({"endpoint": replace(ENDPOINT, rule=Rule.UPSTREAM)}, NotOffered(), "not_offered", ["row"]),
        ({"endpoint": replace(ENDPOINT, rule=Rule.DELEGATE)}, NotOffered(), "not_offered", ["row"]),
        ({"endpoint": replace(ENDPOINT, adapter=Adapter.MAPPED)}, NotOffered(), "not_offered", ["row"]),
        ({"endpoint": replace(ENDPOINT, answer_keys=())}, NotOffered(), "not_offered", ["row"]),
        ({"said": NotGiven.REFUSED}, NotGiven.REFUSED, "issuer_refused", ["ask", "row"]),
        ({"said": Unreachable(Silence.TIMEOUT)}, Unreachable(Silence.TIMEOUT), "timeout",
         ["ask", "row"]),
        ({"content": Unreachable(Silence.OVERSIZED)}, Unreachable(Silence.OVERSIZED), "oversized",
         ["ask", "fetch", "row"]),
    ],
)  # fmt: skip
async def test_what_is_not_handed_on_is_noted_too(
    world: World, change: Any, outcome: Outcome, reason: str, done: list[str]
):
    assert isinstance(await world.retrieve(), Given)
    world.done.clear()
    for name, value in change.items():
        setattr(world, name, value)
    assert await world.retrieve() == outcome
    row = world.rows[-1]
    assert (row.result, row.reason, row.fields_answered) == (Result.REFUSED, reason, ())
    assert world.done == done
