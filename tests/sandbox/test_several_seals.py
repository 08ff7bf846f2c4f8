"""谁签章、谁核验: of a document with several seals each is asked about at its own owner."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.evidence import CheckName
from app.domain.issuer import (
    Answered,
    Code,
    Inquiry,
    IssuerAnswer,
    Match,
    NotAsked,
    Rule,
    Silence,
    Speaker,
    Unasked,
    Unreachable,
)
from app.domain.layers import Layer, protections
from app.domain.scheme import Scheme
from app.domain.signers import ANY_SIGNER, Signers
from app.domain.verification import Submission, Verification
from app.domain.word import Silent
from app.registry import serial
from app.registry.snapshot import ForgetfulJournal
from app.reports.report import report_of
from app.services import seal_owners
from app.services.judgement import replay
from app.services.verify import Verifier
from sandbox.document_attacks import contract, contract_pdf
from sandbox.documents import PARTIES, Hands
from sandbox.world import World
from tests.reports.scenes import CONTEXT
from tests.sandbox.core import Unpublished, write_trust
from tests.sandbox.test_document_attacks import Node, node_of

BREWERY, CARRIER = PARTIES["brewery"].code, PARTIES["carrier"].code
BOTH = Signers(frozenset({BREWERY, CARRIER}))
OUTAGE = Unreachable(Silence.TIMEOUT)


@dataclass
class Platforms:
    """Of several owners, by their codes; all have to be asked before any answers."""

    said: Mapping[str, IssuerAnswer]
    asked: list[Inquiry] = field(default_factory=list)
    together: int = 1
    _all: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.asked.append(inquiry)
        if len(self.asked) >= self.together:
            self._all.set()
        await asyncio.wait_for(self._all.wait(), 5)
        return self.said[inquiry.endpoint.issuer]


def node_with(world: World, folder: Path, *names: str, listed: bool = False) -> Node:
    """A node at which platforms of these parties are registered."""
    write_trust(world, folder)
    known = json.loads((folder / "registration.json").read_text("utf-8"))
    like = next(i for i in known["issuers"] if i.get("endpoint"))
    kept = {n: v for n, v in like.items() if n not in {"organisation_codes", "sample"}}
    for name in names:
        body = PARTIES[name]
        title = {"zh": body.title, "en": body.title_en}
        named = {"code": body.code, "title": title, "types": [], "keys": []}
        known["issuers"].append({**kept, **named})
    told = json.dumps(known, ensure_ascii=False)
    return node_of(world, folder, listed=listed, registration=told)


@pytest.fixture(scope="module")
def both(pinned: World, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Both parties have a platform; no list is followed."""
    return node_with(pinned, tmp_path_factory.mktemp("both"), "brewery", "carrier")


@pytest.fixture(scope="module")
def one(pinned: World, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Only the second party has one; no list is followed."""
    return node_with(pinned, tmp_path_factory.mktemp("one"), "carrier")


@pytest.fixture(scope="module")
def listed(pinned: World, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Only the second party has one, and a list of seals is followed."""
    return node_with(pinned, tmp_path_factory.mktemp("listed"), "carrier", listed=True)


def says(world: World, code: Code = Code.IN_FORCE, **changes: Any) -> Answered:
    answer = Answered(
        code=code,
        document=Match.UNKNOWN,
        facts={},
        speaker=Speaker.ISSUER,
        signed=True,
        authenticated=True,
        as_of=world.authorities.day(0) + timedelta(hours=12),
    )
    return replace(answer, **changes)


def judged(
    node: Node, content: bytes, platforms: Platforms, signers: Signers = BOTH, **more: Any
) -> Verification:
    now = node.world.authorities.day(0) + timedelta(hours=12)
    verifier = Verifier(
        registry=node.registry,
        issuers=platforms,
        publisher=Unpublished(),
        journal=ForgetfulJournal(),
        clock=lambda: now,
    )
    asked = Submission(content=content, policy="sealed-document", signers=signers, **more)
    done: Any = asyncio.run(verifier.verify(asked))
    assert isinstance(done, Verification)
    return done


def told(done: Verification) -> tuple[str, str | None]:
    return done.verdict.conclusion.value, done.verdict.reason and done.verdict.reason.value


def in_use(done: Verification) -> dict[str, tuple[str, str | None]]:
    return {
        e.subject.label: (e.outcome.value, e.reason and e.reason.value)
        for e in done.evidence
        if e.check is CheckName.SEAL_IN_USE
    }


@pytest.mark.parametrize("make", [contract, contract_pdf])
def test_each_owner_is_asked_about_its_own_seal(pinned: World, both: Node, make: Any) -> None:
    """With the number of the seal, the serial of its certificate and the file; all at once."""
    good = says(pinned)
    platforms = Platforms({BREWERY: good, CARRIER: good}, together=2)
    done = judged(both, make(pinned), platforms)
    assert told(done) == ("valid", None)
    holders = Hands(pinned).holders
    asked = {each.endpoint.issuer: each for each in platforms.asked}
    assert len(platforms.asked) == 2
    signed = {s.sealed.signer.organisation_codes[0]: s for s in done.facts.document.signatures}  # type: ignore[union-attr]
    for name in ("brewery", "carrier"):
        code = PARTIES[name].code
        one = asked[code]
        assert one.seal == holders[name].code
        assert one.certificate == signed[code].sealed.signer.serial  # type: ignore[union-attr]
        assert one.endpoint.rule is Rule.SEAL_OWNER
        assert set(one.digests) == {"sha256", "sm3"}
        assert (one.identifier, one.type, one.compare) == (None, None, frozenset())
        assert not one.claims.values()
    assert set(in_use(done).values()) == {("passed", None)}
    assert len(in_use(done)) == 2


@pytest.mark.parametrize(
    ("code", "days", "expected"),
    [
        (Code.ENDED, None, ("invalid", "seal_cancelled")),
        (Code.SUSPENDED, None, ("invalid", "seal_frozen")),
        (Code.NO_RECORD, None, ("invalid", "seal_denied")),
        (Code.NOT_YET, None, ("invalid", "seal_not_valid_at_time")),
        (Code.DIFFERS, None, ("invalid", "record_mismatch")),
        (Code.ENDED, -7, ("indeterminate", "seal_ended_since")),
        (Code.PARTIAL, None, ("indeterminate", "partial_answer")),
        (Code.INSUFFICIENT, None, ("indeterminate", "seal_status_unknown")),
    ],
)
@pytest.mark.parametrize("whose", [BREWERY, CARRIER], ids=["first", "second"])
def test_attack_a_seal_that_ended_beside_one_in_use(  # noqa: PLR0917 - columns of a table
    pinned: World, both: Node, whose: str, code: Code, days: int | None,
    expected: tuple[str, str],
) -> None:  # fmt: skip
    """Whichever it is: the other's good word is no word on it, and the headline names whose."""
    since = None if days is None else pinned.authorities.day(days).date()
    said = {BREWERY: says(pinned), CARRIER: says(pinned)}
    twin = judged(both, contract(pinned), Platforms(said))
    assert told(twin) == ("valid", None)
    bad = judged(
        both, contract(pinned), Platforms({**said, whose: says(pinned, code, since=since)})
    )
    assert told(bad) == expected
    assert max(in_use(bad).values()) == ("passed", None), "the other is in use"
    report = report_of(bad, CONTEXT)
    assert whose in report["headline"]["zh"]  # type: ignore[index]
    other = BREWERY if whose == CARRIER else CARRIER
    assert other not in report["headline"]["zh"]  # type: ignore[index]


@pytest.mark.parametrize("whose", [BREWERY, CARRIER], ids=["first", "second"])
def test_an_outage_of_one_owner_is_a_doubt_and_never_invalid(
    pinned: World, both: Node, whose: str
) -> None:
    said: dict[str, IssuerAnswer] = {BREWERY: says(pinned), CARRIER: says(pinned), whose: OUTAGE}
    done = judged(both, contract(pinned), Platforms(said))
    assert told(done) == ("indeterminate", "issuer_unreachable")
    assert done.answer == OUTAGE
    alone = judged(both, contract(pinned), Platforms(dict.fromkeys((BREWERY, CARRIER), OUTAGE)))
    assert told(alone) == ("indeterminate", "issuer_unreachable")


def test_a_no_beside_an_outage_is_a_no(pinned: World, both: Node) -> None:
    said = {BREWERY: OUTAGE, CARRIER: says(pinned, Code.ENDED)}
    assert told(judged(both, contract(pinned), Platforms(said))) == ("invalid", "seal_cancelled")


def test_an_unsigned_or_stale_word_on_one_counts_for_nothing(pinned: World, both: Node) -> None:
    open_ = says(pinned, signed=False, authenticated=False)
    old = says(pinned, as_of=pinned.authorities.day(-30))
    for word, reason in ((open_, "answer_unsigned"), (old, "status_stale")):
        said = {BREWERY: says(pinned), CARRIER: word}
        assert told(judged(both, contract(pinned), Platforms(said))) == ("indeterminate", reason)


def test_where_one_owner_has_no_platform_only_a_list_speaks(
    pinned: World, one: Node, listed: Node
) -> None:
    """And the platform of the other is asked about its own seal alone."""
    for node, expected in (
        (one, ("indeterminate", "seal_status_unknown")),
        (listed, ("valid", None)),
    ):
        platforms = Platforms({CARRIER: says(pinned)})
        done = judged(node, contract(pinned), platforms)
        assert told(done) == expected
        assert [each.seal for each in platforms.asked] == [Hands(pinned).holders["carrier"].code]
        assert NotAsked(Unasked.NO_ENDPOINT) in [each.answer for each in done.facts.seals]  # type: ignore[union-attr]


def test_a_document_that_fails_is_asked_about_nowhere(pinned: World, both: Node) -> None:
    platforms = Platforms({})
    done = judged(both, contract(pinned), platforms, Signers(frozenset({BREWERY})))
    assert told(done) == ("invalid", "signer_not_expected")
    assert not platforms.asked


def test_attack_more_seals_than_are_asked_about(
    pinned: World, both: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound there is doubt, and no yes by silence."""
    good = says(pinned)
    said = {BREWERY: good, CARRIER: good}
    assert told(judged(both, contract(pinned), Platforms(said))) == ("valid", None)
    monkeypatch.setattr(seal_owners, "MAX_SEALS_ASKED", 1)
    platforms = Platforms(said)
    assert told(judged(both, contract(pinned), platforms)) == ("indeterminate", "beyond_limits")
    assert len(platforms.asked) == 1


def test_attack_an_answer_by_another_algorithm_beside_one_by_sm2(pinned: World, both: Node) -> None:
    """Asked for SM alone, the answers on all seals count."""
    sm, classic = (
        says(pinned, algorithms=(s,)) for s in (Scheme.SM2_SM3, Scheme.ECDSA_P256_SHA256)
    )
    for word, sm_throughout in ((sm, True), (classic, False)):
        said = {BREWERY: sm, CARRIER: word}
        done = judged(both, contract(pinned), Platforms(said), sm_only=True)
        assert done.facts is not None
        layers = protections(done.facts, Silent(done.verdict.reason))  # type: ignore[arg-type]
        found = [p.sm for p in layers if p.layer is Layer.ISSUER_ANSWER]
        assert all(found) is sm_throughout
        assert found
        assert told(done) == (("valid", None) if sm_throughout else NOT_SM)


NOT_SM = ("indeterminate", "algorithm_not_sm")


def test_it_is_kept_and_judged_again_alike(pinned: World, both: Node) -> None:
    """Facts with the words of all owners go to the journal and back."""
    said = {BREWERY: OUTAGE, CARRIER: says(pinned, Code.ENDED)}
    done = judged(both, contract(pinned), Platforms(said))
    assert done.facts is not None
    text = serial.dump_facts(done.facts)
    assert text is not None
    back = serial.load_facts(text)
    assert back.seals == done.facts.seals
    answer = serial.load_answer(serial.dump_answer(done.answer))
    evidence, verdict = replay(back, answer, done.policy)
    assert (evidence, verdict.reason) == (done.evidence, done.verdict.reason)


def test_silences_of_every_kind_are_told_apart_when_read_back() -> None:
    """A kept word is one of three shapes; their reasons have no word in common."""
    assert not {s.value for s in Silence} & {u.value for u in Unasked}


def test_facts_kept_before_each_was_asked_are_judged_as_on_the_day(
    pinned: World, listed: Node
) -> None:
    done = judged(listed, contract(pinned), Platforms({CARRIER: says(pinned)}))
    assert done.facts is not None
    old = replace(done.facts, seals=())
    _, verdict = replay(old, NotAsked(Unasked.NO_ENDPOINT), done.policy)
    assert verdict.conclusion == "valid", "the list spoke for both"


def test_attack_words_in_another_order_are_nobodys(pinned: World, both: Node) -> None:
    """A word counts for the seal in whose place it was asked about, under its name."""
    done = judged(
        both, contract(pinned), Platforms(dict.fromkeys((BREWERY, CARRIER), says(pinned)))
    )
    assert done.facts is not None
    first, second = done.facts.seals
    for words, conclusion in (
        ((first, second), "valid"),
        ((second, first), "indeterminate"),
        ((second, second), "indeterminate"),
        ((first,), "indeterminate"),
    ):
        _, verdict = replay(replace(done.facts, seals=words), done.answer, done.policy)
        assert verdict.conclusion == conclusion


def test_the_report_has_each_word_with_its_route(pinned: World, both: Node) -> None:
    said = {BREWERY: OUTAGE, CARRIER: says(pinned)}
    done = judged(both, contract(pinned), Platforms(said), ANY_SIGNER)
    report: Any = report_of(done, CONTEXT)
    seals = report["sealed_document"]["seals"]
    assert [(s["route"]["body"], s["counts"], s["silence"]) for s in seals] == [
        (BREWERY, False, "timeout"),
        (CARRIER, True, None),
    ]
    assert [s["signature"] for s in seals] == [s["label"] for s in report["signatures"]]
    assert report["answer"]["route"]["body"] == BREWERY, "the word that weighs most"
    unanswered = [u for u in report["unchecked"] if u["what"] == "issuer_answer"]
    assert [u["subject"] for u in unanswered] == [seals[0]["signature"]]
    subjects = {c["subject"] for c in report["blocks"]["status"]["checks"]
                if c["name"] == "seal_in_use"}  # fmt: skip
    assert subjects == {s["signature"] for s in seals}
