"""Trust anchors, intermediates and revocation lists.

Revision: 0002, after 0001
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SHA256 = "sha256 ~ '^[0-9a-f]{64}$'"


def _changed_at() -> sa.Column[sa.DateTime]:
    return sa.Column(
        "changed_at",
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.create_table(
        "anchor",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("purposes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("egov_ca", sa.Boolean(), nullable=True),
        _changed_at(),
        sa.CheckConstraint(_SHA256, name=op.f("ck_anchor_sha256")),
        sa.CheckConstraint(
            "purposes <@ ARRAY['license-seal', 'sealed-document', 'tsa', 'issuer-answer'] "
            "AND cardinality(purposes) > 0",
            name=op.f("ck_anchor_purposes"),
        ),
        sa.CheckConstraint("since < until", name=op.f("ck_anchor_since_until")),
        sa.PrimaryKeyConstraint("sha256", name="pk_anchor"),
    )
    op.create_table(
        "intermediate",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        _changed_at(),
        sa.CheckConstraint(_SHA256, name=op.f("ck_intermediate_sha256")),
        sa.PrimaryKeyConstraint("sha256", name="pk_intermediate"),
    )
    op.create_table(
        "revocation_list",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=True),
        _changed_at(),
        sa.CheckConstraint(_SHA256, name=op.f("ck_revocation_list_sha256")),
        sa.PrimaryKeyConstraint("sha256", name="pk_revocation_list"),
    )
    op.create_index("ix_revocation_list_issuer", "revocation_list", ["issuer", "this_update"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table in ("revocation_list", "intermediate", "anchor"):
        op.drop_table(table)
