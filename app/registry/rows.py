"""Rows as entries: the same few columns, in the same order, wherever they are read."""

from collections.abc import Sequence
from typing import Any

from app.domain.evidence import Role
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import Adapter, Code, EndpointKind, Statement
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.trust import Gap, Issuer, Kind, LicenseType, Window
from app.models import Use
from app.registry.entries import DelegationEntry, EndpointEntry, KeyEntry

Row = Sequence[Any]


def issuer(row: Row) -> Issuer:
    code, name, name_en, types, gaps = row
    return Issuer(IssuerCode(code), name, name_en, _types(types), frozenset(map(Gap, gaps)))


def license_type(row: Row) -> LicenseType:
    code, name, name_en, must_be_sealed, max_status_age, signed_answers, roles = row
    return LicenseType(
        code=TypeCode(code),
        name=name,
        name_en=name_en,
        must_be_sealed=must_be_sealed,
        max_status_age=max_status_age,
        signed_answers=signed_answers,
        roles=frozenset(map(Role, roles)),
    )


def delegation(row: Row) -> DelegationEntry:
    giver, type, delegate, kind, not_before, not_after, revoked_at = row
    return DelegationEntry(
        issuer=IssuerCode(giver),
        type=TypeCode(type),
        delegate=IssuerCode(delegate),
        kind=Kind(kind),
        window=Window(not_before, not_after),
        revoked_at=revoked_at,
    )


def key(row: Row) -> KeyEntry:
    owner, key_id, scheme, spki, uses, types, not_before, not_after, revoked_at, reason = row
    return KeyEntry(
        owner=IssuerCode(owner),
        key_id=KeyId(key_id),
        scheme=Scheme(scheme),
        spki=spki,
        uses=frozenset(map(Use, uses)),
        types=None if types is None else _types(types),
        window=Window(not_before, not_after),
        revoked_at=revoked_at,
        revocation_reason=reason,
    )


def endpoint(row: Row) -> EndpointEntry:
    owner, url, kind, prefixes, adapter, *bounds = row
    networks, deadline, max_answer, max_in_flight, encryption_jwk, description = bounds
    return EndpointEntry(
        issuer=IssuerCode(owner),
        url=url,
        kind=EndpointKind(kind),
        prefixes=tuple(prefixes),
        adapter=Adapter(adapter),
        networks=tuple(networks),
        deadline=deadline,
        max_answer=max_answer,
        max_in_flight=max_in_flight,
        encryption_jwk=encryption_jwk,
        description=description,
    )


def statement(row: Row) -> Statement:
    code, as_of, since, scheme = row
    by = None if scheme is None else Scheme(scheme)
    return Statement(Code(code), signed=True, as_of=as_of, since=since, scheme=by)


def _types(codes: Sequence[str]) -> frozenset[TypeCode]:
    return frozenset(map(TypeCode, codes))
