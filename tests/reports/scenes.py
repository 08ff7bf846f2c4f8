"""For every reason, facts and an answer that make it decide; each differs in one thing from GOOD."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

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
from app.domain.cms import CmsContent, CmsFamily
from app.domain.elements import LicenseElement
from app.domain.facts import Facts, Value
from app.domain.invoice import InvoiceFact, InvoiceFacts, InvoicePlace
from app.domain.issuer import (
    Answered,
    Code,
    IssuerAnswer,
    Match,
    NotAsked,
    Rule,
    Silence,
    Speaker,
    Statement,
    Unasked,
    Unreachable,
)
from app.domain.license import Claims, Fact, LicenseFormat
from app.domain.ofd import PartKind
from app.domain.pdf import Change, Later, Scope
from app.domain.photo import NAMING, CodeFacts, Held, PhotoFacts
from app.domain.reasons import Reason
from app.domain.scheme import Digest, Scheme
from app.domain.seal import SealLayout
from app.domain.sealed import (
    Arithmetic,
    CertificateFacts,
    Clocks,
    CoverageFacts,
    IntegrityFacts,
    PackageFacts,
    RangeFacts,
    Sameness,
    SealedFacts,
    SealFacts,
    TimestampFacts,
)
from app.domain.signers import ANY_SIGNER, Signers
from app.domain.trust import Issuer, SealEnd, SealEnding, TrustSource
from app.domain.verification import Basis, Digests, Submission, Verification
from app.reports.report import Context
from app.services.judgement import conclude, look
from app.services.publish import QUESTIONS
from tests.world import (
    COSIGNED,
    DAY,
    FOREIGN,
    HOUR,
    IDENTIFIER,
    IN_FORCE,
    ISSUER,
    NOW,
    PAST,
    TYPE,
    World,
    said,
    token,
    with_key,
    with_type,
)

CONTEXT = Context("zhengyan-test", "0.1.0", QUESTIONS)
HOLDER, HOLDER_CODE, NUMBER = "青海样例有限公司", "91630000M000100Y43", "N-1"


def verified(content: bytes = token(), answer: IssuerAnswer = IN_FORCE, **terms: Any) -> Any:
    """A whole verification of bytes."""
    return asyncio.run(World(answer=answer).verify(content, **terms))


GOOD: Verification = verified()
assert GOOD.facts is not None
FACTS: Facts = GOOD.facts

STATED = Claims(
    identifier=IDENTIFIER,
    identifiers=frozenset({str(IDENTIFIER)}),
    number=NUMBER,
    holder=HOLDER,
    holder_code=HOLDER_CODE,
)
COMPARED = replace(IN_FORCE, facts=said(Fact.NUMBER, Fact.HOLDER, Fact.HOLDER_CODE))


def stated(answer: IssuerAnswer = COMPARED, claims: Claims = STATED) -> Verification:
    """A verification of facts alone."""
    verifier = World(answer=answer).verifier()
    return asyncio.run(verifier.verify(Submission(stated=claims))).verification


GOOD_RECORD = stated()


def judged(facts: Facts, answer: IssuerAnswer = IN_FORCE) -> Verification:
    """The pure half, over facts of our making."""
    local = look(facts)
    evidence, verdict = conclude(facts, local, answer)
    basis = Basis.FACTS if facts.document.format is LicenseFormat.FACTS else Basis.DOCUMENT
    digests = None if basis is Basis.FACTS else GOOD.digests
    if facts.document.digested:
        basis, digests = Basis.DIGESTS, Digests(None, b"\x5a" * 32)
    return replace(
        GOOD,
        basis=basis,
        digests=digests,
        policy=local.policy.name,
        facts=facts,
        evidence=evidence,
        answer=answer,
        verdict=verdict,
    )


def document(**changes: Any) -> Facts:
    return replace(FACTS, document=replace(FACTS.document, **changes))


def trust(**changes: Any) -> Facts:
    return replace(FACTS, trust=replace(FACTS.trust, **changes))


def signature(**changes: Any) -> Facts:
    first = replace(FACTS.document.signatures[0], **changes)
    return document(signatures=(first,))


@dataclass(frozen=True)
class Scene:
    """What differs from GOOD."""

    facts: Facts = FACTS
    answer: IssuerAnswer = IN_FORCE

    def play(self) -> Verification:
        return judged(self.facts, self.answer)


def key_is(**changes: Any) -> Facts:
    return trust(keys=with_key("issuer", **changes).keys)


def other_key() -> Facts:
    found = replace(FACTS.document.signatures[0], key_id="other")
    return document(signatures=(found,))


def coded(code: Code, **changes: Any) -> Answered:
    return replace(IN_FORCE, code=code, **changes)


SILENT = Unreachable(Silence.TIMEOUT)
_WITHDRAWN = Statement(Code.ENDED, signed=True, as_of=NOW)
_OLD = replace(IN_FORCE, as_of=NOW - HOUR / 2)
_YESTERDAY, _TOMORROW = (NOW - DAY).date(), (NOW + 2 * DAY).date()


def pictured(*held: Held, several: bool = False, typed: bool = False) -> Facts:
    """A picture with these codes in it."""
    codes = tuple(CodeFacts(f"code {i}", "QRCode", each) for i, each in enumerate(held, 1))
    photo = PhotoFacts(codes, several, typed)
    named = bool(NAMING & set(held)) and not several
    stated = FACTS.document.stated if named or typed else frozenset[Fact]()
    return document(signatures=(), format=LicenseFormat.PHOTO, photo=photo, stated=stated)


_PHOTO_SCENES: Mapping[Reason, Scene] = {
    Reason.CODE_MISSING: Scene(pictured()),
    Reason.CODE_NAMES_NOTHING: Scene(pictured(Held.OTHER)),
    Reason.MULTIPLE_CODES: Scene(pictured(Held.IDENTIFIER, Held.IDENTIFIER, several=True)),
    Reason.UNOFFICIAL_URL: Scene(pictured(Held.IDENTIFIER, Held.UNOFFICIAL_URL)),
}
_TOKEN_SCENES: Mapping[Reason, Scene] = {
    **_PHOTO_SCENES,
    Reason.INSUFFICIENT_FACTS: Scene(answer=coded(Code.INSUFFICIENT)),
    Reason.SIGNATURE_MISSING: Scene(document(signatures=())),
    Reason.UNSIGNED_COPY: Scene(
        replace(
            document(signatures=()),
            trust=replace(FACTS.trust, type=with_type(must_be_sealed=False).type),
        )
    ),
    Reason.KEY_UNKNOWN: Scene(
        replace(signature(value=Value.UNMEASURED), trust=replace(FACTS.trust, keys={}))
    ),
    Reason.WEAK_ALGORITHM: Scene(signature(value=Value.WEAK)),
    Reason.ALGORITHM_NOT_SM: Scene(replace(FACTS, sm_only=True)),
    Reason.SIGNATURE_UNREADABLE: Scene(signature(value=Value.UNREADABLE)),
    Reason.SIGNATURE_UNSUPPORTED: Scene(signature(value=Value.UNSUPPORTED)),
    Reason.SCHEME_MISMATCH: Scene(signature(value=Value.SCHEME_DIFFERS)),
    Reason.SIGNATURE_INVALID: Scene(signature(value=Value.FAILS)),
    Reason.SIGNING_TIME_MISSING: Scene(signature(signed_at=None)),
    Reason.SIGNED_IN_FUTURE: Scene(signature(signed_at=NOW + DAY)),
    Reason.SIGNED_OUTSIDE_WINDOW: Scene(signature(signed_at=NOW - 9999 * DAY)),
    Reason.SIGNED_AFTER_REVOCATION: Scene(key_is(revoked_at=NOW - 20 * DAY)),
    Reason.KEY_REVOKED_SINCE: Scene(key_is(revoked_at=NOW - DAY)),
    Reason.KEY_EXPIRED_SINCE: Scene(key_is(window=PAST)),
    Reason.KEY_NOT_FOR_TYPE: Scene(key_is(types=frozenset())),
    Reason.SIGNER_NOT_ISSUER: Scene(other_key()),
    Reason.ROLE_MISSING: Scene(trust(type=COSIGNED.type, mandates=COSIGNED.mandates)),
    Reason.ISSUER_UNKNOWN: Scene(trust(issuer=None)),
    Reason.TYPE_UNKNOWN: Scene(trust(type=None)),
    Reason.ISSUER_NOT_FOR_TYPE: Scene(trust(issuer=Issuer(ISSUER, "局", "Office", frozenset()))),
    Reason.IDENTIFIER_MISSING: Scene(document(identifier=None, identifiers=frozenset())),
    Reason.IDENTIFIER_DISAGREES: Scene(
        document(identifiers=frozenset({str(IDENTIFIER), str(FOREIGN)}))
    ),
    Reason.IDENTIFIER_UNPROVEN: Scene(signature(covers=frozenset())),
    Reason.COPY_EXPIRED: Scene(document(is_copy=True, copy_until=NOW - DAY)),
    Reason.COPY_EXPIRY_MISSING: Scene(document(is_copy=True, copy_until=None)),
    Reason.COPY_PURPOSE_DIFFERS: Scene(
        replace(document(is_copy=True, copy_until=NOW + DAY, copy_matter="A"), matter="B")
    ),
    Reason.PRESENTATION_EXPIRED: Scene(document(presentation_until=NOW - DAY)),
    Reason.PAST_OWN_DATE: Scene(document(valid_until=_YESTERDAY), SILENT),
    Reason.BEFORE_OWN_DATE: Scene(document(valid_from=_TOMORROW), SILENT),
    Reason.NOT_YET_IN_FORCE: Scene(answer=coded(Code.NOT_YET)),
    Reason.SUSPENDED: Scene(answer=coded(Code.SUSPENDED)),
    Reason.ENDED: Scene(answer=coded(Code.ENDED)),
    Reason.ISSUER_DENIES: Scene(answer=coded(Code.NO_RECORD)),
    Reason.RECORD_MISMATCH: Scene(answer=coded(Code.DIFFERS)),
    Reason.NOT_FOUND: Scene(GOOD_RECORD.facts or FACTS, coded(Code.NO_RECORD)),
    Reason.NOT_FOUND_UNSIGNED: Scene(answer=coded(Code.NO_RECORD, signed=False)),
    Reason.NOT_FOUND_UPSTREAM: Scene(answer=coded(Code.NO_RECORD, speaker=Speaker.UPSTREAM)),
    Reason.PARTIAL_ANSWER: Scene(answer=coded(Code.PARTIAL)),
    Reason.ANSWER_UNSIGNED: Scene(answer=replace(IN_FORCE, signed=False, authenticated=False)),
    Reason.STATUS_CONFLICT: Scene(
        replace(
            GOOD_RECORD.facts or FACTS,
            trust=replace((GOOD_RECORD.facts or FACTS).trust, statement=_WITHDRAWN),
        ),
        replace(COMPARED, as_of=_OLD.as_of),
    ),
    Reason.ISSUER_UNREACHABLE: Scene(answer=SILENT),
    Reason.ISSUER_NOT_ASKED: Scene(answer=NotAsked(Unasked.OFFLINE)),
    Reason.ANSWER_UNUSABLE: Scene(answer=Unreachable(Silence.SIGNATURE)),
    Reason.STATUS_STALE: Scene(answer=replace(IN_FORCE, as_of=NOW - 2 * HOUR)),
    Reason.REVOCATION_UNAVAILABLE: Scene(key_is(status_good_until=None)),
    Reason.TRUST_SOURCE_STALE: Scene(trust(snapshot_good_until=NOW - timedelta(seconds=1))),
    Reason.CHECK_MISSING: Scene(signature(value=Value.UNMEASURED)),
}
"""MALFORMED comes from bytes: see `unread`; those of seals are in `SEAL_SCENES`."""

NEVER_DECIDE = frozenset(
    {Reason.UNRECOGNISED, Reason.IDENTIFIER_MISTYPED, Reason.APPEARANCE_SUSPICIOUS}
)
"""The first refuses a request, the second only informs."""


# ---- a sealed file

ORGANISATION = "11630000MB0000019J"
OTHERS = "91630000M000200Y37"
_SIGNED_AT = NOW - 9 * DAY


def _path(role: CertificateRole, moment: Any, **changes: Any) -> PathFact:
    good = {
        "chain": Chain.ANCHORED,
        "path": ("a" * 64, "b" * 64),
        "anchor": "b" * 64,
        "revocation": Revocation(state=RevocationState.GOOD, good_until=NOW + DAY),
        "named": Named(ORGANISATION, None),
    }
    return PathFact(
        purpose=Purpose.LICENSE_SEAL,
        role=role,
        moment=moment,
        fresh_at=NOW,
        certificate="a" * 64,
        role_finding=RoleFinding.FITS,
        **{**good, **changes},
    )


def no_path(role: CertificateRole, chain: Chain = Chain.NO_ANCHOR) -> PathFact:
    gone = Revocation(state=RevocationState.UNKNOWN, why=RevocationGap.NO_PATH)
    named = Named(ORGANISATION, None) if chain in LED_TO_AN_ANCHOR else NOBODY
    return _path(role, _SIGNED_AT, chain=chain, path=(), anchor=None, revocation=gone, named=named)


def _certificate(role: CertificateRole, **changes: Any) -> CertificateFacts:
    good = CertificateFacts(
        sha256="a" * 64,
        sm3="c" * 64,
        serial="01",
        organisation_codes=(ORGANISATION,),
        not_before=NOW - 99 * DAY,
        not_after=NOW + 99 * DAY,
        then=_path(role, _SIGNED_AT),
        today=_path(role, NOW),
        deviations=frozenset(),
    )
    return replace(good, **changes)


SIGNER, MAKER = _certificate(CertificateRole.SIGNER), _certificate(CertificateRole.MAKER)
STAMP = SealFacts(
    layout=SealLayout.V4,
    version=4,
    id="63000000000001",
    sha256="5e" * 32,
    named=True,
    ends=(),
    type=1,
    created=NOW - 90 * DAY,
    valid_from=NOW - 90 * DAY,
    valid_until=NOW + 90 * DAY,
    value=Arithmetic.HOLDS,
    value_detail="",
    maker=MAKER,
    deviations=frozenset(),
)
COVERAGE = CoverageFacts(
    digest=Digest.SM3,
    weak=False,
    covered=12,
    changed=(),
    unchecked=(),
    missing=0,
    uncovered={PartKind.OFD: ("OFD.xml",)},
    unreferenced=(),
)
SEALED = SealedFacts(
    layout=SealLayout.V4,
    version=4,
    seal=STAMP,
    signer=SIGNER,
    listed=True,
    data_hash=Arithmetic.HOLDS,
    scope=Sameness.SAME,
    seal_file=Sameness.SAME,
    mismatched_algorithms=(),
    clocks=Clocks.SAME,
    coverage=COVERAGE,
    deviations=frozenset(),
)
PACKAGE = PackageFacts(
    encrypted=False, bodies=1, ambiguous=False, hidden=(), deviations=frozenset()
)


def sealed(package: PackageFacts = PACKAGE, **changes: Any) -> Facts:
    """A good sealed file, but for the changes to its one seal."""
    one = replace(
        FACTS.document.signatures[0],
        label="Doc_0/Signs/Sign_0",
        scheme=Scheme.SM2_SM3,
        key_id=SIGNER.sha256,
        sealed=replace(SEALED, **changes),
    )
    return replace(
        document(format=LicenseFormat.OFD, signatures=(one,), package=package),
        trust=replace(FACTS.trust, keys={}, owners={ORGANISATION: ISSUER}),
    )


def ended(status: SealEnding, days: int = 900) -> Facts:
    """The seal was frozen or cancelled so many days ago; it was used later than 900."""
    return stamp(ends=(SealEnd(status, NOW - days * DAY),))


def stamp(**changes: Any) -> Facts:
    return sealed(seal=replace(STAMP, **changes))


def coverage(**changes: Any) -> Facts:
    return sealed(coverage=replace(COVERAGE, **changes))


def package(**changes: Any) -> Facts:
    return sealed(replace(PACKAGE, **changes))


def open_matter() -> Facts:
    """A copy whose seal covers its end, and not the matter it was made for."""
    facts = sealed()
    (one,) = facts.document.signatures
    one = replace(one, covers_copy=frozenset({LicenseElement.COPY_UNTIL}))
    document = replace(
        facts.document,
        is_copy=True,
        copy_until=NOW + DAY,
        copy_matter="A",
        signatures=(one,),
    )
    return replace(facts, document=document, matter="A")


GOOD_SEALED = judged(sealed())


def unsealed(**changes: Any) -> Facts:
    """A good file signed without a seal (GB/T 35275), which its type allows, but for the changes."""
    facts = sealed(
        **{
            "layout": CmsFamily.GM,
            "version": 1,
            "seal": None,
            "listed": False,
            "scope": Sameness.ABSENT,
            "seal_file": Sameness.ABSENT,
            "content": CmsContent.DETACHED,
            **changes,
        }
    )
    assert facts.trust.type is not None
    type = replace(facts.trust.type, must_be_sealed=False)
    return replace(facts, trust=replace(facts.trust, type=type))


GOOD_UNSEALED = judged(unsealed())
TSA = _certificate(CertificateRole.TSA)
STAMPED = TimestampFacts(
    value=Arithmetic.HOLDS, detail="", at=_SIGNED_AT, accuracy=timedelta(0), tsa=TSA
)
GOOD_STAMPED = judged(sealed(timestamp=STAMPED))

RANGE = RangeFacts(scope=Scope.EXACT, revision=1, later=(), sub_filter="GM.sm2seal")
"""Of a seal in a PDF with nothing wrong."""


def unsent() -> Facts:
    """A good sealed file that stayed with the caller: nothing it says of itself is covered."""
    facts = sealed()
    (one,) = facts.document.signatures
    signatures = (replace(one, covers=frozenset()),)
    return replace(facts, document=replace(facts.document, digested=True, signatures=signatures))


GOOD_UNSENT = judged(unsent(), replace(IN_FORCE, document=Match.MATCH))

SEAL_SCENES: Mapping[Reason, Scene] = {
    Reason.STRUCTURE_NOT_SEEN: Scene(unsent()),
    Reason.ALGORITHM_MISMATCH: Scene(sealed(mismatched_algorithms=("SignatureMethod",))),
    Reason.TYPE_DISAGREES: Scene(unsealed(type_differs=True)),
    Reason.TIMESTAMP_INVALID: Scene(sealed(timestamp=replace(STAMPED, value=Arithmetic.FAILS))),
    Reason.DATA_HASH_DIFFERS: Scene(sealed(data_hash=Arithmetic.FAILS)),
    Reason.SCOPE_DIFFERS: Scene(sealed(scope=Sameness.DIFFERS)),
    Reason.CONTENT_CHANGED: Scene(coverage(changed=("Doc_0/Pages/Page_0/Content.xml",))),
    Reason.NOT_COVERED: Scene(coverage(uncovered={PartKind.PAGE: ("Doc_0/P.xml",)})),
    Reason.SEAL_INVALID: Scene(stamp(value=Arithmetic.FAILS)),
    Reason.SEAL_MAKER_UNKNOWN: Scene(
        stamp(maker=replace(MAKER, then=no_path(CertificateRole.MAKER)))
    ),
    Reason.SEAL_MAKER_INVALID: Scene(stamp(maker=None)),
    Reason.SEAL_MAKER_ENDED_SINCE: Scene(
        stamp(
            maker=replace(
                MAKER,
                then=_path(
                    CertificateRole.MAKER,
                    _SIGNED_AT,
                    revocation=Revocation(
                        state=RevocationState.REVOKED,
                        at=NOW - DAY,
                        reason=RevocationReason.KEY_COMPROMISE,
                    ),
                ),
            )
        )
    ),
    Reason.SEAL_NOT_VALID_AT_TIME: Scene(stamp(valid_until=NOW - 80 * DAY)),
    Reason.SEAL_FROZEN: Scene(ended(SealEnding.FROZEN)),
    Reason.SEAL_CANCELLED: Scene(ended(SealEnding.CANCELLED)),
    Reason.SEAL_ENDED_SINCE: Scene(ended(SealEnding.CANCELLED, 1)),
    Reason.SEAL_UNIDENTIFIED: Scene(stamp(id="", named=False)),
    Reason.SIGNER_NOT_IN_SEAL: Scene(sealed(listed=False)),
    Reason.SEAL_FILE_DIFFERS: Scene(sealed(seal_file=Sameness.DIFFERS)),
    Reason.CERTIFICATE_UNFIT: Scene(
        sealed(signer=replace(SIGNER, then=no_path(CertificateRole.SIGNER, Chain.WRONG_ROLE)))
    ),
    Reason.TIMES_DISAGREE: Scene(sealed(clocks=Clocks.DIFFERS)),
    Reason.AMBIGUOUS_DOCUMENT: Scene(package(ambiguous=True, bodies=2)),
    Reason.BYTE_RANGE_INEXACT: Scene(
        sealed(scope=Sameness.DIFFERS, range=replace(RANGE, scope=Scope.GAP, revision=None))
    ),
    Reason.CHANGED_AFTER_SIGNING: Scene(
        sealed(range=replace(RANGE, later=(Change(2, 7, Later.ANNOTATION),)))
    ),
    Reason.ACTIVE_CONTENT: Scene(package(active=("JavaScript",))),
    Reason.HIDDEN_CONTENT: Scene(coverage(unreferenced=("x.bin",))),
    Reason.ENCRYPTED: Scene(package(encrypted=True)),
    Reason.COPY_MATTER_UNPROVEN: Scene(open_matter()),
    Reason.SIGNATURE_DROPPED: Scene(package(dropped=1)),
    Reason.INTEGRITY_LIST_DIFFERS: Scene(
        package(integrity=IntegrityFacts(unlisted=(), missing=1, broken=False))
    ),
    Reason.BEYOND_LIMITS: Scene(signature(value=Value.BEYOND_LIMITS)),
    Reason.NO_ANCHOR: Scene(sealed(signer=replace(SIGNER, then=no_path(CertificateRole.SIGNER)))),
    Reason.SIGNER_UNIDENTIFIED: Scene(
        sealed(signer=replace(SIGNER, then=replace(SIGNER.then, named=NOBODY)))
    ),
    Reason.CONTENT_DISAGREES: Scene(
        replace(sealed(), document=replace(sealed().document, disagreements=("number",)))
    ),
}

# ---- sealed documents that are no licenses

LIST = TrustSource(
    publisher="list.example",
    number=1,
    address="ad" * 32,
    accepted_at=NOW - DAY,
    expires_at=NOW + DAY,
)
FIGURES = InvoiceFacts(
    places={InvoiceFact.TOTAL: (InvoicePlace.INDEX, InvoicePlace.ATTACHMENT)}, adds_up=True
)
EXPECTED = Signers(frozenset({ORGANISATION}))


def paper(
    signers: Signers = EXPECTED,
    invoice: InvoiceFacts = FIGURES,
    sources: tuple[TrustSource, ...] = (LIST,),
) -> Facts:
    """A good sealed invoice that is no license, whose seal has a platform to be asked."""
    facts = sealed()
    endpoint = facts.trust.endpoint
    assert endpoint is not None
    return replace(
        facts,
        document=replace(
            facts.document,
            identifier=None,
            identifiers=frozenset(),
            type=None,
            issuer=None,
            stated=frozenset(),
            invoice=invoice,
        ),
        trust=replace(
            facts.trust,
            issuer=None,
            type=None,
            owners={},
            mandates=(),
            sources=sources,
            endpoint=replace(endpoint, rule=Rule.SEAL_OWNER),
        ),
        signers=signers,
    )


def anybodys() -> Facts:
    return paper(ANY_SIGNER)


GOOD_PAPER = judged(paper())
PAPER_SCENES: Mapping[Reason, Scene] = {
    Reason.SIGNER_NOT_EXPECTED: Scene(paper(Signers(frozenset({OTHERS})))),
    Reason.EXPECTED_SIGNER_MISSING: Scene(paper(Signers(frozenset({ORGANISATION, OTHERS})))),
    Reason.SEAL_DENIED: Scene(paper(), coded(Code.NO_RECORD)),
    Reason.SEAL_STATUS_UNKNOWN: Scene(paper(sources=()), coded(Code.INSUFFICIENT)),
    Reason.INVOICE_DISAGREES: Scene(
        paper(invoice=replace(FIGURES, differing=(InvoiceFact.TOTAL,)))
    ),
}
SCENES: Mapping[Reason, Scene] = {**_TOKEN_SCENES, **SEAL_SCENES, **PAPER_SCENES}


def unread() -> Verification:
    """Bytes of a known format that break its rules."""
    return verified(token(unknown_member=1))


@cache
def everything() -> tuple[Verification, ...]:
    """Every scene under every kind of answer and statement, beside the good ones."""
    answers: list[IssuerAnswer] = [IN_FORCE, COMPARED, _OLD, NotAsked(Unasked.BROKEN)]
    for answer in [coded(code) for code in Code] + [scene.answer for scene in SCENES.values()]:
        if answer not in answers:
            answers.append(answer)
    statements = [None, _WITHDRAWN, Statement(Code.IN_FORCE, signed=True, as_of=NOW)]
    found = [
        GOOD,
        GOOD_RECORD,
        GOOD_SEALED,
        GOOD_UNSEALED,
        GOOD_STAMPED,
        GOOD_UNSENT,
        GOOD_PAPER,
        judged(anybodys()),
        unread(),
        *(scene.play() for scene in SCENES.values()),
    ]
    good = [Scene(), Scene(GOOD_RECORD.facts or FACTS), Scene(sealed()), Scene(paper())]
    for scene in [*good, *SCENES.values()]:
        for at, answer in enumerate(answers):
            for kept in statements if at < 4 or isinstance(answer, Unreachable) else [None]:
                trusted = replace(scene.facts.trust, statement=kept)
                found.append(judged(replace(scene.facts, trust=trusted), answer))
    return tuple(found)


assert FACTS.document.type == TYPE
