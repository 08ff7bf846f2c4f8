"""`zhengyan issuer …`: which bodies this node trusts for what, and where it asks them."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.cli.desk import content_of, json_of, read, show, types_of, written
from app.composition import now
from app.domain.errors import Refused
from app.domain.lookup import Level
from app.domain.trust import Gap, Issuer, LicenseType
from app.registry import catalogue, keys
from app.registry.entries import EndpointEntry, IssuerEntry
from app.registry.reader import Reader
from app.registry.registration import encryption_jwk, issuer_code, type_code
from app.registry.sessions import ReadSession, WriteSession
from app.registry.snapshot import read_document
from app.registry.urls import read_networks, read_url

issuer = typer.Typer(no_args_is_help=True, help="Issuers (证照颁发机构): who may issue what.")


@issuer.command("import")
def issuer_import(
    file: Annotated[Path, typer.Argument(help="A registration document (JSON).")],
    network: Annotated[
        list[str] | None,
        typer.Option(
            help="Network its endpoints may lie in though not public, like 10.1.0.0/16; repeatable."
        ),
    ] = None,
) -> None:
    """Register issuers, keys, types, endpoints and mandates from one document. Repeatable."""
    document = read_document(file)
    changes = written(
        "issuer import",
        lambda s: catalogue.import_registration(s, document, networks=network or ()),
    )
    typer.echo(
        f"registered: {changes.added} added, {changes.changed} changed, "
        f"{changes.unchanged} unchanged"
    )


@issuer.command("add")
def issuer_add(
    code: Annotated[
        str,
        typer.Argument(
            help="统一社会信用代码 (18 characters) or region code (6 digits) of the issuer."
        ),
    ],
    name: Annotated[str, typer.Option(help="名称, in Chinese.")],
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="License type code it issues; repeatable; none for delegates."),
    ] = None,
    name_en: Annotated[str, typer.Option(help="Name in English.")] = "",
    endpoint: Annotated[str | None, typer.Option(help="https URL where it answers IVP/1.")] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="Network it may lie in though not public, like 10.1.0.0/16; repeatable."),
    ] = None,
    encryption_key: Annotated[
        Path | None,
        typer.Option(
            help="JWK on P-256 to which facts of holders are encrypted; without it an endpoint "
            "beyond this machine is asked for nothing that needs them."
        ),
    ] = None,
    tolerates: Annotated[
        list[Gap] | None,
        typer.Option(
            help="What its own seals leave open and are not refused for: attachment; repeatable. "
            "Nothing that pages show can be left open."
        ),
    ] = None,
) -> None:
    """Register an issuer (or a delegate) with license types and the address where it answers."""
    owner = issuer_code("code", code)
    gaps = frozenset(tolerates or ())
    body = Issuer(owner, name, name_en or name, types_of(types or ()), gaps)
    if encryption_key is not None and endpoint is None:
        raise Refused("encryption_key", "is of no use without --endpoint")
    sealed = None if encryption_key is None else _recipient(encryption_key)

    async def work(session: WriteSession) -> str:
        change = await catalogue.add_issuer(session, IssuerEntry(body))
        if endpoint is not None:
            url = read_url("endpoint", endpoint, network or ())
            opened = read_networks("network", network or ())
            entry = EndpointEntry(issuer=owner, url=url, networks=opened, encryption_jwk=sealed)
            await catalogue.add_endpoint(session, entry)
        return change.value

    typer.echo(f"{code}: {written(f'issuer add {code}', work)}")


def _recipient(file: Path) -> str:
    jwk = json_of("encryption_key", content_of(file))
    return encryption_jwk(Reader.of(jwk, "encryption_key"))


@issuer.command("type")
def issuer_type(
    code: Annotated[str, typer.Argument(help="证照类型代码, 21 characters.")],
    name: Annotated[str, typer.Option(help="名称, in Chinese.")],
    name_en: Annotated[str, typer.Option(help="Name in English.")] = "",
    max_status_age: Annotated[
        int, typer.Option(min=0, help="Seconds for which the issuer's word may be used again.")
    ] = 3600,
    unsealed: Annotated[
        bool, typer.Option("--unsealed", help="Files of this type may come without a signature.")
    ] = False,
    signed_answers: Annotated[
        bool,
        typer.Option("--signed-answers", help="An answer counts only if the issuer signed it."),
    ] = False,
) -> None:
    """Register a license type (证照类型) before the issuers that issue it."""
    type = LicenseType(
        code=type_code("code", code),
        name=name,
        name_en=name_en or name,
        must_be_sealed=not unsealed,
        max_status_age=timedelta(seconds=max_status_age),
        signed_answers=signed_answers,
    )
    change = written(f"issuer type {code}", lambda s: catalogue.add_license_type(s, type))
    typer.echo(f"{code}: {change.value}")


@issuer.command("level")
def issuer_level(
    code: Annotated[str, typer.Argument(help="证照类型代码, 21 characters.")],
    level: Annotated[Level, typer.Argument(help="How closely its records are kept (分级).")],
) -> None:
    """Say how much of the records of a license type a look-up may show."""
    wanted = type_code("code", code)
    change = written(
        f"issuer level {code} {level}", lambda s: catalogue.set_level(s, wanted, level)
    )
    typer.echo(f"{code}: {level}, {change.value}")


@issuer.command("identity-source")
def issuer_identity_source(
    code: Annotated[str, typer.Argument(help="证照类型代码, 21 characters.")],
    off: Annotated[bool, typer.Option("--off", help="It is one no more.")] = False,
) -> None:
    """From one of this type (营业执照), its holder's others may be asked for (一照关联)."""
    wanted, on = type_code("code", code), not off
    change = written(
        f"issuer identity-source {code} {'on' if on else 'off'}",
        lambda s: catalogue.set_identity_source(s, wanted, on=on),
    )
    typer.echo(f"{code}: {'an' if on else 'no'} identity source, {change.value}")


@issuer.command("list")
def issuer_list() -> None:
    """Who is registered, with types and endpoint."""

    async def work(session: ReadSession) -> list[tuple[str, str, str, str]]:
        urls = {e.issuer: e.url for e in await catalogue.list_endpoints(session)}
        return [
            (
                e.issuer.code,
                e.issuer.name,
                "\n".join(sorted(e.issuer.types)),
                urls.get(e.issuer.code, "–"),
            )
            for e in await catalogue.list_issuers(session)
        ]

    show(("code 代码", "name 名称", "types 证照类型", "endpoint 核验接口"), read(work))


@issuer.command("revoke")
def issuer_revoke(
    code: Annotated[str, typer.Argument(help="Code of the issuer.")],
    reason: Annotated[str | None, typer.Option(help="Why; kept.")] = None,
) -> None:
    """Stop trusting an issuer now: revokes all its keys. What was seen before stays judged."""
    moment = now()

    async def work(session: WriteSession) -> int:
        live = [
            k
            for k in await keys.list_keys(session, issuer_code("code", code))
            if k.revoked_at is None or k.revoked_at > moment
        ]
        for entry in live:
            await keys.revoke_key(session, entry.owner, entry.key_id, moment, reason)
        return len(live)

    revoked = written(f"issuer revoke {code}", work)
    if not revoked:
        raise Refused("code", f"{code} has no key that is not revoked: see `zhengyan key list`")
    typer.echo(f"{code}: {revoked} keys revoked")
