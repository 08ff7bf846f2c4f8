"""From what was asked to its row in the audit log: who, why, on what, with what result."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from app.crypto.signing import KeyProvider
from app.domain.audit import AuditEvent, Operation, Result
from app.domain.facts import Facts
from app.domain.issuer import Answered
from app.domain.license import Claims, LicenseFormat
from app.domain.verification import Asker, Basis, Receipt, Verification

_APART: Final = "\0"
TOLD: Final = ("conclusion", "reason", "checks", "issuer", "type")
"""What every report tells; values of facts are in none."""


def keyed(keys: KeyProvider, kind: str, value: str | None) -> str | None:
    """A keyed hash with its version: equal values can be found, and none can be guessed back."""
    if value is None:
        return None
    version = keys.hmac_versions()[-1]
    data = f"audit{_APART}{kind}{_APART}{value}".encode()
    return f"{version}:{keys.hmac(version, data).hex()}"


def event(
    asker: Asker,
    keys: KeyProvider,
    operation: Operation,
    result: Result,
    *,
    at: datetime,
    version: str,
    reason: str | None = None,
    object: str | None = None,
    purpose: str = "",
    matter: str | None = None,
    type: str | None = None,
    issuer: str | None = None,
    fields_asked: tuple[str, ...] = (),
    fields_answered: tuple[str, ...] = (),
) -> AuditEvent:
    """A row about a request; by default about no license.

    Raises `Unavailable` without the index key.
    """
    return AuditEvent(
        at=at,
        caller=asker.caller,
        tenant=asker.tenant,
        organisation=asker.organisation,
        region=asker.region,
        operator=keyed(keys, "operator", asker.operator),
        address=asker.address,
        purpose=purpose,
        matter=matter,
        object=object,
        type=type,
        issuer=issuer,
        digest_sm3=None,
        annotated_copy=None,
        operation=operation,
        fields_asked=fields_asked,
        fields_answered=fields_answered,
        result=result,
        conclusion=None,
        reason=reason,
        issuer_answer=None,
        answer_as_of=None,
        report=None,
        report_digest=None,
        trust=None,
        policy=None,
        version=version,
    )


def event_of(receipt: Receipt, keys: KeyProvider) -> AuditEvent:
    """The row of a verification. Raises `Unavailable` without the index key."""
    done = receipt.verification
    facts, verdict = done.facts, done.verdict
    said = done.answer if isinstance(done.answer, Answered) else None
    row = event(
        done.asker,
        keys,
        operation_of(done),
        Result.ANSWERED,
        at=done.at,
        version=_version(receipt),
        reason=verdict.reason.value if verdict.reason else None,
        object=keyed(keys, "license", named(done.stated)),
    )
    told = {} if facts is None else _told(facts)
    sm3 = done.digests.sm3 if done.digests else None
    return replace(
        row,
        **told,
        purpose=done.purpose,
        digest_sm3=sm3.hex() if sm3 else None,
        conclusion=verdict.conclusion.value,
        fields_answered=(*TOLD, *(name for name, _ in done.matched)),
        issuer_answer=hashlib.sha256(said.token.encode()).hexdigest() if said else None,
        answer_as_of=said.as_of if said else None,
        report=keyed(keys, "report", done.id),
        report_digest=hashlib.sha256(receipt.content).hexdigest(),
        policy=done.policy,
    )


def _told(facts: Facts) -> dict[str, Any]:
    """Members of the row that the document tells."""
    return {
        "matter": facts.matter,
        "type": facts.document.type,
        "issuer": facts.document.issuer,
        "annotated_copy": facts.document.is_copy,
        "fields_asked": tuple(sorted(facts.document.stated)),
        "trust": facts.trust.snapshot,
    }


def operation_of(done: Verification) -> Operation:
    """What was handed in."""
    if done.basis is Basis.FACTS:
        return Operation.VERIFY_NUMBER
    if done.basis is Basis.DIGESTS:
        return Operation.VERIFY_DIGESTS
    token = done.facts is not None and done.facts.document.format is LicenseFormat.JWS
    return Operation.VERIFY_TOKEN if token else Operation.VERIFY_FILE


def named(claims: Claims | None) -> str | None:
    """What a license is found by: its identifier, else type and number."""
    if claims is None:
        return None
    if claims.identifier is not None:
        return str(claims.identifier)
    return None if claims.number is None else f"{claims.type}/{claims.number}"


def _version(receipt: Receipt) -> str:
    versions = receipt.report.get("versions")
    return str(versions.get("service", "")) if isinstance(versions, dict) else ""
