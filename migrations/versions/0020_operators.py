"""Operators of the console, and their sessions.

Revision: 0020, after 0019
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | Sequence[str] | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)
_SCOPES = "'issuer:read', 'trust:propose', 'trust:approve', 'audit:read', 'system:ops'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "operator",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("totp", sa.LargeBinary(), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("recorded_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name=op.f("ck_operator_name")),
        sa.CheckConstraint(
            f"scopes <@ ARRAY[{_SCOPES}] AND cardinality(scopes) > 0",
            name=op.f("ck_operator_scopes"),
        ),
        sa.PrimaryKeyConstraint("name", name="pk_operator"),
    )
    op.create_table(
        "operator_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("begun_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
        sa.CheckConstraint(
            "octet_length(digest) = 32", name=op.f("ck_operator_session_digest")
        ),
        sa.ForeignKeyConstraint(
            ["operator"], ["operator.name"], name="fk_operator_session_operator"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_operator_session"),
    )
    op.create_index("ix_operator_session_operator", "operator_session", ["operator"])
    op.create_index("ix_operator_session_ends_at", "operator_session", ["ends_at"])


def downgrade() -> None:
    op.drop_table("operator_session")
    op.drop_table("operator")
