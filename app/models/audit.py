"""The audit log: appended, chained, never changed."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AuditRow(Base):
    """One event in its chain. A trigger refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "audit"
    __table_args__ = (
        CheckConstraint("seq > 0", name="seq"),
        CheckConstraint("octet_length(digest) = 32 AND octet_length(hash) = 32", name="lengths"),
        Index("ix_audit_at", "at"),
    )

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    tenant: Mapped[str | None]
    operation: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """`app.domain.audit.AuditEvent.canonical`."""
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """SM3 of the body."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256(previous hash ‖ seq, 8 bytes big-endian ‖ digest)."""


class AuditChainRow(Base):
    """Where each chain stands; locked by whoever appends."""

    __tablename__ = "audit_chain"

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHeadRow(Base):
    """All chains at one moment, signed by this node: a log cut off after it is found out."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    jws: Mapped[str]
