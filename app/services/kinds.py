"""License or sealed document? The document's kind picks the policy (design §5); a caller may ask
for one by name, and only gets it where the document is of that kind.

A file with license metadata, with a code of a license type, or under a registered license seal is
a license, whatever is asked: judged as a contract, a license that was revoked years ago would still
be truly sealed. A sealed document is told by its seal: an authority that the operator registered
for sealed documents vouches for it.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Final

from app.checks import measure
from app.domain.certificate import LED_TO_AN_ANCHOR, Purpose
from app.domain.errors import Refused
from app.domain.facts import Facts
from app.domain.license import LicenseFormat, ParsedLicense
from app.domain.policies import PolicyKind, asked_kind, policy_for
from app.domain.signers import ANY_SIGNER, WHOSE_SEALS
from app.domain.trust import Trust
from app.domain.verification import Submission

SEALABLE: Final = frozenset({LicenseFormat.OFD, LicenseFormat.PDF})
"""What can be a sealed document."""
SHOWN: Final = 4
"""Names of elements that a refusal repeats; they are ours, not the document's."""


def refuse_unfit(format: LicenseFormat, submission: Submission) -> None:
    """A policy that no document of this format can have. Raises `Refused`, naming the field."""
    kind = asked_kind(submission.policy)
    document = kind is PolicyKind.SEALED_DOCUMENT
    if document and submission.digested is not None:
        raise Refused(
            "policy", "goes with the file itself, which digests do not show; leave it out"
        )
    if document and format not in SEALABLE:
        fit = policy_for(format).name
        raise Refused("policy", f"goes with OFD and PDF files only; leave it out: {fit}")
    if document and submission.signers is None:
        raise Refused("expected_signers", WHOSE_SEALS)
    named = submission.policy not in {None, *PolicyKind}
    if named and not document and submission.policy != (fit := policy_for(format).name):
        raise Refused("policy", f"does not go with what was sent: {fit}")


def measured(license: ParsedLicense, trust: Trust, now: datetime, submission: Submission) -> Facts:
    """Everything the checks read, under the policy of the document's kind.

    Raises `Refused` where another policy was asked for, or where nobody said whose seals are
    expected on a sealed document.
    """
    as_license = partial(
        measure,
        license,
        trust,
        now=now,
        at=submission.at,
        max_status_age=submission.max_status_age,
        matter=submission.matter,
        sm_only=submission.sm_only,
    )
    asked = asked_kind(submission.policy)
    why = _license(license, trust, asked)
    facts = as_license() if why or trust.licensers or asked is PolicyKind.LICENSE else None
    if facts is not None and not why and _license_seal(facts):
        why = "bears the seal of a body that is registered to issue licenses"
    if why or asked is PolicyKind.LICENSE:
        _refuse_of_license(why, asked, submission)
        return as_license() if facts is None else facts
    document = as_license(signers=submission.signers or ANY_SIGNER)
    if asked is None and not any(_vouched(document)):
        _refuse_of_license("is sealed by nobody registered here", asked, submission)
        return as_license() if facts is None else facts
    if submission.signers is None:
        raise Refused("expected_signers", WHOSE_SEALS)
    return document


def _license(license: ParsedLicense, trust: Trust, asked: PolicyKind | None) -> str:
    """Why it is a license by what it says, or for want of anything else it could be."""
    if license.license_words:
        named = ", ".join(sorted(license.license_words)[:SHOWN])
        return f"states license metadata ({named})"
    claims = license.claims
    if claims.identifier is not None or claims.identifiers or claims.type is not None:
        return "names a license type"
    if claims.code is not None:
        return "bears the code of a license"
    if license.format not in SEALABLE:
        return "is no OFD or PDF file"
    if license.digested:
        return "stayed with its caller"
    anchors = trust.authorities.anchors
    if asked is None and not any(a.serves(Purpose.SEALED_DOCUMENT) for a in anchors):
        return "is none, as long as no authority is registered for sealed documents"
    return ""


def _refuse_of_license(why: str, asked: PolicyKind | None, submission: Submission) -> None:
    if asked is PolicyKind.SEALED_DOCUMENT:
        raise Refused("policy", f"the file {why}: it is verified as a license; leave policy out")
    if submission.signers is not None and submission.signers.expected:
        told = f"and the file {why}" if why else "and a license was asked for"
        raise Refused("expected_signers", f"goes with sealed documents, {told}; leave it out")


def _license_seal(facts: Facts) -> bool:
    """Whether an authority for license seals vouches for one of those registered to seal them."""
    return bool(facts.trust.licensers) and any(_vouched(facts))


def _vouched(facts: Facts) -> Iterator[bool]:
    for each in facts.document.signatures:
        signer = each.sealed.signer if each.sealed else None
        yield signer is not None and signer.then.chain in LED_TO_AN_ANCHOR
