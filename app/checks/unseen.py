"""Of a file that was not sent: what rests on the caller's account of it is never more than doubt.

Where that account speaks against the file, the failure stands: nobody lies to his own harm.
"""

from app.checks.base import unsure
from app.domain.evidence import CheckName, Evidence, Outcome
from app.domain.facts import Facts
from app.domain.license import LicenseFormat
from app.domain.reasons import Reason

_OF_THE_WHOLE = frozenset(
    {
        CheckName.SIGNED,  # a signature that was left out is missed by nobody
        CheckName.ONE_DOCUMENT,
        CheckName.CONTENT_COVERED,
        CheckName.NOTHING_HIDDEN,
        CheckName.CONTENT_AGREES,
        CheckName.IDENTIFIER_AGREES,
        CheckName.COPY_CURRENT,  # neither are the terms of a copy (加注件)
    }
)
"""Whoever has not seen the file cannot say that they hold, nor that they do not arise."""
_BY_DIGESTS = frozenset({CheckName.REFERENCES_HOLD, CheckName.SEAL_FILE_SAME})
"""They hold of the digests that were stated."""
_OF_RANGES = frozenset({CheckName.DATA_HASH_HOLDS, CheckName.SCOPE_NAMED})
"""In a PDF these compare what is stated; in an OFD octets that were sent."""


def no_more_than_seen(item: Evidence, facts: Facts) -> Evidence:
    """A pass that rests on what nobody here has seen, as the doubt it is."""
    if not facts.document.digested:
        return item
    pdf = facts.document.format is LicenseFormat.PDF
    stated = _BY_DIGESTS | _OF_THE_WHOLE | (_OF_RANGES if pdf else frozenset())
    open_ = {Outcome.PASSED} | ({Outcome.NOT_APPLICABLE} if item.check in _OF_THE_WHOLE else set())
    if item.check not in stated or item.outcome not in open_:
        return item
    return unsure(item.check, Reason.STRUCTURE_NOT_SEEN, item.subject, item.detail)
