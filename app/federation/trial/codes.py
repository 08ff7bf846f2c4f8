"""Codes of the issuer's own (查验码), out of official addresses: the sample's, and nobody's."""

import secrets
from collections.abc import AsyncIterator
from typing import Final

from app.domain.issuer import Answered, Code, Inquiry, Silence, Unreachable
from app.domain.license import Claims
from app.domain.sample import Sample
from app.federation.trial.asking import Asking, Reply
from app.federation.trial.items import Finding, Item, failed, passed, unchecked
from app.federation.trial.reading import trouble
from app.federation.trial.saying import PURPOSE

_TOLD: Final = frozenset({"identifier", "state", "since", "until", "successor"})
"""What is not told of a license that was not found."""


async def codes(asking: Asking, sample: Sample | None) -> AsyncIterator[Finding]:
    """Whoever gives out none says so, or does not know the member; both are as good."""
    strange = await _ask(asking, secrets.token_urlsafe(16))
    known = sample.claims.code if sample else None
    if sample is None or known is None:
        yield _without_one(strange)
    else:
        yield _found(sample, await _ask(asking, known))
    yield _denied(strange, gives=known is not None)


async def _ask(asking: Asking, code: str) -> Reply:
    """Of whatever type: the code alone names the license."""
    return await asking.ask(
        Inquiry(
            endpoint=asking.endpoint,
            identifier=None,
            type=None,
            claims=Claims(identifier=None, code=code),
            compare=frozenset(),
            digests={},
            purpose=PURPOSE,
            at=None,
            code=code,
        )
    )


def _found(sample: Sample, reply: Reply) -> Finding:
    item = Item.BY_CODE
    if not isinstance(reply.said, Answered):
        return trouble(item, reply)
    if reply.said.code is not sample.code:
        return failed(item, f"outcome {reply.said.code.value}")
    named, told = sample.claims.identifier, reply.members.get("identifier")
    if named is not None and told not in (None, str(named)):
        return failed(item, "it found another license")
    return passed(item, f"outcome {reply.said.code.value}")


def _without_one(strange: Reply) -> Finding:
    """What shows of an issuer whose sample has no code: whether it gives out any."""
    item = Item.BY_CODE
    if _unknown_member(strange):
        return passed(item, "HTTP 400: it does not know codes")
    if not isinstance(strange.said, Answered):
        return trouble(item, strange)
    if strange.said.code is Code.INSUFFICIENT:
        return passed(item, "outcome 4: it gives out no codes")
    return unchecked(item, "it gives out codes, and the sample has none")


def _denied(strange: Reply, *, gives: bool) -> Finding:
    item = Item.UNKNOWN_CODE
    if not gives and _unknown_member(strange):
        return passed(item, "HTTP 400: it does not know codes")
    if not isinstance(strange.said, Answered):
        return trouble(item, strange)
    saw, told = f"outcome {strange.said.code.value}", sorted(_TOLD & strange.members.keys())
    denied = {Code.NO_RECORD} if gives else {Code.NO_RECORD, Code.INSUFFICIENT}
    if strange.said.code not in denied:
        return failed(item, saw)
    return failed(item, f"{saw}; and yet it tells {', '.join(told)}") if told else passed(item, saw)


def _unknown_member(reply: Reply) -> bool:
    """Refused, as by an endpoint written before there were codes."""
    return reply.came == Unreachable(Silence.STATUS, "400")
