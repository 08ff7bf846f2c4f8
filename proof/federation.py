"""Ten thousand histories of two nodes and an issuer in virtual time: `python -m proof.federation`.

`python -m proof.federation 500 42` plays 500 from seed 42, `500 42 4` in four processes. A history
that goes wrong prints its seed; the same seed plays it again.
"""

import secrets
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from proof.parts.page import ran, write_section
from tests.federation.histories import History, Wrong
from tests.federation.virtual import run

HISTORIES = 10_000
BATCH = 50
"""Histories a process plays before it reports."""


def played(first: int) -> tuple[Counter[str], list[str]]:
    """Everything that was seen in one batch, and what went wrong."""
    seen: Counter[str] = Counter()
    wrong = []
    for seed in range(first, first + BATCH):
        history = History(seed, seen)
        try:
            run(history.play)
        except Wrong as found:
            wrong.append(str(found))
    return seen, wrong


def main(arguments: Sequence[str]) -> int:
    count = int(arguments[0]) if arguments else HISTORIES
    first = int(arguments[1]) if len(arguments) > 1 else secrets.randbelow(1 << 32)
    at_once = int(arguments[2]) if len(arguments) > 2 else None
    print(f"{count} histories from seed {first}", flush=True)
    begun = time.monotonic()
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    with ProcessPoolExecutor(at_once) as workers:
        batches = range(first, first + count, BATCH)
        for start, (part, found) in zip(batches, workers.map(played, batches), strict=True):
            print(f"{start - first + BATCH} played, {time.monotonic() - begun:.0f} s", flush=True)
            seen += part
            wrong += found
            for line in found:
                print(line, flush=True)
    spent = time.monotonic() - begun
    body = f"""{ran(f"python -m proof.federation {count} {first}")} {spent:.0f} s.

{count} histories from seed {first}; **{len(wrong)}** went wrong. Each: two nodes of two
workers (one asks the other, which relays), one issuer, thirty acts of chance, then all is mended
and looked at again. Held: no `valid` later than the age limit (5 min) after the books said
otherwise, none at all after an acknowledged withdrawal, none under a key whose revocation is
registered; no `invalid` for a license in force as long as an answer may be repeated; when mended,
every license is what the books say.

| acts | count |
|---|---|
{_rows(seen, VERDICTS, inside=False)}

| what was seen | count |
|---|---|
{_rows(seen, VERDICTS, inside=True)}"""
    write_section("federation", "Histories of two nodes", body)
    print(f"{len(wrong)} of {count} went wrong, {spent:.0f} s")
    return 1 if wrong else 0


VERDICTS = frozenset(
    {
        *("valid", "invalid", "indeterminate", "mended", "by live", "by cached"),
        *("relayed True", "relayed False"),
    }
)
TITLES = {
    "mended": "looked at when mended",
    "by live": "valid by a live answer",
    "by cached": "valid by a repeated answer",
    "relayed True": "valid by an answer handed on",
    "relayed False": "valid by an answer asked for directly",
}


def _rows(seen: Counter[str], names: frozenset[str], *, inside: bool) -> str:
    chosen = sorted(name for name in seen if (name in names) == inside)
    return "\n".join(f"| {TITLES.get(n, n.replace('_', ' '))} | {seen[n]:,} |" for n in chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
