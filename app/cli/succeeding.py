"""`zhengyan issuer succession …`: who took over from a body (颁发机构调整)."""

from typing import Annotated

import typer

from app.cli.desk import Types, read, show, time_of, types_of, written
from app.composition import now
from app.registry.registration import issuer_code
from app.registry.successions import drop_successions, list_successions, put_successions

succession = typer.Typer(
    no_args_is_help=True, help="Bodies that took over from others (颁发机构调整)."
)

Old = Annotated[str, typer.Argument(help="Code of the body in the identifiers.")]


@succession.command("set")
def succession_set(
    old: Old,
    new: Annotated[str, typer.Argument(help="Code of the body that took over.")],
    types: Types,
    since: Annotated[
        str | None, typer.Option("--from", help="From when, RFC 3339; now if absent.")
    ] = None,
) -> None:
    """From then on the new body is asked first about the old one's licenses of these types."""
    before, after, taken = issuer_code("old", old), issuer_code("new", new), types_of(types)
    moment = time_of("from", since) if since else now()
    changes = written(
        f"issuer succession set {old}",
        lambda s: put_successions(s, before, after, taken, since=moment),
    )
    for type, change in zip(sorted(taken), changes, strict=True):
        typer.echo(f"{old} → {new}, {type}, from {moment.isoformat()}: {change.value}")


@succession.command("remove")
def succession_remove(old: Old, types: Types) -> None:
    """Take a mistake back: the old body is asked again."""
    before, taken = issuer_code("old", old), types_of(types)
    what = f"issuer succession remove {old}"
    gone = written(what, lambda s: drop_successions(s, before, taken))
    for type in sorted(taken):
        typer.echo(f"{old}, {type}: {'removed' if type in gone else 'there was none'}")


@succession.command("list")
def succession_list() -> None:
    """What is registered here; followed lists tell theirs by `zhengyan trust show`."""
    show(
        ("old 原机构", "type 类型", "new 承继机构", "from 自"),
        (
            (each.issuer, each.type, each.successor, each.since.isoformat())
            for each in read(list_successions)
        ),
    )
