"""As what did each signer sign? Each signature is judged on its own, then given a role."""

from collections.abc import Iterator
from datetime import datetime

from app.checks.base import Check, failed, passed, silent, unsure
from app.domain.certificate import LED_TO_AN_ANCHOR, NameGap, PathFact
from app.domain.elements import LicenseElement
from app.domain.evidence import About, CheckName, Evidence, Role
from app.domain.facts import Facts, SignatureFacts
from app.domain.identifier import IssuerCode
from app.domain.license import Fact
from app.domain.proven import signing_time
from app.domain.reasons import Reason
from app.domain.signers import Signers
from app.domain.trust import Kind, Mandate, TrustedKey, Window

_ROLES = {Kind.ORIGINAL: Role.ISSUER, Kind.COPY: Role.COPIER, Kind.COUNTERSIGN: Role.COUNTERSIGNER}
"""In the order in which a delegate with several mandates is taken at its best."""


UNPLACED = frozenset({Role.CANDIDATE, Role.EXTRA})
"""Signers that stand for nobody we need."""


def path_found(path: PathFact) -> bool:
    """Whether a registered authority vouches for the certificate, good today or not."""
    return path.chain in LED_TO_AN_ANCHOR


def key_of(signature: SignatureFacts, facts: Facts) -> TrustedKey | None:
    """The registered key the signature names; the document's hint only chooses among ours."""
    return None if signature.sealed else facts.trust.keys.get(signature.key_id)


def signer_known(signature: SignatureFacts, facts: Facts) -> bool:
    """By a registered key, or by a certificate under a registered anchor."""
    if signature.sealed is None:
        return key_of(signature, facts) is not None
    signer = signature.sealed.signer
    return signer is not None and path_found(signer.then)


def owner_of(signature: SignatureFacts, facts: Facts) -> IssuerCode | None:
    """Which registered body signed. What a subject chose to write of itself counts for nothing, and
    an organisation code only as the registered authority above vouches for it (CRT-11).
    """
    if signature.sealed is None:
        key = key_of(signature, facts)
        return None if key is None else key.owner
    signer = signature.sealed.signer
    organisation = signer.then.named.organisation if signer else None
    if organisation is None:
        return None
    trust = facts.trust
    return trust.owners.get(organisation) or trust.owners_otherwise.get(organisation)


def sealed_for_type(signature: SignatureFacts, facts: Facts) -> bool:
    """Whether the body bears the organisation code it sealed under for this type as well."""
    signer = signature.sealed.signer if signature.sealed else None
    return signer is None or signer.then.named.organisation in facts.trust.owners


def _mandate_of(owner: IssuerCode, signature: SignatureFacts, facts: Facts) -> Mandate | None:
    """Of several mandates the best that was in force when it signed; if none was, the best."""
    at = _signed_at(signature, facts)
    given = [
        m
        for m in facts.trust.mandates
        if m.delegate == owner and facts.document.type in m.types and m.kind in _ROLES
    ]
    best = list(_ROLES)
    return min(given, key=lambda m: (not m.window.contains(at), best.index(m.kind)), default=None)


def _signed_at(signature: SignatureFacts, facts: Facts) -> datetime:
    """The time a mandate is chosen for; whether that time is good, SIGNED_IN_WINDOW asks."""
    stamp = signature.sealed.timestamp if signature.sealed else None
    known = signing_time(stamp, signature.signed_at, facts.now).at
    return known or facts.trust.first_seen or facts.now


def organisation_of(signature: SignatureFacts) -> str | None:
    """统一社会信用代码 of whoever signed, as far as a registered authority vouches for it."""
    signer = signature.sealed.signer if signature.sealed else None
    return None if signer is None else signer.then.named.organisation


def role_of(signature: SignatureFacts, facts: Facts) -> Role:
    """What the registry lets this signer count as, for this issuer and this type; of a document
    that is no license, whether it is one that is expected.
    """
    if facts.signers is not None:
        return _signing(signature, facts, facts.signers)
    role = _given(signature, facts)
    stranger = role is Role.EXTRA and not _placed(signature, facts)
    return Role.CANDIDATE if stranger and _missing(facts) else role


def _signing(signature: SignatureFacts, facts: Facts, signers: Signers) -> Role:
    """An organisation nobody vouches for may be the one that is missing; one that somebody vouches
    for, and nobody expects, is another.
    """
    organisation = organisation_of(signature)
    if organisation is not None:
        meant = signers.anyone or organisation in signers.expected
        return Role.SIGNER if meant else Role.EXTRA
    return Role.CANDIDATE if missing_signers(facts) else Role.EXTRA


def missing_signers(facts: Facts) -> frozenset[str]:
    """Expected organisations that did not sign; `*` where any would do, and none did."""
    if facts.signers is None:
        return frozenset()
    signed = {organisation_of(s) for s in facts.document.signatures} - {None}
    if facts.signers.anyone:
        return frozenset() if signed else frozenset({"*"})
    return facts.signers.expected - signed


def about(signature: SignatureFacts, facts: Facts) -> About:
    """The signature in its role; only what was read as SignedData is known to have no seal."""
    return About(signature.label, role_of(signature, facts), _sealless(signature))


def _sealless(signature: SignatureFacts) -> bool:
    return signature.sealed is not None and signature.sealed.seal is None


def lacks_seal(signature: SignatureFacts, facts: Facts) -> bool:
    """A plain signature (签名) of whoever signed, where the type asks for a seal (签章)."""
    type = facts.trust.type
    return type is not None and type.must_be_sealed and _sealless(signature)


def _given(signature: SignatureFacts, facts: Facts) -> Role:
    return Role.EXTRA if lacks_seal(signature, facts) else _entitled(signature, facts)


def _entitled(signature: SignatureFacts, facts: Facts) -> Role:
    """Whom the signer may act as, whatever it signed by."""
    owner = owner_of(signature, facts)
    if owner is None or facts.document.issuer is None:
        return Role.EXTRA
    if owner == facts.document.issuer:
        return Role.ISSUER
    mandate = _mandate_of(owner, signature, facts)
    role = Role.EXTRA if mandate is None else _ROLES[mandate.kind]
    unneeded = role is Role.COUNTERSIGNER and role not in _asked(facts)
    return Role.EXTRA if unneeded else role


def _placed(signature: SignatureFacts, facts: Facts) -> bool:
    """Whether it is known who signed: one we trust, who is named, for an issuer we know."""
    return signer_known(signature, facts) and not _unnamed(signature)


def _unnamed(signature: SignatureFacts) -> bool:
    """A trusted certificate by which its authority vouches for nobody."""
    return _name_gap(signature) is not None


def _name_gap(signature: SignatureFacts) -> NameGap | None:
    signer = signature.sealed.signer if signature.sealed else None
    return None if signer is None else signer.then.named.gap


def _asked(facts: Facts) -> frozenset[Role]:
    type = facts.trust.type
    return frozenset({Role.ISSUER}) | (type.roles if type else frozenset())


def _roles(facts: Facts) -> frozenset[Role]:
    return frozenset(_given(s, facts) for s in facts.document.signatures)


def _missing(facts: Facts) -> frozenset[Role]:
    return required_roles(facts) - _roles(facts)


def required_roles(facts: Facts) -> frozenset[Role]:
    """Who must have signed. A copy may stand on the share platform's seal alone (加注件)."""
    if facts.signers is not None:
        return frozenset({Role.SIGNER})
    roles, asked = _roles(facts), _asked(facts)
    if Role.COPIER in roles and Role.ISSUER not in roles:
        return asked - {Role.ISSUER} | {Role.COPIER}
    return asked


def is_copy(facts: Facts) -> bool:
    """A copy layer, or the signer's role, makes it one; its absence proves nothing."""
    return facts.document.is_copy or Role.COPIER in _roles(facts)


def covers_copy(term: LicenseElement, facts: Facts) -> bool:
    """Whether whoever made the copy (加注件) signed this of its terms: the issuer's delegate for
    copies, or the issuer where no other did. Nobody else's coverage counts.
    """
    by_role = [(role_of(s, facts), s) for s in facts.document.signatures]
    makers = [s for role, s in by_role if role is Role.COPIER]
    makers = makers or [s for role, s in by_role if role is Role.ISSUER]
    return any(s.sealed is None or term in s.covers_copy for s in makers)


def windows_of(signature: SignatureFacts, facts: Facts) -> tuple[Window, ...]:
    """A delegate signs within its key's time and within its mandate's."""
    key, owner = key_of(signature, facts), owner_of(signature, facts)
    own = () if key is None else (key.window,)
    if owner is None or owner == facts.document.issuer or role_of(signature, facts) in UNPLACED:
        return own
    mandate = _mandate_of(owner, signature, facts)
    return own if mandate is None else (*own, mandate.window)


def covered_facts(facts: Facts) -> frozenset[Fact]:
    """What those signed who had to sign. A stranger's seal covers nothing for us."""
    needed = (s for s in facts.document.signatures if role_of(s, facts) not in UNPLACED)
    return frozenset(fact for signature in needed for fact in signature.covers)


def _filled(facts: Facts) -> Iterator[Evidence]:
    name, signatures, missing = CheckName.ROLES_FILLED, facts.document.signatures, _missing(facts)
    if facts.signers is not None:
        yield from _sealed_by(facts)
    elif all(lacks_seal(s, facts) for s in signatures):  # said by SIGNED
        yield silent(name)
    elif not missing:
        yield passed(name)
    elif facts.trust.issuer is None:
        yield unsure(name, Reason.ISSUER_UNKNOWN)  # and so is everybody who might act for it
    elif strangers := [s for s in signatures if not signer_known(s, facts)]:
        # A stranger may turn out to be the one we miss.
        sealed = all(s.sealed for s in strangers)
        yield unsure(name, Reason.NO_ANCHOR if sealed else Reason.KEY_UNKNOWN)
    elif gaps := sorted({str(gap) for s in signatures if (gap := _name_gap(s)) is not None}):
        yield unsure(name, Reason.SIGNER_UNIDENTIFIED, detail=", ".join(gaps))
    elif Role.ISSUER in missing:
        yield failed(name, Reason.SIGNER_NOT_ISSUER)
    else:
        yield failed(name, Reason.ROLE_MISSING)


def _sealed_by(facts: Facts) -> Iterator[Evidence]:
    """Whether whoever is expected did sign; somebody nobody vouches for may be one of them."""
    name, signatures = CheckName.ROLES_FILLED, facts.document.signatures
    if not signatures:  # said by SIGNED
        yield silent(name)
    elif not missing_signers(facts):
        yield passed(name)
    elif not all(signer_known(s, facts) for s in signatures):
        yield unsure(name, Reason.NO_ANCHOR)
    elif gaps := sorted({str(gap) for s in signatures if (gap := _name_gap(s)) is not None}):
        yield unsure(name, Reason.SIGNER_UNIDENTIFIED, detail=", ".join(gaps))
    else:
        missing = len(missing_signers(facts))
        yield failed(name, Reason.EXPECTED_SIGNER_MISSING, detail=f"{missing} missing")


def _expected(facts: Facts) -> Iterator[Evidence]:
    """Of each signature: another organisation's seal is not the one the caller relies on."""
    name = CheckName.SIGNER_EXPECTED
    for s in facts.document.signatures:
        by = about(s, facts)
        if facts.signers is None or organisation_of(s) is None:
            yield silent(name, by)
        elif by.role is Role.SIGNER:
            yield passed(name, by, "any signer" if facts.signers.anyone else "")
        else:
            yield failed(name, Reason.SIGNER_NOT_EXPECTED, by)


SIGNER_EXPECTED = Check(
    CheckName.SIGNER_EXPECTED,
    "Did only those sign who are expected to?",
    "签章者是否都在预期的签章单位之内？",
    _expected,
)
ROLES_FILLED = Check(
    CheckName.ROLES_FILLED,
    "Did the claimed issuer sign, and all who had to?",
    "应签署的机构（颁发机构及联合签章单位）是否都已签署？",
    _filled,
)
