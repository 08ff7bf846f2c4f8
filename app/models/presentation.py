"""亮证: codes that phones show for a minute, once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, in_order


class PresentationRow(Base):
    """A code that was given out, as its keyed hash; what it stands for is encrypted."""

    __tablename__ = "presentation"
    __table_args__ = (
        CheckConstraint("octet_length(hash) = 32", name="hash"),
        in_order("made_at", "expires_at"),
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """What would be verified, under the field key, bound to the hash."""
    caller: Mapped[str] = mapped_column(ForeignKey("caller.id"))
    tenant: Mapped[str]
    audience: Mapped[str]
    """A tenant, or `public`."""
    purpose: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    """Set once, before the question is asked."""
