"""A registration document (登记文件): what an issuer, or a whole region, sends to be registered.

Read to the last member: an unknown one is refused by name, since a misspelt limit is no limit.
Every refusal is a `Refused` that names the place and how to mend it. Informative members
(`comment`, `seed`, `today`, `fields` of a type, an issuer's short `name`) are known and not kept.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.crypto.keys import read_public_key
from app.crypto.schemes import scheme_for_jose
from app.domain.codes import organisation_code_ok, region_well_formed, uscc_check_ok
from app.domain.errors import InvalidKey, InvalidSignature
from app.domain.evidence import Role
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import EndpointKind
from app.domain.license import KeyId
from app.domain.retrieval import Offer
from app.domain.trust import Gap, Issuer, Kind, LicenseType, Window
from app.models import Use
from app.registry.entries import (
    DelegationEntry,
    EndpointEntry,
    IssuerEntry,
    KeyEntry,
    Registration,
)
from app.registry.offers import read_offer
from app.registry.reader import Reader, refuse
from app.registry.samples import read_sample
from app.registry.urls import read_networks, read_url

MAX_ISSUERS = 10_000
"""Issuers, types or delegations of one document: a province has some two thousand bodies."""
MAX_PLATFORMS = 8
"""At which one body answers for others."""
MAX_KEYS = 64
"""Of one issuer."""
LONGEST_AGE = 366 * 24 * 3600
"""Seconds of max_status_age: a status that is older than a year is none."""

_SIGNERS = (Role.ISSUER, Role.COPIER, Role.COUNTERSIGNER)
_ORGANISATION_LENGTHS = (9, 18)


def read_registration(document: object, *, networks: Sequence[str] = ()) -> Registration:
    """Everything a registration document says.

    Args:
        document: the parsed JSON.
        networks: CIDR networks beyond public addresses which the *operator* opens for the
            endpoints in it (a sandbox on this machine, a government intranet). A document cannot
            open any for itself.

    Raises:
        Refused: names the member, as a path, and what it should be.
    """
    opened = read_networks("networks", networks)
    top = Reader.of(document, "", optional={"comment", "seed", "today"} | _SECTIONS)
    types = tuple(map(_type, top.objects("license_types", MAX_ISSUERS)))
    bodies = tuple(_body(each, opened) for each in top.objects("issuers", MAX_ISSUERS))
    delegations = top.objects("delegations", MAX_ISSUERS)
    registration = Registration(
        license_types=types,
        issuers=tuple(body.entry for body in bodies),
        keys=tuple(key for body in bodies for key in body.keys),
        endpoints=tuple(endpoint for body in bodies for endpoint in body.endpoints),
        offers=tuple(body.offer for body in bodies if body.offer is not None),
        delegations=tuple(one for each in delegations for one in _delegations(each)),
    )
    _refuse_twice("license_types", "code", [type.code for type in types])
    _refuse_twice("issuers", "code", [entry.issuer.code for entry in registration.issuers])
    _refuse_twice("issuers", "key", [key.spki for key in registration.keys])
    kinds = [(e.issuer, e.kind, e.adapter) for e in registration.endpoints]
    _refuse_twice("issuers", "kind of platform", kinds)
    _refuse_twice(
        "delegations",
        "mandate",
        [(d.issuer, d.type, d.delegate, d.kind) for d in registration.delegations],
    )
    return registration


_SECTIONS = {"license_types", "issuers", "delegations"}


def issuer_code(place: str, code: str) -> IssuerCode:
    """证照颁发机构代码: 统一社会信用代码 or region."""
    if not uscc_check_ok(code) and not region_well_formed(code):
        refuse(place, "is neither a 统一社会信用代码 with a right check character nor six digits")
    return IssuerCode(code)


def type_code(place: str, code: str) -> TypeCode:
    """证照类型代码: the defining body's 统一社会信用代码 and three digits."""
    body, number = code[:18], code[18:]
    if not uscc_check_ok(body) or not (number.isascii() and number.isdigit() and len(number) == 3):  # noqa: PLR2004
        refuse(place, "is not a 统一社会信用代码 with a right check character and three digits")
    return TypeCode(code)


def _type(each: Reader) -> LicenseType:
    each.close(
        required={"code", "name", "must_be_sealed", "max_status_age"},
        optional={"roles", "signed_answers", "fields"},
    )
    name, name_en = each.names("name")
    age = each.integer("max_status_age", 0, LONGEST_AGE)
    roles = each.words("roles", _SIGNERS) if "roles" in each.members else {Role.ISSUER}
    return LicenseType(
        code=type_code(each.at("code"), each.text("code")),
        name=name,
        name_en=name_en,
        must_be_sealed=each.boolean("must_be_sealed"),
        max_status_age=timedelta(seconds=age),
        signed_answers=each.boolean("signed_answers")
        if "signed_answers" in each.members
        else False,
        roles=frozenset(roles),
    )


@dataclass(frozen=True, slots=True)
class _Body:
    """What a document says of one body."""

    entry: IssuerEntry
    keys: tuple[KeyEntry, ...]
    endpoints: tuple[EndpointEntry, ...]
    offer: Offer | None


def _body(each: Reader, networks: tuple[str, ...]) -> _Body:
    each.close(
        required={"code", "title", "types", "keys"},
        optional={
            *("name", "region", "organisation_codes", "endpoint", "encryption_key", "platforms"),
            *("sample", "tolerated_gaps", "retrieval"),
        },
    )
    if each.given("sample"):
        read_sample(each.inner("sample"))  # for trials of its endpoint only; not kept
    code = issuer_code(each.at("code"), each.text("code"))
    title, title_en = each.names("title")
    types = frozenset(type_code(place, text) for place, text in each.texts("types"))
    region = each.text("region") if each.given("region") else None
    if region is not None and not region_well_formed(region):
        refuse(each.at("region"), "is not six digits of GB/T 2260")
    gaps = each.words("tolerated_gaps", tuple(Gap)) if each.given("tolerated_gaps") else ()
    issuer = Issuer(code, title, title_en, types, frozenset(gaps))
    entry = IssuerEntry(issuer, region, _organisations(each, types))
    keys = tuple(_key(key, code) for key in each.objects("keys", MAX_KEYS))
    _refuse_twice(each.at("keys"), "kid", [key.key_id for key in keys])
    return _Body(entry, keys, _endpoints(each, code, networks), _offer(each, code, networks))


def _organisations(each: Reader, types: frozenset[TypeCode]) -> Mapping[TypeCode, frozenset[str]]:
    if not each.given("organisation_codes"):
        return {}
    codes = each.inner("organisation_codes")
    found: dict[TypeCode, frozenset[str]] = {}
    for type in codes.members:
        if type not in types:
            refuse(codes.at(type), "is not one of the issuer's types")
        for place, code in codes.texts(type):
            right = organisation_code_ok(code) or uscc_check_ok(code)
            if len(code) not in _ORGANISATION_LENGTHS or not right:
                refuse(place, "is no 统一社会信用代码 or 组织机构代码 with a right check character")
        found[TypeCode(type)] = frozenset(code for _, code in codes.texts(type))
    return found


def _key(each: Reader, owner: IssuerCode) -> KeyEntry:
    each.close(
        required={"kid", "alg", "uses", "jwk", "not_before"},
        optional={"types", "not_after", "revoked_at", "reason"},
    )
    alg = each.text("alg")
    try:
        scheme = scheme_for_jose(alg)
        key = read_public_key(each.inner("jwk").members, scheme)
    except InvalidSignature as unknown:
        refuse(each.at("alg"), f"is refused: {unknown}")
    except InvalidKey as refused:
        refuse(each.at("jwk"), f"is refused: {refused}")
    types = None
    if each.given("types"):
        types = frozenset(type_code(place, text) for place, text in each.texts("types"))
    return KeyEntry(
        owner=owner,
        key_id=key_id(each.at("kid"), each.text("kid")),
        scheme=key.scheme,
        spki=key.spki,
        uses=frozenset(each.words("uses", tuple(Use))),
        types=types,
        window=_window(each),
        revoked_at=each.moment("revoked_at") if each.given("revoked_at") else None,
        revocation_reason=each.text("reason") if each.given("reason") else None,
    )


def key_id(place: str, text: str) -> KeyId:
    """A key's name as a token header may carry it (docs/license-token.md)."""
    right = text.isascii() and all(char.isalnum() or char in "._~-" for char in text)
    if not right or not 1 <= len(text) <= 128:  # noqa: PLR2004 - docs/license-token.md
        refuse(place, "is not 1 to 128 of A-Z a-z 0-9 . _ ~ -")
    return KeyId(text)


def _endpoints(
    each: Reader, code: IssuerCode, networks: tuple[str, ...]
) -> tuple[EndpointEntry, ...]:
    """Its own, and those at which it answers for others."""
    platforms = each.objects("platforms", MAX_PLATFORMS)
    if not each.given("endpoint") and not platforms:
        if each.given("encryption_key"):
            refuse(each.at("encryption_key"), "is of no use without an endpoint: add one")
        return ()
    inner = each.inner("encryption_key") if each.given("encryption_key") else None
    jwk = None if inner is None else encryption_jwk(inner)
    found = [_platform(platform, code, networks, jwk) for platform in platforms]
    if each.given("endpoint"):
        url = read_url(each.at("endpoint"), each.text("endpoint"), networks)
        found.append(EndpointEntry(issuer=code, url=url, networks=networks, encryption_jwk=jwk))
    return tuple(found)


def _offer(each: Reader, code: IssuerCode, networks: tuple[str, ...]) -> Offer | None:
    """Whether it gives its documents (调阅), and where."""
    if not each.given("retrieval"):
        return None
    if not each.given("endpoint"):
        refuse(each.at("retrieval"), "is of no use without an endpoint: who gives answers IVP/1")
    return read_offer(each.inner("retrieval"), code, networks)


def _platform(
    each: Reader, code: IssuerCode, networks: tuple[str, ...], jwk: str | None
) -> EndpointEntry:
    """Where a body answers for others: types it defined, a region, or everybody."""
    each.close(required={"kind", "url"}, optional={"prefixes"})
    kinds = {kind.value: kind for kind in _PREFIX}
    kind = kinds.get(each.text("kind"))
    if kind is None:
        refuse(each.at("kind"), f"is none of {', '.join(kinds)}")
    prefixes = dict(each.texts("prefixes") if each.given("prefixes") else ())
    for place, prefix in prefixes.items():
        if not _PREFIX[kind].fullmatch(prefix):
            refuse(place, "is not 18 characters of a type code, or 2, 4 or 6 digits of a region")
    if bool(prefixes) == (kind is EndpointKind.UPSTREAM):
        refuse(each.at("prefixes"), "is for a type_owner and a region, which need one at least")
    return EndpointEntry(
        issuer=code,
        url=read_url(each.at("url"), each.text("url"), networks),
        kind=kind,
        prefixes=tuple(sorted(set(prefixes.values()))),
        networks=networks,
        encryption_jwk=jwk,
    )


_PREFIX: Mapping[EndpointKind, re.Pattern[str]] = {
    EndpointKind.TYPE_OWNER: re.compile(r"[0-9A-Z]{18}"),
    EndpointKind.REGION: re.compile(r"(?:[0-9]{2}){1,3}"),
    EndpointKind.UPSTREAM: re.compile(r"(?!)"),
}


def encryption_jwk(jwk: Reader) -> str:
    """The key for holder facts: ECDH-ES on P-256 (docs/ivp.md), stored as canonical JSON."""
    jwk.close(required={"kty", "crv", "x", "y", "kid"}, optional={"alg", "use"})
    if jwk.members.get("alg", "ECDH-ES") != "ECDH-ES" or jwk.members.get("use", "enc") != "enc":
        refuse(jwk.place, "is not a key for ECDH-ES: alg and use are ECDH-ES and enc, or absent")
    key_id(jwk.at("kid"), jwk.text("kid"))
    if (jwk.text("kty"), jwk.text("crv")) != ("EC", "P-256"):
        refuse(jwk.place, "is not on P-256")
    try:
        read_public_key({name: jwk.text(name) for name in ("kty", "crv", "x", "y")})
    except InvalidKey as refused:
        refuse(jwk.place, f"is refused: {refused}")
    return json.dumps(dict(jwk.members), sort_keys=True, separators=(",", ":"))


def _delegations(each: Reader) -> list[DelegationEntry]:
    each.close(
        required={"from", "to", "types", "kinds", "not_before"},
        optional={"not_after", "revoked_at"},
    )
    issuer = issuer_code(each.at("from"), each.text("from"))
    delegate = issuer_code(each.at("to"), each.text("to"))
    if issuer == delegate:
        refuse(each.at("to"), "is the issuer itself, which needs no mandate")
    types = [type_code(place, text) for place, text in each.texts("types")]
    if not types:
        refuse(each.at("types"), "is empty: name each type")
    kinds = each.words("kinds", tuple(Kind))
    window = _window(each)
    revoked_at = each.moment("revoked_at") if each.given("revoked_at") else None
    return [
        DelegationEntry(
            issuer=issuer,
            type=type,
            delegate=delegate,
            kind=kind,
            window=window,
            revoked_at=revoked_at,
        )
        for type in types
        for kind in sorted(kinds)
    ]


def _window(each: Reader) -> Window:
    since = each.moment("not_before")
    until = each.moment("not_after") if each.given("not_after") else None
    if until is not None and until <= since:
        refuse(each.at("not_after"), "is not after not_before")
    return Window(since, until)


def _refuse_twice(place: str, what: str, values: Sequence[object]) -> None:
    seen = set[object]()
    for index, value in enumerate(values):
        if value in seen:
            refuse(place, f"names one {what} twice (number {index + 1} of {len(values)})")
        seen.add(value)
