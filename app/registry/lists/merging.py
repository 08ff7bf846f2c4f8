"""Several lists and the local tables as one look: the first defines, additions add up, and what
takes trust away counts wherever it stands (docs/trust-list.md, "Several lists"). Pure.

A question about a past day is answered by two lists of each source: who was trusted to sign and
seal by that of the day, and whom to ask, and whose answer counts, by today's. Otherwise whoever
asks chose by `at` an endpoint given up long ago, or the key of an answer that was stolen since.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from app.domain.certificate import Anchor, Purpose
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import EndpointKind
from app.domain.trust import (
    NO_AUTHORITIES,
    Authorities,
    Issuer,
    LicenseType,
    SealEnd,
    TrustQuestion,
    TrustSource,
    Window,
)
from app.models import Use
from app.registry.entries import DelegationEntry, EndpointEntry, IssuerEntry, KeyEntry, Look
from app.registry.lists.index import ListIndex
from app.registry.lists.view import View
from app.registry.lists.withdrawals import earliest, key_name, mandate_name
from app.registry.routing import leads, region_told

_FOR_DOCUMENTS: Final = frozenset({Use.LICENSE, Use.COPY})


@dataclass(frozen=True, slots=True)
class Merged:
    """A look over everything, and what only lists tell."""

    look: Look
    successor: Issuer | None = None
    seal_status: Mapping[str, tuple[SealEnd, ...]] = field(default_factory=dict)
    good_until: datetime | None = None
    """The earliest expiry among the sources that had anything to say; None: none of them had."""


def merge_look(view: View, question: TrustQuestion, local: Look) -> Merged:
    """Everything known about the question. `local`: what the tables say, asked with the ties."""
    return _Merging(view, question, local).merged() if view.followed else Merged(local)


@dataclass(slots=True)
class _Merging:
    """One question over all sources, noting whose word was used."""

    view: View
    question: TrustQuestion
    local: Look
    used: set[TrustSource] = field(default_factory=set)

    def merged(self) -> Merged:
        question, local = self.question, self.local
        delegations = self._delegations()
        issuer, region = self._issuer()
        succession = self._succession()
        own = {question.issuer} if question.issuer is not None else set[IssuerCode]()
        given = {d.delegate for d in local.delegations}
        signing = given | {d.delegate for _, d in self.view.signing(question)}
        answering = given | {d.delegate for _, d in self.view.answering(question)}
        sealers = self.view.sealers(question) | local.sealers
        bodies = own | answering | sealers | ({succession[0]} if succession else set())
        endpoints = self._endpoints(bodies, region or region_told(question))
        speaking = bodies | {entry.issuer for entry in endpoints}
        look = replace(
            local,
            issuer=issuer,
            region=region,
            type=self._type(),
            delegations=delegations,
            keys=self._keys(self._signing_keys(own | signing), local.keys),
            endpoints=endpoints,
            answer_keys=self._keys(self._answer_keys(speaking), local.answer_keys),
            succession=succession,
            sealers=sealers,
            licensers=self.view.sealers(question) | local.licensers,
            owners=self._owners(own | {d.delegate for d in delegations}),
            owners_otherwise=self._otherwise(own | {d.delegate for d in delegations}),
            authorities=self._authorities() if question.sealed else NO_AUTHORITIES,
        )
        return Merged(
            look=look,
            successor=self._named(succession[0]) if succession else None,
            seal_status=self._seals(),
            good_until=self._good_until(),
        )

    def _good_until(self) -> datetime | None:
        ends = (source.expires_at for source in self.used)
        return min((end for end in ends if end is not None), default=None)

    # ---- the first defines

    def _issuer(self) -> tuple[Issuer | None, str | None]:
        """As it was entitled then; its region routes, and so is today's."""
        code = self.question.issuer
        if code is None:
            return self.local.issuer, self.local.region
        then, today = self._first(self.view.then(), code), self._first(self.view.today(), code)
        return (
            then.issuer if then else self.local.issuer,
            today.region if today else self.local.region,
        )

    def _first(
        self, lists: Iterable[tuple[TrustSource, ListIndex]], code: IssuerCode
    ) -> IssuerEntry | None:
        for source, index in lists:
            if code in index.issuers:
                self.used.add(source)
                return index.issuers[code]
        return None

    def _type(self) -> LicenseType | None:
        """What a document must be is of its day; what an answer must be, of today."""
        code = self.question.type
        if code is None:
            return self.local.type
        then, today = self._defined(self.view.then(), code), self._defined(self.view.today(), code)
        type, now = then or self.local.type, today or self.local.type
        if type is None or now is None:
            return type
        return replace(type, max_status_age=now.max_status_age, signed_answers=now.signed_answers)

    def _defined(
        self, lists: Iterable[tuple[TrustSource, ListIndex]], code: TypeCode
    ) -> LicenseType | None:
        for source, index in lists:
            if code in index.types:
                self.used.add(source)
                return index.types[code]
        return None

    def _succession(self) -> tuple[IssuerCode, datetime] | None:
        found = self.view.succession(self.question)
        if found is None:
            return self.local.succession
        self.used.add(found[2])
        return found[0], found[1]

    def _named(self, code: IssuerCode) -> Issuer | None:
        for _, index in self.view.today():
            if code in index.issuers:
                return index.issuers[code].issuer
        return self.local.named.get(code)

    def _endpoints(
        self, bodies: AbstractSet[IssuerCode], region: str | None
    ) -> tuple[EndpointEntry, ...]:
        found: dict[IssuerCode, EndpointEntry] = {}
        for source, index in self.view.today():
            for body in bodies & index.endpoints.keys():
                if found.setdefault(body, index.endpoints[body]) is index.endpoints[body]:
                    self.used.add(source)
        platforms = self._platforms(region)
        kept = (
            entry
            for entry in self.local.endpoints
            if (entry.issuer, entry.kind) not in platforms
            and (entry.kind is not EndpointKind.ISSUER or entry.issuer not in found)
        )
        return (*found.values(), *platforms.values(), *kept)

    def _platforms(
        self, region: str | None
    ) -> Mapping[tuple[IssuerCode, EndpointKind], EndpointEntry]:
        """At which bodies answer for others; of a body and kind, the first list's."""
        found: dict[tuple[IssuerCode, EndpointKind], EndpointEntry] = {}
        for source, index in self.view.today():
            for entry in index.platforms:
                if not leads(entry, self.question, region, frozenset()):
                    continue
                if found.setdefault((entry.issuer, entry.kind), entry) is entry:
                    self.used.add(source)
        return found

    def _owners(self, bodies: AbstractSet[IssuerCode]) -> Mapping[str, IssuerCode]:
        found: dict[str, IssuerCode] = {}
        for source, index in self.view.then():
            for code in self.question.organisations:
                bearers = index.bears(code, self.question.type) & bodies
                if bearers:
                    self.used.add(source)
                    found.setdefault(code, min(bearers))
        return MappingProxyType({**self.local.owners, **found})

    def _otherwise(self, bodies: AbstractSet[IssuerCode]) -> Mapping[str, IssuerCode]:
        found: dict[str, IssuerCode] = {}
        for source, index in self.view.then():
            for code in self.question.organisations:
                bearers = index.bearers.get(code, frozenset()) & bodies
                if bearers - index.bears(code, self.question.type):
                    self.used.add(source)
                    found.setdefault(code, min(bearers))
        return MappingProxyType({**self.local.owners_otherwise, **found})

    # ---- additions add up, and what is taken away is taken from all

    def _delegations(self) -> tuple[DelegationEntry, ...]:
        all_given = (*self.view.signing(self.question), *self.view.answering(self.question))
        given = [(s, d) for s, d in all_given if d.type == self.question.type]
        self.used.update(source for source, _ in given)
        entries = [*(entry for _, entry in given), *self.local.delegations]
        withdrawn = [each.withdrawals.mandates for each in self.view.followed]
        stated = {
            name: min(ends)
            for name in {mandate_name(d) for d in entries}
            if (ends := [d.revoked_at for d in entries if d.revoked_at and mandate_name(d) == name])
        }
        return tuple(
            _ended(entry, earliest(mandate_name(entry), stated, *withdrawn)) for entry in entries
        )

    def _keys(self, listed: Iterable[KeyEntry], local: Iterable[KeyEntry]) -> tuple[KeyEntry, ...]:
        """The first definition of a name, and of a key, counts; its earliest end as well."""
        entries = [*listed, *local]
        withdrawn = [self.local.revoked, *(each.withdrawals.keys for each in self.view.followed)]
        names = {id(key): key_name(key) for key in entries}
        found: dict[str, KeyEntry] = {}
        taken = set[tuple[IssuerCode, str]]()
        for key in entries:
            name, place = names[id(key)], (key.owner, key.key_id)
            if name not in found and place not in taken:
                found[name] = key
                taken.add(place)
            elif name in found:
                found[name] = _narrowed(found[name], key)
        return tuple(_revoked(key, earliest(name, *withdrawn)) for name, key in found.items())

    def _signing_keys(self, owners: AbstractSet[IssuerCode]) -> Iterator[KeyEntry]:
        """Of the day, for licenses and copies, as far as the document names them."""
        hints = {key_id for _, key_id in self.question.signers}
        for source, index in self.view.then():
            for key in index.keys_of(owners):
                if key.uses & _FOR_DOCUMENTS and key.key_id in hints:
                    self.used.add(source)
                    yield key

    def _answer_keys(self, owners: AbstractSet[IssuerCode]) -> Iterator[KeyEntry]:
        """Of today, all: an answer is given today, whatever day it is about."""
        for source, index in self.view.today():
            for key in index.keys_of(owners):
                if Use.ANSWER in key.uses:
                    self.used.add(source)
                    yield key

    def _seals(self) -> Mapping[str, tuple[SealEnd, ...]]:
        """Of every source; a seal that anybody froze is frozen."""
        found: dict[str, tuple[SealEnd, ...]] = {}
        for each in self.view.followed:
            for id in self.question.seals & each.withdrawals.seals.keys():
                found[id] = (*found.get(id, ()), *each.withdrawals.seals[id])
        return MappingProxyType(found)

    def _authorities(self) -> Authorities:
        self.used.update(s for s, i in self.view.then() if i.content.authorities.anchors)
        return authorities_of(self.view, self.local.authorities)


def key_names(look: Look) -> frozenset[str]:
    """Of all keys in it, by their octets."""
    return frozenset(map(key_name, (*look.keys, *look.answer_keys)))


def _narrowed(first: KeyEntry, other: KeyEntry) -> KeyEntry:
    """The first definition, ended as early as any other says."""
    revoked = [at for at in (first.revoked_at, other.revoked_at) if at is not None]
    ends = [at for at in (first.window.until, other.window.until) if at is not None]
    return replace(
        first,
        window=Window(first.window.since, min(ends, default=None)),
        revoked_at=min(revoked, default=None),
        revocation_reason=first.revocation_reason or other.revocation_reason,
    )


def _revoked(key: KeyEntry, at: datetime | None) -> KeyEntry:
    if at is None or (key.revoked_at is not None and key.revoked_at <= at):
        return key
    return replace(key, revoked_at=at)


def _ended(entry: DelegationEntry, at: datetime | None) -> DelegationEntry:
    """A mandate given anew after it was withdrawn is another one."""
    if at is None or entry.window.since >= at:
        return entry
    earlier = entry.revoked_at is not None and entry.revoked_at <= at
    return entry if earlier else replace(entry, revoked_at=at)


def authorities_of(view: View, local: Authorities) -> Authorities:
    """Anchors, intermediates and revocation lists of all lists, then of the tables.

    They are many and seldom change: put together once for a view and what the tables held.
    """
    known = view.remembered.get(id(local))
    if known is None or known[0] is not local:
        known = (local, _put_together(view, local))
        view.remembered.clear()
        view.remembered[id(local)] = known
    return known[1]


def _put_together(view: View, local: Authorities) -> Authorities:
    then = [index.content.authorities for _, index in view.then()]
    # What was revoked since then was revoked: today's lists stand beside those of the day.
    said = [*then, *(index.content.authorities for _, index in view.today())]
    anchors = [a for each in then for a in each.anchors]
    withdrawn = [each.withdrawals.anchors for each in view.followed]
    crls = {c.sha256: c for each in said for c in each.lists} | {c.sha256: c for c in local.lists}
    ders = [der for each in said for der in each.intermediates]
    intermediates = {hashlib.sha256(d).digest(): d for d in (*ders, *local.intermediates)}
    return Authorities(
        anchors=tuple(_anchors([*anchors, *local.anchors], withdrawn)),
        intermediates=tuple(intermediates.values()),
        lists=tuple(crls.values()),
        ocsp=local.ocsp,
    )


def _anchors(
    anchors: Iterable[Anchor], withdrawn: Iterable[Mapping[str, datetime]]
) -> Iterator[Anchor]:
    """For each purpose the first that names it; ended as early as anybody says."""
    given = list(anchors)
    ends = [*withdrawn, *({a.fingerprint: a.until} for a in given if a.until is not None)]
    named: dict[str, frozenset[Purpose]] = {}
    for anchor in given:
        more = anchor.purposes - named.get(anchor.fingerprint, frozenset())
        if more:
            named[anchor.fingerprint] = named.get(anchor.fingerprint, frozenset()) | more
            until = earliest(anchor.fingerprint, *ends)
            yield replace(anchor, purposes=more, until=until)
