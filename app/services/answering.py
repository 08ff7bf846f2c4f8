"""This node asked by another: who asks, may it, do we know, and else whom do we ask on?

read → who is it → once → trust_for → own records, or one hop on → answer over the question asked
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
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

    async def once(self, node: str, jti: str, *, expires: datetime, now: datetime) -> bool: ...


class Records(Protocol):
    """What was pushed to this node."""

    async def standing(self, identifier: Identifier, at: datetime) -> Standing: ...


Note = Callable[[Asked, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryLog:
    """Rows of the audit log about what other nodes asked."""

    append: Callable[[AuditEvent], Awaitable[None]]
    keys: KeyProvider = field(repr=False)
    version: str

    async def answered(self, asked: Asked, at: datetime) -> None:
        """Raises `Unavailable`: then there is no row, and nothing may be answered."""
        await self.append(self._row(asked, at))

    def _row(self, asked: Asked, at: datetime) -> AuditEvent:
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
        wanted = PeerScope.RELAY if asked.enclosed else PeerScope.ASK
        if peer is None or wanted not in peer.scopes:
            raise InquiryRefused(403, "scope_missing")
        check_inquiry(asked, body=self.body, node=self.node, now=now)
        await self._verify_enclosed(asked, now)
        for each in {asked.digest: asked, asked.first.digest: asked.first}.values():
            if not await self.peers.once(each.node, each.jti, expires=each.expires, now=now):
                raise InquiryRefused(401, "replayed")
        answer = await self._say(asked, now)
        await self.note(asked, now)
        return answer

    async def _verify_enclosed(self, asked: Asked, now: datetime) -> None:
        """Where the first asker is registered here as well, a relay cannot speak in its name."""
        if asked.enclosed is None:
            return
        compact, _ = read_inquiry(asked.enclosed.token)
        first = await self.peers.find(asked.enclosed.node, compact.kid, now)
        if first is not None:
            verify_inquiry(compact, first.key)

    async def _say(self, asked: Asked, now: datetime) -> bytes:
        trust = await self.registry.trust_for(question_of(asked))
        at_home = speaks_for(trust, self.body, now)
        if at_home and asked.identifier is not None:
            own = await self._own(asked.identifier, asked.at or now)
            if own is not None:
                return self._signed(asked, own, now)
        where = trust.endpoint
        if where is not None and where.issuer != self.body and trust.issuer is not None:
            return await self._relay(asked, where, now)
        if at_home:
            return self._signed(asked, said_here(Code.INSUFFICIENT, now), now)
        raise InquiryRefused(404, "nobody_to_ask")

    async def _own(self, identifier: Identifier, at: datetime) -> Answered | None:
        said = say(await self.records.standing(identifier, at), at)
        if said is None:
            return None
        return said_here(said.code, said.as_of, state=said.state, since=said.since)

    async def _relay(self, asked: Asked, where: Endpoint, now: datetime) -> bytes:
        if not may_go_on(asked):
            raise InquiryRefused(508, "hops")
        answer = await self.issuers.ask(inquiry_of(asked, where))
        if isinstance(answer, Answered):
            return self._signed(asked, answer, now, relays=True)
        if isinstance(answer, Unreachable) and answer.why is Silence.HOPS:
            raise InquiryRefused(508, "hops")
        raise InquiryRefused(504, "issuer_silent")

    def _signed(
        self, asked: Asked, said: Answered, now: datetime, *, relays: bool = False
    ) -> bytes:
        signer = self.keys.signer()
        made = max(now, self.clock())
        return compose_answer(asked, said, body=self.body, signer=signer, now=made, relays=relays)


def question_of(asked: Asked) -> TrustQuestion:
    """What must be looked up to answer it."""
    identifier = asked.identifier
    return TrustQuestion(
        identifier=identifier,
        type=identifier.type if identifier else asked.type,
        issuer=identifier.issuer if identifier else None,
        signers=frozenset(),
        digest=None,
        sealed=asked.seal is not None,
        seal=asked.seal,
    )


def speaks_for(trust: Trust, body: IssuerCode, now: datetime) -> bool:
    """Whether this body answers in the issuer's name: it is the issuer, or has a mandate today."""
    if trust.issuer is None:
        return False
    mandated = any(
        mandate.delegate == body and mandate.kind is Kind.ANSWER and mandate.window.contains(now)
        for mandate in trust.mandates
    )
    return trust.issuer.code == body or mandated


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
