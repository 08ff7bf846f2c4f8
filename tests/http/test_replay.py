"""Kept verifications judged again from their facts alone: the same verdict, the same evidence.

Samples, attacks, licenses in every state, sealed files and bare facts, with issuers of every mood,
through HTTP into PostgreSQL, and out of it again by `services.judgement.replay`.
"""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.crypto.provider import FolderKeys
from app.registry.journal import Kept, PostgresJournal
from app.registry.sessions import Database
from app.services.judgement import replay
from sandbox.attacks import ATTACKS
from sandbox.samples import asked, make_samples
from sandbox.shapes import SHAPES
from sandbox.world import World
from tests.service import VERIFICATIONS, Service

MOODS = (
    *("honest", "honest", "facts_unknown", "document_unknown", "confirms_document", "unsigned"),
    *("contradicts_facts", "lie_in_force", "lie_revoked", "lie_not_found", "partial_facts"),
    *("stale_as_of", "wrong_signature", "close", "status", "html_login", "wrong_nonce"),
)
Submitted = tuple[str, bytes | dict[str, Any]]


def materials(world: World) -> list[Submitted]:
    """Everything there is to hand in, once; issuer first."""
    samples = make_samples(world)
    found: list[Submitted] = [("", each.content or dict(each.facts or {})) for each in samples]
    found += [("traffic", attack.make(world)) for attack in ATTACKS.values()]
    for body in world.issuers:
        scenarios = {license.scenario: license for license in world.of(body.name)}
        for license in scenarios.values():
            found.append((body.name, world.token(license)))
            found.append((body.name, {"identifier": license.id, **asked(license)}))
        found += [(body.name, world.ofd(world.pick(body.name), shape)) for shape in SHAPES]
    return found


def endless(world: World) -> Iterator[tuple[str, Submitted]]:
    """Mood and submission, for ever; each round in another mood, by a die that is always the same."""
    dice = random.Random(1)
    all_of_it = materials(world)
    yield from (("honest", each) for each in all_of_it)
    while True:
        for each in all_of_it:
            yield dice.choice(MOODS), each


async def kept_since(service: Service, since: datetime) -> list[Kept]:
    opened = await Database.open(service.database_url)
    try:
        journal = PostgresJournal(opened, FolderKeys(service.settings.key_folder))
        until = datetime.now(UTC) + timedelta(minutes=1)
        return [item async for item in journal.replayable(since=since, until=until)]
    finally:
        await opened.close()


@pytest.mark.parametrize(
    "count", [300, pytest.param(1000, marks=pytest.mark.proof)], ids=["some", "a-thousand"]
)
def test_the_same_verdict_and_evidence_from_what_was_kept(service: Service, count: int) -> None:
    since = datetime.now(UTC)
    answered: dict[str, Any] = {}
    for mood, (issuer, submitted) in endless(service.world):
        if issuer:
            service.issuers[issuer].script.clear()
            service.issuers.set_behaviour(issuer, mood)
        answer = (
            service.client.post(VERIFICATIONS, files={"file": submitted})
            if isinstance(submitted, bytes)
            else service.client.post(VERIFICATIONS, json=submitted)
        )
        if answer.status_code == 200:
            report = answer.json()["report"]
            answered[report["id"]] = report
        else:
            assert answer.status_code == 415, answer.text
        if len(answered) >= count:
            break
    kept = {item.id: item for item in asyncio.run(kept_since(service, since))}
    unread = answered.keys() - kept.keys()
    assert kept.keys() <= answered.keys()
    assert all(answered[id]["reason"]["code"] == "malformed" for id in unread), "left no facts"
    for id, item in kept.items():
        told = answered[id]
        evidence, verdict = replay(item.facts, item.answer, item.policy)
        assert evidence == item.evidence, told
        again = (verdict.conclusion, verdict.reason, verdict.subject, verdict.conflict)
        assert again == (item.conclusion, item.reason, item.subject, item.conflict), told
        code = told["reason"]["code"] if told["reason"] else None
        assert (verdict.conclusion, verdict.reason) == (told["conclusion"], code)
    assert len(kept) > count * 2 // 3
    conclusions = [item.conclusion.value for item in kept.values()]
    assert {"valid", "invalid", "indeterminate"} == set(conclusions)
    assert len({item.reason for item in kept.values()}) > 15


def test_facts_that_were_changed_are_found_out(service: Service) -> None:
    """The comparison above can fail: one kept fact changed, and the evidence is another."""
    since = datetime.now(UTC)
    service.verify(service.world.token(service.world.pick("traffic")))
    (item,) = asyncio.run(kept_since(service, since))
    (signature,) = item.facts.document.signatures
    for changed in (
        replace(item.facts.document, is_copy=True),
        replace(item.facts.document, signatures=()),
        replace(item.facts.document, signatures=(replace(signature, covers=frozenset()),)),
        replace(item.facts.document, identifiers=frozenset({"a", "b"})),
    ):
        evidence, _ = replay(replace(item.facts, document=changed), item.answer, item.policy)
        assert evidence != item.evidence
