"""What a verifying node has to know of this world, as one JSON document."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from sandbox.bodies import CONSTRUCTION, TYPES, Body, Delegation, HeldKey, LicenseType
from sandbox.jws import JsonObject
from sandbox.keys import b64, make_key
from sandbox.sm2 import sm3
from sandbox.tokens import as_text
from sandbox.world import World

NOWHERE: Mapping[str, JsonObject] = {}
COUNTERSIGNER = "market"
"""Who has to seal construction permits as well, where they are joint (多部门联合签章)."""


def registration(
    world: World,
    endpoints: Mapping[str, str],
    *,
    joint: bool = False,
    others: Iterable[Body] = (),
    platforms: Mapping[str, JsonObject] = NOWHERE,
) -> JsonObject:
    """What an operator registers.

    Args:
        world: whose bodies.
        endpoints: code of the body → URL; a body without one has null.
        joint: construction permits need the seal of a second department.
        others: who issues no license, and answers about its own seal.
        platforms: name of a body → where it answers for others.
    """
    types = [_type(type) for type in TYPES.values()]
    delegations = [_delegation(delegation) for delegation in world.delegations]
    if joint:
        types = [_joint(type) for type in types]
        delegations.append(_delegation(_countersigning(world)))
    return {
        "comment": "虚构数据，仅供测试。 Fictional data, for tests and demonstrations only.",
        "seed": world.seed,
        "today": world.today.isoformat(),
        "license_types": types,
        "issuers": [
            _body(world, body, endpoints.get(body.code)) | _platforms(platforms.get(body.name))
            for body in (*world.registered, *others)
        ],
        "delegations": delegations,
    }


def _platforms(platform: JsonObject | None) -> JsonObject:
    return {} if platform is None else {"platforms": [platform]}


def _joint(type: JsonObject) -> JsonObject:
    roles = ["issuer", "countersigner"] if type["code"] == CONSTRUCTION else type["roles"]
    return {**type, "roles": roles}


def _countersigning(world: World) -> Delegation:
    start, end = world.authorities.day(-700), world.authorities.day(1500)
    by, to = world.body("housing").code, world.body(COUNTERSIGNER).code
    return Delegation(by, to, (CONSTRUCTION,), ("countersign",), start, end)


def _type(type: LicenseType) -> JsonObject:
    return {
        "code": type.code,
        "name": {"zh": type.name, "en": type.name_en},
        "must_be_sealed": type.must_be_sealed,
        "max_status_age": type.max_status_age,
        "roles": ["issuer"],
        "fields": list(type.fields),
    }


def _body(world: World, body: Body, endpoint: str | None) -> JsonObject:
    return {
        "name": body.name,
        "code": body.code,
        "title": {"zh": body.title, "en": body.title_en},
        "region": body.region,
        "organisation_codes": {type: [body.code] for type in body.types},
        "types": list(body.types),
        "endpoint": endpoint,
        "encryption_key": _encryption(world, body) if endpoint else None,
        "keys": [_key(held) for held in body.keys],
        "sample": _sample(world, body) if endpoint and body.types else None,
    }


def _sample(world: World, body: Body) -> JsonObject:
    """A license in force, for trying the endpoint."""
    license = world.pick(body.name)
    until = license.valid_until
    content = world.token(license)
    return {
        "identifier": license.id,
        "number": license.number,
        "holder": license.holder.name,
        "holder_code": license.holder.code,
        "code": world.code_of(license),
        "dates": {
            "from": license.valid_from.isoformat(),
            "until": None if until is None else as_text(until),
        },
        "outcome": 0,
        "documents": [
            {"alg": "sm3", "value": b64(sm3(content))},
            {"alg": "sha256", "value": b64(hashlib.sha256(content).digest())},
        ],
    }


def _encryption(world: World, body: Body) -> JsonObject:
    name = f"{body.name}-facts"
    return {**make_key("ES256", world.seed, name).jwk(), "kid": name, "alg": "ECDH-ES"}


def _key(held: HeldKey) -> JsonObject:
    return {
        "kid": held.kid,
        "alg": held.alg,
        "uses": sorted(held.uses),
        "jwk": {**held.key.jwk(), "kid": held.kid, "alg": held.alg},
        "not_before": _time(held.not_before),
        "not_after": _time(held.not_after),
        "revoked_at": None if held.revoked_at is None else _time(held.revoked_at),
        "reason": held.revocation_reason,
    }


def _delegation(delegation: Delegation) -> JsonObject:
    return {
        "from": delegation.issuer,
        "to": delegation.delegate,
        "types": list(delegation.types),
        "kinds": list(delegation.kinds),
        "not_before": _time(delegation.not_before),
        "not_after": _time(delegation.not_after),
    }


def _time(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
