"""Keys of this node as the tables know them: which are in use, and which are being replaced."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class KeyVersionRow(Base):
    """The newest version under which anything may stand. Two rows, always there."""

    __tablename__ = "key_version"
    __table_args__ = (CheckConstraint("purpose IN ('index', 'field')", name="purpose"),)

    purpose: Mapped[str] = mapped_column(primary_key=True)
    newest: Mapped[int]
    """0: nobody has said so yet."""


class KeyRotationRow(Base):
    """One replacement of keys, and how far it is; at most one is under way."""

    __tablename__ = "key_rotation"
    __table_args__ = (
        CheckConstraint("stage IN ('numbers', 'records', 'done')", name="stage"),
        CheckConstraint("(stage = 'done') = (finished_at IS NOT NULL)", name="finished"),
    )

    index_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """What is found by a number is brought under this version of the index key."""
    field_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """What is sealed is brought under this version of the field key."""
    stage: Mapped[str]
    """`numbers` first, then `records`."""
    at: Mapped[str]
    """Everything up to it is done: a hash in hexadecimal, or an identifier; with its stage."""
    seen: Mapped[int] = mapped_column(BigInteger)
    """Rows looked at."""
    moved: Mapped[int] = mapped_column(BigInteger)
    """Rows brought under the new keys."""
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
