"""A whole node for tests of verdicts: its own database, lists, registry and verifier."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.verification import Receipt, Submission, Verification
from app.federation.lists import HttpLists
from app.registry.lists import store
from app.registry.lists.signed import MAX_LIST
from app.registry.sessions import Database
from app.registry.trust import PostgresRegistry
from app.services.following import Follower, Pulled
from app.services.verify import Issuers, Verifier
from tests.registry.conftest import LOOPBACK, NOW
from tests.world import told

DEADLINE = timedelta(seconds=2)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


class NoReports:
    """Publisher and journal of a node whose verdicts are looked at and forgotten."""

    def publish(self, verification: Verification) -> Receipt:
        return Receipt(verification, {}, b"{}", "", None)

    async def record(self, receipt: Receipt) -> None:
        del receipt


@dataclass
class Node:
    database: Database
    issuers: Issuers
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.registry = PostgresRegistry(self.database, self.clock)
        nothing = NoReports()
        self.verifier = Verifier(
            registry=self.registry,
            issuers=self.issuers,
            publisher=nothing,
            journal=nothing,
            clock=self.clock,
        )
        lists = HttpLists(most=MAX_LIST, deadline=DEADLINE)
        self.follower = Follower(
            database=self.database, lists=lists, clock=self.clock, log=self._unlogged
        )

    async def _unlogged(self, session: object, what: str) -> None:
        del session, what

    async def follow(self, publisher, server) -> None:
        async with self.database.writing() as session:
            pinned = store.read_pinned(publisher.pinned())
            await store.follow(session, pinned, url=server.url, networks=LOOPBACK)

    async def pull(self, publisher) -> Pulled:
        return await self.follower.pull(publisher.name)

    async def verify(self, content: bytes, **terms: object) -> Verification:
        submission = Submission(content=content, **terms)  # type: ignore[arg-type]
        return (await self.verifier.verify(submission)).verification

    async def told(self, content: bytes, **terms: object) -> str:
        return told(await self.verify(content, **terms))
