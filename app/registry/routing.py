"""Where a question goes, and why: the longest match wins (design §8). Pure.

Who took over from the issuer → the issuer code in the identifier → its delegate for answers → owner
of the type → region by the longest prefix of GB/T 2260 → the node above. A seal about which nothing
else is known goes to the body whose organisation code its certificate bears (谁签章、谁核验), else
by the region in its code.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, assert_never

from app.domain.codes import region_now, region_well_formed
from app.domain.identifier import IssuerCode
from app.domain.issuer import EndpointKind, Rule, Speaker
from app.domain.trust import Kind, TrustQuestion
from app.registry.entries import EndpointEntry, Look

OWNER_LENGTH: Final = 18
"""Characters of a type code that name the body which defined the type (GB/T 36904)."""
REGION_LENGTH: Final = 6
"""Digits of GB/T 2260."""

SPEAKERS: Final[Mapping[Rule, Speaker]] = MappingProxyType(
    {
        Rule.ISSUER: Speaker.ISSUER,
        Rule.SUCCESSOR: Speaker.ISSUER,
        Rule.DELEGATE: Speaker.DELEGATE,
        Rule.SEAL_OWNER: Speaker.ISSUER,
        Rule.TYPE_OWNER: Speaker.UPSTREAM,
        Rule.REGION: Speaker.UPSTREAM,
        Rule.UPSTREAM: Speaker.UPSTREAM,
    }
)
"""What whoever is reached by a rule counts for."""


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint, the rule that led there, and what of the question it went by."""

    rule: Rule
    matched: str
    entry: EndpointEntry


def route_of(question: TrustQuestion, look: Look, now: datetime) -> Route | None:
    """Where it goes; None where nobody is registered who could be asked.

    A named issuer that is not registered is asked about nowhere: no answer could close that gap.
    """
    return next(routes_of(question, look, now), None)


def routes_of(question: TrustQuestion, look: Look, now: datetime) -> Iterator[Route]:
    """All ways, the closest to the issuer first; only the first is gone, and none to the asker."""
    ways = _ways(question, look, now)
    return (way for way in ways if way.entry.issuer != question.asker)


def _ways(question: TrustQuestion, look: Look, now: datetime) -> Iterator[Route]:
    if look.issuer is not None:
        for rule, body in home_bodies(look, now):
            yield from _of_bodies(rule, {body}, look)
    elif question.issuer is None and question.sealed:
        yield from _of_bodies(Rule.SEAL_OWNER, look.sealers, look)
    else:
        return
    if question.type is not None:
        owner = question.type[:OWNER_LENGTH]
        yield from _by_prefix(Rule.TYPE_OWNER, EndpointKind.TYPE_OWNER, owner, look)
    region = look.region or region_told(question)
    if region is not None:
        yield from _by_prefix(Rule.REGION, EndpointKind.REGION, region, look)
    for entry in _in_order(look, lambda e: e.kind is EndpointKind.UPSTREAM):
        yield Route(Rule.UPSTREAM, "", entry)


def home_bodies(look: Look, now: datetime) -> Iterator[tuple[Rule, IssuerCode]]:
    """Who took over from the issuer, the issuer, and its delegates for answers, in this order.

    From the day of the change on (颁发机构调整) the records are the successor's to keep: an old
    body's endpoint that still runs may know nothing of what became of a license since.
    """
    if look.issuer is None:
        return
    if look.succession is not None and look.succession[1] <= now:
        yield Rule.SUCCESSOR, look.succession[0]
    yield Rule.ISSUER, look.issuer.code
    delegates = {
        d.delegate for d in look.delegations if d.kind is Kind.ANSWER and d.effective.contains(now)
    }
    for delegate in sorted(delegates):
        yield Rule.DELEGATE, delegate


def region_told(question: TrustQuestion) -> str | None:
    """The region that an issuer's code, or a seal's, tells by itself; None: it tells none.

    统一社会信用代码: characters 3 to 8 (GB 32100, 登记管理机关行政区划码). 印章编码: the first six
    digits. A region that has another code today is asked for under that.
    """
    if question.issuer is not None:
        whole = len(question.issuer) == REGION_LENGTH
        told = question.issuer if whole else question.issuer[2 : 2 + REGION_LENGTH]
    else:
        told = (question.seal or "")[:REGION_LENGTH]
    return region_now(told) if region_well_formed(told) else None


def _of_bodies(
    rule: Rule, bodies: set[IssuerCode] | frozenset[IssuerCode], look: Look
) -> Iterator[Route]:
    for entry in _in_order(look, lambda e: e.kind is EndpointKind.ISSUER and e.issuer in bodies):
        yield Route(rule, entry.issuer, entry)


def _by_prefix(rule: Rule, kind: EndpointKind, code: str, look: Look) -> Iterator[Route]:
    """The longest prefix first."""
    fitting = [
        Route(rule, prefix, entry)
        for entry in _in_order(look, lambda e: e.kind is kind)
        for prefix in entry.prefixes
        if code.startswith(prefix)
    ]
    yield from sorted(fitting, key=lambda route: -len(route.matched))


def _in_order(look: Look, wanted: Callable[[EndpointEntry], bool]) -> list[EndpointEntry]:
    return sorted(filter(wanted, look.endpoints), key=lambda e: (e.issuer, e.adapter, e.url))


def leads(
    entry: EndpointEntry,
    question: TrustQuestion,
    region: str | None,
    bodies: AbstractSet[IssuerCode],
) -> bool:
    """Whether a question could go there, by whatever rule."""
    match entry.kind:
        case EndpointKind.ISSUER:
            return entry.issuer in bodies
        case EndpointKind.TYPE_OWNER:
            return question.type is not None and question.type[:OWNER_LENGTH] in entry.prefixes
        case EndpointKind.REGION:
            return region is not None and any(region.startswith(p) for p in entry.prefixes)
        case EndpointKind.UPSTREAM:
            return True
        case _:
            assert_never(entry.kind)
