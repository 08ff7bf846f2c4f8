"""`zhengyan trust learn|begin|propose|review|approve|reject|publish|doctor`, `zhengyan person`."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.cli.registering import content_of, read, show
from app.composition import VERSION, clients, database, now
from app.config import settings
from app.crypto.digests import digest
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.keys import PublicKey, read_public_key
from app.crypto.provider import FolderKeys, new_key_file, read_key_file
from app.domain.caller import Scope
from app.domain.certificate import Certificate, Crl
from app.domain.errors import InvalidKey, Malformed, Refused
from app.domain.license import ParsedLicense
from app.domain.scheme import Digest, Scheme
from app.domain.trust import Trust, TrustQuestion
from app.domain.trustlist import Refusal
from app.domain.verification import Digests
from app.federation.lists import HttpLists, NotFetched
from app.formats import detect
from app.models import Decided
from app.registry import authorities
from app.registry.lists.content import Content
from app.registry.making import checkup, persons, proposals, publishing
from app.registry.making.changes import MAX_CHANGES, Change, apply, read_changes
from app.registry.making.proposals import Proposal
from app.registry.making.record import Recorder
from app.registry.making.telling import in_words
from app.registry.mapping import NOTHING
from app.registry.reader import Reader
from app.registry.sessions import ReadSession, WriteSession
from app.registry.trust import PostgresRegistry
from app.reports.terminal import clean, wrap
from app.services.doctor import (
    FIXES,
    Checked,
    Finding,
    Problem,
    endpoints_of,
    examine,
    shown_certificates,
)
from app.services.learned import Learned
from app.services.learned_words import lines
from app.services.learning import learn
from app.services.verify import question_of

trust = typer.Typer(no_args_is_help=True, help="Trust lists (信任清单).")
person = typer.Typer(no_args_is_help=True, help="People who make trust lists, and their keys.")

DRAFT: Final = "zhengyan-trust-draft/1"
_DRAFT_LIMITS: Final = JsonLimits(size=4 * 1024 * 1024)
_WIDTH: Final = 100
FOUND: Final = 10
"""What `doctor` exits with where it found something."""
PROBE_BYTES: Final = 4096
PROBE_WAIT: Final = timedelta(seconds=5)

By = Annotated[str, typer.Option("--as", help="Who you are: a name of `person list`.")]
Key = Annotated[Path, typer.Option("--key", help="Your private key, made by `person key`.")]
Why = Annotated[str, typer.Option(help="Why; signed and kept.")]
Networks = Annotated[
    list[str] | None,
    typer.Option("--network", help="Network its endpoints may lie in though not public."),
]


class Lang(StrEnum):
    """Of the text."""

    ZH = "zh"
    EN = "en"


class KeyScheme(StrEnum):
    """Of a person's key."""

    ED25519 = "ed25519"
    P256 = "p256"
    SM2 = "sm2"


_SCHEMES: Final = {
    KeyScheme.ED25519: Scheme.ED25519,
    KeyScheme.P256: Scheme.ECDSA_P256_SHA256,
    KeyScheme.SM2: Scheme.SM2_SM3,
}


# ---- people


@person.command("key")
def person_key(
    name: Annotated[str, typer.Argument(help="Whose it is: a-z, 0-9, hyphens.")],
    out: Annotated[Path, typer.Option(help="Where the private key goes; its public half: .pub.")],
    scheme: Annotated[KeyScheme, typer.Option(help="Of the key.")] = KeyScheme.ED25519,
) -> None:
    """Make a key of one's own. The private half stays with the person, mode 0600."""
    persons.read_name(name)
    public = out.with_name(f"{out.name}.pub")
    try:
        signer = new_key_file(out, _SCHEMES[scheme])
        with public.open("x", encoding="utf-8") as file:
            file.write(json.dumps(signer.public_jwk, sort_keys=True) + "\n")
    except FileExistsError:
        raise Refused("out", f"{out} or {public} is there: a key is never written over") from None
    typer.echo(f"{name}: private key {out} (keep it to yourself)\npublic half {public}")
    typer.echo(f"kid {signer.kid}")


@person.command("add")
def person_add(
    name: Annotated[str, typer.Argument(help="a-z, 0-9, hyphens.")],
    key: Annotated[Path, typer.Option(help="The public half: JWK, PEM or DER.")],
    scope: Annotated[list[Scope], typer.Option(help="trust:propose, trust:approve; repeatable.")],
) -> None:
    """Register a person, or give one another key and other scopes; the key before it ends."""
    public = public_half(key).public_jwk()

    async def work(session: WriteSession, record: Recorder) -> str:
        at = now()
        change, kid = await persons.add_person(session, name, public, frozenset(scope), at)
        await record(session, None, f"person {name} {kid} {' '.join(sorted(scope))}", at)
        return f"{name}: {change.value}, kid {kid}"

    typer.echo(_written(work))


def public_half(key: Path) -> PublicKey:
    """The key in a file of a person. Raises `Refused`, for a private one before it is read."""
    content = content_of(key)
    if b"PRIVATE KEY" in content:
        raise Refused("key", f"{key} is a private key: give its public half, {key}.pub")
    public = _object(content, key) if content.lstrip().startswith(b"{") else content
    try:
        return read_public_key(public)
    except InvalidKey as exc:
        message = f"the key is refused: {exc}. Give the public half, FILE.pub"
        raise Refused("key", message) from None


@person.command("end")
def person_end(name: Annotated[str, typer.Argument(help="Who left.")]) -> None:
    """Nothing more is signed in this name. What was signed stays signed."""

    async def work(session: WriteSession, record: Recorder) -> str:
        at = now()
        change = await persons.end_person(session, name, at)
        await record(session, None, f"person {name} ended", at)
        return f"{name}: {change.value}"

    typer.echo(_written(work))


@person.command("list")
def person_list() -> None:
    """Who may propose and approve, and with which key."""
    show(
        ("name", "scopes 权限", "kid", "scheme 算法", "left 离任"),
        (
            (
                each.name,
                "\n".join(sorted(each.scopes)),
                each.key.key_id if each.key else "–",
                each.key.scheme if each.key else "–",
                f"{each.ended_at:%Y-%m-%d}" if each.ended_at else "–",
            )
            for each in read(persons.list_persons)
        ),
    )


# ---- learning


@trust.command("learn")
def trust_learn(
    files: Annotated[list[Path], typer.Argument(help="Sealed license files, of one authority.")],
    *,
    issuer_certificate: Annotated[
        list[Path] | None,
        typer.Option(help="Certificate of an authority, DER or PEM, got from itself; repeatable."),
    ] = None,
    crl: Annotated[
        list[Path] | None, typer.Option(help="Its revocation list, DER or PEM; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the draft goes (JSON).")] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Propose the draft; needs --as and --key.")
    ] = False,
    by: Annotated[str | None, typer.Option("--as", help="Who you are.")] = None,
    key: Annotated[Path | None, typer.Option(help="Your private key.")] = None,
    note: Why = "",
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = Lang.ZH,
) -> None:
    """Show what a document claims and draft entries for it. Nothing is trusted for that."""
    if propose and (by is None or key is None):
        raise Refused("as", "who proposes? Give --as NAME --key FILE")
    certificates = [
        authorities.certificate_of("issuer-certificate", content_of(each))
        for each in issuer_certificate or ()
    ]
    lists = [authorities.list_of("crl", content_of(each)) for each in crl or ()]
    drafted = asyncio.run(_learn(files, certificates, lists, lang))
    if out is not None:
        _write(out, {"format": DRAFT, "changes": [change.payload() for change in drafted]})
    if propose and by is not None and key is not None:
        if not drafted:
            raise Refused("draft", "there is nothing to propose")
        _propose(drafted, by, key, note or f"learned from {len(files)} file(s)")


async def _learn(
    files: list[Path], certificates: list[Certificate], lists: list[Crl], lang: Lang
) -> tuple[Change, ...]:
    """Each file in turn, so that the second does not draft what the first did."""
    drafted: tuple[Change, ...] = ()
    for file in files:
        license, question = await asyncio.to_thread(_read_license, file)
        known, held = await _known(question)
        sections = apply(held, drafted, place="draft")
        found = learn(
            license, question, known, sections, issuers=certificates, lists=lists, now=now()
        )
        _print(file, found, sections, lang)
        drafted += found.changes
    return drafted


def _read_license(file: Path) -> tuple[ParsedLicense, TrustQuestion]:
    content = content_of(file)
    if len(content) > settings().max_upload:
        raise Refused("file", f"{file} is larger than {settings().max_upload} bytes")
    try:
        license = detect(content).parse(content)
    except Malformed as broken:
        raise Refused("file", f"{file} cannot be read exactly: {broken}") from None
    digests = Digests(digest(Digest.SHA256, content), digest(Digest.SM3, content))
    return license, question_of(license, digests)


async def _known(question: TrustQuestion) -> tuple[Trust, dict[str, Any]]:
    """What this node trusts, and its own list; without a database, nothing."""
    if not settings().database_url:
        return NOTHING, {}
    async with database(settings()) as opened:
        known = await PostgresRegistry(opened, now).trust_for(question)
        async with opened.reading() as session:
            try:
                source = await publishing.own_source(session)
            except Refused:
                return known, {}
            return known, await publishing.held_sections(session, source)


def _print(file: Path, found: Learned, sections: Mapping[str, Any], lang: Lang) -> None:
    typer.echo(str(file))
    written_lines(lines(found, sections, lang.value))


# ---- proposals


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

    typer.echo(_written(work))


@trust.command("propose")
def trust_propose(
    draft: Annotated[Path, typer.Argument(help="A draft (JSON), as `learn --out` writes it.")],
    by: By,
    key: Key,
    note: Why = "",
) -> None:
    """Propose the changes of a draft. Somebody else has to approve them."""
    _propose(draft_of(draft), by, key, note)


def draft_of(draft: Path) -> tuple[Change, ...]:
    """What a file drafts. Raises `Refused` for anything else."""
    top = Reader.of(_object(content_of(draft), draft), "")
    top.close(required={"format", "changes"}, optional={"comment"})
    if top.text("format") != DRAFT:
        raise Refused("format", f"{draft} is not a draft ({DRAFT})")
    return read_changes(top.objects("changes", MAX_CHANGES))


def _propose(changes: tuple[Change, ...], by: str, key: Path, note: str) -> None:
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

    number: int = _written(work)
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

    written_lines(_written(work))


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

    done: publishing.Published = _written(work)
    named = f"{done.publisher}#{done.number}@{done.address[:16]}"
    numbers = ", ".join(map(str, done.proposals)) or "–"
    typer.echo(f"{named}: proposals {numbers}; signed by {done.signed_by} of {done.threshold}")
    if done.accepted:
        typer.echo("published: this node goes by it from now on")
        if out is not None:
            out.write_bytes(done.raw)
    else:
        typer.echo("not published: another person signs it with `zhengyan trust publish`")


# ---- the doctor


@trust.command("doctor")
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
    sources = [await asyncio.to_thread(_checked, each) for each in lists]
    sources.append(Checked(name="local", content=tables))
    findings = await asyncio.to_thread(examine, sources, now())
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


# ---- the ways in and out

Work = Callable[[WriteSession, Recorder], Awaitable[Any]]


def _written(work: Work) -> Any:
    """One transaction, with the audit rows that the work writes."""
    record = Recorder(FolderKeys(settings().key_folder), VERSION)

    async def run() -> Any:
        async with database(settings()) as opened, opened.writing() as session:
            return await work(session, record)

    return asyncio.run(run())


def _object(content: bytes, file: Path) -> dict[str, object]:
    try:
        return read_json_object(content, _DRAFT_LIMITS)
    except Malformed as broken:
        raise Refused("file", f"{file}: {broken}") from None


def _write(out: Path, document: Mapping[str, object]) -> None:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)
    out.write_text(text + "\n", encoding="utf-8")


def written_lines(found: Iterable[str], *, err: bool = False) -> None:
    """Cleaned of what could move the cursor: names in certificates are strangers'."""
    for line in found:
        for piece in wrap(clean(line), _WIDTH):
            typer.echo(piece, err=err)
