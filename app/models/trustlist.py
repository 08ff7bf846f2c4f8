"""Followed trust lists (信任清单): sources, every list that was accepted, what was refused."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.trustlist import Refusal
from app.models.base import Base, in_order, one_of

_SHA256 = "'^[0-9a-f]{64}$'"
PUBLISHER = "'^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$'"


class TrustSourceRow(Base):
    """A publisher this node follows, in the operator's order, and how far it has come."""

    __tablename__ = "trust_source"
    __table_args__ = (
        CheckConstraint(f"publisher ~ {PUBLISHER}", name="publisher"),
        CheckConstraint("(held = 0) = (address IS NULL)", name="held"),
        CheckConstraint(f"address ~ {_SHA256}", name="address"),
        Index("uq_trust_source_ordinal", "ordinal", unique=True),
    )

    publisher: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int]
    """Asked from the lowest up."""
    url: Mapped[str | None]
    """Base of `latest.json` and `{number}.json`; NULL: published here, or brought in by hand."""
    networks: Mapped[list[str]]
    """CIDR networks, other than public addresses, that the operator opened: for the list, and for
    the endpoints it names."""
    pinned: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """`signers` of the first list that may be accepted, as the operator pinned them."""
    demonstration: Mapped[bool]
    own: Mapped[bool] = mapped_column(server_default=text("false"))
    """This node publishes it."""
    held: Mapped[int] = mapped_column(server_default=text("0"))
    """Number of the held list; 0: none yet."""
    address: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    """When a pull last began."""
    good_at: Mapped[datetime | None]
    """When the publisher last served what was held or accepted."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TrustListRow(Base):
    """An accepted list, as it was received. Never changed, never deleted."""

    __tablename__ = "trust_list"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(f"address ~ {_SHA256}", name="address"),
        in_order("issued_at", "expires_at"),
        Index("ix_trust_list_address", "address"),
    )

    publisher: Mapped[str] = mapped_column(ForeignKey("trust_source.publisher"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    """SHA-256 of the payload, hexadecimal."""
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    """The signed form."""
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime]
    withdrawals: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Everything this publisher has taken away so far, this list and all before it."""


class TrustRefusalRow(Base):
    """What was refused, once for each thing served and reason."""

    __tablename__ = "trust_refusal"
    __table_args__ = (
        one_of("refusal", Refusal),
        CheckConstraint("times > 0", name="times"),
    )

    publisher: Mapped[str] = mapped_column(ForeignKey("trust_source.publisher"), primary_key=True)
    refusal: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    """Of what was offered; empty where nothing could be read."""
    number: Mapped[int | None]
    detail: Mapped[str]
    """Places and limits; never content."""
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]
