"""The trial itself: a good question first; where it is answered, all the others.

Nothing of a trial is kept, and nothing in it can make an endpoint trusted: it only shows.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.domain.errors import Refused
from app.domain.identifier import TypeCode
from app.domain.issuer import Answered, Inquiry, Silence, Unreachable
from app.domain.sample import Sample
from app.federation.egress import ForbiddenAddress, destination
from app.federation.trial.asking import Asking, Reply
from app.federation.trial.codes import codes
from app.federation.trial.items import (
    Finding,
    Item,
    Outcome,
    failed,
    passed,
    unchecked,
    whole,
)
from app.federation.trial.reading import judge, trouble
from app.federation.trial.refusals import refusals
from app.federation.trial.saying import ABOUT_FACTS, Saying, document, fresh, known
from app.federation.wire import FactsNotPrivate

OFF: Final = timedelta(seconds=45)
"""A clock that is off by so much is tolerated (docs/ivp.md allows 60 s)."""
_NEED_SAMPLE: Final = (
    *(Item.FACTS, Item.KNOWN, Item.DOCUMENT, Item.OTHER_DOCUMENT, *ABOUT_FACTS),
    *(Item.NUMBER_ALONE, Item.BEFORE_ISSUE),
)


async def examine(
    asking: Asking, sample: Sample | None, *, type: TypeCode | None, max_age: timedelta
) -> list[Finding]:
    """The whole list. Raises `Unavailable` where this node cannot sign.

    Args:
        asking: this node before the endpoint.
        sample: a license the issuer named; None: what needs one is left unchecked.
        type: a license type of the issuer's, for questions about licenses nobody has.
        max_age: data an answer rests on may be so old.
    """
    endpoint = asking.endpoint
    try:
        where = destination(endpoint.url, endpoint.networks)
    except (ForbiddenAddress, Refused) as refused:
        rule = refused.rule if isinstance(refused, ForbiddenAddress) else str(refused)
        return whole([failed(Item.ADDRESS, rule)])
    trial = _Trial(replace(asking, private=where.loopback), sample, type, max_age)
    return whole([finding async for finding in trial.run()])


@dataclass(slots=True)
class _Trial:
    asking: Asking
    sample: Sample | None
    type: TypeCode | None
    max_age: timedelta

    async def run(self) -> AsyncIterator[Finding]:
        """An earlier word on an item prevails over a later one."""
        saying = Saying(self.asking, self.sample, self.type)
        good = saying.good()
        if good is None:
            for item in Item:
                yield unchecked(item, "needs a sample license, or a license type to ask about")
            return
        reply, about_facts = await self._first(saying, good)
        saying.sealed = all(finding.outcome is Outcome.PASSED for finding in about_facts)
        for finding in (*about_facts, *judge(reply)):
            yield finding
        if isinstance(reply.said, Answered):
            async for finding in self._rest(saying, good, reply.said):
                yield finding

    async def _rest(self, saying: Saying, good: Inquiry, said: Answered) -> AsyncIterator[Finding]:
        """Everything for which an answer has to be readable."""
        yield fresh(said, self.asking.clock(), self.max_age)
        if self.sample is None:
            for item in _NEED_SAMPLE:
                yield unchecked(item, "needs a sample license: --sample FILE")
        else:
            yield known(said, self.sample)
            yield document(said, self.sample)
            async for finding in saying.about(self.sample):
                yield finding
        yield await saying.unknown_license(said if self.sample is None else None)
        async for finding in codes(self.asking, self.sample):
            yield finding
        bare = replace(good, compare=frozenset(), digests={})
        yield await self._grown(bare)
        yield await self._clocks(bare)
        async for finding in refusals(self.asking, bare):
            yield finding

    async def _first(self, saying: Saying, good: Inquiry) -> tuple[Reply, list[Finding]]:
        """The first question; where one without facts is answered, facts are what is wrong."""
        bare = replace(good, compare=frozenset())
        try:
            reply = await self.asking.ask(good)
        except FactsNotPrivate as refused:
            found = [unchecked(item, str(refused)) for item in (Item.FACTS, *ABOUT_FACTS)]
            return await self.asking.ask(bare), found
        if self.sample is None or not saying.comparing:
            return reply, []
        if not isinstance(reply.came, Unreachable) or reply.came.why is not Silence.STATUS:
            return reply, [passed(Item.FACTS)]
        without = await self.asking.ask(bare)
        if isinstance(without.came, Unreachable):
            return reply, []
        found = [failed(Item.FACTS, f"HTTP {reply.came.detail} with facts, an answer without")]
        return without, found + [unchecked(item, "facts are not opened") for item in ABOUT_FACTS]

    async def _grown(self, good: Inquiry) -> Finding:
        question = self.asking.write(good)
        grown = self.asking.bend(question, lambda payload: {**payload, "weather": {"sky": "clear"}})
        return _accepted(Item.NEW_MEMBERS, await self.asking.send(grown))

    async def _clocks(self, good: Inquiry) -> Finding:
        for off in (OFF, -OFF):
            there = replace(self.asking, clock=_shifted(self.asking.clock, off))
            question = replace(there.write(good), asked_at=self.asking.clock())
            found = _accepted(Item.CLOCK_TOLERANCE, await self.asking.send(question))
            if found.outcome is not Outcome.PASSED:
                return found
        return found


def _accepted(item: Item, reply: Reply) -> Finding:
    return passed(item) if isinstance(reply.said, Answered) else trouble(item, reply)


def _shifted(clock: Callable[[], datetime], off: timedelta) -> Callable[[], datetime]:
    return lambda: clock() + off
