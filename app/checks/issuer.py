"""Who is the issuer, is it worth asking, and is its answer about this file?"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import covered_facts
from app.checks.sealed_document import proven_use, seals_of
from app.domain.evidence import CheckName, Evidence
from app.domain.facts import Facts, SignatureFacts
from app.domain.issuer import (
    Adapter,
    Answered,
    Code,
    Endpoint,
    Inquiry,
    IssuerAnswer,
    Match,
    NotAsked,
    Speaker,
    Unasked,
)
from app.domain.license import HOLDER_FACTS, Claims, Fact, LicenseFormat
from app.domain.reasons import Reason
from app.domain.sealed import SealedFacts
from app.domain.verdict import Broken, LocalState

BOUND_QUESTION = "Is the issuer's answer about this very file?"
BOUND_QUESTION_ZH = "颁发机构的答复是否针对这一份文件？"


def _known(facts: Facts) -> Iterator[Evidence]:
    name, good_until = CheckName.ISSUER_KNOWN, facts.trust.snapshot_good_until
    if good_until is not None and good_until < facts.now:
        yield unsure(name, Reason.TRUST_SOURCE_STALE)
    elif facts.trust.issuer is None:
        yield unsure(name, Reason.ISSUER_UNKNOWN)
    else:
        yield passed(name)


def _entitled(facts: Facts) -> Iterator[Evidence]:
    name, issuer, type = CheckName.ISSUER_ENTITLED, facts.trust.issuer, facts.trust.type
    if type is None:
        yield unsure(name, Reason.TYPE_UNKNOWN)
    elif issuer is None:
        yield unsure(name, Reason.ISSUER_UNKNOWN)
    elif type.code not in issuer.types:
        yield failed(name, Reason.ISSUER_NOT_FOR_TYPE)
    else:
        yield passed(name)


def inquiry_for(
    facts: Facts,
    claims: Claims,
    digests: Mapping[str, bytes],
    local: LocalState,
    purpose: str,
    *,
    policy_age: timedelta = timedelta(0),
) -> Inquiry | NotAsked:
    """Gaps may be asked about; a document that failed costs nobody a call."""
    endpoint, document = facts.trust.endpoint, facts.document
    if isinstance(local, Broken):
        return NotAsked(Unasked.BROKEN)
    by_number = Fact.NUMBER in document.stated and document.type is not None
    by_code = document.coded and document.identifier is None
    named = document.identifier is not None or by_number or by_code
    seal = None if named else _seal_shown(facts)
    if not named and seal is None:
        return NotAsked(Unasked.NO_QUESTION)
    if endpoint is None or (facts.trust.issuer is None and seal is None):
        return NotAsked(Unasked.NO_ENDPOINT)
    if by_code and (endpoint.speaker is Speaker.UPSTREAM or endpoint.adapter is not Adapter.IVP):
        return NotAsked(Unasked.NO_ENDPOINT)  # nobody else can read it
    facts_only = document.format is LicenseFormat.FACTS
    pictured = document.photo is not None
    typed = facts_only or pictured or document.digested
    compare = document.stated if typed else covered_facts(facts)
    return Inquiry(
        endpoint=endpoint,
        identifier=document.identifier,
        type=document.type,
        claims=claims,
        compare=compare - {Fact.IDENTIFIER},
        digests={} if pictured else digests,  # no issuer knows a picture that somebody took
        purpose=purpose,
        at=_asked_at(facts),
        code=claims.code if by_code else None,
        seal=seal.seal.id if seal and seal.seal else None,
        certificate=seal.signer.serial if seal and seal.signer else None,
        max_age=_max_age(facts, policy_age),
        told_at=facts.trust.told_at,
    )


def seal_inquiry(
    s: SignatureFacts,
    where: Endpoint | None,
    facts: Facts,
    digests: Mapping[str, bytes],
    purpose: str,
    *,
    policy_age: timedelta = timedelta(0),
) -> Inquiry | NotAsked:
    """What the owner of one of several seals is asked: its number, its certificate, the file, and
    when it was used where that is proven (design §8). No facts of anybody go along.
    """
    sealed = s.sealed
    if sealed is None or sealed.seal is None or not sealed.seal.id:
        return NotAsked(Unasked.NO_QUESTION)
    if where is None:
        return NotAsked(Unasked.NO_ENDPOINT)
    return Inquiry(
        endpoint=where,
        identifier=None,
        type=None,
        claims=Claims(identifier=None),
        compare=frozenset(),
        digests=digests,
        purpose=purpose,
        at=proven_use(s, facts) or facts.at,
        seal=sealed.seal.id,
        certificate=sealed.signer.serial if sealed.signer else None,
        max_age=_max_age(facts, policy_age),
        told_at=facts.trust.told_at,
    )


def _asked_at(facts: Facts) -> datetime | None:
    """Of a license the time its caller asks about; of a seal when it was used, if proven."""
    seals = [] if facts.signers is None else seals_of(facts)[:1]
    return next((at for s in seals if (at := proven_use(s, facts)) is not None), facts.at)


def _seal_shown(facts: Facts) -> SealedFacts | None:
    """The first seal, where nothing else names what to ask about; of a sealed document that is no
    license the first of those who count as its signers.
    """
    signatures = facts.document.signatures if facts.signers is None else seals_of(facts)
    sealed = (s.sealed for s in signatures if s.sealed is not None)
    return next((one for one in sealed if one.seal is not None), None)


def _max_age(facts: Facts, policy_age: timedelta) -> timedelta:
    """The strictest of type, policy and caller; without a registered type, live only."""
    type_age = facts.trust.type.max_status_age if facts.trust.type else timedelta(0)
    ages = (type_age, policy_age, facts.max_status_age)
    return min(age for age in ages if age is not None)


def weigh(facts: Facts, answer: IssuerAnswer) -> Evidence:
    """Three ways to be bound; an identifier from uncovered content routes and proves nothing."""
    name, covered = CheckName.BOUND, covered_facts(facts)
    if facts.document.format is LicenseFormat.FACTS or facts.document.photo is not None:
        return silent(name)
    if facts.signers is not None:  # it is about a seal, and compared with nobody's record
        return silent(name)
    if Fact.IDENTIFIER in covered:
        return passed(name, detail="identifier covered")
    if isinstance(answer, Answered):
        if answer.authoritative and answer.document is Match.MATCH:
            return passed(name, detail="digest confirmed")
        if _counts(answer, facts) and _compared_at_home(answer, covered):
            return passed(name, detail="covered facts compared")
    return unsure(name, Reason.IDENTIFIER_UNPROVEN)


def _counts(answer: Answered, facts: Facts) -> bool:
    """Whether the answer speaks of a record at all, and by what the type asks of an answer: one
    that says nothing must not bind the file to what a stored statement says.
    """
    type = facts.trust.type
    signed_only = type is not None and type.signed_answers
    return answer.code is not Code.NO_RECORD and (answer.signed or not signed_only)


def _compared_at_home(answer: Answered, covered: frozenset[Fact]) -> bool:
    """The issuer itself compared number and holder, both under the signature, and both match."""
    at_home = answer.speaker is not Speaker.UPSTREAM and (answer.signed or answer.authenticated)
    compared = covered & answer.matching
    told = Fact.NUMBER in compared and bool(HOLDER_FACTS & compared)
    return at_home and told and not answer.contradicts


ISSUER_KNOWN = Check(
    CheckName.ISSUER_KNOWN,
    "Is the claimed issuer registered?",
    "所称的颁发机构是否已登记？",
    _known,
)
ISSUER_ENTITLED = Check(
    CheckName.ISSUER_ENTITLED,
    "May the issuer issue this license type?",
    "该机构是否有权颁发此类证照？",
    _entitled,
)
