"""`zhengyan trust doctor`: what is wrong with what this node trusts, and what ends soon."""

import asyncio
from datetime import timedelta
from typing import Annotated, Final

import typer

from app.cli.drafts import (
    Lang,
    written_lines,
)
from app.composition import clients, database, now
from app.config import settings
from app.domain.trustlist import Refusal
from app.federation.lists import HttpLists, NotFetched
from app.registry import ocsp_responses, revocation_sources
from app.registry.lists.content import Content
from app.registry.making import checkup
from app.services.doctor import (
    FIXES,
    Checked,
    Finding,
    Problem,
    endpoints_of,
    examine,
    shown_certificates,
)
from app.services.doctor_fetched import fetched
from app.services.doctor_primes import shared_primes

FOUND: Final = 10
"""What `doctor` exits with where it found something."""
PROBE_BYTES: Final = 4096
PROBE_WAIT: Final = timedelta(seconds=5)


def trust_doctor(
    probe: Annotated[
        bool, typer.Option("--probe", help="Connect to every endpoint, by the egress rules.")
    ] = False,
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = Lang.ZH,
) -> None:
    """Find what is expired, about to be, colliding, weak or unreachable, each with what mends it.

    Exit code: **0** nothing found · **10** something found.
    """
    findings = asyncio.run(_doctor(probe=probe))
    for found in findings:
        fix = FIXES[found.problem][0 if lang is Lang.ZH else 1]
        detail = f" ({found.detail})" if found.detail else ""
        written_lines([f"{found.problem}: {found.place}{detail}", f"    → {fix}"])
    typer.echo(f"{len(findings)} findings")
    if findings:
        raise typer.Exit(FOUND)


async def _doctor(*, probe: bool) -> list[Finding]:
    async with database(settings()) as opened, opened.reading() as session:
        lists = await checkup.followed(session)
        tables = await checkup.local(session)
        responses = await ocsp_responses.list_responses(session)
        places = await revocation_sources.sources(session)
    sources = [await asyncio.to_thread(_checked, each) for each in lists]
    sources.append(Checked(name="local", content=tables))
    findings = await asyncio.to_thread(examine, sources, now(), responses)
    findings += await asyncio.to_thread(shared_primes, sources)
    findings += fetched(responses, places, now())
    shown = clients(settings())
    findings += shown_certificates(shown.ends(), shown.broken(), now())
    return [*findings, *(await _probe(sources) if probe else ())]


def _checked(followed: checkup.Followed) -> Checked:
    """Raises `Malformed`."""
    source, (held, before) = followed.source, followed.read()
    return Checked(
        name=source.publisher,
        content=Content() if held is None else held.content,
        held=held is not None,
        expires_at=None if held is None else held.head.expires_at,
        url=source.url,
        networks=source.networks,
        good_at=source.good_at,
        before=None if before is None else before.content,
        taken=followed.taken,
    )


async def _probe(sources: list[Checked]) -> list[Finding]:
    """Whether anything answers there; what it says is nobody's word, and is not read."""
    reach = HttpLists(most=PROBE_BYTES, deadline=PROBE_WAIT)
    findings = []
    for place, url, networks in endpoints_of(sources):
        answer = await reach.fetch(url, networks)
        if isinstance(answer, NotFetched) and not answer.detail.startswith("status "):
            if answer.why is Refusal.OVERSIZED:
                continue
            findings.append(Finding(Problem.UNREACHABLE, place, f"{answer.why}: {answer.detail}"))
    return findings
