"""Probes: each endpoint is asked in a way it can be asked, and what was not asked is not counted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.conduct import Conduct
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import (
    Adapter,
    Endpoint,
    Inquiry,
    IssuerAnswer,
    NotAsked,
    Rule,
    Silence,
    Speaker,
    Unasked,
    Unreachable,
)
from app.domain.license import Fact
from app.domain.trust import Trust, TrustQuestion
from app.federation.breaker import IN_A_ROW, State
from app.federation.resilience import Call, Via
from app.registry.mapping import NOTHING
from app.services.probing import SERIAL, Prober
from app.services.watching import conduct_of
from tests.federation import virtual
from tests.federation.hostile import IDENTIFIER, ISSUER, endpoint, inquiry

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ENDPOINT = Endpoint(
    issuer=ISSUER, speaker=Speaker.ISSUER, url="https://issuer.example/ivp", answer_keys=()
)
SILENT = Unreachable(Silence.TIMEOUT)


@dataclass
class Around:
    """Everything a prober needs."""

    endpoint: Endpoint | None = ENDPOINT
    answer: IssuerAnswer = SILENT
    asked: list[Inquiry] = field(default_factory=list)
    noted: list[IssuerCode] = field(default_factory=list)

    async def quiet(self, since: datetime) -> Sequence[tuple[IssuerCode, TypeCode]]:
        assert since == NOW - timedelta(minutes=5)
        return [(ISSUER, IDENTIFIER.type)]

    async def trust_for(self, question: TrustQuestion) -> Trust:
        del question
        return replace(NOTHING, endpoint=self.endpoint)

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.asked.append(inquiry)
        return self.answer

    def probed(self, issuer: IssuerCode) -> None:
        self.noted.append(issuer)

    async def once(self) -> int:
        around: Any = self
        prober = Prober(
            quiet=around,
            registry=around,
            issuers=around,
            watch=around,
            after=timedelta(minutes=5),
            clock=lambda: NOW,
        )
        return await prober.once()


async def test_an_issuer_is_asked_about_a_license_nobody_has():
    around = Around()
    assert await around.once() == 1
    (asked,) = around.asked
    assert asked.identifier is not None
    assert (asked.identifier.serial, asked.compare, asked.purpose) == (SERIAL, frozenset(), "probe")
    assert around.noted == [ISSUER]


@pytest.mark.parametrize("adapter", [Adapter.MAPPED, Adapter.SHARE_GATEWAY])
async def test_who_is_asked_by_number_and_holder_is_probed_so(adapter: Adapter):
    around = Around(endpoint=replace(ENDPOINT, adapter=adapter))
    assert await around.once() == 1
    (asked,) = around.asked
    assert (asked.claims.number, asked.claims.holder) == (SERIAL, SERIAL)
    assert asked.compare == {Fact.NUMBER, Fact.HOLDER}


@pytest.mark.parametrize(
    "around",
    [
        Around(endpoint=None),
        Around(endpoint=replace(ENDPOINT, rule=Rule.UPSTREAM)),
        Around(answer=NotAsked(Unasked.NO_QUESTION)),
    ],
    ids=["no endpoint", "another's endpoint", "not asked"],
)
async def test_what_was_not_asked_is_no_probe(around: Around):
    assert await Around().once() == 1
    assert await around.once() == 0
    assert around.noted == []


def test_a_question_that_was_not_put_says_nothing_of_an_issuer():
    def call(answer: IssuerAnswer) -> Call:
        return Call(ENDPOINT, answer, Via.ASKED, 0.1, retried=False, at=NOW)

    assert conduct_of(call(SILENT)).asked == 1
    assert conduct_of(call(NotAsked(Unasked.NO_QUESTION))) == Conduct()


def test_nor_does_it_close_a_breaker():
    """A question that is not put cannot have been the probe that came back."""

    async def work() -> None:
        inner = virtual.Scripted(virtual.always(virtual.CUT))
        issuers = virtual.resilient(inner)
        question = inquiry(endpoint(1))
        for number in range(IN_A_ROW):
            await issuers.ask(replace(question, purpose=f"p{number}"))
        assert issuers.states()[ISSUER] is State.OPEN
        await asyncio.sleep(2)
        inner.script = virtual.always(NotAsked(Unasked.NO_QUESTION))
        await issuers.ask(replace(question, purpose="not put"))
        assert issuers.states()[ISSUER] is State.HALF_OPEN
        inner.script = virtual.good
        await issuers.ask(replace(question, purpose="put"))
        assert issuers.states()[ISSUER] is State.CLOSED

    virtual.run(work)
