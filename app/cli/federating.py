"""`zhengyan route …` and `zhengyan peer …`: where questions go, and whose are answered."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.desk import content_of, read, show, window_of, written
from app.cli.trying import self_description
from app.composition import database, now
from app.config import settings
from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed, Refused
from app.domain.identifier import Identifier
from app.domain.issuer import PeerScope
from app.domain.trust import Trust, TrustQuestion
from app.registry import peers
from app.registry.registration import type_code
from app.registry.snapshot import SnapshotRegistry
from app.registry.trust import PostgresRegistry
from app.reports.phrases import RULES

peer = typer.Typer(no_args_is_help=True, help="Nodes (核验节点) that may ask this one.")


def route(
    identifier: Annotated[str | None, typer.Argument(help="证照标识.")] = None,
    seal: Annotated[
        str | None, typer.Option(help="印章标识, of a document that names no license.")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="With --seal: 统一社会信用代码 in the signer's certificate.")
    ] = None,
    license_type: Annotated[
        str | None, typer.Option("--type", help="With --seal: license type code, where known.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="A folder with registration.json, instead of a database.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
) -> None:
    """Where a question would go, and by which rule. Nothing is sent."""
    asked = _question(identifier, seal, organisation, license_type)
    found = _look(asked, trust)
    told = explained(found, asked)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, value in told.items():
        typer.echo(f"{name:<10} {value}")


def explained(found: Trust, asked: TrustQuestion) -> dict[str, Any]:
    """The route in words; where there is none, what to do about it."""
    where = found.endpoint
    if where is None:
        return {"route": None, "why": _missing(found, asked)}
    rule = RULES[where.rule]
    return {
        "route": where.rule.value,
        "why": f"{rule.zh} · {rule.en}",
        "matched": where.matched or where.issuer,
        "body": where.issuer,
        "speaker": where.speaker.value,
        "endpoint": where.url,
        "adapter": where.adapter.value,
        "deadline": f"{where.deadline.total_seconds():g} s",
        "keys": ", ".join(key.key_id for key in where.answer_keys) or "none is good today",
        "handed_on": ", ".join(home.body for home in where.home_keys) or "-",
    }


def _missing(found: Trust, asked: TrustQuestion) -> str:
    if asked.issuer is not None and found.issuer is None:
        return f"{asked.issuer} is not registered: `zhengyan issuer add` or import it"
    return (
        "neither the issuer, nor a successor, delegate, type owner, region or upstream has an "
        "endpoint here: `zhengyan issuer add --endpoint`, or `platforms` in a registration document"
    )


def _question(
    identifier: str | None, seal: str | None, organisation: str | None, license_type: str | None
) -> TrustQuestion:
    if (identifier is None) == (seal is None):
        raise Refused("identifier", "give an identifier (证照标识), or --seal with a 印章标识")
    if identifier is None:
        return TrustQuestion(
            identifier=None,
            type=type_code("type", license_type) if license_type else None,
            issuer=None,
            signers=frozenset(),
            digest=None,
            organisations=frozenset({organisation} if organisation else ()),
            sealed=True,
            seal=seal,
        )
    try:
        parsed = Identifier.read(identifier)
    except ValueError as exc:
        raise Refused("identifier", str(exc)) from None
    return TrustQuestion(
        identifier=parsed,
        type=parsed.type,
        issuer=parsed.issuer,
        signers=frozenset(),
        digest=None,
    )


def _look(asked: TrustQuestion, trust: Path | None) -> Trust:
    async def run() -> Trust:
        if trust is not None:
            return await SnapshotRegistry.read(trust, clock=now).trust_for(asked)
        async with database(settings()) as opened:
            return await PostgresRegistry(opened, now).trust_for(asked)

    return asyncio.run(run())


@peer.command("add")
def peer_add(
    node: Annotated[str, typer.Argument(help="The node's id, as it signs its inquiries.")],
    keys: Annotated[Path, typer.Argument(help="Its JWK Set: /.well-known/jwks.json of the node.")],
    scope: Annotated[
        list[PeerScope], typer.Option(help="ask for itself, relay for others; repeatable.")
    ],
    since: Annotated[str | None, typer.Option(help="Keys count from; RFC 3339; now.")] = None,
    until: Annotated[str | None, typer.Option(help="Keys count until; open if absent.")] = None,
) -> None:
    """Let a node ask, or add keys to it. Compare its keys' thumbprints by another way first."""
    window = window_of(since, until)
    jwks = _jwks(content_of(keys))
    change = written(
        f"peer add {node}",
        lambda s: peers.add_peer(
            s, node, jwks, scopes=frozenset(scope), since=window.since, until=window.until
        ),
    )
    typer.echo(f"{node}: {change.value}; keys {', '.join(str(jwk.get('kid')) for jwk in jwks)}")


@peer.command("revoke")
def peer_revoke(node: Annotated[str, typer.Argument(help="The node's id.")]) -> None:
    """Answer a node no more. It does not come back under the same id."""
    change = written(f"peer revoke {node}", lambda s: peers.revoke_peer(s, node, at=now()))
    typer.echo(f"{node}: {change.value}")


@peer.command("self")
def peer_self() -> None:
    """This node's id and public keys, for others to register it by."""
    typer.echo(json.dumps(self_description(settings()), indent=1))


@peer.command("list")
def peer_list() -> None:
    """Nodes with scopes and keys."""
    show(
        ("node 节点", "scopes 权限", "keys 公钥", "revoked 停用"),
        (
            (
                each.id,
                " ".join(sorted(each.scopes)),
                " ".join(each.keys),
                each.revoked_at.isoformat() if each.revoked_at else "",
            )
            for each in read(peers.list_peers)
        ),
    )


def _jwks(content: bytes) -> list[dict[str, object]]:
    try:
        found = read_json_object(content, JsonLimits()).get("keys")
    except Malformed as exc:
        raise Refused("keys", f"not a JWK Set: {exc}") from None
    if not isinstance(found, list) or not all(isinstance(jwk, dict) for jwk in found):
        raise Refused("keys", 'not a JWK Set: {"keys": [...]} with the keys of the node')
    return found
