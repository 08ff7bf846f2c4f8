"""Opaque codes of issuers (official QR codes): asked of the issuer alone, and bound to its answer."""

from dataclasses import replace

import pytest

from app.domain.issuer import Answered, Code, Silence, Unreachable
from app.domain.license import Claims, Fact
from app.federation.resilience import key_of
from app.federation.wire import compose
from sandbox.nodes import Nodes
from sandbox.serve import serve
from sandbox.world import World
from tests.federation.asking import (
    NODE,
    SIGNER,
    claims_of,
    endpoint_of,
    gateway,
    inquiry_of,
    knowing,
)
from tests.federation.test_wire import INQUIRY, NOW, payload_of

CODE = "q3vJ0x_6TqWcV0dQ8Yh1Zg"


def coded(code: str = CODE, **changes):
    claims = replace(INQUIRY.claims, identifier=None, number=None, code=code)
    return replace(
        INQUIRY,
        identifier=None,
        type=None,
        claims=claims,
        code=code,
        compare=frozenset(),
        **changes,
    )


def asked(inquiry):
    return compose(inquiry, node=NODE, signer=SIGNER, now=NOW, jti="j" * 22, private=False)


def test_the_code_stands_in_the_place_of_what_names_a_license():
    payload = payload_of(asked(coded()))
    assert payload["code"] == CODE
    assert not {"identifier", "number", "type", "seal"} & payload.keys()
    by_identifier = payload_of(asked(INQUIRY))
    assert "code" not in by_identifier


def test_answers_to_other_codes_are_never_taken_for_this_ones():
    keys = [key_of(coded(code), b"secret") for code in (CODE, CODE[:-1] + "A")]
    assert keys[0] != keys[1]
    assert key_of(coded(), b"secret") == keys[0]


async def test_the_sandbox_issuer_reads_its_own_codes_and_no_others():
    world = World(1)
    nodes: Nodes = knowing(SIGNER)
    async with serve(world, nodes=nodes) as servers:
        issuers = gateway()
        try:
            for issuer, scenario, outcome in (
                ("market", "in_force", Code.IN_FORCE), ("market", "revoked", Code.ENDED),
            ):  # fmt: skip
                license = world.pick(issuer, scenario)
                endpoint = endpoint_of(servers[issuer])

                def about(code, license=license, endpoint=endpoint, **facts):
                    claims = Claims(identifier=None, code=code, **facts)
                    compare = frozenset({Fact.HOLDER} if facts else ())
                    return replace(
                        inquiry_of(world, license, endpoint),
                        identifier=None, type=None, claims=claims, code=code, compare=compare,
                        digests={},
                    )  # fmt: skip

                found = await issuers.ask(about(world.code_of(license)))
                assert isinstance(found, Answered)
                assert (found.code, found.signed) == (outcome, True)
                other = await issuers.ask(about(world.code_of(license)[:-1] + "A"))
                assert isinstance(other, Answered)
                assert other.code is Code.NO_RECORD
                foreign = await issuers.ask(about(world.code_of(world.pick("traffic"))))
                assert isinstance(foreign, Answered)
                assert foreign.code is Code.NO_RECORD
                lied = await issuers.ask(about(world.code_of(license), holder="别人"))
                assert isinstance(lied, Answered)
                assert lied.code is Code.DIFFERS
                right = await issuers.ask(
                    about(world.code_of(license), holder=claims_of(license).holder)
                )
                assert isinstance(right, Answered)
                assert right.code is outcome
        finally:
            await issuers.aclose()


@pytest.mark.parametrize(
    ("type", "usable"), [(None, True), ("own", True), ("other", False)], ids=str
)
async def test_an_answer_about_a_license_of_another_type_is_none(type, usable):
    """The list says of which type the codes are; where it says none, any of the issuer's."""
    world = World(1)
    license = world.pick("market")
    types = {"own": license.type, "other": world.pick("traffic").type, None: None}
    async with serve(world, nodes=knowing(SIGNER)) as servers:
        issuers = gateway()
        code = world.code_of(license)
        question = replace(
            inquiry_of(world, license, endpoint_of(servers["market"])),
            identifier=None, type=types[type], claims=Claims(identifier=None, code=code),
            code=code, compare=frozenset(), digests={},
        )  # fmt: skip
        try:
            found = await issuers.ask(question)
        finally:
            await issuers.aclose()
    assert isinstance(found, Answered) == usable
    if not usable:
        assert isinstance(found, Unreachable)
        assert found.why is Silence.WRONG_QUESTION
