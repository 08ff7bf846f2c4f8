"""OCSP responses about single certificates, beside the lists of their authorities.

Revision: 0031, after 0030
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | Sequence[str] | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)
_SHA256 = "'^[0-9a-f]{64}$'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "ocsp_response",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("this_update", _TIME, nullable=False),
        sa.Column("next_update", _TIME, nullable=True),
        sa.Column(
            "changed_at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(f"sha256 ~ {_SHA256}", name=op.f("ck_ocsp_response_sha256")),
        sa.CheckConstraint(f"authority ~ {_SHA256}", name=op.f("ck_ocsp_response_authority")),
        sa.PrimaryKeyConstraint("sha256", name="pk_ocsp_response"),
    )
    op.create_index(
        "ix_ocsp_response_certificate", "ocsp_response", ["authority", "serial", "this_update"]
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.drop_table("ocsp_response")
