"""Readers under fire: whatever the bytes, each returns or raises `Malformed`, and in time.

`python -m proof.fuzz [SECONDS]`: so long for each reader (600), two at a time. Inputs are changed
seeds; one that makes a reader say something it never said before becomes a seed itself, since what
readers say names the place they came to.
"""

import io
import json
import random
import re
import resource
import sys
import time
import traceback
import zipfile
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from app.crypto.certificates import read_certificate
from app.crypto.cms import read_cms
from app.crypto.jose import LICENSE_TOKEN, base64url, split_compact, to_base64url
from app.crypto.ocsp import read_ocsp
from app.crypto.revocation import read_crl
from app.crypto.ses import read_seal, read_seal_signature
from app.crypto.timestamps import read_timestamp
from app.domain.errors import Malformed
from app.formats.archive import read_archive
from app.formats.jws import Jws
from app.formats.markup import read_markup
from app.formats.ofd.license import Ofd
from app.formats.ofd.picture import read_pages
from app.formats.statement import TYP as STATEMENT
from app.formats.statement import read_statement
from app.registry.lists.signed import assemble, read_list
from app.schemas.trust import EXAMPLE
from proof.parts.mutate import mutated
from proof.parts.page import ran, write_section
from sandbox.shapes import SHAPES
from sandbox.world import World
from tests.cms_maker import CmsMaker
from tests.crypto.test_ocsp import Response, revoked
from tests.crypto.test_timestamps import TOKEN
from tests.pki import NOW, certificate, crl, name, revoked_entry, root, sm2_key

SLOW: Final = 2.0
"""Seconds that no input within the mutator's size may take; the largest takes milliseconds."""
PART, NAME = b"\n==part==\n", b"\n==name==\n"
POOL: Final = 400
"""Seeds kept of one reader."""
SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Target:
    """A reader, and good bytes to begin with."""

    read: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]


@dataclass(slots=True)
class Tally:
    """What came of one reader."""

    name: str
    inputs: int = 0
    read: int = 0
    said: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    memory: int = 0
    """Peak of the process, KiB."""
    faults: list[str] = field(default_factory=list)


@cache
def world() -> World:
    return World(1)


@cache
def files() -> tuple[bytes, ...]:
    issuers = ("market", "traffic", "university")
    return tuple(
        world().ofd(world().pick(issuers[number % 3]), shape) for number, shape in enumerate(SHAPES)
    )


def members(*endings: str) -> tuple[bytes, ...]:
    """What lies in the sandbox's files under such names."""
    found: list[bytes] = []
    for content in files():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [each for each in archive.namelist() if each.lower().endswith(endings)]
            found += [archive.read(each) for each in names]
    return tuple(dict.fromkeys(found))


def parts() -> tuple[bytes, ...]:
    """Names and contents of the sandbox's files, one after the other."""
    found = []
    for content in files():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            each = [n.encode() + NAME + archive.read(n) for n in archive.namelist()]
        found.append(PART.join(each))
    return tuple(found)


def packed(found: bytes) -> bytes:
    """Parts in an archive that is in order, so that readers behind it are reached."""
    named = (part.partition(NAME) for part in found.split(PART)[:100])
    contents = {place.decode("utf-8", "replace")[:200]: content for place, _, content in named}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for place, content in contents.items():
            archive.writestr(zipfile.ZipInfo(place or "nothing"), content)
    return made.getvalue()


def signed_data() -> tuple[bytes, ...]:
    by = root("模糊测试根", sm2_key(140))
    signer = sm2_key(141)
    leaf = certificate(name("签名者"), signer, by)
    maker = CmsMaker(signer, leaf)
    return (maker.make(), replace(maker, inside=b"inside").make())


def readable(read: Callable[[bytes], object], found: Sequence[bytes]) -> tuple[bytes, ...]:
    """Those that this reader takes."""
    return tuple(each for each in found if _takes(read, each))


def _takes(read: Callable[[bytes], object], content: bytes) -> bool:
    try:
        read(content)
    except Malformed:
        return False
    return True


def certificates() -> tuple[bytes, ...]:
    """Of every signer."""
    seals = [read_seal_signature(each) for each in readable(read_seal_signature, members(".dat"))]
    return tuple(dict.fromkeys(seal.certificate for seal in seals if seal.certificate))


def lists() -> tuple[bytes, ...]:
    by = root("模糊测试根", sm2_key(140))
    return (crl(by), crl(by, *(revoked_entry(n, NOW, n % 7) for n in range(1, 20))))


def tokens() -> tuple[bytes, ...]:
    return tuple(world().token(license) for license in world().of("traffic", "in_force")[:4])


def statements() -> tuple[bytes, ...]:
    """Of issuers, unasked; whose signature it is, is looked at later."""
    header = {"typ": STATEMENT, "alg": "SM2SM3", "kid": "market-answer"}
    told = {"iss": "11639900MB9901016D", "sub": world().pick("market").id, "code": 0}
    signed = tuple(
        ".".join(to_base64url(json.dumps(part).encode()) for part in (header, told | more))
        for more in ({"as_of": 1_790_000_000}, {"as_of": 1_790_000_000, "since": 1_780_000_000})
    )
    return tuple(f"{each}.{to_base64url(bytes(64))}".encode() for each in signed)


def signed_lists() -> tuple[bytes, ...]:
    """Whole, as it is fetched."""
    return (json.dumps(EXAMPLE).encode(),)


def payloads() -> tuple[bytes, ...]:
    """What is signed in a list."""
    return (base64url(EXAMPLE["payload"], "payload"),)


def read_payload(payload: bytes) -> object:
    """In its list; signatures are looked at later."""
    return read_list(assemble(payload, EXAMPLE["signatures"]))


def first_page(data: bytes) -> object:
    """Drawn, where there is one."""
    pages = read_pages(packed(data))
    return pages.draw(1) if len(pages) else None


TARGETS: Final[dict[str, Target]] = {
    "ZIP": Target(read_archive, files),
    "XML": Target(lambda data: read_markup(data, "Fuzz.xml"), lambda: members(".xml")),
    "OFD, as a ZIP": Target(lambda data: Ofd().parse(data), files),
    "OFD, its pages drawn": Target(first_page, parts),
    "OFD, its parts": Target(lambda data: Ofd().parse(packed(data)), parts),
    "seal": Target(read_seal, lambda: readable(read_seal, members(".esl", ".dat"))),
    "seal signature": Target(
        read_seal_signature, lambda: readable(read_seal_signature, members(".dat"))
    ),
    "CMS": Target(read_cms, signed_data),
    "timestamp": Target(read_timestamp, lambda: (TOKEN,)),
    "certificate": Target(read_certificate, certificates),
    "CRL": Target(read_crl, lists),
    "OCSP": Target(read_ocsp, lambda: (Response().make(), Response(status=revoked()).make())),
    "JWS": Target(lambda data: split_compact(data, LICENSE_TOKEN), tokens),
    "license token": Target(lambda data: Jws().parse(data), tokens),
    "issuer's statement": Target(
        lambda data: read_statement(data.decode("utf-8", "replace")), statements
    ),
    "trust list": Target(read_list, signed_lists),
    "trust list, signed part": Target(read_payload, payloads),
}


def fuzz(named: str, target: Target, seconds: float, seed: int) -> Tally:
    """One reader, for so long. Deterministic but for how far it gets."""
    chance, tally = random.Random(f"{named}/{seed}"), Tally(named)
    pool = list(target.seeds())
    for each in pool:  # the untouched twins are read
        target.read(each)
    end = time.monotonic() + seconds
    while time.monotonic() < end and len(tally.faults) < 10:
        content = mutated(chance, pool)
        said = _one(target.read, content, tally)
        if said is not None and said not in tally.said and len(pool) < POOL:
            pool.append(content)
        if said is not None:
            tally.said[said] += 1
    tally.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return tally


def _one(read: Callable[[bytes], object], content: bytes, tally: Tally) -> str | None:
    """What the reader said of it; None where it read it."""
    begun, said = time.perf_counter(), None
    try:
        read(content)
        tally.read += 1
    except Malformed as exc:
        said = re.sub(r"\d+", "#", f"{type(exc).__name__}: {exc}")
    except Exception as exc:  # noqa: BLE001 - this is what is looked for
        where = traceback.extract_tb(exc.__traceback__)[-1]
        fault = f"{type(exc).__name__} at {where.name}:{where.lineno}"
        tally.faults.append(f"{fault}: {b64encode(content).decode()[:400]}")
    took = time.perf_counter() - begun
    tally.inputs += 1
    tally.slowest = max(tally.slowest, took)
    if took > SLOW:
        tally.faults.append(f"{took:.1f} s: {b64encode(content).decode()[:400]}")
    return said


def run(seconds: float, say: Callable[[str], None], seed: int) -> list[Tally]:
    """Every reader, two at a time."""
    with ProcessPoolExecutor(2, max_tasks_per_child=1) as pool:
        jobs = {pool.submit(by_name, each, seconds, seed): each for each in TARGETS}
        done = []
        for job in as_completed(jobs):
            done.append(job.result())
            say(f"{len(done)}/{len(jobs)}: {jobs[job]}, {done[-1].inputs} inputs")
    return sorted(done, key=lambda tally: list(TARGETS).index(tally.name))


def by_name(target: str, seconds: float, seed: int) -> Tally:
    return fuzz(target, TARGETS[target], seconds, seed)


def rows(tallies: Sequence[Tally]) -> Iterator[str]:
    yield "| reader | inputs | read | different refusals | slowest ms | peak MiB | faults |"
    yield "|---|---|---|---|---|---|---|"
    for tally in tallies:
        yield (
            f"| {tally.name} | {tally.inputs:,} | {tally.read:,} | {len(tally.said)} "
            f"| {tally.slowest * 1e3:.0f} | {tally.memory // 1024} | {len(tally.faults)} |"
        )


def main() -> int:
    """0: nothing but values and `Malformed` came out, and in time."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    seed = random.SystemRandom().randrange(2**32)
    tallies = run(seconds, lambda text: print(text, file=sys.stderr, flush=True), seed)
    faults = [f"{tally.name}: {fault}" for tally in tallies for fault in tally.faults]
    head = f"{ran(f'python -m proof.fuzz {seconds:.0f}')} Seed {seed}."
    found = f"Anything but a value or `Malformed`, or slower than {SLOW:.0f} s: **{len(faults)}**."
    write_section("fuzz", "Readers under fire", "\n".join([head, "", found, "", *rows(tallies)]))
    print("\n".join([*rows(tallies), *faults]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
