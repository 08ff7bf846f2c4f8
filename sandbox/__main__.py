"""Command line of the sandbox: `python -m sandbox make|serve`."""

import argparse
import asyncio
import contextlib
import signal
import sys
from datetime import date
from pathlib import Path

from sandbox import day, list_command
from sandbox.nodes import Nodes
from sandbox.output import write_world
from sandbox.serve import Servers, serve
from sandbox.world import World

ABOUT = """\
Fictional issuers of electronic licenses (虚构的证照颁发机构), for trying and testing a verifier.

One seed and one day make one world, the same bytes on every machine: four issuers with keys in
SM2, P-256, Ed25519 and RSA-PSS, two delegates, and 480 licenses in every state of their lives.
"""
FILES = """\
files in --out:
  registration.json  issuers, keys, delegations, license types, endpoints: what a node must know
  licenses.json      every license with its scenario and state; licenses/*.jws are the tokens
  copies/*.jws       annotated copies (加注件)
  samples.json       samples with the verdict each must get; samples/*.jws
  samples-ofd.json   the same for sealed files; samples/*.ofd
  documents.json     a contract, a proof and an invoice, and who sealed them; documents/*
  authorities.json   anchors, intermediates and revocation lists: whom to trust for seals
  pki/               roots, authorities of signers and makers, their lists: .cer, .crl, PEM

examples:
  python -m sandbox make --out yunhai
  python -m sandbox serve --port 8100 --out yunhai --node-keys node.json
  curl -X POST localhost:8100/_sandbox/behaviour -d '{"name": "delay", "args": {"seconds": 2}}'
  curl localhost:8100/_sandbox/behaviours      # every behaviour with what it does
  curl localhost:8100/_sandbox/calls           # what was asked, by identifier
"""


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="python -m sandbox",
        description=ABOUT,
        epilog=FILES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write the world's files, serve nothing")
    run = commands.add_parser("serve", help="write the files and serve every issuer until Ctrl-C")
    for command in (make, run):
        command.add_argument("--seed", type=int, default=1, help="which world (1)")
        command.add_argument("--out", type=Path, required=True, help="folder for the files")
        command.add_argument(
            "--today",
            type=date.fromisoformat,
            help="the day the world is made for, YYYY-MM-DD (make: that of the issuers running on "
            f"--port; else {day.SETTING}, else today in Beijing)",
        )
        command.add_argument(
            "--port", type=int, default=8100, help="port of the first issuer, then +1, … (8100)"
        )
    run.add_argument(
        "--node-keys",
        metavar="FILE|URL",
        help='who may ask: {"node": id, "keys": [JWK]}; read again when an unknown key asks, so '
        "the file may come later; a URL must be http on this machine. More can be registered by "
        "POST /_sandbox/nodes",
    )
    run.add_argument(
        "--any-node",
        action="store_true",
        help="answer whoever asks without checking its signature; for demonstrations only",
    )
    lists = commands.add_parser("lists", help="serve a demonstration trust list until Ctrl-C")
    list_command.add_options(lists)
    return whole


def main() -> int:
    args = parser().parse_args()
    try:
        if args.command == "lists":
            asyncio.run(list_command.run(args))
            return 0
        if args.command == "make":
            world = World(args.seed, args.today or day.day_of_running(args.seed, args.port))
            ports = {body.code: args.port + i for i, body in enumerate(world.answering)}
            endpoints = {code: f"http://127.0.0.1:{port}/ivp/v1" for code, port in ports.items()}
            count = write_world(world, args.out, endpoints)
            print(f"sandbox: {count} licenses of seed {args.seed} written to {args.out}")
            return 0
        world = World(args.seed, args.today)
        with contextlib.suppress(KeyboardInterrupt):
            nodes = Nodes(args.node_keys, anyone=args.any_node)
            asyncio.run(_serve(world, args.port, args.out, nodes))
    except ValueError as exc:  # a setting
        print(f"sandbox: {exc}", file=sys.stderr)
        return 1
    except OSError as exc:
        print(f"sandbox: {exc}; try another --port or --out", file=sys.stderr)
        return 1
    return 0


async def _serve(world: World, port: int, out: Path, nodes: Nodes) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, stop.set)
    async with serve(world, port, nodes=nodes) as servers:
        count = await asyncio.to_thread(write_world, world, out, servers.endpoints)
        servers.register_samples()
        _say(servers, out, count)
        await stop.wait()
    print("sandbox stopped", flush=True)


def _say(servers: Servers, out: Path, count: int) -> None:
    for server in servers:
        print(f"  {server.endpoint}  {server.name:12} {server.office.body.title}")
    print(f"  {count} licenses, registration and samples in {out}")
    print("sandbox ready", flush=True)


if __name__ == "__main__":
    sys.exit(main())
