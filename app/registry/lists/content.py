"""What a trust list vouches for, read from its payload (docs/trust-list.md).

Types, issuers, keys, endpoints, mandates, anchors and revocation lists are read by the readers of
registration documents; here is what only a list says. A list need not be whole by itself: it may
name a type that another followed list defines.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from app.domain.identifier import IssuerCode, TypeCode
from app.domain.photo import OfficialUrl
from app.domain.seal import comparable
from app.domain.trust import SealEnd, SealEnding, Succession
from app.registry.authorities import AuthoritiesEntry, read_authorities
from app.registry.entries import Registration
from app.registry.reader import Reader, refuse
from app.registry.registration import MAX_ISSUERS, issuer_code, read_registration, type_code
from app.registry.urls import read_url

MAX_SEALS: Final = 10_000
MAX_MATTERS: Final = 1_000
"""Of one license type, and in each of its two lists."""
MAX_FIELDS: Final = 200
LEVELS: Final = 4
"""分级 of a field, from 1 (public) to 4."""
MAX_SEAL_ID: Final = 128
"""Characters."""

SECTIONS: Final = (
    "license_types",
    "issuers",
    "delegations",
    "authorities",
    "seals",
    "official_urls",
)

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*")
_MATTER: Final = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True, slots=True)
class Matter:
    """事项 in which a license is issued or used."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a license, and how much protection it needs."""

    name: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDetails:
    """What a list says of a license type beside what a verification needs."""

    issued_by: tuple[Matter, ...] = ()
    """发证清单."""
    used_in: tuple[Matter, ...] = ()
    """用证清单."""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class CrlLocation:
    """Where an authority publishes its revocation list."""

    authority: str
    """SHA-256 of its certificate, hexadecimal."""
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything one list says."""

    registration: Registration = field(default_factory=Registration, repr=False)
    successions: Mapping[IssuerCode, Succession] = field(default_factory=dict)
    """颁发机构调整: the old body → who took over."""
    details: Mapping[TypeCode, TypeDetails] = field(default_factory=dict, repr=False)
    authorities: AuthoritiesEntry = field(default_factory=AuthoritiesEntry, repr=False)
    crl_locations: tuple[CrlLocation, ...] = ()
    seals: tuple[tuple[str, SealEnd], ...] = ()
    """印章编码 or fingerprint, and what became of the seal."""
    official_urls: tuple[OfficialUrl, ...] = ()


def read_content(sections: Mapping[str, object], *, networks: Sequence[str] = ()) -> Content:
    """The sections of a payload; `networks` as in `read_registration`.

    Raises `Refused`: it names the member and what it should be.
    """
    top = Reader.of(dict(sections), "", optional=SECTIONS)
    types = top.objects("license_types", MAX_ISSUERS)
    issuers = top.objects("issuers", MAX_ISSUERS)
    for each in issuers:
        if "sample" in each.members:  # facts of a holder, and a list is public
            refuse(each.at("sample"), "is for registration documents: a list has none")
    registration = read_registration(
        {
            "license_types": [_plain_type(each) for each in types],
            "issuers": [_without(each, {"succeeded_by"}) for each in issuers],
            "delegations": top.members.get("delegations", []),
        },
        networks=networks,
    )
    authorities, locations = _authorities(top)
    return Content(
        registration=registration,
        successions=MappingProxyType(
            {
                entry.issuer.code: _succession(each, entry.issuer.code)
                for each, entry in zip(issuers, registration.issuers, strict=True)
                if each.given("succeeded_by")
            }
        ),
        details=MappingProxyType(
            {
                type.code: _details(each)
                for each, type in zip(types, registration.license_types, strict=True)
            }
        ),
        authorities=authorities,
        crl_locations=locations,
        seals=_seals(top),
        official_urls=tuple(map(_official, top.objects("official_urls", MAX_ISSUERS))),
    )


def _without(each: Reader, names: set[str]) -> dict[str, object]:
    return {name: value for name, value in each.members.items() if name not in names}


def _plain_type(each: Reader) -> dict[str, object]:
    """As a registration document has it; `required_roles` is its `roles`."""
    if "roles" in each.members:
        refuse(each.at("roles"), "is called required_roles in a trust list")
    plain = _without(each, {"issued_by", "used_in", "fields", "required_roles"})
    if "required_roles" in each.members:
        plain["roles"] = each.members["required_roles"]
    return plain


def _details(each: Reader) -> TypeDetails:
    return TypeDetails(
        issued_by=_matters(each, "issued_by"),
        used_in=_matters(each, "used_in"),
        fields=tuple(map(_field, each.objects("fields", MAX_FIELDS))),
    )


def _matters(each: Reader, name: str) -> tuple[Matter, ...]:
    found = tuple(map(_matter, each.objects(name, MAX_MATTERS)))
    if len({matter.code for matter in found}) != len(found):
        refuse(each.at(name), "names one matter twice")
    return found


def _matter(each: Reader) -> Matter:
    each.close(required={"code", "name"}, optional=())
    code = each.text("code")
    if not _MATTER.fullmatch(code):
        refuse(each.at("code"), "is not 1 to 64 of 0-9 A-Z a-z -")
    return Matter(code, *each.names("name"))


def _field(each: Reader) -> Field:
    each.close(required={"name", "level"}, optional=())
    return Field(each.text("name"), each.integer("level", 1, LEVELS))


def _succession(each: Reader, old: IssuerCode) -> Succession:
    inner = each.inner("succeeded_by")
    inner.close(required={"code", "from", "types"}, optional=())
    code = issuer_code(inner.at("code"), inner.text("code"))
    if code == old:
        refuse(inner.at("code"), "is the body itself")
    types = frozenset(type_code(place, text) for place, text in inner.texts("types"))
    if not types:
        refuse(inner.at("types"), "is empty: name each type that was taken over")
    return Succession(code, inner.moment("from"), types)


def _authorities(top: Reader) -> tuple[AuthoritiesEntry, tuple[CrlLocation, ...]]:
    if "authorities" not in top.members:
        return AuthoritiesEntry(), ()
    inner = top.inner("authorities")
    entry = read_authorities({"authorities": _without(inner, {"crl_locations"})})
    return entry, tuple(map(_location, inner.objects("crl_locations", MAX_ISSUERS)))


def _location(each: Reader) -> CrlLocation:
    each.close(required={"authority", "url"}, optional=())
    authority = each.text("authority")
    if not _FINGERPRINT.fullmatch(authority):
        refuse(each.at("authority"), "is not a SHA-256 in lower-case hexadecimal")
    return CrlLocation(authority, read_url(each.at("url"), each.text("url")))


def _seals(top: Reader) -> tuple[tuple[str, SealEnd], ...]:
    found = tuple(map(_seal, top.objects("seals", MAX_SEALS)))
    keys = {(id, end.status, end.since) for id, end in found}
    if len(keys) != len(found):
        refuse("seals", "says one thing of one seal twice")
    return found


def _seal(each: Reader) -> tuple[str, SealEnd]:
    each.close(required={"id", "status", "since"}, optional={"until"})
    id = each.text("id")
    if len(id) > MAX_SEAL_ID:
        refuse(each.at("id"), f"is longer than {MAX_SEAL_ID} characters")
    if comparable(id) is None:
        refuse(each.at("id"), "has no letter or digit, or characters that are not seen")
    words = {word.value: word for word in SealEnding}
    status = words.get(each.text("status"))
    if status is None:
        refuse(each.at("status"), f"is none of {', '.join(words)}")
    since = each.moment("since")
    until = each.moment("until") if each.given("until") else None
    if until is not None and status is SealEnding.CANCELLED:
        refuse(each.at("until"), "does not go with cancelled, which is for good")
    if until is not None and until <= since:
        refuse(each.at("until"), "is not after since")
    return id, SealEnd(status, since, until)


def _official(each: Reader) -> OfficialUrl:
    each.close(required={"type", "host", "path"}, optional={"parameter", "issuer"})
    type = type_code(each.at("type"), each.text("type")) if each.given("type") else None
    host, path = each.text("host"), each.text("path")
    if not _HOST.fullmatch(host):
        refuse(each.at("host"), "is not a plain host name in lower case")
    if not _PATH.fullmatch(path):
        refuse(each.at("path"), "is not a path like /code/")
    parameter = each.text("parameter") if each.given("parameter") else None
    if parameter is not None and not _PARAMETER.fullmatch(parameter):
        refuse(each.at("parameter"), "is not the name of one parameter, like code")
    issuer = issuer_code(each.at("issuer"), each.text("issuer")) if each.given("issuer") else None
    return OfficialUrl(type, host, path, parameter, issuer)
