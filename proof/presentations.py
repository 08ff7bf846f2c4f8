"""Offer one code a thousand times at once to two services: it is accepted once.

    python -m proof.presentations [OFFERS] [CODES]

Two processes of `zhengyan serve` on one database, with one folder of keys. A code (亮证码) for a
genuine license is given out by one of them and offered by OFFERS requests at once, half to each;
then another code, CODES times. Of each exactly one request has the verdict; every other is told
that the code was used, or is turned away unheard because too many wait. Each verdict is kept once.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final

import asyncpg
import httpx

from bench.materials import world
from bench.stage import ZHENGYAN, Service, Stage, stage
from proof.parts import page
from sandbox.serve import serve_in_thread

OFFERS: Final = 1_000
CODES: Final = 5
PURPOSE: Final = "counter"
GOOD: Final = "valid"
CUT: Final = "no answer"
"""The machine did not carry the connection."""
UNHEARD: Final = frozenset({"/problems/busy", "/problems/timeout", "/problems/unavailable", CUT})
"""Not let as far as the code: too many wait, or a body did not come in time."""
USED: Final = "/problems/presentation-used"


def accounts(place: Stage) -> dict[str, str]:
    """API keys: of a phone's backend, and of whoever scans."""
    keys = dict[str, str]()
    _run(place, "caller", "tenant", "city", "--name", "样例市", "--region", "630000")
    for who, scopes in (("phone", ("license:present",)), ("desk", ("verify:token",))):
        given = [part for scope in scopes for part in ("--scope", scope)]
        limits = ("--purpose", PURPOSE, "--per-minute", "1000000")
        _run(place, "caller", "add", who, "--tenant", "city", *given, *limits)
        found = re.search(r"zy_\w+", _run(place, "caller", "key", who))
        if found is None:
            raise SystemExit("no key")
        keys[who] = found[0]
    return keys


def _run(place: Stage, *arguments: str) -> str:
    done = subprocess.run(
        [ZHENGYAN, *arguments], env=dict(place.env), check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"zhengyan {' '.join(arguments)}: {done.stderr}")
    return done.stdout


async def code_of(client: httpx.AsyncClient, service: Service, key: str, token: str) -> str:
    """A new one, for a minute."""
    answer = await client.post(
        f"http://127.0.0.1:{service.port}/v1/presentations",
        json={"token": token, "audience": "public", "purpose": PURPOSE, "seconds": 60},
        headers={"Authorization": f"Bearer {key}"},
    )
    answer.raise_for_status()
    return str(answer.json()["code"])


async def offered(services: Sequence[Service], keys: dict[str, str], offers: int) -> Counter[str]:
    """One code, all at once; what came, and how often."""
    made = world()
    token = made.token(made.of("traffic", "in_force")[0]).decode()
    limits = httpx.Limits(max_connections=offers)
    async with httpx.AsyncClient(trust_env=False, timeout=300, limits=limits) as client:
        code = await code_of(client, services[0], keys["phone"], token)

        async def one(n: int) -> str:
            try:
                answer = await asked(n)
            except httpx.TransportError:
                return CUT
            told = answer.json()
            return str(told["report"]["conclusion"] if answer.is_success else told["type"])

        async def asked(n: int) -> httpx.Response:
            return await client.post(
                f"http://127.0.0.1:{services[n % len(services)].port}/v1/presentations:verify",
                json={"code": code, "purpose": PURPOSE},
                headers={"Authorization": f"Bearer {keys['desk']}"},
            )

        return Counter(await asyncio.gather(*map(one, range(offers))))


async def verdicts(place: Stage) -> int:
    """Kept, all in all."""
    connection = await asyncpg.connect(place.env["DATABASE_URL"].replace("+asyncpg", ""))
    try:
        return int(await connection.fetchval("SELECT count(*) FROM verification"))
    finally:
        await connection.close()


def main(arguments: Sequence[str]) -> int:
    offers, codes = (*map(int, arguments), *(OFFERS, CODES)[len(arguments) :])
    told, held = list[Counter[str]](), True
    with serve_in_thread(world(), anyone=True) as servers, stage(servers.endpoints) as place:
        keys = accounts(place)
        services = [
            place.service([ZHENGYAN, "serve", "--port", "{port}"], ZHENGYAN_DOCS="false")
            for _ in range(2)
        ]
        try:
            for service in services:
                service.start("/livez")
            for _ in range(codes):
                told.append(asyncio.run(offered(services, keys, offers)))
                print(json.dumps(told[-1]), flush=True)
        finally:
            for service in services:
                service.stop()
        kept = asyncio.run(verdicts(place))
    for each in told:
        held &= each[GOOD] == 1 and each[USED] > 0 and each.total() == offers
        held &= set(each) <= {GOOD, USED, *UNHEARD}
    held &= kept == codes
    unheard = sum(each[name] for each in told for name in UNHEARD)
    accepted = ", ".join(str(each[GOOD]) for each in told)
    body = (
        f"{page.ran('python -m proof presentations')}\n\n"
        f"{codes} codes, each offered {offers} times at once, to two services on one database. "
        f"**Accepted: {accepted}.** {sum(each[USED] for each in told)} were told that the code was "
        f"used, {unheard} turned away unheard; {kept} verdicts kept."
    )
    print(body)
    page.write_section("presentations", "One code, a thousand offers", body)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
