"""`zhengyan issuer endpoint …`: endpoints described as data, and tried before they count."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.desk import read, show, written
from app.cli.trying import Exit
from app.cli.verifying import Lang
from app.composition import gateway
from app.config import settings
from app.crypto.provider import FolderKeys
from app.domain.errors import Refused
from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter, Endpoint, Speaker
from app.domain.reader import Reader
from app.domain.sample import Sample
from app.federation.trial.items import Outcome
from app.federation.trial.mapped import Point, Tried, try_mapped
from app.formats.mapped.description import Description, read_description, templates_in
from app.formats.share.description import Platform, read_platform
from app.registry import catalogue
from app.registry.described import described_endpoint
from app.registry.entries import EndpointEntry
from app.registry.registration import issuer_code
from app.registry.samples import read_sample
from app.registry.snapshot import read_document
from app.reports.terminal import clean

endpoint = typer.Typer(
    no_args_is_help=True,
    help="Endpoints (核验接口) that are described as data (docs/mapped.md, docs/share-gateway.md).",
)

_MARKS: Final = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.UNCHECKED: "–"}
_WORDS: Final = {
    Point.KNOWN: {
        "zh": "样例证照答复正确：检查 outcome、outcomes、facts，以及请求里的变量",
        "en": "it answers rightly about the sample: see outcome, outcomes, facts, and variables",
    },
    Point.NOBODYS: {
        "zh": "查无此证时不答有效：outcomes 里查无、不符的码不得写成 0–3",
        "en": "it denies a license nobody has: map its word for that to 5 or 6, not to 0-3",
    },
    Point.WRONG_HOLDER: {
        "zh": "持证主体不符时看得出来：用 facts.holder 的 value 或 same，或对方的不符码",
        "en": "it notices another holder: by facts.holder (value or same), or a code of its own",
    },
}
Code = Annotated[str, typer.Argument(help="Code of the body whose endpoint it is.")]
File = Annotated[Path, typer.Argument(help="The description (JSON).")]
SampleFile = Annotated[
    Path | None, typer.Option(help="A sample license (docs/issuer-test.md) that it must know.")
]
Networks = Annotated[
    list[str] | None,
    typer.Option(help="Network it may lie in though not public, like 10.1.0.0/16; repeatable."),
]
Language = Annotated[Lang, typer.Option(help="Language of the text.")]


@endpoint.command("try")
def endpoint_try(
    code: Code,
    file: File,
    sample: SampleFile = None,
    network: Networks = None,
    lang: Language = Lang.ZH,
) -> None:
    """Read a description, show what it sends, and ask it about the sample. Nothing is saved.

    Exit code: **0** sound · **10** something failed · **11** something could not be checked.
    """
    document = read_document(file)
    entry = described_endpoint(issuer_code("code", code), document, networks=network or ())
    if entry.adapter is Adapter.SHARE_GATEWAY:
        _show_platform(read_platform(document))
    else:
        _show_request(read_description(document))
    if sample is None:
        typer.echo("not asked: --sample FILE")
        raise typer.Exit(Exit.NOT_ALL_CHECKED)
    found = _tried(entry, _sample(sample))
    _show(found, lang.value)
    raise typer.Exit(_exit(found))


@endpoint.command("set")
def endpoint_set(
    code: Code,
    file: File,
    sample: SampleFile = None,
    network: Networks = None,
    untried: Annotated[
        bool, typer.Option("--untried", help="Save it without asking it anything.")
    ] = False,
    lang: Language = Lang.ZH,
) -> None:
    """Save a described endpoint for a registered body, once it has answered the sample rightly."""
    owner = issuer_code("code", code)
    entry = described_endpoint(owner, read_document(file), networks=network or ())
    if sample is None and not untried:
        raise Refused("sample", "name a license that it must know (--sample), or --untried")
    if sample is not None:
        found = _tried(entry, _sample(sample))
        _show(found, lang.value)
        if any(each.outcome is Outcome.FAILED for each in found):
            typer.echo("not saved", err=True)
            raise typer.Exit(Exit.FAILED)
    change = written(f"issuer endpoint set {code}", lambda s: catalogue.add_endpoint(s, entry))
    typer.echo(f"{owner}: {change.value}")


@endpoint.command("list")
def endpoint_list() -> None:
    """Every endpoint with its adapter."""
    show(
        ("body 机构", "kind 范围", "adapter 方式", "address 地址"),
        (
            (each.issuer, each.kind.value, each.adapter.value, each.url)
            for each in read(catalogue.list_endpoints)
        ),
    )


def _sample(file: Path) -> Sample:
    return read_sample(Reader.of(read_document(file), "sample"))


def _tried(entry: EndpointEntry, sample: Sample) -> list[Tried]:
    where = Endpoint(
        issuer=IssuerCode(entry.issuer),
        speaker=Speaker.ISSUER,
        url=entry.url,
        answer_keys=(),
        networks=entry.networks,
        deadline=entry.deadline,
        adapter=entry.adapter,
        description=entry.description,
    )

    async def run() -> list[Tried]:
        asking = gateway(settings(), FolderKeys(settings().key_folder))
        try:
            return await try_mapped(asking, where, sample)
        finally:
            await asking.aclose()

    return asyncio.run(run())


def _show_request(described: Description) -> None:
    """With its variables, not their values; names of secrets are all that is known of them here."""
    path = "/".join("".join(map(_named, template.pieces)) for template in described.path)
    typer.echo(f"{described.method.value} {described.base}/{path}")
    for name, template in {**described.query, **described.headers}.items():
        typer.echo(f"  {name}: {''.join(map(_named, template.pieces))}")
    shape = described.body.shape if described.body else None
    used = sorted({v.name for template in templates_in(shape) for v in template.variables()})
    if used:
        typer.echo(f"  body: {', '.join(used)}")


def _show_platform(platform: Platform) -> None:
    """Names and addresses; its secrets are files of which nothing is known here."""
    names = ", ".join(f"{platform.prefix.value}_{each}" for each in ("rid", "sid", "rtime", "sign"))
    typer.echo(f"POST {platform.url}\n  {names}")
    typer.echo("  body: certIdentifier, certNo, certTypeCode, holder, holderCode, useCause")
    typer.echo(f"POST {platform.base}{platform.refresh}")
    token = ", access-token" if platform.access_id is not None else ""
    typer.echo(f"  secrets: appkey{token}")


def _named(piece: object) -> str:
    if isinstance(piece, str):
        return piece
    return f"{{{getattr(piece, 'name', '')}}}"


def _show(found: Sequence[Tried], language: str) -> None:
    for each in found:
        typer.echo(f"{_MARKS[each.outcome]} {each.point.value}: {clean(each.saw)}")
        if each.outcome is not Outcome.PASSED:
            typer.echo(f"  → {_WORDS[each.point][language]}")


def _exit(found: Sequence[Tried]) -> Exit:
    outcomes = {each.outcome for each in found}
    if Outcome.FAILED in outcomes:
        return Exit.FAILED
    return Exit.NOT_ALL_CHECKED if Outcome.UNCHECKED in outcomes else Exit.PASSED
