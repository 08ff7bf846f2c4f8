"""Who asks: tenants, callers, what they may do, and why they ask."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from app.domain.verification import PUBLIC_CHECK


class Power(StrEnum):
    """三权分立 (GB/T 22239 8.1.5): nobody holds scopes of two of these."""

    BUSINESS = "business"
    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


class Scope(StrEnum):
    """What a caller may do. Closed; what is not granted is denied."""

    power: Power

    def __new__(cls, name: str, power: Power) -> Self:
        self = str.__new__(cls, name)
        self._value_ = name
        self.power = power
        return self

    VERIFY_FILE = "verify:file", Power.BUSINESS
    VERIFY_TOKEN = "verify:token", Power.BUSINESS
    VERIFY_NUMBER = "verify:number", Power.BUSINESS
    VERIFY_BATCH = "verify:batch", Power.BUSINESS
    REPORT_READ = "report:read", Power.BUSINESS
    """Reports of the caller's own tenant."""
    STATUS_DETAIL = "status:detail", Power.BUSINESS
    """Unmasked fields of records."""
    LICENSE_INGEST = "license:ingest", Power.BUSINESS
    LICENSE_REVOKE = "license:revoke", Power.BUSINESS
    LICENSE_PRESENT = "license:present", Power.BUSINESS
    """Codes for phones to show (亮证码)."""
    LICENSE_RETRIEVE = "license:retrieve", Power.BUSINESS
    """Documents from their issuers (调阅): for authorised callers of the government."""
    LICENSE_RELATE = "license:relate", Power.BUSINESS
    """A holder's other licenses, from its business license (一照关联)."""
    ISSUER_READ = "issuer:read", Power.BUSINESS
    TRUST_PROPOSE = "trust:propose", Power.SECURITY
    TRUST_APPROVE = "trust:approve", Power.SECURITY
    """Never one's own proposal."""
    TRUST_MAKE = "trust:make", Power.SECURITY
    """Carries what people signed at home: what they may, their own scopes say."""
    CALLER_ADMIN = "caller:admin", Power.SECURITY
    AUDIT_READ = "audit:read", Power.AUDIT
    SYSTEM_OPS = "system:ops", Power.SYSTEM


def powers_of(scopes: frozenset[Scope]) -> frozenset[Power]:
    return frozenset(scope.power for scope in scopes)


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation with its own callers, reports and audit rows."""

    id: str
    name: str
    code: str | None
    """统一社会信用代码."""
    region: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One system, or anybody."""

    id: str
    tenant: Tenant | None
    """None: anonymous."""
    scopes: frozenset[Scope]
    purposes: frozenset[str]
    """用证事由 it may state."""

    def __post_init__(self) -> None:
        if len(powers_of(self.scopes)) > 1:
            raise ValueError("the scopes of one caller belong to one power (三权分立)")

    @property
    def anonymous(self) -> bool:
        return self.tenant is None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes


ANONYMOUS = Caller(
    id="anonymous",
    tenant=None,
    scopes=frozenset(
        {Scope.VERIFY_FILE, Scope.VERIFY_TOKEN, Scope.VERIFY_NUMBER, Scope.REPORT_READ}
    ),
    purposes=frozenset({PUBLIC_CHECK}),
)
"""The public: compared facts only, for the one purpose it has."""
