"""What a person signs at home, without a database: a login, a proposal, a decision.

The private key stays on this machine. What is signed goes to standard output alone, to be handed in
at the console or over HTTP; what it says goes to standard error, to be read before.
"""

from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.desk import content_of
from app.cli.drafts import By, Key, Why, written_lines
from app.cli.making import draft_of
from app.composition import now
from app.crypto.jose import CompactLimits, JsonLimits, read_json_object, split_compact
from app.crypto.provider import read_key_file
from app.domain.errors import Malformed, Refused
from app.models import Decided
from app.registry.making.changes import MAX_CHANGES, read_changes, words
from app.registry.making.proposals import FORMAT, Proposal, decision_content, proposal_content
from app.registry.making.statements import (
    DECISION,
    MAX_STATEMENT,
    PROPOSAL,
    digest_of,
    sign_statement,
)
from app.registry.reader import Reader
from app.services.challenges import LOGIN, read_challenge, said_of

_TOKEN: Final = CompactLimits(token=MAX_STATEMENT * 3 // 2)


def operator_login(
    challenge: Annotated[str, typer.Argument(help="As the console shows it.")],
    by: By,
    key: Key,
    console: Annotated[
        str, typer.Option(help="Name of the console you mean to enter; it never comes from a page.")
    ],
) -> None:
    """Sign a console's challenge with your own key; paste what is printed into its page."""
    try:
        read = read_challenge(challenge)
        said = said_of(challenge, by, now())
    except Malformed as broken:
        raise Refused("challenge", f"this is no challenge of a console: {broken}") from None
    if read.console != console:
        raise Refused("console", "the challenge is another console's: do not sign it")
    until = f"{read.ends_at:%H:%M} UTC"
    written_lines([f"this lets {by} into the console of {console} until {until}"], err=True)
    typer.echo(sign_statement(LOGIN, said, read_key_file(key)))


def sign_proposal(
    draft: Annotated[Path, typer.Argument(help="A draft (JSON), as `learn --out` writes it.")],
    publisher: Annotated[str, typer.Option(help="Whose list: as the console names it.")],
    by: By,
    key: Key,
    note: Why = "",
) -> None:
    """Sign a proposal here, to be handed in at the console or over HTTP. No database is needed."""
    changes = draft_of(draft)
    content = proposal_content(publisher, by, note, changes, now())
    typer.echo(sign_statement(PROPOSAL, content, read_key_file(key)))


def sign_decision(
    proposal: Annotated[Path, typer.Argument(help="The signed proposal, as the console gives it.")],
    number: Annotated[int, typer.Option(min=1, help="Of the proposal, as the console shows it.")],
    verdict: Annotated[Decided, typer.Option(help="What you decide.")],
    by: By,
    key: Key,
    why: Why = "",
) -> None:
    """Show what a proposal would change, and sign your decision about it. No database is needed."""
    token = content_of(proposal).decode("utf-8", "replace").strip()
    read = _read(token, number)
    if read.person == by:
        raise Refused("as", f"proposal {number} is {by}'s own: another person decides on it")
    written_lines(_told(read), err=True)
    content = decision_content(read, verdict, by, why, now())
    typer.echo(sign_statement(DECISION, content, read_key_file(key)))


def _told(proposal: Proposal) -> list[str]:
    """Every member of every change: what the list says today is not known here."""
    note = [f"note: {proposal.note}"] if proposal.note else []
    said = [
        f"proposal {proposal.number} by {proposal.person} at {proposal.at}",
        f"for the list {proposal.publisher}",
        f"sha256 {proposal.digest}",
        *note,
    ]
    return said + [line for change in proposal.changes for line in words(change, {})]


def _read(token: str, number: int) -> Proposal:
    """The proposal as it says of itself: whether its proposer signed it, the console's node says,
    and it takes no decision about any other content.
    """
    try:
        compact = split_compact(token.encode("utf-8", "replace"), _TOKEN)
        said = read_json_object(compact.payload, JsonLimits(size=MAX_STATEMENT))
    except Malformed as broken:
        raise Refused("proposal", f"this is no signed proposal: {broken}") from None
    top = Reader.of(said, "proposal")
    if compact.typ != PROPOSAL or top.text("format") != FORMAT:
        raise Refused("proposal", f"this is no signed proposal ({FORMAT})")
    return Proposal(
        number=number,
        publisher=top.text("publisher"),
        person=top.text("person"),
        key_id=compact.kid,
        at=top.text("at"),
        note=str(said.get("note", "")),
        changes=read_changes(top.objects("changes", MAX_CHANGES)),
        digest=digest_of(token),
        decisions=(),
        published_in=None,
    )
