"""Every check, in the order a reader of the report should meet them."""

from app.checks.algorithms import only_sm
from app.checks.appearance import STAMP_PLAIN
from app.checks.base import Check
from app.checks.content import (
    CONTENT_COVERED,
    NOTHING_HIDDEN,
    ONE_DOCUMENT,
)
from app.checks.document import (
    CONTENT_AGREES,
    COPY_CURRENT,
    FACTS_GIVEN,
    IDENTIFIER_AGREES,
    IDENTIFIER_FORM,
    OWN_DATES,
    PRESENTATION_CURRENT,
    SIGNED,
)
from app.checks.issuer import ISSUER_ENTITLED, ISSUER_KNOWN, inquiry_for, seal_inquiry, weigh
from app.checks.measure import measure
from app.checks.photo import CODES_CLEAR
from app.checks.roles import ROLES_FILLED, SIGNER_EXPECTED, covered_facts, required_roles
from app.checks.seal import (
    SEAL_FILE_SAME,
    SEAL_HOLDS,
    SEAL_IN_WINDOW,
    SEAL_MAKER_TRUSTED,
    SIGNER_IN_SEAL,
)
from app.checks.sealed_document import INVOICE_AGREES, only_of_documents, seal_in_use, seals_of
from app.checks.sealing import (
    ALGORITHMS_AGREE,
    CERTIFICATE_FITS,
    DATA_HASH_HOLDS,
    REFERENCES_HOLD,
    SCOPE_NAMED,
    TIMES_AGREE,
    TIMESTAMP_HOLDS,
)
from app.checks.signature import (
    KEY_FOR_TYPE,
    KEY_LIVE,
    SIGNATURE_HOLDS,
    SIGNED_IN_WINDOW,
    SIGNER_KNOWN,
)
from app.checks.standing import SEAL_STATUS, no_harder_than_known
from app.checks.unseen import no_more_than_seen
from app.domain.evidence import Evidence
from app.domain.facts import Facts

__all__ = [
    "CHECKS",
    "Check",
    "covered_facts",
    "examine",
    "inquiry_for",
    "measure",
    "only_sm",
    "required_roles",
    "seal_in_use",
    "seal_inquiry",
    "seals_of",
    "weigh",
]

CHECKS: tuple[Check, ...] = (
    ONE_DOCUMENT,
    SIGNED,
    CODES_CLEAR,
    SIGNATURE_HOLDS,
    DATA_HASH_HOLDS,
    SCOPE_NAMED,
    REFERENCES_HOLD,
    CONTENT_COVERED,
    NOTHING_HIDDEN,
    SEAL_HOLDS,
    SIGNER_IN_SEAL,
    SEAL_FILE_SAME,
    STAMP_PLAIN,
    ALGORITHMS_AGREE,
    TIMES_AGREE,
    CERTIFICATE_FITS,
    TIMESTAMP_HOLDS,
    SIGNED_IN_WINDOW,
    SEAL_IN_WINDOW,
    SEAL_STATUS,
    SEAL_MAKER_TRUSTED,
    SIGNER_KNOWN,
    KEY_LIVE,
    SIGNER_EXPECTED,
    ROLES_FILLED,
    ISSUER_KNOWN,
    ISSUER_ENTITLED,
    KEY_FOR_TYPE,
    IDENTIFIER_FORM,
    IDENTIFIER_AGREES,
    CONTENT_AGREES,
    INVOICE_AGREES,
    COPY_CURRENT,
    PRESENTATION_CURRENT,
    OWN_DATES,
    FACTS_GIVEN,
)


def examine(facts: Facts, checks: tuple[Check, ...] = CHECKS) -> tuple[Evidence, ...]:
    """All checks on all documents: a report is complete, or it teaches forgers the order."""
    found = (item for check in checks for item in only_of_documents(check, facts))
    known = (no_harder_than_known(item, facts) for item in found)
    return tuple(no_more_than_seen(item, facts) for item in known)
