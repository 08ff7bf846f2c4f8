"""All followed lists, in the operator's order, and what each says of a question. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.domain.identifier import IssuerCode
from app.domain.photo import OfficialUrl
from app.domain.retrieval import Offer
from app.domain.trust import Authorities, Kind, TrustQuestion, TrustSource
from app.models import Use
from app.registry.entries import DelegationEntry
from app.registry.lists.index import ListIndex
from app.registry.lists.withdrawals import NONE, Withdrawals, key_name

ADDRESS_SHOWN: Final = 16
"""Digits of an address in the short name of a snapshot; the whole stands beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One source, as far as a question is concerned."""

    source: TrustSource
    """What is held today: its expiry decides whether the source can be relied on."""
    index: ListIndex | None = field(default=None, repr=False)
    """Of the list that is held today: whom to ask, and whose answer counts, is never taken from
    another."""
    day: ListIndex | None = field(default=None, repr=False)
    """Of the list of the day asked about: who was trusted to seal and sign then; None: today."""
    withdrawals: Withdrawals = field(default=NONE, repr=False)
    """Of today, whatever the day asked about."""


@dataclass(frozen=True, slots=True)
class View:
    """All followed lists, in the operator's order."""

    followed: tuple[Followed, ...] = ()
    stamp: object = None
    """Of the lists held today; None: there are none."""
    remembered: dict[int, tuple[Authorities, Authorities]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What the tables held → the same with what the lists add (`app.registry.lists.merging`)."""

    @property
    def sources(self) -> tuple[TrustSource, ...]:
        return tuple(each.source for each in self.followed)

    def official_urls(self, hosts: frozenset[str], now: datetime) -> tuple[OfficialUrl, ...]:
        """Where official codes lead to, by any list that may be relied on."""
        return tuple(
            url
            for source, index in self.today()
            if source.fresh(now)
            for url in index.content.official_urls
            if url.host in hosts
        )

    def offer(self, issuer: IssuerCode, now: datetime) -> Offer | None:
        """Of its documents (调阅), by the first list that may be relied on and says one."""
        found = self.offers(now).get(issuer)
        return None if found is None else found[1]

    def offers(self, now: datetime) -> Mapping[IssuerCode, tuple[str, Offer]]:
        """All of them, each with the publisher that says it."""
        found: dict[IssuerCode, tuple[str, Offer]] = {}
        for source, index in self.today():
            if source.fresh(now):
                for issuer, offer in index.offers.items():
                    found.setdefault(issuer, (source.publisher, offer))
        return found

    def snapshot(self, local: str) -> str:
        """`qinghai#12@3f9a…+local`: which lists, and which registration beside them."""
        named = [
            f"{s.publisher}#{s.number}@{s.address[:ADDRESS_SHOWN]}"
            for s in self.sources
            if s.address is not None
        ]
        return "+".join([*named, local] if local else named)

    def ties(self, question: TrustQuestion) -> frozenset[IssuerCode]:
        """Bodies that some list ties to the issuer, for the tables to be asked about too."""
        given = (*self.signing(question), *self.answering(question))
        bodies = {d.delegate for _, d in given}
        succession = self.succession(question)
        if succession is not None:
            bodies.add(succession[0])
        return frozenset(bodies | self.sealers(question))

    def key_names(self, question: TrustQuestion) -> frozenset[str]:
        """Of the listed keys it may come to, for the tables to be asked whether they were revoked
        there, under whatever name.
        """
        hints = {key_id for _, key_id in question.signers}
        bodies = self.ties(question) | ({question.issuer} if question.issuer else frozenset())
        then = (k for _, index in self.then() for k in index.keys_of(bodies) if k.key_id in hints)
        asked = bodies | {e.issuer for _, index in self.today() for e in index.platforms}
        today = (k for _, index in self.today() for k in index.keys_of(asked))
        return frozenset(map(key_name, (*then, *(k for k in today if Use.ANSWER in k.uses))))

    # ---- what lists say, each with the source that says it

    def today(self) -> Iterator[tuple[TrustSource, ListIndex]]:
        """For whatever is done today: whom to ask, and whose answer counts."""
        for each in self.followed:
            if each.index is not None:
                yield each.source, each.index

    def then(self) -> Iterator[tuple[TrustSource, ListIndex]]:
        """For whatever judges the document: who was trusted on the day asked about."""
        for each in self.followed:
            index = each.day or each.index
            if index is not None:
                yield each.source, index

    def signing(self, question: TrustQuestion) -> Iterator[tuple[TrustSource, DelegationEntry]]:
        """Mandates by the issuer for originals, copies and countersigning, for any type."""
        if question.issuer is not None:
            for source, index in self.then():
                for entry in index.given.get(question.issuer, ()):
                    if entry.kind is not Kind.ANSWER:
                        yield source, entry

    def answering(self, question: TrustQuestion) -> Iterator[tuple[TrustSource, DelegationEntry]]:
        """Mandates by the issuer for answers, for any type."""
        if question.issuer is not None:
            for source, index in self.today():
                for entry in index.given.get(question.issuer, ()):
                    if entry.kind is Kind.ANSWER:
                        yield source, entry

    def succession(
        self, question: TrustQuestion
    ) -> tuple[IssuerCode, datetime, TrustSource] | None:
        """The first that names one for the type: who is asked today."""
        for source, index in self.today():
            found = question.issuer and index.content.successions.get(question.issuer)
            if found and question.type in found.types:
                return found.code, found.since, source
        return None

    def sealers(self, question: TrustQuestion) -> frozenset[IssuerCode]:
        """Where a document names no issuer, whoever bears its signers' codes: who is asked."""
        if question.issuer is not None:
            return frozenset()
        return frozenset(
            body
            for _, index in self.today()
            for code in question.organisations
            for body in index.bearers.get(code, ())
        )
