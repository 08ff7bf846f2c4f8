"""The next list: composed of the held one and what was approved, signed by one after another.

When enough keys have signed, the node accepts it as its own followed list, in the same transaction
and by the same rules as any follower (`app.domain.trustlist`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, assert_never

from sqlalchemy import delete, insert, update

from app.domain.errors import Malformed, Refused
from app.domain.trustlist import Held, Refusal, SignerKey, Signers
from app.models import ListDraftRow
from app.registry.lists import store
from app.registry.lists.content import SECTIONS
from app.registry.lists.signed import (
    FORMAT,
    MAX_LIST,
    assemble,
    compose,
    read_list,
    read_publisher,
    read_signers,
    sign,
    signers_payload,
)
from app.registry.lists.store import Pinned, Source
from app.registry.making.changes import Sections, apply
from app.registry.making.persons import Acting, person_of
from app.registry.making.proposals import (
    Proposal,
    State,
    list_proposals,
    mark_published,
    moment,
)
from app.registry.making.record import Recorder
from app.registry.merge import alone
from app.registry.reader import refuse
from app.registry.sessions import ReadSession, WriteSession

LIFETIME: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Under:
    """A list under way."""

    number: int
    payload: bytes = field(repr=False)
    proposals: tuple[int, ...]
    signatures: tuple[Mapping[str, str], ...] = field(repr=False)

    @property
    def raw(self) -> bytes:
        return assemble(self.payload, self.signatures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of one call."""

    publisher: str
    number: int
    address: str
    signed_by: int
    """Different keys so far."""
    threshold: int
    proposals: tuple[int, ...]
    accepted: bool
    raw: bytes = field(repr=False)


# ---- whose list


async def begin(
    session: WriteSession,
    publisher: str,
    names: Sequence[str],
    threshold: int,
    now: datetime,
    *,
    record: Recorder,
    networks: Sequence[str] = (),
) -> Source:
    """Begin a list of this node's own: it follows itself, from keys of these people.

    Raises `Refused`: fewer than two people or signatures, somebody unknown, a list begun already.
    """
    await alone(session)
    people = [await person_of(session, name) for name in dict.fromkeys(names)]
    keys = [person.key for person in people if person.key is not None]
    if any(source.own for source in await store.sources(session)):
        refuse("publisher", "this node has begun a list already")
    if len(keys) != len(names) or not 2 <= threshold <= len(keys):  # noqa: PLR2004 - two people
        refuse("signer", "a list needs two signatures at least, of different people with live keys")
    held = Signers(threshold, frozenset(SignerKey(k.key_id, k.scheme, k.spki) for k in keys))
    pinned = Pinned(publisher=read_publisher("publisher", publisher), signers=held)
    source = await store.follow(session, pinned, networks=networks, own=True, by_file=True)
    await record(session, None, f"trust list {publisher} begun", now)
    return source


async def own_source(session: ReadSession) -> Source:
    """The list this node makes. Raises `Refused` where it makes none."""
    for source in await store.sources(session):
        if source.own:
            return source
    raise Refused("publisher", "this node makes no list: `zhengyan trust begin` first")


async def held_sections(session: ReadSession, source: Source) -> Sections:
    """What the held list says, and `signers`; of a list just begun only those."""
    signers = signers_payload(source.pinned.signers)
    if not source.held:
        return {"signers": signers}
    raw = await store.raw_of(session, source.publisher, source.held)
    if raw is None:
        raise Malformed("stored trust list: the held one is missing")
    payload: Sections = json.loads(read_list(raw, networks=source.networks).payload)
    return {n: v for n, v in payload.items() if n in SECTIONS or n == "signers"}


# ---- publishing


async def publish(
    session: WriteSession,
    by: Acting,
    now: datetime,
    *,
    record: Recorder,
    lifetime: timedelta = LIFETIME,
    renew: bool = False,
    anew: bool = False,
) -> Published:
    """Compose the next list, or take up the one under way, and sign it as one person.

    Args:
        session: of one transaction.
        by: who, with their key.
        now: the node's time.
        record: writes the audit row.
        lifetime: of the list; whoever composes it sets it.
        renew: compose it though nothing was approved, to put off its expiry.
        anew: throw away what is under way, with its signatures.

    Raises:
        Refused: no key of the list's signers; nothing to publish; signed by that key already; a
            list under way that is not what was approved; one that the node itself would refuse.
    """
    await alone(session)
    source = await own_source(session)
    held = await store.held_of(session, source.publisher)
    if anew:
        await _forget(session, source.publisher)
    under = await _under_way(session, source, held)
    if under is None:
        under = await _compose(session, source, held, now, lifetime, renew=renew)
    signed = read_list(under.raw, networks=source.networks) if under.signatures else None
    keys = held.signers.keys | _signers_of(under.payload).keys
    if by.signer.kid not in {key.kid for key in keys}:
        raise Refused("key", f"{by.name} is not among those who sign this list")
    if signed and by.signer.kid in {entry.kid for entry in signed.entries}:
        raise Refused("key", f"{by.name} has signed it: a list needs different people")
    entry = sign(under.payload, by.signer)
    under = Under(
        number=under.number,
        payload=under.payload,
        proposals=under.proposals,
        signatures=(*under.signatures, entry),
    )
    await _keep(session, source.publisher, under)
    new = read_list(under.raw, networks=source.networks)
    holding = new.signed_by(keys)
    enough = held.signers.satisfied_by(holding) and new.head.signers.satisfied_by(holding)
    what = f"trust list {source.publisher}#{under.number}@{new.address}"
    await record(session, by.name, f"{what} signed", now)
    if enough:
        await accept_own(session, source.publisher, under.raw, now, networks=source.networks)
        await mark_published(session, under.proposals, under.number)
        await _forget(session, source.publisher)
        await record(session, by.name, f"{what} published", now)
    return Published(
        publisher=source.publisher,
        number=under.number,
        address=new.address,
        signed_by=len(holding),
        threshold=max(held.signers.threshold, new.head.signers.threshold),
        proposals=under.proposals,
        accepted=enough,
        raw=under.raw,
    )


async def accept_own(
    session: WriteSession,
    publisher: str,
    raw: bytes,
    now: datetime,
    *,
    networks: Sequence[str] = (),
) -> Held:
    """Hold the node's own list, by the rules of any follower. Raises `Refused`."""
    new = read_list(raw, networks=networks)
    held = await store.held_of(session, publisher)
    match await store.offer(session, new, new.offered(held.signers), held, now):
        case Held() as result:
            return result
        case Refusal() as refusal:
            raise Refused("publish", f"the list is refused by this node itself: {refusal}")
        case store.Moved():
            raise Refused("publish", "another list was accepted meanwhile: publish again")
        case never:
            assert_never(never)


async def approved(session: ReadSession, publisher: str) -> list[Proposal]:
    """What would go into the next list, by number. Raises `Refused` for a tampered one."""
    found = await list_proposals(session, publisher)
    return [proposal for proposal in found if proposal.state is State.APPROVED]


async def _compose(
    session: ReadSession,
    source: Source,
    held: Held,
    now: datetime,
    lifetime: timedelta,
    *,
    renew: bool,
) -> Under:
    if not timedelta(days=1) <= lifetime <= LONGEST:
        refuse("days", f"is not from 1 to {LONGEST.days}")
    ready = await approved(session, source.publisher)
    if not ready and not renew:
        raise Refused("publish", "nothing is approved; --renew publishes the same content anew")
    issued = now.astimezone(UTC).replace(microsecond=0)
    payload = await _payload(
        session, source, held, ready, (moment(issued), moment(issued + lifetime))
    )
    return Under(
        number=held.number + 1,
        payload=payload,
        proposals=tuple(proposal.number for proposal in ready),
        signatures=(),
    )


async def _payload(
    session: ReadSession,
    source: Source,
    held: Held,
    proposals: Sequence[Proposal],
    times: tuple[str, str],
) -> bytes:
    """The canonical octets: a function of what is held, what was approved and two times."""
    sections = await held_sections(session, source)
    for proposal in proposals:
        sections = apply(sections, proposal.changes, place=f"proposal {proposal.number}")
    payload: dict[str, Any] = {
        **sections,
        "format": FORMAT,
        "publisher": source.publisher,
        "number": held.number + 1,
        "issued_at": times[0],
        "expires_at": times[1],
        "previous": held.address,
    }
    octets = compose(payload)
    if len(octets) * 4 // 3 + 4096 > MAX_LIST:
        refuse("publish", f"the list would be over {MAX_LIST} bytes")
    return octets


async def _under_way(session: ReadSession, source: Source, held: Held) -> Under | None:
    """What others have signed, if it is exactly what was approved.

    Raises `Refused` for anything else: nobody signs what nobody approved.
    """
    row = await session.get(ListDraftRow, source.publisher, populate_existing=True)
    if row is None or row.number != held.number + 1:
        return None
    ready = {p.number: p for p in await approved(session, source.publisher)}
    gone = [number for number in row.proposals if number not in ready]
    if gone:
        raise Refused("publish", f"proposal {gone[0]} is no longer approved: use --anew")
    payload = json.loads(row.payload)
    times = (str(payload.get("issued_at")), str(payload.get("expires_at")))
    chosen = [ready[number] for number in row.proposals]
    if await _payload(session, source, held, chosen, times) != row.payload:
        raise Refused("publish", "the list under way is not what was approved: use --anew")
    return Under(
        number=row.number,
        payload=row.payload,
        proposals=tuple(row.proposals),
        signatures=tuple(row.signatures),
    )


def _signers_of(payload: bytes) -> Signers:
    return read_signers(json.loads(payload)["signers"], "signers")


async def _keep(session: WriteSession, publisher: str, under: Under) -> None:
    values = {
        "number": under.number,
        "payload": under.payload,
        "proposals": list(under.proposals),
        "signatures": [dict(entry) for entry in under.signatures],
    }
    r = ListDraftRow
    found = await session.execute(
        update(r).where(r.publisher == publisher).values(**values).returning(r.publisher)
    )
    if found.first() is None:
        await session.execute(insert(r).values(publisher=publisher, **values))


async def _forget(session: WriteSession, publisher: str) -> None:
    await session.execute(delete(ListDraftRow).where(ListDraftRow.publisher == publisher))
