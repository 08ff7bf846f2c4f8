"""People who look after this node by its console, and their sessions."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.caller import Scope
from app.models.base import Base, some_of

LOOKING = (
    Scope.ISSUER_READ,
    Scope.TRUST_PROPOSE,
    Scope.TRUST_APPROVE,
    Scope.AUDIT_READ,
    Scope.SYSTEM_OPS,
)
"""What an operator may be allowed to see."""


class OperatorRow(Base):
    """Somebody with a password and a one-time code. Never deleted: audit rows name them."""

    __tablename__ = "operator"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="name"),
        some_of("scopes", LOOKING),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    scopes: Mapped[list[str]]
    password: Mapped[str]
    """As `app.crypto.passwords` keeps it."""
    totp: Mapped[bytes] = mapped_column(LargeBinary)
    """The secret of the codes, encrypted."""
    totp_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The last step a code was taken of: none is taken twice."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """In a row."""
    locked_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OperatorSessionRow(Base):
    """A session, under the digest of its token: who reads this table cannot take one over."""

    __tablename__ = "operator_session"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    operator: Mapped[str] = mapped_column(ForeignKey("operator.name"), index=True)
    begun_at: Mapped[datetime]
    used_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
