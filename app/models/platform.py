"""Secrets of exchange platforms (数据共享交换平台), shared by the workers of a node."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class PlatformSecretRow(Base):
    """The one that is in use, and who fetches the next."""

    __tablename__ = "platform_secret"
    __table_args__ = (
        CheckConstraint(
            "(sealed IS NULL) = (ends_at IS NULL) AND (sealed IS NULL) = (renew_at IS NULL)",
            name="whole",
        ),
    )

    issuer: Mapped[str] = mapped_column(primary_key=True)
    """Registered, or named by a followed list."""
    base: Mapped[str] = mapped_column(primary_key=True)
    """Scheme, host and port."""
    refresh: Mapped[str] = mapped_column(primary_key=True)
    """Path where secrets are given out."""
    requester: Mapped[str] = mapped_column(primary_key=True)
    """As the platform names this node."""
    number: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Secrets put here so far."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secret, encrypted; None: none yet."""
    ends_at: Mapped[datetime | None]
    renew_at: Mapped[datetime | None]
    fetching_until: Mapped[datetime | None]
    """Until then one worker has the turn to fetch the next; past it the turn is anybody's."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
