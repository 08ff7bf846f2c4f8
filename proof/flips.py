"""Every single-byte change to what a seal signs or is made of: none may pass for the untouched.

`python -m proof.flips` takes two sealed files of the sandbox and, where the corpus lies beside the
project, two that nobody here wrote. Members are changed before they are packed, so the archive is
always in order; only the seal can notice. The untouched twin is judged first, and must be sound
(sandbox) or intact (corpus: no anchor is registered, nothing else is open). A change that leaves
every value as it was and is told by a deviation of its own name (docs/deviations.md), as one more
spelling of the same signature, is counted as `respelt`.
"""

import asyncio
import io
import json
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from app.checks import measure
from app.domain.errors import Malformed
from app.domain.evidence import CheckName, Outcome
from app.domain.license import ParsedLicense, Sealing
from app.domain.seal import SealSignature
from app.domain.trust import Trust
from app.domain.verdict import Conclusion
from app.formats.ofd.license import Ofd
from app.registry.snapshot import SnapshotRegistry
from app.services.judgement import conclude, look
from app.services.verify import question_of
from conformance.corpus import NOBODY, OPEN_BY_INTENTION
from proof.parts.page import ran, write_section
from sandbox.registration import registration
from sandbox.trust import authorities
from sandbox.world import World
from tests.corpus import CORPUS
from tests.world import IN_FORCE

FROM_CORPUS = ("1.ofd", "V4RideRight.ofd")
SHAPES = ("tax", "toolkit")
ONE_BYTE = 0x01
RESPELT = "respelt"


@dataclass(frozen=True, slots=True)
class Subject:
    """One file, taken apart, with what it is judged against."""

    name: str
    members: tuple[tuple[str, bytes], ...]
    trust: Trust
    now: datetime

    def __reduce__(self) -> tuple[object, ...]:
        """Read-only mappings do not travel between processes; plain ones do."""
        trust = replace(self.trust, keys=dict(self.trust.keys), owners=dict(self.trust.owners))
        lists = tuple(replace(each, entries=dict(each.entries)) for each in trust.authorities.lists)
        trust = replace(trust, authorities=replace(trust.authorities, lists=lists))
        return Subject, (self.name, self.members, trust, self.now)

    def packed(self, place: int = -1, offset: int = 0) -> bytes:
        """The archive, with one byte of one member changed."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
            for index, (name, content) in enumerate(self.members):
                body = content
                if index == place:
                    flipped = bytes([content[offset] ^ ONE_BYTE])
                    body = content[:offset] + flipped + content[offset + 1 :]
                archive.writestr(zipfile.ZipInfo(name), body)
        return made.getvalue()

    def judged(self, place: int = -1, offset: int = 0) -> str:
        """`sound`, `intact` (nothing but trust is open), or the first thing that is wrong."""
        try:
            license = Ofd().parse(self.packed(place, offset))
        except Malformed:
            return "malformed"
        facts = measure(license, self.trust, now=self.now)
        evidence, verdict = conclude(facts, look(facts), replace(IN_FORCE, as_of=self.now))
        if verdict.conclusion is Conclusion.VALID:
            return RESPELT if self._respelt(license, place) else "sound"
        if not license.sealings:
            return "unsigned"
        wrong = [
            str(e.why)
            for e in evidence
            if e.outcome in (Outcome.FAILED, Outcome.INDETERMINATE)
            and e.why not in OPEN_BY_INTENTION
            and e.check is not CheckName.IDENTIFIER_FORM
        ]
        if wrong:
            return wrong[0]
        return RESPELT if self._respelt(license, place) else "intact"

    def _respelt(self, license: ParsedLicense, place: int) -> bool:
        """Whether a changed file holds the very signatures of its twin, and says so itself."""
        if place < 0:
            return False
        twin, changed = (_signatures(each) for each in (Ofd().parse(self.packed()), license))
        told = any(c.deviations > t.deviations for c, t in zip(changed, twin, strict=False))
        return told and [_plain(each) for each in changed] == [_plain(each) for each in twin]


def _signatures(license: ParsedLicense) -> list[SealSignature]:
    return [s.signature for s in license.sealings if s.signature is not None]


def _plain(signature: SealSignature) -> SealSignature:
    """All that it says, without how its octets were written."""
    return replace(signature, raw=b"", deviations=frozenset())


def sandbox_subjects(world: World, now: datetime) -> Iterator[Subject]:
    """Files whose twin is sound."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ends = {body.code: "http://127.0.0.1:1/" for body in world.answering}
        (place / "registration.json").write_text(json.dumps(registration(world, ends)))
        (place / "authorities.json").write_text(json.dumps(authorities(world)))
        registry = SnapshotRegistry.read(place, lambda: now, networks=("127.0.0.0/8",))
    for shape, issuer in zip(SHAPES, ("market", "traffic"), strict=True):
        content = world.ofd(world.pick(issuer), shape)
        license = Ofd().parse(content)
        trust = asyncio.run(registry.trust_for(question_of(license, None)))
        yield Subject(f"sandbox/{shape}", _members(content), trust, now)


def corpus_subjects(now: datetime) -> Iterator[Subject]:
    """Files whose twin is intact."""
    for name in FROM_CORPUS:
        for path in sorted((CORPUS / "ofd_signed").rglob(name)):
            yield Subject(f"corpus/{name}", _members(path.read_bytes()), NOBODY, now)


def _members(content: bytes) -> tuple[tuple[str, bytes], ...]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return tuple((i.filename, archive.read(i)) for i in archive.infolist() if not i.is_dir())


def protected(subject: Subject) -> list[int]:
    """Members that the seals cover or are made of."""
    license = Ofd().parse(subject.packed())
    names = {
        part
        for sealing in license.sealings
        if isinstance(sealing, Sealing)
        for part in (
            *sealing.coverage.covered,
            sealing.entry.part,
            sealing.entry.signed_value_part,
            sealing.entry.seal_part if sealing.entry.seal_declared else None,
        )
    }
    return [i for i, (name, _) in enumerate(subject.members) if name.lstrip("/") in names]


def flip_all(subject: Subject, place: int, step: int = 1) -> Counter[str]:
    """Every byte of one member in turn."""
    size = len(subject.members[place][1])
    return Counter(subject.judged(place, offset) for offset in range(0, size, step))


def run(
    subjects: list[Subject], say: Callable[[str], None], step: int = 1
) -> list[tuple[str, int, Counter[str]]]:
    """Name, bytes changed and outcomes of each file."""
    results = []
    with ProcessPoolExecutor(2) as pool:
        for subject in subjects:
            twin = subject.judged()
            if twin != ("sound" if subject.name.startswith("sandbox") else "intact"):
                raise SystemExit(f"{subject.name}: the untouched twin is {twin}")
            places = protected(subject)
            jobs = [pool.submit(flip_all, subject, place, step) for place in places]
            outcomes: Counter[str] = Counter()
            for done, job in enumerate(jobs, 1):
                outcomes += job.result()
                say(f"{subject.name}: {done}/{len(jobs)} members, {outcomes.total()} bytes")
            results.append((subject.name, outcomes.total(), outcomes))
    return results


def main() -> int:
    """0: nothing changed is sound or intact, and nothing raised."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    now, began = datetime.now(UTC), time.monotonic()
    subjects = [*sandbox_subjects(World(1), now), *corpus_subjects(now)]
    results = run(subjects, lambda text: print(text, end="\r", file=sys.stderr), step)
    passed = sum(outcomes["sound"] + outcomes["intact"] for _, _, outcomes in results)
    body = [ran(f"python -m proof.flips {step}"), ""]
    body += [f"Passed for the untouched: **{passed}** ({time.monotonic() - began:.0f} s).", ""]
    body += ["| file | bytes changed, one by one | what was said |", "|---|---|---|"]
    for name, count, outcomes in results:
        told = ", ".join(f"{word} {n}" for word, n in outcomes.most_common())
        body.append(f"| {name} | {count} | {told} |")
    write_section("flips", "Every single-byte change to a sealed file", "\n".join(body))
    print("\n".join(body))
    return 1 if passed else 0


if __name__ == "__main__":
    sys.exit(main())
