"""任务: uploads answered in the background. The schema `queue` is procrastinate's (ADR 0031)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.job import ItemForm, JobKind, JobState
from app.models.base import Base, one_of


class JobRow(Base):
    """An upload and how far it is; deleted, with everything of it, when it expires."""

    __tablename__ = "job"
    __table_args__ = (
        one_of("kind", JobKind),
        one_of("state", JobState),
        Index("ix_job_open", "state", postgresql_where=text("state IN ('stored', 'running')")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    caller: Mapped[str] = mapped_column(ForeignKey("caller.id"))
    kind: Mapped[str]
    state: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """For whom, and under which terms: encrypted, bound to the id."""
    items: Mapped[int | None]
    problem: Mapped[str | None]
    """Why the upload was refused; nothing of what stood in it."""
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    """Workers that began to read the upload, and have neither read it nor let it go."""
    tried_by: Mapped[str | None]
    """The last of them."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class JobPieceRow(Base):
    """A piece of an upload, encrypted; deleted when its items are counted."""

    __tablename__ = "job_piece"

    job: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class JobItemRow(Base):
    """One item; answered in the transaction that keeps its verdict, and only once."""

    __tablename__ = "job_item"
    __table_args__ = (
        one_of("form", ItemForm),
        CheckConstraint(
            "(answered_at IS NULL) = (verification IS NULL AND problem IS NULL)", name="answered"
        ),
        CheckConstraint("verification IS NULL OR problem IS NULL", name="one_answer"),
        CheckConstraint("(answered_at IS NULL) = (content IS NOT NULL)", name="content"),
        Index("ix_job_item_open", "job", "no", postgresql_where=text("answered_at IS NULL")),
    )

    job: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    """From 1."""
    line: Mapped[int]
    label: Mapped[bytes] = mapped_column(LargeBinary)
    """The caller's name for it, encrypted."""
    form: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted; gone when it is answered."""
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    """Workers that began it, and have neither answered it nor let it go."""
    tried_by: Mapped[str | None]
    """The last of them."""
    verification: Mapped[str | None]
    problem: Mapped[str | None]
    answered_at: Mapped[datetime | None]
