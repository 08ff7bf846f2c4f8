"""An issuer that answers for itself out of its own table: the issuer kit (docs/issuer-kit.md).

The door is the one of `app.services.answering`: who asks, may it, once. Behind it stands a register
instead of other nodes, and nobody else is ever asked.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.crypto.jose import ANSWER_TOKEN, JsonLimits, read_json_object
from app.crypto.signing import Signer
from app.domain.book import BookEntry
from app.domain.identifier import IssuerCode
from app.domain.issuer import PeerScope
from app.federation.inquiries import (
    Asked,
    InquiryRefused,
    check_inquiry,
    compose_answer,
    read_inquiry,
    verify_inquiry,
)
from app.federation.issuing import Considered, Open, consider, facts_of
from app.registry.books.table import Book
from app.services.answering import Peers

logger = logging.getLogger(__name__)

PAYLOAD = JsonLimits(size=ANSWER_TOKEN.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """Answers questions about one body's own licenses."""

    body: IssuerCode
    peers: Peers
    book: Book
    signer: Callable[[], Signer]
    opened: Open = field(repr=False)
    """Opens facts sealed for this body."""
    every_file: bool
    clock: Callable[[], datetime]

    async def answer(self, token: bytes) -> bytes:
        """A signed answer. Raises `InquiryRefused`; `Unavailable` without the register."""
        now = self.clock()
        compact, asked = read_inquiry(token)
        peer = await self.peers.find(asked.node, compact.kid, now)
        verify_inquiry(compact, peer.key if peer else None)
        wanted = PeerScope.RELAY if asked.enclosed else PeerScope.ASK
        if peer is None or wanted not in peer.scopes:
            raise InquiryRefused(403, "scope_missing")
        check_inquiry(asked, body=self.body, node=self.body, now=now)
        await self._verify_first(asked, now)
        considered = await self._consider(asked.first, now)
        for each in {asked.digest: asked, asked.first.digest: asked.first}.values():
            if not await self.peers.once(each.node, each.jti, expires=each.expires, now=now):
                raise InquiryRefused(401, "replayed")
        said = considered.said
        logger.info("%s asked (%r): outcome %d", asked.node, asked.purpose, said.code)
        return compose_answer(
            asked,
            said,
            body=self.body,
            signer=self.signer(),
            now=self.clock(),
            found=considered.found,
        )

    async def _verify_first(self, asked: Asked, now: datetime) -> None:
        """Where the first asker is known here too, a relay cannot speak in its name."""
        if asked.enclosed is None:
            return
        compact, _ = read_inquiry(asked.enclosed.token)
        first = await self.peers.find(asked.enclosed.node, compact.kid, now)
        if first is not None:
            verify_inquiry(compact, first.key)
        elif await self.peers.known(asked.enclosed.node):
            raise InquiryRefused(401, "first_asker_refused")

    async def _consider(self, asked: Asked, now: datetime) -> Considered:
        payload = read_json_object(read_inquiry(asked.token)[0].payload, PAYLOAD)
        facts = facts_of(payload, self.opened)
        entries: Sequence[BookEntry] | None
        if asked.identifier is not None:
            entries = await self.book.by_identifier(asked.identifier)
        elif asked.number is not None and asked.type is not None:
            entries = await self.book.by_number(asked.number, asked.type)
        elif asked.code is not None:
            entries = await self.book.by_code(asked.code)
        else:
            entries = None  # a seal: it keeps no register of them
        return consider(
            asked,
            facts,
            entries,
            body=self.body,
            at=asked.at or now,
            as_of=await self.book.as_of(now),
            every_file=self.every_file,
        )
