"""Application secrets of exchange platforms: fetched, shared by workers, renewed before their end.

One renewal at a time for each platform and node, whoever waits for it: a platform may end the old
secret when it gives a new one. Where the old secret is still good it is used meanwhile, so that a
slow renewal is felt by nobody before the end. Nothing here is logged or shown: neither secret nor
appkey, nor what was signed with them; only secrets leave memory, encrypted, and for other workers.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from app.crypto.appsecret import call_signature, open_secret
from app.crypto.jose import JsonLimits, read_json_object
from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import Malformed, Unavailable
from app.domain.issuer import Endpoint, Silence, Unreachable
from app.domain.platform import AppSecret, PlatformKey, Shelved
from app.federation.lines import Incoming, Line
from app.federation.mapped import Secrets
from app.federation.share import APPKEY, signed_call
from app.formats.share.answers import NotPassedOn, Trouble, platform_code
from app.formats.share.description import Platform

EARLY: Final = timedelta(minutes=5)
"""So long before its end a secret is renewed, or after three quarters of a short life."""
AGAIN: Final = timedelta(seconds=10)
"""Between two tries while the old one is still good."""
LONGEST: Final = timedelta(hours=24)
"""A secret is renewed after so long, however far its end is said to be."""
MAX_REFRESH: Final = 8 * 1024
"""Bytes of the platform's answer."""
MAX_PLATFORMS: Final = 1024
MAX_TIME: Final = 253_000_000_000_000
"""Milliseconds: year 9987."""

_DIGITS: Final = re.compile(r"[0-9]{1,15}")

LOOK: Final = 0.05
"""Seconds between two looks whether another worker has fetched it."""
LAPSE: Final = timedelta(seconds=2)
"""So long after the deadline of a fetch the turn of a worker that died is another's."""


class Shelf(Protocol):
    """Where the workers of a node keep what is in use."""

    async def look(self, key: PlatformKey) -> Shelved:
        """Raises `Unavailable`, as the others do."""

    async def take(self, key: PlatformKey, number: int, within: timedelta) -> bool:
        """Whether the turn to fetch the one after `number` is ours, for that time."""

    async def put(self, key: PlatformKey, number: int, secret: AppSecret) -> None:
        """The one after `number`; it ends the turn."""

    async def give_back(self, key: PlatformKey, number: int) -> None:
        """The turn, without a secret."""


@dataclass(slots=True)
class OwnShelf:
    """Of one process that has no others beside it: a command."""

    _kept: dict[PlatformKey, Shelved] = field(default_factory=dict, repr=False)

    async def look(self, key: PlatformKey) -> Shelved:
        return self._kept.get(key, Shelved(0, None, busy=False))

    async def take(self, key: PlatformKey, number: int, within: timedelta) -> bool:
        del key, number, within  # whoever asks here is the only one
        return True

    async def put(self, key: PlatformKey, number: int, secret: AppSecret) -> None:
        self._kept[key] = Shelved(number + 1, secret, busy=False)

    async def give_back(self, key: PlatformKey, number: int) -> None:
        del key, number


@dataclass(slots=True)
class _Held:
    key: PlatformKey
    secret: AppSecret | None = None
    flight: asyncio.Task[AppSecret | Unreachable] | None = None


@dataclass(slots=True, kw_only=True)
class AppSecrets:
    """Of all platforms this worker asks."""

    secrets: Secrets = field(repr=False)
    clock: Callable[[], datetime]
    shelf: Shelf = field(default_factory=OwnShelf, repr=False)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _held: dict[PlatformKey, _Held] = field(default_factory=dict, repr=False)

    async def current(
        self, line: Line, endpoint: Endpoint, platform: Platform
    ) -> AppSecret | Unreachable:
        """One to sign with now. Raises nothing but CancelledError."""
        held, now = self._of(endpoint, platform), self.clock()
        secret = held.secret
        if secret is None or now >= secret.ends:
            return await self._renewed(held, line, endpoint, platform, secret)
        if now >= secret.renew and held.flight is None:
            self._begin(held, line, endpoint, platform, secret)  # nobody waits for it
        return secret

    async def another(
        self, line: Line, endpoint: Endpoint, platform: Platform, than: AppSecret
    ) -> AppSecret | Unreachable:
        """After the platform called that one over: the one that took its place, or a new one."""
        held = self._of(endpoint, platform)
        secret = held.secret
        if secret is not None and secret.value != than.value:
            return secret
        held.secret = None
        return await self._renewed(held, line, endpoint, platform, than)

    async def aclose(self) -> None:
        """Give up renewals under way, and forget everything."""
        flights = [held.flight for held in self._held.values() if held.flight is not None]
        self._held.clear()
        for flight in flights:
            flight.cancel()
            with suppress(asyncio.CancelledError):
                await flight

    def _of(self, endpoint: Endpoint, platform: Platform) -> _Held:
        key = PlatformKey(endpoint.issuer, platform.base, platform.refresh, platform.requester)
        held = self._held.pop(key, None) or _Held(key)
        self._held[key] = held
        if len(self._held) > MAX_PLATFORMS:
            idle = [k for k, other in self._held.items() if other.flight is None and k != key]
            for old in idle[:1]:
                del self._held[old]
        return held

    async def _renewed(
        self,
        held: _Held,
        line: Line,
        endpoint: Endpoint,
        platform: Platform,
        than: AppSecret | None,
    ) -> AppSecret | Unreachable:
        flight = held.flight or self._begin(held, line, endpoint, platform, than)
        return await asyncio.shield(flight)  # whoever leaves first takes it from nobody else

    def _begin(
        self,
        held: _Held,
        line: Line,
        endpoint: Endpoint,
        platform: Platform,
        than: AppSecret | None,
    ) -> asyncio.Task[AppSecret | Unreachable]:
        def fetch() -> Awaitable[AppSecret | Unreachable]:
            return self._fetch(line, endpoint, platform)

        flight = asyncio.create_task(self._next(held.key, than, endpoint.deadline, fetch))
        held.flight = flight

        def landed(done: asyncio.Task[AppSecret | Unreachable]) -> None:
            held.flight = None
            if done.cancelled() or done.exception() is not None:
                return
            got, old = done.result(), held.secret
            if isinstance(got, AppSecret):
                held.secret = got
            elif old is not None:  # still good, perhaps: it is tried again in a while
                held.secret = AppSecret(old.value, old.ends, self.clock() + AGAIN)

        flight.add_done_callback(landed)
        return flight

    async def _next(
        self,
        key: PlatformKey,
        than: AppSecret | None,
        deadline: timedelta,
        fetch: Callable[[], Awaitable[AppSecret | Unreachable]],
    ) -> AppSecret | Unreachable:
        """Another than that one: fetched by another worker, or by us where it is our turn.

        Within a deadline of its own: those who wait have theirs.
        """
        old = None if than is None else than.value
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                while True:
                    found = await self.shelf.look(key)
                    secret = found.secret
                    if secret and secret.value != old and self.clock() < secret.ends:
                        return secret
                    if not found.busy and await self.shelf.take(
                        key, found.number, deadline + LAPSE
                    ):
                        return await self._our_turn(key, found.number, fetch)
                    await self.sleep(LOOK)
        except TimeoutError:
            return Unreachable(Silence.TIMEOUT, "refreshing the secret: deadline")
        except Unavailable as exc:
            return Unreachable(Silence.CONNECTION, str(exc))

    async def _our_turn(
        self,
        key: PlatformKey,
        number: int,
        fetch: Callable[[], Awaitable[AppSecret | Unreachable]],
    ) -> AppSecret | Unreachable:
        """Whatever comes of it, the turn is given back."""
        kept = False
        try:
            got = await fetch()
            if isinstance(got, AppSecret):
                await self.shelf.put(key, number, got)
                kept = True
        finally:
            if not kept:
                with suppress(Unavailable):  # it lapses, then
                    await self.shelf.give_back(key, number)
        return got

    async def _fetch(
        self, line: Line, endpoint: Endpoint, platform: Platform
    ) -> AppSecret | Unreachable:
        """From the platform. Raises `Unavailable` where there is no appkey."""
        appkey = await asyncio.to_thread(self.secrets.secret, endpoint.issuer, APPKEY)
        content = refresh_body(platform, appkey, self.clock())
        url = platform.base + platform.refresh
        sent = signed_call(url, content, platform, appkey, self.clock())
        return await line.exchange(
            sent,
            MAX_REFRESH,
            lambda received: read_refresh(received, platform, appkey, self.clock()),
        )


def refresh_body(platform: Platform, appkey: str, now: datetime) -> bytes:
    """The same four in the body: platforms read them there or in the headers."""
    time_ms = str(int(now.timestamp() * 1000))
    sign = call_signature(
        appkey, service=platform.service, requester=platform.requester, time_ms=time_ms
    )
    said = {"rid": platform.requester, "sid": platform.service, "rtime": time_ms, "sign": sign}
    return json.dumps(said, separators=(",", ":")).encode()


def read_refresh(
    received: Incoming, platform: Platform, appkey: str, now: datetime
) -> AppSecret | Unreachable:
    """`{code, data: {secret, secretEndTime}}`; the time in milliseconds since 1970."""
    try:
        limits = JsonLimits(size=MAX_REFRESH, foreign=True)
        document = read_json_object(received.content, limits)
        platform_code(document, platform)
        sealed, ends = _members(document)
        value = open_secret(sealed, appkey)
    except NotPassedOn as told:
        why = Silence.CLOCK if told.trouble is Trouble.CLOCK else Silence.STATUS
        return Unreachable(why, f"refreshing the secret: {told.where}")
    except Malformed as broken:
        return Unreachable(Silence.MALFORMED, f"refreshing the secret: {broken}")
    if ends <= now - CLOCK_SKEW:
        return Unreachable(Silence.CLOCK, "refreshing the secret: it is over already")
    life = max(timedelta(0), min(ends - now, LONGEST))
    return AppSecret(value, now + life, now + life - min(EARLY, life / 4))


def _members(document: Mapping[str, object]) -> tuple[str, datetime]:
    """Raises `Malformed`."""
    data = document.get("data")
    if not isinstance(data, dict):
        raise Malformed("data: not an object")
    sealed = data.get("secret")
    if not isinstance(sealed, str):
        raise Malformed("data.secret: not a text")
    return sealed, _end(data.get("secretEndTime"))


def _end(value: object) -> datetime:
    """Raises `Malformed`."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _DIGITS.fullmatch(text):
        raise Malformed("data.secretEndTime: not milliseconds since 1970")
    milliseconds = int(text)
    if milliseconds > MAX_TIME:
        raise Malformed("data.secretEndTime: not a time")
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
