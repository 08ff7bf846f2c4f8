"""Sealed documents that are no licenses: honest ones, and every attack beside its twin."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import Refused
from app.domain.evidence import CheckName, Outcome
from app.domain.issuer import (
    Answered,
    Code,
    Inquiry,
    IssuerAnswer,
    Match,
    NotAsked,
    Speaker,
    Unasked,
)
from app.domain.policies import PolicyKind
from app.domain.signers import ANY_SIGNER, Signers
from app.domain.verification import Submission, Verification
from app.registry.snapshot import ForgetfulJournal, SnapshotRegistry
from app.services.verify import Verifier
from sandbox.document_attacks import ATTACKS, REFUSED, DocumentAttack, contract, proof, unsealed
from sandbox.documents import PARTIES, Document, Hands, make_documents
from sandbox.trustlist import Publisher, canonical, seal_ended
from sandbox.world import World
from tests.sandbox.core import Unpublished, write_trust

DOCUMENT = PolicyKind.SEALED_DOCUMENT.value
BANK = frozenset({PARTIES["bank"].code})


class Platform:
    """Says one thing, and keeps what it was asked."""

    def __init__(self, answer: IssuerAnswer) -> None:
        self.asked: list[Inquiry] = []
        self.answer = answer

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.asked.append(inquiry)
        return self.answer


@dataclass(frozen=True, slots=True)
class Node:
    """A node over a folder, at noon of the world's day."""

    registry: SnapshotRegistry
    world: World

    def judge(
        self,
        content: bytes,
        signers: Signers | None = ANY_SIGNER,
        policy: str | None = DOCUMENT,
        platform: Platform | None = None,
    ) -> Verification:
        now = self.world.authorities.day(0) + timedelta(hours=12)
        verifier = Verifier(
            registry=self.registry,
            issuers=platform or Platform(NotAsked(Unasked.OFFLINE)),
            publisher=Unpublished(),
            journal=ForgetfulJournal(),
            clock=lambda: now,
        )
        asked = Submission(content=content, policy=policy, signers=signers)
        done: Any = asyncio.run(verifier.verify(asked))
        assert isinstance(done, Verification)
        return done


def node_of(world: World, folder: Path, *, listed: bool = True, **others: str) -> Node:
    """Whom the sandbox would have registered; `listed`: with the list of seals it follows, on which
    one company's seal is frozen since long and another's cancelled since last week.
    """
    write_trust(world, folder)
    for name, content in others.items():
        (folder / f"{name}.json").write_text(content, encoding="utf-8")
    now = world.authorities.day(0) + timedelta(hours=12)
    if listed:
        seals, day = Hands(world).holders, world.authorities.day
        publisher = Publisher(world, now - timedelta(hours=1))
        publisher.publish(
            seal_ended(seals["frozen"].code, "frozen", day(-200)),
            seal_ended(seals["ended"].code, "cancelled", day(-7)),
        )
        (folder / "trust-list.json").write_bytes(publisher.latest.raw)
        (folder / "signers.json").write_bytes(canonical(publisher.pinned()))
    registry = SnapshotRegistry.read(folder, lambda: now, networks=["127.0.0.0/8"])
    return Node(registry, world)


@pytest.fixture(scope="module")
def node(pinned: World, tmp_path_factory: pytest.TempPathFactory) -> Node:
    return node_of(pinned, tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def listless(pinned: World, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """It follows no list."""
    return node_of(pinned, tmp_path_factory.mktemp("listless"), listed=False)


@pytest.fixture(scope="module")
def with_platform(pinned: World, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """It follows no list, and knows a platform of the bank's."""
    bank = PARTIES["bank"]
    folder = tmp_path_factory.mktemp("platform")
    write_trust(pinned, folder)
    known = json.loads((folder / "registration.json").read_text("utf-8"))
    like = next(i for i in known["issuers"] if i.get("endpoint"))
    body = {
        **{n: value for n, value in like.items() if n not in {"organisation_codes", "sample"}},
        "code": bank.code,
        "title": {"zh": bank.title, "en": bank.title_en},
        "types": [],
        "keys": [],
    }
    known["issuers"] = [*known["issuers"], body]
    return node_of(pinned, folder, listed=False, registration=json.dumps(known, ensure_ascii=False))


def by_name(world: World) -> Mapping[str, Document]:
    return {each.name: each for each in make_documents(world)}


@pytest.mark.parametrize("name", ["contract", "contract-pdf", "proof", "invoice"])
def test_an_honest_document_is_valid_for_whoever_expects_its_signers(
    pinned: World, node: Node, name: str
) -> None:
    document = by_name(pinned)[name]
    done = node.judge(document.content, Signers(frozenset(document.signers)))
    assert (done.verdict.conclusion, done.verdict.reason) == ("valid", None)
    assert (done.verdict.subject, done.policy) == ("seal", "sealed-document-1")
    told = {e.check: e for e in done.evidence if e.check is CheckName.SEAL_IN_USE}
    assert told[CheckName.SEAL_IN_USE].detail == "trust list"
    assert node.judge(document.content).verdict.conclusion == "valid"
    picked = node.judge(document.content, policy=None)
    assert (picked.policy, picked.verdict.conclusion) == ("sealed-document-1", "valid")


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_fails_for_its_reason_and_its_twin_is_valid(
    pinned: World, node: Node, attack: DocumentAttack
) -> None:
    def asks(codes: tuple[str, ...]) -> Signers:
        return Signers(frozenset(codes)) if codes else ANY_SIGNER

    twin = node.judge(attack.twin(pinned), asks(attack.twin_codes))
    assert (twin.verdict.conclusion, twin.verdict.reason) == ("valid", None)
    forged = attack.forge(pinned)
    if attack.conclusion == REFUSED:
        with pytest.raises(Refused) as refused:
            node.judge(forged, asks(attack.codes))
        assert refused.value.field == attack.reason
        without = node.judge(forged, policy=None)
        assert without.policy == "license-1.sealed", "it is judged as what it is"
        assert without.verdict.conclusion != "valid" or attack.name.startswith("license_passed")
        return
    done = node.judge(forged, asks(attack.codes))
    assert (done.verdict.conclusion, done.verdict.reason) == (attack.conclusion, attack.reason)
    assert done.verdict.subject == "seal"


def test_whoever_expects_nobody_is_asked_whom(pinned: World, node: Node) -> None:
    """By the document's kind as by the policy's name; a license in the same way asks for nothing."""
    for policy in (DOCUMENT, "sealed-document-1", None):
        with pytest.raises(Refused) as refused:
            node.judge(contract(pinned), None, policy)
        assert refused.value.field == "expected_signers"
        assert "any_signer" in str(refused.value)
    license = pinned.ofd(pinned.pick("market"))
    assert node.judge(license, None, None).policy == "license-1.sealed"


def test_expected_signers_are_never_let_lie(pinned: World, node: Node, listless: Node) -> None:
    """Of a license nobody compared them; and neither of a file sealed by nobody registered."""
    license = pinned.ofd(pinned.pick("market"))
    with pytest.raises(Refused) as refused:
        node.judge(license, Signers(BANK), None)
    assert refused.value.field == "expected_signers"
    with pytest.raises(Refused) as refused:
        node.judge(proof(pinned), Signers(BANK), "license")
    assert refused.value.field == "expected_signers"
    assert node.judge(license, ANY_SIGNER, None).policy == "license-1.sealed"


def test_asked_as_a_license_a_document_is_no_license(pinned: World, node: Node) -> None:
    done = node.judge(proof(pinned), None, "license")
    assert (done.policy, done.verdict.subject) == ("license-1.sealed", "document")
    assert done.verdict.conclusion == "indeterminate"


@pytest.mark.parametrize("policy", ["license-1.token", "photo-1", "record-1"])
def test_the_policy_of_another_kind_is_refused(pinned: World, node: Node, policy: str) -> None:
    with pytest.raises(Refused) as refused:
        node.judge(proof(pinned), ANY_SIGNER, policy)
    assert refused.value.field == "policy"


def test_a_token_is_no_sealed_document(pinned: World, node: Node) -> None:
    with pytest.raises(Refused) as refused:
        node.judge(pinned.token(pinned.pick("market")), ANY_SIGNER, DOCUMENT)
    assert refused.value.field == "policy"


def test_without_a_seal_it_is_none(pinned: World, node: Node) -> None:
    done = node.judge(unsealed(pinned))
    assert (done.verdict.conclusion, done.verdict.reason) == ("invalid", "signature_missing")
    assert done.verdict.subject == "seal"


def test_an_anchor_for_license_seals_vouches_for_no_document(pinned: World, tmp_path: Path) -> None:
    """And the other way round: purposes are kept apart, in one direction as in the other."""
    write_trust(pinned, tmp_path)
    known = json.loads((tmp_path / "authorities.json").read_text("utf-8"))
    swapped = {"sealed-document": ["license-seal"], "license-seal": ["sealed-document"]}
    for anchor in known["authorities"]["anchors"]:
        anchor["purposes"] = swapped.get(anchor["purposes"][0], anchor["purposes"])
    other = node_of(pinned, tmp_path, listed=False, authorities=json.dumps(known))
    done = other.judge(proof(pinned))
    assert (done.verdict.conclusion, done.verdict.reason) == ("indeterminate", "no_anchor")
    license = other.judge(pinned.ofd(pinned.pick("market")), None, None)
    assert (license.verdict.conclusion, license.verdict.reason) == ("indeterminate", "no_anchor")


# ---- whether the seal is in use


def test_nobody_knows_whether_the_seal_is_in_use(pinned: World, listless: Node) -> None:
    done = listless.judge(proof(pinned))
    assert (done.verdict.conclusion, done.verdict.reason) == (
        "indeterminate",
        "seal_status_unknown",
    )


def test_a_list_that_ran_out_says_nothing(pinned: World, node: Node) -> None:
    late = replace(node.registry, clock=node.registry.clock)
    stale = tuple(
        replace(each, source=replace(each.source, expires_at=pinned.authorities.day(-1)))
        for each in late.view.followed
    )
    other = Node(replace(late, view=replace(late.view, followed=stale)), pinned)
    done = other.judge(proof(pinned))
    assert (done.verdict.conclusion, done.verdict.reason) == (
        "indeterminate",
        "trust_source_stale",
    )


def said(world: World, code: Code, **changes: Any) -> Platform:
    answer = Answered(
        code=code,
        document=Match.UNKNOWN,
        facts={},
        speaker=Speaker.ISSUER,
        signed=True,
        authenticated=True,
        as_of=world.authorities.day(0) + timedelta(hours=12),
    )
    return Platform(replace(answer, **changes))


@pytest.mark.parametrize(
    ("code", "days", "conclusion", "reason"),
    [
        (Code.IN_FORCE, None, "valid", None),
        (Code.SUSPENDED, None, "invalid", "seal_frozen"),
        (Code.ENDED, None, "invalid", "seal_cancelled"),
        (Code.ENDED, -100, "invalid", "seal_cancelled"),
        (Code.ENDED, -7, "indeterminate", "seal_ended_since"),
        (Code.SUSPENDED, -7, "indeterminate", "seal_ended_since"),
        (Code.NO_RECORD, None, "invalid", "seal_denied"),
        (Code.NOT_YET, None, "invalid", "seal_not_valid_at_time"),
        (Code.DIFFERS, None, "invalid", "record_mismatch"),
        (Code.INSUFFICIENT, None, "indeterminate", "seal_status_unknown"),
        (Code.PARTIAL, None, "indeterminate", "partial_answer"),
    ],
)
def test_the_seals_own_platform_is_asked(  # noqa: PLR0917 - the columns of a table
    pinned: World,
    with_platform: Node,
    code: Code,
    days: int | None,
    conclusion: str,
    reason: str | None,
) -> None:
    """谁签章、谁核验: about the seal by its number, and of no license."""
    since = None if days is None else pinned.authorities.day(days).date()
    platform = said(pinned, code, since=since)
    done = with_platform.judge(proof(pinned), Signers(BANK), platform=platform)
    assert (done.verdict.conclusion, done.verdict.reason) == (conclusion, reason)
    (asked,) = platform.asked
    assert asked.seal == Hands(pinned).holders["bank"].code
    assert (asked.identifier, asked.type, asked.compare) == (None, None, frozenset())


def test_an_unsigned_word_on_an_open_line_counts_for_nothing(
    pinned: World, with_platform: Node
) -> None:
    platform = said(pinned, Code.IN_FORCE, signed=False, authenticated=False)
    done = with_platform.judge(proof(pinned), Signers(BANK), platform=platform)
    assert (done.verdict.conclusion, done.verdict.reason) == ("indeterminate", "answer_unsigned")


def test_what_fails_by_itself_is_asked_about_nowhere(pinned: World, with_platform: Node) -> None:
    platform = said(pinned, Code.IN_FORCE)
    other = Signers(frozenset({PARTIES["carrier"].code}))
    done = with_platform.judge(proof(pinned), other, platform=platform)
    assert (done.verdict.reason, platform.asked) == ("signer_not_expected", [])


def test_checks_of_licenses_keep_silent(pinned: World, node: Node) -> None:
    done = node.judge(contract(pinned))
    of_licenses = {
        e.check for e in done.evidence if e.outcome is Outcome.NOT_APPLICABLE and not e.check.each
    }
    assert of_licenses >= {
        CheckName.ISSUER_KNOWN,
        CheckName.ISSUER_ENTITLED,
        CheckName.IDENTIFIER_AGREES,
        CheckName.BOUND,
        CheckName.OWN_DATES,
    }
