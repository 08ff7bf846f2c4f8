"""Proposals and decisions about trust, as they come in signed: shown, taken, and kept.

Each is one transaction, with its audit row in it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.crypto.signing import KeyProvider
from app.domain.errors import Refused
from app.domain.verification import Asker
from app.registry.making.proposals import Proposal, newest_proposals, proposal_of
from app.registry.making.publishing import held_sections, own_source
from app.registry.making.received import (
    signed_proposal,
    signer_of,
    take_decision,
    take_proposal,
)
from app.registry.making.record import Recorder
from app.registry.making.telling import in_words
from app.registry.sessions import Database

PAGE: Final = 20
"""Proposals told at once: each is read under the keys of whoever signed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A proposal for whoever decides on it."""

    proposal: Proposal
    words: tuple[str, ...]
    """What it would change; texts of others are in it."""
    signed: str = field(repr=False)
    """As its proposer signed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Takes what people have signed at home. It holds no key of anybody."""

    database: Database = field(repr=False)
    keys: KeyProvider = field(repr=False)
    clock: Callable[[], datetime]
    version: str

    async def publisher(self) -> str | None:
        """Whose list this node makes; None: it makes none. Raises `Unavailable`."""
        async with self.database.reading() as session:
            try:
                return (await own_source(session)).publisher
            except Refused:
                return None

    async def shown(self, number: int) -> Shown:
        """Raises `Refused` where there is none, or where it is not what its proposer signed;
        `Unavailable`.
        """
        async with self.database.reading() as session:
            proposal = await proposal_of(session, number)
            sections = await held_sections(session, await own_source(session))
            words = tuple(in_words(proposal, sections))
            signed = await signed_proposal(session, number)
            return Shown(proposal=proposal, words=words, signed=signed)

    async def newest(self, before: int) -> tuple[str | None, list[Proposal]]:
        """Whose list this node makes, and a page of proposals below a number, newest first.

        Raises `Refused` as `proposal_of`, and `Unavailable`.
        """
        async with self.database.reading() as session:
            try:
                publisher = (await own_source(session)).publisher
            except Refused:
                return None, []
            return publisher, await newest_proposals(session, publisher, before, PAGE)

    async def propose(self, signed: str, sender: str | None, way: Asker) -> Proposal:
        """The proposal as it is kept. `sender`: who hands it in; None: a system, in the name of
        whoever signed it. Raises `Refused` as `take_proposal`, and `Unavailable`.
        """
        async with self.database.writing() as session:
            by, now = sender or await signer_of(session, signed), self.clock()
            record = Recorder(self.keys, self.version, way)
            number = await take_proposal(session, signed, by, now, record=record)
            return await proposal_of(session, number)

    async def decide(self, number: int, signed: str, sender: str | None, way: Asker) -> Proposal:
        """The proposal as it stands then; `sender` as above. Raises `Refused` as `take_decision`,
        `Unavailable`.
        """
        async with self.database.writing() as session:
            by, now = sender or await signer_of(session, signed), self.clock()
            record = Recorder(self.keys, self.version, way)
            return await take_decision(session, number, signed, by, now, record=record)
