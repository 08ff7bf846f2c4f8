"""Fetching revocation lists: what is kept, what is refused by name, and that nothing else is asked.

The lists are those of the sandbox's authorities; every refusal stands beside the honest list, which
the same source brings in the same test and which is kept.
"""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.crypto.certificates import read_certificate
from app.crypto.revocation import issued_by, read_crl
from app.domain.errors import Refused
from app.domain.trust import TrustQuestion
from app.domain.trustlist import Refusal
from app.federation.lists import Fetched, HttpLists, NotFetched, Unchanged
from app.models import RevocationListRow
from app.registry import authorities, revocation_sources
from app.registry.authorities import read_authorities
from app.registry.revocation_sources import RevocationSource
from app.registry.trust import PostgresRegistry
from app.services.outcomes import Outcome
from app.services.revoking import MAX_BYTES, Done, RevocationFetcher
from sandbox import pki
from sandbox.authorities import Authorities
from sandbox.pki import ListPlan, Revoked
from sandbox.trust import authorities as authorities_of
from sandbox.world import World
from tests.registry.conftest import DAY, LOOPBACK, NOW

pytestmark = pytest.mark.anyio
URL = "https://crl.example.cn/seal.crl"
HOUR = timedelta(hours=1)
ANY_SEAL = TrustQuestion(None, None, None, frozenset(), None, sealed=True)


@dataclass
class Mirror:
    """`services.revoking.Lists` that brings one thing, and counts."""

    brings: Fetched | Unchanged | NotFetched
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    async def fetch(
        self, url: str, networks: tuple[str, ...], held: str | None = None
    ) -> Fetched | Unchanged | NotFetched:
        assert held is None
        self.asked.append((url, networks))
        await asyncio.sleep(0)
        return self.brings


async def _unlogged(_session, _what):
    """No audit log in these tests."""


@pytest.fixture
def made(world: World) -> Authorities:
    return world.authorities


@pytest.fixture
async def known(database, world):
    """Anchors and intermediates, and no list."""
    entry = read_authorities(authorities_of(world))
    async with database.writing() as session:
        await authorities.put_authorities(session, replace(entry, lists=()))
        await revocation_sources.follow(session, URL, ())
    return database


def fetcher(database, mirror) -> RevocationFetcher:
    registry = PostgresRegistry(database, lambda: NOW)

    async def known():
        return (await registry.trust_for(ANY_SEAL)).authorities

    return RevocationFetcher(
        database=database, lists=mirror, known=known, clock=lambda: NOW, log=_unlogged
    )


async def fetched(database, content: bytes | NotFetched | Unchanged) -> Done:
    brings = Fetched(content) if isinstance(content, bytes) else content
    return await fetcher(database, Mirror(brings)).fetch(RevocationSource(URL, ()))


async def held(database) -> set[str]:
    async with database.reading() as session:
        return set(await session.scalars(select(RevocationListRow.sha256)))


async def noted(database) -> RevocationSource:
    async with database.reading() as session:
        (source,) = await revocation_sources.sources(session)
    return source


def plan(made: Authorities, **changes: object) -> ListPlan:
    fresh = ListPlan(this_update=NOW - HOUR, next_update=NOW + DAY, number=7)
    return replace(fresh, **changes)  # type: ignore[arg-type]


async def test_a_list_of_a_registered_authority_is_kept_once(known, made):
    der = made.issuing.crl(plan(made))
    assert (await fetched(known, der)).outcome is Outcome.NEW
    assert (await fetched(known, der)).outcome is Outcome.HELD
    assert await held(known) == {read_crl(der).sha256}
    source = await noted(known)
    assert (source.good_at, source.failure) == (NOW, None)


async def test_pem_is_a_list_too(known, made):
    assert (await fetched(known, pki.pem(made.issuing.crl(plan(made)), "X509 CRL"))).outcome is (
        Outcome.NEW
    )


REFUSED: list[tuple[str, Outcome, Callable[[Authorities], bytes | NotFetched]]] = [
    (
        "delta",
        Outcome.DELTA,
        lambda made: made.issuing.crl(plan(made, extra=(pki.delta(1),))),
    ),
    (
        "indirect",
        Outcome.INDIRECT,
        lambda made: made.issuing.crl(plan(made, extra=(pki.scope(4),))),
    ),
    (
        "stale",
        Outcome.STALE,
        lambda made: made.issuing.crl(plan(made, next_update=NOW - HOUR / 2)),
    ),
    ("endless", Outcome.STALE, lambda made: made.issuing.crl(plan(made, next_update=None))),
    (
        "from the future",
        Outcome.FROM_FUTURE,
        lambda made: made.issuing.crl(plan(made, this_update=NOW + HOUR)),
    ),
    (
        "attack: by another key under the authority's name",
        Outcome.UNSIGNED,
        lambda made: made.issuing.crl(plan(made, key=pki.sm2_key(0, "on the way"))),
    ),
    (
        "attack: by an authority nobody registered",
        Outcome.UNSIGNED,
        lambda made: made.mist_root.crl(plan(made)),
    ),
    (
        "attack: one bit of the value",
        Outcome.UNSIGNED,
        lambda made: _flipped(made.issuing.crl(plan(made))),
    ),
    ("cut", Outcome.UNREADABLE, lambda made: made.issuing.crl(plan(made))[:-1]),
    ("a web page", Outcome.UNREADABLE, lambda _: b"<!doctype html><title>404</title>"),
    ("empty", Outcome.UNREADABLE, lambda _: b""),
    ("base64", Outcome.UNREADABLE, lambda made: base64.b64encode(made.issuing.crl(plan(made)))),
    (
        "unreachable",
        Outcome.UNREACHABLE,
        lambda _: NotFetched(Refusal.UNREACHABLE, "status 503"),
    ),
    (
        "oversized",
        Outcome.UNREACHABLE,
        lambda _: NotFetched(Refusal.OVERSIZED, f"over {MAX_BYTES} bytes"),
    ),
]


def _flipped(der: bytes) -> bytes:
    return der[:-1] + bytes((der[-1] ^ 1,))


@pytest.mark.parametrize(
    ("outcome", "content"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_what_is_not_kept_is_named_and_what_is_held_stays(known, made, outcome, content):
    good = made.issuing.crl(plan(made, this_update=NOW - 2 * HOUR))
    assert (await fetched(known, good)).outcome is Outcome.NEW
    before = await held(known)
    assert (await fetched(known, content(made))).outcome is outcome
    assert await held(known) == before
    source = await noted(known)
    assert source.failure is not None
    assert source.failure.startswith(outcome.value)
    assert source.good_at == NOW


async def test_attack_an_older_list_is_not_put_over_a_younger(known, made):
    """Replayed from before somebody was revoked."""
    gone = Revoked(5, NOW - 2 * DAY, pki.KEY_COMPROMISE)
    young = made.issuing.crl(plan(made, revoked=(gone,)))
    old = made.issuing.crl(plan(made, this_update=NOW - 3 * DAY))
    assert (await fetched(known, young)).outcome is Outcome.NEW
    assert (await fetched(known, old)).outcome is Outcome.OLDER
    assert await held(known) == {read_crl(young).sha256}


async def test_one_worker_fetches_in_an_interval(known, made):
    mirror = Mirror(Fetched(made.issuing.crl(plan(made))))
    workers = [fetcher(known, mirror) for _ in range(3)]
    done = await asyncio.gather(*(worker.fetch_due() for worker in workers))
    assert len(mirror.asked) == 1
    assert [each.outcome for one in done for each in one] == [Outcome.NEW]
    assert await workers[0].fetch_due() == []


async def test_nothing_is_asked_that_was_not_registered(known, made):
    """Distribution points in certificates and lists are never dereferenced (CRT-12)."""
    mirror = Mirror(Fetched(made.issuing.crl(plan(made))))
    await fetcher(known, mirror).fetch_due()
    assert mirror.asked == [(URL, ())]


async def test_not_followed_any_more(known):
    async with known.writing() as session:
        await revocation_sources.unfollow(session, URL)
    mirror = Mirror(NotFetched(Refusal.UNREACHABLE, ""))
    assert await fetcher(known, mirror).fetch_due() == []
    with pytest.raises(Refused):
        async with known.writing() as session:
            await revocation_sources.unfollow(session, URL)


async def test_over_http_under_the_egress_rules(known, made):
    """A server of this machine: reached where its network is opened, and not where it is not."""
    der, asked = made.issuing.crl(plan(made)), list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(der)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + der)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/seal.crl"
        asking = fetcher(known, HttpLists(most=MAX_BYTES, accept="application/pkix-crl"))
        closed = await asking.fetch(RevocationSource(url, ()))
        assert (closed.outcome, asked) == (Outcome.UNREACHABLE, [])
        opened = await asking.fetch(RevocationSource(url, LOOPBACK))
    assert opened.outcome is Outcome.NEW
    (request,) = asked
    assert b"application/pkix-crl" in request


def test_a_list_is_its_authoritys_by_name_and_key(made):
    crl = read_crl(made.issuing.crl(plan(made)))
    own, namesake, root = (
        read_certificate(each.certificate) for each in (made.issuing, made.impostor, made.root)
    )
    assert issued_by(crl, own)
    assert not issued_by(crl, namesake)
    assert not issued_by(crl, root)


OF_RESPONSES = {Outcome.SEVERAL, Outcome.UNKNOWN, Outcome.OTHER, Outcome.FULL}


def test_outcomes_of_the_table_are_all_there_are():
    told = {outcome for _, outcome, _ in REFUSED} | {Outcome.NEW, Outcome.HELD, Outcome.OLDER}
    assert told == set(Outcome) - OF_RESPONSES
