"""Nodes that may ask this one, their keys, and the questions they have used up."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.issuer import PeerScope
from app.domain.scheme import Scheme
from app.models.base import Base, in_order, one_of, some_of


class PeerNodeRow(Base):
    """A node. Never deleted: it is revoked."""

    __tablename__ = "peer_node"
    __table_args__ = (
        CheckConstraint("id ~ '^[a-z0-9][a-z0-9.-]{2,62}$'", name="id"),
        some_of("scopes", PeerScope),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """Its name in inquiries: `iss`, and in `via`."""
    scopes: Mapped[list[str]]
    revoked_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PeerKeyRow(Base):
    """A public key under which a node signs inquiries."""

    __tablename__ = "peer_key"
    __table_args__ = (one_of("scheme", Scheme), in_order("not_before", "not_after"))

    node: Mapped[str] = mapped_column(ForeignKey("peer_node.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    scheme: Mapped[str]
    spki: Mapped[bytes] = mapped_column(LargeBinary)
    not_before: Mapped[datetime]
    not_after: Mapped[datetime | None]
    """Excluded; NULL is open."""
    revoked_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UsedInquiryRow(Base):
    """The `jti` of an inquiry, until it could not be used any more."""

    __tablename__ = "used_inquiry"

    node: Mapped[str] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
