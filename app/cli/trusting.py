"""`zhengyan trust follow …|pull|show|diff|history`: whose lists this node follows, and how far."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.cli.desk import content_of, read, show, written
from app.composition import database, follower, now
from app.config import settings
from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed, Refused, Unavailable
from app.domain.trustlist import ALARMS
from app.federation.egress import ForbiddenAddress, destination
from app.registry.lists import store
from app.registry.lists.folder import MAX_PINNED
from app.registry.lists.signed import LIMITS, read_list
from app.registry.lists.store import Kept, RefusalRecord, Source, Standing
from app.registry.sessions import ReadSession, WriteSession
from app.services.following import Follower, Pulled

follow = typer.Typer(
    no_args_is_help=True,
    help="Publishers whose trust lists (信任清单) this node follows. None until one is added.",
)

_SHORT: Final = 16
"""Digits of an address that are shown."""
_TIME: Final = "%Y-%m-%d %H:%M"

Publisher = Annotated[str, typer.Argument(help="Name of the publisher.")]
AnyPublisher = Annotated[str | None, typer.Argument(help="Name of the publisher; all if absent.")]
Number = Annotated[int | None, typer.Argument(help="Number of the list; the held one if absent.")]


# ---- sources


@follow.command("add")
def follow_add(
    signers: Annotated[
        Path,
        typer.Argument(help="signers.json: publisher, keys and threshold, from the publisher."),
    ],
    url: Annotated[
        str | None,
        typer.Option(
            help="https base of latest.json and {number}.json; absent: as it is, and for a new one "
            "`trust pull --file`."
        ),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            help="CIDR opened for the list and for the endpoints it names, in place of all that "
            "are open; absent: they stay."
        ),
    ] = None,
    close: Annotated[
        bool, typer.Option("--close-networks", help="Open none for it any more.")
    ] = False,
    by_file: Annotated[
        bool, typer.Option("--by-file", help="Fetch it no more: its lists are handed in.")
    ] = False,
) -> None:
    """Follow a publisher, after those followed already; or change where it is fetched. Compare the
    key ids printed here with the publisher's own, over another channel: all trust in the list
    rests on them.
    """
    if close and network:
        raise Refused("close-networks", "and --network say different things: give one of them")
    if by_file and url:
        raise Refused("by-file", "and --url say different things: give one of them")
    pinned = store.read_pinned(_object(signers, MAX_PINNED))
    base, opened = url.rstrip("/") if url else None, () if close else network

    async def work(session: WriteSession) -> Source:
        source = await store.follow(session, pinned, url=base, networks=opened, by_file=by_file)
        if source.url is not None:
            _require_reachable(source.url, source.networks)
        return source

    source = written(f"trust follow add {pinned.publisher}", work)
    typer.echo(f"{source.publisher}: number {source.ordinal} in order")
    typer.echo(f"from {source.url or '`trust pull --file`'}")
    typer.echo(f"networks opened for it: {', '.join(source.networks) or 'none'}")
    typer.echo(f"{pinned.signers.threshold} of these keys sign:")
    for key in sorted(pinned.signers.keys, key=lambda key: key.kid):
        typer.echo(f"  {key.kid}  {key.scheme}")
    typer.echo(f"next: zhengyan trust pull {source.publisher}")


@follow.command("list")
def follow_list() -> None:
    """Followed publishers in order, with what is held of each."""

    async def work(session: ReadSession) -> tuple[list[Source], list[Standing]]:
        return await store.sources(session), await store.standing(session)

    sources, standings = read(work)
    show(
        (
            "order 次序",
            "publisher 发布者",
            "list 清单",
            "until 有效至",
            "last good 最近正常",
            "from",
        ),
        (
            (
                str(source.ordinal),
                source.publisher + (" (own 本机)" if source.own else ""),
                f"#{source.held}" if source.held else "none yet 尚无",
                _when(standing.expires_at) + (" STALE 过期" if standing.late(now()) else ""),
                _when(source.good_at),
                source.url or "–",
            )
            for source, standing in zip(sources, standings, strict=True)
        ),
    )


@follow.command("order")
def follow_order(
    publishers: Annotated[list[str], typer.Argument(help="All followed publishers, first first.")],
) -> None:
    """Say who is asked first: the first list that names an issuer, type or endpoint defines it."""
    written("trust follow order", lambda s: store.put_in_order(s, publishers))
    typer.echo(" → ".join([*publishers, "local"]))


@follow.command("remove")
def follow_remove(publisher: Publisher) -> None:
    """Stop following a publisher of whom no list was ever accepted."""
    written(f"trust follow remove {publisher}", lambda s: store.unfollow(s, publisher))
    typer.echo(f"{publisher}: not followed any more")


# ---- lists


def pull(
    publisher: AnyPublisher = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(
            help="A list that came another way, in place of the network. Repeatable: lists that "
            "were missed, in order."
        ),
    ] = None,
) -> None:
    """Fetch what is new now, and accept it or say why not. Exit code 1: something was refused."""
    done: list[Pulled | None] = asyncio.run(_pull(publisher, file))
    for each in done:
        if each is not None:
            typer.echo(_told(each))
    if any(each is None or each.refusal for each in done):
        raise typer.Exit(1)


async def _pull(publisher: str | None, files: list[Path] | None) -> list[Pulled | None]:
    if files and publisher is None:
        raise Refused("publisher", "say whose list the file is")
    config = settings()
    async with database(config) as opened:
        following = follower(config, opened, caller="command-line")
        if files and publisher is not None:
            return [await following.hand_in(publisher, *map(content_of, files))]
        if publisher is not None:
            return [await following.pull(publisher)]
        async with opened.reading() as session:
            followed = [s.publisher for s in await store.sources(session) if s.url is not None]
        if not followed:
            raise Refused("publisher", "none is followed: see `zhengyan trust follow add`")
        return [await _pulled(following, each) for each in followed]


async def _pulled(following: Follower, publisher: str) -> Pulled | None:
    """One that cannot be pulled keeps none of the others."""
    try:
        return await following.pull(publisher)
    except (Refused, Unavailable) as exc:
        typer.echo(f"{publisher}: not pulled: {exc}", err=True)
        return None


def _told(done: Pulled) -> str:
    held = f"#{done.held.number}" if done.held.number else "no list"
    new = f", accepted {', '.join(f'#{n}' for n in done.accepted)}" if done.accepted else ""
    line = f"{done.publisher}: holds {held}{new}"
    if done.refusal is None:
        return line if new else f"{line}, nothing new"
    alarm = "ALARM: " if done.refusal in ALARMS else ""
    return f"{line}; {alarm}refused: {done.refusal} {done.detail}".rstrip()


def show_list(publisher: Publisher, number: Number = None) -> None:
    """The payload of a list, as JSON; its address, age and signers on standard error."""
    raw, kept = read(lambda s: _list(s, publisher, number))
    held = read_list(raw)
    age = now() - kept.accepted_at
    typer.echo(f"{publisher}#{kept.number} {kept.address}", err=True)
    typer.echo(f"accepted {_when(kept.accepted_at)} UTC, {_span(age)} ago", err=True)
    typer.echo(f"expires {_when(kept.expires_at)} UTC", err=True)
    typer.echo(f"signed by {', '.join(sorted(entry.kid for entry in held.entries))}", err=True)
    typer.echo(json.dumps(json.loads(held.payload), ensure_ascii=False, indent=2))


def history(publisher: Publisher) -> None:
    """Every list that was accepted, and everything that was refused."""

    async def work(session: ReadSession) -> tuple[list[Kept], list[RefusalRecord]]:
        await store.source_of(session, publisher)
        return await store.history(session, publisher), await store.refusals(session, publisher)

    kept, refused = read(work)
    show(
        ("number 编号", "address 地址", "issued 签发", "expires 有效至", "accepted 接受"),
        (
            (
                f"#{k.number}",
                k.address[:_SHORT],
                _when(k.issued_at),
                _when(k.expires_at),
                _when(k.accepted_at),
            )
            for k in kept
        ),
    )
    if refused:
        show(
            (
                "refused 拒绝",
                "number",
                "address",
                "first 首次",
                "last 最近",
                "times 次数",
                "detail",
            ),
            (
                (
                    r.refusal.value,
                    f"#{r.number}" if r.number else "–",
                    r.address[:_SHORT] or "–",
                    _when(r.first_at),
                    _when(r.last_at),
                    str(r.times),
                    r.detail,
                )
                for r in refused
            ),
        )


def diff(
    publisher: Publisher,
    before: Annotated[int | None, typer.Argument(help="Number; the one before `after`.")] = None,
    after: Annotated[int | None, typer.Argument(help="Number; the held one.")] = None,
) -> None:
    """What one list says that another does not: `-` before, `+` after."""
    raw, kept = read(lambda s: _list(s, publisher, after))
    old, older = read(lambda s: _list(s, publisher, before or kept.number - 1))
    typer.echo(f"{publisher}#{older.number} → #{kept.number}")
    for line in differences(_payload(old), _payload(raw)):
        typer.echo(line)


async def _list(session: ReadSession, publisher: str, number: int | None) -> tuple[bytes, Kept]:
    """Raises `Refused` where there is no such list."""
    source = await store.source_of(session, publisher)
    wanted = number or source.held
    kept = next((k for k in await store.history(session, publisher) if k.number == wanted), None)
    raw = await store.raw_of(session, publisher, wanted)
    if kept is None or raw is None:
        raise Refused("number", f"no list #{wanted} of {publisher} was accepted here")
    return raw, kept


def _payload(raw: bytes) -> dict[str, Any]:
    return read_json_object(read_list(raw).payload, LIMITS)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Line by line: entries by their own names, whole where they are new or gone."""
    old, new = dict(_entries(before)), dict(_entries(after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            if name in old:
                yield f"- {name} {_compact(old[name])}"
            if name in new:
                yield f"+ {name} {_compact(new[name])}"


_NAMES: Final = ("code", "kid", "id", "certificate", "host", "name", "from", "authority")


def _entries(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf under a place that does not move when entries are put in another order."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _entries(inner, f"{place}.{name}" if place else name)
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for index, each in enumerate(value):
            own = next((str(each[name]) for name in _NAMES if name in each), str(index))
            more = f"→{each['to']}" if "to" in each else ""
            yield from _entries(each, f"{place}[{own[: _SHORT + 8]}{more}]")
    else:
        yield place, value


def _compact(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    most = 120
    return text if len(text) <= most else f"{text[:most]}…"


def _object(path: Path, most: int) -> dict[str, object]:
    try:
        return read_json_object(content_of(path), JsonLimits(size=most))
    except Malformed as broken:
        raise Refused("signers", f"{path}: {broken}") from None


def _require_reachable(url: str, networks: tuple[str, ...]) -> None:
    try:
        destination(f"{url}/latest.json", networks)
    except ForbiddenAddress as forbidden:
        raise Refused("url", f"{forbidden.rule}: open its network with --network") from None


def _when(at: Any) -> str:
    return "–" if at is None else f"{at:{_TIME}}"


def _span(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"  # noqa: PLR2004
