"""`zhengyan digest`: what to send of a file that stays."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.picturing import content_of
from app.domain.digested import FileDigest
from app.domain.errors import Malformed, ServiceError
from app.domain.license import Claims
from app.formats.digested.making import digested_from
from app.schemas.digested import digests_json


def digest(
    file: Annotated[Path, typer.Argument(help="An OFD or PDF with seals or signatures.")],
    by: Annotated[
        FileDigest,
        typer.Option(help="The whole-file digest: the algorithm by which the issuer keeps it."),
    ] = FileDigest.SM3,
) -> None:
    """Make the body that verifies a file by digests, the file staying here 只送摘要核验.

    Prints one line of JSON for `POST /v1/verifications`: the parts of its signatures, digests of
    everything else, and the identifier it states. No page, no picture but those of seals. Send it
    as it is: `zhengyan digest FILE | curl --json @- ADDRESS/v1/verifications`. To judge it here:
    `zhengyan verify --digests FILE`.
    """
    try:
        digested, named = digested_from(content_of(file), by)
    except Malformed as exc:
        raise ServiceError(f"{file}: it cannot be read: {exc}") from None
    body = {**_named(named), "digests": digests_json(digested)}
    sys.stdout.write(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n")


def _named(claims: Claims) -> dict[str, str]:
    if claims.identifier is not None:
        return {"identifier": str(claims.identifier)}
    stated = {"number": claims.number, "type": claims.type, "issuer": claims.issuer}
    return {name: value for name, value in stated.items() if value}
