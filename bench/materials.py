"""What is measured on: the sandbox's licenses, and a registry that knows their issuers."""

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from app.checks import measure
from app.crypto.digests import digest
from app.domain.evidence import Evidence
from app.domain.issuer import Answered, Code, IssuerAnswer, Match, Speaker
from app.domain.license import ParsedLicense
from app.domain.scheme import Digest
from app.domain.trust import Trust
from app.domain.verdict import Verdict
from app.domain.verification import Digests
from app.formats import detect
from app.registry.mapping import trust_of
from app.registry.snapshot import AUTHORITIES_NAME, FILE_NAME, SnapshotRegistry
from app.services.judgement import conclude, look
from app.services.verify import question_of
from sandbox.registration import registration
from sandbox.trust import authorities
from sandbox.world import World

NETWORKS = ("127.0.0.0/8",)
STUB = "http://127.0.0.1:9/ivp"
"""Never asked: the bench's issuer answers in process."""


def now() -> datetime:
    return datetime.now(UTC)


def in_force() -> IssuerAnswer:
    """What the issuer of a good license says at once."""
    return Answered(
        code=Code.IN_FORCE, document=Match.MATCH, facts={}, speaker=Speaker.ISSUER, signed=True,
        authenticated=True, as_of=now(),
    )  # fmt: skip


@cache
def world() -> World:
    return World(1)


@cache
def registry() -> SnapshotRegistry:
    """Everything the sandbox says an operator would register."""
    urls = {body.code: STUB for body in world().answering}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / FILE_NAME).write_text(json.dumps(registration(world(), urls)))
        (folder / AUTHORITIES_NAME).write_text(json.dumps(authorities(world())))
        return SnapshotRegistry.read(folder, now, networks=NETWORKS)


@dataclass(frozen=True, slots=True)
class Core:
    """The pure part of one verification, from bytes to verdict: its trust is known before."""

    content: bytes
    trust: Trust

    @classmethod
    def of(cls, content: bytes) -> "Core":
        license, digests = cls.read(content)
        question = question_of(license, digests)
        known = registry()
        return cls(content, trust_of(question, known.look(question), now(), snapshot="bench"))

    @staticmethod
    def read(content: bytes) -> tuple[ParsedLicense, Digests]:
        digests = Digests(digest(Digest.SHA256, content), digest(Digest.SM3, content))
        return detect(content).parse(content), digests

    def __call__(self) -> tuple[tuple[Evidence, ...], Verdict]:
        license, _ = self.read(self.content)
        facts = measure(license, self.trust, now=now())
        return conclude(facts, look(facts), in_force())
