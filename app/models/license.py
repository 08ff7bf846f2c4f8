"""What is known of every license: its record, its history, its issuer's own words.

All are partitioned by identifier: whoever asks names one, and touches one partition.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.issuer import State
from app.domain.scheme import Scheme
from app.models.base import Base, in_order, one_of

BY_IDENTIFIER = {"postgresql_partition_by": "HASH (identifier)"}


class LicenseRow(Base):
    """证照元数据; what in it is somebody's is sealed."""

    __tablename__ = "license"
    __table_args__ = (
        CheckConstraint("valid_from <= valid_until", name="valid_from_valid_until"),
        BY_IDENTIFIER,
    )

    identifier: Mapped[str] = mapped_column(primary_key=True)
    """证照标识."""
    type: Mapped[str] = mapped_column(ForeignKey("license_type.code"))
    issuer: Mapped[str] = mapped_column(ForeignKey("issuer.code"))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    """Last day in force, Beijing time; NULL with long_term is 长期."""
    long_term: Mapped[bool] = mapped_column(server_default=text("false"))
    issued_on: Mapped[date | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Number, name and holders, encrypted; NULL: none were told."""
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of all that was told: what comes again unchanged is not written again."""
    as_of: Mapped[datetime | None]
    """When its issuer's system said so; what is older does not replace it."""
    known_since: Mapped[datetime] = mapped_column(server_default=func.now())
    """When this node first heard of it."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it became as it is."""


class LicenseKeyRow(Base):
    """What a license is found by, other than its identifier: type and number, or a body's code.

    Keys are added and never taken back: a record that no longer has it is not shown for it.
    """

    __tablename__ = "license_key"
    __table_args__ = (
        CheckConstraint("octet_length(hmac) = 32", name="hmac"),
        {"postgresql_partition_by": "HASH (hmac)"},
    )

    hmac: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Nested under every version of the index key up to `version`."""
    identifier: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


class LicenseStatusRow(Base):
    """State over time, and when we knew it. Rows are added and closed, never overwritten."""

    __tablename__ = "license_status"
    __table_args__ = (
        one_of("state", State),
        in_order("since", "until"),
        in_order("recorded_at", "replaced_at"),
        BY_IDENTIFIER,
    )

    identifier: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    """From when the state holds."""
    recorded_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    """From when we knew."""
    until: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
    """Until when we thought so; NULL: we still do."""
    state: Mapped[str]
    successor: Mapped[str | None]
    """证照标识 of the license that took its place."""


class StatementRow(Base):
    """A status as the issuer signed it unasked. Kept as it came: it is the issuer's word."""

    __tablename__ = "statement"
    __table_args__ = (
        CheckConstraint("code BETWEEN 0 AND 3", name="code"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        one_of("scheme", Scheme),
        BY_IDENTIFIER,
    )

    identifier: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Of `token`: said twice is kept once."""
    code: Mapped[int]
    """GB/T 36906 result code, 0 to 3."""
    since: Mapped[datetime | None]
    owner: Mapped[str] = mapped_column(ForeignKey("issuer.code"))
    """Whose key signed."""
    key_id: Mapped[str]
    token: Mapped[str]
    scheme: Mapped[str | None]
    """By which it was verified when it came (密评); NULL: kept before that was noted."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
