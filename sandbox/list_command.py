"""`python -m sandbox lists`: a demonstration trust list of 云海省, written and served."""

import argparse
import asyncio
import json
import signal
from datetime import timedelta
from pathlib import Path

from sandbox.bodies import moment
from sandbox.day import utc_now
from sandbox.licenses import Outcome
from sandbox.list_server import ACTS, ListServer, serve_lists
from sandbox.seal_register import registered_seals
from sandbox.trustlist import ATTACKS, Publisher, seal_ended
from sandbox.world import World

STATUS = {Outcome.SUSPENDED: "frozen", Outcome.ENDED: "cancelled"}
"""What a list calls it."""
ENDPOINT = "http://127.0.0.1:{}/ivp/v1"


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=1, help="which world (1)")
    command.add_argument("--out", type=Path, required=True, help="folder for the files")
    command.add_argument("--port", type=int, default=8190, help="port of the list server (8190)")
    command.add_argument(
        "--issuers", type=int, default=8100, help="port of the first issuer of `serve` (8100)"
    )
    command.add_argument(
        "--attack",
        choices=(*ATTACKS, *(act for act in ACTS if act != "honest")),
        help="serve this in place of the honest lists, once they were fetched",
    )


def publisher_of(world: World, issuers: int) -> Publisher:
    """Two lists, of yesterday and of today; signed by two of three keys. The second names the seals
    that ended.
    """
    now = utc_now().replace(microsecond=0)
    ports = {body.code: issuers + i for i, body in enumerate(world.answering)}
    endpoints = {code: ENDPOINT.format(port) for code, port in ports.items()}
    made = Publisher(world, now, endpoints=endpoints)
    made.publish(at=now - timedelta(days=1))
    ended = (
        seal_ended(seal, STATUS[known.outcome], moment(known.since, 0))
        for seal, known in registered_seals(world).items()
        if known.since is not None
    )
    made.publish(*ended, at=now - timedelta(seconds=1))
    return made


def write(publisher: Publisher, out: Path) -> None:
    """signers.json, what a follower pins, and every list. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "signers.json").write_text(json.dumps(publisher.pinned(), indent=1) + "\n")
    (out / "trust-list.json").write_bytes(publisher.latest.raw)
    for name, raw in publisher.files().items():
        (out / name).write_bytes(raw)


async def run(args: argparse.Namespace) -> None:
    """Until Ctrl-C. Raises OSError for a port or folder that cannot be had."""
    publisher = publisher_of(World(args.seed), args.issuers)
    await asyncio.to_thread(write, publisher, args.out)
    stop = asyncio.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    async with serve_lists(args.port) as server:
        server.files = publisher.files()
        print(f"  {server.url}  {publisher.name} #{len(publisher.lists)}")
        print(f"  pin {args.out / 'signers.json'}")
        if args.attack:
            print("  honest until first fetched, then: " + args.attack)
            server.after = lambda: _attack(server, publisher, args.attack)
        print("lists ready", flush=True)
        await stop.wait()
    print("lists stopped", flush=True)


def _attack(server: ListServer, publisher: Publisher, name: str) -> None:
    if name in ATTACKS:
        server.files = ATTACKS[name].files(publisher)
    else:
        server.act = name
