"""Authorisation: every route is in one table, with what it takes; a route that is not is closed.

A caller without credentials is the public, with the scopes of the public. Wrong credentials are one
401 whatever is wrong with them; a missing scope is a 403 that names it.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from fastapi import Request

from app.domain.caller import Caller, Scope
from app.domain.errors import Refused, ServiceError
from app.domain.verification import PUBLIC_CHECK, Asker
from app.registry.limits import Limit
from app.routers.body import Busy
from app.services.access import Admission

OPEN: Final[frozenset[Scope]] = frozenset()
"""Takes no scope: operations, public lists, pages."""

_VERIFY = frozenset({Scope.VERIFY_FILE, Scope.VERIFY_TOKEN, Scope.VERIFY_NUMBER})

_BATCH = frozenset({Scope.VERIFY_BATCH})

_MAKE = frozenset({Scope.TRUST_MAKE})

ROUTES: Final[Mapping[tuple[str, str], frozenset[Scope]]] = MappingProxyType(
    {
        ("POST", "/v1/verifications"): _VERIFY,
        ("POST", "/v1/verifications:batch"): _BATCH,
        ("POST", "/v1/presentations"): frozenset({Scope.LICENSE_PRESENT}),
        # Of who scans, one is enough: what the code stands for is not theirs to choose.
        ("POST", "/v1/presentations:verify"): frozenset({Scope.VERIFY_TOKEN, Scope.VERIFY_NUMBER}),
        ("POST", "/v1/signatures:verify"): frozenset({Scope.VERIFY_TOKEN}),
        ("POST", "/v1/jobs"): _BATCH,
        ("GET", "/v1/jobs/{id}"): _BATCH,
        ("DELETE", "/v1/jobs/{id}"): _BATCH,
        ("GET", "/v1/jobs/{id}/events"): _BATCH,
        ("GET", "/v1/jobs/{id}/results"): _BATCH,
        ("GET", "/v1/verifications/{id}"): frozenset({Scope.REPORT_READ}),
        ("PUT", "/v1/verifications/{id}/confirmation"): frozenset({Scope.REPORT_READ}),
        ("DELETE", "/v1/verifications/{id}/confirmation"): frozenset({Scope.REPORT_READ}),
        ("POST", "/v1/pictures"): frozenset({Scope.VERIFY_FILE}),
        ("POST", "/v1/lookups"): frozenset({Scope.VERIFY_NUMBER, Scope.STATUS_DETAIL}),
        ("POST", "/v1/holdings"): frozenset({Scope.LICENSE_RELATE}),
        ("POST", "/v1/retrievals"): frozenset({Scope.LICENSE_RETRIEVE}),
        ("POST", "/v1/imports"): frozenset({Scope.LICENSE_INGEST}),
        ("POST", "/v1/status-changes"): frozenset({Scope.LICENSE_REVOKE}),
        ("GET", "/v1/imports/{id}"): frozenset({Scope.LICENSE_INGEST, Scope.LICENSE_REVOKE}),
        ("POST", "/v1/disputes"): frozenset({Scope.VERIFY_NUMBER, Scope.STATUS_DETAIL}),
        ("GET", "/v1/disputes"): frozenset({Scope.LICENSE_INGEST, Scope.LICENSE_REVOKE}),
        ("POST", "/v1/disputes/{reference}/answer"): frozenset(
            {Scope.LICENSE_INGEST, Scope.LICENSE_REVOKE}
        ),
        ("GET", "/v1/disputes/{code}"): OPEN,  # the code is what lets in
        ("POST", "/v1/disputes/{code}/withdrawal"): OPEN,
        ("GET", "/v1/policies/{name}"): OPEN,
        ("POST", "/federation/v1/inquiries"): OPEN,  # the inquiry itself is signed by its asker
        ("POST", "/share/v1/verifyCertInfo"): OPEN,  # the caller is named in the envelope
        ("POST", "/share/v1/verifyFile"): OPEN,
        ("GET", "/v1/trust-list"): OPEN,
        ("GET", "/v1/trust-list/{publisher}"): OPEN,
        ("GET", "/v1/trust-list/{publisher}/{name}"): OPEN,
        ("GET", "/v1/trust/proposals"): _MAKE,
        ("POST", "/v1/trust/proposals"): _MAKE,  # who may, the signed text and its key tell
        ("GET", "/v1/trust/proposals/{number}"): _MAKE,
        ("POST", "/v1/trust/proposals/{number}/decisions"): _MAKE,
        ("GET", "/v1/issuers/{code}/health"): frozenset({Scope.ISSUER_READ, Scope.SYSTEM_OPS}),
        ("GET", "/v1/issuers/health"): frozenset({Scope.ISSUER_READ, Scope.SYSTEM_OPS}),
        ("GET", "/v1/issuers/disputes"): frozenset({Scope.ISSUER_READ}),
        ("GET", "/v1/statistics/verdicts"): frozenset({Scope.SYSTEM_OPS}),
        ("GET", "/v1/statistics/answer-times"): frozenset({Scope.SYSTEM_OPS}),
        ("GET", "/v1/trust/endings"): frozenset({Scope.SYSTEM_OPS}),
        ("GET", "/v1/conflicts"): frozenset({Scope.SYSTEM_OPS, Scope.AUDIT_READ}),
        ("GET", "/v1/audit"): frozenset({Scope.AUDIT_READ}),
        ("GET", "/metrics"): frozenset({Scope.SYSTEM_OPS}),
        ("GET", "/livez"): OPEN,
        ("GET", "/readyz"): OPEN,
        ("GET", "/.well-known/jwks.json"): OPEN,
        ("GET", "/"): OPEN,
        ("POST", "/"): OPEN,  # takes what verifying takes, and says so as a page
        ("GET", "/issuers"): OPEN,
        ("GET", "/types"): OPEN,
        ("GET", "/help"): OPEN,
        ("GET", "/console"): OPEN,  # operators log in there; nobody where it is not served
        ("POST", "/console/login"): OPEN,
        ("POST", "/console/logout"): OPEN,
        ("GET", "/console/key"): OPEN,
        ("POST", "/console/key"): OPEN,
        ("POST", "/console/proposals"): OPEN,  # within a session, signed by whose session it is
        ("GET", "/console/proposals/{number}"): OPEN,
        ("POST", "/console/proposals/{number}"): OPEN,
        ("GET", "/console/proposals/{number}/signed"): OPEN,
        ("GET", "/console/{section}"): OPEN,
        ("GET", "/wrong"): OPEN,
        ("POST", "/wrong"): OPEN,  # within the limits of disputes
        ("POST", "/wrong/about"): OPEN,
        ("POST", "/wrong/follow"): OPEN,
        ("POST", "/wrong/withdraw"): OPEN,
        ("GET", "/r"): OPEN,
        ("POST", "/r"): OPEN,
        ("GET", "/r/{code}"): OPEN,
    }
)
"""Method and path → scopes of which one is enough. A test holds it against the routes there are."""


DRAWN: Final = frozenset(
    {
        "/readyz",
        "/v1/disputes/{code}",
        "/v1/disputes/{code}/withdrawal",
        *(path for _, path in ROUTES if "trust-list" in path),
    }
)
"""Open, and yet they cost the database something: so many a minute for one address."""


class Forbidden(ServiceError):
    """A caller without the scope; it is named, since the caller knows what it asked for."""

    def __init__(self, wanted: frozenset[Scope]) -> None:
        super().__init__("needs one of: " + ", ".join(sorted(wanted)))


class Limited(Busy):
    """Over a limit; names which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """How much whom; per minute unless said otherwise."""

    anonymous: int = 10
    anonymous_per_day: int = 100
    license: int = 30
    """One license by its number, by anybody of the public: it is asked about, not collected."""
    trusted_proxies: tuple[str, ...] = ()
    """CIDR networks whose X-Forwarded-For is believed."""


def client_address(request: Request, trusted: Sequence[str]) -> str | None:
    """The client's network: /32 or, since one household has 2^64 of them, /64.

    A forwarded address is believed from trusted proxies only, and only the one they added.
    """
    peer = request.client.host if request.client else None
    if not trusted:
        return _prefix(peer)
    lines = request.headers.getlist("x-forwarded-for")  # a proxy may add a line, or to a line
    hops = [hop.strip() for hop in ",".join(lines).split(",")]
    networks = [ipaddress.ip_network(network) for network in trusted]
    while peer is not None and hops and hops[-1] and _within(peer, networks):
        peer = hops.pop()
    return _prefix(peer)


def _within(text: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)


@lru_cache(maxsize=1024)
def _prefix(text: str | None) -> str | None:
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    bits = 32 if address.version == 4 else 64  # noqa: PLR2004
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def limits_for(admission: Admission, address: str | None, quotas: Quotas) -> list[Limit]:
    """The buckets one request draws on."""
    caller = admission.caller
    found = []
    if caller.anonymous:
        who = address or "unknown"
        found.append(Limit("address", who, quotas.anonymous, quotas.anonymous / 60))
        day = quotas.anonymous_per_day
        found.append(Limit("address-day", who, day, day / 86_400))
    else:
        most = admission.per_minute or quotas.anonymous
        found.append(Limit("caller", caller.id, most, most / 60))
    return found


def asker_of(
    caller: Caller, address: str | None, operator: str | None, *, max_length: int = 64
) -> Asker:
    """Whoever asks, for report and audit log. Raises `Refused` for an overlong operator."""
    if operator is not None and not 0 < len(operator) <= max_length:
        raise Refused("x-operator", f"a name or number of at most {max_length} characters")
    tenant = caller.tenant
    return Asker(
        caller=caller.id,
        tenant=tenant.id if tenant else None,
        organisation=tenant.code if tenant else None,
        region=tenant.region if tenant else None,
        operator=None if caller.anonymous else operator,
        address=address,
    )


def require(caller: Caller, *wanted: Scope) -> None:
    """Raise `Forbidden` unless the caller has one of these."""
    if not any(caller.may(scope) for scope in wanted):
        raise Forbidden(frozenset(wanted))


def allowed_purpose(caller: Caller, purpose: str | None) -> str:
    """The purpose of use (用证事由), which a named caller has to state.

    Raises `Refused`: it names the field and what the caller may state.
    """
    if caller.anonymous:
        if purpose not in (None, PUBLIC_CHECK):
            raise Refused("purpose", f"callers without an account have {PUBLIC_CHECK} only")
        return PUBLIC_CHECK
    known = ", ".join(sorted(caller.purposes))
    if purpose is None:
        raise Refused("purpose", f"state why the license is checked, one of: {known}")
    if purpose not in caller.purposes:
        raise Refused("purpose", f"is none of yours: {known}")
    return purpose


def scopes_of(request: Request) -> frozenset[Scope] | None:
    """What this route takes; None for a route that is in no table."""
    return ROUTES.get((request.method, path_of(request)))


def path_of(request: Request) -> str:
    """The route's, with its placeholders."""
    return getattr(request.scope.get("route"), "path", "")
