"""`zhengyan operator …`: who may look after this node by its console."""

from typing import Annotated, Final

import typer

from app.cli.registering import read, written
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
    password: Annotated[
        str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, help="Asked for.")
    ],
) -> None:
    """Register somebody, or give them a new password and one-time codes; their sessions end."""
    if len(password) < SHORTEST:
        raise Refused("password", f"shorter than {SHORTEST} characters")
    secret, keys = new_secret(), FolderKeys(settings().key_folder)
    who, proof = Operator(name, frozenset(scope)), Credentials(hashed(password), secret)
    change = written(f"operator add {name}", lambda s: operators.add_operator(s, keys, who, proof))
    typer.echo(f"{name}: {change.value}\n{address_of(secret, name, settings().node_id)}")


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
