"""The service's pure core over a trust folder, with the issuer saying what a case scripts."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.composition import formats_with
from app.domain.errors import Refused, UnrecognisedFormat
from app.domain.issuer import (
    Answered,
    Code,
    Inquiry,
    IssuerAnswer,
    Match,
    Silence,
    Speaker,
    Unreachable,
)
from app.domain.license import Fact
from app.domain.signers import ANY_SIGNER, Signers
from app.domain.verification import Submission
from app.imaging.worker import Decoder
from app.registry.snapshot import ForgetfulJournal, SnapshotRegistry
from app.services.verify import Verifier
from sandbox.registration import registration
from sandbox.trust import authorities
from sandbox.world import World

DECODER = Decoder()
"""Started at the first picture; ends with the tests."""
IN_FORCE = {"outcome": 0, "document": "unknown", "facts": {}}
MATCHES = {
    "match": Match.MATCH,
    "unknown": Match.UNKNOWN,
    "differs": Match.DIFFERS,
    "mismatch": Match.DIFFERS,
}


@dataclass(slots=True)
class Said:
    """An issuer that says one thing, of single seals perhaps others; counts."""

    answer: Mapping[str, Any]
    now: datetime
    calls: int = 0

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.calls += 1
        of_seal = self.answer.get("seals", {}).get(inquiry.seal, {})
        if of_seal is None:
            return Unreachable(Silence.TIMEOUT)
        said = {**self.answer, **of_seal}
        facts = {Fact(name): MATCHES[word] for name, word in said["facts"].items()}
        return Answered(
            code=Code(said["outcome"]),
            document=MATCHES[said["document"]],
            facts=facts,
            speaker=Speaker.ISSUER,
            signed=True,
            authenticated=False,
            as_of=self.now,
            since=date.fromisoformat(said["since"]) if "since" in said else None,
        )


@dataclass(slots=True)
class Keeper:
    """An issuer that keeps the digests of every file it gave out, by identifier."""

    files: Mapping[str, frozenset[bytes]]
    now: datetime
    signed: bool = True
    asked: list[Inquiry] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return len(self.asked)

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.asked.append(inquiry)
        known = self.files.get(str(inquiry.identifier), frozenset())
        match = bool(known & set(inquiry.digests.values()))
        return Answered(
            code=Code.IN_FORCE if match else Code.DIFFERS,
            document=Match.MATCH if match else Match.DIFFERS,
            facts={},
            speaker=Speaker.ISSUER,
            signed=self.signed,
            authenticated=True,
            as_of=self.now,
        )


class Unpublished:
    def publish(self, verification: Any) -> Any:
        return verification


@dataclass(frozen=True, slots=True)
class Told:
    conclusion: str
    reason: str | None
    calls: int
    reasons: frozenset[str]

    @property
    def line(self) -> str:
        return f"{self.conclusion} {self.reason}" if self.reason else self.conclusion


@dataclass(frozen=True, slots=True)
class Core:
    registry: SnapshotRegistry
    now: datetime

    def judge(
        self,
        content: bytes,
        answer: Mapping[str, Any] | None = None,
        matter: str | None = None,
        signers: str | None = None,
    ) -> Told:
        """`signers`: as in conformance/README.md; None: it is judged as a license."""
        issuers = Said(answer or IN_FORCE, self.now)
        expected = ANY_SIGNER if signers == "any" else None
        if signers is not None and expected is None:
            expected = Signers(frozenset(signers.split(",")))
        policy = None if signers is None else "sealed-document"
        asked = Submission(content=content, matter=matter, policy=policy, signers=expected)
        return self.told(asked, issuers)

    def told(self, submission: Submission, issuers: "Said | Keeper") -> Told:
        """What comes of anything that can be handed in."""
        verifier = Verifier(
            registry=self.registry,
            issuers=issuers,
            publisher=Unpublished(),
            formats=formats_with(DECODER, ""),
            journal=ForgetfulJournal(),
            clock=lambda: self.now,
        )
        try:
            done: Any = asyncio.run(verifier.verify(submission))
        except UnrecognisedFormat:
            return Told("refused", "unrecognised", 0, frozenset())
        except Refused as exc:
            return Told("refused", exc.field, 0, frozenset())
        reason = done.verdict.reason
        reasons = frozenset(e.reason.value for e in done.evidence if e.reason is not None)
        return Told(done.verdict.conclusion.value, reason and reason.value, issuers.calls, reasons)


def core_of(folder: Path, now: datetime) -> Core:
    """Over registration.json and authorities.json of a folder."""
    registry = SnapshotRegistry.read(folder, lambda: now, networks=["127.0.0.0/8"])
    return Core(registry, now)


def write_trust(world: World, folder: Path, *, joint: bool = False) -> None:
    ports = {b.code: f"http://127.0.0.1:{8100 + i}/" for i, b in enumerate(world.answering)}
    documents = {
        "registration": registration(world, ports, joint=joint),
        "authorities": authorities(world),
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
