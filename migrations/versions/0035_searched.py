"""Indexes by which the audit log and verdicts that conflict are searched by time.

Without them a search reads the whole log: 0.8 s of a million rows, where a statement is given two.
Writes wait while they are built, some 2 s a million rows; every answer writes a row, so a node with
many goes to this revision while nobody asks.

Revision: 0035, after 0034
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | Sequence[str] | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index(
        "ix_verification_conflict", "verification", ["at"], postgresql_where=sa.text("conflict")
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_index("ix_verification_conflict", "verification")
    op.drop_index("ix_audit_at", "audit")
