"""Certification authorities the operator trusts, those below them, and what they revoked."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, false, func
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.certificate import Purpose
from app.models.base import Base, in_order, some_of

_SHA256 = "'^[0-9a-f]{64}$'"


class AnchorRow(Base):
    """信任锚: an authority, the purposes it is trusted for, and when."""

    __tablename__ = "anchor"
    __table_args__ = (
        CheckConstraint(f"sha256 ~ {_SHA256}", name="sha256"),
        some_of("purposes", Purpose),
        in_order("since", "until"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    """Of the certificate, hexadecimal."""
    der: Mapped[bytes] = mapped_column(LargeBinary)
    purposes: Mapped[list[str]]
    region: Mapped[str | None]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    """Excluded; NULL is open. An anchor is never deleted: what it vouched for stays explained."""
    egov_ca: Mapped[bool | None]
    """电子政务电子认证服务机构; NULL: unknown."""
    organisation_verified: Mapped[bool] = mapped_column(server_default=false())
    """It verifies the organisation codes it writes into O."""
    # The time of the change and not of its transaction's begin, which may lie before a later one's.
    changed_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class IntermediateRow(Base):
    """A certificate below an anchor, trusted for nothing by itself."""

    __tablename__ = "intermediate"
    __table_args__ = (CheckConstraint(f"sha256 ~ {_SHA256}", name="sha256"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class RevocationListRow(Base):
    """证书撤销列表, as imported; whether it counts is judged at each use."""

    __tablename__ = "revocation_list"
    __table_args__ = (
        CheckConstraint(f"sha256 ~ {_SHA256}", name="sha256"),
        Index("ix_revocation_list_issuer", "issuer", "this_update"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    """SHA-256 of the authority's encoded name, hexadecimal."""
    der: Mapped[bytes] = mapped_column(LargeBinary)
    this_update: Mapped[datetime]
    next_update: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class OcspResponseRow(Base):
    """An OCSP response about one certificate; whether it counts is judged at each use."""

    __tablename__ = "ocsp_response"
    __table_args__ = (
        CheckConstraint(f"sha256 ~ {_SHA256}", name="sha256"),
        CheckConstraint(f"authority ~ {_SHA256}", name="authority"),
        Index("ix_ocsp_response_certificate", "authority", "serial", "this_update"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    authority: Mapped[str]
    """SHA-256 of the certificate of who issued the one it is about, hexadecimal."""
    serial: Mapped[str]
    """Of the certificate it is about, hexadecimal."""
    revoked: Mapped[bool]
    der: Mapped[bytes] = mapped_column(LargeBinary)
    this_update: Mapped[datetime]
    next_update: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class RevocationSourceRow(Base):
    """Where a revocation list is fetched from, by the operator's word, and how that went last."""

    __tablename__ = "revocation_source"

    url: Mapped[str] = mapped_column(primary_key=True)
    networks: Mapped[list[str]]
    """Private networks opened for this source, CIDR."""
    checked_at: Mapped[datetime | None]
    """When a worker began to fetch last."""
    good_at: Mapped[datetime | None]
    """When a list that counts was there last, new or not."""
    failure: Mapped[str | None]
    """Why the last fetch brought none; NULL: it did."""
