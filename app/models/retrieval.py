"""Bodies that give their documents (调阅), and where."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class RetrievalOfferRow(Base):
    """One for each body that offers it."""

    __tablename__ = "retrieval_offer"
    __table_args__ = (CheckConstraint("cardinality(origins) > 0", name="origins"),)

    issuer: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    url: Mapped[str]
    """Where documents are asked for."""
    origins: Mapped[list[str]]
    """Scheme, host and port to which its links may lead."""
    networks: Mapped[list[str]]
    """CIDR networks, other than public addresses, that the operator opened for it."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
