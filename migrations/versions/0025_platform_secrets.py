"""Secrets of exchange platforms, shared by the workers of a node.

Revision: 0025, after 0024
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | Sequence[str] | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "platform_secret",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("refresh", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("ends_at", _TIME, nullable=True),
        sa.Column("renew_at", _TIME, nullable=True),
        sa.Column("fetching_until", _TIME, nullable=True),
        sa.Column("recorded_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(
            "(sealed IS NULL) = (ends_at IS NULL) AND (sealed IS NULL) = (renew_at IS NULL)",
            name=op.f("ck_platform_secret_whole"),
        ),
        sa.PrimaryKeyConstraint(
            "issuer", "base", "refresh", "requester", name="pk_platform_secret"
        ),
    )


def downgrade() -> None:
    op.drop_table("platform_secret")
