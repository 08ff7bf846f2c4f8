"""The registry out of a file, for the command line: the same meaning, no database.

A trust folder holds `registration.json` (`app.registry.registration`), and `authorities.json` where
seals are to be judged (`app.registry.authorities`). In their place or beside them it may hold a
signed list, `trust-list.json` with `signers.json` (`app.registry.lists.folder`). Nothing is
remembered: no file has been seen before, and no issuer has told a status unasked.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed, Refused
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.photo import OfficialUrl
from app.domain.trust import NO_AUTHORITIES, Authorities, Kind, Trust, TrustQuestion
from app.domain.verification import Receipt
from app.models import Use
from app.registry.authorities import read_authorities
from app.registry.entries import DelegationEntry, KeyEntry, Look, Registration
from app.registry.lists.folder import read_view
from app.registry.lists.merging import merge_look
from app.registry.lists.view import View
from app.registry.lists.withdrawals import key_name
from app.registry.reader import refuse
from app.registry.registration import read_registration
from app.registry.routing import leads, region_told
from app.registry.trust import trust_with

FILE_NAME: Final = "registration.json"
AUTHORITIES_NAME: Final = "authorities.json"
"""Beside it, where certificates have to be judged (`app.registry.authorities`)."""

LIMITS: Final = JsonLimits(size=16 * 1024 * 1024, items=10_000)
"""A document of a province: some two thousand bodies, each with a few kilobytes of keys."""

_FOR_DOCUMENTS: Final = frozenset({Use.LICENSE, Use.COPY})


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRegistry:
    """Fits `services.verify.Registry`."""

    registration: Registration = field(repr=False)
    name: str
    """`sha256:` and the digest of the file: which registration a verdict rests on."""
    clock: Callable[[], datetime]
    authorities: Authorities = field(default=NO_AUTHORITIES, repr=False)
    view: View = field(default_factory=View, repr=False)
    """The followed list; empty where the folder holds none."""
    _keys: Mapping[IssuerCode, tuple[KeyEntry, ...]] = field(init=False, repr=False)
    _given: Mapping[IssuerCode, tuple[DelegationEntry, ...]] = field(init=False, repr=False)
    _revoked: Mapping[str, datetime] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        keys = defaultdict[IssuerCode, tuple[KeyEntry, ...]](tuple)
        given = defaultdict[IssuerCode, tuple[DelegationEntry, ...]](tuple)
        for key in self.registration.keys:
            keys[key.owner] += (key,)
        for delegation in self.registration.delegations:
            given[delegation.issuer] += (delegation,)
        object.__setattr__(self, "_keys", dict(keys))
        object.__setattr__(self, "_given", dict(given))
        revoked = {key_name(k): k.revoked_at for k in self.registration.keys if k.revoked_at}
        object.__setattr__(self, "_revoked", revoked)

    @classmethod
    def read(
        cls, place: Path, clock: Callable[[], datetime], *, networks: Sequence[str] = ()
    ) -> Self:
        """A trust folder, or the file itself; `networks` as in `read_registration`.

        Raises `Refused`: it names the file, or the member of it, and what to do.
        """
        view, _ = read_view(place, clock, networks=networks)
        registered = not view.followed or (place / FILE_NAME).exists()
        data = _read(place) if registered else b""
        registration = Registration()
        if registered:
            registration = read_registration(_object(place, data), networks=networks)
            _require_whole(registration)
        beside = _beside(place)
        digest = hashlib.sha256(data + beside).hexdigest()
        return cls(
            registration=registration,
            name=f"sha256:{digest}" if data or beside else "",
            clock=clock,
            authorities=_authorities(place, beside),
            view=view,
        )

    async def trust_for(self, question: TrustQuestion) -> Trust:
        """As `PostgresRegistry.trust_for`; touches nothing outside."""
        local = self.look(question, self.view.ties(question))
        merged = merge_look(self.view, question, local)
        return trust_with(self.view, question, merged, self.clock(), local=self.name)

    async def official_urls(self, hosts: frozenset[str]) -> tuple[OfficialUrl, ...]:
        """As `PostgresRegistry.official_urls`."""
        return self.view.official_urls(hosts, self.clock())

    def look(self, question: TrustQuestion, ties: frozenset[IssuerCode] = frozenset()) -> Look:
        """What the statement of `app.registry.trust` selects, selected here."""
        all_given = self._given.get(question.issuer, ()) if question.issuer else ()
        delegates = {d.delegate for d in all_given} | ties
        given = tuple(d for d in all_given if d.type == question.type)
        answering = {d.delegate for d in given if d.kind is Kind.ANSWER} | ties
        own = {question.issuer} if question.issuer else set[IssuerCode]()
        hints = {key_id for _, key_id in question.signers}
        issuers, types = self.registration.issuers, self.registration.license_types
        entry = next((e for e in issuers if e.issuer.code == question.issuer), None)
        sealers = frozenset(self._sealers(question)) if question.issuer is None else frozenset()
        region = (entry.region if entry else None) or region_told(question)
        bodies = own | answering | sealers
        endpoints = self.registration.endpoints
        way = tuple(e for e in endpoints if leads(e, question, region, bodies))
        speaking = own | answering | {e.issuer for e in way}
        return Look(
            issuer=entry.issuer if entry else None,
            region=entry.region if entry else None,
            sealers=sealers,
            licensers=frozenset(filter(self._licenses, sealers)),
            named={e.issuer.code: e.issuer for e in issuers if e.issuer.code in ties},
            type=next((t for t in types if t.code == question.type), None),
            delegations=given,
            keys=tuple(
                key
                for owner in own | delegates
                for key in self._keys.get(owner, ())
                if key.key_id in hints and key.uses & _FOR_DOCUMENTS
            ),
            endpoints=way,
            answer_keys=tuple(
                key
                for owner in speaking
                for key in self._keys.get(owner, ())
                if Use.ANSWER in key.uses
            ),
            revoked=self._revoked,
            owners={
                code: entry.issuer.code
                for entry in issuers
                if entry.issuer.code in own | {d.delegate for d in given} | ties and question.type
                for code in entry.organisation_codes.get(question.type, ())
                if code in question.organisations
            },
            owners_otherwise={
                code: entry.issuer.code
                for entry in issuers
                if entry.issuer.code in own | {d.delegate for d in given} | ties
                for type, codes in entry.organisation_codes.items()
                if type != question.type
                for code in codes & question.organisations
            },
            authorities=self.authorities if question.sealed else NO_AUTHORITIES,
        )

    def _licenses(self, body: IssuerCode) -> bool:
        """Whether it is registered to seal licenses: its own, or as a delegate."""
        own = next(e for e in self.registration.issuers if e.issuer.code == body)
        given = self.registration.delegations
        return (
            bool(own.issuer.types)
            or any(own.organisation_codes.values())
            or any(d.delegate == body and d.kind is not Kind.ANSWER for d in given)
        )

    def _sealers(self, question: TrustQuestion) -> Iterator[IssuerCode]:
        """Bodies that bear an organisation code of the signers, for any type, or as their own."""
        for entry in self.registration.issuers:
            named = {code for codes in entry.organisation_codes.values() for code in codes}
            if question.organisations & (named | {entry.issuer.code}):
                yield entry.issuer.code


def read_document(place: Path) -> dict[str, object]:
    """The JSON of a registration file, or of the one in a folder; its meaning is not looked at.

    Raises `Refused`: it names the file and what is wrong with it.
    """
    return _object(place, _read(place))


def _read(place: Path) -> bytes:
    path = place / FILE_NAME if place.is_dir() else place
    try:
        with path.open("rb") as file:
            return file.read(LIMITS.size + 1)  # one more, so that the reader sees it is too long
    except OSError as exc:
        message = f"{path} cannot be read ({exc.strerror}): name {FILE_NAME} or a folder with it"
        raise Refused("registration", message) from exc


def _beside(place: Path) -> bytes:
    """The authorities of a folder; nothing where there are none, or for a single file."""
    path = place / AUTHORITIES_NAME
    if not (place.is_dir() and path.exists()):
        return b""
    try:
        with path.open("rb") as file:
            return file.read(LIMITS.size + 1)
    except OSError as exc:
        raise Refused("authorities", f"{path} cannot be read ({exc.strerror})") from exc


def _authorities(place: Path, data: bytes) -> Authorities:
    return read_authorities(_object(place, data)).authorities() if data else NO_AUTHORITIES


def _object(place: Path, data: bytes) -> dict[str, object]:
    try:
        return read_json_object(data, LIMITS)
    except Malformed as exc:
        raise Refused("registration", f"{place}: {exc}") from exc


def _require_whole(registration: Registration) -> None:
    """What an import finds out from the tables: every code that is named is registered."""
    types = {type.code for type in registration.license_types}
    own: dict[IssuerCode, frozenset[TypeCode]] = {
        entry.issuer.code: entry.issuer.types for entry in registration.issuers
    }
    for code, named in own.items():
        if named - types:
            refuse(f"issuers[{code}].types", "names a type that is not under license_types: add it")
    for each in registration.delegations:
        place = f"delegations[{each.issuer}]"
        for side, code in (("from", each.issuer), ("to", each.delegate)):
            if code not in own:
                refuse(f"{place}.{side}", "is not under issuers: add it")
        if each.type not in own[each.issuer]:
            refuse(f"{place}.types", "names a type the issuer may not issue, and cannot hand on")


@dataclass(frozen=True, slots=True)
class ForgetfulJournal:
    """Keeps nothing: for a command that prints its verdict and ends."""

    async def record(self, receipt: Receipt) -> None:
        del receipt
