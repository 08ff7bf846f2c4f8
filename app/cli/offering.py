"""`zhengyan issuer certificate|retrieval …`: what is shown to issuers that want to know us, and who
of them gives documents (调阅).
"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.cli.desk import (
    content_of,
    show,
    written,
)
from app.composition import clients, database, now
from app.config import settings
from app.domain.retrieval import Offer
from app.federation.clients import Client
from app.registry import retrievals
from app.registry.registration import issuer_code
from app.registry.retrievals import PostgresOffers
from app.registry.sessions import WriteSession
from app.reports.terminal import clean

certificate = typer.Typer(
    no_args_is_help=True,
    help="This node's own certificates for issuers that want one (双向 TLS, mutual TLS).",
)


@certificate.command("set")
def certificate_set(
    code: Annotated[str, typer.Argument(help="Code of the body it is shown to.")],
    file: Annotated[
        Path, typer.Argument(help="PEM: an unencrypted private key, and its certificate first.")
    ],
) -> None:
    """Keep a client certificate for a body's endpoints, once all is right with it."""
    owner, content, held = issuer_code("code", code), content_of(file), clients(settings())

    async def work(session: WriteSession) -> Client:
        del session
        return await asyncio.to_thread(held.save, owner, content)

    saved = written(f"issuer certificate set {code}", work)
    typer.echo(f"{owner}: sha256 {saved.version}, until {saved.ends:%Y-%m-%d}")


@certificate.command("remove")
def certificate_remove(
    code: Annotated[str, typer.Argument(help="Code of the body it was shown to.")],
) -> None:
    """Show that body none any more."""
    owner, held = issuer_code("code", code), clients(settings())

    async def work(session: WriteSession) -> bool:
        del session
        return await asyncio.to_thread(held.remove, owner)

    there = written(f"issuer certificate remove {code}", work)
    typer.echo(f"{owner}: {'removed' if there else 'there was none'}")


@certificate.command("list")
def certificate_list() -> None:
    """Whom this node shows one, until when, and which files cannot be used."""
    held = clients(settings())
    broken = held.broken()
    rows = [(code, f"{ends:%Y-%m-%d}") for code, ends in held.ends().items()]
    show(("body 机构", "until 有效期至"), [*rows, *((c, clean(why)) for c, why in broken.items())])


retrieval = typer.Typer(
    no_args_is_help=True, help="Issuers that give their documents to authorised callers (调阅)."
)


@retrieval.command("set")
def retrieval_set(
    code: Annotated[str, typer.Argument(help="Code of the issuer that offers it.")],
    url: Annotated[str, typer.Argument(help="https URL where documents are asked for.")],
    origin: Annotated[
        list[str],
        typer.Option(help="Where its links may lead, as https://files.example; repeatable."),
    ],
    network: Annotated[
        list[str] | None,
        typer.Option(help="Network they may lie in though not public, like 10.1.0.0/16."),
    ] = None,
) -> None:
    """Register that an issuer offers its documents, and to which hosts its links may lead."""
    offer = retrievals.offer_of(issuer_code("code", code), url, origin, networks=network or ())
    change = written(f"issuer retrieval set {code}", lambda s: retrievals.put_offer(s, offer))
    typer.echo(f"{code}: {change.value}")


@retrieval.command("remove")
def retrieval_remove(
    code: Annotated[str, typer.Argument(help="Code of the issuer that offered it.")],
) -> None:
    """It is asked for no documents any more."""
    owner = issuer_code("code", code)
    what = f"issuer retrieval remove {code}"
    there = written(what, lambda s: retrievals.drop_offer(s, owner))
    typer.echo(f"{owner}: {'removed' if there else 'there was none'}")


@retrieval.command("list")
def retrieval_list() -> None:
    """Who offers its documents, where, where links may lead, and by whose word."""

    async def run() -> list[tuple[str, Offer]]:
        async with database(settings()) as opened:
            return await PostgresOffers(opened, now).every()

    show(
        ("body 机构", "address 地址", "links 链接可至", "by 依据"),
        ((o.issuer, o.url, ", ".join(o.origins), clean(by)) for by, o in asyncio.run(run())),
    )
