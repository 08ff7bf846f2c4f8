"""`zhengyan trust learn`: what a license needs to be trusted, as a draft for people to judge."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.desk import content_of
from app.cli.drafts import (
    DRAFT,
    Lang,
    Why,
    write_json,
    written_lines,
)
from app.cli.making import propose_changes
from app.composition import database, now
from app.config import settings
from app.crypto.digests import digest
from app.domain.certificate import Certificate, Crl
from app.domain.errors import Malformed, Refused
from app.domain.license import ParsedLicense
from app.domain.scheme import Digest
from app.domain.trust import Trust, TrustQuestion
from app.domain.verification import Digests
from app.formats import detect
from app.registry import authorities
from app.registry.making import publishing
from app.registry.making.changes import Change, apply
from app.registry.mapping import NOTHING
from app.registry.trust import PostgresRegistry
from app.services.learned import Learned
from app.services.learned_words import lines
from app.services.learning import learn
from app.services.verify import question_of


def trust_learn(
    files: Annotated[list[Path], typer.Argument(help="Sealed license files, of one authority.")],
    *,
    issuer_certificate: Annotated[
        list[Path] | None,
        typer.Option(help="Certificate of an authority, DER or PEM, got from itself; repeatable."),
    ] = None,
    crl: Annotated[
        list[Path] | None, typer.Option(help="Its revocation list, DER or PEM; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the draft goes (JSON).")] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Propose the draft; needs --as and --key.")
    ] = False,
    by: Annotated[str | None, typer.Option("--as", help="Who you are.")] = None,
    key: Annotated[Path | None, typer.Option(help="Your private key.")] = None,
    note: Why = "",
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = Lang.ZH,
) -> None:
    """Show what a document claims and draft entries for it. Nothing is trusted for that."""
    if propose and (by is None or key is None):
        raise Refused("as", "who proposes? Give --as NAME --key FILE")
    certificates = [
        authorities.certificate_of("issuer-certificate", content_of(each))
        for each in issuer_certificate or ()
    ]
    lists = [authorities.list_of("crl", content_of(each)) for each in crl or ()]
    drafted = asyncio.run(_learn(files, certificates, lists, lang))
    if out is not None:
        write_json(out, {"format": DRAFT, "changes": [change.payload() for change in drafted]})
    if propose and by is not None and key is not None:
        if not drafted:
            raise Refused("draft", "there is nothing to propose")
        propose_changes(drafted, by, key, note or f"learned from {len(files)} file(s)")


async def _learn(
    files: list[Path], certificates: list[Certificate], lists: list[Crl], lang: Lang
) -> tuple[Change, ...]:
    """Each file in turn, so that the second does not draft what the first did."""
    drafted: tuple[Change, ...] = ()
    for file in files:
        license, question = await asyncio.to_thread(_read_license, file)
        known, held = await _known(question)
        sections = apply(held, drafted, place="draft")
        found = learn(
            license, question, known, sections, issuers=certificates, lists=lists, now=now()
        )
        _print(file, found, sections, lang)
        drafted += found.changes
    return drafted


def _read_license(file: Path) -> tuple[ParsedLicense, TrustQuestion]:
    content = content_of(file)
    if len(content) > settings().max_upload:
        raise Refused("file", f"{file} is larger than {settings().max_upload} bytes")
    try:
        license = detect(content).parse(content)
    except Malformed as broken:
        raise Refused("file", f"{file} cannot be read exactly: {broken}") from None
    digests = Digests(digest(Digest.SHA256, content), digest(Digest.SM3, content))
    return license, question_of(license, digests)


async def _known(question: TrustQuestion) -> tuple[Trust, dict[str, Any]]:
    """What this node trusts, and its own list; without a database, nothing."""
    if not settings().database_url:
        return NOTHING, {}
    async with database(settings()) as opened:
        known = await PostgresRegistry(opened, now).trust_for(question)
        async with opened.reading() as session:
            try:
                source = await publishing.own_source(session)
            except Refused:
                return known, {}
            return known, await publishing.held_sections(session, source)


def _print(file: Path, found: Learned, sections: Mapping[str, Any], lang: Lang) -> None:
    typer.echo(str(file))
    written_lines(lines(found, sections, lang.value))
