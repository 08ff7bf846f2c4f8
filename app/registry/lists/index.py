"""One accepted list, laid out for the questions of a verification; kept by its address."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import EndpointKind
from app.domain.retrieval import Offer
from app.domain.trust import LicenseType
from app.registry.entries import DelegationEntry, EndpointEntry, IssuerEntry, KeyEntry
from app.registry.lists.content import Content

Key = TypeVar("Key")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ListIndex:
    """Everything a list says, by what a question names."""

    content: Content = field(repr=False)
    issuers: Mapping[IssuerCode, IssuerEntry] = field(init=False, repr=False)
    types: Mapping[TypeCode, LicenseType] = field(init=False, repr=False)
    keys: Mapping[IssuerCode, tuple[KeyEntry, ...]] = field(init=False, repr=False)
    """By owner."""
    given: Mapping[IssuerCode, tuple[DelegationEntry, ...]] = field(init=False, repr=False)
    """By issuer."""
    endpoints: Mapping[IssuerCode, EndpointEntry] = field(init=False, repr=False)
    """Bodies' own."""
    platforms: tuple[EndpointEntry, ...] = field(init=False, repr=False)
    """At which bodies answer for others."""
    offers: Mapping[IssuerCode, Offer] = field(init=False, repr=False)
    """Of documents (调阅)."""
    bearers: Mapping[str, frozenset[IssuerCode]] = field(init=False, repr=False)
    """Organisation code → the bodies that bear it, for any type or as their own code."""

    def __post_init__(self) -> None:
        said = self.content.registration
        bearers = defaultdict[str, set[IssuerCode]](set)
        for entry in said.issuers:
            bearers[entry.issuer.code].add(entry.issuer.code)
            for codes in entry.organisation_codes.values():
                for code in codes:
                    bearers[code].add(entry.issuer.code)
        made: dict[str, dict[Any, Any]] = {
            "issuers": {entry.issuer.code: entry for entry in said.issuers},
            "types": {type.code: type for type in said.license_types},
            "keys": _grouped((key.owner, key) for key in said.keys),
            "given": _grouped((each.issuer, each) for each in said.delegations),
            "endpoints": {
                entry.issuer: entry for entry in said.endpoints if entry.kind is EndpointKind.ISSUER
            },
            "offers": {offer.issuer: offer for offer in said.offers},
            "bearers": {code: frozenset(bodies) for code, bodies in bearers.items()},
        }
        for name, value in made.items():
            object.__setattr__(self, name, MappingProxyType(value))
        others = (entry for entry in said.endpoints if entry.kind is not EndpointKind.ISSUER)
        object.__setattr__(self, "platforms", tuple(others))

    def keys_of(self, owners: AbstractSet[IssuerCode]) -> Iterator[KeyEntry]:
        """Of these bodies, in one order."""
        for owner in sorted(owners & self.keys.keys()):
            yield from self.keys[owner]

    def bears(self, code: str, type: TypeCode | None) -> frozenset[IssuerCode]:
        """Bodies whose seals of this type name them by that organisation code."""
        if type is None:
            return frozenset()
        return frozenset(
            body
            for body in self.bearers.get(code, ())
            if code in self.issuers[body].organisation_codes.get(type, ())
        )


def _grouped(pairs: Iterable[tuple[Key, Item]]) -> dict[Key, tuple[Item, ...]]:
    found = defaultdict[Key, list[Item]](list)
    for key, item in pairs:
        found[key].append(item)
    return {key: tuple(items) for key, items in found.items()}
