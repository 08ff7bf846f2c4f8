"""归集: batches of rows as they come in, how far each is, and which rows were bad."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.batch import Kind
from app.models.base import Base, one_of


class ImportBatchRow(Base):
    """One batch of one issuer. What `lines` counts is on disk: merged, or noted as bad."""

    __tablename__ = "import_batch"
    __table_args__ = (
        one_of("kind", Kind),
        CheckConstraint("batch ~ '^[A-Za-z0-9_-]{1,64}$'", name="batch"),
        CheckConstraint("octet_length(chain) = 32", name="chain"),
    )

    issuer: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    batch: Mapped[str] = mapped_column(primary_key=True)
    """The sender's name for it."""
    kind: Mapped[str]
    tenant: Mapped[str | None]
    """Whose it is; NULL: of the command line."""
    as_of: Mapped[datetime]
    """When its first line came: of rows that do not say when they were made."""
    lines: Mapped[int] = mapped_column(BigInteger, default=0)
    """Acknowledged, from the first without a gap."""
    added: Mapped[int] = mapped_column(BigInteger, default=0)
    changed: Mapped[int] = mapped_column(BigInteger, default=0)
    unchanged: Mapped[int] = mapped_column(BigInteger, default=0)
    """Known already, or overtaken by something newer."""
    bad: Mapped[int] = mapped_column(BigInteger, default=0)
    key_version: Mapped[int]
    """Of the node's index key, for `chain`."""
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed hash over all acknowledged lines: other lines under the same name are found out."""
    finished_at: Mapped[datetime | None]
    """Its last line was acknowledged; it takes no more."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ImportFaultRow(Base):
    """A row that was not taken, and why; never what stood in it."""

    __tablename__ = "import_fault"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    field: Mapped[str]
    fix: Mapped[str]
