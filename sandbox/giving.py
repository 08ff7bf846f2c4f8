"""An issuer that gives its documents (调阅, docs/ivp.md): a signed delivery, and a link good once.

POST /retrievals/v1   ivp-retrieval+jwt in, ivp-delivery+jwt out
GET  /once/{random}   the document, the first time

`behaviour` bends the one or the other; each bent one stands beside the honest.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sandbox import http1, jws
from sandbox.http1 import Request
from sandbox.inquiry import ALGORITHMS, LIFE, SKEW, Refusal
from sandbox.jws import JsonObject
from sandbox.keys import b64, make_key
from sandbox.licenses import License
from sandbox.nodes import Nodes
from sandbox.office import Office
from sandbox.wire import Wire

GIVING = ("/retrievals/v1",)
ONCE = "/once/"
HONEST = "honest"
ASKED, GIVEN = "ivp-retrieval+jwt", "ivp-delivery+jwt"
MEDIA_TYPE = "application/jose"
LIFETIME = 600
"""Seconds a link is good."""
KEPT = 1000


@dataclass
class Giving:
    """Of one office."""

    office: Office
    nodes: Nodes
    url: str = ""
    behaviour: str = HONEST
    asked: list[JsonObject] = field(default_factory=list)
    fetched: int = 0
    earlier: bytes = b""
    """The last honest delivery."""
    _links: dict[str, bytes] = field(default_factory=dict)
    _files: dict[str, bytes] = field(default_factory=dict)
    _jtis: set[str] = field(default_factory=set)

    def clear(self) -> None:
        self.behaviour = HONEST
        self.asked.clear()

    def document(self, license: License) -> bytes:
        """Its file; made once, for signing takes a while here."""
        if license.id not in self._files:
            self._files[license.id] = self.office.world.ofd(license)
        return self._files[license.id]

    async def serve(self, wire: Wire, request: Request, now: datetime) -> bool:
        try:
            if request.path.startswith(ONCE):
                return await self._fetch(wire, request)
            answer = await self._answer(request, int(now.timestamp()))
        except Refusal as refused:
            answer = http1.json_response(refused.status, {"error": str(refused)})
        except ConnectionError:  # who fetched has gone
            return False
        await wire.send(answer)
        return True

    async def _answer(self, request: Request, now: int) -> bytes:
        payload = await self._read(request.body, now)
        self.asked.append(payload)
        said = self._said(payload, request.body, now)
        if self.behaviour == "replay" and self.earlier:
            return http1.response(200, MEDIA_TYPE, self.earlier)
        said = LIES.get(self.behaviour, _as_it_is)(self, said)
        held = self.office.body.signing("answer", datetime.now().astimezone())
        header = {"typ": GIVEN, "alg": held.alg, "kid": held.kid}
        if self.behaviour == "another type of token":
            header["typ"] = "ivp-answer+jwt"
        key: Any = held.key
        if self.behaviour == "wrong signature":
            key = make_key(held.alg, 99, "a stranger's")
        token = jws.sign(header, said, key)
        if self.behaviour == HONEST:
            self.earlier = token
        return ANSWERS.get(self.behaviour, _plain)(token)

    async def _read(self, token: bytes, now: int) -> JsonObject:
        """Raises Refusal."""
        try:
            parts = jws.split(token)
            payload, header = parts.payload, parts.header
            sound = header["typ"] == ASKED and all(
                isinstance(payload[name], str) and payload[name]
                for name in ("iss", "aud", "jti", "identifier", "purpose", "behalf")
            )
        except (ValueError, KeyError, UnicodeDecodeError) as exc:
            raise Refusal(400, "request_malformed") from exc
        if not sound or payload["exp"] > payload["iat"] + LIFE:
            raise Refusal(400, "request_malformed")
        key = None if self.nodes.anyone else await self.nodes.find(payload["iss"], header["kid"])
        if key is None and not self.nodes.anyone:
            raise Refusal(401, "node_unknown")
        if key is not None and (
            header["alg"] not in ALGORITHMS.get(key.alg, {key.alg})
            or not key.verify(parts.signed, parts.signature)
        ):
            raise Refusal(401, "signature_invalid")
        if payload["aud"] != self.office.body.code:
            raise Refusal(403, "not_for_this_issuer")
        if not payload["iat"] - SKEW <= now <= payload["exp"] + SKEW:
            raise Refusal(401, "out_of_time")
        if payload["jti"] in self._jtis:
            raise Refusal(401, "jti_used_before")
        self._jtis.add(payload["jti"])
        return payload

    def _said(self, asked: JsonObject, token: bytes, now: int) -> JsonObject:
        said = {
            "iss": self.office.body.code,
            "aud": asked["iss"],
            "iat": now,
            "inquiry": b64(hashlib.sha256(token).digest()),
            "identifier": asked["identifier"],
        }
        license = self.office.world.by_identifier.get(asked["identifier"])
        if license is None:
            return {**said, "outcome": "no_record"}
        if asked["purpose"] == "curiosity":
            return {**said, "outcome": "refused"}
        content = self.document(license)
        name = secrets.token_urlsafe(24)
        self._links[name] = content
        for old in list(self._links)[:-KEPT]:
            del self._links[old]
        return {
            **said,
            "outcome": "given",
            "link": f"{self.url}{ONCE}{name}",
            "expires": now + LIFETIME,
            "media_type": "application/ofd",
            "size": len(content),
            "document": {"alg": "sha256", "value": b64(hashlib.sha256(content).digest())},
        }

    async def _fetch(self, wire: Wire, request: Request) -> bool:
        content = self._links.pop(request.path.removeprefix(ONCE), None)
        if content is None:
            await wire.send(http1.json_response(410, {"error": "used before"}))
            return True
        self.fetched += 1
        for piece in FETCHED.get(self.behaviour, _whole)(content):
            if self.behaviour == "drip":
                await asyncio.sleep(0.5)
            await wire.send(piece)
        return True


def _head(size: int) -> bytes:
    return http1.head(200, ("Content-Type", "application/ofd"), ("Content-Length", str(size)))


def _file(content: bytes) -> bytes:
    return _head(len(content)) + content


def _whole(content: bytes) -> Iterator[bytes]:
    yield _file(content)


def _endless(_: bytes) -> Iterator[bytes]:
    fields = (("Content-Type", "application/ofd"), ("Transfer-Encoding", "chunked"))
    yield http1.head(200, *fields)
    for _number in range(4000):
        yield http1.chunk(bytes(16_384))


def _drip(content: bytes) -> Iterator[bytes]:
    yield _head(len(content))
    yield from (bytes((octet,)) for octet in content)


def _as_it_is(_: Giving, said: JsonObject) -> JsonObject:
    return said


def _plain(token: bytes) -> bytes:
    return http1.response(200, MEDIA_TYPE, token)


def _with(**members: object) -> Callable[[Giving, JsonObject], JsonObject]:
    return lambda _, said: {**said, **members}


def _without(name: str) -> Callable[[Giving, JsonObject], JsonObject]:
    return lambda _, said: {key: value for key, value in said.items() if key != name}


FETCHED: Mapping[str, Callable[[bytes], Iterable[bytes]]] = MappingProxyType(
    {
        "drip": _drip,
        "endless": _endless,
        "another document": lambda content: [_file(bytes((content[0] ^ 1,)) + content[1:])],
        "longer": lambda content: [_file(content + b"x")],
        "shorter": lambda content: [_file(content[:-1])],
        "a login page": lambda _: [http1.response(200, "text/html", b"<html>")],
        "moved": lambda _: [http1.head(302, ("Location", "/x"), ("Content-Length", "0"))],
        "gone": lambda _: [http1.json_response(410, {})],
    }
)
"""Told by the file itself."""
LIES: Mapping[str, Callable[[Giving, JsonObject], JsonObject]] = MappingProxyType(
    {
        "for another question": _with(inquiry=b64(bytes(32))),
        "for another node": _with(aud="another-node"),
        "by another issuer": _with(iss="639900"),
        "of another license": _with(identifier="1.2.156.3005.2.X"),
        "link elsewhere": _with(link="https://elsewhere.example/once/x"),
        "link inside": _with(link="http://10.0.0.1/once/x"),
        "link to metadata": _with(link="http://169.254.169.254/latest/meta-data"),
        "link to another port": lambda there, said: {
            **said, "link": f"{there.url.rpartition(':')[0]}:1/once/x"
        },
        "link with a user": lambda _, said: {
            **said, "link": said["link"].replace("://", "://elsewhere.example@")
        },
        "link that is none": _with(link="javascript:alert(1)"),
        "no link": _without("link"),
        "link for an hour": lambda _, said: {**said, "expires": said["iat"] + 3600},
        "link that is over": lambda _, said: {**said, "expires": said["iat"] - 3600},
        "no end": _without("expires"),
        "a program": _with(media_type="application/x-sh"),
        "a page": _with(media_type="text/html"),
        "announced too large": _with(size=10**9),
        "of no size": _with(size=0),
        "size in words": _with(size="12"),
        "no digest": _without("document"),
        "a weak digest": _with(document={"alg": "md5", "value": b64(bytes(16))}),
        "a short digest": _with(document={"alg": "sha256", "value": b64(bytes(16))}),
        "digest of another document": _with(
            document={"alg": "sha256", "value": b64(hashlib.sha256(b"other").digest())}
        ),
        "an outcome nobody knows": _with(outcome="perhaps"),
        "from long ago": lambda _, said: {**said, "iat": said["iat"] - 9000},
    }
)  # fmt: skip
ANSWERS: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType(
    {
        "altered": lambda token: _plain(token[:-4] + b"AAAA"),
        "unsigned": lambda _: http1.response(200, "application/json", b"{}"),
        "fails": lambda _: http1.json_response(500, {}),
        "too long": lambda token: _plain(token + b"A" * 70_000),
        "rubbish": lambda _: _plain(b"\x00\xff" * 20),
        "compressed": lambda token: http1.response(
            200, MEDIA_TYPE, token, ("Content-Encoding", "gzip")
        ),
    }
)
BEHAVIOURS = (
    *(HONEST, "replay", "wrong signature", "another type of token"),
    *LIES, *ANSWERS, *FETCHED,
)  # fmt: skip
