"""What a second worker brings to a job of sealed files, and who used the cores meanwhile.

    python -m proof.second_worker [DOCUMENTS] [ROUNDS]

A job of DOCUMENTS sealed files, which cost CPU and little else, is worked off by one worker and by
two, in turn. The database and the service are on the same cores: where one worker and they leave
too little of them for a second one, more workers cannot bring what they would on cores of their
own. So the shares of the cores stand beside each rate, and the most that these cores allow beside
the ratio. It holds at 1.7, or at nine tenths of what the cores allow where that is less; never
where others used them. On two quiet cores it takes some four minutes.
"""

import io
import json
import statistics
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.materials import world
from bench.stage import stage
from proof.jobs import PURPOSE, Theatre, Worker, opened
from proof.parts import page
from proof.parts.cores import Shares, between, look
from sandbox.serve import serve_in_thread

DOCUMENTS = 2_000
ROUNDS = 2
WANTED = 1.7
NEARLY = 0.9
"""Of what the cores allow; the rest is the kernel's, and items that do not divide evenly."""
NOISE = 0.25
"""Cores that others may use meanwhile; beyond that nothing is shown by it."""
WAITING = 8.0
"""Seconds until all workers wait for work."""


@dataclass(frozen=True, slots=True)
class Run:
    """One job: items a second from the first that is answered to the last, and the cores."""

    workers: int
    rate: float
    shares: Shares


def archive(count: int) -> bytes:
    """Sealed files, stored as they are."""
    made = world()
    license = made.pick("traffic")
    content = made.ofd(license)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for n in range(count):
            packed.writestr(zipfile.ZipInfo(f"{n}.ofd"), content)
    return out.getvalue()


def run(theatre: Theatre, documents: int, workers: int) -> Run:
    """One job, by so many workers."""
    crew = [Worker(theatre) for _ in range(workers)]
    for worker in crew:
        worker.start()
    time.sleep(WAITING)
    programs = {
        "workers": frozenset(each.tied.process.pid for each in crew if each.tied),
        "database": frozenset({theatre.stage.server.pid}),
        "service": frozenset({theatre.service.pid}),
    }
    try:
        sent = theatre.ask(f"/v1/jobs?purpose={PURPOSE}", archive(documents), "application/zip")
        id, before, first = json.loads(sent)["id"], None, 0
        while (job := theatre.job(id))["finished_at"] is None:
            if before is None and job["answered"]:
                before, first = look(programs), job["answered"]
            time.sleep(0.1)
        after = look(programs)
        if job["answered"] != documents or before is None:
            raise SystemExit(f"documents without a verdict, or too few to be measured: {job}")
        return Run(workers, (documents - first) / (after.at - before.at), between(before, after))
    finally:
        for worker in crew:
            worker.stop()


def allowed(alone: Shares) -> float:
    """The most a second worker could bring: all that was idle while there was one, put to use as
    one worker, the database and the service put theirs. What others used stays theirs.
    """
    return min(2.0, (alone.busy + alone.idle) / alone.busy)


def told(runs: Sequence[Run], documents: int) -> tuple[str, bool]:
    """What stands on the page, and whether it holds."""
    alone, both = ([each for each in runs if each.workers == workers] for workers in (1, 2))
    ratios = [b.rate / a.rate for a, b in zip(alone, both, strict=True)]
    ratio, most = statistics.median(ratios), statistics.median(allowed(a.shares) for a in alone)
    rows = "\n".join(
        f"| {each.workers} | {each.rate:.1f} | {_row(each.shares.used)} "
        f"| {each.shares.others:.2f} | {each.shares.idle:.2f} | {each.shares.waiting:.2f} |"
        for each in runs
    )
    spread = f" ({min(ratios):.2f}–{max(ratios):.2f})" if len(ratios) > 1 else ""
    noise = max(each.shares.others for each in runs)
    held = noise <= NOISE and ratio >= min(WANTED, NEARLY * most)
    body = (
        f"{documents} sealed files in a job, worked off by one worker and by two, in turn; the "
        "database and the service on the same cores. Cores in use, as the kernel counted them:\n\n"
        "| workers | items/s | workers | database | service | others | idle | of it, disk |\n"
        f"|---|---|---|---|---|---|---|---|\n{rows}\n\n"
        f"**A second worker: {ratio:.2f} ×{spread}**; the aim is {WANTED}. "
        f"What was idle beside one worker allows {most:.2f} × at most. {_word(ratio, most, noise)}"
    )
    return body, held


def _row(used: Mapping[str, float]) -> str:
    return " | ".join(f"{used[name]:.2f}" for name in ("workers", "database", "service"))


def _word(ratio: float, most: float, noise: float) -> str:
    if noise > NOISE:
        return f"Others used up to {noise:.2f} cores: it shows nothing; run it where all is quiet."
    if ratio >= WANTED:
        return "It is reached."
    if ratio >= NEARLY * most:
        return "It is missed for want of cores: this is the curve of these, and no more."
    return "It is missed, and not for want of cores."


def prove(theatre: Theatre, documents: int, rounds: int) -> tuple[str, bool]:
    """One and two, then two and one: a machine that slows down slows both."""
    runs = []
    for number in range(rounds):
        for workers in (1, 2) if number % 2 == 0 else (2, 1):
            runs.append(run(theatre, documents, workers))
            print(f"  {workers}: {runs[-1].rate:.1f} items/s; {runs[-1].shares.told()}", flush=True)
    return told(runs, documents)


def main(arguments: Sequence[str]) -> int:
    documents, rounds = (*map(int, arguments), *(DOCUMENTS, ROUNDS)[len(arguments) :])
    with (
        serve_in_thread(world(), anyone=True) as servers,
        stage(servers.endpoints) as place,
        opened(place) as theatre,
    ):
        body, held = prove(theatre, documents, rounds)
    print(body)
    page.write_section(
        "second_worker",
        "A second worker for jobs",
        f"{page.ran('python -m proof second_worker')}\n\n{body}",
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
