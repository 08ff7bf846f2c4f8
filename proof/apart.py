"""Can numbers that are on record be told from those that are not? `python -m proof.apart [PAIRS]`.

A stranger without an account looks up numbers with a holder that is wrong: half are on record, half
are nobody's. Both come by identifier and by number, in an order drawn by lot, over one connection.
The answers must be the same octets but for the times asked about; and who is given how long each
took must not tell better than by chance which is which: the area under the curve (AUC) of the time
as a sign, at most 0.55. A twin shows that the measure sees a difference where there is one.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Sequence
from typing import Final

from bench.imports import over_http, pusher, rows
from bench.load import connect, post
from bench.measure import percentile
from bench.stage import ZHENGYAN, Service, stage
from proof.parts import page

PAIRS: Final = 5_000
AIM: Final = 0.55
KINDS: Final = ("identifier", "number")
CHUNK: Final = 1_000
SLOWER: Final = 0.25
"""Of the median: what the twin adds to one side, as a statement more would."""
_TIMES: Final = re.compile(rb'"(at|known_at)":"[^"]*"')


def auc(of_one: Sequence[float], of_other: Sequence[float]) -> float:
    """The chance that one of the first took longer than one of the others (Mann-Whitney); at least
    0.5, since an attacker may take it either way round.
    """
    ordered = sorted([(took, 1) for took in of_one] + [(took, 0) for took in of_other])
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        mean = (at + 1 + end) / 2
        ranks += mean * sum(mark for _, mark in ordered[at:end])
        at = end
    n, m = len(of_one), len(of_other)
    area = (ranks - n * (n + 1) / 2) / (n * m)
    return max(area, 1 - area)


def bodies(lines: Sequence[bytes], kind: str) -> list[bytes]:
    """Look-ups of these records, by somebody who does not know the holder."""
    made = []
    for line in lines:
        record = json.loads(line)
        named = {"identifier": record["identifier"]}
        if kind == "number":
            named = {"number": record["number"], "type": record["identifier"].split(".")[5]}
        made.append(post("/v1/lookups", json.dumps({**named, "holder": "某某某"}).encode()))
    return made


async def timed(
    service: Service, there: Sequence[bytes], absent: Sequence[bytes], chance: random.Random
) -> tuple[list[float], list[float], set[tuple[int, bytes]]]:
    """Seconds of each, and every answer there was, without its times."""
    asked = [(True, body) for body in there] + [(False, body) for body in absent]
    chance.shuffle(asked)
    took: dict[bool, list[float]] = {True: [], False: []}
    answers = set[tuple[int, bytes]]()
    connection = await connect(service.port)
    for _, body in asked[:200]:
        await connection.ask(body)  # what is made once is not measured
    for is_there, body in asked:
        begun = time.perf_counter()
        status, answer = await connection.ask(body)
        took[is_there].append(time.perf_counter() - begun)
        answers.add((status, _TIMES.sub(b"", answer)))
    connection.close()
    return took[True], took[False], answers


def main(arguments: Sequence[str]) -> int:
    pairs = int(arguments[0]) if arguments else PAIRS
    chance, lines, held = random.Random(11), list[str](), True
    with stage() as place:
        who = pusher(place)
        service = place.service([ZHENGYAN, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false")
        service.start("/livez")
        try:
            known = rows(who, "A", pairs)
            over_http(service, who, "A", known)
            for kind in KINDS:
                there, absent = bodies(known, kind), bodies(rows(who, "B", pairs), kind)
                ones, others, answers = asyncio.run(timed(service, there, absent, chance))
                more = SLOWER * percentile(others, 50)
                area, twin = auc(ones, others), auc([took + more for took in ones], others)
                same = len(answers) == 1 and next(iter(answers))[0] == 200
                held &= same and area <= AIM < twin
                lines.append(
                    f"| by {kind} | {pairs} | {'the same' if same else f'{len(answers)} kinds'} "
                    f"| **{area:.3f}** | {twin:.3f} |"
                )
                print(lines[-1], flush=True)
        finally:
            service.stop()
    body = (
        f"{page.ran('python -m proof apart')}\n\n"
        "Numbers on record and numbers nobody has, asked about with a wrong holder, mixed by lot. "
        "AUC: how well the time of an answer tells which it is; 0.5 is chance. The twin adds "
        f"{SLOWER:.0%} of the median to every answer of one side, and has to be told.\n\n"
        "| look-up | pairs | status and body | AUC | of the twin |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
        + f"\n\nAim: at most {AIM}: {'held' if held else '**missed**'}."
    )
    print(body)
    if pairs >= PAIRS:
        page.write_section("apart", "Records on file and not", body)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
