"""`zhengyan crl follow|sources|fetch|unfollow`, as an operator types it, over a real database."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.pki import ListPlan
from sandbox.world import World
from tests.service import new_database, run_sql

URL = "https://crl.example.cn/seal.crl"


@pytest.fixture(scope="module")
def database(database_url):
    return new_database(database_url, "revoking")


@pytest.fixture
def crl(run, database):
    run_sql(database, "TRUNCATE revocation_source, revocation_list, anchor")
    return lambda *words: run("crl", *words, DATABASE_URL=database)


@contextmanager
def served(content: bytes) -> Iterator[str]:
    """A server of this machine with one list; its address."""
    ready, done, address = threading.Event(), threading.Event(), list[str]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + content)
        await writer.drain()
        writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            address.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.crl")
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield address[0]
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("scheme", ["ldap", "LDAP", "ldaps"])
def test_a_directory_is_named_as_not_fetched(crl, scheme):
    told = crl("follow", f"{scheme}://ldap.example.cn/cn=crl?certificateRevocationList")
    assert told.code == 1
    assert "directories (LDAP) are not fetched" in told.err
    assert "crl add" in told.err


@pytest.mark.parametrize(
    "url",
    [
        "http://crl.example.cn/seal.crl",
        "https://127.0.0.1/seal.crl",
        "https://169.254.169.254/seal.crl",
        "ftp://crl.example.cn/seal.crl",
        "file:///etc/passwd",
    ],
)
def test_attack_what_the_egress_rules_forbid_is_not_followed(crl, url):
    assert crl("follow", url).code == 1
    assert URL not in crl("sources").out
    assert crl("follow", URL).code == 0


def test_followed_and_not_any_more(crl):
    assert "added" in crl("follow", URL).out
    assert "unchanged" in crl("follow", URL).out
    assert URL in crl("sources").out
    assert crl("unfollow", URL).code == 0
    assert URL not in crl("sources").out
    assert crl("unfollow", URL).code == 1


def test_fetching_with_nothing_followed_is_refused(crl):
    told = crl("fetch")
    assert told.code == 1
    assert "crl follow" in told.err


def test_fetched_now_refused_by_name_until_its_authority_is_registered(
    crl, run, database, tmp_path
):
    made, now = World(1).authorities, datetime.now(UTC)
    plan = ListPlan(
        this_update=now - timedelta(hours=1), next_update=now + timedelta(days=1), number=3
    )
    root = tmp_path / "root.cer"
    root.write_bytes(made.root.certificate)
    with served(made.root.crl(plan)) as url:
        assert crl("follow", url, "--network", "127.0.0.0/8").code == 0
        told = crl("fetch")
        assert (told.code, "unsigned" in told.out) == (1, True)
        assert "unsigned" in crl("sources").out
        added = run("anchor", "add", str(root), "--purpose", "license-seal", DATABASE_URL=database)
        assert added.code == 0
        told = crl("fetch")
        assert (told.code, ": new" in told.out) == (0, True)
    told = crl("fetch")
    assert (told.code, "unreachable" in told.out) == (1, True)
    assert crl("list").out.count("│ 3 ") == 1, "the last good one stays"
