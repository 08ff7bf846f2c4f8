"""As what did each signer sign? Each signature is judged on its own, then given a role."""

from collections.abc import Iterator

from app.checks.base import Check, failed, passed, silent, unsure
from app.domain.evidence import CheckName, Evidence, Role
from app.domain.facts import Facts, SignatureFacts
from app.domain.license import Fact
from app.domain.reasons import Reason
from app.domain.trust import Kind, Mandate, TrustedKey, Window

_ROLES = {Kind.ORIGINAL: Role.ISSUER, Kind.COPY: Role.COPIER, Kind.COUNTERSIGN: Role.COUNTERSIGNER}
"""In the order in which a delegate with several mandates is taken at its best."""


def key_of(signature: SignatureFacts, facts: Facts) -> TrustedKey | None:
    """The registered key the signature names; the document's hint only chooses among ours."""
    return facts.trust.keys.get(signature.key_id)


def _mandate_of(key: TrustedKey, facts: Facts) -> Mandate | None:
    given = [
        m
        for m in facts.trust.mandates
        if m.delegate == key.owner and facts.document.type in m.types and m.kind in _ROLES
    ]
    return min(given, key=lambda m: list(_ROLES).index(m.kind), default=None)


def role_of(signature: SignatureFacts, facts: Facts) -> Role:
    """What the registry lets this signer count as, for this issuer and this type."""
    key = key_of(signature, facts)
    if key is None or facts.document.issuer is None:
        return Role.EXTRA
    if key.owner == facts.document.issuer:
        return Role.ISSUER
    mandate = _mandate_of(key, facts)
    role = Role.EXTRA if mandate is None else _ROLES[mandate.kind]
    unneeded = role is Role.COUNTERSIGNER and role not in _asked(facts)
    return Role.EXTRA if unneeded else role


def _asked(facts: Facts) -> frozenset[Role]:
    type = facts.trust.type
    return frozenset({Role.ISSUER}) | (type.roles if type else frozenset())


def required_roles(facts: Facts) -> frozenset[Role]:
    """Who must have signed. A copy may stand on the share platform's seal alone (加注件)."""
    roles = {role_of(s, facts) for s in facts.document.signatures}
    asked = _asked(facts)
    if Role.COPIER in roles and Role.ISSUER not in roles:
        return asked - {Role.ISSUER} | {Role.COPIER}
    return asked


def is_copy(facts: Facts) -> bool:
    """A copy layer, or the signer's role, makes it one; its absence proves nothing."""
    roles = {role_of(s, facts) for s in facts.document.signatures}
    return facts.document.is_copy or Role.COPIER in roles


def windows_of(signature: SignatureFacts, key: TrustedKey, facts: Facts) -> tuple[Window, ...]:
    """A delegate signs within its key's time and within its mandate's."""
    if role_of(signature, facts) is Role.EXTRA or key.owner == facts.document.issuer:
        return (key.window,)
    mandate = _mandate_of(key, facts)
    return (key.window,) if mandate is None else (key.window, mandate.window)


def covered_facts(facts: Facts) -> frozenset[Fact]:
    """What those signed who had to sign. A stranger's seal covers nothing for us."""
    needed = (s for s in facts.document.signatures if role_of(s, facts) is not Role.EXTRA)
    return frozenset(fact for signature in needed for fact in signature.covers)


def _filled(facts: Facts) -> Iterator[Evidence]:
    name, signatures = CheckName.ROLES_FILLED, facts.document.signatures
    missing = required_roles(facts) - {role_of(s, facts) for s in signatures}
    if not signatures:  # said by SIGNED
        yield silent(name)
    elif not missing:
        yield passed(name)
    elif facts.trust.issuer is None:
        yield unsure(name, Reason.ISSUER_UNKNOWN)  # and so is everybody who might act for it
    elif any(key_of(s, facts) is None for s in signatures):
        yield unsure(name, Reason.KEY_UNKNOWN)  # a stranger may turn out to be the one we miss
    elif Role.ISSUER in missing:
        yield failed(name, Reason.SIGNER_NOT_ISSUER)
    else:
        yield failed(name, Reason.ROLE_MISSING)


ROLES_FILLED = Check(
    CheckName.ROLES_FILLED,
    "Did the claimed issuer sign, and all who had to?",
    "应签署的机构(颁发机构及联合签章单位)是否都已签署?",
    _filled,
)
