"""`zhengyan caller …` and `zhengyan audit …`: who may ask what, and who did."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.cli.desk import content_of, read, show, written
from app.composition import database, now
from app.config import settings
from app.crypto import schemes
from app.crypto.jose import CompactLimits, JsonLimits, read_json_object, split_compact
from app.crypto.provider import FolderKeys
from app.domain.audit import Finding, Head
from app.domain.caller import Scope, Tenant
from app.domain.errors import InvalidSignature, Malformed, Refused
from app.domain.scheme import Scheme
from app.registry import callers
from app.registry.audit import HEAD_TYP, PostgresAudit
from app.registry.merge import Change
from app.registry.sessions import Database, WriteSession

caller = typer.Typer(no_args_is_help=True, help="Callers: systems of tenants, and their scopes.")
audit = typer.Typer(no_args_is_help=True, help="The audit log (用证审计): verify and sign it.")

_HEAD_LIMITS = CompactLimits(token=16 * 1024)


@caller.command("tenant")
def tenant_add(
    id: Annotated[str, typer.Argument(help="Short name: a-z, 0-9, hyphens.")],
    name: Annotated[str, typer.Option(help="名称 of the organisation.")],
    code: Annotated[str | None, typer.Option(help="统一社会信用代码.")] = None,
    region: Annotated[str | None, typer.Option(help="行政区划代码, six digits.")] = None,
) -> None:
    """Register an organisation whose systems will call."""
    tenant = Tenant(id, name, code, region)
    change = written(f"caller tenant {id}", lambda s: callers.add_tenant(s, tenant))
    typer.echo(f"{id}: {change.value}")


@caller.command("issuer")
def tenant_issuer(
    tenant: Annotated[str, typer.Argument(help="Short name of the organisation.")],
    code: Annotated[str, typer.Argument(help="Code of the issuer.")],
    revoke: Annotated[bool, typer.Option("--revoke", help="Take it back from now on.")] = False,
) -> None:
    """Let an organisation push records of an issuer (归集). Its own code needs no such grant."""

    async def work(session: WriteSession) -> Change:
        if revoke:
            return await callers.withdraw_issuer(session, tenant, code, now())
        return await callers.grant_issuer(session, tenant, code)

    what = "revoked" if revoke else "granted"
    change = written(f"caller issuer {tenant} {code} {what}", work)
    typer.echo(f"{tenant} for {code}: {what}, {change.value}")


@caller.command("add")
def caller_add(
    id: Annotated[str, typer.Argument(help="Short name of the system.")],
    tenant: Annotated[str, typer.Option(help="Whose system it is.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be repeated.")],
    purpose: Annotated[list[str], typer.Option(help="用证事由 it may state; repeatable.")],
    per_minute: Annotated[int, typer.Option(min=1, help="Requests a minute.")] = 600,
) -> None:
    """Register a system. Its scopes are of one power (三权分立), business or administration."""
    change = written(
        f"caller add {id}",
        lambda s: callers.add_caller(
            s, id, tenant, frozenset(scope), frozenset(purpose), per_minute=per_minute
        ),
    )
    typer.echo(f"{id}: {change.value}")


@caller.command("key")
def caller_key(
    id: Annotated[str, typer.Argument(help="The system.")],
    public: Annotated[
        Path | None,
        typer.Option(help="Public key (PEM, DER, JWK) for signed assertions; else an API key."),
    ] = None,
    scheme: Annotated[Scheme | None, typer.Option(help="Needed for RSA keys.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How long an API key lives.")] = 90,
) -> None:
    """Give a system a credential. An API key is shown this once."""
    if public is not None:
        content = content_of(public)
        key = json.loads(content) if content.lstrip().startswith(b"{") else content
        added = written(f"caller key {id}", lambda s: callers.add_caller_key(s, id, key, scheme))
        typer.echo(f"kid {added.jwk_thumbprint}")
        return
    keys = FolderKeys(settings().key_folder)

    async def work(session: WriteSession) -> str:
        return await callers.new_api_key(
            session, keys, id, now=now(), lifetime=timedelta(days=days)
        )

    shown: str = written(f"caller key {id}", work)
    typer.echo(shown)


@caller.command("revoke")
def caller_revoke(
    id: Annotated[str, typer.Argument(help="A system, or one of its credentials.")],
    credential: Annotated[
        bool, typer.Option("--credential", help="ID is that of a key, not of a system.")
    ] = False,
) -> None:
    """End a system with all its credentials, or one credential."""
    work = callers.revoke_credential if credential else callers.revoke_caller
    change = written(f"caller revoke {id}", lambda s: work(s, id, now()))
    typer.echo(f"{id}: {change.value}")


@caller.command("list")
def caller_list() -> None:
    """Systems with tenant, scopes and purposes."""
    show(
        ("caller 系统", "tenant 单位", "scopes 权限", "purposes 事由", "a minute", "revoked 停用"),
        (
            (
                row.id,
                f"{row.tenant} {name}",
                "\n".join(row.scopes),
                "\n".join(row.purposes),
                str(row.per_minute),
                f"{row.revoked_at:%Y-%m-%d}" if row.revoked_at else "–",
            )
            for row, name in read(callers.list_callers)
        ),
    )


@audit.command("verify")
def audit_verify(
    head: Annotated[
        list[Path] | None,
        typer.Option(
            help="File with signed heads that were kept elsewhere, one a line; repeatable."
        ),
    ] = None,
) -> None:
    """Walk every chain: names each row that was changed, dropped, inserted, moved or cut off.

    Whoever can write to the database can make it consistent again; not with heads kept elsewhere.
    """
    elsewhere = [_read_head(token) for file in head or () for token in _heads_in(file)]

    async def run() -> tuple[int, list[Finding], int]:
        async with database(settings()) as opened:
            log = PostgresAudit(opened)
            here = [_read_head(token) for token in await log.signed_heads()]
            return *await log.verify([*here, *elsewhere]), len(here)

    rows, flaws, here = asyncio.run(run())
    for flaw in flaws:
        typer.echo(f"chain {flaw.chain} row {flaw.seq}: {flaw.flaw}")
    typer.echo(f"{rows} rows, {len(flaws)} flaws")
    typer.echo(f"held against {here} heads kept here and {len(elsewhere)} kept elsewhere")
    if flaws:
        raise typer.Exit(10)


@audit.command("heads")
def audit_heads(
    last: Annotated[int, typer.Option(min=1, help="How many, the newest.")] = 1,
) -> None:
    """Print signed heads that this node made, the oldest first: to be kept elsewhere."""

    async def run() -> list[str]:
        async with database(settings()) as opened:
            return await PostgresAudit(opened).signed_heads()

    for token in asyncio.run(run())[-last:]:
        typer.echo(token)


@audit.command("sign")
def audit_sign() -> None:
    """Sign where all chains stand now. Keep the line elsewhere: a log cut off is found by it."""

    async def run(opened: Database) -> str:
        return await PostgresAudit(opened).sign_heads(FolderKeys(settings().key_folder).signer())

    async def with_database() -> str:
        async with database(settings()) as opened:
            return await run(opened)

    typer.echo(asyncio.run(with_database()))


def _heads_in(file: Path) -> list[str]:
    """At least one. Raises `Refused` naming the file."""
    try:
        found = content_of(file).decode("ascii").split()
    except UnicodeDecodeError:
        found = []
    if not found:
        raise Refused("head", f"{file}: no line of `zhengyan audit sign` or `audit heads`")
    return found


def _read_head(token: str) -> Mapping[int, Head]:
    """A head signed by one of this node's keys. Raises `Refused` for any other."""
    keys = {key.jwk_thumbprint: key for key in FolderKeys(settings().key_folder).public_keys()}
    try:
        compact = split_compact(token.encode(), _HEAD_LIMITS)
        key = keys[compact.kid]
        if compact.typ != HEAD_TYP:
            raise Refused("audit_head", "a signed head is of another type")
        schemes.verify_jose(
            key.scheme, spki=key.spki, message=compact.signing_input, value=compact.signature
        )
        payload = read_json_object(compact.payload, JsonLimits(size=16 * 1024))
    except (InvalidSignature, Malformed, KeyError):
        raise Refused("audit_head", "a signed head is not by a key of this node") from None
    chains = payload.get("chains")
    return {
        int(chain): Head(int(chain), int(seq), bytes.fromhex(hash))
        for chain, seq, hash in (chains if isinstance(chains, list) else [])
    }
