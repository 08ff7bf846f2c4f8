"""Rows of the database: columns, constraints and names; no behaviour."""

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
    "Base",
    "DelegationRow",
    "FirstSeenRow",
    "IssuerEndpointRow",
    "IssuerKeyRow",
    "IssuerOrganisationRow",
    "IssuerRow",
    "LicenseRow",
    "LicenseStatusRow",
    "LicenseTypeRow",
    "StatementRow",
    "Use",
    "VerificationRow",
]
