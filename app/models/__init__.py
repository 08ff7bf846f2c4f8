"""Rows of the database: columns, constraints and names; no behaviour."""

from app.models.authority import AnchorRow, IntermediateRow, RevocationListRow
from app.models.base import PARTITIONS, PARTS, Base
from app.models.journal import FirstSeenRow, VerificationRow
from app.models.license import LicenseRow, LicenseStatusRow, StatementRow
from app.models.trust import (
    Adapter,
    DelegationRow,
    IssuerEndpointRow,
    IssuerKeyRow,
    IssuerOrganisationRow,
    IssuerRow,
    LicenseTypeRow,
    Use,
)

__all__ = [
    "PARTITIONS",
    "PARTS",
    "Adapter",
    "AnchorRow",
    "Base",
    "DelegationRow",
    "FirstSeenRow",
    "IntermediateRow",
    "IssuerEndpointRow",
    "IssuerKeyRow",
    "IssuerOrganisationRow",
    "IssuerRow",
    "LicenseRow",
    "LicenseStatusRow",
    "LicenseTypeRow",
    "RevocationListRow",
    "StatementRow",
    "Use",
    "VerificationRow",
]
