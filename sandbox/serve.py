"""All issuers of a world, running: for tests in their own loop or from another thread.

async with serve(World(1), anyone=True) as servers:
    servers.set_behaviour("market", "delay", seconds=2)
    ... servers["market"].endpoint ... servers.calls ...
"""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date

from sandbox.day import utc_now
from sandbox.issuer import Clock, IssuerServer
from sandbox.jws import JsonObject
from sandbox.licenses import State
from sandbox.nodes import Nodes
from sandbox.ofd_samples import make_ofd_samples
from sandbox.office import Office
from sandbox.registration import registration
from sandbox.wire import Sleep
from sandbox.world import World


class Servers:
    """The running issuers, by short name or code."""

    def __init__(self, world: World, servers: tuple[IssuerServer, ...], nodes: Nodes) -> None:
        self.world = world
        self.nodes = nodes
        self._servers = servers

    def __getitem__(self, issuer: str) -> IssuerServer:
        body = self.world.body(issuer)
        return next(s for s in self._servers if s.office.body is body)

    def __iter__(self) -> Iterator[IssuerServer]:
        return iter(self._servers)

    @property
    def endpoints(self) -> dict[str, str]:
        """Code of the body → URL."""
        return {server.office.body.code: server.endpoint for server in self._servers}

    @property
    def calls(self) -> Counter[str]:
        """Questions accepted, by identifier, over all issuers."""
        return sum((server.seen.calls for server in self._servers), Counter())

    @property
    def requests(self) -> int:
        """POSTs that reached any endpoint, good or not."""
        return sum(server.seen.requests for server in self._servers)

    def set_behaviour(
        self,
        issuer: str,
        name: str,
        *,
        identifier: str | None = None,
        times: int | None = None,
        **args: object,
    ) -> None:
        self[issuer].script.add(name, args, identifier=identifier, times=times)

    def set_state(
        self, identifier: str, state: State, since: date, successor: str | None = None
    ) -> None:
        """Change the books of the license's issuer and of whoever answers for it."""
        license = self.world.by_identifier[identifier]
        for server in self._servers:
            if (license.issuer, license.type) in server.office.speaks_for:
                server.office.set_state(identifier, state, since, successor)

    def register_document(self, identifier: str, content: bytes) -> None:
        license = self.world.by_identifier[identifier]
        self[license.issuer].office.register_document(identifier, content)

    def register_samples(self) -> None:
        """Make the sealed samples known to their issuers, so that they answer `match`."""
        for sample in make_ofd_samples(self.world):
            if sample.identifier is not None:
                self.register_document(sample.identifier, sample.content)

    def reset(self) -> None:
        for server in self._servers:
            server.forget()

    def registration(self) -> JsonObject:
        return registration(self.world, self.endpoints)


@asynccontextmanager
async def serve(
    world: World,
    port: int = 0,
    *,
    nodes: Nodes | None = None,
    anyone: bool = False,
    clock: Clock = utc_now,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Servers]:
    """Ports `port`, `port + 1`, …; 0 picks free ones. `sleep` may be a test's own."""
    known = nodes or Nodes(anyone=anyone)
    servers = tuple(
        IssuerServer(Office(world, body), known, clock=clock, sleep=sleep)
        for body in world.answering
    )
    try:
        for offset, server in enumerate(servers):
            await server.start(port + offset if port else 0)
        yield Servers(world, servers, known)
    finally:
        for server in servers:
            await server.stop()


@contextmanager
def serve_in_thread(
    world: World, port: int = 0, *, nodes: Nodes | None = None, anyone: bool = False
) -> Iterator[Servers]:
    """The same for tests without a loop of their own."""
    loop = asyncio.new_event_loop()
    running = serve(world, port, nodes=nodes, anyone=anyone)
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    try:
        servers = asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(30)
        try:
            yield servers
        finally:
            leaving = running.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(leaving, loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
