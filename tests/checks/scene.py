"""Facts of one good token and one good seal, to be changed in one place each.

Untouched, every check is content with them: `test_untouched` in each file sees to it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.checks import CHECKS
from app.domain.certificate import (
    LED_TO_AN_ANCHOR,
    NOBODY,
    Chain,
    Named,
    PathFact,
    Purpose,
    Revocation,
    RevocationGap,
    RevocationReason,
    RevocationState,
    RoleFinding,
)
from app.domain.certificate import Role as CertificateRole
from app.domain.evidence import CheckName
from app.domain.facts import DocumentFacts, Facts, SignatureFacts, Value
from app.domain.identifier import IssuerCode
from app.domain.license import Fact, KeyId, LicenseFormat
from app.domain.ofd import PartKind
from app.domain.scheme import Digest, Scheme
from app.domain.seal import SealLayout
from app.domain.sealed import (
    Arithmetic,
    CertificateFacts,
    Clocks,
    CoverageFacts,
    PackageFacts,
    Sameness,
    SealedFacts,
    SealFacts,
)
from app.domain.trust import Kind, Mandate, Trust
from tests.world import DAY, IDENTIFIER, ISSUER, NOW, OPEN, OTHER, TRUST, TYPE

SIGNED_AT = NOW - 9 * DAY
MADE_AT = NOW - 400 * DAY
GOOD = Revocation(state=RevocationState.GOOD)
NO_PATH = Revocation(state=RevocationState.UNKNOWN, why=RevocationGap.NO_PATH)
UNKNOWN = Revocation(state=RevocationState.UNKNOWN, why=RevocationGap.NO_LIST)
ORGANISATION = "91630000M000100Y43"
OTHERS_ORGANISATION = "91630000M000200Y37"
NAMED = Named(ORGANISATION, None)


def revoked(at: datetime) -> Revocation:
    return Revocation(state=RevocationState.REVOKED, at=at, reason=RevocationReason.KEY_COMPROMISE)


def path(**changes: Any) -> PathFact:
    chain = changes.get("chain", Chain.ANCHORED)
    anchored = chain is Chain.ANCHORED
    unfit = changes.get("chain") is Chain.WRONG_ROLE
    good = PathFact(
        purpose=Purpose.LICENSE_SEAL,
        role=CertificateRole.SIGNER,
        moment=SIGNED_AT,
        fresh_at=NOW,
        certificate="ab" * 32,
        chain=changes.pop("chain", Chain.ANCHORED),
        role_finding=changes.pop(
            "role_finding", RoleFinding.NO_SIGNING_USAGE if unfit else RoleFinding.FITS
        ),
        path=("ab" * 32, "ef" * 32) if anchored else (),
        anchor="ef" * 32 if anchored else None,
        revocation=changes.pop("revocation", GOOD if anchored else NO_PATH),
        named=changes.pop("named", NAMED if chain in LED_TO_AN_ANCHOR else NOBODY),
    )
    return replace(good, **changes)


CERTIFICATE = CertificateFacts(
    sha256="ab" * 32,
    sm3="cd" * 32,
    serial="1f",
    organisation_codes=(ORGANISATION,),
    not_before=NOW - 800 * DAY,
    not_after=NOW + 800 * DAY,
    then=path(),
    today=path(moment=NOW),
    deviations=frozenset(),
)
MAKER = replace(CERTIFICATE, then=path(moment=MADE_AT, named=NOBODY), organisation_codes=())
SEAL = SealFacts(
    layout=SealLayout.V4,
    version=4,
    id="63000000000001",
    sha256="5e" * 32,
    named=True,
    ends=(),
    type=1,
    created=MADE_AT,
    valid_from=MADE_AT,
    valid_until=NOW + 400 * DAY,
    value=Arithmetic.HOLDS,
    value_detail="",
    maker=MAKER,
    deviations=frozenset(),
)
COVERAGE = CoverageFacts(
    digest=Digest.SM3,
    weak=False,
    covered=7,
    changed=(),
    unchecked=(),
    missing=0,
    uncovered={PartKind.OFD: ("OFD.xml",), PartKind.SIGNATURE_LIST: ("Doc_0/Signatures.xml",)},
    unreferenced=(),
)
SEALED = SealedFacts(
    layout=SealLayout.V4,
    version=4,
    seal=SEAL,
    signer=CERTIFICATE,
    listed=True,
    data_hash=Arithmetic.HOLDS,
    scope=Sameness.SAME,
    seal_file=Sameness.SAME,
    mismatched_algorithms=(),
    clocks=Clocks.SAME,
    coverage=COVERAGE,
    deviations=frozenset(),
)
ALL = frozenset(Fact)
BY_SEAL = SignatureFacts(
    label="0:1",
    scheme=Scheme.SM2_SM3,
    signer=IssuerCode(ORGANISATION),
    key_id=KeyId("ab" * 32),
    covers=ALL,
    signed_at=SIGNED_AT,
    value=Value.HOLDS,
    sealed=SEALED,
)
BY_KEY = replace(
    BY_SEAL, label="1", scheme=Scheme.ED25519, signer=ISSUER, key_id=KeyId("issuer"), sealed=None
)
PACKAGE = PackageFacts(
    encrypted=False, bodies=1, ambiguous=False, hidden=(), deviations=frozenset()
)
DOCUMENT = DocumentFacts(
    format=LicenseFormat.JWS,
    identifier=IDENTIFIER,
    identifiers=frozenset({str(IDENTIFIER)}),
    type=TYPE,
    issuer=ISSUER,
    stated=ALL,
    misnamed=(),
    disagreements=(),
    valid_from=None,
    valid_until=None,
    is_copy=False,
    copy_until=None,
    copy_matter=None,
    presentation_until=None,
    signatures=(BY_KEY,),
)
TOKEN = Facts(document=DOCUMENT, trust=TRUST, now=NOW)
FILE = Facts(
    document=replace(DOCUMENT, format=LicenseFormat.OFD, signatures=(BY_SEAL,), package=PACKAGE),
    trust=replace(TRUST, owners={ORGANISATION: ISSUER, OTHERS_ORGANISATION: OTHER}),
    now=NOW,
)
STATED = Facts(
    document=replace(DOCUMENT, format=LicenseFormat.FACTS, signatures=()), trust=TRUST, now=NOW
)


def document(facts: Facts, **changes: Any) -> Facts:
    return replace(facts, document=replace(facts.document, **changes))


def trust(facts: Facts, **changes: Any) -> Facts:
    return replace(facts, trust=replace(facts.trust, **changes))


def signature(facts: Facts, **changes: Any) -> Facts:
    """The first signature, changed."""
    first, *rest = facts.document.signatures
    return document(facts, signatures=(replace(first, **changes), *rest))


def sealed(facts: Facts = FILE, **changes: Any) -> Facts:
    first = facts.document.signatures[0]
    assert first.sealed is not None
    return signature(facts, sealed=replace(first.sealed, **changes))


def seal(**changes: Any) -> Facts:
    return sealed(seal=replace(SEAL, **changes))


def maker(**changes: Any) -> Facts:
    return seal(maker=replace(MAKER, **changes))


def signer(facts: Facts = FILE, **changes: Any) -> Facts:
    first = facts.document.signatures[0]
    assert first.sealed is not None
    assert first.sealed.signer is not None
    return sealed(facts, signer=replace(first.sealed.signer, **changes))


def coverage(**changes: Any) -> Facts:
    return sealed(coverage=replace(COVERAGE, **changes))


def key(facts: Facts = TOKEN, name: str = "issuer", **changes: Any) -> Facts:
    keys = facts.trust.keys
    changed = replace(keys[KeyId(name)], **changes)
    return trust(facts, keys={**keys, KeyId(name): changed})


def type_of(facts: Facts, **changes: Any) -> Facts:
    assert facts.trust.type is not None
    return trust(facts, type=replace(facts.trust.type, **changes))


def also(facts: Facts, *more: SignatureFacts) -> Facts:
    return document(facts, signatures=(*facts.document.signatures, *more))


def mandates(facts: Facts, *given: Mandate) -> Facts:
    return trust(facts, mandates=given)


def mandate(kind: Kind, to: IssuerCode = OTHER, **changes: Any) -> Mandate:
    return replace(Mandate(to, kind, frozenset({TYPE}), OPEN), **changes)


def others_seal(label: str = "0:2", **changes: Any) -> SignatureFacts:
    """A good seal of another registered body."""
    theirs = path(named=Named(OTHERS_ORGANISATION, None))
    by = replace(CERTIFICATE, organisation_codes=(OTHERS_ORGANISATION,), then=theirs)
    return replace(BY_SEAL, label=label, sealed=replace(SEALED, signer=by, **changes))


def says(facts: Facts, check: CheckName) -> list[str]:
    """Each piece of evidence as `outcome reason @subject/role: detail`."""
    examine: Callable[[Facts], Any] = next(c.examine for c in CHECKS if c.name is check)
    told = []
    for item in examine(facts):
        assert item.check is check
        words = [str(item.outcome), *([str(item.reason)] if item.reason else [])]
        told.append(f"{' '.join(words)} @{item.subject.label}/{item.subject.role}: {item.detail}")
    return told


def one(facts: Facts, check: CheckName) -> str:
    """Outcome and reason of its only piece of evidence."""
    told = says(facts, check)
    assert len(told) == 1, told
    return told[0].partition(" @")[0]


def trusting(**changes: Any) -> Trust:
    return replace(TRUST, **changes)
