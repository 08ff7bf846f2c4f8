"""`sm_only` (密评) of real files: whole ones by SM algorithms, and the same with one layer of another."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from app.domain.issuer import Answered, Code, Inquiry, IssuerAnswer, Match, Speaker
from app.domain.layers import Layer, protections
from app.domain.scheme import Scheme
from app.domain.verification import Submission, Verification
from app.domain.word import InForce
from app.registry.snapshot import ForgetfulJournal
from app.services.verify import Verifier
from sandbox.ofd_attacks import OFD_ATTACKS, TOLERATED
from sandbox.pdf_attacks import PDF_TOLERATED
from sandbox.shapes import SHAPES
from sandbox.world import World
from tests.sandbox.core import Core, Unpublished

SM2 = Scheme.SM2_SM3


@dataclass(frozen=True, slots=True)
class Issuer:
    """Says in force, and that it is this very file, under signatures of these algorithms."""

    now: datetime
    algorithms: tuple[Scheme, ...] = (SM2,)

    async def ask(self, _inquiry: Inquiry) -> IssuerAnswer:
        return Answered(
            code=Code.IN_FORCE,
            document=Match.MATCH,
            facts={},
            speaker=Speaker.ISSUER,
            signed=True,
            authenticated=True,
            as_of=self.now,
            algorithms=self.algorithms,
        )


def judged(core: Core, content: bytes, *, caller: bool = False, node: bool = False) -> Verification:
    verifier = Verifier(
        registry=core.registry,
        issuers=Issuer(core.now),
        publisher=Unpublished(),
        journal=ForgetfulJournal(),
        clock=lambda: core.now,
        sm_only=node,
    )
    done: Any = asyncio.run(verifier.verify(Submission(content=content, sm_only=caller)))
    assert isinstance(done, Verification)
    return done


def line(done: Verification) -> str:
    return f"{done.verdict.conclusion} {done.verdict.reason or ''}".strip()


def wrong(done: Verification) -> set[Layer]:
    assert done.facts is not None
    assert isinstance(done.answer, Answered)
    return {p.layer for p in protections(done.facts, InForce(done.answer)) if p.sm is not True}


def content_of(name: str, world: World) -> bytes:
    odd = OFD_ATTACKS.get(name) or TOLERATED.get(name) or PDF_TOLERATED[name]
    return odd.twin(world) if name in OFD_ATTACKS else odd.make(world)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_sealed_file_of_every_shape_is_by_sm_algorithms(
    pinned: World, core: Core, shape: str
) -> None:
    content = pinned.ofd(pinned.pick("housing"), shape)
    asked = judged(core, content, caller=True)
    assert (line(asked), wrong(asked)) == ("valid", set())


@pytest.mark.parametrize(
    "name", ["tolerated_sealed_long_term", "tolerated_long_term", "tolerated_shown"]
)
def test_a_pdf_by_sm_algorithms(pinned: World, core: Core, name: str) -> None:
    """With a seal or SignedData, with timestamps or without."""
    asked = judged(core, content_of(name, pinned), caller=True)
    assert (line(asked), wrong(asked)) == ("valid", set())


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("rsa_called_sha1", {Layer.SIGNATURE, Layer.SEAL}),
        ("tolerated_validation_data", {Layer.SIGNATURE, Layer.CONTENT}),
        ("tolerated_document_timestamp", {Layer.SIGNATURE, Layer.CONTENT}),
    ],
)
def test_a_file_by_other_algorithms(
    pinned: World, core: Core, name: str, layers: set[Layer]
) -> None:
    """A seal of 2014 by RSA (the twin of an attack), PDFs by ECDSA and by RSA: valid, and with
    `sm_only` open, whether the caller asks or the node.
    """
    content = content_of(name, pinned)
    free = judged(core, content)
    assert line(free) == "valid"
    assert free.facts is not None
    assert not free.facts.sm_only
    for asked in (judged(core, content, caller=True), judged(core, content, node=True)):
        assert line(asked) == "indeterminate algorithm_not_sm"
        assert wrong(asked) == layers


def test_a_token_of_each(pinned: World, core: Core) -> None:
    sm, other = (pinned.token(pinned.pick(name)) for name in ("market", "traffic"))
    assert line(judged(core, sm, node=True)) == line(judged(core, other)) == "valid"
    assert line(judged(core, other, node=True)) == "indeterminate algorithm_not_sm"
