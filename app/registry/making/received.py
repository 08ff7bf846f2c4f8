"""Proposals and decisions that were signed elsewhere: nobody's private key comes to a server.

They come in at the console, from whoever signed them, or over HTTP, by a system that carries them.

They go the very way of those that are signed here, and are refused for the very reasons. One more
thing is asked of them: that they were signed lately, since they may have been carried by anybody.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from app.crypto.jose import CompactLimits, split_compact
from app.domain.caller import Scope
from app.domain.errors import InvalidSignature, Malformed, Refused
from app.models import Decided, ProposalRow
from app.registry.making.changes import MAX_CHANGES, apply, read_changes, read_sections
from app.registry.making.persons import Person, list_persons, person_of
from app.registry.making.proposals import (
    FORMAT,
    MAX_NOTE,
    Proposal,
    keep_decision,
    keep_proposal,
    proposal_of,
)
from app.registry.making.publishing import held_sections, own_source
from app.registry.making.record import Recorder
from app.registry.making.statements import (
    DECISION,
    MAX_STATEMENT,
    PROPOSAL,
    digest_of,
    read_statement,
)
from app.registry.merge import alone
from app.registry.reader import Reader, refuse
from app.registry.sessions import ReadSession, WriteSession

CARRIED: Final = timedelta(days=1)
"""From signing until it is handed in, at most."""
AHEAD: Final = timedelta(minutes=5)
"""So far the signer's clock may be before this node's."""
LAST_NUMBER: Final = 2**31 - 1
_PROPOSAL: Final = frozenset({"format", "publisher", "person", "at", "note", "changes"})
_DECISION: Final = frozenset({"proposal", "number", "verdict", "person", "at", "why"})
_TOKEN: Final = CompactLimits(token=MAX_STATEMENT * 3 // 2)


async def take_proposal(
    session: WriteSession, token: str, sender: str, now: datetime, *, record: Recorder
) -> int:
    """Keep a proposal that its sender signed; returns its number.

    Args:
        session: of one transaction.
        token: compact JWS, `trust-proposal+jwt`.
        sender: who hands it in: nobody hands in what another signed.
        now: the node's time.
        record: writes the audit row.

    Raises:
        Refused: as `propose`; another's, an old one, or one that is here already.
    """
    await alone(session)
    by, said = await _signed(session, token, PROPOSAL, sender)
    by.require(Scope.TRUST_PROPOSE)
    said.close(required=_PROPOSAL, optional=())
    source = await own_source(session)
    if (said.text("format"), said.text("publisher")) != (FORMAT, source.publisher):
        refuse("signed", f"is no proposal ({FORMAT}) for the list {source.publisher}")
    _fresh(said, now)
    _note(said, "note")
    await _first(session, token)
    changes = read_changes(said.objects("changes", MAX_CHANGES))
    if not changes:
        refuse("changes", f"are not 1 to {MAX_CHANGES}")
    sections = apply(await held_sections(session, source), changes, place="changes")
    read_sections(sections, networks=source.networks)
    return await keep_proposal(session, source.publisher, by, token, now, record=record)


async def take_decision(
    session: WriteSession, number: int, token: str, sender: str, now: datetime, *, record: Recorder
) -> Proposal:
    """Keep what its sender decided about a proposal, and signed.

    Args:
        session: of one transaction.
        number: of the proposal that was looked at.
        token: compact JWS, `trust-decision+jwt`.
        sender: who hands it in.
        now: the node's time.
        record: writes the audit row.

    Raises:
        Refused: as `decide`; another's, an old one, or one about anything but this very content of
            this very proposal.
    """
    await alone(session)
    by, said = await _signed(session, token, DECISION, sender)
    by.require(Scope.TRUST_APPROVE)
    said.close(required=_DECISION, optional=())
    proposal = await proposal_of(session, number)
    about = (said.text("proposal"), said.integer("number", 1, LAST_NUMBER))
    if about != (proposal.digest, number):
        refuse("signed", f"is not about proposal {number} as it stands here")
    verdicts = {each.value: each for each in Decided}
    verdict = verdicts.get(said.text("verdict"))
    if verdict is None:
        refuse("verdict", f"is none of {', '.join(verdicts)}")
    _fresh(said, now)
    _note(said, "why")
    return await keep_decision(session, proposal, verdict, by, token, now, record=record)


async def signed_proposal(session: ReadSession, number: int) -> str:
    """What its proposer signed, for whoever decides on it at home. Raises as `proposal_of`."""
    await proposal_of(session, number)
    jws = await session.scalar(select(ProposalRow.jws).where(ProposalRow.number == number))
    return str(jws)


async def signer_of(session: ReadSession, token: str) -> str:
    """Whose live key a text says it was signed with; whether it was, `take_…` looks at.

    Raises:
        Refused: no signed text, or nobody's key.
    """
    try:
        kid = split_compact(token.encode("utf-8", "replace"), _TOKEN).kid
    except Malformed:
        raise Refused("signed", f"this is no {PROPOSAL} or {DECISION}") from None
    for person in await list_persons(session):
        if person.ended_at is None and person.key is not None and person.key.key_id == kid:
            return person.name
    raise Refused("key", "this is the registered key of nobody: see `zhengyan person list`")


async def _signed(session: ReadSession, token: str, typ: str, sender: str) -> tuple[Person, Reader]:
    """The sender, alive, and what their registered key signed. Raises `Refused`."""
    by = await person_of(session, sender)
    try:
        if split_compact(token.encode("utf-8", "replace"), _TOKEN).kid != by.live.key_id:
            raise Refused("key", f"this is not the registered key of {sender}")
        said = Reader.of(read_statement(token, typ, by.live), "signed")
    except (Malformed, InvalidSignature):
        raise Refused("signed", f"this is no {typ} that {sender} signed") from None
    if said.members.get("person") != sender:
        refuse("signed.person", f"is not {sender}, whose key signed it")
    return by, said


def _fresh(said: Reader, now: datetime) -> None:
    if not now - CARRIED <= said.moment("at") <= now + AHEAD:
        refuse(said.at("at"), "is not of the last day: sign it anew")


def _note(said: Reader, name: str) -> None:
    text = said.members[name]
    if not isinstance(text, str) or len(text) > MAX_NOTE:
        refuse(said.at(name), f"is no text of at most {MAX_NOTE} characters")


async def _first(session: ReadSession, token: str) -> None:
    """A proposal is made once: else one of long ago, undone since, could be brought back."""
    signed = f"{token.rpartition('.')[0]}."
    known = select(ProposalRow.number).where(func.starts_with(ProposalRow.jws, signed))
    number = await session.scalar(known)
    if number is not None:
        raise Refused("signed", f"is proposal {number} already ({digest_of(token)[:16]}…)")
