"""Which keys rows stand under, and how far a replacement of keys is.

Revision: 0016, after 0015
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | Sequence[str] | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "key_version",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.CheckConstraint("purpose IN ('index', 'field')", name=op.f("ck_key_version_purpose")),
        sa.PrimaryKeyConstraint("purpose", name="pk_key_version"),
    )
    op.execute("INSERT INTO key_version (purpose, newest) VALUES ('index', 0), ('field', 0)")
    op.create_table(
        "key_rotation",
        sa.Column("index_version", sa.Integer(), nullable=False),
        sa.Column("field_version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "stage IN ('numbers', 'records', 'done')", name=op.f("ck_key_rotation_stage")
        ),
        sa.CheckConstraint(
            "(stage = 'done') = (finished_at IS NOT NULL)", name=op.f("ck_key_rotation_finished")
        ),
        sa.PrimaryKeyConstraint("index_version", "field_version", name="pk_key_rotation"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_table("key_rotation")
    op.drop_table("key_version")
