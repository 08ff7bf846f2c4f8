"""`zhengyan issuer test`: an endpoint held to docs/ivp.md, item by item, before it counts."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from app.cli.desk import content_of
from app.cli.verifying import Lang
from app.composition import database, lines, now
from app.config import Settings, settings
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.keys import read_public_key
from app.crypto.provider import FolderKeys, passing_key
from app.domain.errors import InvalidKey, Malformed, Refused
from app.domain.identifier import IssuerCode, TypeCode, nobodys
from app.domain.issuer import Adapter, AnswerKey, Endpoint, Speaker
from app.domain.sample import Sample
from app.domain.trust import Trust, TrustQuestion
from app.federation.trial.asking import Asking
from app.federation.trial.items import Finding, Outcome
from app.federation.trial.run import examine
from app.federation.trial.texts import WORDS
from app.registry import catalogue
from app.registry.entries import IssuerEntry
from app.registry.reader import Reader
from app.registry.registration import (
    encryption_jwk,
    issuer_code,
    key_id,
    read_registration,
    type_code,
)
from app.registry.samples import read_sample, read_samples
from app.registry.snapshot import SnapshotRegistry, read_document
from app.registry.trust import PostgresRegistry
from app.registry.urls import read_networks, read_url
from app.reports.terminal import clean

SERIAL: Final = "ZHENGYANTRIAL"
_MARKS: Final = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.UNCHECKED: "–"}
_SUMMARY: Final = {
    "zh": "{passed} 项通过，{failed} 项未通过，{unchecked} 项未检查",
    "en": "{passed} passed, {failed} failed, {unchecked} not checked",
}
_COLUMNS: Final = {"zh": ("", "项目", "要求", "所见"), "en": ("", "item", "demand", "seen")}


class Exit(IntEnum):
    """Like those of `verify`."""

    PASSED = 0
    FAILED = 10
    NOT_ALL_CHECKED = 11


def try_endpoint(
    code: Annotated[
        str | None,
        typer.Argument(help="Code of the issuer; with --registration of one body not needed."),
    ] = None,
    *,
    registration: Annotated[
        Path | None,
        typer.Option(help="Its registration document, before it is imported; names a sample too."),
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option(help="A sample license (docs/issuer-test.md), or a registration document."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Instead of the registered endpoint.")] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(help="With --url: JWK (with kid) of a key for answers; repeatable."),
    ] = None,
    encryption_key: Annotated[
        Path | None, typer.Option(help="With --url: JWK on P-256 for facts of holders.")
    ] = None,
    license_type: Annotated[
        str | None, typer.Option("--type", help="License type code, where no sample names one.")
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="Network it may lie in though not public, like 10.1.0.0/16; repeatable."),
    ] = None,
    max_age: Annotated[
        int, typer.Option(min=0, help="Seconds: how old the data behind an answer may be.")
    ] = 3600,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = Lang.ZH,
) -> None:
    """Try an endpoint of IVP/1 before approval or at any time 接口验收. Nothing is registered.

    Exit code: **0** all passed · **10** something failed · **11** nothing failed, something could
    not be checked · **1** could not run.
    """
    if (key or encryption_key) and url is None:
        raise Refused("url", "--key and --encryption-key go with --url")
    opened = read_networks("network", network or ())
    owner = _owner(code, registration)
    known = _sample_of(owner, sample, registration)
    type = type_code("type", license_type) if license_type else None
    if known is not None and type is None:
        type = known.claims.type
    chosen = settings()
    if url is not None:
        endpoint = _given(owner, read_url("url", url, opened), opened, key or [], encryption_key)
    else:
        endpoint, type = asyncio.run(_registered(owner, registration, opened, type))
    found = asyncio.run(_tried(chosen, endpoint, known, type, timedelta(seconds=max_age)))
    if as_json:
        typer.echo(json.dumps(_as_json(endpoint, chosen, found), ensure_ascii=False))
    else:
        _show(endpoint, chosen, found, lang.value)
    raise typer.Exit(_exit(found))


def _owner(code: str | None, registration: Path | None) -> IssuerCode:
    if code is not None:
        return issuer_code("code", code)
    bodies = [] if registration is None else _bodies(read_document(registration))
    if len(bodies) != 1:
        raise Refused("code", "name the issuer: its code, or a registration document of one body")
    return bodies[0]


def _bodies(document: dict[str, object]) -> list[IssuerCode]:
    """With an endpoint."""
    entries = Reader.of(document, "").objects("issuers", 10_000)
    return [IssuerCode(each.text("code")) for each in entries if each.given("endpoint")]


def _sample_of(owner: IssuerCode, sample: Path | None, registration: Path | None) -> Sample | None:
    """Out of a file of its own, or of the registration document."""
    for place in (sample, registration):
        document = read_document(place) if place is not None else {"issuers": []}
        if "issuers" not in document:
            return read_sample(Reader.of(document, "sample"))
        found = read_samples(document).get(owner)
        if found is not None:
            return found
    return None


def _given(
    owner: IssuerCode,
    url: str,
    networks: tuple[str, ...],
    keys: Sequence[Path],
    encryption_key: Path | None,
) -> Endpoint:
    if not keys:
        raise Refused("key", "--url needs the public key that signs answers: --key FILE")
    sealed = None if encryption_key is None else _jwk("encryption_key", encryption_key)
    return Endpoint(
        issuer=owner,
        speaker=Speaker.ISSUER,
        url=url,
        answer_keys=tuple(map(_answer_key, keys)),
        networks=networks,
        encryption_jwk=encryption_jwk(Reader.of(sealed, "encryption_key")) if sealed else None,
    )


def _answer_key(file: Path) -> AnswerKey:
    jwk = _jwk("key", file)
    try:
        read = read_public_key(jwk)
    except InvalidKey as refused:
        raise Refused("key", f"{file}: {refused}") from None
    return AnswerKey(key_id("key.kid", str(jwk.get("kid", ""))), read.scheme, read.spki)


def _jwk(field: str, file: Path) -> dict[str, object]:
    try:
        return read_json_object(content_of(file), JsonLimits())
    except Malformed as exc:
        raise Refused(field, f"{file} is no JWK: {exc}") from None


async def _registered(
    owner: IssuerCode,
    registration: Path | None,
    networks: tuple[str, ...],
    type: TypeCode | None,
) -> tuple[Endpoint, TypeCode | None]:
    """Out of the file, or of the database; and a type of its own."""
    if registration is not None:
        # Types may be those of somebody else, and registered already: here they are not needed.
        said = read_registration(read_document(registration), networks=networks)
        snapshot = SnapshotRegistry(registration=said, name="", clock=now)
        chosen = type or _first_type(owner, said.issuers)
        trust = await snapshot.trust_for(_question(owner, chosen))
        return _endpoint(owner, trust), chosen
    async with database(settings()) as opened:
        async with opened.reading() as session:
            chosen = type or _first_type(owner, await catalogue.list_issuers(session))
        trust = await PostgresRegistry(opened, now).trust_for(_question(owner, chosen))
    return _endpoint(owner, trust), chosen


def _first_type(owner: IssuerCode, entries: Sequence[IssuerEntry]) -> TypeCode:
    types = next((entry.issuer.types for entry in entries if entry.issuer.code == owner), None)
    if types is None:
        raise Refused("code", f"{owner} is not registered: --registration FILE, or --url and --key")
    if not types:
        raise Refused("type", f"{owner} has no license type of its own: name one with --type")
    return min(types)


def _question(owner: IssuerCode, type: TypeCode) -> TrustQuestion:
    identifier = nobodys(owner, type, SERIAL)
    return TrustQuestion(
        identifier=identifier, type=type, issuer=owner, signers=frozenset(), digest=None
    )


def _endpoint(owner: IssuerCode, trust: Trust) -> Endpoint:
    if trust.endpoint is None or trust.endpoint.issuer != owner:
        raise Refused("code", f"{owner} has no endpoint of its own here: register one, or --url")
    if trust.endpoint.adapter is not Adapter.IVP:
        adapter = trust.endpoint.adapter.value
        raise Refused(
            "code", f"{owner} speaks {adapter}, not IVP/1: `zhengyan issuer endpoint try`"
        )
    return trust.endpoint


async def _tried(
    chosen: Settings,
    endpoint: Endpoint,
    sample: Sample | None,
    type: TypeCode | None,
    max_age: timedelta,
) -> list[Finding]:
    signer = FolderKeys(chosen.key_folder).signer()
    ways = lines(chosen)
    asking = Asking(
        lines=ways,
        endpoint=endpoint,
        node=chosen.node_id,
        signer=signer,
        stranger=passing_key(signer.scheme),
        clock=now,
    )
    try:
        return await examine(asking, sample, type=type, max_age=max_age)
    finally:
        await ways.aclose()


def _counted(found: Sequence[Finding]) -> dict[str, int]:
    return {o.value: sum(each.outcome is o for each in found) for o in Outcome}


def _exit(found: Sequence[Finding]) -> Exit:
    outcomes = {each.outcome for each in found}
    if Outcome.FAILED in outcomes:
        return Exit.FAILED
    return Exit.NOT_ALL_CHECKED if Outcome.UNCHECKED in outcomes else Exit.PASSED


def _as_json(endpoint: Endpoint, chosen: Settings, found: Sequence[Finding]) -> dict[str, Any]:
    return {
        "issuer": endpoint.issuer,
        "endpoint": endpoint.url,
        "node": chosen.node_id,
        "at": now().isoformat(timespec="seconds"),
        "summary": _counted(found),
        "items": [
            {
                "item": each.item.value,
                "outcome": each.outcome.value,
                "saw": each.saw,
                "demand": {lang: WORDS[each.item].asked(lang) for lang in ("zh", "en")},
                "mend": {lang: WORDS[each.item].mend(lang) for lang in ("zh", "en")},
            }
            for each in found
        ],
    }


def _show(endpoint: Endpoint, chosen: Settings, found: Sequence[Finding], language: str) -> None:
    typer.echo(f"{endpoint.issuer}  {endpoint.url}  ← {chosen.node_id}")
    table = Table()
    for column in _COLUMNS[language]:
        table.add_column(column, overflow="fold")
    for each in found:
        asked = WORDS[each.item].asked(language)
        table.add_row(_MARKS[each.outcome], each.item.value, asked, clean(each.saw))
    Console().print(table)
    typer.echo(_SUMMARY[language].format(**_counted(found)))
    for each in found:
        if each.outcome is Outcome.FAILED:
            mend = WORDS[each.item].mend(language)
            typer.echo(f"\n✗ {each.item.value}: {clean(each.saw)}\n  → {mend}")


def self_description(chosen: Settings) -> dict[str, Any]:
    """This node as issuers register it: its id and public keys, as `jwks.json` has them."""
    keys = FolderKeys(chosen.key_folder).public_keys()
    return {"node": chosen.node_id, "keys": [key.public_jwk() for key in keys]}
