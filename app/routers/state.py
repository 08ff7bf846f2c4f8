"""What a request finds: put there by the composition root, the same type in tests."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Protocol, TypedDict

from fastapi import Depends, Request

from app.domain.confirmation import Confirmed
from app.domain.identifier import IssuerCode
from app.domain.presentation import Offer, Presentation, Refusal
from app.registry.directory import Directory
from app.registry.health import PostgresLedger
from app.registry.jobs import PostgresJobs
from app.registry.lists.published import ServedList
from app.registry.overview import PostgresOverview
from app.routers.body import Limits, Room
from app.routers.door import Door
from app.services.answering import Answering
from app.services.console import Console
from app.services.disputing import Disputes
from app.services.holdings import Relating
from app.services.importing import Importer
from app.services.lookup import Lookups
from app.services.making import Making
from app.services.places import Places
from app.services.retrieving import Retrievals
from app.services.verify import Verifier
from app.services.watching import Metrics


class Reports(Protocol):
    """Reads published reports again."""

    async def report(
        self, id: str, now: datetime, tenant: str | None = None
    ) -> tuple[dict[str, object], str] | None:
        """Report and JWS, or None for an id that is unknown, expired or another tenant's."""


class Confirmations(Protocol):
    """What is told to whoever holds the code of a report."""

    async def confirmed(self, id: str, now: datetime) -> Confirmed | None:
        """None: unknown, expired, closed, or a tenant's that is not open; all look alike."""

    async def open(self, id: str, tenant: str, until: datetime) -> bool:
        """False: the tenant has no such report."""

    async def close(self, id: str, tenant: str, now: datetime) -> bool:
        """False: the tenant has no such report."""


class Health(Protocol):
    """Looks at what this node cannot do without."""

    async def look(self) -> dict[str, str]:
        """Name of each part → `ok`, or what is wrong with it."""


class TrustLists(Protocol):
    """Lists this node holds, octet for octet."""

    async def latest(self, publisher: str | None, known: frozenset[str]) -> ServedList | None:
        """Of a publisher; None: the node's own, else the first it follows. `known`: addresses of
        lists whose octets are not needed.
        """

    async def numbered(
        self, publisher: str, number: int, known: frozenset[str]
    ) -> ServedList | None:
        """Any that was accepted."""


class Lists(Protocol):
    """What is registered, for anybody to see."""

    async def look(self) -> Directory:
        """Not older than a minute. Raises `Unavailable`."""


class Presentations(Protocol):
    """Codes that phones show (亮证码)."""

    async def give_out(self, shown: Presentation) -> str:
        """A new code."""

    async def use(self, offer: Offer) -> bytes | Refusal:
        """What it stands for, once."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The operators' console."""

    console: Console
    making: Making
    """Proposals and decisions, as they come in signed."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How issuers fare: sums of all workers, and what this worker sees itself."""

    ledger: PostgresLedger
    metrics: Metrics
    breakers: Callable[[], Mapping[IssuerCode, str]]
    certificates: Callable[[], Mapping[IssuerCode, datetime]]
    """Ends of the servers' certificates."""
    shown: Callable[[], Mapping[IssuerCode, datetime]]
    """Ends of the certificates this node shows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Everything a router may reach."""

    verifier: Verifier
    door: Door
    reports: Reports
    confirmations: Confirmations
    presentations: Presentations
    health: Health
    trust_lists: TrustLists
    keys: tuple[dict[str, str], ...]
    """Public JWKs of this node."""
    id: str
    address: str
    """Where the public finds this node, as https://verify.example; empty: not said."""
    limits: Limits
    clock: Callable[[], datetime]
    places: Places = field(repr=False)
    """For verifications under way."""
    room: Room = field(repr=False)
    """Memory of bodies under way."""
    lookups: Lookups = field(repr=False)
    relating: Relating = field(repr=False)
    disputes: Disputes = field(repr=False)
    importer: Importer = field(repr=False)
    lists: Lists = field(repr=False)
    overview: PostgresOverview = field(repr=False)
    """What the console and the interface tell operators."""
    under_way: set[asyncio.Task[None]] = field(default_factory=set, repr=False)
    """Verifications somebody watches: they end and are recorded also when nobody does any more."""
    streams: asyncio.Semaphore = field(repr=False)
    """For imports under way."""
    jobs: PostgresJobs = field(repr=False)
    job_lifetime: timedelta
    """After it upload and results are deleted."""
    batches: asyncio.Semaphore = field(repr=False)
    """For batches under way."""
    retrievals: Retrievals = field(repr=False)
    making: Making = field(repr=False)
    """Proposals and decisions about trust, as they come in signed."""
    desk: Desk | None = None
    """None: this node serves no console."""
    watched: Watched | None = None
    """None: nothing is counted."""
    answering: Answering | None = None
    """None: nobody is registered to ask this node."""


class State(TypedDict):
    """The lifespan's gift to every request."""

    node: Node


async def _node(request: Request) -> Node:
    node: Node = request.state.node
    return node


NodeDep = Annotated[Node, Depends(_node)]
