"""What an issuer's own seals leave open and are not refused for (签章范围).

Revision: 0012, after 0011
Created: 2026-11-25
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0012"
down_revision: str | Sequence[str] | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute("ALTER TABLE issuer ADD COLUMN tolerated_gaps text[] DEFAULT '{}' NOT NULL")
    op.execute(
        "ALTER TABLE issuer ADD CONSTRAINT ck_issuer_tolerated_gaps "
        "CHECK (tolerated_gaps <@ ARRAY['attachment'])"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.execute("ALTER TABLE issuer DROP COLUMN tolerated_gaps")
