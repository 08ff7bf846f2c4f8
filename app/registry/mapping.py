"""What is registered, turned into what a check reads. Pure, and the only such mapping there is."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import AnswerKey, Endpoint, HomeKeys, Rule
from app.domain.license import KeyId
from app.domain.trust import Kind, Mandate, Trust, TrustedKey, TrustQuestion
from app.models import Use
from app.registry.entries import FOREVER, KeyEntry, Look
from app.registry.routing import SPEAKERS, home_bodies, route_of

NOTHING = Trust(issuer=None, type=None, keys={}, mandates=(), endpoint=None, statement=None)

_SIGNING = {Kind.ORIGINAL: Use.LICENSE, Kind.COPY: Use.COPY, Kind.COUNTERSIGN: Use.LICENSE}
"""What a key must be registered for, by what its owner is taken to do: the first that applies."""
_OWN_WORD = frozenset({Rule.ISSUER, Rule.SEAL_OWNER})
"""By these the body itself is asked, which hands on nobody's answer."""


def trust_of(
    question: TrustQuestion, look: Look, now: datetime, *, snapshot: str = NOTHING.snapshot
) -> Trust:
    """The registry's word on a question. Expired and revoked keys stay: checks judge them."""
    return Trust(
        issuer=look.issuer,
        type=look.type,
        keys=_keys(question, look),
        mandates=tuple(
            Mandate(d.delegate, d.kind, frozenset({d.type}), d.effective)
            for d in sorted(look.delegations, key=lambda d: (d.delegate, d.kind))
        ),
        endpoint=_endpoint(question, look, now),
        statement=look.statement,
        told_at=look.told_at,
        disputed_since=look.disputed_since,
        owners=(owners := _owners(question, look)),
        owners_otherwise={c: b for c, b in look.owners_otherwise.items() if c not in owners},
        licensers=look.licensers,
        authorities=look.authorities,
        first_seen=look.first_seen,
        snapshot=snapshot,
    )


def _owners(question: TrustQuestion, look: Look) -> Mapping[str, IssuerCode]:
    """By registered organisation codes, and by its own code: a body is always itself."""
    if look.issuer is None:
        return MappingProxyType({})
    bodies = {look.issuer.code, *(d.delegate for d in look.delegations)}
    own = {code: code for code in bodies if code in question.organisations}
    return MappingProxyType({**own, **look.owners})


def _keys(question: TrustQuestion, look: Look) -> Mapping[KeyId, TrustedKey]:
    """One key for each name; the issuer's own before a delegate's, whatever the document hints."""
    if look.issuer is None:
        return MappingProxyType({})
    own = look.issuer.code
    mandated = {d.delegate for d in look.delegations if d.kind in _SIGNING}

    def rank(key: KeyEntry) -> tuple[bool, bool, bool, str]:
        named = (key.owner, key.key_id) in question.signers
        return key.owner != own, key.owner not in mandated, not named, key.owner

    found: dict[KeyId, TrustedKey] = {}
    for key in sorted((k for k in look.keys if _may_sign(k, look, own)), key=rank):
        found.setdefault(key.key_id, _trusted(key, look, own))
    return MappingProxyType(found)


def _may_sign(key: KeyEntry, look: Look, own: IssuerCode) -> bool:
    """A key for copies must not count as one for originals because its owner may do both."""
    if key.owner == own:
        return Use.LICENSE in key.uses
    kinds = {d.kind for d in look.delegations if d.delegate == key.owner}
    needed = next((use for kind, use in _SIGNING.items() if kind in kinds), None)
    return needed is None or needed in key.uses  # no mandate: known, and nobody we need


def _trusted(key: KeyEntry, look: Look, own: IssuerCode) -> TrustedKey:
    return TrustedKey(
        key_id=key.key_id,
        owner=key.owner,
        scheme=key.scheme,
        spki=key.spki,
        types=_types(key, look, own) if key.types is None else key.types,
        window=key.window,
        revoked_at=key.revoked_at,
        status_good_until=FOREVER,
    )


def _types(key: KeyEntry, look: Look, own: IssuerCode) -> frozenset[TypeCode]:
    if key.owner == own and look.issuer is not None:
        return look.issuer.types
    mandates = (d for d in look.delegations if d.delegate == key.owner and d.kind in _SIGNING)
    return frozenset(d.type for d in mandates)


def _endpoint(question: TrustQuestion, look: Look, now: datetime) -> Endpoint | None:
    """Where a question about it goes today, and whose signature on an answer counts today."""
    route = route_of(question, look, now)
    if route is None:
        return None
    entry = route.entry
    return Endpoint(
        issuer=entry.issuer,
        speaker=SPEAKERS[route.rule],
        url=entry.url,
        answer_keys=_answer_keys(entry.issuer, look, now),
        networks=entry.networks,
        deadline=entry.deadline,
        max_answer=entry.max_answer,
        max_in_flight=entry.max_in_flight,
        encryption_jwk=entry.encryption_jwk,
        adapter=entry.adapter,
        description=entry.description,
        rule=route.rule,
        matched=route.matched,
        home_keys=() if route.rule in _OWN_WORD else _home_keys(look, now),
    )


def _answer_keys(owner: IssuerCode, look: Look, now: datetime) -> tuple[AnswerKey, ...]:
    type = look.type.code if look.type else None
    return tuple(
        AnswerKey(k.key_id, k.scheme, k.spki)
        for k in sorted(look.answer_keys, key=lambda k: k.key_id)
        if k.owner == owner
        and Use.ANSWER in k.uses
        and k.live(now)
        and (k.types is None or type in k.types)
    )


def _home_keys(look: Look, now: datetime) -> tuple[HomeKeys, ...]:
    """Whose own answer counts, whoever brings it: the issuer, its successor, its delegates."""
    homes = (
        HomeKeys(body, SPEAKERS[rule], _answer_keys(body, look, now))
        for rule, body in home_bodies(look, now)
    )
    return tuple(home for home in homes if home.keys)
