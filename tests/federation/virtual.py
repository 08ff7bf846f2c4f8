"""Time that passes only when told to, and an issuer in memory that answers by a script.

`run` is an event loop's whole life in virtual time: `sleep` and `asyncio.timeout` take no time of
the clock on the wall, because the loop jumps to the next timer whenever nothing else is to do.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from app.domain.issuer import (
    Answered,
    Code,
    Inquiry,
    IssuerAnswer,
    Match,
    Silence,
    Speaker,
    Unreachable,
)
from app.federation.resilience import Call, ResilientIssuers

START = datetime(2026, 11, 1, tzinfo=UTC)
Result = TypeVar("Result")


class _Jumping(selectors.SelectSelector):
    """Instead of waiting, moves the loop's clock on. Nothing here may wait for a real socket."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing will ever happen: a test that waits for nobody")
            self.loop.virtual += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    virtual = 0.0

    def __init__(self) -> None:
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.virtual

    def run_in_executor(  # type: ignore[override]  # no overloads: everything is done at once
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """At once: a thread would take its time outside of this one."""
        del executor
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as exc:  # noqa: BLE001 - whoever awaits it gets it
            future.set_exception(exc)
        return future


def run(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())


def monotonic() -> float:
    return asyncio.get_running_loop().time()


def now() -> datetime:
    return START + timedelta(seconds=monotonic())


Script = Callable[[Inquiry], Awaitable[IssuerAnswer]]


def answered(code: Code = Code.IN_FORCE, **changes: Any) -> Answered:
    made = Answered(
        code=code,
        document=Match.UNKNOWN,
        facts={},
        speaker=Speaker.ISSUER,
        signed=True,
        authenticated=True,
        as_of=now(),
        token="signed by the issuer",
    )
    return replace(made, **changes)


@dataclass
class Scripted:
    """Plays the gateway: counts, and answers by `script` within the deadline."""

    script: Script
    asked: list[Inquiry] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.asked.append(inquiry)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            async with asyncio.timeout(inquiry.endpoint.deadline.total_seconds()):
                return await self.script(inquiry)
        except TimeoutError:
            return Unreachable(Silence.TIMEOUT, "deadline")
        finally:
            self.at_once -= 1

    async def aclose(self) -> None:
        return


@dataclass
class Notes:
    """A watch that writes down."""

    calls: list[Call] = field(default_factory=list)

    def saw(self, call: Call) -> None:
        self.calls.append(call)


def resilient(inner: Scripted, **changes: Any) -> ResilientIssuers:
    settings: dict[str, Any] = {
        "clock": now,
        "monotonic": monotonic,
        "jitter": lambda: 0.5,
        "watch": Notes(),
    }
    return ResilientIssuers(inner=inner, **{**settings, **changes})


REFUSED = Unreachable(Silence.CONNECTION, "ConnectionRefusedError", sent=False)
CUT = Unreachable(Silence.CONNECTION, "cut off")


def always(answer: IssuerAnswer) -> Script:
    async def script(_: Inquiry) -> IssuerAnswer:
        return answer

    return script


async def good(_: Inquiry) -> IssuerAnswer:
    return answered()


async def black_hole(_: Inquiry) -> IssuerAnswer:
    await asyncio.sleep(3600)
    raise AssertionError("outlived its deadline")
