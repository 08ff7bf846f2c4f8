"""`zhengyan report …`: reports of this node, and the codes they are confirmed by."""

from typing import Annotated

import typer

from app.cli.desk import written
from app.composition import now
from app.domain.confirmation import code_of, id_of
from app.domain.errors import Malformed, Refused
from app.registry.confirmations import revoke_code

report = typer.Typer(
    no_args_is_help=True, help="Reports, and the codes that confirm them (核验码)."
)


@report.command("revoke")
def report_revoke(
    code: Annotated[str, typer.Argument(help="核验码, as it stands on the report; or its id.")],
) -> None:
    """Let nobody confirm a report any more, nor read it without an account."""
    id = _id(code)
    # What stands in the audit log opens nothing: the first group finds it among the reports.
    what = f"report revoke {code_of(id)[:5]}"
    ended = written(what, lambda session: revoke_code(session, id, now()))
    typer.echo("revoked" if ended else "its code opened nothing before")


def _id(typed: str) -> str:
    try:
        code_of(typed)
    except ValueError:
        pass
    else:
        return typed
    try:
        return id_of(typed)
    except Malformed as exc:
        raise Refused("code", str(exc)) from None
