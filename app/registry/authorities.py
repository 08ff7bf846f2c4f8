"""Anchors, intermediates and revocation lists: imported, listed, and read for a verification.

They are few and large, and change rarely: each process keeps them parsed, and asks the database
with every sealed document whether anything changed.
"""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select

from app.crypto.certificates import read_certificate
from app.crypto.paths import may_issue
from app.crypto.revocation import read_crl
from app.domain.certificate import Anchor, Certificate, Crl, Purpose
from app.domain.codes import region_well_formed
from app.domain.errors import Malformed
from app.domain.trust import Authorities
from app.models import AnchorRow, IntermediateRow, RevocationListRow
from app.registry.flight import Flights
from app.registry.merge import Change, Changes, Values, alone, merge
from app.registry.reader import Reader, refuse
from app.registry.sessions import Connection, Database, ReadSession, WriteSession

MAX_ANCHORS: Final = 1_000
MAX_CERTIFICATE: Final = 24 * 1024
"""Characters of base64: 16 KiB of DER."""
MAX_LIST: Final = 24 * 1024 * 1024
LISTS_KEPT: Final = 64
"""Parsed lists a process keeps."""

_SHORT: Final = 16
"""Digits of a fingerprint in the place of a refusal."""
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritiesEntry:
    """What one document registers."""

    anchors: tuple[Anchor, ...] = ()
    intermediates: tuple[bytes, ...] = ()
    lists: tuple[Crl, ...] = ()

    def authorities(self) -> Authorities:
        return Authorities(anchors=self.anchors, intermediates=self.intermediates, lists=self.lists)


# ---- reading


def read_authorities(document: object) -> AuthoritiesEntry:
    """The member `authorities` of a document (docs/trust.md).

    Raises `Refused`: it names the member and what it should be.
    """
    top = Reader.of(document, "", optional={"comment", "authorities"})
    if "authorities" not in top.members:
        refuse("authorities", "is missing: name anchors, intermediates and crls under it")
    inner = Reader.of(
        top.members["authorities"], "authorities", optional={"anchors", "intermediates", "crls"}
    )
    return AuthoritiesEntry(
        anchors=tuple(map(_anchor, inner.objects("anchors", MAX_ANCHORS))),
        intermediates=tuple(
            _certificate(place, text).der for place, text in _texts(inner, "intermediates")
        ),
        lists=tuple(_list(place, text) for place, text in _texts(inner, "crls")),
    )


def _texts(reader: Reader, name: str) -> Iterable[tuple[str, str]]:
    found = reader.members.get(name, [])
    place = reader.at(name)
    if not isinstance(found, list) or len(found) > MAX_ANCHORS:
        refuse(place, f"is not a list of at most {MAX_ANCHORS}")
    for index, text in enumerate(found):
        yield f"{place}[{index}]", _plain(f"{place}[{index}]", text)


def _plain(place: str, value: object) -> str:
    """Longer than the texts that `Reader` takes, and checked by what it decodes to."""
    if not isinstance(value, str):
        refuse(place, "is not a text in base64")
    return value


def _anchor(each: Reader) -> Anchor:
    each.close(
        required={"certificate", "purposes", "since"},
        optional={"until", "egov_ca", "organisation_verified", "region"},
    )
    place = each.at("certificate")
    certificate = _certificate(place, _plain(place, each.members["certificate"]))
    return anchor_of(
        certificate,
        purposes=frozenset(each.words("purposes", tuple(Purpose))),
        since=each.moment("since"),
        until=each.moment("until") if each.given("until") else None,
        region=each.text("region") if each.given("region") else None,
        egov_ca=each.boolean("egov_ca") if each.given("egov_ca") else None,
        organisation_verified=each.given("organisation_verified")
        and each.boolean("organisation_verified"),
        at=each.at,
    )


def anchor_of(
    certificate: Certificate,
    *,
    purposes: frozenset[Purpose],
    since: datetime,
    until: datetime | None = None,
    region: str | None = None,
    egov_ca: bool | None = None,
    organisation_verified: bool = False,
    at: Callable[[str], str] = str,
) -> Anchor:
    """An anchor of an authority's certificate, or of a seal maker's own, with attributes that go
    together.

    Raises `Refused` for any other; `at` tells the place of a member.
    """
    if not may_issue(certificate) and purposes != {Purpose.SEAL_MAKER}:
        refuse(
            at("certificate"),
            "is not a certification authority's certificate: register its issuer's"
            " (only a seal maker's own may be registered, for seal-maker alone)",
        )
    if may_issue(certificate) and {Purpose.SEAL_MAKER, Purpose.LICENSE_SEAL} <= purposes:
        refuse(
            at("purposes"),
            "names seal-maker beside license-seal: each signer under it could make seals;"
            " register the maker's own certificate for seal-maker instead",
        )
    if region is not None and not region_well_formed(region):
        refuse(at("region"), "is not a region of GB/T 2260, six digits")
    if egov_ca is False and Purpose.LICENSE_SEAL in purposes:
        refuse(
            at("egov_ca"),
            "says it is no e-government authority (电子政务电子认证服务机构): such a one"
            " vouches for no seal of a license (商用密码管理条例 29)",
        )
    return Anchor(
        fingerprint=certificate.sha256,
        der=certificate.der,
        purposes=purposes,
        region=region,
        since=since,
        until=until,
        egov_ca=egov_ca,
        organisation_verified=organisation_verified,
    )


def certificate_of(place: str, data: bytes) -> Certificate:
    """A certificate in DER or PEM. Raises `Refused`."""
    der = data
    if data.lstrip().startswith(_PEM):
        body = data.split(_PEM, 1)[1].split(b"-----END", 1)[0]
        der = _decoded(place, b"".join(body.split()).decode("ascii", "replace"))
    try:
        return read_certificate(der)
    except Malformed as exc:
        refuse(place, f"is not a certificate in DER or PEM: {exc}")


def _certificate(place: str, text: str) -> Certificate:
    if len(text) > MAX_CERTIFICATE:
        refuse(place, f"is longer than {MAX_CERTIFICATE} characters")
    return certificate_of(place, _decoded(place, text))


def _list(place: str, text: str) -> Crl:
    if len(text) > MAX_LIST:
        refuse(place, f"is longer than {MAX_LIST} characters")
    return list_of(place, _decoded(place, text))


def list_of(place: str, data: bytes) -> Crl:
    """A revocation list in DER or PEM. Raises `Refused`."""
    try:
        return read_crl(data)
    except Malformed as exc:
        refuse(place, f"is not a revocation list in DER or PEM: {exc}")


def _decoded(place: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        refuse(place, "is not base64")


# ---- writing


async def put_authorities(session: WriteSession, entry: AuthoritiesEntry) -> Changes:
    """Register anchors, intermediates and lists; repeatable. Nothing is deleted.

    Raises `Refused` where trust in an anchor was ended and would be given back, `Unavailable`.
    """
    await alone(session)
    anchors = [_anchor_values(a) for a in entry.anchors]
    changes = await merge(session, AnchorRow, anchors, _guard_anchor)
    changes += await merge(
        session,
        IntermediateRow,
        [{"sha256": hashlib.sha256(der).hexdigest(), "der": der} for der in entry.intermediates],
    )
    changes += await merge(session, RevocationListRow, [_list_values(c) for c in entry.lists])
    return Changes.of(changes)


async def end_anchor(session: WriteSession, fingerprint: str, at: datetime) -> Change:
    """Stop trusting an authority from a time on; an earlier end stays.

    Raises `Refused` where there is no such anchor, and for a later end than it has.
    """
    await _known(session, fingerprint)
    ended = {"sha256": fingerprint, "until": at}
    return (await merge(session, AnchorRow, [ended], _guard_anchor))[0]


async def restore_anchor(session: WriteSession, fingerprint: str, until: datetime | None) -> Change:
    """Trust an authority again whose trust was ended: the only way there is.

    Args:
        session: of one transaction.
        fingerprint: SHA-256 of its certificate, hexadecimal.
        until: the later end; None: open.

    Raises `Refused` where there is no such anchor, or nothing to give back.
    """
    ended = await _known(session, fingerprint)
    if ended is None:
        refuse("fingerprint", "is trusted without an end: there is nothing to restore")
    if until is not None and until <= ended:
        refuse("until", f"is not later than {ended.isoformat()}: see `zhengyan anchor revoke`")
    return (await merge(session, AnchorRow, [{"sha256": fingerprint, "until": until}]))[0]


async def _known(session: WriteSession, fingerprint: str) -> datetime | None:
    """Until when it is trusted. Raises `Refused` where there is no such anchor."""
    await alone(session)
    row = await session.get(AnchorRow, fingerprint, populate_existing=True)
    if row is None:
        refuse("fingerprint", "no anchor has it: see `zhengyan anchor list`")
    return row.until


def _guard_anchor(old: Values, new: Values) -> None:
    """The document that once registered it is imported again and again, and says nothing of the
    end: that must not be the way back.
    """
    ended, until = old["until"], new["until"]
    if ended is not None and (until is None or until > ended):
        short = old["sha256"][:_SHORT]
        refuse(
            f"anchors[{short}].until",
            f"is later than {ended.isoformat()}, when trust in it ends here: say `until` so, or "
            "bring it back by name with `zhengyan anchor restore`",
        )


def _anchor_values(anchor: Anchor) -> dict[str, Any]:
    return {
        "sha256": anchor.fingerprint,
        "der": anchor.der,
        "purposes": sorted(anchor.purposes),
        "region": anchor.region,
        "since": anchor.since,
        "until": anchor.until,
        "egov_ca": anchor.egov_ca,
        "organisation_verified": anchor.organisation_verified,
    }


def _list_values(crl: Crl) -> dict[str, Any]:
    return {
        "sha256": crl.sha256,
        "issuer": hashlib.sha256(crl.issuer_raw).hexdigest(),
        "der": crl.der,
        "this_update": crl.this_update,
        "next_update": crl.next_update,
    }


async def list_anchors(session: ReadSession) -> list[Anchor]:
    """By fingerprint."""
    query = select(*(getattr(AnchorRow, name) for name in _ANCHOR)).order_by(AnchorRow.sha256)
    return [_anchor_row(row) for row in await session.execute(query)]


async def list_crls(session: ReadSession) -> list[Crl]:
    """Youngest first."""
    query = select(RevocationListRow.der).order_by(RevocationListRow.this_update.desc())
    return [_parsed(der) for der in await session.scalars(query)]


# ---- for a verification

STAMP_SQL: Final = """
SELECT (SELECT row(count(*), max(changed_at)) FROM anchor),
       (SELECT row(count(*), max(changed_at)) FROM intermediate),
       (SELECT row(count(*), max(changed_at)) FROM revocation_list),
       (SELECT row(count(*), max(changed_at)) FROM ocsp_response)
"""
_ANCHOR: Final = (
    "sha256", "der", "purposes", "region", "since", "until", "egov_ca", "organisation_verified"
)  # fmt: skip
ANCHORS_SQL: Final = f"SELECT {', '.join(_ANCHOR)} FROM anchor ORDER BY sha256"  # noqa: S608 - constant
INTERMEDIATES_SQL: Final = "SELECT der FROM intermediate ORDER BY sha256"
LISTS_SQL: Final = """
SELECT der FROM (
    SELECT der, row_number() OVER (PARTITION BY issuer ORDER BY this_update DESC) AS age
      FROM revocation_list) AS young
 WHERE age <= 4
"""
"""The youngest few of each authority: an older list says nothing a younger one does not, but for
the day it was fresh on."""


RESPONSES_SQL: Final = "SELECT der FROM ocsp_response ORDER BY sha256"
"""Few by the rule they are kept by (`registry.ocsp_responses`)."""


@dataclass(slots=True)
class AuthorityShelf:
    """The authorities as last read, and the stamp they were read under."""

    stamp: object = None
    held: Authorities = field(default_factory=Authorities)
    _readings: Flights[tuple[Any, ...], None] = field(default_factory=Flights, repr=False)

    async def at(self, database: Database, stamp: tuple[Any, ...]) -> Authorities | None:
        """As of a stamp that was read; None where they have changed since. Raises `Unavailable`."""
        if stamp != self.stamp:
            await self._readings.once(stamp, lambda: self._read(database))
        return self.held if stamp == self.stamp else None

    async def _read(self, database: Database) -> None:
        """A list takes seconds to read: in a thread, and while no transaction is open."""

        async def look(connection: Connection) -> tuple[tuple[Any, ...], list[Any]]:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                stamp = await stamp_in(connection)
                queries = (ANCHORS_SQL, INTERMEDIATES_SQL, LISTS_SQL, RESPONSES_SQL)
                return stamp, [await connection.fetch(sql) for sql in queries]

        stamp, found = await database.run(look, repeatable=True)
        self.held = await asyncio.to_thread(read_authority_rows, *found)
        self.stamp = stamp


async def stamp_in(connection: Connection) -> tuple[Any, ...]:
    """Changes with every change of the four tables. Within the caller's transaction."""
    return tuple(await connection.fetchrow(STAMP_SQL))


def read_authority_rows(
    anchors: Iterable[Sequence[Any]],
    intermediates: Iterable[Sequence[Any]],
    lists: Iterable[Sequence[Any]],
    responses: Iterable[Sequence[Any]],
) -> Authorities:
    """The rows of the four statements."""
    return Authorities(
        anchors=tuple(map(_anchor_row, anchors)),
        intermediates=tuple(row[0] for row in intermediates),
        lists=tuple(_parsed(row[0]) for row in lists),
        ocsp=tuple(row[0] for row in responses),
    )


def _anchor_row(row: Sequence[Any]) -> Anchor:
    sha256, der, purposes, region, since, until, egov_ca, organisation_verified = row
    return Anchor(
        fingerprint=sha256,
        der=der,
        purposes=frozenset(map(Purpose, purposes)),
        region=region,
        since=since,
        until=until,
        egov_ca=egov_ca,
        organisation_verified=organisation_verified,
    )


@lru_cache(LISTS_KEPT)
def _parsed(der: bytes) -> Crl:
    return read_crl(der)
