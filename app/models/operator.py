"""People who look after this node by its console, and their sessions."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.caller import Scope
from app.domain.scheme import Scheme
from app.models.base import Base, one_of, some_of

LOOKING = (
    Scope.ISSUER_READ,
    Scope.TRUST_PROPOSE,
    Scope.TRUST_APPROVE,
    Scope.AUDIT_READ,
    Scope.SYSTEM_OPS,
)
"""What an operator may be allowed to see."""


class OperatorRow(Base):
    """Somebody with a password and one-time codes, or a key, or both. Never deleted: audit rows
    name them.
    """

    __tablename__ = "operator"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="name"),
        some_of("scopes", LOOKING),
        one_of("key_scheme", Scheme),
        CheckConstraint("(password IS NULL) = (totp IS NULL)", name="password_totp"),
        CheckConstraint("num_nulls(key_id, key_scheme, key_spki) IN (0, 3)", name="key"),
        CheckConstraint("password IS NOT NULL OR key_id IS NOT NULL", name="way_in"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    scopes: Mapped[list[str]]
    password: Mapped[str | None]
    """As `app.crypto.passwords` keeps it."""
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secret of the codes, encrypted."""
    totp_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The last step a code was taken of: none is taken twice."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """Times that somebody had half of what it takes, since `failed_at`."""
    failed_at: Mapped[datetime | None]
    """The first of them that still counts."""
    locked_until: Mapped[datetime | None]
    key_id: Mapped[str | None] = mapped_column(unique=True)
    """RFC 7638 thumbprint of the public half; the other half never leaves its owner."""
    key_scheme: Mapped[str | None]
    key_spki: Mapped[bytes | None] = mapped_column(LargeBinary)
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


class OperatorAnswerRow(Base):
    """A challenge that was answered by a key, until it would have ended: answered once."""

    __tablename__ = "operator_answer"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)
