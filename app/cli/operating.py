"""`zhengyan operator …`: who may look after this node by its console."""

from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.desk import read, written
from app.cli.drafts import public_half
from app.composition import now
from app.config import settings
from app.crypto.passwords import address_of, hashed, new_secret
from app.crypto.provider import FolderKeys
from app.domain.caller import Scope
from app.domain.errors import Refused
from app.registry import operators
from app.registry.operators import Credentials, Operator

operator = typer.Typer(no_args_is_help=True, help="Operators of the console (管理台).")

SHORTEST: Final = 12
"""Characters of a password."""


@operator.command("add")
def operator_add(
    name: Annotated[str, typer.Argument(help="Short name: a-z, 0-9, hyphens.")],
    scope: Annotated[list[Scope], typer.Option(help="What they may see; of one power.")],
    key: Annotated[
        Path | None,
        typer.Option(help="Public half of their own key (`person key` makes one), to log in with."),
    ] = None,
    password: Annotated[
        str | None, typer.Option(help="Asked for where there is no key; with one, a second way in.")
    ] = None,
) -> None:
    """Register somebody, or give them new ways in, in place of those before; their sessions end."""
    if password is None and key is None:
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    if password is not None and len(password) < SHORTEST:
        raise Refused("password", f"shorter than {SHORTEST} characters")
    public = None if key is None else public_half(key)
    secret, keys = new_secret(), FolderKeys(settings().key_folder)
    proof = None if password is None else Credentials(hashed(password), secret)
    who = Operator(name, frozenset(scope))
    change = written(
        f"operator add {name}",
        lambda s: operators.add_operator(s, keys, who, proof, key=public),
    )
    typer.echo(f"{name}: {change.value}")
    if public is not None:
        typer.echo(f"kid {public.jwk_thumbprint}")
    if proof is not None:
        typer.echo(address_of(secret, name, settings().node_id))


@operator.command("end")
def operator_end(name: Annotated[str, typer.Argument(help="Short name.")]) -> None:
    """Let nobody in under this name any more; their sessions end now."""
    written(f"operator end {name}", lambda s: operators.end_operator(s, name, now()))
    typer.echo(f"{name}: ended")


@operator.command("list")
def operator_list() -> None:
    """Who may log in, and what they may see."""
    for name, scopes, ended in read(operators.list_operators):
        typer.echo(f"{name}: {', '.join(scopes)}" + (f", ended {ended:%Y-%m-%d}" if ended else ""))
