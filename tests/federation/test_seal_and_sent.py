"""A question about a seal as it goes out, and which failures say that nothing was sent."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.issuer import Inquiry, Silence, Unreachable
from app.domain.license import Claims
from app.federation.inquiries import read_inquiry
from app.federation.wire import NothingToAsk, compose
from tests.federation.asking import NODE, SIGNER, Canary, gateway
from tests.federation.asking import now as clock
from tests.federation.hostile import RawIssuer, endpoint, inquiry

SEAL = replace(
    inquiry(endpoint(9)),
    identifier=None,
    type=None,
    claims=Claims(identifier=None),
    seal="63010000012345",
    certificate="0a1b",
    digests={"sha256": b"1" * 32},
)


def composed(asked: Inquiry):
    return compose(asked, node=NODE, signer=SIGNER, now=clock(), jti="A" * 22, private=True)


def test_a_question_about_a_seal_is_one_that_is_read():
    question = composed(SEAL)
    _, read = read_inquiry(question.token)
    assert (read.seal, read.certificate, read.identifier) == ("63010000012345", "0a1b", None)
    assert read.documents == {"sha256": b"1" * 32}
    assert (question.identifier, question.type) == (None, None)
    _, bare = read_inquiry(composed(replace(SEAL, certificate=None)).token)
    assert bare.certificate is None


def test_a_seal_is_asked_about_for_the_day():
    """In whole seconds, as all times of the protocol; without a day, of now."""
    day = clock().replace(microsecond=0) - timedelta(days=400)
    _, read = read_inquiry(composed(replace(SEAL, at=day)).token)
    assert (read.seal, read.at) == ("63010000012345", day)
    _, now = read_inquiry(composed(SEAL).token)
    assert now.at is None


def test_nothing_named_is_nothing_asked():
    with pytest.raises(NothingToAsk):
        composed(replace(SEAL, seal=None))


async def test_a_refused_connection_sent_nothing():
    async with Canary() as canary:
        port = canary.port
    issuers = gateway()
    answer = await issuers.ask(inquiry(endpoint(port)))
    assert isinstance(answer, Unreachable)
    assert (answer.why, answer.sent) == (Silence.CONNECTION, False)
    await issuers.aclose()


@pytest.mark.parametrize("close", [True, False])
async def test_a_connection_that_was_made_may_have_sent(close):
    """Cut off before or within the answer: the question may have been read."""

    def cut(answer: bytes) -> bytes:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/jose\r\nContent-Length: 999\r\n\r\n"
        return b"" if close else head + answer[:10]

    async with RawIssuer(cut, close=True) as server:
        issuers = gateway()
        answer = await issuers.ask(inquiry(endpoint(server.port)))
        assert isinstance(answer, Unreachable)
        assert (answer.why, answer.sent) == (Silence.CONNECTION, True)
        await issuers.aclose()
    await asyncio.sleep(0)
