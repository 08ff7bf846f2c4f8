"""Proposals and what others said of them: signed, and read back only as they were signed.

Nobody decides on their own proposal: refused here, and once more by the database
(`ck_trust_decision_two_people`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from app.domain.caller import Scope
from app.domain.errors import InvalidSignature, Refused
from app.models import Decided, DecisionRow, ProposalRow
from app.registry.making.changes import MAX_CHANGES, Change, apply, read_changes, read_sections
from app.registry.making.persons import Acting, Person, key_of
from app.registry.making.record import Recorder
from app.registry.making.statements import (
    DECISION,
    PROPOSAL,
    digest_of,
    read_statement,
    sign_statement,
)
from app.registry.merge import alone
from app.registry.reader import Reader, refuse
from app.registry.sessions import ReadSession, WriteSession

FORMAT: Final = "zhengyan-trust-proposal/1"
MAX_NOTE: Final = 500
"""Characters."""


class NoProposal(Refused):
    """There is none of that number."""


class State(StrEnum):
    """How far a proposal has come."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one other person said, read under their key."""

    verdict: Decided
    person: str
    at: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one person wants changed, read under their key."""

    number: int
    publisher: str
    person: str
    key_id: str
    at: str
    note: str
    changes: tuple[Change, ...] = field(repr=False)
    digest: str
    decisions: tuple[Decision, ...]
    published_in: int | None

    @property
    def state(self) -> State:
        verdicts = {decision.verdict for decision in self.decisions}
        if self.published_in is not None:
            return State.PUBLISHED
        if Decided.REJECTED in verdicts:
            return State.REJECTED
        return State.APPROVED if Decided.APPROVED in verdicts else State.PROPOSED


def moment(at: datetime) -> str:
    """Whole seconds of UTC, as statements and lists write them."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def propose(  # noqa: PLR0917
    session: WriteSession,
    publisher: str,
    sections: Mapping[str, Any],
    changes: Sequence[Change],
    by: Acting,
    now: datetime,
    *,
    note: str,
    record: Recorder,
    networks: Sequence[str] = (),
) -> int:
    """Keep a signed proposal; returns its number.

    Args:
        session: of one transaction.
        publisher: whose list.
        sections: what the list says now, with `signers`.
        changes: what is wanted.
        by: who, with their key.
        now: the node's time.
        note: why, for whoever approves.
        record: writes the audit row.
        networks: opened by the operator for endpoints in it.

    Raises:
        Refused: without the scope, or what no follower could read.
    """
    by.require(Scope.TRUST_PROPOSE)
    content = proposal_content(publisher, by.name, note, changes, now)
    read_sections(apply(sections, changes, place="changes"), networks=networks)
    await alone(session)
    jws = sign_statement(PROPOSAL, content, by.signer)
    return await keep_proposal(session, publisher, by.person, jws, now, record=record)


def proposal_content(
    publisher: str, person: str, note: str, changes: Sequence[Change], now: datetime
) -> dict[str, object]:
    """What a proposer signs. Raises `Refused` beyond its bounds."""
    if not changes or len(changes) > MAX_CHANGES:
        refuse("changes", f"are not 1 to {MAX_CHANGES}")
    if len(note) > MAX_NOTE:
        refuse("note", f"is longer than {MAX_NOTE} characters")
    return {
        "format": FORMAT,
        "publisher": publisher,
        "person": person,
        "at": moment(now),
        "note": note,
        "changes": [change.payload() for change in changes],
    }


async def keep_proposal(
    session: WriteSession,
    publisher: str,
    by: Person,
    jws: str,
    now: datetime,
    *,
    record: Recorder,
) -> int:
    """The last step of every proposal, wherever it was signed. Raises `Refused` without a key."""
    number = (await session.scalar(select(func.max(ProposalRow.number))) or 0) + 1
    values = {
        "number": number,
        "publisher": publisher,
        "person": by.name,
        "key_id": by.live.key_id,
        "jws": jws,
    }
    await session.execute(insert(ProposalRow).values(**values))
    await record(session, by.name, f"trust proposal {number} proposed {digest_of(jws)}", now)
    return number


async def decide(
    session: WriteSession,
    number: int,
    verdict: Decided,
    by: Acting,
    now: datetime,
    *,
    why: str,
    record: Recorder,
) -> Proposal:
    """Approve or reject what somebody else proposed. An approved one may still be rejected.

    Raises:
        Refused: without the scope; one's own; one that was published, rejected or approved
            already; one that is not what its proposer signed.
    """
    by.require(Scope.TRUST_APPROVE)
    await alone(session)
    proposal = await proposal_of(session, number)
    content = decision_content(proposal, verdict, by.name, why, now)
    jws = sign_statement(DECISION, content, by.signer)
    return await keep_decision(session, proposal, verdict, by.person, jws, now, record=record)


def decision_content(
    proposal: Proposal, verdict: Decided, person: str, why: str, now: datetime
) -> dict[str, object]:
    """What is signed by whoever decides. Raises `Refused` beyond its bounds."""
    if len(why) > MAX_NOTE:
        refuse("why", f"is longer than {MAX_NOTE} characters")
    return {
        "proposal": proposal.digest,
        "number": proposal.number,
        "verdict": verdict.value,
        "person": person,
        "at": moment(now),
        "why": why,
    }


def require_another(proposal: Proposal, by: Person, verdict: Decided) -> None:
    """Raises `Refused` for the proposer, under whatever key, and where it is decided already."""
    number = proposal.number
    if by.name == proposal.person or by.live.key_id == proposal.key_id:
        raise Refused("as", f"proposal {number} is {by.name}'s own: another person decides on it")
    done = {State.PUBLISHED, State.REJECTED}
    if verdict is Decided.APPROVED:
        done.add(State.APPROVED)
    if proposal.state in done:
        raise Refused("number", f"proposal {number} is {proposal.state} already")


async def keep_decision(  # noqa: PLR0917
    session: WriteSession,
    proposal: Proposal,
    verdict: Decided,
    by: Person,
    jws: str,
    now: datetime,
    *,
    record: Recorder,
) -> Proposal:
    """The last step of every decision, wherever it was signed. Raises as `require_another`."""
    require_another(proposal, by, verdict)
    values = {
        "proposal": proposal.number,
        "verdict": verdict.value,
        "person": by.name,
        "key_id": by.live.key_id,
        "proposer": proposal.person,
        "proposer_key": proposal.key_id,
        "jws": jws,
    }
    await session.execute(insert(DecisionRow).values(**values))
    what = f"trust proposal {proposal.number} {verdict} {proposal.digest}"
    await record(session, by.name, what, now)
    return await proposal_of(session, proposal.number)


async def mark_published(session: WriteSession, numbers: Sequence[int], number: int) -> None:
    """They are in that list."""
    r = ProposalRow
    query = update(r).where(r.number.in_(numbers), r.published_in.is_(None))
    await session.execute(query.values(published_in=number))


# ---- reading


async def proposal_of(session: ReadSession, number: int) -> Proposal:
    """Raises `NoProposal`, and `Refused` where it is not what its proposer signed."""
    row = await session.get(ProposalRow, number, populate_existing=True)
    if row is None:
        raise NoProposal("number", f"there is no proposal {number}: see `zhengyan trust review`")
    return await _read(session, row)


async def list_proposals(session: ReadSession, publisher: str) -> list[Proposal]:
    """By number. Raises `Refused` as `proposal_of`."""
    r = ProposalRow
    query = select(r).where(r.publisher == publisher).order_by(r.number)
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return [await _read(session, row) for row in rows]


async def newest_proposals(
    session: ReadSession, publisher: str, before: int, most: int
) -> list[Proposal]:
    """So many of those below a number, newest first. Raises `Refused` as `proposal_of`."""
    r = ProposalRow
    query = (
        select(r)
        .where(r.publisher == publisher, r.number < before)
        .order_by(r.number.desc())
        .limit(most)
    )
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return [await _read(session, row) for row in rows]


async def _read(session: ReadSession, row: ProposalRow) -> Proposal:
    said = await _statement(session, row.jws, PROPOSAL, row.person, row.key_id, row.number)
    top = Reader.of(said, f"proposal {row.number}")
    names = {"format", "publisher", "person", "at", "note", "changes"}
    top.close(required=names, optional=())
    stated = (top.text("format"), top.text("publisher"), top.text("person"))
    if stated != (FORMAT, row.publisher, row.person):
        raise Refused("number", f"proposal {row.number} is not what {row.person} signed")
    digest = digest_of(row.jws)
    r = DecisionRow
    query = select(r).where(r.proposal == row.number).order_by(r.recorded_at)
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return Proposal(
        number=row.number,
        publisher=row.publisher,
        person=row.person,
        key_id=row.key_id,
        at=top.text("at"),
        note=str(said["note"]),
        changes=read_changes(top.objects("changes", MAX_CHANGES)),
        digest=digest,
        decisions=tuple([await _decision(session, each, row, digest) for each in rows]),
        published_in=row.published_in,
    )


async def _decision(
    session: ReadSession, row: DecisionRow, about: ProposalRow, digest: str
) -> Decision:
    """A decision on this very content by somebody else; on anything else it is none."""
    said = await _statement(session, row.jws, DECISION, row.person, row.key_id, row.proposal)
    stated = tuple(said.get(name) for name in ("proposal", "number", "verdict", "person"))
    if stated != (digest, row.proposal, row.verdict, row.person) or said["number"] is True:
        message = f"what {row.person} decided is not about this content of proposal {row.proposal}"
        raise Refused("number", message)
    if row.person == about.person or row.key_id == about.key_id:
        raise Refused("number", f"proposal {row.proposal} was decided on by its own proposer")
    return Decision(
        verdict=Decided(row.verdict),
        person=row.person,
        at=str(said.get("at")),
        why=str(said.get("why")),
    )


async def _statement(  # noqa: PLR0917
    session: ReadSession, jws: str, typ: str, person: str, key_id: str, number: int
) -> dict[str, object]:
    try:
        return read_statement(jws, typ, await key_of(session, person, key_id))
    except InvalidSignature:
        raise Refused("number", f"proposal {number} is not what {person} signed") from None
