"""The doctor's probe: something answers, nothing answers, and where it may not even ask."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from app.cli.examining import _probe
from app.registry.entries import EndpointEntry, Registration
from app.registry.lists.content import Content
from app.services.doctor import Checked, Problem

LOOPBACK = ("127.0.0.0/8",)
ANSWERS = {
    "200": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "405": b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n",
    "endless": b"HTTP/1.1 200 OK\r\n\r\n" + bytes(100_000),
}


def source(url, networks=LOOPBACK):
    entry = EndpointEntry(issuer="639900", url=url, networks=networks)
    content = Content(registration=Registration(endpoints=(entry,)))
    return [Checked(name="city", content=content)]


@pytest.fixture
def server(request) -> Iterator[str]:
    """Answers every connection with these bytes."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)

    def serve():
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            connection.recv(4096)
            connection.sendall(ANSWERS[request.param])

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/ivp"
    listening.close()
    thread.join(10)


@pytest.mark.parametrize("server", ANSWERS, indirect=True)
async def test_whatever_answers_is_reachable(server):
    assert await _probe(source(server)) == []


async def test_nothing_there():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (found,) = await _probe(source(f"http://127.0.0.1:{port}/ivp"))
    assert found.problem is Problem.UNREACHABLE
    assert found.detail.startswith("unreachable")


@pytest.mark.parametrize("server", ["200"], indirect=True)
async def test_an_address_that_is_not_opened_is_not_asked(server):
    """The same server, as another test finds it reachable, behind the egress rules."""
    (found,) = await _probe(source(server, networks=()))
    assert found.problem is Problem.UNREACHABLE
    assert found.detail.startswith("forbidden_address")
