"""Every reason this service gives, with the family that bounds what it may do.

Texts, ETSI indications and GB/T 36906 codes stand in `app.reports.catalogue`, one entry a reason;
with a reason missing there, the catalogue cannot be imported.
"""

from enum import StrEnum
from typing import Self


class Family(StrEnum):
    """Where a reason comes from, and so what it may cause."""

    SIGNATURE = "signature"
    """The document, its signatures, seals and certificates."""
    LICENSE = "license"
    """The license, its issuer, its status."""
    DEPENDENCY = "dependency"
    """Something of ours or of others did not answer: never `failed`, never `invalid`."""
    INPUT = "input"
    """What was sent cannot be judged as sent."""


class Reason(StrEnum):
    """Why a check failed or could not tell, and why a verdict is not `valid`."""

    family: Family

    def __new__(cls, code: str, family: Family) -> Self:
        self = str.__new__(cls, code)
        self._value_ = code
        self.family = family
        return self

    # ---- input
    MALFORMED = "malformed", Family.INPUT
    UNRECOGNISED = "unrecognised", Family.INPUT
    INSUFFICIENT_FACTS = "insufficient_facts", Family.INPUT
    IDENTIFIER_MISTYPED = "identifier_mistyped", Family.INPUT
    ENCRYPTED = "encrypted", Family.INPUT
    BEYOND_LIMITS = "beyond_limits", Family.INPUT
    IMAGE_NOT_READ = "image_not_read", Family.INPUT
    NOT_FINISHED = "not_finished", Family.INPUT
    CODE_MISSING = "code_missing", Family.INPUT
    CODE_NAMES_NOTHING = "code_names_nothing", Family.INPUT
    MULTIPLE_CODES = "multiple_codes", Family.INPUT
    UNOFFICIAL_URL = "unofficial_url", Family.INPUT
    STRUCTURE_NOT_SEEN = "structure_not_seen", Family.INPUT

    # ---- signature: is there one, by whom, does it hold
    SIGNATURE_MISSING = "signature_missing", Family.SIGNATURE
    SIGNATURE_DROPPED = "signature_dropped", Family.SIGNATURE
    UNSIGNED_COPY = "unsigned_copy", Family.SIGNATURE
    KEY_UNKNOWN = "key_unknown", Family.SIGNATURE
    SCHEME_MISMATCH = "scheme_mismatch", Family.SIGNATURE
    WEAK_ALGORITHM = "weak_algorithm", Family.SIGNATURE
    SIGNATURE_INVALID = "signature_invalid", Family.SIGNATURE
    SIGNATURE_UNSUPPORTED = "signature_unsupported", Family.INPUT
    SIGNATURE_UNREADABLE = "signature_unreadable", Family.SIGNATURE
    # ---- seal and sealed file
    ALGORITHM_MISMATCH = "algorithm_mismatch", Family.SIGNATURE
    TYPE_DISAGREES = "type_disagrees", Family.SIGNATURE
    DATA_HASH_DIFFERS = "data_hash_differs", Family.SIGNATURE
    SCOPE_DIFFERS = "scope_differs", Family.SIGNATURE
    CONTENT_CHANGED = "content_changed", Family.SIGNATURE
    NOT_COVERED = "not_covered", Family.SIGNATURE
    SEAL_INVALID = "seal_invalid", Family.SIGNATURE
    SEAL_MAKER_UNKNOWN = "seal_maker_unknown", Family.SIGNATURE
    SEAL_MAKER_INVALID = "seal_maker_invalid", Family.SIGNATURE
    SEAL_NOT_VALID_AT_TIME = "seal_not_valid_at_time", Family.SIGNATURE
    SEAL_FROZEN = "seal_frozen", Family.SIGNATURE
    SEAL_CANCELLED = "seal_cancelled", Family.SIGNATURE
    SIGNER_NOT_IN_SEAL = "signer_not_in_seal", Family.SIGNATURE
    SEAL_FILE_DIFFERS = "seal_file_differs", Family.SIGNATURE
    CERTIFICATE_UNFIT = "certificate_unfit", Family.SIGNATURE
    TIMES_DISAGREE = "times_disagree", Family.SIGNATURE
    AMBIGUOUS_DOCUMENT = "ambiguous_document", Family.SIGNATURE
    HIDDEN_CONTENT = "hidden_content", Family.SIGNATURE
    APPEARANCE_SUSPICIOUS = "appearance_suspicious", Family.SIGNATURE
    INTEGRITY_LIST_DIFFERS = "integrity_list_differs", Family.SIGNATURE
    BYTE_RANGE_INEXACT = "byte_range_inexact", Family.SIGNATURE
    CHANGED_AFTER_SIGNING = "changed_after_signing", Family.SIGNATURE
    ACTIVE_CONTENT = "active_content", Family.SIGNATURE
    NO_ANCHOR = "no_anchor", Family.SIGNATURE
    ALGORITHM_NOT_SM = "algorithm_not_sm", Family.SIGNATURE
    # ---- signature: time
    SIGNING_TIME_MISSING = "signing_time_missing", Family.SIGNATURE
    TIMESTAMP_INVALID = "timestamp_invalid", Family.SIGNATURE
    SIGNED_IN_FUTURE = "signed_in_future", Family.SIGNATURE
    SIGNED_OUTSIDE_WINDOW = "signed_outside_window", Family.SIGNATURE
    SIGNED_AFTER_REVOCATION = "signed_after_revocation", Family.SIGNATURE
    KEY_REVOKED_SINCE = "key_revoked_since", Family.SIGNATURE
    KEY_EXPIRED_SINCE = "key_expired_since", Family.SIGNATURE
    SEAL_ENDED_SINCE = "seal_ended_since", Family.SIGNATURE
    SEAL_UNIDENTIFIED = "seal_unidentified", Family.SIGNATURE
    SEAL_MAKER_ENDED_SINCE = "seal_maker_ended_since", Family.SIGNATURE
    # ---- signature: entitlement of the key
    SIGNER_UNIDENTIFIED = "signer_unidentified", Family.SIGNATURE
    KEY_NOT_FOR_TYPE = "key_not_for_type", Family.SIGNATURE
    SIGNER_NOT_ISSUER = "signer_not_issuer", Family.SIGNATURE
    ROLE_MISSING = "role_missing", Family.SIGNATURE
    # ---- sealed documents that are no licenses
    SIGNER_NOT_EXPECTED = "signer_not_expected", Family.SIGNATURE
    EXPECTED_SIGNER_MISSING = "expected_signer_missing", Family.SIGNATURE
    SEAL_DENIED = "seal_denied", Family.SIGNATURE
    SEAL_STATUS_UNKNOWN = "seal_status_unknown", Family.SIGNATURE
    INVOICE_DISAGREES = "invoice_disagrees", Family.SIGNATURE

    # ---- license
    ISSUER_UNKNOWN = "issuer_unknown", Family.LICENSE
    TYPE_UNKNOWN = "type_unknown", Family.LICENSE
    ISSUER_NOT_FOR_TYPE = "issuer_not_for_type", Family.LICENSE
    IDENTIFIER_MISSING = "identifier_missing", Family.LICENSE
    IDENTIFIER_DISAGREES = "identifier_disagrees", Family.LICENSE
    CONTENT_DISAGREES = "content_disagrees", Family.LICENSE
    IDENTIFIER_UNPROVEN = "identifier_unproven", Family.LICENSE
    COPY_EXPIRED = "copy_expired", Family.LICENSE
    COPY_EXPIRY_MISSING = "copy_expiry_missing", Family.LICENSE
    COPY_MATTER_UNPROVEN = "copy_matter_unproven", Family.LICENSE
    COPY_PURPOSE_DIFFERS = "copy_purpose_differs", Family.LICENSE
    PRESENTATION_EXPIRED = "presentation_expired", Family.LICENSE
    PAST_OWN_DATE = "past_own_date", Family.LICENSE
    BEFORE_OWN_DATE = "before_own_date", Family.LICENSE
    NOT_YET_IN_FORCE = "not_yet_in_force", Family.LICENSE
    SUSPENDED = "suspended", Family.LICENSE
    ENDED = "ended", Family.LICENSE
    ISSUER_DENIES = "issuer_denies", Family.LICENSE
    RECORD_MISMATCH = "record_mismatch", Family.LICENSE
    NOT_FOUND = "not_found", Family.LICENSE
    NOT_FOUND_UNSIGNED = "not_found_unsigned", Family.LICENSE
    NOT_FOUND_UPSTREAM = "not_found_upstream", Family.LICENSE
    PARTIAL_ANSWER = "partial_answer", Family.LICENSE
    ANSWER_UNSIGNED = "answer_unsigned", Family.LICENSE
    STATUS_CONFLICT = "status_conflict", Family.LICENSE

    # ---- dependency
    ISSUER_UNREACHABLE = "issuer_unreachable", Family.DEPENDENCY
    ISSUER_NOT_ASKED = "issuer_not_asked", Family.DEPENDENCY
    ANSWER_UNUSABLE = "answer_unusable", Family.DEPENDENCY
    STATUS_STALE = "status_stale", Family.DEPENDENCY
    REVOCATION_UNAVAILABLE = "revocation_unavailable", Family.DEPENDENCY
    TRUST_SOURCE_STALE = "trust_source_stale", Family.DEPENDENCY
    CHECK_MISSING = "check_missing", Family.DEPENDENCY
