"""All followed lists, in the operator's order, and what each says of a question. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.domain.identifier import IssuerCode
from app.domain.trust import Authorities, TrustQuestion, TrustSource
from app.registry.entries import DelegationEntry
from app.registry.lists.index import ListIndex
from app.registry.lists.withdrawals import NONE, Withdrawals

ADDRESS_SHOWN: Final = 16
"""Digits of an address in the short name of a snapshot; the whole stands beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One source, as far as a question is concerned."""

    source: TrustSource
    """What is held today: its expiry decides whether the source can be relied on."""
    index: ListIndex | None = field(default=None, repr=False)
    """Of the list that says who was trusted: today's, or that of the day asked about."""
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
        bodies = {d.delegate for _, d in self.given(question)}
        succession = self.succession(question)
        if succession is not None:
            bodies.add(succession[0])
        return frozenset(bodies | self.sealers(question))

    # ---- what lists say, each with the source that says it

    def each(self) -> Iterator[tuple[TrustSource, ListIndex]]:
        for each in self.followed:
            if each.index is not None:
                yield each.source, each.index

    def given(self, question: TrustQuestion) -> Iterator[tuple[TrustSource, DelegationEntry]]:
        """By the issuer, for any type."""
        if question.issuer is not None:
            for source, index in self.each():
                for entry in index.given.get(question.issuer, ()):
                    yield source, entry

    def succession(
        self, question: TrustQuestion
    ) -> tuple[IssuerCode, datetime, TrustSource] | None:
        """The first that names one for the type."""
        for source, index in self.each():
            found = question.issuer and index.content.successions.get(question.issuer)
            if found and question.type in found.types:
                return found.code, found.since, source
        return None

    def sealers(self, question: TrustQuestion) -> frozenset[IssuerCode]:
        """Where a document names no issuer, whoever bears its signers' codes."""
        if question.issuer is not None:
            return frozenset()
        return frozenset(
            body
            for _, index in self.each()
            for code in question.organisations
            for body in index.bearers.get(code, ())
        )
