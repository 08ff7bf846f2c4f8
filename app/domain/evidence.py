"""One check, one question, one piece of evidence."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from app.domain.reasons import Family, Reason

__all__ = [
    "SIGNATURE_CHECKS",
    "WHOLE",
    "About",
    "Block",
    "CheckName",
    "Evidence",
    "Family",
    "Outcome",
    "Reason",
    "Role",
]


class Outcome(StrEnum):
    """What a check says."""

    PASSED = "passed"
    FAILED = "failed"
    """Never: no later fact can mend it."""
    INDETERMINATE = "indeterminate"
    """Not known here and now; it could be found out later or elsewhere."""
    NOT_APPLICABLE = "not_applicable"
    """The ground is missing; the check that owns that ground says why."""


class Block(StrEnum):
    """The three questions of a report; never folded together."""

    AUTHENTICITY = "authenticity"
    """Really issued, unaltered, by that signer?"""
    AUTHORITY = "authority"
    """Was that signer entitled, and is the answer about this very file?"""
    STATUS = "status"
    """In force now, or at the asked time?"""


class CheckName(StrEnum):
    """Every check, with the block it answers to and whether it is asked of each signature."""

    block: Block
    each: bool

    def __new__(cls, name: str, block: Block, each: bool = False) -> Self:  # noqa: FBT001, FBT002
        self = str.__new__(cls, name)
        self._value_ = name
        self.block = block
        self.each = each
        return self

    WELL_FORMED = "well_formed", Block.AUTHENTICITY
    SIGNED = "signed", Block.AUTHENTICITY
    CODES_CLEAR = "codes_clear", Block.AUTHENTICITY
    ONE_DOCUMENT = "one_document", Block.AUTHENTICITY
    NOTHING_HIDDEN = "nothing_hidden", Block.AUTHENTICITY
    CONTENT_COVERED = "content_covered", Block.AUTHENTICITY
    SIGNER_KNOWN = "signer_known", Block.AUTHENTICITY, True
    SIGNATURE_HOLDS = "signature_holds", Block.AUTHENTICITY, True
    ALGORITHMS_AGREE = "algorithms_agree", Block.AUTHENTICITY, True
    DATA_HASH_HOLDS = "data_hash_holds", Block.AUTHENTICITY, True
    SCOPE_NAMED = "scope_named", Block.AUTHENTICITY, True
    REFERENCES_HOLD = "references_hold", Block.AUTHENTICITY, True
    SEAL_HOLDS = "seal_holds", Block.AUTHENTICITY, True
    SEAL_MAKER_TRUSTED = "seal_maker_trusted", Block.AUTHENTICITY, True
    SEAL_IN_WINDOW = "seal_in_window", Block.AUTHENTICITY, True
    SEAL_STATUS = "seal_status", Block.AUTHENTICITY, True
    SIGNER_IN_SEAL = "signer_in_seal", Block.AUTHENTICITY, True
    SEAL_FILE_SAME = "seal_file_same", Block.AUTHENTICITY, True
    STAMP_PLAIN = "stamp_plain", Block.AUTHENTICITY, True
    CERTIFICATE_FITS = "certificate_fits", Block.AUTHENTICITY, True
    ALGORITHMS_SM = "algorithms_sm", Block.AUTHENTICITY
    TIMES_AGREE = "times_agree", Block.AUTHENTICITY, True
    TIMESTAMP_HOLDS = "timestamp_holds", Block.AUTHENTICITY, True
    SIGNED_IN_WINDOW = "signed_in_window", Block.AUTHENTICITY, True
    KEY_LIVE = "key_live", Block.AUTHENTICITY, True
    KEY_FOR_TYPE = "key_for_type", Block.AUTHORITY, True
    SIGNER_EXPECTED = "signer_expected", Block.AUTHORITY, True
    ROLES_FILLED = "roles_filled", Block.AUTHORITY
    ISSUER_KNOWN = "issuer_known", Block.AUTHORITY
    ISSUER_ENTITLED = "issuer_entitled", Block.AUTHORITY
    IDENTIFIER_FORM = "identifier_form", Block.AUTHORITY
    IDENTIFIER_AGREES = "identifier_agrees", Block.AUTHORITY
    CONTENT_AGREES = "content_agrees", Block.AUTHORITY
    INVOICE_AGREES = "invoice_agrees", Block.AUTHORITY
    BOUND = "bound", Block.AUTHORITY
    COPY_CURRENT = "copy_current", Block.STATUS
    PRESENTATION_CURRENT = "presentation_current", Block.STATUS
    OWN_DATES = "own_dates", Block.STATUS
    FACTS_GIVEN = "facts_given", Block.STATUS
    SEAL_IN_USE = "seal_in_use", Block.STATUS


SIGNATURE_CHECKS = frozenset(check for check in CheckName if check.each)
"""Asked of each signature; all others are asked once, of the whole document."""


class Role(StrEnum):
    """What a piece of evidence counts for. Given by the registry, never claimed by a document."""

    DOCUMENT = "document"
    ISSUER = "issuer"
    """证照颁发机构: the claimed issuer, or its delegate for originals."""
    COPIER = "copier"
    """共享平台: the issuer's delegate for annotated copies (加注件)."""
    COUNTERSIGNER = "countersigner"
    """联合签章: another body whose seal the license type requires."""
    SIGNER = "signer"
    """签章者 of a document that is no license: an organisation its caller expects, or any that an
    authority registered for sealed documents vouches for."""
    CANDIDATE = "candidate"
    """A stranger in a document that lacks a signer: perhaps the one that is missing."""
    EXTRA = "extra"
    """Anyone else: unknown, or known but not needed for this type."""


@dataclass(frozen=True, slots=True)
class About:
    """What a check looked at: the whole document, or one signature in its role."""

    label: str
    role: Role
    sealless: bool = False
    """A signature by certificate that has no seal to be asked about (签名, GB/T 35275), by its own
    structure. Whatever is not known to be one is held to the seal's checks."""


WHOLE = About("document", Role.DOCUMENT)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one check found. Cannot contradict itself."""

    check: CheckName
    subject: About
    outcome: Outcome
    reason: Reason | None = None
    detail: str = ""
    """For engineers; stored and logged, so it holds no personal data."""

    def __post_init__(self) -> None:
        doubts = self.outcome in (Outcome.FAILED, Outcome.INDETERMINATE)
        if doubts != (self.reason is not None):
            raise ValueError(f"{self.outcome} and {self.reason} contradict")
        # An outage of ours or of an issuer must never read as a fault of the document.
        if self.outcome is Outcome.FAILED and self.why.family is Family.DEPENDENCY:
            raise ValueError(f"{self.why} cannot be a failure")
        if self.check.each != (self.subject.role is not Role.DOCUMENT):
            raise ValueError(f"{self.check} is not asked of {self.subject.label}")

    @property
    def why(self) -> Reason:
        """The reason of a failure or doubt; to ask a pass for one is a bug."""
        if self.reason is None:
            raise ValueError(f"{self.outcome} has no reason")
        return self.reason
