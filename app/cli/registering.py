"""`zhengyan issuer|key|delegation …`: what this node trusts, and whom it asks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from app.composition import VERSION, clients, database, now
from app.config import settings
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.provider import FolderKeys
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.errors import Malformed, Refused
from app.domain.identifier import TypeCode
from app.domain.lookup import Level
from app.domain.retrieval import Offer
from app.domain.scheme import Scheme
from app.domain.trust import Gap, Issuer, Kind, LicenseType, Window
from app.domain.verification import Asker
from app.federation.clients import Client
from app.models import Use
from app.registry import catalogue, delegations, keys, retrievals
from app.registry.audit import append_within
from app.registry.auditing import event
from app.registry.entries import DelegationEntry, EndpointEntry, IssuerEntry
from app.registry.reader import Reader
from app.registry.registration import encryption_jwk, issuer_code, key_id, type_code
from app.registry.retrievals import PostgresOffers
from app.registry.sessions import ReadSession, WriteSession
from app.registry.snapshot import read_document
from app.registry.urls import read_networks, read_url
from app.reports.terminal import clean

issuer = typer.Typer(no_args_is_help=True, help="Issuers (证照颁发机构): who may issue what.")
key = typer.Typer(no_args_is_help=True, help="Public keys of issuers and delegates.")
delegation = typer.Typer(no_args_is_help=True, help="Mandates: who may act in an issuer's name.")

MAX_FILE: Final = 16 * 1024 * 1024
"""Bytes of a file with a key, a certificate or a revocation list."""

Write = Callable[[WriteSession], Awaitable[Any]]
Since = Annotated[str | None, typer.Option(help="From when, RFC 3339; now if absent.")]
Until = Annotated[str | None, typer.Option(help="Until when, RFC 3339; open if absent.")]
Types = Annotated[
    list[str], typer.Option("--type", help="License type code, 21 characters; repeatable.")
]


def written(what: str, work: Write) -> Any:
    """One transaction of administration, with its row in the audit log.

    what: the command, and what it is about. Raises `Refused`, `Unavailable`; then neither is kept.
    """

    async def run() -> Any:
        async with database(settings()) as opened, opened.writing() as session:
            done = await work(session)
            await append_within(session, _administered(what))
            return done

    return asyncio.run(run())


def _administered(what: str) -> AuditEvent:
    return event(
        Asker(caller="command-line"),
        FolderKeys(settings().key_folder),
        Operation.ADMINISTER,
        Result.ANSWERED,
        at=now(),
        version=VERSION,
        object=what,
    )


def read(work: Callable[[ReadSession], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with database(settings()) as opened, opened.reading() as session:
            return await work(session)

    return asyncio.run(run())


def content_of(file: Path) -> bytes:
    """Raises `Refused` naming the file."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE + 1)
    except OSError as exc:
        raise Refused("file", f"{file}: {exc.strerror}") from None
    if len(content) > MAX_FILE:
        raise Refused("file", f"{file}: over {MAX_FILE} bytes, which no key or list needs")
    return content


def _json_of(field: str, content: bytes) -> dict[str, object]:
    try:
        return read_json_object(content, JsonLimits())
    except Malformed as exc:
        raise Refused(field, f"not a JWK: {exc}") from None


def time_of(field: str, text: str) -> datetime:
    """RFC 3339, with an offset: a bare local time is eight hours wrong somewhere."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused(field, "not a time with its offset: write 2026-11-01T00:00:00+08:00")
    return at


def window_of(since: str | None, until: str | None) -> Window:
    start = time_of("since", since) if since else now()
    return Window(start, time_of("until", until) if until else None)


def _types(codes: Sequence[str]) -> frozenset[TypeCode]:
    return frozenset(type_code("type", code) for code in codes)


def show(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")  # a code cut off is of no use
    for row in rows:
        table.add_row(*row)
    Console().print(table)


# ---- issuers


@issuer.command("import")
def issuer_import(
    file: Annotated[Path, typer.Argument(help="A registration document (JSON).")],
    network: Annotated[
        list[str] | None,
        typer.Option(
            help="Network its endpoints may lie in though not public, like 10.1.0.0/16; repeatable."
        ),
    ] = None,
) -> None:
    """Register issuers, keys, types, endpoints and mandates from one document. Repeatable."""
    document = read_document(file)
    changes = written(
        "issuer import",
        lambda s: catalogue.import_registration(s, document, networks=network or ()),
    )
    typer.echo(
        f"registered: {changes.added} added, {changes.changed} changed, "
        f"{changes.unchanged} unchanged"
    )


@issuer.command("add")
def issuer_add(
    code: Annotated[
        str,
        typer.Argument(
            help="统一社会信用代码 (18 characters) or region code (6 digits) of the issuer."
        ),
    ],
    name: Annotated[str, typer.Option(help="名称, in Chinese.")],
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="License type code it issues; repeatable; none for delegates."),
    ] = None,
    name_en: Annotated[str, typer.Option(help="Name in English.")] = "",
    endpoint: Annotated[str | None, typer.Option(help="https URL where it answers IVP/1.")] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="Network it may lie in though not public, like 10.1.0.0/16; repeatable."),
    ] = None,
    encryption_key: Annotated[
        Path | None,
        typer.Option(
            help="JWK on P-256 to which facts of holders are encrypted; without it an endpoint "
            "beyond this machine is asked for nothing that needs them."
        ),
    ] = None,
    tolerates: Annotated[
        list[Gap] | None,
        typer.Option(
            help="What its own seals leave open and are not refused for: attachment; repeatable. "
            "Nothing that pages show can be left open."
        ),
    ] = None,
) -> None:
    """Register an issuer (or a delegate) with license types and the address where it answers."""
    owner = issuer_code("code", code)
    gaps = frozenset(tolerates or ())
    body = Issuer(owner, name, name_en or name, _types(types or ()), gaps)
    if encryption_key is not None and endpoint is None:
        raise Refused("encryption_key", "is of no use without --endpoint")
    sealed = None if encryption_key is None else _recipient(encryption_key)

    async def work(session: WriteSession) -> str:
        change = await catalogue.add_issuer(session, IssuerEntry(body))
        if endpoint is not None:
            url = read_url("endpoint", endpoint, network or ())
            opened = read_networks("network", network or ())
            entry = EndpointEntry(issuer=owner, url=url, networks=opened, encryption_jwk=sealed)
            await catalogue.add_endpoint(session, entry)
        return change.value

    typer.echo(f"{code}: {written(f'issuer add {code}', work)}")


certificate = typer.Typer(
    no_args_is_help=True,
    help="This node's own certificates for issuers that want one (双向 TLS, mutual TLS).",
)


@certificate.command("set")
def certificate_set(
    code: Annotated[str, typer.Argument(help="Code of the body it is shown to.")],
    file: Annotated[
        Path, typer.Argument(help="PEM: an unencrypted private key, and its certificate first.")
    ],
) -> None:
    """Keep a client certificate for a body's endpoints, once all is right with it."""
    owner, content, held = issuer_code("code", code), content_of(file), clients(settings())

    async def work(session: WriteSession) -> Client:
        del session
        return await asyncio.to_thread(held.save, owner, content)

    saved = written(f"issuer certificate set {code}", work)
    typer.echo(f"{owner}: sha256 {saved.version}, until {saved.ends:%Y-%m-%d}")


@certificate.command("remove")
def certificate_remove(
    code: Annotated[str, typer.Argument(help="Code of the body it was shown to.")],
) -> None:
    """Show that body none any more."""
    owner, held = issuer_code("code", code), clients(settings())

    async def work(session: WriteSession) -> bool:
        del session
        return await asyncio.to_thread(held.remove, owner)

    there = written(f"issuer certificate remove {code}", work)
    typer.echo(f"{owner}: {'removed' if there else 'there was none'}")


@certificate.command("list")
def certificate_list() -> None:
    """Whom this node shows one, until when, and which files cannot be used."""
    held = clients(settings())
    broken = held.broken()
    rows = [(code, f"{ends:%Y-%m-%d}") for code, ends in held.ends().items()]
    show(("body 机构", "until 有效期至"), [*rows, *((c, clean(why)) for c, why in broken.items())])


retrieval = typer.Typer(
    no_args_is_help=True, help="Issuers that give their documents to authorised callers (调阅)."
)


@retrieval.command("set")
def retrieval_set(
    code: Annotated[str, typer.Argument(help="Code of the issuer that offers it.")],
    url: Annotated[str, typer.Argument(help="https URL where documents are asked for.")],
    origin: Annotated[
        list[str],
        typer.Option(help="Where its links may lead, as https://files.example; repeatable."),
    ],
    network: Annotated[
        list[str] | None,
        typer.Option(help="Network they may lie in though not public, like 10.1.0.0/16."),
    ] = None,
) -> None:
    """Register that an issuer offers its documents, and to which hosts its links may lead."""
    offer = retrievals.offer_of(issuer_code("code", code), url, origin, networks=network or ())
    change = written(f"issuer retrieval set {code}", lambda s: retrievals.put_offer(s, offer))
    typer.echo(f"{code}: {change.value}")


@retrieval.command("remove")
def retrieval_remove(
    code: Annotated[str, typer.Argument(help="Code of the issuer that offered it.")],
) -> None:
    """It is asked for no documents any more."""
    owner = issuer_code("code", code)
    what = f"issuer retrieval remove {code}"
    there = written(what, lambda s: retrievals.drop_offer(s, owner))
    typer.echo(f"{owner}: {'removed' if there else 'there was none'}")


@retrieval.command("list")
def retrieval_list() -> None:
    """Who offers its documents, where, where links may lead, and by whose word."""

    async def run() -> list[tuple[str, Offer]]:
        async with database(settings()) as opened:
            return await PostgresOffers(opened, now).every()

    show(
        ("body 机构", "address 地址", "links 链接可至", "by 依据"),
        ((o.issuer, o.url, ", ".join(o.origins), clean(by)) for by, o in asyncio.run(run())),
    )


def _recipient(file: Path) -> str:
    jwk = _json_of("encryption_key", content_of(file))
    return encryption_jwk(Reader.of(jwk, "encryption_key"))


@issuer.command("type")
def issuer_type(
    code: Annotated[str, typer.Argument(help="证照类型代码, 21 characters.")],
    name: Annotated[str, typer.Option(help="名称, in Chinese.")],
    name_en: Annotated[str, typer.Option(help="Name in English.")] = "",
    max_status_age: Annotated[
        int, typer.Option(min=0, help="Seconds for which the issuer's word may be used again.")
    ] = 3600,
    unsealed: Annotated[
        bool, typer.Option("--unsealed", help="Files of this type may come without a signature.")
    ] = False,
    signed_answers: Annotated[
        bool,
        typer.Option("--signed-answers", help="An answer counts only if the issuer signed it."),
    ] = False,
) -> None:
    """Register a license type (证照类型) before the issuers that issue it."""
    type = LicenseType(
        code=type_code("code", code),
        name=name,
        name_en=name_en or name,
        must_be_sealed=not unsealed,
        max_status_age=timedelta(seconds=max_status_age),
        signed_answers=signed_answers,
    )
    change = written(f"issuer type {code}", lambda s: catalogue.add_license_type(s, type))
    typer.echo(f"{code}: {change.value}")


@issuer.command("level")
def issuer_level(
    code: Annotated[str, typer.Argument(help="证照类型代码, 21 characters.")],
    level: Annotated[Level, typer.Argument(help="How closely its records are kept (分级).")],
) -> None:
    """Say how much of the records of a license type a look-up may show."""
    wanted = type_code("code", code)
    change = written(
        f"issuer level {code} {level}", lambda s: catalogue.set_level(s, wanted, level)
    )
    typer.echo(f"{code}: {level}, {change.value}")


@issuer.command("identity-source")
def issuer_identity_source(
    code: Annotated[str, typer.Argument(help="证照类型代码, 21 characters.")],
    off: Annotated[bool, typer.Option("--off", help="It is one no more.")] = False,
) -> None:
    """From one of this type (营业执照), its holder's others may be asked for (一照关联)."""
    wanted, on = type_code("code", code), not off
    change = written(
        f"issuer identity-source {code} {'on' if on else 'off'}",
        lambda s: catalogue.set_identity_source(s, wanted, on=on),
    )
    typer.echo(f"{code}: {'an' if on else 'no'} identity source, {change.value}")


@issuer.command("list")
def issuer_list() -> None:
    """Who is registered, with types and endpoint."""

    async def work(session: ReadSession) -> list[tuple[str, str, str, str]]:
        urls = {e.issuer: e.url for e in await catalogue.list_endpoints(session)}
        return [
            (
                e.issuer.code,
                e.issuer.name,
                "\n".join(sorted(e.issuer.types)),
                urls.get(e.issuer.code, "–"),
            )
            for e in await catalogue.list_issuers(session)
        ]

    show(("code 代码", "name 名称", "types 证照类型", "endpoint 核验接口"), read(work))


@issuer.command("revoke")
def issuer_revoke(
    code: Annotated[str, typer.Argument(help="Code of the issuer.")],
    reason: Annotated[str | None, typer.Option(help="Why; kept.")] = None,
) -> None:
    """Stop trusting an issuer now: revokes all its keys. What was seen before stays judged."""
    moment = now()

    async def work(session: WriteSession) -> int:
        live = [
            k
            for k in await keys.list_keys(session, issuer_code("code", code))
            if k.revoked_at is None or k.revoked_at > moment
        ]
        for entry in live:
            await keys.revoke_key(session, entry.owner, entry.key_id, moment, reason)
        return len(live)

    revoked = written(f"issuer revoke {code}", work)
    if not revoked:
        raise Refused("code", f"{code} has no key that is not revoked: see `zhengyan key list`")
    typer.echo(f"{code}: {revoked} keys revoked")


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
    jwk = _json_of("file", content) if content.lstrip().startswith(b"{") else content
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
            for type in sorted(_types(types))
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
        pairs = [(type, each) for type in sorted(_types(types)) for each in kind]
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
