"""数据质量异议: disputes about records, and how each came to where it is."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.dispute import By, DisputeState, Element
from app.models.base import Base, one_of

_OPEN = "flagged_at IS NOT NULL AND ended_at IS NULL"


class DisputeRow(Base):
    """One dispute. Its code stands nowhere: the reference is made from it, and opens nothing."""

    __tablename__ = "dispute"
    __table_args__ = (
        one_of("element", Element),
        one_of("state", DisputeState),
        CheckConstraint("reference ~ '^[0-9A-Z]{20}$'", name="reference"),
        CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('corrected', 'rejected', 'withdrawn'))",
            name="ended",
        ),
        CheckConstraint("flagged_at IS NULL OR record IS NOT NULL", name="flagged"),
        # Open flags are few, whatever the number of licenses: this is all that a look-up reads.
        Index("ix_dispute_flagged", "record", postgresql_where=_OPEN),
        Index("ix_dispute_issuer", "issuer", "filed_at"),
    )

    reference: Mapped[str] = mapped_column(primary_key=True)
    record: Mapped[str | None]
    """Identifier of the record; NULL: none was found, or none is meant."""
    named: Mapped[str | None]
    """证照标识 as filed; NULL: filed by number, which is sealed."""
    type: Mapped[str]
    issuer: Mapped[str | None] = mapped_column(ForeignKey("issuer.code"))
    """Whose record it is; who answers today is found through `succession`."""
    element: Mapped[str]
    state: Mapped[str]
    tenant: Mapped[str | None] = mapped_column(ForeignKey("tenant.id"))
    filed_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    flagged_at: Mapped[datetime | None]
    """From when the record is shown as disputed; NULL: whoever filed it did not know the holder."""
    ended_at: Mapped[datetime | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What was said and of whom, encrypted; NULL once it is withdrawn."""


class DisputeStepRow(Base):
    """One state of a dispute, in order. Appended, never changed."""

    __tablename__ = "dispute_step"

    reference: Mapped[str] = mapped_column(ForeignKey("dispute.reference"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    state: Mapped[str]
    by: Mapped[str]
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What the issuer said with it, encrypted."""

    __table_args__ = (
        one_of("state", DisputeState),
        one_of("by", By),
        CheckConstraint("seq > 0", name="seq"),
    )
