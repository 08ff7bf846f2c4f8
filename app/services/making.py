"""Proposals and decisions about trust, as they come in signed: shown, taken, and kept.

Each is one transaction, with its audit row in it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.crypto.signing import KeyProvider
from app.domain.errors import Refused
from app.domain.verification import Asker
from app.registry.making.proposals import Proposal, proposal_of
from app.registry.making.publishing import held_sections, own_source
from app.registry.making.received import signed_proposal, take_decision, take_proposal
from app.registry.making.record import Recorder
from app.registry.making.telling import in_words
from app.registry.sessions import Database


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

    async def propose(self, signed: str, sender: str, way: Asker) -> int:
        """Its number. Raises `Refused` as `take_proposal`, and `Unavailable`."""
        async with self.database.writing() as session:
            record = Recorder(self.keys, self.version, way)
            return await take_proposal(session, signed, sender, self.clock(), record=record)

    async def decide(self, number: int, signed: str, sender: str, way: Asker) -> Proposal:
        """The proposal as it stands then. Raises `Refused` as `take_decision`, `Unavailable`."""
        async with self.database.writing() as session:
            record = Recorder(self.keys, self.version, way)
            return await take_decision(session, number, signed, sender, self.clock(), record=record)
