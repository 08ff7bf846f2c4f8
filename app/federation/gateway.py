"""Asking issuers: each endpoint in its own tongue, one question, one deadline, always a value.

What every tongue has in common, and none can get around, is in `app.federation.lines`.
"""

import asyncio
import logging
import secrets
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final, assert_never

from aiohttp.abc import AbstractResolver

from app.crypto.jose import ANSWER_TOKEN
from app.crypto.signing import Signer
from app.domain.errors import Refused, Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import (
    Adapter,
    Answered,
    Endpoint,
    Inquiry,
    IssuerAnswer,
    NotAsked,
    Silence,
    Unasked,
    Unreachable,
)
from app.federation.answer import read_signed, read_unsigned
from app.federation.appsecrets import AppSecrets, OwnShelf, Shelf
from app.federation.clients import Clients
from app.federation.lines import SIGNED, UNSIGNED, Incoming, Line, Lines, Outgoing
from app.federation.mapped import NoSecrets, Secrets, compose_mapped, read_mapped
from app.federation.share import Prepared, SecretExpired, prepare, read_share, signed_call
from app.federation.transport import SystemResolver
from app.federation.wire import FactsNotPrivate, NothingToAsk, Question, compose
from app.formats.mapped.description import stored
from app.formats.share.description import Platform
from app.formats.share.description import stored as stored_platform

ID_BYTES: Final = 16
"""Random octets of `jti`."""
MAX_QUESTION: Final = ANSWER_TOKEN.token
"""Bytes; docs/ivp.md allows as many in either direction."""

IVP_HEADERS: Final = {"Accept": f"{SIGNED}, {UNSIGNED};q=0.5", "Content-Type": SIGNED}

logger = logging.getLogger(__name__)


class HttpIssuers:
    """`services.verify.Issuers` over the network."""

    def __init__(
        self,
        signer: Callable[[], Signer],
        node_id: str,
        clock: Callable[[], datetime],
        *,
        secrets: Secrets | None = None,
        trust: ssl.SSLContext | None = None,
        resolver: Callable[[], AbstractResolver] = SystemResolver,
        clients: Clients | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        """Nothing is opened before the first question.

        Args:
            signer: gives the node's key for inquiries, the newest at each call.
            node_id: this node's name, as issuers have it.
            clock: aware; `iat` of questions and the age of answers.
            secrets: of endpoints that want some; None: there are none.
            trust: certificates to check servers against; None: those of public authorities.
            resolver: makes a resolver for each endpoint.
            clients: certificates of our own, for those who want one; None: there are none.
            shelf: of platforms' secrets, shared with other workers; None: there are no others.
        """
        self._signer = signer
        self._node_id = node_id
        self._clock = clock
        self._secrets = secrets or NoSecrets()
        self._app_secrets = AppSecrets(
            secrets=self._secrets, clock=clock, shelf=shelf or OwnShelf()
        )
        self._lines = Lines(trust=trust, resolver=resolver, clients=clients)

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        """One question within its endpoint's deadline. Raises nothing but CancelledError."""
        answer = await self._lines.converse(
            inquiry.endpoint, lambda line: self._spoken(line, inquiry)
        )
        if isinstance(answer, Unreachable):
            issuer = inquiry.endpoint.issuer
            logger.warning("no answer from %s: %s (%s)", issuer, answer.why, answer.detail)
        return answer

    def certificates(self) -> Mapping[IssuerCode, datetime]:
        """Body → end of its server's certificate, the earliest where it has several."""
        return self._lines.certificates()

    async def aclose(self) -> None:
        """Close all connections; questions after that are not sent."""
        await self._app_secrets.aclose()
        await self._lines.aclose()

    async def _spoken(self, line: Line, inquiry: Inquiry) -> IssuerAnswer:
        """In the endpoint's own tongue; what keeps a question from being sent is a value too."""
        try:
            match inquiry.endpoint.adapter:
                case Adapter.IVP:
                    return await self._ivp(line, inquiry)
                case Adapter.MAPPED:
                    return await self._mapped(line, inquiry)
                case Adapter.SHARE_GATEWAY:
                    return await self._share(line, inquiry)
                case _:
                    assert_never(inquiry.endpoint.adapter)
        except FactsNotPrivate as refused:
            return Unreachable(Silence.PRIVATE_FACTS, str(refused))
        except NothingToAsk:
            return NotAsked(Unasked.NO_QUESTION)
        except Unavailable:
            return Unreachable(Silence.CONNECTION, "this node cannot sign its question")
        except Refused as refused:  # saved by another release, or by hand
            return Unreachable(Silence.MALFORMED, f"the description: {refused.field}")

    async def _mapped(self, line: Line, inquiry: Inquiry) -> IssuerAnswer:
        """Raises what `compose_mapped` does."""
        endpoint, where = inquiry.endpoint, line.where
        described = await asyncio.to_thread(stored, endpoint.description or "{}")

        def compose() -> Outgoing:
            now = self._clock()
            return compose_mapped(inquiry, described, where, secrets=self._secrets, now=now)

        def read(received: Incoming) -> Answered | Unreachable:
            now, secure = self._clock(), where.secure
            return read_mapped(
                received, described, inquiry, endpoint, now=now, authenticated=secure
            )

        try:
            sent = await asyncio.to_thread(compose)
        except Unavailable as exc:
            return Unreachable(Silence.CONNECTION, str(exc))
        if len(sent.content) > MAX_QUESTION:
            return Unreachable(Silence.OVERSIZED, f"question over {MAX_QUESTION} bytes")
        return await line.exchange(sent, endpoint.max_answer, read)

    async def _share(self, line: Line, inquiry: Inquiry) -> IssuerAnswer:
        """Raises what `prepare` does but `Unavailable`."""
        endpoint, where = inquiry.endpoint, line.where
        platform = stored_platform(endpoint.description or "{}")

        def envelope() -> Prepared:
            return prepare(inquiry, platform, where, secrets=self._secrets)

        try:
            prepared = await asyncio.to_thread(envelope)
        except Unavailable as exc:
            return Unreachable(Silence.CONNECTION, str(exc))
        if len(prepared.content) > MAX_QUESTION:
            return Unreachable(Silence.OVERSIZED, f"question over {MAX_QUESTION} bytes")
        return await self._over_platform(line, inquiry, platform, prepared)

    async def _over_platform(
        self, line: Line, inquiry: Inquiry, platform: Platform, prepared: Prepared
    ) -> IssuerAnswer:
        """Signed by the platform's secret; once more with a new one where it calls that over."""
        endpoint, where = inquiry.endpoint, line.where

        def read(received: Incoming) -> Answered | Unreachable | SecretExpired:
            now, secure = self._clock(), where.secure
            return read_share(received, platform, prepared, inquiry, now=now, authenticated=secure)

        secret = await self._app_secrets.current(line, endpoint, platform)
        for last in (False, True):
            if isinstance(secret, Unreachable):
                return secret
            sent = signed_call(where.url, prepared.content, platform, secret.value, self._clock())
            answer = await line.exchange(sent, endpoint.max_answer, read)
            if not isinstance(answer, SecretExpired):
                return answer
            if not last:
                secret = await self._app_secrets.another(line, endpoint, platform, secret)
        return Unreachable(Silence.STATUS, "the platform calls a secret over that it just gave")

    async def _ivp(self, line: Line, inquiry: Inquiry) -> IssuerAnswer:
        """Compose, send and read; what costs processor time, or waits for a key, in a thread.

        Raises what `compose` does.
        """
        where, endpoint = line.where, inquiry.endpoint
        question = await line.beside.run(partial(self._question, inquiry, line))
        if len(question.token) > MAX_QUESTION:
            return Unreachable(Silence.OVERSIZED, f"question over {MAX_QUESTION} bytes")

        def read(received: Incoming) -> Answered | Unreachable:
            return self._read(received, question, endpoint, authenticated=where.secure)

        sent = Outgoing(where.url, question.token, IVP_HEADERS)
        return await line.exchange(sent, endpoint.max_answer, read)

    def _question(self, inquiry: Inquiry, line: Line) -> Question:
        return compose(
            inquiry,
            node=self._node_id,
            signer=self._signer(),
            now=self._clock(),
            jti=secrets.token_urlsafe(ID_BYTES),
            private=line.where.loopback or line.mutual,
        )

    def _read(
        self, received: Incoming, question: Question, endpoint: Endpoint, *, authenticated: bool
    ) -> Answered | Unreachable:
        read = read_signed if received.media_type == SIGNED else read_unsigned
        return read(
            received.content, question, endpoint, now=self._clock(), authenticated=authenticated
        )


class OfflineIssuers:
    """Nobody is asked, by choice."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        del inquiry
        return NotAsked(Unasked.OFFLINE)
