"""Ten thousand verifications, kept in a real PostgreSQL and judged again from what was kept.

    python -m proof.replay [COUNT]

Every license of the sandbox, its attacks and sealed files, and facts alone, under answers of every
kind. Holds when each replay gives the same conclusion, reason, subject, conflict and evidence, and
when replays of spoilt facts do not.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice

from app.composition import now
from app.composition import verifier as composed
from app.config import Settings
from app.domain.errors import UnrecognisedFormat
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
from app.domain.license import Claims
from app.domain.verification import Submission
from app.formats import detect
from app.formats.jws import Jws
from app.registry.journal import Kept, PostgresJournal
from app.services.judgement import replay
from app.services.verify import Verifier
from bench.materials import world
from bench.stage import Stage, stage
from proof.parts import page
from sandbox.attacks import ATTACKS
from sandbox.shapes import SHAPES

COUNT = 10_000
LANES = 8
FACTS_ALONE = 0.15
SEALED = 6
"""Licenses of each issuer that are also taken as sealed files, in every shape."""
AGES = (None, timedelta(0), timedelta(minutes=5))


@dataclass(slots=True)
class Moody:
    """An issuer that says anything at all, the same in every run. Fits `services.Issuers`."""

    chance: random.Random = field(default_factory=lambda: random.Random(1))

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        pick = self.chance.choice
        if self.chance.random() < 0.1:
            return Unreachable(pick(list(Silence)))
        good = self.chance.random() < 0.5
        facts = {f: Match.MATCH if good else pick(list(Match)) for f in sorted(inquiry.compare)}
        return Answered(
            code=Code.IN_FORCE if good else pick(list(Code)),
            document=pick(list(Match)) if not good else pick([Match.MATCH, Match.UNKNOWN]),
            facts=facts,
            speaker=pick(list(Speaker)),
            signed=self.chance.random() < 0.9,
            authenticated=self.chance.random() < 0.5,
            as_of=now() - timedelta(seconds=pick([0, 30, 3600, 90_000])),
        )


def submissions() -> Iterator[Submission]:
    """Without end; the same in every run, but for the time."""
    chance = random.Random(2)
    contents = [world().token(license) for license in world().licenses]
    contents += list(filter(recognised, (attack.make(world()) for attack in ATTACKS.values())))
    for issuer in world().issuers:
        for license in world().of(issuer.name)[:SEALED]:
            contents += [world().ofd(license, shape) for shape in SHAPES]
    stated = [Jws().parse(world().token(license)).claims for license in world().licenses]
    while True:
        by_facts = chance.random() < FACTS_ALONE
        yield Submission(
            stated=_some(chance.choice(stated), chance) if by_facts else None,
            content=None if by_facts else chance.choice(contents),
            max_status_age=chance.choice(AGES),
            at=chance.choice([None, None, now() - timedelta(days=chance.randrange(900))]),
            matter=chance.choice([None, "11639900MB9902027X3000118001000"]),
        )


def recognised(content: bytes) -> bool:
    """Bytes of no known kind are an error, and nothing to be kept."""
    try:
        detect(content)
    except UnrecognisedFormat:
        return False
    return True


def _some(claims: Claims, chance: random.Random) -> Claims:
    """What a person might type in of it."""
    return replace(
        claims,
        holder=claims.holder if chance.random() < 0.7 else None,
        holder_code=claims.holder_code if chance.random() < 0.7 else None,
        number=claims.number if chance.random() < 0.7 else None,
    )


async def fill(verifier: Verifier, count: int) -> tuple[Counter[str], int]:
    """Verify and keep; conclusions, and how many could not be read."""
    told: Counter[str] = Counter()
    unread = 0
    source = submissions()
    begun = time.monotonic()
    while (done := told.total()) < count:
        batch = islice(source, min(LANES, count - done))
        for receipt in await asyncio.gather(*map(verifier.verify, batch)):
            told[receipt.verification.verdict.conclusion.value] += 1
            unread += receipt.verification.facts is None
        if told.total() // 1000 > done // 1000:
            print(f"  {told.total()} kept, {time.monotonic() - begun:.0f} s", flush=True)
    return told, unread


def differs(kept: Kept) -> bool:
    """Whether judging it again says something else."""
    evidence, verdict = replay(kept.facts, kept.answer, kept.policy)
    again = (verdict.conclusion, verdict.reason, verdict.subject, verdict.conflict, evidence)
    return again != (kept.conclusion, kept.reason, kept.subject, kept.conflict, kept.evidence)


def spoilt(kept: Kept) -> Kept:
    """The same with its trust forgotten: it has to come out otherwise."""
    trust = replace(kept.facts.trust, issuer=None, type=None, keys={})
    return replace(kept, facts=replace(kept.facts, trust=trust))


async def prove(place: Stage, count: int) -> tuple[str, bool]:
    settings = Settings(
        database_url=place.env["DATABASE_URL"],
        key_folder=place.folder / "keys",
        node_id="zhengyan-proof",
    )
    async with composed(settings, None, offline=True) as offline:
        verifier = replace(offline, issuers=Moody())
        journal = verifier.journal
        if not isinstance(journal, PostgresJournal):
            raise TypeError("this proof is about what is kept")
        since = now()
        told, unread = await fill(verifier, count)
        checked = wrong = caught = 0
        begun = time.process_time()
        async for kept in journal.replayable(since=since, until=now()):
            checked += 1
            wrong += differs(kept)
            caught += differs(spoilt(kept))
        spent = time.process_time() - begun
    held = wrong == 0 and checked == count - unread and caught == checked
    conclusions = ", ".join(f"{number} {word}" for word, number in sorted(told.items()))
    body = (
        f"{page.ran('python -m proof replay')}\n\n"
        f"{count} verifications kept ({conclusions}), {unread} of them of files that could not be "
        f"read and so left no facts. **{checked} judged again from the stored facts: {wrong} "
        "differ** in conclusion, reason, subject, conflict or any piece of evidence. With the "
        f"trust in the facts spoilt, {caught} of {checked} differ, so the comparison can fail. "
        f"{1e3 * spent / max(1, checked):.2f} ms CPU each, both replays and reading included."
    )
    return body, held


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with stage() as place:
        body, held = asyncio.run(prove(place, count))
    print(body)
    if count >= COUNT:
        page.write_section("replay", "Replay from stored facts", body)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
