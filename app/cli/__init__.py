"""Composition root for the shell: `zhengyan …`."""

import io
import sys
from collections.abc import Callable
from functools import cache

import typer

from app.cli import (
    authorities,
    batching,
    callers,
    conforming,
    describing,
    detached,
    digesting,
    disputing,
    entitling,
    examining,
    federating,
    importing,
    kit,
    learning,
    making,
    ocsp,
    offering,
    operating,
    people,
    picturing,
    registering,
    relating,
    reporting,
    rotating,
    serving,
    signing,
    succeeding,
    trusting,
    trying,
    verifying,
    working,
)
from app.domain.errors import ServiceError

app = typer.Typer(
    name="zhengyan",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its traceback would show what stands in variables
    rich_markup_mode="markdown",
    help=(
        "证验 Zhengyan: verify electronic licenses (电子证照公共验证服务).\n\n"
        "Without a database: `zhengyan verify FILE --trust FOLDER`. Most other commands need "
        "`DATABASE_URL`; `make run` prints one, with sample licenses to try. Settings are "
        "environment variables; `zhengyan serve --help` names them."
    ),
    epilog=(
        "To register an issuer of your own: `zhengyan issuer type`, `issuer add`, `key add`, and, "
        "where another body acts for it, `delegation add`."
    ),
)
app.command("verify")(verifying.verify)
app.command("digest")(digesting.digest)
app.command("picture")(picturing.picture)
app.command("signature")(detached.signature)
app.command("batch")(batching.batch)
app.command("worker")(working.worker)
app.command("serve", help=serving.HELP)(serving.serve)
app.command("conformance")(conforming.conformance)
registering.issuer.command("test")(trying.try_endpoint)
registering.issuer.add_typer(describing.endpoint, name="endpoint")
registering.issuer.add_typer(offering.certificate, name="certificate")
registering.issuer.add_typer(offering.retrieval, name="retrieval")
registering.issuer.add_typer(succeeding.succession, name="succession")
app.add_typer(registering.issuer, name="issuer")
app.add_typer(entitling.key, name="key")
app.add_typer(kit.kit, name="issuer-kit")
app.add_typer(entitling.delegation, name="delegation")
app.add_typer(authorities.anchor, name="anchor")
app.add_typer(authorities.crl, name="crl")
app.add_typer(ocsp.ocsp, name="ocsp")
app.command("import")(importing.import_rows)
app.add_typer(disputing.dispute, name="dispute")
app.command("holdings")(relating.holdings)
app.command("route")(federating.route)
app.add_typer(federating.peer, name="peer")
app.add_typer(callers.caller, name="caller")
operating.operator.command("login")(signing.operator_login)
app.add_typer(operating.operator, name="operator")
app.add_typer(reporting.report, name="report")
app.add_typer(callers.audit, name="audit")
app.add_typer(rotating.pepper, name="pepper")
making.trust.add_typer(trusting.follow, name="follow")
making.trust.command("learn")(learning.trust_learn)
making.trust.command("doctor")(examining.trust_doctor)
making.trust.command("pull")(trusting.pull)
making.trust.command("show")(trusting.show_list)
making.trust.command("diff")(trusting.diff)
making.trust.command("history")(trusting.history)
making.trust.command("sign-proposal")(signing.sign_proposal)
making.trust.command("sign-decision")(signing.sign_decision)
app.add_typer(making.trust, name="trust")
app.add_typer(people.person, name="person")

MISTYPED = 2
"""What typer exits with; among our exit codes there is none of this meaning."""


@cache
def _command() -> Callable[[], object]:
    """All commands, read once from the signatures of their functions: some hundred."""
    return typer.main.get_command(app)


def main() -> None:
    """The command `zhengyan`. Errors say what to do next, and exit with 1, as a fault of ours does.

    0, 10 and 11 are verdicts: nothing else ends with them, and nothing that was mistyped with 2.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Chinese shows ?, no traceback
            stream.reconfigure(errors="replace")
    try:
        _command()()
    except SystemExit as ended:
        sys.exit(1 if ended.code == MISTYPED else ended.code)
    except ServiceError as refused:
        place = getattr(refused, "field", None)
        sys.stderr.write(f"zhengyan: {f'{place}: ' if place else ''}{refused}\n")
        sys.exit(1)
