"""`python -m bench [PART…] [--rows N]`: measure, beside floors in the same run.

It writes docs/performance.md; a part that is not asked for keeps what its last run wrote. Five
paired rounds of everything, so some minutes; ratios travel between machines, times do not.
`--rows`: in one batch of the part `imports`. `million` is run only where it is asked for.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import imports
from bench.files import measure_bombs, measure_files, measure_seals, measure_sizes
from bench.http import measure_http
from bench.imports import measure_imports, measure_million
from bench.lookups import measure_lookups
from bench.pdfs import measure_pdfs
from bench.photos import measure_photos
from bench.pictures import measure_pictures
from bench.tokens import measure_tokens
from proof.parts.page import ran

PAGE = Path(__file__).parents[1] / "docs/performance.md"
HEAD = """# Performance

Written by `make bench`. Every figure is the median of five paired rounds, with the spread over the
rounds; each round runs all candidates of its table, so that a busy machine slows all of them.
**Ratios are what to keep**; times are those of one machine on one day.

Two aims were set. Over HTTP: at least half of what the same endpoint does with nothing but the
same round trips to the database (last column of that table). A sealed OFD file of 30 kB: at most
2.5 ms of CPU beside its SM2 verifications (column `beside them`). Where a figure below is short of
its aim, the aim is missed, and stands here so that nobody has to look for it.
"""


def printed(script: str) -> Callable[[], str]:
    """What a bench of its own prints."""

    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{script}"], check=False, capture_output=True, text=True,
            cwd=PAGE.parents[1],
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"bench.{script}: exit {done.returncode}\n{done.stderr[-1000:]}")
        return f"```text\n{done.stdout.strip()}\n```"

    return run


PARTS: Mapping[str, tuple[str, str, Callable[[], str]]] = {
    "tokens": (
        "License tokens, the pure part",
        (
            "From bytes to verdict (digests, parsing, signature, all checks, decision) on one "
            "thread, trust and answer at hand; beside the bare signature check of the library."
        ),
        measure_tokens,
    ),
    "http": (
        "License tokens over HTTP",
        (
            "`POST /v1/verifications` on one uvicorn worker with a durable PostgreSQL on the same "
            "machine; the issuer answers at once, in process. `database only` is an endpoint of "
            "the same application with the same statements and rows of the same size, and "
            "nothing else, each by itself: of what comes at once the service draws on the limits "
            "in one statement (docs/adr/0034). `nothing` answers two bytes. The client has its own "
            "process. Ed25519 tokens."
        ),
        measure_http,
    ),
    "files": (
        "Sealed OFD files",
        "CPU of one file from bytes to verdict, beside as many bare SM2 verifications as it makes.",
        measure_files,
    ),
    "sizes": (
        "Sealed OFD files by size",
        "One seal; the picture of the page is random bytes, stored.",
        measure_sizes,
    ),
    "seals": ("Sealed OFD files by number of seals", "", measure_seals),
    "bombs": (
        "Bombs",
        "Counted by the reader's own meter, not by the clock.",
        measure_bombs,
    ),
    "pictures": (
        "Pictures of pages",
        "First pages as SVG, from bytes on; beside reading the package and no more.",
        measure_pictures,
    ),
    "photos": (
        "Photos of codes",
        (
            "From the octets of a picture to its codes, in the worker; beside zxing-cpp with "
            "Pillow in this process, once, as it comes. What that misses the worker looks at again."
        ),
        measure_photos,
    ),
    "pdfs": (
        "Signed PDF files",
        (
            "CPU of one file from bytes to every check, nobody trusted, beside pyHanko alone: its "
            "reader, `validate_pdf_signature` and its difference policy, nobody trusted either. "
            "The corpus are the files its collectors call valid in which both read a signature."
        ),
        measure_pdfs,
    ),
    "primitives": ("SM2 by back end", "", printed("primitives")),
    "imports": (
        "Records pushed",
        (
            "One batch as one request to one worker of `zhengyan serve`, with a durable PostgreSQL "
            "on the same machine; the aim is half of what the database does alone, look-ups "
            "meanwhile at most twice as long."
        ),
        measure_imports,
    ),
    "million": (
        "A million records pushed",
        "As the part before, once; look-ups are measured beside shorter batches.",
        measure_million,
    ),
    "lookups": (
        "Look-ups over HTTP",
        (
            "`POST /v1/lookups` by identifier on one worker with a durable PostgreSQL on the same "
            "machine, beside two endpoints of the same application: one primary-key SELECT, and "
            "the same with a row in the audit log, gathered and durable as that of a look-up."
        ),
        measure_lookups,
    ),
    "federation": ("Asking issuers", "", printed("federation")),
    "inflight": (
        "Three hundred questions in flight",
        (
            "One worker, one issuer that thinks 200 ms in a process of its own; `transport` is the "
            "bare client of httpx with the same bytes, `session` the guarded one of aiohttp that "
            "the service asks by, `service` everything an issuer is asked by; not in it are the "
            "caller's HTTP, the database and the report, which stand under *License tokens over "
            "HTTP*. The aim is 0.70 of the transport's throughput, and memory that does not grow."
        ),
        printed("inflight"),
    ),
    "isolation": (
        "Issuers that are gone, and the others",
        (
            "[Picture](isolation.svg): p99 of the issuers that are up, beside all twenty up, in "
            "blocks that alternate; five paired rounds, some seven minutes."
        ),
        printed("isolation"),
    ),
}

LONG = frozenset({"million"})
"""Parts that take many minutes by themselves."""


def main(names: Sequence[str]) -> int:
    if {"-h", "--help"} & set(names):
        print(__doc__)
        for name, (title, _, _) in PARTS.items():
            print(f"  {name:12} {title}")
        return 0
    if "--rows" in names:
        at = list(names).index("--rows")
        imports.ROWS = int(names[at + 1])
        names = [*names[:at], *names[at + 2 :]]
    if unknown := set(names) - set(PARTS):
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
        return 1
    for name in names or (name for name in PARTS if name not in LONG):
        title, about, run = PARTS[name]
        begun = time.monotonic()
        print(f"{name}: …", file=sys.stderr, flush=True)
        table = run()
        print(f"{table}\n{name}: {time.monotonic() - begun:.0f} s\n", flush=True)
        write(name, f"## {title}\n\n{ran(f'python -m bench {name}')} {about}".strip(), table)
    print(f"written: {PAGE.relative_to(PAGE.parents[1])}")
    return 0


def write(name: str, head: str, table: str) -> None:
    """Put the part in its place, leaving the others as they are."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    kept = dict(re.findall(r"<!-- (\w+) -->\n(.*?)\n<!-- end -->", text, re.DOTALL))
    kept[name] = f"{head}\n\n{table}"
    parts = [f"<!-- {n} -->\n{kept[n]}\n<!-- end -->" for n in PARTS if n in kept]
    PAGE.write_text("\n\n".join([HEAD.strip(), *parts]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
