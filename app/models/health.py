"""How issuers fared, minute by minute: sums that workers add to, and nothing of any license."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Double
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class IssuerHealthRow(Base):
    """One body's endpoint in one minute, by the calls of all workers."""

    __tablename__ = "issuer_health"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    """Whose endpoint was asked; no foreign key, so that writing it waits for nobody."""
    minute: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    asked: Mapped[int] = mapped_column(BigInteger)
    answered: Mapped[int] = mapped_column(BigInteger)
    repeated: Mapped[int] = mapped_column(BigInteger)
    """Answers given again from memory, or to several who asked at once."""
    rested: Mapped[int] = mapped_column(BigInteger)
    """Questions not sent because the breaker was open."""
    retried: Mapped[int] = mapped_column(BigInteger)
    probes: Mapped[int] = mapped_column(BigInteger)
    """Of `asked`, those nobody asked for."""
    conflicts: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float] = mapped_column(Double)
    """Sum over `asked`."""
    slots: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """Calls by time, in the slots of `app.domain.conduct`."""
    silences: Mapped[list[str]]
    """Words of `Silence`, with their counts in `silent`."""
    silent: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
