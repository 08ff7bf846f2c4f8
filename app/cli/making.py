"""`zhengyan trust begin|propose|review|approve|reject|publish`: lists that two people make."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.desk import content_of, read, show
from app.cli.drafts import DRAFT, By, Key, Networks, Why, json_object, recorded, written_lines
from app.composition import now
from app.crypto.provider import read_key_file
from app.domain.errors import Refused
from app.models import Decided
from app.registry.making import persons, proposals, publishing
from app.registry.making.changes import MAX_CHANGES, Change, read_changes
from app.registry.making.proposals import Proposal
from app.registry.making.record import Recorder
from app.registry.making.telling import in_words
from app.registry.reader import Reader
from app.registry.sessions import ReadSession, WriteSession
from app.reports.terminal import clean

trust = typer.Typer(no_args_is_help=True, help="Trust lists (信任清单).")


@trust.command("begin")
def trust_begin(
    publisher: Annotated[str, typer.Argument(help="Name of the list: a-z 0-9 . -")],
    signer: Annotated[list[str], typer.Option(help="A person who signs it; at least two.")],
    threshold: Annotated[int, typer.Option(min=2, help="How many of them must sign.")] = 2,
    network: Networks = None,
) -> None:
    """Begin a list of this node's own, empty, signed by these people. Once for each node."""

    async def work(session: WriteSession, record: Recorder) -> str:
        await publishing.begin(
            session, publisher, signer, threshold, now(), record=record, networks=network or ()
        )
        return f"{publisher}: begun, {threshold} of {len(signer)} sign it; it vouches for nothing"

    typer.echo(recorded(work))


@trust.command("propose")
def trust_propose(
    draft: Annotated[Path, typer.Argument(help="A draft (JSON), as `learn --out` writes it.")],
    by: By,
    key: Key,
    note: Why = "",
) -> None:
    """Propose the changes of a draft. Somebody else has to approve them."""
    propose_changes(draft_of(draft), by, key, note)


def draft_of(draft: Path) -> tuple[Change, ...]:
    """What a file drafts. Raises `Refused` for anything else."""
    top = Reader.of(json_object(content_of(draft), draft), "")
    top.close(required={"format", "changes"}, optional={"comment"})
    if top.text("format") != DRAFT:
        raise Refused("format", f"{draft} is not a draft ({DRAFT})")
    return read_changes(top.objects("changes", MAX_CHANGES))


def propose_changes(changes: tuple[Change, ...], by: str, key: Path, note: str) -> None:
    signer = read_key_file(key)

    async def work(session: WriteSession, record: Recorder) -> int:
        source = await publishing.own_source(session)
        return await proposals.propose(
            session,
            source.publisher,
            await publishing.held_sections(session, source),
            changes,
            await persons.acting(session, by, signer),
            now(),
            note=note,
            record=record,
            networks=source.networks,
        )

    number: int = recorded(work)
    typer.echo(
        f"proposal {number}: {len(changes)} changes, signed by {by}. Another person approves it: "
        f"zhengyan trust review {number}; zhengyan trust approve {number} --as … --key …"
    )


@trust.command("review")
def trust_review(
    number: Annotated[int | None, typer.Argument(help="Of the proposal; all if absent.")] = None,
) -> None:
    """Proposals and their state; of one, what it would change, in words."""

    async def work(session: ReadSession) -> tuple[list[Proposal], dict[str, Any]]:
        source = await publishing.own_source(session)
        sections = await publishing.held_sections(session, source)
        if number is not None:
            return [await proposals.proposal_of(session, number)], sections
        return await proposals.list_proposals(session, source.publisher), sections

    found, sections = read(work)
    if number is None:
        show(
            ("no.", "state 状态", "by 提议人", "at 时间", "changes 变更", "note 说明"),
            (
                (str(p.number), p.state, p.person, p.at, str(len(p.changes)), clean(p.note))
                for p in found
            ),
        )
        return
    written_lines(in_words(found[0], sections))


@trust.command("approve")
def trust_approve(
    number: Annotated[int, typer.Argument(help="Of the proposal.")],
    by: By,
    key: Key,
    why: Why = "",
) -> None:
    """Approve what somebody else proposed; shows it once more. Compare fingerprints first."""
    _decide(number, Decided.APPROVED, by, key, why)


@trust.command("reject")
def trust_reject(
    number: Annotated[int, typer.Argument(help="Of the proposal.")],
    by: By,
    key: Key,
    why: Why = "",
) -> None:
    """Reject what somebody else proposed, approved or not, as long as it is not published."""
    _decide(number, Decided.REJECTED, by, key, why)


def _decide(number: int, verdict: Decided, by: str, key: Path, why: str) -> None:
    signer = read_key_file(key)

    async def work(session: WriteSession, record: Recorder) -> list[str]:
        who = await persons.acting(session, by, signer)
        decided = await proposals.decide(
            session, number, verdict, who, now(), why=why, record=record
        )
        source = await publishing.own_source(session)
        return in_words(decided, await publishing.held_sections(session, source))

    written_lines(recorded(work))


@trust.command("publish")
def trust_publish(
    by: By,
    key: Key,
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long the list holds.")] = 30,
    renew: Annotated[
        bool, typer.Option("--renew", help="Publish the same content anew, before it expires.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Throw away what is under way, with its signatures.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where the signed list goes, too.")] = None,
) -> None:
    """Compose the next list of what was approved, or sign the one under way. Takes two."""
    signer = read_key_file(key)

    async def work(session: WriteSession, record: Recorder) -> publishing.Published:
        return await publishing.publish(
            session,
            await persons.acting(session, by, signer),
            now(),
            record=record,
            lifetime=timedelta(days=days),
            renew=renew,
            anew=anew,
        )

    done: publishing.Published = recorded(work)
    named = f"{done.publisher}#{done.number}@{done.address[:16]}"
    numbers = ", ".join(map(str, done.proposals)) or "–"
    typer.echo(f"{named}: proposals {numbers}; signed by {done.signed_by} of {done.threshold}")
    if done.accepted:
        typer.echo("published: this node goes by it from now on")
        if out is not None:
            out.write_bytes(done.raw)
    else:
        typer.echo("not published: another person signs it with `zhengyan trust publish`")
