"""Every scripted behaviour of the sandbox, over real sockets, beside its honest twin.

Each ends within the deadline and the cap, with exactly the word it is named for, and never as an
answer that says more than the issuer signed. A behaviour the sandbox learns and this table does
not know fails the first test.
"""

import asyncio
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.domain.issuer import Answered, Code, Match, Silence, Unreachable
from app.domain.license import Fact
from app.federation.gateway import HttpIssuers
from sandbox.behaviours import BEHAVIOURS, HONEST
from sandbox.serve import Servers
from sandbox.world import World
from tests.federation.asking import FACTS, endpoint_of, inquiry_of

DEADLINE = timedelta(seconds=0.25)
"""For behaviours that never end by themselves."""


@dataclass(frozen=True)
class Case:
    """What a behaviour comes to, with the rule it must be refused by."""

    why: Silence
    detail: str = ""
    args: dict[str, object] = field(default_factory=dict)


TIMEOUT = Case(Silence.TIMEOUT, "deadline")
REFUSED = {
    # slow
    "delay": Case(Silence.TIMEOUT, "deadline", {"seconds": 5}),
    "drip": Case(Silence.TIMEOUT, "deadline", {"interval": 0.2}),
    "slow_headers": Case(Silence.TIMEOUT, "deadline", {"interval": 0.2}),
    "hang": TIMEOUT,
    # cut off
    "reset": Case(Silence.CONNECTION),
    "close": Case(Silence.CONNECTION),
    "truncate": Case(Silence.CONNECTION, "cut off"),
    "no_length": Case(Silence.MALFORMED, "framed"),
    # statuses
    "status": Case(Silence.STATUS, "500"),
    "retry_later": Case(Silence.STATUS, "503"),
    "not_found": Case(Silence.STATUS, "404"),
    "redirect": Case(Silence.STATUS, "301"),
    "status_with_answer": Case(Silence.STATUS, "500"),
    "no_content": Case(Silence.STATUS, "204"),
    "empty": Case(Silence.MALFORMED, "not three parts"),
    # too much
    "oversized": Case(Silence.OVERSIZED, "announced"),
    "huge_length": Case(Silence.OVERSIZED, "announced"),
    "endless_chunks": Case(Silence.OVERSIZED, "over 65536"),
    "header_flood": Case(Silence.MALFORMED, "HTTP"),
    # encodings
    "gzip_bomb": Case(Silence.ENCODING, "", {"bytes": 1 << 20}),
    "gzip": Case(Silence.ENCODING),
    "encoding_unknown": Case(Silence.ENCODING),
    # framing
    "length_and_chunked": Case(Silence.MALFORMED),
    "two_lengths": Case(Silence.MALFORMED),
    "bad_chunk": Case(Silence.MALFORMED),
    "no_status_line": Case(Silence.MALFORMED, "HTTP"),
    "garbage": Case(Silence.MALFORMED, "HTTP"),
    # signature and header
    "wrong_key": Case(Silence.SIGNATURE),
    "unknown_kid": Case(Silence.SIGNATURE, "kid"),
    "license_key": Case(Silence.SIGNATURE, "kid"),
    "retired_key": Case(Silence.SIGNATURE, "kid"),
    "scheme_swapped": Case(Silence.SIGNATURE, "alg"),
    "alg_hs256": Case(Silence.SIGNATURE, "alg"),
    "wrong_signature": Case(Silence.SIGNATURE),
    "alg_none": Case(Silence.MALFORMED, "signature: empty"),
    "wrong_typ": Case(Silence.MALFORMED, "typ"),
    "extra_header": Case(Silence.MALFORMED, "crit"),
    # whose answer, to which question
    "wrong_nonce": Case(Silence.WRONG_QUESTION, "inquiry"),
    "no_nonce": Case(Silence.MALFORMED, "inquiry"),
    "wrong_identifier": Case(Silence.WRONG_QUESTION, "identifier"),
    "replayed": Case(Silence.WRONG_QUESTION, "inquiry"),
    "wrong_aud": Case(Silence.WRONG_PARTY, "aud"),
    "wrong_iss": Case(Silence.WRONG_PARTY, "iss"),
    # when
    "future_as_of": Case(Silence.CLOCK, "as_of"),
    "stale_iat": Case(Silence.CLOCK, "before"),
    "future_iat": Case(Silence.CLOCK, "future"),
    # malformed inside a good signature
    "outcome_text": Case(Silence.MALFORMED, "outcome"),
    "outcome_true": Case(Silence.MALFORMED, "outcome"),
    "outcome_nine": Case(Silence.MALFORMED, "outcome"),
    "no_outcome": Case(Silence.MALFORMED, "outcome"),
    "no_document": Case(Silence.MALFORMED, "document"),
    "no_facts": Case(Silence.MALFORMED, "facts"),
    "document_word": Case(Silence.MALFORMED, "document"),
    "times_float": Case(Silence.MALFORMED, "not an integer"),
    "identifier_list": Case(Silence.MALFORMED, "identifier"),
    "duplicate_members": Case(Silence.MALFORMED, "duplicate"),
    "deep": Case(Silence.MALFORMED, "deeper"),
    "not_a_number": Case(Silence.MALFORMED, "NaN"),
    "malformed_payload": Case(Silence.MALFORMED, "syntax"),
    "five_parts": Case(Silence.MALFORMED, "JWE"),
    "trailing_newline": Case(Silence.MALFORMED, "base64url"),
    # not signed
    "not_a_jws": Case(Silence.MALFORMED, "ASCII"),
    "malformed_json": Case(Silence.MALFORMED, "syntax"),
    "wrong_content_type": Case(Silence.MEDIA_TYPE),
    "html_login": Case(Silence.MEDIA_TYPE),
}

ANSWERED = {
    "early_hints": Code.IN_FORCE,
    "continue_flood": Code.IN_FORCE,
    "chunked": Code.IN_FORCE,
    "trailing_bytes": Code.IN_FORCE,
    "extra_member": Code.IN_FORCE,
    "lie_in_force": Code.IN_FORCE,
    "lie_revoked": Code.ENDED,
    "lie_not_found": Code.NO_RECORD,
    "contradicts_document": Code.IN_FORCE,
    "contradicts_facts": Code.IN_FORCE,
    "confirms_document": Code.IN_FORCE,
    "document_unknown": Code.IN_FORCE,
    "partial_facts": Code.PARTIAL,
    "facts_unknown": Code.IN_FORCE,
    "outcome": Code.INSUFFICIENT,
    "stale_as_of": Code.IN_FORCE,
    "next_update": Code.IN_FORCE,
    "next_update_past": Code.IN_FORCE,
    "unsigned": Code.IN_FORCE,
    "unsigned_not_found": Code.NO_RECORD,
}
"""Well-formed answers to this question: what they are worth is the policy's to say."""
NOT_SIGNED = {"unsigned", "unsigned_not_found"}
CONTRADICTING = {"contradicts_document", "contradicts_facts"}


def test_every_behaviour_of_the_sandbox_is_expected_to_be_something() -> None:
    assert REFUSED.keys() | ANSWERED.keys() == BEHAVIOURS.keys() - {HONEST}
    assert not REFUSED.keys() & ANSWERED.keys()
    assert len(REFUSED) >= 60


@pytest.fixture
def bounded() -> Iterator[None]:
    """No behaviour makes this process grow by more than a few bodies."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024, f"grew by {grown} KiB"


def assert_honest(answer: object) -> None:
    assert isinstance(answer, Answered), answer
    assert (answer.code, answer.document) == (Code.IN_FORCE, Match.MATCH)
    assert answer.matching == FACTS
    assert answer.signed
    assert answer.authoritative
    assert not answer.authenticated  # plain http on loopback: the channel proves nothing
    assert answer.token


@pytest.mark.anyio
@pytest.mark.parametrize("name", REFUSED)
async def test_refused(
    name: str, world: World, servers: Servers, issuers: HttpIssuers, bounded: None
) -> None:
    case, issuer = REFUSED[name], "university"
    server, license = servers[issuer], world.pick(issuer)
    inquiry = inquiry_of(world, license, endpoint_of(server))
    assert_honest(await issuers.ask(inquiry))
    assert_honest(await issuers.ask(inquiry))
    assert server.seen.connections == 1  # kept alive after a good answer

    slow = case.why is Silence.TIMEOUT
    asked = inquiry_of(world, license, endpoint_of(server, deadline=DEADLINE)) if slow else inquiry
    servers[issuer].script.add(name, dict(case.args))
    sent, start = server.seen.bytes_sent, time.monotonic()
    answer = await issuers.ask(asked)
    assert time.monotonic() - start < 2.0
    assert isinstance(answer, Unreachable), answer
    assert answer.why is case.why, answer
    assert case.detail in answer.detail, answer
    await asyncio.sleep(0)
    assert server.seen.bytes_sent - sent < 8 * 1024 * 1024
    assert server.seen.behaviours[name] == 1  # asked once: no retry behind the caller's back

    server.script.clear()
    assert_honest(await issuers.ask(inquiry))
    assert server.seen.connections == 2  # after an anomaly never the same connection


@pytest.mark.anyio
@pytest.mark.parametrize("name", ANSWERED)
async def test_answered(
    name: str, world: World, servers: Servers, issuers: HttpIssuers, bounded: None
) -> None:
    issuer = "university"
    inquiry = inquiry_of(world, world.pick(issuer), endpoint_of(servers[issuer]))
    assert_honest(await issuers.ask(inquiry))
    servers.set_behaviour(issuer, name)
    answer = await issuers.ask(inquiry)
    assert isinstance(answer, Answered), answer
    assert answer.code is ANSWERED[name]
    assert answer.signed is (name not in NOT_SIGNED)
    assert bool(answer.token) is answer.signed
    assert answer.contradicts is (name in CONTRADICTING)
    servers[issuer].script.clear()
    assert_honest(await issuers.ask(inquiry))


@pytest.mark.anyio
async def test_a_forged_second_response_is_not_the_next_answer(
    world: World, servers: Servers, issuers: HttpIssuers
) -> None:
    """Response smuggling: what lies behind the good answer never answers the next question."""
    issuer = "university"
    inquiry = inquiry_of(world, world.pick(issuer), endpoint_of(servers[issuer]))
    servers.set_behaviour(issuer, "trailing_bytes", times=1)
    assert_honest(await issuers.ask(inquiry))
    assert_honest(await issuers.ask(inquiry))
    assert servers[issuer].seen.connections == 2


@pytest.mark.anyio
@pytest.mark.parametrize("issuer", ["market", "traffic", "university", "housing"])
async def test_answers_of_every_scheme(
    issuer: str, world: World, servers: Servers, issuers: HttpIssuers
) -> None:
    """SM2, ECDSA, Ed25519 and RSA-PSS; and the first three of a wrong key."""
    inquiry = inquiry_of(world, world.pick(issuer), endpoint_of(servers[issuer]))
    assert_honest(await issuers.ask(inquiry))
    servers.set_behaviour(issuer, "wrong_signature")
    answer = await issuers.ask(inquiry)
    assert isinstance(answer, Unreachable), answer
    assert answer.why is Silence.SIGNATURE


@pytest.mark.anyio
async def test_what_the_issuer_receives(
    world: World, servers: Servers, issuers: HttpIssuers
) -> None:
    """Digests, names and a purpose in clear; what is said about the holder sealed."""
    license = world.pick("traffic")
    server = servers["traffic"]
    assert_honest(await issuers.ask(inquiry_of(world, license, endpoint_of(server))))
    (payload,) = server.seen.inquiries
    assert "facts" not in payload
    assert payload["facts_jwe"].count(".") == 4
    assert payload["compare"] == sorted(fact.value for fact in FACTS)
    assert payload["exp"] - payload["iat"] == 60
    assert payload["via"] == [payload["iss"]]
    assert license.holder.name not in str(payload)
    assert license.holder.code not in str(payload)
    assert license.number not in str(payload)


@pytest.mark.anyio
async def test_by_number_and_type(world: World, servers: Servers, issuers: HttpIssuers) -> None:
    license = world.pick("university")
    inquiry = inquiry_of(world, license, endpoint_of(servers["university"]), by_number=True)
    assert_honest(await issuers.ask(inquiry))
    alone = inquiry_of(
        world,
        license,
        endpoint_of(servers["university"]),
        by_number=True,
        compare=frozenset({Fact.NUMBER}),
    )
    answer = await issuers.ask(alone)
    assert isinstance(answer, Answered)
    assert answer.code is Code.INSUFFICIENT
