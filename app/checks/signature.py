"""Of each signature: do we know the key, does it hold, was the key good, may it sign this?

Time by design: proven where this node recorded the file before; else claimed. A proven time only
ever helps: it shows that the file existed then, not that it was made then.
"""

from collections.abc import Callable, Iterator
from typing import assert_never

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import key_of, role_of, windows_of
from app.domain.evidence import About, CheckName, Evidence
from app.domain.facts import Facts, SignatureFacts, Value
from app.domain.reasons import Reason
from app.domain.trust import TrustedKey
from app.domain.verdict import CLOCK_SKEW

AskOne = Callable[[SignatureFacts, TrustedKey, Facts, About], Evidence]

CLAIMED, SEEN = "time: claimed", "time: first seen by this node"


def _known(facts: Facts) -> Iterator[Evidence]:
    for s in facts.document.signatures:
        about = About(s.label, role_of(s, facts))
        if key_of(s, facts) is None:
            yield unsure(CheckName.SIGNER_KNOWN, Reason.KEY_UNKNOWN, about)
        else:
            yield passed(CheckName.SIGNER_KNOWN, about)


def _each(name: CheckName, ask: AskOne) -> Callable[[Facts], Iterator[Evidence]]:
    def examine(facts: Facts) -> Iterator[Evidence]:
        for s in facts.document.signatures:
            about, key = About(s.label, role_of(s, facts)), key_of(s, facts)
            # Without a key there is no ground; SIGNER_KNOWN has said so.
            yield silent(name, about) if key is None else ask(s, key, facts, about)

    return examine


def _holds(s: SignatureFacts, key: TrustedKey, facts: Facts, about: About) -> Evidence:
    del key, facts  # measured before
    name = CheckName.SIGNATURE_HOLDS
    match s.value:
        case Value.HOLDS:
            return passed(name, about)
        case Value.FAILS:
            return failed(name, Reason.SIGNATURE_INVALID, about, s.detail)
        case Value.SCHEME_DIFFERS:  # the key decides, never the document
            return failed(name, Reason.SCHEME_MISMATCH, about, s.detail)
        case Value.UNMEASURED:
            return unsure(name, Reason.CHECK_MISSING, about)
        case _:
            assert_never(s.value)


def _seen_in_window(s: SignatureFacts, key: TrustedKey, facts: Facts) -> bool:
    """This node recorded the very file while key and mandate were usable."""
    seen = facts.trust.first_seen
    return seen is not None and all(w.contains(seen) for w in windows_of(s, key, facts))


def _in_window(s: SignatureFacts, key: TrustedKey, facts: Facts, about: About) -> Evidence:
    name, seen = CheckName.SIGNED_IN_WINDOW, facts.trust.first_seen
    if s.signed_at is None:
        if _seen_in_window(s, key, facts):
            return passed(name, about, SEEN)
        return unsure(name, Reason.SIGNING_TIME_MISSING, about)
    if s.signed_at > min(facts.now, seen or facts.now) + CLOCK_SKEW:
        return failed(name, Reason.SIGNED_IN_FUTURE, about)
    if not all(window.contains(s.signed_at) for window in windows_of(s, key, facts)):
        return failed(name, Reason.SIGNED_OUTSIDE_WINDOW, about)
    return passed(name, about, CLAIMED)


def _live(s: SignatureFacts, key: TrustedKey, facts: Facts, about: About) -> Evidence:
    """A claimed time can be back-dated, so the key must still be good today, or have been seen."""
    name, seen = CheckName.KEY_LIVE, facts.trust.first_seen
    if key.revoked_at is not None:
        if s.signed_at is not None and s.signed_at >= key.revoked_at:
            return failed(name, Reason.SIGNED_AFTER_REVOCATION, about)
        if seen is not None and seen < key.revoked_at and _seen_in_window(s, key, facts):
            return passed(name, about, SEEN)
        return unsure(name, Reason.KEY_REVOKED_SINCE, about)
    if key.status_good_until is None or key.status_good_until < facts.now:
        return unsure(name, Reason.REVOCATION_UNAVAILABLE, about)
    if all(window.contains(facts.now) for window in windows_of(s, key, facts)):
        return passed(name, about)
    if _seen_in_window(s, key, facts):
        return passed(name, about, SEEN)
    return unsure(name, Reason.KEY_EXPIRED_SINCE, about)


def _for_type(s: SignatureFacts, key: TrustedKey, facts: Facts, about: About) -> Evidence:
    del s
    name, type = CheckName.KEY_FOR_TYPE, facts.document.type
    if type is None:
        return unsure(name, Reason.TYPE_UNKNOWN, about)
    if type not in key.types:
        return failed(name, Reason.KEY_NOT_FOR_TYPE, about)
    return passed(name, about)


def _check(name: CheckName, question: str, question_zh: str, ask: AskOne) -> Check:
    return Check(name, question, question_zh, _each(name, ask))


SIGNER_KNOWN = Check(
    CheckName.SIGNER_KNOWN, "Do we know the signing key?", "签名密钥是否已登记?", _known
)
SIGNATURE_HOLDS = _check(
    CheckName.SIGNATURE_HOLDS, "Does the signature hold?", "签名值是否成立?", _holds
)
SIGNED_IN_WINDOW = _check(
    CheckName.SIGNED_IN_WINDOW,
    "Was it signed while the key was usable?",
    "签署时密钥是否在可用期内?",
    _in_window,
)
KEY_LIVE = _check(
    CheckName.KEY_LIVE,
    "Is the key unexpired and unrevoked today?",
    "密钥目前是否未过期、未吊销?",
    _live,
)
KEY_FOR_TYPE = _check(
    CheckName.KEY_FOR_TYPE,
    "May this key sign this license type?",
    "该密钥是否可签署此类证照?",
    _for_type,
)
