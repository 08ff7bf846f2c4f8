"""An endpoint of others: says what the test tells it to, and remembers what it was sent."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Self

from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter, Endpoint, Inquiry, Speaker
from app.domain.license import Claims, Fact
from app.federation.gateway import HttpIssuers
from app.federation.mapped import Secrets
from app.registry.described import mapped_endpoint
from tests.federation.asking import LOOPBACK, NODE, SIGNER, now
from tests.federation.hostile import IDENTIFIER, ISSUER

Respond = Callable[["Sent"], bytes]


@dataclass(frozen=True)
class Sent:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ok(value: object, media_type: str = "application/json;charset=UTF-8") -> bytes:
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class JsonServer:
    """Serves until the test ends; one request after another on a connection."""

    respond: Respond = lambda sent: ok({})
    sent: list[Sent] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    tls: ssl.SSLContext | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *fields = head.strip().split("\r\n")
                method, target, _ = line.split(" ")
                headers = {n.lower(): v.strip() for n, _, v in (f.partition(":") for f in fields)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.sent.append(Sent(method, target, headers, body))
                writer.write(self.respond(self.sent[-1]))
                await writer.drain()
        writer.close()
        self._open.discard(writer)

    def described(self, **changes: Any) -> dict[str, Any]:
        """A description of this server; `None` leaves a member out."""
        whole = {**DESCRIPTION, "url": f"http://127.0.0.1:{self.port}/api/check", **changes}
        return {name: value for name, value in whole.items() if value is not None}

    def endpoint(self, description: dict[str, Any] | None = None, **changes: Any) -> Endpoint:
        entry = mapped_endpoint(ISSUER, description or self.described(), networks=LOOPBACK)
        made = Endpoint(
            issuer=ISSUER,
            speaker=Speaker.ISSUER,
            url=entry.url,
            answer_keys=(),
            networks=entry.networks,
            deadline=timedelta(seconds=2),
            adapter=Adapter.MAPPED,
            description=entry.description,
        )
        return replace(made, **changes)


DESCRIPTION: dict[str, Any] = {
    "method": "POST",
    "body": {"certNo": "{number}", "name": "{holder?}", "digest": "{sm3?}"},
    "clear_facts": True,
    "answer": {
        "ok": "code == '200'",
        "outcome": "data.status",
        "outcomes": {"1": 0, "2": 2, "3": 3, "-1": 5, "9": 6},
        "echo": {"number": "data.certNo"},
        "facts": {"number": {"value": "data.certNo"}, "holder": {"value": "data.name"}},
        "document": "data.fileOk",
        "state": "data.state",
        "states": {"正常": "issued", "吊销": "revoked", "暂扣": "suspended"},
        "since": "data.since",
        "until": "data.until",
        "as_of": "data.at",
    },
}
GOOD: dict[str, Any] = {
    "code": "200",
    "msg": "成功",
    "data": {
        "status": 1, "certNo": "N-1", "name": "马·某", "fileOk": True, "state": "正常",
        "since": "2024-01-01", "until": "20301231", "at": None, "fee": 12.5, "id": 2**70,
    },
}  # fmt: skip


def saying(**data: Any) -> dict[str, Any]:
    return {**GOOD, "data": {**GOOD["data"], **data}}


CLAIMS = Claims(identifier=IDENTIFIER, number="N-1", holder="马·某", holder_code="X-1")


def question(where: Endpoint, **changes: Any) -> Inquiry:
    made = Inquiry(
        endpoint=where,
        identifier=IDENTIFIER,
        type=IDENTIFIER.type,
        claims=CLAIMS,
        compare=frozenset({Fact.NUMBER, Fact.HOLDER}),
        digests={"sm3": b"\xab" * 32},
        purpose="public-check",
        at=None,
    )
    return replace(made, **changes)


@dataclass(frozen=True)
class Kept:
    """Secrets in memory; only those of one body."""

    owner: str = ISSUER
    values: tuple[tuple[str, str], ...] = (("token", "s3cret-value"), ("pass", "geheim"))

    def secret(self, owner: IssuerCode, name: str) -> str:
        from app.domain.errors import Unavailable

        if owner != self.owner or name not in dict(self.values):
            raise Unavailable(f"secrets folder: {owner}/{name} cannot be read")
        return dict(self.values)[name]


def gateway(secrets: Secrets | None = None, **changes: Any) -> HttpIssuers:
    return HttpIssuers(lambda: SIGNER, NODE, now, secrets=secrets or Kept(), **changes)
