"""Tenants, callers, their keys, and the assertions they have used up."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, func
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.caller import Scope
from app.domain.scheme import Scheme
from app.models.base import Base, one_of, some_of


class TenantRow(Base):
    """An organisation."""

    __tablename__ = "tenant"
    __table_args__ = (CheckConstraint("id ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    code: Mapped[str | None]
    region: Mapped[str | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TenantIssuerRow(Base):
    """An issuer in whose name a tenant may push records, beside the tenant itself."""

    __tablename__ = "tenant_issuer"

    tenant: Mapped[str] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    issuer: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    revoked_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CallerRow(Base):
    """A system of a tenant. Never deleted: audit rows name it."""

    __tablename__ = "caller"
    __table_args__ = (
        CheckConstraint("id ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="id"),
        some_of("scopes", Scope),
        CheckConstraint("cardinality(purposes) > 0", name="purposes"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    scopes: Mapped[list[str]]
    purposes: Mapped[list[str]]
    per_minute: Mapped[int]
    """Requests; its contract."""
    revoked_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKeyRow(Base):
    """A secret, as its keyed hash; shown once, when it is made."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The public part."""
    caller: Mapped[str] = mapped_column(ForeignKey("caller.id"))
    key_version: Mapped[int]
    """Of the node's index key."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CallerKeyRow(Base):
    """A public key under which a caller signs assertions."""

    __tablename__ = "caller_key"
    __table_args__ = (one_of("scheme", Scheme),)

    key_id: Mapped[str] = mapped_column(primary_key=True)
    """RFC 7638 thumbprint."""
    caller: Mapped[str] = mapped_column(ForeignKey("caller.id"))
    scheme: Mapped[str]
    spki: Mapped[bytes] = mapped_column(LargeBinary)
    revoked_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UsedAssertionRow(Base):
    """The `jti` of an assertion, until it would have expired: used once, and never again."""

    __tablename__ = "used_assertion"

    caller: Mapped[str] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class BucketRow(Base):
    """A token bucket, shared by all workers. Unlogged: after a crash everybody starts afresh."""

    __tablename__ = "bucket"
    __table_args__: Any = ({"prefixes": ["UNLOGGED"]},)

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Keyed hash of what is limited."""
    tokens: Mapped[float] = mapped_column(DOUBLE_PRECISION)
    at: Mapped[datetime]
