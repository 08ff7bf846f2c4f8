"""Every check, in the order a reader of the report should meet them."""

from app.checks.base import Check
from app.checks.document import (
    COPY_CURRENT,
    FACTS_GIVEN,
    IDENTIFIER_AGREES,
    IDENTIFIER_FORM,
    OWN_DATES,
    PRESENTATION_CURRENT,
    SIGNED,
)
from app.checks.issuer import ISSUER_ENTITLED, ISSUER_KNOWN, inquiry_for, weigh
from app.checks.measure import measure
from app.checks.roles import ROLES_FILLED, covered_facts, required_roles
from app.checks.signature import (
    KEY_FOR_TYPE,
    KEY_LIVE,
    SIGNATURE_HOLDS,
    SIGNED_IN_WINDOW,
    SIGNER_KNOWN,
)
from app.domain.evidence import Evidence
from app.domain.facts import Facts

__all__ = [
    "CHECKS",
    "Check",
    "covered_facts",
    "examine",
    "inquiry_for",
    "measure",
    "required_roles",
    "weigh",
]

CHECKS: tuple[Check, ...] = (
    SIGNED,
    SIGNER_KNOWN,
    SIGNATURE_HOLDS,
    SIGNED_IN_WINDOW,
    KEY_LIVE,
    ROLES_FILLED,
    ISSUER_KNOWN,
    ISSUER_ENTITLED,
    KEY_FOR_TYPE,
    IDENTIFIER_FORM,
    IDENTIFIER_AGREES,
    COPY_CURRENT,
    PRESENTATION_CURRENT,
    OWN_DATES,
    FACTS_GIVEN,
)


def examine(facts: Facts, checks: tuple[Check, ...] = CHECKS) -> tuple[Evidence, ...]:
    """All checks on all documents: a report is complete, or it teaches forgers the order."""
    return tuple(item for check in checks for item in check.examine(facts))
