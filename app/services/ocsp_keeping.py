"""Whether an OCSP response is kept: a registered authority's, about one certificate, and fresh.

The same for what an operator imports and for what is fetched on time. Whether a kept one counts is
judged at each use, beside the lists (`crypto.ocsp`).
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from app.crypto.certificates import read_certificate
from app.crypto.ocsp import issued_for, read_ocsp
from app.domain.certificate import Certificate
from app.domain.clocks import AUTHORITY_SKEW
from app.domain.errors import Malformed
from app.domain.ocsp import OcspAnswer, OcspResponse, OcspStatus
from app.domain.trust import Authorities
from app.registry.ocsp_responses import OcspEntry
from app.services.outcomes import Outcome

Fault = tuple[Outcome, str]
"""Why it is not kept, and what of it."""


def judged(content: bytes, known: Authorities, now: datetime) -> OcspEntry | Fault:
    """What is kept of these octets. Costs a few public-key operations: not on the event loop."""
    try:
        response = read_ocsp(content)
    except Malformed as broken:
        return Outcome.UNREADABLE, str(broken)
    if len(response.answers) != 1:
        return Outcome.SEVERAL, "one certificate a response is kept"
    (answer,) = response.answers
    fault = _fault(response, answer, now)
    if fault is not None:
        return fault
    authority = next((a for a in certificates(known) if issued_for(response, a)), None)
    if authority is None:
        return Outcome.UNSIGNED, "by no registered authority, nor by whom it certified for it"
    return OcspEntry(
        sha256=sha256(content).hexdigest(),
        authority=authority.sha256,
        serial=f"{answer.serial:x}",
        revoked=answer.status is OcspStatus.REVOKED,
        der=content,
        this_update=answer.this_update,
        next_update=answer.next_update,
    )


def _fault(response: OcspResponse, answer: OcspAnswer, now: datetime) -> Fault | None:
    """A revocation is kept at any age; nothing of the future, nor what says nothing."""
    if answer.status is OcspStatus.UNKNOWN:
        return Outcome.UNKNOWN, "the responder does not know the certificate"
    latest = max(answer.this_update, response.produced_at)
    if latest > now + AUTHORITY_SKEW:
        return Outcome.FROM_FUTURE, latest.isoformat()
    ended = answer.next_update is None or answer.next_update < now
    if answer.status is OcspStatus.GOOD and ended:
        return Outcome.STALE, "" if answer.next_update is None else answer.next_update.isoformat()
    return None


def certificates(known: Authorities) -> Iterable[Certificate]:
    """Of anchors, and of intermediates an operator imported."""
    for der in (*(anchor.der for anchor in known.anchors), *known.intermediates):
        try:
            yield read_certificate(der)
        except Malformed:  # one that cannot be read vouches for nothing
            continue
