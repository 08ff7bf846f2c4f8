"""Sealed OFD files: CPU from bytes to verdict beside their signature checks; by size, by seals;
and what a bomb costs before it is refused.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median

from app.crypto import sm2
from app.crypto.sm2 import Chosen
from app.crypto.sm2.backend import EXAMPLE, Backend
from app.domain.errors import Malformed, UnrecognisedFormat
from app.formats.archive import ARCHIVE_LIMITS, MIB, BadArchive, Meter, read_archive
from bench.materials import Core, world
from bench.measure import middle, percentile, rounds, timed
from sandbox import ofd
from sandbox.ofd import Bends
from sandbox.pages import Parts
from sandbox.shapes import SHAPES
from tests.corpus import CORPUS

SIGNED = CORPUS / "ofd_signed"
SIZES = (10_000, 100_000, 1_000_000, 5_000_000, 19_000_000)
"""Bytes of ballast in the one picture of the page; the smallest is about the file as it is."""
SEALS = range(1, 9)
CALLS = 10


@dataclass(slots=True)
class Counting:
    """A back end that counts."""

    inner: Backend
    calls: int = 0

    @property
    def name(self) -> str:
        return self.inner.name

    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        self.calls += 1
        return self.inner.verify(point, digest, r, s)


@contextmanager
def counted() -> Iterator[Counting]:
    """How many SM2 verifications the block makes."""
    real = sm2.chosen()
    counting = Counting(real.backend)
    original = sm2.chosen
    sm2.chosen = lambda: Chosen(counting, real.portable, real.left_out)  # type: ignore[assignment]
    try:
        yield counting
    finally:
        sm2.chosen = original


def checks(core: Callable[[], object]) -> int:
    core()
    with counted() as counting:
        core()
    return counting.calls


def repeated(times: int) -> Callable[[], None]:
    """So many bare SM2 verifications, by the back end in use."""
    backend = sm2.chosen().backend

    def work() -> None:
        for _ in range(times):
            backend.verify(EXAMPLE.point, EXAMPLE.digest, EXAMPLE.r, EXAMPLE.s)

    return work


# ---- material


def sm3(data: bytes) -> bytes:
    """By OpenSSL: the sandbox's own would take minutes for large parts."""
    return hashlib.new("sm3", data).digest()


def made(seals: int = 1, ballast: int = 0) -> bytes:
    """A license in the sandbox's shape `tax`, with so many of the issuer's seals on it."""
    license = world().pick("market")
    content = os.urandom(ballast)

    def fill(parts: Parts) -> Parts:
        if not ballast:
            return parts
        name = max((n for n in parts if n.endswith((".png", ".jpg"))), key=lambda n: len(parts[n]))
        return {**parts, name: content}

    shape = replace(SHAPES["tax"], compress=False) if ballast else SHAPES["tax"]
    first = replace(world().job(license), bends=Bends(draft=fill, digest=sm3))
    others = [replace(first, bends=Bends(digest=sm3)) for _ in range(seals - 1)]
    return ofd.write(world().made(license), shape, first, *others)


def corpus() -> dict[str, bytes]:
    """The signed files that are read at all, where the corpus is there."""
    found = {}
    for path in sorted(SIGNED.rglob("*.ofd")):
        content = path.read_bytes()
        try:
            Core.of(content)
        except (Malformed, UnrecognisedFormat):
            continue
        found[str(path.relative_to(SIGNED))] = content
    return found


# ---- tables


def measure_files() -> str:
    """Per file over sandbox shapes and corpus."""
    license = world().pick("market")
    sandbox = {name: world().ofd(license, name) for name in SHAPES}
    lines = [
        (
            "| files | count | bytes, median | CPU ms p50 | CPU ms p95 | SM2 checks a file "
            "| their CPU ms | beside them, ms | whole : checks |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
        _files_row("sandbox, one seal, nine shapes", sandbox),
    ]
    if real := corpus():
        lines.append(_files_row("corpus, signed", real))
    else:
        lines.append("| corpus: not there | | | | | | | | |")
    return "\n".join(lines)


def _files_row(name: str, files: Mapping[str, bytes]) -> str:
    cores = {file: Core.of(content) for file, content in files.items()}
    number = {file: checks(core) for file, core in cores.items()}
    every = {f"{file} whole": core for file, core in cores.items()}
    every |= {f"{file} bare": repeated(number[file]) for file in cores}  # type: ignore[misc]
    found = rounds(every, CALLS)
    count = len(next(iter(found.values())))
    p50, p95, bare, beside, shares = [], [], [], [], []
    for i in range(count):
        whole = [found[f"{file} whole"][i].cpu for file in cores]
        alone = [found[f"{file} bare"][i].cpu for file in cores]
        p50.append(percentile(whole, 50))
        p95.append(percentile(whole, 95))
        bare.append(median(alone))
        beside.append(median(one - other for one, other in zip(whole, alone, strict=True)))
        shares.append(sum(whole) / sum(alone))
    cells = [
        name,
        str(len(files)),
        f"{median(map(len, files.values())):.0f}",
        middle(p50, 1e3),
        middle(p95, 1e3),
        f"{median(number.values()):.0f}",
        middle(bare, 1e3),
        middle(beside, 1e3),
        middle(shares),
    ]
    return f"| {' | '.join(cells)} |"


def measure_sizes() -> str:
    cores = {len(content): Core.of(content) for content in map(_sized, SIZES)}
    return _scaled("bytes of the file", cores, unit=1e6, per="CPU ms per MB more")


def measure_seals() -> str:
    cores = {seals: Core.of(made(seals)) for seals in SEALS}
    return _scaled("seals", cores, unit=1, per="CPU ms a seal more")


def _sized(ballast: int) -> bytes:
    return made(ballast=ballast)


def _scaled(what: str, cores: Mapping[int, Core], *, unit: float, per: str) -> str:
    """Each step beside the first: linear where the last column stays the same."""
    found = rounds({str(n): core for n, core in cores.items()}, CALLS)
    first = next(iter(cores))
    base = [t.cpu for t in found[str(first)]]
    lines = [f"| {what} | CPU ms | {per} |", "|---|---|---|"]
    for n in cores:
        spent = [t.cpu for t in found[str(n)]]
        more = [
            (a - b) / ((n - first) / unit) for a, b in zip(spent, base, strict=True) if n != first
        ]
        lines.append(f"| {n:,} | {middle(spent, 1e3)} | {middle(more, 1e3) if more else ''} |")
    return "\n".join(lines)


# ---- bombs


def zipped(members: Iterable[tuple[bytes, bytes, int]]) -> bytes:
    """A ZIP of (name, deflated data, announced size): sizes may lie."""
    body, directory = b"", b""
    for name, packed, size in members:
        common = (20, 0, 8, 0, 33, 0, len(packed), size, len(name), 0)
        offset = len(body)
        body += struct.pack("<4s5H3I2H", b"PK\x03\x04", *common) + name + packed
        directory += (
            struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *common, 0, 0, 0, 0, offset) + name
        )
    count = directory.count(b"PK\x01\x02")
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def deflated(size: int) -> bytes:
    """So many zero bytes, deflated: a thousandth of their size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    chunk = bytes(MIB)
    return b"".join(packer.compress(chunk) for _ in range(size // MIB)) + packer.flush()


def measure_bombs() -> str:
    huge = 1024 * MIB
    packed = deflated(huge)
    small = deflated(MIB)
    bombs = {
        "1 GiB of zeros, honestly announced": zipped([(b"OFD.xml", packed, huge)]),
        "1 GiB of zeros, announced as 1 KiB": zipped([(b"OFD.xml", packed, 1024)]),
        "1 GiB of zeros, announced as the largest member allowed": zipped(
            [(b"OFD.xml", packed, ARCHIVE_LIMITS.member)]
        ),
        "2000 members of 1 MiB": zipped(
            [(f"Doc_0/{i}.xml".encode(), small, MIB) for i in range(2000)]
        ),
    }
    lines = [
        "| bomb | bytes sent | bytes inflated | refused as | CPU ms |",
        "|---|---|---|---|---|",
    ]
    for name, content in bombs.items():
        meter = Meter()
        try:
            read_archive(content, meter=meter)
        except BadArchive as exc:
            refused = exc.rule.value
        else:
            raise SystemExit(f"the bomb was read: {name}")
        if meter.inflated > ARCHIVE_LIMITS.total:
            raise SystemExit(f"{meter.inflated} bytes inflated of: {name}")
        spent = timed(lambda c=content: _refused(c), 5).cpu  # type: ignore[misc]
        lines.append(
            f"| {name} | {len(content):,} | {meter.inflated:,} | `{refused}` | {spent * 1e3:.2f} |"
        )
    return "\n".join(lines)


def _refused(content: bytes) -> bool:
    try:
        read_archive(content)
    except BadArchive:
        return True
    return False
