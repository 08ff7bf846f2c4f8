"""`zhengyan person …`: who makes trust lists, with which keys."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.desk import read, show
from app.cli.drafts import public_half, recorded
from app.composition import now
from app.crypto.provider import new_key_file
from app.domain.caller import Scope
from app.domain.errors import Refused
from app.domain.scheme import Scheme
from app.registry.making import persons
from app.registry.making.record import Recorder
from app.registry.sessions import WriteSession

person = typer.Typer(no_args_is_help=True, help="People who make trust lists, and their keys.")


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

    typer.echo(recorded(work))


@person.command("end")
def person_end(name: Annotated[str, typer.Argument(help="Who left.")]) -> None:
    """Nothing more is signed in this name. What was signed stays signed."""

    async def work(session: WriteSession, record: Recorder) -> str:
        at = now()
        change = await persons.end_person(session, name, at)
        await record(session, None, f"person {name} ended", at)
        return f"{name}: {change.value}"

    typer.echo(recorded(work))


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
