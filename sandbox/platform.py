"""A stand-in of an exchange platform (数据共享交换平台) before a share service, on one port.

POST /sysapi/auth/refreshappsecret   a new secret for who signs with the appkey
POST /share/v1/verifyCertInfo        证照信息验证, for who signs with the secret

It keeps the rules that are known of the real ones (the four `gjgxjhpt_` headers, HMAC-SHA-256 over
sid ‖ rid ‖ rtime, secrets under AES-128-ECB) and can break each on demand: `behaviour`.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox import http1
from sandbox.day import utc_now
from sandbox.http1 import BadRequest, Request
from sandbox.licenses import License, Outcome, status_at
from sandbox.office import normal
from sandbox.world import World

APPKEY = "standin-appkey-0001"
"""What the platform's operator gave to who may call."""
REQUESTER, SERVICE = "rid-standin-0001", "sid-standin-verify"
ACCESS_ID, ACCESS_TOKEN = "standin-caller", "standin-access-token"
REFRESH, VERIFY = "/sysapi/auth/refreshappsecret", "/share/v1/verifyCertInfo"
HONEST = "honest"
WINDOW_MS = 10 * 60 * 1000
"""By so much `rtime` may be off."""
EXPIRED, WRONG_CLOCK, WRONG_SIGN = "30002", "30003", "30001"


def sealed(secret: str, appkey: str = APPKEY) -> str:
    """AES-128-ECB with PKCS#5 padding under SHA-1(SHA-1(appkey))[:16], base64."""
    once = hashlib.sha1(appkey.encode(), usedforsecurity=False).digest()
    key = hashlib.sha1(once, usedforsecurity=False).digest()[:16]
    plain = secret.encode()
    missing = 16 - len(plain) % 16
    writing = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - as they do
    return base64.b64encode(writing.update(plain + bytes((missing,)) * missing)).decode()


def sign(secret: str, rtime: str) -> str:
    value = hmac.digest(secret.encode(), f"{SERVICE}{REQUESTER}{rtime}".encode(), "sha256")
    return base64.b64encode(value).decode()


def now_ms() -> int:
    return int(time.time() * 1000)


def said(code: str, data: object = None, message: str = "") -> bytes:
    return http1.json_response(200, {"code": code, "message": message, "data": data})


def service(status: str, data: object = None) -> dict[str, Any]:
    return {"head": {"status": status, "message": "…"}, "data": data or {}}


@dataclass
class Platform:
    """Serves until stopped; `seen` has what came, `refreshed` how often a secret was given out."""

    world: World
    issuer: str = "traffic"
    behaviour: str = HONEST
    lifetime_ms: int = 60 * 60 * 1000
    delay: float = 0.0
    """Seconds before a secret is given out."""
    port: int = 0
    seen: list[Request] = field(default_factory=list)
    refreshed: int = 0
    expiries: int = 0
    """How often a call was refused because of its secret."""
    tls: Any = None
    _secret: str = ""
    _ends: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    def forget(self) -> None:
        """The secret is over before its time, as after a restart of theirs."""
        self._ends = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while (request := await http1.read_request(reader)) is not None:
                self.seen.append(request)
                if request.path == REFRESH:
                    await asyncio.sleep(self.delay)
                writer.write(self._answer(request))
                await writer.drain()
        except (BadRequest, ConnectionError):
            pass
        finally:
            writer.close()
            self._open.discard(writer)

    def _answer(self, request: Request) -> bytes:
        where = REFRESHING if request.path == REFRESH else VERIFYING
        if self.behaviour in where:
            scripted = where[self.behaviour]
            return scripted if isinstance(scripted, bytes) else scripted(self)
        return refresh(self, request) if request.path == REFRESH else verify(self, request)

    def renew(self) -> tuple[str, int]:
        """A new secret and its end."""
        self._secret, self._ends = secrets.token_hex(16), now_ms() + self.lifetime_ms
        self.refreshed += 1
        return self._secret, self._ends

    def admits(self, request: Request) -> str | None:
        """The code of a refusal; None: it is a call by who may."""
        rtime = request.headers.get("gjgxjhpt_rtime", "")
        names = (request.headers.get("gjgxjhpt_rid"), request.headers.get("gjgxjhpt_sid"))
        if names != (REQUESTER, SERVICE) or not rtime.isdigit():
            return WRONG_SIGN
        if abs(int(rtime) - now_ms()) > WINDOW_MS:
            return WRONG_CLOCK
        given = request.headers.get("gjgxjhpt_sign", "")
        if request.path == REFRESH:
            body = json.loads(request.body)
            right = (body["rid"], body["sid"]) == names and body["sign"] == sign(
                APPKEY, body["rtime"]
            )
            return None if right and given == sign(APPKEY, rtime) else WRONG_SIGN
        if now_ms() >= self._ends or given != sign(self._secret, rtime):
            self.expiries += 1
            return EXPIRED
        return None

    def find(self, data: Mapping[str, str]) -> License | None:
        number = data.get("certNo", "").upper()
        for type in self.world.body(self.issuer).types:
            license = self.world.find(number, type)
            if license is not None:
                return license
        return None


def refresh(there: Platform, request: Request) -> bytes:
    refused = there.admits(request)
    if refused is not None:
        return said(refused)
    secret, ends = there.renew()
    return said("200", {"secret": sealed(secret), "secretEndTime": ends})


def verify(there: Platform, request: Request) -> bytes:
    refused = there.admits(request)
    if refused is not None:
        return said(refused, message="鉴权失败")
    return said("200", verified(there, request))


def verified(there: Platform, request: Request) -> dict[str, Any]:
    """The share service behind it."""
    asked = json.loads(request.body)
    if asked["head"] != {"accessId": ACCESS_ID, "accessToken": ACCESS_TOKEN}:
        return service("11")
    data = asked["data"]
    if not data.get("holder") and not data.get("holderCode"):
        return service("111")
    license = there.find(data)
    if license is None:
        return service("0", {"result": "5"})
    right = {"holder": license.holder.name, "holder_code": license.holder.code}
    stated = {"holder": data.get("holder"), "holder_code": data.get("holderCode")}
    for fact, value in stated.items():
        if value and normal(fact, value) != normal(fact, right[fact]):
            return service("0", {"result": "6"})
    outcome = status_at(license, utc_now()).outcome
    result = {Outcome.SUSPENDED: "2", Outcome.NOT_YET: "1"}.get(outcome)
    result = result or ("0" if outcome is Outcome.IN_FORCE else "3")
    return service("0", {"result": result, "certNo": license.number})


Behaviour = bytes | Callable[[Platform], bytes]


def _secret(data: object) -> bytes:
    return said("200", data)


def _over(there: Platform) -> bytes:
    return _secret({"secret": sealed(there.renew()[0]), "secretEndTime": now_ms() - 3_600_000})


def _other_key(there: Platform) -> bytes:
    secret, ends = there.renew()
    return _secret({"secret": sealed(secret, "another-appkey"), "secretEndTime": ends})


def _good(**more: str) -> bytes:
    """In force, whatever it was asked."""
    return said("200", service("0", {"result": "0", **more}))


FAR = 4_102_444_800_000
REFRESHING: Mapping[str, Behaviour] = MappingProxyType(
    {
        "refresh refused": (said(WRONG_SIGN)),
        "refresh by another clock": (said(WRONG_CLOCK)),
        "refresh is a login page": (http1.response(200, "text/html", b"<html>")),
        "refresh fails": (http1.json_response(503, {})),
        "refresh moved": (http1.head(302, ("Location", "/x"), ("Content-Length", "0"))),
        "refresh without data": _secret(None),
        "refresh without secret": _secret({"secretEndTime": FAR}),
        "refresh without end": _secret({"secret": sealed("s")}),
        "refresh with a number": _secret({"secret": 5, "secretEndTime": FAR}),
        "refresh in clear": _secret({"secret": "plain-secret", "secretEndTime": FAR}),
        "refresh cut": _secret({"secret": sealed("secret")[:-6], "secretEndTime": FAR}),
        "refresh of control characters": _secret(
            {"secret": sealed("a\r\nb"), "secretEndTime": FAR}
        ),
        "refresh of nothing": _secret({"secret": sealed(""), "secretEndTime": FAR}),
        "refresh for another": _other_key,
        "refresh over already": _over,
        "refresh with words for a time": _secret({"secret": sealed("s"), "secretEndTime": "明天"}),
        "refresh beyond time": _secret({"secret": sealed("s"), "secretEndTime": 10**15 - 1}),
        "refresh too large": (said("200", {"secret": "A" * 20_000, "secretEndTime": FAR})),
        "refresh twice named": (
            http1.response(200, "application/json", b'{"code":"200","code":"200","data":{}}')
        ),
    }
)
VERIFYING: Mapping[str, Behaviour] = MappingProxyType(
    {
        "secret always over": (said(EXPIRED)),
        "another clock": (said(WRONG_CLOCK)),
        "signature refused": (said(WRONG_SIGN)),
        "platform fails": (said("300")),
        "platform code in markup": (said("<script>alert(1)</script>")),
        "no code": (http1.json_response(200, {"data": service("0", {"result": "0"})})),
        "code is true": (http1.json_response(200, {"code": True, "data": {}})),
        "data is a list": (said("200", [1])),
        "data is words": (said("200", "成功")),
        "no head": (said("200", {"data": {"result": "0"}})),
        "head is a text": (said("200", {"head": "0", "data": {"result": "0"}})),
        "no result": (said("200", service("0", {"code": "0"}))),
        "result unknown": (said("200", service("0", {"result": "8"}))),
        "result is false": (said("200", service("0", {"result": False}))),
        "result is a list": (said("200", service("0", {"result": ["0"]}))),
        "another number": _good(certNo="OTHER-1"),
        "another type": _good(certTypeCode="11100000000000000X999"
        ),
        "another identifier": _good(certIdentifier="1.2.156.3005.2.X.Y.Z.001.0"
        ),
        "named twice": (
            http1.response(
                200, "application/json", b'{"code":"300","code":"200","data":{}}'
            )
        ),
        "not a number": (http1.response(200, "application/json", b'{"code":NaN}')),
        "a login page": (http1.response(200, "text/html", b"<html>")),
        "no JSON": (http1.response(200, "application/json", b"<html>")),
        "compressed": (
            http1.response(200, "application/json", b"{}", ("Content-Encoding", "gzip"))
        ),
        "too large": (said("200", "x" * 70_000)),
        "HTTP 500": (http1.json_response(500, {})),
        "moved": (http1.head(302, ("Location", "/x"), ("Content-Length", "0"))),
        "cut off": (http1.head(200, ("Content-Type", "application/json"),
                                      ("Content-Length", "500")) + b'{"code"'),
        **{
            f"head {status}": (said("200", service(status)))
            for status in ("1", "2", "4", "11", "12", "13", "16", "17", "100", "101", "113", "999")
        },
    }
)  # fmt: skip
BEHAVIOURS = (HONEST, *REFRESHING, *VERIFYING)


@contextmanager
def platform_in_thread(world: World, **settings: Any) -> Iterator[Platform]:
    """For tests without a loop of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="platform", daemon=True)
    thread.start()
    running = Platform(world, **settings)
    try:
        asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(10)
        yield running
        asyncio.run_coroutine_threadsafe(running.__aexit__(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
