"""What this node did: every verification, and when it first saw every file."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.verdict import Conclusion, Subject
from app.domain.verification import Basis
from app.models.base import Base, one_of


class VerificationRow(Base):
    """One verification as it was answered. Appended; nothing but `expires_at` ever changes."""

    __tablename__ = "verification"
    __table_args__ = (
        one_of("conclusion", Conclusion),
        # The catalogue grows with every format: its form is checked here, its words in the domain.
        CheckConstraint("reason ~ '^[a-z0-9_]{1,64}$'", name="reason"),
        one_of("subject", Subject),
        one_of("basis", Basis),
        CheckConstraint("(conclusion = 'valid') = (reason IS NULL)", name="conclusion_reason"),
        CheckConstraint(
            "CASE basis WHEN 'facts' THEN 0 WHEN 'digests' THEN 1 ELSE 2 END"
            " = num_nonnulls(sha256, sm3)",
            name="digests",
        ),
        CheckConstraint("octet_length(sha256) = 32 AND octet_length(sm3) = 32", name="lengths"),
        Index("ix_verification_at", "at"),
        Index("ix_verification_conflict", "at", postgresql_where=text("conflict")),
        {"postgresql_partition_by": "HASH (id)"},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """A capability: who has it may read the report."""
    at: Mapped[datetime]
    conclusion: Mapped[str]
    reason: Mapped[str | None]
    subject: Mapped[str]
    basis: Mapped[str]
    policy: Mapped[str]
    issuer: Mapped[str | None]
    """The registered one; what a document claims without being registered stays in `facts`."""
    type: Mapped[str | None]
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of the file; NULL for facts: a few facts can be guessed back from their digest. Of one that
    stayed with the caller, the one of the two that was stated."""
    sm3: Mapped[bytes | None] = mapped_column(LargeBinary)
    tenant: Mapped[str | None]
    """Whose report it is; NULL: asked anonymously."""
    expires_at: Mapped[datetime | None]
    """After this the id no longer opens the report, nor its code. Of a tenant's: until then others
    may confirm it; NULL: they may not."""
    conflict: Mapped[bool] = mapped_column(server_default=text("false"))
    facts: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    """`app.domain.facts.Facts`; NULL where the bytes could not be read."""
    answer: Mapped[Any] = mapped_column(JSONB)
    evidence: Mapped[Any] = mapped_column(JSONB)
    """As judged, to be compared with when the facts are judged again."""
    report: Mapped[Any] = mapped_column(JSONB)
    jws: Mapped[str]
    """The report signed by this node."""


class FirstSeenRow(Base):
    """When this node first recorded a file; outlives the verification it comes from."""

    __tablename__ = "first_seen"
    __table_args__ = (
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        {"postgresql_partition_by": "HASH (sha256)"},
    )

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    at: Mapped[datetime]
