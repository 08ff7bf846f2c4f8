"""Questions of a trial: good ones, and ones that are wrong in one respect each.

They go the way every question goes, through `app.federation.lines`, so that an endpoint that may
not be asked is not tried either.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.crypto.jose import base64url, to_base64url
from app.crypto.signing import Signer
from app.domain.issuer import Answered, Endpoint, Inquiry, Unreachable
from app.domain.scheme import Scheme
from app.federation.answer import read_signed
from app.federation.gateway import ID_BYTES, IVP_HEADERS
from app.federation.lines import SIGNED, Incoming, Lines, Outgoing
from app.federation.wire import TYP, Question, compose, sign_token

Payload = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back to one question."""

    question: Question
    came: Incoming | Unreachable
    said: Answered | Unreachable | None
    """None: it came as something else than a token."""
    seconds: float

    @property
    def members(self) -> Mapping[str, object]:
        """Of the answer's payload, where it is one."""
        if isinstance(self.came, Unreachable) or not isinstance(self.said, Answered):
            return {}
        read: Payload = json.loads(base64url(self.came.content.decode().split(".")[1], "payload"))
        return read


@dataclass(frozen=True, slots=True)
class Pretending:
    """Signs with one key under another's name."""

    inner: Signer
    kid: str

    @property
    def scheme(self) -> Scheme:
        return self.inner.scheme

    @property
    def public_jwk(self) -> dict[str, str]:
        return self.inner.public_jwk

    def sign(self, message: bytes) -> bytes:
        return self.inner.sign(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One node in front of one endpoint."""

    lines: Lines
    endpoint: Endpoint
    node: str
    signer: Signer
    stranger: Signer
    """A key nobody has registered, of the same scheme."""
    clock: Callable[[], datetime]
    private: bool = field(default=False)
    """The endpoint is on this machine: facts may go in clear."""

    def write(self, inquiry: Inquiry) -> Question:
        """A good question. Raises what `compose` does."""
        return compose(
            inquiry,
            node=self.node,
            signer=self.signer,
            now=self.clock(),
            jti=secrets.token_urlsafe(ID_BYTES),
            private=self.private,
        )

    def bend(self, question: Question, change: Callable[[Payload], Payload]) -> Question:
        """The same with another payload, well signed."""
        return replace(question, token=sign_token(TYP, change(payload_of(question)), self.signer))

    async def ask(self, inquiry: Inquiry) -> Reply:
        """Raises what `compose` does."""
        return await self.send(await asyncio.to_thread(self.write, inquiry))

    async def send(self, question: Question) -> Reply:
        begun = time.monotonic()
        sent = Outgoing(self.endpoint.url, question.token, IVP_HEADERS)
        came: Incoming | Unreachable = await self.lines.converse(
            self.endpoint,
            lambda line: line.exchange(sent, self.endpoint.max_answer, lambda received: received),
        )
        spent = time.monotonic() - begun
        said = None
        if isinstance(came, Incoming) and came.media_type == SIGNED:
            said = await asyncio.to_thread(self._read, came, question)
        return Reply(question=question, came=came, said=said, seconds=spent)

    def _read(self, came: Incoming, question: Question) -> Answered | Unreachable:
        now = self.clock()
        return read_signed(came.content, question, self.endpoint, now=now, authenticated=True)


def payload_of(question: Question) -> Payload:
    read: Payload = json.loads(base64url(question.token.decode().split(".")[1], "payload"))
    return read


def without_signature(question: Question, kid: str) -> bytes:
    """`alg` none, and nothing after the second dot (RFC 7515, appendix A.5)."""
    header = to_base64url(json.dumps({"typ": TYP, "alg": "none", "kid": kid}).encode())
    return f"{header}.{question.token.decode().split('.')[1]}.".encode()


def altered(question: Question) -> bytes:
    """Another purpose under the old signature."""
    header, _, value = question.token.decode().split(".")
    changed = json.dumps({**payload_of(question), "purpose": "altered"}, separators=(",", ":"))
    return f"{header}.{to_base64url(changed.encode())}.{value}".encode()
