"""`zhengyan ocsp …`: what responders said of single certificates (在线证书状态)."""

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from app.cli.desk import content_of, read, show, written
from app.composition import database, now, revocation_fetcher
from app.config import settings
from app.crypto.certificates import is_issued_by
from app.crypto.ocsp_request import request_path
from app.domain.certificate import Certificate
from app.domain.errors import Refused
from app.domain.trust import Authorities
from app.federation.egress import ForbiddenAddress, destination
from app.registry import ocsp_responses, revocation_sources
from app.registry.authorities import certificate_of
from app.registry.ocsp_responses import OcspEntry
from app.registry.sessions import WriteSession
from app.services.ocsp_keeping import certificates, judged

ocsp = typer.Typer(
    no_args_is_help=True,
    help="OCSP responses (在线证书状态) about single certificates, beside revocation lists.",
)
_FINGERPRINT = 16


@ocsp.command("add")
def ocsp_add(
    files: Annotated[list[Path], typer.Argument(help="OCSP responses, DER.")],
) -> None:
    """Import OCSP responses: of a registered authority, about one certificate, and fresh. Whether
    one counts is judged at every use.
    """
    known = _known()
    for file in files:
        found = judged(content_of(file), known, now())
        if not isinstance(found, OcspEntry):
            outcome, detail = found
            raise Refused("files", f"{file.name}: {outcome} {detail}".rstrip())
        kept = written("ocsp add", partial(_keep, found))
        said = (
            "added" if kept is True else "already there" if kept is False else "a younger is held"
        )
        typer.echo(f"{file.name}: {said}")


async def _keep(entry: OcspEntry, session: WriteSession) -> datetime | bool:
    return await ocsp_responses.keep(session, entry)


@ocsp.command("list")
def ocsp_list() -> None:
    """What is held, by certificate, the youngest first."""
    show(
        (
            "sha256",
            "authority 机构",
            "serial 序列号",
            "says 状态",
            "this update 本次",
            "next update 下次",
        ),
        (
            (
                each.sha256,
                each.authority[:_FINGERPRINT],
                each.serial,
                "revoked" if each.revoked else "good",
                f"{each.this_update:%Y-%m-%d %H:%M}",
                f"{each.next_update:%Y-%m-%d %H:%M}" if each.next_update else "–",
            )
            for each in read(ocsp_responses.list_responses)
        ),
    )


@ocsp.command("remove")
def ocsp_remove(
    sha256: Annotated[str, typer.Argument(help="As `ocsp list` shows it.")],
) -> None:
    """Hold a response no longer: the only way a revocation it told of is forgotten."""
    written(f"ocsp remove {sha256}", lambda s: ocsp_responses.remove(s, sha256.lower()))
    typer.echo(f"{sha256}: removed")


@ocsp.command("follow")
def ocsp_follow(
    url: Annotated[str, typer.Argument(help="The responder, https (http: opened networks).")],
    certificate: Annotated[Path, typer.Argument(help="The certificate to ask about, DER or PEM.")],
    network: Annotated[
        list[str] | None,
        typer.Option(help="A private network this source may lie in, CIDR; repeatable."),
    ] = None,
) -> None:
    """Ask a responder about one certificate every hour; `crl sources`, `crl fetch` and `crl
    unfollow` are for these sources too. The URL is the operator's: none in a certificate is asked.
    """
    subject = certificate_of("certificate", content_of(certificate))
    source = f"{url.rstrip('/')}/{request_path(subject, _issuer(subject))}"
    opened = tuple(network or ())
    try:
        destination(source, opened)
    except ForbiddenAddress as exc:
        raise Refused("url", f"is not asked: {exc.rule}") from None
    change = written(f"ocsp follow {url}", lambda s: revocation_sources.follow(s, source, opened))
    typer.echo(f"{source}: {change.value}")


def _issuer(subject: Certificate) -> Certificate:
    found = next((a for a in certificates(_known()) if is_issued_by(subject, a)), None)
    if found is None:
        raise Refused("certificate", "is of no registered authority: see `zhengyan anchor list`")
    return found


def _known() -> Authorities:
    """Registered here and by followed lists."""

    async def look() -> Authorities:
        config = settings()
        async with database(config) as opened:
            return await revocation_fetcher(config, opened, caller="command-line").known()

    return asyncio.run(look())
