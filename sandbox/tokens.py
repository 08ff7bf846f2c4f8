"""License tokens (`typ: license+jwt`, docs/license-token.md): how an issuer writes one."""

from datetime import date, datetime

from sandbox import jws
from sandbox.bodies import HeldKey
from sandbox.jws import JsonObject
from sandbox.licenses import License

TYP = "license+jwt"


def header_of(held: HeldKey) -> JsonObject:
    return {"typ": TYP, "alg": held.alg, "kid": held.kid}


def payload_of(license: License) -> JsonObject:
    """Every member of the specification that this license has."""
    payload: JsonObject = {
        "iss": license.issuer,
        "iat": seconds(license.signed_at),
        "identifier": license.id,
        "type": license.type,
        "number": license.number,
        "name": license.name,
        "holder": {
            "name": license.holder.name,
            "code": license.holder.code,
            "code_type": license.holder.code_type,
        },
        "issued_on": license.issued_on.isoformat(),
        "valid_from": license.valid_from.isoformat(),
    }
    if license.valid_until is not None:
        payload["valid_until"] = as_text(license.valid_until)
    if license.details:
        payload["details"] = dict(license.details)
    return payload


def license_token(license: License, held: HeldKey) -> bytes:
    return jws.sign(header_of(held), payload_of(license), held.key)


def copy_token(
    license: License,
    held: HeldKey,
    *,
    signed_at: datetime,
    purpose: str,
    matter: str | None,
    expires: datetime,
) -> bytes:
    """An annotated copy (加注件): the same license, a purpose and an end of its own."""
    copy: JsonObject = {"purpose": purpose, "expires": seconds(expires)}
    if matter is not None:
        copy["matter"] = matter
    payload = {**payload_of(license), "iat": seconds(signed_at), "copy": copy}
    return jws.sign(header_of(held), payload, held.key)


def seconds(at: datetime) -> int:
    """Since 1970, as a NumericDate without a fraction."""
    return int(at.timestamp())


def as_text(last: date | str) -> str:
    return last.isoformat() if isinstance(last, date) else last
