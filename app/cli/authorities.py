"""`zhengyan anchor|crl …`: which certification authorities are trusted, and what they revoked."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.desk import content_of, read, show, time_of, window_of, written
from app.composition import database, now, revocation_fetcher
from app.config import settings
from app.domain.certificate import Anchor, Purpose
from app.domain.errors import Refused
from app.federation.egress import ForbiddenAddress, destination
from app.registry import authorities, revocation_sources
from app.registry.sessions import WriteSession
from app.registry.snapshot import read_document
from app.services.outcomes import GOOD
from app.services.revoking import Done

anchor = typer.Typer(
    no_args_is_help=True,
    help="Trust anchors (信任锚): authorities whose seals count. None is trusted until added.",
)
crl = typer.Typer(no_args_is_help=True, help="Revocation lists (证书撤销列表) of authorities.")

_FINGERPRINT = 16
"""Digits of a list's fingerprint that are shown: enough to tell lists apart."""
_DIRECTORIES: Final = frozenset({"ldap", "ldaps", "ldapi"})
"""Where many authorities publish their lists, and what is not spoken here."""


@anchor.command("import")
def anchor_import(
    file: Annotated[Path, typer.Argument(help="A document with the member `authorities` (JSON).")],
) -> None:
    """Register anchors, intermediates and revocation lists from one document. Repeatable."""
    entry = authorities.read_authorities(read_document(file))
    changes = written("anchor import", lambda s: authorities.put_authorities(s, entry))
    typer.echo(
        f"registered: {changes.added} added, {changes.changed} changed, "
        f"{changes.unchanged} unchanged"
    )


@anchor.command("add")
def anchor_add(
    file: Annotated[
        Path,
        typer.Argument(help="The authority's certificate (or one seal maker's own), DER or PEM."),
    ],
    purpose: Annotated[
        list[Purpose],
        typer.Option(
            help="What it is trusted for; repeatable. license-seal: certifies who seals licenses. "
            "seal-maker: certifies seal makers and nobody else, or is one maker's certificate. "
            "tsa: certifies timestamp services."
        ),
    ],
    since: Annotated[str | None, typer.Option(help="From when, RFC 3339; now if absent.")] = None,
    until: Annotated[str | None, typer.Option(help="Until when; open if absent.")] = None,
    region: Annotated[
        str | None,
        typer.Option(
            help="Region code, six digits (GB/T 2260): bodies registered elsewhere are not vouched "
            "for; any if absent."
        ),
    ] = None,
    egov_ca: Annotated[
        bool | None,
        typer.Option(
            "--egov/--no-egov",
            help="Whether it is an e-government authority; unknown if absent. One that is none "
            "vouches for no license seal.",
        ),
    ] = None,
    organisation_verified: Annotated[
        bool,
        typer.Option(
            "--organisation-verified",
            help="It verifies the organisation codes it writes into O (its practice statement says "
            "so). Otherwise only a code in the extensions of GB/T 20518 says who sealed.",
        ),
    ] = False,
) -> None:
    """Trust an authority for a purpose. Compare its fingerprint over another channel first."""
    certificate = authorities.certificate_of("file", content_of(file))
    window = window_of(since, until)
    entry = authorities.anchor_of(
        certificate,
        purposes=frozenset(purpose),
        since=window.since,
        until=window.until,
        region=region,
        egov_ca=egov_ca,
        organisation_verified=organisation_verified,
    )

    async def work(session: WriteSession) -> str:
        held = authorities.AuthoritiesEntry(anchors=(entry,))
        changes = await authorities.put_authorities(session, held)
        return "added" if changes.added else "changed" if changes.changed else "unchanged"

    typer.echo(
        f"sha256 {certificate.sha256}\nsm3    {certificate.sm3}\n{written('anchor add', work)}"
    )


@anchor.command("list")
def anchor_list() -> None:
    """Registered anchors, with purposes and time."""
    found: list[Anchor] = read(authorities.list_anchors)
    show(
        ("sha256", "purposes 用途", "region 区划", "since 自", "until 至", "e-gov 电子政务", "O"),
        (
            (
                a.fingerprint,
                ", ".join(sorted(a.purposes)),
                a.region or "–",
                f"{a.since:%Y-%m-%d}",
                f"{a.until:%Y-%m-%d}" if a.until else "–",
                {True: "yes 是", False: "no 否", None: "unknown 未知"}[a.egov_ca],
                "verified 已核" if a.organisation_verified else "–",
            )
            for a in found
        ),
    )


@anchor.command("revoke")
def anchor_revoke(
    fingerprint: Annotated[str, typer.Argument(help="SHA-256 of the certificate, hexadecimal.")],
    at: Annotated[str | None, typer.Option(help="From when it is no longer trusted; now.")] = None,
) -> None:
    """Stop trusting an authority from a time on. No import takes that back."""
    moment = time_of("at", at) if at else now()
    change = written(
        f"anchor revoke {fingerprint}",
        lambda s: authorities.end_anchor(s, fingerprint.lower(), moment),
    )
    typer.echo(f"{fingerprint}: {change.value}")


@anchor.command("restore")
def anchor_restore(
    fingerprint: Annotated[str, typer.Argument(help="SHA-256 of the certificate, hexadecimal.")],
    until: Annotated[str | None, typer.Option(help="The later end; open if absent.")] = None,
) -> None:
    """Trust an authority again after `anchor revoke`: the only command that does."""
    moment = time_of("until", until) if until else None
    change = written(
        f"anchor restore {fingerprint}",
        lambda s: authorities.restore_anchor(s, fingerprint.lower(), moment),
    )
    typer.echo(f"{fingerprint}: {change.value}")


@crl.command("add")
def crl_add(
    files: Annotated[list[Path], typer.Argument(help="Revocation lists, DER or PEM.")],
) -> None:
    """Import revocation lists. Whether one counts is judged at every use: who signed it, how old
    it is, what it covers.
    """
    lists = tuple(authorities.list_of(str(file), content_of(file)) for file in files)
    changes = written(
        "crl add",
        lambda s: authorities.put_authorities(s, authorities.AuthoritiesEntry(lists=lists)),
    )
    typer.echo(f"{changes.added} added, {changes.unchanged} already there")


@crl.command("list")
def crl_list() -> None:
    """Imported lists, youngest first."""
    show(
        ("sha256", "this update 本次", "next update 下次", "number", "revoked 条目"),
        (
            (
                c.sha256[:_FINGERPRINT],
                f"{c.this_update:%Y-%m-%d %H:%M}",
                f"{c.next_update:%Y-%m-%d %H:%M}" if c.next_update else "–",
                str(c.number if c.number is not None else "–"),
                str(len(c.entries)),
            )
            for c in read(authorities.list_crls)
        ),
    )


@crl.command("follow")
def crl_follow(
    url: Annotated[str, typer.Argument(help="Where the list is, https (http: opened networks).")],
    network: Annotated[
        list[str] | None,
        typer.Option(help="A private network this source may lie in, CIDR; repeatable."),
    ] = None,
) -> None:
    """Fetch a revocation list every hour. Only lists signed by registered authorities are kept."""
    if url.partition("://")[0].lower() in _DIRECTORIES:
        raise Refused(
            "url",
            "directories (LDAP) are not fetched: export the list and import it by `crl add`, or "
            "name its mirror over https",
        )
    opened = tuple(network or ())
    try:
        destination(url, opened)
    except ForbiddenAddress as exc:
        raise Refused("url", f"is not fetched: {exc.rule}") from None
    change = written(f"crl follow {url}", lambda s: revocation_sources.follow(s, url, opened))
    typer.echo(f"{url}: {change.value}")


@crl.command("unfollow")
def crl_unfollow(
    url: Annotated[str, typer.Argument(help="As `crl sources` shows it.")],
) -> None:
    """Fetch no more from there. What was fetched stays."""
    written(f"crl unfollow {url}", lambda s: revocation_sources.unfollow(s, url))
    typer.echo(f"{url}: not followed any more")


@crl.command("sources")
def crl_sources() -> None:
    """Where lists are fetched from, when one that counts was there last, and why none came."""
    show(
        ("url", "fetched 取用", "good 有效", "failure 失败原因"),
        (
            (s.url, _when(s.checked_at), _when(s.good_at), s.failure or "–")
            for s in read(revocation_sources.sources)
        ),
    )


@crl.command("fetch")
def crl_fetch() -> None:
    """Fetch what is followed now. Exit code 1: a source brought no list that counts."""
    done = asyncio.run(_fetched())
    for each in done:
        typer.echo(f"{each.url}: {each.outcome} {each.detail}".rstrip())
    if any(each.outcome not in GOOD for each in done):
        raise typer.Exit(1)


async def _fetched() -> list[Done]:
    config = settings()
    async with database(config) as opened:
        fetcher = revocation_fetcher(config, opened, caller="command-line")
        async with opened.reading() as session:
            known = await revocation_sources.sources(session)
        if not known:
            raise Refused("url", "none is followed: see `zhengyan crl follow`")
        return [await fetcher.fetch(source) for source in known]


def _when(at: datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M}"
