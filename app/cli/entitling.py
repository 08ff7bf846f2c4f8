"""`zhengyan key|delegation …`: whose signatures count, and who may act in whose name."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.desk import (
    Since,
    Types,
    Until,
    content_of,
    json_of,
    read,
    show,
    time_of,
    types_of,
    window_of,
    written,
)
from app.composition import now
from app.domain.scheme import Scheme
from app.domain.trust import Kind
from app.models import Use
from app.registry import delegations, keys
from app.registry.entries import DelegationEntry
from app.registry.registration import issuer_code, key_id
from app.registry.sessions import WriteSession

key = typer.Typer(no_args_is_help=True, help="Public keys of issuers and delegates.")
delegation = typer.Typer(no_args_is_help=True, help="Mandates: who may act in an issuer's name.")


# ---- keys


@key.command("add")
def key_add(
    owner: Annotated[str, typer.Argument(help="Code of the issuer or delegate.")],
    kid: Annotated[
        str, typer.Argument(help="The owner's name for the key, as its signatures carry it.")
    ],
    file: Annotated[Path, typer.Argument(help="SPKI or certificate (DER, PEM), or a JWK.")],
    use: Annotated[list[Use], typer.Option(help="What it signs; repeatable.")],
    scheme: Annotated[Scheme | None, typer.Option(help="Needed for RSA keys.")] = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Register a public key. Weak, broken or malformed keys are refused by name."""
    content = content_of(file)
    jwk = json_of("file", content) if content.lstrip().startswith(b"{") else content
    change = written(
        f"key add {owner}",
        lambda s: keys.add_key(
            s,
            issuer_code("owner", owner),
            key_id("kid", kid),
            jwk,
            uses=frozenset(use),
            window=window_of(since, until),
            scheme=scheme,
        ),
    )
    typer.echo(f"{kid} of {owner}: {change.value}")


@key.command("list")
def key_list(
    owner: Annotated[str | None, typer.Argument(help="Code; all owners if absent.")] = None,
) -> None:
    """Registered keys with scheme, use, time and revocation."""
    wanted = issuer_code("owner", owner) if owner else None
    found = read(lambda s: keys.list_keys(s, wanted))
    show(
        ("owner 所属", "kid", "scheme 算法", "use 用途", "since 自", "until 至", "revoked 吊销"),
        (
            (
                k.owner,
                k.key_id,
                k.scheme,
                ", ".join(sorted(k.uses)),
                f"{k.window.since:%Y-%m-%d}",
                f"{k.window.until:%Y-%m-%d}" if k.window.until else "–",
                f"{k.revoked_at:%Y-%m-%d}" if k.revoked_at else "–",
            )
            for k in found
        ),
    )


@key.command("revoke")
def key_revoke(
    owner: Annotated[str, typer.Argument(help="Code of its owner.")],
    kid: Annotated[str, typer.Argument(help="Name of the key.")],
    at: Annotated[str | None, typer.Option(help="From when it is no longer good; now.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept.")] = None,
    correct: Annotated[
        bool, typer.Option("--correct", help="The date it has is wrong; this one may be later.")
    ] = False,
) -> None:
    """Revoke a key. What it signed from then on fails; before, the issuer must confirm."""
    moment = time_of("at", at) if at else now()
    change = written(
        f"key revoke {owner}",
        lambda s: keys.revoke_key(
            *(s, issuer_code("owner", owner), key_id("kid", kid), moment, reason),
            correct=correct,
        ),
    )
    typer.echo(f"{kid} of {owner}: {change.value}")


# ---- delegations


@delegation.command("add")
def delegation_add(
    giver: Annotated[str, typer.Argument(help="Code of the body that lets another act.")],
    delegate: Annotated[str, typer.Argument(help="Code of the body that acts for it.")],
    types: Types,
    kind: Annotated[
        list[Kind],
        typer.Option(
            help="Signs originals, or copies (加注件); answers; or countersigns. Repeatable."
        ),
    ],
    since: Since = None,
    until: Until = None,
) -> None:
    """Let one body act for another: sign originals or copies, answer, or countersign."""

    async def work(session: WriteSession) -> int:
        entries = [
            DelegationEntry(
                issuer=issuer_code("issuer", giver),
                type=type,
                delegate=issuer_code("delegate", delegate),
                kind=each,
                window=window_of(since, until),
            )
            for type in sorted(types_of(types))
            for each in kind
        ]
        for entry in entries:
            await delegations.add_delegation(session, entry)
        return len(entries)

    typer.echo(f"{giver} → {delegate}: {written(f'delegation add {giver}', work)} mandates hold")


@delegation.command("list")
def delegation_list(
    giver: Annotated[str | None, typer.Argument(help="Code; all if absent.")] = None,
) -> None:
    """Mandates with their time."""
    wanted = issuer_code("issuer", giver) if giver else None
    show(
        ("from 委托", "to 受托", "type 类型", "kind 事项", "since 自", "until 至"),
        (
            (
                d.issuer,
                d.delegate,
                d.type,
                d.kind,
                f"{d.window.since:%Y-%m-%d}",
                f"{d.effective.until:%Y-%m-%d}" if d.effective.until else "–",
            )
            for d in read(lambda s: delegations.list_delegations(s, wanted))
        ),
    )


@delegation.command("revoke")
def delegation_revoke(
    giver: Annotated[str, typer.Argument(help="Code of the body that let another act.")],
    delegate: Annotated[str, typer.Argument(help="Code of the body that acted for it.")],
    types: Types,
    kind: Annotated[list[Kind], typer.Option(help="Which mandates; repeatable.")],
) -> None:
    """End mandates now; what was done under them stays done."""

    async def work(session: WriteSession) -> int:
        pairs = [(type, each) for type in sorted(types_of(types)) for each in kind]
        for type, each in pairs:
            await delegations.revoke_delegation(
                session,
                issuer_code("issuer", giver),
                type,
                issuer_code("delegate", delegate),
                each,
                at=now(),
            )
        return len(pairs)

    typer.echo(
        f"{giver} → {delegate}: {written(f'delegation revoke {giver}', work)} mandates ended"
    )
