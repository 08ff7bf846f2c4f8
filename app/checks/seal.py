"""Of each seal (印章): GB/T 38540-2020 §6.3, one question a check.

Every check here keeps silent on signatures by registered keys, and on SignedData (签名), which has
no seal.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import path_found
from app.checks.sealing import each_signature
from app.checks.signature import SEEN, time_of
from app.domain.certificate import Chain, PathFact, RevocationState
from app.domain.clocks import CLOCK_SKEW
from app.domain.evidence import About, CheckName, Evidence
from app.domain.facts import Facts, SignatureFacts
from app.domain.proven import TimeSource, fault_of, proven_at
from app.domain.reasons import Reason
from app.domain.seal import SealLayout
from app.domain.sealed import (
    Arithmetic,
    Sameness,
    SealedFacts,
    SealFacts,
)

AskSeal = Callable[[SignatureFacts, SealedFacts, SealFacts, Facts, About], Evidence]


def each_seal(name: CheckName, question: str, question_zh: str, ask: AskSeal) -> Check:
    """A check that is asked of every signature that has a seal."""

    def examine(s: SignatureFacts, sealed: SealedFacts, facts: Facts, about: About) -> Evidence:
        seal = sealed.seal
        return silent(name, about) if seal is None else ask(s, sealed, seal, facts, about)

    return each_signature(name, question, question_zh, examine)


def _seal_holds(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    del s, sealed
    name = CheckName.SEAL_HOLDS
    match seal.value:
        case Arithmetic.HOLDS:
            stamp = seal.timestamp
            # GM/T 0031-2025: createDate later than the timestamp of the seal fails, to the letter.
            fault = stamp and fault_of(stamp, seal.created, facts.now, tolerance=timedelta(0))
            if fault:
                return failed(name, Reason.TIMESTAMP_INVALID, about, f"of the seal: {fault}")
            return passed(name, about)
        case Arithmetic.FAILS | Arithmetic.UNREADABLE:
            return failed(name, Reason.SEAL_INVALID, about, seal.value_detail)
        case Arithmetic.WEAK:
            return failed(name, Reason.WEAK_ALGORITHM, about, seal.value_detail)
        case Arithmetic.UNSUPPORTED:
            return unsure(name, Reason.SIGNATURE_UNSUPPORTED, about, seal.value_detail)
        case _:
            assert_never(seal.value)


def _maker(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    """Judged at createDate: expired later, the seal it made stays made (§6.3). But createDate is
    the maker's own word; whoever holds a maker's key that was revoked since can write any.
    """
    name, maker = CheckName.SEAL_MAKER_TRUSTED, seal.maker
    if maker is None and seal.value is Arithmetic.UNSUPPORTED:  # over a limit of ours
        return unsure(name, Reason.BEYOND_LIMITS, about, seal.value_detail)
    if maker is None:
        return failed(name, Reason.SEAL_MAKER_INVALID, about, "certificate unreadable")
    path = maker.then
    if not maker.valid_at(seal.created):
        return failed(name, Reason.SEAL_MAKER_INVALID, about, "outside its dates at createDate")
    if not path_found(path):
        return unsure(name, Reason.SEAL_MAKER_UNKNOWN, about, path.chain.value)
    if path.chain is not Chain.ANCHORED:
        return failed(name, Reason.SEAL_MAKER_INVALID, about, path.chain.value)
    if seal.made_by_signer:  # whoever has it may state any name and any period in its seal
        return unsure(name, Reason.SEAL_MAKER_UNKNOWN, about, "the signer's own key")
    existed = _existed_by(s, sealed, seal, facts)
    revoked = [r.at for r in (path.revocation, maker.today.revocation) if r.at is not None]
    if revoked:
        return _maker_revoked(min(revoked), existed, seal, about)
    if path.revocation.state is RevocationState.UNKNOWN:
        return unsure(name, Reason.REVOCATION_UNAVAILABLE, about, str(path.revocation.why))
    if maker.today.chain in _TRUSTED_NO_MORE and not _trusted_at(existed, path):
        return unsure(name, Reason.SEAL_MAKER_ENDED_SINCE, about, maker.today.chain.value)
    return passed(name, about)


_TRUSTED_NO_MORE = frozenset({Chain.NO_ANCHOR, Chain.ANCHOR_OUT_OF_WINDOW})
"""The operator ended the trust in the maker, or in its authority."""


def _trusted_at(existed: datetime | None, path: PathFact) -> bool:
    until = path.anchored_until
    return existed is not None and (until is None or existed < until)


def _maker_revoked(
    at: datetime, existed: datetime | None, seal: SealFacts, about: About
) -> Evidence:
    name = CheckName.SEAL_MAKER_TRUSTED
    if at <= seal.created:
        return failed(name, Reason.SEAL_MAKER_INVALID, about, "revoked at createDate")
    if existed is not None and existed < at:
        return passed(name, about, "revoked after the seal is proven to have been made")
    return unsure(name, Reason.SEAL_MAKER_ENDED_SINCE, about, "revoked after createDate")


def _existed_by(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts
) -> datetime | None:
    """The first time at which the seal is proven to have existed: a timestamp over the maker's
    value, one over a signature that holds the seal, or this node's record of the file.
    """
    known = (
        proven_at(seal.timestamp, seal.created, facts.now),
        proven_at(sealed.timestamp, s.signed_at, facts.now),
        facts.trust.first_seen,
    )
    return min((at for at in known if at is not None), default=None)


def _seal_window(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    """§6.3: within validStart and validEnd when it was used, and not used before it was made."""
    del sealed
    name = CheckName.SEAL_IN_WINDOW
    if seal.layout is SealLayout.V5 and not _made_in_time(seal, facts):
        return failed(name, Reason.SEAL_NOT_VALID_AT_TIME, about, "createDate out of order")
    time = time_of(s, facts)
    at, seen = time.at, facts.trust.first_seen
    if at is None:
        return unsure(name, Reason.SIGNING_TIME_MISSING, about)
    if not seal.valid_from <= at <= seal.valid_until:
        return failed(name, Reason.SEAL_NOT_VALID_AT_TIME, about)
    if at < seal.created - CLOCK_SKEW:
        return failed(name, Reason.SEAL_NOT_VALID_AT_TIME, about, "before the seal was made")
    if time.source is TimeSource.TSA or facts.now <= seal.valid_until:
        return passed(name, about)
    if seen is not None and seen <= seal.valid_until:
        return passed(name, about, SEEN)
    # A claimed time can be back-dated by whoever holds the seal when its period is over.
    return unsure(name, Reason.SEAL_ENDED_SINCE, about, "its period is over")


def _made_in_time(seal: SealFacts, facts: Facts) -> bool:
    """制章时间有效性 (GM/T 0031-2025): made in the past, and before the seal's own end."""
    return seal.created <= facts.now + CLOCK_SKEW and seal.created <= seal.valid_until


def _listed(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    del s, seal, facts
    if sealed.listed:
        return passed(CheckName.SIGNER_IN_SEAL, about)
    return failed(CheckName.SIGNER_IN_SEAL, Reason.SIGNER_NOT_IN_SEAL, about)


def _seal_file(
    s: SignatureFacts, sealed: SealedFacts, seal: SealFacts, facts: Facts, about: About
) -> Evidence:
    del s, seal, facts
    name = CheckName.SEAL_FILE_SAME
    match sealed.seal_file:
        case Sameness.SAME:
            return passed(name, about)
        case Sameness.DIFFERS:
            return failed(name, Reason.SEAL_FILE_DIFFERS, about)
        case Sameness.ABSENT:
            return silent(name, about)
        case _:
            assert_never(sealed.seal_file)


SEAL_HOLDS = each_seal(
    CheckName.SEAL_HOLDS,
    "Does the seal maker's signature on the seal hold?",
    "制章者对印章的签名是否成立？",
    _seal_holds,
)
SEAL_MAKER_TRUSTED = each_seal(
    CheckName.SEAL_MAKER_TRUSTED,
    "Was the seal maker's certificate good when the seal was made?",
    "制章时制章者证书是否有效、可信？",
    _maker,
)
SEAL_IN_WINDOW = each_seal(
    CheckName.SEAL_IN_WINDOW,
    "Was the seal valid when it was used?",
    "签章时印章是否在有效期内？",
    _seal_window,
)
SIGNER_IN_SEAL = each_seal(
    CheckName.SIGNER_IN_SEAL,
    "May the signer's certificate use this seal?",
    "签章者证书是否在印章的证书列表内？",
    _listed,
)
SEAL_FILE_SAME = each_seal(
    CheckName.SEAL_FILE_SAME,
    "Is the seal file the seal that was used?",
    "印章文件与签章中的印章是否一致？",
    _seal_file,
)
