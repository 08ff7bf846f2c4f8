"""This node asked by another: who asks, may it, do we know, and else whom do we ask on?

read → who is it → once → trust_for → own records, or one hop on → answer over the question asked

Who speaks in an issuer's name says what was pushed to it, or hands on what the issuer has signed;
what anybody else told it never leaves under its own name (docs/adr/0018).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from typing import Final, Protocol

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import (
    Answered,
    Code,
    Endpoint,
    Inquiry,
    PeerScope,
    Relaying,
    Silence,
    Speaker,
    Unreachable,
)
from app.domain.license import Claims
from app.domain.standing import Standing, say
from app.domain.trust import Kind, Trust, TrustQuestion
from app.domain.verification import Asker
from app.federation.inquiries import (
    Asked,
    InquiryRefused,
    check_inquiry,
    compose_answer,
    may_go_on,
    read_inquiry,
    said_here,
    verify_inquiry,
)
from app.registry.auditing import event, keyed, named
from app.registry.peers import Peer
from app.services.verify import Issuers, Registry

HOP: Final = timedelta(seconds=2.5)
"""The most a relay waits for its next hop: less than the 3 s its asker waits for it."""


class Peers(Protocol):
    """Who may ask."""

    async def find(self, node: str, kid: str, now: datetime) -> Peer | None: ...

    async def known(self, node: str) -> bool:
        """Whether it was ever registered here, under whatever key, and revoked or not."""

    async def once(self, node: str, jti: str, *, expires: datetime, now: datetime) -> bool: ...


class Records(Protocol):
    """What was pushed to this node."""

    async def standing(self, identifier: Identifier, at: datetime) -> Standing: ...


Note = Callable[[Asked, Answered, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryLog:
    """Rows of the audit log about what other nodes asked."""

    append: Callable[[AuditEvent], Awaitable[None]]
    keys: KeyProvider = field(repr=False)
    version: str

    async def answered(self, asked: Asked, said: Answered, at: datetime) -> None:
        """Raises `Unavailable`: then there is no row, and nothing may be answered."""
        await self.append(self._row(asked, said, at))

    def _row(self, asked: Asked, said: Answered, at: datetime) -> AuditEvent:
        claims = Claims(identifier=asked.identifier, number=asked.number, type=asked.type)
        row = event(
            Asker(caller=f"node:{asked.node}"),
            self.keys,
            Operation.ANSWER_INQUIRY,
            Result.ANSWERED,
            at=at,
            version=self.version,
            object=keyed(self.keys, "license", named(claims)),
        )
        issuer = asked.identifier.issuer if asked.identifier else None
        type = asked.identifier.type if asked.identifier else asked.type
        digest = asked.documents.get("sm3")
        return replace(
            row,
            purpose=asked.purpose,
            type=type,
            issuer=issuer,
            digest_sm3=digest.hex() if digest else None,
            fields_asked=tuple(sorted(asked.compare)),
            fields_answered=tuple(sorted(said.facts)),
            first_asker=f"node:{asked.first.node}",
            conclusion=f"outcome_{int(said.code)}",
            issuer_answer=sha256(said.original.encode()).hexdigest() if said.original else None,
            answer_as_of=said.as_of,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Answers inquiries of other nodes."""

    body: IssuerCode
    """The code under which others register this node's body."""
    node: str
    peers: Peers
    registry: Registry
    records: Records
    issuers: Issuers
    keys: KeyProvider = field(repr=False)
    note: Note
    """No answer leaves before its row in the audit log."""
    clock: Callable[[], datetime]

    async def answer(self, token: bytes) -> bytes:
        """A signed answer. Raises `InquiryRefused`, and `Unavailable` without the database."""
        now = self.clock()
        compact, asked = read_inquiry(token)
        peer = await self.peers.find(asked.node, compact.kid, now)
        verify_inquiry(compact, peer.key if peer else None)
        try:
            return await self._answer(asked, peer, now)
        except InquiryRefused as refused:
            refused.node = asked.node  # it has proved that it is the one
            raise

    async def _answer(self, asked: Asked, peer: Peer | None, now: datetime) -> bytes:
        wanted = PeerScope.RELAY if asked.enclosed else PeerScope.ASK
        if peer is None or wanted not in peer.scopes:
            raise InquiryRefused(403, "scope_missing")
        check_inquiry(asked, body=self.body, node=self.node, now=now)
        await self._verify_enclosed(asked, now)
        for each in {asked.digest: asked, asked.first.digest: asked.first}.values():
            if not await self.peers.once(each.node, each.jti, expires=each.expires, now=now):
                raise InquiryRefused(401, "replayed")
        said, relays = await self._say(asked, now)
        answer = self._signed(asked, said, relays=relays)
        await self.note(asked, said, now)
        return answer

    async def _verify_enclosed(self, asked: Asked, now: datetime) -> None:
        """Where the first asker is registered here as well, a relay cannot speak in its name; nor
        for one whose registration has ended.
        """
        if asked.enclosed is None:
            return
        compact, _ = read_inquiry(asked.enclosed.token)
        first = await self.peers.find(asked.enclosed.node, compact.kid, now)
        if first is not None:
            verify_inquiry(compact, first.key)
        elif await self.peers.known(asked.enclosed.node):
            raise InquiryRefused(401, "first_asker_refused")

    async def _say(self, asked: Asked, now: datetime) -> tuple[Answered, bool]:
        """What is answered, and whether it is another's word (docs/adr/0018)."""
        trust = await self.registry.trust_for(question_of(asked, self.body))
        home = home_of(trust, self.body, now)
        if home is not None and asked.identifier is not None:
            own = await self._own(asked.identifier, asked.at or now)
            if own is not None:
                return own, False
        where = trust.endpoint
        elsewhere = where is not None and where.issuer != self.body and trust.issuer is not None
        if home is Home.ISSUER or (home is not None and not elsewhere):
            return said_here(Code.INSUFFICIENT, now), False
        if where is None or not elsewhere:
            raise InquiryRefused(404, "nobody_to_ask")
        answer = await self._asked_on(asked, where)
        if home is None:
            return answer, True
        # In the issuer's name nothing is repeated but what the issuer itself has signed.
        if answer.original and answer.signed and answer.speaker is Speaker.ISSUER:
            return answer, True
        return said_here(Code.INSUFFICIENT, now), False

    async def _own(self, identifier: Identifier, at: datetime) -> Answered | None:
        said = say(await self.records.standing(identifier, at), at)
        if said is None:
            return None
        return said_here(said.code, said.as_of, state=said.state, since=said.since)

    async def _asked_on(self, asked: Asked, where: Endpoint) -> Answered:
        """Raises `InquiryRefused` (504, 508). Who cannot be named has said nothing (ADR 0008)."""
        if not may_go_on(asked):
            raise InquiryRefused(508, "hops")
        answer = await self.issuers.ask(inquiry_of(asked, where))
        if isinstance(answer, Answered) and (answer.signed or answer.authenticated):
            return answer
        if isinstance(answer, Unreachable) and answer.why is Silence.HOPS:
            raise InquiryRefused(508, "hops")
        raise InquiryRefused(504, "issuer_silent")

    def _signed(self, asked: Asked, said: Answered, *, relays: bool) -> bytes:
        signer, made = self.keys.signer(), self.clock()
        return compose_answer(asked, said, body=self.body, signer=signer, now=made, relays=relays)


def question_of(asked: Asked, body: IssuerCode) -> TrustQuestion:
    """What must be looked up for this body to answer it."""
    identifier = asked.identifier
    return TrustQuestion(
        identifier=identifier,
        type=identifier.type if identifier else asked.type,
        issuer=identifier.issuer if identifier else None,
        signers=frozenset(),
        digest=None,
        sealed=asked.seal is not None,
        seal=asked.seal,
        asker=body,
    )


class Home(Enum):
    """In what capacity a body answers in an issuer's name."""

    ISSUER = auto()
    SUCCESSOR = auto()
    """承继机构: of the type, from the day of the change on (颁发机构调整)."""
    DELEGATE = auto()
    """With a mandate for answers today."""


def home_of(trust: Trust, body: IssuerCode, now: datetime) -> Home | None:
    """None: it does not speak for the issuer. What is looked up is of one type, and so is this."""
    if trust.issuer is None:
        return None
    if trust.issuer.code == body:
        return Home.ISSUER
    since = trust.successor_since
    taken_over = trust.successor is not None and trust.successor.code == body
    if taken_over and since is not None and since <= now:
        return Home.SUCCESSOR
    mandated = any(
        mandate.delegate == body and mandate.kind is Kind.ANSWER and mandate.window.contains(now)
        for mandate in trust.mandates
    )
    return Home.DELEGATE if mandated else None


def inquiry_of(asked: Asked, where: Endpoint) -> Inquiry:
    """The same question, one hop on, with the first asker's own words enclosed."""
    first = asked.first
    return Inquiry(
        endpoint=replace(where, deadline=min(where.deadline, HOP)),
        identifier=asked.identifier,
        type=asked.identifier.type if asked.identifier else asked.type,
        claims=Claims(identifier=asked.identifier, number=asked.number, type=asked.type),
        compare=asked.compare,
        digests=asked.documents,
        purpose=asked.purpose,
        at=asked.at,
        seal=asked.seal,
        certificate=asked.certificate,
        relaying=Relaying(asked=first.token, asker=first.node, via=asked.via, until=first.expires),
    )
