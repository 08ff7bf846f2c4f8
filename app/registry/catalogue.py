"""The transactions behind administration: each is repeatable, and says what it changed.

Nothing of this is ever deleted but a seal owner's code that an issuer no longer has.
"""

from collections.abc import Sequence

from sqlalchemy import delete, exists, insert, select

from app.domain.identifier import TypeCode
from app.domain.lookup import Level
from app.domain.trust import LicenseType
from app.models import (
    IssuerEndpointRow,
    IssuerOrganisationRow,
    IssuerRow,
    LicenseTypeRow,
)
from app.registry import rows
from app.registry.delegations import (
    add_delegation,
    list_delegations,
    put_delegations,
    revoke_delegation,
)
from app.registry.entries import EndpointEntry, IssuerEntry
from app.registry.keys import add_key, list_keys, put_keys, revoke_key
from app.registry.merge import Change, Changes, alone, merge, require
from app.registry.reader import seen
from app.registry.registration import read_registration
from app.registry.retrievals import put_offers
from app.registry.sessions import ReadSession, WriteSession

__all__ = [
    "Change",
    "Changes",
    "add_delegation",
    "add_endpoint",
    "add_issuer",
    "add_key",
    "add_license_type",
    "import_registration",
    "knows_license_types",
    "list_delegations",
    "list_endpoints",
    "list_issuers",
    "list_keys",
    "list_license_types",
    "revoke_delegation",
    "revoke_key",
    "set_identity_source",
    "set_level",
]


async def import_registration(
    session: WriteSession, document: object, *, networks: Sequence[str] = ()
) -> Changes:
    """Register everything a registration document says (`app.registry.registration`).

    Raises:
        Refused: names the member or entry; nothing of the document is kept.
        Unavailable: nothing is known of what was kept; repeat it.
    """
    said = read_registration(document, networks=networks)
    await alone(session)
    changes = await _put_types(session, said.license_types)
    changes += await _put_issuers(session, said.issuers)
    changes += await put_keys(session, said.keys)
    changes += await _put_endpoints(session, said.endpoints)
    changes += await put_delegations(session, said.delegations)
    changes += await put_offers(session, said.offers)
    return Changes.of(changes)


# ---- license types


async def add_license_type(session: WriteSession, type: LicenseType) -> Change:
    """Register a type, or bring it up to date. Raises `Refused` for a name not all of it seen."""
    _require_seen(type.name, type.name_en)
    await alone(session)
    return (await _put_types(session, [type]))[0]


def _require_seen(name: str, name_en: str) -> None:
    seen("name", name)
    seen("name-en", name_en)


async def knows_license_types(session: ReadSession) -> bool:
    """Whether any is registered."""
    return bool(await session.scalar(select(exists(select(LicenseTypeRow.code)))))


async def set_level(session: WriteSession, code: TypeCode, level: Level) -> Change:
    """How much of its records look-ups may show (分级). Raises `Refused` for an unknown type."""
    await alone(session)
    await require(session, LicenseTypeRow.code, [("code", code)], "a license type")
    return (await merge(session, LicenseTypeRow, [{"code": code, "level": level.value}]))[0]


async def set_identity_source(session: WriteSession, code: TypeCode, *, on: bool) -> Change:
    """Whether a holder's other licenses may be asked for from one of this type (一照关联).

    Raises `Refused` for an unknown type.
    """
    await alone(session)
    await require(session, LicenseTypeRow.code, [("code", code)], "a license type")
    return (await merge(session, LicenseTypeRow, [{"code": code, "identity_source": on}]))[0]


async def list_license_types(session: ReadSession) -> list[LicenseType]:
    """By code."""
    r = LicenseTypeRow
    columns = (r.code, r.name, r.name_en, r.must_be_sealed, r.max_status_age)
    query = select(*columns, r.signed_answers, r.roles).order_by(r.code)
    return [rows.license_type(row) for row in await session.execute(query)]


async def _put_types(session: WriteSession, types: Sequence[LicenseType]) -> list[Change]:
    wanted = [
        {
            "code": type.code,
            "name": type.name,
            "name_en": type.name_en,
            "must_be_sealed": type.must_be_sealed,
            "max_status_age": type.max_status_age,
            "signed_answers": type.signed_answers,
            "roles": sorted(type.roles),
        }
        for type in types
    ]
    return await merge(session, LicenseTypeRow, wanted)


# ---- issuers


async def add_issuer(session: WriteSession, entry: IssuerEntry) -> Change:
    """Register a body, or bring it up to date.

    Raises `Refused` for a type nobody registered, and for a name not all of it seen.
    """
    _require_seen(entry.issuer.name, entry.issuer.name_en)
    await alone(session)
    return (await _put_issuers(session, [entry]))[0]


async def list_issuers(session: ReadSession) -> list[IssuerEntry]:
    """By code, with organisation codes."""
    o, r = IssuerOrganisationRow, IssuerRow
    codes: dict[str, dict[TypeCode, set[str]]] = {}
    named = await session.execute(select(o.issuer, o.type, o.organisation_code))
    for issuer, type, code in named:
        codes.setdefault(issuer, {}).setdefault(TypeCode(type), set()).add(code)
    query = select(r.region, r.code, r.name, r.name_en, r.types, r.tolerated_gaps).order_by(r.code)
    return [
        IssuerEntry(
            issuer=rows.issuer(row),
            region=region,
            organisation_codes={t: frozenset(c) for t, c in codes.get(str(row[0]), {}).items()},
        )
        for region, *row in await session.execute(query)
    ]


async def _put_issuers(session: WriteSession, entries: Sequence[IssuerEntry]) -> list[Change]:
    named = {(f"issuers[{e.issuer.code}].types", type) for e in entries for type in e.issuer.types}
    await require(session, LicenseTypeRow.code, named, "a license type")
    wanted = [
        {
            "code": entry.issuer.code,
            "name": entry.issuer.name,
            "name_en": entry.issuer.name_en,
            "region": entry.region,
            "types": sorted(entry.issuer.types),
            "tolerated_gaps": sorted(entry.issuer.tolerated_gaps),
        }
        for entry in entries
    ]
    changes = await merge(session, IssuerRow, wanted)
    moved = await _put_organisations(session, entries)
    return [
        Change.CHANGED if entry.issuer.code in moved and change is Change.UNCHANGED else change
        for entry, change in zip(entries, changes, strict=True)
    ]


async def _put_organisations(session: WriteSession, entries: Sequence[IssuerEntry]) -> set[str]:
    """Make the codes what the entries say, and tell whose changed."""
    row = IssuerOrganisationRow
    issuers = [entry.issuer.code for entry in entries]
    query = select(row.issuer, row.type, row.organisation_code).where(row.issuer.in_(issuers))
    present = {tuple(each) for each in await session.execute(query)}
    wanted = {
        (entry.issuer.code, type, code)
        for entry in entries
        for type, codes in entry.organisation_codes.items()
        for code in codes
    }
    for issuer, type, code in present - wanted:
        here = (row.issuer == issuer, row.type == type, row.organisation_code == code)
        await session.execute(delete(row).where(*here))
    if new := sorted(wanted - present):
        names = ("issuer", "type", "organisation_code")
        await session.execute(insert(row), [dict(zip(names, n, strict=True)) for n in new])
    return {each[0] for each in present ^ wanted}


# ---- endpoints


async def add_endpoint(session: WriteSession, entry: EndpointEntry) -> Change:
    """Register where a body answers, or bring it up to date. Its URL: `app.registry.urls`."""
    await alone(session)
    return (await _put_endpoints(session, [entry]))[0]


async def list_endpoints(session: ReadSession) -> list[EndpointEntry]:
    """By issuer, and for whom it answers."""
    r = IssuerEndpointRow
    columns = (r.issuer, r.url, r.kind, r.prefixes, r.adapter, r.networks, r.deadline)
    bounds = (r.max_answer, r.max_in_flight, r.encryption_jwk, r.description)
    query = select(*columns, *bounds).order_by(r.issuer, r.kind, r.adapter)
    return [rows.endpoint(row) for row in await session.execute(query)]


async def _put_endpoints(session: WriteSession, entries: Sequence[EndpointEntry]) -> list[Change]:
    owners = {(f"endpoints[{e.issuer}].issuer", e.issuer) for e in entries}
    await require(session, IssuerRow.code, owners, "an issuer")
    wanted = [
        {
            "issuer": entry.issuer,
            "kind": entry.kind,
            "adapter": entry.adapter,
            "prefixes": list(entry.prefixes),
            "url": entry.url,
            "networks": list(entry.networks),
            "deadline": entry.deadline,
            "max_answer": entry.max_answer,
            "max_in_flight": entry.max_in_flight,
            "encryption_jwk": entry.encryption_jwk,
            "description": entry.description,
        }
        for entry in entries
    ]
    return await merge(session, IssuerEndpointRow, wanted)
