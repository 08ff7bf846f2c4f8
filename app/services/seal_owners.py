"""谁签章、谁核验: of a sealed document with several signatures each seal's owner is asked about it.

One after the other they are looked up, so that a document of many seals holds no more connections
than any other; together they are asked, each within the deadline of its own endpoint.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from app.checks import seal_inquiry, seals_of
from app.domain.facts import Facts, SealAsked, SignatureFacts
from app.domain.issuer import Endpoint, Inquiry, IssuerAnswer, NotAsked
from app.domain.trust import Trust, TrustQuestion
from app.domain.verdict import Broken, Terms
from app.domain.word import Against, InForce, hear
from app.services.judgement import Local, terms_of

MAX_SEALS_ASKED: Final = 16
"""Of one document; a seal beyond them is in doubt (`beyond_limits`), whatever a list says."""


class Registry(Protocol):
    """As `app.services.verify.Registry`."""

    async def trust_for(self, question: TrustQuestion) -> Trust: ...


class Issuers(Protocol):
    """As `app.services.verify.Issuers`."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer: ...


def seals_to_ask(facts: Facts, local: Local) -> list[SignatureFacts]:
    """Seals whose owners are asked one by one; none of a license, of a document that failed, or of
    one with a single signature, which the verification's own question is about.
    """
    if facts.signers is None or isinstance(local.state, Broken):
        return []
    seals = seals_of(facts) if len(facts.document.signatures) > 1 else []
    return seals[:MAX_SEALS_ASKED]


async def questions_about(
    seals: Iterable[SignatureFacts],
    facts: Facts,
    local: Local,
    *,
    digests: Mapping[str, bytes],
    purpose: str,
    registry: Registry,
) -> list[tuple[str, Endpoint | None, Inquiry | NotAsked]]:
    """Label of its signature, where it goes, what is asked. Raises `Unavailable`."""
    found = []
    for s in seals:
        endpoint = (await registry.trust_for(question_about(s, facts.at))).endpoint
        age = local.policy.max_age
        inquiry = seal_inquiry(s, endpoint, facts, digests, purpose, policy_age=age)
        found.append((s.label, endpoint, inquiry))
    return found


def question_about(s: SignatureFacts, at: datetime | None) -> TrustQuestion:
    """Where a question about this one seal goes: by its own owner's code, else by its number."""
    sealed = s.sealed
    signer, seal = (sealed.signer, sealed.seal) if sealed else (None, None)
    codes = () if signer is None else (signer.then.named.organisation, *signer.organisation_codes)
    return TrustQuestion(
        identifier=None,
        type=None,
        issuer=None,
        signers=frozenset(),
        digest=None,
        organisations=frozenset([code for code in codes if code is not None][:1]),
        sealed=True,
        seal=seal.id if seal else None,
        at=at,
    )


async def answered(
    questions: Iterable[tuple[str, Endpoint | None, Inquiry | NotAsked]], issuers: Issuers
) -> tuple[SealAsked, ...]:
    """What came of them, in their order; all are under way at once."""

    async def one(label: str, where: Endpoint | None, asked: Inquiry | NotAsked) -> SealAsked:
        answer = await issuers.ask(asked) if isinstance(asked, Inquiry) else asked
        return SealAsked(label=label, endpoint=where, answer=answer)

    return tuple(await asyncio.gather(*(one(*each) for each in questions)))


def with_owners(
    facts: Facts, local: Local, seals: tuple[SealAsked, ...]
) -> tuple[Facts, SealAsked]:
    """The facts with what was said of each seal, and the word that weighs most: it stands as the
    answer of the report, with its route.
    """
    terms = terms_of(facts, local)
    heaviest = min(seals, key=lambda each: _weight(each, terms))
    trust = replace(facts.trust, endpoint=heaviest.endpoint)
    return replace(facts, trust=trust, seals=seals), heaviest


def _weight(each: SealAsked, terms: Terms) -> int:
    """A no, then silence of somebody who was asked, then a yes, then nobody to ask."""
    match hear(each.answer, None, terms):
        case Against():
            return 0
        case InForce():
            return 2
        case _:
            return 3 if isinstance(each.answer, NotAsked) else 1
