"""What is registered, turned into what a check reads. Pure, and the only such mapping there is."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import AnswerKey, Endpoint, Speaker
from app.domain.license import KeyId
from app.domain.trust import Kind, Mandate, Trust, TrustedKey, TrustQuestion
from app.models import Use
from app.registry.entries import FOREVER, EndpointEntry, KeyEntry, Look

NOTHING = Trust(issuer=None, type=None, keys={}, mandates=(), endpoint=None, statement=None)

_SIGNING = {Kind.ORIGINAL: Use.LICENSE, Kind.COPY: Use.COPY, Kind.COUNTERSIGN: Use.LICENSE}
"""What a key must be registered for, by what its owner is taken to do: the first that applies."""


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
        endpoint=_endpoint(look, now),
        statement=look.statement,
        owners=_owners(question, look),
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


def _endpoint(look: Look, now: datetime) -> Endpoint | None:
    """The issuer's own; without one, that of a delegate whose mandate to answer holds today."""
    if look.issuer is None:
        return None
    own = look.issuer.code
    answering = {
        d.delegate for d in look.delegations if d.kind is Kind.ANSWER and d.effective.contains(now)
    }
    able = [e for e in look.endpoints if e.issuer == own or e.issuer in answering]
    chosen = min(able, key=lambda e: (e.issuer != own, e.issuer), default=None)
    return None if chosen is None else _reachable(chosen, look, own, now)


def _reachable(entry: EndpointEntry, look: Look, own: IssuerCode, now: datetime) -> Endpoint:
    """With the keys whose signature counts today: an answer is about today."""
    type = look.type.code if look.type else None
    return Endpoint(
        issuer=entry.issuer,
        speaker=Speaker.ISSUER if entry.issuer == own else Speaker.DELEGATE,
        url=entry.url,
        answer_keys=tuple(
            AnswerKey(k.key_id, k.scheme, k.spki)
            for k in sorted(look.answer_keys, key=lambda k: k.key_id)
            if k.owner == entry.issuer
            and Use.ANSWER in k.uses
            and k.live(now)
            and (k.types is None or type in k.types)
        ),
        networks=entry.networks,
        deadline=entry.deadline,
        max_answer=entry.max_answer,
        max_in_flight=entry.max_in_flight,
        encryption_jwk=entry.encryption_jwk,
    )
