"""`zhengyan issuer-kit …`: a small issuer answers for its licenses out of a table."""

import asyncio
import logging
from pathlib import Path
from typing import Annotated, Final

import typer
import uvicorn

from app.cli.desk import content_of, show
from app.cli.serving import SERVER, refuse_taken
from app.composition import VERSION, now
from app.crypto.digests import digest
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.provider import FolderKeys, new_agreement_key, read_agreement_key
from app.domain.errors import Malformed, Refused
from app.domain.issuer import PeerScope
from app.domain.scheme import Digest, Scheme
from app.federation.opening import open_sealed
from app.registry.books.table import read_csv
from app.registry.kit import (
    ASKERS,
    FACTS,
    KEYS,
    REGISTER,
    REGISTRATION,
    SETTINGS,
    FolderAskers,
    Kit,
    allow,
    read_askers,
)
from app.registry.kit_files import (
    LOCAL,
    csv_text,
    examples,
    new_code,
    write_json,
    write_registration,
)
from app.registry.registration import issuer_code, type_code
from app.registry.urls import read_url
from app.routers.kit import PATH, kit_app
from app.services.issuing import Issuing

kit = typer.Typer(
    no_args_is_help=True,
    help="Issuer kit (颁发机构接入包): answer IVP/1 out of a CSV file or an SQL table.",
)

SCHEMES: Final = (Scheme.ED25519, Scheme.ECDSA_P256_SHA256, Scheme.SM2_SM3)
Folder = Annotated[Path, typer.Argument(help="The kit's folder.")]


@kit.command("new")
def kit_new(
    folder: Folder,
    code: Annotated[str, typer.Option(help="统一社会信用代码 of the issuer.")],
    name: Annotated[str, typer.Option(help="名称, in Chinese.")],
    license_type: Annotated[
        list[str], typer.Option("--type", help="License type code it issues; repeatable.")
    ],
    name_en: Annotated[str, typer.Option(help="Name in English.")] = "",
    url: Annotated[
        str, typer.Option(help="Where the endpoint will be; you can set it later in kit.json.")
    ] = f"http://127.0.0.1:8300{PATH}",
    scheme: Annotated[Scheme, typer.Option(help="Of the key answers are signed with.")] = (
        Scheme.ED25519
    ),
    codes: Annotated[
        bool,
        typer.Option(
            "--codes", help="Licenses bear official addresses with a code (查验码): keep them too."
        ),
    ] = False,
) -> None:
    """Make a folder with keys, settings, an example register and the registration document."""
    if scheme not in SCHEMES:
        raise Refused("scheme", f"is none of {', '.join(each.value for each in SCHEMES)}")
    owner = issuer_code("code", code)
    types = [type_code("type", each) for each in license_type]
    read_url("url", url, LOCAL)
    if (folder / SETTINGS).exists():
        raise Refused("folder", f"{folder} holds a kit already: see `zhengyan issuer-kit check`")
    entries = examples(owner, types[0], codes=codes)
    settings = {
        "code": owner,
        "name": {"zh": name, "en": name_en or name},
        "types": [{"code": each} for each in types],
        "url": url,
        "table": REGISTER,
        "exported": False,
        "every_file": False,
        "sample": entries[0]["identifier"],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        FolderKeys(folder / KEYS, new_keys=scheme)
        new_agreement_key(folder / FACTS)
        (folder / REGISTER).write_text(csv_text(entries), encoding="utf-8")
        write_json(folder / SETTINGS, settings)
    except OSError as exc:
        raise Refused("folder", f"{folder}: {exc.strerror}") from None
    asyncio.run(write_registration(Kit.read(folder), now()))
    typer.echo(
        f"{folder / REGISTER}: the register, with two fictional licenses; put yours into it\n"
        f"{folder / REGISTRATION}: send this to whoever verifies\n"
        f"next: zhengyan issuer-kit allow {folder} NODE.json   (what `zhengyan peer self` prints)\n"
        f"      zhengyan issuer-kit serve {folder}"
    )


@kit.command("registration")
def kit_registration(folder: Folder) -> None:
    """Write the registration document anew, after kit.json or the sample has changed."""
    typer.echo(str(asyncio.run(write_registration(Kit.read(folder), now()))))


@kit.command("allow")
def kit_allow(
    folder: Folder,
    node: Annotated[Path, typer.Argument(help="What `zhengyan peer self` printed there.")],
    scope: Annotated[
        list[PeerScope] | None, typer.Option(help="ask for itself, relay for others; ask.")
    ] = None,
) -> None:
    """Let a node ask. Compare the thumbprints of its keys with it in another way first."""
    Kit.read(folder)
    try:
        described = read_json_object(content_of(node), JsonLimits())
    except Malformed as exc:
        raise Refused("node", f"{node}: {exc}") from None
    name = allow(folder, described, scope or [PeerScope.ASK])
    typer.echo(f"{name} may ask, by keys {', '.join(read_askers(folder / ASKERS)[name][1])}")


@kit.command("check")
def kit_check(folder: Folder) -> None:
    """Read settings and register, and say what is in them."""
    found = Kit.read(folder)
    if found.database is None:
        page = read_csv(folder / found.table, found.columns)
        states: dict[str, int] = {}
        for entries in page.by_identifier.values():
            for entry in entries:
                states[entry.state.value] = states.get(entry.state.value, 0) + 1
        codes = "no column of codes" if page.by_code is None else f"{len(page.by_code)} codes"
        typer.echo(f"{found.table}: {page.rows} licenses, {codes}")
        show(("state 状态", "licenses 数量"), [(k, str(v)) for k, v in sorted(states.items())])
    else:
        asyncio.run(_open_and_close(found))
        typer.echo(f"{found.table}: can be asked")


async def _open_and_close(found: Kit) -> None:
    book = await found.book()
    await book.aclose()


@kit.command("digest")
def kit_digest(
    files: Annotated[list[Path], typer.Argument(help="Files given out to holders.")],
) -> None:
    """The digests of files, as the column `files` (文件摘要) holds them."""
    for file in files:
        content = content_of(file)
        words = (
            f"{name.value}:{digest(name, content).hex()}" for name in (Digest.SM3, Digest.SHA256)
        )
        typer.echo(f"{' '.join(words)}  {file}")


@kit.command("code")
def kit_code(
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 1,
) -> None:
    """New codes (查验码) for official addresses, 128 random bits each, for the column `code`."""
    for _ in range(count):
        typer.echo(new_code())


@kit.command("serve")
def kit_serve(
    folder: Folder,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8300,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM chain, to speak https without a proxy in front.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key.")] = None,
) -> None:
    """Answer questions of the nodes that are let in, until Ctrl-C."""
    if (tls_certificate is None) != (tls_key is None):
        raise Refused("tls_key", "--tls-certificate and --tls-key go together")
    refuse_taken(host, port)
    asyncio.run(_serve(Kit.read(folder), host, port, tls_certificate, tls_key))


async def _serve(
    found: Kit, host: str, port: int, certificate: Path | None, key: Path | None
) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    book = await found.book()
    sealed = read_agreement_key(found.folder / FACTS)
    keys = FolderKeys(found.folder / KEYS)
    issuing = Issuing(
        body=found.code,
        peers=FolderAskers(found.folder),
        book=book,
        signer=keys.signer,
        opened=lambda token: open_sealed(token, sealed),
        every_file=found.every_file,
        clock=now,
    )
    config = uvicorn.Config(
        kit_app(issuing, VERSION),
        host=host,
        port=port,
        log_config=None,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        **SERVER,
    )
    typer.echo(f"{found.code} answers at {host}:{port}{PATH}; Ctrl-C ends")
    try:
        await uvicorn.Server(config).serve()
    finally:
        await book.aclose()
