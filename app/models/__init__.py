"""Rows of the database: columns, constraints and names; no behaviour."""

from typing import Final

from app.domain.issuer import Adapter
from app.models.audit import AuditChainRow, AuditHeadRow, AuditRow
from app.models.authority import (
    AnchorRow,
    IntermediateRow,
    OcspResponseRow,
    RevocationListRow,
    RevocationSourceRow,
)
from app.models.base import PARTITIONS, PARTS, Base
from app.models.caller import (
    ApiKeyRow,
    BucketRow,
    CallerKeyRow,
    CallerRow,
    TenantIssuerRow,
    TenantRow,
    UsedAssertionRow,
)
from app.models.dispute import DisputeRow, DisputeStepRow
from app.models.health import IssuerHealthRow
from app.models.importing import ImportBatchRow, ImportFaultRow
from app.models.job import JobItemRow, JobPieceRow, JobRow
from app.models.journal import FirstSeenRow, VerificationRow
from app.models.license import LicenseKeyRow, LicenseRow, LicenseStatusRow, StatementRow
from app.models.operator import OperatorAnswerRow, OperatorRow, OperatorSessionRow
from app.models.peer import PeerKeyRow, PeerNodeRow, UsedInquiryRow
from app.models.platform import PlatformSecretRow
from app.models.presentation import PresentationRow
from app.models.proposal import (
    Decided,
    DecisionRow,
    ListDraftRow,
    PersonKeyRow,
    PersonRow,
    ProposalRow,
)
from app.models.retrieval import RetrievalOfferRow
from app.models.rotation import KeyRotationRow, KeyVersionRow
from app.models.trust import (
    DelegationRow,
    IssuerEndpointRow,
    IssuerKeyRow,
    IssuerOrganisationRow,
    IssuerRow,
    LicenseTypeRow,
    SuccessionRow,
    Use,
)
from app.models.trustlist import TrustListRow, TrustRefusalRow, TrustSourceRow

REVISION: Final = "0035"
"""The newest migration: tables these rows fit."""

__all__ = [
    "PARTITIONS",
    "PARTS",
    "REVISION",
    "Adapter",
    "AnchorRow",
    "ApiKeyRow",
    "AuditChainRow",
    "AuditHeadRow",
    "AuditRow",
    "Base",
    "BucketRow",
    "CallerKeyRow",
    "CallerRow",
    "Decided",
    "DecisionRow",
    "DelegationRow",
    "DisputeRow",
    "DisputeStepRow",
    "FirstSeenRow",
    "ImportBatchRow",
    "ImportFaultRow",
    "IntermediateRow",
    "IssuerEndpointRow",
    "IssuerHealthRow",
    "IssuerKeyRow",
    "IssuerOrganisationRow",
    "IssuerRow",
    "JobItemRow",
    "JobPieceRow",
    "JobRow",
    "KeyRotationRow",
    "KeyVersionRow",
    "LicenseKeyRow",
    "LicenseRow",
    "LicenseStatusRow",
    "LicenseTypeRow",
    "ListDraftRow",
    "OcspResponseRow",
    "OperatorAnswerRow",
    "OperatorRow",
    "OperatorSessionRow",
    "PeerKeyRow",
    "PeerNodeRow",
    "PersonKeyRow",
    "PersonRow",
    "PlatformSecretRow",
    "PresentationRow",
    "ProposalRow",
    "RetrievalOfferRow",
    "RevocationListRow",
    "RevocationSourceRow",
    "StatementRow",
    "SuccessionRow",
    "TenantIssuerRow",
    "TenantRow",
    "TrustListRow",
    "TrustRefusalRow",
    "TrustSourceRow",
    "Use",
    "UsedAssertionRow",
    "UsedInquiryRow",
    "VerificationRow",
]
