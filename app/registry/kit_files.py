"""What an issuer kit writes: an example register, and the registration document to send."""

import csv
import io
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app.crypto.digests import digest
from app.crypto.jose import to_base64url
from app.crypto.provider import FolderKeys, read_agreement_key
from app.crypto.schemes import JOSE_BY_SCHEME
from app.domain.book import BookEntry
from app.domain.errors import Refused
from app.domain.identifier import Identifier, IssuerCode, TypeCode, nobodys
from app.domain.issuer import State
from app.domain.scheme import Digest
from app.registry.books.lines import COLUMNS
from app.registry.books.table import read_csv
from app.registry.kit import FACTS, KEYS, REGISTRATION, Kit
from app.registry.registration import read_registration
from app.registry.samples import LONG_TERM

LOCAL: Final = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Where an endpoint may lie as far as the kit is concerned; whoever registers it decides."""
STATUS_AGE: Final = 3600
"""Seconds: max_status_age of types the kit names."""
BEFORE: Final = timedelta(hours=1)
"""A key made now counts from so long ago: clocks differ."""


async def write_registration(found: Kit, now: datetime) -> Path:
    """registration.json; it is read back before it is kept. Raises `Refused`."""
    public = FolderKeys(found.folder / KEYS).public_keys()
    numbers = read_agreement_key(found.folder / FACTS).public_key().public_numbers()
    x, y = (to_base64url(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    named = [
        {
            "code": code,
            "name": {"zh": names[0], "en": names[1]},
            "must_be_sealed": False,
            "max_status_age": STATUS_AGE,
        }
        for code, names in found.types.items()
        if names is not None
    ]
    body = {
        "code": found.code,
        "title": {"zh": found.name[0], "en": found.name[1]},
        "types": sorted(found.types),
        "endpoint": found.url,
        "encryption_key": {
            "kty": "EC",
            "crv": "P-256",
            "x": x,
            "y": y,
            "kid": f"{found.code.lower()}-facts",
            "alg": "ECDH-ES",
        },
        "keys": [
            {
                "kid": key.jwk_thumbprint,
                "alg": JOSE_BY_SCHEME[key.scheme],
                "uses": ["answer"],
                "jwk": key.public_jwk(),
                "not_before": (now - BEFORE).isoformat(timespec="seconds"),
            }
            for key in public
        ],
        "sample": await _sample(found),
    }
    document: dict[str, Any] = {"license_types": named} if named else {}
    document |= {"issuers": [body]}
    read_registration(document, networks=LOCAL)
    path = found.folder / REGISTRATION
    write_json(path, document)
    return path


async def _sample(found: Kit) -> dict[str, Any] | None:
    """The license that kit.json names for trials, as the register has it."""
    if found.sample is None:
        return None
    try:
        identifier = Identifier.read(found.sample)
    except ValueError:
        raise Refused("sample", "kit.json: sample is no 证照标识") from None
    if found.database is None:
        entries: Sequence[BookEntry] = read_csv(
            found.folder / found.table, found.columns
        ).by_identifier.get(str(identifier), ())
    else:
        book = await found.book()
        try:
            entries = await book.by_identifier(identifier)
        finally:
            await book.aclose()
    if not entries or entries[0].state is not State.ISSUED:
        raise Refused("sample", "kit.json: the register has no license in force under sample")
    return _described(entries[0])


def _described(entry: BookEntry) -> dict[str, Any]:
    until = LONG_TERM if entry.long_term else None
    if entry.valid_until is not None:
        until = entry.valid_until.isoformat()
    dates = {"from": entry.valid_from.isoformat() if entry.valid_from else None, "until": until}
    stated = {
        "identifier": entry.key,
        "number": entry.number,
        "holder": entry.holder,
        "holder_code": entry.holder_code,
        "code": entry.code,
        "dates": dates if any(dates.values()) else None,
        "documents": [
            {"alg": name, "value": to_base64url(value)} for name, value in sorted(entry.files)
        ],
    }
    return {name: value for name, value in stated.items() if value}


def new_code() -> str:
    """A code for an official address: 128 random bits, in what may stand in a path."""
    return secrets.token_urlsafe(16)


def examples(owner: IssuerCode, type: TypeCode, *, codes: bool) -> list[dict[str, str]]:
    """Two licenses of nobody: one in force, to be tried with; one revoked."""
    entries = _examples(owner, type)
    if codes:
        for entry in entries:
            entry["code"] = new_code()
    return entries


def _examples(owner: IssuerCode, type: TypeCode) -> list[dict[str, str]]:
    first, second = (
        nobodys(owner, type, serial, version="001") for serial in ("SAMPLE0001", "SAMPLE0002")
    )
    return [
        {
            "identifier": str(first),
            "type": type,
            "number": "SAMPLE-0001",
            "holder": "样例·甲（虚构）",
            "holder_code": "SAMPLE-HOLDER-1",
            "valid_from": "2024-01-01",
            "valid_until": LONG_TERM,
            "state": "有效",
            "files": f"sm3:{digest(Digest.SM3, b'sample').hex()}",
        },
        {
            "identifier": str(second),
            "type": type,
            "number": "SAMPLE-0002",
            "holder": "样例·乙（虚构）",
            "holder_code": "SAMPLE-HOLDER-2",
            "valid_from": "2024-01-01",
            "valid_until": "2034-12-31",
            "state": "吊销",
            "since": "2025-06-01",
        },
    ]


def csv_text(entries: list[dict[str, str]]) -> str:
    """A column of codes only where there are any: with one, a code it has not is denied."""
    text = io.StringIO(newline="")
    columns = [name for name in COLUMNS if name != "code" or any(name in e for e in entries)]
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(entries)
    return text.getvalue()


def write_json(path: Path, value: object) -> None:
    """Whole or not at all."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
