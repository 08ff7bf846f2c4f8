"""Endpoints that are spoken to as data say.

Revision: 0010, after 0009
Created: 2026-11-25
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("SET LOCAL statement_timeout = '30s'")
    op.add_column("issuer_endpoint", sa.Column("description", sa.Text(), nullable=True))
    op.drop_constraint(op.f("ck_issuer_endpoint_adapter"), "issuer_endpoint", type_="check")
    op.create_check_constraint(
        op.f("ck_issuer_endpoint_adapter"),
        "issuer_endpoint",
        "adapter IN ('ivp', 'mapped')",
    )
    op.create_check_constraint(
        op.f("ck_issuer_endpoint_description"),
        "issuer_endpoint",
        "(adapter = 'ivp') = (description IS NULL)",
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("DELETE FROM issuer_endpoint WHERE adapter <> 'ivp'")
    op.drop_constraint(op.f("ck_issuer_endpoint_description"), "issuer_endpoint", type_="check")
    op.drop_constraint(op.f("ck_issuer_endpoint_adapter"), "issuer_endpoint", type_="check")
    op.create_check_constraint(
        op.f("ck_issuer_endpoint_adapter"), "issuer_endpoint", "adapter IN ('ivp')"
    )
    op.drop_column("issuer_endpoint", "description")
