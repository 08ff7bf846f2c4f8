"""Of each signature: do we know the key, does it hold, was the key good, may it sign this?

Time by design: proven by a registered timestamp service; else claimed, and this node may have
recorded the file before. A first record only ever helps: it shows that the file existed then, not
that it was made then.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import assert_never

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import (
    UNPLACED,
    about,
    key_of,
    path_found,
    sealed_for_type,
    signer_known,
    windows_of,
)
from app.domain.certificate import Chain, RevocationState
from app.domain.clocks import CLOCK_SKEW
from app.domain.evidence import About, CheckName, Evidence
from app.domain.facts import Facts, SignatureFacts, Value
from app.domain.proven import SigningTime, TimeSource, signing_time
from app.domain.reasons import Reason
from app.domain.sealed import CertificateFacts
from app.domain.trust import TrustedKey

Ask = Callable[[SignatureFacts, Facts, About], Evidence]

CLAIMED, SEEN = "time: claimed", "time: first seen by this node"
PROVEN = "time: proven by a timestamp service"


def time_of(s: SignatureFacts, facts: Facts) -> SigningTime:
    """When it was signed, and who says so."""
    stamp = s.sealed.timestamp if s.sealed else None
    return signing_time(stamp, s.signed_at, facts.now)


def _each(ask: Ask) -> Callable[[Facts], Iterator[Evidence]]:
    def examine(facts: Facts) -> Iterator[Evidence]:
        for s in facts.document.signatures:
            yield ask(s, facts, about(s, facts))

    return examine


def _known(s: SignatureFacts, facts: Facts, about: About) -> Evidence:
    name = CheckName.SIGNER_KNOWN
    if signer_known(s, facts):
        return passed(name, about)
    if s.sealed is None:  # an unknown issuer has no keys that could be known
        nobody = facts.trust.issuer is None
        return unsure(name, Reason.ISSUER_UNKNOWN if nobody else Reason.KEY_UNKNOWN, about)
    chain = s.sealed.signer.then.chain.value if s.sealed.signer else "certificate unreadable"
    return unsure(name, Reason.NO_ANCHOR, about, chain)


def _holds(s: SignatureFacts, facts: Facts, about: About) -> Evidence:
    del facts  # measured before
    name = CheckName.SIGNATURE_HOLDS
    match s.value:
        case Value.HOLDS:
            return passed(name, about)
        case Value.FAILS:
            return failed(name, Reason.SIGNATURE_INVALID, about, s.detail)
        case Value.SCHEME_DIFFERS:  # the key decides, never the document
            return failed(name, Reason.SCHEME_MISMATCH, about, s.detail)
        case Value.WEAK:
            return failed(name, Reason.WEAK_ALGORITHM, about, s.detail)
        case Value.UNREADABLE:
            return failed(name, Reason.SIGNATURE_UNREADABLE, about, s.detail)
        case Value.BEYOND_LIMITS:
            return unsure(name, Reason.BEYOND_LIMITS, about, s.detail)
        case Value.UNSUPPORTED:
            return unsure(name, Reason.SIGNATURE_UNSUPPORTED, about, s.detail)
        case Value.UNMEASURED:  # without a key there is no ground; SIGNER_KNOWN has said so
            return silent(name, about)
        case _:
            assert_never(s.value)


def _seen_in_window(s: SignatureFacts, facts: Facts) -> bool:
    """This node recorded the very file while key, or certificate, and mandate were usable."""
    seen = facts.trust.first_seen
    if seen is None or not all(w.contains(seen) for w in windows_of(s, facts)):
        return False
    signer = s.sealed.signer if s.sealed else None
    if signer is None:
        return True
    ended = signer.then.anchored_until  # what is seen later was not seen while it was trusted
    return signer.valid_at(seen) and (ended is None or seen < ended)


def _in_window(s: SignatureFacts, facts: Facts, about: About) -> Evidence:
    name, seen = CheckName.SIGNED_IN_WINDOW, facts.trust.first_seen
    if not signer_known(s, facts) and s.sealed is None:
        return silent(name, about)
    time = time_of(s, facts)
    if time.source is TimeSource.TSA and time.at is not None:
        return _proven_in_window(s, time.at, facts, about)
    if s.signed_at is None:
        if _seen_in_window(s, facts):
            return passed(name, about, SEEN)
        return unsure(name, Reason.SIGNING_TIME_MISSING, about)
    if s.signed_at > min(facts.now, seen or facts.now) + CLOCK_SKEW:
        return failed(name, Reason.SIGNED_IN_FUTURE, about)
    signer = s.sealed.signer if s.sealed else None
    usable = signer is None or signer.valid_at(s.signed_at)
    if not usable or not all(window.contains(s.signed_at) for window in windows_of(s, facts)):
        return failed(name, Reason.SIGNED_OUTSIDE_WINDOW, about)
    return passed(name, about, CLAIMED)


def _proven_in_window(s: SignatureFacts, at: datetime, facts: Facts, about: About) -> Evidence:
    """Certificate and mandate are judged at the proven time, whatever the signer claims."""
    name = CheckName.SIGNED_IN_WINDOW
    signer = s.sealed.signer if s.sealed else None
    usable = signer is None or signer.valid_at(at)
    if not usable or not all(window.contains(at) for window in windows_of(s, facts)):
        return failed(name, Reason.SIGNED_OUTSIDE_WINDOW, about, PROVEN)
    return passed(name, about, PROVEN)


def _live(s: SignatureFacts, facts: Facts, about: About) -> Evidence:
    """A claimed time can be back-dated, so key or certificate must still be good today, or this
    node must have seen the file while it was.
    """
    key = key_of(s, facts)
    if key is not None:
        return _key_live(s, key, facts, about)
    if s.sealed is not None and s.sealed.signer is not None:
        return _certificate_live(s, s.sealed.signer, facts, about)
    return silent(CheckName.KEY_LIVE, about)


def _key_live(s: SignatureFacts, key: TrustedKey, facts: Facts, about: About) -> Evidence:
    name = CheckName.KEY_LIVE
    if key.revoked_at is not None:
        return _revoked(s, key.revoked_at, facts, about)
    if key.status_good_until is None or key.status_good_until < facts.now:
        return unsure(name, Reason.REVOCATION_UNAVAILABLE, about)
    if all(window.contains(facts.now) for window in windows_of(s, facts)):
        return passed(name, about)
    if _seen_in_window(s, facts):
        return passed(name, about, SEEN)
    return unsure(name, Reason.KEY_EXPIRED_SINCE, about)


def _revoked(s: SignatureFacts, at: datetime, facts: Facts, about: About) -> Evidence:
    name, seen, time = CheckName.KEY_LIVE, facts.trust.first_seen, time_of(s, facts)
    if time.source is TimeSource.TSA and time.at is not None:
        if time.at >= at:
            return failed(name, Reason.SIGNED_AFTER_REVOCATION, about, PROVEN)
        return passed(name, about, f"{PROVEN}; revoked since")
    if s.signed_at is not None and s.signed_at >= at:
        return failed(name, Reason.SIGNED_AFTER_REVOCATION, about)
    if seen is not None and seen < at and _seen_in_window(s, facts):
        return passed(name, about, SEEN)
    return unsure(name, Reason.KEY_REVOKED_SINCE, about)


def _certificate_live(
    s: SignatureFacts, signer: CertificateFacts, facts: Facts, about: About
) -> Evidence:
    """GB/T 38540-2020 §7.3, GM/T 0031-2014 §6.2.3 d, with design §4 for times only claimed."""
    name, then, today = CheckName.KEY_LIVE, signer.then.revocation, signer.today.revocation
    if not path_found(signer.then):  # nobody whose lists would count; SIGNER_KNOWN has said so
        return silent(name, about)
    revoked = [r.at for r in (then, today) if r.at is not None]
    if revoked:
        return _revoked(s, min(revoked), facts, about)
    mandated = all(window.contains(facts.now) for window in windows_of(s, facts))
    if signer.today.chain is Chain.ANCHORED and mandated:
        if today.state is RevocationState.GOOD:
            return passed(name, about)
        return unsure(name, Reason.REVOCATION_UNAVAILABLE, about, str(today.why))
    if then.state is RevocationState.GOOD:
        if time_of(s, facts).source is TimeSource.TSA:
            return passed(name, about, PROVEN)
        if _seen_in_window(s, facts):
            return passed(name, about, SEEN)
    return unsure(name, Reason.KEY_EXPIRED_SINCE, about, signer.today.chain.value)


def _for_type(s: SignatureFacts, facts: Facts, about: About) -> Evidence:
    name, type = CheckName.KEY_FOR_TYPE, facts.document.type
    if not signer_known(s, facts):
        return silent(name, about)
    if type is None:
        return unsure(name, Reason.TYPE_UNKNOWN, about)
    key = key_of(s, facts)
    if key is not None and type not in key.types:
        return failed(name, Reason.KEY_NOT_FOR_TYPE, about)
    if key is None and about.role in UNPLACED:  # whom the seal belongs to, ROLES_FILLED asks
        return silent(name, about)
    if not sealed_for_type(s, facts):
        return failed(name, Reason.KEY_NOT_FOR_TYPE, about, "organisation code of other types")
    return passed(name, about)


def _check(name: CheckName, question: str, question_zh: str, ask: Ask) -> Check:
    return Check(name, question, question_zh, _each(ask))


SIGNER_KNOWN = _check(
    CheckName.SIGNER_KNOWN,
    "Do we know the signing key, or an authority that vouches for it?",
    "签名密钥是否已登记，或其证书有可信任的上级？",
    _known,
)
SIGNATURE_HOLDS = _check(
    CheckName.SIGNATURE_HOLDS, "Does the signature hold?", "签名值是否成立？", _holds
)
SIGNED_IN_WINDOW = _check(
    CheckName.SIGNED_IN_WINDOW,
    "Was it signed while the key was usable?",
    "签署时密钥是否在可用期内？",
    _in_window,
)
KEY_LIVE = _check(
    CheckName.KEY_LIVE,
    "Is the key unexpired and unrevoked today?",
    "密钥目前是否未过期、未吊销？",
    _live,
)
KEY_FOR_TYPE = _check(
    CheckName.KEY_FOR_TYPE,
    "May this key sign this license type?",
    "该密钥是否可签署此类证照？",
    _for_type,
)
