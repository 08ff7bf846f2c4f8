"""调阅: is it offered → ask the issuer → fetch where bytes are wanted → its audit row → handed on.

Whatever happened has its row before the caller hears of it; without the row nothing leaves. The
document passes through memory and is neither kept nor looked into: it is no verification.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter, Rule, Unreachable
from app.domain.retrieval import Deliver, Delivered, Giver, NotGiven, Offer, Wanted
from app.domain.trust import TrustQuestion
from app.domain.verification import Asker
from app.registry.auditing import event, keyed
from app.services.verify import Registry


class Offers(Protocol):
    """Which bodies give their documents."""

    async def of(self, issuer: IssuerCode) -> Offer | None:
        """Raises `Unavailable`."""


class Givers(Protocol):
    """The way to them."""

    async def ask(self, wanted: Wanted, giver: Giver) -> Delivered | NotGiven | Unreachable: ...

    async def fetch(self, delivered: Delivered, giver: Giver) -> bytes | Unreachable: ...


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Its issuer is not registered, or does not offer it here."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is handed on."""

    issuer: IssuerCode
    delivered: Delivered
    content: bytes | None = field(repr=False)
    """None: the link."""


_GIVING: Final = frozenset({Rule.ISSUER, Rule.SUCCESSOR})
Outcome = Given | NotGiven | NotOffered | Unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrievals:
    """Gets documents from their issuers."""

    offers: Offers
    registry: Registry
    givers: Givers
    append: Callable[[AuditEvent], Awaitable[None]]
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]
    version: str

    async def retrieve(self, wanted: Wanted, asker: Asker) -> Outcome:
        """Raises `Unavailable`: without its row in the audit log nothing is handed on."""
        outcome = await self._outcome(wanted)
        await self.append(self._row(wanted, outcome, asker))
        return outcome

    async def _outcome(self, wanted: Wanted) -> Outcome:
        giver = await self._giver(wanted)
        if giver is None:
            return NotOffered()
        said = await self.givers.ask(wanted, giver)
        if not isinstance(said, Delivered):
            return said
        issuer = giver.offer.issuer
        if wanted.deliver is Deliver.LINK:
            return Given(issuer, said, None)
        content = await self.givers.fetch(said, giver)
        return content if isinstance(content, Unreachable) else Given(issuer, said, content)

    async def _giver(self, wanted: Wanted) -> Giver | None:
        """The issuer itself, or who took over from it, by its keys that count today: nobody else
        gives in its name.
        """
        identifier = wanted.identifier
        trust = await self.registry.trust_for(
            TrustQuestion(
                identifier=identifier,
                type=identifier.type,
                issuer=identifier.issuer,
                signers=frozenset(),
                digest=None,
            )
        )
        endpoint = trust.endpoint
        if endpoint is None or endpoint.rule not in _GIVING:
            return None
        offer = await self.offers.of(endpoint.issuer)
        if offer is None:
            return None
        if endpoint.adapter is not Adapter.IVP or not endpoint.answer_keys:
            return None
        if trust.snapshot_good_until is not None and trust.snapshot_good_until < self.clock():
            return None  # its keys are vouched for by a list that has run out
        return Giver(endpoint, offer)

    def _row(self, wanted: Wanted, outcome: Outcome, asker: Asker) -> AuditEvent:
        given = isinstance(outcome, Given)
        row = event(
            asker,
            self.keys,
            Operation.RETRIEVE,
            Result.ANSWERED if given else Result.REFUSED,
            at=self.clock(),
            version=self.version,
            reason=None if given else _word(outcome),
            object=keyed(self.keys, "license", str(wanted.identifier)),
        )
        return replace(
            row,
            purpose=wanted.purpose,
            matter=wanted.matter,
            type=wanted.identifier.type,
            issuer=wanted.identifier.issuer,
            fields_asked=(wanted.deliver.value,),
            fields_answered=(wanted.deliver.value,) if given else (),
        )


def _word(outcome: Outcome) -> str:
    match outcome:
        case NotGiven():
            return f"issuer_{outcome.value}"
        case Unreachable(why):
            return why.value
        case _:
            return "not_offered"
